"""How sure an answer is, drawn: a word, and a bar from 0 to 100 with the threshold on it.

The same wherever somebody is named; ``components/browser/shared/certainty.js`` draws it in what the browser draws.
"""

from __future__ import annotations

from html import escape

import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import marked
from core.learn.numerics.unit_vectors import distance_to_cosine
from core.learn.open_set.certainty import Certainty, Sureness, measure_pair_likeness
from core.ui import frame
from core.ui.components.choices import CertaintyMark

COLOURS = {False: "#0B6E75", True: "#6CC5CA"}
"""Of bars, by whether the theme is dark: a picture does not know the colour of the text around it."""
# The bar says by its form what it says by its colour: whole where the name stands, broken where it is unsure, and thin
# where there is none.
_STYLE = """<style>
.fa-certainty {display:flex; align-items:center; gap:10px; max-width:420px; font-size:.9rem; line-height:1.3}
.fa-certainty b {min-width:4.6em}
.fa-certainty span {font-variant-numeric:tabular-nums; min-width:1.6em; text-align:right}
.fa-certainty .fa-bar {flex:1; min-width:80px; height:14px; position:relative; direction:ltr;
 background:linear-gradient(rgba(128,128,128,.25),rgba(128,128,128,.25)) 0 50%/100% 8px no-repeat}
.fa-certainty .fa-bar i {position:absolute; left:0; top:3px; height:8px}
.fa-certainty .fa-unsure i {mask:repeating-linear-gradient(90deg,#000 0 6px,transparent 6px 9px)}
.fa-certainty .fa-unknown i {top:5px; height:4px; opacity:.7}
.fa-certainty .fa-bar u {position:absolute; top:0; height:14px; width:2px; margin-left:-1px; background:currentColor}
</style>"""


SURENESS_WORDS = {
    Sureness.UNKNOWN: marked("unknown"),
    Sureness.UNSURE: marked("unsure"),
    Sureness.LIKELY: marked("likely"),
    Sureness.SURE: marked("sure"),
}


def show_certainty(certainty: Certainty) -> None:
    """Draw the word, the bar and the number."""
    st.html(_STYLE + certainty_html(certainty, dark=frame.is_dark()))


def certainty_html(certainty: Certainty, *, dark: bool) -> str:
    """The word, the bar and the number as HTML, with one sentence for those who do not see it."""
    return (
        f"<div class='fa-certainty' role='img' aria-label='{escape(describe_certainty(certainty))}'>"
        f"<b>{title_word(certainty.sureness)}</b>{_bar_html(certainty, COLOURS[dark])}"
        f"<span>{certainty.likeness:.0f}</span></div>"
    )


def sureness_word(sureness: Sureness) -> str:
    """The word inside of a sentence: "sure"."""
    return _(SURENESS_WORDS[sureness])


def title_word(sureness: Sureness) -> str:
    """The word at the head of something: "Sure"."""
    return sureness_word(sureness).capitalize()


def describe_certainty(certainty: Certainty) -> str:
    """Word, likeness and threshold in one sentence."""
    return _(
        "{word}: likeness {likeness} of 100, and the threshold is {threshold}.",
        word=title_word(certainty.sureness),
        likeness=f"{certainty.likeness:.0f}",
        threshold=f"{certainty.threshold:.0f}",
    )


def format_likeness(likeness: float) -> str:
    """A likeness of 0 to 100 in words: "78 of 100"."""
    return _("{likeness} of 100", likeness=f"{likeness:.0f}")


def format_pair_likeness(distance: float) -> str:
    """How alike two faces are, by their Euclidean distance: "likeness 72"."""
    return _("likeness {likeness}", likeness=f"{distance_to_likeness(distance):.0f}")


def distance_to_likeness(distance: float) -> float:
    """How alike two faces are, 0 to 100, by their Euclidean distance."""
    return measure_pair_likeness(distance_to_cosine(distance))


def mark_certainty(certainty: Certainty) -> CertaintyMark:
    """The same for a component that draws it in the browser."""
    return CertaintyMark(certainty.sureness.word, certainty.likeness, certainty.threshold)


def _bar_html(certainty: Certainty, colour: str) -> str:
    fill = "currentColor" if certainty.sureness is Sureness.UNKNOWN else colour
    return (
        f"<div class='fa-bar fa-{certainty.sureness.word}'>"
        f"<i style='width:{max(1.0, certainty.likeness):.1f}%;background:{fill}'></i>"
        f"<u style='left:{certainty.threshold:.1f}%'></u></div>"
    )
