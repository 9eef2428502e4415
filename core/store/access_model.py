"""Who may do what with which dataset, as it is kept, and what the rest of Face Atlas asks of that store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What somebody may do at all, whatever the dataset."""

    VIEWER = "viewer"
    EDITOR = "editor"
    ADMIN = "admin"


class Standing(StrEnum):
    """What somebody is to one dataset."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Grant:
    """A dataset that somebody owns, or that was shared with them."""

    dataset_id: str
    address: str
    """Of the person, in small letters, as the sign-in names them."""
    standing: Standing


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asked for a job, with the role that they had then."""

    address: str
    role: Role


@dataclass(frozen=True, slots=True)
class Usage:
    """What the datasets hold that somebody owns."""

    datasets: int = 0
    photos: int = 0
    photo_bytes: int = 0
    """Of the files, as they were given."""


class AccessStore(Protocol):
    """Grants, and who has signed out."""

    def standings(self, address: str) -> Mapping[str, Standing]:
        """What somebody is to the datasets that are theirs or were shared with them, by the datasets' ids."""

    def grants(self, dataset_id: str) -> Sequence[Grant]:
        """Everybody who may see a dataset, by address."""

    def grant(self, grant: Grant) -> None:
        """Give somebody a standing, in the place of the one that they had. Raises InputRefused as ``withdraw``."""

    def withdraw(self, dataset_id: str, address: str) -> None:
        """Take somebody's standing away. Raises InputRefused for the last owner."""

    def usages(self) -> Mapping[str, Usage]:
        """By address, what everybody has who owns a dataset."""

    def asker(self, job_id: str) -> Asker | None:
        """Who asked for a job; None for one that this computer asked for. What follows a job is its asker's."""

    def sign_out(self, subject: str, moment: float) -> None:
        """End the sessions of a subject (an address, or one session's key) that began up to a moment."""

    def signed_out(self, subjects: Sequence[str]) -> Mapping[str, float]:
        """When each of these subjects signed out last, in seconds since 1970; without those that never did."""

    def forget_sign_outs(self, before: float) -> None:
        """Remove the sign-outs of sessions that have run out by themselves since."""
