"""What the machine offers becomes what an ingest may take."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.base import machine


def test_more_threads_take_more_at_once_up_to_a_share_of_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "free_memory_bytes", lambda: 4 << 30)
    two, four, many = (machine.choose_pace(threads) for threads in (2, 4, 64))
    assert (two.photos_at_once, four.photos_at_once) == (16, 32)
    assert (two.bytes_in_flight, four.bytes_in_flight) == (512 << 20, 1 << 30)
    assert many.bytes_in_flight == 1 << 30
    assert four.with_at_least(1) == four
    assert four.with_at_least(20) == machine.Pace(4, 32, four.bytes_in_flight, smallest_batch=20)
    assert four.with_at_least(64) == machine.Pace(4, 64, four.bytes_in_flight, smallest_batch=64)


@pytest.mark.parametrize(
    ("limit", "used", "left"),
    [("max\n", "500\n", []), ("1000\n", "400\n", [600]), ("1000\n", "1400\n", [0])],
    ids=["no limit", "some left", "nothing left"],
)
def test_a_container_leaves_what_its_limit_does(tmp_path: Path, limit: str, used: str, left: list[int]) -> None:
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text(used)
    assert machine._container_bytes(tmp_path) == left


def test_outside_a_container_there_is_no_limit(tmp_path: Path) -> None:
    assert machine._container_bytes(tmp_path) == []


def test_free_memory_is_some_but_no_more_than_a_machine_has() -> None:
    assert 1 << 20 < machine.free_memory_bytes() < 1 << 50
