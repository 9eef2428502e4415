"""Photos in: read, decode, detect, embed and store the photos of an archive or folder, one batch after another.

A batch is written whole or not at all, and a file that has a line in the report is not looked at again: that is what
makes an ingest safe to kill and to resume. A photo is its sha256; what is there already is reported, not added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial

from core.archives.source import PhotoSource
from core.base.errors import InputRefused
from core.base.progress import UNWATCHED, Progress
from core.base.types import Detection, Face, FacePolicy, Photo
from core.imaging.decoding import DecodedPicture
from core.imaging.geometry import box_centrality
from core.language.texts import marked
from core.store.job_model import JobResult
from core.store.protocols import ReportStore
from core.store.values.datasets import FileOutcome, FileReport, FolderNamedFace, IngestBatch, PhotoLabel, StoredFace
from core.vision.pipeline import main_face_index
from core.workflows.photos.face_finding import REFUSED_BEFORE, AnsweredPhoto, FaceFinder, PhotoQuestion
from core.workflows.photos.file_outcomes import (
    STRANGERS_FOLDER,
    TURNED,
    compare_labels,
    decide_by_policy,
    say_named_now,
)
from core.workflows.photos.ingestor import FaceLabel, Ingestor
from core.workflows.photos.photo_reader import PhotoReader, ReadPhoto

FEW_PHOTOS = 2
"""Of people with no more photos in an archive the mirror images are looked at too: the mean of more is steady."""


@dataclass(frozen=True, slots=True)
class IngestTarget:
    """Where the photos go, and under which job their report is kept."""

    dataset_id: str
    job_id: str
    policy: FacePolicy = FacePolicy.LARGEST


@dataclass(frozen=True, slots=True)
class IngestSummary(JobResult):
    """What an ingest came to, all attempts together."""

    photos: int = 0
    faces: int = 0
    people: int = 0
    duplicates: int = 0
    conflicts: int = 0
    """Photos that are there already under another person or on the other side of the split."""
    outcomes: dict[str, int] = field(default_factory=dict)
    seconds: float | None = None
    """Of the last attempt, with the loading of the networks; unknown while it runs."""
    strangers: int = 0
    """Faces that were marked as strangers, as their folder is called."""


def ingest_photos(
    tools: Ingestor,
    source: PhotoSource,
    target: IngestTarget,
    progress: Progress = UNWATCHED,
) -> IngestSummary:
    """Take the photos of ``source`` into a dataset.

    Returns
    -------
    IngestSummary
        Counted from the report, so a resumed ingest gives the numbers of an undisturbed one.

    Raises
    ------
    InputRefused
        The archive holds nothing to read, or is not what it was when the job stopped.
    Cancelled
        Between two batches; what is written stays.
    """
    _require_files(source)
    # By position in the archive: names may repeat, and contents are known only after reading.
    reported = tools.store.reported(target.job_id)
    source.require_names(reported)
    _report_refused(tools, source, target, reported)
    entries = [entry for entry in source.entries if entry.index not in reported]
    total = len(source.entries)
    n_done = total - len(entries)
    progress.report(n_done, total, marked("Looking for faces"))
    # Read once and kept up to date here: asking the store for each photo would be a query a photo. The reader looks
    # into it from its threads, and only asks whether an id is there.
    known_labels = dict[str, PhotoLabel | None](tools.store.photo_labels(target.dataset_id))
    finder = tools.open_finder(tools.pipeline)
    reader = _open_reader(tools, source, target, known_labels, finder)
    start = partial(_BatchIngest, tools, target, known_labels, _find_few_photo_people(source))
    questions = ((step, step.ask()) for step in map(start, reader.batches(entries)))
    answered = finder.stream_faces(questions, tools.pipeline.enough_px, progress, portraits=True)
    with closing(_store_behind(answered)) as stored:
        for n_photos in stored:
            n_done += n_photos
            progress.report(n_done, total, marked("Looking for faces"))
    return summarise_ingest(tools.store, target.job_id, len(source.layout.people))


def _open_reader(
    tools: Ingestor, source: PhotoSource, target: IngestTarget, known: Container[str], finder: FaceFinder
) -> PhotoReader:
    """Reads ahead of what looks for the faces."""
    return PhotoReader(
        source=source,
        known=known,
        limits=tools.pipeline.limits,
        pace=finder.fit_pace(tools.pace.with_at_least(tools.pipeline.photos_at_once)),
        enough_px=tools.pipeline.enough_px,
        on_ended=partial(_report_ended, tools, target),
        decodes=not finder.decodes,
        fetch=tools.choose_fetch(finder, source, target.dataset_id),
        batches_in_hand=finder.batches_in_hand + 1,
    )


def _store_behind(answered: Iterable[tuple[_BatchIngest, Sequence[AnsweredPhoto]]]) -> Generator[int]:
    """Store each batch while the next is looked through, which would wait for the disk otherwise; photos of each."""
    with ThreadPoolExecutor(1, thread_name_prefix="store") as storing_thread:
        storing: Future[int] | None = None
        for step, answers in answered:
            step.take_answers(answers)
            before, storing = storing, storing_thread.submit(step.store)
            if before is not None:
                yield before.result()
        if storing is not None:
            yield storing.result()


def summarise_ingest(store: ReportStore, job_id: str, n_people: int) -> IngestSummary:
    """The figures of an ingest from its report."""
    counts = store.outcome_counts(job_id)
    stored_outcomes = (FileOutcome.TAKEN, FileOutcome.NO_FACE, FileOutcome.SEVERAL_FACES)
    return IngestSummary(
        photos=sum(counts.get(outcome, 0) for outcome in stored_outcomes),
        faces=store.reported_faces(job_id),
        people=n_people,
        duplicates=counts.get(FileOutcome.DUPLICATE, 0),
        conflicts=counts.get(FileOutcome.CONFLICT, 0),
        outcomes={str(outcome): count for outcome, count in counts.items()},
    )


def _require_files(source: PhotoSource) -> None:
    if not source.entries and all(refusal.left_out for refusal in source.refused):
        raise InputRefused(
            marked("There are no photos in it. Add JPEG, PNG, WebP, HEIC or other photos, one folder a person.")
        )


def _find_few_photo_people(source: PhotoSource) -> frozenset[str]:
    counts = Counter(entry.person for entry in source.entries if entry.person is not None)
    return frozenset(person for person, n_photos in counts.items() if n_photos <= FEW_PHOTOS)


def _report_refused(tools: Ingestor, source: PhotoSource, target: IngestTarget, reported: dict[int, str]) -> None:
    """Files that are known not to be photos come after the photos in the report."""
    # Their positions follow those of the photos, and a resumed ingest has the same ones: each has one line however
    # often it is tried.
    first = len(source.entries)
    reports = [
        FileReport(first + number, refusal.name, FileOutcome.REFUSED, reason=refusal.reason)
        for number, refusal in enumerate(source.refused)
        if first + number not in reported
    ]
    tools.store.add(target.dataset_id, target.job_id, IngestBatch(reports=reports))


def _report_ended(tools: Ingestor, target: IngestTarget, photo: ReadPhoto) -> None:
    """The line of a file that ended its reader, before anything else can: it is not looked at again."""
    report_line = _report_line(photo, FileOutcome.REFUSED, photo.objection)
    tools.store.add(target.dataset_id, target.job_id, IngestBatch(reports=[report_line]))


def _report_line(photo: ReadPhoto, outcome: FileOutcome, reason: str, faces: int = 0) -> FileReport:
    entry = photo.entry
    return FileReport(
        position=entry.index,
        name=entry.name,
        outcome=outcome,
        faces=faces,
        person=entry.person,
        split=entry.split,
        reason=reason,
        # What was refused is no photo of the dataset, however far it came.
        photo_id=None if outcome is FileOutcome.REFUSED else photo.photo_id,
    )


# one batch


@dataclass
class _BatchIngest:
    """The work on one batch: ``ask``, ``take_answers``, ``store``, each once and in this order."""

    tools: Ingestor
    target: IngestTarget
    known: dict[str, PhotoLabel | None]
    """All photos so far, by their ids; None for one that was refused."""
    few_photo_people: frozenset[str]
    batch: Sequence[ReadPhoto]
    asked_photos: list[ReadPhoto] = field(default_factory=list)
    answered_photos: list[tuple[ReadPhoto, AnsweredPhoto]] = field(default_factory=list)
    photos: list[tuple[Photo, PhotoLabel]] = field(default_factory=list)
    faces: list[StoredFace] = field(default_factory=list)
    reports: list[FileReport] = field(default_factory=list)
    repeated_photos: list[ReadPhoto] = field(default_factory=list)
    """Photos that are there already, or came before in this batch."""
    folder_named: list[FolderNamedFace] = field(default_factory=list)

    def ask(self) -> list[PhotoQuestion]:
        """The photos that are to be looked through."""
        # Each carries the choice for its own folder, which is asked for when its faces are found: only those are cut
        # and embedded.
        questions = [
            PhotoQuestion(
                photo,
                partial(choose_faces_by_policy, person=photo.entry.person, policy=self.target.policy),
                mirrored=photo.entry.person in self.few_photo_people,
            )
            for photo in self.batch
            if self._is_new(photo)
        ]
        self.asked_photos = [question.photo for question in questions]
        return questions

    def take_answers(self, answers: Sequence[AnsweredPhoto]) -> None:
        """Hear the answers to what was asked."""
        for photo, answer in zip(self.asked_photos, answers, strict=True):
            if answer.faces.objection:
                self._refuse(photo, answer.faces.objection)
            else:
                self.answered_photos.append((photo, answer))

    def store(self) -> int:
        """Store what was answered, whole or not at all; of how many photos."""
        # Files first, and on the disk before the rows that point to them.
        with self.tools.artifacts.together():
            for photo, answer in self.answered_photos:
                self._take(photo, answer)
        self.tools.require_kept(self.target.dataset_id, (photo for photo, _ in self.answered_photos))
        # After the new ones: what a repeated photo may be given stands on a photo that this very batch adds.
        for photo in self.repeated_photos:
            self._repeat(photo)
        # In the order of the archive, whatever order they were decided in.
        reports = sorted(self.reports, key=lambda line: line.position)
        added = IngestBatch(self.photos, self.faces, reports, self.folder_named)
        self.tools.store.add(self.target.dataset_id, self.target.job_id, added)
        return len(self.batch)

    def _is_new(self, photo: ReadPhoto) -> bool:
        """Whether the photo is to be worked on; what is refused gets its line here, what is known later."""
        if photo.objection:
            if not photo.is_told:
                self._refuse(photo, photo.objection)
            return False
        # Known from the store or from earlier in this batch: what becomes of it is decided when the batch is worked on.
        if photo.photo_id in self.known:
            self.repeated_photos.append(photo)
            return False
        # At once, and before it is worked on: a copy later in this batch is to find it.
        self.known[photo.photo_id] = _label(photo)
        return True

    def _repeat(self, photo: ReadPhoto) -> None:
        """The line of a photo that came before. One that came without a name may get a person's now."""
        earlier, label = self.known[photo.photo_id], _label(photo)
        if earlier is None:
            self._refuse(photo, REFUSED_BEFORE)
            return
        # Photos are often dropped first as they come and later again in folders: the folder's name is not lost, as long
        # as nobody has named the photo.
        adoption_message = self._adopt(photo) if earlier.person is None and label.person is not None else ""
        if adoption_message:
            self.known[photo.photo_id] = label
        self._add_line(
            photo, *((FileOutcome.DUPLICATE, adoption_message) if adoption_message else compare_labels(earlier, label))
        )

    def _adopt(self, photo: ReadPhoto) -> str:
        """Give a photo that came without a name the person whose folder it is in now.

        The name goes to the largest and most central face; one that somebody named keeps that name.

        Returns
        -------
        What is said of it, or "" when no face may have the name.
        """
        stored, faces = self._photo_with_faces(photo.photo_id)
        person = photo.entry.person
        if person is None or not faces or (self.target.policy is FacePolicy.ONLY_SINGLE and len(faces) > 1):
            return ""
        # The same measure as for a new photo, but on what is stored: the photo is not looked at again.
        main_face = max(faces, key=lambda face: box_centrality(face.box, stored.width_px, stored.height_px))
        self.folder_named.append(FolderNamedFace(main_face.id, photo.photo_id, person, photo.entry.split))
        return say_named_now(person, main_face)

    def _photo_with_faces(self, photo_id: str) -> tuple[Photo, list[Face]]:
        """A photo that came before, and its faces: of this batch, or stored."""
        # Its rows are not written yet when it came earlier in this batch.
        for photo, _ in self.photos:
            if photo.id == photo_id:
                return photo, [stored.face for stored in self.faces if stored.face.photo_id == photo_id]
        return self.tools.store.photo(self.target.dataset_id, photo_id)

    def _take(self, photo: ReadPhoto, answer: AnsweredPhoto) -> None:
        """Add a photo with its faces; the first of them is its person's."""
        entry, dataset_id, faces = photo.entry, self.target.dataset_id, answer.faces
        self.photos.append(self._photo(photo, answer))
        for index, face in enumerate(faces.faces):
            # The pipeline gives the main face first where a folder names a person.
            label = FaceLabel(entry.person if index == 0 else None, entry.split)
            self.faces.append(self.tools.prepare_face(dataset_id, photo.photo_id, face, label))
        policy, is_kept = self.target.policy, self.tools.keeps_photos
        outcome, reason = decide_by_policy(faces.n_detected, entry.person, policy, is_kept=is_kept)
        stranger_reason = STRANGERS_FOLDER if entry.is_stranger else ""
        reasons = filter(None, (reason, stranger_reason, TURNED[faces.picture.turn], *faces.picture.notes))
        self._add_line(photo, outcome, " ".join(reasons), len(faces.faces))

    def _photo(self, photo: ReadPhoto, answer: AnsweredPhoto) -> tuple[Photo, PhotoLabel]:
        orientation = self.tools.keep_photo(self.target.dataset_id, photo)
        entry, picture = photo.entry, answer.faces.picture
        stored = Photo(
            id=photo.photo_id,
            name=entry.name,
            width_px=picture.width_px,
            height_px=picture.height_px,
            size_bytes=photo.size_bytes,
            perceptual_hash=answer.perceptual_hash,
            taken=answer.taken,
            turn=picture.turn,
            orientation=orientation,
        )
        return stored, _label(photo)

    def _refuse(self, photo: ReadPhoto, reason: str) -> None:
        # What was refused is not in the dataset: a copy is neither called a duplicate of it nor looked at again.
        self.known[photo.photo_id] = None
        self._add_line(photo, FileOutcome.REFUSED, reason=reason)

    def _add_line(self, photo: ReadPhoto, outcome: FileOutcome, reason: str = "", faces: int = 0) -> None:
        self.reports.append(_report_line(photo, outcome, reason, faces))


def _label(photo: ReadPhoto) -> PhotoLabel:
    return PhotoLabel(photo.entry.person, photo.entry.split)


def choose_faces_by_policy(
    faces: Sequence[Detection], picture: DecodedPicture, person: str | None, policy: FacePolicy
) -> Sequence[Detection]:
    """Faces of a photo that are kept; where it is a person's, the first is theirs and the others have no name."""
    if person is None or not faces:
        return faces
    if policy is FacePolicy.ONLY_SINGLE and len(faces) > 1:
        return []
    main_face = faces[main_face_index(faces, picture)]
    keep_others = policy is FacePolicy.KEEP_OTHERS
    return [main_face, *(face for face in faces if keep_others and face is not main_face)]
