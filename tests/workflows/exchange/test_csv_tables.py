"""CSV files of pages: names that a spreadsheet would take for formulas are guarded in every one of them."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from core.learn.metrics.classification import evaluate_predictions
from core.store.values.datasets import FileOutcome, FileReport
from core.workflows.exchange.csv_tables import file_report_csv, people_csv

FORMULAS = ("=1+1", "+1", "-1", "@sum", "\tx", "\rx", "\nx", "\uff1d1")


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("name", FORMULAS)
def test_the_report_of_files_guards_names_and_reasons(name: str) -> None:
    report = FileReport(
        position=0, name=name, outcome=FileOutcome.REFUSED, faces=0, person=name, split=None, reason=name
    )
    (row,) = read_csv(file_report_csv([report], {FileOutcome.REFUSED: "refused"}))
    assert (row["file"], row["person"], row["reason"]) == (f"'{name}",) * 3
    assert (row["result"], row["faces"], row["split"]) == ("refused", "0", "")


def test_the_table_of_people_guards_names_and_starts_with_the_worst() -> None:
    people = ("=Ann", "Bob")
    probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]])
    evaluation = evaluate_predictions(people, np.array([0, 1, 1]), np.array([0, 0, 1]), probs)
    rows = read_csv(people_csv(evaluation))
    assert {row["person"] for row in rows} == {"'=Ann", "Bob"}
    assert [float(row["f1"]) for row in rows] == sorted(float(row["f1"]) for row in rows)


def test_names_of_any_script_and_quotes_come_through() -> None:
    report = FileReport(
        position=0, name='Zoë; "名前",\n.jpg', outcome=FileOutcome.TAKEN, faces=1, person=None, split=None, reason=""
    )
    (row,) = read_csv(file_report_csv([report], {FileOutcome.TAKEN: "taken"}))
    assert row["file"] == 'Zoë; "名前",\n.jpg'
