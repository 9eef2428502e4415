"""Photos in: read, decode, detect, embed and store the photos of an archive or folder, one batch after another.

A batch is written whole or not at all, and a file that has a line in the report is not looked at again: that is what
makes an ingest safe to kill and to resume. A photo is its sha256; what is there already is reported, not added.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Protocol

from core.archive import Entry, PhotoSource
from core.detect.mtcnn import Detector
from core.embed.crops import display_crop
from core.embed.embedder import Embedder
from core.errors import ImageRefused, InputRefused
from core.geometry import centrality
from core.images import decode, encode_jpeg, perceptual_hash
from core.settings import ImageLimits
from core.store.artifacts import Artifacts, Kind, content_id
from core.store.base import FaceStore, FileReport, IngestBatch, Outcome, PhotoLabel, ReportStore, StoredFace
from core.types import Box, CancelToken, Detection, Face, FacePolicy, Photo, Report, RgbImage, silent

PHOTOS_AT_ONCE = 16
PIXELS_AT_ONCE = 24_000_000
"""A batch ends at this many pixels, or after one photo that is larger."""
READ_AHEAD = 8


class IngestStore(FaceStore, ReportStore, Protocol):
    """What an ingest asks of the store."""


@dataclass(frozen=True)
class Ingestor:
    """Everything an ingest works with."""

    store: IngestStore
    artifacts: Artifacts
    detector: Detector
    embedder: Embedder
    limits: ImageLimits = field(default_factory=ImageLimits)
    threads: int = 2


@dataclass(frozen=True, slots=True)
class Target:
    """Where the photos go, and under which job their report is kept."""

    dataset_id: str
    job_id: str
    policy: FacePolicy = FacePolicy.LARGEST


@dataclass(frozen=True, slots=True)
class Summary:
    """What an ingest came to, all attempts together."""

    photos: int
    faces: int
    people: int
    duplicates: int
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """A file after reading: its bytes and pixels, or why not. Pixels are None for a photo known before."""

    entry: Entry
    data: bytes = b""
    photo_id: str = ""
    image: RgbImage | None = None
    perceptual_hash: int = 0
    objection: str = ""


def ingest(
    tools: Ingestor,
    source: PhotoSource,
    target: Target,
    report: Report = silent,
    token: CancelToken | None = None,
) -> Summary:
    """Take the photos of ``source`` into a dataset.

    Returns
    -------
    Summary
        Counted from the report, so a resumed ingest gives the numbers of an undisturbed one.

    Raises
    ------
    InputRefused
        The archive holds nothing to read.
    Cancelled
        Between two batches; what is written stays.
    """
    _require_files(source)
    token = token or CancelToken()
    dealt_with = tools.store.reported(target.job_id)
    _report_refused(tools, source, target, dealt_with)
    entries = [entry for entry in source.entries if entry.index not in dealt_with]
    total = len(source.entries)
    done = total - len(entries)
    report(done, total, "Looking for faces")
    known: dict[str, PhotoLabel] = tools.store.photo_labels(target.dataset_id)
    for batch in _batches(tools, source, entries, known):
        token.raise_if_cancelled()
        step = _Step(tools, target, known)
        tools.store.add(target.dataset_id, target.job_id, step.work(batch))
        done += len(batch)
        report(done, total, "Looking for faces")
    return summary(tools.store, target.job_id, len(source.layout.people))


def summary(store: ReportStore, job_id: str, n_people: int) -> Summary:
    """The figures of an ingest from its report."""
    counts = store.outcome_counts(job_id)
    kept = (Outcome.TAKEN, Outcome.NO_FACE, Outcome.SEVERAL_FACES)
    return Summary(
        photos=sum(counts.get(outcome, 0) for outcome in kept),
        faces=store.reported_faces(job_id),
        people=n_people,
        duplicates=counts.get(Outcome.DUPLICATE, 0) + counts.get(Outcome.CONFLICT, 0),
        outcomes={str(outcome): count for outcome, count in counts.items()},
    )


def _require_files(source: PhotoSource) -> None:
    if not source.entries and not source.refused:
        raise InputRefused("There are no photos in it. Add JPEG, PNG, WebP, HEIC or other photos, one folder a person.")


def _report_refused(tools: Ingestor, source: PhotoSource, target: Target, dealt_with: set[int]) -> None:
    """Files that are known not to be photos come after the photos in the report."""
    first = len(source.entries)
    reports = [
        FileReport(first + number, refusal.name, Outcome.REFUSED, reason=refusal.reason)
        for number, refusal in enumerate(source.refused)
        if first + number not in dealt_with
    ]
    tools.store.add(target.dataset_id, target.job_id, IngestBatch(reports=reports))


# reading


def _batches(
    tools: Ingestor, source: PhotoSource, entries: Sequence[Entry], known: dict[str, PhotoLabel]
) -> Iterator[list[_Read]]:
    """Files in their order, read ahead by a few, in batches of bounded size."""
    batch: list[_Read] = []
    pixels = 0
    for read in _read_ahead(tools, source, entries, known):
        batch.append(read)
        pixels += 0 if read.image is None else read.image.shape[0] * read.image.shape[1]
        if len(batch) == PHOTOS_AT_ONCE or pixels >= PIXELS_AT_ONCE:
            yield batch
            batch, pixels = [], 0
    if batch:
        yield batch


def _read_ahead(
    tools: Ingestor, source: PhotoSource, entries: Sequence[Entry], known: dict[str, PhotoLabel]
) -> Iterator[_Read]:
    waiting: deque[Future[_Read]] = deque()
    pool = ThreadPoolExecutor(tools.threads, thread_name_prefix="decode")
    try:
        for entry in entries:
            waiting.append(pool.submit(_read, source, entry, known, tools.limits))
            if len(waiting) > READ_AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _read(source: PhotoSource, entry: Entry, known: dict[str, PhotoLabel], limits: ImageLimits) -> _Read:
    try:
        data = source.read(entry)
        photo_id = sha256(data).hexdigest()
        image = None if photo_id in known else decode(data, limits)
    except ImageRefused as refusal:
        return _Read(entry, objection=str(refusal))
    return _Read(entry, data, photo_id, image, 0 if image is None else perceptual_hash(image))


# one batch


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """A face that is kept, and whose it is."""

    read: _Read
    image: RgbImage
    detection: Detection
    person: str | None


@dataclass
class _Step:
    """The work on one batch: what it adds to the store, and the files it writes on the way."""

    tools: Ingestor
    target: Target
    known: dict[str, PhotoLabel]
    reports: list[FileReport] = field(default_factory=list)

    def work(self, batch: Sequence[_Read]) -> IngestBatch:
        fresh = [(read, read.image) for read in batch if self._is_new(read) and read.image is not None]
        found = self.tools.detector.detect([image for _, image in fresh])
        chosen = [
            kept for (read, image), faces in zip(fresh, found, strict=True) for kept in self._choose(read, image, faces)
        ]
        vectors = self.tools.embedder.embed([(kept.image, kept.detection) for kept in chosen])
        photos = [self._photo(read, image) for read, image in fresh]
        faces = [StoredFace(self._face(kept), vector) for kept, vector in zip(chosen, vectors, strict=True)]
        return IngestBatch(photos, faces, sorted(self.reports, key=lambda line: line.position))

    def _is_new(self, read: _Read) -> bool:
        """Whether the photo is to be worked on; what is refused or known gets its line here."""
        if read.objection:
            self._line(read, Outcome.REFUSED, reason=read.objection)
            return False
        earlier = self.known.get(read.photo_id)
        label = PhotoLabel(read.entry.person, read.entry.split)
        if earlier is None:
            self.known[read.photo_id] = label
            return True
        self._line(read, *_compare(earlier, label))
        return False

    def _choose(self, read: _Read, image: RgbImage, found: Sequence[Detection]) -> list[_Chosen]:
        person, policy = read.entry.person, self.target.policy
        own, others = divide(found, image.shape[1], image.shape[0], person, policy)
        outcome, reason = _verdict(len(found), person, policy)
        self._line(read, outcome, reason, len(own) + len(others))
        return [_Chosen(read, image, face, person) for face in own] + [
            _Chosen(read, image, face, None) for face in others
        ]

    def _photo(self, read: _Read, image: RgbImage) -> tuple[Photo, PhotoLabel]:
        self.tools.artifacts.put(self.target.dataset_id, Kind.PHOTO, read.photo_id, read.data)
        height, width = image.shape[:2]
        photo = Photo(read.photo_id, read.entry.name, width, height, len(read.data), read.perceptual_hash)
        return photo, PhotoLabel(read.entry.person, read.entry.split)

    def _face(self, kept: _Chosen) -> Face:
        crop = encode_jpeg(display_crop(kept.image, kept.detection.box))
        crop_id = content_id(crop)
        self.tools.artifacts.put(self.target.dataset_id, Kind.CROP, crop_id, crop)
        photo_id, found = kept.read.photo_id, kept.detection
        return Face(
            id=face_id(photo_id, found.box, self.tools.embedder.model.id),
            photo_id=photo_id,
            box=found.box,
            landmarks=found.landmarks,
            prob=found.prob,
            crop_id=crop_id,
            person=kept.person,
            split=kept.read.entry.split,
        )

    def _line(self, read: _Read, outcome: Outcome, reason: str = "", faces: int = 0) -> None:
        entry = read.entry
        self.reports.append(
            FileReport(
                entry.index,
                entry.name,
                outcome,
                faces,
                entry.person,
                entry.split,
                reason,
                read.photo_id or None,
            )
        )


def face_id(photo_id: str, box: Box, model_id: str) -> str:
    """The id of a face: a hash of its photo, its box to the pixel, and the model of its vector."""
    corners = ",".join(str(round(side)) for side in box.as_tuple())
    return content_id(f"{photo_id}:{corners}:{model_id}".encode())[:24]


def divide(
    found: Sequence[Detection], width_px: int, height_px: int, person: str | None, policy: FacePolicy
) -> tuple[list[Detection], list[Detection]]:
    """Faces of a photo that get the person's name, and faces that are kept without a name."""
    if person is None or not found:
        return [], list(found)
    if policy is FacePolicy.ONLY_SINGLE and len(found) > 1:
        return [], []
    own = max(found, key=lambda face: centrality(face.box, width_px, height_px))
    keep_others = policy is FacePolicy.KEEP_OTHERS
    return [own], [face for face in found if keep_others and face is not own]


def _verdict(n_found: int, person: str | None, policy: FacePolicy) -> tuple[Outcome, str]:
    if not n_found:
        return Outcome.NO_FACE, "No face could be found. The photo is kept."
    if person is None or n_found == 1:
        return Outcome.TAKEN, ""
    if policy is FacePolicy.ONLY_SINGLE:
        return Outcome.SEVERAL_FACES, f"{n_found} faces, and only photos with exactly one were asked for."
    others = "kept without a name" if policy is FacePolicy.KEEP_OTHERS else "not kept"
    return (
        Outcome.TAKEN,
        f"{n_found} faces; the largest and most central one was taken, the others are {others}.",
    )


def _compare(earlier: PhotoLabel, label: PhotoLabel) -> tuple[Outcome, str]:
    if earlier == label:
        return Outcome.DUPLICATE, "The same photo is in the dataset already."
    if earlier.person is None or label.person is None:
        place = f"as a photo of '{earlier.person}'" if earlier.person else "without a name"
        return Outcome.DUPLICATE, f"The same photo is in the dataset already, {place}; it was left so."
    return Outcome.CONFLICT, f"The same photo is already there under {_place(earlier)}; it was left there."


def _place(label: PhotoLabel) -> str:
    return f"'{label.person}' ({label.split})" if label.split else f"'{label.person}'"
