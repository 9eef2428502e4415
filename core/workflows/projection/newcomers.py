"""Where the faces of a photo would lie on a map that lacks them, and whom they are most like; nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Embeddings, FaceTable, Floats, RgbImage
from core.learn.projection.faithfulness import beside, nearest_people
from core.workflows.projection.project import FaceMap
from core.workflows.verification.verify import Looked

NEAREST = 3
"""So many people are named for each face."""


@dataclass(frozen=True, slots=True)
class Near:
    """The face of somebody that a new face is most like."""

    face_id: str
    distance: float
    """Euclidean, 0..2"""


@dataclass(frozen=True, slots=True, eq=False)
class Guest:
    """A face that is not of the dataset."""

    crop: RgbImage
    place: Floats
    """(2,) or (3,) in the units of the map"""
    nearest: tuple[Near, ...]
    """One face of each of the nearest people; without anybody named, the nearest faces."""


def place_guests(looked: Looked, made: FaceMap, table: FaceTable, embeddings: Embeddings) -> list[Guest]:
    """Place the faces of a photo beside those most like them; what is of the same photo does not count.

    Parameters
    ----------
    table, embeddings : of the dataset, at the same revision

    Returns
    -------
    A guest for each face of the photo, from left to right; none when the map has no other face.
    """
    row = {face_id: number for number, face_id in enumerate(table.ids)}
    known = [(place, row[face_id]) for place, face_id in enumerate(made.face_ids) if face_id in row]
    known = [(place, number) for place, number in known if table.photo_ids[number] != looked.photo_id]
    if not known or not looked.faces:
        return []
    places, rows = np.array(known, dtype=np.int64).T
    placed = beside(looked.vectors, embeddings.vectors[rows], made.points[places])
    named = rows[table.learnable[rows]]
    compared, labels = (named, table.labels[named]) if len(named) else (rows, np.arange(len(rows)))
    found, distances = nearest_people(looked.vectors, embeddings.vectors[compared], labels, NEAREST)
    return [
        Guest(
            crop,
            placed[number],
            tuple(
                Near(table.ids[compared[face]], float(distance))
                for face, distance in zip(found[number], distances[number], strict=True)
            ),
        )
        for number, crop in enumerate(looked.crops)
    ]


def is_there(looked: Looked, table: FaceTable) -> bool:
    """Whether the photo is in the dataset already."""
    return looked.photo_id in table.photo_ids
