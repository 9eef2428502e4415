"""The photos that are measured: the sample, and photos as large as a camera's made of it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.base.settings import ImageLimits
from core.base.types import RgbImage
from core.imaging.decoding import decode_image
from core.imaging.pixels import encode_jpeg

SAMPLE, ONE_MEGAPIXEL, TWELVE_MEGAPIXELS, GROUP = "sample", "1 megapixel", "12 megapixels", "group photos"


@dataclass(frozen=True, slots=True)
class EnlargedSize:
    """Photos of one size: 4 to 3 like a camera's."""

    name: str
    width_px: int
    height_px: int
    count: int


ENLARGED = (EnlargedSize(ONE_MEGAPIXEL, 1152, 864, 24), EnlargedSize(TWELVE_MEGAPIXELS, 4000, 3000, 8))
FEW_ENLARGED = (EnlargedSize(ONE_MEGAPIXEL, 1152, 864, 4), EnlargedSize(TWELVE_MEGAPIXELS, 4000, 3000, 2))


def read_zip(archive: Path) -> dict[str, bytes]:
    """The files of a zip by their names."""
    with zipfile.ZipFile(archive) as source:
        return {name: source.read(name) for name in source.namelist() if not name.endswith("/")}


def select_photos(archive: Path, count: int, target: Path) -> Path:
    """A zip of ``count`` photos of another, spread evenly over it."""
    return _write(target, _spread(read_zip(archive), count))


def enlarge_photos(archive: Path, size: EnlargedSize, limits: ImageLimits, target: Path) -> Path:
    """A zip of some photos of another, padded to the size's proportions and enlarged to it."""
    selected = _spread(read_zip(archive), size.count)
    return _write(
        target,
        {
            f"{Path(name).with_suffix('')}.jpg": _enlarge(decode_image(data, limits), size)
            for name, data in selected.items()
        },
    )


def _spread(files: dict[str, bytes], count: int) -> dict[str, bytes]:
    # By name and evenly, not the first ones: those would be of one person, as a folder is.
    names = sorted(files)
    count = min(count, len(names))
    return {name: files[name] for name in (names[index * len(names) // count] for index in range(count))}


def _enlarge(image: RgbImage, size: EnlargedSize) -> bytes:
    height, width = image.shape[:2]
    # Padded to the camera's proportions before it is enlarged: stretched faces are found otherwise than others.
    wide = max(width, round(height * size.width_px / size.height_px))
    high = max(height, round(width * size.height_px / size.width_px))
    left, top = (wide - width) // 2, (high - height) // 2
    # The edge goes on outwards: a black frame would be an edge that the detector looks at.
    padded = cv2.copyMakeBorder(image, top, high - height - top, left, wide - width - left, cv2.BORDER_REPLICATE)
    large = cv2.resize(padded, (size.width_px, size.height_px), interpolation=cv2.INTER_CUBIC)
    return encode_jpeg(np.asarray(large, dtype=np.uint8))


def _write(target: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return target
