"""What was understood of an offer before anything is taken, and the ways to say otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.archives.folder_layout import AUTO, NOBODY, PEOPLE, SPLITS
from core.archives.source import PhotoSource
from core.archives.zip_names import ZipNameDecoding
from core.base.errors import InputRefused
from core.base.types import Refusal
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext, pgettext
from core.store.values.datasets import Dataset
from core.ui import data, state, words
from core.ui.access import quota_notice
from core.ui.keeping import photo_choice
from core.ui.photos import uploads
from core.ui.photos.source_titles import say_title
from core.ui.photos.uploads import Offer
from core.workflows.photos.requests import IngestRequest

PEOPLE_SHOWN, REASONS_SHOWN = 8, 5
READINGS = {
    AUTO: marked("as they look"),
    PEOPLE: marked("every folder is a person"),
    SPLITS: marked("train and val folders, with people inside"),
    "1": marked("the outermost folders are the people"),
    "2": marked("the folders one level in are the people"),
    "3": marked("the folders two levels in are the people"),
    "4": marked("the folders three levels in are the people"),
    NOBODY: marked("no names from folders"),
}


@dataclass(frozen=True, slots=True)
class LayoutChoice:
    """How the names of an offer are to be read."""

    folders: str = AUTO
    zip_names: str = ""
    stranger_folders: bool = True


def choose_photos(dataset: Dataset, *, is_first: bool) -> list[IngestRequest]:
    """The ways in for photos, and how those that wait are read; the requests to start.

    Parameters
    ----------
    is_first : whether there are no photos yet; otherwise the ways in are folded away until something waits
    """
    if is_first:
        return _choose_photos(dataset)
    is_waiting = bool(uploads.waiting_offers(dataset))
    with st.expander(_("Add more photos"), icon=":material/add_photo_alternate:", expanded=is_waiting):
        return _choose_photos(dataset)


def _choose_photos(dataset: Dataset) -> list[IngestRequest]:
    quota_notice.show_own_quota()
    photo_choice.show_that_none_are_kept(dataset)
    offers = uploads.choose_offers(dataset)
    if not offers:
        return []
    with st.popover(_("Options"), icon=":material/tune:"):
        options = uploads.choose_ingest_options()
        if not data.dataset_counts(dataset.id, dataset.revision).photos:
            photo_choice.offer_choice(dataset)
    choices = [(offer, show_layout_preview(offer)) for offer in offers]
    return [
        IngestRequest(
            path=str(offer.path),
            title=offer.title,
            policy=options.policy,
            folders=choice.folders,
            zip_names=choice.zip_names,
            stranger_folders=choice.stranger_folders,
            answer=options.answer,
        )
        for offer, choice in choices
        if choice
    ]


def show_layout_preview(offer: Offer, *, with_people: bool = True, waiting: str = state.OFFER) -> LayoutChoice | None:
    """Show what an offer holds and how it is read; None when nothing of it can be taken.

    Parameters
    ----------
    with_people : False leaves out what folders say about people
    """
    # The widgets stand below what they change: their answers are read from the session before they are drawn.
    choice = LayoutChoice(
        st.session_state.get(_key("folders", offer), AUTO),
        st.session_state.get(_key("zip_names", offer)) or "",
        st.session_state.get(_key("strangers", offer), True),
    )
    with st.container(border=True):
        try:
            with data.services().open_source(
                offer.path,
                folders_are_people=with_people,
                folders=choice.folders,
                zip_names=choice.zip_names,
                stranger_folders=choice.stranger_folders,
            ) as source:
                return choice if _show(offer, source, with_people, waiting) else None
        except InputRefused as refusal:
            st.error(words.plain(refusal), icon=":material/error:")
            # A refused archive is shown once, with the reason, and does not wait any longer.
            uploads.withdraw_offer(offer, waiting)
            return None


def _key(widget: str, offer: Offer) -> str:
    # By its path, which is its own also among uploads of one name.
    return f"{widget}_of_{offer.path}"


def _show(offer: Offer, source: PhotoSource, with_people: bool, waiting: str) -> bool:
    layout = source.layout
    if not layout.photos:
        st.warning(
            _(
                "There are no photos in {archive}. Add JPEG, PNG, WebP, HEIC or other photos, one folder a person.",
                archive=words.plain(say_title(offer.title)),
            ),
            icon=":material/info:",
        )
        _show_refusals(source.refused)
        uploads.withdraw_offer(offer, waiting)
        return False
    photos = ngettext("{number} photo", "{number} photos", layout.photos)
    counts = str(layout) if with_people else photos
    title, contents = say_title(offer.title), counts if photos in counts else f"{photos}; {counts}"
    st.markdown(f"{words.titled(f'**{words.plain(title)}**', words.plain(contents))}.")
    if with_people:
        _people(layout.people, layout.notes)
        if layout.strangers or not st.session_state.get(_key("strangers", offer), True):
            _ask_for_strangers(offer)
        _ask_for_folders(offer)
    if layout.local_names:
        _ask_for_names(offer, layout.local_names)
    _show_refusals(source.refused)
    _offer_leaving(offer, waiting)
    return True


def _people(people: Sequence[str], notes: Sequence[str]) -> None:
    names = ", ".join(words.display_name(name) for name in people[:PEOPLE_SHOWN])
    if len(people) > PEOPLE_SHOWN:
        n_more = words.count(len(people) - PEOPLE_SHOWN)
        st.caption(_("People: {names} and {number} more.", names=words.plain(names), number=n_more))
    elif people:
        st.caption(_("People: {names}.", names=words.plain(names)))
    for note in notes:
        st.caption(words.plain(say_again(note)))
    if len(people) == 1:
        st.info(_("Only one person. A recogniser tells people apart: add a folder of somebody else, too."))


def _ask_for_folders(offer: Offer) -> None:
    st.selectbox(
        _("How folders are read"),
        list(READINGS),
        format_func=lambda rule: _(READINGS[rule]),
        key=_key("folders", offer),
    )


def _ask_for_strangers(offer: Offer) -> None:
    """Whether a folder called "unknown" holds strangers; so it is taken unless somebody says otherwise."""
    st.toggle(
        _("Its unknown folder holds strangers: nobody to name"),
        value=True,
        key=_key("strangers", offer),
        help=_("Strangers help to tell when to say unknown. Off: the folder is a person's, who is called so."),
    )


def _ask_for_names(offer: Offer, names: ZipNameDecoding) -> None:
    """The names as they read, and in what other code pages they could be written."""
    titles = {choice.codec: words.titled(choice.title, choice.sample) for choice in names.choices}
    st.selectbox(
        _("The names in this zip are written in"),
        ["", *titles],
        format_func=lambda codec: titles[codec] if codec else _("As decided") if names.asked_for else names.title,
        key=_key("zip_names", offer),
        help=_(
            "The zip does not say how its names are written. It was decided by all of them together: "
            "choose another line when the names look wrong."
        ),
    )


def _show_refusals(refused: Sequence[Refusal]) -> None:
    """What is not taken, and why; the report will have a line for each."""
    # Hidden files and thumbnails, which nobody put there, are left out without a word.
    objections = [refusal for refusal in refused if not refusal.left_out]
    if not objections:
        return
    st.caption(
        ngettext(
            "{number} file in it cannot be taken; the report will say why.",
            "{number} files in it cannot be taken; the report will say why.",
            len(objections),
        )
    )
    with st.expander(_("Which, and why")):
        for refusal in objections[:REASONS_SHOWN]:
            # As text: names of files of others are not to be read as Markdown.
            st.text(words.titled(refusal.name, say_again(refusal.reason)))
        if len(objections) > REASONS_SHOWN:
            st.caption(ngettext("and {number} more", "and {number} more", len(objections) - REASONS_SHOWN))


def _offer_leaving(offer: Offer, waiting: str) -> None:
    st.button(
        pgettext("photos that wait", "Leave it"),
        key=_key("leave", offer),
        type="tertiary",
        on_click=uploads.leave_offer,
        args=(offer, waiting),
    )
