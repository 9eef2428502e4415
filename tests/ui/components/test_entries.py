"""What a list of entries was asked, as far as its entries are there."""

import pytest

from core.ui.components.entries import EntryCommand, read_entry_commands


@pytest.mark.parametrize(
    ("asked", "there", "left", "is_gone"),
    [
        (["a"], ["a", "b"], ("a",), False),
        (["a", "b"], ["b"], ("b",), False),
        (["a", "b"], ["c"], (), True),
        ([], ["c"], (), False),
    ],
)
def test_a_command_is_about_the_entries_that_are_left(
    asked: list[str], there: list[str], left: tuple[str, ...], is_gone: bool
):
    (command,) = read_entry_commands([{"name": "name", "ids": asked, "text": "Ann"}], there)
    assert command == EntryCommand("name", left, "Ann", is_gone=is_gone)
