"""Jobs that take something out of a dataset or bring something in: exports, imports, and erasing a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.base.errors import Cancelled, FaceAtlasError, InputRefused
from core.base.types import CancelToken, Report
from core.corrections.model import Hand
from core.services import Services
from core.store.job_model import Job, JobKind, JobState
from core.workflows.erasure import erase_person as erasing
from core.workflows.exchange import arrivals
from core.workflows.exchange import export as exporting
from core.workflows.exchange.arrivals import Delivery
from core.workflows.identification.lookups import kept_lookups, outputs
from core.workflows.identification.lookups.values import TARGET_RATE

Train = Callable[[dict[str, Any], Report, CancelToken], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class EraseParams:
    """An erasing as a job keeps it: without a name."""

    person_id: int
    by: str
    all_photos: bool = False
    retrain: bool = True
    """Train again, as the newest of the deleted runs was trained."""

    def params(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ExportParams:
    """An export as a job keeps it."""

    what: str = "all"
    run: str | None = None
    """Whose bundle; the newest run's by default."""
    person_id: int | None = None
    """Only what is of this person."""

    def params(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SortParams:
    """The sorting of a lookup's photos as a job keeps it."""

    lookup: str
    rate: float = TARGET_RATE
    """The share of strangers that may be named."""

    def params(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ImportParams:
    """A delivery as a job keeps it."""

    path: str
    """A file or folder; relative paths start in the data folder. Empty for the photos of the dataset themselves."""
    title: str
    """What people call it: the name of the file they gave."""
    what: str
    member: str
    """Which file of a zip or folder; empty for the whole."""
    author: str
    session: str
    """The sitting by which names and corrections are undone."""
    name: str | None = None
    """Of the dataset that a bundle becomes."""

    def params(self) -> dict[str, Any]:
        return asdict(self)

    def delivery(self, data_dir: Path) -> Delivery:
        path = data_dir / self.path if self.path else None
        return Delivery(path, exporting.ExportKind(self.what), self.member, self.name)


def run_export(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    """Write an export beside the datasets, to be downloaded; gives its size and how many of each thing are in it."""
    params = ExportParams(**job.params)
    runs = services.runs.runs(job.dataset_id)
    run = services.runs.run(params.run) if params.run else next(iter(runs), None)
    path = exporting.export_path(services.settings.exports_dir, job.dataset_id, job.id)
    request = exporting.ExportRequest(exporting.ExportKind(params.what), run, params.person_id)
    counts = exporting.export_dataset(services.export_tools(), job.dataset_id, request, path, report, token)
    return {**counts, "bytes": path.stat().st_size}


def sort_lookup(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    """Write the photos of a lookup, sorted by person, beside the exports; gives how many there are of each thing."""
    params = SortParams(**job.params)
    stored_lookup = kept_lookups.load_lookup(services.artifacts, job.dataset_id, params.lookup)
    path = exporting.export_path(services.settings.exports_dir, job.dataset_id, job.id)
    photos_path = kept_lookups.find_lookup_photos(services.artifacts, stored_lookup)
    zip_names = kept_lookups.find_zip_names(services.jobs, stored_lookup)  # photos are found by their names
    with services.open_source(photos_path, folders_are_people=False, zip_names=zip_names) as source:
        counts = outputs.sort_photos(stored_lookup, source, path, params.rate, report, token)
    return {**counts, "bytes": path.stat().st_size}


def run_import(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    """Take what a file from elsewhere holds into the dataset; a bundle becomes one of its own."""
    params = ImportParams(**job.params)
    recorded = services.log.events(job.dataset_id, session=params.session) if job.result else []
    if recorded:  # names that were given before a kill, and what came of them
        return {**job.result, "event": recorded[-1].id}
    delivery = params.delivery(services.settings.data_dir)
    if delivery.path is not None and not delivery.path.exists():
        raise InputRefused(f"'{params.title}' is not there any more. Give it again.")
    tools, by = services.arrival_tools(), Hand(params.author, params.session)
    with services.writing(job.dataset_id, report, token):
        return arrivals.import_delivery(
            tools, job.dataset_id, delivery, by, report, token, partial(services.jobs.keep_result, job.id)
        )


def run_erase(services: Services, job: Job, report: Report, token: CancelToken, train: Train) -> dict[str, Any]:
    """Erase a person, or finish what an earlier attempt began; gives the receipt."""
    params = EraseParams(**job.params)
    result = job.result or _result_of_killed_erasing(services, job.dataset_id, params.person_id)
    if result.get("check"):
        services.jobs.keep_result(job.id, result)
    else:
        newest = next((run.id for run in services.runs.runs(job.dataset_id)), None)
        training = {"params": find_training_params(services, job.dataset_id, newest)} if params.retrain else {}
        request = erasing.EraseRequest(params.person_id, params.by, params.all_photos, training)
        with services.writing(job.dataset_id, report, token), services.reserve.lend():
            erasing.erase_person(services.erase_tools(), job.dataset_id, request, job.id, report, token)
    receipt = services.jobs.job(job.id).result
    training = receipt.pop("training", None)
    return receipt | (_train_again(services, job.dataset_id, training, report, token, train) if training else {})


def _result_of_killed_erasing(services: Services, dataset_id: str, person_id: int) -> dict[str, Any]:
    """What the same command had done and proved before it was killed; empty where it had not."""
    if any(person.id == person_id for person in services.store.people(dataset_id)):
        return {}
    erasings = (job for job in services.jobs.jobs(dataset_id) if job.kind is JobKind.ERASE)
    killed = (job for job in erasings if job.state is JobState.INTERRUPTED)
    return next((job.result for job in killed if job.params["person_id"] == person_id and job.result.get("check")), {})


def _train_again(
    services: Services, dataset_id: str, training: dict[str, Any], report: Report, token: CancelToken, train: Train
) -> dict[str, Any]:
    """Train as the deleted run was trained, unless that was done before a kill; gives what the receipt says of it."""
    newest = next(iter(services.runs.runs(dataset_id)), None)
    if newest is not None and newest.created > training["since"]:
        return {"models_retrained": 1, "run": newest.id}
    try:
        return {"models_retrained": 1, **train(training["params"], report, token)}
    except Cancelled:
        raise
    except FaceAtlasError as refusal:
        return {"not_retrained": str(refusal)}


def find_training_params(services: Services, dataset_id: str, run_id: str | None) -> dict[str, Any]:
    """The parameters of the training that made a run; the defaults when its job is forgotten."""
    for job in services.jobs.jobs(dataset_id):
        if job.kind is JobKind.TRAIN and job.state is JobState.DONE and job.result.get("run") == run_id:
            return job.params
    return {}
