"""Who acts on a page: whoever has signed in, or this computer's owner where no sign-in is configured."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

from core.access.directory import DirectoryFile
from core.access.permissions import LOCAL_OWNER, Principal
from core.base.errors import SignInNeeded
from core.language.texts import gettext as _
from core.language.texts import marked
from core.services import Services
from core.store.access_model import AccessStore

DECIDED_FOR_S = 2.0
"""How long an answer about a session counts: it is asked at every message of an open page."""
SIGN_IN_AGAIN = marked(
    "Your session has ended, or you have no role here (any more). Reload this page to sign in again."
)


@dataclass
class DecidedSessions:
    """What was decided of sessions a moment ago, by their cookies; another process hears of an end as late as that."""

    clock: Callable[[], float] = time.monotonic
    _decided: dict[str, tuple[float, Principal | None]] = field(default_factory=dict)

    def find(self, cookie: str) -> tuple[Principal | None] | None:
        """Who it is, or nobody, in a tuple; None where that has to be decided anew."""
        entry = self._decided.get(cookie)
        return (entry[1],) if entry and entry[0] > self.clock() else None

    def remember(self, cookie: str, principal: Principal | None) -> None:
        """Keep a decision for a moment, and no older ones."""
        now = self.clock()
        self._decided = {key: entry for key, entry in self._decided.items() if entry[0] > now}
        self._decided[cookie] = now + DECIDED_FOR_S, principal

    def forget(self) -> None:
        """Decide anew from now on: a session has ended."""
        self._decided = {}


DECIDED = DecidedSessions()
_answered: ContextVar[Principal | None] = ContextVar("answered", default=None)


@contextmanager
def answering(principal: Principal) -> Iterator[None]:
    """Act for somebody outside of the run of their page: a download is answered there, at their click."""
    token = _answered.set(principal)
    try:
        yield
    finally:
        _answered.reset(token)


@cache
def directory_file(path: Path) -> DirectoryFile:
    """The file of a path, which is read again when it changed."""
    return DirectoryFile(path)


def is_sign_in_required(whole: Services) -> bool:
    """Whether anybody has to sign in. Raises InputRefused where the file of the roles cannot be understood."""
    return directory_file(whole.settings.access_file).read() is not None


def current_principal(whole: Services) -> Principal:
    """Who acts in this run of a page.

    Raises
    ------
    SignInNeeded
        Sign-in is configured, and nobody with a role is signed in, or not any more.
    """
    if not is_sign_in_required(whole):
        return LOCAL_OWNER
    if (asked_by := _answered.get()) is not None:
        return asked_by
    principal = admit(whole, st.user.to_dict())
    if principal is None:
        raise SignInNeeded(_(SIGN_IN_AGAIN))
    return principal


def admit(whole: Services, claims: Mapping[str, Any], signed_s: float | None = None) -> Principal | None:
    """Who somebody is, where they have a role and their session goes on; None for everybody else.

    Parameters
    ----------
    claims : as the provider told them when they signed in
    signed_s : when that was by this computer's clock, in seconds since 1970; by the provider's where it is None
    """
    directory = directory_file(whole.settings.access_file).read()
    principal = directory.identify(claims) if directory else None
    if directory is None or principal is None:
        return None
    began = principal.began if signed_s is None else signed_s
    if time.time() - began > directory.session_s or is_signed_out(whole.access, principal, began):
        return None
    return principal


def is_signed_out(store: AccessStore, principal: Principal, began: float) -> bool:
    """Whether a session was ended: it alone, or all of this person that had begun by then."""
    ended = store.signed_out((principal.session, principal.address))
    return principal.session in ended or began <= ended.get(principal.address, 0.0)


def sign_out_everywhere(store: AccessStore, principal: Principal) -> None:
    """End every session of somebody that has begun; whoever holds a copy of a cookie has nothing any more."""
    store.sign_out(principal.address, time.time())
    # The provider's clock may be ahead of ours: this session is ended by its name, too.
    store.sign_out(principal.session, time.time())
    DECIDED.forget()
