"""Dataclasses as JSON and back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.base.json_values import JsonRecord, StoredValues


@dataclass(frozen=True)
class Measure(JsonRecord):
    mean: float
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMeasure(StoredValues):
    mean: float


def test_numbers_of_numpy_are_written_as_numbers() -> None:
    assert Measure(np.mean([1.0, 2.0]), (2, np.int64(3))).to_json() == {"mean": 1.5, "counts": (2, 3)}
    assert KeptMeasure(mean=np.float32(0.5)).to_json() == {"mean": 0.5}


def test_what_is_no_json_is_not_written() -> None:
    with pytest.raises(TypeError, match="PosixPath is no JSON"):
        Measure(Path("x")).to_json()  # type: ignore[arg-type]


def test_a_record_takes_what_it_knows_of_a_document() -> None:
    assert Measure.from_json({"mean": 1, "counts": [2], "later": 3}) == Measure(1, (2,))
    with pytest.raises(ValueError, match=r"Measure: .*`mean`"):
        Measure.from_json({"counts": [2]})


def test_stored_values_write_back_what_they_do_not_know() -> None:
    read = KeptMeasure.from_json({"mean": 1, "later": [3], "stored": 2})
    assert (read.mean, read.to_json()) == (1.0, {"mean": 1, "later": [3], "stored": 2})
    with pytest.raises(ValueError, match=r"^its 'mean' is missing or cannot be$"):
        KeptMeasure.from_json({"mean": "much"})
