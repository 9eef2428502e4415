"""How well a face shows: measured on its pixels and landmarks, and summed up in one grade.

The grade is the chance that such a face is recognised: a logistic regression on the measures, fitted on faces that
were shrunk, smeared, darkened, covered and cut at random and then named by the nearest of 79 people
(``tests/benchmarks/grade.py`` makes it anew).

References
----------
.. [1] J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy: a comparative study", ICPR 2000: the
   variance of the Laplacian as a measure of sharpness.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from core.base.types import TRUSTED_GRADE, Box, Detection, Doubles, Floats, Quality, RgbImage
from core.language.texts import marked

PATCH_PX = 112
"""Faces are looked at in this size, smaller ones in their own."""
SHARP_HALF = 60.0
"""Variance of the Laplacian at which a face counts as half sharp."""
YAW_PER_RATIO_DEG, PITCH_PER_RATIO_DEG = 90.0, 90.0
NOSE_HEIGHT = 0.52
"""How far down from the eyes to the mouth the nose's tip is in a face that looks straight ahead (median of lfw-dev)."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a head is turned, in degrees; rough: five points are little."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float


@dataclass(frozen=True, slots=True)
class PixelMeasures:
    """What the pixels and landmarks of a face say, before its vector is known."""

    size_px: float
    sharpness: float
    brightness: float
    contrast: float
    pose: Pose
    cut_frac: float
    prob: float
    """The detector's."""

    def quality(self, steadiness: float | None) -> Quality:
        """With the cosine of the face's vector and its mirror image's, where that was looked at."""
        return Quality(
            size_px=self.size_px,
            sharpness=self.sharpness,
            brightness=self.brightness,
            contrast=self.contrast,
            yaw_deg=self.pose.yaw_deg,
            pitch_deg=self.pose.pitch_deg,
            roll_deg=self.pose.roll_deg,
            cut_frac=self.cut_frac,
            steadiness=steadiness,
            grade=grade_face(self),
        )


def measure_quality(image: RgbImage, face: Detection, photo_scale: float = 1.0) -> PixelMeasures:
    """Measure one face.

    Parameters
    ----------
    image : (height, width, 3) uint8 RGB, the photo or a smaller copy of it
    face : in pixels of ``image``
    photo_scale : pixels of the photo for one of ``image``
    """
    grey = cv2.cvtColor(face_patch(image, face.box), cv2.COLOR_RGB2GRAY)
    return PixelMeasures(
        size_px=float(min(face.box.width, face.box.height)) * photo_scale,
        sharpness=measure_sharpness(grey),
        brightness=float(grey.mean()) / 255,
        contrast=float(grey.std()) / 255,
        pose=estimate_pose(face.landmarks),
        cut_frac=measure_cut_frac(face.box, image.shape[1], image.shape[0]),
        prob=face.prob,
    )


def face_patch(image: RgbImage, box: Box) -> RgbImage:
    """The box's pixels, shrunk to at most ``PATCH_PX``."""
    height, width = image.shape[:2]
    left, top = max(0, int(box.left)), max(0, int(box.top))
    right, bottom = min(width, max(left + 1, round(box.right))), min(height, max(top + 1, round(box.bottom)))
    part = image[top:bottom, left:right]
    scale = PATCH_PX / max(part.shape[:2])
    if scale >= 1:
        return np.ascontiguousarray(part)
    size = max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale))
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def measure_sharpness(grey: RgbImage) -> float:
    """0 (smeared) .. 1, from the variance of the Laplacian against the contrast that there is."""
    spread = max(float(grey.std()), 1.0)
    # Against the contrast: a pale face has small edges too, and is not blurred for that.
    detail = float(cv2.Laplacian(grey, cv2.CV_64F).var()) * (50.0 / spread) ** 2
    return detail / (detail + 5 * SHARP_HALF)


def estimate_pose(landmarks: Floats) -> Pose:
    """Yaw from where the nose stands between the eyes, pitch from its height below them, roll from their line.

    Parameters
    ----------
    landmarks : (5, 2) pixels: the eyes, the nose, the mouth's corners; left to right
    """
    points = landmarks.astype(np.float64)
    across = points[1] - points[0]
    roll = float(np.degrees(np.arctan2(across[1], across[0])))
    level = points @ _rotation(roll)
    eyes, mouth, nose = level[:2].mean(axis=0), level[3:].mean(axis=0), level[2]
    # The wider of eyes and mouth: of a turned head one of the two is foreshortened more.
    width = max(float(np.abs(level[1, 0] - level[0, 0])), float(np.abs(level[4, 0] - level[3, 0])), 1e-6)
    height = max(float(mouth[1] - eyes[1]), 1e-6)
    middle = (eyes[0] + mouth[0]) / 2
    yaw = float(np.clip((nose[0] - middle) / width, -1, 1)) * YAW_PER_RATIO_DEG
    pitch = float(np.clip(NOSE_HEIGHT - (nose[1] - eyes[1]) / height, -1, 1)) * PITCH_PER_RATIO_DEG
    return Pose(yaw, pitch, roll)


def _rotation(degrees: float) -> Doubles:
    """Turns row vectors of image coordinates back by an angle."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cosine, -sine], [sine, cosine]])


def measure_cut_frac(box: Box, width_px: int, height_px: int) -> float:
    """How much of the square about the face lies beyond the photo's edge.

    A detected box ends at the edge; that the face goes on is seen by the box being less high or wide than faces are.
    """
    side = max(box.width, box.height)
    (x, y), half = box.centre, side / 2
    # A box that begins at the edge is taken to go on beyond it, by what its other side is longer.
    left = x - half if box.left > 1 else box.right - side
    top = y - half if box.top > 1 else box.bottom - side
    right, bottom = left + side, top + side
    inside = (min(right, width_px) - max(left, 0)) * (min(bottom, height_px) - max(top, 0))
    return float(np.clip(1 - inside / (side * side), 0, 1))


FEATURES = ("log_size", "sharpness", "contrast", "log_odds")
"""What the grade is made of. Pose, brightness, the cut and the steadiness of the vector are measured and shown, but
told nothing more about whether a face was recognised once these were known."""


def grade_features(measures: PixelMeasures) -> Doubles:
    """The numbers that the grade is made of, about 0 .. 1 each."""
    # The odds on a logarithmic scale: probabilities near 1 differ by their last digits alone.
    log_odds = -np.log10(np.clip(1 - measures.prob, 1e-4, 1)) / 4
    return np.array([*_visible_features(measures), log_odds])


def _visible_features(measured: PixelMeasures | Quality) -> Doubles:
    """Size, sharpness and contrast, of which people can be told that a face lacks them."""
    return np.array([np.log2(np.clip(measured.size_px, 8, 256)) / 8, measured.sharpness, measured.contrast * 2])


USUAL = np.array([0.81, 0.45, 0.33])
"""Size, sharpness and contrast of a usual face as ``grade_features`` has them: medians of lfw-dev."""
_DOUBTS = (marked("too small"), marked("too blurred"), marked("too dark or pale"))
"""What is said of a face that lacks them."""


def explain_low_grade(quality: Quality) -> str:
    """Why nobody can tell who it is: what the face lacks most against a usual one; "" where its vector is trusted."""
    if quality.grade >= TRUSTED_GRADE:
        return ""
    return _DOUBTS[int(np.argmax((USUAL - _visible_features(quality)) * _WEIGHTS[:3]))]


_WEIGHTS = np.array([4.429, 4.509, 4.394, 3.393])
_INTERCEPT = -6.900
"""Fitted on 2,704 spoiled faces of the development part of LFW, 81 % of them named rightly. AUC out of fold 0.853; of
those graded 0.9 and more 96 % are named rightly, at 0.7 to 0.8 79 %, at 0.4 to 0.5 38 %, below 0.3 17 %.

That fit had the steadiness for a fifth feature, with a weight of 0.592; here it is 0.98 for every face, the median. On
1,815 faces spoiled anew the AUC is 0.8397 (0.8401 with each face's own; fitted anew without it 0.8412), the correlation
with being named rightly 0.557 either way; grades of unspoiled faces differ by 0.005 at most."""


def grade_face(measures: PixelMeasures) -> float:
    """The chance that such a face is recognised, 0 .. 1."""
    return float(1 / (1 + np.exp(-(grade_features(measures) @ _WEIGHTS + _INTERCEPT))))
