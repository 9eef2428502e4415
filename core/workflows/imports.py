"""Corrections, names and vectors that come from elsewhere into a dataset whose photos are here already.

What changes labels goes through the correction log under one sitting, so that it can be undone in one step.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from core.archive import Members
from core.corrections.model import Act, Change, CorrectionLog, Entity, Field, Hand, Kind, Value, pair_id
from core.errors import InputRefused, ModelMismatch
from core.exchange import history, xmp
from core.exchange.history import EventLine, FaceLine, PersonLine
from core.exchange.tables import read_vectors
from core.exchange.xmp import Sidecar
from core.geometry import match
from core.settings import ArchiveLimits
from core.store.base import FaceStore
from core.store.exchange import TransferStore
from core.types import CancelToken, Embeddings, Photo, Refusal, Report, silent

LOG_NAME = "log.jsonl"
SAME_DETECTION = 0.5
"""Least overlap (IoU) of a face with itself, found again."""
SAME_FACE = 0.3
"""Least overlap with a box of another program, which may take in more or less of the head."""


@dataclass(frozen=True)
class ImportTools:
    """What imports work with."""

    store: FaceStore
    transfer: TransferStore
    log: CorrectionLog
    limits: ArchiveLimits = field(default_factory=ArchiveLimits)


def hand(author: str) -> Hand:
    """A sitting of its own, by which an import is undone in one step (``Corrector.undo_session``)."""
    return Hand(author, f"import-{uuid.uuid4().hex[:12]}")


# the correction log


@dataclass(slots=True)
class LogSummary:
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
    refused: list[Refusal] = field(default_factory=list)


def import_log(
    tools: ImportTools,
    dataset_id: str,
    path: Path,
    by: Hand,
    report: Report = silent,
    token: CancelToken | None = None,
) -> LogSummary:
    """Replay a correction log on this dataset: one event of ``Kind.IMPORT`` for each event that holds.

    Raises
    ------
    InputRefused
        The file is no correction log that can be read; nothing was changed.
    """
    given = read_log(path, tools.limits)
    return _Replay(tools, dataset_id, by).run(given, report, token or CancelToken())


def read_log(path: Path, limits: ArchiveLimits) -> list[history.Line]:
    """The lines of a correction log, or of the one in an exported zip. Raises InputRefused."""
    with _log_lines(path, limits) as source:
        return list(history.parse(source))


@contextmanager
def _log_lines(path: Path, limits: ArchiveLimits) -> Iterator[Iterable[bytes]]:
    """The lines of a log, or of the log in an exported zip."""
    if path.suffix.lower() == ".zip":
        with Members(path, limits) as members:
            yield members.read(LOG_NAME).splitlines()
        return
    try:
        with path.open("rb") as file:
            yield file
    except OSError as fault:
        raise InputRefused(f"'{path.name}' cannot be read ({fault.strerror}).") from fault


@dataclass
class _Replay:
    """Turns the numbers of a log into ids of this dataset, and appends its events."""

    tools: ImportTools
    dataset_id: str
    by: Hand
    summary: LogSummary = field(default_factory=LogSummary)
    lines: dict[int, PersonLine] = field(default_factory=dict)
    people: dict[int, int] = field(default_factory=dict)
    faces: dict[int, str] = field(default_factory=dict)

    def run(self, given: list[history.Line], report: Report, token: CancelToken) -> LogSummary:
        self.lines = {line.number: line for line in given if isinstance(line, PersonLine)}
        self._match([line for line in given if isinstance(line, FaceLine)])
        events = [line for line in given if isinstance(line, EventLine)]
        for number, event in enumerate(events):
            token.raise_if_cancelled()
            report(number, len(events), "Applying corrections")
            self._apply(event)
        report(len(events), len(events), "Applying corrections")
        return self.summary

    def _match(self, lines: list[FaceLine]) -> None:
        by_photo: dict[str, list[FaceLine]] = {}
        for line in lines:
            by_photo.setdefault(line.photo_id, []).append(line)
        for photo_id, there in by_photo.items():
            here = self.tools.transfer.places(self.dataset_id, photo_id)
            found = match([line.box for line in there], [place.box for place in here], SAME_DETECTION)
            pairs = (
                (line.number, here[place].face_id)
                for line, place in zip(there, found, strict=True)
                if place is not None
            )
            self.faces.update(pairs)
        self.summary.faces, self.summary.faces_missing = len(self.faces), len(lines) - len(self.faces)

    def _apply(self, event: EventLine) -> None:
        if not event.active or event.undoes is not None:
            self.summary.undone += 1
            return
        try:
            changes = [moved for change in event.changes if (moved := self._moved(change)) is not None]
            if not changes:
                self.summary.empty += 1
                return
            about = None if event.person is None else self._person(event.person)
            before = None if event.from_person is None else self._person(event.from_person)
            why = f"{event.kind} by {event.author}" + (f": {event.why}" if event.why else "")
            self.tools.log.record(self.dataset_id, self.by, Act(Kind.IMPORT, changes, about, before, why))
            self.summary.events += 1
        except InputRefused as refusal:
            self.summary.refused.append(Refusal(event.kind, str(refusal)))

    def _moved(self, change: Change) -> Change | None:
        """The change with ids of this dataset; None when a face is not here, or a merge is done already."""
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
            return self.tools.log.checked_name(str(change.value))
        return change.value

    def _person(self, number: int) -> int:
        """The person here who came in by the same folder, else by the same name; added when there is none."""
        if number not in self.people:
            line = self.lines.get(number)
            if line is None:
                raise InputRefused("The event speaks of a person that the log does not know.")
            folders = {
                origin.base_name: origin.person_id
                for origin in self.tools.transfer.origins(self.dataset_id)
                if origin.of_folder and line.of_folder
            }
            known = folders.get(line.name)
            self.people[number] = self.tools.log.person_named(self.dataset_id, line.name) if known is None else known
        return self.people[number]


# names in sidecars


@dataclass(slots=True)
class SidecarSummary:
    """What came of sidecars."""

    files: int = 0
    named: int = 0
    """Faces that got a name, or another one."""
    unchanged: int = 0
    """Faces that had the name already."""
    unmatched: int = 0
    """Named regions where no face was found here."""
    refused: list[Refusal] = field(default_factory=list)
    event: int | None = None


def import_xmp(
    tools: ImportTools,
    dataset_id: str,
    path: Path,
    by: Hand,
    report: Report = silent,
    token: CancelToken | None = None,
) -> SidecarSummary:
    """Take the names of face regions (MWG-RS) in XMP sidecars, in one event; ``path`` is a sidecar, folder or zip.

    A sidecar is matched to its photo by the sha256 in it, else by its name beside the photo's. A file that cannot be
    used is reported with the reason, and the rest goes on.

    Raises
    ------
    InputRefused
        There is no sidecar in it.
    """
    token, summary = token or CancelToken(), SidecarSummary()
    photos = _Photos(tools.transfer.photo_ids(dataset_id))
    chosen: dict[str, str] = {}
    for number, (name, content) in enumerate(_sidecars(path, tools.limits)):
        token.raise_if_cancelled()
        report(number, 0, "Reading sidecars")
        try:
            sidecar = xmp.decode(content)
            photo_id = photos.find(sidecar.photo_id, name)
            chosen |= _named(tools, dataset_id, photo_id, sidecar, summary)
            summary.files += 1
        except InputRefused as refusal:
            summary.refused.append(Refusal(name, str(refusal)))
    if not summary.files and not summary.refused:
        raise InputRefused(f"There is no XMP sidecar in '{path.name}'. Give .xmp files, or a folder or zip of them.")
    summary.named = len(chosen)
    if chosen:
        summary.event = _record_names(tools, dataset_id, by, chosen)
    return summary


def _sidecars(path: Path, limits: ArchiveLimits) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*")):
            if file.suffix.lower() == ".xmp" and file.is_file() and not file.is_symlink():
                yield file.relative_to(path).as_posix(), _bounded(file)
    elif path.suffix.lower() == ".xmp":
        yield path.name, _bounded(path)
    else:
        with Members(path, limits) as members:
            for name in members.names:
                if name.lower().endswith(".xmp"):
                    yield name, members.read(name)


def _bounded(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(xmp.MOST_BYTES + 1)
    except OSError as fault:
        raise InputRefused(f"'{file.name}' cannot be read ({fault.strerror}).") from fault


@dataclass
class _Photos:
    """Finds the photo of a sidecar."""

    names: Mapping[str, str]
    """Photos' names by their ids."""
    _by_end: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for photo_id, name in self.names.items():
            path = PurePosixPath(name)
            for end in (path.name, path.stem):
                self._by_end.setdefault(end.casefold(), []).append(photo_id)

    def find(self, photo_id: str | None, sidecar: str) -> str:
        """Raises InputRefused where there is no such photo, or it cannot be told which is meant."""
        if photo_id in self.names:
            return str(photo_id)
        path = PurePosixPath(sidecar)
        found = self._by_end.get(path.stem.casefold(), [])
        near = [each for each in found if PurePosixPath(self.names[each]).parent.name == path.parent.name]
        if len(found) > 1 and len(near) == 1:
            found = near
        if not found:
            raise InputRefused("its photo is not in this dataset")
        if len(found) > 1:
            raise InputRefused(f"{len(found)} photos of this dataset have its name, and it does not say which it means")
        return found[0]


def _named(
    tools: ImportTools, dataset_id: str, photo_id: str, sidecar: Sidecar, summary: SidecarSummary
) -> dict[str, str]:
    photo, faces = tools.store.photo(dataset_id, photo_id)
    _require_size(photo, sidecar)
    regions = [(region.box, region.name) for region in sidecar.regions if region.name]
    found = match([box for box, _ in regions], [face.box for face in faces], SAME_FACE)
    names = {}
    for (_, name), place in zip(regions, found, strict=True):
        if place is None:
            summary.unmatched += 1
        elif faces[place].person == (checked := tools.log.checked_name(str(name))):
            summary.unchanged += 1
        else:
            names[faces[place].id] = checked
    return names


def _require_size(photo: Photo, sidecar: Sidecar) -> None:
    given, here = (sidecar.width_px, sidecar.height_px), (photo.width_px, photo.height_px)
    if given != here:
        raise InputRefused(
            f"it is for a picture of {given[0]} x {given[1]} pixels, and the photo has {here[0]} x {here[1]} upright. "
            "Write the sidecar again from this photo"
        )


def _record_names(tools: ImportTools, dataset_id: str, by: Hand, chosen: Mapping[str, str]) -> int:
    ids = {name: tools.log.person_named(dataset_id, name) for name in sorted(set(chosen.values()))}
    changes = []
    for face_id, name in chosen.items():
        values: dict[Field, Value] = {Field.PERSON: ids[name], Field.CONFIRMED: True, Field.STRANGER: False}
        changes += [Change(Entity.FACE, face_id, field, value) for field, value in values.items()]
    act = Act(Kind.IMPORT, changes, next(iter(ids.values())) if len(ids) == 1 else None, why="Names in XMP sidecars.")
    return tools.log.record(dataset_id, by, act).id


# vectors


def import_vectors(tools: ImportTools, dataset_id: str, path: Path) -> dict[str, int]:
    """Put vectors that were computed elsewhere, of the dataset's own model, in the place of those of the same faces.

    Raises
    ------
    ModelMismatch
        They are of another model.
    InputRefused
        The file holds no vectors, vectors of another length, or of no face of this dataset.
    """
    given = read_fitting_vectors(tools, dataset_id, path)
    taken = tools.transfer.replace_vectors(
        dataset_id, given.model_id, dict(zip(given.face_ids, given.vectors, strict=True))
    )
    if not taken:
        raise InputRefused(f"None of the {len(given)} faces in '{path.name}' is in this dataset.")
    return {"taken": taken, "unknown": len(given) - taken}


def read_fitting_vectors(tools: ImportTools, dataset_id: str, path: Path) -> Embeddings:
    """Vectors of the dataset's own model, and of its length.

    Raises
    ------
    ModelMismatch
        They are of another model.
    InputRefused
        The file holds no vectors, or vectors of another length.
    """
    given, dataset = read_vectors(path), tools.store.dataset(dataset_id)
    if given.model_id != dataset.model_id:
        raise ModelMismatch(
            f"The vectors in '{path.name}' are of '{given.model_id}', and '{dataset.name}' uses '{dataset.model_id}'. "
            "Vectors of two models cannot be compared; change the dataset's model, or compute them with its own."
        )
    here = next(tools.transfer.vectors(dataset_id), None)
    if here is None or here.vectors.shape[1] != given.vectors.shape[1]:
        raise InputRefused(f"The vectors in '{path.name}' are of no face of this dataset, or of another length.")
    return given
