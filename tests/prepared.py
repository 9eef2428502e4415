"""Data folders that take long to fill: filled once a run, by whichever test process needs one first, and then copied.

Test processes share the folder above their own temporary one, as pytest-xdist's documentation advises.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from core.base.progress import CancelToken
from core.base.types import Photo
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.services import Services
from core.store.job_model import Job, JobKind, JobOwner, JobState
from core.store.values.datasets import IngestBatch, PhotoLabel, StoredFace

SAMPLE = "Five celebrities"


def once(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], None]) -> Path:
    """The folder that ``fill`` makes and fills. It is shared: copy it before anything is written."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "prepared" / name
    folder.parent.mkdir(exist_ok=True)
    done = folder.with_suffix(".done")
    with FileLock(folder.with_suffix(".lock")):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a test process that failed while it filled it
            fill(folder)
            done.touch()
    return folder


def kept(config: pytest.Config, name: str, made_of: Iterable[Path], fill: Callable[[Path], None]) -> Path | None:
    """The folder that ``fill`` fills, kept for later runs until a file that it is made of changes. Nobody writes to it.

    None where pytest keeps nothing (``-p no:cacheprovider``).
    """
    cache = getattr(config, "cache", None)
    if cache is None:
        return None
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(made_of))).hexdigest()[:16]
    folder = cache.mkdir(name) / digest
    with FileLock(folder.parent / "lock"):
        if not folder.exists():
            for earlier in filter(Path.is_dir, folder.parent.iterdir()):
                shutil.rmtree(earlier)
            filling = folder.with_suffix(".part")
            fill(filling)
            filling.rename(folder)
    return folder


def copy(folder: Path, to: Path) -> Path:
    """A data folder of one's own."""
    return shutil.copytree(folder, to, symlinks=True)


def carry(services: Services, dataset_id: str, kind: JobKind, params: Mapping[str, Any] | None = None) -> Job:
    """Do a job here and now; it must succeed."""
    job = services.jobs.submit(dataset_id, kind, dict(params or {}), JobOwner.COMMAND_LINE)
    state = run_job(services.jobs, job, job_handlers(services)[kind], CancelToken())
    ended = services.jobs.job(job.id)
    assert state is JobState.DONE, ended.error + ended.detail
    return ended


def refile(services: Services, source: str, name: str, file: Callable[[Photo], tuple[str, PhotoLabel] | None]) -> str:
    """Another dataset of the same photos in other folders, with the faces that were found when they were taken.

    Parameters
    ----------
    file : gives a photo's name and folder from now on, or None when it is to be left out

    Returns
    -------
    The dataset's id.
    """
    home = services.store.dataset(source)
    made = services.store.create_dataset(name, home.model_id)
    known = services.store.embeddings(home.id)
    vectors = dict(zip(known.face_ids, known.vectors, strict=True))
    for page in services.transfer.photos(home.id):
        filed = [(shown, *told) for shown in page if (told := file(shown.photo))]
        photos = [(replace(shown.photo, name=path), label) for shown, path, label in filed]
        faces = [
            StoredFace(replace(face, person=label.person, split=label.split), vectors[face.id])
            for shown, _, label in filed
            for face in shown.faces
        ]
        services.store.add(made.id, "", IngestBatch(photos, faces))
    shutil.copytree(services.artifacts.root / home.id, services.artifacts.root / made.id)
    return made.id
