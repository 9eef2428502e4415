"""The numbers that an answer comes of: a face's embedding as bars, and a table of what was computed of it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd
import streamlit as st

from core.base.types import Floats
from core.ui import words

TITLE = "How is this computed?"
_STRIP = 44
"""Height of one row of bars, in units of one bar's width."""
_STYLE = """<style>
.fa-vectors {margin:0; font-size:.82rem}
.fa-vectors svg {width:100%; height:52px; display:block}
.fa-vectors figcaption {margin:2px 0 8px}
</style>"""


def show_numbers(rows: Mapping[str, str]) -> None:
    """A table of two columns: what it is, and how much."""
    st.table(pd.DataFrame(rows.items()).map(words.plain), border="horizontal", hide_index=True, hide_header=True)


def show_vectors(vectors: Mapping[str, Floats]) -> None:
    """Embeddings as bars, one below the other on one scale.

    Parameters
    ----------
    vectors : two of (dimension,), unit length, by what they are: "This face", "Mean of Ann's faces"
    """
    (title, vector), (other_title, other) = vectors.items()
    # One scale for all: bars of a mean are shorter where its faces disagree, and that is worth seeing.
    largest = float(max(np.abs(vector).max(), np.abs(other).max())) or 1.0
    strips = "".join(
        f"<figure class='fa-vectors'>{_bars_svg(values / largest, name)}"
        f"<figcaption dir='auto'>{escape(name)}</figcaption></figure>"
        for name, values in ((title, vector), (other_title, other))
    )
    st.html(_STYLE + strips)
    st.caption(words.plain(describe_agreement(vector, other)))


def describe_agreement(vector: Floats, other: Floats) -> str:
    """How alike two embeddings are, in one sentence."""
    n_same = int(np.count_nonzero(np.sign(vector) == np.sign(other)))
    return (
        f"The {len(vector)} numbers of each (the embedding). {n_same} point the same way in both; their cosine, "
        f"1 for the same and 0 for nothing in common, is {float(vector @ other):.2f}."
    )


def _bars_svg(values: Floats, name: str) -> str:
    half = _STRIP / 2
    path = "".join(
        f"M{index + 0.1:.1f} {half:.0f}h.8v{-half * value:.1f}h-.8z" for index, value in enumerate(values.tolist())
    )
    return (
        f"<svg viewBox='0 0 {len(values)} {_STRIP}' preserveAspectRatio='none' role='img' "
        f"aria-label='{escape(name, quote=True)}: {len(values)} numbers as bars, positive ones upwards'>"
        f"<path d='{path}' fill='currentColor' fill-opacity='.75'/></svg>"
    )
