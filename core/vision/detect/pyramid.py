"""Image pyramids of several photos, packed into a few canvases of fixed size.

The first network of the cascade looks at 12 x 12 pixel windows, so a face of any size must be shown to it at a size
near 12 pixels: hence a pyramid of shrunken copies. Running every copy by itself makes the network plan for a new
size each time; cut into pieces and packed side by side into canvases of two sizes they keep it at full speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby

import cv2
import numpy as np
import numpy.typing as npt

from core.base.types import Ints, RgbImage
from core.imaging.pixels import halve_image

WINDOW_PX = 12
STRIDE_PX = 2
CANVAS_WIDTH_PX = 384
CANVAS_HEIGHTS_PX = (96, 192)
"""Larger ones are no faster: a plane of 384 x 192 stays in the processor's cache."""


@dataclass(frozen=True, slots=True)
class PyramidLevel:
    """One shrunken copy of a photo: which photo, its size, and the scale along x and y."""

    photo: int
    width_px: int
    height_px: int
    scale_x: float
    scale_y: float


@dataclass(frozen=True, slots=True)
class LevelTile:
    """A piece of a level, and its place on a canvas; all its numbers are even."""

    level: int
    x: int
    """Where the piece begins in the level."""
    y: int
    width: int
    height: int
    left: int = 0
    """Where it lies on the canvas."""
    top: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A plane of tiles, and which tile each output cell of the network belongs to."""

    pixels: RgbImage
    tiles: tuple[LevelTile, ...]
    owner: npt.NDArray[np.int32]
    """(rows, columns) of the network's output: index into ``tiles``, or -1 between them."""


def pyramid_levels(photo: int, width_px: int, height_px: int, min_face_px: float, factor: float) -> list[PyramidLevel]:
    """The levels at which faces of ``min_face_px`` and larger come to the size of the network's window."""
    levels = []
    # At this scale the smallest face just fills the window; smaller scales show it larger ones.
    scale = WINDOW_PX / min_face_px
    while min(width_px, height_px) * scale >= WINDOW_PX:
        # Whole pixels round each side by itself, so boxes are scaled back by x and y apart.
        width, height = int(width_px * scale), int(height_px * scale)
        levels.append(
            PyramidLevel(
                photo=photo, width_px=width, height_px=height, scale_x=width / width_px, scale_y=height / height_px
            )
        )
        scale *= factor
    return levels


def pack_canvases(images: list[RgbImage], levels: list[PyramidLevel]) -> list[Canvas]:
    """Place every level on canvases, in pieces where it is larger than they are, and draw it there."""
    copies = [_Copies([image]) for image in images]
    # Even sides keep every tile on the stride of the network, whose cells lie two pixels apart.
    level_pixels = [_evened(copies[level.photo].shrunken(level)) for level in levels]
    pieces = [piece for number, pixels in enumerate(level_pixels) for piece in _pieces(number, pixels)]
    return [_draw(level_pixels, tiles) for tiles in _shelves(pieces)]


def group_by_size(canvases: list[Canvas], most: int) -> Iterator[list[Canvas]]:
    """Canvases in their order, as many together as a network can take in one batch: of one size, at most ``most``."""
    for _, run in groupby(canvases, key=lambda canvas: canvas.pixels.shape):
        alike = list(run)
        yield from (alike[start : start + most] for start in range(0, len(alike), most))


def _pieces(level: int, pixels: RgbImage) -> list[LevelTile]:
    """Pieces of a level that fit a canvas; every window of the network lies whole in exactly one."""
    height, width = pixels.shape[:2]
    return [
        LevelTile(level=level, x=x, y=y, width=wide, height=high)
        for y, high in _spans(height, CANVAS_HEIGHTS_PX[-1])
        for x, wide in _spans(width, CANVAS_WIDTH_PX)
    ]


def _spans(length_px: int, most_px: int) -> list[tuple[int, int]]:
    """(start, length) pairs that cover a length; neighbours share what the windows across their border need."""
    # Overlap by a window less one stride: the next window after the last of one piece begins the other.
    shared = WINDOW_PX - STRIDE_PX
    return [(start, min(most_px, length_px - start)) for start in range(0, length_px - shared, most_px - shared)]


@dataclass(slots=True)
class _Shelf:
    """A row of tiles on a canvas."""

    canvas: int
    top: int
    height: int
    left: int = 0


def _shelves(pieces: list[LevelTile]) -> list[list[LevelTile]]:
    """Shelf packing, tallest first, each tile on the first shelf with room for it; the tiles of each canvas."""
    shelves: list[_Shelf] = []
    # How far down each canvas is used.
    filled: list[int] = []
    canvases: list[list[LevelTile]] = []
    # Tallest first: a later tile is never taller than the shelf it is put on, so little is wasted.
    for tile in sorted(pieces, key=lambda piece: -piece.height):
        shelf = next(
            (row for row in shelves if row.height >= tile.height and row.left + tile.width <= CANVAS_WIDTH_PX), None
        )
        if shelf is None:
            lowest = CANVAS_HEIGHTS_PX[-1] - tile.height
            # A new shelf goes on the first canvas with room below; only then is another canvas begun.
            canvas = next((number for number, used in enumerate(filled) if used <= lowest), len(filled))
            if canvas == len(filled):
                filled.append(0)
                canvases.append([])
            shelf = _Shelf(canvas, filled[canvas], tile.height)
            shelves.append(shelf)
            filled[canvas] += tile.height
        canvases[shelf.canvas].append(replace(tile, left=shelf.left, top=shelf.top))
        shelf.left += tile.width
    return canvases


@dataclass(frozen=True, slots=True)
class _Copies:
    """A photo and its halvings, made when they are needed: every level is drawn from the smallest that will do."""

    chain: list[RgbImage]

    def shrunken(self, level: PyramidLevel) -> RgbImage:
        size_wh = (level.width_px, level.height_px)
        step = 0
        # Shrinking the nearest halving reads a fraction of the photo, and INTER_AREA gives nearly the same.
        while all(length // 2 >= target for length, target in zip(self._size_wh(step), size_wh, strict=True)):
            step += 1
            if step == len(self.chain):
                self.chain.append(halve_image(self.chain[-1]))
        return np.asarray(cv2.resize(self.chain[step], size_wh, interpolation=cv2.INTER_AREA), dtype=np.uint8)

    def _size_wh(self, step: int) -> tuple[int, int]:
        height, width = self.chain[step].shape[:2]
        return width, height


def _evened(pixels: RgbImage) -> RgbImage:
    """The picture with even sides, its last row and column repeated where needed."""
    height, width = pixels.shape[:2]
    if not (height % STRIDE_PX or width % STRIDE_PX):
        return pixels
    border = cv2.copyMakeBorder(pixels, 0, height % STRIDE_PX, 0, width % STRIDE_PX, cv2.BORDER_REPLICATE)
    return np.asarray(border, dtype=np.uint8)


def _draw(level_pixels: list[RgbImage], tiles: list[LevelTile]) -> Canvas:
    """The lowest canvas that holds these tiles, with the levels' pixels on it."""
    lowest = max(tile.top + tile.height for tile in tiles)
    # Two heights only: the network plans anew for every size it meets.
    height = next(height for height in CANVAS_HEIGHTS_PX if height >= lowest)
    pixels = np.zeros((height, CANVAS_WIDTH_PX, 3), dtype=np.uint8)
    owner = np.full([(side - WINDOW_PX) // STRIDE_PX + 1 for side in pixels.shape[:2]], -1, dtype=np.int32)
    for number, tile in enumerate(tiles):
        piece = level_pixels[tile.level][tile.y : tile.y + tile.height, tile.x : tile.x + tile.width]
        pixels[tile.top : tile.top + tile.height, tile.left : tile.left + tile.width] = piece
        # Windows across two tiles belong to nobody, so what lies beside a tile makes no false face.
        owner[_cells(tile.top, tile.height), _cells(tile.left, tile.width)] = number
    return Canvas(pixels, tuple(tiles), owner)


def _cells(start_px: int, length_px: int) -> slice:
    """Output cells whose whole window lies inside the tile."""
    first = start_px // STRIDE_PX
    return slice(first, first + (length_px - WINDOW_PX) // STRIDE_PX + 1)


def cell_windows(rows: Ints, columns: Ints, tiles: Ints, canvas: Canvas) -> npt.NDArray[np.float64]:
    """The windows of output cells as (n, 4) boxes in pixels of their level's own plane."""
    # Back from the canvas to where the piece was cut from its level.
    shift_x = np.array([tile.x - tile.left for tile in canvas.tiles])[tiles]
    shift_y = np.array([tile.y - tile.top for tile in canvas.tiles])[tiles]
    # The reference takes pixels 1 to 12 of a window as its box.
    x, y = columns * STRIDE_PX + shift_x + 1.0, rows * STRIDE_PX + shift_y + 1.0
    return np.stack([x, y, x + WINDOW_PX - 1, y + WINDOW_PX - 1], axis=1)
