"""Whether one recogniser is better than another, judged on the same faces.

Only faces that one names rightly and the other does not can tell; of n such faces each recogniser would have about half
by chance. Two figures say how far the difference is to be trusted: McNemar's exact test takes faces as independent, the
bootstrap over people and their photos (``bootstrap``) does not. A difference is called real when both agree.

References
----------
McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika 12,
1947; in the exact form: Dietterich, "Approximate Statistical Tests for Comparing Supervised Classification Learning
Algorithms", Neural Computation 10, 1998.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.base import words
from core.base.errors import InputRefused
from core.base.types import Bools, Floats, Ints
from core.language.texts import gettext, marked
from core.learn.metrics.bootstrap import RESAMPLES, draw_resamples

SIGNIFICANT = 0.05
FEWEST_RESAMPLES = 200
DRAWN_AT_ONCE = 10_000_000
"""Faces times resamples, 4 bytes each: of many faces fewer resamples are drawn."""
_HARDLY_EVER = 1e-6


class Verdict(StrEnum):
    """What a comparison comes to."""

    SAME = "the same"
    """No face tells them apart, or as many speak for one as for the other."""
    REAL = "real"
    CHANCE = "could be chance"
    FEW_PEOPLE = "hangs on few people"
    """By faces it would be real, but with other people it might be gone."""


_ENDINGS = {
    Verdict.REAL: marked("{difference}: it is real."),
    Verdict.CHANCE: marked("{difference}: it could be chance."),
    Verdict.FEW_PEOPLE: marked("{difference}. But it hangs on few people: with others it could be gone."),
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two recognisers on the same faces."""

    both: int
    """Faces that both name rightly."""
    only_old: int
    only_new: int
    neither: int
    p_value: float
    """How often chance alone would make a difference at least this large (McNemar's exact test, two-sided)."""
    low: float
    high: float
    """The 95 % interval of ``difference``, over people and their photos."""

    @property
    def faces(self) -> int:
        """How many faces both recognisers named."""
        return self.both + self.only_old + self.only_new + self.neither

    @property
    def difference(self) -> float:
        """The new one's accuracy less the old one's, -1..1."""
        return (self.only_new - self.only_old) / self.faces

    @property
    def verdict(self) -> Verdict:
        """Whether the difference is real: chance is ruled out over faces first, then over people."""
        if self.only_new == self.only_old:
            return Verdict.SAME
        if self.p_value >= SIGNIFICANT:
            return Verdict.CHANCE
        return Verdict.REAL if self.low > 0 or self.high < 0 else Verdict.FEW_PEOPLE

    def sentence(self) -> str:
        """The verdict in plain words."""
        if not self.only_old and not self.only_new:
            return gettext(
                "Both are right for the same {right} of {total} faces.",
                right=words.count(self.both),
                total=words.count(self.faces),
            )
        if self.verdict is Verdict.SAME:
            return gettext(
                "Each is right for {right} of {total} faces for which the other is not: neither is better.",
                right=words.count(self.only_new),
                total=words.count(self.faces),
            )
        gained = self.only_new - self.only_old
        difference = {
            "change": words.count(abs(gained)),
            "total": words.count(self.faces),
            "odds": describe_odds(self.p_value),
        }
        if gained > 0:
            opening = gettext(
                "The newer one is right for {change} more of {total} faces; a difference this size comes by chance "
                "{odds}",
                **difference,
            )
        else:
            opening = gettext(
                "The newer one is right for {change} fewer of {total} faces; a difference this size comes by chance "
                "{odds}",
                **difference,
            )
        return gettext(_ENDINGS[self.verdict], difference=opening)


def describe_odds(p_value: float) -> str:
    """A probability in words: "1 time in 60"."""
    if p_value < _HARDLY_EVER:
        return gettext("less than 1 time in {times}", times=words.count(round(1 / _HARDLY_EVER)))
    times = round(1 / p_value)
    return gettext("more often than not") if times < 2 else gettext("1 time in {times}", times=words.count(times))


def mcnemar_p_value(only_old: int, only_new: int) -> float:
    """Give the two-sided p-value of the exact test: 1 where no face tells the two apart."""
    # Imported here, as the start of the program need not wait for it.
    from scipy.stats import binomtest

    n = only_old + only_new
    return float(binomtest(only_new, n, 0.5).pvalue) if n else 1.0


def compare_recognisers(old_right: Bools, new_right: Bools, people: Ints, photos: Ints, seed: int = 0) -> Comparison:
    """Compare two recognisers on the same faces.

    Parameters
    ----------
    old_right, new_right : (n,) whether each names the face rightly
    people, photos : (n,) int64, whom each face shows and on which photo; any numbers
    seed : of the bootstrap

    Raises
    ------
    InputRefused
        There is no face.
    """
    n = len(old_right)
    if not n:
        raise InputRefused(
            gettext("The two runs tested no face in common that is still there with a name. Train again, then compare.")
        )
    low, high = _interval(new_right.astype(np.float32) - old_right, people, photos, seed)
    only_old, only_new = int((old_right & ~new_right).sum()), int((new_right & ~old_right).sum())
    return Comparison(
        both=int((old_right & new_right).sum()),
        only_old=only_old,
        only_new=only_new,
        neither=int((~old_right & ~new_right).sum()),
        p_value=mcnemar_p_value(only_old, only_new),
        low=low,
        high=high,
    )


def _interval(differences: Floats, people: Ints, photos: Ints, seed: int) -> tuple[float, float]:
    """The 95 % interval of a mean over people and their photos.

    Plain percentiles: where every gain is one person's, the resamples without that person hold it at 0.
    """
    labels = np.unique(people, return_inverse=True)[1]
    # By person and photo: two people on one photo are two shots, as a shot shows one person.
    shots = np.unique(np.stack([labels, photos], axis=1), axis=0, return_inverse=True)[1].reshape(-1)
    count = max(FEWEST_RESAMPLES, min(RESAMPLES, DRAWN_AT_ONCE // len(differences)))
    faces = draw_resamples(labels, shots, seed, count).faces
    low, high = np.quantile((faces @ differences) / faces.sum(axis=1), [0.025, 0.975])
    return float(low), float(high)
