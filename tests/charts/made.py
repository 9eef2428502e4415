"""Evaluations made of a few numbers, for charts."""

from __future__ import annotations

import numpy as np

from core.learn.metrics.classification import Evaluation, evaluate_predictions


def an_evaluation(n_people: int, wrong: list[tuple[int, int]]) -> Evaluation:
    """One right face each, and the wrong ones."""
    true = np.array([*range(n_people), *(pair[0] for pair in wrong)], dtype=np.int64)
    predicted = np.array([*range(n_people), *(pair[1] for pair in wrong)], dtype=np.int64)
    probs = np.full((len(true), n_people), 0.1 / n_people)
    probs[np.arange(len(true)), predicted] = 0.9
    return evaluate_predictions([f"p_{number:03d}" for number in range(n_people)], true, predicted, probs)
