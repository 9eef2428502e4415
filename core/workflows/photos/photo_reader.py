"""Photos read and decoded ahead of the work on them, as far as memory allows.

Every file passes two steps on a pool of threads, which let children do what meets its content: its bytes are read and
its header tells what decoding will take; then it is decoded, in the same go where it is small. What is in flight, from
the first byte read to the end of the work on its batch, stays within a budget of bytes, reckoned as if every photo were
decoded whole. A photo that exceeds the budget by itself is taken alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from math import ceil
from typing import Any, Protocol

from core.archives.source import PhotoEntry, ReachableFile
from core.base.errors import ImageRefused, ReadingEnded
from core.base.machine import Pace
from core.base.settings import ImageLimits
from core.imaging.decoding import DecodedPicture
from core.isolation.photos import DescribedPhoto, describe_photo, weigh_photo

LAST_SHARED_BY = 3
"""Batches become smaller where fewer photos are left than fill so many: whoever looks through several at a time ends
with all of them at the same time. The same wherever they are looked through, as are the batches then."""
UNREAD_SHARE = 8
"""Files whose photos are not being decoded yet take at most an eighth of the budget."""


class Readable(Protocol):
    """Where files are read from; ``archives.source.PhotoSource`` is one."""

    def read(self, entry: PhotoEntry) -> bytes:
        """Its bytes; safe from several threads. Raises ImageRefused."""


@dataclass(frozen=True, slots=True, eq=False)
class HeldFile:
    """A file that a node of a cluster has read and holds until its faces were looked for."""

    photo_id: str
    size_bytes: int
    file: ReachableFile
    """Where it is read again if that node is lost."""
    reference: Any
    """By which the nodes know its bytes."""


Fetch = Callable[[PhotoEntry], HeldFile | None]
"""Has a node read and hold a file; None for one that is to be read here. Called on the threads."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadPhoto:
    """A file after reading: its bytes and picture, or why not.

    The picture is None for a photo known before, and where the reader does not decode.
    """

    entry: PhotoEntry
    data: bytes = b""
    """Empty where a node holds them."""
    photo_id: str = ""
    picture: DecodedPicture | None = None
    perceptual_hash: int = 0
    taken: float | None = None
    """Seconds since 1970 by the camera's clock, where it says so."""
    objection: str = ""
    is_told: bool = False
    """Whether ``PhotoReader.on_ended`` was told the objection."""
    held: HeldFile | None = None

    @property
    def size_bytes(self) -> int:
        """Of the file."""
        return self.held.size_bytes if self.held is not None else len(self.data)


def _ignore_ended(photo: ReadPhoto) -> None:
    """Where nothing is to be resumed."""


@dataclass(frozen=True, slots=True, eq=False)
class _File:
    """A file's bytes, and what they and the photo in them take in memory; a small photo is decoded already."""

    photo: ReadPhoto
    weight_bytes: int = 0
    is_known: bool = False


@dataclass
class PhotoReader:
    """Reads the photos of a source in their order, in batches."""

    source: Readable
    known: Container[str]
    """Ids of photos that need not be decoded; may grow meanwhile."""
    limits: ImageLimits
    pace: Pace
    enough_px: int | None
    """Longer side at which photos are decoded where that is cheaper, see ``decoding.decode_reduced``; None: whole."""
    on_ended: Callable[[ReadPhoto], None] = _ignore_ended
    """Called at once, on any thread, with a file that ended its reader: whoever remembers it never meets it again,
    however the work on its batch ends."""
    decodes: bool = True
    """False leaves the pictures to whoever finds the faces; their files weigh what they are."""
    fetch: Fetch | None = None
    """Where files may be read by others; only if ``decodes`` is False."""
    batches_in_hand: int = 1
    """How many the caller works on at the same time."""
    _left: deque[PhotoEntry] = field(default_factory=deque, init=False, repr=False)
    _reading: deque[tuple[PhotoEntry, Future[_File]]] = field(default_factory=deque, init=False, repr=False)
    _decoding: deque[tuple[int, Future[ReadPhoto]]] = field(default_factory=deque, init=False, repr=False)
    _in_hand_bytes: deque[int] = field(default_factory=deque, init=False, repr=False)
    """Of the batches that are worked on, each with what its photos weigh; the newest last."""
    _ended: dict[str, str] = field(default_factory=dict, init=False, repr=False)
    """Why photos, by their ids, ended their reader: copies of one are not tried."""

    def batches(self, entries: Sequence[PhotoEntry]) -> Iterator[list[ReadPhoto]]:
        """All photos; asking for another batch than ``batches_in_hand`` says that the oldest of them is done with.

        A batch is empty where nothing more fits beside those in hand.
        """
        self._left.extend(entries)
        pool = ThreadPoolExecutor(self.pace.threads, thread_name_prefix="decode")
        try:
            while self._left or self._reading or self._decoding:
                while len(self._in_hand_bytes) >= self.batches_in_hand:
                    self._in_hand_bytes.popleft()
                yield self._batch(pool)
        finally:
            # Whoever stops asking, as a cancelled ingest, waits for the photos in hand and not for those that were read
            # ahead.
            pool.shutdown(cancel_futures=True)

    def _batch(self, pool: ThreadPoolExecutor) -> list[ReadPhoto]:
        """The next photos: their share of the budget at most, and none that has no room beside them."""
        batch: list[ReadPhoto] = []
        self._in_hand_bytes.append(0)
        # An equal share is left to the photos that are read while they are worked on.
        most_bytes = self.pace.bytes_in_flight // (self.batches_in_hand + 1)
        most_photos = self._most_photos()
        while len(batch) < most_photos and self._in_hand_bytes[-1] <= most_bytes:
            self._start(pool, first=not batch)
            if not self._decoding:
                break
            # In order, so this waits for the oldest; those behind it are decoded meanwhile.
            weight, photo = self._decoding.popleft()
            batch.append(photo.result())
            self._in_hand_bytes[-1] += weight
        # Once more before the batch is handed out: the threads are busy while the networks work on it.
        self._start(pool, first=False)
        return batch

    def _most_photos(self) -> int:
        n_left = len(self._left) + len(self._reading) + len(self._decoding)
        return min(self.pace.photos_at_once, max(self.pace.smallest_batch, ceil(n_left / LAST_SHARED_BY)))

    def _start(self, pool: ThreadPoolExecutor, *, first: bool) -> None:
        """Start what there is room for; the first photo of a batch starts in any case."""
        self._start_reading(pool)
        while self._reading and len(self._decoding) < self.pace.photos_at_once:
            # In the order of the archive: a later photo that is ready sooner waits, so that reports keep their order.
            entry, reading = self._reading[0]
            if self._decoding and not reading.done():
                return
            file = reading.result()
            # A photo that exceeds the budget by itself would otherwise wait for ever.
            must_start = first and not self._decoding
            if (
                not must_start
                and self._in_flight() - self._unread_bytes(entry) + file.weight_bytes > self.pace.bytes_in_flight
            ):
                return
            # Its weight changes hands: from what its bytes take to what decoding will.
            self._reading.popleft()
            self._decoding.append((file.weight_bytes, pool.submit(self._decoded, file)))
            self._start_reading(pool)

    def _start_reading(self, pool: ThreadPoolExecutor) -> None:
        while self._left and len(self._reading) < self.pace.photos_at_once and self._has_room_for(self._left[0]):
            entry = self._left.popleft()
            self._reading.append((entry, pool.submit(self._read, entry)))

    def _has_room_for(self, entry: PhotoEntry) -> bool:
        in_flight, unread = self._in_flight(), self._unread()
        # A file larger than the whole budget is read alone, and not never.
        if not in_flight:
            return True
        most_unread = self.pace.bytes_in_flight // UNREAD_SHARE
        weight = self._unread_bytes(entry)
        fits_budget = in_flight + weight <= self.pace.bytes_in_flight
        return fits_budget and (not unread or unread + weight <= most_unread)

    def _in_flight(self) -> int:
        return sum(self._in_hand_bytes) + sum(weight for weight, _ in self._decoding) + self._unread()

    def _unread(self) -> int:
        return sum(self._unread_bytes(entry) for entry, _ in self._reading)

    def _unread_bytes(self, entry: PhotoEntry) -> int:
        """What a file takes, and its photo if it is small, before it is known whether it is."""
        return entry.size_bytes + self._at_once_bytes

    @property
    def _at_once_bytes(self) -> int:
        """Photos that take no more are decoded when their file is read: they get half of what unread files may take."""
        return self.pace.bytes_in_flight // (2 * UNREAD_SHARE * self.pace.photos_at_once)

    # on the threads

    def _read(self, entry: PhotoEntry) -> _File:
        held = self.fetch(entry) if self.fetch is not None else None
        if held is not None:
            return _File(ReadPhoto(entry, photo_id=held.photo_id, held=held), held.size_bytes)
        try:
            data = self.source.read(entry)
        except ImageRefused as refusal:
            return _File(ReadPhoto(entry, objection=str(refusal)))
        # Hashed here, on the thread: hashing lets the others run.
        photo = ReadPhoto(entry, data, sha256(data).hexdigest())
        if photo.photo_id in self.known:
            return _File(photo, len(data), is_known=True)
        if not self.decodes:
            return _File(photo, len(data))
        try:
            # Asked in both steps: another copy may have ended its reader in between.
            self._require_new(photo)
            weighed = weigh_photo(data, self.limits, self.enough_px, self._at_once_bytes)
            if weighed.described is not None:
                photo = _with_picture(photo, weighed.described)
            return _File(photo, weighed.decoding_bytes)
        except ImageRefused as refusal:
            return _File(self._refused(photo, refusal))

    def _decoded(self, file: _File) -> ReadPhoto:
        photo = file.photo
        if photo.objection or photo.picture is not None or file.is_known or not self.decodes:
            return photo
        try:
            self._require_new(photo)
            return _with_picture(photo, describe_photo(photo.data, self.limits, self.enough_px))
        except ImageRefused as refusal:
            return self._refused(photo, refusal)

    def _require_new(self, photo: ReadPhoto) -> None:
        if photo.photo_id in self._ended:
            raise ReadingEnded(self._ended[photo.photo_id])

    def _refused(self, photo: ReadPhoto, refusal: ImageRefused) -> ReadPhoto:
        has_ended = isinstance(refusal, ReadingEnded)
        # Without its bytes: what is refused takes no room in the budget.
        refused = ReadPhoto(photo.entry, objection=str(refusal), is_told=has_ended)
        if has_ended:
            self._ended[photo.photo_id] = str(refusal)
            # Before anything else can happen: if this very process is killed next, a resumed job must not meet the file
            # again.
            self.on_ended(refused)
        return refused


def _with_picture(photo: ReadPhoto, described: DescribedPhoto) -> ReadPhoto:
    return replace(photo, picture=described.picture, perceptual_hash=described.perceptual_hash, taken=described.taken)
