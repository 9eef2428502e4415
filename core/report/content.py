"""A report as values: what it says, once, for every kind of file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from core.language.languages import Language
from core.language.texts import gettext
from core.report.drawing import Chart
from core.report.plots import Plot, draw_plot


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences one below the other."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values."""

    caption: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """Rows under headings; ``right`` are the columns of numbers, set to the right, ``code`` those of fixed width."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: frozenset[int] = frozenset()
    code: frozenset[int] = frozenset()

    def kind(self, column: int) -> str:
        """What a column holds: "right", "code" or "name"."""
        return "right" if column in self.right else "code" if column in self.code else "name"


@dataclass(frozen=True)
class Figure:
    """A chart under its finding."""

    title: str
    alt_text: str
    """What is to be seen, for those who do not see it."""
    chart: Chart
    note: str = ""

    @cached_property
    def plot(self) -> Plot:
        """The chart, drawn once for both files."""
        return draw_plot(self.chart, salt=self.title)


@dataclass(frozen=True, slots=True)
class FacePicture:
    """A face, as a JPEG file."""

    jpeg: bytes
    alt_text: str
    under: str
    """The words below it."""


@dataclass(frozen=True, slots=True)
class ErrorCard:
    """A face with a wrong name, beside one of those who have the name."""

    person: str
    assigned_name: str
    certainty: str
    """How sure it was."""
    pictures: tuple[FacePicture, ...]

    @property
    def taken_for(self) -> str:
        """The wrong name, in words."""
        return gettext("✗ taken for {name}", name=self.assigned_name)


@dataclass(frozen=True, slots=True)
class ErrorCards:
    """Wrong names one after the other."""

    items: tuple[ErrorCard, ...]


Block = Paragraph | Bullets | Facts | TableBlock | Figure | ErrorCards


@dataclass(frozen=True, slots=True)
class Section:
    """A part with a heading; ``id`` is its place in links."""

    id: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Stat:
    """A number that everybody wants to know first."""

    value: str
    name: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """The whole report."""

    title: str
    subtitle: str
    answer: str
    """The result in a sentence."""
    stats: tuple[Stat, ...]
    sections: tuple[Section, ...]
    dated_s: float
    """Seconds since 1970: the training's time, not that of the writing, so that the bytes do not change."""
    language: Language
    """In which it was written: what the files and charts add is said in it, too."""
