"""The file that says who has which role: ``access.toml`` of the data folder. Who is not in it has none.

::

    session_hours = 12
    groups_claim = "groups"
    unverified_addresses = ["microsoft"]

    [roles]
    "ann@example.org" = "admin"
    "*@example.org" = "viewer"
    "bob@example.org" = "none"

    [groups]
    "face editors" = "editor"

    [quota]
    datasets = 10
    photos = 20_000
    gigabytes = 50.0

An address that is named decides by itself; otherwise the strongest of its domain's and its groups' roles counts. The
quota is of each person, admins apart; what is left out is not limited.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from core.access.permissions import Principal
from core.base.errors import InputRefused
from core.language.texts import gettext as _
from core.store.access_model import Asker, Role

NO_ROLE = "none"
HOUR_S = 3600.0
GIGABYTE = 1_000_000_000
_STRENGTH = {role: number for number, role in enumerate((Role.VIEWER, Role.EDITOR, Role.ADMIN))}
_SESSION_CLAIMS = ("iss", "sub", "email", "provider", "iat")


class Quota(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The most that one person may have; None for as much as they like. Its fields are the file's words."""

    datasets: int | None = None
    photos: int | None = None
    gigabytes: float | None = None
    """Of photos, as files."""

    def __post_init__(self) -> None:
        if any(limit is not None and limit < 0 for limit in (self.datasets, self.photos, self.gigabytes)):
            raise ValueError("a quota is 0 or more; leave a line out where nothing is limited")

    @property
    def size_bytes(self) -> int | None:
        """Of photos; None for as many as they like."""
        return None if self.gigabytes is None else int(self.gigabytes * GIGABYTE)


class RoleDirectory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file says. Its fields are its words."""

    roles: dict[str, str] = {}
    """By address, or by ``*@domain``."""
    groups: dict[str, str] = {}
    """By the name of a group in the claim."""
    groups_claim: str = "groups"
    session_hours: float = 12.0
    """After that many hours everybody signs in again."""
    unverified_addresses: list[str] = []
    """Providers whose word counts for an address that they do not call verified."""
    quota: Quota = Quota()

    def __post_init__(self) -> None:
        for name, role in {**self.roles, **self.groups}.items():
            if role not in (*Role, NO_ROLE):
                raise ValueError(f"'{name}' has the role '{role}'; roles are {', '.join(Role)} and {NO_ROLE}")
        if not 0 < self.session_hours <= 24 * 30:
            raise ValueError("session_hours has to be more than 0 and at most 720")

    @property
    def session_s(self) -> float:
        """How long a session lasts."""
        return self.session_hours * HOUR_S

    def role_of(self, address: str, groups: Iterable[str] = ()) -> Role | None:
        """The role of an address in small letters; None for nobody that the file knows."""
        roles = {name.lower(): role for name, role in self.roles.items()}
        if address in roles:
            return _to_role(roles[address])
        of_domain = roles.get("*@" + address.rpartition("@")[2], NO_ROLE)
        candidates = [_to_role(role) for role in (of_domain, *(self.groups.get(group, NO_ROLE) for group in groups))]
        return max((role for role in candidates if role is not None), key=_STRENGTH.__getitem__, default=None)

    def present_role(self, asker: Asker) -> Role | None:
        """The role of somebody who is not here now; None where they have none any more."""
        role = self.role_of(asker.address)
        is_named = asker.address in {name.lower() for name in self.roles}
        # Their groups are known while they are signed in alone.
        return role if is_named or not self.groups else asker.role

    def identify(self, claims: Mapping[str, Any]) -> Principal | None:
        """Who somebody is by what the provider says of them; None for nobody with a role.

        Parameters
        ----------
        claims : of the ID token, and under "provider" who said it
        """
        address = claims.get("email")
        if not claims.get("is_logged_in") or not isinstance(address, str) or not self._is_trusted(claims):
            return None
        address = address.strip().lower()
        role = self.role_of(address, _names(claims.get(self.groups_claim)))
        began = claims.get("iat")
        # Without its beginning a session could not be ended.
        if role is None or not address or not isinstance(began, int | float):
            return None
        return Principal(address, role, session_key(claims), float(began))

    def _is_trusted(self, claims: Mapping[str, Any]) -> bool:
        # Some providers let everybody write any address into their profile, and say nothing of having verified it.
        return claims.get("email_verified") is True or claims.get("provider") in self.unverified_addresses


def session_key(claims: Mapping[str, Any]) -> str:
    """What tells one sign-in from all others, without saying whose it is."""
    claims_text = json.dumps([str(claims.get(name)) for name in _SESSION_CLAIMS])
    return "session " + hashlib.sha256(claims_text.encode()).hexdigest()


def _names(claim: object) -> list[str]:
    return [name for name in claim if isinstance(name, str)] if isinstance(claim, list) else []


def _to_role(word: str) -> Role | None:
    return None if word == NO_ROLE else Role(word)


@dataclass(slots=True)
class DirectoryFile:
    """The file, read again when it changed: a role that is taken away there is gone with the next click."""

    path: Path
    _read: tuple[tuple[int, int], RoleDirectory] | None = None

    def read(self) -> RoleDirectory | None:
        """What it says; None where there is no such file.

        Raises
        ------
        InputRefused
            It cannot be understood. Nobody has a role then.
        """
        try:
            state = self.path.stat()
        except FileNotFoundError:
            return None
        stamp = state.st_mtime_ns, state.st_size
        if self._read is None or self._read[0] != stamp:
            self._read = stamp, parse_directory(self.path.read_bytes())
        return self._read[1]


def parse_directory(content: bytes) -> RoleDirectory:
    """What such a file says. Raises InputRefused."""
    try:
        return msgspec.convert(tomllib.loads(content.decode("utf-8")), RoleDirectory)
    except (ValueError, msgspec.ValidationError) as fault:
        raise InputRefused(
            _(
                "The file that says who may enter (access.toml) cannot be understood: {fault}. Nobody is let in until "
                "it is mended; README, Sign-in, shows one.",
                fault=fault,
            )
        ) from fault
