"""Files that say names of faces: sidecars, and photos that carry them inside; and which photo here each is about."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePosixPath

from core.archives.file_names import PHOTO_EXTENSIONS
from core.archives.zip_file import ZipMembers
from core.base.errors import InputRefused
from core.base.files.folders import list_files
from core.base.settings import ArchiveLimits
from core.formats.xml_tree import MOST_BYTES
from core.language.texts import marked
from core.store.artifacts import content_id

SIDECAR_ENDING = ".xmp"


@dataclass(frozen=True, slots=True)
class NameSource:
    """A file that may say names."""

    name: str
    """Its path in the folder or zip, with '/' between the parts."""
    content: bytes
    is_photo: bool


def may_say_names(name: str) -> bool:
    """Whether a file is a sidecar or a photo, by its ending."""
    return _is_sidecar(name) or PurePosixPath(name.lower()).suffix[1:] in PHOTO_EXTENSIONS


def _is_sidecar(name: str) -> bool:
    return name.lower().endswith(SIDECAR_ENDING)


def read_name_sources(path: Path, limits: ArchiveLimits) -> Iterator[NameSource]:
    """All of a file, folder or zip, one at a time in memory. A link is not followed out of the folder.

    Raises
    ------
    InputRefused
        A file cannot be read.
    """
    if path.is_dir():
        for file in list_files(path):
            name = file.relative_to(path).as_posix()
            if may_say_names(name):
                yield NameSource(name, _read_bounded(file, limits), not _is_sidecar(name))
    elif may_say_names(path.name):
        yield NameSource(path.name, _read_bounded(path, limits), not _is_sidecar(path.name))
    else:
        with ZipMembers(path, limits) as members:
            for name in members.names:
                if may_say_names(name):
                    yield NameSource(name, members.read(name), not _is_sidecar(name))


def _read_bounded(file: Path, limits: ArchiveLimits) -> bytes:
    # One byte more than allowed, so that whatever parses it sees that it is too large.
    most = MOST_BYTES if _is_sidecar(file.name) else limits.max_entry_bytes
    try:
        with file.open("rb") as stream:
            return stream.read(most + 1)
    except OSError as fault:
        raise InputRefused(
            marked("'{file}' cannot be read ({fault}).").format(file=file.name, fault=fault.strerror)
        ) from fault


@dataclass(frozen=True, slots=True)
class MatchedPhoto:
    """The photo that a source is about."""

    photo_id: str
    certain: bool
    """By its content, and not only by its name."""
    shared_folders: int
    """How many folders above the two are called the same."""


class PhotoNameIndex:
    """Finds the photo of a source: by the photo's sha256, else by its name beside the source's."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """``names`` of photos by their ids."""
        self._names = names
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for photo_id, name in names.items():
            path = PurePosixPath(_normalised_path(name))
            self._by_name[path.name.casefold()].append(photo_id)
            self._by_stem[path.stem.casefold()].append(photo_id)

    def find(self, source: NameSource, photo_id: str | None) -> MatchedPhoto:
        """The photo of a source that may say whose it is.

        Raises
        ------
        InputRefused
            There is no such photo, or it cannot be told which is meant.
        """
        # A photo is known by its content; of a sidecar only what it says can be believed.
        claimed_id = content_id(source.content) if source.is_photo else photo_id
        path = PurePosixPath(_normalised_path(source.name))
        if claimed_id is not None and claimed_id in self._names:
            return MatchedPhoto(claimed_id, True, self._shared_folders(path, claimed_id))
        # 'a.jpg.xmp' names the whole file, 'a.xmp' its stem: Lightroom and others write the latter.
        name = path.name if source.is_photo else path.stem
        candidates = self._by_name.get(name.casefold(), [])
        if not candidates and not source.is_photo:
            candidates = self._by_stem.get(name.casefold(), [])
        best = self._best_matches(path, name, candidates)
        if not best:
            raise InputRefused(marked("its photo is not in this dataset"))
        if len(best) > 1:
            raise InputRefused(
                marked("{number} photos of this dataset have its name, and it does not say which it means").format(
                    number=len(best)
                )
            )
        return MatchedPhoto(best[0], False, self._shared_folders(path, best[0]))

    def _best_matches(self, path: PurePosixPath, name: str, candidates: list[str]) -> list[str]:
        """Those with most folders in common, and of these the ones with the very same capitals."""
        shared = {photo_id: self._shared_folders(path, photo_id) for photo_id in candidates}
        best = [photo_id for photo_id in candidates if shared[photo_id] == max(shared.values())]
        exact = [photo_id for photo_id in best if name in _name_and_stem(self._names[photo_id])]
        return exact or best

    def _shared_folders(self, path: PurePosixPath, photo_id: str) -> int:
        # From the file upwards: what lies above the photos may be called anything in another place.
        folders = zip(
            reversed(path.parent.parts),
            reversed(PurePosixPath(_normalised_path(self._names[photo_id])).parent.parts),
            strict=False,
        )
        return sum(1 for _ in takewhile(lambda pair: pair[0].casefold() == pair[1].casefold(), folders))

    def name(self, photo_id: str) -> str:
        """What a photo is called here."""
        return self._names[photo_id]


def _normalised_path(name: str) -> str:
    """A path in one form of its letters: macOS writes accents as letters of their own."""
    return unicodedata.normalize("NFC", name.replace("\\", "/"))


def _name_and_stem(name: str) -> tuple[str, str]:
    path = PurePosixPath(_normalised_path(name))
    return path.name, path.stem
