"""Datasets: made, renamed, deleted with everything that belongs to them."""

from __future__ import annotations

from core.errors import ModelMismatch, NotFound
from core.store.artifacts import Artifacts
from core.store.base import Dataset, FaceStore


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


def delete(store: FaceStore, artifacts: Artifacts, dataset_id: str) -> None:
    """Remove a dataset's rows and files. The rows go first: no page shows a face whose picture is gone."""
    store.delete_dataset(dataset_id)
    artifacts.delete_dataset(dataset_id)
