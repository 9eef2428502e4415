"""Work on the command line: listed, stopped, resumed, forgotten, and what became of the files."""

from __future__ import annotations

from core.services import Services
from core.store.job_model import JobKind, JobState
from tests.cli.conftest import Command, Refusal


def test_jobs_are_listed_with_what_became_of_the_files(command: Command) -> None:
    train, ingest = command("jobs")["jobs"]
    assert [(job["kind"], job["state"], job["dataset"]) for job in (ingest, train)] == [
        ("ingest", "done", "Five celebrities"),
        ("train", "done", "Five celebrities"),
    ]
    assert command("jobs", dataset=None)["jobs"] == [train, ingest]
    files = command("jobs", "--files", ingest["job"])["files"]
    assert len(files) == 118
    assert {file["outcome"] for file in files} == {"taken"}


def test_a_job_is_stopped_resumed_and_forgotten(command: Command, refusal: Refusal, app: Services) -> None:
    (dataset,) = app.store.datasets()
    job = app.jobs.submit(dataset.id, JobKind.SUSPECTS, {})
    assert "Stop it before" in refusal("jobs", "--forget", job.id)
    assert "can be resumed" in refusal("jobs", "--resume", job.id)
    assert command("jobs", "--stop", job.id)["state"] == "cancelled"
    assert "neither runs nor waits" in refusal("jobs", "--stop", job.id)
    assert command("jobs", "--resume", job.id)["state"] == "queued"
    assert app.jobs.job(job.id).state is JobState.QUEUED
    command("jobs", "--stop", job.id)
    command("jobs", "--forget", job.id)
    assert "not known any more" in refusal("jobs", "--files", job.id)
