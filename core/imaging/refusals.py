"""What decoders raise on bad bytes, and how it becomes words."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import cv2
from PIL import Image, UnidentifiedImageError

from core.base import words
from core.base.errors import ImageRefused
from core.imaging.signatures import HEAD_BYTES, TEXT, describe_file, is_photo
from core.language.texts import marked

PILLOW_FORMATS: Final = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "TIFF", "GIF", "AVIF", "PPM")

_NO_PHOTO: Final = marked(
    "The file is not a photo that can be read: expected JPEG, PNG, WebP, BMP, TIFF, GIF, AVIF, HEIC, PPM or RAW."
)

DECODER_ERRORS: Final = (
    OSError,  # most of Pillow, with UnidentifiedImageError; libheif out of memory
    ValueError,  # oversized PNG text, modes that cannot be converted, libheif's invalid input, UnicodeError
    SyntaxError,  # broken headers
    EOFError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    AssertionError,
    ArithmeticError,  # OverflowError, ZeroDivisionError of bogus sizes
    RuntimeError,  # libheif, NotImplementedError
    MemoryError,
    struct.error,
    zlib.error,
    cv2.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,  # only where the caller turns warnings into errors
)


@contextmanager
def refuse_undecodable(data: bytes) -> Iterator[None]:
    """Turn what decoders raise on the bad bytes of a file into ImageRefused."""
    try:
        yield
    except UnidentifiedImageError as error:
        head = data[:HEAD_BYTES]
        kind = "" if is_photo(head) else describe_file(head)
        raise ImageRefused(_refuse_kind(kind)) from error
    # Before the others, among which it is too: Pillow's own words name a limit, but not what to do.
    except Image.DecompressionBombError as error:
        raise ImageRefused(
            marked(
                "The picture is dangerously large: it has more than {pixels} pixels, if its header is right. "
                "Save it smaller."
            ).format(pixels=words.count(2 * (Image.MAX_IMAGE_PIXELS or 0)))
        ) from error
    except DECODER_ERRORS as error:
        # Some raise without a word; then the name of the error is all that there is.
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise ImageRefused(
            marked(
                "The file is damaged or of an unusual kind ({reason}). Open it elsewhere and save it as JPEG."
            ).format(reason=reason)
        ) from error


def _refuse_kind(kind: str) -> str:
    if kind == TEXT:
        return marked("The file is not a photo but text.")
    return marked("The file is not a photo but {kind}.").format(kind=kind) if kind else _NO_PHOTO
