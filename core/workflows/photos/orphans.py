"""What a process that was killed leaves: drafts, files whose rows were never written, datasets that were being deleted.

Nothing that somebody may still be writing is touched, and nothing of a dataset that only another database knows.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from core.base.files.folders import read_state
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
    try_lock: Callable[[str], AbstractContextManager[bool]]
    """Holds a dataset's lock, unless somebody who writes it has it: then False."""
    artifacts: Artifacts
    exports_dir: Path
    uploads_dir: Path


def sweep_leftovers(tools: LeftoverTools, older_than_s: float = SETTLED_S) -> int:
    """Remove what killed processes left; how many files and folders it was."""
    oldest_kept_s = time.time() - older_than_s
    # What runs writes files before their rows: on a busy dataset they look like leftovers, and are none.
    idle_datasets = _idle_datasets(tools)
    swept = 0
    gone_ids = _datasets_without_rows(tools, oldest_kept_s)
    # A deletion was cut off when the rows were gone, and the database was not compacted then.
    if gone_ids:
        tools.eraser.compact()
    for dataset_id in gone_ids:
        if max((file.written for file in tools.artifacts.files(dataset_id)), default=0.0) < oldest_kept_s:
            tools.artifacts.delete_dataset(dataset_id)
            swept += 1
    for path in [*_exports_of(tools, gone_ids), *_drafts(tools, idle_datasets)]:
        # By its age too: a command may have begun since the jobs were listed.
        if (state := read_state(path)) and state.st_mtime < oldest_kept_s:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            swept += 1
    for dataset_id in idle_datasets:
        # Who has begun to write since would take a file that is about to go for one that need not be written.
        with tools.try_lock(dataset_id) as is_ours:
            if is_ours:
                swept += tools.artifacts.delete_drafts(dataset_id, oldest_kept_s)
                swept += _sweep_files_without_rows(tools, dataset_id, oldest_kept_s)
    return swept


def _idle_datasets(tools: LeftoverTools) -> list[str]:
    """The datasets on which nothing runs."""
    busy = {job.dataset_id for job in tools.jobs.active() if job.state is JobState.RUNNING}
    return [dataset.id for dataset in tools.store.datasets() if dataset.id not in busy]


def _datasets_without_rows(tools: LeftoverTools, oldest_kept_s: float) -> list[str]:
    going_ids = tools.artifacts.going_ids(oldest_kept_s)
    # Asked afterwards: whoever adds a dataset announces its files, then writes its rows.
    dataset_ids = {dataset.id for dataset in tools.store.datasets()}
    return [dataset_id for dataset_id in going_ids if dataset_id not in dataset_ids]


def _exports_of(tools: LeftoverTools, dataset_ids: list[str]) -> list[Path]:
    return [tools.exports_dir / dataset_id for dataset_id in dataset_ids]


def _drafts(tools: LeftoverTools, idle_datasets: list[str]) -> Iterator[Path]:
    """Drafts, and what was taken apart on the way."""
    for dataset_id in idle_datasets:
        exports = tools.exports_dir / dataset_id
        yield from (path for path in exports.glob("*") if _is_draft(path))
    # Parts that are taken out of an archive do not say whose they are.
    if len(idle_datasets) == len(tools.store.datasets()):
        yield from tools.uploads_dir.glob(f"{_SCRATCH}*")


def _is_draft(path: Path) -> bool:
    return path.name.endswith(_DRAFT) or path.name.startswith(_SCRATCH)


def list_known_files(eraser: EraseStore, runs: RunStore, dataset_id: str) -> dict[ArtifactKind, set[str]]:
    """The files that the rows of a dataset speak of, of each kind of which a row is needed.

    A row of a run speaks of several files, of which some need not be there.
    """
    photos, crops = eraser.kept_files(dataset_id)
    run_ids = runs.run_ids(dataset_id)
    return {
        ArtifactKind.PHOTO: photos,
        ArtifactKind.CROP: crops,
        ArtifactKind.MAP: {info.id for info in runs.maps(dataset_id)},
        **dict.fromkeys(
            (ArtifactKind.RUN, ArtifactKind.PREDICTIONS, ArtifactKind.GALLERY, ArtifactKind.STUDY), run_ids
        ),
    }


def _sweep_files_without_rows(tools: LeftoverTools, dataset_id: str, oldest_kept_s: float) -> int:
    """Remove files that were written before their rows, of work that was not resumed; how many there were."""
    # Asked while nothing runs on it, so what no row speaks of now belongs to no work that goes on.
    known_ids = list_known_files(tools.eraser, tools.runs, dataset_id)
    swept = 0
    for kind, ids in known_ids.items():
        for file_id in set(tools.artifacts.ids(dataset_id, kind)) - ids:
            file = tools.artifacts.find(dataset_id, kind, file_id)
            if file is not None and file.written < oldest_kept_s:
                tools.artifacts.delete(dataset_id, kind, file_id)
                swept += 1
    return swept
