"""Photos in: read, decode, detect, embed and store the photos of an archive or folder, one batch after another.

A batch is written whole or not at all, and a file that has a line in the report is not looked at again: that is what
makes an ingest safe to kill and to resume. A photo is its sha256; what is there already is reported, not added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from core.archives.source import PhotoSource
from core.base.errors import ImageRefused, InputRefused
from core.base.machine import Pace
from core.base.settings import ImageLimits
from core.base.types import CancelToken, Detection, Face, FacePolicy, Photo, Report, silent
from core.imaging.decoding import Picture, perceptual_hash
from core.imaging.geometry import centrality
from core.store.artifacts import Artifacts, Kind
from core.store.protocols import FaceStore, FileReport, IngestBatch, Named, Outcome, PhotoLabel, ReportStore
from core.vision.detect.mtcnn import Detector
from core.vision.detect.upright import detect_upright
from core.vision.embed.embedder import Embedder
from core.workflows.photos.face_preparation import Prepared, finish, prepare, sharp_enough
from core.workflows.photos.photo_reader import PhotoReader, ReadPhoto


class IngestStore(FaceStore, ReportStore, Protocol):
    """What an ingest asks of the store."""


@dataclass(frozen=True)
class Ingestor:
    """Everything an ingest works with."""

    store: IngestStore
    artifacts: Artifacts
    detector: Detector
    embedder: Embedder
    limits: ImageLimits
    pace: Pace


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
    conflicts: int
    """Photos that are there already under another person or on the other side of the split."""
    outcomes: dict[str, int]


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
    enough_px = tools.detector.settings.fine_long_side_px
    reader = PhotoReader(
        source=source,
        known=known,
        limits=tools.limits,
        pace=tools.pace,
        enough_px=enough_px,
        on_ended=partial(_report_ended, tools, target),
    )
    for batch in reader.batches(entries):
        token.raise_if_cancelled()
        step = _Step(tools, target, known)
        with tools.artifacts.together():
            added = step.work(batch)
        tools.store.add(target.dataset_id, target.job_id, added)
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
        duplicates=counts.get(Outcome.DUPLICATE, 0),
        conflicts=counts.get(Outcome.CONFLICT, 0),
        outcomes={str(outcome): count for outcome, count in counts.items()},
    )


def _require_files(source: PhotoSource) -> None:
    if not source.entries and all(refusal.left_out for refusal in source.refused):
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


def _report_ended(tools: Ingestor, target: Target, photo: ReadPhoto) -> None:
    """The line of a file that ended its reader, before anything else can: it is not looked at again."""
    line = _report_line(photo, Outcome.REFUSED, photo.objection)
    tools.store.add(target.dataset_id, target.job_id, IngestBatch(reports=[line]))


def _report_line(photo: ReadPhoto, outcome: Outcome, reason: str, faces: int = 0) -> FileReport:
    entry = photo.entry
    return FileReport(
        position=entry.index,
        name=entry.name,
        outcome=outcome,
        faces=faces,
        person=entry.person,
        split=entry.split,
        reason=reason,
        photo_id=photo.photo_id or None,
    )


# one batch


@dataclass
class _Step:
    """The work on one batch: what it adds to the store, and the files it writes on the way."""

    tools: Ingestor
    target: Target
    known: dict[str, PhotoLabel]
    reports: list[FileReport] = field(default_factory=list)
    again: list[ReadPhoto] = field(default_factory=list)
    """Photos that are there already, or came before in this batch."""
    named: list[Named] = field(default_factory=list)

    def work(self, batch: Sequence[ReadPhoto]) -> IngestBatch:
        fresh = [(photo, photo.picture) for photo in batch if self._is_new(photo) and photo.picture is not None]
        found = detect_upright(self.tools.detector, [picture.pixels for _, picture in fresh])
        photos, chosen = [], []
        for (photo, picture), upright in zip(fresh, found, strict=True):
            shown = picture.turned(upright.turn)
            try:
                chosen += self._choose(photo, shown, upright.faces)
            except ImageRefused as refusal:
                self._refuse(photo, str(refusal))
            else:
                photos.append(self._photo(photo, shown))
        stored = finish(self.tools.artifacts, self.tools.embedder, self.target.dataset_id, chosen)
        added = IngestBatch(photos, stored)
        for photo in self.again:
            self._repeat(photo, added)
        return replace(added, reports=sorted(self.reports, key=lambda line: line.position), named=self.named)

    def _is_new(self, photo: ReadPhoto) -> bool:
        """Whether the photo is to be worked on; what is refused gets its line here, what is known later."""
        if photo.objection:
            if not photo.is_told:
                self._refuse(photo, photo.objection)
            return False
        if photo.photo_id in self.known:
            self.again.append(photo)
            return False
        self.known[photo.photo_id] = _label(photo)
        return True

    def _repeat(self, photo: ReadPhoto, added: IngestBatch) -> None:
        """The line of a photo that came before. One that came without a name may get a person's now."""
        earlier, label = self.known.get(photo.photo_id), _label(photo)
        if earlier is None:
            self._refuse(photo, "The same photo was refused a moment ago.")
            return
        adopted = self._adopt(photo, added) if earlier.person is None and label.person is not None else ""
        if adopted:
            self.known[photo.photo_id] = label
        self._line(photo, *((Outcome.DUPLICATE, adopted) if adopted else _compare(earlier, label)))

    def _adopt(self, photo: ReadPhoto, added: IngestBatch) -> str:
        """Give a photo that came without a name the person whose folder it is in now.

        The name goes to the largest and most central face; one that somebody named keeps that name.

        Returns
        -------
        What is said of it, or "" when no face may have the name.
        """
        stored, faces = self._there(photo.photo_id, added)
        person = photo.entry.person
        if person is None or not faces or (self.target.policy is FacePolicy.ONLY_SINGLE and len(faces) > 1):
            return ""
        own = max(faces, key=lambda face: centrality(face.box, stored.width_px, stored.height_px))
        self.named.append(Named(own.id, photo.photo_id, person, photo.entry.split))
        return f"The same photo was there without a name; it is a photo of '{person}' now{_unless_corrected(own)}."

    def _there(self, photo_id: str, added: IngestBatch) -> tuple[Photo, list[Face]]:
        """A photo that came before, and its faces: of this batch, or stored."""
        for photo, _ in added.photos:
            if photo.id == photo_id:
                return photo, [stored.face for stored in added.faces if stored.face.photo_id == photo_id]
        return self.tools.store.photo(self.target.dataset_id, photo_id)

    def _choose(self, photo: ReadPhoto, picture: Picture, found: Sequence[Detection]) -> list[Prepared]:
        """Raises ImageRefused for damage that shows only when more of the photo is decoded."""
        across, down = picture.scale_xy
        faces = [face.scaled(1 / across, 1 / down) for face in found]
        person, policy = photo.entry.person, self.target.policy
        own, others = divide(faces, picture.width_px, picture.height_px, person, policy)
        embedder, split = self.tools.embedder, photo.entry.split
        sharp = sharp_enough(embedder, self.tools.limits, photo.data, picture, own + others)
        kept = [prepare(embedder, photo.photo_id, sharp, face, person, split) for face in own]
        kept += [prepare(embedder, photo.photo_id, sharp, face, None, split) for face in others]
        outcome, reason = _verdict(len(found), person, policy)
        self._line(photo, outcome, " ".join(filter(None, (reason, _TURNED[picture.turn], *picture.notes))), len(kept))
        return kept

    def _photo(self, photo: ReadPhoto, picture: Picture) -> tuple[Photo, PhotoLabel]:
        self.tools.artifacts.put(self.target.dataset_id, Kind.PHOTO, photo.photo_id, photo.data)
        entry = photo.entry
        stored = Photo(
            id=photo.photo_id,
            name=entry.name,
            width_px=picture.width_px,
            height_px=picture.height_px,
            size_bytes=len(photo.data),
            perceptual_hash=perceptual_hash(picture.pixels) if picture.turn else photo.perceptual_hash,
            taken=photo.taken,
            turn=picture.turn,
        )
        return stored, _label(photo)

    def _refuse(self, photo: ReadPhoto, reason: str) -> None:
        self.known.pop(photo.photo_id, None)
        self._line(photo, Outcome.REFUSED, reason=reason)

    def _line(self, photo: ReadPhoto, outcome: Outcome, reason: str = "", faces: int = 0) -> None:
        self.reports.append(_report_line(photo, outcome, reason, faces))


_TURNED = (
    "",
    "It lay on its left side; it was turned upright.",
    "It stood on its head; it was turned upright.",
    "It lay on its right side; it was turned upright.",
)
"""What is said of a photo that had to be turned by so many quarters clockwise."""


def _label(photo: ReadPhoto) -> PhotoLabel:
    return PhotoLabel(photo.entry.person, photo.entry.split)


def _unless_corrected(face: Face) -> str:
    if face.person is not None:
        return f", but its face stays '{face.person}' as somebody said"
    return ", but its face stays without a name as somebody said" if face.stranger else ""


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
