"""How sure an answer is, drawn: a word, and a bar from 0 to 100 with the threshold on it.

The same wherever somebody is named; ``components/browser/shared/certainty.js`` draws it in what the browser draws.
"""

from __future__ import annotations

import streamlit as st

from core.learn.numerics.unit_vectors import distance_to_cosine
from core.learn.open_set.certainty import Certainty, Sureness, measure_pair_likeness
from core.ui import frame
from core.ui.components.choices import CertaintyMark

HEIGHT_PX = 14
DASHES = {Sureness.UNSURE: "6 4", Sureness.UNKNOWN: "2 4"}
"""How the bar is broken; whole for the others. A bar says by its form what it says by its colour."""
_COLOURS = {False: "#0B6E75", True: "#6CC5CA"}
"""By whether the theme is dark."""
_STYLE = """<style>
.fa-certainty {display:flex; align-items:center; gap:10px; max-width:420px; font-size:.9rem; line-height:1.3}
.fa-certainty b {min-width:4.6em}
.fa-certainty span {font-variant-numeric:tabular-nums; min-width:1.6em; text-align:right}
.fa-certainty svg {flex:1; min-width:80px; overflow:visible}
</style>"""


def show_certainty(certainty: Certainty) -> None:
    """Draw the word, the bar and the number."""
    st.html(_STYLE + certainty_html(certainty, dark=frame.is_dark()))


def certainty_html(certainty: Certainty, *, dark: bool) -> str:
    """The word, the bar and the number as HTML, with one sentence for those who do not see it."""
    return (
        f"<div class='fa-certainty' role='img' aria-label='{describe_certainty(certainty)}'>"
        f"<b>{title_word(certainty.sureness)}</b>{_bar_svg(certainty, _COLOURS[dark])}"
        f"<span>{certainty.likeness:.0f}</span></div>"
    )


def title_word(sureness: Sureness) -> str:
    """The word at the head of something: "Sure"."""
    return sureness.word.capitalize()


def describe_certainty(certainty: Certainty) -> str:
    """Word, likeness and threshold in one sentence."""
    return (
        f"{title_word(certainty.sureness)}: likeness {certainty.likeness:.0f} of 100, "
        f"and the threshold is {certainty.threshold:.0f}."
    )


def format_likeness(likeness: float) -> str:
    """A likeness of 0 to 100 in words: "78 of 100"."""
    return f"{likeness:.0f} of 100"


def format_pair_likeness(distance: float) -> str:
    """How alike two faces are, by their Euclidean distance: "likeness 72"."""
    return f"likeness {measure_pair_likeness(distance_to_cosine(distance)):.0f}"


def mark_certainty(certainty: Certainty) -> CertaintyMark:
    """The same for a component that draws it in the browser."""
    return CertaintyMark(certainty.sureness.word, certainty.likeness, certainty.threshold)


def _bar_svg(certainty: Certainty, colour: str) -> str:
    # Lengths in per cent and heights in pixels: the bar takes the width that there is, and nothing of it is stretched.
    middle, dashes = HEIGHT_PX / 2, DASHES.get(certainty.sureness)
    broken = f" stroke-dasharray='{dashes}'" if dashes else ""
    fill = "currentColor" if certainty.sureness is Sureness.UNKNOWN else colour
    line = f"<line x1='0' y1='{middle}' y2='{middle}' stroke-width='8'"
    mark = f"{certainty.threshold:.1f}%"
    return (
        f"<svg width='100%' height='{HEIGHT_PX}' aria-hidden='true'>"
        f"{line} x2='100%' stroke='currentColor' stroke-opacity='.15'/>"
        f"{line} x2='{max(1.0, certainty.likeness):.1f}%' stroke='{fill}'{broken}/>"
        f"<line x1='{mark}' x2='{mark}' y1='0' y2='{HEIGHT_PX}' stroke='currentColor' stroke-width='2'/></svg>"
    )
