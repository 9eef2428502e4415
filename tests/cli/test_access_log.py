"""``access-log``: what was looked at by whom, as lines and as files; and the hour in which old lines go."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.__main__ import main
from core.base.errors import DataFolderFault
from core.jobs import retention
from core.jobs.retention import let_go
from core.services import Services
from core.store.audit_log import AuditAction, AuditEntry, AuditFilter
from core.workflows.retention.terms import local_today
from tests.workflows.exchange.test_export import Album

DAY_S = 86_400.0
ANN = "ann@example.org"


@pytest.fixture
def album(tmp_path: Path) -> Album:
    """Two people; Ann saw one of them long ago and both just now, and took all of them along."""
    album = Album(tmp_path / "home")
    for name in ("Zebedee Quux", "Ben"):
        album.add(f"{name}/1.jpg", name)
    people, now = album.people(), time.time()
    look = AuditEntry(
        at=now - 100 * DAY_S,
        viewer=ANN,
        action=AuditAction.VIEWED,
        occasion="person",
        dataset_id=album.dataset.id,
        person_id=people["Ben"],
    )
    taking = replace(look, at=now - 1.0, action=AuditAction.EXPORTED, occasion="all", person_id=None)
    recent = [replace(look, at=now - 2.0, person_id=person_id) for person_id in people.values()]
    album.services.audit_log.add([look, *recent, taking])
    return album


@pytest.fixture
def ask(album: Album, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Give the command; its answer, or the sentence that refuses it."""

    def give(*words: object) -> Any:
        status = main(["access-log", *map(str, words), "--data", str(album.services.settings.data_dir), "--json"])
        said = capsys.readouterr()
        return json.loads(said.out) if status == 0 else said.err

    return give


def test_the_log_is_asked_for_by_who_did_what_with_whom_and_when(album: Album, ask: Callable[..., Any]) -> None:
    newest = ask()["newest"]
    assert [(line["viewer"], line["action"], line["of"]) for line in newest] == [
        (ANN, "exported", "dataset"),
        *[(ANN, "viewed", "person")] * 3,
    ]
    assert "Zebedee" not in json.dumps(newest), "ids, and no names"
    for words, count in (
        (("--days", 90), 3),
        (("--action", "exported"), 1),
        (("--viewer", "command line"), 0),
        (("--dataset", "Family", "--person", "Ben"), 2),
        (("--dataset", "Family", "--person", "Ben", "--days", 90), 1),
    ):
        assert ask(*words)["lines"] == count, words
    assert "give 1 or more" in ask("--days", 0)
    assert "--dataset NAME says which" in ask("--person", "Ben")
    assert "There is no dataset 'Friends'" in ask("--dataset", "Friends")
    assert "'Nobody'" in ask("--dataset", "Family", "--person", "Nobody")


def test_a_command_that_takes_along_is_in_the_log_as_the_command_line(
    album: Album, ask: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["export", "--dataset", "Family", "--what", "faces", "--out", str(tmp_path / "faces.zip")]
    assert main([*words, "--data", str(album.services.settings.data_dir)]) == 0
    capsys.readouterr()
    (line,) = ask("--viewer", "command line")["newest"]
    assert (line["action"], line["occasion"], line["dataset"]) == ("exported", "faces", album.dataset.id)


def test_all_lines_go_into_a_file_oldest_first(ask: Callable[..., Any], tmp_path: Path) -> None:
    table, lines = tmp_path / "log.csv", tmp_path / "log.jsonl"
    assert ask("--out", table) == {"file": str(table), "lines": 4}
    assert ask("--out", lines, "--days", 90)["lines"] == 3
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["action"] for row in rows] == ["viewed", "viewed", "viewed", "exported"]
    assert [json.loads(line)["id"] for line in lines.read_text().splitlines()] == [int(row["id"]) for row in rows[1:]]
    assert "Zebedee" not in table.read_text() + lines.read_text()
    assert "Refused" in ask("--out", tmp_path), "a folder is no file"


def lines_kept(services: Services, days: int) -> int:
    """How many lines there are after the worker's hour, where lines are kept for so many days."""
    services.settings = replace(services.settings, audit_days=days)
    let_go(services, local_today())
    return services.audit_log.count(AuditFilter())


def test_old_lines_go_within_the_hour_whatever_else_is_due(album: Album, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise DataFolderFault("locked")

    monkeypatch.setattr(retention, "erase_expired", fail)
    assert [lines_kept(album.services, days) for days in (101, 90, 1, 0)] == [4, 3, 3, 0]
