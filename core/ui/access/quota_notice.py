"""What somebody has of what they may have: said where photos and datasets begin, and to admins of everybody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.access.directory import Quota
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
    parts: list[str] = []
    if quota.datasets is not None:
        parts.append(
            _("{owned} of {most}", owned=words.count(usage.datasets), most=words.count(quota.datasets, "dataset"))
        )
    if quota.photos is not None:
        parts.append(_("{owned} of {most}", owned=words.count(usage.photos), most=words.count(quota.photos, "photo")))
    if quota.size_bytes is not None:
        parts.append(
            _("{owned} of {most}", owned=words.format_size(usage.photo_bytes), most=words.format_size(quota.size_bytes))
        )
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
    rows: list[dict[str, str]] = []
    for address, usage in quotas.store.usages().items():
        quota = quotas.quota_of(address) or Quota()
        rows.append(
            {
                _("Who"): address,
                _("Datasets"): _of_most(words.count(usage.datasets), quota.datasets, words.count),
                _("Photos"): _of_most(words.count(usage.photos), quota.photos, words.count),
                _("Size"): _of_most(words.format_size(usage.photo_bytes), quota.size_bytes, words.format_size),
            }
        )
    if not rows:
        st.markdown(_("Nobody has a dataset yet."))
        return
    st.dataframe(rows, hide_index=True, column_config=who_column(), alt=_("Who has how much"))


def who_column() -> dict[str, ColumnConfig | str | None]:
    """A width that leaves a phone room for what is said of somebody, however long their address is."""
    return {_("Who"): st.column_config.TextColumn(width=230)}


def _of_most(owned: str, most: int | None, express: Callable[[int], str]) -> str:
    return owned if most is None else _("{owned} of {most}", owned=owned, most=express(most))


def _quotas() -> Quotas:
    return quotas_of(data.whole_services())
