"""Reports read back: the tags and texts of a page, the text of a PDF, what stands in a chart."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache, cached_property
from html.parser import HTMLParser

from pypdf import PdfReader

from core.report.content import Document, Figure
from core.report.html import to_html
from core.report.pdf import to_pdf
from core.report.writing import write_report
from tests.report.made import material, study

MANY = tuple(f"person {number:03d}" for number in range(300))
KINDS = {
    "some errors": material(),
    "no errors": material(wrong=0),
    "a study": material(study=study()),
    "no strangers, no pairs": material(strangers=False, pairs=False),
    "two people, one face each": material(("Ann", "Bob"), each=1, wrong=0),
    "two people, all wrong": material(("Ann", "Bob"), each=1, wrong=1),
    "three hundred people": material(MANY, each=3, wrong=3),
    "without faces": material(faces=False),
}


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


@dataclass(frozen=True)
class Written:
    """A report and its two files."""

    document: Document

    @cached_property
    def html(self) -> bytes:
        return to_html(self.document)

    @cached_property
    def pdf(self) -> bytes:
        return to_pdf(self.document)


@cache
def written(kind: str) -> Written:
    """The report of a kind, drawn once for all tests that read it."""
    return Written(write_report(KINDS[kind]))


def pdf_text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def figure(document: Document, starts: str) -> Figure:
    """The chart whose description starts so."""
    found = [block for section in document.sections for block in section.blocks if isinstance(block, Figure)]
    return next(one for one in found if one.alt_text.startswith(starts))


def words(block: Figure) -> list[str]:
    """What stands in a chart."""
    return [text for text in Page(block.plot.svg.encode()).texts if text.strip()]
