"""What comes back from the grid counts only as far as it is about what is shown now."""

from __future__ import annotations

import pytest

from core.ui.picker import Command, Picked, read

SHOWN = ["a", "b", "c"]


def picked(epoch: int, selected: list[str], focused: str | None = None) -> dict[str, object]:
    return {"epoch": epoch, "selected": selected, "focused": focused}


def test_nothing_has_come_back_yet() -> None:
    assert read(None, None, SHOWN, 0) == Picked()


def test_faces_that_are_gone_are_not_chosen() -> None:
    assert read(picked(1, ["a", "gone", "c"], "gone"), None, SHOWN, 1) == Picked(("a", "c"), None)


def test_an_action_lets_go_of_what_was_chosen_but_keeps_the_focus() -> None:
    assert read(picked(1, ["a"], "b"), None, SHOWN, 2) == Picked((), "b")


def test_a_command_is_obeyed_once() -> None:
    given = {"name": "exclude", "ids": ["b", "gone"], "epoch": 4}
    assert read(None, given, SHOWN, 4).command == Command("exclude", ("b",))
    assert read(None, given, SHOWN, 5).command is None


@pytest.mark.parametrize(
    ("found", "about"),
    [
        pytest.param(Picked(("a", "b"), "c"), ("a", "b"), id="what is chosen"),
        pytest.param(Picked((), "c"), ("c",), id="else the one in focus"),
        pytest.param(Picked(), (), id="else nothing"),
    ],
)
def test_an_action_is_about(found: Picked, about: tuple[str, ...]) -> None:
    assert found.about == about
