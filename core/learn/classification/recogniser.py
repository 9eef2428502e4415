"""Give a face the name of a known person: a linear SVM on unit-length embeddings, saved as arrays and names.

It always names somebody; whether the face is anybody known is decided in ``rejection_rule``.

One-versus-rest, not one-versus-one
    Errors on lfw-dev (1,027 faces of 79 people; C = 1, weighted, against scikit-learn's ``SVC``; 2 to 5 repetitions):

    =====================================  ===============  ==============
    learned from                           one-versus-rest  one-versus-one
    =====================================  ===============  ==============
    four fifths                                     0.10 %          0.10 %
    5 faces of each                                 0.16 %          0.16 %
    2 faces of each                                 0.23 %          0.12 %
    1 face of each                                  1.05 %          0.89 %
    1 face of 25 people, all of the rest            1.79 %          2.36 %
    =====================================  ===============  ==============

    The difference is a few faces and goes both ways; but one-versus-one needs n (n - 1) / 2 classifiers: at 1,000
    people ``SVC`` takes 50 ms for one prediction, one product with 1,000 rows 0.02 ms.

Every person counts the same (``solver.person_weights``)
    Without weights the 25 people with one face, beside 54 with many, were missed in 99, 64, 15, 3 % at C = 0.1, 0.3,
    1, 10 (``LinearSVC``), with them in 1.4 to 1.9 %; the others were right in 99.7 % or more either way. Held-out
    errors do not warn of it, as who has one shot is never held out. With equal numbers weights change nothing.

C
    By folds of whole shots, over ``C_GRID``; of equally good values the smallest, since on embeddings this
    separable many tie. With more than ``MOST_PEOPLE`` people or ``MOST_FACES`` faces it is chosen on a
    sample.

Probabilities
    Softmax of the margins over a temperature, which is fitted to the out-of-fold margins by log-loss. The target for
    n held-out shots is not 1 but (n + 1) / (n + 2), and no probability goes beyond that: a handful of photos
    cannot promise certainty. They answer "who of these", not "is it one of these".

References
----------
Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017 (temperature scaling).
Platt, "Probabilistic Outputs for Support Vector Machines", 1999 (the targets).
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from core.base.errors import InputRefused, NotFound, TrainingRefused
from core.base.types import Doubles, Floats, Ints, Vectors
from core.learn.classification.solver import Watch, one_versus_rest, unwatched
from core.learn.model_selection.splits import deal_into_folds
from core.learn.open_set import rejection_rule
from core.learn.open_set.rejection_rule import Gallery, RejectionRule, RejectionRules, Threshold

C_GRID = (0.3, 1.0, 3.0, 10.0)
C_UNTOLD = 1.0
"""C where nobody has two shots, so that nothing can be held out; scikit-learn's default."""
CHOOSING_FOLDS = 3
MOST_PEOPLE = 100
MOST_FACES = 2000
"""What C and temperature are chosen on at most; the SVM itself learns from everything."""

TEMPERATURE_UNTOLD = 1.0
"""Where nothing can be held out: margins of +1 and -1 give odds of 7 to 1 against each rival."""
_TEMPERATURE_RANGE = (1e-2, 1e2)
_LEAST_DOUBT = 1e-4

FILE_FORMAT = 2
_HEADER_FIELDS = {
    "people": list,
    "model_id": str,
    "temperature": float,
    "doubt": float,
    "C": float,
    "rules": list,
    "seed": int,
}
_ARRAYS = ("coef", "intercept", "centroids")


@dataclass(frozen=True, slots=True, eq=False)
class LinearSvm:
    """A trained one-versus-rest linear SVM."""

    people: tuple[str, ...]
    coef: Floats
    """(n_people, dimension) float32"""
    intercept: Floats
    """(n_people,) float32"""
    temperature: float
    """Margins are divided by it before the softmax."""
    doubt: float
    """Share of every probability that is spread evenly, so that none is ever 0 or 1; in (0, 1)."""
    C: float

    def margins(self, vectors: Vectors) -> Floats:
        """Give each person's decision value for each face: (n, n_people) float32."""
        return vectors @ self.coef.T + self.intercept

    def predict(self, vectors: Vectors) -> Ints:
        """Give each face the place in ``people`` of the best margin: (n,) int64."""
        return np.asarray(self.margins(vectors).argmax(axis=1), dtype=np.int64)

    def probabilities(self, vectors: Vectors) -> Doubles:
        """Give how likely each person is, if it is one of them.

        Returns
        -------
        (n, n_people) float64; rows sum to 1, and none is 0 or 1.
        """
        sure = softmax(self.margins(vectors).astype(np.float64) / self.temperature, axis=1)
        return np.asarray((1 - self.doubt) * sure + self.doubt / len(self.people), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Recogniser:
    """Everything that naming a face needs, and nothing that is not an array, a number or a name."""

    svm: LinearSvm
    centroids: Vectors
    """(n_people, dimension) float32, unit length"""
    rules: RejectionRules
    """When to say "unknown"."""
    model_id: str
    seed: int

    @property
    def people(self) -> tuple[str, ...]:
        return self.svm.people

    def rule(self, gallery: Gallery | None) -> RejectionRule:
        """The rule to use, with or without training faces."""
        return self.rules.alone if gallery is None else self.rules.full

    def name(self, vectors: Vectors, gallery: Gallery | None) -> tuple[Ints, Doubles]:
        """Name each face, and score how much it is like that person.

        Parameters
        ----------
        vectors : (n, dimension) float32, unit length
        gallery : the training faces, or None where they are not at hand

        Returns
        -------
        named : (n,) int64, places in ``people``
        scores : (n,) float64, on the scale of ``rule(gallery)``
        """
        matches = rejection_rule.name_faces(self.svm, self.centroids, gallery, vectors)
        return matches.person, self.rule(gallery).scores(matches.features)

    def distances(self, vectors: Vectors, person_of_face: Ints) -> Floats:
        """Give each face's distance to the centroid of the person it was named: (n,) float32, 0..2."""
        return rejection_rule.distances_to_named(vectors, person_of_face, self.centroids)

    def to_bytes(self) -> bytes:
        """One .npz of arrays and a header."""
        return _encode(self)

    def save(self, path: Path) -> None:
        """Write what ``to_bytes`` gives; the file is either complete or not there."""
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(self.to_bytes())
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Recogniser:
        """Read what ``save`` wrote.

        Raises
        ------
        NotFound
            There is no such file.
        InputRefused
            The file is damaged, of another format, or its parts do not belong together.
        """
        if not path.is_file():
            raise NotFound(f"There is no trained recogniser '{path.name}'. Train one on this dataset.")
        return cls.from_bytes(path.read_bytes(), path.name)

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> Recogniser:
        """Read the content of such a file. Raises InputRefused as ``load`` does."""
        try:
            return _decode(content)
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as fault:
            raise InputRefused(
                f"The recogniser file '{name}' cannot be used: {fault}. Delete the run and train again."
            ) from fault


def fit_linear_svm(
    vectors: Vectors,
    labels: Ints,
    people: Sequence[str],
    groups: Ints,
    *,
    seed: int = 0,
    c: float | None = None,
    start: LinearSvm | None = None,
    watch: Watch = unwatched,
) -> LinearSvm:
    """Train on every face given.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    labels : (n,) int64, places in ``people``; everybody has a face
    people : two names at least
    groups : (n,) int64, faces of one shot (``near_duplicate_groups``)
    seed : deals the folds that C and temperature are chosen on
    c : take this C instead of choosing
    start : a classifier of the same people to begin at: it saves time, and what comes out is the same
    watch : told the finished share; it may raise to stop

    Raises
    ------
    TrainingRefused
        Fewer than two people, or a vector that is no number.
    """
    _require_trainable(vectors, labels, people)
    sample = _sample(labels, groups, seed)
    watch_choosing, watch_training = _in_turn(_choosing_share(len(people), c), watch)
    hyperparameters = _choose_hyperparameters(
        vectors[sample], labels[sample], groups[sample], C_GRID if c is None else (c,), seed, watch_choosing
    )
    start_weights = (start.coef, start.intercept) if start else None
    coef, intercept = one_versus_rest(
        vectors, labels, len(people), hyperparameters.C, start=start_weights, watch=watch_training
    )
    return LinearSvm(
        people=tuple(people),
        coef=coef,
        intercept=intercept,
        temperature=hyperparameters.temperature,
        doubt=hyperparameters.doubt,
        C=hyperparameters.C,
    )


def _choosing_share(n_people: int, c: float | None) -> float:
    """Roughly the part of the time that choosing takes: problems solved on samples, against everybody's once."""
    problems = min(n_people, MOST_PEOPLE) * CHOOSING_FOLDS * (len(C_GRID) if c is None else 1)
    return problems / (problems + n_people)


def _in_turn(share: float, watch: Watch) -> tuple[Watch, Watch]:
    """Watch two pieces of work, of which the first is the given share."""
    return lambda finished: watch(share * finished), lambda finished: watch(share + (1 - share) * finished)


# Choosing C and temperature


@dataclass(frozen=True, slots=True)
class _Hyperparameters:
    C: float
    temperature: float
    doubt: float


def _choose_hyperparameters(
    vectors: Vectors, labels: Ints, groups: Ints, grid: tuple[float, ...], seed: int, watch: Watch
) -> _Hyperparameters:
    """Take the C with the fewest errors on held-out shots, the smallest of equals, and its temperature."""
    labels = np.unique(labels, return_inverse=True)[1]
    fold_of = _holdout_folds(labels, groups, seed)
    held_out = fold_of >= 0
    if not held_out.any():
        return _Hyperparameters(C_UNTOLD if len(grid) > 1 else grid[0], TEMPERATURE_UNTOLD, _doubt(0))
    truth, n_shots = labels[held_out], len(np.unique(groups[held_out]))
    margins = _out_of_fold(vectors, labels, fold_of, grid, watch)[:, held_out]
    errors = [np.count_nonzero(margins_of_c.argmax(axis=1) != truth) for margins_of_c in margins]
    best = int(np.argmin(errors))  # the first, and the grid ascends
    return _Hyperparameters(grid[best], fit_temperature(margins[best], truth, n_shots), _doubt(n_shots))


def _doubt(n_shots: int) -> float:
    """Give the share of a probability that so many held-out shots cannot speak for (rule of succession)."""
    return max(1.0 / (n_shots + 2.0), _LEAST_DOUBT)


def _holdout_folds(labels: Ints, groups: Ints, seed: int) -> Ints:
    """Deal shots into folds; -1 for people with one shot, who are learned from in every fold."""
    shots = np.bincount(labels[np.unique(groups, return_index=True)[1]])
    several = shots[labels] > 1
    folds = int(min(CHOOSING_FOLDS, shots.max()))
    return deal_into_folds(np.where(several, labels, -1), groups, max(folds, 2), seed=seed)


def _out_of_fold(vectors: Vectors, labels: Ints, fold_of: Ints, grid: tuple[float, ...], watch: Watch) -> Doubles:
    """Give the margins of every held-out face for each C, which ascend: (len(grid), n, n_people)."""
    n_people = int(labels.max()) + 1
    margins = np.zeros((len(grid), len(vectors), n_people))
    folds = np.unique(fold_of[fold_of >= 0])
    solutions: list[tuple[Floats, Floats]] = []
    for fold_index, fold in enumerate(folds):
        test = fold_of == fold
        for c_index, C in enumerate(grid):
            neighbouring_solution = solutions[c_index] if fold_index else solutions[-1] if c_index else None
            solution = one_versus_rest(vectors[~test], labels[~test], n_people, C, start=neighbouring_solution)
            solutions[c_index : c_index + 1] = [solution]
            margins[c_index, test] = vectors[test] @ solution[0].T + solution[1]
            watch((fold_index * len(grid) + c_index + 1) / (len(folds) * len(grid)))
    return margins


def fit_temperature(margins: Doubles, truth: Ints, n_shots: int) -> float:
    """Find the temperature at which held-out margins are honest probabilities.

    Parameters
    ----------
    margins : (n, n_people), of faces that the classifier had not seen
    truth : (n,) int64
    n_shots : independent shots among them; the fewer, the softer the target
    """
    from scipy.optimize import minimize_scalar  # here, as the start of the program need not wait for it

    n_people = margins.shape[1]
    doubt = _doubt(n_shots)
    rival = doubt / (n_people - 1)
    rows = np.arange(len(truth))

    def log_loss(log_temperature: float) -> float:
        log_probs = log_softmax(margins / np.exp(log_temperature), axis=1)
        of_truth = log_probs[rows, truth]
        return float(-((1 - doubt - rival) * of_truth + rival * log_probs.sum(axis=1)).mean())

    minimum = minimize_scalar(log_loss, bounds=tuple(np.log(_TEMPERATURE_RANGE)), method="bounded")
    return float(np.exp(minimum.x))


def _sample(labels: Ints, groups: Ints, seed: int) -> Ints:
    """Draw row numbers of at most ``MOST_PEOPLE`` people and ``MOST_FACES`` faces, ascending."""
    rng = np.random.default_rng(seed)
    people = np.sort(rng.permutation(int(labels.max()) + 1)[:MOST_PEOPLE])
    most_each = MOST_FACES // len(people)
    rows = np.flatnonzero(np.isin(labels, people))
    if len(rows) <= MOST_FACES:
        return rows
    key = rng.random(int(groups.max()) + 1)[groups[rows]]
    order = rows[np.lexsort((key, labels[rows]))]
    rank_in_person = np.arange(len(order)) - np.searchsorted(labels[order], labels[order])
    return np.sort(order[rank_in_person < most_each])


def _require_trainable(vectors: Vectors, labels: Ints, people: Sequence[str]) -> None:
    if len(people) < 2:
        raise TrainingRefused(
            f"A recogniser tells at least two people apart, and there is {len(people)}. Add photos of another person."
        )
    if len(np.unique(labels)) != len(people) or labels.min() < 0 or labels.max() >= len(people):
        raise ValueError(f"expected faces of all {len(people)} people, got labels of {len(np.unique(labels))}")
    if not np.isfinite(vectors).all():
        raise TrainingRefused("A face's embedding is no number. Ingest the dataset's photos again.")


# The file


def _encode(recogniser: Recogniser) -> bytes:
    svm = recogniser.svm
    header = {
        "format": FILE_FORMAT,
        "people": list(svm.people),
        "model_id": recogniser.model_id,
        "temperature": svm.temperature,
        "doubt": svm.doubt,
        "C": svm.C,
        "rules": [_rule_header(rule) for rule in (recogniser.rules.full, recogniser.rules.alone)],
        "seed": recogniser.seed,
    }
    buffer = io.BytesIO()
    np.savez(
        buffer,
        header=np.frombuffer(json.dumps(header).encode("ascii"), dtype=np.uint8),
        coef=svm.coef,
        intercept=svm.intercept,
        centroids=recogniser.centroids,
    )
    return buffer.getvalue()


def _decode(content: bytes) -> Recogniser:
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        header = _read_header(archive["header"])
        coef, intercept, centroids = (_read_array(archive[name], name) for name in _ARRAYS)
    people = tuple(header["people"])
    _require_shapes(len(people), coef, intercept, centroids)
    svm = LinearSvm(
        people=people,
        coef=coef,
        intercept=intercept,
        temperature=header["temperature"],
        doubt=header["doubt"],
        C=header["C"],
    )
    full, alone = (_read_rule(rule) for rule in header["rules"])
    _require_rules(full, alone)
    return Recogniser(
        svm=svm,
        centroids=centroids,
        rules=RejectionRules(full, alone),
        model_id=header["model_id"],
        seed=header["seed"],
    )


def _rule_header(rule: RejectionRule) -> dict[str, Any]:
    """Plain values; JSON has no NaN: what cannot be told is None."""
    genuine_kept = None if np.isnan(rule.genuine_kept) else rule.genuine_kept
    return {**asdict(rule), "weights": rule.weights.tolist(), "genuine_kept": genuine_kept}


def _read_rule(header: Mapping[str, Any]) -> RejectionRule:
    try:
        thresholds = tuple(Threshold(**limit) for limit in header["thresholds"])
        genuine_kept = float("nan") if header["genuine_kept"] is None else header["genuine_kept"]
        weights = np.array(header["weights"], dtype=np.float64)
        return RejectionRule(**{**header, "weights": weights, "thresholds": thresholds, "genuine_kept": genuine_kept})
    except TypeError as fault:
        raise ValueError(f"a rejection rule is not of its form ({fault})") from fault


def _require_rules(full: RejectionRule, alone: RejectionRule) -> None:
    for rule, n_features in ((full, len(rejection_rule.FEATURES)), (alone, len(rejection_rule.FEATURES) - 1)):
        numbers = [rule.offset, *rule.weights.tolist(), *(limit.score for limit in rule.thresholds)]
        if rule.weights.shape != (n_features,) or not np.isfinite(np.array(numbers, dtype=np.float64)).all():
            raise ValueError("a rejection rule's weights or limits are not of their kind")
        if [limit.rate for limit in rule.thresholds] != list(rejection_rule.RATES):
            raise ValueError("a rejection rule has limits for other rates")


def _read_header(packed: Any) -> dict[str, Any]:
    header = json.loads(bytes(packed))
    if not isinstance(header, dict) or header.get("format") != FILE_FORMAT:
        file_format = header.get("format") if isinstance(header, dict) else None
        raise ValueError(f"it has format {file_format}, and this version reads format {FILE_FORMAT}")
    for name, kind in _HEADER_FIELDS.items():
        if type(header.get(name)) is not kind:
            raise ValueError(f"'{name}' is missing or not of its kind")
    people = header["people"]
    if len(people) < 2 or len(set(map(str, people))) != len(people) or not all(type(p) is str for p in people):
        raise ValueError("expected two or more different names")
    if not (0 < header["temperature"] < np.inf and 0 < header["C"] < np.inf):
        raise ValueError("temperature or C is out of its range")
    if not 0 < header["doubt"] < 1:
        raise ValueError("doubt is out of its range")
    return header


def _read_array(array: Any, name: str) -> Floats:
    if array.dtype != np.float32 or not np.isfinite(array).all():
        raise ValueError(f"'{name}' is not made of float32 numbers")
    return np.asarray(array, dtype=np.float32)


def _require_shapes(n_people: int, coef: Floats, intercept: Floats, centroids: Floats) -> None:
    if coef.ndim != 2 or not len(coef) == n_people or coef.shape != centroids.shape:
        raise ValueError(f"coef {coef.shape} and centroids {centroids.shape} do not fit {n_people} people")
    if intercept.shape != (n_people,):
        raise ValueError(f"intercept {intercept.shape} does not fit {n_people} people")
    if not np.allclose(np.linalg.norm(centroids, axis=1), 1.0, atol=1e-3):
        raise ValueError("a centroid is not of unit length")
