"""How much one person may have here: what they own is held against the quota of ``access.toml``, before the work.

Admins have none. A copy of a photo is known as one only when it was read: until then it counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.access.directory import DirectoryFile, Quota
from core.archives.source import PhotoSource
from core.base.errors import AccessRefused
from core.base.words import format_size
from core.language.texts import format_count, ngettext
from core.language.texts import gettext as _
from core.store.access_model import AccessStore, Role, Standing, Usage


@dataclass(frozen=True, slots=True)
class Coming:
    """Photos that are to be taken."""

    photos: int
    size_bytes: int

    def __add__(self, other: Coming) -> Coming:
        """Both together."""
        return Coming(self.photos + other.photos, self.size_bytes + other.size_bytes)

    @classmethod
    def of(cls, source: PhotoSource, known: Iterable[int] = ()) -> Coming:
        """Of an archive or folder, but for the positions that were looked at already."""
        passed = frozenset(known)
        sizes = [entry.size_bytes for entry in source.entries if entry.index not in passed]
        return cls(len(sizes), sum(sizes))


@dataclass(frozen=True, slots=True)
class Quotas:
    """What people have, and may have."""

    store: AccessStore
    directory: DirectoryFile

    def quota_of(self, address: str) -> Quota | None:
        """The most that somebody may have; None where nothing limits them."""
        directory = self.directory.read()
        if directory is None or directory.quota == Quota() or directory.role_of(address) is Role.ADMIN:
            return None
        return directory.quota

    def usage_of(self, address: str) -> Usage:
        """What the datasets hold that somebody owns, alone or with others."""
        return self.store.usages().get(address, Usage())

    def require_dataset(self, address: str) -> None:
        """Raise AccessRefused where somebody may not have one dataset more."""
        quota = self.quota_of(address)
        if quota is None or quota.datasets is None or self.usage_of(address).datasets < quota.datasets:
            return
        raise AccessRefused(
            _(
                "{address} has as many datasets as one person may own here ({most}). Nothing was made. Delete one, or "
                "ask an admin for more.",
                address=address,
                most=format_count(quota.datasets),
            )
        )

    def limit(self, dataset_id: str) -> bool:
        """Whether somebody who owns a dataset has a quota."""
        return any(self._owner_quotas(dataset_id))

    def require_room(self, dataset_id: str, coming: Coming) -> None:
        """Raise AccessRefused where photos are more than an owner of a dataset may have yet."""
        for address, quota in self._owner_quotas(dataset_id):
            _require_room(address, quota, self.usage_of(address), coming)

    def _owner_quotas(self, dataset_id: str) -> Iterator[tuple[str, Quota]]:
        for grant in self.store.grants(dataset_id):
            if grant.standing is Standing.OWNER and (quota := self.quota_of(grant.address)) is not None:
                yield grant.address, quota


def _require_room(address: str, quota: Quota, usage: Usage, coming: Coming) -> None:
    if quota.photos is not None and usage.photos + coming.photos > quota.photos:
        counted = tuple(map(_photos, (usage.photos, quota.photos, coming.photos)))
    elif quota.size_bytes is not None and usage.photo_bytes + coming.size_bytes > quota.size_bytes:
        counted = tuple(map(format_size, (usage.photo_bytes, quota.size_bytes, coming.size_bytes)))
    else:
        return
    owned, most, more = counted
    raise AccessRefused(
        _(
            "{address}, who owns the dataset, has {owned} and may have {most} here; {more} were to come. None of them "
            "was taken. Take fewer, delete a dataset, or ask an admin for more.",
            address=address,
            owned=owned,
            most=most,
            more=more,
        )
    )


def _photos(number: int) -> str:
    return ngettext("{number} photo", "{number} photos", number)
