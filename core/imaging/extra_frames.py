"""What a file holds besides the one picture that is looked at: further pages, frames and views, as sentences.

Pictures that show the same at another size or for another purpose do not count: thumbnails, masks, depth, gain maps.

References
----------
TIFF 6.0, NewSubfileType. CIPA DC-007 (2009), 5.2.3.3: kinds of pictures in a Multi-Picture file.
"""

from __future__ import annotations

from typing import Final

from PIL import ImageFile

from core.base import words
from core.imaging.isobmff import has_image_sequence
from core.imaging.refusals import DECODER_ERRORS
from core.imaging.tiff import Directory, read_directories
from core.language.texts import marked

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE = 254, 255
_REDUCED, _MASK = 1, 4
_OLD_REDUCED: Final = 2
_MPO_ENTRIES: Final = 0xB002
_VIEW: Final = "Multi-Frame Image"
"""As Pillow names panorama, disparity and multi-angle; thumbnails and what is of no kind are no views."""

ANIMATED: Final = marked("It is animated; only its first picture was looked at.")
SEQUENCE: Final = marked("It also holds a sequence of pictures; only the one that stands for it was looked at.")
_MORE_PAGES: Final = marked(
    "It holds {number} pages; only the first was looked at. Save the others as photos of their own."
)
_MORE_VIEWS: Final = marked(
    "It holds {number} views; only the first was looked at. Save the others as photos of their own."
)
_MORE_PICTURES: Final = marked(
    "It holds {number} pictures; only the first was looked at. Save the others as photos of their own."
)


def note_further_pages(data: bytes) -> tuple[str, ...]:
    """A stack of pages, as scanners write it."""
    pages = sum(_is_page(directory) for directory in read_directories(data))
    return (_MORE_PAGES.format(number=words.count(pages)),) if pages > 1 else ()


def note_further_frames(photo: ImageFile.ImageFile) -> tuple[str, ...]:
    """An animation, or the views of a stereo or panorama camera; ask it after the pixels were taken."""
    try:
        if photo.format == "MPO":
            # The first entry is the picture itself; of the others some are only thumbnails of it.
            entries = photo.mpinfo[_MPO_ENTRIES][1:]  # type: ignore[attr-defined]
            views = 1 + sum(entry["Attribute"]["MPType"].startswith(_VIEW) for entry in entries)
            return (_MORE_VIEWS.format(number=words.count(views)),) if views > 1 else ()
        return (ANIMATED,) if getattr(photo, "is_animated", False) else ()
    except DECODER_ERRORS:
        # A damaged index says nothing of the picture, which is decoded already: no reason to refuse it.
        return ()


def note_further_pictures(data: bytes, pictures: int) -> tuple[str, ...]:
    """Several pictures of one rank, or a sequence as a burst leaves it.

    Parameters
    ----------
    pictures : how many of one rank the container holds
    """
    several = (_MORE_PICTURES.format(number=words.count(pictures)),) if pictures > 1 else ()
    return several + ((SEQUENCE,) if has_image_sequence(data) else ())


def _is_page(directory: Directory) -> bool:
    kinds = directory.number(_NEW_SUBFILE_TYPE)
    return not kinds & (_REDUCED | _MASK) and directory.number(_SUBFILE_TYPE) != _OLD_REDUCED
