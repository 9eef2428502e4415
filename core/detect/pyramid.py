"""Image pyramids of several photos, packed into a few canvases of fixed size.

The first network of the cascade looks at 12 x 12 pixel windows, so a face of any size must be shown to it at a size
near 12 pixels: hence a pyramid of shrunken copies. Running every copy by itself makes the network plan for a new
size each time; packing them side by side into square canvases of few sizes keeps it at full speed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from core.images import halved
from core.types import Ints, RgbImage

WINDOW_PX = 12
STRIDE_PX = 2
CANVAS_SIDES_PX = (256, 384, 512, 640, 768, 1024)
"""What canvases are offered; larger ones, in steps of 256, only for photos that need them."""
CANVAS_STEP_PX = 256
CACHED_SIDE_PX = 384
"""Measured on two threads: 37 ms a megapixel up to here, 46 to 51 beyond."""


@dataclass(frozen=True, slots=True)
class Level:
    """One shrunken copy of a photo: which photo, its size, and the scale along x and y."""

    photo: int
    width_px: int
    height_px: int
    scale_x: float
    scale_y: float


@dataclass(frozen=True, slots=True)
class Tile:
    """A level's place on a canvas; left and top are even."""

    level: int
    left: int
    top: int


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A square plane of tiles, and which tile each output cell of the network belongs to."""

    pixels: RgbImage
    tiles: tuple[Tile, ...]
    owner: npt.NDArray[np.int32]
    """(rows, columns) of the network's output: index into ``tiles``, or -1 between them."""


def pyramid(photo: int, width_px: int, height_px: int, min_face_px: int, factor: float) -> list[Level]:
    """The levels at which faces of ``min_face_px`` and larger come to the size of the network's window."""
    levels = []
    scale = WINDOW_PX / min_face_px
    while min(width_px, height_px) * scale >= WINDOW_PX:
        width, height = int(width_px * scale), int(height_px * scale)
        levels.append(Level(photo, width, height, width / width_px, height / height_px))
        scale *= factor
    return levels


def pack(images: list[RgbImage], levels: list[Level]) -> list[Canvas]:
    """Place every level on a canvas and draw it there; of the offered sizes the one that needs the least area."""
    if not levels:
        return []
    longest = _even(max(max(level.width_px, level.height_px) for level in levels))
    sides = [side for side in CANVAS_SIDES_PX if side >= longest] or [-(-longest // CANVAS_STEP_PX) * CANVAS_STEP_PX]
    layouts = {side: _shelves(levels, side) for side in sides}
    side = min(sides, key=lambda side: len(layouts[side]) * _cost(side))
    copies = [_Copies([image]) for image in images]
    return [_draw(copies, levels, tiles, side) for tiles in layouts[side]]


def _cost(side_px: int) -> float:
    """How long a canvas takes the network, relatively: beyond a size its planes no longer fit the processor's cache."""
    return side_px**2 * (1.0 if side_px <= CACHED_SIDE_PX else 1.3)


@dataclass(slots=True)
class _Shelf:
    """A row of tiles on a canvas."""

    canvas: int
    top: int
    height: int
    left: int = 0


def _shelves(levels: list[Level], side_px: int) -> list[list[Tile]]:
    """Shelf packing, tallest first, each tile on the first shelf with room for it; the tiles of each canvas."""
    shelves: list[_Shelf] = []
    filled: list[int] = []  # how far down each canvas is used
    canvases: list[list[Tile]] = []
    for index in sorted(range(len(levels)), key=lambda index: -levels[index].height_px):
        width, height = _even(levels[index].width_px), _even(levels[index].height_px)
        shelf = next((row for row in shelves if row.height >= height and row.left + width <= side_px), None)
        if shelf is None:
            canvas = next((number for number, used in enumerate(filled) if used + height <= side_px), len(filled))
            if canvas == len(filled):
                filled.append(0)
                canvases.append([])
            shelf = _Shelf(canvas, filled[canvas], height)
            shelves.append(shelf)
            filled[canvas] += height
        canvases[shelf.canvas].append(Tile(index, shelf.left, shelf.top))
        shelf.left += width
    return canvases


@dataclass(frozen=True, slots=True)
class _Copies:
    """A photo and its halvings, made when they are needed: every level is drawn from the smallest that will do."""

    chain: list[RgbImage]

    def shrunken(self, level: Level) -> RgbImage:
        size_wh = (level.width_px, level.height_px)
        place = 0
        while all(length // 2 >= wanted for length, wanted in zip(self._size_wh(place), size_wh, strict=True)):
            place += 1
            if place == len(self.chain):
                self.chain.append(halved(self.chain[-1]))
        return np.asarray(cv2.resize(self.chain[place], size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _size_wh(self, place: int) -> tuple[int, int]:
        height, width = self.chain[place].shape[:2]
        return width, height


def _even(length_px: int) -> int:
    return length_px + length_px % STRIDE_PX


def _draw(copies: list[_Copies], levels: list[Level], tiles: list[Tile], side_px: int) -> Canvas:
    pixels = np.zeros((side_px, side_px, 3), dtype=np.uint8)
    cells = (side_px - WINDOW_PX) // STRIDE_PX + 1
    owner = np.full((cells, cells), -1, dtype=np.int32)
    for number, tile in enumerate(tiles):
        level = levels[tile.level]
        small = copies[level.photo].shrunken(level)
        wide, high = _even(level.width_px), _even(level.height_px)
        if (wide, high) != (level.width_px, level.height_px):
            small = cv2.copyMakeBorder(small, 0, high - level.height_px, 0, wide - level.width_px, cv2.BORDER_REPLICATE)
        pixels[tile.top : tile.top + high, tile.left : tile.left + wide] = small
        rows, columns = _cells(tile.top, high), _cells(tile.left, wide)
        owner[rows, columns] = number
    return Canvas(pixels, tuple(tiles), owner)


def _cells(start_px: int, length_px: int) -> slice:
    """Output cells whose whole window lies inside the tile."""
    first = start_px // STRIDE_PX
    return slice(first, first + (length_px - WINDOW_PX) // STRIDE_PX + 1)


def cell_windows(
    rows: Ints, columns: Ints, tiles: Ints, canvas: Canvas, levels: list[Level]
) -> npt.NDArray[np.float64]:
    """The windows of output cells as (n, 4) boxes in pixels of their level's own plane."""
    lefts = np.array([tile.left for tile in canvas.tiles])[tiles]
    tops = np.array([tile.top for tile in canvas.tiles])[tiles]
    # The reference takes pixels 1 to 12 of a window as its box.
    x, y = columns * STRIDE_PX - lefts + 1.0, rows * STRIDE_PX - tops + 1.0
    return np.stack([x, y, x + WINDOW_PX - 1, y + WINDOW_PX - 1], axis=1)
