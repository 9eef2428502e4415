"""Decides for one person whether they may do something, by their role and what they are to the dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from core.access.permissions import OF_NO_DATASET, ROLE_ALLOWS, Action, Principal, is_allowed
from core.base.errors import AccessRefused, NotFound
from core.store.access_model import AccessStore, Role, Standing


class HasDataset(Protocol):
    """What belongs to a dataset."""

    @property
    def dataset_id(self) -> str:
        """The dataset's id."""


Owned = TypeVar("Owned", bound=HasDataset)
_WITH_ARTICLE = {Role.VIEWER: "a viewer", Role.EDITOR: "an editor", Role.ADMIN: "an admin"}
NO_SUCH = "This is not there, or it is not yours. Choose one of your datasets."


@dataclass(frozen=True, slots=True)
class Access:
    """What one person may do."""

    principal: Principal
    store: AccessStore

    def standings(self) -> Mapping[str, Standing]:
        """What they are to the datasets that they know of. An admin knows of all, which are not listed here."""
        return self.store.standings(self.principal.address)

    def may(self, action: Action, dataset_id: str | None = None) -> bool:
        """Whether they may do something with a dataset; where it is about none, whether their role may do it at all."""
        role = self.principal.role
        if dataset_id is None:
            return action in ROLE_ALLOWS[role]
        needs_standing = role is not Role.ADMIN and action not in OF_NO_DATASET
        standing = self.standings().get(dataset_id) if needs_standing else None
        return is_allowed(role, standing, action)

    def require(self, action: Action, dataset_id: str | None = None) -> None:
        """Let them do it, or raise.

        Raises
        ------
        NotFound
            They may not know that there is such a dataset.
        AccessRefused
            They may not do this.
        """
        if self.may(action, dataset_id):
            return
        if dataset_id is not None and not self.may(Action.LOOK, dataset_id):
            raise NotFound(NO_SUCH)
        whom = f"You are signed in as {self.principal.address}, {_WITH_ARTICLE[self.principal.role]}"
        raise AccessRefused(f"{whom}, and may not {action}. Nothing was changed. Ask {_whom_to_ask(action)}.")

    def visible(self, items: Iterable[Owned]) -> list[Owned]:
        """Those that are of datasets which they may look at, in the same order."""
        if self.principal.role is Role.ADMIN:
            return list(items)
        known = self.standings()
        return [item for item in items if is_allowed(self.principal.role, known.get(item.dataset_id), Action.LOOK)]


def _whom_to_ask(action: Action) -> str:
    return "an admin" if action in OF_NO_DATASET else "the owner of the dataset, or an admin"
