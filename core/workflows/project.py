"""The map: embeddings on a plane, by PCA at once or by UMAP in the worker; stored per revision."""

from __future__ import annotations

import io
import time
import uuid
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np

from core.errors import InputRefused
from core.learn import project
from core.store.artifacts import Artifacts, Kind
from core.store.base import FaceStore, MapInfo, RunStore
from core.types import CancelToken, Embeddings, Floats, Report, silent


class Method(StrEnum):
    """Ways to lay vectors on a plane."""

    UMAP = "umap"
    PCA = "pca"


@dataclass(frozen=True, slots=True)
class MapOptions:
    """How the map is made; the defaults are UMAP's own."""

    method: Method = Method.UMAP
    n_neighbors: int = 15
    min_dist: float = 0.1
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class FaceMap:
    """Faces on a plane."""

    face_ids: tuple[str, ...]
    points: Floats
    """(n_faces, 2) float32; the axes have no unit."""


def pca_map(embeddings: Embeddings) -> FaceMap:
    """The map that needs no waiting: the two directions in which the embeddings spread most."""
    _require_faces(embeddings)
    return FaceMap(embeddings.face_ids, project.pca(embeddings.vectors))


def make_map(
    store: FaceStore,
    runs: RunStore,
    artifacts: Artifacts,
    dataset_id: str,
    options: MapOptions,
    report: Report = silent,
    token: CancelToken | None = None,
) -> MapInfo:
    """Compute and store a map of all faces of a dataset.

    Raises
    ------
    InputRefused
        There are no faces.
    """
    began, token = time.monotonic(), token or CancelToken()
    dataset = store.dataset(dataset_id)
    report(0, 2, "Reading the faces")
    embeddings = store.embeddings(dataset_id)
    _require_faces(embeddings)
    token.raise_if_cancelled()
    report(1, 2, f"Laying out {len(embeddings)} faces")
    points = _points(embeddings, options)
    token.raise_if_cancelled()
    info = MapInfo(
        id=uuid.uuid4().hex[:12],
        dataset_id=dataset_id,
        revision=dataset.revision,
        method=options.method,
        params=asdict(options),
        created=time.time(),
        seconds=time.monotonic() - began,
    )
    artifacts.put(dataset_id, Kind.MAP, info.id, _to_bytes(FaceMap(embeddings.face_ids, points)))
    runs.add_map(info)
    report(2, 2, "Done")
    return info


def load_map(artifacts: Artifacts, info: MapInfo) -> FaceMap:
    """A stored map. Raises NotFound when its file is gone."""
    with np.load(io.BytesIO(artifacts.read(info.dataset_id, Kind.MAP, info.id)), allow_pickle=False) as arrays:
        ids = tuple(value.decode("ascii") for value in arrays["face_ids"].tolist())
        return FaceMap(ids, arrays["points"])


def _points(embeddings: Embeddings, options: MapOptions) -> Floats:
    if options.method is Method.PCA:
        return project.pca(embeddings.vectors)
    return project.umap(
        embeddings.vectors, n_neighbors=options.n_neighbors, min_dist=options.min_dist, seed=options.seed
    )


def _require_faces(embeddings: Embeddings) -> None:
    if not len(embeddings):
        raise InputRefused("This dataset has no faces yet, so there is nothing to map. Add photos first.")


def _to_bytes(face_map: FaceMap) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, face_ids=np.array(face_map.face_ids, dtype="S24"), points=face_map.points)
    return buffer.getvalue()
