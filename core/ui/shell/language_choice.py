"""In which language a page is read: as whoever reads it chose, else as this installation or their browser says.

A choice is remembered by the browser, in a cookie of ours, and by the session, which needs no reload for it. The page
itself is told as well: screen readers speak by it, and a language from right to left turns the page around.
"""

from __future__ import annotations

from functools import cache

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.base.settings import settings_from_env
from core.language.languages import ENGLISH, LANGUAGES, Language, find_language
from core.language.preference import CHOICE_COOKIE, Preference
from core.language.texts import ask_for_language, current_language
from core.language.texts import gettext as _
from core.ui import state, words
from core.ui.components.page_language import tell_page_language


def read_language_of_pages() -> Language:
    """The language of whoever reads the page that is drawn now; elsewhere that of the installation."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return find_language(_language_setting())
    if state.LANGUAGE not in st.session_state:
        st.session_state[state.LANGUAGE] = _remembered_language().code
    return LANGUAGES[st.session_state[state.LANGUAGE]]


def _remembered_language() -> Language:
    # A proxy may keep headers to itself; the page says its browser's language as well, the dearest one alone.
    accepted = st.context.headers.get("Accept-Language") or st.context.locale or ""
    chosen = st.context.cookies.get(CHOICE_COOKIE, "")
    return Preference(chosen, _language_setting(), accepted).resolve()


@cache
def _language_setting() -> str:
    # Of the settings alone: modules say things when they are imported, and no worker is to start for that.
    return settings_from_env().language


ask_for_language(read_language_of_pages)


def show_language_choice() -> None:
    """A button that says which language it is, with the others behind it."""
    language = current_language()
    # Not a tertiary one: open, Streamlit writes on it in a darkened green, which nobody reads on a dark page.
    with st.sidebar.popover(words.plain(language.name), icon=":material/translate:", key="language_popover"):
        # Set at every run: a widget's own state is lost when the page changes, even with a key.
        st.session_state[state.LANGUAGE_CHOICE] = language.code
        st.radio(
            _("Language"),
            list(LANGUAGES),
            format_func=_name_language,
            key=state.LANGUAGE_CHOICE,
            on_change=_choose,
        )
    is_chosen = st.session_state.pop(state.LANGUAGE_CHOSEN, False)
    if is_chosen or language is not ENGLISH:
        tell_page_language(language, cookie=CHOICE_COOKIE if is_chosen else "")


def _name_language(code: str) -> str:
    language = LANGUAGES[code]
    name = words.plain(language.name)
    return name if language.is_complete else _("{language} (begun)", language=name)


def _choose() -> None:
    st.session_state[state.LANGUAGE] = st.session_state[state.LANGUAGE_CHOICE]
    st.session_state[state.LANGUAGE_CHOSEN] = True
