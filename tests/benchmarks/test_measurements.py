"""Measurements that are made by hand still run, and on few faces give what they give on many."""

from __future__ import annotations

import pytest

from core.learn.classification import solver
from core.learn.classification.classifier_kinds import ClassifierKind
from tests.benchmarks.grouping import draw_people, draw_vectors, measure_grouping
from tests.benchmarks.many_people import draw_faces, fit_recogniser, measure_decisions
from tests.benchmarks.neighbours import measure_index


def test_an_index_of_few_faces_misses_no_neighbour():
    measured = measure_index(n_faces=3000, n_people=150, n_probes=20)
    assert measured["recall_at_10"] == 1.0


def test_few_people_are_grouped():
    people = draw_people(600, 30, stranger_share=0.1)
    assert measure_grouping(draw_vectors(people), people)["faces"] == 600


def test_people_who_are_held_against_their_nearest_alone_are_named_as_well(monkeypatch: pytest.MonkeyPatch):
    faces, tested, unknown = draw_faces(110)

    def measure() -> dict[str, float]:
        recogniser, gallery, _ = fit_recogniser(faces, ClassifierKind.LINEAR_SVM)
        return measure_decisions(recogniser, gallery, tested, unknown)["at_0.01"]

    exact = measure()
    monkeypatch.setattr(solver, "COMPARED_WITH_ALL", 100)
    monkeypatch.setattr(solver, "NEAREST_PEOPLE", 32)
    nearest = measure()
    assert nearest["right_names"] == pytest.approx(exact["right_names"], abs=0.005), "half a point"
    assert nearest["strangers_named"] == pytest.approx(exact["strangers_named"], abs=0.005)
