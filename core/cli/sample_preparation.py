"""Prepares the sample when it is installed: the jobs that a person would ask for, and a picture of what came of them.

It is done in a folder that gets its name when all of it is there: an installation that is killed leaves nothing that
could be taken for a prepared sample, and the next one begins anew.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from core.base.progress import Progress
from core.base.settings import Settings
from core.cli.job_runner import run_in_process
from core.jobs.answer import plan_answer
from core.services import Services, locate_prepared_sample
from core.store.job_model import JobKind
from core.store.values.datasets import Dataset
from core.vision.models import catalogue
from core.vision.models.sample import SAMPLE_NAME
from core.vision.models.workspace import locked_workspace, replace_folder
from core.workflows.exchange import prepared_sample
from core.workflows.exchange.prepared_sample import PreparedSample
from core.workflows.exchange.sample_picture import LearnedSample, cut_stranger, draw_picture
from core.workflows.photos.requests import IngestRequest

NEEDED_BYTES = 64 << 20
DATASET_NAME, TITLE = "Five celebrities", "the sample"
"""What the dataset is called until somebody opens it, and its photos in the reports."""


def prepare_sample(settings: Settings, progress: Progress) -> bool:
    """Prepare the sample unless it is; False where its photos are not installed."""
    sample = locate_prepared_sample(settings.models_dir)
    if not (sample.folder.parent / SAMPLE_NAME).is_file():
        return False
    if not sample.is_ready:
        with locked_workspace(settings.models_dir, NEEDED_BYTES, progress) as scratch:
            # Another installation may have done it while this one waited.
            if not sample.is_ready:
                _prepare(settings, sample, scratch / "data")
    return True


def _prepare(settings: Settings, sample: PreparedSample, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "models").symlink_to(settings.models_dir, target_is_directory=True)
    services = Services(replace(settings, data_dir=data_dir, database_url=""))
    dataset = services.store.create_dataset(DATASET_NAME, catalogue.DEFAULT_VECTORS_ID)
    photos = IngestRequest(str(sample.folder.parent / SAMPLE_NAME), TITLE, answer=True)
    run_in_process(services, dataset, photos)
    # As the worker goes on after somebody's own photos.
    for request in plan_answer(services, dataset.id):
        run_in_process(services, dataset, request)
    finished = data_dir.parent / "prepared"
    finished.mkdir()
    _write_picture(services, dataset, finished)
    # With the last connection SQLite empties its log into the database, which is then all there is of it.
    services.store.engine.dispose()
    for name in (prepared_sample.DATABASE, prepared_sample.ARTIFACTS):
        (data_dir / name).rename(finished / name)
    (finished / prepared_sample.VERSIONS).write_text(json.dumps(sample.versions), "utf-8")
    replace_folder(finished, sample.folder)


def _write_picture(services: Services, dataset: Dataset, folder: Path) -> None:
    (run,) = services.runs.runs(dataset.id)
    (ingest,) = (job for job in services.jobs.jobs(dataset.id) if job.kind is JobKind.INGEST)
    sample = LearnedSample(
        dataset_id=dataset.id,
        ingest_id=ingest.id,
        store=services.store,
        artifacts=services.artifacts,
        identifier=services.identifier(run),
    )
    (folder / prepared_sample.PICTURE).write_text(json.dumps(draw_picture(sample).to_json()), "utf-8")
    stranger = cut_stranger(sample)
    if stranger is not None:
        (folder / prepared_sample.STRANGER).write_bytes(stranger)
