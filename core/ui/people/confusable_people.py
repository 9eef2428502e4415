"""Who looks like whom: the people most like one, pairs who may be one person, and people who may be two.

All of it is computed by ``core.learn`` and kept for a revision of a dataset; nothing here is changed by a page.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Floats, Ints, Revision
from core.language.texts import marked
from core.learn.verification.set_similarity import Centres, centre_similarity
from core.store.values.datasets import Dataset
from core.ui import data
from core.ui.access import kept
from core.ui.data import Faces
from core.workflows.clustering.cluster import PROBABLY_TWO, MergeCandidate, rank_merge_candidates, split_person


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """Where everybody's faces lie; inner products are similarities, about 1 for one person."""

    person_ids: tuple[int, ...]
    centres: Floats
    """(n_people, dimension) float32"""


@dataclass(frozen=True, slots=True, eq=False)
class PersonParts:
    """The groups that one person's faces fall into."""

    face_ids: tuple[tuple[str, ...], ...]
    """Of each part, the largest part first, the most typical face of each first."""
    similarity: float
    """Of the two largest parts; NaN when there is one."""

    @property
    def probably_two(self) -> bool:
        """Whether the two largest parts are less alike than one person's; False when there is one."""
        return self.similarity < PROBABLY_TWO


@kept.cache_resource(show_spinner=False, max_entries=4)
def measure_likeness(dataset_id: str, revision: Revision) -> Likeness:
    """The likeness of all people of a dataset."""
    faces = data.dataset_faces(dataset_id, revision)
    people = faces.table.person_ids
    return Likeness(people, Centres.of(faces.embeddings.vectors, faces.table.labels, len(people)).corrected())


def rank_by_likeness(likeness: Likeness, person_id: int) -> list[tuple[int, float]]:
    """Everybody else's id and similarity, the most alike first."""
    if person_id not in likeness.person_ids:
        return []
    own_index = likeness.person_ids.index(person_id)
    # The centres are corrected for how few faces they are the mean of, so that one product compares large with small.
    values = likeness.centres @ likeness.centres[own_index]
    order = [index for index in np.argsort(-values, kind="stable").tolist() if index != own_index]
    return [(likeness.person_ids[index], float(values[index])) for index in order]


@kept.cache_resource(show_spinner=marked("Comparing everybody with everybody"), max_entries=4)
def find_merge_candidates(dataset_id: str, revision: Revision) -> list[MergeCandidate]:
    """Pairs of people who are probably one, the most alike first; without those that somebody has told apart."""
    # What was told apart is read here and is no argument: telling apart raises the revision, which is one.
    faces = data.dataset_faces(dataset_id, revision)
    return rank_merge_candidates(faces.table, faces.embeddings, data.services().log.pairs_kept_apart(dataset_id))


@kept.cache_resource(show_spinner=False, max_entries=16)
def find_person_parts(dataset_id: str, revision: Revision, person_id: int) -> PersonParts:
    """The parts of one person's faces; those that were left out, or are too poor to tell, are in none."""
    faces = data.person_faces(dataset_id, revision, person_id)
    rows = np.flatnonzero(~faces.table.excluded & faces.table.trusted)
    vectors = faces.embeddings.vectors[rows]
    labels = split_person(vectors)
    # Of a person all of whose faces are left out there are no labels, whose largest would be an error.
    n_parts = int(labels.max(initial=-1)) + 1
    part_rows = [rows_by_typicality(faces, rows[labels == part]) for part in range(n_parts)]
    similarity = centre_similarity(Centres.of(vectors, labels, n_parts), 0, 1) if n_parts > 1 else np.nan
    return PersonParts(tuple(tuple(faces.table.face_ids[row] for row in part) for part in part_rows), similarity)


def most_typical_face(dataset: Dataset, person_id: int) -> str:
    """The id of the face of a person that lies nearest to the middle of theirs; what stands for them in a pair."""
    faces = data.person_faces(dataset.id, dataset.revision, person_id)
    return faces.table.face_ids[int(rows_by_typicality(faces, np.arange(len(faces.table)))[0])]


def rows_by_typicality(faces: Faces, rows: Ints) -> Ints:
    """The same rows, (k,) of one person's faces, those nearest to their middle first."""
    vectors = faces.embeddings.vectors[rows]
    # The mean is not brought to unit length: that would divide all products by one number, and change no order.
    return np.asarray(rows[np.argsort(-(vectors @ vectors.mean(axis=0)), kind="stable")])
