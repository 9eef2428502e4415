"""How long work tells how far it is, and is stopped on the way: one value goes down through all of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeVar

from core.base.errors import Cancelled
from core.language.texts import marked

Batch = TypeVar("Batch")
Listener = Callable[[int, int, str], None]
"""``listener(done, total, message)``: called as often as the work likes, so it is to be cheap."""


@dataclass(slots=True)
class CancelToken:
    """Asked by long work between two batches."""

    between_batches: Callable[[], None] = lambda: None
    """What else is done whenever the work asks: it stands still meanwhile, and holds no transaction."""
    process_ends: threading.Event = field(default_factory=threading.Event)
    """Set when the process is to end: the work stops then too, for another process to go on with it."""
    # Events and not bools: they are set from the thread or the signal handler that hears of the wish.
    _event: threading.Event = field(default_factory=threading.Event)
    _makes_room: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        """Ask the work to stop; from any thread or a signal handler."""
        self._event.set()

    def make_room(self) -> None:
        """Ask the work to stop for other work, and to go on after it."""
        self._makes_room.set()

    @property
    def cancelled(self) -> bool:
        """Whether the work is to stop."""
        return self._event.is_set() or self.process_ends.is_set() or self._makes_room.is_set()

    @property
    def is_handed_on(self) -> bool:
        """Whether it is to stop though nobody asked it to."""
        return self.cancelled and not self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Do what is due between batches. Raises Cancelled when the work is to stop."""
        # Asked twice: what is done between batches may be a whole other job, and the user may cancel meanwhile.
        if not self.cancelled:
            self.between_batches()
        if self.cancelled:
            raise Cancelled(marked("Stopped on request. What was finished is kept; resume goes on from there."))


def _ignore(done: int, total: int, message: str) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Told by long work how far it is; stops it where it can be stopped.

    Work that counts says its steps (``step``). Work that only knows what share of it is done (``advance``) is given the
    steps that it takes of the whole (``over``), and may hand parts of them on (``part``).
    """

    listener: Listener = _ignore
    token: CancelToken = field(default_factory=CancelToken)
    total: int = 0
    """Steps of the whole, for ``advance``; so are the next two."""
    message: str = ""
    first: float = 0.0
    """The step at which the share is 0."""
    last: float = 0.0
    """The step at which the share is 1."""

    def report(self, done: int, total: int, message: str) -> None:
        """Say how far it is, where it cannot be stopped: before it begins, or when all is stored."""
        self.listener(done, total, message)

    def step(self, done: int, total: int, message: str) -> None:
        """Say how far it is. Raises Cancelled when it is to stop; what is done until then has to be whole."""
        self.token.raise_if_cancelled()
        self.listener(done, total, message)

    def raise_if_cancelled(self) -> None:
        """Raises Cancelled when it is to stop."""
        self.token.raise_if_cancelled()

    def until_cancelled(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The same batches. Raises Cancelled before one of them when it is to stop."""
        for batch in batches:
            self.token.raise_if_cancelled()
            yield batch

    def over(self, total: int, message: str, first: int = 0, last: int | None = None) -> Progress:
        """For work that knows its share alone: it takes all steps, or those from ``first`` to ``last``."""
        return replace(self, total=total, message=message, first=first, last=total if last is None else last)

    def part(self, start: float, end: float) -> Progress:
        """For a part of the work, which begins and ends at these shares of the whole, as if it were the whole."""
        # Within the steps of this part, not of the whole: so parts of parts need not know where they stand.
        length = self.last - self.first
        return replace(self, first=self.first + start * length, last=self.first + end * length)

    def advance(self, share: float) -> None:
        """Say what share of it is done, 0..1. Raises Cancelled as ``step`` does."""
        self.step(int(self.first + share * (self.last - self.first)), self.total, self.message)


UNWATCHED = Progress()
"""For work that nobody follows; nothing stops it."""
