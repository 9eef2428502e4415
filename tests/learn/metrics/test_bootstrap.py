"""Intervals by resampling people and shots: what they hold, and that they hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from core.learn.metrics.bootstrap import draw_resamples
from core.learn.metrics.classification import wilson_interval


def test_a_resample_has_as_many_people_and_of_each_as_many_shots():
    labels = np.array([0, 0, 0, 1, 1, 2])
    drawn = draw_resamples(labels, np.arange(6), seed=1, count=200)
    assert (drawn.people.sum(axis=1) == 3).all()
    each = np.stack([drawn.faces[:, labels == person].sum(axis=1) for person in range(3)], axis=1)
    assert (each == drawn.people * [3, 2, 1]).all()
    assert (drawn.faces == draw_resamples(labels, np.arange(6), seed=1, count=200).faces).all()
    assert not (drawn.faces == draw_resamples(labels, np.arange(6), seed=2, count=200).faces).all()


def test_faces_of_one_shot_are_drawn_together():
    drawn = draw_resamples(np.zeros(5, dtype=int), np.array([7, 7, 3, 3, 5]), count=100)
    assert (drawn.faces[:, 0] == drawn.faces[:, 1]).all() and (drawn.faces[:, 2] == drawn.faces[:, 3]).all()
    assert not (drawn.faces[:, 0] == drawn.faces[:, 4]).all()


def test_an_interval_covers_the_truth_as_often_as_it_says():
    """People differ: 20 of them, each right with a probability of their own (mean 0.85), 8 photos each."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(20), 8)
    held, wilson_held, n = 0, 0, 200
    for turn in range(n):
        right = (rng.random(160) < rng.beta(3.4, 0.6, 20)[labels]).astype(float)
        found = draw_resamples(labels, np.arange(160), seed=turn, count=400).share(right)
        held += found.low <= 0.85 <= found.high
        low, high = wilson_interval(right.sum(), 160)
        wilson_held += low <= 0.85 <= high
    assert 0.91 <= held / n <= 0.99
    assert wilson_held / n < 0.90  # as if the photos were independent: promises too much


def test_a_difference_is_paired_and_finds_what_is_real():
    rng = np.random.default_rng(1)
    labels = np.repeat(np.arange(30), 10)
    one = (rng.random(300) < 0.7).astype(float)
    other = np.where(rng.random(300) < 0.1, 1.0, one)  # never worse
    drawn = draw_resamples(labels, np.arange(300))
    apart = drawn.difference(other, one)
    assert apart.mean == pytest.approx((other - one).mean())
    assert 0 < apart.low < apart.mean < apart.high
    assert drawn.share(other).low < drawn.share(one).high  # each alone would not tell
    nothing = drawn.difference(one, one)
    assert (nothing.mean, nothing.low, nothing.high) == (0, 0, 0)


def test_where_all_were_right_the_interval_is_still_honest():
    drawn = draw_resamples(np.repeat([0, 1], 5), np.arange(10))
    found = drawn.share(np.ones(10))
    assert (found.mean, found.high) == (1, 1) and found.low == wilson_interval(10, 10)[0] < 0.75
    some = drawn.share(np.ones(10), np.arange(10) < 2)
    assert some.low == wilson_interval(2, 2)[0] < found.low


def test_one_face_decided_otherwise_is_no_proof_of_being_better():
    labels = np.repeat(np.arange(79), 13)
    worse = np.ones(len(labels))
    worse[5] = 0
    apart = draw_resamples(labels, np.arange(len(labels))).difference(np.ones(len(labels)), worse)
    assert apart.mean > 0 and apart.low == 0
