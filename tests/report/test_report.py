"""The two files of a report: the same bytes each time, the same words in both, every name shown."""

from __future__ import annotations

import base64
import io
import re

import pytest
from pypdf import PdfReader

from core.report.content import Figure
from core.report.html import to_html
from core.report.pdf import LACKING, to_pdf
from core.report.writing import write_report
from tests.report.made import jpeg, material, study
from tests.report.reading import KINDS, Page, figure, pdf_text, words, written


@pytest.mark.parametrize("kind", ["a study", "three hundred people"])
def test_the_same_run_gives_the_same_bytes(kind):
    """Between them they have every section, chart and table."""
    again = write_report(KINDS[kind])
    assert to_html(again) == written(kind).html and to_pdf(again) == written(kind).pdf


@pytest.mark.parametrize("kind", KINDS)
def test_both_files_hold_every_section_and_the_hashes(kind):
    text, page = pdf_text(written(kind).pdf), Page(written(kind).html).text
    for section in written(kind).document.sections:
        assert section.title in text and section.title in page
    for part in ("a1b2c3d4e5f6", "ab" * 32, "Do not decide about people by this report"):
        assert part in page and part in re.sub(r"\s+", " ", text)


def test_names_are_escaped_and_keep_their_letters():
    people = ("Zoë <b>Lee</b> & Co", "Łukasz_$x$ {nb}", "山田_太郎")
    document = write_report(material(people, study=study()))
    page = Page(to_html(document))
    assert "b" not in {tag for tag, _ in page.tags}
    for name in ("Zoë <b>Lee</b> & Co", "Łukasz $x$ {nb}", "山田 太郎"):
        assert name in page.text
    text = pdf_text(to_pdf(document))
    assert "Zoë <b>Lee</b> & Co" in text and "Łukasz $x$ {nb}" in text
    assert f"{2 * LACKING} {2 * LACKING}" in text and "the HTML file has them all" in text
    assert "the HTML file has them all" not in pdf_text(written("some errors").pdf)


def test_charts_hold_the_same_words_in_both_files_and_say_what_they_show():
    document = write_report(material(("Zoë_Lee", "Bob", "山田_太郎"), study=study()))
    html, pdf = to_html(document), to_pdf(document)
    page, text = Page(html).text, pdf_text(pdf)
    for word in ("how sure it was (mean probability)", "score", "two people accepted (FAR)", "limit 1.50", "of 4"):
        assert word in page and word in text
    labels = [
        value
        for tag, attributes in Page(html).tags
        for name, value in attributes.items()
        if tag == "svg" and name == "aria-label"
    ]
    charts = [block for section in document.sections for block in section.blocks if isinstance(block, Figure)]
    assert labels == [block.alt_text for block in charts] and len(charts) == 10
    recall = next(block for block in charts if block.alt_text.startswith("Share recognised"))
    assert "山田 太郎" in words(recall) and f"{2 * LACKING} {2 * LACKING}" in text  # it stands in this chart alone


def test_names_that_look_like_markup_stay_names():
    people = ('a version="1.1"', "#556165 #1b2426", "a\x07b\x1bc", "{{ 7 * 7 }}{% raw %}", "&lt;&amp;")
    document = write_report(material(people, each=1, wrong=len(people)))
    page, text = Page(to_html(document)).text, pdf_text(to_pdf(document))
    charts = [words(figure(document, start)) for start in ("Share recog", "Confusion")]
    for name in people:
        shown = re.sub(r"[\x00-\x1f]", " ", name)
        assert name in page and shown in text
        assert all(any(shown in word for word in chart) for chart in charts), name


def test_pictures_of_people_are_in_both_files_or_in_none():
    with_faces, without = written("some errors"), written("without faces")
    picture = base64.b64encode(jpeg(40)).decode()
    assert picture in with_faces.html.decode() and picture not in without.html.decode()
    assert b"data:image" not in without.html and b"Pictures of people are left out" in without.html
    images = [len(page.images) for page in PdfReader(io.BytesIO(with_faces.pdf)).pages]
    assert sum(images) == 4
    assert not any(page.images for page in PdfReader(io.BytesIO(without.pdf)).pages)
