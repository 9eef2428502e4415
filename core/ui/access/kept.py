"""What is kept between runs and sessions of pages: as Streamlit keeps it, but whoever asks is asked first.

One cache serves all sessions, by dataset and revision or by run. Whoever may not look at the dataset gets nothing out
of it, whoever put it in; and what is in it was built with the working parts of everybody, never with those of one.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, TypeVar, cast

import streamlit as st

from core.access.permissions import Action
from core.language.texts import gettext

Kept = TypeVar("Kept", bound=Callable[..., Any])
DATASETS = frozenset({"dataset_id"})
RUNS = frozenset({"run_id", "older", "newer"})
"""Arguments by which what is kept belongs to somebody."""
_is_decided: ContextVar[bool] = ContextVar("is_decided", default=False)


def is_decided() -> bool:
    """Whether something that is kept is being built, by somebody of whom it was decided that they may see it."""
    return _is_decided.get()


@contextmanager
def _deciding() -> Iterator[None]:
    token = _is_decided.set(True)
    try:
        yield
    finally:
        _is_decided.reset(token)


class _SpinnerText(str):
    """What is said while somebody waits, in their language: the decorator that has it runs before anybody reads."""

    __slots__ = ()

    def __str__(self) -> str:
        return gettext(super().__str__())


def cache_data(*, show_spinner: str | bool = True, **options: Any) -> Callable[[Kept], Kept]:
    """``st.cache_data``, behind the decision; ``show_spinner`` is a text that is ``marked``, or False."""
    return _behind_decision(st.cache_data(show_spinner=_spinner(show_spinner), **options))


def cache_resource(*, show_spinner: str | bool = True, **options: Any) -> Callable[[Kept], Kept]:
    """``st.cache_resource``, behind the decision; ``show_spinner`` as in ``cache_data``."""
    return _behind_decision(st.cache_resource(show_spinner=_spinner(show_spinner), **options))


def _spinner(text: str | bool) -> str | bool:
    return _SpinnerText(text) if isinstance(text, str) else text


def _behind_decision(cache: Callable[..., Any]) -> Callable[[Kept], Kept]:
    def decorate(build: Kept) -> Kept:
        @wraps(build)
        def build_decided(*args: Any, **named: Any) -> Any:
            with _deciding():
                return build(*args, **named)

        keep, signature = cache(build_decided), inspect.signature(build)
        about = [name for name in signature.parameters if name in DATASETS | RUNS]

        @wraps(build)
        def kept(*args: Any, **named: Any) -> Any:
            if about and not is_decided():
                values = signature.bind(*args, **named).arguments
                _require({name: values[name] for name in about if values.get(name) is not None})
            return keep(*args, **named)

        kept.clear = keep.clear  # type: ignore[attr-defined]
        return cast(Kept, kept)

    return decorate


def _require(about: dict[str, str]) -> None:
    # Here: what is kept stands below the working parts, whose module keeps things too.
    from core.ui import data

    services = data.services()
    if services is data.whole_services():
        return
    for name, value in about.items():
        if name in RUNS:
            services.runs.run(value)
        else:
            data.access().require(Action.LOOK, value)
