"""Agreement of two people, by hand and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from core.learn.metrics.agreement import measure_agreement


def test_agreement_by_hand() -> None:
    # Same: 3 of 4. By chance: ann 2/4 * 3/4 + bob 2/4 * 1/4 = 0.5. Kappa: (0.75 - 0.5) / 0.5.
    agreement = measure_agreement(["ann", "ann", "bob", "bob"], ["ann", "ann", "bob", "ann"])
    assert (agreement.n_same, agreement.n_faces, agreement.share) == (3, 4, 0.75)
    assert agreement.kappa == pytest.approx(0.5)
    assert agreement.interval == pytest.approx((0.301, 0.954), abs=0.001)


def test_kappa_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    first, second = (rng.choice(["1", "2", "nobody", "unsure"], 60).tolist() for _ in range(2))
    assert measure_agreement(first, second).kappa == pytest.approx(cohen_kappa_score(first, second))


def test_one_answer_to_everything_leaves_no_chance_to_compare_with() -> None:
    assert measure_agreement(["ann"] * 3, ["ann"] * 3).kappa is None
