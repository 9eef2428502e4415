"""What an auditor reads of the log: lines with the words of today, files to take along, and how long lines stay.

Files hold ids and no names: a person who is erased later is not in a file that somebody has kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from core.base import words
from core.base.json_values import Json
from core.formats.tables import encode_csv
from core.store.audit_log import AuditFilter, AuditLine, AuditLog
from core.store.protocols import FaceStore

ROWS_A_PAGE = 1000
COLUMNS = ("id", "time", "viewer", "action", "occasion", "dataset", "person", "of")
"""Of a file; ``of`` is "person", "erased person", or "dataset": all of it, or nobody whom it knows."""


class AuditFormat(StrEnum):
    """As what the log can be taken along."""

    CSV = "csv"
    JSONL = "jsonl"


@dataclass(frozen=True, slots=True)
class DatasetNames:
    """What a dataset and its people are called today."""

    title: str
    people: Mapping[int, str]


def read_todays_names(store: FaceStore, lines: Sequence[AuditLine]) -> dict[str, DatasetNames]:
    """Of the datasets that lines speak of, by id; those that are gone are left out."""
    mentioned = {line.entry.dataset_id for line in lines}
    return {
        dataset.id: DatasetNames(dataset.name, store.names(dataset.id))
        for dataset in store.datasets()
        if dataset.id in mentioned
    }


def encode_audit_log(audit_log: AuditLog, asked: AuditFilter, file_format: AuditFormat) -> bytes:
    """The lines that are asked for as a file, the oldest first."""
    rows = map(line_json, audit_log.lines(asked))
    if file_format is AuditFormat.CSV:
        pages = iter(lambda: list(islice(rows, ROWS_A_PAGE)), [])
        return b"".join(encode_csv(pages, COLUMNS))
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


def line_json(line: AuditLine) -> dict[str, Json]:
    """A line as files and the command line give it; its fields are ``COLUMNS``."""
    entry = line.entry
    of_one = "erased person" if line.is_erased else "person"
    return {
        "id": line.id,
        "time": words.utc_time(entry.at),
        "viewer": entry.viewer,
        "action": entry.action.value,
        "occasion": entry.occasion,
        "dataset": entry.dataset_id,
        "person": entry.person_id,
        "of": of_one if line.is_erased or entry.person_id is not None else "dataset",
    }


def remove_old_lines(audit_log: AuditLog, days: int, now: float) -> int:
    """Remove what is older than so many days, all where they are 0; how many lines that were."""
    return audit_log.remove_before(now - days * words.DAY_S)
