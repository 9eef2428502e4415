"""What a file's name alone says: whether it is called like a photo, may be taken, and can be shown.

Names have '/' between the parts; nothing here opens a file.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from core.base import words
from core.language.texts import marked

# fmt: off
PHOTO_EXTENSIONS: Final = frozenset((
    "jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "bmp", "dib", "tif", "tiff", "gif", "heic", "heif",
    "hif", "avif", "pbm", "pgm", "ppm", "pnm",
))
"""Endings of files that ``decoding.decode_image`` may read whole."""
RAW_EXTENSIONS: Final = frozenset((
    "dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "sr2", "srf", "orf", "ori", "rw2", "raf", "pef", "srw",
    "x3f", "mrw", "3fr", "fff", "iiq", "erf", "kdc", "dcr", "mos", "mef", "rwl", "gpr",
))
"""Endings of cameras' RAW files, of which ``decoding.decode_image`` reads the preview."""
_TAKEN_EXTENSIONS: Final = PHOTO_EXTENSIONS | RAW_EXTENSIONS

_ARCHIVE_EXTENSIONS: Final = frozenset((
    "zip", "rar", "7z", "tar", "gz", "tgz", "bz2", "tbz", "xz", "txz", "zst", "lz4", "cab", "iso", "cbz",
    "cbr",
))
# fmt: on
_DRIVE: Final = re.compile(r"[A-Za-z]:")
LONGEST_PATH: Final = 4096
"""Of any system."""
MOST_FOLDERS: Final = 64
"""One within the other: what is asked of folders grows with the square of their depth."""
LONGEST_PRINTED: Final = 200


def is_url(path: str) -> bool:
    """Whether it names a place by a URL and not by a path of this machine."""
    return "://" in path


def is_called_like_a_photo(name: str) -> bool:
    """Whether the ending of a name is that of a photo."""
    _, dot, extension = name.rpartition("/")[2].rpartition(".")
    return bool(dot) and extension.casefold() in _TAKEN_EXTENSIONS


def leaves_folder(name: str) -> bool:
    """Whether a name is absolute, has a drive letter or a '..' part, with either kind of slash."""
    parts = name.replace("\\", "/").split("/")
    return name[:1] in ("/", "\\") or _DRIVE.match(name) is not None or ".." in parts


def name_objection(name: str) -> str | None:
    """Reason not to take a file whatever it holds, by its name."""
    if len(name) > LONGEST_PATH or name.count("/") > MOST_FOLDERS:
        return marked(
            "its path has {characters} characters and {folders} folders; at most {most_characters} and "
            "{most_folders} are read"
        ).format(
            characters=words.count(len(name)),
            folders=words.count(name.count("/")),
            most_characters=words.count(LONGEST_PATH),
            most_folders=MOST_FOLDERS,
        )
    # Lone surrogates (Cs) are bytes that no code page could read: such a name cannot be written into a report or a log.
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return marked("its name holds control characters or is no valid text; rename it")
    return None


def ending_objection(name: str) -> str | None:
    """Reason to doubt that a file of this name is a photo, None for a photo's name; its first bytes may know better."""
    if is_called_like_a_photo(name):
        return None
    _, dot, extension = name.rpartition("/")[2].rpartition(".")
    if extension.casefold() in _ARCHIVE_EXTENSIONS and dot:
        return marked("an archive among photos is not opened; unpack it first")
    return (
        marked("not a photo (.{ending})").format(ending=extension[:20])
        if dot
        else marked("not a photo (a name without an ending)")
    )


def printable_name(name: str) -> str:
    """Name with control characters and undecodable bytes written out, fit for a report; the end of a very long one."""
    if len(name) > LONGEST_PATH:
        name = "\u2026" + name[-LONGEST_PRINTED:]
    return "".join(
        f"\\x{ord(character):02x}" if unicodedata.category(character) in ("Cc", "Cs") else character
        for character in name
    )
