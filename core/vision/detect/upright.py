"""Which way up a photo is: looked at as it lies, and turned too where that shows nothing that is surely a face.

A scan, a screenshot, or a photo whose EXIF was lost may lie on its side or stand on its head. The detector then finds
nothing, or a face whose chin it takes for the forehead: its vector is useless, and nobody would be told. So a photo is
looked at turned by one, two and three quarters where

- no face is found as it lies, or none that is level and more probable than ``SURE_PROB``, or
- the surest face is surer when it is turned alone, in its place: that costs next to nothing to ask, and tells best.

Turned, a photo is looked at closely only where it shows no face as it lies, or small ones: a large face that may stand
on its head is seen in a coarse look, and three close looks cost as much as thirty coarse ones. A turn is taken when it
shows a level face that is clearly surer, and that no further turn makes surer in its place.

A false turn is worse than none. Measured on 1,319 upright photos (the sample, the development part of LFW, its
strangers, group photos): none is turned, and 2 are looked at turned. Of the same photos turned by each angle 3,932 of
3,957 are found upright again; 6 of the others show no face, 19 (0.48 %) keep one that is none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.types import Detection, RgbImage
from core.imaging.geometry import eye_angle, turn_size
from core.imaging.pixels import halve_repeatedly, turn_pixels
from core.vision.detect.mtcnn import Detector

SURE_PROB = 0.95
"""A level face more probable than this speaks for the way up that it shows. Of 1,319 upright photos 2 show none."""
UNDOUBTED_PROB = 0.995
"""A face more probable than this is not asked about turned in its place, which one upright photo in nine is. With 0.999
that would be one in three, and 3,937 of the turned photos found."""
LEAD_TO_DOUBT = 2.0
"""So many times less must be missing to certainty for a face turned in its place, to doubt the way up. In upright
photos it was 1.8 at the most, and 0.44 at the 99th percentile; of wrong faces above 0.98, 15 at the fifth."""
LEAD_TO_TURN = 3.0
"""The same for a face of the turned photo, to take the turn; with 2 to 10 none of the upright photos is turned."""
LEVEL_RAD = float(np.radians(45))
"""A face whose eyes stand steeper than this does not speak for the way up: it would with another turn."""
TURNS = (1, 2, 3)


@dataclass(frozen=True, slots=True)
class UprightFaces:
    """A photo's faces as it is upright."""

    turn: int
    """Quarters clockwise by which the photo has to be turned."""
    faces: list[Detection]
    """The most probable first, in pixels of the turned photo."""


def detect_upright(detector: Detector, images: Sequence[RgbImage]) -> list[UprightFaces]:
    """Faces of each photo, turned where it lies on its side or stands on its head.

    Parameters
    ----------
    images : list of (height, width, 3) uint8, RGB; sizes may differ
    """
    uprights = [UprightFaces(0, faces) for faces in detector.detect(list(images))]
    # Nearly every photo is done here: what follows is for those that do not speak for the way up that they have.
    sureness = _sureness(detector, images, [upright.faces for upright in uprights])
    doubtful = [photo for photo, prob in enumerate(sureness) if prob <= SURE_PROB]
    close = {photo for photo in doubtful if _needs_close_look(detector, images[photo], uprights[photo].faces)}
    for detect, photos in ((detector.detect, close), (detector.detect_coarsely, set(doubtful) - close)):
        fine_px = detector.settings.fine_long_side_px
        # No more pixels than the detector looks at: turning a large photo thrice takes memory.
        views = {photo: halve_repeatedly(images[photo], fine_px) for photo in sorted(photos)}
        turned = [turn_pixels(view, turn) for view in views.values() for turn in TURNS]
        faces = detect(turned)
        # A turned photo must hold its own against a further turn too, else a face seen upside down would pass here.
        turned_sureness = _sureness(detector, turned, faces)
        for index, (photo, view) in enumerate(views.items()):
            first_view = index * len(TURNS)
            turn = _turn(sureness[photo], turned_sureness[first_view : first_view + len(TURNS)])
            if turn:
                uprights[photo] = _turned(images[photo], view, turn, faces[first_view + turn - 1])
    return uprights


def _needs_close_look(detector: Detector, image: RgbImage, faces: Sequence[Detection]) -> bool:
    """Whether faces of a photo that may lie on its side can be too small for a coarse look."""
    return not faces or detector.may_hold_smaller(image, faces)


def _turned(image: RgbImage, view: RgbImage, turn: int, faces: Sequence[Detection]) -> UprightFaces:
    """Faces of the turned view, in pixels of the turned photo."""
    # Turned sides: where the turn is odd, width and height of photo and view have both changed places.
    whole_wh = turn_size(image.shape[1], image.shape[0], turn)
    view_wh = turn_size(view.shape[1], view.shape[0], turn)
    return UprightFaces(turn, [face.scaled(whole_wh[0] / view_wh[0], whole_wh[1] / view_wh[1]) for face in faces])


def _sureness(
    detector: Detector, images: Sequence[RgbImage], faces_of_photo: Sequence[Sequence[Detection]]
) -> list[float]:
    """How surely each photo is the right way up: the probability of its surest level face, else 0.

    It is 0 too where its surest face is clearly surer turned in its place.
    """
    sureness = [_level_prob(faces) for faces in faces_of_photo]
    photos_to_ask = [
        photo for photo, faces in enumerate(faces_of_photo) if sureness[photo] and faces[0].prob < UNDOUBTED_PROB
    ]
    if photos_to_ask:
        leads = detector.turned_leads(
            [images[photo] for photo in photos_to_ask], [faces_of_photo[photo][0] for photo in photos_to_ask]
        )
        for photo, lead in zip(photos_to_ask, leads.tolist(), strict=True):
            if lead >= LEAD_TO_DOUBT:
                sureness[photo] = 0.0
    return sureness


def _level_prob(faces: Sequence[Detection]) -> float:
    # Steep eyes say as much for the next turn as for this one: such a face is no witness, however probable.
    return max((face.prob for face in faces if abs(eye_angle(face.landmarks)) <= LEVEL_RAD), default=0.0)


def _turn(sureness: float, turned: Sequence[float]) -> int:
    """The turn that shows the photo clearly more surely the right way up, or 0."""
    best = max(turned)
    is_clear = best > SURE_PROB and 1 - sureness >= LEAD_TO_TURN * (1 - best)
    return TURNS[turned.index(best)] if is_clear else 0
