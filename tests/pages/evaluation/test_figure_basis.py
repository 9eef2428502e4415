"""What the figure rests on, said under it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.store.values.runs import Run
from core.ui.evaluation.figure_basis import describe_figure_basis
from core.workflows.evaluation.naming_basis import NamingBasis
from tests.pages.conftest import EVALUATE, texts


@pytest.fixture
def run(trained) -> Run:
    return trained.runs.runs(trained.store.datasets()[0].id)[0]


def said(run: Run, *counts: int, people: int = 40, accuracy: float = 0.99) -> str:
    metrics = replace(run.metrics, n_people=people, accuracy=accuracy, accuracy_ci95=(0.867, 1.0))
    return " ".join(describe_figure_basis(NamingBasis(*counts), replace(run, metrics=metrics)))


def test_faces_named_in_groups_are_said_to_be_easy(run):
    assert said(run, 100, 20, 300) == (
        "It rests on 420 test faces of 40 people, 100 named by their folders, 20 named one by one, 300 named in "
        "groups. 300 test faces were named in groups: what is easy to group is easy to recognise, and on harder "
        "faces it may be right less often."
    )


def test_many_faces_of_many_people_from_folders_are_said_and_no_more(run):
    assert said(run, 400, 0, 0) == "It rests on 400 test faces of 40 people, named by their folders."


@pytest.mark.parametrize(("people", "faces"), [(5, 400), (40, 25)], ids=["few people", "few faces"])
@pytest.mark.parametrize("accuracy", [0.99, 1.0])
def test_few_are_said_to_be_few_at_100_percent_too(run, people, faces, accuracy):
    assert "That is few: on other faces of theirs it may be as low as 86.7\u00a0%" in said(
        run, faces, 0, 0, people=people, accuracy=accuracy
    )


def test_the_page_says_it_under_the_figure(trained, open_page):
    spoken = texts(open_page(EVALUATE))
    assert "It rests on 25 test faces of 5 people, named by their folders. That is few" in spoken
