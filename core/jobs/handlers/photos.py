"""Jobs on the photos of a dataset: taking them in, looking at them again, embedding their faces with another model."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from core.access.quotas import Coming
from core.access.view import quotas_of
from core.base.errors import InputRefused
from core.base.progress import Progress
from core.jobs.unkept_uploads import leaving_no_upload
from core.language.texts import marked
from core.services import Services
from core.store.job_model import Job
from core.workflows.photos import ingest, look_again, model_change
from core.workflows.photos.folder_strangers import mark_folder_strangers
from core.workflows.photos.ingest import IngestSummary, IngestTarget
from core.workflows.photos.look_again import RedetectionSummary
from core.workflows.photos.model_change import ModelChange
from core.workflows.photos.requests import ChangeModelRequest, IngestRequest, LookAgainRequest
from core.workflows.uploads import discard_upload


def run_ingest(services: Services, job: Job, request: IngestRequest, progress: Progress) -> IngestSummary:
    """Take photos in; an upload goes when it was taken."""
    began = time.monotonic()
    path = request.locate(services.settings.data_dir)
    if isinstance(path, Path) and not path.exists():
        raise InputRefused(marked("'{file}' is not there any more. Give it again.").format(file=request.title))
    progress.report(0, 0, marked("Loading the networks"))
    tools = services.ingestor(job.dataset_id)
    # Under the job's id, and a resumed job has the same one: files that have a line in its report are passed over.
    target = IngestTarget(job.dataset_id, job.id, request.policy)
    with (
        leaving_no_upload(services, job, progress),
        services.open_source(
            path,
            folders_are_people=request.folders_are_people,
            folders=request.folders,
            zip_names=request.zip_names,
            stranger_folders=request.stranger_folders,
        ) as source,
    ):
        # Before the first photo, for whoever owns the dataset; nothing limits what this computer itself asks for.
        if job.asker:
            coming = Coming.of(source, services.store.reported(job.id))
            quotas_of(services).require_room(job.dataset_id, coming)
        summary = ingest.ingest_photos(tools, source, target, progress)
        strangers = mark_folder_strangers(tools.store, services.log, source, target)
    if isinstance(path, Path):
        discard_upload(services.settings.uploads_dir, path)
    return replace(summary, strangers=strangers, seconds=seconds_since(began))


def run_look_again(services: Services, job: Job, request: LookAgainRequest, progress: Progress) -> RedetectionSummary:
    """Look for faces anew: on all photos, or on those that were turned."""
    began = time.monotonic()
    progress.report(0, 0, marked("Loading the networks"))
    if request.turned:
        summary = services.look_at_turned(job.dataset_id, progress) or RedetectionSummary()
    else:
        policy = request.policy or services.face_policy(job.dataset_id)
        target = IngestTarget(job.dataset_id, job.id, policy)
        summary = look_again.detect_again(services.ingestor(job.dataset_id), target, progress)
    return replace(summary, seconds=seconds_since(began))


def run_model_change(services: Services, job: Job, request: ChangeModelRequest, progress: Progress) -> ModelChange:
    """Embed all faces with another model."""
    began = time.monotonic()
    progress.report(0, 0, marked("Loading the networks"))
    tools = services.ingestor(job.dataset_id, request.model)
    return replace(model_change.change_model(tools, job.dataset_id, progress), seconds=seconds_since(began))


def seconds_since(began: float) -> float:
    """Seconds since a reading of the monotonic clock, as results keep them."""
    return round(time.monotonic() - began, 3)
