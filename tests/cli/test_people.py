"""People on the command line: listed, renamed, merged, divided, hidden, noted; groups with the ids of their faces."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command, Refusal

NAMES = ["ben_afflek", "elton_john", "jerry_seinfeld", "madonna", "mindy_kaling"]


def names(command: Command) -> list[str]:
    return [person["name"] for person in command("people")["people"]]


def test_people_are_listed_with_their_faces(command: Command) -> None:
    people = command("people")["people"]
    assert [person["name"] for person in people] == NAMES
    assert sum(person["faces"] for person in people) == 118
    assert all(person["train"] + person["val"] == person["faces"] for person in people)
    assert all(0.5 < person["quality"] < 1 and not person["hidden"] for person in people)


def test_a_person_is_renamed_merged_and_both_are_undone(command: Command, refusal: Refusal) -> None:
    renamed = command("rename", "ben_afflek", "Ben Affleck")
    assert (renamed["kind"], renamed["person"]) == ("rename", "Ben Affleck")
    assert "There is a 'madonna' already" in refusal("rename", "Ben Affleck", "madonna")
    merged = command("merge", "Ben Affleck", "madonna")
    assert (merged["kind"], merged["from"], merged["person"]) == ("merge", "Ben Affleck", "madonna")
    assert names(command) == NAMES[1:]
    assert "cannot be merged with themselves" in refusal("merge", "madonna", "madonna")
    both = command("undo", merged["event"], renamed["event"])["events"]
    assert [event["target"] for event in both] == [merged["event"], renamed["event"]]
    assert names(command) == NAMES


def test_a_person_is_divided(command: Command, refusal: Refusal) -> None:
    faces = [face["face"] for face in command("faces", "--person", "madonna")["faces"]][:3]
    assert "There is a 'elton_john' already" in refusal("divide", *faces, "--name", "elton_john")
    divided = command("divide", *faces, "--name", "Madonna 1985")
    assert (divided["kind"], divided["faces"], divided["from"]) == ("divide", 3, "madonna")
    assert [face["face"] for face in command("faces", "--person", "Madonna 1985")["faces"]] == faces
    command("undo")
    assert names(command) == NAMES


def test_a_person_is_hidden_noted_and_gets_a_picture(command: Command, refusal: Refusal) -> None:
    face = command("faces", "--person", "madonna")["faces"][4]["face"]
    events = command("person", "madonna", "--hide", "--note", "the singer", "--cover", face)["events"]
    assert [event["kind"] for event in events] == ["hide", "note", "cover"]
    (madonna,) = [person for person in command("people")["people"] if person["name"] == "madonna"]
    assert (madonna["hidden"], madonna["note"]) == (True, "the singer")
    command("person", "madonna", "--show")
    assert not any(person["hidden"] for person in command("people")["people"])
    assert "Say what is to change" in refusal("person", "madonna")
    with pytest.raises(SystemExit):  # both at once are a wrong usage
        command("person", "madonna", "--show", "--hide")


@pytest.mark.parametrize(
    "words",
    [("rename", "Zoe", "Ann"), ("merge", "Zoe", "madonna"), ("merge", "madonna", "Zoe"), ("person", "Zoe", "--hide")],
    ids=" ".join,
)
def test_somebody_unknown_is_refused(refusal: Refusal, words: tuple[str, ...]) -> None:
    assert "There is nobody called 'Zoe' in this dataset" in refusal(*words)


def test_a_name_that_cannot_be_one_is_refused(refusal: Refusal) -> None:
    assert "name" in refusal("rename", "madonna", "   ")


def test_groups_come_with_the_ids_of_their_faces_to_be_named(command: Command) -> None:
    faces = {face["face"] for face in command("faces")["faces"]}
    answer = command("cluster", "--all", "--members")
    assert [len(group) for group in answer["groups"]] == answer["sizes"]
    assert {face for group in answer["groups"] for face in group} <= faces
    assert "groups" not in command("cluster", "--all")
