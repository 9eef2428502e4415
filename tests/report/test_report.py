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
from tests.report.reading import KINDS, Page, figure, pdf_text, words


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_run_gives_the_same_bytes(kind):
    given = KINDS[kind]
    assert to_html(write_report(given)) == to_html(write_report(given))
    assert to_pdf(write_report(given)) == to_pdf(write_report(given))


@pytest.mark.parametrize("kind", KINDS)
def test_both_files_hold_every_section_and_the_hashes(kind):
    document = write_report(KINDS[kind])
    text = pdf_text(to_pdf(document))
    page = Page(to_html(document)).text
    for section in document.sections:
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
    assert "the HTML file has them all" not in pdf_text(to_pdf(write_report(material())))


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


@pytest.mark.parametrize(
    "name", ['a version="1.1"', "#556165 #1b2426", "a\x07b\x1bc", "{{ 7 * 7 }}{% raw %}", "&lt;&amp;"]
)
def test_a_name_that_looks_like_markup_stays_a_name(name):
    document = write_report(material((name, "Bob")))
    shown = re.sub(r"[\x00-\x1f]", " ", name)
    assert name in Page(to_html(document)).text and any(
        shown in word for word in words(figure(document, "Share recog"))
    )
    assert shown in pdf_text(to_pdf(document))


def test_pictures_of_people_are_in_both_files_or_in_none():
    given = material(wrong=2)
    with_faces, without = write_report(given), write_report(material(wrong=2, faces=False))
    written = base64.b64encode(jpeg(40)).decode()
    assert written in to_html(with_faces).decode() and written not in to_html(without).decode()
    assert b"data:image" not in to_html(without) and b"Pictures of people are left out" in to_html(without)
    images = [len(page.images) for page in PdfReader(io.BytesIO(to_pdf(with_faces))).pages]
    assert sum(images) == 4
    assert not any(page.images for page in PdfReader(io.BytesIO(to_pdf(without))).pages)
