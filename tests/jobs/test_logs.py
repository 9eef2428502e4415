"""The log of a real worker that takes photos, learns and names: JSON lines, and nobody's name in them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.jobs.registry import submit_job
from core.store.job_model import JobState
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.identification.lookups.values import LookupRequest
from core.workflows.training.request import TrainRequest
from tests.conftest import new_data_dir, services_on, write_zip
from tests.jobs.test_worker import submit_ingest, worker
from tests.waiting import wait_until


def test_a_worker_that_takes_learns_and_names_logs_json_lines_and_no_names(
    models_dir: Path,
    engine: OpenVinoEngine,
    sample_files: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FACE_ATLAS_LOG", "json")
    services = services_on(new_data_dir(models_dir, tmp_path / "data"), engine)
    people = sorted({name.split("/")[-2] for name in sample_files})[:2]
    few = {
        name: content
        for person in people
        for name, content in [item for item in sample_files.items() if f"/{person}/" in item[0]][:6]
    }
    archive = write_zip(tmp_path / "photos of madonna.zip", {**few, "madonna/broken.jpg": b"\xff\xd8\xff nothing"})
    ingest = submit_ingest(services, archive)

    def finished(job_id: str) -> bool:
        return not services.jobs.job(job_id).state.active

    with worker(services.settings.data_dir, tmp_path / "worker.log"):
        wait_until(lambda: finished(ingest.id), "the photos")
        training = submit_job(services.jobs, ingest.dataset_id, TrainRequest())
        wait_until(lambda: finished(training.id), "the training")
        run = services.runs.runs(ingest.dataset_id)[0]
        lookup = submit_job(services.jobs, ingest.dataset_id, LookupRequest(str(archive), archive.name, run.id))
        wait_until(lambda: finished(lookup.id), "the names")
        # The line of a job follows its end.
        wait_until(lambda: lookup.id in (tmp_path / "worker.log").read_text(), "its line")
    states = [services.jobs.job(job.id).state for job in (ingest, training, lookup)]
    assert states == [JobState.DONE] * 3, [services.jobs.job(job.id).error for job in (ingest, training, lookup)]
    log = (tmp_path / "worker.log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert {line.get("job") for line in lines} >= {ingest.id, training.id, lookup.id}
    words = {word for name in (*few, archive.name, *people) for word in Path(name).stem.replace("_", " ").split()}
    assert not {word for word in words if len(word) > 3 and not word.isdigit() and word.lower() in log.lower()}
