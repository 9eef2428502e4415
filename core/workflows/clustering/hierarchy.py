"""The hierarchy of a dataset's faces: which faces it is of, what is kept apart in it, and where it is kept."""

from __future__ import annotations

import io
import json
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from core.base.columns import encode_texts
from core.base.errors import InputRefused, NotFound
from core.base.face_table import FaceRows, FaceTable, take_items
from core.base.json_values import JsonRecord
from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Ints, Revision
from core.corrections.model import CorrectionLog
from core.imaging.geometry import pairwise_overlaps
from core.language.texts import marked
from core.learn.clustering.agglomerative import Hierarchy, grow_hierarchy
from core.learn.numerics.blocks import row_blocks
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.job_model import JobRequest
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset

SAME_FACE_OVERLAP = 0.5
"""Two boxes of one photo with this share in common (IoU) are one face, drawn or found twice."""

_PHOTOS_AT_ONCE = 1000
"""Photos of which the boxes are in memory at once."""

FacePairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ClusterOptions(JobRequest):
    """Which faces are grouped."""

    everyone: bool = False
    """All faces, those with a name too; otherwise those that wait for one."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredHierarchy:
    """A stored hierarchy with the faces that it is of."""

    face_ids: Sequence[str]
    hierarchy: Hierarchy
    apart: frozenset[tuple[str, str]]
    """The pairs that somebody had told apart when it was made."""
    model_id: str
    revision: Revision
    everyone: bool
    created: float
    seconds: float


def build_hierarchy(
    store: FaceStore,
    log: CorrectionLog,
    artifacts: Artifacts,
    dataset_id: str,
    options: ClusterOptions,
    progress: Progress = UNWATCHED,
) -> StoredHierarchy:
    """Compute and store the hierarchy, in the place of an older one of the same kind.

    Raises
    ------
    InputRefused
        There are no faces to group.
    """
    began = time.monotonic()
    # The revision is read before the faces: a correction in between makes the tree look older than it is, never newer.
    dataset = store.dataset(dataset_id)
    progress.report(0, 1, marked("Reading the faces"))
    table, embeddings = store.face_table(dataset_id), store.embeddings(dataset_id)
    rows = np.flatnonzero(is_grouped(table, options.everyone))
    # The vectors were read a moment after the table: a face may have gone in between.
    present, vector_rows = embeddings.match(take_items(table.face_ids, rows))
    rows = rows[present]
    if not len(rows):
        raise InputRefused(
            marked("No face waits for a name, so there is nothing to group. Add photos without names first.")
        )
    faces, told_apart = embeddings.take(vector_rows), log.pairs_kept_apart(dataset_id)
    # What nobody had to say and what somebody said are held alike: two groups with such a pair between them are never
    # joined.
    apart = [*_in_one_photo(store, dataset_id, table, rows, progress), *pairs_as_rows(faces, told_apart)]

    grouping = progress.over(len(rows), marked("Grouping the faces"))
    followers = ~table.trusted[rows]  # they found no group: blurred faces are alike whoever they are
    hierarchy = grow_hierarchy(faces.vectors, followers=followers, apart=apart, progress=grouping)
    tree = StoredHierarchy(
        face_ids=faces.face_ids,
        hierarchy=hierarchy,
        apart=frozenset(told_apart),
        model_id=embeddings.model_id,
        revision=dataset.revision,
        everyone=options.everyone,
        created=time.time(),
        seconds=time.monotonic() - began,
    )
    artifacts.replace(dataset_id, ArtifactKind.CLUSTERS, _file_id(tree.model_id, tree.everyone), _to_bytes(tree))
    progress.report(len(rows), len(rows), "Done")
    return tree


def load_hierarchy(artifacts: Artifacts, dataset: Dataset, everyone: bool = False) -> StoredHierarchy | None:
    """The stored hierarchy of a dataset's present model, or None before it was made."""
    try:
        content = artifacts.read(dataset.id, ArtifactKind.CLUSTERS, _file_id(dataset.model_id, everyone))
    except NotFound:
        return None
    return _from_bytes(content)


def is_grouped(table: FaceTable, everyone: bool = False) -> Bools:
    """(n,) which faces are grouped: all, or those without a name that are neither strangers nor excluded."""
    if everyone:
        return np.ones(len(table), dtype=bool)
    return (table.labels < 0) & ~table.strangers & ~table.excluded


def pairs_as_rows(faces: FaceRows, pairs: FacePairs) -> list[tuple[int, int]]:
    """Pairs of faces as pairs of row numbers, as far as both are there."""
    return [(faces.index(first), faces.index(second)) for first, second in pairs if first in faces and second in faces]


def _in_one_photo(
    store: FaceStore, dataset_id: str, table: FaceTable, rows: Ints, progress: Progress
) -> list[tuple[int, int]]:
    """Pairs of positions in ``rows`` whose faces are seen beside each other in a photo."""
    positions_by_photo: dict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(rows.tolist()):
        positions_by_photo[table.photo_ids[row]].append(position)
    shared_photos = [positions for positions in positions_by_photo.values() if len(positions) > 1]
    pairs = []
    for block in row_blocks(len(shared_photos), _PHOTOS_AT_ONCE):
        progress.raise_if_cancelled()
        photos = shared_photos[block]
        # Boxes are read of these photos alone: of portraits, which are most, none is needed.
        face_ids = [table.face_ids[rows[position]] for positions in photos for position in positions]
        boxes = {face.id: face.box.as_tuple() for face in store.faces(dataset_id, face_ids)}
        for positions in photos:
            pairs += _pairs_beside(positions, [boxes[table.face_ids[rows[position]]] for position in positions])
    return pairs


def _pairs_beside(positions: Sequence[int], boxes: Sequence[tuple[float, ...]]) -> list[tuple[int, int]]:
    """Pairs of the faces of a photo that are not one face."""
    overlap = pairwise_overlaps(np.array(boxes), np.array(boxes))
    return [
        (positions[first], positions[second])
        for first, second in combinations(range(len(positions)), 2)
        # Boxes that lie on each other are one face, drawn by hand over a found one: kept apart, it could not be in a
        # group with itself.
        if overlap[first, second] < SAME_FACE_OVERLAP
    ]


def _file_id(model_id: str, everyone: bool) -> str:
    # By the model too: after a change back the tree of the first one is there still, and of the other's vectors it
    # would be nonsense.
    return content_id(f"{model_id} {'everyone' if everyone else 'unnamed'}".encode())[:24]


@dataclass(frozen=True, slots=True)
class _Head(JsonRecord):
    """What of a stored hierarchy is no array."""

    model_id: str
    revision: Revision
    everyone: bool
    created: float
    seconds: float
    apart: tuple[tuple[str, str], ...]


def _to_bytes(tree: StoredHierarchy) -> bytes:
    head = _Head(
        model_id=tree.model_id,
        revision=tree.revision,
        everyone=tree.everyone,
        created=tree.created,
        seconds=tree.seconds,
        apart=tuple(sorted(tree.apart)),
    )
    buffer = io.BytesIO()
    np.savez(
        buffer,
        # Text as bytes and the rest as one JSON text: an npz without objects is read without unpickling.
        face_ids=encode_texts(tree.face_ids),
        order=tree.hierarchy.order,
        joins=tree.hierarchy.joins,
        head=np.array(json.dumps(head.to_json())),
    )
    return buffer.getvalue()


def _from_bytes(content: bytes) -> StoredHierarchy:
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        head = _Head.from_json(json.loads(str(arrays["head"])))
        return StoredHierarchy(
            face_ids=tuple(value.decode("ascii") for value in arrays["face_ids"].tolist()),
            hierarchy=Hierarchy(arrays["order"], arrays["joins"]),
            apart=frozenset(head.apart),
            model_id=head.model_id,
            revision=head.revision,
            everyone=head.everyone,
            created=head.created,
            seconds=head.seconds,
        )
