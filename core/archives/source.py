"""Photos of a zip or a folder, read one at a time into memory: their entries, and the bounds of what one may hold.

Nothing is unpacked to disk. Opening lists what will be read and what is refused, and why; reading gives
one file's bytes, never more than the limits allow, whatever the archive declares. Files that are not called like a
photo are listed by what their first bytes are; what the others hold ``imaging.decoding`` finds out. Dangerous
archives (paths that leave the folder, overlapping entries, too many entries or bytes) are refused as a whole; single
bad entries are reported and the rest goes on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, Self

from core.archives.file_names import ending_objection, is_called_like_a_photo, name_objection, printable_name
from core.archives.folder_layout import FolderLayout, interpret_folders
from core.archives.system_files import Leftover, summarise_leftovers
from core.archives.zip_names import ZipNameDecoding
from core.base import words
from core.base.errors import ArchiveRefused, ImageRefused, InputRefused
from core.base.settings import ArchiveLimits
from core.base.types import Refusal, Split
from core.imaging import signatures
from core.language.texts import marked

CHANGED: Final = marked(
    "It changed after the folder was listed, so it was left out. Give the folder again when it is at rest."
)
"""Of a file that somebody wrote or took away meanwhile: what was read of it may be half of it."""
_CHUNK_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class PhotoEntry:
    """A photo that can be read; ``source.entries[entry.index] is entry``."""

    index: int
    name: str
    """Path in the archive with '/' between the parts; two entries may have the same."""
    person: str | None
    split: Split | None
    size_bytes: int
    """What the zip or the folder says that the file holds."""
    is_stranger: bool = False
    """Its folder is called "unknown" or the like: nobody on it is to be named."""


class ReachableFile(Protocol):
    """A file that other machines can read, as it was when it was listed; it can be sent to them."""

    def read(self) -> bytes:
        """Its bytes. Raises ImageRefused for one that changed, SourceUnavailable for a store that is gone."""


@dataclass(frozen=True, slots=True)
class NameRules:
    """How names are read; see ``opening.open_source``."""

    folders_are_people: bool
    folders: str
    zip_names: str
    stranger_folders: bool = True


class PhotoSource(ABC):
    """Photos of an archive, opened; use it in a ``with`` statement."""

    entries: tuple[PhotoEntry, ...]
    """What can be read, in a stable order."""
    refused: tuple[Refusal, ...]
    """What will not be read, known before reading."""
    layout: FolderLayout
    """Counts: photos, train, val, unlabelled, and the people's names."""

    def __init__(
        self,
        files: Sequence[tuple[str, int]],
        refused: Sequence[Refusal],
        leftovers: Iterable[tuple[str, Leftover]],
        rules: NameRules,
        local_names: ZipNameDecoding | None = None,
    ) -> None:
        """``files`` are names and sizes in bytes."""
        left_out = summarise_leftovers(
            (printable_name(name), replace(why, folder=printable_name(why.folder)), is_called_like_a_photo(name))
            for name, why in leftovers
        )
        names = [name for name, _ in files]
        understood = interpret_folders(
            names,
            folders_are_people=rules.folders_are_people,
            rule=rules.folders,
            stranger_folders=rules.stranger_folders,
        )
        self.entries = tuple(
            PhotoEntry(
                index=index,
                name=name,
                person=label.person,
                split=label.split,
                size_bytes=size_bytes,
                is_stranger=label.is_stranger,
            )
            for index, ((name, size_bytes), label) in enumerate(zip(files, understood.labels, strict=True))
        )
        self.refused = (*refused, *left_out.refusals)
        self.layout = FolderLayout.of(understood.labels, (*understood.notes, *left_out.sentences), local_names)

    @abstractmethod
    def read(self, entry: PhotoEntry) -> bytes:
        """Bytes of one photo; safe from several threads. Raises ImageRefused for a damaged one."""

    def locate(self, entry: PhotoEntry) -> ReachableFile | None:
        """Where other machines can read a photo; None where only this one can."""
        return None

    def require_names(self, names: Mapping[int, str]) -> None:
        """Raises InputRefused where entries have other names than when they were read, by their positions."""
        # Whoever goes on by positions would pass over what has moved there since.
        if any(names.get(entry.index, entry.name) != entry.name for entry in self.entries):
            raise InputRefused(
                marked(
                    "Files came, went or were renamed since this began, so that it cannot go on where it "
                    "stopped. Give the photos again: what was taken before is kept, and not taken twice."
                )
            )

    def close(self) -> None:  # noqa: B027  a folder holds nothing open
        """Release the file; reading ends."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_bounded(stream: _Readable, name: str, max_bytes: int) -> bytes:
    """All bytes of a stream; raises ImageRefused as soon as there are too many, whatever its header declared."""
    chunks = []
    total = 0
    # In pieces, and counted: a header may declare little and unfold to more than the memory holds.
    while chunk := stream.read(_CHUNK_BYTES):
        total += len(chunk)
        if total > max_bytes:
            raise ImageRefused(
                marked("'{name}' holds more than the {most} bytes that one photo may have.").format(
                    name=name, most=words.count(max_bytes)
                )
            )
        chunks.append(chunk)
    return b"".join(chunks)


def kind_objection(name: str, read_head: Callable[[], bytes | None]) -> str | None:
    """Reason not to take a file: by its name, and where that is no photo's, by its first bytes, which are read then."""
    if (reason := name_objection(name)) is not None:
        return reason
    # The first bytes are read only for names that are no photo's: in most archives that is hardly a file.
    by_ending = ending_objection(name)
    head = read_head() if by_ending else None
    return by_ending if head is None or by_ending is None else signatures.photo_objection(head, by_ending)


def size_objection(size_bytes: int, limits: ArchiveLimits) -> str | None:
    """Reason not to take a file of this size."""
    if size_bytes <= limits.max_entry_bytes:
        return None
    return marked("it has {size} bytes; one photo may have {most}").format(
        size=words.count(size_bytes), most=words.count(limits.max_entry_bytes)
    )


def require_limits(archive_name: str, n_entries: int, total_bytes: int, limits: ArchiveLimits) -> None:
    """Raise ArchiveRefused for more entries or bytes than an archive may hold."""
    if n_entries > limits.max_entries:
        raise ArchiveRefused(
            marked("'{archive}' holds more than {most} entries, so it was refused. Split it into parts.").format(
                archive=archive_name, most=words.count(limits.max_entries)
            )
        )
    if total_bytes > limits.max_total_bytes:
        raise ArchiveRefused(
            marked("'{archive}' would unpack to {size} bytes; at most {most} are taken. Split it into parts.").format(
                archive=archive_name, size=words.count(total_bytes), most=words.count(limits.max_total_bytes)
            )
        )
