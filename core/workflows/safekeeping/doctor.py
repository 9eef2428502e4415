"""Look through everything that is stored, mend what can be mended, and say by name what cannot, with what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.base.errors import FileDamaged, ImageRefused, InputRefused, NotFound
from core.base.json_values import JsonRecord
from core.base.progress import UNWATCHED, Progress
from core.base.types import Detection
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.columns.table_file import read_table
from core.store.exchange_protocols import TransferStore
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset
from core.vision.pipeline import FacePipeline
from core.workflows.neighbours.face_index import load_index
from core.workflows.photos.orphans import LeftoverTools, list_known_files, sweep_leftovers
from core.workflows.safekeeping.backup_contents import BackupContents
from core.workflows.safekeeping.backup_folder import BackupFolder, Unseal
from core.workflows.safekeeping.learned_files import RECOMPUTABLE, LearnedFile, list_learned_files


@dataclass(frozen=True)
class DoctorTools:
    """What the doctor works with."""

    store: FaceStore
    transfer: TransferStore
    artifacts: Artifacts
    leftovers: LeftoverTools
    find_database_faults: Callable[[], list[str]]
    open_pipeline: Callable[[str], FacePipeline]
    """Of a dataset, for cutting its faces again: loaded where one is missing."""
    unlock_backup: Callable[[Path], Unseal]
    """As that of ``BackupContents``."""


@dataclass(frozen=True, slots=True)
class Fault(JsonRecord):
    """Something that is not as it should be, and was not mended."""

    dataset: str
    what: str
    to_do: str


@dataclass(slots=True)
class DoctorReport(JsonRecord):
    """What was looked at, what was mended, and what was not."""

    files: int = 0
    """Photos and crops that were read and held against their hashes."""
    learned_files: int = 0
    """Recognisers, tests, maps, groups, suspects and lookups that were read as whoever uses them reads them."""
    crops_cut_again: int = 0
    from_backup: int = 0
    """Photos, crops and what was learned that were taken out of a backup."""
    removed_to_be_made_again: int = 0
    """Damaged groups and lists of suspects: a click makes them again."""
    leftovers_removed: int = 0
    indexes_removed: int = 0
    """Damaged ones; they are made again by the worker when they are missed."""
    sizes_bytes: dict[str, int] = field(default_factory=dict)
    """By kind of file, and of the database."""
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_well(self) -> bool:
        """Whether nothing is left to be mended."""
        return not self.faults


def examine(
    tools: DoctorTools, backups: BackupFolder | None = None, progress: Progress = UNWATCHED, *, mends: bool = True
) -> DoctorReport:
    """Look through everything.

    Parameters
    ----------
    backups : where missing and damaged files are taken from, if there is one
    mends : whether anything is changed; else what could be mended is named as a fault

    Raises
    ------
    Cancelled
        Between two files.
    """
    report = DoctorReport()
    for line in tools.find_database_faults():
        report.faults.append(
            Fault("", f"The database is damaged: {line}", "Restore a backup into an empty data folder.")
        )
    contents = BackupContents(backups, tools.unlock_backup) if backups is not None else None
    for dataset in tools.store.datasets():
        examination = _Examination(
            tools=tools, dataset=dataset, backups=contents, mends=mends, report=report, progress=progress
        )
        examination.run()
    if mends:
        report.leftovers_removed = sweep_leftovers(tools.leftovers)
    # After the mending: what they are now.
    report.sizes_bytes = _measure_sizes(tools)
    return report


def _measure_sizes(tools: DoctorTools) -> dict[str, int]:
    sizes: Counter[str] = Counter({"database": tools.store.size_bytes()})
    for dataset in tools.store.datasets():
        for file in tools.artifacts.files(dataset.id):
            sizes[file.kind] += file.size_bytes
    return dict(sizes)


@dataclass
class _Examination:
    """The files of one dataset."""

    tools: DoctorTools
    dataset: Dataset
    backups: BackupContents | None
    mends: bool
    report: DoctorReport
    progress: Progress

    def run(self) -> None:
        known_ids = list_known_files(self.tools.leftovers.eraser, self.tools.leftovers.runs, self.dataset.id)
        for photo_id in self._list_damaged(ArtifactKind.PHOTO, known_ids[ArtifactKind.PHOTO]):
            self._tell_photo(photo_id)
        damaged_crops = set(self._list_damaged(ArtifactKind.CROP, known_ids[ArtifactKind.CROP]))
        if damaged_crops:
            self._mend_crops(damaged_crops)
        self._examine_learned_files()
        self._examine_indexes()

    def _tell(self, what: str, to_do: str) -> None:
        self.report.faults.append(Fault(self.dataset.name, what, to_do))

    def _list_damaged(self, kind: ArtifactKind, file_ids: set[str]) -> list[str]:
        """Files that are missing or are not what their names say, but those that a backup had."""
        damaged = []
        for file_id in sorted(file_ids):
            self.report.files += 1
            self.progress.step(self.report.files, 0, "Reading photos and faces")
            if not self._is_sound(kind, file_id) and not self._take_from_backup(kind, file_id):
                damaged.append(file_id)
        return damaged

    def _is_sound(self, kind: ArtifactKind, file_id: str) -> bool:
        try:
            return content_id(self.tools.artifacts.read(self.dataset.id, kind, file_id)) == file_id
        except (NotFound, FileDamaged):
            return False

    def _take_from_backup(self, kind: ArtifactKind, file_id: str) -> bool:
        content = self.backups.read(file_id) if self.backups is not None and self.mends else None
        if content is None:
            return False
        self.tools.artifacts.replace(self.dataset.id, kind, file_id, content)
        self.report.from_backup += 1
        return True

    def _tell_photo(self, photo_id: str) -> None:
        name = self.tools.transfer.photo_ids(self.dataset.id).get(photo_id, photo_id)
        self._tell(
            f"The photo '{name}' is missing or damaged. Its faces, names and vectors are there.",
            "Take it out of a backup (doctor --backups FOLDER), or add the same file to the dataset again.",
        )

    # crops

    def _mend_crops(self, crop_ids: set[str]) -> None:
        photo_ids = self.tools.transfer.photo_ids(self.dataset.id)
        left = set(crop_ids)
        for photo_id in photo_ids:
            faces = [face for face in self.tools.store.every_face(self.dataset.id, photo_id) if face.crop_id in left]
            # Nothing is left of a photo that is not kept, and of a file that lies there all the same nothing is asked.
            if faces and self.mends and self.dataset.keeps_photos and self._is_sound(ArtifactKind.PHOTO, photo_id):
                left -= self._cut_again(photo_id, {face.crop_id for face in faces})
            for _ in {face.crop_id for face in faces} & left:
                self._tell(f"The picture of a face on '{photo_ids[photo_id]}' is missing or damaged.", self._way_back)
            left -= {face.crop_id for face in faces}

    @property
    def _way_back(self) -> str:
        """What becomes of a crop that cannot be cut again as it was."""
        if self.dataset.keeps_photos:
            return f"`python -m core look-again --dataset '{self.dataset.name}'` cuts all faces anew."
        return (
            "Take it out of a backup (doctor --backups FOLDER). The dataset keeps no photos, so it cannot be cut "
            "again; the face's name and vector are there."
        )

    def _cut_again(self, photo_id: str, crop_ids: set[str]) -> set[str]:
        """Cut faces out of their photo again; the crops that came out as they were."""
        photo, _ = self.tools.store.photo(self.dataset.id, photo_id)
        faces = [face for face in self.tools.store.every_face(self.dataset.id, photo_id) if face.crop_id in crop_ids]
        content = self.tools.artifacts.read(self.dataset.id, ArtifactKind.PHOTO, photo_id)
        try:
            pipeline = self.tools.open_pipeline(self.dataset.id)
            decoded = pipeline.decode_photo(content, photo.turn)
            cuts = pipeline.cut_faces(
                decoded, [Detection(face.box, face.landmarks, face.prob) for face in faces], portraits=True
            )
        except ImageRefused:
            return set()
        portraits = {content_id(cut.portrait): cut.portrait for cut in cuts}
        # Only what is the same to the last bit: a row names a crop by its hash.
        for crop_id in crop_ids & portraits.keys():
            self.tools.artifacts.replace(self.dataset.id, ArtifactKind.CROP, crop_id, portraits[crop_id])
            self.report.crops_cut_again += 1
        return crop_ids & portraits.keys()

    # what was learned

    def _examine_learned_files(self) -> None:
        runs = self.tools.leftovers.runs
        for damaged in runs.damaged_runs(self.dataset.id):
            self._tell(f"The row of the recogniser '{damaged.id}' cannot be read.", "Delete the run and train again.")
        for file in list_learned_files(runs, self.tools.artifacts, self.dataset):
            self.report.learned_files += 1
            damage = file.find_damage()
            if damage and not self._mend_learned_file(file):
                self._tell(f"The {file.title} is {damage}.", file.to_do)

    def _mend_learned_file(self, file: LearnedFile) -> bool:
        if not self.mends:
            return False
        if file.kind in RECOMPUTABLE:
            self._delete_all(file.kind)
            self.report.removed_to_be_made_again += 1
            return True
        for content in self._list_backed_up(file.kind, file.id):
            self.tools.artifacts.replace(self.dataset.id, file.kind, file.id, content)
            if not file.find_damage():
                self.report.from_backup += 1
                return True
        return False

    def _list_backed_up(self, kind: ArtifactKind, file_id: str) -> Iterator[bytes]:
        """What backups have of a file, the newest first."""
        if self.backups is not None:
            yield from self.backups.list_stored((self.dataset.id, kind.value, file_id))

    # indexes

    def _examine_indexes(self) -> None:
        try:
            load_index(self.tools.artifacts, self.dataset)
        except (InputRefused, FileDamaged):
            self._drop_damaged(ArtifactKind.FACE_INDEX, "index of the faces")
        for file_id in self.tools.artifacts.ids(self.dataset.id, ArtifactKind.FACE_TABLE):
            try:
                read_table(self.tools.artifacts.path(self.dataset.id, ArtifactKind.FACE_TABLE, file_id))
            except (ValueError, FileDamaged):
                self._drop_damaged(ArtifactKind.FACE_TABLE, "table of the faces")

    def _drop_damaged(self, kind: ArtifactKind, title: str) -> None:
        if not self.mends:
            self._tell(f"The {title} is damaged.", "Let the doctor mend it: it is made again.")
            return
        self._delete_all(kind)
        self.report.indexes_removed += 1

    def _delete_all(self, kind: ArtifactKind) -> None:
        for file_id in self.tools.artifacts.ids(self.dataset.id, kind):
            self.tools.artifacts.delete(self.dataset.id, kind, file_id)
