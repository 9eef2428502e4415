"""A JPEG is whole when its first picture is, whatever follows it, and cut off when that is not."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from core.base.errors import ImageRefused
from core.base.settings import ImageLimits
from core.base.types import RgbImage
from core.imaging.decoding import decode_image, decode_reduced
from core.imaging.jpeg import extract_first_picture

LIMITS = ImageLimits()
END = b"\xff\xd9"


def photo_like(width: int = 320, height: int = 240, seed: int = 0) -> RgbImage:
    """Smooth noise: compresses like a photo and has no flat parts."""
    coarse = np.random.default_rng(seed).integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def saved(mode: str = "RGB", image: RgbImage | None = None, **options: object) -> bytes:
    file = io.BytesIO()
    Image.fromarray(photo_like() if image is None else image).convert(mode).save(file, "JPEG", quality=90, **options)
    return file.getvalue()


def exif_with_thumbnail() -> bytes:
    """An EXIF block that holds a whole JPEG, with its own start and end."""
    thumbnail = saved(image=photo_like(160, 112, seed=1))
    exif = Image.Exif()
    exif[0x0112] = 1
    return exif.tobytes() + thumbnail


KINDS = {
    "baseline": saved(),
    "grey": saved("L"),
    "cmyk": saved("CMYK"),
    "progressive": saved(progressive=True),
    "progressive grey": saved("L", progressive=True),
    "restart markers": saved(restart_marker_blocks=7),
    "progressive with restarts": saved(progressive=True, restart_marker_rows=1),
    "thumbnail in EXIF": saved(exif=exif_with_thumbnail()),
    "colours unshared": saved(subsampling=0),
}
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + np.random.default_rng(2).integers(0, 256, 60_000, np.uint8).tobytes()
SAMSUNG = b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1592300452000SEFH" + bytes(range(60)) + b"\x24\0\0\0SEFT"
GAIN_MAP = saved("L", image=photo_like(160, 128, seed=3))
TRAILERS = {
    "nothing": b"",
    "zeros": bytes(5000),
    "ones": b"\xff" * 500,
    "samsung": SAMSUNG,
    "film": FILM,
    "gain map": GAIN_MAP,
    "gain map and film": GAIN_MAP + FILM,
    "padding and gain map": bytes(64) + GAIN_MAP,
    "gain map without its end": GAIN_MAP[:-2],
}


@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
@pytest.mark.parametrize("whole", KINDS.values(), ids=KINDS)
def test_a_whole_picture_is_the_same_with_anything_behind_it_and_without_its_end(whole: bytes, trailer: bytes) -> None:
    expected = decode_image(whole, LIMITS)
    assert np.array_equal(decode_image(whole + trailer, LIMITS), expected)
    assert np.array_equal(decode_image(whole[:-2] + trailer, LIMITS), expected)


@pytest.mark.parametrize("kept", [0.35, 0.6, 0.95])
@pytest.mark.parametrize("trailer", TRAILERS.values(), ids=TRAILERS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_cut_off_picture_is_refused_whatever_stands_behind_it(kind: str, trailer: bytes, kept: float) -> None:
    whole = KINDS[kind]
    header = whole.rindex(b"\xff\xda") if "progressive" not in kind else whole.index(b"\xff\xda")
    cut = whole[: header + int((len(whole) - header) * kept)]
    # the last byte may not be half of a marker, nor the film fill what is missing by chance
    with pytest.raises(ImageRefused, match=r"cut off|damaged"):
        decode_image(cut.rstrip(b"\xff") + trailer, LIMITS)
    with pytest.raises(ImageRefused, match=r"cut off|damaged"):
        decode_image(cut.rstrip(b"\xff") + END + trailer, LIMITS)


@pytest.mark.parametrize("enough_px", [40, 80, 160])
def test_a_reduced_picture_is_refused_alike(enough_px: int) -> None:
    cut = KINDS["baseline"][: len(KINDS["baseline"]) // 2]
    with pytest.raises(ImageRefused, match="cut off"):
        decode_reduced(cut + GAIN_MAP, LIMITS, enough_px)
    assert decode_reduced(KINDS["baseline"][:-2] + SAMSUNG, LIMITS, enough_px).width_px == 320


@pytest.mark.parametrize("size", [(20, 20), (21, 33), (401, 301)], ids=str)
@pytest.mark.parametrize("scale", [1, 2, 4, 8])
def test_a_picture_is_reduced_to_its_part_rounded_up(size: tuple[int, int], scale: int) -> None:
    data = saved(image=cv2.resize(photo_like(), size))
    picture = decode_reduced(data, LIMITS, max(size) // scale)
    assert picture.pixels.shape == (-(-size[1] // scale), -(-size[0] // scale), 3)


def test_what_cameras_wrote_is_taken_and_what_is_cut_off_is_not(shared_dir: Path) -> None:
    photos = shared_dir / "cases" / "photos"
    assert decode_image((photos / "no_eoi_samsung_trailer.jpg").read_bytes(), LIMITS).shape == (560, 1000, 3)
    with pytest.raises(ImageRefused, match="cut off"):
        decode_image((photos / "cut_primary_whole_gainmap.jpg").read_bytes(), LIMITS)


def test_a_progressive_picture_whose_last_scans_are_missing_is_refused() -> None:
    progressive = KINDS["progressive"]
    before_last_scan = progressive[: progressive.rindex(b"\xff\xda")]
    with pytest.raises(ImageRefused, match="cut off: its end is missing"):
        decode_image(before_last_scan, LIMITS)
    with pytest.raises(ImageRefused, match="cut off: its end is missing"):
        decode_image(before_last_scan + GAIN_MAP, LIMITS)


def damaged(whole: bytes, share: float, bytes_lost: int) -> bytes:
    """A JPEG that lacks some bytes of its first scan, and goes on after them."""
    start = whole.index(b"\xff\xda") + 14
    place = start + int((len(whole) - start) * share)
    return whole[:place].rstrip(b"\xff") + whole[place + bytes_lost :]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["baseline", "grey", "restart markers"])
def test_a_picture_that_lost_a_piece_in_the_middle_is_refused(kind: str, share: float) -> None:
    with pytest.raises(ImageRefused, match=r"cut off|damaged"):
        decode_image(damaged(KINDS[kind], share, 300), LIMITS)


def test_a_picture_of_which_data_were_left_over_is_taken_with_a_word_about_it() -> None:
    whole = KINDS["baseline"]
    picture = decode_reduced(whole[:-2] + bytes(range(100)) + END, LIMITS, 320)
    assert picture.notes == ("The file may be damaged: it holds more data than its picture needs. Look at the photo.",)
    assert np.array_equal(picture.pixels, decode_image(whole, LIMITS))


@pytest.mark.parametrize("filling", [bytes(100), b"\xff" * 100], ids=["zeros", "ones"])
def test_filling_before_the_end_is_nothing_to_speak_of(filling: bytes) -> None:
    assert decode_reduced(KINDS["baseline"][:-2] + filling + END, LIMITS, 320).notes == ()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_sector_of_zeros_in_the_data_is_refused(share: float) -> None:
    whole = saved(image=photo_like(1600, 1200))
    place = int(len(whole) * share)
    for zeros in (512, 4096):
        with pytest.raises(ImageRefused, match=r"cut off|damaged"):
            decode_image(whole[:place] + bytes(zeros) + whole[place + zeros :], LIMITS)


def with_harmless_fault(whole: bytes) -> bytes:
    """A byte too many between two segments of the header, which libjpeg speaks of first."""
    at = whole.index(b"\xff\xc0")
    return whole[:at] + b"\0" + whole[at:]


def test_a_harmless_fault_neither_refuses_a_photo_nor_hides_that_it_is_cut_off() -> None:
    whole = KINDS["baseline"]
    assert np.array_equal(decode_image(with_harmless_fault(whole), LIMITS), decode_image(whole, LIMITS))
    with pytest.raises(ImageRefused, match="cut off"):
        decode_image(with_harmless_fault(whole[: len(whole) // 2] + END), LIMITS)


def test_a_photo_that_ends_in_the_grey_of_missing_parts_is_taken() -> None:
    image = photo_like()
    image[200:] = 128
    assert (decode_image(saved(image=image), LIMITS)[210:] == 128).all()
    assert (decode_image(with_harmless_fault(saved(image=image)), LIMITS)[210:] == 128).all()


def test_the_first_picture_is_given_without_what_follows_and_with_an_end() -> None:
    whole = KINDS["progressive"]
    assert extract_first_picture(whole).content is whole
    assert extract_first_picture(whole + FILM).content == whole
    assert extract_first_picture(whole[:-2]).content == whole
    assert extract_first_picture(whole[:-2] + GAIN_MAP).content == whole
