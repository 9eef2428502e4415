"""The colours, symbols and labels that charts and the map of faces share, on a page and in a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

RIGHT, WRONG, GREY, OUTSIDER = "#0072B2", "#D55E00", "#8C9699", "#CC79A7"
"""Of Okabe and Ito's colours: told apart in the common colour blindnesses, on white and near black. ``OUTSIDER`` is for
faces of strangers that were given to a training, as against people who were left out of it."""
PALETTE = (
    RIGHT, "#E69F00", "#009E73", OUTSIDER, "#56B4E9", WRONG,
    "#8A7A00", "#7A6AC0", "#A0622D", "#2F8F8B", "#B23A6F", "#6B8E23",
)  # fmt: skip
"""The theme's categorical colours, Okabe and Ito's first; none vanishes on a dark page."""
SYMBOLS = (
    "circle", "square", "diamond", "triangle-up", "star", "cross",
    "triangle-down", "pentagon", "hexagon", "triangle-left", "triangle-right", "star-diamond",
)  # fmt: skip
MOST_COLOURED = len(PALETTE)
"""So many people are told apart by their colour alone; of more, colours repeat."""
SHADES = (WRONG, "#E69F00", "#8DB3C9", "#4C8DB5", "#0B5C8C")
STEP_SYMBOLS = ("triangle-down", "diamond", "circle", "square", "star")
"""Steps from bad to good."""
LABEL_MOST = 22
"""The longest name at an axis, in characters."""


def assign_looks(neighbours: Sequence[Sequence[int]]) -> list[tuple[str, str]]:
    """A colour and a symbol for each of many, so that those beside each other differ in colour.

    Parameters
    ----------
    neighbours : of each, the nearest among those before it, fewer than there are colours

    Returns
    -------
    The first twelve get the colours in their order, each with its own symbol. Up to 144, no two pairs are the same.
    """
    colours: list[int] = []
    uses = [0] * MOST_COLOURED
    looks = []
    for near in neighbours:
        # At least one colour is free. The least used one: so all are used equally often, with another symbol each time.
        free = set(range(MOST_COLOURED)) - {colours[index] for index in near}
        colour = min(free, key=lambda candidate: (uses[candidate], candidate))
        looks.append((PALETTE[colour], SYMBOLS[(colour + uses[colour]) % len(SYMBOLS)]))
        uses[colour] += 1
        colours.append(colour)
    return looks


def label_uniquely(
    names: Sequence[str], label_of: Callable[[str], str], fallback_of: Callable[[str], str] = str
) -> list[str]:
    """Each name's label; the fallback where two names would be labelled alike."""
    # Labels become the categories of an axis: two that are equal would be drawn as one row, their counts on each other.
    labels = [label_of(name) for name in names]
    uses = Counter(labels)
    return [label if uses[label] == 1 else fallback_of(name) for label, name in zip(labels, names, strict=True)]


def shorten_end(name: str) -> str:
    """A name without what is longer than an axis has room for."""
    return name if len(name) <= LABEL_MOST else f"{name[: LABEL_MOST - 1]}…"


def shorten_middle(name: str) -> str:
    """A name without its middle where it is too long: of names that begin alike, the ends tell them apart."""
    half = LABEL_MOST // 2
    return name if len(name) <= LABEL_MOST else f"{name[: LABEL_MOST - half - 1]}…{name[-half:]}"
