"""The queue of what is probably wrong with a dataset: made by a job, kept as one file, read by page and command line.

The queue is of one revision of the dataset. Corrections do not change the file: when it is read, entries that they
have settled drop out, and the queue says how many revisions old it is.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import chain, compress

import numpy as np

from core.base.errors import InputRefused, NotFound
from core.base.json_values import Json, JsonRecord
from core.base.progress import UNWATCHED, Progress
from core.base.settings import ImageLimits
from core.base.types import Embeddings, FaceTable, Ints, Revision, RgbImage, Split
from core.corrections.model import CorrectionLog
from core.imaging.decoding import decode_image
from core.language.texts import marked
from core.learn.label_errors import review_queue
from core.learn.label_errors.duplicate_images import CropReader
from core.learn.label_errors.review_queue import (
    PeoplePair,
    PersonPart,
    SimilarFace,
    Suspect,
    SuspectKind,
)
from core.learn.numerics.labels import rows_by_value
from core.store.artifacts import ArtifactKind as FileKind
from core.store.artifacts import Artifacts
from core.store.job_model import JobRequest
from core.store.protocols import FaceStore
from core.workflows.clustering import cluster

FILE_FORMAT = 1
MOST_KEPT = 20_000
"""Entries; what comes after so many is found when these are settled."""
CROPS_IN_MEMORY = 2048
_FILE = "queue"
"""A dataset has one; a new one takes its place."""
_ABOUT_NAMES = (SuspectKind.WRONG_PERSON, SuspectKind.OUTLIER, SuspectKind.TWO_PEOPLE, SuspectKind.ONE_PERSON)
_STEPS = 1000
_SHARE_OF_PEOPLE = 0.1
"""Roughly the part of the time that people as a whole take."""


@dataclass(frozen=True, slots=True)
class SuspectsRequest(JobRequest):
    """A dataset to be looked through for what is probably wrong; there is nothing to choose."""


@dataclass(frozen=True, slots=True)
class ReviewQueue(JsonRecord):
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
class OpenSuspects:
    """What of a queue is still to be done."""

    suspects: tuple[Suspect, ...]
    revisions_since: int
    """How often the dataset was written since; a queue is stale when it is more than nothing."""


def find_suspects(
    store: FaceStore,
    log: CorrectionLog,
    artifacts: Artifacts,
    dataset_id: str,
    progress: Progress = UNWATCHED,
) -> ReviewQueue:
    """Look for suspects and store the queue.

    Raises
    ------
    InputRefused
        There are no faces.
    """
    began = time.monotonic()
    dataset = store.dataset(dataset_id)
    progress.report(0, _STEPS, marked("Reading the faces"))
    table, embeddings = store.face_table(dataset.id), store.embeddings(dataset.id)
    if not len(table):
        raise InputRefused(
            marked("This dataset has no faces yet, so there is nothing to look through. Add photos first.")
        )

    search = progress.over(_STEPS, marked("Looking for suspects"))
    # People as a whole first: what they explain is not listed again face by face.
    one_person = _one_person(table, embeddings, log.pairs_kept_apart(dataset.id))
    two_people = _two_people(table, embeddings, search.part(0.0, _SHARE_OF_PEOPLE))
    review = review_queue.build_review_queue(
        table,
        embeddings.vectors,
        make_crop_reader(artifacts, dataset.id, table),
        one_person=one_person,
        two_people=two_people,
        progress=search.part(_SHARE_OF_PEOPLE, 1.0),
    )
    queue = ReviewQueue(
        revision=dataset.revision,
        model_id=embeddings.model_id,
        created=time.time(),
        seconds=round(time.monotonic() - began, 3),
        # The most urgent come first, so what is cut off can wait.
        suspects=review.suspects[:MOST_KEPT],
        dropped=max(0, len(review.suspects) - MOST_KEPT),
        not_looked_at=review.not_looked_at,
    )
    artifacts.replace(dataset.id, FileKind.SUSPECTS, _FILE, _to_bytes(queue))
    progress.report(_STEPS, _STEPS, "Done")
    return queue


def load_queue(artifacts: Artifacts, dataset_id: str) -> ReviewQueue | None:
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
    # What gzip, JSON and the check of its values raise for a damaged file.
    except (OSError, EOFError, ValueError) as fault:
        raise InputRefused(
            marked("The list of suspects cannot be read ({fault}). Look for suspects again.").format(fault=fault)
        ) from fault


def renumber_people(artifacts: Artifacts, dataset_id: str, people: Mapping[int, int]) -> None:
    """Let the stored queue name people by other ids; of a dataset without a queue nothing is done."""
    queue = load_queue(artifacts, dataset_id)
    if queue is not None:
        suspects = tuple(_renumbered(entry, people) for entry in queue.suspects)
        artifacts.replace(dataset_id, FileKind.SUSPECTS, _FILE, _to_bytes(replace(queue, suspects=suspects)))


def _renumbered(entry: Suspect, people: Mapping[int, int]) -> Suspect:
    person_id = entry.suggestion.person_id
    suggestion = replace(entry.suggestion, person_id=None if person_id is None else people[person_id])
    person_ids = tuple(None if person is None else people[person] for person in entry.person_ids)
    return replace(entry, person_ids=person_ids, suggestion=suggestion)


def list_open_suspects(
    queue: ReviewQueue,
    table: FaceTable,
    apart: Sequence[tuple[str, str]],
    revision: Revision,
) -> OpenSuspects:
    """Leave out what was settled since the queue was made.

    Parameters
    ----------
    table : the faces as they are now
    apart : pairs of faces of which somebody said that they are two people
    revision : the table's
    """
    current = _CurrentFaces.of(table, {face_id for entry in queue.suspects for face_id in entry.face_ids}, apart)
    entries = (current.open_part(entry) for entry in queue.suspects)
    return OpenSuspects(tuple(entry for entry in entries if entry is not None), revision - queue.revision)


# people as a whole


def _one_person(table: FaceTable, embeddings: Embeddings, apart: Sequence[tuple[str, str]]) -> list[PeoplePair]:
    """People who may be one, shown by their nearest faces; the one with fewer faces would join the other."""
    rows_of = _rows_by_person(table)
    pairs = []
    for candidate in cluster.rank_merge_candidates(table, embeddings, apart):
        fewer_rows, more_rows = sorted((rows_of[candidate.person_id], rows_of[candidate.other_id]), key=len)
        cosines = embeddings.vectors[fewer_rows] @ embeddings.vectors[more_rows].T
        # Shown by their two nearest faces: the pair by which somebody can tell at a glance.
        row, column = np.unravel_index(int(cosines.argmax()), cosines.shape)
        pairs.append(PeoplePair(int(fewer_rows[row]), int(more_rows[column]), candidate.similarity))
    return pairs


def _two_people(table: FaceTable, embeddings: Embeddings, progress: Progress) -> list[PersonPart]:
    """The smaller parts of people who may be two."""
    rows_of = _rows_by_person(table)
    smaller_parts = []
    for candidate in cluster.rank_split_candidates(table, embeddings, progress):
        rows = rows_of.get(candidate.person_id)
        if rows is None:
            continue
        parts = cluster.split_person(embeddings.vectors[rows])
        smaller_parts += [
            # Part 0 is the largest, and keeps the name.
            PersonPart(rows[parts == part], candidate.similarity)
            for part in range(1, int(parts.max()) + 1)
        ]
    return smaller_parts


def _rows_by_person(table: FaceTable) -> dict[int, Ints]:
    """The learnable faces of each person by the person's id."""
    rows = np.flatnonzero(table.learnable)
    parts = [rows[part] for part in rows_by_value(table.labels[rows])]
    return {table.person_ids[int(table.labels[part[0]])]: part for part in parts}


# what was settled


@dataclass(frozen=True, slots=True, eq=False)
class _CurrentFaces:
    """The faces as they are now."""

    table: FaceTable
    row_of: Mapping[str, int]
    """Of those that take part still"""
    people: frozenset[int]
    apart: frozenset[frozenset[int | None]]
    """Pairs of people"""

    @classmethod
    def of(cls, table: FaceTable, face_ids: Iterable[str], apart: Sequence[tuple[str, str]]) -> _CurrentFaces:
        asked = list({*face_ids, *chain.from_iterable(apart)})
        indices, rows = table.match(asked)
        takes_part = review_queue.is_reviewable(table)[rows]
        present = zip(indices[takes_part].tolist(), rows[takes_part].tolist(), strict=True)
        current = cls(table, {asked[index]: row for index, row in present}, frozenset(table.person_ids), frozenset())
        # Told of two faces, asked of two people: whoever the faces belong to by now has been told apart. A face that is
        # gone says nothing.
        pairs_left = (pair for pair in apart if current.is_present(pair[0]) and current.is_present(pair[1]))
        return replace(current, apart=frozenset(frozenset(map(current.person, pair)) for pair in pairs_left))

    def is_present(self, face_id: str) -> bool:
        """Whether a face still takes part."""
        return face_id in self.row_of

    def person(self, face_id: str) -> int | None:
        """Whose name a face carries that is there."""
        return self.table.person_id(self.row_of[face_id])

    def confirmed(self, face_ids: Iterable[str]) -> bool:
        """Whether somebody said of every one of these faces that its name is right."""
        return bool(self.table.confirmed[[self.row_of[face_id] for face_id in face_ids]].all())

    def open_part(self, entry: Suspect) -> Suspect | None:
        """The entry with the faces that it still concerns, or None when it is settled."""
        # The person to whom the faces would go was merged away or has no faces any more: there is nothing to accept.
        target = entry.suggestion.person_id
        if target is not None and target not in self.people:
            return None
        if entry.kind in _ABOUT_NAMES:
            return entry if self._holds(entry) else None
        return self._without_missing_faces(entry)

    def _holds(self, entry: Suspect) -> bool:
        """Whether every face of it is under the person that it was under."""
        faces = zip(entry.face_ids, entry.person_ids, strict=True)
        # Any change of a name settles the entry: whether it was the one suggested or another, somebody has decided.
        if not all(self.is_present(face_id) and self.person(face_id) == person for face_id, person in faces):
            return False
        if entry.kind is SuspectKind.ONE_PERSON:
            return frozenset(entry.person_ids) not in self.apart
        return not self.confirmed(entry.face_ids)

    def _without_missing_faces(self, entry: Suspect) -> Suspect | None:
        """One picture in several photos: what is left of it, while it is still of the same kind."""
        # Copies of one picture: when some were excluded, the others may still be two, or in two people's folders.
        still_present = [self.is_present(face_id) for face_id in entry.face_ids]
        face_ids = tuple(compress(entry.face_ids, still_present))
        acts_on = tuple(face_id for face_id in entry.suggestion.face_ids if self.is_present(face_id))
        if not acts_on or not self._still_of(entry.kind, face_ids):
            return None
        people = tuple(compress(entry.person_ids, still_present))
        suggestion = replace(entry.suggestion, face_ids=acts_on)
        return replace(entry, face_ids=face_ids, person_ids=people, suggestion=suggestion)

    def _still_of(self, kind: SuspectKind, face_ids: Sequence[str]) -> bool:
        if kind is SuspectKind.TWO_NAMES:
            return len(set(map(self.person, face_ids))) > 1 and not self.confirmed(face_ids)
        if kind is SuspectKind.LEAK:
            # A leak needs both sides; with one of them gone it is a plain duplicate, which is told elsewhere.
            return {Split.TRAIN, Split.VAL} <= {self.table.splits[self.row_of[face_id]] for face_id in face_ids}
        return len(face_ids) > 1


# the file


def _to_bytes(queue: ReviewQueue) -> bytes:
    # No NaN, which JSON does not know.
    return gzip.compress(json.dumps({"format": FILE_FORMAT, **queue.to_json()}, allow_nan=False).encode("ascii"), 5)


def _from_json(document: object) -> ReviewQueue:
    if not isinstance(document, dict) or document.get("format") != FILE_FORMAT:
        raise ValueError(f"expected an object of format {FILE_FORMAT}")
    return ReviewQueue.from_json(document)


def make_crop_reader(artifacts: Artifacts, dataset_id: str, table: FaceTable) -> CropReader:
    """Give a reader of crops by row of the table, which keeps the last ones in memory."""

    # Pairs of look-alikes are compared one after another, and a picture is in several of them.
    @lru_cache(CROPS_IN_MEMORY)
    def read(crop_id: str) -> RgbImage:
        return decode_crop(artifacts, dataset_id, crop_id)

    return lambda row: read(table.crop_ids[row])


def decode_crop(artifacts: Artifacts, dataset_id: str, crop_id: str) -> RgbImage:
    """A stored crop, (height, width, 3) uint8 RGB. Raises NotFound."""
    return decode_image(artifacts.read(dataset_id, FileKind.CROP, crop_id), ImageLimits())


# the command line


def queue_json(
    store: FaceStore, log: CorrectionLog, artifacts: Artifacts, dataset_id: str, limit: int | None = None
) -> dict[str, Json]:
    """What of the stored queue is still to be done. Raises NotFound when nobody has looked yet."""
    queue, dataset = load_queue(artifacts, dataset_id), store.dataset(dataset_id)
    if queue is None:
        raise NotFound(marked("Nobody has looked for suspects in this dataset yet. Do that first."))
    table = store.face_table(dataset_id)
    remaining = list_open_suspects(queue, table, log.pairs_kept_apart(dataset_id), dataset.revision)
    return queue_to_json(queue, remaining, table, limit)


def queue_to_json(
    queue: ReviewQueue, remaining: OpenSuspects, table: FaceTable, limit: int | None = None
) -> dict[str, Json]:
    """The command line's answer: names and photos for ids, the most urgent first."""
    writer = _QueueWriter(table, dict(zip(table.person_ids, table.people, strict=True)))
    kinds = [entry.kind for entry in remaining.suspects]
    return {
        "faces": len(table),
        "revision": queue.revision,
        "revisions_since": remaining.revisions_since,
        "seconds": queue.seconds,
        "total": len(remaining.suspects),
        "kinds": {kind.value: kinds.count(kind) for kind in SuspectKind},
        "not_kept": queue.dropped,
        "not_looked_at": queue.not_looked_at,
        "suspects": [writer.entry(entry) for entry in remaining.suspects[:limit]],
    }


@dataclass(frozen=True, slots=True, eq=False)
class _QueueWriter:
    table: FaceTable
    names: Mapping[int, str]

    def entry(self, entry: Suspect) -> dict[str, Json]:
        suggestion = entry.suggestion
        return {
            "kind": entry.kind.value,
            "urgency": round(entry.urgency, 4),
            "faces": [self._face(face_id) for face_id in entry.face_ids],
            "action": suggestion.action.value,
            "act_on": list(suggestion.face_ids),
            "to": self.names[suggestion.person_id] if suggestion.person_id is not None else None,
            "side": suggestion.split.value if suggestion.split else None,
            "numbers": dict(entry.numbers),
            "like_own": self._likes(entry.like_own),
            "like_other": self._likes(entry.like_other),
        }

    def _face(self, face_id: str) -> dict[str, Json]:
        row = self.table.index(face_id)
        side = self.table.splits[row]
        return {
            "id": face_id,
            "photo": self.table.photo_names[row],
            "person": self.table.person(row),
            "split": side.value if side else None,
        }

    def _likes(self, likes: Sequence[SimilarFace]) -> list[dict[str, Json]]:
        # Look-alikes that were removed since are only left out: the entry stands without them.
        known = (like for like in likes if like.face_id in self.table)
        return [{**self._face(like.face_id), "similarity": like.similarity} for like in known]
