"""Keep the photos of a dataset no longer: their files go, and none is kept from then on. It cannot be undone.

Each stage can be done again. What only a file tells, and is asked of it later (how it lies by its EXIF), is written
down for all photos first; then the dataset says that it keeps none, and nobody asks for one any more; then the files
go, with whatever else may hold a photo: exports, uploads that nobody will read, the photos of lookups.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.base import words
from core.base.errors import FileDamaged, ImageRefused, InputRefused, NotFound
from core.base.json_values import Json, drop_empty, encode_record
from core.base.progress import UNWATCHED, Progress
from core.base.settings import ImageLimits
from core.language.texts import marked
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobRequest, JobResult, JobState
from core.store.values.datasets import Dataset
from core.workflows.datasets import delete_exports
from core.workflows.erasure.erase_person import EraseTools, list_read_uploads, remove_read_uploads, require_quiet
from core.workflows.erasure.signed_receipts import ErasedWhat, ReceiptHead
from core.workflows.photos.stored_orientation import read_file_orientation
from core.workflows.safekeeping.holding_backups import HoldingBackups

WITH_PHOTOS = (ArtifactKind.PHOTO, ArtifactKind.LOOKUP_PHOTOS)
PHOTOS_AT_ONCE = 200
"""So many are noted in one transaction."""


@dataclass(frozen=True, slots=True)
class DiscardRequest(JobRequest):
    """The photos of the dataset whose job it is are to go."""

    by: str
    """Who asks for it."""


@dataclass(frozen=True, slots=True)
class DiscardReceipt(JobResult):
    """What went with the photos of a dataset."""

    when: str = ""
    """The time in UTC, as ISO 8601 writes it."""
    began: float = 0.0
    """The same in seconds since 1970."""
    by: str = ""
    photos: int = 0
    """Files of photos; their names, sizes and times stay."""
    photo_bytes: int = 0
    exports: int = 0
    uploads: int = 0
    lookups: int = 0
    """Results of *Many photos* whose photos went."""
    left: int | None = None
    """Files with photos that are there still; None before that was looked for."""
    receipt_id: str | None = None
    """Of the signed receipt; see ``signed_receipts``."""
    backups: HoldingBackups | None = None
    """Those that hold the photos still; None where none is known of."""

    def to_json(self) -> dict[str, Json]:
        """Without what it does not say."""
        return drop_empty(encode_record(self))


def discard_photos(
    tools: EraseTools,
    dataset_id: str,
    request: DiscardRequest,
    limits: ImageLimits,
    job_id: str = "",
    progress: Progress = UNWATCHED,
) -> DiscardReceipt:
    """Delete the photos of a dataset for good, or finish what was begun; faces, vectors, names and crops stay.

    Raises
    ------
    InputRefused
        The dataset keeps no photos already.
    DataFolderBusy
        Other work on the dataset is running.
    Cancelled
        Before anything went.
    """
    require_quiet(tools.jobs, dataset_id, job_id)
    dataset = tools.store.dataset(dataset_id)
    if dataset.keeps_photos:
        _note_orientations(tools, dataset_id, limits, progress)
        receipt = _count(tools, dataset_id, request)
        # Before the photos go: an attempt after a kill could not count them any more.
        tools.jobs.keep_result(job_id, receipt.to_json())
        tools.store.set_photo_keeping(dataset_id, False)
    else:
        receipt = _begun_receipt(tools, dataset, request)
    _delete_files(tools, dataset_id, progress)
    receipt = replace(receipt, left=_count_left(tools, dataset_id))
    head = ReceiptHead.of(ErasedWhat.PHOTOS, dataset_id, receipt.began)
    receipt = replace(receipt, receipt_id=head.id, backups=tools.find_backups(dataset_id, receipt.began))
    tools.receipts.keep(head, receipt.to_json())
    tools.jobs.keep_result(job_id, receipt.to_json())
    return receipt


def _note_orientations(tools: EraseTools, dataset_id: str, limits: ImageLimits, progress: Progress) -> None:
    """Write down how each file lies: sidecars are written and read by it, whoever keeps the photos."""
    photo_ids = sorted(tools.store.photo_labels(dataset_id))
    for start in range(0, len(photo_ids), PHOTOS_AT_ONCE):
        progress.step(start, len(photo_ids), marked("Noting how the photos lie"))
        orientations = _read_orientations(tools, dataset_id, photo_ids[start : start + PHOTOS_AT_ONCE], limits)
        tools.store.note_orientations(dataset_id, dict(orientations))
    progress.step(len(photo_ids), len(photo_ids), marked("Noting how the photos lie"))


def _read_orientations(
    tools: EraseTools, dataset_id: str, photo_ids: list[str], limits: ImageLimits
) -> Iterator[tuple[str, int]]:
    for photo_id in photo_ids:
        photo, _ = tools.store.photo(dataset_id, photo_id)
        if photo.orientation is not None:
            continue
        try:
            yield photo_id, read_file_orientation(tools.artifacts, dataset_id, photo, limits)
        except (NotFound, FileDamaged, ImageRefused):
            # What cannot be read could not be asked later either.
            continue


def _count(tools: EraseTools, dataset_id: str, request: DiscardRequest) -> DiscardReceipt:
    """What is about to go."""
    began = time.time()
    photos = [file for file in tools.artifacts.files(dataset_id) if file.kind == ArtifactKind.PHOTO]
    return DiscardReceipt(
        when=words.utc_time(began),
        began=began,
        by=request.by,
        photos=len(photos),
        photo_bytes=sum(file.size_bytes for file in photos),
        exports=len(list((tools.exports_dir / dataset_id).glob("*"))),
        uploads=len(list(list_read_uploads(tools, dataset_id, began))),
        lookups=len(tools.artifacts.ids(dataset_id, ArtifactKind.LOOKUP_PHOTOS)),
    )


def _begun_receipt(tools: EraseTools, dataset: Dataset, request: DiscardRequest) -> DiscardReceipt:
    """What an attempt has counted that was cut off, of this job or of a command before it; else what is left.

    Raises InputRefused where nothing was begun and nothing is left.
    """
    for job in tools.jobs.jobs(dataset.id, limit=None):
        if job.kind is JobKind.DISCARD_PHOTOS and job.state is not JobState.DONE and job.result:
            return DiscardReceipt.of(job)
    if not _count_left(tools, dataset.id):
        raise InputRefused(marked("'{dataset}' keeps no photos already.").format(dataset=dataset.name))
    return _count(tools, dataset.id, request)


def _delete_files(tools: EraseTools, dataset_id: str, progress: Progress) -> None:
    files = [(kind, file_id) for kind in WITH_PHOTOS for file_id in tools.artifacts.ids(dataset_id, kind)]
    for number, (kind, file_id) in enumerate(files):
        progress.report(number, len(files), marked("Deleting the photos"))
        tools.artifacts.delete(dataset_id, kind, file_id)
    # A photo whose writing was cut off.
    tools.artifacts.delete_drafts(dataset_id)
    delete_exports(tools.exports_dir, dataset_id)
    remove_read_uploads(tools, dataset_id, time.time())
    progress.report(len(files), len(files), marked("Deleting the photos"))


def _count_left(tools: EraseTools, dataset_id: str) -> int:
    return sum(len(tools.artifacts.ids(dataset_id, kind)) for kind in WITH_PHOTOS)
