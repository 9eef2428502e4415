"""What a process that was killed leaves: drafts, files whose rows were never written, folders of gone datasets.

Nothing that somebody may still be writing is touched.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.store.artifacts import ArtifactKind, Artifacts
from core.store.exchange_protocols import EraseStore
from core.store.job_model import JobState
from core.store.protocols import FaceStore, JobStore, RunStore

SETTLED_S = 60.0
"""What was not touched for so long, and belongs to no running job, is nobody's."""
_DRAFT, _SCRATCH = ".part", "part-"


@dataclass(frozen=True)
class LeftoverTools:
    """What sweeping works with."""

    store: FaceStore
    runs: RunStore
    jobs: JobStore
    eraser: EraseStore
    artifacts: Artifacts
    exports_dir: Path
    uploads_dir: Path


def sweep_leftovers(tools: LeftoverTools, older_than_s: float = SETTLED_S) -> int:
    """Remove what killed processes left; how many files and folders it was."""
    oldest_kept_s = time.time() - older_than_s
    # What runs writes files before their rows: on a busy dataset they look like leftovers, and are none.
    idle_datasets = _idle_datasets(tools)
    swept = 0
    # A dataset whose folder is left lost its rows to a deletion that was cut off, and the database was not compacted
    # then.
    if any(_folders_without_dataset(tools)):
        tools.eraser.compact()
    for path in [
        *_folders_without_dataset(tools),
        *_drafts(tools, idle_datasets),
        *_files_without_rows(tools, idle_datasets),
    ]:
        # By its age too: a command may have begun since the jobs were listed.
        if path.exists() and path.stat().st_mtime < oldest_kept_s:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            swept += 1
    return swept


def _idle_datasets(tools: LeftoverTools) -> list[str]:
    """The datasets on which nothing runs."""
    busy = {job.dataset_id for job in tools.jobs.jobs() if job.state is JobState.RUNNING}
    return [dataset.id for dataset in tools.store.datasets() if dataset.id not in busy]


def _folders_without_dataset(tools: LeftoverTools) -> Iterator[Path]:
    """Folders of datasets whose rows are gone."""
    dataset_ids = {dataset.id for dataset in tools.store.datasets()}
    for root in (tools.artifacts.root, tools.exports_dir):
        if root.is_dir():
            yield from (path for path in root.iterdir() if path.is_dir() and path.name not in dataset_ids)


def _drafts(tools: LeftoverTools, idle_datasets: list[str]) -> Iterator[Path]:
    """Drafts, and what was taken apart on the way."""
    for dataset_id in idle_datasets:
        exports = tools.exports_dir / dataset_id
        yield from (path for path in exports.glob("*") if _is_draft(path))
        yield from (tools.artifacts.root / dataset_id).glob(f"*/*/*{_DRAFT}")
    # Parts that are taken out of an archive do not say whose they are.
    if len(idle_datasets) == len(tools.store.datasets()):
        yield from tools.uploads_dir.glob(f"{_SCRATCH}*")


def _is_draft(path: Path) -> bool:
    return path.name.endswith(_DRAFT) or path.name.startswith(_SCRATCH)


def _files_without_rows(tools: LeftoverTools, idle_datasets: list[str]) -> Iterator[Path]:
    """Files that were written before their rows, of work that was not resumed."""
    for dataset_id in idle_datasets:
        # Asked while nothing runs on it, so what no row speaks of now belongs to no work that goes on.
        photos, crops = tools.eraser.kept_files(dataset_id)
        runs = tools.runs.run_ids(dataset_id)
        known_ids = {
            ArtifactKind.PHOTO: photos,
            ArtifactKind.CROP: crops,
            ArtifactKind.MAP: {info.id for info in tools.runs.maps(dataset_id)},
            **dict.fromkeys(
                (ArtifactKind.RUN, ArtifactKind.PREDICTIONS, ArtifactKind.GALLERY, ArtifactKind.STUDY), runs
            ),
        }
        for kind, ids in known_ids.items():
            stored_ids = tools.artifacts.ids(dataset_id, kind)
            yield from (tools.artifacts.path(dataset_id, kind, file_id) for file_id in stored_ids if file_id not in ids)
