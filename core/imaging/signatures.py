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
_FILM_BRANDS: Final = {b"qt  ": "a QuickTime film", b"M4A ": "a sound file", b"M4B ": "a sound file"}

_UNREAD_PICTURE: Final = ", which is not read; save it as JPEG"
_UNPACK: Final = "; unpack it first"
_OTHERS: Final = (
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"%!PS", "a PostScript file"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document"),
    (b"SQLite format 3\0", "a database"),
    (b"Rar!\x1a\x07", f"a RAR archive{_UNPACK}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive{_UNPACK}"),
    (b"\x1f\x8b", f"a gzip archive{_UNPACK}"),
    (b"BZh", f"a bzip2 archive{_UNPACK}"),
    (b"\xfd7zXZ\0", f"an xz archive{_UNPACK}"),
    (b"\x28\xb5\x2f\xfd", f"a zstd archive{_UNPACK}"),
    (b"\x1a\x45\xdf\xa3", "a Matroska or WebM film"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "a Windows Media file"),
    (b"\0\0\x01\xba", "an MPEG film"),
    (b"\0\0\x01\xb3", "an MPEG film"),
    (b"FLV\x01", "a Flash film"),
    (b"OggS", "an Ogg film or sound file"),
    (b"ID3", "a sound file (MP3)"),
    (b"fLaC", "a sound file (FLAC)"),
    (b"\0\x05\x16\x07", "what macOS keeps beside files (AppleDouble)"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a Windows program"),
    (b"8BPS", f"a Photoshop file{_UNREAD_PICTURE}"),
    (b"gimp xcf", f"a GIMP file{_UNREAD_PICTURE}"),
    (b"\xff\x0a", f"a JPEG XL picture{_UNREAD_PICTURE}"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", f"a JPEG XL picture{_UNREAD_PICTURE}"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", f"a JPEG 2000 picture{_UNREAD_PICTURE}"),
    (b"\xff\x4f\xff\x51", f"a JPEG 2000 picture{_UNREAD_PICTURE}"),
    (b"\x76\x2f\x31\x01", f"an OpenEXR picture{_UNREAD_PICTURE}"),
    (b"qoif", f"a QOI picture{_UNREAD_PICTURE}"),
    (b"\0\0\x01\0\x01\0", f"an icon{_UNREAD_PICTURE}"),
    (b"#?RADIANCE", f"a Radiance picture{_UNREAD_PICTURE}"),
)
_RIFF: Final = {b"AVI ": "an AVI film", b"WAVE": "a sound file (WAV)"}
_IN_ZIP: Final = (
    (b"word/", "a Word document"),
    (b"xl/", "an Excel table"),
    (b"ppt/", "a PowerPoint presentation"),
    (b"application/vnd.oasis.opendocument", "an OpenDocument file"),
    (b"application/epub+zip", "an e-book (EPUB)"),
    (b"[Content_Types].xml", "an Office document"),
)
_MARKUP: Final = (
    (b"<svg", f"an SVG drawing{_UNREAD_PICTURE}"),
    (b"<html", "a web page"),
    (b"<!doctype html", "a web page"),
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
        return next((words for brand, words in _FILM_BRANDS.items() if head[8:12] == brand), "an MP4 film")
    if head[4:8] in (b"moov", b"mdat", b"wide"):
        return "a QuickTime film"
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12], "")
    if head[:4] == b"PK\x03\x04":
        return next((words for name, words in _IN_ZIP if name in head), f"a zip archive{_UNPACK}")
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
    return f"not a photo but {description}" if description else by_name


def _text(head: bytes) -> str:
    start = head.lstrip(_BLANK).lower()
    if description := next((words for mark, words in _MARKUP if mark in start), ""):
        return description
    if start.startswith(b"<?xml"):
        return "an XML file"
    if len(head) < _LEAST_TEXT or b"\0" in head:
        return ""
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        # At the very end it may be just a letter of up to four bytes that was cut.
        if error.start < len(head) - 3:
            return ""
    return "" if _CONTROLS.search(head) else "text"
