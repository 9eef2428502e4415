"""What the values of a run must be, whoever wrote them: pages, reports and the command line calculate with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

LONGEST_TEXT: Final = 10_000
Check = Callable[[object], bool]


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _is_share(value: object) -> bool:
    return _is_number(value) and 0 <= value <= 1  # type: ignore[operator]


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 53


def _is_interval(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(_is_share(end) for end in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_TEXT


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_names(value: object) -> bool:
    return isinstance(value, list | tuple) and all(_is_text(name) for name in value)


def _is_list(value: object) -> bool:
    return isinstance(value, list | tuple)


def _is_threshold(value: object) -> bool:
    return isinstance(value, dict) and first_fault(value, _THRESHOLD) is None


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


_METRICS: Final[dict[str, Check]] = {
    **dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1", "top3", "ece", "train_accuracy"), _is_share),
    **dict.fromkeys(("n_correct", "n_test", "n_people", "n_train"), _is_count),
    "accuracy_ci95": _is_interval,
}
_THRESHOLD: Final[dict[str, Check]] = {
    **dict.fromkeys(("rate", "expected", "low", "high"), _is_share),
    "score": _is_number,
    **dict.fromkeys(("enough", "from_prior"), _is_flag),
    **dict.fromkeys(("n_impostors", "n_impostor_people", "n_genuine"), _is_count),
    "genuine_kept": _or_none(_is_share),
}
_PARAMS: Final[dict[str, Check]] = {
    "people": _is_names,
    **dict.fromkeys(("dropped", "left_out"), _is_list),
    **dict.fromkeys(("folds", "seed"), _is_count),
    **dict.fromkeys(("split", "why"), _is_text),
    "c": _or_none(_is_number),
    "chosen_c": _is_number,
    "threshold": _is_threshold,
}


def run_fault(params: object, metrics: object) -> str | None:
    """What of a run's values cannot be: the name of the first, in words; None where all are of their kind."""
    if not isinstance(params, dict) or not isinstance(metrics, dict):
        return "its values are missing"
    fault = first_fault(metrics, _METRICS) or first_fault(params, _PARAMS)
    return None if fault is None else f"its '{fault}' is missing or cannot be"


def first_fault(values: Mapping[str, Any], checks: Mapping[str, Check]) -> str | None:
    """The first name whose value does not pass, or is missing."""
    return next((name for name, check in checks.items() if name not in values or not check(values[name])), None)
