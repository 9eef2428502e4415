"""The queue of what is probably wrong with a dataset: made by a job, kept as one file, read by page and command line.

The queue is of one revision of the dataset. Corrections do not change the file: when it is read, entries that they
have settled drop out, and the queue says how many revisions old it is.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from itertools import compress
from typing import Any

import numpy as np

from core.base.errors import InputRefused, NotFound
from core.base.settings import ImageLimits
from core.base.types import Bools, CancelToken, Embeddings, FaceTable, Ints, Report, Revision, RgbImage, Split, silent
from core.corrections.model import CorrectionLog
from core.imaging.decoding import decode
from core.learn.classification.solver import Watch
from core.learn.label_errors import review_queue
from core.learn.label_errors.duplicate_images import Crop
from core.learn.label_errors.review_queue import Action, Kind, Like, Part, PeoplePair, Suggestion, Suspect
from core.store.artifacts import Artifacts
from core.store.artifacts import Kind as FileKind
from core.store.protocols import FaceStore
from core.workflows.clustering import cluster

FILE_FORMAT = 1
MOST_KEPT = 20_000
"""Entries; what comes after so many is found when these are settled."""
CROPS_IN_MEMORY = 2048
_FILE = "queue"
"""A dataset has one; a new one takes its place."""
_STEPS = 1000
_SHARE_OF_PEOPLE = 0.1
"""Roughly the part of the time that people as a whole take."""


@dataclass(frozen=True, slots=True)
class Queue:
    """What was found at one revision, the most urgent first."""

    revision: Revision
    model_id: str
    created: float
    seconds: float
    suspects: tuple[Suspect, ...]
    dropped: int
    """Entries beyond ``MOST_KEPT``"""
    not_looked_at: int
    """Pairs of pictures that might be one and were too many to compare."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a queue is still to be done."""

    suspects: tuple[Suspect, ...]
    revisions_since: int
    """How often the dataset was written since; a queue is stale when it is more than nothing."""


def look(
    store: FaceStore,
    log: CorrectionLog,
    artifacts: Artifacts,
    dataset_id: str,
    report: Report = silent,
    token: CancelToken | None = None,
) -> Queue:
    """Look for suspects and store the queue.

    Raises
    ------
    InputRefused
        There are no faces.
    """
    began, token = time.monotonic(), token or CancelToken()
    dataset = store.dataset(dataset_id)
    report(0, _STEPS, "Reading the faces")
    table, embeddings = store.face_table(dataset.id), store.embeddings(dataset.id)
    if not len(table):
        raise InputRefused("This dataset has no faces yet, so there is nothing to look through. Add photos first.")

    def watch(share: float) -> None:
        token.raise_if_cancelled()
        report(int(share * _STEPS), _STEPS, "Looking for suspects")

    one_person = _one_person(table, embeddings, log.apart(dataset.id))
    two_people = _two_people(table, embeddings, lambda share: watch(share * _SHARE_OF_PEOPLE))
    found = review_queue.find(
        table,
        embeddings.vectors,
        crops(artifacts, dataset.id, table),
        one_person=one_person,
        two_people=two_people,
        watch=lambda share: watch(_SHARE_OF_PEOPLE + share * (1 - _SHARE_OF_PEOPLE)),
    )
    queue = Queue(
        revision=dataset.revision,
        model_id=embeddings.model_id,
        created=time.time(),
        seconds=round(time.monotonic() - began, 3),
        suspects=found.suspects[:MOST_KEPT],
        dropped=max(0, len(found.suspects) - MOST_KEPT),
        not_looked_at=found.not_looked_at,
    )
    artifacts.replace(dataset.id, FileKind.SUSPECTS, _FILE, _to_bytes(queue))
    report(_STEPS, _STEPS, "Done")
    return queue


def load(artifacts: Artifacts, dataset_id: str) -> Queue | None:
    """The stored queue of a dataset, or None when nobody has looked yet.

    Raises
    ------
    InputRefused
        The file is damaged or of an earlier version.
    """
    try:
        content = artifacts.read(dataset_id, FileKind.SUSPECTS, _FILE)
    except NotFound:
        return None
    try:
        return _from_json(json.loads(gzip.decompress(content)))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as fault:
        raise InputRefused(f"The list of suspects cannot be read ({fault}). Look for suspects again.") from fault


def standing(
    queue: Queue,
    table: FaceTable,
    row_of: Mapping[str, int],
    apart: Iterable[tuple[str, str]],
    revision: Revision,
) -> Standing:
    """Leave out what was settled since the queue was made.

    Parameters
    ----------
    table : the faces as they are now
    row_of : the row of each face id in it
    apart : pairs of faces of which somebody said that they are two people
    revision : the table's
    """
    now = _Now.of(table, row_of, apart)
    left = (now.still(entry) for entry in queue.suspects)
    return Standing(tuple(entry for entry in left if entry is not None), revision - queue.revision)


# people as a whole


def _one_person(table: FaceTable, embeddings: Embeddings, apart: Sequence[tuple[str, str]]) -> list[PeoplePair]:
    """People who may be one, shown by their nearest faces; the one with fewer faces would join the other."""
    rows_of = _rows_by_person(table)
    pairs = []
    for twins in cluster.merge_candidates(table, embeddings, apart):
        fewer, more = sorted((rows_of[twins.person_id], rows_of[twins.other_id]), key=len)
        cosines = embeddings.vectors[fewer] @ embeddings.vectors[more].T
        row, column = np.unravel_index(int(cosines.argmax()), cosines.shape)
        pairs.append(PeoplePair(int(fewer[row]), int(more[column]), twins.similarity))
    return pairs


def _two_people(table: FaceTable, embeddings: Embeddings, watch: Watch) -> list[Part]:
    """The smaller parts of people who may be two."""

    def tell(done: int, total: int, message: str) -> None:
        watch(done / total)

    rows_of = _rows_by_person(table)
    found = []
    for chimera in cluster.split_candidates(table, embeddings, tell):
        rows = rows_of.get(chimera.person_id)
        if rows is None:
            continue
        parts = cluster.split_person(embeddings.vectors[rows])
        found += [Part(rows[parts == part], chimera.similarity) for part in range(1, int(parts.max()) + 1)]
    return found


def _rows_by_person(table: FaceTable) -> dict[int, Ints]:
    """The learnable faces of each person by the person's id."""
    rows = np.flatnonzero(table.learnable)
    rows = rows[np.argsort(table.labels[rows], kind="stable")]
    parts = np.split(rows, np.flatnonzero(np.diff(table.labels[rows])) + 1) if len(rows) else []
    return {table.person_ids[int(table.labels[part[0]])]: part for part in parts}


# what was settled


@dataclass(frozen=True, slots=True, eq=False)
class _Now:
    """The faces as they are now."""

    table: FaceTable
    row_of: Mapping[str, int]
    taking_part: Bools
    people: frozenset[int]
    apart: frozenset[frozenset[int | None]]
    """Pairs of people"""

    @classmethod
    def of(cls, table: FaceTable, row_of: Mapping[str, int], apart: Iterable[tuple[str, str]]) -> _Now:
        now = cls(table, row_of, review_queue.takes_part(table), frozenset(table.person_ids), frozenset())
        told = (pair for pair in apart if now.there(pair[0]) and now.there(pair[1]))
        return replace(now, apart=frozenset(frozenset(map(now.person, pair)) for pair in told))

    def there(self, face_id: str) -> bool:
        """Whether a face still takes part."""
        row = self.row_of.get(face_id)
        return row is not None and bool(self.taking_part[row])

    def person(self, face_id: str) -> int | None:
        """Whose name a face carries that is there."""
        label = int(self.table.labels[self.row_of[face_id]])
        return self.table.person_ids[label] if label >= 0 else None

    def confirmed(self, face_ids: Iterable[str]) -> bool:
        """Whether somebody said of every one of these faces that its name is right."""
        return all(self.table.confirmed[self.row_of[face_id]] for face_id in face_ids)

    def still(self, entry: Suspect) -> Suspect | None:
        """The entry with the faces that it still concerns, or None when it is settled."""
        target = entry.suggestion.person_id
        if target is not None and target not in self.people:
            return None
        if entry.kind in (Kind.WRONG_PERSON, Kind.OUTLIER, Kind.TWO_PEOPLE, Kind.ONE_PERSON):
            return entry if self._holds(entry) else None
        return self._fewer(entry)

    def _holds(self, entry: Suspect) -> bool:
        """Whether every face of it is under the person that it was under."""
        faces = zip(entry.face_ids, entry.person_ids, strict=True)
        if not all(self.there(face_id) and self.person(face_id) == person for face_id, person in faces):
            return False
        if entry.kind is Kind.ONE_PERSON:
            return frozenset(entry.person_ids) not in self.apart
        return not self.confirmed(entry.face_ids)

    def _fewer(self, entry: Suspect) -> Suspect | None:
        """One picture in several photos: what is left of it, while it is still of the same kind."""
        left = [self.there(face_id) for face_id in entry.face_ids]
        face_ids = tuple(compress(entry.face_ids, left))
        acts_on = tuple(face_id for face_id in entry.suggestion.face_ids if self.there(face_id))
        if not acts_on or not self._still_of(entry.kind, face_ids):
            return None
        people = tuple(compress(entry.person_ids, left))
        suggestion = replace(entry.suggestion, face_ids=acts_on)
        return replace(entry, face_ids=face_ids, person_ids=people, suggestion=suggestion)

    def _still_of(self, kind: Kind, face_ids: Sequence[str]) -> bool:
        if kind is Kind.TWO_NAMES:
            return len(set(map(self.person, face_ids))) > 1 and not self.confirmed(face_ids)
        if kind is Kind.LEAK:
            return {Split.TRAIN, Split.VAL} <= {self.table.splits[self.row_of[face_id]] for face_id in face_ids}
        return len(face_ids) > 1


# the file


def _to_bytes(queue: Queue) -> bytes:
    return gzip.compress(json.dumps({"format": FILE_FORMAT, **asdict(queue)}, allow_nan=False).encode("ascii"), 5)


def _from_json(document: Mapping[str, Any]) -> Queue:
    if document["format"] != FILE_FORMAT:
        raise ValueError(f"expected format {FILE_FORMAT}, got {document['format']}")
    fields = {name: value for name, value in document.items() if name != "format"}
    return Queue(**{**fields, "suspects": tuple(_suspect(entry) for entry in document["suspects"])})


def _suspect(entry: Mapping[str, Any]) -> Suspect:
    wanted = entry["suggestion"]
    suggestion = Suggestion(
        Action(wanted["action"]),
        tuple(wanted["face_ids"]),
        wanted["person_id"],
        Split(wanted["split"]) if wanted["split"] else None,
    )
    return Suspect(
        kind=Kind(entry["kind"]),
        face_ids=tuple(entry["face_ids"]),
        person_ids=tuple(entry["person_ids"]),
        urgency=entry["urgency"],
        suggestion=suggestion,
        numbers=entry["numbers"],
        like_own=tuple(Like(**like) for like in entry["like_own"]),
        like_other=tuple(Like(**like) for like in entry["like_other"]),
    )


def crops(artifacts: Artifacts, dataset_id: str, table: FaceTable) -> Crop:
    @lru_cache(CROPS_IN_MEMORY)
    def read(crop_id: str) -> RgbImage:
        return decode(artifacts.read(dataset_id, FileKind.CROP, crop_id), ImageLimits())

    return lambda row: read(table.crop_ids[row])


# the command line


def report(
    store: FaceStore, log: CorrectionLog, artifacts: Artifacts, dataset_id: str, limit: int | None = None
) -> dict[str, Any]:
    """What of the stored queue is still to be done. Raises NotFound when nobody has looked yet."""
    queue, dataset = load(artifacts, dataset_id), store.dataset(dataset_id)
    if queue is None:
        raise NotFound("Nobody has looked for suspects in this dataset yet. Do that first.")
    table = store.face_table(dataset_id)
    row_of = {face_id: row for row, face_id in enumerate(table.ids)}
    now = standing(queue, table, row_of, log.apart(dataset_id), dataset.revision)
    return to_json(queue, now, table, row_of, limit)


def to_json(
    queue: Queue, now: Standing, table: FaceTable, row_of: Mapping[str, int], limit: int | None = None
) -> dict[str, Any]:
    """The command line's answer: names and photos for ids, the most urgent first."""
    show = _Shown(table, row_of, dict(zip(table.person_ids, table.people, strict=True)))
    kinds = [entry.kind for entry in now.suspects]
    return {
        "faces": len(table),
        "revision": queue.revision,
        "revisions_since": now.revisions_since,
        "seconds": queue.seconds,
        "total": len(now.suspects),
        "kinds": {kind.value: kinds.count(kind) for kind in Kind},
        "not_kept": queue.dropped,
        "not_looked_at": queue.not_looked_at,
        "suspects": [show.entry(entry) for entry in now.suspects[:limit]],
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    table: FaceTable
    row: Mapping[str, int]
    names: Mapping[int, str]

    def entry(self, entry: Suspect) -> dict[str, Any]:
        todo = entry.suggestion
        return {
            "kind": entry.kind.value,
            "urgency": round(entry.urgency, 4),
            "faces": [self._face(face_id) for face_id in entry.face_ids],
            "action": todo.action.value,
            "act_on": list(todo.face_ids),
            "to": self.names[todo.person_id] if todo.person_id is not None else None,
            "side": todo.split.value if todo.split else None,
            "numbers": dict(entry.numbers),
            "like_own": self._likes(entry.like_own),
            "like_other": self._likes(entry.like_other),
        }

    def _face(self, face_id: str) -> dict[str, Any]:
        row = self.row[face_id]
        side = self.table.splits[row]
        return {
            "id": face_id,
            "photo": self.table.photo_names[row],
            "person": self.table.person(row),
            "split": side.value if side else None,
        }

    def _likes(self, likes: Sequence[Like]) -> list[dict[str, Any]]:
        known = (like for like in likes if like.face_id in self.row)
        return [{**self._face(like.face_id), "similarity": like.similarity} for like in known]
