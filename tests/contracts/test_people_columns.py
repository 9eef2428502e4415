"""People counted over columns of faces are the people whom the store counts, and vectors follow the faces."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np

from core.base.face_table import Embeddings, FaceTable
from core.base.types import Box, Face, Photo, Quality, Split
from core.corrections.model import Editor
from core.store.columns.face_changes import update_table, update_vectors
from core.store.columns.people_columns import People, build_people
from core.store.sql.corrections import SqlCorrectionLog
from core.store.sql.database import open_database
from core.store.sql.faces import SqlFaceStore
from core.store.values.datasets import IngestBatch, PhotoLabel, StoredFace
from core.workflows.labels.correct import Corrector

# Person, quality (in halves, which float32 holds exactly): of Ann's faces the third is the best one.
FACES = (("Ann", 0.25), ("Ann", 0.5), ("Ann", 0.75), ("Ben", None), ("Ben", 0.5), ("Cleo", None), (None, 0.75))


def test_people_are_counted_over_columns_as_by_the_store(tmp_path: Path) -> None:
    store = SqlFaceStore(open_database(tmp_path / "atlas.db"))
    dataset = store.create_dataset("Family", "facenet-128")
    photos, faces = zip(*(_photo_and_face(number, *face) for number, face in enumerate(FACES)), strict=True)
    store.add(dataset.id, "", IngestBatch(photos=photos, faces=faces))
    corrector = Corrector(
        store=store, log=SqlCorrectionLog(store.engine), dataset_id=dataset.id, editor=Editor("Ann", "sitting")
    )

    def people() -> People:
        return build_people(store.face_table(dataset.id), store.person_remarks(dataset.id))

    ann, ben, cleo = store.people(dataset.id)
    assert list(people()) == [ann, ben, cleo] and ann.cover_crop_id == "c2"
    corrector.exclude(["f2"])
    corrector.cover(ben.id, "f3")
    corrector.note(cleo.id, "The aunt")
    corrector.hide(cleo.id)
    corrector.move(["f6"], "Ben")
    counted = people()
    assert list(counted) == store.people(dataset.id)
    ann, ben, cleo = counted
    assert (ann.excluded, ann.cover_crop_id, ben.faces, ben.cover_crop_id) == (1, "c1", 3, "c3")
    assert (cleo.hidden, cleo.note, cleo.mean_grade) == (True, "The aunt", None)
    assert [counted.find_named("Ben"), counted.find_named("Bea"), counted.find(cleo.id), counted.find(99)] == [
        ben,
        None,
        cleo,
        None,
    ]
    assert store.largest_people(dataset.id, 2) == counted.largest(2)
    assert counted.largest(2) == [ann, ben] and list(People.of(counted)) == [ann, ben, cleo]


def test_vectors_follow_faces_that_come_and_go(tmp_path: Path) -> None:
    store = SqlFaceStore(open_database(tmp_path / "atlas.db"))
    dataset = store.create_dataset("Family", "facenet-128")
    photos, faces = zip(*(_photo_and_face(number, *face) for number, face in enumerate(FACES)), strict=True)
    store.add(dataset.id, "", IngestBatch(photos=photos, faces=faces))
    before, table = store.embeddings(dataset.id), store.face_table(dataset.id)
    known = before.take(np.array([0, 2, 3, 4, 5]))
    followed = update_vectors(known, table, store.embeddings_of(dataset.id, ("f6", "f1", "gone")))
    assert followed.face_ids == before.face_ids
    np.testing.assert_array_equal(followed.vectors, before.vectors)
    assert store.embeddings_of(dataset.id, ()).face_ids == ()
    nobody = Embeddings(known.face_ids[:0], known.vectors[:0], known.model_id)
    assert len(update_vectors(known, table.take(np.zeros(0, np.int64)), nobody)) == 0
    changes = store.face_changes(dataset.id, store.dataset(dataset.id).revision)
    assert update_table(table, changes).face_ids == table.face_ids


def test_faces_that_come_in_the_place_of_as_many_others_leave_everybody_elses_columns_alone(tmp_path: Path) -> None:
    """The table is as long as before, and its rows stand elsewhere."""
    store = SqlFaceStore(open_database(tmp_path / "atlas.db"))
    dataset = store.create_dataset("Family", "facenet-128")

    def add(*numbers: int) -> None:
        photos, faces = zip(*(_photo_and_face(2 * number, "Ann", 0.5) for number in numbers), strict=True)
        store.add(dataset.id, "", IngestBatch(photos=photos, faces=faces))

    add(0, 1, 2, 3)
    corrector = Corrector(
        store=store, log=SqlCorrectionLog(store.engine), dataset_id=dataset.id, editor=Editor("Ann", "sitting")
    )
    corrector.exclude(["f4"])
    table, since = store.face_table(dataset.id), store.dataset(dataset.id).revision
    store.replace_faces(dataset.id, "p0", [])
    add(4)
    updated, anew = update_table(table, store.face_changes(dataset.id, since)), store.face_table(dataset.id)
    assert list(updated.face_ids) == ["f2", "f4", "f6", "f8"]
    for column in fields(FaceTable):
        updated_column, expected = list(getattr(updated, column.name)), list(getattr(anew, column.name))
        np.testing.assert_array_equal(updated_column, expected, column.name)


def _photo_and_face(
    number: int, person: str | None, grade: float | None
) -> tuple[tuple[Photo, PhotoLabel], StoredFace]:
    photo = Photo(
        id=f"p{number}", name=f"{number}.jpg", width_px=400, height_px=300, size_bytes=1000, perceptual_hash=number
    )
    quality = None
    if grade is not None:
        quality = Quality(
            size_px=30,
            sharpness=grade,
            brightness=0.5,
            contrast=0.2,
            yaw_deg=0,
            pitch_deg=0,
            roll_deg=0,
            cut_frac=0,
            steadiness=None,
            grade=grade,
        )
    face = Face(
        id=f"f{number}",
        photo_id=photo.id,
        box=Box(1, 2, 31, 40),
        landmarks=np.zeros((5, 2), np.float32),
        prob=0.99,
        crop_id=f"c{number}",
        person=person,
        split=Split.VAL if number % 2 else Split.TRAIN,
        quality=quality,
    )
    return (photo, PhotoLabel(person, face.split)), StoredFace(face, np.full(4, number, np.float32))
