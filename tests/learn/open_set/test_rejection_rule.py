"""The score and its limits."""

import numpy as np
import pytest
from scipy.stats import binomtest

from core.base.errors import InputRefused
from core.learn.numerics.linear_classifier import LinearClassifier
from core.learn.open_set.rejection_rule import (
    Gallery,
    RejectionRule,
    Threshold,
    exact_interval,
    name_faces,
)
from tests.learn.model_selection.test_splits import at_degrees


def cosine(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


def a_rule(*limits: tuple[float, float]) -> RejectionRule:
    """A rule with these rates and scores."""
    thresholds = tuple(
        Threshold(rate=rate, score=score, expected=rate, low=0.0, high=2 * rate, enough=rate > 0.01)
        for rate, score in limits
    )
    return RejectionRule(
        weights=np.array([1.0, 2.0, 0.5]),
        offset=-1.0,
        thresholds=thresholds,
        from_prior=False,
        n_impostors=10,
        n_people=10,
        n_genuine=10,
        genuine_kept=1.0,
    )


def test_a_face_is_looked_at_by_margin_centroid_and_nearest_faces():
    classifier = LinearClassifier(np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
    gallery = Gallery.of(classifier, at_degrees(0, 20, 80))
    seen = name_faces(classifier, at_degrees(10, 80), gallery, at_degrees(30, 85))
    assert seen.person.tolist() == [0, 1]
    assert seen.features[0] == pytest.approx([cosine(30), cosine(20), (cosine(30) + cosine(10)) / 2], abs=1e-6)
    assert seen.features[1] == pytest.approx([cosine(5), cosine(5), cosine(5)], abs=1e-6)


def test_a_training_face_speaks_for_whom_it_shows_not_for_its_label():
    classifier = LinearClassifier(np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
    assert Gallery.of(classifier, at_degrees(2, 88)).labels.tolist() == [0, 1]


def test_a_person_whose_training_faces_are_gone_is_judged_by_the_centroid():
    classifier = LinearClassifier(np.eye(2, dtype=np.float32), np.zeros(2, np.float32))
    seen = name_faces(classifier, at_degrees(10, 80), Gallery.of(classifier, at_degrees(80)), at_degrees(30))
    assert seen.features[0, 2] == pytest.approx(cosine(20), abs=1e-6)
    assert name_faces(classifier, at_degrees(10, 80), None, at_degrees(30)).features.shape == (1, 2)


def test_a_score_is_the_weighted_sum():
    assert a_rule((0.05, 1), (0.01, 2)).scores(np.array([[1.0, 2.0, 4.0]])) == pytest.approx([6.0])


def test_between_two_rates_the_limit_is_interpolated_and_beyond_them_refused():
    rule = a_rule((0.1, 1.0), (0.001, 3.0))
    assert rule.at(0.001).score == 3.0 and rule.at(0.1).score == 1.0
    between = rule.at(0.01)
    assert (between.rate, between.score, between.enough) == (0.01, pytest.approx(2.0), False)
    assert rule.at(0.1).enough
    for rate in (0.0005, 0.2, 0.0):
        with pytest.raises(InputRefused, match="Choose one between"):
            rule.at(rate)


def test_the_exact_interval_is_clopper_and_pearsons_and_follows_the_rule_of_three():
    for count, n in ((0, 10), (1, 30), (7, 30), (30, 30)):
        expected = binomtest(count, n).proportion_ci(0.95, "exact")
        assert exact_interval(count, n) == pytest.approx((expected.low, expected.high))
    assert exact_interval(0, 1000)[1] == pytest.approx(3.7 / 1000, rel=0.01)
    assert exact_interval(0.5, 59)[1] > exact_interval(0, 59)[1]


def test_the_gallery_knows_the_faces_of_each_person_even_of_who_has_none():
    gallery = Gallery(np.zeros((6, 2), np.float32), np.array([4, 0, 4, 7, 0, 9]))
    assert [rows.tolist() for rows in gallery.rows_of(np.array([0, 3, 4, 9]))] == [[1, 4], [], [0, 2], [5]]
