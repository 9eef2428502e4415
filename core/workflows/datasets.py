"""Datasets: made, renamed, deleted with everything that belongs to them."""

from __future__ import annotations

import time

from core.errors import DataFolderBusy, ModelMismatch, NotFound
from core.store.artifacts import Artifacts
from core.store.base import Dataset, FaceStore, JobStore

STOPPING_S = 20.0
STOPPING_STEP_S = 0.2


def find_or_create(store: FaceStore, name: str, model_id: str | None, default_model: str) -> Dataset:
    """The dataset of this name, made when it is not there.

    Raises
    ------
    ModelMismatch
        It exists with another model than the one asked for.
    """
    try:
        found = store.dataset(name)
    except NotFound:
        return store.create_dataset(name, model_id or default_model)
    if model_id and model_id != found.model_id:
        raise ModelMismatch(
            f"The dataset '{found.name}' uses the model '{found.model_id}', not '{model_id}'. "
            "Use another dataset for another model."
        )
    return found


def delete(store: FaceStore, jobs: JobStore, artifacts: Artifacts, dataset_id: str) -> None:
    """Remove a dataset's rows and files. The rows go first: no page shows a face whose picture is gone.

    Work on it is told to stop; the worker also stops by itself when it finds that its job is gone.

    Raises
    ------
    DataFolderBusy
        A job on it does not stop; the dataset is still whole.
    """
    _stop_jobs(jobs, dataset_id)
    store.delete_dataset(dataset_id)
    artifacts.delete_dataset(dataset_id)


def _stop_jobs(jobs: JobStore, dataset_id: str) -> None:
    """Cancel what is active and wait until it has stopped."""
    until = time.monotonic() + STOPPING_S
    while active := [job for job in jobs.jobs(dataset_id) if job.state.active]:
        if time.monotonic() > until:
            raise DataFolderBusy("Work on this dataset is still stopping. Try again in a moment.")
        for job in active:
            jobs.cancel(job.id)
        time.sleep(STOPPING_STEP_S)
