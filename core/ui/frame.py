"""The frame of every page: title, sentence, dataset chooser, where the primary action goes, and errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.base.errors import DataFolderFault
from core.language.texts import gettext as _
from core.services import Services
from core.store.values.datasets import Dataset
from core.ui import address, data, menu, refusals, state, words
from core.ui.access import offers, sharing
from core.ui.audit import recording
from core.ui.home import trail
from core.ui.home.trail import NextStep
from core.ui.photos import outdated
from core.ui.shell import dock, language_choice, sketches

# When the first page imports this, before anything of it can go wrong.
refusals.show_faults_in_words()


# Of our own: for one of the Material icons, which pages are full of, browsers would ask a server of fonts.
ICON = Path(__file__).with_name("icon.svg")

# Streamlit writes a table to CSV in the browser, with names that a spreadsheet would take for formulas. The tables that
# are worth taking along have a button of their own.
_HIDE_UNGUARDED_CSV = "[data-testid=stElementToolbar] button[aria-label^='Download as CSV']{display:none}"
# Streamlit writes what is chosen in the colour that buttons are filled with, under white: in the dark no colour has a
# contrast of 4.5 to both white and the page. This is the theme's colour of links.
_CHOSEN_IN_THE_DARK = "button:is([data-variant=pills],[data-variant=segmented_control])[data-selected] p{color:#6CC5CA}"
# Streamlit leaves as much room above a page as its toolbar takes, which is over the margin where the window is wide.
_LESS_ROOM_ABOVE = "[data-testid=stMainBlockContainer]{padding-top:3.2rem}"
_ACTION_BELOW_TOOLBAR = ".st-key-page_action{margin-top:1.2rem}"
# Streamlit shows which link has the focus by the tint alone by which it marks the open page.
_FOCUSED_LINK = (
    "a:is([data-testid=stSidebarNavLink],[data-testid=stPageLink-NavLink]):focus-visible"
    "{outline:2px solid currentColor;outline-offset:-2px}"
)
_LOW_DOCK = "[data-testid=stBottomBlockContainer]{padding-top:.2rem;padding-bottom:.5rem}"
_UNDO_ROOM = ".st-key-last_correction{min-height:48px}"
_WIDE = f"@media(min-width:700px){{{_LESS_ROOM_ABOVE}{_ACTION_BELOW_TOOLBAR}}}"


@dataclass(frozen=True)
class Frame:
    """What a page gets to work with."""

    services: Services
    chosen: Dataset | None
    action: DeltaGenerator
    """Top right: the page's one primary button goes here."""

    @property
    def dataset(self) -> Dataset:
        """The chosen dataset; the page ends with a way on when there is none."""
        if self.chosen is None:
            if not offers.may_create():
                sharing.show_nothing_shared()
                st.stop()
            show_empty_state(_("There is no dataset yet."), _("Start with your photos or the sample"), menu.HOME)
            st.stop()
        return self.chosen

    def lead_on(self, step: NextStep | None = None) -> None:
        """Make the way on the page's primary button, unless it leads to the page that is open.

        It is the dataset's next step, or the one that the page says.
        """
        step = step or trail.find_next_step(self.dataset)
        is_here = step.page == st.session_state.get(state.PAGE)
        if is_here or not offers.may(menu.action_of(step.page), self.dataset.id):
            return
        with self.action:
            if st.button(
                words.plain(step.label),
                key="lead_on",
                type="primary",
                icon=":material/arrow_forward:",
                icon_position="right",
                help=words.plain(step.why),
            ):
                open_page(step.page, self.dataset.id)


def is_dark() -> bool:
    """Whether the page's theme is the dark one, which a chart cannot ask for."""
    return st.context.theme.type == "dark"


@contextmanager
def page(title: str, purpose: str) -> Iterator[Frame]:
    """Draw the head of a page; what goes wrong inside is told in words."""
    _show_toast()
    chosen = _CHOSEN_IN_THE_DARK if is_dark() else ""
    st.html(f"<style>{_HIDE_UNGUARDED_CSV}{_FOCUSED_LINK}{_LOW_DOCK}{_UNDO_ROOM}{_WIDE}{chosen}</style>")
    # Before anything of the page: its fragments compare their epoch with this one when they run alone.
    st.session_state[state.DRAWN_EPOCH] = st.session_state.get(state.EPOCH, 0)
    st.set_page_config(page_title=f"{title} · Face Atlas")
    head, side = st.columns([3, 2], vertical_alignment="top")
    with head:
        st.title(title, anchor=False)
        st.caption(purpose)
    action = side.container(horizontal=True, horizontal_alignment="right", gap="xsmall", key="page_action")
    menu.show_neighbours()
    with _faults_in_words():
        # Before the page reads anything: what is remembered of somebody who was erased must not be shown again.
        data.forget_erased_people()
        services = data.services()
        dataset = _choose_dataset(services)
        script = st.session_state.get(state.PAGE, "")
        sharing.show_who_acts(dataset)
        st.sidebar.page_link(menu.WORDS.script, label=words.plain(_(menu.WORDS.title)), icon=menu.WORDS.icon)
        language_choice.show_language_choice()
        dock.show_dock()
        sharing.stop_where_refused(menu.action_of(script), dataset)
        if dataset is not None:
            if page_shown := menu.page_of_people():
                recording.record_view(dataset, page_shown)
            outdated.show_outdated_notice(dataset)
        yield Frame(services, dataset, action)


@contextmanager
def _faults_in_words() -> Iterator[None]:
    """Tell what went wrong, with a way on, and end the page there."""
    # All of them, to look whether they speak to the user; what does not is raised again. Streamlit's own way of ending
    # a run is no ``Exception``, and passes.
    try:
        yield
    except Exception as fault:
        words = refusals.describe_fault(fault)
        if words is None:
            raise
        refusals.show_refusal(words)
        if isinstance(fault, DataFolderFault):
            st.button(_("Try again"), key="try_again", icon=":material/refresh:")
        st.stop()


def _choose_dataset(services: Services) -> Dataset | None:
    """The chooser in the sidebar; the choice is remembered for the session and in the address."""
    datasets_by_id = {dataset.id: dataset for dataset in services.store.datasets()}
    if not datasets_by_id:
        return None
    # The address first, for a link means what it says; then what this tab chose; then the newest.
    preferred_ids = (st.query_params.get("dataset"), st.session_state.get(state.DATASET), list(datasets_by_id)[-1])
    dataset_id = next(candidate_id for candidate_id in preferred_ids if candidate_id in datasets_by_id)
    if next(filter(None, preferred_ids)) not in datasets_by_id:
        name = words.plain(datasets_by_id[dataset_id].name)
        st.info(
            _("The dataset that this page was about is gone. This is **{dataset}**.", dataset=name),
            icon=":material/info:",
        )
    # Set at every run: a widget's own state is lost when the page changes, even with a key.
    st.session_state[state.CHOOSER] = dataset_id
    st.sidebar.selectbox(
        _("Dataset"),
        list(datasets_by_id),
        format_func=lambda key: datasets_by_id[key].name,
        key=state.CHOOSER,
        on_change=_choose,
    )
    remember_dataset(dataset_id)
    return datasets_by_id[dataset_id]


def _choose() -> None:
    remember_dataset(st.session_state[state.CHOOSER])


def remember_dataset(dataset_id: str) -> None:
    """Make a dataset the chosen one."""
    st.session_state[state.DATASET] = dataset_id
    address.set_query_values(dataset=dataset_id)


def deselect_dataset(dataset_id: str) -> None:
    """Stop choosing a dataset that is gone."""
    if st.session_state.get(state.DATASET) == dataset_id:
        st.session_state.pop(state.DATASET)
        st.query_params.pop("dataset", None)


def open_page(page_path: str, dataset_id: str | None = None, **query: str) -> None:
    """Open another page, on a dataset; ``query`` goes into its address too."""
    if dataset_id is None:
        st.switch_page(page_path)
    st.session_state[state.DATASET] = dataset_id
    st.switch_page(page_path, query_params={"dataset": dataset_id, **query})


def show_empty_state(message: str, invitation: str, page_path: str) -> None:
    """Say what is missing, with a sketch of what the open page will show, and lead to where it is made."""
    with st.container(border=True, horizontal_alignment="center"):
        if sketch := sketches.SKETCHES.get(st.session_state.get(state.PAGE, "")):
            st.image(sketch.draw(), alt=_(sketch.alt), width=sketches.WIDTH)
        st.markdown(f"## {message}", text_alignment="center")
        if not offers.may(menu.action_of(page_path), st.session_state.get(state.DATASET)):
            st.caption(_("Whoever may change this dataset can begin with it."))
        elif st.button(invitation, type="primary", key=f"empty_{page_path}"):
            open_page(page_path, st.session_state.get(state.DATASET))


def queue_toast(message: str) -> None:
    """Keep a message for the next run, where it appears as a toast."""
    st.session_state[state.TOAST] = message


def _show_toast() -> None:
    if message := st.session_state.pop(state.TOAST, None):
        st.toast(message)
