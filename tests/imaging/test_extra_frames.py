"""What a file holds besides its first picture is said, and what only accompanies a picture is not."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from core.base.settings import ImageLimits
from core.imaging.decoding import decode_reduced
from core.imaging.tiff import read_directories

LIMITS = ImageLimits()
pillow_heif.register_heif_opener()  # for writing HEIC here; core.imaging.decoding does without it


def picture(seed: int = 0, size: tuple[int, int] = (160, 128)) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 255, (8, 10, 3), dtype=np.uint8)
    return Image.fromarray(cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC))


def saved(format_: str, count: int, **options: object) -> bytes:
    file = io.BytesIO()
    first, *others = (picture(seed) for seed in range(count))
    if others:
        options |= {"save_all": True, "append_images": others}
    first.save(file, format_, **options)
    return file.getvalue()


def notes(data: bytes) -> tuple[str, ...]:
    return decode_reduced(data, LIMITS, 10_000).notes


SEVERAL = "It holds 3 {}; only the first was looked at. Save the others as photos of their own."
ANIMATED = "It is animated; only its first picture was looked at."


@pytest.mark.parametrize(
    ("format_", "words"),
    [
        ("TIFF", SEVERAL.format("pages")),
        ("HEIF", SEVERAL.format("pictures")),
        ("GIF", ANIMATED),
        ("PNG", ANIMATED),
        ("WEBP", ANIMATED),
        ("AVIF", ANIMATED),
    ],
)
def test_further_pictures_are_told(format_: str, words: str) -> None:
    assert notes(saved(format_, 1)) == ()
    assert notes(saved(format_, 3)) == (words,)


@pytest.mark.parametrize("options", [{}, {"compression": "jpeg"}, {"big_tiff": True}], ids=str)
def test_pages_of_every_tiff_are_counted(options: dict[str, object]) -> None:
    data = saved("TIFF", 3, **options)
    assert len(list(read_directories(data))) == 3
    assert notes(data) == (SEVERAL.format("pages"),)


def test_the_scan_with_a_second_page_is_told(shared_dir: Path) -> None:
    data = (shared_dir / "cases" / "photos" / "two_pages_jpeg.tif").read_bytes()
    assert notes(data) == (SEVERAL.format("pages").replace("3", "2"),)


@pytest.mark.parametrize("kind", [1, 4, 5], ids=["a thumbnail", "a mask", "a mask of a thumbnail"])
def test_a_tiff_of_one_picture_and_its_thumbnail_has_one_page(kind: int) -> None:
    file = io.BytesIO()
    small = picture(1, (40, 32))
    small.encoderinfo = {"tiffinfo": {254: kind}}
    picture().save(file, "TIFF", save_all=True, append_images=[small])
    data = file.getvalue()
    assert [directory.number(254) for directory in read_directories(data)] == [0, kind]
    assert notes(data) == ()


def mpo(kind: int) -> bytes:
    """Two pictures, of which the index calls the second this."""
    data = saved("MPO", 2)
    baseline, undefined = struct.pack("<I", 0x030000), struct.pack("<I", 0)
    at = data.index(b"MPF\0") + 4
    entries = data.index(b"\x02\xb0\x07\0", at)
    (offset,) = struct.unpack_from("<I", data, entries + 8)
    index = at + offset
    assert data[index : index + 3] in (baseline[:3], undefined[:3])
    first, second = (kind, kind) if kind else (0x030000, 0)
    changed = bytearray(data)
    changed[index : index + 3] = struct.pack("<I", first)[:3]
    changed[index + 16 : index + 19] = struct.pack("<I", second)[:3]
    return bytes(changed)


def test_a_stereo_camera_s_second_view_is_told_and_a_telephone_s_gain_map_is_not() -> None:
    assert notes(mpo(0x020002)) == (SEVERAL.format("views").replace("3", "2"),)
    assert notes(mpo(0)) == ()


def test_a_heif_with_a_sequence_beside_its_picture_is_told() -> None:
    data = saved("HEIF", 1)
    assert notes(data + struct.pack(">I4s", 16, b"moov") + bytes(8)) == (
        "It also holds a sequence of pictures; only the one that stands for it was looked at.",
    )


def test_directories_that_go_in_a_circle_or_beyond_the_end_are_counted_once() -> None:
    data = bytearray(saved("TIFF", 1))
    start = struct.unpack_from("<I", data, 4)[0]
    next_at = start + 2 + 12 * struct.unpack_from("<H", data, start)[0]
    data[next_at : next_at + 4] = struct.pack("<I", start)
    assert len(list(read_directories(bytes(data)))) == 1
    data[next_at : next_at + 4] = struct.pack("<I", 0xFFFFFF00)
    assert len(list(read_directories(bytes(data)))) == 1


def test_a_damaged_tiff_has_directories_or_none_but_raises_nothing() -> None:
    whole = saved("TIFF", 2)
    random = np.random.default_rng(0)
    for _ in range(300):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), 8):
            damaged[place] = random.integers(256)
        start = struct.unpack_from("<I", whole, 4)[0]
        damaged[start + random.integers(0, 100)] = random.integers(256)
        for directory in read_directories(bytes(damaged)):
            assert all(isinstance(number, int) for tag in directory.entries for number in directory.numbers(tag))
