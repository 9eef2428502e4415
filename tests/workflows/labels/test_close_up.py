"""A face is cut out of its crop without who stands beside it, wherever on the photo it is."""

import numpy as np
import pytest

from core.base.types import Box
from core.imaging.geometry import portrait_square
from core.vision.embed.crops import crop_portrait
from core.workflows.labels.close_up import close_up_square

PHOTO_WH = (640, 480)


@pytest.mark.parametrize(
    ("where", "box"),
    [
        ("in the middle", Box(300, 200, 360, 280)),
        ("at the left edge", Box(0, 200, 60, 280)),
        ("in the lower right corner", Box(580, 400, 640, 480)),
        ("larger than its crop is stored", Box(100, 50, 400, 450)),
    ],
)
def test_a_close_up_has_the_face_in_its_middle_and_little_else(where: str, box: Box):
    width, height = PHOTO_WH
    photo = np.zeros((height, width, 3), dtype=np.uint8)
    photo[round(box.top) : round(box.bottom), round(box.left) : round(box.right)] = 255
    crop = crop_portrait(photo, box)
    left, top, side = close_up_square(box, width, height, len(crop))
    face = crop[top : top + side, left : left + side, 0] > 127
    assert face.shape == (side, side), where
    # Its box is 60 by 80, or 300 by 400: all of it is seen, and above and below it hardly anything.
    rows, columns = np.flatnonzero(face.any(axis=1)), np.flatnonzero(face.any(axis=0))
    assert len(rows) == pytest.approx(side / 1.12, abs=2), where
    assert len(columns) == pytest.approx(0.75 * side / 1.12, abs=2), where


def test_a_photo_of_a_face_alone_is_shown_whole():
    assert close_up_square(Box(0, 0, 60, 80), 60, 80, 60) == (0, 0, 60)
    assert portrait_square(Box(0, 0, 60, 80), 60, 80) == (0, 10, 60)
