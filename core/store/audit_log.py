"""The audit log (*Access log* on its page): who saw, identified and took along whom.

It knows people by their ids in a dataset, never by a name. Who is erased leaves the id too: what stays is that somebody
saw a person who is not in the data any more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class AuditAction(StrEnum):
    """What was done with what is kept of people."""

    VIEWED = "viewed"
    IDENTIFIED = "identified"
    COMPARED = "compared"
    EXPORTED = "exported"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Somebody saw, identified or took along one person, or what a dataset holds."""

    at: float
    """Seconds since 1970, UTC."""
    viewer: str
    """Who did it: the address of who is signed in, or what stands for this computer."""
    action: AuditAction
    occasion: str
    """On which page, or as which kind of file: words of the program, none of people."""
    dataset_id: str
    person_id: int | None = None
    """None for all of the dataset, or somebody whom it does not know."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A line of the log."""

    id: int
    entry: AuditEntry
    is_erased: bool
    """It was of one person, who was erased since."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which lines are asked for; None and no time ask for all."""

    viewer: str | None = None
    action: AuditAction | None = None
    dataset_id: str | None = None
    person_ids: frozenset[int] | None = None
    since: float = 0.0


class AuditLog(Protocol):
    """Lines are added and, when they are old, removed; nothing changes one but an erasing."""

    def add(self, entries: Sequence[AuditEntry]) -> None:
        """Write lines, all or none. Of somebody who was erased meanwhile no id is kept."""

    def count(self, asked: AuditFilter) -> int:
        """How many lines there are."""

    def read_newest(self, asked: AuditFilter, limit: int, offset: int = 0) -> list[AuditLine]:
        """Some lines, the newest first."""

    def lines(self, asked: AuditFilter) -> Iterator[AuditLine]:
        """All lines, the oldest first, read in parts."""

    def viewers(self) -> list[str]:
        """Everybody who is in the log, by name."""

    def remove_before(self, at: float) -> int:
        """Remove what is older; how many lines that were."""
