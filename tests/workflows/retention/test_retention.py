"""Whose day has passed is gone, once and provably; who was renamed or merged keeps the earlier day."""

from __future__ import annotations

import json
import threading
from datetime import date, timedelta
from pathlib import Path

import pytest

from core.__main__ import main
from core.base.errors import InputRefused, NotFound
from core.base.progress import CancelToken
from core.corrections.model import Editor
from core.jobs.registry import job_handlers
from core.jobs.retention import erase_expired, watch_retention
from core.jobs.worker import run_job
from core.store.job_model import Job, JobKind, JobState
from core.store.retention.model import RetentionTerms
from core.workflows.erasure import signed_receipts
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.erasure.signed_receipts import ErasedWhat, ReceiptHead, verify_receipt
from core.workflows.labels.correct import Corrector
from core.workflows.retention import terms as retention
from tests.workflows.exchange.test_export import Album

TODAY = date(2026, 11, 29)
TOMORROW, LATER = TODAY + timedelta(days=1), TODAY + timedelta(days=30)


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Three people, on photos of their own."""
    album = Album(tmp_path / "home")
    for name in ("Zebedee Quux", "Ann", "Ben"):
        album.add(f"{name}/1.jpg", name)
    album.services.jobs.finish(album.job.id, JobState.DONE)
    return album


def keep_until(album: Album, name: str, until: date) -> int:
    person_id = album.people()[name]
    terms = RetentionTerms("the club's album", f"{name} signed on paper", until)
    retention.set_person_terms(album.services.retention_tools(), album.dataset.id, person_id, terms, TODAY)
    return person_id


def run_queue(album: Album) -> list[Job]:
    ended = []
    while (job := album.services.jobs.claim()) is not None:
        run_job(album.services.jobs, job, job_handlers(album.services)[job.kind], CancelToken())
        ended.append(album.services.jobs.job(job.id))
    assert all(job.state is JobState.DONE for job in ended), [job.error + job.detail for job in ended]
    return ended


def corrector(album: Album) -> Corrector:
    return Corrector(album.services.store, album.services.log, album.dataset.id, Editor("Ben", "1"))


def test_after_the_last_day_the_person_is_gone_and_the_receipt_verifies(album, tmp_path, capsys):
    keep_until(album, "Zebedee Quux", TODAY)
    assert erase_expired(album.services, TODAY) == 0, "the last day is kept"
    assert erase_expired(album.services, TOMORROW) == 1
    assert erase_expired(album.services, TOMORROW) == 0, "what waits is not asked for again"
    (job,) = [job for job in run_queue(album) if job.kind is JobKind.ERASE]
    assert set(album.people()) == {"Ann", "Ben"}
    assert job.result["check"]["found"] == 0 and job.result["by"] == "the retention date, 2026-11-29"
    for path in album.services.settings.data_dir.rglob("*"):
        if path.is_file():
            assert b"Zebedee" not in path.read_bytes(), path
    assert erase_expired(album.services, LATER) == 0, "nobody goes twice"
    (record,) = album.services.retention.receipts()
    assert record.id == job.result["receipt_id"] and record.document["receipt"]["faces"] == 1
    file, key = tmp_path / "receipt.json", tmp_path / "key.pem"
    file.write_text(json.dumps(record.document, indent=2))
    key.write_text(album.services.keyring.open_own().public.to_pem())
    nowhere = tmp_path / "no data folder"
    command = ["--data", str(nowhere), "--json", "verify-receipt", str(file)]
    assert main([*command, "--key", str(key)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["verified"] is True and answer["with"] == "the key that was given" and not nowhere.exists()
    file.write_text(file.read_text().replace('"faces": 1', '"faces": 0'))
    assert main(command) == 1 and "altered" in capsys.readouterr().err


def test_who_was_renamed_or_merged_keeps_the_earlier_day(album):
    early, late = keep_until(album, "Zebedee Quux", TODAY), keep_until(album, "Ann", LATER)
    corrector(album).rename(early, "Zeb")
    corrector(album).merge(early, late)
    terms = album.services.retention.people_terms(album.dataset.id)
    assert terms[late].until == TODAY and terms[late].consent == "Ann signed on paper"
    corrector(album).undo_session()
    assert album.services.retention.people_terms(album.dataset.id)[late].until == LATER, "the merge was undone"
    corrector(album).merge(late, early)
    assert erase_expired(album.services, TOMORROW) == 1
    run_queue(album)
    assert set(album.people()) == {"Ben"}
    assert album.services.retention.people_terms(album.dataset.id) == {}


def test_a_dataset_goes_as_a_whole_and_leaves_its_receipt(album):
    keep_until(album, "Ann", TODAY)
    terms = RetentionTerms("an exhibition", "all signed", TODAY)
    retention.set_dataset_terms(album.services.retention_tools(), album.dataset.id, terms, TODAY)
    assert erase_expired(album.services, TOMORROW) == 1, "nobody of it is erased besides"
    assert album.services.store.datasets() == []
    (record,) = album.services.retention.receipts()
    assert record.document["what"] == "dataset" and record.document["is_done"] is True
    assert record.document["receipt"]["people"] == 3 and record.document["receipt"]["check"]["found"] == 0
    assert record.document["receipt"]["by"] == "the retention date, 2026-11-29"
    assert verify_receipt(json.dumps(record.document).encode())[1] == album.services.keyring.open_own().public


def test_the_receipt_of_a_dataset_that_was_cut_off_is_ended(album, monkeypatch):
    tools = album.services.erase_tools()
    monkeypatch.setattr("core.workflows.erasure.erase_dataset.search_remains", _killed)
    with pytest.raises(KeyboardInterrupt):
        erase_dataset(tools, album.dataset.id)
    (record,) = album.services.retention.receipts()
    assert record.document["is_done"] is False
    assert tools.receipts.settle([]) == 1
    (record,) = album.services.retention.receipts()
    assert record.document["is_done"] is True and record.document["receipt"]["note"] == signed_receipts.CUT_OFF
    verify_receipt(json.dumps(record.document).encode())
    tools.receipts.keep(ReceiptHead(ErasedWhat.DATASET.value, ErasedWhat.DATASET, "there", 1.0, False), {})
    assert tools.receipts.settle(["there"]) == 1 and len(album.services.retention.receipts()) == 1


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_erasing_by_retention_that_was_killed_goes_on(album):
    keep_until(album, "Ann", TODAY)
    erase_expired(album.services, TOMORROW)
    job = album.services.jobs.claim()
    album.services.jobs.finish(job.id, JobState.INTERRUPTED)
    assert erase_expired(album.services, TOMORROW) == 0, "the one that was killed goes on, and no other begins"
    (ended,) = [each for each in run_queue(album) if each.kind is JobKind.ERASE]
    assert ended.id == job.id and "Ann" not in album.people()
    assert erase_expired(album.services, LATER) == 0 and album.services.jobs.active() == []


def test_the_worker_looks_when_it_starts(album):
    keep_until(album, "Ann", TODAY)
    stop = threading.Event()

    def today() -> date:
        stop.set()  # one look
        return LATER

    watch_retention(album.services, stop, today)
    assert [job.kind for job in album.services.jobs.active()] == [JobKind.ERASE]


def test_home_is_warned_some_days_before(album):
    ann = keep_until(album, "Ann", TODAY + timedelta(days=retention.WARNING_DAYS))
    keep_until(album, "Ben", LATER)
    tools = album.services.retention_tools()
    assert [expiry.person_id for expiry in retention.list_upcoming(tools, TODAY)] == [ann]
    assert retention.list_upcoming(tools, TODAY - timedelta(days=1)) == []


def test_a_day_that_has_passed_and_overlong_notes_are_refused(album):
    tools, person_id = album.services.retention_tools(), album.people()["Ann"]
    for terms, reason in (
        (RetentionTerms(until=TODAY - timedelta(days=1)), "has passed"),
        (RetentionTerms(consent="x" * 2001), "letters at most"),
    ):
        with pytest.raises(InputRefused, match=reason):
            retention.set_person_terms(tools, album.dataset.id, person_id, terms, TODAY)
    with pytest.raises(NotFound):
        retention.set_person_terms(tools, album.dataset.id, 9999, RetentionTerms(), TODAY)
    with pytest.raises(InputRefused, match="2027-12-31"):
        retention.read_day("next year")


def test_a_receipt_forgets_who_asked_when_they_go_and_verifies_still(album):
    tools, people = album.services.erase_tools(), album.people()
    first = erase_person(tools, album.dataset.id, EraseRequest(people["Ben"], "Zebedee Quux", retrain=False))
    erase_person(tools, album.dataset.id, EraseRequest(people["Zebedee Quux"], "somebody", retrain=False))
    document = tools.receipts.find(first.receipt_id)
    assert "Zebedee" not in json.dumps(document)
    verify_receipt(json.dumps(document).encode())
    with pytest.raises(NotFound, match="receipts"):
        tools.receipts.find("nothing")
