"""Erase a whole dataset, with what was dropped for it, and look for what is left."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from core.base.json_values import Json, JsonRecord, encode_record
from core.base.progress import UNWATCHED, Progress
from core.store.disk_reserve import Reserve
from core.workflows.datasets import DeletionReceipt, delete_dataset
from core.workflows.erasure.erase_person import EraseTools, remove_read_uploads
from core.workflows.erasure.proof import SearchFindings, search_remains
from core.workflows.erasure.signed_receipts import ErasedWhat, ReceiptHead
from core.workflows.safekeeping.holding_backups import HoldingBackups

MOST_NAMES = 100
"""Of more people only faces, photos and vectors are looked for: every name is a search of its own."""


@dataclass(frozen=True, slots=True)
class DatasetReceipt(JsonRecord):
    """What was removed and what the search found. As JSON, what was removed stands beside the rest."""

    removed: DeletionReceipt
    uploads: int
    names_searched: int
    """How many names were looked for: those that no other dataset has, none where they are more than
    ``MOST_NAMES``."""
    check: SearchFindings
    by: str = ""
    """Who asked for it."""
    receipt_id: str = ""
    """Of the signed receipt; see ``signed_receipts``."""
    backups: HoldingBackups | None = None
    """Those that hold it still; None where none is known of."""

    def to_json(self) -> dict[str, Json]:
        """One object."""
        searched: dict[str, Json] = {"uploads": self.uploads, "names_searched": self.names_searched}
        request_fields: dict[str, Json] = {"by": self.by, "receipt_id": self.receipt_id}
        backups: dict[str, Json] = {"backups": self.backups.to_json()} if self.backups else {}
        return {**encode_record(self.removed), **searched, "check": self.check.to_json(), **request_fields, **backups}


def erase_dataset(tools: EraseTools, dataset_id: str, progress: Progress = UNWATCHED, by: str = "") -> DatasetReceipt:
    """Remove a dataset, and the uploads that nobody else will read; then search every file.

    A kill on the way leaves files of a dataset that is gone: the next worker sweeps them, and ends the receipt.

    Raises
    ------
    NotFound
        There is no such dataset.
    DataFolderBusy
        Work on it does not stop, or another process keeps the database's log from being emptied.
    """
    began = time.time()
    progress.report(0, 0, "Erasing")
    # Names, ids and vectors are read before they go: the search has nothing else to look for.
    erasure = tools.eraser.whole(dataset_id)
    head = ReceiptHead.of(ErasedWhat.DATASET, dataset_id, began)
    # Signed before anything goes, and once more at the end: its rows take along whatever else could tell of it.
    with Reserve(tools.data_dir).lend():
        tools.receipts.keep(replace(head, is_done=False), {"by": by})
    removed = delete_dataset(tools.store, tools.jobs, tools.artifacts, tools.exports_dir, dataset_id)
    uploads = remove_read_uploads(tools, dataset_id, began)
    # Without names the names of others need not be spared either.
    sought = erasure if len(erasure.names) <= MOST_NAMES else replace(erasure, names=(), spared=())
    other_ids = {dataset.id for dataset in tools.store.datasets()}
    # Other datasets may hold the same photos and names in their own right; the database, which they share, is searched.
    skipped = {root / other_id for root in (tools.artifacts.root, tools.exports_dir) for other_id in other_ids}
    skipped.add(tools.models_dir)
    check = search_remains(tools.eraser, tools.data_dir, tools.artifacts, skipped, sought, progress)
    receipt = DatasetReceipt(
        removed=removed,
        uploads=uploads,
        names_searched=len(sought.names),
        check=check,
        by=by,
        receipt_id=head.id,
        backups=tools.find_backups(dataset_id, began),
    )
    tools.receipts.keep(head, receipt.to_json())
    return receipt
