"""The datasets themselves: ``datasets``, ``rename-dataset``."""

from __future__ import annotations

import argparse

from core.cli import resolution
from core.cli.parser import Answer, Commands, require_dataset
from core.services import Services
from core.store.values.datasets import Dataset


def add_datasets(commands: Commands) -> None:
    """``datasets``."""
    commands.add("datasets", _datasets, "the datasets of the data folder, with what they hold")


def _datasets(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    return {"datasets": [_dataset_json(services, dataset) for dataset in services.store.datasets()]}


def _dataset_json(services: Services, dataset: Dataset) -> Answer:
    counts = services.store.counts(dataset.id)
    return {
        "dataset": dataset.name,
        "id": dataset.id,
        "model": dataset.model_id,
        "keeps_photos": dataset.keeps_photos,
        "photos": counts.photos,
        "faces": counts.faces,
        "people": counts.people,
        "unnamed": counts.unnamed_faces,
        "runs": len(services.runs.runs(dataset.id)),
    }


def add_rename_dataset(commands: Commands) -> None:
    """``rename-dataset``."""
    command = require_dataset(commands.add("rename-dataset", _rename_dataset, "give a dataset another name"))
    command.add_argument("name", metavar="NEW_NAME")


def _rename_dataset(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    services.store.rename_dataset(dataset.id, options.name)
    return _dataset_json(services, services.store.dataset(dataset.id))
