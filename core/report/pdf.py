"""The report as a PDF: the same words, tables and charts on A4, with an outline and real text.

Its letters are DejaVu Sans, which matplotlib's package carries. Signs that the font lacks are shown as a square, and
the first page says so. The date in the file is the training's, so that the same report always has the same bytes.
"""

from __future__ import annotations

import io
import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import singledispatchmethod
from importlib.metadata import distribution
from itertools import groupby
from typing import NamedTuple, cast

from fpdf import FPDF, FontFace
from fpdf.enums import MethodReturnValue, TableBordersLayout, WrapMode, XPos, YPos
from fpdf.fonts import TTFFont

from core.language.texts import gettext, marked, speaking
from core.report import content
from core.report.content import ErrorCard, Figure, Section, Stat

LACKING = "□"
_FAMILY = "DejaVu Sans"
"""As the charts call it."""
_FILES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
_MARGIN_PT, _GAP_PT, _GUTTER_PT, _PICTURE_PT = 46.0, 12.0, 22.0, 62.0
_CARDS_IN_ROW = 3
_SOFT, _LINE = (243, 246, 246), (217, 224, 225)
_LONGEST_COLUMN, _LONGEST_WORD = 44, 70
_NOTE = marked("Signs of names that this file's letters lack are shown as {sign}; the HTML file has them all.")


class _Letters(NamedTuple):
    """How words are set."""

    size_pt: float
    colour: tuple[int, int, int] = (27, 36, 38)
    style: str = ""


_QUIET, _TAKEN = (85, 97, 101), (185, 79, 0)
_BODY, _BOLD, _CELL = _Letters(8.8), _Letters(8.8, style="B"), _Letters(7.6)
_TITLE, _HEADING, _ANSWER = _Letters(20, style="B"), _Letters(13.5, style="B"), _Letters(10.5)
_SUBTITLE, _FOOTER, _FIGURE_NOTE, _UNDER = (_Letters(size, _QUIET) for size in (8.8, 7, 6.8, 6))
_STAT_NAME, _STAT_VALUE, _STAT_NOTE = _Letters(7, _QUIET), _Letters(15, style="B"), _Letters(6.2, _QUIET)
_TAKEN_FOR, _CERTAINTY = _Letters(7.6, _TAKEN), _Letters(6.6, _QUIET)


def to_pdf(document: content.Document) -> bytes:
    """The whole file."""
    with speaking(document.language):
        pages = _Pages(document)
        pages.write_front()
        for section in document.sections:
            pages.write_section(section)
        return bytes(pages.output())


class _Signs(dict[int, str]):
    """What stands for a sign in letters that know some only, to be given to ``str.translate``."""

    def __init__(self, known: set[int]) -> None:
        self.known = known

    def __missing__(self, code: int) -> str:
        # Spaces of all widths and control characters are a space: as a square they would look like a lost letter.
        blank = unicodedata.category(chr(code))[0] in "ZC"
        self[code] = " " if blank else chr(code) if code in self.known else LACKING
        return self[code]


class _Pages(FPDF):
    """A4 pages that are filled from top to bottom."""

    def __init__(self, document: content.Document) -> None:
        super().__init__(unit="pt", format="A4")
        folder = distribution("matplotlib").locate_file("matplotlib/mpl-data/fonts/ttf")
        for style, name in _FILES.items():
            self.add_font(_FAMILY, style, str(folder / name))
        self.document = document
        # What both styles have: a name is set in either, and must not lose a sign where it is bold.
        letters = [set(font.cmap) for font in self.fonts.values() if isinstance(font, TTFFont)]
        self.signs = _Signs(set.intersection(*letters))
        # Else fpdf2 puts the number of pages wherever a name happens to hold its placeholder.
        self.str_alias_nb_pages = ""
        self.set_margins(_MARGIN_PT, _MARGIN_PT, _MARGIN_PT)
        self.set_auto_page_break(True, margin=_MARGIN_PT + 14)
        self.set_creation_date(datetime.fromtimestamp(document.dated_s, UTC).replace(microsecond=0))
        self.set_title(self.shown(document.title))
        self.set_lang(document.language.code)
        self.set_creator("Face Atlas")
        self.set_draw_color(*_LINE)
        self.c_margin = 0
        self.add_page()

    # words

    def shown(self, text: str) -> str:
        """The text in signs that the letters have."""
        # Composed first: fpdf2 sets an accent that is a sign of its own beside its letter, not over it.
        return unicodedata.normalize("NFC", text).translate(self.signs)

    def set_letters(self, letters: _Letters) -> None:
        self.set_font(_FAMILY, letters.style, letters.size_pt)
        self.set_text_color(*letters.colour)

    def write_words(
        self, text: str, letters: _Letters, width: float = 0, *, space: float = 0, lead: float = 1.35, dry: bool = False
    ) -> float:
        """Words from here on in a column, ``space`` below; gives their height. ``dry``: that alone."""
        if not text:
            return 0.0
        self.set_letters(letters)
        height = self.multi_cell(
            width,
            letters.size_pt * lead,
            self.shown(text),
            align="L",
            dry_run=dry,
            output=MethodReturnValue.HEIGHT,
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
        )
        self.y += 0 if dry else space
        return cast("float", height)

    def write_line(self, text: str, letters: _Letters, width: float) -> None:
        """Words in one line from here on, their end left out until they fit."""
        self.set_letters(letters)
        text = self.shown(text)
        if self.get_string_width(text) > width:
            while text and self.get_string_width(f"{text}…") > width:
                text = text[:-1]
            text += "…"
        self.cell(width, letters.size_pt * 1.25, text)

    def keep(self, height: float) -> None:
        """Begin a new page unless so much is free on this one."""
        # At the top of a page there is no better one: what is taller than a page breaks where it has to.
        if self.page_break_trigger - self.y < height and self.y > self.t_margin + 1:
            self.add_page()

    def footer(self) -> None:
        self.set_y(-_MARGIN_PT + 6)
        self.write_line(self.document.subtitle, _FOOTER, self.epw - 30)
        self.cell(30, 10, str(self.page_no()), align="R")

    # parts

    def write_front(self) -> None:
        """Title, answer and the first numbers."""
        document = self.document
        self.write_words(document.title, _TITLE, space=2, lead=1.2)
        self.write_words(document.subtitle, _SUBTITLE, space=10)
        self.write_words(document.answer, _ANSWER, space=10)
        self.write_stats(document.stats)
        if any(LACKING in self.shown(text) for text in _texts(document)):
            self.write_words(gettext(_NOTE, sign=LACKING), _Letters(_CELL.size_pt, _QUIET), space=8)

    def write_stats(self, stats: Sequence[Stat]) -> None:
        width, height = (self.epw - _GAP_PT * (len(stats) - 1)) / len(stats), 58.0
        top = self.y
        self.set_fill_color(*_SOFT)
        for column, stat in enumerate(stats):
            left = self.l_margin + column * (width + _GAP_PT)
            self.rect(left, top, width, height, style="F", round_corners=True, corner_radius=5)
            for text, below, letters in (
                (stat.name, 8, _STAT_NAME),
                (stat.value, 20, _STAT_VALUE),
                (stat.note, 41, _STAT_NOTE),
            ):
                self.set_xy(left + 8, top + below)
                self.write_line(text, letters, width - 12)
        self.set_xy(self.l_margin, top + height + 14)

    def write_section(self, section: Section) -> None:
        """A heading, which the outline lists, and what is under it."""
        self.keep(130)
        self.ln(8)
        self.set_letters(_HEADING)
        self.start_section(self.shown(section.title))
        self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)
        self.ln(9)
        self.write_words(section.title, _HEADING, space=4, lead=1.25)
        # Charts that follow each other stand two in a row, where they are narrow.
        for broad, group in groupby(
            section.blocks, key=lambda block: block.plot.broad if isinstance(block, Figure) else None
        ):
            blocks = list(group)
            if broad is None:
                for block in blocks:
                    self.write_block(block)
            else:
                figures = [block for block in blocks if isinstance(block, Figure)]
                columns = 1 if broad else 2
                for start in range(0, len(figures), columns):
                    self.write_figures(figures[start : start + columns], columns)

    @singledispatchmethod
    def write_block(self, block: content.Block) -> None:
        raise TypeError(f"expected a block of a report, got {type(block).__name__}")

    @write_block.register
    def _(self, block: content.Paragraph) -> None:
        self.write_words(block.text, _BOLD if block.strong else _BODY, space=6, lead=1.42)

    @write_block.register
    def _(self, block: content.Bullets) -> None:
        for item in block.items:
            self.keep(2 * _BODY.size_pt)
            self.set_letters(_BODY)
            self.set_x(self.l_margin + 4)
            self.cell(10, _BODY.size_pt * 1.42, "•")
            self.write_words(item, _BODY, space=2.5, lead=1.42)
            self.set_x(self.l_margin)
        self.ln(4)

    @write_block.register
    def _(self, block: content.Facts) -> None:
        self.write_table(block.caption, None, block.rows, (0.36, 0.64), ("L", "L"))

    @write_block.register
    def _(self, block: content.TableBlock) -> None:
        aligned = tuple("R" if column in block.right else "L" for column in range(len(block.columns)))
        self.write_table(block.caption, block.columns, block.rows, _widths(block), aligned)

    def write_table(
        self,
        caption: str,
        columns: tuple[str, ...] | None,
        rows: Sequence[tuple[str, ...]],
        widths: tuple[float, ...],
        aligned: tuple[str, ...],
    ) -> None:
        """A table under its caption; its headings come again on every page."""
        self.keep(64)
        self.write_words(caption, _BOLD, space=1, lead=1.42)
        self.set_letters(_CELL)
        self.set_line_width(0.6)
        self.set_fill_color(255, 255, 255)
        with self.table(
            col_widths=widths,
            text_align=aligned,
            line_height=_CELL.size_pt * 1.35,
            padding=(2.6, 5, 2.6, 1),
            v_align="T",
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            first_row_as_headings=columns is not None,
            headings_style=FontFace(emphasis="", color=_QUIET),
            # A word that is longer than its column can only be broken within.
            wrapmode=WrapMode.CHAR if any(_unbroken(row) for row in rows) else WrapMode.WORD,
        ) as table:
            for row in [*([columns] if columns else []), *rows]:
                table.row([self.shown(cell) for cell in row])
        self.ln(12)

    def write_figures(self, figures: Sequence[Figure], columns: int) -> None:
        """Charts side by side, under their titles and above their notes."""
        width = (self.epw - _GUTTER_PT * (columns - 1)) / columns
        # Measured before anything is written: charts of one row begin at one height, and go to the next page together.
        titles = max(self.write_words(figure.title, _BOLD, width, dry=True) for figure in figures)
        notes = max(self.write_words(figure.note, _FIGURE_NOTE, width, dry=True) for figure in figures)
        heights = [figure.plot.height * width / figure.plot.width for figure in figures]
        self.keep(titles + max(heights) + notes + 12)
        top = self.y
        for column, (figure, height) in enumerate(zip(figures, heights, strict=True)):
            left = self.l_margin + column * (width + _GUTTER_PT)
            self.set_xy(left, top)
            self.write_words(figure.title, _BOLD, width)
            # fpdf2 takes a pixel for 3/4 of a unit; and DejaVu is wider than the letters that room was measured for.
            svg = re.sub(
                r"font-size: ([\d.]+)px", lambda size: f"font-size: {0.95 * float(size[1]):.2f}pt", figure.plot.svg
            )
            drawn = io.BytesIO(self.shown(svg).encode("utf-8"))
            self.image(drawn, left, top + titles + 4, width, height, alt_text=self.shown(figure.alt_text))
            self.set_xy(left, top + titles + 8 + height)
            self.write_words(figure.note, _FIGURE_NOTE, width)
        self.set_xy(self.l_margin, top + titles + max(heights) + notes + 22)

    @write_block.register
    def _(self, block: content.ErrorCards) -> None:
        for start in range(0, len(block.items), _CARDS_IN_ROW):
            self.write_cards(block.items[start : start + _CARDS_IN_ROW])
        self.ln(4)

    def write_cards(self, cards: Sequence[ErrorCard]) -> None:
        """Errors side by side, each in a frame."""
        width = (self.epw - _GAP_PT * (_CARDS_IN_ROW - 1)) / _CARDS_IN_ROW
        pictures = _PICTURE_PT + 13 if any(card.pictures for card in cards) else 0
        height = pictures + max(self.write_card(card, width - 12, dry=True) for card in cards) + 14
        self.keep(height + 6)
        top = self.y
        for column, card in enumerate(cards):
            left = self.l_margin + column * (width + _GAP_PT)
            self.rect(left, top, width, height, round_corners=True, corner_radius=5)
            for number, picture in enumerate(card.pictures):
                x = left + 7 + number * (_PICTURE_PT + 8)
                alt_text = self.shown(picture.alt_text)
                self.image(io.BytesIO(picture.jpeg), x, top + 7, _PICTURE_PT, _PICTURE_PT, alt_text=alt_text)
                self.set_xy(x, top + _PICTURE_PT + 8)
                self.write_line(picture.under, _UNDER, _PICTURE_PT)
            self.set_xy(left + 7, top + 7 + pictures)
            self.write_card(card, width - 12, dry=False)
        self.set_xy(self.l_margin, top + height + 9)

    def write_card(self, card: ErrorCard, width: float, *, dry: bool) -> float:
        """Who was taken for whom, and how sure it was; gives the height of it."""
        lines = ((card.person, _BOLD), (card.taken_for, _TAKEN_FOR), (card.certainty, _CERTAINTY))
        return sum(self.write_words(text, letters, width, dry=dry) for text, letters in lines)


def _widths(table: content.TableBlock) -> tuple[float, ...]:
    """Room for each column by its longest word or cell, none narrower than its share of a narrow one."""
    widths = []
    for column, name in enumerate(table.columns):
        cell = max((len(row[column]) for row in table.rows), default=0)
        longest = cell if column in table.code else min(cell, _LONGEST_COLUMN)
        widths.append(4.0 + max(longest, *map(len, name.split()), min(len(name), 12)))
    return tuple(widths)


def _unbroken(row: tuple[str, ...]) -> bool:
    """Whether a cell has a word that no column is wide enough for."""
    return any(len(word) > _LONGEST_WORD for cell in row for word in cell.split())


def _texts(value: object) -> Iterator[str]:
    """Every text of a report, those inside of charts too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for entry in value:
            yield from _texts(entry)
    else:
        yield from [value.plot.svg] if isinstance(value, Figure) else []
        for name in getattr(value, "__dataclass_fields__", {}):
            yield from _texts(getattr(value, name))
