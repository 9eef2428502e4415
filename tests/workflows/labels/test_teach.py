"""Teaching from a photo that was only looked at, with the real networks on the trained sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import InputRefused, NotFound
from core.base.types import Detection, RgbImage
from core.corrections.model import Editor
from core.imaging.pixels import encode_jpeg
from core.services import Services
from core.store.artifacts import content_id
from core.store.values.datasets import Dataset
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.labels import teach
from core.workflows.labels.correct import Corrector
from core.workflows.labels.teach import UnstoredPhoto
from tests import prepared
from tests.conftest import services_on

TWO_FACES = "two.jpg"


@pytest.fixture
def taught(sample_dir: Path, tmp_path: Path, engine: OpenVinoEngine) -> Services:
    return services_on(prepared.copy(sample_dir, tmp_path / "data"), engine)


@pytest.fixture
def dataset(taught: Services) -> Dataset:
    (only,) = taught.store.datasets()
    return only


@pytest.fixture
def by(taught: Services, dataset: Dataset) -> Corrector:
    return Corrector(taught.store, taught.log, dataset.id, Editor("somebody", "now"))


@pytest.fixture
def pair(taught: Services, sample_images: Mapping[str, RgbImage]) -> tuple[bytes, list[Detection]]:
    """A new photo with two people side by side, and its faces from left to right."""
    left, right = (
        next(image for name, image in sample_images.items() if name.startswith(f"val/{person}/"))
        for person in ("madonna", "jerry_seinfeld")
    )
    height = max(left.shape[0], right.shape[0])
    sides = [
        np.pad(side, ((0, height - side.shape[0]), (10, 10), (0, 0)), constant_values=90) for side in (left, right)
    ]
    image = np.ascontiguousarray(np.concatenate(sides, axis=1))
    found = taught.detector.detect([image])[0]
    assert len(found) == 2
    return encode_jpeg(image, quality=95), sorted(found, key=lambda face: face.box.left)


def test_the_face_that_was_named_joins_the_dataset_and_nobody_else(taught, dataset, by, pair) -> None:
    content, (first, second) = pair
    before = taught.store.counts(dataset.id)
    teach.teach_face(taught.ingestor(dataset.id), by, UnstoredPhoto(TWO_FACES, content), first, "Aunt May")
    after = taught.store.counts(dataset.id)
    assert (after.photos - before.photos, after.faces - before.faces) == (1, 1)
    known, other = teach.match_known_faces(taught.store, dataset.id, content_id(content), [first.box, second.box])
    assert known is not None and (known.person, known.confirmed) == ("Aunt May", True)
    assert other is None
    embeddings = taught.store.embeddings(dataset.id)
    row = embeddings.face_ids.index(known.id)
    assert np.linalg.norm(embeddings.vectors[row]) == pytest.approx(1, abs=1e-5)


def test_it_is_undone_and_done_again_like_any_correction(taught, dataset, by, pair) -> None:
    content, (first, _) = pair
    before = taught.store.counts(dataset.id)
    tools = taught.ingestor(dataset.id)
    teach.teach_face(tools, by, UnstoredPhoto(TWO_FACES, content), first, "Aunt May")
    by.undo()
    assert taught.store.counts(dataset.id).faces == before.faces
    assert teach.match_known_faces(taught.store, dataset.id, content_id(content), [first.box]) == [None]
    by.redo()
    (again,) = teach.match_known_faces(taught.store, dataset.id, content_id(content), [first.box])
    assert again is not None and again.person == "Aunt May"
    by.undo()
    teach.teach_face(tools, by, UnstoredPhoto(TWO_FACES, content), first, "madonna")
    assert taught.store.counts(dataset.id).faces == before.faces + 1


def test_a_face_that_the_dataset_has_gets_the_other_name_and_no_second_one_is_made(
    taught, dataset, by, sample_files: Mapping[str, bytes]
) -> None:
    content = next(content for name, content in sample_files.items() if name.startswith("val/madonna/"))
    _, (face,) = taught.store.photo(dataset.id, content_id(content))
    before = taught.store.counts(dataset.id).faces
    found = Detection(face.box, face.landmarks, face.prob)
    teach.teach_face(taught.ingestor(dataset.id), by, UnstoredPhoto("again.jpg", content), found, "elton_john")
    assert taught.store.faces(dataset.id, [face.id])[0].person == "elton_john"
    assert taught.store.counts(dataset.id).faces == before


def test_what_was_taught_is_known_after_training_again(taught, dataset, by, pair) -> None:
    from core.workflows.training.train import TrainingTask, train_recogniser

    content, (first, second) = pair
    tools = taught.ingestor(dataset.id)
    teach.teach_face(tools, by, UnstoredPhoto(TWO_FACES, content), first, "elton_john")
    teach.teach_face(tools, by, UnstoredPhoto(TWO_FACES, content), second, "elton_john")
    run = train_recogniser(taught.run_tools(), TrainingTask(dataset.id))
    learned = taught.identifier(run).gallery.face_ids
    known = teach.match_known_faces(taught.store, dataset.id, content_id(content), [first.box, second.box])
    assert {face.id for face in known if face} <= set(learned)


def test_a_name_that_cannot_be_one_takes_nothing_in(taught, dataset, by, pair) -> None:
    content, (first, _) = pair
    with pytest.raises(InputRefused):
        teach.teach_face(taught.ingestor(dataset.id), by, UnstoredPhoto(TWO_FACES, content), first, "   ")
    with pytest.raises(NotFound):
        taught.store.photo(dataset.id, content_id(content))
