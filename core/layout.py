"""What the names in an archive say: who is on a photo, which split it belongs to, which names are not taken.

Pure functions over names with '/' between the parts; nothing here opens a file. ``read_folders`` understands
``person/x.jpg``, ``train/person/x.jpg``, ``person/train/x.jpg``, and any number of folders around them.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final, NamedTuple

from core.types import Split

# fmt: off
PHOTO_EXTENSIONS: Final = frozenset((
    "jpg", "jpeg", "jpe", "jfif", "mpo", "png", "webp", "bmp", "dib", "tif", "tiff", "gif", "heic", "heif",
    "hif", "avif", "pbm", "pgm", "ppm", "pnm",
))
"""Endings of files that ``images.decode`` may read."""

_ARCHIVE_EXTENSIONS: Final = frozenset((
    "zip", "rar", "7z", "tar", "gz", "tgz", "bz2", "tbz", "xz", "txz", "zst", "lz4", "cab", "iso", "cbz",
    "cbr",
))
# fmt: on
_IGNORED_NAMES: Final = frozenset(("thumbs.db", "desktop.ini"))
_IGNORED_FOLDER: Final = "__macosx"
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_SPLITS: Final = {
    **dict.fromkeys(("train", "training"), Split.TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "test", "testing"), Split.VAL),
}

Folders = tuple[str, ...]


class Place(NamedTuple):
    """What the folders around one photo say about it."""

    person: str | None
    split: Split | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Counts of what an archive's folders say; ``str()`` is what a page shows."""

    photos: int
    train: int
    val: int
    unlabelled: int
    people: tuple[str, ...]

    @classmethod
    def of(cls, places: Sequence[Place]) -> Layout:
        return cls(
            photos=len(places),
            train=sum(place.split is Split.TRAIN for place in places),
            val=sum(place.split is Split.VAL for place in places),
            unlabelled=sum(place.person is None for place in places),
            people=tuple(sorted({place.person for place in places if place.person is not None})),
        )

    def __str__(self) -> str:
        """Text such as 'train 93, val 25, 5 people'."""
        splits = [f"train {self.train}", f"val {self.val}"] if self.train or self.val else []
        photos = [] if splits else [_count(self.photos, "photo", "photos")]
        people = [_count(len(self.people), "person", "people")]
        unlabelled = [f"{self.unlabelled} unlabelled"] if self.unlabelled else []
        return ", ".join(splits + photos + people + unlabelled)


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


# --- folders


def read_folders(names: Iterable[str], *, folders_are_people: bool = True) -> list[Place]:
    """Person and split of each photo, in the order of the names.

    A folder named like a split is one only when every folder beside it that holds photos is too, so that a
    person called Test beside Ann stays a person. Folders around all photos are wrapping, but the folder that
    directly holds all of them is the person. Below a person, folders mean nothing: Ann/2019/x.jpg is Ann.

    Parameters
    ----------
    names : iterable of str
        Names of the photos, parts separated by '/'; other files must have been left out.
    folders_are_people : bool
        False gives every photo the person None; splits stay.
    """
    folders = [_folders(name) for name in names]
    split_folders = _split_folders(folders)
    splits = [_first_split(path, split_folders) for path in folders]
    people_paths = [
        path if depth is None else path[:depth] + path[depth + 1 :] for path, depth in zip(folders, splits, strict=True)
    ]
    depth_of_people = _wrapping_depth(people_paths)
    return [
        Place(
            person=_person(people_path, depth_of_people) if folders_are_people else None,
            split=None if depth is None else _SPLITS[path[depth].casefold()],
        )
        for path, depth, people_path in zip(folders, splits, people_paths, strict=True)
    ]


def _folders(name: str) -> Folders:
    """Folders of a photo's name; composed and decomposed accents are the same person."""
    parts = unicodedata.normalize("NFC", name).split("/")[:-1]
    return tuple(part for part in parts if part not in ("", "."))


def _split_folders(folders: Iterable[Folders]) -> set[Folders]:
    """Paths of the folders that are splits: named like one, as are all their siblings."""
    children: dict[Folders, set[str]] = defaultdict(set)
    for path in set(folders):
        for depth, part in enumerate(path):
            children[path[:depth]].add(part)
    return {
        (*parent, part)
        for parent, parts in children.items()
        if all(part.casefold() in _SPLITS for part in parts)
        for part in parts
    }


def _first_split(path: Folders, split_folders: set[Folders]) -> int | None:
    """Depth of the outermost split folder of a path."""
    return next((depth for depth in range(len(path)) if path[: depth + 1] in split_folders), None)


def _wrapping_depth(paths: Sequence[Folders]) -> int:
    """Number of folders around all photos, the one that directly holds all of them not counted."""
    distinct = set(paths)
    levels = zip(*distinct, strict=False)
    common = len(list(takewhile(lambda parts: len(set(parts)) == 1, levels)))
    return max(0, common - 1) if len(distinct) == 1 else common


def _person(path: Folders, depth: int) -> str | None:
    return path[depth] if len(path) > depth else None


# --- names


def escapes(name: str) -> bool:
    """Whether a name is absolute, has a drive letter or a '..' part, with either kind of slash."""
    parts = name.replace("\\", "/").split("/")
    return name[:1] in ("/", "\\") or _DRIVE.match(name) is not None or ".." in parts


def is_ignored(name: str) -> bool:
    """Whether a name is a folder, hidden, or what Windows and macOS leave behind."""
    parts = [part.casefold() for part in name.split("/")]
    hidden = any(part.startswith(".") and part != "." for part in parts)
    return parts[-1] in ("", ".") or hidden or _IGNORED_FOLDER in parts or parts[-1] in _IGNORED_NAMES


def objection(name: str) -> str | None:
    """Reason not to take a file of this name, None for a photo's name."""
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        return "its name holds control characters or is no valid text; rename it"
    _, dot, extension = name.rpartition("/")[2].rpartition(".")
    if extension.casefold() in _ARCHIVE_EXTENSIONS and dot:
        return "an archive inside the archive is not opened; unpack it first"
    if not dot:
        return "not a photo (a name without an ending)"
    return None if extension.casefold() in PHOTO_EXTENSIONS else f"not a photo (.{extension[:20]})"


def printable(name: str) -> str:
    """Name with control characters and undecodable bytes written out, fit for a report."""
    return "".join(
        f"\\x{ord(character):02x}" if unicodedata.category(character) in ("Cc", "Cs") else character
        for character in name
    )
