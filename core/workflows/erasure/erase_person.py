"""Erase a person: rows, vectors, crops, photos, names, what was learned from them; then prove that nothing is left.

It has stages, each of which can be done again: the receipt is written down with what is looked for at the end; the
rows go, in one transaction; files that no row speaks of are swept; the database is compacted; everything is searched.
Whoever goes on after a kill comes to the same receipt. It cannot be undone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from core.base import words
from core.base.errors import DataFolderBusy, InputRefused, NotFound
from core.base.progress import UNWATCHED, Progress
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.exchange_protocols import EraseStore, Erasure, ErasureCounts
from core.store.job_model import JobRequest, JobState
from core.store.name_scrubber import Scrubber
from core.store.name_spelling import Spellings
from core.store.protocols import FaceStore, JobStore, RunStore
from core.store.values.runs import RunKey
from core.workflows.datasets import delete_exports, find_person
from core.workflows.erasure.plan import ErasePlan, delete_plan, read_unfinished_plans, write_plan
from core.workflows.erasure.proof import SearchFindings, search_remains
from core.workflows.erasure.receipt import EraseReceipt, Retraining
from core.workflows.erasure.signed_receipts import ErasedWhat, ReceiptBook, ReceiptHead
from core.workflows.safekeeping.holding_backups import HoldingBackups, find_holding
from core.workflows.training.request import find_training_request
from core.workflows.training.train import load_predictions
from core.workflows.uploads import find_unread_uploads, paths_to_read, remove_uploads

PIXELS_STAY = marked(
    "These photos show other people too and were kept: the person's face is still to be seen in them, "
    "without a box, a name or a vector. Erase with all photos to remove them as well."
)


@dataclass(frozen=True)
class EraseTools:
    """What erasing works with."""

    store: FaceStore
    eraser: EraseStore
    runs: RunStore
    jobs: JobStore
    artifacts: Artifacts
    data_dir: Path
    exports_dir: Path
    uploads_dir: Path
    models_dir: Path
    receipts: ReceiptBook
    backup_days: int = 0
    """So long afterwards backups may hold who was erased; 0 for ever."""

    def find_backups(self, dataset_id: str, began: float) -> HoldingBackups | None:
        """The backups that hold who is erased; None where there is none."""
        holding = find_holding(self.data_dir, dataset_id, began, self.backup_days)
        return None if holding.is_empty else holding


@dataclass(frozen=True, slots=True)
class EraseRequest(JobRequest):
    """Who is to go; without a name, as it is kept."""

    person_id: int
    by: str
    """Who asks for it."""
    all_photos: bool = False
    """Also remove the photos that show other people too."""
    retrain: bool = True
    """Train again, as the newest of the deleted runs was trained."""


def find_person_to_erase(tools: EraseTools, dataset_id: str, name: str) -> int:
    """The id of a person, or of one whose erasing was begun and not finished. Raises NotFound."""
    try:
        return find_person(tools.store, dataset_id, name).id
    except NotFound:
        for plan in read_unfinished_plans(tools.artifacts, dataset_id):
            if plan.names(name):
                return min(plan.erasure.person_ids)
        raise


def preview_erasure(tools: EraseTools, dataset_id: str, request: EraseRequest) -> dict[str, int]:
    """What would go, in numbers, without doing anything. Raises NotFound."""
    erasure = tools.eraser.erasure(dataset_id, request.person_id, with_shared=request.all_photos)
    return {
        "faces": len(erasure.face_ids),
        "photos": len(erasure.photo_ids),
        "photos_kept": len(erasure.shared_photo_ids) if tools.store.dataset(dataset_id).keeps_photos else 0,
        "models": len(list_runs_of(tools, erasure)),
        "lookups": len(tools.artifacts.ids(dataset_id, ArtifactKind.LOOKUP)),
    }


def erase_person(
    tools: EraseTools,
    dataset_id: str,
    request: EraseRequest,
    job_id: str = "",
    progress: Progress = UNWATCHED,
) -> EraseReceipt:
    """Erase a person from a dataset and look for what is left; or finish an erasing of theirs that was begun.

    Raises
    ------
    NotFound
        There is no such person, and no erasing of them was begun; leftovers of another are removed all the same.
    DataFolderBusy
        Other work on the dataset is running, or another process keeps the database's log from being emptied.
    """
    # What a training or an export wrote meanwhile would be of the person again, behind the proof.
    require_quiet(tools.jobs, dataset_id, job_id)
    progress.step(0, 0, "Erasing")
    # A plan whose writing was cut off is a draft, and holds the names: nothing else would remove it.
    tools.artifacts.delete_drafts(dataset_id)
    try:
        # An attempt whose rows are gone goes on from its plan: the person cannot be found in the database any more, and
        # what was removed could not be counted again.
        plan = _begun_plan(tools, dataset_id, request) or _remove_rows(tools, dataset_id, request, job_id)
    except NotFound:
        # What an earlier, cut-off erasing has left is removed all the same: it may be why somebody asks again.
        _clear(tools, dataset_id, time.time())
        raise
    # Before the database is compacted, which overwrites what stood in its place.
    tools.receipts.forget_names(plan.erasure)
    _clear(tools, dataset_id, plan.began)
    head = ReceiptHead.of(ErasedWhat.PERSON, dataset_id, plan.began, plan.id)
    receipt = replace(
        plan.receipt,
        check=_check(tools, plan, progress),
        receipt_id=head.id,
        backups=tools.find_backups(dataset_id, plan.began),
    )
    # What follows it is no part of what is proved.
    tools.receipts.keep(head, replace(receipt, training=None).to_json())
    # First the receipt, then the plan goes: a kill between the two leaves both, and whoever goes on finds the receipt.
    tools.jobs.keep_result(job_id, receipt.to_json())
    delete_plan(tools.artifacts, plan)
    return receipt


def require_quiet(jobs: JobStore, dataset_id: str, own_id: str) -> None:
    """Raise DataFolderBusy where other work on the dataset is running."""
    other_jobs = (job for job in jobs.active() if job.dataset_id == dataset_id and job.id != own_id)
    if any(job.state is JobState.RUNNING for job in other_jobs):
        raise DataFolderBusy(
            marked("Other work on this dataset is running. Wait until it is done, or stop it; then erase.")
        )


# the rows, and the receipt of all that goes with them


def _begun_plan(tools: EraseTools, dataset_id: str, request: EraseRequest) -> ErasePlan | None:
    """An erasing of this person whose rows are gone already.

    One that was cut off before its rows went is begun anew, perhaps by another job: its plan would keep the names.
    """
    for plan in read_unfinished_plans(tools.artifacts, dataset_id):
        if not plan.is_of(request.person_id):
            continue
        # The plan is written inside of the transaction that removes the rows: where the person is still there, that was
        # rolled back.
        if not tools.eraser.has_person(dataset_id, request.person_id, plan.erasure.names):
            return plan
        delete_plan(tools.artifacts, plan)
    return None


def _remove_rows(tools: EraseTools, dataset_id: str, request: EraseRequest, job_id: str) -> ErasePlan:
    plans: list[ErasePlan] = []
    began, dataset = time.time(), tools.store.dataset(dataset_id)
    newest_run = next(iter(tools.runs.runs(dataset_id)), None)
    # Read now: its run, and with it how it was trained, is about to go.
    training = find_training_request(tools.jobs, dataset_id, newest_run)

    # Called by the store when all rows are gone and nothing is committed yet. So the plan is there whenever the rows
    # are not, and a kill in between leaves both sides as they were.
    def write_down(
        erasure: Erasure, erased: ErasureCounts, runs: frozenset[str], photos: set[str], crops: set[str]
    ) -> None:
        kept_runs = tools.runs.run_ids(dataset_id) - runs
        receipt = replace(
            _receipt(request, erasure, erased, began, keeps_photos=dataset.keeps_photos),
            # Counted before they are removed, as the receipt is the same whoever goes on: a second attempt would find
            # fewer.
            artifacts=len(tools.artifacts.loose(dataset_id, _files_to_keep(photos, crops, kept_runs), began)),
            exports=len(list((tools.exports_dir / dataset_id).glob("*"))),
            uploads=len(list(list_read_uploads(tools, dataset_id, began))),
            lookups=len(tools.artifacts.ids(dataset_id, ArtifactKind.LOOKUP)),
            dataset_renamed=Scrubber(erasure.names, erasure.spared).text(dataset.name) != dataset.name,
            training=Retraining.of(began, training) if request.retrain and erased.runs else None,
        )
        # A command has no job by which the plan could be called; the person's number serves.
        plans.append(ErasePlan(job_id or f"person{request.person_id}", erasure, receipt, began))
        write_plan(tools.artifacts, plans[0])

    runs_of = partial(list_runs_of, tools)
    tools.eraser.erase(dataset_id, request.person_id, runs_of, write_down, with_shared=request.all_photos)
    return plans[0]


def _receipt(
    request: EraseRequest, erasure: Erasure, erased: ErasureCounts, began: float, *, keeps_photos: bool
) -> EraseReceipt:
    n_kept_photos = len(erasure.shared_photo_ids) if keeps_photos else 0
    return EraseReceipt(
        when=words.utc_time(began),
        # Who asks is often the person: their own name would stay in the receipt of its erasing.
        by="the person" if Spellings(erasure.names).is_name(request.by) else request.by,
        models_deleted=erased.runs,
        faces=erased.faces,
        photos=erased.photos,
        vectors=erased.vectors,
        events=erased.events,
        maps=erased.maps,
        crops=len(erasure.crop_ids),
        photos_kept=n_kept_photos,
        photos_kept_note=PIXELS_STAY if n_kept_photos else None,
        other_datasets_with_the_name=len(erasure.named_elsewhere),
    )


def list_runs_of(tools: EraseTools, erasure: Erasure) -> list[str]:
    """Runs that learned from the person or were tested on them.

    A run that left them out has only their name, in its parameters, and loses it with all texts of the dataset.
    """
    faces = set(erasure.face_ids)
    runs: list[RunKey] = [*tools.runs.runs(erasure.dataset_id), *tools.runs.damaged_runs(erasure.dataset_id)]
    return [run.id for run in runs if _knows_person(tools.artifacts, run, erasure, faces)]


def _knows_person(artifacts: Artifacts, run: RunKey, erasure: Erasure, faces: set[str]) -> bool:
    try:
        predictions = load_predictions(artifacts, run)
    # What cannot be read cannot be shown to be free of the person.
    except (InputRefused, NotFound):
        return True
    knows_name = any(map(Spellings(erasure.names, erasure.spared).is_name, predictions.people))
    return knows_name or not faces.isdisjoint(predictions.learned_ids) or not faces.isdisjoint(predictions.face_ids)


# files


def _clear(tools: EraseTools, dataset_id: str, began: float) -> None:
    """Remove files that no row speaks of, whatever can be made again, all exports and uploads; compact the database.

    All lookups and uploads go: nobody can tell who is on photos that were not taken in.
    """
    photos, crops = tools.eraser.kept_files(dataset_id)
    runs = tools.runs.run_ids(dataset_id)
    tools.artifacts.sweep(dataset_id, _files_to_keep(photos, crops, runs), began)
    delete_exports(tools.exports_dir, dataset_id)
    remove_read_uploads(tools, dataset_id, began)
    # Last: what was deleted stays in the free pages of the database and in its log until both are rewritten.
    tools.eraser.compact()


def remove_read_uploads(tools: EraseTools, dataset_id: str, began: float) -> int:
    """Remove what was dropped before a time, but for what waiting work or another dataset's reads; how many."""
    return remove_uploads(list_read_uploads(tools, dataset_id, began))


class _EveryName(set[str]):
    """Holds every name."""

    def __contains__(self, name: object) -> bool:
        return True


def _files_to_keep(photos: set[str], crops: set[str], runs: set[str]) -> dict[str, set[str]]:
    # What is not named here goes as a whole. Maps, groups and suspects hold vectors or names and are made again in
    # seconds; of lookups nobody can tell who is on them.
    of_runs: dict[str, set[str]] = dict.fromkeys(
        (ArtifactKind.RUN, ArtifactKind.PREDICTIONS, ArtifactKind.GALLERY), runs
    )
    return {ArtifactKind.PHOTO: photos, ArtifactKind.CROP: crops, **of_runs, ArtifactKind.ERASURE: _EveryName()}


def list_read_uploads(tools: EraseTools, dataset_id: str, began: float) -> Iterator[Path]:
    """Copies of what was dropped before a time, but those that waiting work, or another dataset's, will read."""
    # Failed and interrupted work of other datasets may be resumed; of this one it would bring the person back.
    awaiting = (
        job
        for job in tools.jobs.jobs(limit=None)
        if job.state.active or (job.dataset_id != dataset_id and job.state is not JobState.DONE)
    )
    return find_unread_uploads(tools.uploads_dir, paths_to_read(awaiting, tools.data_dir), began)


# the proof


def _check(tools: EraseTools, plan: ErasePlan, progress: Progress) -> SearchFindings:
    dataset_id = plan.erasure.dataset_id
    other_ids = {dataset.id for dataset in tools.store.datasets()} - {dataset_id}
    skipped = {root / other_id for root in (tools.artifacts.root, tools.exports_dir) for other_id in other_ids}
    # The plan itself holds what is looked for, and goes when the search is done.
    skipped |= {tools.models_dir, tools.artifacts.path(dataset_id, ArtifactKind.ERASURE, plan.id)}
    return search_remains(tools.eraser, tools.data_dir, tools.artifacts, skipped, plan.erasure, progress)
