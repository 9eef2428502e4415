"""What it would take: how many more photos, and of which kind, a person needs before the recogniser can be relied on.

From a run's predictions of faces that it had not seen, a learning curve is fitted over the people of the dataset: the
expected error of a person falls as a power of the number of photos learned from, and rises with how much the person's
faces differ. An error counts as one, a right answer as the doubt that was left in it, so that the curve can be fitted
where hardly anything was wrong. A person's own result moves the curve for that person, the further the more was tested.

It is an estimate and says so: photos like those that are there already help less than it tells, different ones more.
Before there is data the slope is that of errors on lfw-dev (1.05 % with one face of each, 0.23 % with two, 0.10 % with
ten), which the dataset's own people then correct.

References
----------
Hestness et al., "Deep Learning Scaling is Predictable, Empirically", 2017 (error as a power of the number of samples).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.base.face_table import FaceTable
from core.base.types import Bools, Doubles, Ints, Quality
from core.language.texts import marked
from core.learn.metrics.predictions import Predictions

TARGET_ERROR = 0.02
"""Expected error, beyond the doubt that is left in every answer, at which a person has enough photos."""
FEWEST = 3
"""Photos to learn from below which more are asked for whatever the curve says."""
MOST = 20
"""More than this is not promised to help."""
USUAL_SLOPE, SLOPE_SPREAD = 0.7, 0.3
LEVEL_SPREAD, SPREAD_EFFECT_SPREAD = 3.0, 3.0
OWN_WEIGHT = 0.5
"""Errors that a person's own result must come to before it counts as much as the curve."""
DOUBTFUL = 0.5

TURNED_DEG = 20.0
SMALL_PX = 60.0
DARK = 0.25
BLURRED = 0.25
HARDER = 1.5
"""A kind of photo is hard here when its error is so many times that of the others..."""
FACES_TO_TELL, PEOPLE_TO_TELL = 10, 3
"""... seen on so many tested faces of so many people."""
ENOUGH_OF_A_KIND = 2


class PhotoKind(StrEnum):
    """Photos that a recogniser can be short of."""

    LEFT = marked("turned to the left")
    RIGHT = marked("turned to the right")
    SMALL = marked("small or far away")
    DARK = marked("dark")
    BLURRED = marked("blurred")


@dataclass(frozen=True, slots=True)
class PhotoAdvice:
    """What it would take for one person."""

    person_id: int
    more_photos: int
    """About so many; 0 when nothing suggests that more are needed, ``MOST`` when it is so many or more."""
    kinds: tuple[PhotoKind, ...]
    """Photos of which there are too few."""
    learned: int = 0
    """Photos of the person that were learned from."""
    tested: int = 0
    """Faces of the person that were tested."""
    wrong: int = 0
    n_people: int = 0
    """People that the learning curve was fitted on."""


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """The expected error of a person: exp(level + spread_effect * spread) * photos ** -slope."""

    level: float
    slope: float
    """Positive"""
    spread_effect: float
    n_people: int
    """People that it was fitted on."""

    def error(self, photos: Doubles, spread: Doubles) -> Doubles:
        """Expected error, 0 to 1; spread is the distance to the own centre beyond the mean over the people."""
        power = self.level + self.spread_effect * spread - self.slope * np.log(np.maximum(photos, 1))
        return np.asarray(np.minimum(np.exp(power), 1.0), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class PersonRecords:
    """What a run shows of every person of a table; one row each."""

    photos: Ints
    """(n_people,) different photos that were learned from"""
    tested: Ints
    """(n_people,) faces that were tested"""
    wrong: Ints
    errors: Doubles
    """(n_people,) sum over the tested faces: 1 when wrong, otherwise the doubt"""
    spread: Doubles
    """(n_people,) mean distance of the tested faces that were right to the own centre, beyond the mean of all"""


def advise_photos(table: FaceTable, predictions: Predictions, qualities: Mapping[str, Quality]) -> list[PhotoAdvice]:
    """Say what each person who is not hidden would need, those who need most first.

    Parameters
    ----------
    table : the faces with their names now; faces that were renamed since the run are not counted as tested
    predictions : of the run
    qualities : of the faces that were measured; without any, no kinds are named
    """
    tests = _Tests.of(table, predictions)
    record = _record(table, predictions, tests)
    curve = fit_curve(record)
    expected = _expected(record, curve)
    short = _missing_kinds(table, predictions, tests, qualities)
    people = [int(label) for label in np.unique(table.labels[table.learnable])]
    advice = [_advice(table, label, record, curve, float(expected[label]), short[label]) for label in people]
    return sorted(advice, key=lambda person_advice: -person_advice.more_photos)


def fit_curve(record: PersonRecords) -> ErrorCurve:
    """Fit the curve to the people who were tested, drawn to the usual slope as far as they are few."""
    # Imported here, as the start of the program need not wait for it.
    from scipy.optimize import minimize

    measured = (record.tested > 0) & (record.photos > 0)
    photos, spread = np.log(record.photos[measured]), record.spread[measured]
    errors, tested = record.errors[measured], record.tested[measured]
    usual = np.log((errors.sum() + 1e-3) / (tested.sum() + 1e-1)) + USUAL_SLOPE * (photos.mean() if len(photos) else 0)

    # Errors are counts, so each person speaks by Poisson's law as loudly as they were tested; the priors hold the curve
    # where there are few.
    def loss(values: Doubles) -> float:
        level, slope, effect = values
        power = np.clip(level + effect * spread - slope * photos, -20, 20)
        strangeness = ((level - usual) / LEVEL_SPREAD) ** 2 + ((slope - USUAL_SLOPE) / SLOPE_SPREAD) ** 2
        strangeness += (effect / SPREAD_EFFECT_SPREAD) ** 2
        return float((tested * np.exp(power) - errors * power).sum() + strangeness / 2)

    bounds = [(None, None), (0.1, 2.0), (0.0, None)]
    level, slope, effect = minimize(loss, [usual, USUAL_SLOPE, 0.0], bounds=bounds, method="L-BFGS-B").x
    return ErrorCurve(float(level), float(slope), float(effect), int(measured.sum()))


def count_photos_needed(photos: int, error: float, curve: ErrorCurve) -> int:
    """How many more the curve asks for, from a person's expected error at so many."""
    if photos < 1 or error <= TARGET_ERROR:
        return max(0, FEWEST - photos)
    # The curve solved for the number of photos: error falls as photos ** -slope.
    needed = photos * (error / TARGET_ERROR) ** (1 / curve.slope)
    return int(min(MOST, max(np.ceil(needed - photos), FEWEST - photos)))


# what the run shows


@dataclass(frozen=True, slots=True, eq=False)
class _Tests:
    """The tested faces whose name is still the one they were tested under."""

    prediction_rows: Ints
    """Rows of the predictions"""
    rows: Ints
    """Rows of the table"""
    labels: Ints
    errors: Doubles

    @classmethod
    def of(cls, table: FaceTable, predictions: Predictions) -> _Tests:
        tested, rows = table.match(predictions.face_ids)
        tested, rows = tested[table.learnable[rows]], rows[table.learnable[rows]]
        label_now = _names_now(table.labels[rows], predictions.true[tested], len(predictions.people))
        is_unchanged = table.labels[rows] == label_now[predictions.true[tested]]
        tested, rows = tested[is_unchanged], rows[is_unchanged]
        # The least doubt that is left in any answer is nobody's: errors count from there.
        doubt = 1 - predictions.probs[tested].astype(np.float64)
        errors = np.where(predictions.wrong[tested], 1.0, doubt - doubt.min(initial=1.0))
        return cls(tested, rows, table.labels[rows], errors)


def _names_now(labels: Ints, tested_as: Ints, n_people: int) -> Ints:
    """Who most of the faces tested as each person are now: a rename or a merge changes nobody's result."""
    now = np.full(n_people, -1, dtype=np.int64)
    for person in np.unique(tested_as):
        now[person] = np.bincount(labels[tested_as == person]).argmax()
    return now


def _record(table: FaceTable, predictions: Predictions, tests: _Tests) -> PersonRecords:
    n = len(table.people)
    learned = set(predictions.learned_ids)
    pairs = {
        (int(table.labels[row]), table.photo_ids[row])
        for row in np.flatnonzero(table.learnable).tolist()
        if table.face_ids[row] in learned
    }
    photos = np.bincount([label for label, _ in pairs], minlength=n) if pairs else np.zeros(n, dtype=np.int64)
    wrong = predictions.wrong[tests.prediction_rows]
    right = ~wrong
    n_right = np.bincount(tests.labels[right], minlength=n)
    distances = np.bincount(tests.labels[right], predictions.distances[tests.prediction_rows][right], minlength=n)
    mean = distances / np.maximum(n_right, 1)
    usual = mean[n_right > 0].mean() if (n_right > 0).any() else 0.0
    return PersonRecords(
        photos=photos.astype(np.int64),
        tested=np.bincount(tests.labels, minlength=n),
        wrong=np.bincount(tests.labels[wrong], minlength=n),
        errors=np.bincount(tests.labels, tests.errors, minlength=n).astype(np.float64),
        spread=np.where(n_right > 0, mean - usual, 0.0),
    )


def _expected(record: PersonRecords, curve: ErrorCurve) -> Doubles:
    """Everybody's error: the curve's, moved by the person's own result."""
    by_curve = curve.error(record.photos.astype(np.float64), record.spread)
    # The weight on both sides draws the factor towards 1, the more so the less of the person was tested.
    own_factor = (record.errors + OWN_WEIGHT) / (record.tested * by_curve + OWN_WEIGHT)
    return np.minimum(by_curve * own_factor, 1.0)


# kinds of photos


@dataclass(frozen=True, slots=True)
class _Short:
    """Kinds of photos that a person has too few of."""

    missed: tuple[PhotoKind, ...] = ()
    """The person was not recognised in such photos."""
    hard: tuple[PhotoKind, ...] = ()
    """People here are recognised less well in such photos."""


def _missing_kinds(
    table: FaceTable, predictions: Predictions, tests: _Tests, qualities: Mapping[str, Quality]
) -> dict[int, _Short]:
    """Of which kinds each person has too few to learn from."""
    faces_of_kind = {kind: _shows(kind, table, qualities) for kind in PhotoKind} if qualities else {}
    hard = {kind for kind, shows in faces_of_kind.items() if _is_hard(shows, tests)}
    learned = np.isin(np.array(table.face_ids, dtype=str), np.array(predictions.learned_ids, dtype=str))
    short = {}
    for label in np.unique(table.labels[table.learnable]):
        own_learned = learned & (table.labels == label)
        few = [
            kind for kind, shows in faces_of_kind.items() if np.count_nonzero(shows & own_learned) < ENOUGH_OF_A_KIND
        ]
        doubtful = tests.rows[(tests.labels == label) & (tests.errors >= DOUBTFUL)]
        missed = tuple(kind for kind in few if faces_of_kind[kind][doubtful].any())
        short[int(label)] = _Short(missed, tuple(kind for kind in few if kind in hard))
    return short


def _shows(kind: PhotoKind, table: FaceTable, qualities: Mapping[str, Quality]) -> Bools:
    """(n,) which faces are of this kind; those that were not measured are of none."""
    return np.array([face in qualities and _is_of(kind, qualities[face]) for face in table.face_ids], dtype=bool)


def _is_of(kind: PhotoKind, quality: Quality) -> bool:
    return {
        PhotoKind.LEFT: quality.yaw_deg <= -TURNED_DEG,
        PhotoKind.RIGHT: quality.yaw_deg >= TURNED_DEG,
        PhotoKind.SMALL: quality.size_px < SMALL_PX,
        PhotoKind.DARK: quality.brightness < DARK,
        PhotoKind.BLURRED: quality.sharpness < BLURRED,
    }[kind]


def _is_hard(shows: Bools, tests: _Tests) -> bool:
    of_kind = shows[tests.rows]
    if of_kind.sum() < FACES_TO_TELL or len(np.unique(tests.labels[of_kind])) < PEOPLE_TO_TELL or of_kind.all():
        return False
    return bool(tests.errors[of_kind].mean() >= HARDER * tests.errors[~of_kind].mean())


# the advice


def _advice(
    table: FaceTable, label: int, record: PersonRecords, curve: ErrorCurve, expected: float, short: _Short
) -> PhotoAdvice:
    photos, tested, wrong = int(record.photos[label]), int(record.tested[label]), int(record.wrong[label])
    more = count_photos_needed(photos, expected, curve)
    kinds = tuple(kind for kind in PhotoKind if kind in short.missed or (more and kind in short.hard))
    more = min(MOST, max(more, len(kinds)))
    return PhotoAdvice(
        person_id=table.person_ids[label],
        more_photos=more,
        kinds=kinds,
        learned=photos,
        tested=tested,
        wrong=wrong,
        n_people=curve.n_people,
    )
