"""The values that everything rests on; no behaviour beyond checking and converting themselves."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

RgbImage = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, RGB, upright."""
Vectors = npt.NDArray[np.float32]
"""(n, dimension) float32, each row of unit length unless said otherwise."""
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

Revision = int
"""Raised by the store at every write of a dataset; the cache key of every derived view."""

TRUSTED_GRADE = 0.5
"""Vectors of faces of a poorer quality tell nobody apart. Measured on 300 faces of LFW, blurred, shrunk and shaken:
below it none of 64 known people got a right name at a false-accept rate of 1 %, and different people are as alike (a
tenth of the pairs by a cosine above 0.65) as the faces of one person are else. Of 1,295 photos of LFW and the sample no
main face is below it."""


class Split(StrEnum):
    """Which side of an evaluation a photo was put on by the folders of its archive."""

    TRAIN = "train"
    VAL = "val"


class FacePolicy(StrEnum):
    """What to do with a photo of one person that shows several faces."""

    LARGEST = "largest"
    """Take the largest and most central face; the others are not kept."""
    ONLY_SINGLE = "only-single"
    """Take no face of a photo that shows several."""
    KEEP_OTHERS = "keep-others"
    """The largest and most central face is the person's; the others are kept without a name."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the upright photo; (0, 0) is the photo's top left corner."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        # Not "right <= left": every comparison with NaN is false, and a box with one is refused this way.
        if not (self.right > self.left and self.bottom > self.top):
            raise ValueError(f"expected left < right and top < bottom, got {self.as_tuple()}")

    @property
    def width(self) -> float:
        """In pixels, more than 0."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """In pixels, more than 0."""
        return self.bottom - self.top

    @property
    def area(self) -> float:
        """In square pixels."""
        return self.width * self.height

    @property
    def centre(self) -> tuple[float, float]:
        """The point (x, y), in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def as_tuple(self) -> tuple[float, float, float, float]:
        """The sides as (left, top, right, bottom)."""
        return self.left, self.top, self.right, self.bottom


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One face that the detector found in a photo."""

    box: Box
    landmarks: Floats
    """(5, 2) float32, pixels (x, y): the eye on the picture's left, the eye on its right, nose, and the
    mouth's corners on the left and right."""
    prob: float

    def scaled(self, across: float, down: float) -> Detection:
        """The same face in a photo whose sides are so many times as long."""
        left, top, right, bottom = self.box.as_tuple()
        box = Box(left * across, top * down, right * across, bottom * down)
        return Detection(box, self.landmarks * np.array([across, down], dtype=np.float32), self.prob)


@dataclass(frozen=True, slots=True)
class Quality:
    """How well a face shows, measured on the photo's own pixels."""

    size_px: float
    """The shorter side of the box."""
    sharpness: float
    """0 (smeared) .. 1 (as sharp as its pixels allow)."""
    brightness: float
    """Mean grey value, 0 (black) .. 1 (white)."""
    contrast: float
    """Standard deviation of the grey values, 0 .. 0.5."""
    yaw_deg: float
    """Head turned to the picture's right (positive) or left."""
    pitch_deg: float
    """Head lifted (positive) or bowed."""
    roll_deg: float
    """The line of the eyes against the horizontal, clockwise positive."""
    cut_frac: float
    """How much of the face's square lies beyond the photo's edge, 0 .. 1."""
    steadiness: float | None
    """Cosine of the face's vector and its mirror image's: what is hidden or turned away is not the same on both; None
    where the mirror image was not looked at."""
    grade: float
    """All of it in one number, 0 (of no use) .. 1 (as good as any)."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A stored photo: its sha256, where it came from, and its size in pixels, upright and turned."""

    id: str
    name: str
    """The name it had in its archive or folder."""
    width_px: int
    height_px: int
    size_bytes: int
    perceptual_hash: int
    """64 bits, for near duplicates of one shot."""
    taken: float | None = None
    """When the camera says it was taken: seconds since 1970, in the camera's own time zone."""
    turn: int = 0
    """Quarters clockwise by which the picture is turned to be upright, after what its EXIF says."""
    orientation: int | None = None
    """How the picture lies in its file by its EXIF, 1 to 8; noted where the file itself is not kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A stored face with the label it has now."""

    id: str
    photo_id: str
    box: Box
    landmarks: Floats
    """(5, 2) float32, pixels; see ``Detection``."""
    prob: float
    crop_id: str
    """The picture of the face for people to look at, among the artifacts."""
    person: str | None = None
    split: Split | None = None
    person_id: int | None = None
    quality: Quality | None = None
    excluded: bool = False
    """Neither learned from nor measured on."""
    confirmed: bool = False
    """Somebody has looked at the face and said that the name is right."""
    stranger: bool = False
    """Nobody who is to be named: not offered for naming again."""
    drawn: bool = False
    """A person drew the box, which the detector had missed, or named the face on a photo that was only looked at."""

    @property
    def detection(self) -> Detection:
        """Where it is, as a detector says it."""
        return Detection(self.box, self.landmarks, self.prob)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that was not taken, and why, in words for its owner."""

    name: str
    reason: str
    left_out: bool = False
    """It is nothing of the owner's: a thumbnail, a hidden file, or all of one kind of them."""
