"""A chart drawn by matplotlib: one SVG, which both files show, so that both show the same.

Words stay words, so that they can be searched, read aloud, and set in the letters of the page. The same values always
give the same bytes: no date, and the names inside of a drawing follow from its title. matplotlib is loaded when the
first chart is drawn; as its settings are global, one chart is drawn at a time.
"""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from tempfile import TemporaryDirectory
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

from core.report.drawing import GRID, INK, QUIET, TEXT_PT, WIDTH, Chart, draw_chart

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOCK = Lock()
_STYLE = {
    "svg.fonttype": "none",
    # A name may hold dollars, between which matplotlib would set a formula.
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": TEXT_PT,
    "text.color": INK,
    "axes.labelcolor": QUIET,
    "axes.unicode_minus": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    **{f"axes.spines.{side}": False for side in ("left", "right", "top", "bottom")},
    **{f"{axis}tick.{name}": value for axis in "xy" for name, value in (("labelcolor", QUIET), ("major.size", 0))},
    **{"xtick.major.pad": 6, "ytick.major.pad": 9},
    **{"legend.loc": "upper left", "legend.frameon": False, "legend.borderpad": 0, "legend.borderaxespad": 0},
    **{"legend.handlelength": 1.6, "legend.columnspacing": 1.4},
}
_FONT_LIST_FOLDER = "MPLCONFIGDIR"
_NO_DATE = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_NOISE = re.compile(r' id="[\w.]+_\d+"| (?:width|height)="[\d.]+pt"| version="1.1"| transform="rotate\(-0 [^"]*"')
"""Of matplotlib's tags: what a page has no use for, or what several drawings of one page would repeat."""


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawn chart."""

    svg: str
    """An element of its own, without a name space's prefix."""
    width: float
    """Points; so is the height."""
    height: float

    @property
    def broad(self) -> bool:
        """Whether it takes a whole line."""
        return self.width > WIDTH


def draw_plot(chart: Chart, salt: str) -> Plot:
    """Draw a chart. Drawings on one page differ in their ``salt``, which names what they refer to inside."""
    with _own_style(salt):
        figure = cast("Figure", draw_chart(chart).figure)
        content = io.BytesIO()
        figure.savefig(content, format="svg", metadata=_NO_DATE, transparent=True)
        width, height = 72 * figure.get_size_inches()
    return Plot(_tidied(content.getvalue().decode("utf-8")), float(width), float(height))


@contextmanager
def _own_style(salt: str) -> Iterator[None]:
    """Set up matplotlib with this module's settings alone, whatever file of settings lies about."""
    with _LOCK:
        matplotlib = _load_matplotlib()
        with matplotlib.rc_context(), warnings.catch_warnings():
            # First the defaults: a settings file of the user's would make other bytes of the same run.
            matplotlib.rcdefaults()
            matplotlib.rcParams.update({**_STYLE, "svg.hashsalt": salt})
            # Letters that its font lacks are left to the page, which has others, or to the PDF, which says so.
            warnings.filterwarnings("ignore", "Glyph .* missing", UserWarning)
            yield


@lru_cache(maxsize=1)
def _load_matplotlib() -> Any:
    """matplotlib, which leaves no trace: when it loads, it writes a list of the computer's fonts into the home."""
    with TemporaryDirectory() as folder:
        # Read at the first import alone. Somebody who has set it wants the list there, and has it at the next start.
        os.environ.setdefault(_FONT_LIST_FOLDER, folder)
        try:
            import matplotlib.figure

            matplotlib.get_configdir()  # which it remembers from now on
        finally:
            if os.environ[_FONT_LIST_FOLDER] == folder:
                del os.environ[_FONT_LIST_FOLDER]
    return matplotlib


def _tidied(svg: str) -> str:
    """The drawing as an element of a page: without prologue, size, rules for all of the page, names that repeat."""
    svg = re.sub(r"<defs>\s*<style.*?</defs>", "", svg[svg.index("<svg") :], count=1, flags=re.DOTALL)
    # Only inside of tags: a person may be called like an attribute.
    svg = re.sub("<[^>]+>", lambda tag: _NOISE.sub("", tag[0]), svg)
    # A control character, which a folder's name may hold, is no part of XML.
    return re.sub(r"[\s\x00-\x1f\x7f-\x9f\ufffe\uffff]+", " ", svg).replace("<svg", '<svg stroke-linejoin="round"', 1)
