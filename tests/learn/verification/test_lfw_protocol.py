"""The LFW protocol against a textbook implementation and scikit-learn."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score, roc_curve

from core.base.errors import InputRefused
from core.learn.verification.lfw_protocol import (
    acceptance_curve,
    det_curve,
    distance_histograms,
    equal_error_rate,
    most_accurate_threshold,
    threshold_at_far,
    thresholds_per_fold,
    verify_pairs,
)


def pairs(n: int, *, seed: int = 0, folds: int = 10, overlap: float = 0.15):
    rng = np.random.default_rng(seed)
    same = np.arange(n) % 2 == 0
    distances = np.where(same, 0.6, 1.3) + rng.normal(size=n) * overlap
    return np.round(distances, 3), same, rng.permutation(n) % folds


def textbook(distances, same, fold, far=1e-3):
    """Every threshold tried on the other folds, one after the other."""
    accuracies, tars, fars = [], [], []
    for this in sorted(set(fold.tolist())):
        chosen_on, tested_on = fold != this, fold == this
        levels = sorted(set(distances[chosen_on].tolist()))
        inner = [(a + b) / 2 for a, b in pairwise(levels)]
        thresholds = [levels[0] - 1e-6, *inner, levels[-1] + 1e-6]
        d, s = distances[chosen_on], same[chosen_on]
        best, strict = max(thresholds, key=lambda t: ((d <= t) == s).mean()), None
        for t in thresholds:
            if (d[~s] <= t).mean() <= far:
                strict = t
        d, s = distances[tested_on], same[tested_on]
        accuracies.append(((d <= best) == s).mean())
        tars.append((d[s] <= strict).mean())
        fars.append((d[~s] <= strict).mean())
    return np.mean(accuracies), np.std(accuracies), np.mean(tars), np.mean(fars)


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_the_textbook_to_four_digits(seed):
    given_pairs = pairs(600, seed=seed, overlap=0.25)
    result = verify_pairs(*given_pairs)
    found = (result.accuracy, result.accuracy_std, result.tar_at_far_1e3, result.far_reached)
    assert found == pytest.approx(textbook(*given_pairs), abs=5e-5)
    loose = (result.tar_at_far_1e2, result.far_reached_1e2)
    assert loose == pytest.approx(textbook(*given_pairs, far=1e-2)[2:], abs=5e-5)


def textbook_area_and_equal_error(distances, same):
    """Every pair of pairs compared; and the two error rates followed from threshold to threshold until they cross."""
    genuine, impostor = distances[same], distances[~same]
    nearer = (genuine[:, None] < impostor).mean() + (genuine[:, None] == impostor).mean() / 2
    before = (0.0, 1.0)
    for threshold in sorted(set(distances.tolist())):
        far, frr = (impostor <= threshold).mean(), (genuine > threshold).mean()
        if far >= frr:
            gap_before, gap = before[1] - before[0], far - frr
            return nearer, before[0] + (far - before[0]) * gap_before / (gap_before + gap)
        before = (far, frr)
    return nearer, 1.0


@pytest.mark.parametrize("seed", range(3))
def test_area_and_equal_error_rate_agree_with_the_textbook_to_four_digits(seed):
    distances, same, fold = pairs(600, seed=seed, overlap=0.35)
    result = verify_pairs(distances, same, fold)
    assert (result.auc, result.eer) == pytest.approx(textbook_area_and_equal_error(distances, same), abs=5e-5)


def test_the_det_curve_is_scikit_learns_roc_curve_with_its_corners_kept():
    distances, same, _ = pairs(300, overlap=0.4)
    far, tar, _ = roc_curve(same, -distances, drop_intermediate=False)
    found = det_curve(distances, same, most=10_000)
    own_far, own_tar = [point["far"] for point in found], [1 - point["frr"] for point in found]
    everything = {(round(a, 9), round(b, 9)) for a, b in zip(far, tar, strict=True)}
    assert {(round(a, 9), round(b, 9)) for a, b in zip(own_far, own_tar, strict=True)} < everything
    assert np.trapezoid(own_tar, own_far) == pytest.approx(np.trapezoid(tar, far))  # only straight parts are thinned
    points = det_curve(distances, same, most=20)
    assert len(points) <= 20 and points[0]["frr"] == 1 and points[-1]["far"] == 1
    assert all(a["far"] <= b["far"] and a["frr"] >= b["frr"] for a, b in pairwise(points))


def test_histograms_hold_every_pair_once():
    distances, same, _ = pairs(400)
    counted = distance_histograms(np.append(distances, 2.0000001), np.append(same, False))
    assert len(counted["edges"]) == len(counted["genuine"]) + 1
    assert (sum(counted["genuine"]), sum(counted["impostor"])) == (int(same.sum()), int((~same).sum()) + 1)
    at = next(place for place, edge in enumerate(counted["edges"]) if edge > 0.6) - 1
    inside = (distances >= counted["edges"][at]) & (distances < counted["edges"][at + 1])
    assert counted["genuine"][at] == int((inside & same).sum())


def test_separable_pairs_are_perfect():
    distances = np.array([0.1, 0.2, 1.1, 1.2, 0.15, 1.15])
    same = np.array([True, True, False, False, True, False])
    result = verify_pairs(distances, same, np.array([0, 0, 0, 1, 1, 1]))
    assert (result.accuracy, result.accuracy_std, result.auc, result.eer) == (1, 0, 1, 0)


def test_the_threshold_of_a_fold_never_sees_the_fold():
    distances, same, fold = pairs(400)
    leaking = np.where(fold == 3, np.where(same, 5.0, 0.0), distances)  # fold 3 the wrong way round: it misleads
    kept = thresholds_per_fold(distances, same, fold, most_accurate_threshold)
    misled = thresholds_per_fold(leaking, same, fold, most_accurate_threshold)
    assert (misled[fold == 3] == kept[fold == 3]).all()
    assert ((leaking <= misled) == same)[fold == 3].mean() == 0


def test_the_acceptance_curve_of_four_pairs_with_a_tie():
    thresholds, accepted_same, accepted_different = acceptance_curve(
        np.array([0.2, 0.4, 0.4, 0.8]), np.array([True, True, False, False])
    )
    assert thresholds[1:-1].tolist() == pytest.approx([0.3, 0.6])
    assert accepted_same.tolist() == [0, 1, 2, 2]
    assert accepted_different.tolist() == [0, 0, 1, 2]


def test_the_strict_threshold_accepts_as_many_as_allowed_and_no_more():
    distances = np.concatenate([np.full(10, 0.1), np.linspace(0.5, 1.5, 1000)])
    same = np.arange(1010) < 10
    assert (distances[~same] <= threshold_at_far(distances, same, 1e-3)).sum() == 1
    assert (distances[~same] <= threshold_at_far(distances, same, 0.0)).sum() == 0


def test_the_equal_error_rate_lies_where_both_errors_meet():
    distances = np.array([0.1, 0.2, 0.3, 0.9, 0.4, 1.0, 1.1, 1.2])
    same = np.array([True, True, True, True, False, False, False, False])
    assert equal_error_rate(distances, same) == pytest.approx(0.25)


@given(st.integers(0, 10_000), st.floats(0.01, 1.0))
@settings(deadline=None, max_examples=50)
def test_the_area_equals_scikit_learns_and_the_rates_are_rates(seed, overlap):
    distances, same, fold = pairs(80, seed=seed, overlap=overlap, folds=4)
    result = verify_pairs(distances, same, fold)
    assert result.auc == pytest.approx(roc_auc_score(same, -distances))
    assert 0 <= result.eer <= 1 and 0 <= result.accuracy <= 1 and 0 <= result.tar_at_far_1e3 <= 1


def test_the_document_has_the_command_lines_names():
    document = verify_pairs(*pairs(100)).to_json()
    assert {"accuracy", "accuracy_std", "tar_at_far_1e-3", "tar_at_far_1e-2", "auc", "eer", "n_pairs"} <= set(document)
    assert document["n_pairs"] == 100


@pytest.mark.parametrize(
    ("case", "change", "message"),
    [
        ("one fold", lambda d, s, f: (d, s, f * 0), "1 fold"),
        ("no number", lambda d, s, f: (d * np.nan, s, f), "no number"),
        ("only same pairs", lambda d, s, f: (d, s | True, f), "all pairs are same"),
        ("different pairs in one fold only", lambda d, s, f: (d, s | (f != 0), f), "Outside fold 0"),
        ("no pair at all", lambda d, s, f: (d[:0], s[:0], f[:0]), "0 fold"),
    ],
)
def test_pairs_that_carry_no_protocol_are_refused(case, change, message):
    with pytest.raises(InputRefused, match=message):
        verify_pairs(*change(*pairs(40, folds=4)))


def test_a_fold_without_different_pairs_counts_for_what_it_has():
    distances, same, fold = pairs(200, folds=4)
    keep = same | (fold != 2)
    assert verify_pairs(distances[keep], same[keep], fold[keep]).n_pairs == keep.sum()


def test_stricter_rates_are_told_where_ten_different_pairs_pass_in_the_other_folds():
    n = 12_000
    distances = np.concatenate([np.linspace(0.2, 0.9, 100), np.linspace(0.8, 1.8, n)])
    same, fold = np.arange(100 + n) < 100, np.arange(100 + n) % 10
    result = verify_pairs(distances, same, fold)
    # 10,800 different pairs outside a fold: eleven pass at one in a thousand, one at one in ten thousand.
    assert [rate.far for rate in result.rates] == [1e-2, 1e-3]
    assert result.rates[1].tar == result.tar_at_far_1e3 and result.rates[0].far_reached == result.far_reached_1e2
    assert result.to_json()["tar_at_far"][1] == {
        "far": 1e-3,
        "tar": result.tar_at_far_1e3,
        "far_reached": result.far_reached,
    }
