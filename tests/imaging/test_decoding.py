"""Photos of every kind become upright RGB, and nothing else comes out of any bytes but a refusal."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pillow_heif
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image

from core.archives.file_names import PHOTO_EXTENSIONS, RAW_EXTENSIONS
from core.base import words
from core.base.errors import ImageRefused
from core.base.settings import MIB, ImageLimits
from core.base.types import RgbImage
from core.imaging.decoding import decode_image, decode_reduced, decoding_bytes
from core.imaging.pixels import encode_jpeg, perceptual_hash, shrink_image
from core.imaging.time_taken import parse_time_taken
from tests.waiting import LONGEST_S

LIMITS = ImageLimits()
ROOT = Path(__file__).parents[2]
ODD_IMAGES = ROOT.parent / "shared" / "hostile" / "odd-images.zip"
RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
pillow_heif.register_heif_opener()  # for writing HEIC here; core.imaging.decoding does without it


def quarters() -> RgbImage:
    """48 high, 64 wide: red, green above blue, white; every turn and flip of it differs."""
    image = np.zeros((48, 64, 3), np.uint8)
    image[:24, :32], image[:24, 32:], image[24:, :32], image[24:, 32:] = RED, GREEN, BLUE, WHITE
    return image


def photo_like(width: int = 320, height: int = 240, seed: int = 0) -> RgbImage:
    """Smooth noise: compresses like a photo and has no flat parts."""
    coarse = np.random.default_rng(seed).integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def saved(image: Image.Image | RgbImage, format_: str, **options: object) -> bytes:
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    file = io.BytesIO()
    picture.save(file, format_, **options)
    return file.getvalue()


def difference(a: RgbImage, b: RgbImage) -> float:
    assert a.shape == b.shape
    return float(np.abs(a.astype(int) - b).mean())


def assert_is_rgb(image: RgbImage) -> None:
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.flags.c_contiguous
    assert image.flags.writeable


# --- formats and modes

LOSSLESS = [
    ("PNG", {}),
    ("BMP", {}),
    ("DIB", {}),
    ("TIFF", {}),
    ("PPM", {}),
    ("WEBP", {"lossless": True}),
    ("GIF", {}),
]
LOSSY = [("JPEG", {}), ("JPEG", {"progressive": True}), ("MPO", {}), ("WEBP", {}), ("AVIF", {}), ("HEIF", {})]


@pytest.mark.parametrize(("format_", "options"), LOSSLESS + LOSSY)
def test_every_format_gives_the_same_picture(format_: str, options: dict[str, object]) -> None:
    image = decode_image(saved(quarters(), format_, **options), LIMITS)
    assert_is_rgb(image)
    # lossy formats blur the colours where two quarters meet
    assert difference(image, quarters()) <= (0 if (format_, options) in LOSSLESS else 8)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}], ids=str)
def test_opencv_and_pillow_decode_a_jpeg_alike(options: dict[str, object]) -> None:
    data = saved(photo_like(), "JPEG", quality=90, **options)
    # both use libjpeg-turbo; another build may round a chroma value differently
    assert difference(decode_image(data, LIMITS), np.asarray(Image.open(io.BytesIO(data)))) < 0.5


MODES = [
    ("grey", Image.new("L", (40, 30), 128), "PNG", (128, 128, 128)),
    ("grey jpeg", Image.new("L", (40, 30), 77), "JPEG", (77, 77, 77)),
    ("1 bit white", Image.new("1", (40, 30), 1), "PNG", WHITE),
    ("1 bit tiff", Image.new("1", (40, 30), 1), "TIFF", WHITE),
    ("grey, half clear", Image.new("LA", (40, 30), (0, 128)), "PNG", (127, 127, 127)),
    ("red, clear", Image.new("RGBA", (40, 30), (255, 0, 0, 0)), "PNG", WHITE),
    ("red, half clear", Image.new("RGBA", (40, 30), (255, 0, 0, 51)), "PNG", (255, 204, 204)),
    ("clear webp", Image.new("RGBA", (40, 30), (255, 0, 0, 0)), "WEBP", WHITE),
    ("clear avif", Image.new("RGBA", (40, 30), (255, 0, 0, 0)), "AVIF", WHITE),
    ("clear heic", Image.new("RGBA", (40, 30), (255, 0, 0, 0)), "HEIF", WHITE),
    ("cmyk tiff", Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "TIFF", RED),
    ("cmyk jpeg", Image.new("CMYK", (40, 30), (0, 255, 255, 0)), "JPEG", (254, 0, 0)),
    ("lab tiff", Image.new("LAB", (40, 30), (138, 209, 198)), "TIFF", (251, 5, 4)),
    ("palette", Image.new("RGB", (40, 30), GREEN).convert("P"), "PNG", GREEN),
    ("16 bit png", Image.new("I;16", (40, 30), 32896), "PNG", (128, 128, 128)),
    ("16 bit png, white", Image.new("I;16", (40, 30), 65535), "PNG", WHITE),
    ("16 bit tiff", Image.new("I;16", (40, 30), 32896), "TIFF", (128, 128, 128)),
    ("16 bit tiff, big end", Image.new("I;16B", (40, 30), 32896), "TIFF", (128, 128, 128)),
    ("16 bit pgm", Image.new("I", (40, 30), 32896), "PPM", (128, 128, 128)),
    ("32 bit tiff", Image.new("I", (40, 30), 32896), "TIFF", (128, 128, 128)),
    ("float tiff up to 1", Image.new("F", (40, 30), 0.5), "TIFF", (128, 128, 128)),
    ("float tiff up to 255", Image.new("F", (40, 30), 200.0), "TIFF", (200, 200, 200)),
]


@pytest.mark.parametrize(("image", "format_", "colour"), [row[1:] for row in MODES], ids=[row[0] for row in MODES])
def test_every_mode_becomes_rgb(image: Image.Image, format_: str, colour: tuple[int, int, int]) -> None:
    decoded = decode_image(saved(image, format_), LIMITS)
    assert_is_rgb(decoded)
    assert decoded.shape == (30, 40, 3)
    np.testing.assert_allclose(decoded.reshape(-1, 3).mean(axis=0), colour, atol=2)


def test_a_16_bit_ramp_keeps_its_shades() -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (32, 1))
    assert decode_image(saved(Image.fromarray(ramp), "PNG"), LIMITS)[0, :, 0].tolist() == list(range(256))


def test_a_10_bit_heif_keeps_its_shades() -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16)[:, None], (64, 1, 3))
    file = io.BytesIO()
    pillow_heif.from_bytes("RGB;16", (256, 64), ramp.tobytes()).save(file, quality=95)
    expected = np.tile(np.arange(256, dtype=np.uint8)[None, :, None], (64, 1, 3))
    assert difference(decode_image(file.getvalue(), LIMITS), expected) < 3  # lossy


def test_a_clear_palette_colour_becomes_white() -> None:
    picture = Image.new("P", (40, 30), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    assert (decode_image(saved(picture, "GIF", transparency=0), LIMITS) == 255).all()


@pytest.mark.parametrize("format_", ["GIF", "WEBP", "PNG", "TIFF", "AVIF"])
def test_an_animation_gives_its_first_picture(format_: str) -> None:
    first, second = Image.new("RGB", (40, 30), RED), Image.new("RGB", (40, 30), BLUE)
    data = saved(first, format_, save_all=True, append_images=[second])
    np.testing.assert_allclose(decode_image(data, LIMITS)[15, 20], RED, atol=4)


# --- upright


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_is_turned_upright_exactly_once(format_: str, orientation: int) -> None:
    undo = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # orientation -> Image.Transpose that makes the stored picture
    upright = Image.fromarray(quarters())
    stored = upright.transpose(Image.Transpose(undo[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_image(saved(stored, format_, exif=exif.tobytes(), quality=95), LIMITS)
    assert_is_rgb(image)
    assert difference(image, quarters()) < 8


@given(damage=st.binary(min_size=1, max_size=40), place=st.integers(6, 200))
@settings(max_examples=150, deadline=None)
def test_broken_exif_never_loses_a_photo(damage: bytes, place: int) -> None:
    exif = Image.Exif()
    exif.update({0x0112: 1, 0x010F: "camera", 0x011A: 72.0, 0x0132: "2024:01:01 00:00:00"})
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 30.0, 0.0)})
    block = bytearray(exif.tobytes().ljust(220, b"\0"))
    block[place : place + len(damage)] = damage
    image = decode_image(saved(quarters(), "JPEG", exif=bytes(block)), LIMITS)
    assert sorted(image.shape) == [3, 48, 64]


# --- with fewer pixels


@pytest.mark.parametrize(
    ("enough_px", "shape"),
    [(1, (75, 100, 3)), (100, (75, 100, 3)), (101, (150, 200, 3)), (399, (300, 400, 3)), (401, (600, 800, 3))],
)
def test_a_jpeg_is_reduced_as_far_as_enough_is_left(enough_px: int, shape: tuple[int, ...]) -> None:
    image = photo_like(800, 600)
    picture = decode_reduced(saved(image, "JPEG", quality=95), LIMITS, enough_px)
    assert_is_rgb(picture.pixels)
    assert picture.pixels.shape == shape
    assert (picture.width_px, picture.height_px) == (800, 600)
    assert picture.scale_xy == (shape[1] / 800, shape[0] / 600)
    assert difference(picture.pixels, shrink_image(image, max(shape))) < 3


@pytest.mark.parametrize("orientation", [3, 6])
def test_a_reduced_photo_is_upright_and_knows_its_whole_size(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(photo_like(801, 603), "JPEG", quality=95, exif=exif.tobytes())
    whole, picture = decode_image(data, LIMITS), decode_reduced(data, LIMITS, 400)
    assert (picture.height_px, picture.width_px) == whole.shape[:2]
    assert max(picture.pixels.shape) == 401
    small = cv2.resize(whole, picture.pixels.shape[1::-1], interpolation=cv2.INTER_AREA)
    assert difference(picture.pixels, small) < 5  # its last column lies half beyond the photo


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP", "HEIF"])
def test_what_is_no_jpeg_comes_whole(format_: str) -> None:
    assert decode_reduced(saved(photo_like(), format_), LIMITS, 10).pixels.shape == (240, 320, 3)


@pytest.mark.parametrize("enough_px", [40, 80, 160])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_reduced_jpeg_that_was_cut_off_and_closed_again_is_refused(kept: float, enough_px: int) -> None:
    with pytest.raises(ImageRefused, match="cut off"):
        decode_reduced(WHOLE[: int(len(WHOLE) * kept)] + b"\xff\xd9", LIMITS, enough_px)


def test_the_header_tells_what_decoding_takes() -> None:
    assert decoding_bytes(WHOLE, LIMITS) == len(WHOLE) + 320 * 240 * 7
    progressive = saved(photo_like(), "JPEG", progressive=True)
    assert decoding_bytes(progressive, LIMITS) == len(progressive) + 320 * 240 * 10
    heif = saved(photo_like(), "HEIF")
    assert decoding_bytes(heif, LIMITS) == len(heif) + 320 * 240 * 12


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff\xd9"], ids=["empty", "text", "no picture"])
def test_a_header_that_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(ImageRefused):
        decoding_bytes(data, LIMITS)


# --- refused

WHOLE = saved(photo_like(), "JPEG", quality=90)
CUT = WHOLE[: len(WHOLE) // 2]


@pytest.mark.parametrize("kept", [0.02, 0.2, 0.5, 0.9, 0.99, 0.9999])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF", "PPM"])
def test_a_truncated_photo_is_refused(format_: str, kept: float) -> None:
    data = saved(photo_like(), format_)
    cut = data[: min(int(len(data) * kept), len(data) - 3)]
    if format_ in ("GIF", "PNG", "TIFF") and kept > 0.99:
        pytest.skip("what is cut off here holds no pixels")
    with pytest.raises(ImageRefused):
        decode_image(cut, LIMITS)


@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_cut_off_jpeg_that_was_closed_again_is_refused(mode: str, kept: float) -> None:
    data = saved(Image.fromarray(photo_like()).convert(mode), "JPEG", quality=90)
    with pytest.raises(ImageRefused, match="cut off"):
        decode_image(data[: int(len(data) * kept)] + b"\xff\xd9", LIMITS)


def test_a_photo_on_just_that_grey_is_taken() -> None:
    image = photo_like()
    image[200:] = 128
    assert difference(decode_image(saved(image, "JPEG", quality=90), LIMITS), image) < 8


def test_a_jpeg_with_something_after_its_end_is_taken() -> None:
    assert difference(decode_image(WHOLE + b"motion photo" * 100, LIMITS), photo_like()) < 8


def test_a_jpeg_of_a_thousand_scans_is_refused() -> None:
    progressive = saved(photo_like(), "JPEG", progressive=True)
    first = progressive.index(b"\xff\xda")
    second = progressive.index(b"\xff\xc4", first)
    with pytest.raises(ImageRefused, match="more than 64 scans"):
        decode_image(progressive[:second] + progressive[first:second] * 1000 + progressive[second:], LIMITS)


def png_header(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"hello", "not a photo"),
        (b"%PDF-1.7 " + bytes(100), "not a photo"),
        (png_header(50_000, 50_000), "dangerously large"),
        (png_header(10_001, 10_000), r"10001 x 10000 = 100\u202f010\u202f000 pixels; at most 100\u202f000\u202f000"),
        (png_header(0, 100), "."),
        (saved(Image.new("RGB", (19, 400)), "PNG"), "19 x 400 pixels: too small to hold a face"),
    ],
    ids=["empty", "text", "pdf", "bomb", "large", "no width", "narrow"],
)
def test_what_is_no_usable_photo_is_refused_with_the_reason(data: bytes, words: str) -> None:
    with pytest.raises(ImageRefused, match=words):
        decode_image(data, LIMITS)


def test_a_photo_that_would_take_too_much_memory_to_read_is_refused_with_the_reason() -> None:
    data = bytearray(saved(quarters(), "WEBP"))
    assert data[12:16] == b"VP8 " and struct.unpack_from("<2H", data, 26) == (64, 48)
    struct.pack_into("<2H", data, 26, 9000, 9000)
    with pytest.raises(ImageRefused, match=r"at most 52\u202f\d\d\d\u202f\d\d\d are read from such a file"):
        decode_image(bytes(data), LIMITS)


def test_a_file_above_the_limit_is_refused() -> None:
    with pytest.raises(ImageRefused, match=f"has {words.count(len(WHOLE))} bytes; at most 100 are read"):
        decode_image(WHOLE, ImageLimits(max_file_bytes=100))


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF", "GIF", "BMP", "TIFF", "PPM"])
def test_the_pixel_limit_holds_for_every_format(format_: str) -> None:
    with pytest.raises(ImageRefused, match="64 x 48 = 3\u202f072 pixels; at most 3\u202f000"):
        decode_image(saved(quarters(), format_), ImageLimits(max_pixels=3000))


def only_refuses(data: bytes) -> None:
    try:
        limits = ImageLimits(max_pixels=4_000_000)
        assert decoding_bytes(data, limits) > len(data)
        assert_is_rgb(decode_reduced(data, limits, 16).pixels)
        assert_is_rgb(decode_image(data, limits))
    except ImageRefused as refusal:
        assert str(refusal)


@given(st.binary(max_size=400))
@example(b"\xff\xd8\xff\xd9")
@example(b"\xff\xd8\xff\xda")
@example(b"\0\0\0\x14ftypheic")
@settings(max_examples=300, deadline=None)
def test_random_bytes_are_only_ever_refused(data: bytes) -> None:
    only_refuses(data)


# --- the collection of odd images


@pytest.fixture(scope="module")
def odd_images() -> dict[str, bytes]:
    if not ODD_IMAGES.exists():
        pytest.skip(f"{ODD_IMAGES} is not there: the collection of odd images is kept beside the project")
    with zipfile.ZipFile(ODD_IMAGES) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_odd_image_is_taken_or_refused_with_a_reason(odd_images: dict[str, bytes]) -> None:
    refused = set()
    for name, data in odd_images.items():
        try:
            assert_is_rgb(decode_image(data, LIMITS))
        except ImageRefused as refusal:
            assert len(str(refusal)) > 10
            refused.add(name)
    broken = (
        "broken",
        "crash",
        "corrupted",
        "truncated-truncated",
        "truncated_end",
        "decompression_bomb.gif",
        "_dos",
    )
    assert all(any(word in name for word in broken) for name in refused), refused
    assert len(refused) == 11


def test_all_orientations_of_hopper_are_upright(odd_images: dict[str, bytes]) -> None:
    hopper = decode_image(odd_images["hopper.jpg"], LIMITS)
    turned = [name for name in odd_images if name.startswith("hopper_orientation_")]
    assert len(turned) == 8
    for name in turned:
        assert difference(decode_image(odd_images[name], LIMITS), hopper) < 8, name  # compressed once more each


PEAK = r"""
import os, re, signal, sys, zipfile
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from core.base.errors import ImageRefused
from core.imaging.decoding import decode_image
from core.base.settings import ImageLimits

def status_bytes(field):
    return int(re.search(field + r":\s+(\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

def decode_all(path):
    at_start, decoded = status_bytes("VmRSS"), 0
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            try:
                decode_image(data, ImageLimits())
                decoded += 1
            except ImageRefused:
                pass
    print(decoded, at_start, status_bytes("VmHWM"), flush=True)

for line in sys.stdin:
    child = os.fork()
    if not child:
        signal.alarm(int(sys.argv[2]))
        decode_all(line.rstrip("\n"))
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("ended", flush=True)
"""
on_linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")


DecodedStartPeak = Callable[[Path], tuple[int, int, int]]


@pytest.fixture(scope="module")
def decoded_start_peak() -> Iterator[DecodedStartPeak]:
    """Photos taken, bytes before and at most, of a process of its own, forked from one that has loaded everything.

    Not ru_maxrss: a child inherits the peak of the process that it was forked from.
    """
    command = [sys.executable, "-c", PEAK, str(ROOT), str(round(LONGEST_S))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def measure(archive: Path) -> tuple[int, int, int]:
            process.stdin.write(f"{archive}\n")
            process.stdin.flush()
            answer = process.stdout.readline().split()
            assert len(answer) == 3, "it took too long, or died"
            decoded, at_start, peak = map(int, answer)
            return decoded, at_start, peak

        yield measure
        process.stdin.close()


@on_linux
def test_no_odd_image_takes_a_gigabyte_or_hangs(
    odd_images: dict[str, bytes], decoded_start_peak: DecodedStartPeak
) -> None:
    assert odd_images
    assert decoded_start_peak(ODD_IMAGES)[2] < 1024 * MIB


PEAKS = [
    ("png", "RGB", "PNG", 7, {"compress_level": 1}),
    ("clear png", "RGBA", "PNG", 7, {"compress_level": 1}),
    ("16 bit png", "I;16", "PNG", 7, {"compress_level": 1}),
    ("bmp", "RGB", "BMP", 7, {}),
    ("gif", "L", "GIF", 7, {}),
    ("baseline jpeg", "RGB", "JPEG", 7, {}),
    ("cmyk jpeg", "CMYK", "JPEG", 7, {}),
    ("progressive jpeg", "RGB", "JPEG", 10, {"progressive": True, "subsampling": 0}),
    ("progressive cmyk jpeg", "CMYK", "JPEG", 12, {"progressive": True}),
    ("tiff", "RGB", "TIFF", 12, {"compression": "tiff_adobe_deflate"}),
    ("float tiff", "F", "TIFF", 12, {}),
    ("heic", "RGB", "HEIF", 12, {"enc_params": {"preset": "ultrafast"}}),
    ("avif", "RGB", "AVIF", 16, {"speed": 10, "subsampling": "4:4:4"}),
    ("webp", "RGB", "WEBP", 17, {"method": 0}),
    ("clear webp", "RGBA", "WEBP", 17, {"method": 0}),
]


@on_linux
@pytest.mark.parametrize(("mode", "format_", "per_pixel", "options"), [r[1:] for r in PEAKS], ids=[r[0] for r in PEAKS])
def test_a_photo_takes_no_more_memory_than_is_reckoned_with(
    tmp_path: Path,
    decoded_start_peak: DecodedStartPeak,
    mode: str,
    format_: str,
    per_pixel: int,
    options: dict[str, object],
) -> None:
    # what takes memory is its size; the same again and again takes encoders the least time
    grey = Image.fromarray(np.tile(photo_like(192, 192), (16, 16, 1))[:3008, :3000]).convert("L")
    picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = 6
    data = saved(picture, format_, exif=exif.tobytes(), **options)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", data)
    decoded, at_start, peak = decoded_start_peak(tmp_path / "a.zip")
    assert decoded == 1
    # twice the file: zipfile joins its chunks; 34 MB: what the libraries (mapped anew in a fork) and one strip take
    assert peak - at_start < 3000 * 3008 * per_pixel + 2 * len(data) + 34_000_000


# --- the other functions


def test_a_jpeg_keeps_colours_in_rgb_order() -> None:
    assert difference(decode_image(encode_jpeg(quarters(), quality=95), LIMITS), quarters()) < 5


def test_a_lower_quality_is_smaller() -> None:
    assert len(encode_jpeg(photo_like(), quality=30)) < len(encode_jpeg(photo_like(), quality=90))


@pytest.mark.parametrize(
    ("long_side_px", "shape"), [(32, (24, 32, 3)), (64, (48, 64, 3)), (100, (48, 64, 3)), (1, (1, 1, 3))]
)
def test_shrinking_keeps_the_shape_and_never_enlarges(long_side_px: int, shape: tuple[int, ...]) -> None:
    assert shrink_image(quarters(), long_side_px).shape == shape


def test_shrinking_averages_areas() -> None:
    stripes = np.zeros((40, 40, 3), np.uint8)
    stripes[:, ::2] = 200
    assert (shrink_image(stripes, 20) == 100).all()


def test_the_same_shot_smaller_and_recompressed_has_nearly_the_same_hash() -> None:
    image = photo_like(640, 480)
    copy = decode_image(encode_jpeg(shrink_image(image, 300), quality=50), LIMITS)
    assert (perceptual_hash(image) ^ perceptual_hash(copy)).bit_count() <= 6


def test_different_photos_have_distant_hashes() -> None:
    hashes = [perceptual_hash(photo_like(seed=seed)) for seed in range(20)]
    distances = [(a ^ b).bit_count() for place, a in enumerate(hashes) for b in hashes[:place]]
    assert min(distances) > 12
    assert abs(np.mean(distances) - 32) < 2  # half of the bits, as of unrelated pictures


def test_a_hash_has_64_bits() -> None:
    assert 0 <= perceptual_hash(quarters()) < 1 << 64


def test_every_ending_in_the_list_of_photos_is_one_that_is_decoded() -> None:
    Image.init()
    decoded = {"JPEG", "MPO", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF", "PPM", "HEIF"}
    known = {ending.lstrip(".") for ending, format_ in Image.registered_extensions().items() if format_ in decoded}
    assert known >= PHOTO_EXTENSIONS
    assert not known & RAW_EXTENSIONS


# --- when it was taken

NOON, LATER = "2009:06:30 12:00:00", "2015:01:02 03:04:05"
NOON_S = datetime(2009, 6, 30, 12, tzinfo=UTC).timestamp()
LATER_S = datetime(2015, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp()


def stamped(format_: str, original: object = None, changed: object = None) -> bytes:
    exif = Image.Exif()
    if changed is not None:
        exif[ExifTags.Base.DateTime] = changed
    if original is not None:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = original
    return saved(quarters(), format_, exif=exif)


@pytest.mark.parametrize("format_", ["JPEG", "MPO", "HEIF", "PNG", "WEBP", "AVIF"])
def test_the_moment_of_taking_is_read_from_every_format_that_has_it(format_: str) -> None:
    assert parse_time_taken(stamped(format_, NOON, LATER)) == NOON_S
    assert parse_time_taken(stamped(format_, None, LATER)) == LATER_S
    assert parse_time_taken(saved(quarters(), format_)) is None


def test_a_tiff_says_when_it_was_written() -> None:
    assert parse_time_taken(stamped("TIFF", None, LATER)) == LATER_S


@pytest.mark.parametrize(
    ("original", "changed", "moment"),
    [
        pytest.param("0000:00:00 00:00:00", None, None, id="an unset clock"),
        pytest.param("    :  :     :  :  ", None, None, id="blanks"),
        pytest.param("0001:01:01 00:00:00", None, None, id="older than photography"),
        pytest.param("2009:02:30 12:00:00", None, None, id="no such day"),
        pytest.param("2009:06:30", None, None, id="a day without a time"),
        pytest.param("yesterday", LATER, LATER_S, id="words, but the other says it"),
        pytest.param("2009-06-30T12:00:00+02:00", None, NOON_S, id="as ISO 8601"),
        pytest.param("1969:12:31 23:59:59", None, -1.0, id="before 1970"),
        pytest.param(NOON + "\0\0", None, NOON_S, id="padded"),
    ],
)
def test_a_moment_that_cannot_be_is_none(original: str, changed: str | None, moment: float | None) -> None:
    assert parse_time_taken(stamped("JPEG", original, changed)) == moment


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 400), st.binary(min_size=1, max_size=12))
def test_a_damaged_header_gives_no_moment_or_one_but_never_an_error(place: int, damage: bytes) -> None:
    for data in (STAMPED_JPEG, STAMPED_PNG, STAMPED_HEIF):
        moment = parse_time_taken(data[:place] + damage + data[place + len(damage) :])
        assert moment is None or isinstance(moment, float)


STAMPED_JPEG, STAMPED_PNG, STAMPED_HEIF = (stamped(format_, NOON, LATER) for format_ in ("JPEG", "PNG", "HEIF"))


@pytest.mark.parametrize("data", [b"", b"no photo", saved(quarters(), "BMP")], ids=["nothing", "text", "no EXIF"])
def test_what_has_no_header_has_no_moment(data: bytes) -> None:
    assert parse_time_taken(data) is None
