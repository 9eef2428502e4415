"""Erase a whole dataset, with what was dropped for it, and look for what is left."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from core.base.types import Report, ignore_progress
from core.workflows.datasets import delete_dataset
from core.workflows.erasure.erase_person import EraseTools, remove_uploads
from core.workflows.erasure.proof import search_remains

MOST_NAMES = 100
"""Of more people only faces, photos and vectors are looked for: every name is a search of its own."""


def erase_dataset(tools: EraseTools, dataset_id: str, report: Report = ignore_progress) -> dict[str, Any]:
    """Remove a dataset, and the uploads that nobody else will read; then search every file.

    A kill on the way leaves files of a dataset that is gone: the next worker sweeps them.

    Returns
    -------
    The receipt: what was removed, in numbers, and what the search found, as of a person; ``names_searched`` is how many
    names were looked for: those that no other dataset has, none where they are more than ``MOST_NAMES``.

    Raises
    ------
    NotFound
        There is no such dataset.
    DataFolderBusy
        Work on it does not stop, or another process keeps the database's log from being emptied.
    """
    began = time.time()
    report(0, 0, "Erasing")
    erasure = tools.eraser.whole(dataset_id)
    receipt = delete_dataset(tools.store, tools.jobs, tools.artifacts, tools.exports_dir, dataset_id)
    uploads = remove_uploads(tools, dataset_id, began)
    sought = erasure if len(erasure.names) <= MOST_NAMES else replace(erasure, names=(), spared=())
    other_ids = {dataset.id for dataset in tools.store.datasets()}
    skipped = {root / other_id for root in (tools.artifacts.root, tools.exports_dir) for other_id in other_ids}
    searched = tools.store, tools.eraser, tools.artifacts, tools.data_dir
    check = search_remains(*searched, {*skipped, tools.models_dir}, sought, report)
    return receipt | {"uploads": uploads, "names_searched": len(sought.names), "check": check}
