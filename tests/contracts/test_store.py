"""The contract of stores, run over every implementation: datasets and faces, the queue of jobs, runs and maps."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import IntegrityError

from core.base.errors import FaceAtlasError, InputRefused, NameTaken, NotFound
from core.base.types import Box, Face, Photo, Split
from core.learn.metrics.run_values import RunMetrics, RunParams
from core.learn.projection.map_values import MapParams
from core.store.access_model import Asker, Role
from core.store.job_model import FollowUp, JobKind, JobOwner, JobState
from core.store.sql.database import open_database
from core.store.sql.faces import SqlFaceStore
from core.store.sql.jobs import SqlJobStore
from core.store.sql.runs import SqlRunStore
from core.store.values.datasets import Dataset, FileOutcome, FileReport, IngestBatch, PhotoLabel, StoredFace
from core.store.values.runs import DamagedRun, MapInfo, Run
from tests import postgresql
from tests.conftest import PROJECT_DIR
from tests.waiting import LONGEST_S, wait_until

MODEL = "facenet-128"
UNICODE_NAMES = ["Zoë Ångström", "李小龙", "محمد علي", "O'Neil; DROP TABLE face", "🦊"]


@dataclass(frozen=True)
class Stores:
    """One database seen through its three stores."""

    faces: SqlFaceStore
    jobs: SqlJobStore
    runs: SqlRunStore
    address: str

    def files(self) -> bytes:
        """Every byte that the database keeps on disk; of PostgreSQL those of its tables."""
        if self.faces.engine.dialect.name == "postgresql":
            return postgresql.table_files(self.address)
        folder = Path(str(self.faces.engine.url.database)).parent
        return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


OpenStores = Callable[[], Stores]


@pytest.fixture
def open_stores(database_address: str) -> Iterator[OpenStores]:
    """Opens the same database anew, as another process would."""
    engines: list[Engine] = []

    def open_anew() -> Stores:
        engines.append(open_database(database_address))
        return Stores(*(store(engines[-1]) for store in (SqlFaceStore, SqlJobStore, SqlRunStore)), database_address)

    yield open_anew
    for engine in engines:
        engine.dispose()


@pytest.fixture
def stores(open_stores: OpenStores) -> Stores:
    return open_stores()


@pytest.fixture
def dataset(stores: Stores) -> Dataset:
    return stores.faces.create_dataset("family", MODEL)


@pytest.fixture
def job_id(stores: Stores, dataset: Dataset) -> str:
    return stores.jobs.submit(dataset.id, JobKind.INGEST, {"path": "a.zip"}, JobOwner.COMMAND_LINE).id


def photo(number: int, person: str | None, split: Split | None = None) -> tuple[Photo, PhotoLabel]:
    made = Photo(
        id=f"photo{number}",
        name=f"{person}/{number}.jpg",
        width_px=400,
        height_px=300,
        size_bytes=1000 + number,
        perceptual_hash=(1 << 63) + number,
    )
    return made, PhotoLabel(person, split)


def stored_face(number: int, person: str | None, photo_number: int | None = None) -> StoredFace:
    landmarks = np.arange(10, dtype=np.float32).reshape(5, 2) + number
    of = number if photo_number is None else photo_number
    face = Face(
        id=f"face{number}",
        photo_id=f"photo{of}",
        box=Box(1, 2, 30.5, 40),
        landmarks=landmarks,
        prob=0.99,
        crop_id=f"crop{number}",
        person=person,
    )
    return StoredFace(face, np.full(4, number, dtype=np.float32))


def batch(*people: str | None, first: int = 0) -> IngestBatch:
    """One photo with one face for each name."""
    numbered = list(enumerate(people, start=first))
    return IngestBatch(
        [photo(number, person) for number, person in numbered],
        [stored_face(number, person) for number, person in numbered],
        [
            FileReport(
                position=number, name=f"{person}/{number}.jpg", outcome=FileOutcome.TAKEN, faces=1, person=person
            )
            for number, person in numbered
        ],
    )


def test_one_persons_faces_are_read_alone(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.faces.add(dataset.id, job_id, batch("ada", "bob", None, "ada"))
    ada, _ = stores.faces.people(dataset.id)
    table, embeddings = stores.faces.face_table(dataset.id, ada.id), stores.faces.embeddings(dataset.id, ada.id)
    assert table.face_ids == embeddings.face_ids == ("face0", "face3")
    assert (table.people, table.person_ids, table.labels.tolist()) == (("ada",), (ada.id,), [0, 0])
    np.testing.assert_array_equal(embeddings.vectors[:, 0], [0, 3])
    assert len(stores.faces.face_table(dataset.id, ada.id + 1000)) == 0


def test_what_is_added_comes_back(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.faces.add(dataset.id, job_id, batch("ada", "bob", None))
    table, embeddings = stores.faces.face_table(dataset.id), stores.faces.embeddings(dataset.id)
    assert table.face_ids == embeddings.face_ids == ("face0", "face1", "face2")
    assert [table.person(row) for row in range(3)] == ["ada", "bob", None]
    assert embeddings.model_id == MODEL
    np.testing.assert_array_equal(embeddings.vectors[:, 0], [0, 1, 2])
    (face,) = stores.faces.faces(dataset.id, ["face1"])
    assert face.box == Box(1, 2, 30.5, 40)
    np.testing.assert_array_equal(face.landmarks, stored_face(1, "bob").face.landmarks)
    found, faces = stores.faces.photo(dataset.id, "photo1")
    assert found == photo(1, "bob")[0]
    assert [face.id for face in faces] == ["face1"]


def test_counts_and_reports_are_those_of_what_was_added(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.faces.add(dataset.id, job_id, batch("ada", "ada", None))
    stores.faces.add(
        dataset.id, job_id, IngestBatch(reports=[FileReport(3, "x.txt", FileOutcome.REFUSED, reason="no photo")])
    )
    counts = stores.faces.counts(dataset.id)
    assert (counts.photos, counts.faces, counts.people, counts.unnamed_faces) == (3, 3, 1, 1)
    assert [(person.name, person.faces) for person in stores.faces.people(dataset.id)] == [("ada", 2)]
    assert stores.faces.reported(job_id).keys() == {0, 1, 2, 3} and stores.faces.reported(job_id)[3] == "x.txt"
    assert stores.faces.outcome_counts(job_id) == {FileOutcome.TAKEN: 3, FileOutcome.REFUSED: 1}
    assert stores.faces.reported_faces(job_id) == 3
    assert [line.name for line in stores.faces.file_reports(job_id, [FileOutcome.REFUSED])] == ["x.txt"]
    assert [line.position for line in stores.faces.file_reports(job_id, offset=1, limit=2)] == [1, 2]


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda good: replace(good, faces=[*good.faces, good.faces[0]]), id="a face twice"),
        pytest.param(lambda good: replace(good, faces=[*good.faces, stored_face(9, "eve")]), id="a face of no photo"),
        pytest.param(lambda good: replace(good, photos=[*good.photos, good.photos[0]]), id="a photo twice"),
        pytest.param(lambda good: replace(good, reports=[good.reports[0]] * 2), id="a line twice"),
    ],
)
def test_a_batch_that_fails_leaves_nothing(
    stores: Stores, dataset: Dataset, job_id: str, broken: Callable[[IngestBatch], IngestBatch]
) -> None:
    with pytest.raises(IntegrityError):
        stores.faces.add(dataset.id, job_id, broken(batch("ada", "bob")))
    assert stores.faces.photo_labels(dataset.id) == {}
    assert len(stores.faces.face_table(dataset.id)) == 0
    assert len(stores.faces.embeddings(dataset.id)) == 0
    assert stores.faces.people(dataset.id) == []
    assert stores.faces.reported(job_id) == {}
    assert stores.faces.dataset("family").revision == 0


def test_the_revision_rises_with_every_write_of_its_dataset_alone(
    stores: Stores, dataset: Dataset, job_id: str
) -> None:
    other = stores.faces.create_dataset("work", MODEL)
    seen = [dataset.revision]
    for number in range(3):
        stores.faces.add(dataset.id, job_id, batch("ada", first=number))
        seen.append(stores.faces.dataset(dataset.id).revision)
    assert seen == sorted(set(seen))
    assert stores.faces.dataset("work").revision == other.revision


def test_names_of_any_script_come_back_as_they_were(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.faces.add(dataset.id, job_id, batch(*UNICODE_NAMES))
    assert {person.name for person in stores.faces.people(dataset.id)} == set(UNICODE_NAMES)
    table = stores.faces.face_table(dataset.id)
    assert [table.person(row) for row in range(len(table))] == UNICODE_NAMES
    assert table.photo_names[1] == "李小龙/1.jpg"


def test_a_dataset_is_found_by_its_name_in_either_spelling(stores: Stores) -> None:
    made = stores.faces.create_dataset("Zoe\u0308", MODEL)  # an e and a combining diaeresis
    assert stores.faces.dataset("Zo\u00eb").id == made.id
    with pytest.raises(NameTaken, match="another name"):
        stores.faces.create_dataset("Zo\u00eb", MODEL)


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "two\nlines"])
def test_a_dataset_needs_a_printable_name(stores: Stores, name: str) -> None:
    with pytest.raises(InputRefused):
        stores.faces.create_dataset(name, MODEL)


def test_renaming_keeps_everything_and_refuses_a_name_in_use(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.faces.add(dataset.id, job_id, batch("ada"))
    stores.faces.create_dataset("work", MODEL)
    with pytest.raises(NameTaken):
        stores.faces.rename_dataset(dataset.id, "work")
    stores.faces.rename_dataset(dataset.id, "friends")
    assert stores.faces.dataset("friends").id == dataset.id
    assert stores.faces.counts(dataset.id).faces == 1
    with pytest.raises(NotFound, match="'friends', 'work'"):
        stores.faces.dataset("family")


def test_what_is_not_there_is_said_in_words(stores: Stores, dataset: Dataset) -> None:
    for ask in (
        lambda: stores.faces.faces(dataset.id, ["nobody"]),
        lambda: stores.faces.photo(dataset.id, "none"),
        lambda: stores.jobs.job("none"),
        lambda: stores.runs.run("none"),
    ):
        with pytest.raises(NotFound):
            ask()


@pytest.mark.parametrize("is_last", [False, True])
def test_no_name_of_a_deleted_dataset_is_noted_for_plans(
    stores: Stores, dataset: Dataset, job_id: str, is_last: bool
) -> None:
    if not is_last:
        kept = stores.faces.create_dataset("work", MODEL)
        stores.faces.add(kept.id, stores.jobs.submit(kept.id, JobKind.INGEST, {}).id, batch("Kept Person"))
    stores.faces.add(dataset.id, job_id, batch("Ada Lovelace", "Ada Lovelace", *[f"Forgotten {n}" for n in range(50)]))
    with stores.faces.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            # As the server does by itself when many rows were written.
            connection.execute(text("ANALYZE dataset, person, photo, face, embedding, file_report"))
    assert stores.files().count(b"Forgotten") > 50
    stores.faces.delete_dataset(dataset.id)
    for name in (b"Lovelace", b"Forgotten", b"family"):
        assert name not in stores.files()
    assert stores.faces.create_dataset("family", MODEL) and (b"Kept Person" in stores.files()) is not is_last


def test_a_deleted_dataset_leaves_no_row_and_no_byte_of_a_name(
    open_stores: OpenStores, stores: Stores, dataset: Dataset, job_id: str
) -> None:
    kept = stores.faces.create_dataset("work", MODEL)
    kept_job = stores.jobs.submit(kept.id, JobKind.INGEST, {})
    stores.faces.add(kept.id, kept_job.id, batch("Kept Person"))
    stores.faces.add(dataset.id, job_id, batch("Ada Lovelace", *[f"Forgotten Person {n}" for n in range(300)]))
    stores.jobs.submit(dataset.id, JobKind.INGEST, {"title": "Lovelace holidays.zip"})
    stores.runs.add_run(run(dataset.id, "r1"))
    stores.runs.add_map(MapInfo("m1", dataset.id, 1, "umap"))
    another = open_stores()  # a page that has read from the same file
    another.faces.face_table(dataset.id)
    assert b"Lovelace" in stores.files()
    stores.faces.delete_dataset(dataset.id)
    for name in (b"Lovelace", b"Forgotten Person", b"family"):
        assert name not in stores.files()
    assert b"Kept Person" in stores.files()
    assert [found.name for found in stores.faces.datasets()] == ["work"]
    assert stores.faces.photo_labels(dataset.id) == {}
    assert len(stores.faces.face_table(dataset.id)) == 0
    assert stores.faces.file_reports(job_id) == []
    assert [job.id for job in stores.jobs.jobs()] == [kept_job.id]
    assert stores.runs.runs(dataset.id) == []
    assert stores.runs.maps(dataset.id) == []


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "atlas.db").write_bytes(b"this is no database, it only has the name of one" * 50)
    with pytest.raises(FaceAtlasError, match=r"atlas\.db"):
        open_database(tmp_path / "atlas.db")


# the queue


def test_the_oldest_queued_job_of_the_worker_is_claimed_first(stores: Stores, dataset: Dataset) -> None:
    stores.jobs.submit(dataset.id, JobKind.TRAIN, {}, JobOwner.COMMAND_LINE)
    first, second = (stores.jobs.submit(dataset.id, JobKind.TRAIN, {"number": number}) for number in range(2))
    claimed = stores.jobs.claim()
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.params) == (first.id, JobState.RUNNING, {"number": 0})
    assert stores.jobs.job(second.id).state is JobState.QUEUED
    assert [job.id for job in stores.jobs.jobs(dataset.id)][:2] == [second.id, first.id]
    assert stores.jobs.claim() is not None
    assert stores.jobs.claim() is None


ANN, BOB = Asker("ann@example.org", Role.EDITOR), Asker("bob@example.org", Role.EDITOR)


def claim_and_end(stores: Stores) -> str:
    job = stores.jobs.claim()
    assert job is not None
    stores.jobs.finish(job.id, JobState.DONE)
    return job.id


def test_ten_jobs_of_one_person_hold_up_nobody_elses(stores: Stores, dataset: Dataset) -> None:
    others = stores.faces.create_dataset("club", MODEL)
    of_ann = [stores.jobs.submit(dataset.id, JobKind.STUDY, {}, asker=ANN).id for _ in range(10)]
    assert claim_and_end(stores) == of_ann[0]
    of_bob = [stores.jobs.submit(others.id, JobKind.STUDY, {}, asker=BOB).id for _ in range(2)]
    expected = [of_bob[0], of_ann[1], of_bob[1], *of_ann[2:]]
    assert [job.id for job in stores.jobs.active()] == expected, "pages say the order in which they are done"
    assert [claim_and_end(stores) for _ in range(3)] == expected[:3]
    nobodys = stores.jobs.submit(others.id, JobKind.STUDY, {}).id
    assert [claim_and_end(stores) for _ in range(9)] == [nobodys, *of_ann[2:]]


def test_what_was_asked_of_one_dataset_keeps_its_order_whoever_asked(stores: Stores, dataset: Dataset) -> None:
    of_ann = [stores.jobs.submit(dataset.id, kind, {}, asker=ANN).id for kind in (JobKind.INGEST, JobKind.IMPORT)]
    of_bob = stores.jobs.submit(dataset.id, JobKind.TRAIN, {}, asker=BOB).id
    assert [claim_and_end(stores) for _ in range(3)] == [*of_ann, of_bob]


def test_what_follows_a_job_takes_the_turn_of_whoever_asked_for_it(stores: Stores, dataset: Dataset) -> None:
    job = stores.jobs.submit(dataset.id, JobKind.INGEST, {}, asker=ANN)
    stores.jobs.claim()
    stores.jobs.finish(job.id, JobState.DONE, follow_ups=[FollowUp(JobKind.TRAIN, {})])
    assert [follower.asker for follower in stores.jobs.active()] == [ANN.address]


def test_threads_claim_every_job_once(open_stores: OpenStores, stores: Stores, dataset: Dataset) -> None:
    jobs = [stores.jobs.submit(dataset.id, JobKind.TRAIN, {}).id for _ in range(30)]
    claimed: list[str] = []
    ready = threading.Barrier(4)

    def claim_all() -> None:
        mine = open_stores().jobs
        ready.wait()
        while (job := mine.claim()) is not None:
            claimed.append(job.id)

    threads = [threading.Thread(target=claim_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(jobs)


CLAIM_ALL = """
import sys
from core.store.sql.database import open_database
from core.store.sql.jobs import SqlJobStore
queue = SqlJobStore(open_database(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
while (job := queue.claim()) is not None:
    print(job.id)
"""


def test_processes_claim_every_job_once(stores: Stores, dataset: Dataset) -> None:
    jobs = [stores.jobs.submit(dataset.id, JobKind.TRAIN, {}).id for _ in range(30)]
    command = [sys.executable, "-c", CLAIM_ALL, stores.address]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": PROJECT_DIR}
    started = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for process in started:
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("go\n")
        process.stdin.flush()
    claimed = [line for process in started for line in process.communicate(timeout=LONGEST_S)[0].split()]
    assert sorted(claimed) == sorted(jobs)


def test_a_queued_job_is_cancelled_at_once_and_a_running_one_is_asked(stores: Stores, dataset: Dataset) -> None:
    queued = stores.jobs.submit(dataset.id, JobKind.TRAIN, {})
    stores.jobs.cancel(queued.id)
    assert stores.jobs.job(queued.id).state is JobState.CANCELLED
    running = stores.jobs.submit(dataset.id, JobKind.TRAIN, {}, JobOwner.COMMAND_LINE)
    assert stores.jobs.beat(running.id, 1, 10, "Learning") is False
    stores.jobs.cancel(running.id)
    assert stores.jobs.job(running.id).state is JobState.RUNNING
    assert stores.jobs.beat(running.id, 2, 10, "Learning") is True
    stores.jobs.finish(running.id, JobState.CANCELLED, error="Stopped on request.")
    assert stores.jobs.job(running.id).cancel_requested is False


@pytest.mark.parametrize("ended", [state for state in JobState if state.resumable])
def test_a_stopped_job_is_resumed_where_it_was(stores: Stores, dataset: Dataset, ended: JobState) -> None:
    job = stores.jobs.submit(dataset.id, JobKind.INGEST, {"path": "a.zip"}, JobOwner.COMMAND_LINE)
    stores.jobs.beat(job.id, 32, 118, "Looking for faces")
    stores.jobs.finish(job.id, ended, error="It stopped.", detail="trace")
    stores.jobs.resume(job.id)
    queued = stores.jobs.job(job.id)
    assert (queued.state, queued.owner, queued.error) == (JobState.QUEUED, JobOwner.WORKER, "")
    claimed = stores.jobs.claim()
    assert claimed is not None
    assert (claimed.id, claimed.params, claimed.done_at_start) == (job.id, {"path": "a.zip"}, 32)
    assert claimed.finished is None


@pytest.mark.parametrize("state", [JobState.RUNNING, JobState.DONE])
def test_a_job_that_runs_or_is_done_is_not_resumed(stores: Stores, dataset: Dataset, state: JobState) -> None:
    job = stores.jobs.submit(dataset.id, JobKind.TRAIN, {}, JobOwner.COMMAND_LINE)
    if state is JobState.DONE:
        stores.jobs.finish(job.id, state, result={"run": "r1"})
    stores.jobs.resume(job.id)
    assert stores.jobs.job(job.id).state is state
    assert stores.jobs.claim() is None


NEXT = (FollowUp(JobKind.TRAIN, {"folds": 3}), FollowUp(JobKind.SUSPECTS, {}), FollowUp(JobKind.MAP, {}))


def test_what_follows_a_job_is_queued_with_its_end_in_its_order(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.jobs.finish(job_id, JobState.DONE, result={"photos": 1}, follow_ups=NEXT)
    assert stores.jobs.job(job_id).result == {"photos": 1}
    claimed = [stores.jobs.claim() for _ in NEXT]
    assert [(job.dataset_id, job.kind, job.params) for job in claimed if job] == [
        (dataset.id, work.kind, work.params) for work in NEXT
    ]
    assert stores.jobs.claim() is None


def test_an_end_that_is_cut_off_leaves_nothing_and_is_written_again(stores: Stores, job_id: str) -> None:
    """As a kill in the middle would: the job still runs, and nothing follows it yet; then all of it is there once."""
    inserted = []

    def cut_off(*arguments: object) -> None:
        inserted.append(arguments)
        if len(inserted) == 2:
            raise InterruptedError

    event.listen(
        stores.jobs.engine, "before_execute", lambda _, statement, *__: cut_off() if statement.is_insert else 0
    )
    with pytest.raises(InterruptedError):
        stores.jobs.finish(job_id, JobState.DONE, follow_ups=NEXT)
    assert [(job.id, job.state) for job in stores.jobs.jobs()] == [(job_id, JobState.RUNNING)]
    for _ in range(2):  # the second time by a worker that does not know of the first
        stores.jobs.finish(job_id, JobState.DONE, follow_ups=NEXT)
    waiting = [job.kind for job in stores.jobs.active()]
    assert waiting == [work.kind for work in NEXT]


def test_what_waits_on_a_dataset_is_not_queued_twice(stores: Stores, dataset: Dataset, job_id: str) -> None:
    other = stores.faces.create_dataset("club", MODEL)
    behind = stores.jobs.submit(dataset.id, JobKind.INGEST, {})
    stores.jobs.submit(other.id, JobKind.TRAIN, {})
    stores.jobs.finish(job_id, JobState.DONE, follow_ups=NEXT[:1])
    claimed = stores.jobs.claim()
    assert claimed is not None
    assert claimed.id == behind.id, "what follows the first of two comes after the second"
    stores.jobs.finish(behind.id, JobState.DONE, follow_ups=NEXT)
    waiting = [job.kind for job in stores.jobs.active() if job.dataset_id == dataset.id]
    assert waiting == [JobKind.TRAIN, JobKind.SUSPECTS, JobKind.MAP]


def test_nothing_follows_a_job_whose_dataset_is_gone(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.faces.delete_dataset(dataset.id)
    stores.jobs.finish(job_id, JobState.DONE, follow_ups=NEXT)
    assert stores.jobs.active() == []


CARRY = """
import sys
from core.learn.metrics.run_values import RunMetrics, RunParams
from core.learn.projection.map_values import MapParams
from core.store.job_model import JobKind, JobOwner
from core.store.sql.database import open_database
from core.store.sql.jobs import SqlJobStore
queue = SqlJobStore(open_database(sys.argv[1]))
print(queue.claim().id, flush=True)
print(queue.submit(sys.argv[2], JobKind.TRAIN, {}, JobOwner.COMMAND_LINE).id, flush=True)
sum(range(10**12))  # holds the interpreter: no thread of it writes a heartbeat
"""


def test_jobs_of_a_killed_process_are_interrupted_at_once_by_whoever_looks(stores: Stores, dataset: Dataset) -> None:
    stores.jobs.submit(dataset.id, JobKind.TRAIN, {})
    waiting = stores.jobs.submit(dataset.id, JobKind.TRAIN, {})
    mine = stores.jobs.submit(dataset.id, JobKind.TRAIN, {}, JobOwner.COMMAND_LINE)
    command = [sys.executable, "-c", CARRY, stores.address, dataset.id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=PROJECT_DIR) as process:
        claimed, by_hand = (process.stdout.readline().strip() for _ in range(2))
        silent = [stores.jobs.job(job_id).state for job_id in (claimed, by_hand)]
        process.kill()
    assert silent == [JobState.RUNNING, JobState.RUNNING], "a long silence is no death"

    def states() -> list[JobState]:
        return [job.state for job in stores.jobs.jobs() if job.id in (claimed, by_hand)]

    if stores.faces.engine.dialect.name == "postgresql":  # the server sees a moment later that a connection has ended
        wait_until(lambda: JobState.RUNNING not in states(), "the end of the connection")
    assert states() == [JobState.INTERRUPTED, JobState.INTERRUPTED]
    assert "resume" in stores.jobs.job(by_hand).error
    assert [stores.jobs.job(job.id).state for job in (waiting, mine)] == [JobState.QUEUED, JobState.RUNNING]
    assert stores.jobs.end_orphans() == 0


def test_only_a_job_that_has_ended_is_forgotten(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.faces.add(dataset.id, job_id, batch("ada"))
    stores.jobs.forget_job(job_id)
    assert stores.jobs.job(job_id).state is JobState.RUNNING
    stores.jobs.finish(job_id, JobState.DONE)
    stores.jobs.forget_job(job_id)
    assert stores.jobs.jobs() == []
    assert stores.faces.file_reports(job_id) == []
    assert stores.faces.counts(dataset.id).faces == 1


def test_a_job_whose_dataset_is_deleted_is_told_to_stop(stores: Stores, dataset: Dataset, job_id: str) -> None:
    stores.faces.delete_dataset(dataset.id)
    assert stores.jobs.beat(job_id, 1, 2, "") is True


# runs and maps


PARAMS = {
    "folds": 5,
    "seed": 0,
    "c": None,
    "split": "kfold",
    "why": "5 folds.",
    "chosen_c": 1.0,
    "people": ["李小龙", "Ada"],
    "left_out": [{"person": "Bo", "reason": "has one photo"}],
    "dropped": [],
    "threshold": {
        **dict.fromkeys(("rate", "expected", "low"), 0.01),
        **dict.fromkeys(("n_impostors", "n_impostor_people", "n_genuine"), 7),
        "score": 2.5,
        "high": 0.05,
        "enough": True,
        "genuine_kept": None,
        "from_prior": False,
        "from a later version": [1],
    },
    "from a later version": {"deep": ["李"]},
}
METRICS = {
    **dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1", "top3", "train_accuracy"), 0.99),
    **dict.fromkeys(("n_correct", "n_test", "n_people", "n_train"), 12),
    "accuracy_ci95": [0.9, 1.0],
    "ece": 0.01,
}


def run(dataset_id: str, run_id: str, created: float = 1.0) -> Run:
    return Run(
        id=run_id,
        dataset_id=dataset_id,
        created=created,
        revision=3,
        model_id=MODEL,
        params=RunParams.from_json(PARAMS),
        metrics=RunMetrics.from_json(METRICS),
        seconds=2.5,
    )


def test_runs_come_back_newest_first_and_can_be_deleted(stores: Stores, dataset: Dataset) -> None:
    older, newer = run(dataset.id, "older", 1.0), run(dataset.id, "newer", 2.0)
    stores.runs.add_run(newer)
    stores.runs.add_run(older)
    assert stores.runs.runs(dataset.id) == [newer, older]
    assert stores.runs.run("older") == older
    assert (older.params.to_json(), older.metrics.to_json()) == (PARAMS, METRICS), "what other versions say goes on"
    stores.runs.delete_run("older")
    assert stores.runs.runs(dataset.id) == [newer]


def test_a_run_whose_values_cannot_be_is_apart_and_takes_no_other_along(stores: Stores, dataset: Dataset) -> None:
    sound, spoiled = run(dataset.id, "sound"), run(dataset.id, "spoiled", 2.0)
    stores.runs.add_run(sound)
    stores.runs.add_run(replace(spoiled, metrics=replace(spoiled.metrics, accuracy=1.5)))
    assert stores.runs.runs(dataset.id) == [sound]
    fault = "its 'accuracy' is missing or cannot be"
    assert stores.runs.damaged_runs(dataset.id) == [DamagedRun("spoiled", dataset.id, 2.0, fault)]
    assert stores.runs.run_ids(dataset.id) == {"sound", "spoiled"}
    with pytest.raises(InputRefused, match=f"{fault}.*Delete it"):
        stores.runs.run("spoiled")
    stores.runs.delete_run("spoiled")
    assert stores.runs.damaged_runs(dataset.id) == []


def test_a_map_whose_values_cannot_be_is_left_out_and_the_log_says_why(
    stores: Stores, dataset: Dataset, caplog: pytest.LogCaptureFixture
) -> None:
    sound = MapInfo(id="m1", dataset_id=dataset.id, revision=1, method="pca", created=1.0, seconds=0.1)
    stores.runs.add_map(sound)
    stores.runs.add_map(replace(sound, id="m2", params=MapParams(dimensions=-1)))
    assert stores.runs.maps(dataset.id) == [sound]
    assert "map m2 is left out, as its 'dimensions' is missing or cannot be" in caplog.text


def test_maps_come_back_newest_first(stores: Stores, dataset: Dataset) -> None:
    older = MapInfo(id="m1", dataset_id=dataset.id, revision=1, method="pca", created=1.0, seconds=0.1)
    params = MapParams.from_json({"n_neighbors": 15, "of a later version": [1]})
    newer = MapInfo(id="m2", dataset_id=dataset.id, revision=1, method="umap", params=params, created=2.0, seconds=9.0)
    stores.runs.add_map(older)
    stores.runs.add_map(newer)
    assert stores.runs.maps(dataset.id) == [newer, older]
    assert [info.params.to_json() for info in stores.runs.maps(dataset.id)] == [
        {"n_neighbors": 15, "of a later version": [1]},
        {"dimensions": 2, "faithfulness": None},
    ]
