"""How good predictions are, in numbers: accuracy with its interval, per person, confusions, calibration.

It judges predictions that others made; which faces may be tested is ``splits``'s business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from core.base.errors import InputRefused
from core.base.json_values import Json, JsonObject, JsonRecord, encode_record
from core.base.types import Doubles, Ints
from core.language.texts import marked
from core.learn.metrics.calibration import calibration_error
from core.learn.numerics.leaf_order import order_leaves

if TYPE_CHECKING:
    from scipy.sparse import csr_array

_Z_95 = 1.959963984540054
"""The 97.5 % point of the normal distribution."""
Confusion: TypeAlias = "csr_array"
"""(n_people, n_people) int64 counts; row = true, column = given. Nearly all are 0: of 50,000 people a matrix with every
0 takes 20 GB."""
MOST_IN_JSON = 2000
"""People up to whom the matrix is written into documents, every 0 of it."""
_MOST_ORDERED = 400
"""Ordering the leaves of a tree optimally grows with the cube of their number."""


@dataclass(frozen=True, slots=True)
class PersonResult:
    """One person's row of the report; every rate is 0..1."""

    person: str
    precision: float
    """Of the faces given this name, the share that are this person; 0 when none was."""
    recall: float
    """Of this person's faces, the share given the name; 0 when there was none to test."""
    f1: float
    support: int
    """This person's faces among those tested."""


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """One person taken for another."""

    person: str
    given: str
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class EvaluationFigures(JsonRecord):
    """What is stored of a test; every rate is 0..1."""

    accuracy: float
    accuracy_ci95: tuple[float, float]
    """Wilson's interval for independent faces."""
    n_correct: int
    n_test: int
    balanced_accuracy: float
    """Mean recall of those who had a face to test."""
    macro_f1: float
    """Mean F1 of those who were tested or named, as scikit-learn counts it."""
    top3: float
    """Share of faces whose true name is among the three most probable."""
    ece: float
    """Expected calibration error of the given name's probability, 15 bins of equal width."""
    per_person: tuple[PersonResult, ...]
    """In the order of ``people``."""
    most_confused: tuple[ConfusedPair, ...]
    """Every pair that happened, most frequent first."""


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation(EvaluationFigures):
    """The result of one test, with what follows from the tested faces and grows with the square of the people."""

    people: tuple[str, ...]
    confusion: Confusion

    def figures(self) -> dict[str, Json]:
        """Plain values of what is stored, under the field names."""
        return encode_record(EvaluationFigures(**{each.name: getattr(self, each.name) for each in _FIGURES}))

    def to_json(self) -> dict[str, Json]:
        """Plain lists, numbers and text under the field names; of more than ``MOST_IN_JSON`` people no matrix."""
        matrix = self.confusion.toarray().tolist() if len(self.people) <= MOST_IN_JSON else None
        return {**self.figures(), "people": list(self.people), "confusion": matrix}

    @classmethod
    def of_figures(cls, document: JsonObject, people: tuple[str, ...], confusion: Confusion) -> Evaluation:
        """Put together what ``figures`` gave with what follows from the tested faces. Raises ValueError."""
        stored = EvaluationFigures.from_json(document)
        return cls(people=people, confusion=confusion, **{each.name: getattr(stored, each.name) for each in _FIGURES})


_FIGURES = fields(EvaluationFigures)


def evaluate_predictions(people: Sequence[str], true: Ints, predicted: Ints, probabilities: Doubles) -> Evaluation:
    """Compare given names with true ones.

    Parameters
    ----------
    people : names
    true, predicted : (n,) int64, places in ``people``
    probabilities : (n, n_people), rows sum to 1

    Raises
    ------
    InputRefused
        There is no face to test.
    """
    confidence = probabilities[np.arange(len(true)), predicted]
    return evaluate_from_ranks(people, true, predicted, confidence, count_more_probable(probabilities, true))


def evaluate_from_ranks(
    people: Sequence[str], true: Ints, predicted: Ints, confidence: Doubles, above: Ints
) -> Evaluation:
    """Compare given names with true ones, as ``evaluate_predictions``, where not all probabilities fit into memory.

    Parameters
    ----------
    confidence : (n,) probability of the given name
    above : (n,) from ``count_more_probable``

    Raises
    ------
    InputRefused
        There is no face to test.
    """
    if not len(true):
        raise InputRefused(marked("There is no face to test on. Add photos, or a val folder, and train again."))
    confusion = confusion_counts(true, predicted, len(people))
    precision, recall, f1 = person_rates(confusion)
    support = confusion.sum(axis=1)
    n_correct = int(confusion.trace())
    return Evaluation(
        accuracy=n_correct / len(true),
        accuracy_ci95=wilson_interval(n_correct, len(true)),
        n_correct=n_correct,
        n_test=len(true),
        balanced_accuracy=float(recall[support > 0].mean()),
        # Somebody untested counts as soon as a face was given their name: that is an error, too.
        macro_f1=float(f1[(support > 0) | (confusion.sum(axis=0) > 0)].mean()),
        top3=float(np.mean(above < 3)),
        ece=calibration_error(confidence, true == predicted),
        per_person=tuple(
            PersonResult(
                person=name,
                precision=float(precision[row]),
                recall=float(recall[row]),
                f1=float(f1[row]),
                support=int(support[row]),
            )
            for row, name in enumerate(people)
        ),
        people=tuple(people),
        confusion=confusion,
        most_confused=confused_pairs(people, confusion),
    )


def confusion_counts(true: Ints, predicted: Ints, n_people: int) -> Confusion:
    """Count how often each true person (row) was given each name (column)."""
    # Imported here, as the start of the program need not wait for it.
    from scipy.sparse import csr_array

    once: Ints = np.ones(len(true), dtype=np.int64)
    # What is said of one place several times is added up.
    return csr_array((once, (true, predicted)), shape=(n_people, n_people))


def person_rates(confusion: Confusion) -> tuple[Doubles, Doubles, Doubles]:
    """Give precision, recall and F1 of each person, (n_people,) each; 0 where undefined."""
    right = confusion.diagonal().astype(np.float64)
    n_predicted, support = confusion.sum(axis=0), confusion.sum(axis=1)
    return _ratio(right, n_predicted), _ratio(right, support), _ratio(2 * right, n_predicted + support)


def wilson_interval(n_correct: float, n: int) -> tuple[float, float]:
    """Give the 95 % interval of a share: inside 0..1 and wide for few, unlike the textbook's plus-minus.

    ``n_correct`` may be a mean over repetitions.

    References
    ----------
    Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22, 1927.
    """
    share, z2 = n_correct / n, _Z_95**2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z_95 / (1 + z2 / n) * np.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    # At either end the bound is exactly the end; the arithmetic misses it by a rounding.
    return (0.0 if n_correct == 0 else float(centre - half)), (1.0 if n_correct == n else float(centre + half))


def count_more_probable(probabilities: Doubles, true: Ints) -> Ints:
    """Count for each row the people who are strictly more probable than the true one: (n,) int64."""
    true_probabilities = probabilities[np.arange(len(true)), true]
    return np.asarray(np.count_nonzero(probabilities > true_probabilities[:, None], axis=1), dtype=np.int64)


def confused_pairs(people: Sequence[str], confusion: Confusion) -> tuple[ConfusedPair, ...]:
    """List who was taken for whom, most frequent first, then by name."""
    cells = confusion.tocoo()
    pairs = [
        ConfusedPair(people[row], people[column], count)
        for row, column, count in zip(cells.row.tolist(), cells.col.tolist(), cells.data.tolist(), strict=True)
        if row != column
    ]
    return tuple(sorted(pairs, key=lambda pair: (-pair.count, pair.person, pair.given)))


def order_by_confusion(confusion: Ints) -> Ints:
    """Order few people for a chart so that those taken for each other stand side by side.

    Average linkage over how often two are confused (in either direction, as a share of their faces), leaves
    in the order that keeps neighbours closest. People whom nobody confuses follow in their given order.

    Returns
    -------
    (n_people,) int64, a permutation
    """
    # Those whom nobody confuses are left out of the tree: their distances are all 1, and the tree has nothing to say.
    shares = _mutual_confusion(confusion)
    confused = np.flatnonzero(shares.any(axis=1))
    never_confused = np.flatnonzero(~shares.any(axis=1))
    distances = 1.0 - shares[np.ix_(confused, confused)]
    np.fill_diagonal(distances, 0.0)
    order = order_leaves(distances, optimal=len(confused) <= _MOST_ORDERED)
    return np.concatenate([confused[order], never_confused])


def _mutual_confusion(confusion: Ints) -> Doubles:
    """Give for each two people the share of their faces that went to the other: symmetric, diagonal 0."""
    support = confusion.sum(axis=1)
    shares = _ratio((confusion + confusion.T).astype(np.float64), support[:, None] + support[None, :])
    np.fill_diagonal(shares, 0.0)
    return np.minimum(shares, 1.0)


def _ratio(part: Doubles, whole: Ints) -> Doubles:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)
