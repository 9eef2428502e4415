"""The most alike faces of different people, against all pairs by brute force."""

from __future__ import annotations

import numpy as np
import pytest

from core.learn.verification import impostor_tail
from core.learn.verification.impostor_tail import find_impostor_tail
from core.learn.verification.lfw_protocol import threshold_at_far
from tests.learn.faces import people


@pytest.fixture
def faces():
    return people([6, 9, 4, 11, 1, 8], noise=1.2)


def impostor_distances(faces):
    first, second = np.triu_indices(len(faces), 1)
    distances = np.linalg.norm(faces.vectors[first] - faces.vectors[second], axis=1)
    return np.sort(distances[faces.labels[first] != faces.labels[second]])


@pytest.mark.parametrize(("case", "kept", "block"), [("all", 10_000, 512), ("some, in blocks", 50, 7)])
def test_the_nearest_pairs_of_all_are_kept(monkeypatch, faces, case, kept, block):
    monkeypatch.setattr(impostor_tail, "TAIL_PAIRS", kept)
    monkeypatch.setattr(impostor_tail, "_BLOCK_ROWS", block)
    tail, expected = find_impostor_tail(faces), impostor_distances(faces)
    assert tail.n_pairs == len(expected)
    assert tail.distances == pytest.approx(expected[:kept], abs=1e-3)
    assert (tail.people[:, 0] != tail.people[:, 1]).all()


def test_a_threshold_accepts_what_the_protocols_does(faces):
    tail, distances = find_impostor_tail(faces), impostor_distances(faces)
    for far in (0.1, 0.02):
        threshold = tail.threshold_at(far)
        assert np.count_nonzero(tail.distances <= threshold) == int(far * tail.n_pairs)
        same = np.zeros(len(distances), dtype=bool)
        assert np.count_nonzero(distances <= threshold_at_far(distances, same, far)) == int(far * tail.n_pairs)


def test_of_very_many_faces_some_are_drawn(monkeypatch, faces):
    monkeypatch.setattr(impostor_tail, "TAIL_FACES", 20)
    tail = find_impostor_tail(faces)
    assert tail.faces_each.sum() == 20 and (tail.distances == find_impostor_tail(faces).distances).all()


def test_a_resample_counts_the_pairs_of_those_who_were_drawn(faces):
    tail = find_impostor_tail(faces)
    # Twice person 3 and once person 1: their 99 pairs in two ways each, and no pair of person 3 with itself.
    drawn = np.array([[0, 1, 0, 2, 0, 0]], dtype=np.float32)
    between = (np.sort(tail.people, axis=1) == [1, 3]).all(axis=1)
    threshold = float(np.median(tail.distances))
    passing = 2 * np.count_nonzero(between & (tail.distances <= threshold))
    all_pairs = ((9 + 22) ** 2 - 9**2 - 22**2) / 2
    assert tail.resample_far(threshold, drawn) == pytest.approx([passing / all_pairs])
