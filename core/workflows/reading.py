"""Photos read and decoded ahead of the work on them, as far as memory allows.

Every file passes two steps on a pool of threads: its bytes are read and its header tells what decoding will take; then
it is decoded. What is in flight, from the first byte read to the end of the work on its batch, stays within a budget of
bytes, reckoned as if every photo were decoded whole. A photo that exceeds the budget by itself is taken alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256

from core.archive import Entry, PhotoSource
from core.errors import ImageRefused
from core.images import Picture, decode_reduced, decoding_bytes, perceptual_hash, taken
from core.machine import Pace
from core.settings import ImageLimits

UNREAD_SHARE = 8
"""Files whose photos are not being decoded yet take at most an eighth of the budget."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadPhoto:
    """A file after reading: its bytes and picture, or why not. The picture is None for a photo known before."""

    entry: Entry
    data: bytes = b""
    photo_id: str = ""
    picture: Picture | None = None
    perceptual_hash: int = 0
    taken: float | None = None
    """Seconds since 1970 by the camera's clock, where it says so."""
    objection: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """A file's bytes, and what they and the photo in them will take in memory."""

    photo: ReadPhoto
    weight_bytes: int = 0
    is_known: bool = False


@dataclass
class PhotoReader:
    """Reads the photos of a source in their order, in batches."""

    source: PhotoSource
    known: Container[str]
    """Ids of photos that need not be decoded; may grow meanwhile."""
    limits: ImageLimits
    pace: Pace
    enough_px: int
    """Longer side at which photos are decoded where that is cheaper; see ``decode_reduced``."""
    _left: deque[Entry] = field(default_factory=deque, init=False, repr=False)
    _reading: deque[tuple[Entry, Future[_File]]] = field(default_factory=deque, init=False, repr=False)
    _decoding: deque[tuple[int, Future[ReadPhoto]]] = field(default_factory=deque, init=False, repr=False)
    _batch_bytes: int = field(default=0, init=False, repr=False)

    def batches(self, entries: Sequence[Entry]) -> Iterator[list[ReadPhoto]]:
        """All photos; asking for the next batch says that the last one is done with."""
        self._left.extend(entries)
        pool = ThreadPoolExecutor(self.pace.threads, thread_name_prefix="decode")
        try:
            while self._left or self._reading or self._decoding:
                yield self._batch(pool)
                self._batch_bytes = 0
        finally:
            pool.shutdown(cancel_futures=True)

    def _batch(self, pool: ThreadPoolExecutor) -> list[ReadPhoto]:
        """The next photos: half a budget of them at most, and none that has no room beside them."""
        batch: list[ReadPhoto] = []
        while len(batch) < self.pace.photos_at_once and self._batch_bytes <= self.pace.bytes_in_flight // 2:
            self._start(pool, first=not batch)
            if not self._decoding:
                break
            weight, photo = self._decoding.popleft()
            batch.append(photo.result())
            self._batch_bytes += weight
        self._start(pool, first=False)
        return batch

    def _start(self, pool: ThreadPoolExecutor, *, first: bool) -> None:
        """Start what there is room for; the first photo of a batch starts in any case."""
        self._start_reading(pool)
        while self._reading and len(self._decoding) < self.pace.photos_at_once:
            entry, reading = self._reading[0]
            if self._decoding and not reading.done():
                return
            file = reading.result()
            starved = first and not self._decoding
            if not starved and self._in_flight() - entry.size_bytes + file.weight_bytes > self.pace.bytes_in_flight:
                return
            self._reading.popleft()
            self._decoding.append((file.weight_bytes, pool.submit(_decoded, file, self.limits, self.enough_px)))
            self._start_reading(pool)

    def _start_reading(self, pool: ThreadPoolExecutor) -> None:
        while self._left and len(self._reading) < self.pace.photos_at_once and self._has_room_for(self._left[0]):
            entry = self._left.popleft()
            self._reading.append((entry, pool.submit(_read, self.source, entry, self.known, self.limits)))

    def _has_room_for(self, entry: Entry) -> bool:
        in_flight, unread = self._in_flight(), self._unread()
        if not in_flight:
            return True
        most_unread = self.pace.bytes_in_flight // UNREAD_SHARE
        within = in_flight + entry.size_bytes <= self.pace.bytes_in_flight
        return within and (not unread or unread + entry.size_bytes <= most_unread)

    def _in_flight(self) -> int:
        return self._batch_bytes + sum(weight for weight, _ in self._decoding) + self._unread()

    def _unread(self) -> int:
        return sum(entry.size_bytes for entry, _ in self._reading)


def _read(source: PhotoSource, entry: Entry, known: Container[str], limits: ImageLimits) -> _File:
    try:
        data = source.read(entry)
        photo_id = sha256(data).hexdigest()
        is_known = photo_id in known
        weight_bytes = len(data) if is_known else decoding_bytes(data, limits)
    except ImageRefused as refusal:
        return _File(ReadPhoto(entry, objection=str(refusal)))
    return _File(ReadPhoto(entry, data, photo_id), weight_bytes, is_known)


def _decoded(file: _File, limits: ImageLimits, enough_px: int) -> ReadPhoto:
    photo = file.photo
    if photo.objection or file.is_known:
        return photo
    try:
        picture = decode_reduced(photo.data, limits, enough_px)
    except ImageRefused as refusal:
        return ReadPhoto(photo.entry, objection=str(refusal))
    hashed = perceptual_hash(picture.pixels)
    return ReadPhoto(photo.entry, photo.data, photo.photo_id, picture, hashed, taken(photo.data))
