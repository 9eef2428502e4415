"""Image pyramids of several photos, packed into a few canvases of fixed size.

The first network of the cascade looks at 12 x 12 pixel windows, so a face of any size must be shown to it at a size
near 12 pixels: hence a pyramid of shrunken copies. Running every copy by itself makes the network plan for a new
size each time; cut into pieces and packed side by side into canvases of two sizes they keep it at full speed.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from core.base.types import Ints, RgbImage
from core.imaging.pixels import halve_image

WINDOW_PX = 12
STRIDE_PX = 2
CANVAS_WIDTH_PX = 192
CANVAS_HEIGHTS_PX = (64, 128, 192, 256, 320, 384)
"""Larger ones are no faster: a plane of 192 x 384 stays in the processor's cache."""
SHARED_PX = WINDOW_PX - STRIDE_PX
"""What two pieces of a level have in common: the next window after the last of one begins the other."""
SMALLEST_CUT_PX = 40
"""A piece is not cut shorter to fill a gap: the shared pixels would take a quarter of it."""
NEW_CANVAS = (CANVAS_HEIGHTS_PX[-1] + 1, 0)
"""No gap that a tile fits is as bad as this."""


@dataclass(frozen=True, slots=True)
class PyramidLevel:
    """One shrunken copy of a photo: which photo, its size, and the scale along x and y."""

    photo: int
    width_px: int
    height_px: int
    scale_x: float
    scale_y: float


class LevelTile(NamedTuple):
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
    """Place every level on canvases, in pieces where it is larger than they are or than a gap, and draw it there."""
    copies = [_Copies([image]) for image in images]
    # Even sides keep every tile on the stride of the network, whose cells lie two pixels apart.
    level_pixels = [_evened(copies[level.photo].shrunken(level)) for level in levels]
    tiles = [
        LevelTile(level=index, x=0, y=0, width=pixels.shape[1], height=pixels.shape[0])
        for index, pixels in enumerate(level_pixels)
    ]
    return [_draw(level_pixels, arranged) for arranged in _arrange(tiles)]


def group_by_size(canvases: list[Canvas], most: int) -> Iterator[list[Canvas]]:
    """Canvases in their order, as many together as a network can take in one batch: of one size, at most ``most``."""
    for _, run in groupby(canvases, key=lambda canvas: canvas.pixels.shape):
        alike = list(run)
        yield from (alike[start : start + most] for start in range(0, len(alike), most))


class _Gap(NamedTuple):
    """Free space on a canvas."""

    canvas: int
    left: int
    top: int
    width: int
    height: int

    def waste(self, tile: LevelTile, filled_px: int) -> tuple[int, int]:
        """How badly a tile fits, to be compared; ``filled_px`` is how far down the canvas is used."""
        if self.width >= tile.width and self.height >= tile.height:
            # On a canvas that becomes no higher for it, and there where least is left.
            rise = max(0, self.top + tile.height - filled_px)
            return rise, min(self.width - tile.width, self.height - tile.height)
        # Cut where no gap holds the whole, and as large as can be, but neither to a strip nor in both directions.
        if self.height >= tile.height and self.width >= SMALLEST_CUT_PX:
            return CANVAS_HEIGHTS_PX[-1], -self.width * tile.height
        if self.width >= tile.width and self.height >= SMALLEST_CUT_PX:
            return CANVAS_HEIGHTS_PX[-1], -self.height * tile.width
        return NEW_CANVAS

    def around(self, tile: LevelTile) -> list[_Gap]:
        """What is left beside a tile, no higher than it is, and below both."""
        beside = self._replace(left=self.left + tile.width, width=self.width - tile.width, height=tile.height)
        below = self._replace(top=self.top + tile.height, height=self.height - tile.height)
        return [gap for gap in (beside, below) if gap.width >= WINDOW_PX and gap.height >= WINDOW_PX]


def _arrange(tiles: list[LevelTile]) -> list[list[LevelTile]]:
    """The tiles of each canvas, cut where that fills a gap."""
    # Highest first: what comes later fits beside it.
    waiting = sorted(tiles, key=lambda tile: -tile.height)
    gaps: list[_Gap] = []
    canvases: list[list[LevelTile]] = []
    # How far down each canvas is used.
    filled_px: list[int] = []
    while waiting:
        tile = waiting.pop(0)
        wastes = [gap.waste(tile, filled_px[gap.canvas]) for gap in gaps]
        best = min(wastes, default=NEW_CANVAS)
        if best < NEW_CANVAS:
            gap = gaps.pop(wastes.index(best))
        else:
            gap = _Gap(canvas=len(canvases), left=0, top=0, width=CANVAS_WIDTH_PX, height=CANVAS_HEIGHTS_PX[-1])
            canvases.append([])
            filled_px.append(0)
        width, height = min(tile.width, gap.width), min(tile.height, gap.height)
        piece = tile._replace(width=width, height=height, left=gap.left, top=gap.top)
        canvases[gap.canvas].append(piece)
        filled_px[gap.canvas] = max(filled_px[gap.canvas], piece.top + height)
        gaps += gap.around(piece)
        for rest in _rests(tile, piece):
            insort(waiting, rest, key=lambda tile: -tile.height)
    return canvases


def _rests(tile: LevelTile, piece: LevelTile) -> list[LevelTile]:
    """What is left of a tile of which a piece was cut; every window of the network lies whole in exactly one."""
    rests = []
    if piece.width < tile.width:
        step = piece.width - SHARED_PX
        rests.append(tile._replace(x=tile.x + step, width=tile.width - step, height=piece.height))
    if piece.height < tile.height:
        step = piece.height - SHARED_PX
        rests.append(tile._replace(y=tile.y + step, height=tile.height - step))
    return rests


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
    # A few heights only: the network plans anew for every size it meets.
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
