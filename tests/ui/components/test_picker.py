"""What comes back from the grid counts only as far as it is about what is shown now."""

from __future__ import annotations

import pytest

from core.ui.components import outbox
from core.ui.components.picker import GridAnswer, GridCommand, read_picked

SHOWN = ["a", "b", "c"]


def picked(epoch: int, selected: list[str], focused: str | None = None) -> dict[str, object]:
    return {"epoch": epoch, "selected": selected, "focused": focused}


def test_nothing_has_come_back_yet() -> None:
    assert read_picked(None, [], SHOWN, 0) == GridAnswer()


def test_faces_that_are_gone_are_not_chosen() -> None:
    assert read_picked(picked(1, ["a", "gone", "c"], "gone"), [], SHOWN, 1) == GridAnswer(("a", "c"), None)


def test_an_action_lets_go_of_what_was_chosen_but_keeps_the_focus() -> None:
    assert read_picked(picked(1, ["a"], "b"), [], SHOWN, 2) == GridAnswer((), "b")


def test_commands_come_in_their_order() -> None:
    sent = [{"n": 7, "name": "exclude", "ids": ["b"]}, {"n": 9, "name": "undo", "ids": ["c"]}]
    found = read_picked(None, sent, SHOWN, 4)
    assert found.commands == (GridCommand("exclude", ("b",)), GridCommand("undo", ("c",)))
    assert found.command == GridCommand("undo", ("c",))


def test_a_command_is_obeyed_once_however_often_it_is_sent() -> None:
    sent = [{"n": 7, "name": "exclude", "ids": ["b"]}, {"n": 9, "name": "undo", "ids": ["c"]}]
    assert [command["n"] for command in outbox.take_new_commands("some grid", sent)] == [7, 9]
    assert outbox.take_new_commands("some grid", [*sent, {"n": 12, "name": "redo", "ids": []}])[0]["n"] == 12
    assert outbox.take_new_commands("some grid", sent) == []
    assert outbox.last_obeyed_number("some grid") == 12
    assert [command["n"] for command in outbox.take_new_commands("another", sent)] == [7, 9]


def test_no_two_drawings_are_alike_so_that_the_browser_looks_at_its_outbox_each_time() -> None:
    first, second = outbox.outbox_state("drawn grid"), outbox.outbox_state("drawn grid")
    assert first["seen"] == second["seen"] == 0
    assert first["drawing"] != second["drawing"]


@pytest.mark.parametrize(
    ("found", "about"),
    [
        pytest.param(GridAnswer(("a", "b"), "c"), ("a", "b"), id="what is chosen"),
        pytest.param(GridAnswer((), "c"), ("c",), id="else the one in focus"),
        pytest.param(GridAnswer(), (), id="else nothing"),
    ],
)
def test_an_action_is_about(found: GridAnswer, about: tuple[str, ...]) -> None:
    assert found.about == about
