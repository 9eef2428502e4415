"""The report on paper: dated, with an outline, its pictures described."""

from __future__ import annotations

import io
from dataclasses import replace

from pypdf import PdfReader

from core.report.content import Figure, Section, TableBlock
from core.report.pdf import to_pdf
from core.report.writing import write_report
from tests.report.made import material


def test_the_pdf_is_dated_by_the_training_and_has_an_outline():
    reader = PdfReader(io.BytesIO(to_pdf(write_report(material()))))
    assert reader.metadata.creation_date.timestamp() == 1_700_000_000
    assert [entry.title for entry in reader.outline][:2] == ["Data", "Protocol"]


def test_pictures_and_charts_are_described_for_those_who_do_not_see_them():
    document = write_report(material(wrong=2))
    reader = PdfReader(io.BytesIO(to_pdf(document)))
    entries = [entry for entry in map(reader.get_object, range(1, len(reader.xref[0]) + 1)) if isinstance(entry, dict)]
    # The letters of the PDF have no space of their own that does not break.
    described = {str(entry["/Alt"]).replace("\xa0", " ") for entry in entries if "/Alt" in entry}
    charts = [block for section in document.sections for block in section.blocks if isinstance(block, Figure)]
    assert described == {
        *(block.alt_text.replace("\xa0", " ").replace("\u202f", " ") for block in charts),
        "Face of Ann Lee, taken for Bob",
        "A face of Bob that was learned",
    }


def test_a_table_longer_than_a_page_says_its_headings_again():
    rows = tuple((f"person {number:03d}", "1") for number in range(120))
    section = Section("long", "Long", (TableBlock("Everybody", ("Person", "Times"), rows, right=frozenset({1})),))
    pages = PdfReader(io.BytesIO(to_pdf(replace(write_report(material()), sections=(section,))))).pages
    texts = [page.extract_text() for page in pages]
    assert len(pages) >= 3 and all("Times" in text for text in texts) and "person 119" in texts[-1]
