"""Faces found on the nodes of a cluster are those that this machine finds, to the last byte, in every use of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.base.progress import UNWATCHED, Progress
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobOwner
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.photos.ingest import IngestTarget, ingest_photos
from core.workflows.photos.main_faces import MainFaces, embed_main_faces
from tests.cluster.conftest import NODE, lose_node
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


@pytest.fixture
def open_services(models_dir: Path, engine: OpenVinoEngine, tmp_path: Path) -> Callable[[str], Services]:
    """Services on a data folder of their own, which look for faces at an address."""

    def open_at(address: str) -> Services:
        services = services_on(new_data_dir(models_dir, tmp_path / (address or "local").replace(":", "-")), engine)
        services.settings = replace(services.settings, ray_address=address)
        return services

    return open_at


def ingest(services: Services, archive: Path, progress: Progress = UNWATCHED) -> dict[str, Any]:
    """Take an archive, and give everything that is stored of it."""
    dataset_id = services.store.create_dataset("photos", DEFAULT_VECTORS_ID).id
    job_id = services.jobs.submit(dataset_id, JobKind.INGEST, {}, JobOwner.COMMAND_LINE).id
    with services.open_source(archive) as source:
        summary = ingest_photos(services.ingestor(dataset_id), source, IngestTarget(dataset_id, job_id), progress)
    embeddings = services.store.embeddings(dataset_id)
    photos = [services.store.photo(dataset_id, photo_id) for photo_id in services.store.photo_labels(dataset_id)]
    return {
        "summary": summary,
        "lines": services.store.file_reports(job_id),
        "photos": sorted((photo for photo, _ in photos), key=lambda photo: photo.id),
        "faces": sorted(
            (face.id, face.box, face.landmarks.tobytes(), face.crop_id) for _, faces in photos for face in faces
        ),
        "vectors": dict(zip(embeddings.face_ids, (row.tobytes() for row in embeddings.vectors), strict=True)),
        "files": sorted(services.artifacts.ids(dataset_id, ArtifactKind.CROP)),
    }


def test_an_ingest_stores_the_same_though_a_node_is_lost_in_the_middle(
    open_services: Callable[[str], Services], cluster: Any, archive: Path
) -> None:
    def lose_a_node(done: int, total: int, message: str) -> None:
        if done and len(cluster.worker_nodes) == 1:
            lose_node(cluster)

    expected = ingest(open_services(""), archive)
    answer = ingest(open_services(cluster.address), archive, Progress(lose_a_node))
    assert not cluster.worker_nodes, "no node was lost"
    cluster.add_node(**NODE)
    assert expected["summary"].outcomes == {"taken": N_PHOTOS + 1, "duplicate": 1, "refused": 1}
    assert answer == expected


def test_main_faces_are_the_same(open_services: Callable[[str], Services], cluster: Any, archive: Path) -> None:
    def find(services: Services) -> MainFaces:
        with services.open_source(archive) as source:
            entries = source.entries[:18]
            return embed_main_faces(services.main_face_tools(DEFAULT_VECTORS_ID), source, entries, "", UNWATCHED)

    expected, answer = find(open_services("")), find(open_services(cluster.address))
    assert answer.entries == expected.entries
    np.testing.assert_array_equal(answer.vectors, expected.vectors)
