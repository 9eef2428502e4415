"""The report as values, as HTML and as PDF: the same bytes each time, nothing from elsewhere, every name shown."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from pypdf import PdfReader

from core.report.content import Document, ErrorCards, Figure, TableBlock
from core.report.html import to_html
from core.report.pdf import LACKING, to_pdf
from core.report.writing import write_report
from tests.report.made import jpeg, material, study, with_threshold

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


def pdf_text(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def figure(document: Document, starts: str) -> Figure:
    """The chart whose description starts so."""
    found = [block for section in document.sections for block in section.blocks if isinstance(block, Figure)]
    return next(one for one in found if one.alt_text.startswith(starts))


def words(block: Figure) -> list[str]:
    """What stands in a chart."""
    return [text for text in Page(block.plot.svg.encode()).texts if text.strip()]


def limits(document: Document) -> str:
    section = next(one for one in document.sections if one.id == "limits")
    return "\n".join(section.blocks[0].items)


# both files


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


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_loads_nothing_and_runs_nothing(kind):
    page = Page(to_html(write_report(KINDS[kind])))
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "base", "form"}
    addresses = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "action", "data", "poster", "xlink:href"}
    ]
    assert addresses and all(re.match(r"#\w|data:image/jpeg;base64,", address) for address in addresses)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not re.search(r"url\(|@import|https?:", page.text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_and_table_says_what_it_is(kind):
    page = Page(to_html(write_report(KINDS[kind])))
    pictures = [(tag, attributes) for tag, attributes in page.tags if tag in {"img", "svg"}]
    assert pictures and all(attributes.get("alt") or attributes.get("aria-label") for _, attributes in pictures)
    counted = {name: sum(tag == name for tag, _ in page.tags) for name in ("table", "caption", "thead", "h1")}
    assert counted["table"] == counted["caption"] > counted["thead"] and counted["h1"] == 1


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
    for word in ("how sure it was (mean probability)", "likeness", "two people accepted (FAR)", "limit 1.50", "of 4"):
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


def test_what_a_page_refers_to_has_a_name_of_its_own():
    html = to_html(write_report(material(study=study()))).decode()
    names = re.findall(r"\bid=['\"]([^'\"]+)", html)
    assert len(names) == len(set(names))
    referred = re.findall(r"(?:url\(|href=['\"])#([\w-]+)", html)
    assert len(referred) > 10 and set(referred) <= set(names)


def test_colours_of_charts_follow_the_page():
    html = to_html(write_report(material())).decode()
    charts = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert "currentColor" in charts and "var(--quiet)" in charts and "var(--grid)" in charts
    assert not re.search("#1b2426|#556165|#d9e0e1|DejaVu", charts)


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


def test_the_pdf_is_dated_by_the_training_and_has_an_outline():
    reader = PdfReader(io.BytesIO(to_pdf(write_report(material()))))
    assert reader.metadata.creation_date.timestamp() == 1_700_000_000
    assert [entry.title for entry in reader.outline][:2] == ["Data", "Protocol"]


# what it says


def test_the_first_numbers_are_those_of_the_evaluation():
    document = write_report(material(each=4, wrong=2))
    assert document.answer.startswith("Right for 10 of 12 faces")
    assert document.stats[0].value == "83.3 %" and "55.2 % to 95.3 %" in document.stats[0].note


def test_the_confusion_shows_the_confused_with_their_counts():
    chart = figure(write_report(material(each=4, wrong=2)), "Confusion")
    assert chart.title == "2 of 2 errors are Ann Lee taken for Bob"
    assert words(chart).count("Ann Lee") == 2 and words(chart).count("of 4") == 2
    assert chart.chart.counts.tolist() == [[2, 2], [0, 4]]
    bold = re.findall(r"font-weight: 700[^>]*>([^<]*)<", chart.plot.svg)
    assert chart.plot.svg.count("fill: #d55e00") == 1 and bold == ["2"] and "Cat" not in words(chart)


def test_of_many_people_the_hardest_are_drawn_and_listed():
    document = write_report(material(MANY, each=3, wrong=3))
    chart = figure(document, "Share recognised")
    assert chart.title == "299 of 300 tested people were always recognised"
    assert len(chart.chart.rows) == 20 and words(chart).count("0 of 3") == 1
    table = next(
        block
        for section in document.sections
        for block in section.blocks
        if isinstance(block, TableBlock) and block.caption.startswith("Who was not always named rightly")
    )
    assert [row[:3] for row in table.rows] == [("person 000", "0 %", "0 %"), ("person 001", "100 %", "50 %")]


def test_hidden_people_stand_beside_known_ones_with_the_limit():
    chart = figure(write_report(material()), "Histogram of the likeness")
    assert {"known, rightly named", "left out in turn", "limit 1.50"} <= {*words(chart)}
    assert chart.title == "100 % of the rightly named faces are above the limit, 0 % of strangers"
    assert chart.plot.svg.count("<use ") == 2  # crosses, for the two wrong names
    alone = figure(write_report(material(strangers=False)), "Histogram of the likeness")
    assert "left out in turn" not in words(alone)


def test_a_study_adds_its_charts_and_leaves_out_what_tells_nothing():
    document = write_report(material(study=study()))
    assert figure(document, "Learning curve").title == "70 % right with 1 photo of each person, 90 % with 5"
    slices = figure(document, "Accuracy by slices")
    assert slices.title == "Hardest: face size below 40 px, 60 % of 5 faces right"
    assert "not measured" not in words(slices)
    classifiers = words(figure(document, "Accuracy: "))
    assert "92 %" in classifiers and "Always the most frequent person" not in classifiers
    assert len({word for word in classifiers if word.startswith("Linear")}) == 2  # cut, and still told apart


def test_errors_say_whether_the_name_would_have_been_given():
    document = write_report(material(wrong=2))
    cards = next(block for section in document.sections for block in section.blocks if isinstance(block, ErrorCards))
    assert [card.person for card in cards.items] == ["Ann Lee", "Ann Lee"] and "above the limit" in cards.items[
        0
    ].certainty
    stricter = write_report(with_threshold(material(wrong=2), score=2.5))
    cards = next(block for section in stricter.sections for block in section.blocks if isinstance(block, ErrorCards))
    assert "would be called unknown" in cards.items[0].certainty


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (material(each=4), "Only 12 faces could be tested, so the accuracy is anything from 55.2 % to 95.3 %."),
        (material(each=2, wrong=0), "3 people had fewer than 3 tested faces"),
        (material(), "1 person took no part"),
        (material(), "these rates cannot be promised: 0.5 %, 0.2 %, 0.1 %."),
        (with_threshold(material(), from_prior=True), "3 people are too few to learn when to say"),
        (with_threshold(material(), score=3.9), "91.7 % of the known faces would be called unknown"),
        (material(), "1 of 12 tested faces are narrower than 40 pixels"),
        (replace(material(), revision_now=9), "Photos or names changed since the training."),
        (material(), "measured on one division"),
    ],
    ids=["wide", "few each", "left out", "rates", "prior", "unknown", "small", "stale", "no study"],
)
def test_limits_are_told_from_the_numbers(given, said):
    assert said in limits(write_report(given))


def test_what_does_not_limit_is_not_told():
    told = limits(write_report(material(each=400, wrong=0, study=study())))
    for absent in ("could be tested", "fewer than", "changed since", "one division", "called unknown"):
        assert absent not in told
