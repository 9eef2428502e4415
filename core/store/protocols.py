"""What the rest of Face Atlas asks of a store, and the values it gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from core.base.face_table import Embeddings, FaceTable
from core.base.json_values import JsonObject
from core.base.types import Face, Photo, Quality, Revision, Vectors
from core.store.access_model import Asker
from core.store.columns.face_changes import FaceChanges
from core.store.job_model import FollowUp, Job, JobKind, JobOwner, JobState, JobTotal
from core.store.values.datasets import (
    Counts,
    Dataset,
    FileOutcome,
    FileReport,
    IngestBatch,
    PersonCount,
    PersonRemark,
    PhotoLabel,
    PhotoLook,
    StoredFace,
)
from core.store.values.runs import DamagedRun, MapInfo, Run


class FaceStore(Protocol):
    """Datasets, photos, faces and embeddings. Every write of a dataset raises its revision."""

    def create_dataset(self, name: str, model_id: str, *, keeps_photos: bool = True) -> Dataset:
        """Raises NameTaken or InputRefused (an empty or overlong name)."""

    def set_photo_keeping(self, dataset_id: str, keeps_photos: bool) -> None:
        """Say whether the files of photos are kept from now on; nothing is written or removed by it."""

    def note_orientations(self, dataset_id: str, orientations: Mapping[str, int]) -> None:
        """Write down how the files of photos lie by their EXIF (1 to 8), by the photos' ids, before the files go."""

    def rename_dataset(self, dataset_id: str, name: str) -> None:
        """Raises NameTaken or InputRefused, as ``create_dataset``."""

    def delete_dataset(self, dataset_id: str) -> None:
        """Remove its rows everywhere; the database is told to overwrite what it deletes."""

    def size_bytes(self) -> int:
        """What the rows of all datasets take on the disk."""

    def describe_database(self) -> str:
        """Which database it is and where, in a few words: never with a password."""

    def dataset(self, name_or_id: str) -> Dataset:
        """Raises NotFound with the names that exist."""

    def datasets(self) -> list[Dataset]:
        """Oldest first."""

    def dataset_names(self) -> set[str]:
        """Every name that is in use, so that a new dataset gets another one."""

    def counts(self, dataset_id: str) -> Counts:
        """Faces that were dismissed do not count."""

    def photo_count(self, dataset_id: str) -> int:
        """How many photos there are, with faces or without."""

    def people(self, dataset_id: str) -> list[PersonCount]:
        """Everybody who has faces, by name."""

    def person_remarks(self, dataset_id: str) -> dict[int, PersonRemark]:
        """Of those of whom somebody said something, by id."""

    def largest_people(self, dataset_id: str, count: int) -> list[PersonCount]:
        """Those with the most faces, of equals the first by name."""

    def names(self, dataset_id: str) -> dict[int, str]:
        """The name of everybody who ever was, by id: also of those who have no faces now."""

    def people_after_merges(self, dataset_id: str) -> dict[int, int]:
        """Who everybody who ever was is after all merges, by id."""

    def photo_labels(self, dataset_id: str) -> dict[str, PhotoLabel]:
        """Every stored photo's id and what its archive said of it."""

    def add(self, dataset_id: str, job_id: str, batch: IngestBatch) -> None:
        """Write one batch whole or not at all."""

    def face_table(self, dataset_id: str, person_id: int | None = None) -> FaceTable:
        """All faces, or those of one person."""

    def embeddings(self, dataset_id: str, person_id: int | None = None) -> Embeddings:
        """Rows in the order of ``face_table``."""

    def embeddings_of(self, dataset_id: str, face_ids: Iterable[str]) -> Embeddings:
        """Those of some faces, as far as they are there, in the order of their ids."""

    def face_changes(self, dataset_id: str, since: Revision) -> FaceChanges:
        """What changed after a revision. Raises NotFound for a dataset that is gone."""

    def changed_embeddings(self, dataset_id: str, since: Revision) -> Embeddings:
        """The vectors of all faces of which something changed after a revision, in the order of their ids."""

    def changed_face_count(self, dataset_id: str, since: Revision) -> int:
        """How many faces these are."""

    def qualities(self, dataset_id: str) -> dict[str, Quality]:
        """The quality of every face that was measured."""

    def faces(self, dataset_id: str, face_ids: Iterable[str]) -> list[Face]:
        """In the order asked for. Raises NotFound."""

    def photo(self, dataset_id: str, photo_id: str) -> tuple[Photo, list[Face]]:
        """A photo and all its faces. Raises NotFound."""

    def every_face(self, dataset_id: str, photo_id: str) -> list[Face]:
        """All faces of a photo, also those that were dismissed."""

    def add_face(self, dataset_id: str, face: StoredFace) -> None:
        """A face whose box somebody drew. It is there once an event says so: dismissed until then."""

    def replace_faces(
        self,
        dataset_id: str,
        photo_id: str,
        detected: Sequence[StoredFace],
        taken: float | None = None,
        look: PhotoLook | None = None,
        not_found: Sequence[StoredFace] = (),
    ) -> bool:
        """What a new look at a photo found, and when the photo was taken, where that is known now.

        A face with an id that is there is moved to its new box and vector and keeps its name; other ids are added.
        Faces that were not found again go, but those that a correction speaks of.

        Parameters
        ----------
        look : where the photo may have been turned meanwhile, or is to be turned by what was found
        not_found : faces that were there before as they look on the turned picture; those that stay become so

        Returns
        -------
        False, and nothing is written, when somebody turned the photo after ``look.turn_before`` was read.
        """

    def photos_to_look_at(self, dataset_id: str) -> list[str]:
        """The ids of photos that were turned since faces were looked for on them; none where no photos are kept."""

    def turned_by_hand(self, dataset_id: str, photo_id: str) -> bool:
        """Whether a correction that holds says how the photo is turned."""

    def photos_without_face(self, dataset_id: str) -> list[Photo]:
        """Photos on which no face is, or all were dismissed, by name."""

    def vector_ids(self, dataset_id: str, model_id: str) -> set[str]:
        """Faces that have a vector of this model."""

    def add_vectors(self, dataset_id: str, model_id: str, vectors: Mapping[str, Vectors]) -> None:
        """Vectors of another model, beside those in use."""

    def use_model(self, dataset_id: str, model_id: str) -> None:
        """Use the vectors of this model from now on, and drop the others. Raises InputRefused when some are missing."""


class ReportStore(Protocol):
    """The per-file reports of ingests."""

    def reported(self, job_id: str) -> dict[int, str]:
        """The names of the files that are dealt with already, by their positions."""

    def file_reports(
        self, job_id: str, outcomes: Iterable[FileOutcome] = (), offset: int = 0, limit: int | None = None
    ) -> list[FileReport]:
        """In the order of the archive; only those with one of the outcomes, when any are given."""

    def remark_count(self, job_id: str) -> int:
        """How many files were taken of which the report says something all the same."""

    def recent_faces(self, dataset_id: str, job_id: str, limit: int) -> list[Face]:
        """Faces of the last photos that an ingest took, the newest first."""

    def outcome_counts(self, job_id: str) -> dict[FileOutcome, int]:
        """How many files came to each outcome, in the order of ``FileOutcome``, without zeros."""

    def reported_faces(self, job_id: str) -> int:
        """The sum of the reports' ``faces``."""


class RunStore(Protocol):
    """Runs and maps; their arrays are artifacts of the same id."""

    def add_run(self, run: Run) -> None:
        """Write its row. Its artifacts are there before: a run that is listed can be used."""

    def runs(self, dataset_id: str) -> list[Run]:
        """Newest first, but for damaged ones."""

    def damaged_runs(self, dataset_id: str) -> list[DamagedRun]:
        """Those whose stored values cannot be, newest first."""

    def run_ids(self, dataset_id: str) -> set[str]:
        """Of all, damaged ones too."""

    def run(self, run_id: str) -> Run:
        """Raises NotFound, and InputRefused for a damaged one."""

    def delete_run(self, run_id: str) -> None:
        """Remove its row; its artifacts go after it."""

    def add_map(self, info: MapInfo) -> None:
        """Write its row. Its artifact is there before, as with ``add_run``."""

    def maps(self, dataset_id: str) -> list[MapInfo]:
        """Newest first."""


class JobStore(Protocol):
    """The queue. One process claims a job at a time."""

    def submit(
        self,
        dataset_id: str,
        kind: JobKind,
        params: JsonObject,
        owner: JobOwner = JobOwner.WORKER,
        *,
        asker: Asker | None = None,
    ) -> Job:
        """A new job; ``jobs.registry.submit_job`` knows the kind and the parameters of a request.

        Parameters
        ----------
        asker : who asks, where somebody has signed in: the job is done as far as they may then
        """

    def claim(self, may_start: Callable[[Job, Sequence[Job]], bool] | None = None) -> Job | None:
        """The queued job of the worker whose turn it is, as ``active`` orders them, now running.

        Parameters
        ----------
        may_start : of a queued job and all active ones of the worker, whether it can be this one; any by default
        """

    def job(self, job_id: str) -> Job:
        """Raises NotFound when it was forgotten."""

    def jobs(self, dataset_id: str | None = None, limit: int | None = 200) -> list[Job]:
        """Newest first; all with the limit None. Whoever asks whether something is active asks ``active``."""

    def active(self) -> list[Job]:
        """What runs, oldest first, then what waits, in the order in which it is offered: see ``take_turns``."""

    def totals(self) -> list[JobTotal]:
        """All that are not forgotten, counted by kind and state."""

    def done_ids(self, kind: JobKind) -> set[str]:
        """All jobs of a kind that have come to their end and were not forgotten."""

    def beat(self, job_id: str, done: int, total: int, message: str) -> bool:
        """Write progress; True when the user asked to cancel."""

    def finish(
        self,
        job_id: str,
        state: JobState,
        *,
        result: JsonObject | None = None,
        error: str = "",
        detail: str = "",
        follow_ups: Sequence[FollowUp] = (),
    ) -> None:
        """Write how a job ended: ``error`` in words for people, ``detail`` with the traceback.

        Parameters
        ----------
        follow_ups : queued in the same transaction, in this order, but for kinds of which one waits on the dataset
        """

    def keep_result(self, job_id: str, result: JsonObject) -> None:
        """Write down what a running job has come to so far: it is there when it is resumed."""

    def cancel(self, job_id: str) -> None:
        """Ask a running job to stop; a queued one is cancelled at once."""

    def resume(self, job_id: str) -> None:
        """Queue a stopped job again for the worker; one that is active or done stays as it is."""

    def offer_again(self, job_id: str) -> None:
        """Queue a running job that this process carries for whoever is next: it cannot go on here and now."""

    def offer_carried(self) -> int:
        """Do so with every job that this process carries, as it ends at once; how many there were."""

    def end_orphans(self) -> int:
        """Mark the running jobs whose process is gone; whoever looks at jobs does it first. How many there were.

        Where workers of several machines share the database, a job that got further than the attempt before is offered
        to them again.
        """

    def forget_job(self, job_id: str) -> None:
        """Remove the record of a job that is not active, with its report."""
