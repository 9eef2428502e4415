"""The report as a PDF: the same words, tables and drawings on A4, with an outline and real text.

Its letters are DejaVu Sans, which matplotlib's package carries; of matplotlib nothing is imported. Signs that the font
lacks are shown as a square, and the first page says so. The date in the file is the training's, so that the same
report always has the same bytes.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import singledispatchmethod
from importlib.metadata import distribution
from itertools import groupby
from typing import cast

from fpdf import FPDF, FontFace
from fpdf.enums import MethodReturnValue, TableBordersLayout, WrapMode, XPos, YPos
from fpdf.fonts import TTFFont

from core.report.content import (
    Block,
    Bullets,
    Document,
    ErrorCard,
    ErrorCards,
    FacePicture,
    Facts,
    Figure,
    Paragraph,
    Section,
    Stat,
    TableBlock,
)
from core.report.drawing import GRID, INK, QUIET, Anchor, Area, Drawing, DrawnElement, Marker, Polyline, Shape, Text
from core.report.figures import WIDTH

LACKING = "□"
_FAMILY = "DejaVu"
_FILES = {"": "DejaVuSans.ttf", "B": "DejaVuSans-Bold.ttf"}
_MARGIN_PT, _GAP_PT = 46.0, 12.0
_BODY_PT, _SMALL_PT = 8.8, 7.6
_GUTTER_PT = 22.0
_NOTE_PT = 6.8
_CARDS_IN_ROW = 3
_PICTURE_PT = 62.0
_COLOURS = {INK: (27, 36, 38), QUIET: (85, 97, 101), GRID: (219, 224, 225)}
_SOFT, _LINE, _TAKEN = (243, 246, 246), (217, 224, 225), (185, 79, 0)
_LONGEST_COLUMN, _LONGEST_WORD = 44, 70
_NOTE = f"Signs of names that this file's letters lack are shown as {LACKING}; the HTML file has them all."


def to_pdf(document: Document) -> bytes:
    """The whole file."""
    page = _Pages(document)
    page.front()
    for section in document.sections:
        page.section(section)
    return bytes(page.output())


class _Pages(FPDF):
    """A4 pages that are filled from top to bottom."""

    def __init__(self, document: Document) -> None:
        super().__init__(unit="pt", format="A4")
        folder = distribution("matplotlib").locate_file("matplotlib/mpl-data/fonts/ttf")
        for style, name in _FILES.items():
            self.add_font(_FAMILY, style, str(folder / name))
        self.document = document
        letters = [set(font.cmap) for font in self.fonts.values() if isinstance(font, TTFFont)]
        self.known_signs = set.intersection(*letters)
        self.str_alias_nb_pages = ""  # no word of a name is taken for the number of pages
        self.set_margins(_MARGIN_PT, _MARGIN_PT, _MARGIN_PT)
        self.set_auto_page_break(True, margin=_MARGIN_PT + 14)
        self.set_creation_date(datetime.fromtimestamp(document.dated_s, UTC).replace(microsecond=0))
        self.set_title(self.shown(document.title))
        self.set_lang("en")
        self.set_creator("Face Atlas")
        self.c_margin = 0
        self.write_in()
        self.add_page()

    # words

    def shown(self, text: str) -> str:
        """The text in signs that the letters have."""
        signs = (" " if unicodedata.category(sign)[0] in "ZC" else sign for sign in unicodedata.normalize("NFC", text))
        return "".join(sign if ord(sign) in self.known_signs else LACKING for sign in signs)

    def write_in(self, size: float = _BODY_PT, colour: tuple[int, int, int] = _COLOURS[INK], style: str = "") -> None:
        self.set_font(_FAMILY, style, size)
        self.set_text_color(*colour)

    def paragraph(self, text: str, space: float = 6, width: float = 0, lead: float = 1.42) -> None:
        """Words from the left margin on, in the letters that are set; ``space`` below."""
        height = self.font_size_pt * lead
        self.multi_cell(width, height, self.shown(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(space)

    @property
    def left_over(self) -> float:
        """What is free below, in points."""
        return float(self.page_break_trigger - self.y)

    def keep(self, height: float) -> None:
        """Begin a new page unless so much is free on this one."""
        if self.left_over < height and self.y > self.t_margin + 1:
            self.add_page()

    def footer(self) -> None:
        self.set_y(-_MARGIN_PT + 6)
        self.write_in(7, _COLOURS[QUIET])
        number = str(self.page_no())
        room = self.epw - 30
        self.cell(room, 10, self.cut_to(self.shown(self.document.subtitle), room))
        self.cell(30, 10, number, align="R")
        self.write_in()

    def cut_to(self, text: str, width: float) -> str:
        """The text, its end left out until it fits."""
        if self.get_string_width(text) <= width:
            return text
        while text and self.get_string_width(f"{text}…") > width:
            text = text[:-1]
        return f"{text}…"

    # parts

    def front(self) -> None:
        """Title, answer and the first numbers."""
        document = self.document
        lacking = self._lacks_signs()
        self.write_in(20, style="B")
        self.paragraph(document.title, 2, lead=1.2)
        self.write_in(_BODY_PT, _COLOURS[QUIET])
        self.paragraph(document.subtitle, 10)
        self.write_in(10.5)
        self.paragraph(document.answer, 10)
        self.stats(document.stats)
        if lacking:
            self.write_in(_SMALL_PT, _COLOURS[QUIET])
            self.paragraph(_NOTE, 8)
        self.write_in()

    def _lacks_signs(self) -> bool:
        """Whether anything that will be written has a sign that the letters lack."""
        return any(ord(sign) not in self.known_signs for sign in _letters(self.document) if sign.isprintable())

    def stats(self, stats: Sequence[Stat]) -> None:
        width, height = (self.epw - _GAP_PT * (len(stats) - 1)) / len(stats), 58.0
        top = self.y
        self.set_fill_color(*_SOFT)
        for column, stat in enumerate(stats):
            left = self.l_margin + column * (width + _GAP_PT)
            self.rect(left, top, width, height, style="F", round_corners=True, corner_radius=5)
            for text, below, size, colour, style in (
                (stat.name, 8, 7, _COLOURS[QUIET], ""),
                (stat.value, 20, 15, _COLOURS[INK], "B"),
                (stat.note, 41, 6.2, _COLOURS[QUIET], ""),
            ):
                self.write_in(size, colour, style)
                self.set_xy(left + 8, top + below)
                self.cell(width - 16, size * 1.25, self.cut_to(self.shown(text), width - 12))
        self.set_xy(self.l_margin, top + height + 14)

    def section(self, section: Section) -> None:
        """A heading, which the outline lists, and what is under it."""
        self.keep(130)
        self.ln(8)
        self.start_section(self.shown(section.title))
        self.set_draw_color(*_LINE)
        self.line(self.l_margin, self.y, self.w - self.r_margin, self.y)
        self.ln(9)
        self.write_in(13.5, style="B")
        self.paragraph(section.title, 4, lead=1.25)
        self.write_in()
        for charts, group in groupby(section.blocks, key=lambda block: isinstance(block, Figure)):
            if charts:
                self.figures([block for block in group if isinstance(block, Figure)])
            else:
                for block in group:
                    self.block(block)

    @singledispatchmethod
    def block(self, block: Block) -> None:
        raise TypeError(f"expected a block of a report, got {type(block).__name__}")

    @block.register
    def _(self, block: Paragraph) -> None:
        self.write_in(style="B" if block.strong else "")
        self.paragraph(block.text)
        self.write_in()

    @block.register
    def _(self, block: Bullets) -> None:
        for item in block.items:
            self.keep(2 * _BODY_PT)
            self.set_x(self.l_margin + 4)
            self.cell(10, _BODY_PT * 1.42, "•")
            self.multi_cell(0, _BODY_PT * 1.42, self.shown(item), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.ln(2.5)
        self.ln(4)

    @block.register
    def _(self, block: Facts) -> None:
        self.rows(block.caption, None, block.rows, (0.36, 0.64), ("L", "L"))

    @block.register
    def _(self, block: TableBlock) -> None:
        aligned = tuple("R" if at in block.right else "L" for at in range(len(block.columns)))
        self.rows(block.caption, block.columns, block.rows, _widths(block), aligned)

    def rows(
        self,
        caption: str,
        columns: tuple[str, ...] | None,
        rows: Sequence[tuple[str, ...]],
        widths: tuple[float, ...],
        aligned: tuple[str, ...],
    ) -> None:
        """A table under its caption; its headings come again on every page."""
        self.keep(64)
        self.write_in(style="B")
        self.paragraph(caption, 1)
        self.write_in(_SMALL_PT)
        self.set_draw_color(*_LINE)
        self.set_line_width(0.6)
        self.set_fill_color(255, 255, 255)
        with self.table(
            col_widths=widths,
            text_align=aligned,
            line_height=_SMALL_PT * 1.35,
            padding=(2.6, 5, 2.6, 1),
            v_align="T",
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            first_row_as_headings=columns is not None,
            headings_style=FontFace(emphasis="", color=_COLOURS[QUIET]),
            wrapmode=WrapMode.CHAR if any(_unbroken(row) for row in rows) else WrapMode.WORD,
        ) as table:
            for row in [*([columns] if columns else []), *rows]:
                table.row([self.shown(cell) for cell in row])
        self.write_in()
        self.ln(12)

    def figures(self, figures: Sequence[Figure]) -> None:
        """Charts that follow each other: two in a row where they are narrow."""
        waiting: list[Figure] = []
        for figure in figures:
            if figure.drawing.width > WIDTH:
                self.charts([figure])
            else:
                waiting.append(figure)
            if len(waiting) == 2:
                self.charts(waiting)
                waiting = []
        if waiting:
            self.charts(waiting)

    def charts(self, figures: Sequence[Figure]) -> None:
        """Charts side by side, one or two."""
        width = (self.epw - _GUTTER_PT) / 2 if figures[0].drawing.width <= WIDTH else self.epw
        scale = width / figures[0].drawing.width
        titles, notes = (
            [self.title_height(figure, width) for figure in figures],
            [self.note_height(figure, width) for figure in figures],
        )
        tallest = max(figure.drawing.height * scale for figure in figures)
        self.keep(max(titles) + tallest + max(notes) + 12)
        top = self.y
        for column, figure in enumerate(figures):
            left = self.l_margin + column * (width + _GUTTER_PT)
            self.write_in(style="B")
            self.set_xy(left, top)
            self.words_in(figure.title, width)
            self.draw(figure.drawing, left, top + max(titles) + 4, scale)
            self.write_in(_NOTE_PT, _COLOURS[QUIET])
            self.set_xy(left, top + max(titles) + 8 + figure.drawing.height * scale)
            self.words_in(figure.note, width)
        self.write_in()
        self.set_xy(self.l_margin, top + max(titles) + tallest + max(notes) + 22)

    def title_height(self, figure: Figure, width: float) -> float:
        self.write_in(style="B")
        return self.words_in(figure.title, width, dry=True)

    def note_height(self, figure: Figure, width: float) -> float:
        self.write_in(_NOTE_PT)
        return self.words_in(figure.note, width, dry=True) if figure.note else 0.0

    def words_in(self, text: str, width: float, *, dry: bool = False) -> float:
        """Words from here on in a column, in the letters that are set; gives their height."""
        height = self.multi_cell(
            width,
            self.font_size_pt * 1.35,
            self.shown(text),
            align="L",
            dry_run=dry,
            output=MethodReturnValue.HEIGHT,
            new_x=XPos.LEFT,
            new_y=YPos.NEXT,
        )
        return cast("float", height)

    @block.register
    def _(self, block: ErrorCards) -> None:
        for start in range(0, len(block.items), _CARDS_IN_ROW):
            self.cards(block.items[start : start + _CARDS_IN_ROW])
        self.ln(4)

    def cards(self, items: Sequence[ErrorCard]) -> None:
        """Errors side by side."""
        width = (self.epw - _GAP_PT * (_CARDS_IN_ROW - 1)) / _CARDS_IN_ROW
        pictures = _PICTURE_PT + 13 if any(mistake.pictures for mistake in items) else 0
        height = pictures + max(self.card_words(mistake, width - 12, dry=True) for mistake in items) + 14
        self.keep(height + 6)
        top = self.y
        for column, mistake in enumerate(items):
            left = self.l_margin + column * (width + _GAP_PT)
            self.set_draw_color(*_LINE)
            self.rect(left, top, width, height, round_corners=True, corner_radius=5)
            for number, picture in enumerate(mistake.pictures):
                self.picture(picture, left + 7 + number * (_PICTURE_PT + 8), top + 7)
            self.set_xy(left + 7, top + 7 + pictures)
            self.card_words(mistake, width - 12, dry=False)
        self.set_xy(self.l_margin, top + height + 9)
        self.write_in()

    def picture(self, picture: FacePicture, left: float, top: float) -> None:
        self.image(io.BytesIO(picture.jpeg), left, top, _PICTURE_PT, _PICTURE_PT, alt_text=self.shown(picture.alt_text))
        self.write_in(6, _COLOURS[QUIET])
        self.set_xy(left, top + _PICTURE_PT + 1)
        self.cell(_PICTURE_PT, 8, self.cut_to(self.shown(picture.under), _PICTURE_PT))

    def card_words(self, mistake: ErrorCard, width: float, *, dry: bool) -> float:
        """Who was taken for whom, and how sure it was; gives the height of it."""
        left, height = self.x, 0.0
        for text, size, colour, style in (
            (mistake.person, _BODY_PT, _COLOURS[INK], "B"),
            (f"✗ taken for {mistake.assigned_name}", _SMALL_PT, _TAKEN, ""),
            (mistake.certainty, 6.6, _COLOURS[QUIET], ""),
        ):
            self.write_in(size, colour, style)
            self.set_x(left)
            height += self.words_in(text, width, dry=dry)
        return height

    # drawings

    def draw(self, drawing: Drawing, left: float, top: float, scale: float) -> None:
        """A drawing with its top left corner at a place of the page."""
        for element in drawing.elements:
            self.draw_element(element, lambda x, y: (left + x * scale, top + y * scale), scale)

    def draw_element(
        self, element: DrawnElement, to_page: Callable[[float, float], tuple[float, float]], scale: float
    ) -> None:
        colour = _rgb(element.colour)
        self.set_draw_color(*colour)
        self.set_fill_color(*colour)
        if isinstance(element, Polyline):
            self.set_line_width(element.width * scale)
            self.set_dash_pattern(*((4, 2.4) if element.dashed else (0, 0)))
            self.polyline([to_page(x, y) for x, y in element.points])
            self.set_dash_pattern()
        elif isinstance(element, Area):
            with self.local_context(fill_opacity=element.opacity):
                self.polygon([to_page(x, y) for x, y in element.points], style="F")
        elif isinstance(element, Marker):
            self.mark(element, *to_page(element.x, element.y), scale)
        else:
            self.words(element, *to_page(element.x, element.y), scale)

    def mark(self, mark: Marker, x: float, y: float, scale: float) -> None:
        half = mark.size / 2 * scale
        if mark.shape is Shape.DISC:
            self.circle(x, y, half, style="F")
        elif mark.shape is Shape.SQUARE:
            self.rect(x - half, y - half, 2 * half, 2 * half, style="F")
        else:
            self.set_line_width(scale)
            self.line(x - half, y - half, x + half, y + half)
            self.line(x - half, y + half, x + half, y - half)

    def words(self, text: Text, x: float, y: float, scale: float) -> None:
        # DejaVu is wider than the letters that the room was measured for.
        self.write_in(0.95 * text.size * scale, _rgb(text.colour), "B" if text.bold else "")
        written = self.shown(text.text)
        wide = self.get_string_width(written)
        start = x - {Anchor.START: 0.0, Anchor.MIDDLE: 0.5, Anchor.END: 1.0}[text.anchor] * wide
        if text.turned_deg:
            with self.rotation(text.turned_deg, x, y):
                self.text(start, y, written)
        else:
            self.text(start, y, written)


def _rgb(colour: str) -> tuple[int, int, int]:
    if colour in _COLOURS:
        return _COLOURS[colour]
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


def _widths(table: TableBlock) -> tuple[float, ...]:
    """Room for each column by its longest word or cell, none narrower than its share of a narrow one."""
    longest = [
        max(
            *(
                len(row[column]) if column in table.code else min(len(row[column]), _LONGEST_COLUMN)
                for row in table.rows
            ),
            max(map(len, table.columns[column].split()), default=0),
            min(len(table.columns[column]), 12),
        )
        for column in range(len(table.columns))
    ]
    return tuple(4.0 + long for long in longest)


def _unbroken(row: tuple[str, ...]) -> bool:
    """Whether a cell has a word that no column is wide enough for."""
    return any(len(word) > _LONGEST_WORD for cell in row for word in cell.split())


def _letters(value: object) -> str:
    """Every text of a report, one after the other."""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return "".join(map(_letters, value))
    names = getattr(value, "__dataclass_fields__", {})
    return "".join(_letters(getattr(value, name)) for name in names)
