"""Faces that came in a folder of strangers are marked as nobody who is to be named, when their photos are in."""

from __future__ import annotations

import numpy as np

from core.archives.source import PhotoSource
from core.base.face_table import take_items
from core.corrections.model import CorrectionLog, Editor
from core.store.values.datasets import FileOutcome
from core.workflows.labels.correct import Corrector
from core.workflows.photos.ingest import IngestTarget
from core.workflows.photos.ingestor import IngestStore

AUTHOR = "Face Atlas"


def mark_folder_strangers(store: IngestStore, log: CorrectionLog, source: PhotoSource, target: IngestTarget) -> int:
    """Mark the faces of the photos that this ingest took from folders of strangers; how many there are.

    What was there before is not touched, nor what somebody has named since. Safe to repeat.
    """
    positions = {entry.index for entry in source.entries if entry.is_stranger}
    if not positions:
        return 0
    reports = store.file_reports(target.job_id, [FileOutcome.TAKEN])
    photo_ids = {report.photo_id for report in reports if report.position in positions}
    table = store.face_table(target.dataset_id)
    rows = np.flatnonzero([photo_id in photo_ids for photo_id in table.photo_ids])
    # An event as any other: it stands in the history, and can be undone there.
    if len(unmarked := rows[(table.labels[rows] < 0) & ~table.strangers[rows]]):
        corrector = Corrector(store, log, target.dataset_id, Editor(AUTHOR, f"ingest-{target.job_id}"))
        corrector.mark_strangers(take_items(table.face_ids, unmarked))
    return int(np.count_nonzero(table.labels[rows] < 0))
