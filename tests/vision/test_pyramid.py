"""Pyramids packed into canvases: nothing of a level is lost, doubled or moved."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.types import RgbImage
from core.vision.detect.pyramid import (
    CANVAS_HEIGHTS_PX,
    CANVAS_WIDTH_PX,
    STRIDE_PX,
    WINDOW_PX,
    Canvas,
    PyramidLevel,
    cell_windows,
    group_by_size,
    pack_canvases,
    pyramid_levels,
)


def noise(width: int, height: int, seed: int = 0) -> RgbImage:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def whole(photo: int, image: RgbImage) -> PyramidLevel:
    """A photo as a level of its own size."""
    height, width = image.shape[:2]
    return PyramidLevel(photo=photo, width_px=width, height_px=height, scale_x=1.0, scale_y=1.0)


SIZES = {
    "smaller than a canvas": [(100, 60)],
    "just a window": [(12, 12)],
    "wider and higher than a canvas": [(1000, 500)],
    "as large as a canvas, and one window more": [(384, 192), (386, 194)],
    "odd sides": [(385, 193), (99, 61)],
    "a strip": [(2000, 12), (12, 2000)],
    "many": [(20 + 7 * number, 300 - 5 * number) for number in range(40)],
}


@pytest.mark.parametrize("sizes", SIZES.values(), ids=SIZES.keys())
def test_every_window_of_every_level_is_on_exactly_one_canvas(sizes: list[tuple[int, int]]) -> None:
    images = [noise(*size, seed=number) for number, size in enumerate(sizes)]
    levels = [whole(number, image) for number, image in enumerate(images)]
    seen: list[tuple[int, float, float]] = []
    for canvas in pack_canvases(images, levels):
        assert canvas.pixels.shape[1] == CANVAS_WIDTH_PX
        assert canvas.pixels.shape[0] in CANVAS_HEIGHTS_PX
        rows, columns = np.nonzero(canvas.owner >= 0)
        owners = canvas.owner[rows, columns].astype(np.int64)
        windows = cell_windows(rows, columns, owners, canvas)
        seen += [
            (canvas.tiles[owner].level, left, top) for owner, (left, top) in zip(owners, windows[:, :2], strict=True)
        ]
    expected = {
        (number, x + 1.0, y + 1.0)
        for number, (width, height) in enumerate(sizes)
        for x in range(0, width + width % 2 - WINDOW_PX + 1, STRIDE_PX)
        for y in range(0, height + height % 2 - WINDOW_PX + 1, STRIDE_PX)
    }
    assert len(seen) == len(expected)
    assert set(seen) == expected


def test_a_window_shows_the_pixels_of_its_place_in_the_level() -> None:
    image = noise(1000, 500)
    checked = 0
    for canvas in pack_canvases([image], [whole(0, image)]):
        rows, columns = np.nonzero(canvas.owner >= 0)
        windows = cell_windows(rows, columns, canvas.owner[rows, columns].astype(np.int64), canvas)
        for row, column, (left, top) in list(zip(rows, columns, windows[:, :2].astype(int), strict=True))[::97]:
            shown = canvas.pixels[row * STRIDE_PX :, column * STRIDE_PX :][:WINDOW_PX, :WINDOW_PX]
            np.testing.assert_array_equal(shown, image[top - 1 : top + 11, left - 1 : left + 11])
            checked += 1
    assert checked > 1000


def test_canvases_are_run_in_their_order_and_those_of_one_size_together() -> None:
    tall, low = (Canvas(np.zeros((height, 384, 3), np.uint8), (), np.empty((0, 0), np.int32)) for height in (192, 96))
    canvases = [tall, tall, tall, low, tall]
    for most, sizes in ((1, [1] * 5), (2, [2, 1, 1, 1]), (8, [3, 1, 1])):
        groups = list(group_by_size(canvases, most))
        assert [len(group) for group in groups] == sizes
        assert [canvas for group in groups for canvas in group] == canvases


def test_levels_end_where_the_window_is_larger() -> None:
    levels = pyramid_levels(0, 200, 100, min_face_px=20, factor=0.5)
    assert [(level.width_px, level.height_px) for level in levels] == [(120, 60), (60, 30), (30, 15)]
