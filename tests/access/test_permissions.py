"""The matrix of role x standing x action, written out: whoever changes it changes this table too."""

from __future__ import annotations

import pytest

from core.access.permissions import Action, is_allowed
from core.store.access_model import Role, Standing

L, I, E, X, D, S, C, A = Action  # noqa: E741
LOOKING, EDITING, OWNING = {L, I}, {L, I, E, X}, {L, I, E, X, D, S}
MATRIX = {
    (Role.VIEWER, None): set(),
    (Role.VIEWER, Standing.VIEWER): LOOKING,
    (Role.VIEWER, Standing.EDITOR): LOOKING,
    (Role.VIEWER, Standing.OWNER): LOOKING,
    (Role.EDITOR, None): {C},
    (Role.EDITOR, Standing.VIEWER): LOOKING | {C},
    (Role.EDITOR, Standing.EDITOR): EDITING | {C},
    (Role.EDITOR, Standing.OWNER): OWNING | {C},
    (Role.ADMIN, None): set(Action),
    (Role.ADMIN, Standing.VIEWER): set(Action),
    (Role.ADMIN, Standing.EDITOR): set(Action),
    (Role.ADMIN, Standing.OWNER): set(Action),
}


@pytest.mark.parametrize(("role", "standing"), MATRIX)
def test_a_role_and_a_standing_allow_what_the_table_says_and_nothing_else(
    role: Role, standing: Standing | None
) -> None:
    assert {action for action in Action if is_allowed(role, standing, action)} == MATRIX[role, standing]


def test_the_table_has_a_line_for_every_role_and_standing() -> None:
    assert set(MATRIX) == {(role, standing) for role in Role for standing in (None, *Standing)}
