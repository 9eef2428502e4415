"""Many photos: what is given, what was kept, and how it is forgotten."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.base.errors import NotFound
from core.jobs.model import Job
from core.store.protocols import Dataset, Run
from core.ui import address, data, frame, gallery, state, words
from core.ui.jobs import JobKind, JobState, LookupRequest
from core.ui.photos import uploads
from core.ui.photos.layout_preview import Choice, preview
from core.ui.photos.uploads import Offer
from core.workflows.identification.lookups import lookup
from core.workflows.identification.lookups.values import LookupInfo

TO_LOOK_AT = "Drop zips, folders, or photos"
COVER_PX = 52
KEPT_PER_PAGE = 10


# what is given


def ask_for_photos(dataset: Dataset) -> list[tuple[Offer, Choice]]:
    """What was dropped or chosen in the inbox and can be looked at, with how the names in it are read."""
    offers = uploads.choose(dataset, TO_LOOK_AT, state.LOOKUP_OFFER)
    if not offers:
        st.caption(
            "The photos are looked at on this computer and not taken into the dataset. What was found is kept in the "
            "data folder, with a copy of what you drop here, until you forget it."
        )
    previews = [(offer, preview(offer, with_people=False, waiting=state.LOOKUP_OFFER)) for offer in offers]
    return [(offer, choice) for offer, choice in previews if choice is not None]


def start(dataset: Dataset, run: Run, offers: Sequence[tuple[Offer, Choice]]) -> None:
    """Queue the work, one after another; the first result opens when it is done."""
    requests = [LookupRequest(str(offer.path), offer.title, run.id, choice.zip_names) for offer, choice in offers]
    queued = [data.services().jobs.submit(dataset.id, JobKind.LOOKUP, request.params()) for request in requests]
    st.session_state.pop(state.LOOKUP_OFFER, None)
    st.session_state.pop("inbox", None)
    address.remember(lookup=queued[0].id)
    st.rerun()


def tidy(dataset: Dataset) -> None:
    """Remove what was left by work that somebody gave up."""
    jobs = data.services().jobs.jobs(dataset.id)
    lookup.sweep(data.services().artifacts, dataset.id, {job.id for job in jobs if job.kind is JobKind.LOOKUP})


# what is kept


def kept(dataset: Dataset) -> list[LookupInfo]:
    """The lookups of the dataset, the newest first."""
    return lookup.kept(data.services().artifacts, dataset.id)


def opened(known: list[LookupInfo], job: Job | None) -> LookupInfo | None:
    """The lookup that the address names."""
    wanted = address.asked("lookup")
    found = next((info for info in known if info.id == wanted), None)
    coming = job is not None and job.id == wanted and job.state is not JobState.DONE
    if wanted and found is None and not coming:
        st.info("That result is not kept any more: it was forgotten, or somebody on it was erased.")
        address.remember(lookup=None, show=None, who=None)
    return found


def history(dataset: Dataset, known: list[LookupInfo]) -> None:
    """What was looked at before."""
    if not known:
        return
    st.header("Kept", anchor=False)
    for info in known[gallery.page_slice(len(known), KEPT_PER_PAGE, f"kept_{dataset.id}")]:
        with st.container(border=True):
            _card(dataset, info)


def _card(dataset: Dataset, info: LookupInfo) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(width="content"):
            st.markdown(f"**{words.plain(info.title or 'A result that is damaged')}**")
            st.caption(words.plain(info.damage) or told(info))
        with st.container(horizontal=True, width="content"):
            if not info.damage:
                st.button("Open result", key=f"open_{info.id}", on_click=_open, args=(info.id,))
            forgetting(dataset, info)
    faces = "".join(
        f"<img src='{gallery.jpeg_address(cover)}' alt='' width={COVER_PX} height={COVER_PX} "
        f"style='border-radius:8px;margin-right:6px'>"
        for cover in info.covers
    )
    if faces:
        st.html(f"<div style='overflow:hidden;height:{COVER_PX}px'>{faces}</div>")


def told(info: LookupInfo) -> str:
    """Counts, and when it was."""
    counts = f"{words.count(info.photos, 'photo')}, {words.count(info.faces, 'face')}"
    return f"{counts}, looked at {words.ago(info.created)}"


def _open(lookup_id: str) -> None:
    address.remember(lookup=lookup_id, show=None, who=None)


def close() -> None:
    """Back to what is kept."""
    address.remember(lookup=None, show=None, who=None)


def forgetting(dataset: Dataset, info: LookupInfo) -> None:
    """The way to remove it."""
    with st.popover("Forget", icon=":material/delete:"):
        st.markdown(
            f"Forget **{words.plain(info.title or 'it')}**? "
            "The result, the pictures of its faces and the photos kept for it are removed from the data folder. "
            "This cannot be undone."
        )
        st.button("Forget it", key=f"forget_{info.id}", type="primary", on_click=_forget, args=(dataset.id, info.id))


def _forget(dataset_id: str, lookup_id: str) -> None:
    lookup.forget(data.services().lookup_tools(), dataset_id, lookup_id)
    close()
    frame.say_next("It is forgotten.")


def where(made_source: str) -> str:
    """Where the result and the photos are."""
    if made_source:
        lie = words.plain(made_source)
        return f"The result is kept in the data folder until you forget it. The photos are yours: {lie}."
    return "The result and a copy of its photos are kept in the data folder until you forget them."


def about_run(dataset: Dataset, run_id: str) -> str:
    """Which recogniser it was, as far as it is not the newest."""
    runs = data.runs(dataset)
    if runs and runs[0].id == run_id:
        return ""
    try:
        run = data.services().runs.run(run_id)
    except NotFound:
        return "The recogniser that looked at them was deleted since; the result stays as it was."
    return f"A training of {words.ago(run.created)} looked at them; there is a newer one. Look again to use it."
