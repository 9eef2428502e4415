"""The numbers that an answer comes of: a face's embedding as bars, and a table of what was computed of it."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from core.base.types import Floats
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked
from core.learn.open_set.certainty import LIKELY_PROB, SURE_PROB, Certainty, Sureness
from core.learn.open_set.rejection_rule import Threshold
from core.ui import frame, words
from core.ui.certainty import bar

TITLE = marked("How is this computed?")
_STRIP = 44
"""Height of one row of bars, in units of one bar's width."""
_STYLE = """<style>
.fa-vectors {margin:0; font-size:.82rem}
.fa-vectors img {width:100%; height:52px; display:block}
.fa-vectors figcaption {margin:2px 0 8px}
</style>"""


def offer_explanation(key: str, explain: Callable[[], None]) -> None:
    """A button to what an answer comes of, which is computed when somebody opens it.

    Parameters
    ----------
    key : of what is explained, unique on the page
    """
    # What is in a popover runs at every run of the page, open or not, unless it asks.
    # Not tertiary: open, such a button is nearly black in the dark theme too.
    with st.popover(_(TITLE), icon=":material/calculate:", key=f"explain_{key}", on_change="rerun") as popover:
        if popover.open:
            explain()


def show_more_numbers(rows: Mapping[str, str]) -> None:
    """The table, folded: behind what is said in sentences, so that nothing of a popover is cut off at its edge."""
    with st.expander(_("All numbers")):
        show_numbers(rows)


def show_numbers(rows: Mapping[str, str]) -> None:
    """A table of two columns: what it is, and how much."""
    st.table(pd.DataFrame(rows.items()).map(words.plain), border="horizontal", hide_index=True, hide_header=True)


def score_numbers(score: float, certainty: Certainty, threshold: Threshold) -> dict[str, str]:
    """The rows that say how a face was decided, and what its threshold promises."""
    return {
        _("All of it in one score"): _describe_score(score, certainty.likeness),
        _("The threshold"): _describe_score(threshold.score, certainty.threshold),
        _("What the threshold promises (false-accept rate)"): _(
            "{share} of strangers get a name; {rate} was asked for",
            share=words.format_strangers_share(threshold),
            rate=words.percent(threshold.rate),
        ),
    }


def _describe_score(score: float, likeness: float) -> str:
    return _(
        "{score}: likeness {likeness}", score=localise_decimals(f"{score:.2f}"), likeness=bar.format_likeness(likeness)
    )


def describe_reason(certainty: Certainty, *, is_named: bool, other: str = "", other_likeness: float = 0.0) -> str:
    """Why a face has a name or none: "92 of 100; 51 is needed. Next is Ann with 13.".

    Parameters
    ----------
    other : who is next behind a name, or whom an unknown face is nearest to; "" where there is nobody
    other_likeness : of who is next, 0..100
    """
    likeness, needed = f"{certainty.likeness:.0f}", f"{certainty.threshold:.0f}"
    # Just beside the threshold both may round to one number, which would explain nothing.
    if likeness == needed:
        likeness, needed = (localise_decimals(f"{value:.1f}") for value in (certainty.likeness, certainty.threshold))
    reason = (
        _("{likeness} of 100; {needed} is needed.", likeness=likeness, needed=needed)
        if is_named
        else _("{likeness} of 100; {needed} would be needed.", likeness=likeness, needed=needed)
    )
    if not other:
        return reason
    name = words.display_name(other)
    if not is_named:
        return _("{reason} Nearest is {name}.", reason=reason, name=name)
    next_likeness = f"{other_likeness:.0f}"
    # The name goes by the classifier: seldom somebody else has more likeness, with less probability.
    if other_likeness > certainty.likeness:
        return _(
            "{reason} {name} has {likeness}, but is less probable.", reason=reason, name=name, likeness=next_likeness
        )
    return _("{reason} Next is {name} with {likeness}.", reason=reason, name=name, likeness=next_likeness)


def describe_word(sureness: Sureness) -> str:
    """What the word means, for this face."""
    likely, sure = (words.percent(share) for share in (LIKELY_PROB, SURE_PROB))
    return {
        Sureness.UNKNOWN: _(
            "**Unknown**: it is below the threshold, and one step of the slider would not change that."
        ),
        Sureness.UNSURE: _(
            "**Unsure**: one step of the slider would decide otherwise, or among those who are known the "
            "name is less than {percentage} probable.",
            percentage=likely,
        ),
        Sureness.LIKELY: _(
            "**Likely**: above the threshold by more than one step of the slider, and not yet sure: the "
            "strictest step would take the name away, or it is less than {percentage} probable.",
            percentage=sure,
        ),
        Sureness.SURE: _(
            "**Sure**: the strictest step of the slider would give the name too, and it is at least {percentage} "
            "probable.",
            percentage=sure,
        ),
    }[sureness]


def show_steps(name: str, vector: Floats, mean: Floats, certainty: Certainty, threshold: Threshold) -> None:
    """How it is computed in plain sentences, one step a line, before any table.

    Parameters
    ----------
    vector, mean : (dimension,) unit length, of the face and of the faces of whom it was taken for
    """
    n_numbers = len(vector)
    steps = (
        _(
            "A network turns each face into {n_numbers} numbers, and alike faces into alike numbers.",
            n_numbers=n_numbers,
        ),
        _(
            "{n_same} of the {n_numbers} numbers point the same way as {name}'s.",
            n_same=count_agreeing(vector, mean),
            n_numbers=n_numbers,
            name=name,
        ),
        _(
            "All that speaks for {name} comes to a likeness of {likeness}.",
            name=name,
            likeness=bar.format_likeness(certainty.likeness),
        ),
        _(
            "A name needs {likeness}, so that {share} of strangers get one.",
            likeness=f"{certainty.threshold:.0f}",
            share=words.format_strangers_share(threshold),
        ),
    )
    st.markdown("\n".join(f"- {words.plain(step)}" for step in steps))
    st.markdown(describe_word(certainty.sureness))


def count_agreeing(vector: Floats, other: Floats) -> int:
    """How many numbers of two embeddings point the same way."""
    return int(np.count_nonzero(np.sign(vector) == np.sign(other)))


def show_vectors(vectors: Mapping[str, Floats]) -> None:
    """Embeddings as bars, one below the other on one scale.

    Parameters
    ----------
    vectors : two of (dimension,), unit length, by what they are: "This face", "Mean of Ann's faces"
    """
    (title, vector), (other_title, other_vector) = vectors.items()
    # One scale for all: bars of a mean are shorter where its faces disagree, and that is worth seeing.
    largest = float(max(np.abs(vector).max(), np.abs(other_vector).max())) or 1.0
    colour = bar.COLOURS[frame.is_dark()]
    strips = "".join(
        f"<figure class='fa-vectors'><img src='{_bars_url(values / largest, colour)}' "
        f"alt='{escape(_describe_bars(name, values))}'>"
        f"<figcaption dir='auto'>{escape(name)}</figcaption></figure>"
        for name, values in ((title, vector), (other_title, other_vector))
    )
    st.html(_STYLE + strips)
    st.caption(words.plain(describe_agreement(vector, other_vector)))


def _describe_bars(name: str, values: Floats) -> str:
    return _("{name}: {n_numbers} numbers as bars, positive ones upwards", name=name, n_numbers=len(values))


def describe_agreement(vector: Floats, other: Floats) -> str:
    """How alike two embeddings are, in one sentence."""
    return _(
        "The {n_numbers} numbers of each (the embedding). {n_same} point the same way in "
        "both; their cosine, 1 for the same and 0 for nothing in common, is {cosine}.",
        n_numbers=len(vector),
        n_same=count_agreeing(vector, other),
        cosine=localise_decimals(f"{float(vector @ other):.2f}"),
    )


def _bars_url(values: Floats, colour: str) -> str:
    """A picture of bars, as a data address; the values are -1..1."""
    # A picture and not markup: Streamlit lets no drawing through in what it shows as HTML.
    half = _STRIP / 2
    path = "".join(
        f"M{index + 0.1:.1f} {half:.0f}h.8v{-half * value:.1f}h-.8z" for index, value in enumerate(values.tolist())
    )
    svg = (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {len(values)} {_STRIP}' preserveAspectRatio='none'>"
        f"<path d='{path}' fill='{colour}'/></svg>"
    )
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode("ascii")).decode("ascii")
