"""The values of a run: what is refused, in which words, and what goes on as it came."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from core.learn.metrics.run_values import ImportOrigin, RunMetrics, RunParams, UnusedFaces, read_run_values

PARAMS = {
    "folds": 5,
    "min_faces": 2,
    "seed": 0,
    "c": None,
    "min_grade": 0.5,
    "min_size_px": 0,
    "split": "kfold",
    "why": "5 folds.",
    "chosen_c": 0.3,
    "people": ["Ann", "李"],
    "left_out": [{"person": "Once", "reason": "has 1 photo"}],
    "dropped": [{"faces": 1, "reason": "the same shot"}],
    "gated": [],
    "threshold": {
        "rate": 0.01,
        "score": -3.5,
        "expected": 0.009,
        "low": 0.0,
        "high": 0.02,
        "enough": True,
        "n_impostors": 100,
        "n_impostor_people": 40,
        "n_genuine": 90,
        "genuine_kept": None,
        "from_prior": False,
    },
    "strangers": 0,
    "person_ids": [1, 7],
    "strangers_given": None,
}
METRICS = {
    "accuracy": 0.5,
    "accuracy_ci95": [0.4, 0.6],
    "n_correct": 5,
    "n_test": 10,
    "balanced_accuracy": 0.5,
    "macro_f1": 0.4,
    "top3": 1.0,
    "ece": 0.0,
    "train_accuracy": 1.0,
    "n_people": 2,
    "n_train": 40,
}
STRANGERS = {
    **{"title": "o.zip", "photos": 3, "refused": 1, "used": 1, "people": 1},
    "known": [{"person": "Ann", "photos": 1, "why": "the same shot"}],
}


def params(**changed: object) -> dict[str, Any]:
    return {**deepcopy(PARAMS), **changed}


def without(document: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


def test_new_values_are_written_in_the_order_of_their_fields() -> None:
    read = RunParams.from_json(PARAMS)
    assert json.dumps(replace(read, stored={}).to_json()) == json.dumps(PARAMS)
    assert json.dumps(replace(RunMetrics.from_json(METRICS), stored={}).to_json()) == json.dumps(METRICS)


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(params(), id="today's"),
        pytest.param(params(strangers_given=STRANGERS), id="with strangers"),
        pytest.param(params(imported={"sha256": "ab", "dataset": "Home"}), id="from elsewhere"),
        pytest.param(
            without(params(), "min_faces", "min_grade", "min_size_px", "gated", "strangers", "person_ids"),
            id="an earlier version's",
        ),
        pytest.param(without(params(), "strangers_given"), id="from before strangers"),
        pytest.param(params(later={"deep": [1]}, c=1, seed=3), id="a later version's"),
        pytest.param(params(threshold={**PARAMS["threshold"], "later": 1}), id="later inside"),
    ],
)
def test_what_was_read_is_written_as_it_came(document: dict[str, Any]) -> None:
    assert RunParams.from_json(document).to_json() == document


def test_a_changed_field_is_written_beside_what_others_wrote() -> None:
    read = RunParams.from_json(params(later=1))
    elsewhere = replace(read, imported=ImportOrigin("ab", "Home"), dropped=(UnusedFaces(2, "blurred"),))
    assert elsewhere.to_json() == params(
        later=1, imported={"sha256": "ab", "dataset": "Home"}, dropped=[{"faces": 2, "reason": "blurred"}]
    )
    assert replace(RunParams.from_json(elsewhere.to_json()), imported=None, dropped=read.dropped).to_json() == params(
        later=1
    )


@pytest.mark.parametrize(
    "name",
    [
        *METRICS,
        *without(
            PARAMS, "min_faces", "min_grade", "min_size_px", "gated", "strangers", "person_ids", "strangers_given"
        ),
    ],
)
def test_a_value_that_is_missing_is_named(name: str) -> None:
    with pytest.raises(ValueError, match=f"^its '{name}' is missing or cannot be$"):
        read_run_values(without(PARAMS, name), without(METRICS, name))


def inside(name: str, value: object) -> Callable[[], dict[str, Any]]:
    return lambda: params(threshold={**PARAMS["threshold"], name: value})


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("folds", params(folds=-1)),
        ("folds", params(folds=True)),
        ("folds", params(folds=5.0)),
        ("seed", params(seed=1 << 53)),
        ("c", params(c=float("nan"))),
        ("chosen_c", params(chosen_c=float("inf"))),
        ("chosen_c", params(chosen_c="1")),
        ("split", params(split=None)),
        ("why", params(why="x" * 10_001)),
        ("people", params(people="Ann")),
        ("people", params(people=["Ann", 1])),
        ("left_out", params(left_out={})),
        ("left_out", params(left_out=[{"person": "Ann"}])),
        ("dropped", params(dropped=[{"faces": "1", "reason": ""}])),
        ("person_ids", params(person_ids=["1"])),
        ("strangers_given", params(strangers_given={"title": "o.zip"})),
        ("threshold", params(threshold=None)),
        ("threshold", inside("rate", 1.5)()),
        ("threshold", inside("score", float("nan"))()),
        ("threshold", inside("enough", 1)()),
        ("threshold", inside("genuine_kept", -0.1)()),
    ],
)
def test_a_value_that_cannot_be_is_named(name: str, document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^its '{name}' is missing or cannot be$"):
        read_run_values(document, METRICS)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accuracy", "0.5"),
        ("accuracy", float("nan")),
        ("accuracy", True),
        ("accuracy_ci95", [0.1]),
        ("accuracy_ci95", [0.1, 1.1]),
        ("n_test", 1.5),
        ("n_people", -1),
    ],
)
def test_a_figure_that_cannot_be_is_named(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^its '{name}' is missing or cannot be$"):
        read_run_values(PARAMS, {**METRICS, name: value})


@pytest.mark.parametrize("documents", [(None, METRICS), (PARAMS, None), ([], METRICS), (PARAMS, "{}")])
def test_a_run_without_its_values_says_so(documents: tuple[object, object]) -> None:
    with pytest.raises(ValueError, match=r"^its values are missing$"):
        read_run_values(*documents)
