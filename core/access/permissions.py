"""Who may do what: the matrix of roles and of standings. Whatever no line of it allows is refused.

Two questions are asked of every act: what the person may do at all (``Role``), and what they are to this dataset
(``Standing``). Both have to allow it. An admin counts as the owner of every dataset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from core.language.texts import marked
from core.store.access_model import Role, Standing


class Action(StrEnum):
    """What can be done; as words that follow "may not"."""

    LOOK = marked("look at it")
    IDENTIFY = marked("identify people with it")
    EDIT = marked("change anything in it")
    EXPORT = marked("take copies out of it")
    ERASE = marked("erase anything of it for good")
    SHARE = marked("share it")
    CREATE = marked("make datasets")
    ADMINISTER = marked("administer this installation")


LOOKING = frozenset({Action.LOOK, Action.IDENTIFY})
EDITING = LOOKING | {Action.EDIT, Action.EXPORT}
OWNING = EDITING | {Action.ERASE, Action.SHARE}
OF_NO_DATASET = frozenset({Action.CREATE, Action.ADMINISTER})
"""Asked of the role alone."""
ROLE_ALLOWS: Mapping[Role, frozenset[Action]] = MappingProxyType(
    {Role.VIEWER: LOOKING, Role.EDITOR: OWNING | {Action.CREATE}, Role.ADMIN: frozenset(Action)}
)
STANDING_ALLOWS: Mapping[Standing, frozenset[Action]] = MappingProxyType(
    {Standing.VIEWER: LOOKING, Standing.EDITOR: EDITING, Standing.OWNER: OWNING}
)


def is_allowed(role: Role, standing: Standing | None, action: Action) -> bool:
    """Whether somebody may do something with a dataset.

    Parameters
    ----------
    standing : what they are to the dataset; None for nothing, or where the action is of no dataset
    """
    if action not in ROLE_ALLOWS[role]:
        return False
    if action in OF_NO_DATASET or role is Role.ADMIN:
        return True
    return standing is not None and action in STANDING_ALLOWS[standing]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts."""

    address: str
    """In small letters, as the sign-in names them; empty for whoever sits at this computer."""
    role: Role
    session: str = ""
    """The key of their session, by which it can be ended."""
    began: float = 0.0
    """When they signed in, in seconds since 1970."""


LOCAL_OWNER = Principal("", Role.ADMIN)
"""Everybody, where no sign-in is configured; and the command line always."""
