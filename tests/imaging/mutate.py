"""Photos of every kind, and what can become of their bytes on the way; run as a program, it decodes many such.

``python -m tests.imaging.mutate COUNT [FIRST]`` decodes mutations from FIRST on; each is the same every time.
It prints one JSON object: how many were taken and refused, and the memory before and at most, in bytes.
"""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import cv2
import numpy as np
import pillow_heif
from PIL import Image

from core.base.errors import ImageRefused
from core.base.settings import ImageLimits
from core.imaging.decoding import decode_image, decode_reduced, decoding_bytes, stored_orientation
from core.imaging.pixels import perceptual_hash
from core.imaging.signatures import HEAD_BYTES, describe_file, is_photo
from core.imaging.time_taken import parse_time_taken
from tests.imaging import test_raw

LIMITS = ImageLimits(max_pixels=4_000_000)
SHARED_PHOTOS = Path(__file__).parents[3] / "shared" / "cases" / "photos"
FEW_BYTES = 120_000
EDGES = (0, 1, 0x7F, 0x80, 0xFF)
WIDE_EDGES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\1", b"\1\0\0\0")


def seeds() -> list[bytes]:
    """Small photos of every kind, and those beside the project where they are."""
    coarse = np.random.default_rng(0).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    image = Image.fromarray(cv2.resize(coarse, (96, 72), interpolation=cv2.INTER_CUBIC))
    exif = Image.Exif()
    exif.update({0x0112: 6, 0x0132: "2015:01:02 03:04:05"})
    exif.get_ifd(0x8769)[0x9003] = "2009:06:30 12:00:00"
    plain = ["JPEG", "MPO", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF", "HEIF", "PPM"]
    photos = [_saved(image, format_, exif=exif) for format_ in plain]
    photos += [_saved(image, "JPEG", **options) for options in ({"progressive": True}, {"restart_marker_blocks": 3})]
    photos += [_saved(image.convert(mode), "JPEG") for mode in ("L", "CMYK")]
    photos += [
        _saved(image, "TIFF", compression=kind) for kind in ("jpeg", "tiff_lzw", "packbits", "tiff_adobe_deflate")
    ]
    photos += [_saved(image.convert(mode), "PNG") for mode in ("RGBA", "P", "1", "LA", "I;16")]
    photos += [_saved(image.convert("F"), "TIFF"), _saved(image.convert("LAB"), "TIFF")]
    several = {"save_all": True, "append_images": [image.rotate(90), image.rotate(180)]}
    photos += [_saved(image, format_, **several) for format_ in ("GIF", "PNG", "WEBP", "TIFF", "AVIF", "HEIF")]
    photos += [photos[0][:-2] + b"SEFH" + bytes(50) + b"SEFT", photos[0] + photos[11], photos[11][:-2] + photos[0]]
    # Small ones, for the moment: other tests of this process take the sizes that stand there.
    with mock.patch.multiple(test_raw, FULL=(480, 368), NOISE=test_raw.NOISE[:3000]):
        photos += [kind() for kind in test_raw.KINDS.values()]
    photos += [path.read_bytes() for path in sorted(SHARED_PHOTOS.glob("*"))] if SHARED_PHOTOS.is_dir() else []
    return [photo for photo in photos if len(photo) <= FEW_BYTES]


def _saved(image: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, format_, **options)
    return file.getvalue()


def mutated(photos: list[bytes], number: int) -> bytes:
    """The mutation of this number: one to three changes of one photo, more of them near its beginning."""
    random = np.random.default_rng(number)
    data = bytearray(photos[number % len(photos)])
    for _ in range(random.integers(1, 4)):
        CHANGES[random.integers(len(CHANGES))](data, random, photos)
    return bytes(data)


Change = Callable[[bytearray, np.random.Generator, list[bytes]], None]


def _somewhere(data: bytearray, random: np.random.Generator) -> int:
    return int(random.random() ** 3 * len(data))


def _change_bytes(data: bytearray, random: np.random.Generator, photos: list[bytes]) -> None:
    for _ in range(random.integers(1, 9)):
        at = _somewhere(data, random)
        data[at : at + 1] = bytes([random.integers(256) if random.random() < 0.6 else EDGES[random.integers(5)]])


def _change_number(data: bytearray, random: np.random.Generator, photos: list[bytes]) -> None:
    at = _somewhere(data, random)
    width = (2, 4)[random.integers(2)]
    data[at : at + width] = WIDE_EDGES[random.integers(len(WIDE_EDGES))][:width]


def _cut_off(data: bytearray, random: np.random.Generator, photos: list[bytes]) -> None:
    del data[int((1 - random.random() ** 2) * len(data)) :]


def _lose_piece(data: bytearray, random: np.random.Generator, photos: list[bytes]) -> None:
    at = _somewhere(data, random)
    del data[at : at + int(random.integers(1, 300))]


def _repeat_piece(data: bytearray, random: np.random.Generator, photos: list[bytes]) -> None:
    at, length = _somewhere(data, random), int(random.integers(1, 600))
    data[at:at] = data[at : at + length] * int(random.integers(1, 20))


def _blank_piece(data: bytearray, random: np.random.Generator, photos: list[bytes]) -> None:
    at, length = int(random.random() * len(data)), int(random.integers(1, 600))
    data[at : at + length] = bytes([(0, 0xFF)[random.integers(2)]]) * min(length, len(data) - at)


def _graft(data: bytearray, random: np.random.Generator, photos: list[bytes]) -> None:
    other = photos[random.integers(len(photos))]
    at, start = _somewhere(data, random), int(random.random() ** 3 * len(other))
    data[at:] = other[start : start + FEW_BYTES]


CHANGES: list[Change] = [
    _change_bytes,
    _change_bytes,
    _change_number,
    _cut_off,
    _lose_piece,
    _repeat_piece,
    _blank_piece,
    _graft,
]


def decode_all_ways(data: bytes) -> bool:
    """Whether the photo was taken. Raises whatever is no refusal with words."""
    assert stored_orientation(data) in range(1, 9)
    moment = parse_time_taken(data)
    assert moment is None or isinstance(moment, float)
    assert is_photo(data[:HEAD_BYTES]) or isinstance(describe_file(data[:HEAD_BYTES]), str)
    try:
        assert decoding_bytes(data, LIMITS) >= len(data)
        picture = decode_reduced(data, LIMITS, 40)
        image = decode_image(data, LIMITS)
    except ImageRefused as refusal:
        assert len(str(refusal)) > 10
        return False
    assert image.shape == (picture.height_px, picture.width_px, 3)
    assert picture.pixels.dtype == image.dtype == np.uint8
    assert 0 <= perceptual_hash(picture.pixels) < 1 << 64
    return True


def _status_bytes(field: str) -> int:
    found = re.search(field + r":\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    """Decode mutations; one that raises is named by its number."""
    pillow_heif.register_heif_opener()  # for writing HEIC; core.imaging.decoding does without it
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    photos = seeds()
    before, slowest_s, taken_count = _status_bytes("VmRSS"), 0.0, 0
    for number in range(first, first + count):
        data = mutated(photos, number)
        start = time.perf_counter()
        try:
            taken_count += decode_all_ways(data)
        except BaseException as error:
            error.add_note(f"mutation {number}")
            raise
        slowest_s = max(slowest_s, time.perf_counter() - start)
    report = {"taken": taken_count, "refused": count - taken_count, "slowest_s": round(slowest_s, 2)}
    print(json.dumps(report | {"before_bytes": before, "peak_bytes": _status_bytes("VmHWM")}))


if __name__ == "__main__":
    main()
