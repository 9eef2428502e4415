"""RAW files give their largest preview, upright, and say so; a thumbnail is never taken for the photo."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest
from PIL import Image

from core.base.errors import ImageRefused
from core.base.settings import ImageLimits
from core.base.types import RgbImage
from core.imaging.decoding import decode_image, decode_reduced, decoding_bytes, stored_orientation
from core.imaging.orientation import apply_orientation
from core.imaging.time_taken import parse_time_taken

LIMITS = ImageLimits()
SENSOR, LINEAR, YCBCR, RGB = 32803, 34892, 6, 2
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, ORIENTATION, STRIP_BYTES = 256, 257, 258, 259, 262, 273, 274, 279
TILES, SUB_DIRECTORIES, JPEG_START, JPEG_BYTES, EXIF, DNG_VERSION = 324, 330, 513, 514, 34665, 50706
Values = Sequence[int] | bytes
NOISE = np.random.default_rng(9).integers(0, 256, 40_000, np.uint8).tobytes()


def photo_like(width: int, height: int, seed: int = 0) -> RgbImage:
    coarse = np.random.default_rng(seed).integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


FULL, SMALL, THUMB = (1600, 1200), (480, 320), (160, 120)


def jpeg(size: tuple[int, int], seed: int = 0, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo_like(*size, seed)).save(file, "JPEG", quality=92, **options)
    return file.getvalue()


def directory(tags: Mapping[int, Values], at: int, following: int, order: str = "<") -> bytes:
    """A directory as it lies at a place in a file, with the values that do not fit into it behind it."""
    entries, behind = b"", b""
    behind_at = at + 2 + 12 * len(tags) + 4
    for tag, values in sorted(tags.items()):
        kind, count = (2, len(values)) if isinstance(values, bytes) else (4, len(values))
        packed = values if isinstance(values, bytes) else struct.pack(f"{order}{count}I", *values)
        if len(packed) <= 4:
            field = packed.ljust(4, b"\0")
        else:
            field = struct.pack(order + "I", behind_at + len(behind))
            behind += packed
        entries += struct.pack(order + "HHI", tag, kind, count) + field
    return struct.pack(order + "H", len(tags)) + entries + struct.pack(order + "I", following) + behind


def tiff_like(
    main: Sequence[Mapping[int, Values]],
    sub: Sequence[Mapping[int, Values]] = (),
    pieces: Mapping[int, bytes] | None = None,
    magic: bytes = b"II*\0",
    exif: Mapping[int, Values] | None = None,
) -> bytes:
    """A TIFF of these directories, 1,000 bytes for each, the inner ones under the first, with data at fixed places."""
    order = ">" if magic.startswith(b"MM") else "<"
    places = [1000 * (number + 1) for number in range(len(main) + len(sub) + 1)]
    first = dict(main[0])
    if sub:
        first[SUB_DIRECTORIES] = places[len(main) : len(main) + len(sub)]
    if exif is not None:
        first[EXIF] = [places[-1]]
    chain = [first, *main[1:]]
    blocks = {0: magic + struct.pack(order + "I", places[0])}
    for number, tags in enumerate(chain):
        following = places[number + 1] if number + 1 < len(chain) else 0
        blocks[places[number]] = directory(tags, places[number], following, order)
    for number, tags in enumerate(sub, start=len(main)):
        blocks[places[number]] = directory(tags, places[number], 0, order)
    if exif is not None:
        blocks[places[-1]] = directory(exif, places[-1], 0, order)
    blocks |= pieces or {}
    data = bytearray(max(at + len(block) for at, block in blocks.items()))
    for at, block in blocks.items():
        data[at : at + len(block)] = block
    return bytes(data)


THUMB_AT, SENSOR_AT = 10_000, 80_000
PREVIEW_AT = SENSOR_AT + len(NOISE)


def thumbnail(orientation: int = 1) -> dict[int, Values]:
    return {
        254: [1],
        WIDTH: [160],
        HEIGHT: [120],
        BITS: [8],
        COMPRESSION: [1],
        PHOTOMETRIC: [RGB],
        STRIPS: [THUMB_AT],
        STRIP_BYTES: [160 * 120 * 3],
        277: [3],
        ORIENTATION: [orientation],
    }


def sensor(photometric: int = SENSOR) -> dict[int, Values]:
    return {
        WIDTH: [4000],
        HEIGHT: [3000],
        COMPRESSION: [7],
        PHOTOMETRIC: [photometric],
        STRIPS: [SENSOR_AT],
        STRIP_BYTES: [len(NOISE)],
    }


def preview_tags(size: tuple[int, int], content: bytes) -> dict[int, Values]:
    return {
        254: [1],
        WIDTH: [size[0]],
        HEIGHT: [size[1]],
        COMPRESSION: [7],
        PHOTOMETRIC: [YCBCR],
        STRIPS: [PREVIEW_AT],
        STRIP_BYTES: [len(content)],
    }


def dng(
    preview: bytes = jpeg(FULL),
    size: tuple[int, int] = FULL,
    orientation: int = 1,
    magic: bytes = b"II*\0",
    exif: Mapping[int, Values] | None = None,
) -> bytes:
    main = thumbnail(orientation) | {DNG_VERSION: b"\1\4\0\0", 306: b"2015:01:02 03:04:05\0"}
    pieces = {THUMB_AT: bytes(160 * 120 * 3), SENSOR_AT: NOISE, PREVIEW_AT: preview}
    return tiff_like([main], [sensor(), preview_tags(size, preview)], pieces, magic, exif)


def cr2(orientation: int = 1) -> bytes:
    """As Canon writes it: the full JPEG first, then a thumbnail, then the sensor's lossless JPEG."""
    full, small = jpeg(FULL), jpeg(THUMB, 1)
    lossless = b"\xff\xd8\xff\xc4\0\x02\xff\xc3\0\x0e\x0e\x0b\xb8\x0f\xa0\2\1\x11\0\2\x11\0" + NOISE
    first = {WIDTH: [1600], HEIGHT: [1200], COMPRESSION: [6], STRIPS: [PREVIEW_AT], STRIP_BYTES: [len(full)]}
    first |= {ORIENTATION: [orientation]}
    second = {JPEG_START: [THUMB_AT], JPEG_BYTES: [len(small)]}
    third = {COMPRESSION: [6], STRIPS: [SENSOR_AT], STRIP_BYTES: [len(lossless)]}
    data = tiff_like([first, second, third], [], {THUMB_AT: small, SENSOR_AT: lossless, PREVIEW_AT: full})
    return data[:8] + b"CR\2\0" + data[12:]


def nef(orientation: int = 1) -> bytes:
    """As Nikon writes it: a thumbnail of plain pixels, the JPEG and the sensor below it."""
    full = jpeg(FULL)
    below = [
        {254: [1], COMPRESSION: [6], JPEG_START: [PREVIEW_AT], JPEG_BYTES: [len(full)]},
        sensor() | {COMPRESSION: [34713]},
    ]
    pieces = {THUMB_AT: bytes(160 * 120 * 3), SENSOR_AT: NOISE, PREVIEW_AT: full}
    return tiff_like([thumbnail(orientation)], below, pieces, b"MM\0*")


def orf(orientation: int = 1) -> bytes:
    """As Olympus writes it: its own number in the header, the JPEG where only its maker's notes say."""
    main = sensor() | {ORIENTATION: [orientation], COMPRESSION: [1]}
    return tiff_like([main], [], {SENSOR_AT: NOISE, PREVIEW_AT: jpeg(FULL)}, b"IIRO")


def rw2(orientation: int = 1) -> bytes:
    """As Panasonic writes it: a whole JPEG with its own EXIF in a tag."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return tiff_like([{46: jpeg(FULL, exif=exif.tobytes())}], [], {900_000: NOISE}, b"IIU\0")


def raf(orientation: int = 1) -> bytes:
    """As Fujifilm writes it: a header, then a JPEG with EXIF."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return b"FUJIFILMCCD-RAW 0201".ljust(160, b"\0") + jpeg(FULL, exif=exif.tobytes()) + NOISE


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content


def cr3(orientation: int = 1) -> bytes:
    """As Canon writes it now: boxes, with a TIFF in one, a small preview in another, the full JPEG among the data."""
    first = box(b"CMT1", tiff_like([{ORIENTATION: [orientation], 306: b"2015:01:02 03:04:05\0"}]))
    second = box(b"CMT2", tiff_like([{36867: b"2009:06:30 12:00:00\0"}]))
    own = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
    moov = box(b"moov", box(b"uuid", own + first + second))
    small = box(b"uuid", bytes(16) + box(b"PRVW", bytes(16) + jpeg(SMALL, 1)))
    return box(b"ftyp", b"crx \0\0\0\1crx isom") + moov + small + box(b"mdat", jpeg(FULL) + NOISE)


KINDS = {"DNG": dng, "CR2": cr2, "NEF": nef, "ORF": orf, "RW2": rw2, "RAF": raf, "CR3": cr3}
EXPECTED = np.asarray(Image.open(io.BytesIO(jpeg(FULL))))


@pytest.mark.parametrize("kind", KINDS)
def test_a_raw_file_gives_its_full_preview_and_says_so(kind: str) -> None:
    picture = decode_reduced(KINDS[kind](), LIMITS, 10_000)
    assert np.array_equal(picture.pixels, EXPECTED)
    assert picture.notes == ("A RAW file: its preview of 1\u202f600 x 1\u202f200 pixels was looked at.",)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("kind", KINDS)
def test_a_raw_file_s_preview_is_turned_as_the_raw_file_says(kind: str, orientation: int) -> None:
    data = KINDS[kind](orientation=orientation)
    assert stored_orientation(data) == orientation
    assert np.array_equal(decode_image(data, LIMITS), apply_orientation(EXPECTED, orientation))


def test_a_preview_that_stands_upright_already_is_not_turned_again() -> None:
    upright = jpeg((1200, 1600))
    data = dng(upright, (1200, 1600), orientation=6)
    assert decode_image(data, LIMITS).shape == (1600, 1200, 3)
    assert stored_orientation(data) == 1


@pytest.mark.parametrize("enough_px", [200, 400, 800])
def test_a_preview_is_reduced_like_any_jpeg(enough_px: int) -> None:
    picture = decode_reduced(dng(), LIMITS, enough_px)
    assert max(picture.pixels.shape) == enough_px
    assert (picture.width_px, picture.height_px) == FULL


def test_a_small_preview_is_taken_with_a_word_about_it() -> None:
    picture = decode_reduced(dng(jpeg(SMALL), SMALL), LIMITS, 10_000)
    assert (picture.width_px, picture.height_px) == SMALL
    assert "only a small preview of 480 x 320 pixels" in picture.notes[0]
    assert "Export the photo as JPEG" in picture.notes[0]


def test_a_raw_file_with_nothing_but_a_thumbnail_is_refused_with_what_to_do() -> None:
    words = r"RAW file that holds no preview but one of 160 x 120 pixels. Export the photo as JPEG"
    with pytest.raises(ImageRefused, match=words):
        decode_image(dng(jpeg(THUMB), THUMB), LIMITS)
    with pytest.raises(ImageRefused, match=r"RAW file that holds no preview\. Export"):
        decode_image(dng(b"", (0, 0)), LIMITS)


def test_tiles_of_sensor_data_that_are_jpegs_are_not_taken_for_a_preview() -> None:
    tile, small = jpeg((512, 512), 2), jpeg(SMALL)
    lossy = sensor(LINEAR) | {COMPRESSION: [34892], TILES: [SENSOR_AT, SENSOR_AT + 90_000]}
    del lossy[STRIPS]
    pieces = {SENSOR_AT: tile, SENSOR_AT + 90_000: tile, SENSOR_AT + 180_000: small}
    assert len(tile) < 90_000
    shown = preview_tags(SMALL, small) | {STRIPS: [SENSOR_AT + 180_000]}
    data = tiff_like([thumbnail() | {DNG_VERSION: b"\1\4\0\0"}], [lossy, shown], pieces)
    assert decode_image(data, LIMITS).shape == (320, 480, 3)


def test_a_preview_that_is_cut_off_is_refused() -> None:
    data = raf()
    with pytest.raises(ImageRefused, match="cut off"):
        decode_image(data[: len(data) // 4], LIMITS)


def test_a_scan_with_a_thumbnail_below_it_is_a_tiff_and_no_raw_file() -> None:
    file = io.BytesIO()
    Image.fromarray(photo_like(320, 240)).save(file, "TIFF", compression="jpeg")
    picture = decode_reduced(file.getvalue(), LIMITS, 10_000)
    assert picture.pixels.shape == (240, 320, 3)
    assert picture.notes == ()


def test_the_moment_of_taking_is_read_from_raw_files() -> None:
    noon, later = (datetime(*when, tzinfo=UTC).timestamp() for when in ((2009, 6, 30, 12), (2015, 1, 2, 3, 4, 5)))
    assert parse_time_taken(dng()) == later
    assert parse_time_taken(dng(exif={36867: b"2009:06:30 12:00:00\0"})) == noon
    assert parse_time_taken(cr3()) == noon
    assert parse_time_taken(orf()) is None


def test_what_decoding_takes_is_known_from_the_header() -> None:
    data = dng()
    assert decoding_bytes(data, LIMITS) == 2 * len(data) + 1600 * 1200 * 7


def test_damaged_raw_files_are_only_ever_refused() -> None:
    random = np.random.default_rng(0)
    wholes = [kind() for kind in KINDS.values()]
    for number in range(210):
        damaged = bytearray(wholes[number % len(wholes)])
        for place in (random.random(12) ** 3 * len(damaged)).astype(int):
            damaged[place] = random.integers(256)
        try:
            assert decode_image(bytes(damaged), LIMITS).ndim == 3
        except ImageRefused as refusal:
            assert str(refusal)
        assert stored_orientation(bytes(damaged)) in range(1, 9)
        parse_time_taken(bytes(damaged))
