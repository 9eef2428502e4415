"""The log of corrections on the command line: listed, undone and redone, the last or any."""

from __future__ import annotations

from core.corrections.model import Editor
from core.services import Services
from core.workflows.labels.correct import Corrector
from tests.cli.conftest import Command, Refusal


def test_without_a_correction_there_is_nothing_to_undo(refusal: Refusal) -> None:
    assert "There is nothing to change" in refusal("undo")
    assert "There is nothing to change" in refusal("redo")


def test_undo_and_redo_walk_back_and_forth_through_what_commands_did(command: Command, refusal: Refusal) -> None:
    command("rename", "madonna", "Madonna")
    command("rename", "Madonna", "Maddie")
    for name in ("Madonna", "madonna"):
        command("undo")
        assert name in [person["name"] for person in command("people")["people"]]
    for name in ("Madonna", "Maddie"):
        command("redo")
        assert name in [person["name"] for person in command("people")["people"]]
    assert "There is nothing to change" in refusal("redo")
    command("undo", "--session", "command line")
    assert "madonna" in [person["name"] for person in command("people")["people"]]


def test_the_history_tells_what_was_done_to_whom_and_whether_it_holds(command: Command) -> None:
    face = command("faces", "--person", "elton_john")["faces"][0]["face"]
    moved = command("move", face, "--to", "Elton")
    command("undo")
    events = command("history")["events"]
    assert [event["kind"] for event in events[:2]] == ["undo", "move"]
    assert events[1] == moved | {"holds": False}
    assert events[0]["target"] == moved["event"]
    assert command("history", "--limit", 1)["events"] == events[:1]
    assert command("history", "--face", face)["events"] == events[:2]
    assert command("history", "--person", "mindy_kaling")["events"] == []
    assert {event["kind"] for event in command("history", "--person", "madonna")["events"]} == {
        "rename",
        "undo",
        "redo",
    }
    assert command("history", "--session", "nobody's")["events"] == []


def test_what_a_page_did_is_undone_by_its_number_or_its_sitting(
    command: Command, refusal: Refusal, app: Services
) -> None:
    (dataset,) = app.store.datasets()
    corrector = Corrector(app.store, app.log, dataset.id, Editor("this computer", "a tab"))
    (person,) = [person for person in app.store.people(dataset.id) if person.name == "mindy_kaling"]
    renamed, noted = corrector.rename(person.id, "Mindy"), corrector.note(person.id, "the actress")
    (undone,) = command("undo", renamed.id)["events"]
    assert undone["target"] == renamed.id
    assert "There is nothing to change" in refusal("undo", renamed.id)
    command("redo", renamed.id)
    assert [event["target"] for event in command("undo", "--session", "a tab")["events"]] == [
        noted.id,
        renamed.id,
    ]
    assert "not in the log" in refusal("undo", 12345)


def test_a_turn_is_undone_and_the_photo_looked_at_anew(command: Command) -> None:
    photo = command("photos")["photos"][0]
    (turned,) = command("turn", photo["photo"], "--by", "over")["photos"]
    assert turned["turn"] == 2
    assert command("history", "--limit", 1)["events"][0]["kind"] == "turn"
    command("undo")
    (after,) = [each for each in command("photos")["photos"] if each["sha256"] == photo["sha256"]]
    assert after == photo
