"""The worker as a process that may be killed, and as a loop over the queue.

Required: a worker killed (-9) in the middle of an ingest leaves an interrupted job; resumed, it ends with what an
undisturbed run gives.
"""

from __future__ import annotations

import errno
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock

from core.base.errors import Cancelled, DataFolderFault, InputRefused
from core.base.progress import UNWATCHED, CancelToken, Progress
from core.jobs.order import may_overtake
from core.jobs.process import WorkerEnd
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job, serve_queue
from core.services import Services
from core.store.access_model import Asker, Role
from core.store.job_model import FollowUp, Job, JobKind, JobOwner, JobState
from core.store.values.datasets import FileOutcome
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.photos.requests import IngestRequest
from core.workflows.projection.project import MapOptions, Method
from core.workflows.training.request import TrainRequest
from tests import prepared
from tests.conftest import MODEL_ID, PROJECT_DIR, new_data_dir, services_on, write_zip
from tests.waiting import LONGEST_S, wait_until

READY = "worker ready"


# the process


@dataclass
class Worker:
    """``python -m core worker`` on a data folder."""

    process: subprocess.Popen[bytes]
    log_path: Path

    @property
    def is_ready(self) -> bool:
        return READY in self.log_path.read_text(encoding="utf-8")

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.is_ready or self.process.poll() is not None, "the worker")
        assert self.is_ready, self.log_path.read_text(encoding="utf-8")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def worker(data_dir: Path, log_path: Path) -> Iterator[Worker]:
    command = [sys.executable, "-m", "core", "worker", "--data", str(data_dir), "--with-parent"]
    with log_path.open("wb") as log:
        process = subprocess.Popen(command, cwd=PROJECT_DIR, stdin=subprocess.PIPE, stderr=log)
        try:
            yield Worker(process, log_path)
        finally:
            process.kill()
            process.wait()
            if process.stdin:
                process.stdin.close()


def submit_ingest(services: Services, archive: Path, model_id: str = MODEL_ID) -> Job:
    dataset = services.store.create_dataset("sample", model_id)
    request = IngestRequest(str(archive), archive.name)
    return services.jobs.submit(dataset.id, JobKind.INGEST, request.to_json())


@pytest.mark.skipif(sys.platform != "linux", reason="reads the processes' children from /proc")
def test_an_ingest_whose_worker_is_killed_and_whose_next_one_is_asked_to_end_comes_to_the_undisturbed_result(
    models_dir: Path, engine: OpenVinoEngine, sample_files: Mapping[str, bytes], tmp_path: Path
) -> None:
    services = services_on(new_data_dir(models_dir, tmp_path / "data"), engine)
    # More than a worker has in hand when it is killed, goes on and is asked to end, on a fast machine too.
    archive = write_zip(tmp_path / "photos.zip", several_times(sample_files, 2))
    job = submit_ingest(services, archive, DEFAULT_VECTORS_ID)
    with worker(services.settings.data_dir, tmp_path / "first.log") as first:
        wait_until(lambda: services.jobs.job(job.id).done >= 16, "the first batch")
        first.kill()
    killed = services.jobs.job(job.id)
    assert killed.state is JobState.INTERRUPTED, "it ended before it could be killed, or nobody noticed"
    assert 16 <= len(services.store.photo_labels(job.dataset_id)) < 234
    with worker(services.settings.data_dir, tmp_path / "second.log") as second:
        assert "resume" in services.jobs.job(job.id).error
        services.jobs.resume(job.id)
        wait_until(lambda: services.jobs.job(job.id).done > killed.done, "the next batch")
        end_as_a_service(second)
    offered = services.jobs.job(job.id)
    assert (offered.state, offered.error) == (JobState.QUEUED, ""), "it ended before, or was left as after a kill"
    stored = len(services.store.photo_labels(job.dataset_id))
    assert killed.done < stored < 234
    assert FileOutcome.REFUSED not in services.store.outcome_counts(job.id), "a photo is blamed"
    with worker(services.settings.data_dir, tmp_path / "third.log"):
        wait_until(lambda: not services.jobs.job(job.id).state.active, "the end")
    ended = services.jobs.job(job.id)
    assert (ended.state, ended.done_at_start >= killed.done) == (JobState.DONE, True), ended.error
    undisturbed = services_on(new_data_dir(models_dir, tmp_path / "undisturbed"), engine)
    other = submit_ingest(undisturbed, archive, DEFAULT_VECTORS_ID)
    run_job(undisturbed.jobs, other, job_handlers(undisturbed)[JobKind.INGEST], CancelToken())
    require_same(services, ended, undisturbed, undisturbed.jobs.job(other.id))


def end_as_a_service(running: Worker) -> None:
    """Ask a worker to end as a service manager does: all processes of the service at once."""
    pid = running.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in (*map(int, children), pid):
        os.kill(each, signal.SIGTERM)
    assert running.process.wait(LONGEST_S) == 0


def require_same(services: Services, job: Job, others: Services, other: Job) -> None:
    """Faces, boxes, labels, vectors, files and the report are the same."""
    assert {**job.result, "seconds": 0} == {**other.result, "seconds": 0}
    assert services.store.file_reports(job.id) == others.store.file_reports(other.id)
    mine, theirs = services.store.face_table(job.dataset_id), others.store.face_table(other.dataset_id)
    assert (mine.face_ids, mine.photo_names, mine.crop_ids) == (theirs.face_ids, theirs.photo_names, theirs.crop_ids)
    assert (mine.people, mine.splits) == (theirs.people, theirs.splits)
    np.testing.assert_array_equal(mine.labels, theirs.labels)
    faces, expected = (
        each.store.faces(dataset_id, mine.face_ids)
        for each, dataset_id in ((services, job.dataset_id), (others, other.dataset_id))
    )
    assert [face.box for face in faces] == [face.box for face in expected]
    vectors, expected_vectors = (
        services.store.embeddings(job.dataset_id), others.store.embeddings(other.dataset_id)
    )  # fmt: skip
    np.testing.assert_array_equal(vectors.vectors, expected_vectors.vectors)


def test_a_second_worker_takes_over_when_the_first_dies_and_ends_when_its_standard_input_closes(
    data_dir: Path, tmp_path: Path
) -> None:
    with worker(data_dir, tmp_path / "first.log") as first:
        first.wait_until_ready()
        with worker(data_dir, tmp_path / "second.log") as second:
            first.kill()
            second.wait_until_ready()
            assert second.process.stdin is not None
            second.process.stdin.close()
            assert second.process.wait(LONGEST_S) == 0


# the loop


@pytest.fixture
def dataset_id(services: Services) -> str:
    return services.store.create_dataset("family", MODEL_ID).id


def run_one(services: Services, dataset_id: str, handler: Callable[[Job, Progress], dict[str, Any]]) -> Job:
    job = services.jobs.submit(dataset_id, JobKind.TRAIN, {"title": "Ada Lovelace.zip"}, JobOwner.COMMAND_LINE)
    run_job(services.jobs, job, handler, CancelToken())
    return services.jobs.job(job.id)


def test_a_waiting_worker_claims_nothing_and_then_everything(services: Services, dataset_id: str) -> None:
    jobs = [services.jobs.submit(dataset_id, JobKind.TRAIN, {}).id for _ in range(2)]
    done: list[str] = []
    stop = threading.Event()

    def note(job: Job, progress: Progress) -> dict[str, Any]:
        done.append(job.id)
        if len(done) == len(jobs):
            stop.set()
        return {}

    with FileLock(services.worker_lock):  # another worker serves this data folder
        stopped = threading.Event()
        waiting = threading.Thread(
            target=serve_queue, args=(services.jobs, {JobKind.TRAIN: note}, services.worker_lock, stopped)
        )
        waiting.start()
        stopped.set()
        waiting.join()
    assert (done, services.jobs.job(jobs[0]).state) == ([], JobState.QUEUED)
    serve_queue(services.jobs, {JobKind.TRAIN: note}, services.worker_lock, stop)
    assert done == jobs
    assert {services.jobs.job(job_id).state for job_id in jobs} == {JobState.DONE}


def test_an_unexpected_error_fails_the_job_without_naming_anybody(
    services: Services, dataset_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(job: Job, progress: Progress) -> dict[str, Any]:
        raise ValueError(f"cannot read {job.params['title']}")

    with caplog.at_level(logging.DEBUG):
        job = run_one(services, dataset_id, fail)
    assert job.state is JobState.FAILED
    assert "ValueError" in job.error
    assert "resume" in job.error
    assert "in fail" in job.detail
    assert "Lovelace" not in job.error + job.detail + caplog.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/Ada Lovelace.jpg"), "disk is full"),
        (MemoryError(), "memory"),
        (InputRefused("'Ada Lovelace.zip' is not there any more. Give it again."), "Give it again"),
    ],
    ids=["disk full", "no memory", "refused"],
)
def test_a_failed_job_says_what_to_do(services: Services, dataset_id: str, error: Exception, words: str) -> None:
    def fail(job: Job, progress: Progress) -> dict[str, Any]:
        raise error

    job = run_one(services, dataset_id, fail)
    assert job.state is JobState.FAILED
    assert words in job.error
    assert "Lovelace" not in job.detail


def test_cancelling_reaches_the_work_by_way_of_the_store(services: Services, dataset_id: str) -> None:
    def wait_for_the_wish(job: Job, progress: Progress) -> dict[str, Any]:
        progress.report(3, 10, "Learning")
        services.jobs.cancel(job.id)
        wait_until(lambda: progress.token.cancelled, "the wish to cancel")
        progress.raise_if_cancelled()
        return {}

    job = run_one(services, dataset_id, wait_for_the_wish)
    assert (job.state, job.done, job.total) == (JobState.CANCELLED, 3, 10)


def test_a_job_in_hand_is_offered_again_when_the_worker_ends_and_cancelled_when_somebody_asked(
    services: Services, dataset_id: str
) -> None:
    jobs, stop = (
        [services.jobs.submit(dataset_id, kind, {}) for kind in (JobKind.INGEST, JobKind.MAP)],
        threading.Event(),
    )

    def end_the_worker(job: Job, progress: Progress) -> dict[str, Any]:
        stop.set()
        progress.raise_if_cancelled()
        return {}

    serve_queue(services.jobs, {JobKind.INGEST: end_the_worker}, services.worker_lock, stop)
    assert [services.jobs.job(job.id).state for job in jobs] == [JobState.QUEUED] * 2
    token = CancelToken(process_ends=stop)
    token.cancel()
    claimed = services.jobs.claim()
    assert claimed is not None
    assert run_job(services.jobs, claimed, end_the_worker, token) is JobState.CANCELLED


def test_what_reaches_no_batch_in_time_is_offered_as_it_is(
    services: Services, dataset_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.process.HAND_ON_S", 0.01)
    exited = threading.Event()
    end = WorkerEnd(exit_at_once=exited.set)
    end.serve(services.jobs)
    job = services.jobs.submit(dataset_id, JobKind.TRAIN, {})
    services.jobs.claim()
    end.ask()
    wait_until(exited.is_set, "the end of the process")
    assert end.stop.is_set() and services.jobs.job(job.id).state is JobState.QUEUED


def test_the_worker_goes_on_after_a_job_that_failed(services: Services, dataset_id: str) -> None:
    stop = threading.Event()

    def fail(job: Job, progress: Progress) -> dict[str, Any]:
        raise RuntimeError("no")

    def end(job: Job, progress: Progress) -> dict[str, Any]:
        stop.set()
        return {"map": "m1"}

    failing = services.jobs.submit(dataset_id, JobKind.TRAIN, {})
    good = services.jobs.submit(dataset_id, JobKind.MAP, {})
    serve_queue(services.jobs, {JobKind.TRAIN: fail, JobKind.MAP: end}, services.worker_lock, stop)
    assert services.jobs.job(failing.id).state is JobState.FAILED
    assert services.jobs.job(good.id).result == {"map": "m1"}


# what follows a job


@pytest.mark.parametrize("state", [JobState.DONE, JobState.FAILED, JobState.CANCELLED])
def test_something_follows_only_a_job_that_is_done(services: Services, dataset_id: str, state: JobState) -> None:
    ends = {JobState.FAILED: InputRefused("no"), JobState.CANCELLED: Cancelled("Stopped.")}

    def end(job: Job, progress: Progress) -> dict[str, Any]:
        if state in ends:
            raise ends[state]
        return {}

    job = services.jobs.submit(dataset_id, JobKind.INGEST, {}, JobOwner.COMMAND_LINE)
    follow = [FollowUp(JobKind.MAP, {"seed": 3})]
    assert run_job(services.jobs, job, end, CancelToken(), follower=lambda _: follow) is state
    waiting = [(next_job.kind, next_job.params) for next_job in services.jobs.active()]
    assert waiting == ([(JobKind.MAP, {"seed": 3})] if state is JobState.DONE else [])


def test_a_job_stays_done_when_nobody_can_tell_what_follows_it(
    services: Services, dataset_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    def forget(job: Job) -> list[FollowUp]:
        raise ValueError(job.params["title"])

    params = {"title": "Ada Lovelace.zip"}
    job = services.jobs.submit(dataset_id, JobKind.INGEST, params, JobOwner.COMMAND_LINE)
    with caplog.at_level(logging.WARNING):
        assert run_job(services.jobs, job, lambda *_: {}, CancelToken(), follower=forget) is JobState.DONE
    assert "in forget" in caplog.text
    assert "Lovelace" not in caplog.text


def test_what_follows_is_asked_for_again_while_the_store_is_locked(
    services: Services, dataset_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.worker.RETRY_S", 0.01)
    faults = iter([DataFolderFault("The store is locked."), None])

    def follow(job: Job) -> list[FollowUp]:
        if fault := next(faults):
            raise fault
        return [FollowUp(JobKind.MAP, {})]

    job = services.jobs.submit(dataset_id, JobKind.INGEST, {}, JobOwner.COMMAND_LINE)
    run_job(services.jobs, job, lambda *_: {}, CancelToken(), follower=follow)
    assert [next_job.kind for next_job in services.jobs.active()] == [JobKind.MAP]


# short work between two batches of long work


def test_a_quick_job_is_done_between_two_batches_of_a_long_one(services: Services, dataset_id: str) -> None:
    stop = threading.Event()
    order: list[str] = []
    other_id = services.store.create_dataset("club", MODEL_ID).id

    def ingest(job: Job, progress: Progress) -> dict[str, Any]:
        order.append("ingest begins")
        quick = services.jobs.submit(other_id, JobKind.MAP, {})

        def looked_between_batches() -> bool:
            progress.raise_if_cancelled()
            return services.jobs.job(quick.id).state is JobState.DONE

        wait_until(looked_between_batches, "the map")
        stop.set()
        return {}

    def draw(job: Job, progress: Progress) -> dict[str, Any]:
        order.append("map")
        return {"map": "m1"}

    long = services.jobs.submit(dataset_id, JobKind.INGEST, {})
    serve_queue(services.jobs, {JobKind.INGEST: ingest, JobKind.MAP: draw}, services.worker_lock, stop)
    assert order == ["ingest begins", "map"]
    assert services.jobs.job(long.id).state is JobState.DONE


def test_a_long_job_makes_room_for_somebody_elses_and_goes_on_after_it(
    services: Services, dataset_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of one person it does not: theirs are done one after another, as ever."""
    monkeypatch.setattr("core.jobs.worker.TURN_S", -1.0)
    monkeypatch.setattr("core.jobs.worker.IDLE_S", 0.0)
    stop = threading.Event()
    order: list[str] = []
    anns_id, bobs_id = (services.store.create_dataset(name, MODEL_ID).id for name in ("club", "school"))
    ann, bob = (Asker(f"{name}@example.org", Role.EDITOR) for name in ("ann", "bob"))

    def ingest(job: Job, progress: Progress) -> dict[str, Any]:
        order.append(job.asker)
        if len(order) == 1:
            services.jobs.submit(anns_id, JobKind.EXPORT, {}, asker=ann)
            progress.raise_if_cancelled()
            services.jobs.submit(bobs_id, JobKind.EXPORT, {}, asker=bob)
            progress.raise_if_cancelled()
        return {}

    def export(job: Job, progress: Progress) -> dict[str, Any]:
        order.append(job.asker)
        if len(order) == 4:
            stop.set()
        return {}

    services.jobs.submit(dataset_id, JobKind.INGEST, {}, asker=ann)
    serve_queue(services.jobs, {JobKind.INGEST: ingest, JobKind.EXPORT: export}, services.worker_lock, stop)
    assert order == [ann.address, bob.address, ann.address, ann.address]
    assert {job.state for job in services.jobs.jobs()} == {JobState.DONE}


def test_a_quick_job_that_fails_costs_the_long_one_nothing(services: Services, dataset_id: str) -> None:
    stop = threading.Event()
    other_id = services.store.create_dataset("club", MODEL_ID).id

    def ingest(job: Job, progress: Progress) -> dict[str, Any]:
        quick = services.jobs.submit(other_id, JobKind.MAP, {})

        def looked_between_batches() -> bool:
            progress.raise_if_cancelled()
            return services.jobs.job(quick.id).state is JobState.FAILED

        wait_until(looked_between_batches, "the map")
        stop.set()
        return {"photos": 1}

    def fail(job: Job, progress: Progress) -> dict[str, Any]:
        raise ValueError

    long = services.jobs.submit(dataset_id, JobKind.INGEST, {})
    serve_queue(services.jobs, {JobKind.INGEST: ingest, JobKind.MAP: fail}, services.worker_lock, stop)
    assert services.jobs.job(long.id).result == {"photos": 1}


@pytest.mark.parametrize(
    ("kind", "params", "is_quick"),
    [
        (JobKind.MAP, {}, True),
        (JobKind.SUSPECTS, {}, True),
        (JobKind.CLUSTER, {}, True),
        (JobKind.TRAIN, {"strangers": None}, True),
        (JobKind.TRAIN, {"strangers": "others.zip"}, False),
        (JobKind.ERASE, {}, False),
        (JobKind.INGEST, {}, False),
    ],
)
def test_only_short_work_that_takes_no_writing_lock_is_claimed_as_quick(
    services: Services, dataset_id: str, kind: JobKind, params: dict[str, Any], is_quick: bool
) -> None:
    job = services.jobs.submit(dataset_id, kind, params)
    claimed = services.jobs.claim(may_overtake)
    assert (claimed is not None) == is_quick
    assert services.jobs.job(job.id).state is (JobState.RUNNING if is_quick else JobState.QUEUED)


def test_a_quick_job_waits_for_what_was_asked_of_its_own_dataset_before(services: Services, dataset_id: str) -> None:
    ingest = services.jobs.submit(dataset_id, JobKind.INGEST, {})
    train = services.jobs.submit(dataset_id, JobKind.TRAIN, {})
    assert services.jobs.claim(may_overtake) is None
    assert getattr(services.jobs.claim(), "id", None) == ingest.id
    assert services.jobs.claim(may_overtake) is None, "it would learn from half of the photos"
    services.jobs.finish(ingest.id, JobState.DONE)
    assert getattr(services.jobs.claim(may_overtake), "id", None) == train.id


def test_a_run_that_was_stored_before_its_job_ended_is_not_trained_again(
    sample_dir: Path, tmp_path: Path, engine: OpenVinoEngine
) -> None:
    services = services_on(prepared.copy(sample_dir, tmp_path / "data"), engine)
    (dataset,) = services.store.datasets()
    job = services.jobs.submit(dataset.id, JobKind.TRAIN, TrainRequest().to_json(), JobOwner.COMMAND_LINE)
    train = job_handlers(services)[JobKind.TRAIN]
    first = train(job, UNWATCHED)
    assert train(job, UNWATCHED) == first == {"run": job.id, "refused": ()}
    assert len(services.runs.runs(dataset.id)) == 2, "the one of the prepared folder, and this one"


def test_a_map_is_there_before_the_ingest_of_another_dataset_ends(
    sample_dir: Path, sample_files: dict[str, bytes], tmp_path: Path, engine: OpenVinoEngine
) -> None:
    services = services_on(prepared.copy(sample_dir, tmp_path / "data"), engine)
    mapped = services.store.datasets()[0]
    ingest = submit_ingest(services, write_zip(tmp_path / "photos.zip", several_times(sample_files, 3)))
    with worker(services.settings.data_dir, tmp_path / "worker.log"):
        wait_until(lambda: services.jobs.job(ingest.id).done > 0, "the first batch")
        quick = services.jobs.submit(mapped.id, JobKind.MAP, MapOptions(Method.PCA).to_json())
        wait_until(lambda: not services.jobs.job(quick.id).state.active, "the map")
        during = services.jobs.job(ingest.id)
    assert services.jobs.job(quick.id).state is JobState.DONE, services.jobs.job(quick.id).error
    assert during.state is JobState.RUNNING, "the ingest ended first; it shows nothing"


def several_times(files: Mapping[str, bytes], times: int) -> dict[str, bytes]:
    """Each JPEG as so many files of the same picture; the sample has one photo of another kind."""
    return {
        f"{number}/{name}": content[:2] + jpeg_comment(number) + content[2:]
        for number in range(times)
        for name, content in files.items()
        if content.startswith(b"\xff\xd8")
    }


def jpeg_comment(number: int) -> bytes:
    """A segment that makes another file of a JPEG, of the same picture."""
    return b"\xff\xfe\x00\x04" + number.to_bytes(2, "big")
