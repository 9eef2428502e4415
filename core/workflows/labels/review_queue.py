"""The queue of what is probably wrong with a dataset: made by a job, kept as one file, read by page and command line.

The queue is of one revision of the dataset. Corrections do not change the file: when it is read, entries that they
have settled drop out, and the queue says how many revisions old it is.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import InputRefused, NotFound
from core.base.face_table import Embeddings, FaceTable
from core.base.json_values import JsonRecord
from core.base.progress import UNWATCHED, Progress
from core.base.types import Ints, Revision
from core.corrections.model import CorrectionLog
from core.language.texts import marked
from core.learn.label_errors import review_queue
from core.learn.label_errors.review_queue import PeoplePair, PersonPart, Suspect
from core.learn.numerics.labels import rows_by_value
from core.store.artifacts import ArtifactKind as FileKind
from core.store.artifacts import Artifacts
from core.store.job_model import JobRequest
from core.store.protocols import FaceStore
from core.workflows.clustering import cluster
from core.workflows.labels.stored_crops import make_crop_reader

FILE_FORMAT = 1
MOST_KEPT = 20_000
"""Entries; what comes after so many is found when these are settled."""
_FILE = "queue"
"""A dataset has one; a new one takes its place."""
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


# the file


def _to_bytes(queue: ReviewQueue) -> bytes:
    # No NaN, which JSON does not know.
    return gzip.compress(json.dumps({"format": FILE_FORMAT, **queue.to_json()}, allow_nan=False).encode("ascii"), 5)


def _from_json(document: object) -> ReviewQueue:
    if not isinstance(document, dict) or document.get("format") != FILE_FORMAT:
        raise ValueError(f"expected an object of format {FILE_FORMAT}")
    return ReviewQueue.from_json(document)
