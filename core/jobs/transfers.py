"""Jobs that take something out of a dataset: exports, and erasing a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import TrainingRefused
from core.jobs.model import Job, JobKind, JobState
from core.services import Services
from core.types import CancelToken, Report
from core.workflows import erase as erasing
from core.workflows import export as exporting

Train = Callable[[dict[str, Any], Report, CancelToken], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class EraseParams:
    """An erasing as a job keeps it: without a name."""

    person_id: int
    by: str
    all_photos: bool = False
    retrain: bool = False
    """Train again, as the newest of the deleted runs was trained."""

    def params(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ExportParams:
    """An export as a job keeps it."""

    what: str = "all"
    run: str | None = None
    """Whose bundle; the newest run's by default."""

    def params(self) -> dict[str, Any]:
        return asdict(self)


def export(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    """Write an export beside the datasets, to be downloaded; gives its size and how many of each thing are in it."""
    given = ExportParams(**job.params)
    runs = services.runs.runs(job.dataset_id)
    run = services.runs.run(given.run) if given.run else next(iter(runs), None)
    path = exporting.exported(services.settings.exports_dir, job.dataset_id, job.id)
    counts = exporting.export(
        services.export_tools(), job.dataset_id, exporting.What(given.what), path, run, report, token
    )
    return {**counts, "bytes": path.stat().st_size}


def erase(services: Services, job: Job, report: Report, token: CancelToken, train: Train) -> dict[str, Any]:
    """Erase a person; gives the receipt."""
    given = EraseParams(**job.params)
    learned = _training_of_newest_run(services, job.dataset_id)
    request = erasing.EraseRequest(given.person_id, given.by, given.all_photos)
    with services.writing(job.dataset_id, report, token):
        receipt = erasing.erase(services.erase_tools(), job.dataset_id, request, job.id, report, token)
    if not (given.retrain and receipt["models_deleted"]):
        return receipt
    try:
        again = train(learned, report, token)
    except TrainingRefused as refusal:
        return {**receipt, "not_retrained": str(refusal)}
    return {**receipt, "models_retrained": 1, **again}


def _training_of_newest_run(services: Services, dataset_id: str) -> dict[str, Any]:
    """The parameters of the training that made the newest run; the defaults when its job is forgotten."""
    newest = next((run.id for run in services.runs.runs(dataset_id)), None)
    for job in services.jobs.jobs(dataset_id):
        if job.kind is JobKind.TRAIN and job.state is JobState.DONE and job.result.get("run") == newest:
            return job.params
    return {}
