"""A photo that ends its reader costs that photo: its job goes on, and when it is resumed, does not meet it again."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.base.errors import Cancelled
from core.base.progress import CancelToken, Progress
from core.base.settings import ImageLimits
from core.services import Services
from core.store.job_model import JobKind, JobOwner
from core.store.values.datasets import FileOutcome, FileReport
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.identification.lookups.kept_lookups import load_lookup
from core.workflows.identification.lookups.lookup import LookupTask, look_up_photos
from core.workflows.photos.ingest import IngestTarget, ingest_photos
from tests import prepared
from tests.conftest import MODEL_ID, services_on, write_zip

IMPATIENT = ImageLimits(max_seconds=0.05)
"""A photo of the sample takes 2 ms."""
TOO_LONG = "could not be read within 0.05 seconds"


@pytest.fixture(scope="module")
def slow() -> bytes:
    """A photo of 25 megapixels, a small file: it takes several times as long."""
    squares = np.random.default_rng(0).integers(0, 256, (5, 5, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(np.kron(squares, np.ones((1000, 1000, 1), dtype=np.uint8))).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def archive(sample_files: Mapping[str, bytes], slow: bytes, tmp_path: Path) -> Path:
    """Two photos about the slow one, which is there twice."""
    first, second = list(sample_files.values())[:2]
    files = {"ada/1.jpg": first, "ada/slow.png": slow, "bob/again.png": slow, "bob/2.jpg": second}
    return write_zip(tmp_path / "a.zip", files)


def take(
    services: Services, target: IngestTarget, archive: Path, limits: ImageLimits, token: CancelToken | None = None
) -> dict[str, FileReport]:
    tools = services.ingestor(target.dataset_id)
    tools = replace(tools, pipeline=replace(tools.pipeline, limits=limits))
    with services.open_source(archive) as source:
        ingest_photos(tools, source, target, progress=Progress(token=token or CancelToken()))
    return lines(services, target)


def lines(services: Services, target: IngestTarget) -> dict[str, FileReport]:
    return {line.name: line for line in services.store.file_reports(target.job_id)}


@pytest.fixture
def target(services: Services) -> IngestTarget:
    dataset_id = services.store.create_dataset("family", MODEL_ID).id
    return IngestTarget(dataset_id, services.jobs.submit(dataset_id, JobKind.INGEST, {}, JobOwner.COMMAND_LINE).id)


def test_a_photo_that_ends_its_reader_costs_that_photo(services: Services, target: IngestTarget, archive: Path) -> None:
    report = take(services, target, archive, IMPATIENT)
    assert {name: line.outcome for name, line in report.items()} == {
        "ada/1.jpg": FileOutcome.TAKEN,
        "ada/slow.png": FileOutcome.REFUSED,
        "bob/again.png": FileOutcome.REFUSED,
        "bob/2.jpg": FileOutcome.TAKEN,
    }
    assert TOO_LONG in report["ada/slow.png"].reason
    assert TOO_LONG in report["bob/again.png"].reason
    assert len(services.store.photo_labels(target.dataset_id)) == 2


def test_an_ingest_that_was_stopped_after_a_reader_ended_does_not_meet_that_photo_again(
    services: Services, target: IngestTarget, archive: Path
) -> None:
    stopped = CancelToken()
    stopped.cancel()
    with pytest.raises(Cancelled):
        take(services, target, archive, IMPATIENT, stopped)
    refused = lines(services, target)
    assert set(refused) == {"ada/slow.png", "bob/again.png"}, "nothing else is written before the work on the batch"
    resumed = take(services, target, archive, ImageLimits())
    assert resumed["ada/slow.png"] == refused["ada/slow.png"], "with time enough it would have been taken"
    assert [resumed[name].outcome for name in ("ada/1.jpg", "bob/2.jpg")] == [FileOutcome.TAKEN] * 2


def test_a_look_at_many_photos_goes_on_after_a_reader_ended_and_does_not_meet_that_photo_again(
    sample_dir: Path, tmp_path: Path, engine: OpenVinoEngine, archive: Path
) -> None:
    services = services_on(prepared.copy(sample_dir, tmp_path / "learned"), engine)
    dataset_id = services.store.datasets()[0].id
    run = services.runs.runs(dataset_id)[0]
    tools, patient = services.lookup_tools(), services.identifier(run)
    impatient = replace(patient, pipeline=replace(patient.pipeline, limits=IMPATIENT))
    wish, stopped = LookupTask("abc", dataset_id, run, "new"), CancelToken()
    stopped.cancel()
    with services.open_source(archive, folders_are_people=False) as source:
        with pytest.raises(Cancelled):
            look_up_photos(tools, impatient, source, wish, progress=Progress(token=stopped))
        look_up_photos(tools, patient, source, wish)
    photos = {photo.name: photo for photo in load_lookup(services.artifacts, dataset_id, "abc").photos}
    assert set(photos) == {"ada/1.jpg", "ada/slow.png", "bob/again.png", "bob/2.jpg"}
    assert photos["ada/slow.png"].refused
    assert TOO_LONG in photos["ada/slow.png"].reason
    assert photos["ada/1.jpg"].faces
