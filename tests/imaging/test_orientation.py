"""Every file says how its picture is turned in one way or another, and is seen upright."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from core.base.settings import ImageLimits
from core.base.types import RgbImage
from core.imaging.decoding import decode_image, stored_orientation
from core.imaging.isobmff import Turn, read_primary_picture
from core.imaging.orientation import apply_orientation

LIMITS = ImageLimits()
SAYS_IT = ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"]
STORING = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
"""Orientation to the Image.Transpose that makes the stored picture of an upright one."""
ALL = range(1, 9)
pillow_heif.register_heif_opener()  # for writing HEIC here; core.imaging.decoding does without it


def quarters() -> RgbImage:
    """48 high, 64 wide: red, green above blue, white; every turn and flip of it differs."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32], image[:24, 32:], image[24:, :32], image[24:, 32:] = (
        (255, 0, 0),
        (0, 255, 0),
        (0, 0, 255),
        (255, 255, 255),
    )
    return image


def stored_as(orientation: int) -> Image.Image:
    upright = Image.fromarray(quarters())
    return upright if orientation == 1 else upright.transpose(Image.Transpose(STORING[orientation]))


def exif_saying(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


def xmp_saying(orientation: int) -> bytes:
    return (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="%d"/>'
        b"</rdf:RDF></x:xmpmeta>" % orientation
    )


def saved(picture: Image.Image, format_: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format_, quality=95, **options)
    return file.getvalue()


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def without_own_turn(data: bytes, exif: bytes) -> bytes:
    """A HEIF or AVIF whose irot and imir are called something else, and whose EXIF is another of the same length."""
    stripped = data.replace(b"irot", b"xrot").replace(b"imir", b"xmir")
    start = stripped.index(b"MM\0*" if exif.startswith(b"MM") else b"II*\0")
    return stripped[:start] + exif + stripped[start + len(exif) :]


def in_exif_only(format_: str, orientation: int) -> bytes:
    exif = exif_saying(orientation).removeprefix(b"Exif\0\0")
    filler = Image.Exif()
    filler[0x0100] = 1  # a tag of the same size, so that the writer has no turn to make
    return without_own_turn(saved(stored_as(orientation), format_, exif=filler.tobytes()), exif)


def assert_is_upright(data: bytes) -> None:
    image = decode_image(data, LIMITS)
    assert image.shape == (48, 64, 3)
    assert image.flags.c_contiguous
    assert np.abs(image.astype(int) - quarters()).mean() < 8  # lossy formats blur where two quarters meet


@pytest.mark.parametrize("format_", SAYS_IT)
@pytest.mark.parametrize("orientation", ALL)
def test_the_stored_orientation_is_what_turns_the_stored_picture_upright(format_: str, orientation: int) -> None:
    data = saved(stored_as(orientation), format_, exif=exif_saying(orientation))
    assert_is_upright(data)
    assert stored_orientation(data) == orientation
    assert np.array_equal(apply_orientation(np.asarray(stored_as(orientation)), orientation), quarters())


@pytest.mark.parametrize("format_", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", ALL)
def test_a_heif_or_avif_that_is_turned_only_by_its_exif_is_upright(format_: str, orientation: int) -> None:
    data = in_exif_only(format_, orientation)
    assert read_primary_picture(data).turns == ()
    assert_is_upright(data)
    assert stored_orientation(data) == orientation


@pytest.mark.parametrize("format_", ["HEIF", "AVIF"])
@pytest.mark.parametrize("orientation", ALL[1:])
def test_the_turn_of_the_container_counts_and_its_exif_is_not_applied_besides(format_: str, orientation: int) -> None:
    data = saved(stored_as(orientation), format_, exif=exif_saying(orientation))
    other = exif_saying(1 if orientation == 6 else 6).removeprefix(b"Exif\0\0")
    at = data.find(other[:8])
    contradicted = data if at < 0 else data[:at] + other + data[at + len(other) :]
    assert read_primary_picture(contradicted).turns
    assert_is_upright(contradicted)
    assert stored_orientation(contradicted) == orientation


@pytest.mark.parametrize(
    ("turns", "orientation"),
    [
        ([Turn(b"irot", 0)], 1),
        ([Turn(b"irot", 1)], 8),
        ([Turn(b"irot", 2)], 3),
        ([Turn(b"irot", 3)], 6),
        ([Turn(b"imir", 0)], 4),
        ([Turn(b"imir", 1)], 2),
        ([Turn(b"irot", 1), Turn(b"imir", 1)], 7),
        ([Turn(b"imir", 1), Turn(b"irot", 1)], 5),
        ([Turn(b"irot", 3), Turn(b"irot", 1)], 1),
    ],
    ids=str,
)
def test_turns_of_a_container_are_one_orientation_in_their_order(turns: list[Turn], orientation: int) -> None:
    kinds = {b"irot": b"irot", b"imir": b"imir"}
    properties = b"".join(box(kinds[turn.kind], bytes([turn.value])) for turn in turns)
    numbers = bytes(range(1, len(turns) + 1))
    ipma = box(b"ipma", bytes(4) + struct.pack(">IHB", 1, 7, len(turns)) + numbers)
    iprp = box(b"iprp", box(b"ipco", properties) + ipma)
    meta = box(b"meta", bytes(4) + box(b"pitm", bytes(4) + struct.pack(">H", 7)) + iprp)
    data = box(b"ftyp", b"heic\0\0\0\0mif1heic") + meta
    assert read_primary_picture(data).turns == tuple(turns)
    assert stored_orientation(data) == orientation


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_xmp_says_how_a_photo_is_turned_where_exif_does_not(format_: str) -> None:
    options: dict[str, object] = {"xmp": xmp_saying(6)}
    if format_ == "PNG":
        info = pytest.importorskip("PIL.PngImagePlugin").PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp_saying(6).decode())
        options = {"pnginfo": info}
    if format_ == "TIFF":
        options = {"tiffinfo": {700: xmp_saying(6)}}
    data = saved(stored_as(6), format_, **options)
    assert stored_orientation(data) == 6
    assert_is_upright(data)


def test_exif_counts_more_than_xmp() -> None:
    data = saved(stored_as(8), "JPEG", exif=exif_saying(8), xmp=xmp_saying(6))
    assert stored_orientation(data) == 8
    assert_is_upright(data)


def test_a_png_may_say_it_behind_its_pixels() -> None:
    plain, exif = saved(stored_as(6), "PNG"), exif_saying(6).removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(exif)) + b"eXIf" + exif + struct.pack(">I", zlib.crc32(b"eXIf" + exif))
    data = plain[:-12] + chunk + plain[-12:]
    assert stored_orientation(data) == 6
    assert_is_upright(data)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation: int) -> None:
    data = saved(stored_as(1), "JPEG", exif=exif_saying(orientation))
    assert stored_orientation(data) == 1
    assert_is_upright(data)


@pytest.mark.parametrize("data", [b"", b"no photo", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", saved(stored_as(1), "BMP")])
def test_what_says_nothing_is_taken_as_it_is_stored(data: bytes) -> None:
    assert stored_orientation(data) == 1


@pytest.mark.parametrize("format_", ["HEIF", "AVIF"])
def test_a_damaged_index_gives_an_orientation_but_never_an_error(format_: str) -> None:
    whole = saved(stored_as(6), format_, exif=exif_saying(6))
    random = np.random.default_rng(0)
    for _ in range(500):
        damaged = bytearray(whole)
        for place in random.integers(8, min(len(whole), 700), 6):
            damaged[place] = random.integers(256)
        assert stored_orientation(bytes(damaged)) in ALL
