"""The colours and labels that every chart shares, on a page and in a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

RIGHT, WRONG, GREY, GIVEN = "#0072B2", "#D55E00", "#8C9699", "#CC79A7"
"""Of Okabe and Ito's colours: told apart in the common colour blindnesses, on white and near black. ``GIVEN`` is for
photos of strangers that were given."""
LABEL_MOST = 22
"""The longest name at an axis, in characters."""


def label_uniquely(
    names: Sequence[str], label_of: Callable[[str], str], fallback_of: Callable[[str], str] = str
) -> list[str]:
    """Each name's label; the fallback where two names would be labelled alike."""
    labels = [label_of(name) for name in names]
    uses = Counter(labels)
    return [label if uses[label] == 1 else fallback_of(name) for label, name in zip(labels, names, strict=True)]


def cut_end(name: str) -> str:
    """A name without what is longer than an axis has room for."""
    return name if len(name) <= LABEL_MOST else f"{name[: LABEL_MOST - 1]}…"


def cut_middle(name: str) -> str:
    """A name without its middle where it is too long: of names that begin alike, the ends tell them apart."""
    half = LABEL_MOST // 2
    return name if len(name) <= LABEL_MOST else f"{name[: LABEL_MOST - half - 1]}…{name[-half:]}"
