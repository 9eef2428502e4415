"""Faces found on the nodes of a cluster are those that this machine finds, to the last byte, in every use of them."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import delete

from core.base.progress import UNWATCHED, Progress
from core.base.types import FacePolicy, Photo, Split
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobOwner
from core.store.sql import schema
from core.store.values.datasets import PhotoLabel
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.identification.lookups.lookup import LookupTask, look_up_photos
from core.workflows.identification.lookups.values import Lookup
from core.workflows.photos.ingest import IngestTarget, ingest_photos
from core.workflows.photos.look_again import detect_again
from core.workflows.photos.main_faces import MainFaces, embed_main_faces
from core.workflows.photos.model_change import change_model
from tests import prepared
from tests.cluster.conftest import lose_node, restore_node
from tests.conftest import new_data_dir, services_on, write_zip

N_PHOTOS = 45


@pytest.fixture
def archive(sample_files: Mapping[str, bytes], tmp_path: Path) -> Path:
    """Photos of the sample, one of them on its side and one twice, and a file that is none."""
    files = dict(list(sample_files.items())[:N_PHOTOS])
    first = next(iter(files.values()))
    on_its_side = io.BytesIO()
    Image.open(io.BytesIO(first)).transpose(Image.Transpose.ROTATE_90).save(on_its_side, "JPEG")
    files |= {"train/nobody/side.jpg": on_its_side.getvalue(), "train/nobody/copy.jpg": first}
    return write_zip(tmp_path / "photos.zip", {**files, "train/nobody/broken.jpg": b"\xff\xd8\xff\xe0 no photo"})


OpenServices = Callable[[str], Services]


@pytest.fixture
def open_services(models_dir: Path, engine: OpenVinoEngine, tmp_path: Path) -> OpenServices:
    """Services on an empty data folder of their own, which look for faces at an address."""
    return lambda address: services_at(address, new_data_dir(models_dir, folder_of(address, tmp_path)), engine)


@pytest.fixture
def open_sample(sample_dir: Path, engine: OpenVinoEngine, tmp_path: Path) -> OpenServices:
    """The same on a data folder in which the sample was taken and learned."""
    return lambda address: services_at(address, prepared.copy(sample_dir, folder_of(address, tmp_path)), engine)


@pytest.fixture
def open_few(sample_dir: Path, engine: OpenVinoEngine, tmp_path: Path) -> OpenServices:
    """The same with every third photo of the sample: batches for both nodes."""
    start, numbers = prepared.copy(sample_dir, tmp_path / "few"), itertools.count()
    services = services_on(start, engine)
    (sample,) = services.store.datasets()

    def file(photo: Photo) -> tuple[str, PhotoLabel] | None:
        side, person, _ = photo.name.split("/")
        return (photo.name, PhotoLabel(person, Split(side))) if next(numbers) % 3 == 0 else None

    prepared.refile(services, sample.name, "few", file)
    services.store.delete_dataset(sample.id)
    services.artifacts.delete_dataset(sample.id)
    return lambda address: services_at(address, prepared.copy(start, folder_of(address, tmp_path)), engine)


def folder_of(address: str, folder: Path) -> Path:
    return folder / (address or "local").replace(":", "-")


def services_at(address: str, data_dir: Path, engine: OpenVinoEngine) -> Services:
    services = services_on(data_dir, engine)
    services.settings = replace(services.settings, ray_address=address)
    return services


@pytest.fixture
def losing_a_node(cluster: Any) -> Iterator[Progress]:
    """Progress of work of whose nodes one is lost when some of it is done."""
    n_before, started = len(cluster.worker_nodes), False

    def hear(done: int, total: int, message: str) -> None:
        nonlocal started
        # Of work that goes on after others, the first step is no sign that anything runs.
        if started and done and len(cluster.worker_nodes) == n_before:
            lose_node(cluster)
        started = True

    yield Progress(hear)
    assert len(cluster.worker_nodes) < n_before, "no node was lost"
    restore_node(cluster)


def ingest(services: Services, archive: Path, progress: Progress = UNWATCHED) -> dict[str, Any]:
    """Take an archive, and give everything that is stored of it."""
    dataset_id = services.store.create_dataset("photos", DEFAULT_VECTORS_ID).id
    job_id = services.jobs.submit(dataset_id, JobKind.INGEST, {}, JobOwner.COMMAND_LINE).id
    with services.open_source(archive) as source:
        summary = ingest_photos(services.ingestor(dataset_id), source, IngestTarget(dataset_id, job_id), progress)
    return {"summary": summary, "lines": services.store.file_reports(job_id)} | read_faces(services, dataset_id)


def read_faces(services: Services, dataset_id: str) -> dict[str, Any]:
    """Everything that is stored of a dataset's photos and faces."""
    embeddings = services.store.embeddings(dataset_id)
    photos = [services.store.photo(dataset_id, photo_id) for photo_id in services.store.photo_labels(dataset_id)]
    return {
        "photos": sorted((photo for photo, _ in photos), key=lambda photo: photo.id),
        "faces": sorted(
            (face.id, face.box, face.landmarks.tobytes(), face.crop_id) for _, faces in photos for face in faces
        ),
        "vectors": dict(zip(embeddings.face_ids, (row.tobytes() for row in embeddings.vectors), strict=True)),
        "files": sorted(services.artifacts.ids(dataset_id, ArtifactKind.CROP)),
    }


def test_an_ingest_stores_the_same_though_a_node_is_lost_in_the_middle(
    open_services: OpenServices, cluster: Any, archive: Path, losing_a_node: Progress
) -> None:
    expected = ingest(open_services(""), archive)
    answer = ingest(open_services(cluster.address), archive, losing_a_node)
    assert expected["summary"].outcomes == {"taken": N_PHOTOS + 1, "duplicate": 1, "refused": 1}
    assert answer == expected


def test_a_new_look_and_another_model_store_the_same_though_a_node_is_lost_in_the_middle(
    open_few: OpenServices, cluster: Any, losing_a_node: Progress
) -> None:
    def look_again(services: Services, progress: Progress = UNWATCHED) -> dict[str, Any]:
        """Find the faces that the policy of the ingest left out; then embed all faces anew."""
        (dataset,) = services.store.datasets()
        job_id = services.jobs.submit(dataset.id, JobKind.LOOK_AGAIN, {}, JobOwner.COMMAND_LINE).id
        target, tools = IngestTarget(dataset.id, job_id, FacePolicy.KEEP_OTHERS), services.ingestor(dataset.id)
        summary = detect_again(tools, target, progress)
        faces = read_faces(services, dataset.id)
        with services.store.engine.begin() as connection:
            connection.execute(delete(schema.embedding))
        change = change_model(tools, dataset.id)
        lines = services.store.file_reports(job_id)
        return {"looked": [summary, lines, faces], "change": change, "embedded": read_faces(services, dataset.id)}

    expected = look_again(open_few(""))
    answer = look_again(open_few(cluster.address), losing_a_node)
    summary = expected["looked"][0]
    assert (summary.photos, summary.missing, summary.added > 0) == (40, 0, True)
    assert expected["change"].faces == len(expected["embedded"]["vectors"]) == summary.kept + summary.added
    assert answer == expected


def test_many_photos_are_identified_as_here(open_sample: OpenServices, cluster: Any, archive: Path) -> None:
    def look_up(services: Services) -> Lookup:
        (dataset,) = services.store.datasets()
        (run,) = services.runs.runs(dataset.id)
        task = LookupTask("f00", dataset.id, run, "photos.zip")
        with services.open_source(archive, folders_are_people=False) as source:
            return look_up_photos(services.lookup_tools(), services.identifier(run), source, task)

    expected, answer = look_up(open_sample("")), look_up(open_sample(cluster.address))
    assert [photo.refused for photo in expected.photos].count(True) == 1
    assert sum(len(photo.faces) for photo in expected.photos) >= N_PHOTOS
    assert replace(answer, created=expected.created) == expected


def test_main_faces_are_the_same(open_services: OpenServices, cluster: Any, archive: Path) -> None:
    def find(services: Services) -> MainFaces:
        with services.open_source(archive) as source:
            entries = source.entries[:18]
            return embed_main_faces(services.main_face_tools(DEFAULT_VECTORS_ID), source, entries, "", UNWATCHED)

    expected, answer = find(open_services("")), find(open_services(cluster.address))
    assert answer.entries == expected.entries
    np.testing.assert_array_equal(answer.vectors, expected.vectors)
