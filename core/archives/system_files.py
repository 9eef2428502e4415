"""What computers and programs leave beside photos: thumbnails, recycle bins, hidden files, resource forks.

None of it is taken. Pictures among it get a line each in the report; the rest, of which there can be as much as there
are photos, one line for each kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.base import words
from core.base.types import Refusal
from core.language.texts import marked

_FOLDERS: Final = {
    "__macosx": marked("what macOS keeps beside files"),
    "@eadir": marked("thumbnails that a Synology makes"),
    "@__thumb": marked("thumbnails that a QNAP makes"),
    ".@__thumb": marked("thumbnails that a QNAP makes"),
    ".thumbnails": "thumbnails",
    ".thumbs": "thumbnails",
    "thumbs": "thumbnails",
    "@recycle": marked("a recycle bin"),
    "#recycle": marked("a recycle bin"),
    "#snapshot": marked("snapshots of a disk"),
    "@snapshot": marked("snapshots of a disk"),
    "$recycle.bin": marked("a recycle bin"),
    "recycler": marked("a recycle bin"),
    "recycled": marked("a recycle bin"),
    ".trash": marked("a recycle bin"),
    ".trashes": marked("a recycle bin"),
    ".dtrash": marked("a recycle bin"),
    "lost+found": marked("what a check of the disk has found"),
    "system volume information": marked("what Windows keeps about a disk"),
    ".picasaoriginals": marked("originals that Picasa kept of changed photos"),
    "ipod photo cache": "thumbnails",
}
_OF_A_LIBRARY: Final = (".photoslibrary", ".migratedphotolibrary", ".aplibrary", ".lrdata")
_ORIGINALS: Final = ("originals", "masters")
"""The folders of a photo library in which the photos themselves lie."""
_FILES: Final = {
    "thumbs.db": marked("thumbnails of Windows"),
    "ehthumbs.db": marked("thumbnails of Windows"),
    "desktop.ini": marked("settings of a folder"),
    ".ds_store": marked("settings of a folder"),
    ".picasa.ini": marked("settings of a folder"),
    "picasa.ini": marked("settings of a folder"),
}
_SYNOLOGY: Final = ("synophoto_thumb", "synofile_thumb", "synophoto_film", "synoindex_")


@dataclass(frozen=True, slots=True)
class Leftover:
    """Why a file is left out."""

    folder: str
    """The folder or file that says so, as it is spelt; one kind of leftover has one."""
    reason: str
    may_be_photo: bool
    """It could be a picture, by where it lies."""


def classify_leftover(name: str) -> Leftover | None:
    """Why a file of this name is no photo of the user's; None when it may be one.

    Parameters
    ----------
    name : str
        Path with '/' between the parts.
    """
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if not parts:
        return None
    *folders, last = parts
    folded = last.casefold()
    if folded in _FILES:
        return Leftover(last, _FILES[folded], may_be_photo=False)
    if folded.startswith("._"):
        return Leftover("._ files", _FOLDERS["__macosx"], may_be_photo=False)
    if folded.startswith(_SYNOLOGY):
        return Leftover("@eaDir", _FOLDERS["@eadir"], may_be_photo=True)
    # A hidden file in a recycle bin is told by the bin, which says more.
    in_folder = _of_folders(folders)
    if in_folder is None and folded.startswith("."):
        return Leftover(last, marked("a hidden file"), may_be_photo=True)
    return in_folder


def _of_folders(folders: list[str]) -> Leftover | None:
    for index, folder in enumerate(folders):
        folded = folder.casefold()
        if folded in _FOLDERS:
            return Leftover(folder, _FOLDERS[folded], may_be_photo=folded != "__macosx")
        if folded.startswith("."):
            return Leftover(folder, marked("a hidden folder"), may_be_photo=True)
        # A photo library is a folder of its program's; of what lies in it only the originals are the user's photos.
        inside = folders[index + 1 : index + 2]
        if folded.endswith(_OF_A_LIBRARY) and inside and inside[0].casefold() not in _ORIGINALS:
            return Leftover(inside[0], marked("previews and notes of a photo library"), may_be_photo=True)
    return None


@dataclass(frozen=True, slots=True)
class LeftOutFiles:
    """The lines of the report, and the same in a few sentences."""

    refusals: tuple[Refusal, ...]
    sentences: tuple[str, ...]


def summarise_leftovers(names: Iterable[tuple[str, Leftover, bool]]) -> LeftOutFiles:
    """What is said about files that are left out.

    Parameters
    ----------
    names : iterable of (name fit for a report, why it is left out, whether it is called like a photo)
    """
    pictures: list[Refusal] = []
    of_pictures: Counter[tuple[str, str]] = Counter()
    of_others: Counter[tuple[str, str]] = Counter()
    for name, why, is_picture in names:
        if is_picture and why.may_be_photo:
            pictures.append(
                Refusal(
                    name,
                    marked("left out: {reason} ({folder})").format(reason=why.reason, folder=why.folder),
                    left_out=True,
                )
            )
            of_pictures[why.folder, why.reason] += 1
        else:
            of_others[why.folder, why.reason] += 1
    other_refusals = [
        Refusal(folder, _say_files(count, reason), left_out=True) for (folder, reason), count in of_others.items()
    ]
    sentences = [_say_pictures(count, reason, folder) for (folder, reason), count in of_pictures.items()]
    return LeftOutFiles((*pictures, *other_refusals), tuple(sentences))


def _say_files(count: int, reason: str) -> str:
    if count == 1:
        return marked("1 file was left out: {reason}").format(reason=reason)
    return marked("{number} files were left out: {reason}").format(number=words.count(count), reason=reason)


def _say_pictures(count: int, reason: str, folder: str) -> str:
    if count == 1:
        return marked("1 picture is left out: {reason} ({folder}).").format(reason=reason, folder=folder)
    return marked("{number} pictures are left out: {reason} ({folder}).").format(
        number=words.count(count), reason=reason, folder=folder
    )
