"""The faces most like a face, behind one port: by comparing it with all, or by an index where they are very many."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.base.columns import encode_texts
from core.base.errors import InputRefused
from core.base.face_table import Embeddings, take_items
from core.base.types import Bools, Floats, Vectors
from core.learn.numerics.neighbours import nearest_in_gallery
from core.store.artifacts import Artifacts
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset
from core.workflows.neighbours.face_index import FaceIndex, is_indexed, load_index

NearFaceIds = tuple[tuple[str, ...], Floats]
"""The ids of some faces, the nearest first, and their Euclidean distances."""


class NeighbourSearch(Protocol):
    """Some faces of a dataset, to be searched for those most like a vector."""

    def vector(self, face_id: str) -> Vectors:
        """The vector of one of the faces: (dimension,) float32. Raises KeyError for another."""

    def nearest_faces(self, vectors: Vectors, k: int) -> list[NearFaceIds]:
        """Of each vector the k faces most like it.

        Parameters
        ----------
        vectors : (n, dimension) float32, unit length
        """


@dataclass(frozen=True, slots=True, eq=False)
class ExactSearch:
    """Compares with every face."""

    faces: Embeddings

    def vector(self, face_id: str) -> Vectors:
        """See ``NeighbourSearch``."""
        vector: Vectors = self.faces.vectors[self.faces.index(face_id)]
        return vector

    def nearest_faces(self, vectors: Vectors, k: int) -> list[NearFaceIds]:
        """See ``NeighbourSearch``."""
        if not len(self.faces):
            return [((), np.empty(0, dtype=np.float32))] * len(vectors)
        nearest = zip(*nearest_in_gallery(vectors, self.faces.vectors, k), strict=True)
        return [(take_items(self.faces.face_ids, rows), distances) for rows, distances in nearest]


@dataclass(frozen=True, slots=True, eq=False)
class IndexedSearch:
    """Looks up an index, and compares with every face that came after it."""

    stored: FaceIndex
    is_counted: Bools | None
    """(n,) which of the index's faces are searched; all when None: who went since never comes up."""
    newcomers: ExactSearch

    def vector(self, face_id: str) -> Vectors:
        """See ``NeighbourSearch``."""
        row = int(np.searchsorted(self.stored.face_ids, face_id.encode()))
        is_indexed = row < len(self.stored) and self.stored.face_ids[row] == face_id.encode()
        if not is_indexed or (self.is_counted is not None and not self.is_counted[row]):
            return self.newcomers.vector(face_id)
        return np.asarray(self.stored.index.vectors[self.stored.positions[row]])

    def nearest_faces(self, vectors: Vectors, k: int) -> list[NearFaceIds]:
        """See ``NeighbourSearch``."""
        newest = self.newcomers.nearest_faces(vectors, k)
        return [self._nearest(vector, k, near) for vector, near in zip(vectors, newest, strict=True)]

    def _nearest(self, vector: Vectors, k: int, newest: NearFaceIds) -> NearFaceIds:
        rows, distances = self.stored.index.nearest(vector, k, self.is_counted)
        new_ids, new_distances = newest
        face_ids = [*(face_id.decode("ascii") for face_id in self.stored.face_ids[rows].tolist()), *new_ids]
        all_distances = np.concatenate([distances, new_distances])
        order = np.argsort(all_distances, kind="stable")[:k]
        return take_items(tuple(face_ids), order), all_distances[order]


def open_search(store: FaceStore, artifacts: Artifacts, dataset: Dataset, face_ids: Sequence[str]) -> NeighbourSearch:
    """A search among some faces of a dataset, by its index where there are very many of them.

    Parameters
    ----------
    face_ids : the faces to search, as the store has them at the dataset's revision
    """
    stored = _usable_index(artifacts, dataset, len(face_ids))
    if stored is not None:
        is_stale = _find_stale(store, dataset, stored)
        return _search_by_index(
            stored, dataset, face_ids, is_stale, lambda new_ids: store.embeddings_of(dataset.id, new_ids)
        )
    embeddings = store.embeddings(dataset.id)
    is_whole = len(embeddings) == len(face_ids)
    return ExactSearch(embeddings if is_whole else embeddings.take(embeddings.match(face_ids)[1]))


def open_gallery_search(
    store: FaceStore, artifacts: Artifacts, dataset: Dataset, gallery: Embeddings
) -> NeighbourSearch:
    """A search among faces of a dataset whose vectors are at hand, as the store has them."""
    stored = _usable_index(artifacts, dataset, len(gallery))
    if stored is None or stored.model_id != gallery.model_id:
        return ExactSearch(gallery)
    is_stale = _find_stale(store, dataset, stored)
    return _search_by_index(
        stored, dataset, gallery.face_ids, is_stale, lambda new_ids: gallery.take(gallery.indices(new_ids))
    )


def _find_stale(store: FaceStore, dataset: Dataset, stored: FaceIndex) -> Bools:
    """(n,) faces of the index that were written since: one that was looked at anew has another vector."""
    changed_ids = store.changed_embeddings(dataset.id, stored.revision).face_ids
    return np.isin(stored.face_ids, encode_texts(changed_ids), assume_unique=True)


def _search_by_index(
    stored: FaceIndex,
    dataset: Dataset,
    face_ids: Sequence[str],
    is_stale: Bools,
    read: Callable[[Sequence[str]], Embeddings],
) -> IndexedSearch:
    """Search the index for some faces, and beside it those that it does not have as they are: ``read`` gives these.

    Parameters
    ----------
    is_stale : (n,) faces of the index that may have another vector now
    """
    no_faces = Embeddings((), np.empty((0, stored.index.vectors.shape[1]), dtype=np.float32), stored.model_id)
    # Of the same revision and as many: the same faces, and a million names need not be compared.
    if stored.revision == dataset.revision and len(stored) == len(face_ids):
        return IndexedSearch(stored, None, ExactSearch(no_faces))
    wanted_ids = encode_texts(face_ids)
    is_counted = np.isin(stored.face_ids, wanted_ids, assume_unique=True) & ~is_stale
    current_ids = stored.face_ids[~is_stale]
    new_ids = [face_id.decode("ascii") for face_id in np.setdiff1d(wanted_ids, current_ids, assume_unique=True)]
    return IndexedSearch(stored, is_counted, ExactSearch(read(new_ids) if new_ids else no_faces))


def _usable_index(artifacts: Artifacts, dataset: Dataset, n_faces: int) -> FaceIndex | None:
    if not is_indexed(n_faces):
        return None
    try:
        return load_index(artifacts, dataset)
    except InputRefused:
        # Damaged, or of another version: all faces are compared until the next one is made.
        return None
