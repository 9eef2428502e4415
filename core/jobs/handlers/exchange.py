"""Jobs that take something out of a dataset, or bring something in."""

from __future__ import annotations

from dataclasses import replace

from core.base.errors import InputRefused
from core.base.progress import Progress
from core.corrections.model import Editor
from core.jobs.unkept_uploads import leaving_no_upload
from core.language.texts import marked
from core.services import Services
from core.store.job_model import Job
from core.workflows.exchange import deliveries
from core.workflows.exchange import export as exporting
from core.workflows.exchange.deliveries import ImportRequest, ImportResult
from core.workflows.exchange.export import ExportRequest, ExportSummary
from core.workflows.exchange.import_names import SidecarSummary
from core.workflows.uploads import discard_upload


def run_export(services: Services, job: Job, request: ExportRequest, progress: Progress) -> ExportSummary:
    """Write an export beside the datasets, to be downloaded."""
    path = exporting.export_path(services.settings.exports_dir, job.dataset_id, job.id)
    summary = exporting.export_dataset(services.export_tools(), job.dataset_id, request, path, progress)
    return replace(summary, bytes=path.stat().st_size)


def run_import(services: Services, job: Job, request: ImportRequest, progress: Progress) -> ImportResult:
    """Take what a file from elsewhere holds into the dataset; a bundle becomes one of its own. An upload goes then."""
    result = _recorded_result(services, job, request)
    if result is None:
        with leaving_no_upload(services, job, progress):
            result = _import_delivery(services, job, request, progress)
    # Only when all is stored: a job that is resumed reads the upload again.
    discard_upload(services.settings.uploads_dir, services.settings.data_dir / request.path)
    return result


def _recorded_result(services: Services, job: Job, request: ImportRequest) -> ImportResult | None:
    """What came of names that were given by an attempt that was killed before it could say so.

    The result is written down just before the names are recorded as one event: where both are there, nothing is left to
    do but to say which event it was.
    """
    # Looked for by the sitting, which is this import's alone, whatever process recorded them.
    events = services.log.events(job.dataset_id, session=request.session) if job.result else []
    if not events:
        return None
    result = ImportResult.of(job)
    if not isinstance(result.summary, SidecarSummary):
        return result
    return replace(result, summary=replace(result.summary, event=events[-1].id))


def _import_delivery(services: Services, job: Job, request: ImportRequest, progress: Progress) -> ImportResult:
    delivery = request.delivery(services.settings.data_dir)
    if delivery.path is not None and not delivery.path.exists():
        raise InputRefused(marked("'{file}' is not there any more. Give it again.").format(file=request.title))

    def keep(result: ImportResult) -> None:
        services.jobs.keep_result(job.id, result.to_json())

    tools, by = services.arrival_tools(), Editor(request.author, request.session)
    return deliveries.import_delivery(tools, job.dataset_id, delivery, by, progress, keep)
