"""A file is what its first bytes say, whatever it is called."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from core.base.errors import ImageRefused
from core.base.settings import ImageLimits
from core.imaging.decoding import decode_image
from core.imaging.signatures import HEAD_BYTES, describe_file, is_photo, photo_objection

pillow_heif.register_heif_opener()  # for writing HEIC here; core.imaging.decoding does without it
FORMATS = ["JPEG", "MPO", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "HEIF", "PPM"]


def saved(format_: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)).save(file, format_)
    return file.getvalue()


def zip_of(name: str, content: bytes = b"x") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, content)
    return file.getvalue()


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_that_is_read_is_known_by_its_beginning(format_: str) -> None:
    data = saved(format_)
    assert is_photo(data[:HEAD_BYTES])
    assert photo_objection(data[:HEAD_BYTES], "not a photo (.txt)") is None


@pytest.mark.parametrize("mode", ["1", "L", "RGB"])
def test_every_kind_of_the_ppm_family_is_known(mode: str) -> None:
    file = io.BytesIO()
    Image.new(mode, (40, 30)).save(file, "PPM")
    assert is_photo(file.getvalue()[:HEAD_BYTES])
    assert is_photo(b"P3\n# made by hand\n40 30\n255\n0 0 0")


@pytest.mark.parametrize(
    "head",
    [
        b"IIRO\x08\0\0\0",
        b"IIU\0\x08\0\0\0",
        b"FUJIFILMCCD-RAW 0201FF383501",
        b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
        b"FOVb\0\0\3\0",
        b"II\x1a\0\0\0HEAPCCDR",
    ],
    ids=["ORF", "RW2", "RAF", "CR3", "X3F", "CRW"],
)
def test_raw_files_are_photos(head: bytes) -> None:
    assert is_photo(head)


OTHERS = {
    "a PDF document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3",
    "an MP4 film": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
    "a QuickTime film": b"\0\0\0\x14ftypqt  \0\0\0\0qt  ",
    "an AVI film": b"RIFF\0\0\1\0AVI LIST",
    "a Matroska or WebM film": b"\x1a\x45\xdf\xa3\x01\0\0\0",
    "a sound file (MP3)": b"ID3\4\0\0",
    "a Word document": zip_of("word/document.xml"),
    "an Excel table": zip_of("xl/workbook.xml"),
    "an OpenDocument file": zip_of("mimetype", b"application/vnd.oasis.opendocument.text"),
    "a zip archive; unpack it first": zip_of("a.jpg"),
    "a RAR archive; unpack it first": b"Rar!\x1a\x07\x01\0",
    "an old Office document": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500),
    "a web page": b"\n<!DOCTYPE html><html><head>",
    "an XML file": b'<?xml version="1.0"?><x:xmpmeta/>',
    "text": "Grüße aus Köln,\nAnn".encode(),
    "a Photoshop file, which is not read; save it as JPEG": b"8BPS\0\1",
    "a JPEG XL picture, which is not read; save it as JPEG": b"\xff\x0a\xfa\x7f",
    "a Windows program": b"MZ\x90\0",
}


@pytest.mark.parametrize(("what", "head"), OTHERS.items(), ids=OTHERS)
def test_what_is_no_photo_is_called_what_it_is(what: str, head: bytes) -> None:
    assert not is_photo(head)
    assert describe_file(head) == what
    assert photo_objection(head, "not a photo (.jpg_large)") == f"not a photo but {what}"


@pytest.mark.parametrize(
    "head", [b"BM is no bitmap", b"P5 is no picture", b"\0" * 100, b"\x01\x02\x03\x04\xff", b"ab", b""]
)
def test_what_says_nothing_keeps_the_reason_of_its_name(head: bytes) -> None:
    assert not is_photo(head)
    assert photo_objection(head, "by its name") in ("by its name", "not a photo but text")


def test_a_letter_cut_in_half_does_not_keep_a_text_from_being_one() -> None:
    head = ("é" * HEAD_BYTES).encode()[: HEAD_BYTES - 1]
    assert describe_file(head) == "text"


@pytest.mark.parametrize("what", ["a PDF document", "an MP4 film", "a Word document", "text"])
def test_a_file_called_like_a_photo_is_refused_as_what_it_is(what: str) -> None:
    with pytest.raises(ImageRefused, match=f"not a photo but {what}"):
        decode_image(OTHERS[what] + bytes(3000) if what != "text" else OTHERS[what], ImageLimits())
