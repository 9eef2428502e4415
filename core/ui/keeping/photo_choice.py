"""Whether a dataset keeps its photos: asked where one is made, said where it matters, and how they are deleted."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.access.permissions import Action
from core.base.errors import FaceAtlasError
from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.values.datasets import Dataset
from core.ui import data, frame, words
from core.ui.access import offers
from core.ui.labels import corrections
from core.workflows.keeping.discard_photos import DiscardRequest
from core.workflows.keeping.photo_keeping import choose_photo_keeping

COSTS = marked(
    "Without the photos these are no longer possible: to see a whole photo (its faces are shown where they were), to "
    "look for faces again, to turn a photo or draw a missed face on it, to change the model, and to export or sort "
    "photos. Recognising, correcting, learning, maps and all other exports work as before."
)
WHAT_STAYS = marked(
    "Faces, their vectors and names stay, and of each photo the file name, size, date and a fingerprint by which it is "
    "known when it comes again."
)


def ask_whether_kept(key: str) -> bool:
    """A toggle for a dataset that is about to be made; whether it keeps its photos."""
    keeps_photos = st.toggle(_("Keep the photos"), value=data.services().settings.keeps_photos, key=key)
    if not keeps_photos:
        st.caption(_(COSTS))
    return keeps_photos


def offer_choice(dataset: Dataset) -> None:
    """The same for a dataset that has no photos yet; for whoever may erase in it."""
    if not offers.may(Action.ERASE, dataset.id):
        return
    key = f"keep_photos_{dataset.id}"
    keeps_photos = st.toggle(
        _("Keep the photos"), value=dataset.keeps_photos, key=key, on_change=_choose, args=(dataset.id, key)
    )
    if not keeps_photos:
        st.caption(_(COSTS))


def _choose(dataset_id: str, key: str) -> None:
    choose_photo_keeping(data.services().store, dataset_id, keeps_photos=bool(st.session_state[key]))


def show_that_none_are_kept(dataset: Dataset) -> None:
    """A line where photos come in, for a dataset that keeps none."""
    if not dataset.keeps_photos:
        st.caption(
            _(
                ":material/no_photography: This dataset keeps no photos: what you drop is deleted as soon as its faces "
                "were found. What lies in the inbox is yours and stays."
            )
        )


def offer_discarding(dataset: Dataset, on_click: Callable[[], None]) -> None:
    """The button that asks whether to delete the photos of a dataset; a line where it keeps none."""
    if not dataset.keeps_photos:
        st.caption(_(":material/no_photography: This dataset keeps no photos."), help=_(COSTS))
    elif st.button(
        _("Keep no photos"), key=f"discard_{dataset.id}", icon=":material/no_photography:", on_click=on_click
    ):
        st.dialog(_("Keep no photos?"))(_ask_whether_to_discard)(dataset)


def _ask_whether_to_discard(dataset: Dataset) -> None:
    st.markdown(_describe_discarding(dataset))
    st.markdown(_(COSTS))
    st.markdown(
        _(
            "{what_stays} Backups of before hold the photos still; they are named by their age in the receipt. The "
            "files that you gave are not touched.",
            what_stays=_(WHAT_STAYS),
        )
    )
    if not st.button(_("Delete the photos"), type="primary", icon=":material/delete_forever:"):
        return
    request = DiscardRequest(corrections.current_editor().author)
    # Refused inside of the dialog, where it is read.
    try:
        # A disk may be full just because somebody deletes: the reserve makes room for the job's row.
        with data.services().reserve.lend():
            submit_job(data.services().jobs, dataset.id, request)
    except FaceAtlasError as refusal:
        st.error(words.plain(refusal))
        return
    frame.queue_toast(_("The photos are deleted now. The receipt will be on *Privacy*."))
    st.rerun()


def _describe_discarding(dataset: Dataset) -> str:
    counts = data.dataset_counts(dataset.id, dataset.revision)
    return ngettext(
        "The file of {number} photo of **{dataset}** is deleted from {storage}, with all exports of this dataset and "
        "what was kept for *Many photos*, and from now on none is kept. **This cannot be undone.**",
        "The files of {number} photos of **{dataset}** are deleted from {storage}, with all exports of this dataset "
        "and what was kept for *Many photos*, and from now on none is kept. **This cannot be undone.**",
        counts.photos,
        dataset=words.plain(dataset.name),
        storage=words.plain(data.services().artifacts.describe()) or _("this computer"),
    )


def explain_absence() -> str:
    """Why a button cannot be pressed that needs the photos."""
    return _("This dataset keeps no photos, and this needs them.")
