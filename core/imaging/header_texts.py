"""What a photo's header says of it in words: EXIF, XMP, IPTC, comments, also where a PNG keeps them compressed."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pillow_heif
from PIL import ExifTags, Image, IptcImagePlugin

from core.imaging.isobmff import is_heif
from core.imaging.refusals import DECODER_ERRORS, PILLOW_FORMATS


def read_header_texts(data: bytes) -> list[str]:
    """The texts in a photo's header; no pixel is decoded.

    A header that cannot be read gives none; its bytes can still be searched.
    """
    try:
        return list(_texts_in(_header(data)))
    except DECODER_ERRORS:
        return []


def _header(data: bytes) -> list[object]:
    if is_heif(data):
        info = dict(pillow_heif.open_heif(data).info)
        exif = Image.Exif()
        exif.load(info.get("exif") or b"")
        return [info, *_exif_values(exif)]
    with Image.open(io.BytesIO(data), formats=PILLOW_FORMATS) as photo:
        iptc = IptcImagePlugin.getiptcinfo(photo) or {}
        # The base class's getexif: that of a PNG decodes the picture in search of more.
        return [photo.info, iptc, *_exif_values(Image.Image.getexif(photo))]


def _exif_values(exif: Image.Exif) -> list[object]:
    return [dict(exif), dict(exif.get_ifd(ExifTags.IFD.Exif))]


def _texts_in(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        # Windows writes its tags in UTF-16: without the zeros, what is ASCII in them reads as text.
        yield value.replace(b"\0", b"").decode("utf-8", "replace")
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _texts_in(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _texts_in(entry)
