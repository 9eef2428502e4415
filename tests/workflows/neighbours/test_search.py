"""Searching by the stored index gives what comparing with all gives, whatever happened since it was made."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from core.corrections.model import Editor
from core.jobs import startup
from core.jobs.answer import plan_index
from core.jobs.registry import list_follow_ups
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import Job, JobKind
from core.store.values.datasets import Dataset
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.labels.correct import Corrector
from core.workflows.neighbours import face_index
from core.workflows.neighbours.face_index import FaceIndex, index_faces, load_index
from core.workflows.neighbours.search import (
    ExactSearch,
    IndexedSearch,
    NearFaceIds,
    NeighbourSearch,
    open_gallery_search,
    open_search,
)
from tests.conftest import new_data_dir
from tests.prepared import carry
from tests.stored_faces import add_faces, stored_face

PEOPLE = {"Ann": 40, "Ben": 30, "Cleo": 30}


@pytest.fixture
def services(models_dir, tmp_path, monkeypatch) -> Services:
    from core.base.settings import Settings

    monkeypatch.setattr(face_index, "INDEXED_FROM", 100)
    return Services(Settings(new_data_dir(models_dir, tmp_path / "data")))


@pytest.fixture
def dataset(services: Services) -> Dataset:
    return add_faces(services, "Many", PEOPLE)


def index(services: Services, dataset: Dataset) -> FaceIndex:
    index_faces(services.store, services.artifacts, dataset.id)
    stored = load_index(services.artifacts, dataset)
    assert stored is not None
    return stored


def opened(services: Services, dataset: Dataset) -> NeighbourSearch:
    now, table = services.store.dataset(dataset.id), services.store.face_table(dataset.id)
    return open_search(services.store, services.artifacts, now, table.face_ids)


def answers(search: NeighbourSearch, face_ids: tuple[str, ...]) -> list[NearFaceIds]:
    return search.nearest_faces(np.stack([search.vector(face_id) for face_id in face_ids]), 12)


def require_same(services: Services, dataset: Dataset) -> None:
    embeddings = services.store.embeddings(dataset.id)
    ours, exact = opened(services, dataset), ExactSearch(embeddings)
    assert isinstance(ours, IndexedSearch)
    pairs = zip(answers(ours, embeddings.face_ids), answers(exact, embeddings.face_ids), strict=True)
    for (our_ids, our_distances), (exact_ids, exact_distances) in pairs:
        assert our_ids == exact_ids
        np.testing.assert_allclose(our_distances, exact_distances, atol=1e-3)


def test_it_is_made_of_many_faces_only(services: Services, dataset: Dataset) -> None:
    few = add_faces(services, "Few", {"Ann": 99})
    assert index_faces(services.store, services.artifacts, few.id).faces == 0
    assert services.artifacts.ids(few.id, ArtifactKind.FACE_INDEX) == []
    assert isinstance(opened(services, few), ExactSearch)
    assert isinstance(opened(services, dataset), ExactSearch), "not made yet"
    assert len(index(services, dataset)) == 100
    require_same(services, dataset)


def test_who_came_and_who_went_since_is_noticed_at_once(services: Services, dataset: Dataset) -> None:
    index(services, dataset)
    add_faces(services, "Many", {"Ann": 5, "Dan": 8})
    dismissed = services.store.face_table(dataset.id).face_ids[:6]
    Corrector(services.store, services.log, dataset.id, Editor("test", "Ben")).dismiss(dismissed)
    require_same(services, dataset)
    search = opened(services, dataset)
    found = {face_id for ids, _ in answers(search, services.store.embeddings(dataset.id).face_ids) for face_id in ids}
    assert found.isdisjoint(dismissed)
    with pytest.raises(KeyError):
        search.vector(dismissed[0])


def test_a_face_that_was_looked_at_anew_is_found_by_its_new_vector(services: Services, dataset: Dataset) -> None:
    index(services, dataset)
    photo, moved = stored_face(3, "Ann", "Cleo")
    services.store.replace_faces(dataset.id, photo.id, [moved])
    require_same(services, dataset)
    search = opened(services, dataset)
    np.testing.assert_array_equal(search.vector(moved.face.id), moved.vector)
    ((near_ids, _),) = search.nearest_faces(moved.vector[None], 1)
    assert near_ids == (moved.face.id,)


def test_a_gallery_has_the_new_vectors_too(services: Services, dataset: Dataset) -> None:
    index(services, dataset)
    photo, moved = stored_face(3, "Ann", "Cleo")
    services.store.replace_faces(dataset.id, photo.id, [moved])
    now, gallery = services.store.dataset(dataset.id), services.store.embeddings(dataset.id)
    search = open_gallery_search(services.store, services.artifacts, now, gallery)
    assert isinstance(search, IndexedSearch)
    ((near_ids, (distance,)),) = search.nearest_faces(moved.vector[None], 1)
    assert (near_ids, distance) == ((moved.face.id,), pytest.approx(0.0, abs=1e-3))


def test_a_gallery_is_searched_by_the_index_of_all(services: Services, dataset: Dataset) -> None:
    index(services, dataset)
    add_faces(services, "Many", {"Ann": 30})
    now, embeddings = services.store.dataset(dataset.id), services.store.embeddings(dataset.id)
    gallery = embeddings.take(np.arange(len(embeddings) - 1, 20, -1))
    search = open_gallery_search(services.store, services.artifacts, now, gallery)
    assert isinstance(search, IndexedSearch)
    probes = embeddings.vectors[:9]
    expected = ExactSearch(gallery).nearest_faces(probes, 4)
    assert [ids for ids, _ in search.nearest_faces(probes, 4)] == [ids for ids, _ in expected]


@pytest.mark.parametrize(
    "spoil", [lambda content: content[:-8], lambda _: b"", lambda content: content[:8] + b"[" + content[9:]]
)
def test_a_damaged_index_is_not_used_and_made_again(
    services: Services, dataset: Dataset, spoil: Callable[[bytes], bytes]
) -> None:
    index(services, dataset)
    (file_id,) = services.artifacts.ids(dataset.id, ArtifactKind.FACE_INDEX)
    path = services.artifacts.path(dataset.id, ArtifactKind.FACE_INDEX, file_id)
    path.write_bytes(spoil(path.read_bytes()))
    assert isinstance(opened(services, dataset), ExactSearch)
    assert len(plan_index(services, dataset.id)) == 1


def test_it_is_due_when_it_is_missing_or_many_came_since(services: Services, dataset: Dataset) -> None:
    assert [startup.queue_indexes(services), startup.queue_indexes(services)] == [1, 0], "one that waits is enough"
    carry(services, dataset.id, JobKind.INDEX)
    assert plan_index(services, dataset.id) == []
    add_faces(services, "Many", {"Ann": 5})
    assert plan_index(services, dataset.id) == [], "five are searched beside it"
    add_faces(services, "Many", {"Dan": 15})
    job = Job(id="1", dataset_id=dataset.id, kind=JobKind.LOOK_AGAIN, state=None, params={}, created=0.0)  # type: ignore[arg-type]
    assert [work.kind for work in list_follow_ups(services, job)] == [JobKind.INDEX]


def test_it_is_due_when_many_faces_were_looked_at_anew(services: Services, dataset: Dataset) -> None:
    carry(services, dataset.id, JobKind.INDEX)
    for number, n_due in ((10, 0), (11, 1)):
        for face in range(number):
            photo, moved = stored_face(face, "Ann", "Cleo")
            services.store.replace_faces(dataset.id, photo.id, [moved])
        assert len(plan_index(services, dataset.id)) == n_due


def test_an_erasing_leaves_nothing_in_it(services: Services, dataset: Dataset) -> None:
    stored = index(services, dataset)
    gone = next(person for person in services.store.people(dataset.id) if person.name == "Cleo")
    receipt = erase_person(services.erase_tools(), dataset.id, EraseRequest(gone.id, "Ben", retrain=False))
    assert services.artifacts.ids(dataset.id, ArtifactKind.FACE_INDEX) == [] and len(stored) == 100
    # These ids are numbers, and stand in those of photos that stay; ``test_erase_person`` looks through real ones.
    assert receipt.check is not None and {trace.path for trace in receipt.check.left} <= {"atlas.db"}
    assert isinstance(opened(services, dataset), ExactSearch)
    assert plan_index(services, dataset.id) == [], "70 are few"
