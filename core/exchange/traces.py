"""What is left of a person in a folder: every file searched, byte by byte, compressed members of zips and npz too.

Ids and vectors are found wherever they stand. A name is found in the encodings in which this project and others write
text, in several cases; it does not count inside a longer word that is somebody else's. A name of fewer bytes than
``LEAST_NAME_BYTES`` occurs in any large file by chance and is not looked for in bytes (of photos: ``LEAST_IN_PHOTOS``);
texts of the database are read as texts by the store instead.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

import numpy as np

from core.types import Bools

LEAST_NAME_BYTES = 4
LEAST_IN_PHOTOS = 6
CHUNK_BYTES = 8 << 20
LONGEST_TEXT_BYTES = 1024
"""How much of what stands around a name is looked at."""
DEEPEST = 4
"""Zips inside zips."""
MOST_NESTED_BYTES = 1 << 30
_ENCODINGS: tuple[Callable[[str], bytes], ...] = (
    lambda text: text.encode("utf-8"),
    lambda text: json.dumps(text)[1:-1].encode("ascii"),
    lambda text: text.encode("utf-16-le"),
    lambda text: text.encode("utf-32-le"),
)
_LETTER = re.compile(rb"[0-9A-Za-z_\x80-\xff]")
_HEX = re.compile(r"[0-9a-f]{24,64}")
_ZIP = b"PK\x03\x04"
_KEY_BYTES = 8
_SHORT_KEYS = 1 << 16


@dataclass(frozen=True, slots=True)
class Found:
    """A trace and where it is."""

    path: str
    """Relative to the folder that was searched; members of archives after '!'."""
    what: str
    """'name', 'id', 'vector' or 'file'."""


@dataclass(frozen=True)
class Traces:
    """What to look for."""

    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """Words that hold a name and may stay."""
    ids: frozenset[str] = frozenset()
    """Hexadecimal ids of faces, photos and crops."""
    vectors: frozenset[bytes] = frozenset()

    @cached_property
    def needles(self) -> _Needles:
        return _Needles([*(value.encode("ascii") for value in sorted(self.ids)), *sorted(self.vectors)])

    @cached_property
    def named(self) -> tuple[bytes, ...]:
        return tuple(sorted(_written(self.names), key=lambda name: (-len(name), name)))

    @cached_property
    def around(self) -> tuple[tuple[bytes, bytes], ...]:
        """Spared words, and the name in each."""
        words = {encode(word) for word in self.words for encode in _ENCODINGS}
        return tuple((word, name) for word in sorted(words) for name in self.named if name in word)


def _written(names: Iterable[str]) -> set[bytes]:
    """The names as they may stand in a file."""
    cases: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper, str.title)
    return {encode(case(name)) for name in names for case in cases for encode in _ENCODINGS}


@dataclass(frozen=True)
class _Needles:
    """Many byte strings of eight bytes or more, looked for at once: by their last eight bytes, then as a whole."""

    needles: list[bytes]
    by_key: dict[int, list[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for needle in self.needles:
            key = int(np.frombuffer(needle[-_KEY_BYTES:], dtype="<u8")[0])
            self.by_key.setdefault(key, []).append(needle)

    @cached_property
    def _keys(self) -> np.ndarray:
        return np.array(sorted(self.by_key), dtype=np.uint64)

    @cached_property
    def _begin(self) -> Bools:
        table = np.zeros(_SHORT_KEYS, dtype=bool)
        table[(self._keys % _SHORT_KEYS).astype(np.int64)] = True
        return table

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.needles), default=0)

    def found(self, data: bytes) -> Iterator[bytes]:
        """Those that the bytes hold."""
        if not self.needles:
            return
        for shift in range(_KEY_BYTES):
            count = (len(data) - shift) // _KEY_BYTES
            if count <= 0:
                return
            words = np.frombuffer(data, dtype="<u8", count=count, offset=shift)
            maybe = np.flatnonzero(self._begin[(words % _SHORT_KEYS).astype(np.int64)])
            for place in maybe[np.isin(words[maybe], self._keys)]:
                end = int(place) * _KEY_BYTES + shift + _KEY_BYTES
                yield from (needle for needle in self.by_key[int(words[place])] if data.endswith(needle, 0, end))


@dataclass(frozen=True, slots=True)
class _Window:
    """A piece of a file with a margin to both sides, in which names begin that are judged in its neighbours."""

    data: bytes
    fresh: bytes
    """What the piece before did not have."""
    low: int
    high: int


def _windows(stream: IO[bytes], margin: int) -> Iterator[_Window]:
    kept, low = b"", 0
    chunk = stream.read(CHUNK_BYTES)
    while chunk:
        following = stream.read(CHUNK_BYTES)
        data = kept + chunk
        high = max(len(data) - margin, low) if following else len(data)
        yield _Window(data, chunk, low, high)
        begin = max(high - margin, 0)
        kept, low, chunk = data[begin:], high - begin, following


@dataclass
class Search:
    """A search of files for traces."""

    traces: Traces
    database: frozenset[str] = frozenset()
    """Names of files in which texts stand side by side, so that a word's end cannot be told."""
    photos: Callable[[str], bool] = lambda path: False
    found: list[Found] = field(default_factory=list)
    bytes_read: int = 0

    def file(self, path: Path, name: str) -> None:
        """Search one file."""
        self._text(name, name)
        with path.open("rb") as stream:
            self._stream(stream, name, 0)

    def _stream(self, stream: IO[bytes], name: str, depth: int) -> None:
        digest, begin = hashlib.sha256(), b""
        for window in _windows(stream, max(self.traces.needles.longest, LONGEST_TEXT_BYTES)):
            begin = begin or window.data[:4]
            digest.update(window.fresh)
            self._window(window, name)
            self.bytes_read += len(window.fresh)
        if digest.hexdigest() in self.traces.ids:
            self._add(name, "file")
        if begin == _ZIP and depth < DEEPEST:
            stream.seek(0)
            self._members(stream, name, depth)

    def _members(self, stream: IO[bytes], name: str, depth: int) -> None:
        try:
            with zipfile.ZipFile(stream) as archive:
                for info in archive.infolist():
                    inside = f"{name}!{info.filename}"
                    self._text(info.filename, inside)
                    if not info.is_dir():
                        self._member(archive, info, inside, depth + 1)
        except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, NotImplementedError):
            self._add(name, "unread")  # damaged or encrypted: what it holds cannot be told

    def _member(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, depth: int) -> None:
        with archive.open(info) as member:
            nested = info.file_size <= MOST_NESTED_BYTES and member.read(4) == _ZIP
        with archive.open(info) as member:
            if nested:
                self._stream(io.BytesIO(member.read()), name, depth)
            else:
                self._stream(member, name, DEEPEST)

    def _window(self, window: _Window, name: str) -> None:
        for needle in self.traces.needles.found(window.data):
            self._add(name, "vector" if needle in self.traces.vectors else "id")
        least = LEAST_IN_PHOTOS if self.photos(name) else LEAST_NAME_BYTES
        if any(len(written) >= least and self._names(window, written, name) for written in self.traces.named):
            self._add(name, "name")

    def _names(self, window: _Window, written: bytes, name: str) -> bool:
        """Whether the name stands in the bytes, not as a part of a spared or, where that can be told, any word."""
        side_by_side, data = name in self.database, window.data
        start = data.find(written, window.low)
        while 0 <= start < window.high:
            end = start + len(written)
            whole = not (_LETTER.match(data[max(start - 1, 0) : start]) or _LETTER.match(data[end : end + 1]))
            if (side_by_side or whole) and not self._spared(data, start, written):
                return True
            start = data.find(written, start + 1)
        return False

    def _spared(self, data: bytes, start: int, written: bytes) -> bool:
        return any(
            data.startswith(word, start - place)
            for word, inside in self.traces.around
            if inside == written
            for place in _places(word, written)
            if start >= place
        )

    def _text(self, text: str, name: str) -> None:
        """A file's own name."""
        if not self.traces.ids.isdisjoint(_HEX.findall(text)):
            self._add(name, "id")
        data = text.encode("utf-8", "surrogateescape")
        if any(self._names(_Window(data, data, 0, len(data)), written, "") for written in self.traces.named):
            self._add(name, "name")

    def _add(self, name: str, what: str) -> None:
        found = Found(name, what)
        if found not in self.found:
            self.found.append(found)


def _places(word: bytes, written: bytes) -> Iterator[int]:
    place = word.find(written)
    while place >= 0:
        yield place
        place = word.find(written, place + 1)
