"""Datasets: made, renamed, deleted with everything that belongs to them."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.base.errors import DataFolderBusy, InputRefused, ModelMismatch, NotFound
from core.language.texts import marked
from core.store.artifacts import Artifacts
from core.store.disk_reserve import RESERVE_BYTES, Reserve
from core.store.protocols import FaceStore, JobStore
from core.store.values.datasets import Dataset, PersonCount

STOPPING_S = 20.0
STOPPING_STEP_S = 0.2


def find_or_create_dataset(
    store: FaceStore, name: str, model_id: str | None, default_model: str, *, keeps_photos: bool = True
) -> Dataset:
    """The dataset of this name, made when it is not there.

    Parameters
    ----------
    keeps_photos : of one that is made

    Raises
    ------
    ModelMismatch
        It exists with another model than the one asked for.
    """
    try:
        dataset = store.dataset(name)
    except NotFound:
        return store.create_dataset(name, model_id or default_model, keeps_photos=keeps_photos)
    if model_id and model_id != dataset.model_id:
        raise ModelMismatch(
            marked(
                "The dataset '{dataset}' uses the model '{model}', not '{other_model}'. Use another dataset, or "
                "embed its faces again with `python -m core change-model`."
            ).format(dataset=dataset.name, model=dataset.model_id, other_model=model_id)
        )
    return dataset


def find_photo(names: Mapping[str, str], photo_name: str) -> str:
    """The id of the photo that somebody means: by its sha256, its name, or the end of its name.

    Parameters
    ----------
    names : the names of a dataset's photos by their ids

    Raises
    ------
    NotFound
        There is no such photo.
    InputRefused
        Several photos end so.
    """
    if photo_name in names:
        return photo_name
    photo_ids = [photo_id for photo_id, name in names.items() if name == photo_name]
    # The whole name first: where 'a.jpg' lies at the top and 'x/a.jpg' below, 'a.jpg' means the first, and is not
    # ambiguous.
    photo_ids = photo_ids or [photo_id for photo_id, name in names.items() if name.endswith(f"/{photo_name}")]
    if not photo_ids:
        raise NotFound(
            marked("There is no photo '{photo}' in this dataset. Give its name as the ingest reported it.").format(
                photo=photo_name
            )
        )
    if len(photo_ids) > 1:
        raise InputRefused(
            marked("{number} photos are called '{photo}'. Give the whole name, or the sha256.").format(
                number=len(photo_ids), photo=photo_name
            )
        )
    return photo_ids[0]


def find_person(store: FaceStore, dataset_id: str, name: str) -> PersonCount:
    """The person who has this name now. Raises NotFound."""
    for person in store.people(dataset_id):
        if person.name == name:
            return person
    raise NotFound(
        marked(
            "There is nobody called '{name}' in this dataset. Give the name exactly as the app shows it; the "
            "page People and `python -m core people` list everybody."
        ).format(name=name)
    )


def require_faces(store: FaceStore, dataset_id: str, face_ids: Sequence[str]) -> None:
    """Raises NotFound with the first of these ids that is no face of the dataset."""
    table = store.face_table(dataset_id)
    missing_ids = [face_id for face_id in face_ids if table.find(face_id) is None]
    if missing_ids:
        more = f", nor {len(missing_ids) - 1} more of those" if len(missing_ids) > 1 else ""
        raise NotFound(
            f"There is no face '{missing_ids[0]}' in this dataset{more}. `python -m core faces` lists them all."
        )


@dataclass(frozen=True, slots=True)
class DeletionReceipt:
    """What went with a dataset, in numbers, and when."""

    when: str
    """The time in UTC, as ISO 8601 writes it."""
    photos: int
    faces: int
    people: int
    bytes: int
    """Of its files."""
    exports: int


def delete_dataset(
    store: FaceStore, jobs: JobStore, artifacts: Artifacts, exports_dir: Path, dataset_id: str
) -> DeletionReceipt:
    """Remove a dataset's rows, files and exports. The rows go first: no page shows a face whose picture is gone.

    On a full disk the reserve is given up for it, and the files go first: the log of the deleted rows takes as much
    room as the rows, and the files of a face have more than that. Work on the dataset is told to stop; the worker also
    stops by itself when it finds that its job is gone.

    Raises
    ------
    DataFolderBusy
        A job on it does not stop, and the dataset is still whole; or another process keeps the database's log.
    """
    reserve = Reserve(exports_dir.parent)
    with reserve.lend():
        # Before the counts: what a job adds in between would go uncounted, and a job must not write into folders that
        # are being removed.
        _stop_jobs(jobs, dataset_id)
        counts, size_bytes = store.counts(dataset_id), artifacts.size_bytes(dataset_id)
        exports = delete_exports(exports_dir, dataset_id)
        # The log that deleting writes may grow as large as the database.
        if reserve.lacks(store.size_bytes() + RESERVE_BYTES):
            artifacts.delete_dataset(dataset_id)
        artifacts.announce_deletion(dataset_id)
        try:
            store.delete_dataset(dataset_id)
        finally:
            # Also where another process keeps the database's log: the rows are gone by then, and their files would be
            # pictures of people that nobody sees or can delete.
            artifacts.delete_dataset(dataset_id)
    return DeletionReceipt(
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        photos=counts.photos,
        faces=counts.faces,
        people=counts.people,
        bytes=size_bytes,
        exports=exports,
    )


def delete_exports(exports_dir: Path, dataset_id: str) -> int:
    """Remove what was exported of a dataset and still lies in the data folder; how many files there were."""
    folder = exports_dir / dataset_id
    files = len(list(folder.glob("*"))) if folder.is_dir() else 0
    if folder.is_dir():
        shutil.rmtree(folder)
    return files


def _stop_jobs(jobs: JobStore, dataset_id: str) -> None:
    """Cancel what is active and wait until it has stopped."""
    deadline = time.monotonic() + STOPPING_S
    while active := [job for job in jobs.active() if job.dataset_id == dataset_id]:
        if time.monotonic() > deadline:
            raise DataFolderBusy(marked("Work on this dataset is still stopping. Try again in a moment."))
        for job in active:
            jobs.cancel(job.id)
        time.sleep(STOPPING_STEP_S)
