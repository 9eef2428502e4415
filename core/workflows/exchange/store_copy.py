"""A whole store elsewhere: the files of all datasets, each held against its hash, then the rows that point to them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from core.base.errors import DataFolderFault
from core.base.progress import Progress
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.exchange_protocols import WholeStoreCopy

CONTENT_ADDRESSED = (ArtifactKind.PHOTO, ArtifactKind.CROP)
"""Files that are called by the sha256 of what is in them."""
COPIED_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class StoreCopyReceipt:
    """What was copied, after it was compared."""

    rows: dict[str, int]
    """By table."""
    files: int
    file_bytes: int


def copy_whole_store(
    rows: WholeStoreCopy, source: Artifacts, target: Artifacts, progress: Progress
) -> StoreCopyReceipt:
    """Copy files, unless both stores use the same ones, and rows.

    A copy that was broken off goes on with the files that are missing; rows are written whole or not at all. Whoever
    calls it holds the datasets' locks: of somebody who is erased meanwhile files would be left in the target.

    Raises
    ------
    InputRefused
        As ``WholeStoreCopy.copy_rows``.
    DataFolderFault
        A file of the source is not what its name says, or reads back differently from the target.
    Cancelled
        Between two files.
    """
    if source == target:
        return StoreCopyReceipt(rows.copy_rows(progress), files=0, file_bytes=0)
    # A file is there before a row points to it, as everywhere.
    files, file_bytes = copy_files(source, target, rows.dataset_ids(), progress)
    counts = rows.copy_rows(progress)
    # Trainings and maps may have ended while hours of files were copied: the rows speak of theirs, too.
    late_files, late_bytes = copy_files(source, target, rows.dataset_ids(), progress, only_missing=True)
    return StoreCopyReceipt(counts, files + late_files, file_bytes + late_bytes)


def copy_files(
    source: Artifacts, target: Artifacts, dataset_ids: list[str], progress: Progress, *, only_missing: bool = False
) -> tuple[int, int]:
    """Copy the files of some datasets, each compared; how many there were, and their bytes.

    Raises
    ------
    DataFolderFault
        As ``copy_whole_store``.
    Cancelled
        Between two files.
    """
    files, file_bytes, left = 0, 0, _files(source, dataset_ids, target if only_missing else None)
    # Several at once: a disk and an object store are both waited for.
    with ThreadPoolExecutor(COPIED_AT_ONCE, thread_name_prefix="copy") as threads:
        while part := list(islice(left, 8 * COPIED_AT_ONCE)):
            for size in threads.map(lambda file: _copy_file(source, target, *file), part):
                file_bytes += size
                files += 1
                progress.step(files, 0, "Copying files")
    return files, file_bytes


def _files(
    artifacts: Artifacts, dataset_ids: list[str], without: Artifacts | None
) -> Iterator[tuple[str, ArtifactKind, str]]:
    """Files of some datasets, but those that are elsewhere already."""
    for dataset_id in dataset_ids:
        for kind in ArtifactKind:
            known_ids = set(without.ids(dataset_id, kind)) if without else set()
            for file_id in sorted(set(artifacts.ids(dataset_id, kind)) - known_ids):
                yield dataset_id, kind, file_id


def _copy_file(source: Artifacts, target: Artifacts, dataset_id: str, kind: ArtifactKind, file_id: str) -> int:
    content = source.read(dataset_id, kind, file_id)
    # Only whole files are copied: a damaged one would be trusted again because it was just verified.
    if kind in CONTENT_ADDRESSED and content_id(content) != file_id:
        raise DataFolderFault(
            f"The file '{file_id}' of the data that are to be copied is damaged ({kind}). Put back a copy of it, or "
            "delete what it belongs to, then copy again. Nothing was lost."
        )
    target.put(dataset_id, kind, file_id, content)
    if target.read(dataset_id, kind, file_id) != content:
        target.replace(dataset_id, kind, file_id, content)  # of an earlier copy, of the same length
        if target.read(dataset_id, kind, file_id) != content:
            raise DataFolderFault(f"The file '{file_id}' ({kind}) reads back differently than it was written.")
    return len(content)
