"""How far a figure would move with other people and other photos: the bootstrap over people, then over their shots.

Faces of one person are alike, and faces of one shot almost the same, so they are not independent: each resample draws
people with replacement, and for each person drawn their shots with replacement. A figure of a resample is computed from
how often each face is in it. All resamples are drawn at once, so two figures of the same faces are compared on the same
resamples (paired).

An interval of a share is never narrower than Wilson's of as many independent shots: where every face was right all
resamples agree, and the bootstrap alone would promise that it stays so.

References
----------
Efron, Tibshirani, "An Introduction to the Bootstrap", 1993 (percentile intervals). Davison, Hinkley, "Bootstrap
Methods and their Application", 1997, section 3.8 (several levels).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Bools, Doubles, Floats, Ints
from core.learn.metrics.classification import wilson_interval

RESAMPLES = 1_000
_TAILS = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and its 95 % interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Resamples:
    """Datasets that might as well have been."""

    labels: Ints
    """(n,) the person of each face, 0 to n_people - 1"""
    shots: Ints
    """(n,) faces of one number are one shot"""
    faces: Floats
    """(n_resamples, n) float32: how often each face is in each resample"""
    people: Floats
    """(n_resamples, n_people) float32: how often each person was drawn"""

    def share(self, values: Doubles, among: Bools | None = None) -> Interval:
        """The mean of values of 0..1 over the faces, or over some of them; one face at least.

        Parameters
        ----------
        values : (n,) of each face
        among : (n,) the faces that are meant
        """
        members = np.ones(len(self.labels), dtype=bool) if among is None else among
        mean = float(values[members].mean())
        resampled = self._means(values, members)
        return self.at_least_wilson(mean, resampled[~np.isnan(resampled)], len(np.unique(self.shots[members])))

    def difference(self, values: Doubles, baseline: Doubles) -> Interval:
        """The mean of ``values - others``, (n,) each, face by face."""
        gaps = values - baseline
        return _percentiles(float(gaps.mean()), self._means(gaps, np.ones(len(gaps), dtype=bool)))

    def at_least_wilson(self, mean: float, resampled: Doubles, n_shots: int | None = None) -> Interval:
        """The interval of a share of 0..1 from its values in the resamples."""
        n = len(np.unique(self.shots)) if n_shots is None else n_shots
        interval = _percentiles(mean, resampled)
        # Where every face was right all resamples agree: Wilson's interval is what is left to say.
        low, high = wilson_interval(mean * n, n)
        return Interval(mean, max(0.0, min(interval.low, low)), min(1.0, max(interval.high, high)))

    def _means(self, values: Doubles, members: Bools) -> Doubles:
        """The mean of some faces in every resample; NaN where it has none of them."""
        times = self.faces[:, members].astype(np.float64)
        total = times.sum(axis=1)
        means = np.divide(times @ values[members], total, out=np.full(len(total), np.nan), where=total > 0)
        return np.asarray(means, dtype=np.float64)


def _percentiles(mean: float, resampled: Doubles) -> Interval:
    low, high = np.quantile(resampled, _TAILS) if len(resampled) else (mean, mean)
    # A figure that is skewed can lie beyond its own percentiles; an interval that leaves it out would confuse.
    return Interval(mean, min(mean, float(low)), max(mean, float(high)))


def draw_resamples(labels: Ints, shots: Ints, seed: int = 0, count: int = RESAMPLES) -> Resamples:
    """Draw resamples; the same seed gives the same.

    Parameters
    ----------
    labels : (n,) int64, 0 to n_people - 1, none missing
    shots : (n,) int64, one number for the faces of one shot; a shot holds one person
    """
    rng = np.random.default_rng(seed)
    n_people = int(labels.max()) + 1
    people = rng.multinomial(n_people, np.full(n_people, 1 / n_people), size=count)
    faces = np.zeros((count, len(labels)), dtype=np.float32)
    for person in range(n_people):
        rows = np.flatnonzero(labels == person)
        # Faces of a shot come and go together: drawn one by one they would pass for independent.
        person_shots, shot_of_row = np.unique(shots[rows], return_inverse=True)
        faces[:, rows] = _draw_shots(people[:, person], len(person_shots), rng)[:, shot_of_row]
    return Resamples(labels, shots, faces, people.astype(np.float32))


def _draw_shots(times: Ints, n_shots: int, rng: np.random.Generator) -> Ints:
    """How often each of a person's shots is in each resample, when the person is in it so many times.

    Each time all shots are drawn anew, n_shots of n_shots with replacement: (n_resamples, n_shots).
    """
    return np.asarray(rng.multinomial(times * n_shots, np.full(n_shots, 1 / n_shots)), dtype=np.int64)
