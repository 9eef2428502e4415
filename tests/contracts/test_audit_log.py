"""The access log on both databases: lines come in, are asked for, grow old; and who is erased is in none of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.base.types import Split
from core.store.audit_log import AuditAction, AuditEntry, AuditFilter
from core.store.sql.audit.log import SqlAuditLog
from core.store.sql.corrections import SqlCorrectionLog
from core.store.sql.database import open_database
from core.store.sql.erasure import SqlEraseStore
from core.store.sql.faces import SqlFaceStore
from core.store.sql.whole_copy import StoreCopy
from core.store.values.datasets import IngestBatch, PhotoLabel
from tests.stored_faces import stored_face

EVERYTHING = AuditFilter()


@pytest.fixture
def engine(database_address: str) -> Iterator[Engine]:
    opened = open_database(database_address)
    yield opened
    opened.dispose()


@pytest.fixture
def dataset_id(engine: Engine) -> str:
    """Ada, Bo, and their faces."""
    store = SqlFaceStore(engine)
    dataset = store.create_dataset("Invented", "facenet-128")
    names = "Ada", "Bo"
    photos, faces = zip(*(stored_face(number, name, None) for number, name in enumerate(names)), strict=True)
    labels = [PhotoLabel(name, Split.TRAIN) for name in names]
    store.add(dataset.id, "", IngestBatch(list(zip(photos, labels, strict=True)), faces))
    return dataset.id


def entry(at: float, dataset_id: str, person_id: int | None = None, viewer: str = "ann@example.org") -> AuditEntry:
    action = AuditAction.VIEWED if person_id else AuditAction.EXPORTED
    return AuditEntry(
        at=at, viewer=viewer, action=action, occasion="person", dataset_id=dataset_id, person_id=person_id
    )


def person_ids(engine: Engine, dataset_id: str) -> dict[str, int]:
    return {person.name: person.id for person in SqlFaceStore(engine).people(dataset_id)}


def test_lines_are_asked_for_by_who_did_what_with_whom_and_when(engine: Engine, dataset_id: str) -> None:
    log, ids = SqlAuditLog(engine), person_ids(engine, dataset_id)
    written = [
        entry(1.0, dataset_id, ids["Ada"]),
        entry(2.0, dataset_id, ids["Bo"], viewer="this computer"),
        entry(3.0, dataset_id),
    ]
    log.add(written)
    assert [line.entry for line in log.lines(EVERYTHING)] == written
    assert [line.entry.at for line in log.read_newest(EVERYTHING, limit=2)] == [3.0, 2.0]
    for asked, times in (
        (AuditFilter(viewer="this computer"), [2.0]),
        (AuditFilter(action=AuditAction.EXPORTED), [3.0]),
        (AuditFilter(dataset_id="another"), []),
        (AuditFilter(person_ids=frozenset({ids["Ada"]})), [1.0]),
        (AuditFilter(since=2.0), [2.0, 3.0]),
    ):
        assert [line.entry.at for line in log.lines(asked)] == times
        assert log.count(asked) == len(times)
    assert log.viewers() == ["ann@example.org", "this computer"]
    assert log.remove_before(2.0) == 1
    assert [line.entry.at for line in log.lines(EVERYTHING)] == [2.0, 3.0]


def test_who_is_erased_leaves_that_somebody_looked_and_not_at_whom(engine: Engine, dataset_id: str) -> None:
    log, ids = SqlAuditLog(engine), person_ids(engine, dataset_id)
    log.add([entry(1.0, dataset_id, ids["Ada"]), entry(2.0, dataset_id, ids["Bo"]), entry(3.0, dataset_id)])
    eraser = SqlEraseStore(engine)
    eraser.erase(dataset_id, ids["Ada"], lambda _: [], lambda *_: None, with_shared=False)
    # Said by a page before, and written after.
    log.add([entry(4.0, dataset_id, ids["Ada"])])
    lines = [(line.entry.at, line.entry.person_id, line.is_erased) for line in log.lines(EVERYTHING)]
    assert lines == [(1.0, None, True), (2.0, ids["Bo"], False), (3.0, None, False), (4.0, None, True)]
    SqlFaceStore(engine).delete_dataset(dataset_id)
    assert [line.is_erased for line in log.lines(EVERYTHING)] == [True, True, False, True]


def test_whoever_is_new_gets_the_id_of_nobody_who_was_erased(
    engine: Engine, dataset_id: str, database_address: str, tmp_path: Path
) -> None:
    log, newest_id = SqlCorrectionLog(engine), max(person_ids(engine, dataset_id).values())
    SqlEraseStore(engine).erase(dataset_id, newest_id, lambda _: [], lambda *_: None, with_shared=False)
    assert log.find_or_add_person(dataset_id, "Somebody new") > newest_id
    # Nor in a copy, though nobody is left in it whose id would tell.
    SqlFaceStore(engine).delete_dataset(dataset_id)
    dataset_id = SqlFaceStore(engine).create_dataset("After them", "facenet-128").id
    StoreCopy(database_address, tmp_path / "copy.db").copy_rows()
    copy = open_database(tmp_path / "copy.db")
    assert SqlCorrectionLog(copy).find_or_add_person(dataset_id, "Somebody new") > newest_id + 1
    copy.dispose()


def test_a_person_of_another_dataset_is_not_taken_for_this_ones(engine: Engine, dataset_id: str) -> None:
    log, ids = SqlAuditLog(engine), person_ids(engine, dataset_id)
    log.add([entry(1.0, "another", ids["Ada"])])
    assert [line.entry.person_id for line in log.lines(EVERYTHING)] == [None]
