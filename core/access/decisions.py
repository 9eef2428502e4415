"""Decides for one person whether they may do something, by their role and what they are to the dataset."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from core.access.permissions import OF_NO_DATASET, ROLE_ALLOWS, Action, Principal, is_allowed
from core.base.errors import AccessRefused, NotFound
from core.language.texts import gettext as _
from core.language.texts import marked, pgettext
from core.store.access_model import AccessStore, Role, Standing


class HasDataset(Protocol):
    """What belongs to a dataset."""

    @property
    def dataset_id(self) -> str:
        """The dataset's id."""


Owned = TypeVar("Owned", bound=HasDataset)
NO_SUCH = marked("This is not there, or it is not yours. Choose one of your datasets.")


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
            raise NotFound(_(NO_SUCH))
        raise AccessRefused(
            _(
                "You are signed in as {address}, {role}, and may not {action}. Nothing was changed. Ask {whom}.",
                address=self.principal.address,
                role=_describe_role(self.principal.role),
                action=_(action),
                whom=_whom_to_ask(action),
            )
        )

    def visible(self, items: Iterable[Owned]) -> list[Owned]:
        """Those that are of datasets which they may look at, in the same order."""
        if self.principal.role is Role.ADMIN:
            return list(items)
        known = self.standings()
        return [item for item in items if is_allowed(self.principal.role, known.get(item.dataset_id), Action.LOOK)]


def _describe_role(role: Role) -> str:
    if role is Role.VIEWER:
        return pgettext("role", "a viewer")
    return pgettext("role", "an editor") if role is Role.EDITOR else pgettext("role", "an admin")


def _whom_to_ask(action: Action) -> str:
    return _("an admin") if action in OF_NO_DATASET else _("the owner of the dataset, or an admin")
