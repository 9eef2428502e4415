"""How far a face's name can be believed: what a recogniser that never saw the face says, and the faces most like it.

Both must speak against a name before it is doubted: the linear SVM looks at everybody at once and can be led by a
person with few photos; neighbours look at single photos and can be led by one that is wrongly named itself. Faces of
one shot never vouch for each other: they are held out together, and are not each other's neighbours.

Labels that are known to be wrong, on lfw-dev with 5 % of 1,027 labels changed (51 faces, 6 draws): the out-of-fold
probability of the given name, the margin against the best rival, and the share of ten neighbours each put all of
them in the first 51 or 52 places. There is nothing left for a method of more than these lines to gain, so the package
cleanlab, whose rankings are of the same probabilities, is not used.

References
----------
Northcutt, Jiang, Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70, 2021 (the
out-of-fold probability of the given label).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Doubles, Floats, Ints
from core.learn.classification.calibrated_classifier import fit_temperature
from core.learn.classification.solver import fit_one_versus_rest
from core.learn.labelled_faces import LabelledFaces
from core.learn.model_selection.splits import deal_testable
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.labels import fit_centroids, rows_by_value, sum_by_label
from core.learn.numerics.linear_classifier import LinearClassifier
from core.learn.numerics.neighbour_index import NeighbourIndex, build_neighbour_index

FOLDS = 3
C = 1.0
"""Fixed: a larger one would be chosen to fit the wrong names."""
NEAREST = 3
"""Faces of a person that a face is compared with: one alone may be wrongly named itself."""
VOTERS = 10
MOST_FOR_SCALE, MARGINS_FOR_SCALE = 2000, 20_000_000
"""Faces that the temperature is estimated on, fewer of more people: as many as have so many margins."""
COMPARED_WITH_ALL = 100_000
"""Among more faces an index finds those that are most alike."""
_BLOCK_ROWS = 256
_NO_COSINE = np.float32(-2)


@dataclass(frozen=True, slots=True, eq=False)
class LabelOpinions:
    """What a recogniser says of faces that it did not learn from; one row each."""

    probs: Doubles
    """(n,) probability of the given name; NaN for a person with a single shot, who cannot be held out."""
    rivals: Ints
    """(n,) the most likely other person"""
    rival_probs: Doubles
    """(n,)"""


@dataclass(frozen=True, slots=True, eq=False)
class LabelNeighbours:
    """The faces most like some faces, their own shots left out; one row each."""

    own: Ints
    """(m, NEAREST) rows of the given person's, nearest first; -1 where there are fewer"""
    own_cosines: Floats
    """(m, NEAREST); NaN where there are fewer"""
    rival: Ints
    """(m, NEAREST) rows of the rival's"""
    rival_cosines: Floats
    votes: Doubles
    """(m,) the share of the ``VOTERS`` most alike faces of all that carry the given name"""

    @property
    def own_similarity(self) -> Doubles:
        """(m,) mean cosine to the nearest of the given person; -1 without any."""
        return _mean_or(self.own_cosines, -1.0)

    @property
    def rival_similarity(self) -> Doubles:
        """(m,) mean cosine to the nearest of the rival; -1 without any."""
        return _mean_or(self.rival_cosines, -1.0)

    def take(self, rows: Ints) -> LabelNeighbours:
        """The same of some of the faces."""
        own_faces, rival_faces = (self.own[rows], self.own_cosines[rows]), (self.rival[rows], self.rival_cosines[rows])
        return LabelNeighbours(*own_faces, *rival_faces, self.votes[rows])


def judge_labels(faces: LabelledFaces, *, seed: int = 0, progress: Progress = UNWATCHED) -> LabelOpinions:
    """Let a recogniser that learned from the other shots judge every face.

    Parameters
    ----------
    faces : of two people at least
    progress : told the finished share, several times a second
    """
    # Imported here, as the start of the program need not wait for it.
    from scipy.special import softmax

    judges = _judges(faces, deal_testable(faces, FOLDS, seed=seed), progress)
    probs, rival_probs = np.full(len(faces), np.nan), np.full(len(faces), np.nan)
    rivals = np.zeros(len(faces), dtype=np.int64)
    temperature = _temperature(faces, judges, seed)
    for judge in judges:
        for block in row_blocks(len(judge.rows), _BLOCK_ROWS):
            rows = judge.rows[block]
            likely = softmax(judge.margins(faces, rows) / temperature, axis=1)
            # With the own name's probability taken out, the largest is the best rival's.
            of_given = np.arange(len(rows)), faces.labels[rows]
            probs[rows], likely[of_given] = likely[of_given], -1.0
            rivals[rows], rival_probs[rows] = likely.argmax(axis=1), likely.max(axis=1)
    return LabelOpinions(probs, rivals, rival_probs)


def find_label_neighbours(
    faces: LabelledFaces,
    rows: Ints,
    rivals: Ints,
    index: NeighbourIndex | None = None,
    progress: Progress = UNWATCHED,
) -> LabelNeighbours:
    """Find the faces most like some of them: of their own person, of a rival, and of all.

    Parameters
    ----------
    rows : (m,) int64, the faces asked about
    rivals : (m,) int64, the person each is compared with besides its own
    index : of the faces, where they are too many to be compared with all
    progress : told the finished share, several times a second
    """
    if index is not None:
        return _look_up_label_neighbours(faces, rows, rivals, index, progress)
    labels, rows_of_person = faces.labels, rows_by_value(faces.labels)
    own_nearest, rival_nearest = _empty_nearest(len(rows)), _empty_nearest(len(rows))
    votes = np.zeros(len(rows))
    for block in row_blocks(len(rows), _BLOCK_ROWS):
        progress.advance(block.start / len(rows))
        cosines = faces.vectors[rows[block]] @ faces.vectors.T
        # A copy of a wrongly named photo would speak for the wrong name, so a shot never vouches for itself.
        cosines[faces.shots[rows[block]][:, None] == faces.shots] = _NO_COSINE
        voters = _most_alike(cosines, VOTERS)
        votes[block] = (labels[voters] == labels[rows[block]][:, None]).mean(axis=1)
        for line, face_cosines in zip(range(block.start, block.stop), cosines, strict=True):
            for nearest, person in ((own_nearest, labels[rows[line]]), (rival_nearest, rivals[line])):
                _keep_nearest(nearest, line, face_cosines[rows_of_person[person]], rows_of_person[person])
    return LabelNeighbours(*own_nearest, *rival_nearest, votes)


def _look_up_label_neighbours(
    faces: LabelledFaces, rows: Ints, rivals: Ints, index: NeighbourIndex, progress: Progress
) -> LabelNeighbours:
    """The same: those of a person by comparing with theirs alone, and the voters by the index."""
    labels, shots, rows_of_person = faces.labels, faces.shots, rows_by_value(faces.labels)
    own_nearest, rival_nearest = _empty_nearest(len(rows)), _empty_nearest(len(rows))
    votes, shot_sizes = np.zeros(len(rows)), np.bincount(shots)
    for line, row in enumerate(rows.tolist()):
        progress.advance(line / len(rows))
        for nearest, person in ((own_nearest, labels[row]), (rival_nearest, rivals[line])):
            members = rows_of_person[person]
            cosines = faces.vectors[members] @ faces.vectors[row]
            cosines[shots[members] == shots[row]] = _NO_COSINE
            _keep_nearest(nearest, line, cosines, members)
        # Its own shot, which has no vote, is the nearest of all.
        near, _ = index.nearest(faces.vectors[row], VOTERS + int(shot_sizes[shots[row]]))
        voters = near[shots[near] != shots[row]][:VOTERS]
        votes[line] = (labels[voters] == labels[row]).sum() / max(1, len(voters))
    return LabelNeighbours(*own_nearest, *rival_nearest, votes)


def index_voters(faces: LabelledFaces, progress: Progress = UNWATCHED) -> NeighbourIndex | None:
    """What ``find_label_neighbours`` takes for so many faces."""
    return build_neighbour_index(faces.vectors, progress=progress) if len(faces) > COMPARED_WITH_ALL else None


def cosines_to_own_centre(faces: LabelledFaces) -> Doubles:
    """Give each face's cosine to the centre of the given person's other shots: (n,); NaN without any."""
    sums = sum_by_label(faces.vectors, faces.labels, faces.n_people)
    shots, shot_of_face = np.unique(faces.shots, return_inverse=True)
    shot_sums = sum_by_label(faces.vectors, shot_of_face, len(shots))
    cosines = np.empty(len(faces))
    for block in row_blocks(len(faces), _BLOCK_ROWS):
        sums_without_shot = sums[faces.labels[block]] - shot_sums[shot_of_face[block]]
        length = np.linalg.norm(sums_without_shot, axis=1)
        # Nothing is left where all of a person's faces are one shot: no direction, so no cosine.
        length[length < 1e-6] = np.nan
        cosines[block] = (faces.vectors[block] * sums_without_shot).sum(axis=1) / length
    return cosines


def find_centre_rivals(faces: LabelledFaces, rows: Ints) -> tuple[Ints, Floats]:
    """Give the other person whose centre is most like each of some faces, and the cosine: (m,), (m,)."""
    centroids = fit_centroids(faces.vectors, faces.labels, faces.n_people)
    rivals, rival_cosines = np.zeros(len(rows), dtype=np.int64), np.zeros(len(rows), dtype=np.float32)
    for block in row_blocks(len(rows), _BLOCK_ROWS):
        cosines = faces.vectors[rows[block]] @ centroids.T
        cosines[np.arange(len(cosines)), faces.labels[rows[block]]] = _NO_COSINE
        rivals[block], rival_cosines[block] = cosines.argmax(axis=1), cosines.max(axis=1)
    return rivals, rival_cosines


# the recognisers


@dataclass(frozen=True, slots=True, eq=False)
class _Judge:
    """A classifier, and the faces that it did not learn from."""

    rows: Ints
    classifier: LinearClassifier

    def margins(self, faces: LabelledFaces, rows: Ints) -> Doubles:
        return self.classifier.margins(faces.vectors[rows]).astype(np.float64)


def _judges(faces: LabelledFaces, fold_of: Ints, progress: Progress) -> list[_Judge]:
    folds = np.unique(fold_of[fold_of >= 0])
    judges = []
    for number, fold in enumerate(folds):
        fold_progress = progress.part(number / len(folds), (number + 1) / len(folds))
        train = faces.take(fold_of != fold)
        classifier = fit_one_versus_rest(train.vectors, train.labels, faces.n_people, C, progress=fold_progress)
        judges.append(_Judge(np.flatnonzero(fold_of == fold), classifier))
    return judges


def _temperature(faces: LabelledFaces, judges: list[_Judge], seed: int) -> float:
    """What makes the probabilities honest, on a sample; 1 where nobody can be held out."""
    rng = np.random.default_rng(seed)
    n_sampled = min(MOST_FOR_SCALE, MARGINS_FOR_SCALE // faces.n_people) // FOLDS
    sampled_rows = [rng.permutation(judge.rows)[:n_sampled] for judge in judges]
    if not sampled_rows:
        return 1.0
    margins = np.concatenate([judge.margins(faces, rows) for judge, rows in zip(judges, sampled_rows, strict=True)])
    rows = np.concatenate(sampled_rows)
    return fit_temperature(margins, faces.labels[rows], len(np.unique(faces.shots[rows])))


# the neighbours


def _empty_nearest(n: int) -> tuple[Ints, Floats]:
    return np.full((n, NEAREST), -1, dtype=np.int64), np.full((n, NEAREST), np.nan, dtype=np.float32)


def _keep_nearest(nearest: tuple[Ints, Floats], line: int, cosines: Floats, rows: Ints) -> None:
    """Write the nearest of some rows, whose cosines these are, into one line of rows and cosines."""
    order = np.argsort(-cosines, kind="stable")[:NEAREST]
    # Faces of the own shot were blanked out before, and must not fill up the line where there are few others.
    order = order[cosines[order] > _NO_COSINE]
    nearest[0][line, : len(order)] = rows[order]
    nearest[1][line, : len(order)] = cosines[order]


def _most_alike(cosines: Floats, k: int) -> Ints:
    k = min(k, cosines.shape[1])
    return np.asarray(np.argpartition(cosines, -k, axis=1)[:, -k:], dtype=np.int64)


def _mean_or(cosines: Floats, otherwise: float) -> Doubles:
    known: Bools = np.isfinite(cosines)
    count = known.sum(axis=1)
    total = np.where(known, cosines, 0).sum(axis=1, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), otherwise)
