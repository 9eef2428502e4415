"""A new process reads the stored table and what changed since, and nothing of who was erased."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import numpy as np
import pytest

from core.base.face_table import FaceTable
from core.base.settings import Settings
from core.base.types import Split
from core.corrections.model import Editor
from core.jobs.answer import plan_index
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.values.datasets import Dataset, IngestBatch, PhotoLabel
from core.workflows.columns.newest_faces import NewestFaces
from core.workflows.columns.snapshot import load_snapshot, store_snapshot
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.labels.correct import Corrector
from core.workflows.neighbours import face_index
from core.workflows.neighbours.face_index import index_faces
from tests.conftest import new_data_dir
from tests.stored_faces import add_faces, stored_face

PEOPLE = {"Ann": 4, "Zoë \N{GREEK SMALL LETTER OMEGA}": 3, None: 2}


@pytest.fixture
def services(models_dir, tmp_path, monkeypatch) -> Services:
    monkeypatch.setattr(face_index, "INDEXED_FROM", 5)
    return Services(Settings(new_data_dir(models_dir, tmp_path / "data")))


@pytest.fixture
def dataset(services: Services) -> Dataset:
    dataset = add_faces(services, "Many", PEOPLE)
    Corrector(services.store, services.log, dataset.id, Editor("test", "Ann")).assign_split(
        services.store.face_table(dataset.id).face_ids[:3], Split.VAL
    )
    index_faces(services.store, services.artifacts, dataset.id)
    return services.store.dataset(dataset.id)


def require_same(table: FaceTable, other: FaceTable) -> None:
    for column in fields(FaceTable):
        np.testing.assert_array_equal(list(getattr(table, column.name)), list(getattr(other, column.name)), column.name)


def stored_path(services: Services, dataset: Dataset):
    (file_id,) = services.artifacts.ids(dataset.id, ArtifactKind.FACE_TABLE)
    return services.artifacts.path(dataset.id, ArtifactKind.FACE_TABLE, file_id)


def test_a_table_is_stored_as_the_database_tells_it(services: Services, dataset: Dataset) -> None:
    stored = load_snapshot(services.artifacts, dataset)
    assert stored is not None and stored.revision == dataset.revision
    require_same(stored.table, services.store.face_table(dataset.id))
    content = stored_path(services, dataset).read_bytes()
    assert "Zoë ω".encode() in content, "a search of the files for a name finds it"
    nobody = services.store.create_dataset("Empty", "facenet-128")
    store_snapshot(services.artifacts, nobody.id, services.store.face_table(nobody.id), 0)
    stored = load_snapshot(services.artifacts, nobody)
    assert stored is not None and (len(stored.table), stored.table.people) == (0, ())


def test_a_new_process_reads_all_of_no_table(
    services: Services, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_faces(services, "Many", {"Ben": 2})
    whole, vectors = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
    with monkeypatch.context() as patched:
        for name in ("face_table", "embeddings"):
            patched.delattr(f"core.store.sql.reading.face_columns.SqlFaceColumns.{name}")
        faces = NewestFaces(services.store, services.artifacts, dataset.id)
        table = faces.read_table(dataset.revision + 1)
        require_same(table, whole)
        np.testing.assert_array_equal(faces.vectors_of(table).vectors, vectors.vectors)
        earlier = table.take(np.array([5, 2]))
        np.testing.assert_array_equal(faces.vectors_of(earlier).vectors, vectors.vectors[[5, 2]])
        assert faces.vectors_of(table) is faces.vectors_of(table), "nothing is written anew that did not change"


def test_faces_that_were_looked_at_anew_have_their_new_vectors(services: Services, dataset: Dataset) -> None:
    faces = services.newest_faces(dataset.id)
    before = faces.vectors_of(faces.read_table(dataset.revision))
    photo, moved = stored_face(3, "Ann", "somebody else")
    services.store.replace_faces(dataset.id, photo.id, [moved])
    after = faces.vectors_of(faces.read_table(services.store.dataset(dataset.id).revision))
    assert np.flatnonzero((before.vectors != after.vectors).any(axis=1)).tolist() == [3]
    np.testing.assert_array_equal(after.vectors[3], moved.vector)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-8],
        lambda _: b"",
        lambda content: content[:8] + b"[" + content[9:],
        lambda content: content.replace(b'"format": 1', b'"format": 7'),
        lambda content: content.replace(b'"people.lengths"', b'"people.numbers"'),
        lambda content: content.replace(b'"|S24"', b'"|O8"'),
    ],
)
def test_a_damaged_file_is_not_used_and_made_again(
    services: Services, dataset: Dataset, spoil: Callable[[bytes], bytes]
) -> None:
    assert plan_index(services, dataset.id) == []
    path = stored_path(services, dataset)
    path.write_bytes(spoil(path.read_bytes()))
    require_same(services.newest_faces(dataset.id).read_table(0), services.store.face_table(dataset.id))
    assert len(plan_index(services, dataset.id)) == 1


def test_a_file_that_is_newer_than_the_data_is_not_used(services: Services, dataset: Dataset) -> None:
    table = services.store.face_table(dataset.id)
    store_snapshot(services.artifacts, dataset.id, table.take(np.arange(2)), dataset.revision + 1)
    assert len(services.newest_faces(dataset.id).read_table(0)) == len(table)


def test_an_erasing_leaves_nobody_in_memory_and_no_file(services: Services, dataset: Dataset) -> None:
    faces = services.newest_faces(dataset.id)
    faces.vectors_of(faces.read_table(dataset.revision))
    gone = next(person for person in services.store.people(dataset.id) if person.name == "Ann")
    photo_id = services.store.face_table(dataset.id, gone.id).photo_ids[0]
    erase_person(services.erase_tools(), dataset.id, EraseRequest(gone.id, "Ben", retrain=False))
    assert services.artifacts.ids(dataset.id, ArtifactKind.FACE_TABLE) == []
    services.forget_erased_people()
    table = faces.read_table(0)
    assert len(table) == 5 and "Ann" not in table.people
    assert photo_id not in table.photo_ids.values and "Ann/0.jpg" not in table.photo_names.values
    assert len(faces.vectors_of(table)) == 5
    services.store.delete_dataset(dataset.id)
    services.forget_erased_people()
    assert services.newest_faces(dataset.id) is not faces


def test_faces_of_few_datasets_are_kept(services: Services, dataset: Dataset) -> None:
    first, second, third = (services.store.create_dataset(name, "facenet-128").id for name in ("1", "2", "3"))
    kept = services.newest_faces(first)
    services.newest_faces(second)
    assert services.newest_faces(first) is kept
    assert not services.has_faces(dataset.id) and not services.has_faces(first)
    kept.read_table(0)
    assert services.has_faces(first)
    services.newest_faces(third)
    assert services.newest_faces(first) is kept, "the one that was asked for last stays"
    services.newest_faces(second)
    services.newest_faces(third)
    assert services.newest_faces(first) is not kept


def test_photos_that_come_into_an_empty_dataset_are_seen(services: Services) -> None:
    empty = services.store.create_dataset("Empty", "facenet-128")
    faces = services.newest_faces(empty.id)
    assert len(faces.vectors_of(faces.read_table(0))) == 0
    photo, face = stored_face(1, "Ann", None)
    services.store.add(empty.id, "", IngestBatch([(photo, PhotoLabel("Ann", None))], [face]))
    table = faces.read_table(1)
    assert table.people == ("Ann",)
    np.testing.assert_array_equal(faces.vectors_of(table).vectors, [face.vector])
