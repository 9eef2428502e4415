"""Writing down who looks: nobody waits, nothing is written twice, and a locked database loses nothing."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from core.base.errors import DataFolderFault
from core.store.audit_log import AuditAction, AuditEntry, AuditFilter, AuditLine
from core.workflows.audit.listing import AuditFormat, encode_audit_log
from core.workflows.audit.recorder import REPEAT_S, AuditRecorder
from tests.waiting import wait_until

LOOK = AuditEntry(
    at=1000.0, viewer="ann@example.org", action=AuditAction.VIEWED, occasion="person", dataset_id="d", person_id=3
)


@dataclass
class RememberedLog:
    """A log of lines in memory, which cannot be written while it is locked."""

    written: list[AuditEntry] = field(default_factory=list)
    is_locked: bool = False

    def add(self, entries: Sequence[AuditEntry]) -> None:
        if self.is_locked:
            raise DataFolderFault("locked")
        self.written += entries

    def lines(self, asked: AuditFilter):
        return (AuditLine(number, entry, is_erased=False) for number, entry in enumerate(self.written, 1))


def test_a_look_that_a_page_draws_again_counts_once_in_a_while_and_an_export_each_time() -> None:
    log = RememberedLog()
    recorder = AuditRecorder(log)
    export = replace(LOOK, action=AuditAction.EXPORTED)
    looks = [replace(LOOK, at=LOOK.at + seconds) for seconds in (0.0, 1.0, REPEAT_S - 1, REPEAT_S, REPEAT_S + 1)]
    for entry in [*looks, replace(LOOK, person_id=4), export, export]:
        recorder.record(entry)
    recorder.write()
    assert log.written == [looks[0], looks[3], replace(LOOK, person_id=4), export, export]


def test_what_cannot_be_written_now_is_written_later_in_its_order() -> None:
    log = RememberedLog(is_locked=True)
    recorder = AuditRecorder(log)
    recorder.record(LOOK)
    recorder.write()
    recorder.record(replace(LOOK, person_id=4))
    log.is_locked = False
    recorder.write()
    assert [entry.person_id for entry in log.written] == [3, 4]


def test_it_writes_by_itself_and_nothing_where_it_is_off() -> None:
    log, silent = RememberedLog(), RememberedLog()
    AuditRecorder(silent, is_on=False).record(LOOK)
    AuditRecorder(log).record(LOOK)
    wait_until(lambda: log.written == [LOOK], "the line")
    assert silent.written == []


def test_the_files_hold_every_line_and_run_nothing_in_a_spreadsheet() -> None:
    log = RememberedLog([LOOK, replace(LOOK, viewer="=cmd()", person_id=None)])
    table = encode_audit_log(log, AuditFilter(), AuditFormat.CSV).decode("utf-8-sig")
    first, second = csv.DictReader(io.StringIO(table))
    assert (first["time"], first["person"], first["of"]) == ("1970-01-01T00:16:40+00:00", "3", "person")
    assert (second["viewer"], second["of"]) == ("'=cmd()", "dataset")
    lines = encode_audit_log(log, AuditFilter(), AuditFormat.JSONL).decode().splitlines()
    assert [json.loads(line)["person"] for line in lines] == [3, None]
