"""What the words of a command mean: the data folder, a dataset, a run, a file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.base.errors import ImageRefused, NotFound
from core.base.settings import settings_from_env
from core.services import Services
from core.store.values.datasets import Dataset
from core.store.values.runs import Run


def open_services(options: argparse.Namespace) -> Services:
    """Everything that works, on the data folder that is meant."""
    return Services(settings_from_env(options.data))


def open_dataset(options: argparse.Namespace) -> tuple[Services, Dataset]:
    """The same, and the dataset of ``--dataset``. Raises NotFound."""
    services = open_services(options)
    return services, services.store.dataset(options.dataset)


def open_run(options: argparse.Namespace) -> tuple[Services, Run]:
    """The same, and the run of ``--run``, or the newest of the dataset. Raises NotFound."""
    services, dataset = open_dataset(options)
    # Only runs of this dataset, though ids are unique: a run of another one was meant for other people.
    runs = services.runs.runs(dataset.id)
    if options.run:
        return services, find_run(dataset, runs, options.run)
    if not runs:
        raise NotFound(
            f"Nothing was trained on '{dataset.name}' yet. Run `python -m core train --dataset {dataset.name}` first."
        )
    return services, runs[0]


def find_run(dataset: Dataset, runs: Sequence[Run], run_id: str) -> Run:
    """The run of a dataset that has an id. Raises NotFound, also for runs of other datasets."""
    for run in runs:
        if run.id == run_id:
            return run
    raise NotFound(
        f"There is no run '{run_id}' of '{dataset.name}'. `python -m core runs --dataset {dataset.name}` lists them."
    )


def read_photo_bytes(path: Path) -> bytes:
    """The content of a photo. Raises ImageRefused when it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as fault:
        raise ImageRefused(f"it cannot be read ({fault.strerror}).") from fault
