"""What a report says: the numbers of the evaluation, and what limits them."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from core.learn.metrics.bootstrap import Interval
from core.learn.metrics.run_values import RunUpdate
from core.report.content import Document, ErrorCards, TableBlock
from core.report.material import ReportMaterial
from core.report.writing import write_report
from tests.report.made import material, study, with_threshold
from tests.report.reading import MANY, figure, words


def limits(document: Document) -> str:
    section = next(one for one in document.sections if one.id == "limits")
    return "\n".join(section.blocks[0].items)


def test_the_first_numbers_are_those_of_the_evaluation():
    document = write_report(material(each=4, wrong=2))
    assert document.answer.startswith("Right for 10 of 12 faces")
    assert document.stats[0].value == "83.3\u00a0%" and "55.2\u00a0% to 95.3\u00a0%" in document.stats[0].note


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
    assert [row[:3] for row in table.rows] == [
        ("person 000", "0\u00a0%", "0\u00a0%"),
        ("person 001", "100\u00a0%", "50\u00a0%"),
    ]


def test_hidden_people_stand_beside_known_ones_with_the_limit():
    chart = figure(write_report(material()), "Histogram of the score")
    assert {"known, rightly named", "left out in turn", "limit 1.50"} <= {*words(chart)}
    assert chart.title == "100\u00a0% of the rightly named faces are above the limit, 0\u00a0% of strangers"
    assert chart.plot.svg.count("<use ") == 2  # crosses, for the two wrong names
    alone = figure(write_report(material(strangers=False)), "Histogram of the score")
    assert "left out in turn" not in words(alone)


def test_a_study_adds_its_charts_and_leaves_out_what_tells_nothing():
    document = write_report(material(study=study()))
    assert figure(document, "Learning curve").title == "70\u00a0% right with 1 photo of each person, 90\u00a0% with 5"
    slices = figure(document, "Accuracy by slices")
    assert slices.title == "Hardest: face size below 40 px, 60\u00a0% of 5 faces right"
    assert "not measured" not in words(slices)
    even = write_report(material(study=replace(study(), accuracy=Interval(0.6, 0.5, 0.7))))
    assert figure(even, "Accuracy by slices").title.startswith("No kind of face is harder than the others")
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


def updated(told: ReportMaterial, **counts: int) -> ReportMaterial:
    """The material of a recogniser that learned on after its training."""
    update = RunUpdate(trained="ab12", trained_at=0.0, mean_faces=4.0, rows_refitted=2, **counts)
    return replace(told, run=replace(told.run, params=replace(told.run.params, updated=update)))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            material(each=4),
            "Only 12 faces could be tested, so the accuracy is anything from 55.2\u00a0% to 95.3\u00a0%.",
        ),
        (material(each=2, wrong=0), "3 people had fewer than 3 tested faces"),
        (material(), "1 person took no part"),
        (material(), "these rates cannot be promised: 0.5\u00a0%, 0.2\u00a0%, 0.1\u00a0%."),
        (with_threshold(material(), from_prior=True), "3 people are too few to learn when to say"),
        (with_threshold(material(), score=3.9), "91.7\u00a0% of the known faces would be called unknown"),
        (material(), "1 of 12 tested faces are narrower than 40 pixels"),
        (replace(material(), revision_now=9), "Photos or names changed since the training."),
        (updated(material(), people_added=2, people_removed=1), "2 people came and 1 person went since the training."),
        (updated(material(), people_added=0, people_removed=0), "Faces or names changed since the training."),
        (material(), "measured on one division"),
    ],
    ids=["wide", "few each", "left out", "rates", "prior", "unknown", "small", "stale", "came", "changed", "no study"],
)
def test_limits_are_told_from_the_numbers(given, said):
    assert said in limits(write_report(given))


def test_what_does_not_limit_is_not_told():
    told = limits(write_report(material(each=400, wrong=0, study=study())))
    for absent in ("could be tested", "fewer than", "changed since", "one division", "called unknown"):
        assert absent not in told
