"""The menu: a section for each step of the journey; its pages lie side by side under the title of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from core.access.permissions import Action
from core.base.errors import FaceAtlasError
from core.language.texts import gettext as _
from core.language.texts import marked
from core.ui import data, state, words
from core.ui.access.signed_in import is_sign_in_required

# Page files lie in sub-folders of ``pages/``: Streamlit opens one that lies directly in it without running ``app.py``.
HOME = "pages/home/datasets.py"
INGEST = "pages/data/ingest.py"
REVIEW = "pages/data/review.py"
SUSPECTS = "pages/data/suspects.py"
AGREEMENT = "pages/data/agreement.py"
PEOPLE = "pages/data/people.py"
EXCHANGE = "pages/data/exchange.py"
TRAIN = "pages/model/train.py"
EVALUATE = "pages/model/evaluate.py"
CLUSTERS = "pages/explore/clusters.py"
MAP = "pages/explore/map.py"
IDENTIFY = "pages/identify/photo.py"
BATCH = "pages/identify/batch.py"
VERIFY = "pages/identify/verify.py"
JOBS = "pages/system/jobs.py"
GLOSSARY = "pages/system/glossary.py"
PRIVACY = "pages/system/privacy.py"
ABOUT = "pages/system/about.py"
ACCESS_LOG = "pages/system/access_log.py"
BACKUPS = "pages/system/backups.py"
ACCESS = "pages/system/access.py"


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """One page of the menu."""

    script: str
    """Its file, by which pages lead to each other."""
    title: str
    """In English, as that of a section; it is translated where it is shown."""
    icon: str
    url_path: str
    """By which Streamlit finds it; but for the first page its address, which people keep in their bookmarks."""
    action: Action = Action.LOOK
    """What whoever opens it has to be allowed, on the chosen dataset."""

    @property
    def address(self) -> str:
        """The path of its address."""
        return "" if self.script == HOME else self.url_path


@dataclass(frozen=True, slots=True)
class MenuSection:
    """Pages that belong together: the sidebar shows the section, each of its pages the others."""

    title: str
    icon: str
    entries: tuple[MenuEntry, ...]


SECTIONS = (
    MenuSection(marked("Start"), ":material/home:", (MenuEntry(HOME, marked("Start"), ":material/home:", "datasets"),)),
    MenuSection(
        marked("Photos"),
        ":material/photo_library:",
        (
            MenuEntry(INGEST, marked("Add photos"), ":material/add_photo_alternate:", "ingest", action=Action.EDIT),
            MenuEntry(REVIEW, marked("Look them over"), ":material/rate_review:", "review", action=Action.EDIT),
            MenuEntry(SUSPECTS, marked("Suspects"), ":material/troubleshoot:", "suspects", action=Action.EDIT),
            MenuEntry(AGREEMENT, marked("Two reviewers"), ":material/group:", "agreement", action=Action.EDIT),
            MenuEntry(
                EXCHANGE, marked("Export and import"), ":material/import_export:", "exchange", action=Action.EXPORT
            ),
        ),
    ),
    MenuSection(
        marked("People"),
        ":material/groups:",
        (
            MenuEntry(PEOPLE, marked("People"), ":material/groups:", "people"),
            MenuEntry(CLUSTERS, marked("Name the faces"), ":material/workspaces:", "clusters", action=Action.EDIT),
        ),
    ),
    MenuSection(
        marked("Recogniser"),
        ":material/school:",
        (
            MenuEntry(TRAIN, marked("Train"), ":material/school:", "train", action=Action.EDIT),
            MenuEntry(EVALUATE, marked("How good is it?"), ":material/fact_check:", "evaluate"),
        ),
    ),
    MenuSection(
        marked("Map"),
        ":material/scatter_plot:",
        (MenuEntry(MAP, marked("Map of faces"), ":material/scatter_plot:", "map"),),
    ),
    MenuSection(
        marked("Identify"),
        ":material/person_search:",
        (
            MenuEntry(IDENTIFY, marked("Who is this?"), ":material/person_search:", "identify", action=Action.IDENTIFY),
            MenuEntry(BATCH, marked("Many photos"), ":material/burst_mode:", "batch", action=Action.IDENTIFY),
            MenuEntry(VERIFY, marked("Same person?"), ":material/compare:", "verify", action=Action.IDENTIFY),
        ),
    ),
    MenuSection(
        marked("System"),
        ":material/settings:",
        (
            MenuEntry(JOBS, marked("Jobs"), ":material/pending_actions:", "jobs"),
            MenuEntry(BACKUPS, marked("Backups"), ":material/backup:", "backups", action=Action.ADMINISTER),
            MenuEntry(
                ACCESS_LOG, marked("Access log"), ":material/visibility:", "access-log", action=Action.ADMINISTER
            ),
            MenuEntry(PRIVACY, marked("Privacy"), ":material/shield_person:", "privacy"),
            MenuEntry(ACCESS, marked("Who may enter"), ":material/key:", "access"),
            MenuEntry(ABOUT, marked("About"), ":material/info:", "about"),
        ),
    ),
)
WORDS = MenuEntry(GLOSSARY, marked("Words explained"), ":material/dictionary:", "glossary")
"""Of no section: it is reached from every page, below the chooser of the dataset."""
ENTRIES = (*(entry for section in SECTIONS for entry in section.entries), WORDS)


WITHOUT_PEOPLE = frozenset({JOBS, GLOSSARY, ABOUT, ACCESS_LOG, BACKUPS})
"""Pages that show nobody of the dataset."""


def page_of_people() -> str:
    """The word of the open page's address, where it shows people of the dataset; "" elsewhere."""
    script = st.session_state.get(state.PAGE)
    return next((entry.url_path for entry in ENTRIES if entry.script == script and script not in WITHOUT_PEOPLE), "")


def open_page_of_address() -> None:
    """Draw the menu and run the page that the address names."""
    # Asked twice: Streamlit alone knows which page the address names, and in the menu a section stands for that page,
    # so that it is marked whichever of its pages is open.
    opened = st.navigation([_page(entry, entry.title, entry.icon) for entry in ENTRIES], position="hidden")
    script = next(entry.script for entry in ENTRIES if entry.address == opened.url_path)
    st.session_state[state.PAGE] = script
    pages = [
        _page(entry, section.title, section.icon, "visible" if entry is _entry_shown(section, script) else "hidden")
        for section in SECTIONS
        for entry in section.entries
    ]
    pages.append(_page(WORDS, WORDS.title, WORDS.icon, "hidden"))
    st.navigation(pages, expanded=True).run()


def _page(entry: MenuEntry, title: str, icon: str, visibility: Literal["visible", "hidden"] = "visible") -> st.Page:
    return st.Page(
        entry.script,
        title=_(title),
        icon=icon,
        url_path=entry.url_path,
        default=entry.script == HOME,
        visibility=visibility,
    )


def _entry_shown(section: MenuSection, script: str) -> MenuEntry | None:
    """As which of its pages a section stands in the sidebar; None where nobody who acts may open any of them."""
    entries = _entries_offered(section)
    return next((entry for entry in entries if entry.script == script), entries[0] if entries else None)


def _entries_offered(section: MenuSection) -> list[MenuEntry]:
    """The pages that whoever acts may open: on the chosen dataset, or by their role before one is known."""
    try:
        whole = data.whole_services()
        is_asked, access, dataset_id = is_sign_in_required(whole), data.access(), _known_dataset()
        return [
            entry
            for entry in section.entries
            if access.may(entry.action, dataset_id) and (is_asked or entry.script != ACCESS)
        ]
    except FaceAtlasError:
        # The page says what is wrong, and shows nothing.
        return list(section.entries)


def _known_dataset() -> str | None:
    """The dataset of the address or of this tab, where whoever acts may look at it."""
    known = (st.query_params.get("dataset"), st.session_state.get(state.DATASET))
    return next((dataset_id for dataset_id in known if dataset_id and data.access().may(Action.LOOK, dataset_id)), None)


def action_of(script: str) -> Action:
    """What whoever opens a page has to be allowed."""
    return next((entry.action for entry in ENTRIES if entry.script == script), Action.LOOK)


def show_neighbours() -> None:
    """The pages of the open page's section, side by side; nothing where it has the only one."""
    script = st.session_state.get(state.PAGE)
    section = next((section for section in SECTIONS if any(entry.script == script for entry in section.entries)), None)
    entries = _entries_offered(section) if section else []
    if len(entries) < 2:
        return
    with st.container(horizontal=True, gap="small", key="section_pages"):
        for entry in entries:
            st.page_link(
                entry.script, label=words.plain(_(entry.title)), icon=entry.icon, query_params=_dataset_in_address()
            )


def link_page(script: str, label: str, icon: str, dataset_id: str, **query: str) -> None:
    """A link to a page on a dataset; ``query`` goes into its address too."""
    st.page_link(script, label=words.plain(label), icon=icon, query_params={"dataset": dataset_id, **query})


def _dataset_in_address() -> dict[str, str]:
    dataset_id = st.session_state.get(state.DATASET)
    return {"dataset": dataset_id} if dataset_id else {}
