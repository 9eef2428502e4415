"""Names that photo programs keep, in sidecars or inside of photos, given to the faces at their places.

All names that one import gives are one event of the correction log, so that they can be undone in one step. What
somebody here has said of a face stays as it is; the disagreement is told.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from core.base.errors import InputRefused, NotFound
from core.base.json_values import JsonRecord
from core.base.progress import UNWATCHED, Progress
from core.base.types import Face, Refusal
from core.base.words import display_name
from core.corrections.model import Change, Correction, Editor, Entity, EventKind, Field, Value
from core.formats import xmp
from core.formats.xmp import Sidecar
from core.formats.xmp_frame import locate_regions
from core.formats.xmp_packets import find_xmp_packets
from core.imaging.geometry import match_boxes
from core.isolation.files import read_sidecar_isolated
from core.language.texts import marked
from core.store.artifacts import ArtifactKind
from core.workflows.exchange.imports import ImportTools
from core.workflows.exchange.name_claims import NameReading, PhotoClaims, refuse_misplaced
from core.workflows.exchange.name_sources import NameSource, PhotoNameIndex, read_name_sources
from core.workflows.keeping.photo_keeping import require_kept_photos
from core.workflows.photos.stored_orientation import read_file_orientation

SAME_FACE_IOU = 0.3
"""Least overlap with a box of another program, which may take in more or less of the head."""
WHY = marked("Names in XMP sidecars.")
"""What the log says of names that came so."""
NOTHING_TO_READ = marked(
    "'{dataset}' keeps no photos, so no names can be read inside of them. Give the photos or their sidecars: their "
    "names are read, and they are not kept."
)


@dataclass(slots=True)
class SidecarSummary(JsonRecord):
    """What came of names in sidecars and photos."""

    files: int = 0
    """Sidecars, and photos with regions inside, that could be used."""
    named: int = 0
    """Faces that got a name, or another one."""
    renamed: int = 0
    """Those of ``named`` that had another name from a folder or an earlier import."""
    unchanged: int = 0
    """Faces that had the name already."""
    unmatched: int = 0
    """Named regions where no face was found here."""
    conflicts: list[Refusal] = field(default_factory=list)
    """Faces of which somebody here, or another sidecar, says otherwise: the photo, and who says what."""
    refused_regions: list[Refusal] = field(default_factory=list)
    """Regions that cannot be used, of files that were: the file and the name in it, and why."""
    refused: list[Refusal] = field(default_factory=list)
    event: int | None = None


def import_xmp(
    tools: ImportTools,
    dataset_id: str,
    path: Path | None,
    by: Editor,
    progress: Progress = UNWATCHED,
    keep: Callable[[SidecarSummary], None] = lambda summary: None,
) -> SidecarSummary:
    """Take the names of face regions in one event.

    A sidecar is matched to its photo by the sha256 in it, a photo by its own, else by name. A file that cannot be used
    is reported with the reason, and the rest goes on.

    Parameters
    ----------
    path : a sidecar, a photo, or a folder or zip of them; None for the photos of the dataset themselves
    keep : is given what comes of it before the names are recorded

    Raises
    ------
    InputRefused
        There is neither a sidecar nor a photo with face regions in it, or the dataset keeps no photos; nothing was
        changed.
    """
    if path is None:
        require_kept_photos(tools.store.dataset(dataset_id), NOTHING_TO_READ)
    work = _NameImport(tools, dataset_id)
    sources = work.own_photos() if path is None else read_name_sources(path, tools.limits)
    for number, source in enumerate(sources):
        progress.step(number, 0, "Reading names")
        work.read(source)
    # Refused files are an answer as well: they are listed with their reasons.
    if not work.summary.files and not work.summary.refused:
        raise InputRefused(_nothing_there(path))
    names = work.agreed_names()
    if names:
        # Written down before the event: a job that is killed between the two is resumed, finds both, and names nobody
        # twice.
        keep(work.summary)
        work.summary.event = _record_names(tools, dataset_id, by, names, work.people_named(names.values()))
    return work.summary


def _nothing_there(path: Path | None) -> str:
    if path is None:
        return marked("The photos of this dataset carry no face regions inside.")
    return marked(
        "There is no XMP sidecar in '{file}', and no photo that carries face regions inside. Give .xmp files "
        "or photos, or a folder or zip of them."
    ).format(file=path.name)


@dataclass
class _NameImport:
    """One import on its way."""

    tools: ImportTools
    dataset_id: str
    summary: SidecarSummary = field(default_factory=SidecarSummary)
    claims: dict[str, PhotoClaims] = field(default_factory=lambda: defaultdict(PhotoClaims))
    """By the photos' ids."""

    def __post_init__(self) -> None:
        self._photos = PhotoNameIndex(self.tools.transfer.photo_ids(self.dataset_id))
        self._people = _People(self.tools, self.dataset_id)

    def own_photos(self) -> Iterator[NameSource]:
        """The photos of the dataset, as far as their files are there."""
        for photo_id, name in self.tools.transfer.photo_ids(self.dataset_id).items():
            try:
                yield NameSource(name, self.tools.artifacts.read(self.dataset_id, ArtifactKind.PHOTO, photo_id), True)
            except NotFound as missing:
                self.summary.refused.append(Refusal(name, str(missing)))

    def read(self, source: NameSource) -> None:
        """Note what a source says, or why it cannot be used."""
        try:
            sidecar = _sidecar_in(source)
            if sidecar is not None:
                self._read_regions(source, sidecar)
                self.summary.files += 1
        except InputRefused as refusal:
            self.summary.refused.append(Refusal(source.name, str(refusal)))

    def _read_regions(self, source: NameSource, sidecar: Sidecar) -> None:
        subject = self._photos.find(source, sidecar.photo_id)
        photo, faces = self.tools.store.photo(self.dataset_id, subject.photo_id)
        # In pixels of the picture as it is shown here, whatever frame the regions were drawn in.
        boxes = locate_regions(
            photo, sidecar, read_file_orientation(self.tools.artifacts, self.dataset_id, photo, self.tools.images)
        )
        named_boxes = [(box, region.name) for box, region in zip(boxes, sidecar.regions, strict=True) if region.name]
        refused = list(sidecar.refused)
        # Only regions with a name compete for faces: a nameless one would take the face from the named one beside it.
        matches = match_boxes([box for box, _ in named_boxes], [face.box for face in faces], SAME_FACE_IOU)
        names, unmatched = {}, []
        for (_, name), index in zip(named_boxes, matches, strict=True):
            try:
                # One bad name spoils its region alone; the reason is told with the file and the first letters of it.
                name = self.tools.log.normalise_name(name)
            except InputRefused as refusal:
                refused.append(Refusal(name[:80], str(refusal)))
                continue
            if index is None:
                unmatched.append(name)
            else:
                names[faces[index].id] = name
        self.summary.refused_regions += [
            Refusal(f"{source.name}: {refused_region.name}", refused_region.reason) for refused_region in refused
        ]
        reading = NameReading(
            source=source.name,
            is_photo=source.is_photo,
            certain=subject.certain,
            shared_folders=subject.shared_folders,
            names=names,
            unmatched=tuple(unmatched),
        )
        self.claims[subject.photo_id].readings.append(reading)

    def agreed_names(self) -> dict[str, str]:
        """The names that faces are to get, by the faces' ids; everything else is counted and told."""
        names_by_face: dict[str, str] = {}
        for photo_id, claims in self.claims.items():
            photo = self._photos.name(photo_id)
            names, disagreements = claims.names()
            self.summary.refused += refuse_misplaced(photo, claims)
            # It was counted when it was read; that another source lies nearer was not known then.
            self.summary.files -= len(claims.misplaced())
            self.summary.unmatched += len(claims.unmatched())
            self.summary.conflicts += [Refusal(photo, words) for words in disagreements]
            _, faces = self.tools.store.photo(self.dataset_id, photo_id)
            for face in faces:
                if face.id in names:
                    self._decide(photo, face, names[face.id], names_by_face)
        self.summary.named = len(names_by_face)
        return names_by_face

    def people_named(self, names: Iterable[str]) -> dict[str, int]:
        """The people of these names, who are added when they are not there."""
        return {name: self._people.find_or_add(name) for name in sorted(set(names))}

    def _decide(self, photo: str, face: Face, name: str, names_by_face: dict[str, str]) -> None:
        # Asked before corrections: what somebody here said and the file says too is no conflict.
        if self._people.is_called(face, name):
            self.summary.unchanged += 1
        elif self._people.is_corrected_here(face):
            self.summary.conflicts.append(Refusal(photo, _say_conflict(face, name)))
        else:
            # A name from a folder, or from an earlier import, gives way to what a photo program says now.
            self.summary.renamed += face.person is not None
            names_by_face[face.id] = name


def count_photos_with_names(sources: Iterable[NameSource]) -> int:
    """How many of the photos carry names inside, as far as can be told without reading what they say."""
    return sum(
        any(xmp.mentions_regions(packet) for packet in find_xmp_packets(source.content))
        for source in sources
        if source.is_photo
    )


def _sidecar_in(source: NameSource) -> Sidecar | None:
    """What a source says; None for a photo that says nothing of faces."""
    if not source.is_photo:
        return read_sidecar_isolated(source.content)
    packets = find_xmp_packets(source.content)
    if not any(xmp.mentions_regions(packet) for packet in packets):
        return None
    return read_sidecar_isolated(*packets)


class _People:
    """What people are called here, and were."""

    def __init__(self, tools: ImportTools, dataset_id: str) -> None:
        self._tools, self._dataset_id = tools, dataset_id
        # People who were merged into others are nobody any more, but their names still lead to who they became.
        roots = tools.store.people_after_merges(dataset_id)
        self._names = {
            person_id: name
            for person_id, name in tools.store.names(dataset_id).items()
            if roots[person_id] == person_id
        }
        self._by_reading: dict[str, list[int]] = defaultdict(list)
        for person_id, name in self._names.items():
            self._by_reading[_as_read(name)].append(person_id)
        self._earlier: dict[int, set[str]] = defaultdict(set)
        for origin in tools.transfer.origins(dataset_id):
            self._earlier[roots[origin.person_id]].add(origin.base_name)

    def is_called(self, face: Face, name: str) -> bool:
        """Whether the face's person has the name, reads so, or had it before a rename or a merge."""
        if face.person is None or face.person_id is None:
            return False
        return _as_read(face.person) == _as_read(name) or name in self._earlier.get(face.person_id, ())

    def find_or_add(self, name: str) -> int:
        """The person of this name, or the one person who reads so, who is added when there is none."""
        same_reading = self._by_reading.get(_as_read(name), [])
        # 'Ann_Lee' of a folder and 'Ann Lee' of a photo program are one person, where only one reads so; between
        # several nobody can choose.
        if len(same_reading) == 1 and self._names[same_reading[0]] != name:
            return same_reading[0]
        return self._tools.log.find_or_add_person(self._dataset_id, name)

    def is_corrected_here(self, face: Face) -> bool:
        """Whether a correction that holds, and is no earlier import of names, says who the face is."""
        # Nobody said anything of this face, so the log need not be read: it is nearly always so.
        if not (face.confirmed or face.stranger):
            return False
        log = self._tools.log
        for event in log.events(self._dataset_id, face_id=face.id):
            says_who = event.active and event.target_id is None and _says_who(log.changes(event.id), face.id)
            if says_who:
                # The newest word on the face counts. One that an earlier import of names said is no correction of
                # somebody here; a replayed log's is.
                return not (event.kind is EventKind.IMPORT and event.why == WHY)
        return True


def _as_read(name: str) -> str:
    """A name as it is read, in one form of its letters."""
    return unicodedata.normalize("NFC", display_name(name))


def _says_who(changes: Iterable[Change], face_id: str) -> bool:
    fields = (Field.PERSON, Field.CONFIRMED, Field.STRANGER)
    return any(change.entity_id == face_id and change.field in fields for change in changes)


def _record_names(
    tools: ImportTools, dataset_id: str, by: Editor, names_by_face: Mapping[str, str], ids: Mapping[str, int]
) -> int:
    changes = []
    for face_id, name in names_by_face.items():
        values: dict[Field, Value] = {Field.PERSON: ids[name], Field.CONFIRMED: True, Field.STRANGER: False}
        changes += [Change(Entity.FACE, face_id, field, value) for field, value in values.items()]
    # The event is about somebody where all its faces are theirs; of several people it names none.
    correction = Correction(EventKind.IMPORT, changes, next(iter(ids.values())) if len(ids) == 1 else None, why=WHY)
    return tools.log.record(dataset_id, by, correction).id


def _say_conflict(face: Face, name: str) -> str:
    if face.person:
        return marked("A face is '{person}' here, and '{name}' in the file. It stays as it is.").format(
            person=display_name(face.person), name=name
        )
    return marked("A face was marked as a stranger here, and '{name}' in the file. It stays as it is.").format(
        name=name
    )
