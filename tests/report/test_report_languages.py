"""A report is in one language from its title to its footer, whatever is spoken where its files are written."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from gettext import NullTranslations

import pytest
from pypdf import PdfReader

from core.language import said_before, texts
from core.language.languages import LANGUAGES, Language
from core.language.texts import speaking
from core.report.html import to_html
from core.report.pdf import to_pdf
from core.report.writing import report_facts, write_report
from tests.report.made import material, study, with_threshold
from tests.report.reading import KINDS, Page, pdf_text

LOUD = Language("de", "a language in which every text of the catalogue has capital letters alone", decimal_sign=",")
"""Writes days as German does."""
NAMES_OF_OTHERS = re.compile(
    r"Ann Lee|Ann\b|Bob|Cat\b|Dora|person \d+|Family & friends|a1b2c3d4e5f6|facenet-128|embed\.xml|"
    r"sha256|\b(?:aa|bb|cc|ab){32}|Python|\d+ (?:ms|µs)\b"
)
"""Values, which are the same in every language."""
KINDS_WITH_OTHER_WORDS = ("no errors", "a study", "no strangers, no pairs", "without faces")


class Loud(NullTranslations):
    """Translates into capital letters, but for the names of values."""

    def gettext(self, message: str) -> str:
        return "".join(part if part.startswith("{") else part.upper() for part in re.split(r"(\{\w+\})", message))

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)


def told(html: bytes) -> Iterator[str]:
    """Every text of a report: what is seen, and what is read aloud."""
    page = Page(re.sub(rb"<style>.*?</style>", b"", html, flags=re.DOTALL))
    yield from page.texts
    for _, attributes in page.tags:
        yield from (attributes[name] or "" for name in ("alt", "aria-label") if name in attributes)


@pytest.mark.parametrize("kind", [*KINDS_WITH_OTHER_WORDS, "a limit of the model's own"])
def test_a_report_says_nothing_outside_of_the_catalogue(kind: str, monkeypatch: pytest.MonkeyPatch):
    for module in (texts, said_before):
        monkeypatch.setattr(module, "load_translations", lambda language: Loud())
    of = KINDS.get(kind) or with_threshold(material(study=study()), from_prior=True)
    with speaking(LOUD):
        document = write_report(of)
        facts = report_facts(document)
    for text in (*told(to_html(document)), *(part for fact in facts for part in fact)):
        assert not re.search("[a-z]{2}", NAMES_OF_OTHERS.sub("", text)), text


def test_a_german_report_has_german_words_numbers_and_days_in_both_files():
    with speaking(LANGUAGES["de"]):
        document = write_report(material(study=study()))
    html, pdf = to_html(document), to_pdf(document)
    assert b"<html lang='de'>" in html and PdfReader(io.BytesIO(pdf)).root_object["/Lang"] == "de"
    page, paper = Page(html).text, pdf_text(pdf)
    for part in ("Wie gut kennt er", "83,3", "14.11.2023, 22:13", "Schwelle 1,50", "wie oft er richtig war", "mit Bob"):
        assert part in page and part in paper
    assert "83.3" not in page + paper
