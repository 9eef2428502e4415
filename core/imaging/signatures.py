"""What a file is, by its first bytes, whatever it is called.

References
----------
The formats' own specifications, as collected in the ``magic`` files of file(1) and in shared-mime-info; CIPA DC-008 and
the RAW containers as ExifTool documents them.
"""

from __future__ import annotations

import re
from typing import Final

from core.imaging.isobmff import is_avif, is_heif, read_brands
from core.language.texts import marked

TEXT: Final = "text"
HEAD_BYTES: Final = 1024
"""How much of a file is enough to tell what it is."""

_PHOTOS: Final = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",  # TIFF, and most RAW files
    b"MM\0*",
    b"II+\0",  # BigTIFF
    b"MM\0+",
)
_RAW: Final = (
    b"IIRO",  # Olympus
    b"IIRS",
    b"MMOR",
    b"IIU\0",  # Panasonic
    b"FUJIFILMCCD-RAW ",
    b"FOVb",  # Sigma
    b"\0MRM",  # Minolta
    b"II\x1a\0\0\0HEAPCCDR",  # Canon, until 2004
)
CANON_RAW_BRAND: Final = b"crx "
_BMP_HEADER_BYTES: Final = (12, 40, 52, 56, 64, 108, 124)
_PNM: Final = re.compile(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*\d+\s+(?:#[^\n]*\n\s*)*\d+\s")
_FILM_BRANDS: Final = {
    b"qt  ": marked("a QuickTime film"),
    b"M4A ": marked("a sound file"),
    b"M4B ": marked("a sound file"),
}

_UNREAD_PICTURE: Final = marked("{picture}, which is not read; save it as JPEG")
_UNPACK: Final = marked("{archive}; unpack it first")
_OTHERS: Final = (
    (b"%PDF", marked("a PDF document")),
    (b"{\\rtf", marked("an RTF document")),
    (b"%!PS", marked("a PostScript file")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", marked("an old Office document")),
    (b"SQLite format 3\0", marked("a database")),
    (b"Rar!\x1a\x07", _UNPACK.format(archive=marked("a RAR archive"))),
    (b"7z\xbc\xaf\x27\x1c", _UNPACK.format(archive=marked("a 7z archive"))),
    (b"\x1f\x8b", _UNPACK.format(archive=marked("a gzip archive"))),
    (b"BZh", _UNPACK.format(archive=marked("a bzip2 archive"))),
    (b"\xfd7zXZ\0", _UNPACK.format(archive=marked("an xz archive"))),
    (b"\x28\xb5\x2f\xfd", _UNPACK.format(archive=marked("a zstd archive"))),
    (b"\x1a\x45\xdf\xa3", marked("a Matroska or WebM film")),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", marked("a Windows Media file")),
    (b"\0\0\x01\xba", marked("an MPEG film")),
    (b"\0\0\x01\xb3", marked("an MPEG film")),
    (b"FLV\x01", marked("a Flash film")),
    (b"OggS", marked("an Ogg film or sound file")),
    (b"ID3", marked("a sound file (MP3)")),
    (b"fLaC", marked("a sound file (FLAC)")),
    (b"\0\x05\x16\x07", marked("what macOS keeps beside files (AppleDouble)")),
    (b"\x7fELF", marked("a program")),
    (b"MZ", marked("a Windows program")),
    (b"8BPS", _UNREAD_PICTURE.format(picture=marked("a Photoshop file"))),
    (b"gimp xcf", _UNREAD_PICTURE.format(picture=marked("a GIMP file"))),
    (b"\xff\x0a", _UNREAD_PICTURE.format(picture=marked("a JPEG XL picture"))),
    (b"\0\0\0\x0cJXL \r\n\x87\n", _UNREAD_PICTURE.format(picture=marked("a JPEG XL picture"))),
    (b"\0\0\0\x0cjP  \r\n\x87\n", _UNREAD_PICTURE.format(picture=marked("a JPEG 2000 picture"))),
    (b"\xff\x4f\xff\x51", _UNREAD_PICTURE.format(picture=marked("a JPEG 2000 picture"))),
    (b"\x76\x2f\x31\x01", _UNREAD_PICTURE.format(picture=marked("an OpenEXR picture"))),
    (b"qoif", _UNREAD_PICTURE.format(picture=marked("a QOI picture"))),
    (b"\0\0\x01\0\x01\0", _UNREAD_PICTURE.format(picture=marked("an icon"))),
    (b"#?RADIANCE", _UNREAD_PICTURE.format(picture=marked("a Radiance picture"))),
)
_RIFF: Final = {b"AVI ": marked("an AVI film"), b"WAVE": marked("a sound file (WAV)")}
_IN_ZIP: Final = (
    (b"word/", marked("a Word document")),
    (b"xl/", marked("an Excel table")),
    (b"ppt/", marked("a PowerPoint presentation")),
    (b"application/vnd.oasis.opendocument", marked("an OpenDocument file")),
    (b"application/epub+zip", marked("an e-book (EPUB)")),
    (b"[Content_Types].xml", marked("an Office document")),
)
_MARKUP: Final = (
    (b"<svg", _UNREAD_PICTURE.format(picture=marked("an SVG drawing"))),
    (b"<html", marked("a web page")),
    (b"<!doctype html", marked("a web page")),
)
_BLANK: Final = b" \t\r\n\xef\xbb\xbf"
_LEAST_TEXT: Final = 4
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
"""What no text holds; an escape may be one of a terminal."""


def is_photo(head: bytes) -> bool:
    """Whether a file that begins so is of a kind that ``decoding.decode_image`` reads; a RAW file is."""
    if head.startswith(_PHOTOS) or is_heif(head) or is_avif(head) or is_raw(head):
        return True
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    # "BM" alone begins many a text: the size of the header that follows must be one that exists.
    is_bmp = head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_BYTES
    return is_bmp or _PNM.match(head) is not None


def is_raw(head: bytes) -> bool:
    """Whether a file that begins so is a RAW file; of most the beginning is a TIFF's, and they are not told here."""
    return head.startswith(_RAW) or CANON_RAW_BRAND in read_brands(head)


def describe_file(head: bytes) -> str:
    """What a file is that is no photo, such as "a PDF document"; "" where its beginning does not tell."""
    if description := next((words for magic, words in _OTHERS if head.startswith(magic)), ""):
        return description
    if head[4:8] == b"ftyp":
        return next((words for brand, words in _FILM_BRANDS.items() if head[8:12] == brand), marked("an MP4 film"))
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return marked("a QuickTime film")
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[:4] == b"PK\x03\x04":
        return next((words for name, words in _IN_ZIP if name in head), _UNPACK.format(archive=marked("a zip archive")))
    return _text(head)


def photo_objection(head: bytes, by_name: str) -> str | None:
    """Reason not to take a file whose name is no photo's; None where its first bytes are a photo's all the same.

    Parameters
    ----------
    head : its first ``HEAD_BYTES``, or what it has
    by_name : the reason that its name gives, which stays where the bytes say nothing better
    """
    if is_photo(head):
        return None
    description = describe_file(head)
    # One word alone would be taken for a name when the reason is said in another language.
    if description == TEXT:
        return marked("not a photo but text")
    return marked("not a photo but {kind}").format(kind=description) if description else by_name


def _text(head: bytes) -> str:
    start = head.lstrip(_BLANK).lower()
    if description := next((words for mark, words in _MARKUP if mark in start), ""):
        return description
    if start.startswith(b"<?xml"):
        return marked("an XML file")
    if len(head) < _LEAST_TEXT or b"\0" in head:
        return ""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # At the very end it may be just a letter of up to four bytes that was cut.
        if error.start < len(head) - 3:
            return ""
    return "" if _CONTROLS.search(head) else TEXT
