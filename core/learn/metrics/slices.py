"""Where it errs: faces put into drawers by how they show, and by how much there was to learn of their person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.types import Bools, Doubles, Floats, Ints
from core.language.texts import marked

UNKNOWN = marked("not measured")

QUALITY, POSE, SIZE, PHOTOS = marked("quality"), marked("pose"), marked("face size"), marked("training photos")
"""What slices are made by; also the names that the document of a study uses."""

_GRADES = (0.5, 0.7, 0.85)
_YAWS_DEG = (15.0, 30.0)
_SIZES_PX = (40.0, 80.0, 160.0)
_PHOTOS = (2.5, 5.5, 10.5)
"""Edges between drawers; a value on an edge belongs to the upper one."""
_GRADE_NAMES = (marked("below 50 %"), marked("50 to 70 %"), marked("70 to 85 %"), marked("85 % and more"))
_YAW_NAMES = (marked("frontal"), marked("turned 15 to 30°"), marked("turned 30° and more"))
_SIZE_NAMES = (marked("below 40 px"), marked("40 to 79 px"), marked("80 to 159 px"), marked("160 px and more"))
_PHOTO_NAMES = (marked("1 or 2"), marked("3 to 5"), marked("6 to 10"), marked("more than 10"))


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Faces that have something in common."""

    by: str
    name: str
    members: Bools
    """(n,)"""


def slice_faces(grades: Floats | Doubles, yaws_deg: Doubles, sizes_px: Floats | Doubles, photos: Ints) -> list[Slice]:
    """Every drawer that holds a face, from the hardest to the easiest of its kind.

    Parameters
    ----------
    grades : (n,) quality, 0..1; NaN where it was not measured
    yaws_deg : (n,) how far the head is turned, right positive; NaN likewise
    sizes_px : (n,) shorter side of the face
    photos : (n,) how many faces of the person were learned from
    """
    return [
        *_drawers(QUALITY, grades, _GRADES, _GRADE_NAMES),
        *_drawers(POSE, np.abs(yaws_deg), _YAWS_DEG, _YAW_NAMES),
        *_drawers(SIZE, sizes_px, _SIZES_PX, _SIZE_NAMES),
        *_drawers(PHOTOS, photos.astype(np.float64), _PHOTOS, _PHOTO_NAMES),
    ]


def _drawers(by: str, values: Floats | Doubles, edges: Sequence[float], names: Sequence[str]) -> list[Slice]:
    # digitize puts NaN into the last drawer, among the easiest: what was not measured gets one of its own.
    unknown = np.isnan(values)
    drawer = np.where(unknown, len(names), np.digitize(values, edges))
    every = (Slice(by, name, drawer == number) for number, name in enumerate((*names, UNKNOWN)))
    return [face_slice for face_slice in every if face_slice.members.any()]
