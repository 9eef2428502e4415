"""Faces on the command line: listed, named, moved, marked, told apart, drawn and taught."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.services import Services
from tests.cli.conftest import Command, Refusal
from tests.conftest import write_zip

PERSON = "madonna"


def faces_of(command: Command, person: str = PERSON) -> list[str]:
    return [face["face"] for face in command("faces", "--person", person)["faces"]]


def test_faces_are_listed_with_what_is_known_of_them(command: Command) -> None:
    faces = command("faces")["faces"]
    assert len(faces) == 118
    of_person = command("faces", "--person", PERSON)["faces"]
    assert {face["name"] for face in of_person} == {PERSON}
    (on_photo,) = command("faces", "--photo", of_person[0]["photo"])["faces"]
    assert on_photo == of_person[0]
    assert 0 < on_photo["quality"] <= 1 and on_photo["split"] in ("train", "val")
    assert command("faces", "--unnamed")["faces"] == []


def test_a_face_is_moved_to_somebody_new_and_taken_back(command: Command) -> None:
    first, second, *rest = faces_of(command)
    done = command("move", first, second, "--to", "Ada")
    assert (done["kind"], done["faces"], done["person"], done["from"]) == ("move", 2, "Ada", PERSON)
    assert done["holds"] and done["author"] == "command line"
    assert set(faces_of(command, "Ada")) == {first, second}
    undone = command("undo")["events"]
    assert [(event["kind"], event["target"]) for event in undone] == [("undo", done["event"])]
    assert set(faces_of(command)) == {first, second, *rest}


MARKS = {
    "confirmed": ("confirmed", True),
    "unnamed": ("name", None),
    "stranger": ("stranger", True),
    "excluded": ("excluded", True),
    "included": ("excluded", False),
    "train": ("split", "train"),
    "val": ("split", "val"),
}


@pytest.mark.parametrize(("mark", "known"), MARKS.items(), ids=MARKS)
def test_what_is_said_of_a_face_is_seen_and_can_be_undone(
    command: Command, mark: str, known: tuple[str, object]
) -> None:
    face_id = faces_of(command)[3]
    before = {face["face"]: face for face in command("faces")["faces"]}
    assert command("mark", face_id, "--as", mark)["faces"] == 1
    (marked,) = [face for face in command("faces")["faces"] if face["face"] == face_id]
    assert marked[known[0]] == known[1]
    command("undo")
    assert {face["face"]: face for face in command("faces")["faces"]} == before


def test_what_is_no_face_is_listed_no_more_and_one_without_a_name_is(command: Command) -> None:
    first, second = faces_of(command)[:2]
    command("mark", first, "--as", "no-face")
    assert first not in faces_of(command)
    command("mark", second, "--as", "unnamed")
    assert [face["face"] for face in command("faces", "--unnamed")["faces"]] == [second]
    command("undo")
    command("undo")
    assert {first, second} <= set(faces_of(command))


def test_two_faces_told_apart_are_remembered(command: Command, app: Services) -> None:
    first, second = faces_of(command)[:2]
    done = command("apart", first, second)
    assert (done["kind"], done["faces"]) == ("apart", 0)
    (dataset,) = app.store.datasets()
    assert app.log.pairs_kept_apart(dataset.id) == [tuple(sorted((first, second)))]
    command("undo")
    assert app.log.pairs_kept_apart(dataset.id) == []


def test_a_missed_face_is_drawn_and_a_box_that_is_none_is_refused(command: Command, refusal: Refusal) -> None:
    photo = command("photos")["photos"][0]
    (face,) = command("faces", "--photo", photo["photo"])["faces"]
    left, top, right, bottom = face["box"]
    assert "There is a face in this place already" in refusal("draw", photo["photo"], "--box", left, top, right, bottom)
    assert "LEFT below RIGHT" in refusal("draw", photo["photo"], "--box", right, top, left, bottom)
    assert "There is no photo 'nothing.jpg'" in refusal("draw", "nothing.jpg", "--box", 0, 0, 50, 50)
    width, height = photo["size"]
    corner = (0, 0, 40, 40) if left > 60 or top > 60 else (width - 40, height - 40, width, height)
    drawn = command("draw", photo["photo"], "--box", *corner, "--name", "Poster")
    assert (drawn["kind"], drawn["person"]) == ("draw", "Poster")
    assert [face["box"] for face in command("faces", "--person", "Poster")["faces"]] == [list(map(float, corner))]
    command("undo")
    assert len(command("faces", "--photo", photo["photo"])["faces"]) == 1


def test_a_face_of_a_new_photo_is_taught_and_taken_back(
    command: Command, refusal: Refusal, sample_files: dict[str, bytes], tmp_path: Path
) -> None:
    photo = tmp_path / "new.jpg"
    name, content = next(item for item in sample_files.items() if "elton" in item[0])
    another = next(content for name, content in sample_files.items() if "ben_afflek" in name)
    photo.write_bytes(content)
    (known,) = command("faces", "--photo", name)["faces"]
    taught = command("teach", photo, "--name", "Elton")
    assert (taught["face"], taught["kind"]) == (known["face"], "move"), "the dataset has this photo already"
    command("undo")
    command("ingest", write_zip(tmp_path / "one.zip", {"Ben/a.jpg": another}), dataset="Another")
    taught = command("teach", photo, "--name", "Elton", "--face", 1, dataset="Another")
    assert (taught["kind"], taught["person"]) == ("teach", "Elton")
    assert [
        (face["face"], face["photo"]) for face in command("faces", "--person", "Elton", dataset="Another")["faces"]
    ] == [(taught["face"], "new.jpg")]
    command("undo", dataset="Another")
    assert [person["name"] for person in command("people", dataset="Another")["people"]] == ["Ben"]
    assert "shows 1 face. Say which" in refusal("teach", photo, "--name", "Elton", "--face", 2)
    photo.write_bytes(b"no photo")
    assert "new.jpg" in refusal("teach", photo, "--name", "Elton")
    assert "cannot be read" in refusal("teach", tmp_path / "gone.jpg", "--name", "Elton")


def test_an_unknown_face_is_refused_by_every_command(command: Command, refusal: Refusal) -> None:
    known, events = faces_of(command)[0], len(command("history")["events"])
    for words in (
        ("move", "0" * 24, "--to", "Ada"),
        ("mark", known, "f" * 24, "0" * 24, "--as", "excluded"),
        ("apart", known, "0" * 24),
        ("divide", "0" * 24, "--name", "Ada"),
        ("person", PERSON, "--cover", "0" * 24),
    ):
        assert "There is no face '" in refusal(*words)
    assert "nor 1 more of those" in refusal("mark", known, "f" * 24, "0" * 24, "--as", "excluded")
    assert "nobody called 'Zoe'" in refusal("faces", "--person", "Zoe")
    assert len(command("history")["events"]) == events
