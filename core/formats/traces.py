"""What is left of a person in a folder: every file searched, byte by byte, compressed members of zips and npz too.

Ids and vectors are found wherever they stand. A name is found by letters of it that look the same in every encoding
(or by the whole of it, in many); what stands around them is decoded, and read as a text by ``store.spelling``. So it is
found however it is written, and does not count where it is part of a name that is somebody else's. Where a name of
few letters could stand by chance, in pixels or in numbers, it counts only among text.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO
from urllib.parse import quote, unquote_to_bytes

import numpy as np

from core.base.types import Bools
from core.store.name_spelling import UNREADABLE, Mention, Spellings, compose_accents

CHUNK_BYTES = 8 << 20
LONGEST_TEXT_BYTES = 1024
"""How much of what stands around a name is looked at."""
AROUND_BYTES = 160
SURE_BYTES = 6
"""A name of fewer bytes occurs in any large file by chance."""
TEXT_SHARE = 0.9
TEXT_AROUND_BYTES = 16
DEEPEST = 4
"""Zips inside zips."""
MOST_NESTED_BYTES = 1 << 30
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le")
_CODE_PAGES = ("cp1252", "cp1250", "cp1251", "koi8-r", "cp866", "cp437", "cp850", "cp1253", "cp1255", "cp1256")
_CODE_PAGES_OF_ASIA = ("gb18030", "big5", "shift_jis", "euc_jp", "euc_kr")
_ASCII_RUN = re.compile(r"[a-z0-9]{2,}")
_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_HEX = re.compile(r"[0-9a-f]{24,64}")
_ZIP = b"PK\x03\x04"
_KEY_BYTES = 8
_SHORT_KEYS = 1 << 16


@dataclass(frozen=True, slots=True)
class Trace:
    """A trace and where it is."""

    path: str
    """Relative to the folder that was searched; members of archives after '!'."""
    kind: str
    """'name', 'possible name', 'id', 'vector', 'file' or 'unread'."""


@dataclass(frozen=True)
class SoughtTraces:
    """What to look for."""

    names: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    """Names of others that hold one of these and may stay."""
    ids: frozenset[str] = frozenset()
    """Hexadecimal ids of faces, photos and crops."""
    vectors: frozenset[bytes] = frozenset()
    living: frozenset[str] = frozenset()
    """Texts with a name in the database that may stay: what stands beside them there cannot be told from them."""

    @cached_property
    def living_lengths(self) -> tuple[int, ...]:
        """Lengths of the ``living`` texts in characters, ascending."""
        return tuple(sorted({len(text) for text in self.living}))

    @cached_property
    def needles(self) -> _Needles:
        """Ids in ASCII and vectors, all to be looked for at once."""
        return _Needles([*(value.encode("ascii") for value in sorted(self.ids)), *sorted(self.vectors)])

    @cached_property
    def spellings(self) -> Spellings:
        """The names however they are written, less the spared ones."""
        return Spellings(self.names, self.spared)

    @cached_property
    def anchors(self) -> tuple[_Anchor, ...]:
        """Bytes in whose surroundings a name may stand, without duplicates, sorted."""
        anchors = {anchor for name in self.names for anchor in _anchors(name)}
        return tuple(sorted(anchors, key=lambda anchor: (anchor.data, anchor.codec)))


# names in bytes


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Bytes, without case, that stand in every file that holds a name in some encoding."""

    data: bytes
    codec: str
    """How what stands around is to be read; empty where it is UTF-8, or any code page for letters that are ASCII."""

    def texts(self, data: bytes, start: int) -> Iterator[tuple[str, int]]:
        """What may stand around the anchor, and where in it the anchor is."""
        # Cut where a character begins: half a unit at the start would shift every letter that follows.
        first = max(start - AROUND_BYTES, 0)
        if self.codec:
            step = 4 if self.codec.startswith("utf-32") else 2
            first += (start - first) % step
        before, around = data[first:start], data[first : start + len(self.data) + AROUND_BYTES]
        yield from self._readings(before, around)

    def _readings(self, before: bytes, around: bytes) -> Iterator[tuple[str, int]]:
        codec = self.codec or "utf-8"
        # Where the anchor is in what was read: as long as what is read before it. Bytes are no measure once escapes are
        # undone.
        offsets = {read: len(text) for read, text in _readings_of(before.decode(codec, "replace"))}
        for read, text in _readings_of(around.decode(codec, "replace")):
            # Where only what follows is escaped, what stands before reads as it is.
            yield text, offsets.get(read, offsets[compose_accents])


def _anchors(name: str) -> Iterator[_Anchor]:
    """Runs of letters of a name that are ASCII, of which an accent more leaves one; else its longest word, encoded."""
    # Letters that are ASCII have the same bytes in UTF-8 and in every code page: 'ller' finds 'Müller' in all of them.
    # A run of digits would be met everywhere.
    runs = [run for run in _ASCII_RUN.findall(compose_accents(name).lower()) if not run.isdigit()]
    longest = max(map(len, runs), default=0)
    # Runs of fewer than three letters only where the name has no longer one: each place that an anchor is found is
    # decoded and read, and 'an' stands in every file thousands of times.
    parts = {part for run in runs if len(run) >= min(longest, 3) for part in _halves(run)}
    for part in parts:
        yield _Anchor(part.encode("ascii"), "")
        yield from (_Anchor(part.encode(codec), codec) for codec in _WIDE)
    # A name in another script has no such letters: its longest word, in every encoding that people have used for it.
    if not parts:
        words = {case(form) for form in _forms(name) for case in (str, str.lower, str.upper, str.title)}
        for word in words:
            yield from _encoded(max(re.split(r"[\W_]+", word), key=len, default=word) or word)


def _halves(run: str) -> tuple[str, ...]:
    middle = len(run) // 2
    # Halves, as an accent that somebody adds or a hyphen at a line's end breaks the run in one place: the other half is
    # still met.
    return (run[:middle], run[middle:]) if middle >= 3 else (run,)


def _forms(name: str) -> Iterator[str]:
    yield from (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))


def _encoded(word: str) -> Iterator[_Anchor]:
    plain = {word.encode("utf-8"), json.dumps(word)[1:-1].encode("ascii"), quote(word).encode("ascii")}
    plain |= {"".join(f"&#{form(ord(letter))};" for letter in word).encode("ascii") for form in (str, _hexadecimal)}
    yield from (_Anchor(data.lower(), "") for data in plain)
    for codec in (*_WIDE, *_CODE_PAGES, *_CODE_PAGES_OF_ASIA):
        try:
            data = word.encode(codec)
        except UnicodeEncodeError:
            continue
        # One byte above 127 is any letter of any code page.
        if len(data) > 1:
            yield _Anchor(data.lower(), codec)


def _hexadecimal(number: int) -> str:
    return f"x{number:x}"


def _unescape(text: str) -> str:
    return compose_accents(_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text))


def _unquote(text: str) -> str:
    return compose_accents(unquote_to_bytes(text.encode("utf-8", "replace")).decode("utf-8", "replace"))


def _unentity(text: str) -> str:
    return compose_accents(html.unescape(text))


_READINGS: tuple[tuple[Callable[[str], str], str], ...] = (
    (compose_accents, ""),
    (_unescape, "\\"),
    (_unquote, "%"),
    (_unentity, "&"),
)
"""What a text says as it is, and where letters are escaped as in JSON, in addresses or in XML; and by which sign."""


def _readings_of(text: str) -> Iterator[tuple[Callable[[str], str], str]]:
    yield from ((read, read(text)) for read, sign in _READINGS if sign in text)


def _is_text(data: bytes, start: int, end: int) -> bool:
    """Whether what stands around some bytes is text, zeros apart."""
    # Without the zeros of UTF-16, text in it reads like any other.
    around = data[max(start - 2 * TEXT_AROUND_BYTES, 0) : end + 2 * TEXT_AROUND_BYTES].replace(b"\0", b"")
    text = around.decode("utf-8", "replace")
    printable = sum(
        letter == "\t" or letter in "\r\n" or (letter.isprintable() and letter != UNREADABLE) for letter in text
    )
    return printable >= TEXT_SHARE * len(text)


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
        # 16 bits of each key as a table of flags: one look-up a word throws nearly all of a file away before the exact
        # search.
        table[(self._keys % _SHORT_KEYS).astype(np.int64)] = True
        return table

    @cached_property
    def longest(self) -> int:
        return max(map(len, self.needles), default=0)

    def find_in(self, data: bytes) -> Iterator[bytes]:
        """Those that the bytes hold."""
        if not self.needles:
            return
        # Eight passes, one for each alignment: a file is read as numbers of eight bytes, and a needle may begin
        # anywhere.
        for shift in range(_KEY_BYTES):
            count = (len(data) - shift) // _KEY_BYTES
            if count <= 0:
                return
            words = np.frombuffer(data, dtype="<u8", count=count, offset=shift)
            candidates = np.flatnonzero(self._begin[(words % _SHORT_KEYS).astype(np.int64)])
            for index in candidates[np.isin(words[candidates], self._keys)]:
                end = int(index) * _KEY_BYTES + shift + _KEY_BYTES
                yield from (needle for needle in self.by_key[int(words[index])] if data.endswith(needle, 0, end))


@dataclass(frozen=True, slots=True)
class _Window:
    """A piece of a file with a margin to both sides, in which names begin that are judged in its neighbours."""

    data: bytes
    fresh: bytes
    """What the piece before did not have."""
    low: int
    high: int


def _windows(stream: IO[bytes], margin: int) -> Iterator[_Window]:
    # A name on the border of two pieces is judged once, with what stands on both sides of it: each piece carries the
    # end of the one before, and leaves what begins near its own end to the next.
    carried, low = b"", 0
    chunk = stream.read(CHUNK_BYTES)
    while chunk:
        following = stream.read(CHUNK_BYTES)
        data = carried + chunk
        high = max(len(data) - margin, low) if following else len(data)
        yield _Window(data, chunk, low, high)
        begin = max(high - margin, 0)
        carried, low, chunk = data[begin:], high - begin, following


@dataclass
class TraceSearch:
    """A search of files for traces."""

    traces: SoughtTraces
    database: frozenset[str] = frozenset()
    """Names of files in which texts stand side by side, so that a word's end cannot be told."""
    described: Callable[[IO[bytes], str], Iterable[str]] = lambda stream, name: ()
    """What is written in a photo's file about it."""
    traces_found: list[Trace] = field(default_factory=list)
    bytes_read: int = 0

    def search_stream(self, stream: IO[bytes], name: str) -> None:
        """Search a file that stands at its beginning."""
        self._text(name, name)
        self._stream(stream, name, 0)
        stream.seek(0)
        for text in self.described(stream, name):
            self._names(text, name)

    def _stream(self, stream: IO[bytes], name: str, depth: int) -> None:
        digest, begin = hashlib.sha256(), b""
        for window in _windows(stream, max(self.traces.needles.longest, LONGEST_TEXT_BYTES)):
            begin = begin or window.data[:4]
            # Only what is new: margins come twice, and the hash is of the file as it lies there.
            digest.update(window.fresh)
            self._window(window, name)
            self.bytes_read += len(window.fresh)
        # A photo is its sha256: a copy of it under any name and in any folder is the photo.
        if digest.hexdigest() in self.traces.ids:
            self._add(name, "file")
        # By its first bytes, as an npz or a bundle is called otherwise. What was searched so far is the compressed
        # stream, in which a name cannot be seen.
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
            # Opened twice: a member can be read forwards only, and a zip's table of contents stands at its end. One
            # that is too large for memory is searched as a stream, as it lies.
            nested = info.file_size <= MOST_NESTED_BYTES and member.read(4) == _ZIP
        with archive.open(info) as member:
            if nested:
                self._stream(io.BytesIO(member.read()), name, depth)
            else:
                self._stream(member, name, DEEPEST)

    def _window(self, window: _Window, name: str) -> None:
        for needle in self.traces.needles.find_in(window.data):
            self._add(name, "vector" if needle in self.traces.vectors else "id")
        # Only ASCII letters change, so bytes of other encodings keep their places.
        lowered = window.data.lower()
        for anchor in self.traces.anchors:
            start = lowered.find(anchor.data, window.low)
            # One name in a file is enough: what follows is a matter of this file, and large files hold thousands.
            while 0 <= start < window.high and Trace(name, "name") not in self.traces_found:
                self._around(window.data, start, anchor, name)
                start = lowered.find(anchor.data, start + 1)

    def _around(self, data: bytes, start: int, anchor: _Anchor, name: str) -> None:
        """Read what stands around a part of a name."""
        for text, offset in anchor.texts(data, start):
            for mention in self.traces.spellings.mentions(text):
                # What is read around may hold a second mention, which is judged at its own anchor. One letter of
                # tolerance: what stands before may read as one letter more by itself than with what follows.
                is_at_anchor = mention.start <= offset + 1 and offset <= mention.end
                # The whole name's length counts, not the anchor's: six bytes in a row do not come by chance, in pixels
                # or in numbers.
                n_bytes = len(text[mention.start : mention.end].encode("utf-8", "replace"))
                if is_at_anchor and (n_bytes >= SURE_BYTES or _is_text(data, start, start + len(anchor.data))):
                    self._mention(text, mention, name)

    def _mention(self, text: str, mention: Mention, name: str) -> None:
        # A database keeps rows side by side without a border: what looks like part of a longer word may be a whole
        # field. So there any mention counts, but those of texts that may stay.
        if name not in self.database:
            self._add(name, "name" if mention.sure else "possible name")
        elif not self._is_living(text, mention):
            self._add(name, "name")

    def _is_living(self, text: str, mention: Mention) -> bool:
        """Whether the database holds, for good reason, a text with the name that stands here."""
        return any(
            text[start : start + length] in self.traces.living
            for length in self.traces.living_lengths
            for start in range(max(mention.end - length, 0), mention.start + 1)
        )

    def _names(self, text: str, name: str) -> None:
        for _, read in _readings_of(text):
            for mention in self.traces.spellings.mentions(read):
                self._add(name, "name" if mention.sure else "possible name")

    def _text(self, text: str, name: str) -> None:
        """A file's own name."""
        if not self.traces.ids.isdisjoint(_HEX.findall(text)):
            self._add(name, "id")
        self._names(text, name)

    def _add(self, name: str, kind: str) -> None:
        trace = Trace(name, kind)
        if trace not in self.traces_found:
            self.traces_found.append(trace)
