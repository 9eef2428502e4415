"""The index of a large dataset's faces: made by a job, kept as one file, mapped into memory by whoever searches it.

It is of one revision of the dataset and of one model's vectors. Of a dataset that is newer it is right about all faces
that nobody wrote since: the others are searched beside it as they are now, and who went is not shown (``search``). An
erasing removes the file, and the next index knows nothing of who was erased.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from core.base.columns import encode_texts
from core.base.errors import InputRefused
from core.base.face_table import Embeddings
from core.base.json_values import JsonObject
from core.base.progress import UNWATCHED, Progress
from core.base.types import Ints, Revision
from core.language.texts import marked
from core.learn.numerics.neighbour_index import NeighbourIndex, build_neighbour_index
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.columns.array_file import ArrayFile, encode_arrays, map_arrays
from core.store.job_model import JobRequest, JobResult
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset
from core.workflows.columns.snapshot import load_snapshot, store_snapshot

INDEXED_FROM = 100_000
"""Of fewer faces an exact search of all takes no longer than one of an index."""
REBUILT_FROM = 0.1
"""When so large a share of the faces came, went or were written since, an index is made anew: they are searched one by
one."""
FILE_FORMAT = 2
_INDEX_ARRAYS = ("centres", "starts", "vectors", "rows")
_STEPS = 1000


@dataclass(frozen=True, slots=True)
class IndexRequest(JobRequest):
    """A dataset whose faces are to be indexed; there is nothing to choose."""


@dataclass(frozen=True, slots=True)
class IndexResult(JobResult):
    """How many faces were indexed: none where the dataset is small enough to do without."""

    faces: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FaceIndex:
    """An index with the faces that its rows are; its arrays are maps of the file."""

    index: NeighbourIndex
    face_ids: npt.NDArray[np.bytes_]
    """(n,) ascending"""
    positions: Ints
    """(n,) where each face's vector stands in ``index.vectors``"""
    model_id: str
    revision: Revision

    def __len__(self) -> int:
        return len(self.face_ids)


def is_indexed(n_faces: int) -> bool:
    """Whether so many faces are searched by an index."""
    return n_faces >= INDEXED_FROM


def is_index_due(store: FaceStore, artifacts: Artifacts, dataset: Dataset, n_faces: int) -> bool:
    """Whether a dataset is large enough for an index, and has none or one that knows too few faces as they are."""
    if not is_indexed(n_faces):
        return False
    try:
        stored_index, snapshot = load_index(artifacts, dataset), load_snapshot(artifacts, dataset)
    except InputRefused:
        return True
    if stored_index is None or snapshot is None:
        return True
    n_written = store.changed_face_count(dataset.id, stored_index.revision)
    return n_written + max(0, len(stored_index) - n_faces) > REBUILT_FROM * n_faces


def index_faces(store: FaceStore, artifacts: Artifacts, dataset_id: str, progress: Progress = UNWATCHED) -> IndexResult:
    """Index the faces of a dataset and store that with their table, in the place of older ones; not of a small one."""
    began = time.monotonic()
    # The revision is read before the faces: what is written in between makes the index look older than it is.
    dataset = store.dataset(dataset_id)
    progress.report(0, _STEPS, marked("Reading the faces"))
    table = store.face_table(dataset_id)
    if not is_indexed(len(table)):
        return IndexResult()
    store_snapshot(artifacts, dataset_id, table, dataset.revision)
    # Before the vectors come, which take as much memory again, and the index, which takes twice that.
    del table
    embeddings = store.embeddings(dataset_id)
    if not all(first < second for first, second in pairwise(embeddings.face_ids)):
        # They are found by bisection, and databases have orders of their own.
        embeddings = embeddings.take(np.argsort(encode_texts(embeddings.face_ids)))
    index = build_neighbour_index(embeddings.vectors, progress=progress.over(_STEPS, marked("Indexing the faces")))
    content = _to_bytes(embeddings, index, dataset.revision)
    own_id = _file_id(embeddings.model_id)
    # The last place where it can be stopped: nothing of the index is stored yet.
    progress.raise_if_cancelled()
    artifacts.replace(dataset_id, ArtifactKind.FACE_INDEX, own_id, content)
    for file_id in artifacts.ids(dataset_id, ArtifactKind.FACE_INDEX):
        # Of a model that the dataset had before: its vectors are gone from the database, too.
        if file_id != own_id:
            artifacts.delete(dataset_id, ArtifactKind.FACE_INDEX, file_id)
    progress.report(_STEPS, _STEPS, "Done")
    return IndexResult(len(embeddings), round(time.monotonic() - began, 3))


def load_index(artifacts: Artifacts, dataset: Dataset) -> FaceIndex | None:
    """The stored index of a dataset's present model, mapped into memory; None where there is none.

    Raises
    ------
    InputRefused
        The file is damaged or of another version.
    """
    path = artifacts.path(dataset.id, ArtifactKind.FACE_INDEX, _file_id(dataset.model_id))
    try:
        return _from_file(map_arrays(path))
    except FileNotFoundError:
        return None
    except (KeyError, ValueError) as fault:
        raise InputRefused(
            marked("The index of the faces cannot be read ({fault}). It is to be made again.").format(fault=fault)
        ) from fault


def index_time(artifacts: Artifacts, dataset: Dataset) -> float:
    """When the stored index was made, in seconds since 1970; 0 without one."""
    path = artifacts.path(dataset.id, ArtifactKind.FACE_INDEX, _file_id(dataset.model_id))
    return path.stat().st_mtime if path.is_file() else 0.0


def _file_id(model_id: str) -> str:
    return content_id(model_id.encode())[:24]


# the file


def _to_bytes(embeddings: Embeddings, index: NeighbourIndex, revision: Revision) -> bytes:
    arrays = {
        **{name: getattr(index, name) for name in _INDEX_ARRAYS},
        "face_ids": encode_texts(embeddings.face_ids),
        "positions": np.argsort(index.rows),
    }
    head: JsonObject = {"format": FILE_FORMAT, "model_id": embeddings.model_id, "revision": revision}
    return encode_arrays(head, arrays)


def _from_file(file: ArrayFile) -> FaceIndex:
    match file.head:
        case {"format": int(version), "model_id": str(model_id), "revision": int(revision)} if version == FILE_FORMAT:
            arrays = file.arrays
        case _:
            raise ValueError(f"it is not of the format {FILE_FORMAT}")
    return FaceIndex(
        index=NeighbourIndex(**{name: arrays[name] for name in _INDEX_ARRAYS}),
        face_ids=arrays["face_ids"],
        positions=arrays["positions"],
        model_id=model_id,
        revision=revision,
    )
