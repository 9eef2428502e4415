"""Which sets of faces are alike."""

from __future__ import annotations

import numpy as np

from core.learn.verification.set_similarity import Centres, find_sets_like


def test_what_is_most_like_the_first_sets_is_found_without_comparing_all() -> None:
    rng = np.random.default_rng(5)
    means = rng.normal(size=(40, 8)).astype(np.float32)
    centres = Centres(means / np.linalg.norm(means, axis=1, keepdims=True), rng.integers(2, 9, 40))
    pairs, similarities = find_sets_like(centres, 3, 4, 0.1)
    products = centres.corrected() @ centres.corrected().T
    np.fill_diagonal(products, -np.inf)
    nearest = [(first, other) for first in range(3) for other in np.argsort(-products[first])[:4].tolist()]
    expected = {(min(pair), max(pair)) for pair in nearest if products[pair] >= 0.1}
    assert set(map(tuple, pairs.tolist())) == expected
    np.testing.assert_allclose(similarities, products[pairs[:, 0], pairs[:, 1]], rtol=1e-6)
    assert (np.diff(similarities) <= 0).all()
    assert [len(part) for part in find_sets_like(centres, 0, 4, 0.1)] == [0, 0]
