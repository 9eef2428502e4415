"""Tables that pages show, as CSV files: of an ingest's files and of the people of an evaluation.

Both go through the project's one writer of CSV, which keeps names from being taken for formulas.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.formats.tables import encode_csv
from core.learn.metrics.classification import Evaluation
from core.store.values.datasets import FileOutcome, FileReport

FILE_COLUMNS = ("file", "result", "faces", "person", "split", "reason")
PERSON_COLUMNS = ("person", "precision", "recall", "f1", "support")


def file_report_csv(reports: Sequence[FileReport], results: Mapping[FileOutcome, str]) -> bytes:
    """A row for each file of an ingest, with ``results`` as the words for what became of it."""
    rows = [
        {
            "file": report.name,
            "result": results[report.outcome],
            "faces": report.faces,
            "person": report.person or "",
            "split": report.split or "",
            "reason": report.reason,
        }
        for report in reports
    ]
    return b"".join(encode_csv([rows], FILE_COLUMNS))


def people_csv(evaluation: Evaluation) -> bytes:
    """A row for each person of an evaluation, the lowest F1 first, names as they are in the dataset."""
    # The name breaks ties, so that two exports of one run are the same file.
    ordered = sorted(evaluation.per_person, key=lambda person: (person.f1, person.person))
    rows = [{name: getattr(person, name) for name in PERSON_COLUMNS} for person in ordered]
    return b"".join(encode_csv([rows], PERSON_COLUMNS))
