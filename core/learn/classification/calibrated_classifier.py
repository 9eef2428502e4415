"""The classifier that names faces, fitted to unit-length embeddings: its C, and how sure it may be.

The linear SVM unless another of ``classifier_kinds`` is asked for; how each learns is ``row_learners``' business. It
always names somebody; whether the face is anybody known is decided in ``rejection_rule``.

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

Every person counts the same (``solver.weigh_people``)
    Without weights the 25 people with one face, beside 54 with many, were missed in 99, 64, 15, 3 % at C = 0.1, 0.3,
    1, 10 (``LinearSVC``), with them in 1.4 to 1.9 %; the others were right in 99.7 % or more either way. Held-out
    errors do not warn of it, as who has one shot is never held out. With equal numbers weights change nothing.

C
    By folds of whole shots, up ``C_GRID`` while a larger C brings fewer errors by more than their standard error: on
    embeddings this separable many tie, and the smallest is taken. With 5 photos of each of 54 people of lfw-dev, six in
    ten of them shrunk, blurred or darkened, C = 0.3, 1, 3, 10 named 0.974, 0.973, 0.969, 0.965 rightly, and 0.744,
    0.742, 0.727, 0.721 at an FPIR of 0.1 % (8 draws; at 3 and 10 it is less than at 1 by an interval without 0).
    With more than ``MOST_PEOPLE`` people or ``MOST_FACES`` faces it is chosen on a sample.

Probabilities
    Softmax of the margins over a temperature, which is fitted to the out-of-fold margins by log-loss. The target for
    n held-out shots is not 1 but (n + 1) / (n + 2), and no probability goes beyond that: a handful of photos
    cannot promise certainty. They answer "who of these", not "is it one of these".

References
----------
Breiman, Friedman, Olshen, Stone, "Classification and Regression Trees", 1984 (one standard error).
Guo, Pleiss, Sun, Weinberger, "On Calibration of Modern Neural Networks", ICML 2017 (temperature scaling).
Platt, "Probabilistic Outputs for Support Vector Machines", 1999 (the targets).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.errors import TrainingRefused
from core.base.progress import UNWATCHED, Progress
from core.base.types import Doubles, Ints, Vectors
from core.language.texts import marked
from core.learn.classification.classifier_kinds import LINEAR_SVM, ClassifierKind, ClassifierSettings
from core.learn.classification.row_learners import ROW_LEARNERS, RowLearner
from core.learn.labelled_faces import LabelledFaces
from core.learn.model_selection.splits import deal_testable
from core.learn.numerics.labels import rank_within_label
from core.learn.numerics.linear_classifier import LinearClassifier

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


@dataclass(frozen=True, slots=True, eq=False)
class CalibratedClassifier:
    """A trained classifier, whose margins are told as probabilities."""

    people: tuple[str, ...]
    linear: LinearClassifier
    """A row of weights for each of ``people``."""
    temperature: float
    """Margins are divided by it before the softmax."""
    doubt: float
    """Share of every probability that is spread evenly, so that none is ever 0 or 1; in (0, 1)."""
    C: float
    """1 where the kind has none."""
    kind: ClassifierKind = ClassifierKind.LINEAR_SVM

    def probabilities(self, vectors: Vectors) -> Doubles:
        """Give how likely each person is, if it is one of them.

        Returns
        -------
        (n, n_people) float64; rows sum to 1, and none is 0 or 1.
        """
        # Imported here, as the start of the program need not wait for it.
        from scipy.special import softmax

        sure = softmax(self.linear.margins(vectors).astype(np.float64) / self.temperature, axis=1)
        return np.asarray((1 - self.doubt) * sure + self.doubt / len(self.people), dtype=np.float64)


def fit_classifier(
    faces: LabelledFaces,
    people: Sequence[str],
    settings: ClassifierSettings = LINEAR_SVM,
    *,
    seed: int = 0,
    start: CalibratedClassifier | None = None,
    progress: Progress = UNWATCHED,
) -> CalibratedClassifier:
    """Train on every face given.

    Parameters
    ----------
    faces : their labels are indices of ``people``; everybody has a face
    people : two names at least
    settings : which kind; a C that is given is taken, and none is chosen
    seed : deals the folds that C and temperature are chosen on
    start : a classifier of the same people to begin at: it saves time, and what comes out is the same
    progress : told the finished share, several times a second

    Raises
    ------
    TrainingRefused
        Fewer than two people, or a vector that is no number.
    """
    _require_trainable(faces, people)
    # C and temperature say how vectors of this model lie, which a sample tells as well as all faces do.
    sample = faces.only(_sample(faces, seed))
    choice = _Choice.of(settings)
    choosing_share = _choosing_share(len(people), len(choice.grid))
    hyperparameters = _choose_hyperparameters(sample, choice, seed, progress.part(0.0, choosing_share))
    linear = choice.learner.fit_rows(
        faces.vectors,
        faces.labels,
        len(people),
        hyperparameters.C,
        start.linear if start else None,
        progress.part(choosing_share, 1.0),
    )
    return CalibratedClassifier(
        people=tuple(people),
        linear=linear,
        temperature=hyperparameters.temperature,
        doubt=hyperparameters.doubt,
        C=hyperparameters.C,
        kind=settings.kind,
    )


def choose_c(faces: LabelledFaces, settings: ClassifierSettings = LINEAR_SVM, *, seed: int = 0) -> float:
    """Give the C that ``fit_classifier`` takes for these faces; the parameters are its own."""
    sample = faces.only(_sample(faces, seed))
    return _choose_hyperparameters(sample, _Choice.of(settings), seed, UNWATCHED).C


def _choosing_share(n_people: int, n_values: int) -> float:
    """Roughly the part of the time that choosing takes: problems solved on samples, against everybody's once."""
    problems = min(n_people, MOST_PEOPLE) * CHOOSING_FOLDS * n_values
    return problems / (problems + n_people)


# Choosing C and temperature


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is chosen among, and who learns."""

    learner: RowLearner
    grid: tuple[float, ...]

    @classmethod
    def of(cls, settings: ClassifierSettings) -> _Choice:
        learner = ROW_LEARNERS[settings.kind]
        return cls(learner, learner.c_grid if settings.c is None else (settings.c,))


@dataclass(frozen=True, slots=True)
class _Hyperparameters:
    C: float
    temperature: float
    doubt: float


def _choose_hyperparameters(faces: LabelledFaces, choice: _Choice, seed: int, progress: Progress) -> _Hyperparameters:
    """Take the C with the fewest errors on held-out shots, and its temperature.

    The grid ascends, and is followed as long as a larger C brings clearly fewer errors: the smallest of equals.
    """
    grid = choice.grid
    n_folds = max(2, int(min(CHOOSING_FOLDS, faces.shots_each.max())))
    fold_of = deal_testable(faces, n_folds, seed=seed)
    held_out = fold_of >= 0
    if not held_out.any():
        return _Hyperparameters(C_UNTOLD if len(grid) > 1 else grid[0], TEMPERATURE_UNTOLD, _doubt(0))
    truth, n_shots = faces.labels[held_out], len(np.unique(faces.shots[held_out]))
    chosen, fewest_errors = grid[0], len(truth) + 1
    chosen_margins = np.empty((len(truth), 0))
    starts: list[LinearClassifier] = []
    for index, C in enumerate(grid):
        trial_progress = progress.part(index / len(grid), (index + 1) / len(grid))
        margins, starts = _out_of_fold(_Trial(choice.learner, C, starts), faces, fold_of, trial_progress)
        errors = int(np.count_nonzero(margins[held_out].argmax(axis=1) != truth))
        # On embeddings this separable many C tie, and a small one is the calmer. What is wrong at two of them is wrong
        # at the larger ones too, as a rule: mostly a photo under another's name. A few errors less are chance.
        if index and errors > fewest_errors - np.sqrt(fewest_errors):
            break
        chosen, fewest_errors, chosen_margins = C, errors, margins[held_out]
        if not errors:
            break
    return _Hyperparameters(chosen, fit_temperature(chosen_margins, truth, n_shots), _doubt(n_shots))


def _doubt(n_shots: int) -> float:
    """Give the share of a probability that so many held-out shots cannot speak for (rule of succession)."""
    return max(1.0 / (n_shots + 2.0), _LEAST_DOUBT)


@dataclass(frozen=True, slots=True)
class _Trial:
    """A value of C to be tried."""

    learner: RowLearner
    C: float
    starts: list[LinearClassifier]
    """Those of the C before, which each fold begins at; none for the first."""


def _out_of_fold(
    trial: _Trial, faces: LabelledFaces, fold_of: Ints, progress: Progress
) -> tuple[Doubles, list[LinearClassifier]]:
    """Give the margins of every held-out face, (n, n_people), and the classifier of each fold."""
    margins = np.zeros((len(faces), faces.n_people))
    folds = np.unique(fold_of[fold_of >= 0])
    classifiers: list[LinearClassifier] = []
    for index, fold in enumerate(folds):
        test = fold_of == fold
        train = faces.take(~test)
        # At the first C begin at the fold before, which shares most faces; the same fold at the C before is nearer.
        start = trial.starts[index] if trial.starts else classifiers[-1] if classifiers else None
        C = trial.learner.c_for_fewer(trial.C, len(faces), len(train))
        classifier = trial.learner.fit_rows(train.vectors, train.labels, faces.n_people, C, start)
        classifiers.append(classifier)
        margins[test] = classifier.margins(faces.vectors[test])
        progress.advance((index + 1) / len(folds))
    return margins, classifiers


def fit_temperature(margins: Doubles, truth: Ints, n_shots: int) -> float:
    """Find the temperature at which held-out margins are honest probabilities.

    Parameters
    ----------
    margins : (n, n_people), of faces that the classifier had not seen
    truth : (n,) int64
    n_shots : independent shots among them; the fewer, the softer the target
    """
    # Imported here, as the start of the program need not wait for it.
    from scipy.optimize import minimize_scalar
    from scipy.special import log_softmax

    n_people = margins.shape[1]
    doubt = _doubt(n_shots)
    rival = doubt / (n_people - 1)
    rows = np.arange(len(truth))

    def log_loss(log_temperature: float) -> float:
        log_probs = log_softmax(margins / np.exp(log_temperature), axis=1)
        of_truth = log_probs[rows, truth]
        return float(-((1 - doubt - rival) * of_truth + rival * log_probs.sum(axis=1)).mean())

    # Over the logarithm: halving and doubling the temperature are steps of one size.
    minimum = minimize_scalar(log_loss, bounds=tuple(np.log(_TEMPERATURE_RANGE)), method="bounded")
    return float(np.exp(minimum.x))


def _sample(faces: LabelledFaces, seed: int) -> Ints:
    """Draw row numbers of at most ``MOST_PEOPLE`` people and ``MOST_FACES`` faces, ascending."""
    labels, shots = faces.labels, faces.shots
    rng = np.random.default_rng(seed)
    people = np.sort(rng.permutation(faces.n_people)[:MOST_PEOPLE])
    most_each = MOST_FACES // len(people)
    rows = np.flatnonzero(np.isin(labels, people))
    if len(rows) <= MOST_FACES:
        return rows
    # One lot a shot, not a face: faces of a shot are drawn together, or the folds would have nothing to keep together.
    key = rng.random(int(shots.max()) + 1)[shots[rows]]
    order = rows[np.lexsort((key, labels[rows]))]
    return np.sort(order[rank_within_label(labels[order]) < most_each])


def _require_trainable(faces: LabelledFaces, people: Sequence[str]) -> None:
    if len(people) < 2:
        raise TrainingRefused(
            marked(
                "A recogniser tells at least two people apart, and there is {n_people}. Add photos of another person."
            ).format(n_people=len(people))
        )
    present = np.unique(faces.labels)
    if not np.array_equal(present, np.arange(len(people))):
        raise ValueError(f"expected faces of all {len(people)} people, got labels of {len(present)}")
    if not np.isfinite(faces.vectors).all():
        raise TrainingRefused(marked("A face's embedding is no number. Ingest the dataset's photos again."))
