"""Corrections and vectors that come from elsewhere into a dataset whose photos are here already.

What changes labels goes through the correction log under one sitting, so that it can be undone in one step.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.archives.zip_file import ZipMembers
from core.base.errors import InputRefused, ModelMismatch
from core.base.face_table import Embeddings
from core.base.json_values import JsonRecord
from core.base.progress import UNWATCHED, Progress
from core.base.settings import ArchiveLimits, ImageLimits
from core.base.types import Box, Refusal
from core.corrections.model import Change, Correction, CorrectionLog, Editor, Entity, EventKind, Field, Value, pair_id
from core.formats import correction_log
from core.formats.correction_log import EventLine, FaceLine, PersonLine
from core.imaging.geometry import match_boxes, turn_box, turn_size
from core.isolation import files
from core.language.texts import marked
from core.store.artifacts import Artifacts
from core.store.exchange_protocols import TransferStore
from core.store.protocols import FaceStore

LOG_NAME = "log.jsonl"
SAME_DETECTION_IOU = 0.5
"""Least overlap (IoU) of a face with itself, found again."""


@dataclass(frozen=True)
class ImportTools:
    """What imports work with."""

    store: FaceStore
    transfer: TransferStore
    log: CorrectionLog
    artifacts: Artifacts
    look_at_turned: Callable[[str, Progress], object]
    """Looks for faces on a dataset's photos that were turned since faces were looked for on them."""
    limits: ArchiveLimits = field(default_factory=ArchiveLimits)
    images: ImageLimits = field(default_factory=ImageLimits)


def new_import_editor(author: str) -> Editor:
    """A sitting of its own, by which an import is undone in one step (``Corrector.undo_session``)."""
    return Editor(author, f"import-{uuid.uuid4().hex[:12]}")


# the correction log


@dataclass(slots=True)
class LogSummary(JsonRecord):
    """What came of a log."""

    events: int = 0
    """Appended: one for each event that held."""
    undone: int = 0
    """Passed over: events that did not hold any more, and their undoing."""
    faces: int = 0
    faces_missing: int = 0
    """Named in the log, and not found in a photo here."""
    empty: int = 0
    """Events of which nothing could be applied here."""
    known: int = 0
    """Events that are here already: of this dataset's own log, or from an earlier import."""
    refused: list[Refusal] = field(default_factory=list)


def import_log(
    tools: ImportTools,
    dataset_id: str,
    path: Path,
    by: Editor,
    progress: Progress = UNWATCHED,
) -> LogSummary:
    """Replay a correction log on this dataset: one event of ``EventKind.IMPORT`` for each event that holds.

    What was replayed before is passed over, so that a log can be taken again, also after an import that was stopped.

    Raises
    ------
    InputRefused
        The file is no correction log that can be read; nothing was changed.
    """
    lines = read_log(path, tools.limits)
    return _Replay(tools, dataset_id, by).run(lines, progress)


def read_log(path: Path, limits: ArchiveLimits) -> list[correction_log.Line]:
    """The lines of a correction log, or of the one in an exported zip. Raises InputRefused."""
    if path.suffix.lower() != ".zip":
        files.require_readable_log(path)
    with _log_lines(path, limits) as source:
        return list(correction_log.parse_log(source))


@contextmanager
def _log_lines(path: Path, limits: ArchiveLimits) -> Iterator[Iterable[bytes]]:
    """The lines of a log, or of the log in an exported zip."""
    if path.suffix.lower() == ".zip":
        with ZipMembers(path, limits) as members:
            yield members.read(LOG_NAME).splitlines()
        return
    try:
        with path.open("rb") as file:
            yield file
    except OSError as fault:
        raise InputRefused(
            marked("'{file}' cannot be read ({fault}).").format(file=path.name, fault=fault.strerror)
        ) from fault


@dataclass
class _Replay:
    """Turns the numbers of a log into ids of this dataset, and appends its events.

    Photos are turned first: only then are the faces there that were found on them as they are turned.
    """

    tools: ImportTools
    dataset_id: str
    by: Editor
    summary: LogSummary = field(default_factory=LogSummary)
    lines: dict[int, PersonLine] = field(default_factory=dict)
    people: dict[int, int] = field(default_factory=dict)
    faces: dict[int, str] = field(default_factory=dict)
    photos: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    """What the events are known by that are here already."""
    appended: set[str] = field(default_factory=set)
    """Those that this import appended before it was cut off."""

    def run(self, lines: list[correction_log.Line], progress: Progress) -> LogSummary:
        self.lines = {line.number: line for line in lines if isinstance(line, PersonLine)}
        self.photos = set(self.tools.transfer.photo_ids(self.dataset_id))
        events = [line for line in lines if isinstance(line, EventLine)]
        # Everything that was ever replayed here, and of it what this very sitting did: a resumed import meets its own
        # events again and counts them as its own.
        self.known = self.tools.transfer.event_origins(self.dataset_id)
        self.appended = self.tools.transfer.event_origins(self.dataset_id, self.by.session)
        turns = [event for event in events if _is_turn(event)]
        for event in turns:
            self._apply(event)
        # Boxes of the log are in pixels of photos as they are turned there: faces can be matched only after the photos
        # here lie the same way, with faces found on them so.
        if turns:
            self.tools.look_at_turned(self.dataset_id, progress)
        self._match_faces([line for line in lines if isinstance(line, FaceLine)])
        for number, event in enumerate(events):
            progress.step(number, len(events), "Applying corrections")
            if not _is_turn(event):
                self._apply(event)
        progress.report(len(events), len(events), "Applying corrections")
        return self.summary

    def _match_faces(self, lines: list[FaceLine]) -> None:
        by_photo: dict[str, list[FaceLine]] = {}
        for line in lines:
            by_photo.setdefault(line.photo_id, []).append(line)
        for photo_id, photo_lines in by_photo.items():
            places = self.tools.transfer.locate_faces_on_photo(self.dataset_id, photo_id)
            boxes = self._as_turned_here(photo_id, photo_lines) if places else []
            # A photo that is not here has no places; its faces are counted as missing.
            matches = (
                match_boxes(boxes, [stored.box for stored in places], SAME_DETECTION_IOU)
                if places
                else [None] * len(photo_lines)
            )
            pairs = (
                (line.number, places[index].face_id)
                for line, index in zip(photo_lines, matches, strict=True)
                if index is not None
            )
            self.faces.update(pairs)
        self.summary.faces, self.summary.faces_missing = len(self.faces), len(lines) - len(self.faces)

    def _as_turned_here(self, photo_id: str, lines: list[FaceLine]) -> list[Box]:
        """Boxes of a photo that may have been turned otherwise where the log was written."""
        photo, _ = self.tools.store.photo(self.dataset_id, photo_id)
        # The box is in the frame of the photo as it was turned there; the turn that remains is the difference.
        sizes = [turn_size(photo.width_px, photo.height_px, line.turn - photo.turn) for line in lines]
        return [turn_box(line.box, *size, photo.turn - line.turn) for line, size in zip(lines, sizes, strict=True)]

    def _apply(self, event: EventLine) -> None:
        # What does not hold, and what undid it, cancel each other: only what is left is replayed, so that no undo is
        # needed here.
        if not event.active or event.undoes is not None:
            self.summary.undone += 1
            return
        if event.origin in self.known:
            is_own = event.origin in self.appended
            self.summary.events, self.summary.known = self.summary.events + is_own, self.summary.known + (not is_own)
            return
        try:
            changes = [translated for change in event.changes if (translated := self._translated(change)) is not None]
            if not changes:
                self.summary.empty += 1
                return
            # Only now: an event of which nothing can be applied here is not to add the people whom it is about.
            person_id = None if event.person is None else self._person(event.person)
            from_person_id = None if event.from_person is None else self._person(event.from_person)
            # All are events of one kind here; what they were and whose stands in the reason.
            why = f"{event.kind} by {event.author}" + (f": {event.why}" if event.why else "")
            correction = Correction(
                kind=EventKind.IMPORT,
                changes=changes,
                person_id=person_id,
                from_person_id=from_person_id,
                why=why,
                origin=event.origin,
            )
            self.tools.log.record(self.dataset_id, self.by, correction)
            # A log may hold an event twice, once as its own and once as it came back from elsewhere.
            self.known.add(event.origin)
            self.summary.events += 1
        except InputRefused as refusal:
            self.summary.refused.append(Refusal(event.kind, str(refusal)))

    def _translated(self, change: Change) -> Change | None:
        """The change with ids of this dataset; None when a face is not here, or a merge is done already."""
        if change.entity is Entity.PHOTO:
            return change if change.entity_id in self.photos else None
        if change.entity is Entity.PAIR:
            faces = [self.faces.get(int(number)) for number in change.entity_id.split(" ")]
            first, second = faces
            return (
                None
                if first is None or second is None
                else Change(change.entity, pair_id(first, second), change.field, change.value)
            )
        if change.entity is Entity.FACE:
            face = self.faces.get(int(change.entity_id))
            return None if face is None else Change(change.entity, face, change.field, self._value(change))
        person, value = self._person(int(change.entity_id)), self._value(change)
        # A cover whose face is not here would become no cover at all, which nobody asked for; a merge of somebody with
        # themselves is done already.
        lost = change.field is Field.COVER and value is None and change.value is not None
        if lost or (change.field is Field.MERGED_INTO and value == person):
            return None
        return Change(change.entity, str(person), change.field, value)

    def _value(self, change: Change) -> Value:
        if change.value is None:
            return None
        if change.field in (Field.PERSON, Field.MERGED_INTO):
            return self._person(int(change.value))
        if change.field is Field.COVER:
            return self.faces.get(int(change.value))
        if change.field is Field.NAME:
            return self.tools.log.normalise_name(str(change.value))
        return change.value

    def _person(self, number: int) -> int:
        """The person here who came in by the same folder, else by the same name; added when there is none."""
        if number not in self.people:
            line = self.lines.get(number)
            if line is None:
                raise InputRefused(marked("The event speaks of a person that the log does not know."))
            # By folder before name: people keep the folder that they came in with through any renaming, here and there.
            folders = {
                origin.base_name: origin.person_id
                for origin in self.tools.transfer.origins(self.dataset_id)
                if origin.of_folder and line.of_folder
            }
            person_id = folders.get(line.name)
            self.people[number] = (
                self.tools.log.find_or_add_person(self.dataset_id, line.name) if person_id is None else person_id
            )
        return self.people[number]


def _is_turn(event: EventLine) -> bool:
    return bool(event.changes) and all(change.entity is Entity.PHOTO for change in event.changes)


# vectors


@dataclass(frozen=True, slots=True)
class VectorSummary(JsonRecord):
    """What came of vectors."""

    taken: int
    """Put in the place of those that were here."""
    unchanged: int
    unknown: int
    """Of faces that are not here."""


def import_vectors(tools: ImportTools, dataset_id: str, path: Path) -> VectorSummary:
    """Put vectors that were computed elsewhere, of the dataset's own model, in the place of those of the same faces.

    Raises
    ------
    ModelMismatch
        They are of another model.
    InputRefused
        The file holds no vectors, vectors of another length, or of no face of this dataset.
    """
    embeddings = read_fitting_vectors(tools, dataset_id, path)
    n_replaced, n_unchanged = tools.transfer.replace_vectors(
        dataset_id, embeddings.model_id, dict(zip(embeddings.face_ids, embeddings.vectors, strict=True))
    )
    # Nothing was written; that all are strangers is a mistake of the file and no import.
    if not n_replaced + n_unchanged:
        raise InputRefused(
            marked("None of the {faces} faces in '{file}' is in this dataset.").format(
                faces=len(embeddings), file=path.name
            )
        )
    return VectorSummary(n_replaced, n_unchanged, len(embeddings) - n_replaced - n_unchanged)


def read_fitting_vectors(tools: ImportTools, dataset_id: str, path: Path) -> Embeddings:
    """Vectors of the dataset's own model, and of its length.

    Raises
    ------
    ModelMismatch
        They are of another model.
    InputRefused
        The file holds no vectors, or vectors of another length.
    """
    dataset, faces = tools.store.dataset(dataset_id), tools.store.counts(dataset_id).faces
    embeddings = files.read_vectors_isolated(path, faces)
    if embeddings.model_id != dataset.model_id:
        raise ModelMismatch(
            marked(
                "The vectors in '{file}' are of '{model}', and '{dataset}' uses '{other_model}'. Vectors of two "
                "models cannot be compared; change the dataset's model, or compute them with its own."
            ).format(file=path.name, model=embeddings.model_id, dataset=dataset.name, other_model=dataset.model_id)
        )
    # Of the dataset's own vectors one page is enough to know their length.
    first_page = next(tools.transfer.vectors(dataset_id), None)
    if first_page is None or first_page.vectors.shape[1] != embeddings.vectors.shape[1]:
        raise InputRefused(
            marked("The vectors in '{file}' are of no face of this dataset, or of another length.").format(
                file=path.name
            )
        )
    return embeddings
