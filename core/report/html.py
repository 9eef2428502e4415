"""The report as one HTML file: no scripts, nothing from elsewhere, light and dark, on screen and on paper.

``report.html.jinja`` says how it looks; every text is escaped there. ``report.css`` is inside of the file.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from core.language.texts import gettext as _
from core.language.texts import speaking
from core.report.content import Block, Document, Figure
from core.report.drawing import GRID, INK, QUIET

_VARIABLES = {INK: "currentColor", QUIET: "var(--quiet)", GRID: "var(--grid)"}


def to_html(document: Document) -> bytes:
    """The whole file."""
    with speaking(document.language):
        page = _template().render(
            document=document,
            sections=_("Sections"),
            footer=_("Everything in this file was computed on one computer; it loads nothing."),
        )
    return page.encode("utf-8")


@lru_cache(maxsize=1)
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).parent)
    # StrictUndefined: a field that the template spells wrongly ends in an error, not in an empty place of the report.
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True)
    environment.filters["base64"] = lambda content: b64encode(content).decode("ascii")
    environment.filters["by_kind"] = _by_kind
    environment.globals["svg"] = _themed_svg
    return environment.get_template("report.html.jinja")


def _by_kind(blocks: Sequence[Block]) -> Iterator[tuple[bool, list[Block]]]:
    """Blocks in groups, each with whether it is of charts: those that follow each other share a grid."""
    for charts, group in groupby(blocks, key=lambda block: isinstance(block, Figure)):
        yield charts, list(group)


def _themed_svg(figure: Figure) -> Markup:
    """A chart whose colours and letters follow the page's; matplotlib has escaped the words in it."""
    # Inside of tags alone: a name between them may look like a colour.
    svg = re.sub("<[^>]+>", lambda tag: _themed_tag(tag[0]), figure.plot.svg)
    # What is marked as safe was drawn by matplotlib, which escapes the texts in it; the alt text is escaped here.
    return Markup(svg.replace("<svg", f"<svg role='img' aria-label='{escape(figure.alt_text)}'", 1))  # nosec B704


def _themed_tag(tag: str) -> str:
    for colour, variable in _VARIABLES.items():
        tag = tag.replace(colour, variable)
    return tag.replace(" font-family: 'DejaVu Sans';", "")
