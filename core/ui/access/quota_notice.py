"""What somebody has of what they may have: said where photos and datasets begin, and to admins of everybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from core.access.quotas import Coming, Quotas
from core.access.view import quotas_of
from core.language.texts import gettext as _
from core.store.values.datasets import Dataset
from core.ui import data, words
from core.workflows.photos.requests import IngestRequest


def show_own_quota() -> None:
    """What whoever acts has, and may have; nothing where nothing limits them."""
    quotas, address = _quotas(), data.access().principal.address
    if (quota := quotas.quota_of(address)) is None:
        return
    usage = quotas.usage_of(address)
    parts = [
        _("{owned} of {most}", owned=owned, most=most)
        for owned, most in (
            (words.count(usage.datasets), quota.datasets and words.count(quota.datasets, "dataset")),
            (words.count(usage.photos), quota.photos and words.count(quota.photos, "photo")),
            (words.format_size(usage.photo_bytes), quota.size_bytes and words.format_size(quota.size_bytes)),
        )
        if most is not None
    ]
    st.caption(_("You have {parts} here.", parts=", ".join(parts)))


def require_quota(dataset: Dataset, requests: Sequence[IngestRequest]) -> None:
    """Raise AccessRefused where photos are more than an owner of the dataset may have yet, before any job is queued."""
    quotas = _quotas()
    if not quotas.limit(dataset.id):
        return
    coming = Coming(0, 0)
    for request in requests:
        with data.services().open_source(Path(request.path)) as source:
            coming += Coming.of(source)
    quotas.require_room(dataset.id, coming)


def show_usages() -> None:
    """Who has how much, for admins."""
    quotas = _quotas()
    st.subheader(_("Who has how much"), anchor=False)
    st.caption(
        _(
            "What the datasets hold that somebody owns, and what they may have at most by the file. Admins have no "
            "limit."
        )
    )
    rows = []
    for address, usage in quotas.store.usages().items():
        quota = quotas.quota_of(address)
        most_datasets, most_photos, most_bytes = (
            (quota.datasets, quota.photos, quota.size_bytes) if quota else (None, None, None)
        )
        rows.append(
            {
                _("Who"): address,
                _("Datasets"): _of(words.count(usage.datasets), most_datasets),
                _("Photos"): _of(words.count(usage.photos), most_photos),
                _("Size"): _of(
                    words.format_size(usage.photo_bytes), None if most_bytes is None else words.format_size(most_bytes)
                ),
            }
        )
    if rows:
        st.dataframe(rows, hide_index=True)


def _of(owned: str, most: int | str | None) -> str:
    if most is None:
        return owned
    return _("{owned} of {most}", owned=owned, most=words.count(most) if isinstance(most, int) else most)


def _quotas() -> Quotas:
    return quotas_of(data.whole_services())
