"""The correction log: the columns always say what the replay of the log says, and everything can be taken back.

``FACE_ATLAS_SITTINGS`` says how often forty corrections are made at random, others each time; without it they are few
and always the same.
"""

from __future__ import annotations

import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Row, Select, select, text

from core.base.errors import ChangedMeanwhile, InputRefused, NameTaken, NotFound
from core.base.face_table import FaceTable
from core.base.types import Box, Face, Photo, Split
from core.corrections.model import OF_FACE, OF_PERSON, Change, Editor, Entity, Field
from core.corrections.replay import Base, ReplayableEvent, find_undone_events, follow_merges, replay_log
from core.imaging.geometry import turn_box, turn_size
from core.store.columns.people_columns import build_counts, build_people
from core.store.folder_artifacts import FolderArtifacts
from core.store.job_model import JobKind, JobOwner
from core.store.sql import schema
from core.store.sql.corrections import SqlCorrectionLog
from core.store.sql.database import open_database
from core.store.sql.erasure import SqlEraseStore
from core.store.sql.faces import SqlFaceStore
from core.store.sql.jobs import SqlJobStore
from core.store.values.datasets import IngestBatch, PhotoLabel, PhotoLook, StoredFace
from core.workflows.columns.newest_faces import NewestFaces
from core.workflows.columns.snapshot import store_snapshot
from core.workflows.labels.correct import Corrector
from tests.postgresql import running_server

FOLDERS = ("ada", "bob", "cleo", None)
NAMES = ("ada", "bob", "cleo", "dan", "eve")
MODELS = ("facenet-128", "facenet-512")
EDITORS = (Editor("Ann", "sitting-1"), Editor("Ben", "sitting-2"))


def stored(
    face_id: str, photo_id: str, person: str | None, left: float = 1.0, split: Split | None = None
) -> StoredFace:
    face = Face(
        id=face_id,
        photo_id=photo_id,
        box=Box(left, 2, left + 30, 40),
        landmarks=np.zeros((5, 2), np.float32),
        prob=0.99,
        crop_id="crop",
        person=person,
        split=split,
    )
    return StoredFace(face, np.full(4, left, np.float32))


def turned(found: StoredFace, turn: int) -> StoredFace:
    """The face on its photo of 400 x 300 pixels after a turn."""
    return replace(found, face=replace(found.face, box=turn_box(found.face.box, 400, 300, turn)))


class Desk:
    """A dataset in a real database, with somebody correcting it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.open()
        self.dataset_id = self.store.create_dataset("family", MODELS[0]).id
        self.job_id = SqlJobStore(self.engine).submit(self.dataset_id, JobKind.INGEST, {}, JobOwner.COMMAND_LINE).id
        self.photos = 0

    def open(self) -> None:
        self.engine = open_database(self.address)
        self.store, self.log = SqlFaceStore(self.engine), SqlCorrectionLog(self.engine)

    def corrector(self, editor: Editor = EDITORS[0], seen: int | None = None) -> Corrector:
        return Corrector(store=self.store, log=self.log, dataset_id=self.dataset_id, editor=editor, seen=seen)

    def ingest(self, *folders: str | None, split: Split | None = None) -> list[str]:
        """One photo with one face for each folder; the faces' ids."""
        numbers = range(self.photos, self.photos + len(folders))
        photos = [
            (
                Photo(
                    id=f"photo{number}",
                    name=f"{number}.jpg",
                    width_px=400,
                    height_px=300,
                    size_bytes=1000,
                    perceptual_hash=number,
                ),
                PhotoLabel(folder, split),
            )
            for number, folder in zip(numbers, folders, strict=True)
        ]
        faces = [
            stored(f"face{number}", f"photo{number}", folder, split=split)
            for number, folder in zip(numbers, folders, strict=True)
        ]
        self.store.add(self.dataset_id, self.job_id, IngestBatch(photos, faces))
        self.photos += len(folders)
        return [face.face.id for face in faces]

    def names(self) -> dict[str, str | None]:
        table = self.store.face_table(self.dataset_id)
        return {face_id: table.person(row) for row, face_id in enumerate(table.face_ids)}

    def columns(self) -> dict[tuple[Entity, str, Field], object]:
        """What the database says now, field by field."""
        faces, people, photos = (self.rows(f"SELECT * FROM {table}") for table in ("face", "person", "photo"))
        face_columns = {Field.PERSON: "assigned_id"} | {field: field.value for field in OF_FACE[1:]}
        person_columns = {Field.COVER: "cover_face_id", Field.MERGED_INTO: "merged_into"}
        found = {
            (Entity.FACE, row.id, field): getattr(row, name) for row in faces for field, name in face_columns.items()
        }
        found |= {(Entity.PHOTO, row.id, Field.TURN): row.turn for row in photos}
        return found | {
            (Entity.PERSON, str(row.id), field): getattr(row, person_columns.get(field, field.value))
            for row in people
            for field in OF_PERSON
        }

    def base(self, columns: Iterable[tuple[Entity, str, Field]]) -> Base:
        """What the ingest said of these fields."""
        empty = {Field.NOTE: "", Field.COVER: None, Field.MERGED_INTO: None}
        base: Base = {key: empty.get(key[2], 0) for key in columns}
        for face_id, person_id, split in self.rows("SELECT id, base_person_id, base_split FROM face"):
            base[Entity.FACE, face_id, Field.PERSON], base[Entity.FACE, face_id, Field.SPLIT] = person_id, split
        for person_id, name in self.rows("SELECT id, base_name FROM person"):
            base[Entity.PERSON, str(person_id), Field.NAME] = name
        for photo_id, turn in self.rows("SELECT id, base_turn FROM photo"):
            base[Entity.PHOTO, photo_id, Field.TURN] = turn
        return base

    def entries(self) -> list[ReplayableEvent]:
        changes: dict[int, list[Change]] = defaultdict(list)
        for row in self.rows(select(schema.change)):
            changes[row.event_id].append(Change(Entity(row.entity), row.entity_id, Field(row.field), row.value))
        return [
            ReplayableEvent(event.id, event.kind, tuple(changes[event.id]), event.target_id)
            for event in reversed(self.log.events(self.dataset_id))
        ]

    def rows(self, query: str | Select) -> list[Row]:
        """What the tables hold, past the store."""
        with self.engine.connect() as connection:
            return list(connection.execute(text(query) if isinstance(query, str) else query))


@pytest.fixture
def desk(database_address: str) -> Iterator[Desk]:
    desk = Desk(database_address)
    yield desk
    desk.engine.dispose()


class Corrections(RuleBasedStateMachine):
    """Anything that somebody may do, in any order, by two people in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.desk = Desk(self.new_database())
        self.lefts: dict[str, int] = {}
        """Where a new look found the faces, in pixels of their photos as they lie in the files."""
        self.artifacts = FolderArtifacts(Path(self.folder.name) / "artifacts")
        self.newest = NewestFaces(self.desk.store, self.artifacts, self.desk.dataset_id)
        """The faces as they were brought up to date last."""

    def new_database(self) -> str:
        return f"sqlite:///{self.folder.name}/atlas.db"

    def teardown(self) -> None:
        self.take_everything_back()
        self.desk.engine.dispose()
        self.folder.cleanup()

    def take_everything_back(self) -> None:
        acts = [event.id for event in self.desk.log.events(self.desk.dataset_id) if event.target_id is None]
        self.desk.log.undo(self.desk.dataset_id, EDITORS[0], acts)
        columns = self.desk.columns()
        assert columns == self.desk.base(columns)

    @initialize(number=st.integers(0, 1 << 32))
    def first_photos(self, number: int) -> None:
        # Hypothesis begins with what is simplest, one rule in every step: of few sittings that would be most.
        assume(number)
        self.desk.ingest("ada", "ada", "ada", "bob", "bob", "cleo", None, None)

    faces = st.lists(st.integers(0, 7), min_size=1, max_size=4, unique=True)
    names = st.sampled_from(NAMES)
    editors = st.sampled_from(EDITORS)
    places = st.integers(0, 9)

    def there(self, numbers: list[int]) -> list[str]:
        present = self.desk.store.face_table(self.desk.dataset_id).face_ids
        return [face for number in numbers if (face := f"face{number}") in present]

    def someone(self, place: int) -> int:
        people = self.desk.store.people(self.desk.dataset_id)
        return people[place % len(people)].id

    @property
    def anybody(self) -> bool:
        return bool(self.desk.store.people(self.desk.dataset_id))

    @rule(faces=faces, name=names, editor=editors)
    def move(self, faces: list[int], name: str, editor: Editor) -> None:
        if chosen := self.there(faces):
            self.desk.corrector(editor).move(chosen, name)
            assert {self.desk.names()[face] for face in chosen} == {name}

    @rule(
        faces=faces, editor=editors, what=st.sampled_from(["unname", "mark_strangers", "confirm", "exclude", "include"])
    )
    def mark(self, faces: list[int], editor: Editor, what: str) -> None:
        if chosen := self.there(faces):
            getattr(self.desk.corrector(editor), what)(chosen)

    @rule(face=st.integers(0, 7), editor=editors)
    def dismiss(self, face: int, editor: Editor) -> None:
        if chosen := self.there([face]):
            self.desk.corrector(editor).dismiss(chosen)
            assert not self.there([face])

    @rule(faces=faces, split=st.sampled_from([*Split, None]))
    def put(self, faces: list[int], split: Split | None) -> None:
        if chosen := self.there(faces):
            self.desk.corrector().assign_split(chosen, split)

    @precondition(lambda self: self.anybody)
    @rule(place=places, name=names, editor=editors)
    def rename(self, place: int, name: str, editor: Editor) -> None:
        taken = {person.name for person in self.desk.store.people(self.desk.dataset_id)}
        person = self.someone(place)
        own = next(each.name for each in self.desk.store.people(self.desk.dataset_id) if each.id == person)
        if name in taken - {own}:
            with pytest.raises(NameTaken):
                self.desk.corrector(editor).rename(person, name)
        else:
            self.desk.corrector(editor).rename(person, name)

    @precondition(lambda self: self.anybody)
    @rule(first=places, second=places, editor=editors)
    def merge(self, first: int, second: int, editor: Editor) -> None:
        one, other = self.someone(first), self.someone(second)
        if one == other:
            with pytest.raises(InputRefused):
                self.desk.corrector(editor).merge(one, other)
        else:
            self.desk.corrector(editor).merge(one, other)
            assert one not in {person.id for person in self.desk.store.people(self.desk.dataset_id)}

    @precondition(lambda self: self.anybody)
    @rule(place=places, what=st.sampled_from(["hide", "show"]))
    def hide(self, place: int, what: str) -> None:
        getattr(self.desk.corrector(), what)(self.someone(place))

    @rule(editor=editors)
    def undo(self, editor: Editor) -> None:
        corrector = self.desk.corrector(editor)
        expected = corrector.undoable()[:1]
        try:
            done = corrector.undo()
        except (NameTaken, InputRefused):
            return
        assert [event.target_id for event in done] == [event.id for event in expected]

    @rule(editor=editors)
    def redo(self, editor: Editor) -> None:
        corrector = self.desk.corrector(editor)
        expected = corrector.redoable()[:1]
        try:
            done = corrector.redo()
        except (NameTaken, InputRefused):
            return
        assert [event.target_id for event in done] == [event.id for event in expected]

    @rule(place=places, back=st.booleans())
    def turn_any(self, place: int, back: bool) -> None:
        """Undo or redo any event of the history, whatever came after it."""
        acts = [event for event in self.desk.log.events(self.desk.dataset_id) if event.target_id is None]
        if not acts:
            return
        corrector = self.desk.corrector()
        try:
            (corrector.undo if back else corrector.redo)(acts[place % len(acts)].id)
        except (NameTaken, InputRefused):
            return

    @rule(folder=st.sampled_from(FOLDERS))
    def ingest_more(self, folder: str | None) -> None:
        if self.desk.photos < 30:
            self.desk.ingest(folder)

    @rule(face=st.integers(0, 7), left=st.integers(2, 50))
    def detect_again(self, face: int, left: int) -> None:
        """The box moves; the labels stay."""
        before = self.desk.names()
        if f"face{face}" in before:
            photo, _ = self.desk.store.photo(self.desk.dataset_id, f"photo{face}")
            found = [turned(stored(f"face{face}", photo.id, None, left), photo.turn)]
            self.desk.store.replace_faces(self.desk.dataset_id, photo.id, found)
            self.lefts[f"face{face}"] = left
            assert self.desk.names() == before

    @rule(photos=faces, quarters=st.integers(1, 3), editor=editors)
    def turn(self, photos: list[int], quarters: int, editor: Editor) -> None:
        ids = [f"photo{number}" for number in photos]
        before = [self.desk.store.photo(self.desk.dataset_id, photo_id)[0].turn for photo_id in ids]
        self.desk.corrector(editor).turn(ids, quarters)
        now = [self.desk.store.photo(self.desk.dataset_id, photo_id)[0].turn for photo_id in ids]
        assert now == [(turn + quarters) % 4 for turn in before]

    @rule(photo=st.integers(0, 7), wanted=st.integers(0, 3))
    def look_turned(self, photo: int, wanted: int) -> None:
        """What a new look says of the turn counts until somebody says it."""
        store, photo_id = self.desk.store, f"photo{photo}"
        before, _ = store.photo(self.desk.dataset_id, photo_id)
        said = store.turned_by_hand(self.desk.dataset_id, photo_id)
        faces = [turned(stored(f"face{photo}", photo_id, None, self.lefts.get(f"face{photo}", 1)), wanted)]
        look = PhotoLook(before.turn, wanted, 7)
        done = store.replace_faces(self.desk.dataset_id, photo_id, faces, look=look)
        assert done is (before.turn == wanted or not said)
        after, _ = store.photo(self.desk.dataset_id, photo_id)
        assert after.turn == (wanted if done else before.turn)
        assert not done or photo_id not in store.photos_to_look_at(self.desk.dataset_id)

    @rule()
    def change_model(self) -> None:
        dataset = self.desk.store.dataset(self.desk.dataset_id)
        other = MODELS[1 - MODELS.index(dataset.model_id)]
        every = [face_id for (face_id,) in self.desk.rows("SELECT id FROM face")]
        self.desk.store.add_vectors(dataset.id, other, {face_id: np.full(4, 7, np.float32) for face_id in every})
        self.desk.store.use_model(dataset.id, other)
        assert self.desk.store.embeddings(dataset.id).model_id == other

    @rule(place=places)
    def lose_face(self, place: int) -> None:
        """A new look finds nothing: the face goes, but where somebody spoke of it."""
        self.desk.store.replace_faces(self.desk.dataset_id, f"photo{8 + place}", [])

    @rule(folder=st.sampled_from(["zoe", "yan"]), others=st.integers(0, 2))
    def erase_somebody(self, folder: str, others: int) -> None:
        """Somebody who came just now, with faces and photos."""
        if self.desk.photos < 40:
            faces = self.desk.ingest(*[folder] * (1 + others))
            person = self.desk.store.faces(self.desk.dataset_id, faces)[0].person_id
            self.the_faces_at_hand_are_those_of_the_store()
            eraser = SqlEraseStore(self.desk.engine)
            eraser.erase(self.desk.dataset_id, person, lambda _: [], lambda *_: None, with_shared=True)
            assert not self.there_are(faces)

    def there_are(self, faces: list[str]) -> set[str]:
        return set(faces) & set(self.desk.store.face_table(self.desk.dataset_id).face_ids)

    @rule(is_stored=st.booleans())
    def restart(self, is_stored: bool) -> None:
        """With the table of this moment in a file, or of one long ago."""
        dataset = self.desk.store.dataset(self.desk.dataset_id)
        if is_stored:
            store_snapshot(self.artifacts, dataset.id, self.newest.read_table(dataset.revision), dataset.revision)
        self.desk.engine.dispose()
        self.desk.open()
        self.newest = NewestFaces(self.desk.store, self.artifacts, dataset.id)

    @invariant()
    def the_columns_are_the_replay_of_the_log(self) -> None:
        columns, entries = self.desk.columns(), self.desk.entries()
        told = replay_log(self.desk.base(columns), entries)
        assert {key: told[key] for key in columns} == columns
        undone = find_undone_events(entries)
        assert undone == {event.id for event in self.desk.log.events(self.desk.dataset_id) if not event.active}

    @invariant()
    def sides_and_boxes_are_those_of_the_turned_picture(self) -> None:
        for width, height, turn in self.desk.rows("SELECT width_px, height_px, turn FROM photo"):
            assert (width, height) == turn_size(400, 300, turn)
        query = """SELECT face.id, "left", top, "right", bottom, turn, width_px, height_px FROM face
            JOIN photo ON photo.id = photo_id"""
        for face_id, *sides, turn, width, height in self.desk.rows(query):
            left = self.lefts.get(face_id, 1)
            assert turn_box(Box(*sides), width, height, -turn) == Box(left, 2, left + 30, 40)

    @invariant()
    def the_faces_at_hand_are_those_of_the_store(self) -> None:
        store, dataset = self.desk.store, self.desk.store.dataset(self.desk.dataset_id)
        table, anew = self.newest.read_table(dataset.revision), store.face_table(dataset.id)
        for column in fields(FaceTable):
            np.testing.assert_array_equal(
                list(getattr(table, column.name)), list(getattr(anew, column.name)), column.name
            )
        vectors, vectors_anew = self.newest.vectors_of(table), store.embeddings(dataset.id)
        assert (vectors.model_id, list(vectors.face_ids)) == (vectors_anew.model_id, list(vectors_anew.face_ids))
        # As lists: of no faces at all nobody says how long a vector would be.
        assert vectors.vectors.tolist() == vectors_anew.vectors.tolist()
        # Nothing of who went is left in memory.
        assert set(table.photo_ids) == set(table.photo_ids.values), "values that no row has"
        # The crops of this machine are one: who is in front is told by other tests.
        people = build_people(table, store.person_remarks(dataset.id))
        assert build_counts(table, store.photo_count(dataset.id)) == store.counts(dataset.id)
        assert sorted(people, key=lambda person: person.id) == sorted(
            store.people(dataset.id), key=lambda person: person.id
        ) and all(people.find(person.id) == person for person in people)

    @invariant()
    def everybody_is_who_the_merges_say_and_has_a_name_of_their_own(self) -> None:
        columns = self.desk.columns()
        into = {int(key[1]): value for key, value in columns.items() if key[2] is Field.MERGED_INTO and value}
        for assigned, effective in self.desk.rows("SELECT assigned_id, person_id FROM face"):
            assert effective == (None if assigned is None else follow_merges(assigned, into))
        names = [person.name for person in self.desk.store.people(self.desk.dataset_id)]
        assert len(names) == len(set(names))


Corrections.TestCase.settings = settings(
    max_examples=int(os.environ.get("FACE_ATLAS_SITTINGS", "5")),
    derandomize="FACE_ATLAS_SITTINGS" not in os.environ,
    database=None,
    # Each sitting is of some of the rules, so that many short ones see more than a few long ones.
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes and tells no more
)
TestCorrections = Corrections.TestCase


class CorrectionsOnPostgresql(Corrections):
    """The same on a server."""

    def new_database(self) -> str:
        return running_server().new_database()


CorrectionsOnPostgresql.TestCase.settings = settings(Corrections.TestCase.settings, max_examples=2)
TestCorrectionsOnPostgresql = CorrectionsOnPostgresql.TestCase


def test_only_what_changed_is_read(desk: Desk) -> None:
    faces, mine = desk.ingest("ada", "ada", "bob", None), desk.corrector()
    before = desk.store.dataset(desk.dataset_id).revision
    mine.move(faces[3:], "dan")
    mine.dismiss(faces[:1])
    changes = desk.store.face_changes(desk.dataset_id, before)
    assert (list(changes.touched_ids), list(changes.faces.face_ids)) == ([faces[0], faces[3]], [faces[3]])
    ada, bob = (person.id for person in desk.store.people(desk.dataset_id)[:2])
    mine.merge(ada, bob)
    merged = desk.store.face_changes(desk.dataset_id, changes.revision)
    assert merged.faces.face_ids == (faces[1],) and merged.faces.people == ("bob",)
    (cleo,) = desk.ingest("cleo")
    assert desk.store.face_changes(desk.dataset_id, merged.revision).faces.face_ids == (cleo,)
    dan = next(person.id for person in desk.store.people(desk.dataset_id) if person.name == "dan")
    mine.merge(dan, bob)
    after = desk.store.face_changes(desk.dataset_id, merged.revision + 1)
    assert after.faces.face_ids == (faces[3],), "not those who were merged before"
    mine.turn(["photo2"], 1)
    turned_photo = desk.store.face_changes(desk.dataset_id, after.revision)
    assert turned_photo.faces.face_ids == (faces[2],) and turned_photo.remaining_ids is None
    desk.store.replace_faces(desk.dataset_id, "photo4", [])
    gone = desk.store.face_changes(desk.dataset_id, turned_photo.revision)
    assert (list(gone.touched_ids), list(gone.remaining_ids or [])) == ([], faces[1:])


def test_undo_and_redo_walk_back_and_forth_through_a_sitting(desk: Desk) -> None:
    faces, mine = desk.ingest("ada", "ada", "bob"), desk.corrector()
    start = desk.names()
    mine.move(faces[:1], "bob")
    between = desk.names()
    mine.exclude(faces[1:2])
    mine.undo()
    assert desk.names() == between
    mine.undo()
    assert desk.names() == start
    assert mine.undo() == []
    mine.redo()
    mine.redo()
    assert desk.names() == between
    assert desk.store.counts(desk.dataset_id).excluded_faces == 1
    assert mine.redo() == []


def test_a_new_action_ends_what_can_be_redone(desk: Desk) -> None:
    faces, mine = desk.ingest("ada", "ada"), desk.corrector()
    mine.move(faces, "bob")
    mine.undo()
    mine.exclude(faces[:1])
    assert mine.redoable() == []


def test_undo_by_sitting_leaves_what_others_did(desk: Desk) -> None:
    faces = desk.ingest("ada", "ada", "bob")
    mine, theirs = desk.corrector(EDITORS[0]), desk.corrector(EDITORS[1])
    mine.move(faces[:1], "cleo")
    theirs.move(faces[1:2], "dan")
    mine.exclude(faces[2:])
    assert len(mine.undo_session()) == 2
    assert list(desk.names().values()) == ["ada", "dan", "bob"]


def test_an_older_action_can_be_undone_below_a_newer_one(desk: Desk) -> None:
    (face,) = desk.ingest("ada")
    mine = desk.corrector()
    first = mine.move([face], "bob")
    mine.move([face], "cleo")
    mine.undo(first.id)
    assert desk.names() == {face: "cleo"}
    mine.undo()
    assert desk.names() == {face: "ada"}


def test_new_photos_follow_a_rename_and_a_merge(desk: Desk) -> None:
    desk.ingest("ada", "bob")
    mine, ids = desk.corrector(), {person.name: person.id for person in desk.store.people(desk.dataset_id)}
    mine.rename(ids["ada"], "Ada Lovelace")
    merged = mine.merge(ids["bob"], ids["ada"])
    desk.ingest("ada", "bob", "Ada Lovelace")
    assert set(desk.names().values()) == {"Ada Lovelace"}
    mine.undo(merged.id)
    assert sorted(desk.names().values(), key=str) == ["Ada Lovelace"] * 3 + ["bob"] * 2


def test_a_folder_of_a_name_that_somebody_gave_is_that_person(desk: Desk) -> None:
    faces, mine = desk.ingest("ada", "bob"), desk.corrector()
    given = mine.move(faces[:1], "zed")
    desk.ingest("zed")
    assert list(desk.names().values()) == ["zed", "bob", "zed"]
    assert [person.name for person in desk.store.people(desk.dataset_id)] == ["bob", "zed"]
    joined = desk.log.events(desk.dataset_id)[0]
    desk.log.undo(desk.dataset_id, EDITORS[0], [joined.id, given.id])
    assert list(desk.names().values()) == ["ada", "bob", "zed"]


def test_the_later_of_two_windows_sees_what_the_earlier_did(desk: Desk) -> None:
    faces = desk.ingest("ada", "ada", "bob")
    seen = desk.store.dataset(desk.dataset_id).revision
    desk.corrector(EDITORS[0], seen).move(faces[:1], "bob")
    with pytest.raises(ChangedMeanwhile, match="another window"):
        desk.corrector(EDITORS[1], seen).move(faces[:2], "cleo")
    assert list(desk.names().values()) == ["bob", "ada", "bob"]
    desk.corrector(EDITORS[1], seen).move(faces[1:2], "cleo")  # nobody touched this one
    again = desk.store.dataset(desk.dataset_id).revision
    desk.corrector(EDITORS[1], again).move(faces[:1], "cleo")
    history = desk.log.events(desk.dataset_id, face_id=faces[0])
    assert [event.author for event in history] == ["Ben", "Ann"]


def test_an_undo_in_another_window_is_seen_too(desk: Desk) -> None:
    faces, mine = desk.ingest("ada"), desk.corrector()
    mine.move(faces, "bob")
    seen = desk.store.dataset(desk.dataset_id).revision
    mine.undo()
    with pytest.raises(ChangedMeanwhile):
        desk.corrector(EDITORS[1], seen).move(faces, "cleo")
    desk.corrector(EDITORS[0], seen).move(faces, "cleo")  # one's own window knows


def test_an_undo_that_would_give_two_people_one_name_is_refused_and_changes_nothing(desk: Desk) -> None:
    faces, mine = desk.ingest("ada", "bob"), desk.corrector()
    ada = next(person.id for person in desk.store.people(desk.dataset_id) if person.name == "ada")
    renamed = mine.rename(ada, "Ada Lovelace")
    mine.move(faces[1:], "ada")
    before = desk.names()
    with pytest.raises(NameTaken, match="Merge"):
        mine.undo(renamed.id)
    assert desk.names() == before
    assert desk.log.event(desk.dataset_id, renamed.id).active


def test_a_merge_that_would_close_a_circle_is_refused(desk: Desk) -> None:
    desk.ingest("ada", "bob")
    ada, bob = (person.id for person in desk.store.people(desk.dataset_id))
    first = desk.corrector().merge(ada, bob)
    desk.corrector().undo(first.id)
    desk.corrector().merge(bob, ada)
    with pytest.raises(InputRefused, match="circle"):
        desk.corrector().redo(first.id)


def test_a_face_that_is_not_found_again_goes_but_not_when_somebody_spoke_of_it(desk: Desk) -> None:
    first, _ = desk.ingest("ada", "bob")
    desk.corrector().confirm([first])
    for number in range(2):
        desk.store.replace_faces(desk.dataset_id, f"photo{number}", [stored(f"new{number}", f"photo{number}", None)])
    assert set(desk.names()) == {first, "new0", "new1"}


def test_a_drawn_face_is_there_from_its_event_on(desk: Desk) -> None:
    desk.ingest("ada")
    drawn = stored("drawn", "photo0", None)
    desk.store.add_face(desk.dataset_id, StoredFace(_drawn(drawn.face), drawn.vector))
    assert "drawn" not in desk.names()
    event = desk.corrector().draw("drawn", "bob")
    assert desk.names()["drawn"] == "bob"
    desk.corrector().undo(event.id)
    assert "drawn" not in desk.names()


def _drawn(face: Face) -> Face:
    return Face(
        id=face.id,
        photo_id=face.photo_id,
        box=face.box,
        landmarks=face.landmarks,
        prob=1.0,
        crop_id=face.crop_id,
        drawn=True,
    )


def test_pairs_kept_apart_are_remembered_until_undone(desk: Desk) -> None:
    faces = desk.ingest(None, None)
    event = desk.corrector().keep_apart([(faces[1], faces[0])])
    assert desk.log.pairs_kept_apart(desk.dataset_id) == [(faces[0], faces[1])]
    desk.corrector().undo(event.id)
    assert desk.log.pairs_kept_apart(desk.dataset_id) == []


def test_a_turned_photo_takes_its_faces_with_it_and_has_to_be_looked_at(desk: Desk) -> None:
    desk.ingest("ada")
    event = desk.corrector().turn(["photo0"], 1)
    photo, (face,) = desk.store.photo(desk.dataset_id, "photo0")
    assert (photo.turn, photo.width_px, photo.height_px) == (1, 300, 400)
    assert face.box == Box(260, 1, 298, 31)  # 300 - 40, 1, 300 - 2, 31
    assert face.landmarks.tolist() == [[300, 0]] * 5  # the corner that was the first is the second now
    assert desk.store.photos_to_look_at(desk.dataset_id) == ["photo0"]
    desk.corrector().undo(event.id)
    photo, (face,) = desk.store.photo(desk.dataset_id, "photo0")
    assert (photo.turn, photo.width_px, face.box) == (0, 400, Box(1, 2, 31, 40))
    assert desk.store.photos_to_look_at(desk.dataset_id) == []


def test_a_look_that_began_before_the_photo_was_turned_writes_nothing(desk: Desk) -> None:
    desk.ingest("ada")
    desk.corrector().turn(["photo0"], 2)
    found = [stored("new", "photo0", None)]
    assert not desk.store.replace_faces(desk.dataset_id, "photo0", found, look=PhotoLook(0, 0, 1))
    assert set(desk.names()) == {"face0"}
    assert desk.store.replace_faces(desk.dataset_id, "photo0", found, look=PhotoLook(2, 2, 1))
    assert set(desk.names()) == {"new"}


def test_photos_without_a_face_are_those_whose_faces_were_all_dismissed_too(desk: Desk) -> None:
    first, second = desk.ingest("ada", "bob")
    desk.corrector().dismiss([first])
    assert [photo.id for photo in desk.store.photos_without_face(desk.dataset_id)] == ["photo0"]
    desk.store.replace_faces(desk.dataset_id, "photo1", [])
    assert [photo.id for photo in desk.store.photos_without_face(desk.dataset_id)] == ["photo0", "photo1"]
    assert second not in desk.names()


def test_a_photo_that_is_not_there_and_a_whole_turn_are_refused(desk: Desk) -> None:
    desk.ingest("ada")
    for photo_ids, quarters, fault in ((["none"], 1, NotFound), ([], 1, InputRefused), (["photo0"], 4, InputRefused)):
        with pytest.raises(fault):
            desk.corrector().turn(photo_ids, quarters)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "two\nlines"])
def test_a_person_needs_a_printable_name(desk: Desk, name: str) -> None:
    faces = desk.ingest("ada")
    with pytest.raises(InputRefused):
        desk.corrector().move(faces, name)


def test_a_folder_gives_a_name_of_any_length_and_faces_can_get_it(desk: Desk) -> None:
    name = "x" * 120
    desk.ingest(name)
    (person,) = desk.store.people(desk.dataset_id)
    assert desk.corrector().move(desk.ingest("ada"), name).person_id == person.id


def test_what_is_not_there_cannot_be_corrected(desk: Desk) -> None:
    desk.ingest("ada")
    with pytest.raises(NotFound):
        desk.corrector().move(["nobody"], "bob")
    with pytest.raises(NotFound):
        desk.corrector().rename(99, "bob")
    with pytest.raises(InputRefused, match="No face"):
        desk.corrector().exclude([])


def test_a_thousand_faces_are_one_event(desk: Desk) -> None:
    faces = desk.ingest(*["ada"] * 1000)
    random.Random(0).shuffle(faces)
    event = desk.corrector().move(faces, "bob")
    assert event.n_faces == 1000
    assert set(desk.names().values()) == {"bob"}
    desk.corrector().undo()
    assert set(desk.names().values()) == {"ada"}
