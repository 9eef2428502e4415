"""Boxes of stored pictures and of upright ones: held against the turns that pixels make."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from core.base.settings import ImageLimits
from core.base.types import Box
from core.imaging.decoding import decode_image, stored_orientation
from core.imaging.geometry import stored_box, stored_size, turned_orientation, upright_box

BLACK = Box(30, 10, 45, 17)
"""In a stored picture of 60 x 40 pixels."""


def photo(orientation: int) -> bytes:
    pixels = np.full((40, 60, 3), 255, dtype=np.uint8)
    pixels[10:17, 30:45] = 0
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("by_hand", range(4))
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_box_goes_where_its_pixels_go_and_comes_back(orientation: int, by_hand: int) -> None:
    shown = np.rot90(decode_image(photo(orientation), ImageLimits()), -by_hand)
    rows, columns = np.nonzero(shown[..., 0] < 128)
    whole_turn = turned_orientation(stored_orientation(photo(orientation)), by_hand)
    box = upright_box(BLACK, (60, 40), whole_turn)
    assert box.as_tuple() == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    size_wh = stored_size((60, 40), whole_turn)
    assert size_wh == shown.shape[1::-1]
    assert stored_box(box, size_wh, whole_turn) == BLACK
    assert stored_size(size_wh, whole_turn) == (60, 40)
