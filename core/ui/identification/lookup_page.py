"""Many photos: what is given, what was kept, and how it is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.base.errors import NotFound
from core.jobs.registry import submit_job
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.job_model import Job, JobKind, JobState
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import address, data, frame, gallery, state, words
from core.ui.photos import uploads
from core.ui.photos.layout_preview import LayoutChoice, show_layout_preview
from core.ui.photos.source_titles import say_title
from core.ui.photos.uploads import Offer
from core.workflows.identification.lookups import kept_lookups
from core.workflows.identification.lookups.values import LookupInfo, LookupRequest

DROP_LABEL = marked("Drop zips, folders, or photos")
COVER_PX = 52
LOOKUPS_PER_PAGE = 10


# what is given


def ask_for_photos(dataset: Dataset) -> list[tuple[Offer, LayoutChoice]]:
    """What was dropped or chosen in the inbox and can be looked at, with how the names in it are read."""
    offers = uploads.choose_offers(dataset, _(DROP_LABEL), state.LOOKUP_OFFER)
    if not offers:
        st.caption(
            _(
                "The photos are looked at on this computer and not taken into the dataset. What was found is kept in "
                "the data folder, with a copy of what you drop here, until you forget it."
            )
            if dataset.keeps_photos
            else _(
                "The photos are looked at on this computer and not taken into the dataset. What was found is kept in "
                "the data folder until you forget it; this dataset keeps no photos, so what you drop here is deleted."
            )
        )
    previews = [(offer, show_layout_preview(offer, with_people=False, waiting=state.LOOKUP_OFFER)) for offer in offers]
    return [(offer, choice) for offer, choice in previews if choice is not None]


def submit_lookups(dataset: Dataset, run: Run, offers: Sequence[tuple[Offer, LayoutChoice]]) -> None:
    """Queue the work, one after another; the first result opens when it is done."""
    requests = [LookupRequest(str(offer.path), offer.title, run.id, choice.zip_names) for offer, choice in offers]
    queued = [submit_job(data.services().jobs, dataset.id, request) for request in requests]
    # What was submitted is no offer any more: neither the files that were dropped nor the one chosen in the inbox.
    st.session_state.pop(state.LOOKUP_OFFER, None)
    st.session_state.pop("inbox", None)
    # A result has the id of its job, so the address can name it before it is there.
    address.set_query_values(lookup=queued[0].id)
    st.rerun()


def tidy_lookups(dataset: Dataset) -> None:
    """Remove what was left by work that somebody gave up."""
    # A job that was interrupted has its row still, and goes on from what it left; a forgotten one has none.
    unfinished = {job.id for job in data.jobs_of(dataset, JobKind.LOOKUP)}
    kept_lookups.remove_abandoned_lookups(data.services().artifacts, dataset.id, unfinished)


# what is kept


def list_kept_lookups(dataset: Dataset) -> list[LookupInfo]:
    """The lookups of the dataset, the newest first."""
    return kept_lookups.list_lookups(data.services().artifacts, dataset.id)


def find_opened_lookup(known: list[LookupInfo], job: Job | None) -> LookupInfo | None:
    """The lookup that the address names."""
    lookup_id = address.query_value("lookup")
    lookup_info = next((info for info in known if info.id == lookup_id), None)
    # While its job runs the result is not there yet, which is no reason to call it forgotten.
    is_pending = job is not None and job.id == lookup_id and job.state is not JobState.DONE
    if lookup_id and lookup_info is None and not is_pending:
        st.info(_("That result is not kept any more: it was forgotten, or somebody on it was erased."))
        address.set_query_values(lookup=None, show=None, who=None)
    return lookup_info


def show_kept_lookups(dataset: Dataset, known: list[LookupInfo]) -> None:
    """What was looked at before."""
    if not known:
        return
    st.header(_("Kept"), anchor=False)
    for info in known[gallery.page_slice(len(known), LOOKUPS_PER_PAGE, f"kept_{dataset.id}")]:
        with st.container(border=True):
            _card(dataset, info)


def _card(dataset: Dataset, info: LookupInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="content"):
            # A result whose file cannot be read is listed all the same: else nobody could be rid of it.
            title = say_title(info.title) if info.title else _("A result that is damaged")
            st.markdown(f"**{words.plain(title)}**")
            st.caption(words.plain(say_again(info.damage)) or describe_lookup(info))
        with st.container(horizontal=True, width="content"):
            if not info.damage:
                st.button(_("Open result"), key=f"open_{info.id}", on_click=_open, args=(info.id,))
            offer_forgetting(dataset, info)
    faces = "".join(
        f"<img src='{gallery.jpeg_data_url(cover)}' alt='' width={COVER_PX} height={COVER_PX} "
        f"style='border-radius:8px;margin-right:6px'>"
        for cover in info.covers
    )
    if faces:
        st.html(f"<div style='overflow:hidden;height:{COVER_PX}px'>{faces}</div>")


def describe_lookup(info: LookupInfo) -> str:
    """Counts, and when it was."""
    return _(
        "{photos}, {faces}, looked at {when}",
        photos=ngettext("{number} photo", "{number} photos", info.photos),
        faces=ngettext("{number} face", "{number} faces", info.faces),
        when=words.ago(info.created),
    )


def _open(lookup_id: str) -> None:
    address.set_query_values(lookup=lookup_id, show=None, who=None)


def close_lookup() -> None:
    """Back to what is kept."""
    address.set_query_values(lookup=None, show=None, who=None)


def offer_forgetting(dataset: Dataset, info: LookupInfo) -> None:
    """The way to remove it."""
    with st.popover(_("Forget"), icon=":material/delete:"):
        title = say_title(info.title) if info.title else _("it")
        st.markdown(
            _(
                "Forget **{result}**? "
                "The result, the pictures of its faces and the photos kept for it are removed from the data folder. "
                "This cannot be undone.",
                result=words.plain(title),
            )
        )
        st.button(_("Forget it"), key=f"forget_{info.id}", type="primary", on_click=_forget, args=(dataset.id, info.id))


def _forget(dataset_id: str, lookup_id: str) -> None:
    kept_lookups.forget_lookup(data.services().lookup_tools(), dataset_id, lookup_id)
    close_lookup()
    frame.queue_toast(_("It is forgotten."))


def describe_storage(source: str, *, keeps_photos: bool) -> str:
    """Where the result and the photos are."""
    if source:
        return _(
            "The result is kept in the data folder until you forget it. The photos are yours: {location}.",
            location=words.plain(source),
        )
    if not keeps_photos:
        return _("The result is kept in the data folder until you forget it; its photos were not kept.")
    return _("The result and a copy of its photos are kept in the data folder until you forget them.")


def describe_recogniser(dataset: Dataset, run_id: str) -> str:
    """Which recogniser it was, as far as it is not the newest."""
    runs = data.dataset_runs(dataset)
    if runs and runs[0].id == run_id:
        return ""
    try:
        run = data.services().runs.run(run_id)
    except NotFound:
        return _("The recogniser that looked at them was deleted since; the result stays as it was.")
    return _(
        "A training of {when} looked at them; there is a newer one. Look again to use it.", when=words.ago(run.created)
    )
