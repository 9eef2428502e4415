"""Killed (-9) at any point, work ends as if nothing had happened, or says so and goes on where it was.

A worker process, or one of the command line, is killed when it has written so often below the data folder, and a moment
later: every file that is made, changed or renamed is such a point. Then the work is resumed, and everything that is
stored must be what an undisturbed run stores. ``FACE_ATLAS_KILLS`` says at how many points, ``FACE_ATLAS_KILLS_SEED``
at which.
"""

from __future__ import annotations

import ast
import json
import os
import random
import signal
import sqlite3
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.__main__ import main
from core.base.progress import CancelToken
from core.base.settings import Settings
from core.base.types import FacePolicy
from core.corrections.model import Editor
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.encryption.keyring import KEY_FILE
from core.store.encryption.sealed_stream import MAGIC
from core.store.job_model import Job, JobKind, JobState
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.exchange.deliveries import ImportRequest
from core.workflows.exchange.export import ExportKind, ExportRequest, export_path
from core.workflows.keeping.discard_photos import DiscardRequest
from core.workflows.labels.correct import Corrector
from core.workflows.neighbours import face_index
from core.workflows.photos.orphans import sweep_leftovers
from core.workflows.photos.requests import IngestRequest
from tests import prepared
from tests.conftest import MODEL_ID, add_model, new_data_dir, services_on, write_zip
from tests.forked import ForkServer
from tests.photo_traces import find_photo_traces
from tests.waiting import LONGEST_S
from tests.writes import WriteCounter

POINTS = int(os.environ.get("FACE_ATLAS_KILLS", "30"))
SEED = int(os.environ.get("FACE_ATLAS_KILLS_SEED", "0"))
OTHER_MODEL = "facenet-128-casia"
PEOPLE = ("ben_afflek", "elton_john", "madonna", "mindy_kaling")
GONE = "madonna"
PHOTOS_EACH = 6
OF_ONE_ATTEMPT = {
    JobKind.LOOK_AGAIN: {"photos", "kept", "added", "missing"},
    JobKind.CHANGE_MODEL: {"faces"},
    JobKind.IMPORT: {"event", "taken", "unchanged"},
}
"""What a result says of the last attempt alone."""
VOLATILE = {
    "seconds",
    "when",
    "began",
    "receipt_id",
    "run",
    "bytes",
    "files",
    "revision",
    "changed",
    "session",
    "created",
}
"""What differs between two undisturbed runs, or says only when and how it went."""
MEASURED = ("face", "quality", "embedding")
"""Tables with what networks gave."""


@dataclass(frozen=True)
class Work:
    """A kind of work that is killed."""

    kind: JobKind
    start: str
    """The prepared data folder that it begins with."""
    params: Callable[[Services, Path], dict[str, Any]]
    share: int
    """Of a hundred points, how many."""
    command: Callable[[Path], list[str]] | None = None
    """The same by the command line, killed and given again."""
    indexed_from: int | None = None
    """So many faces are many enough for an index."""


def _import(what: ExportKind, member: str) -> Callable[[Services, Path], dict[str, Any]]:
    def params(services: Services, files: Path) -> dict[str, Any]:
        return ImportRequest(
            path=str(files / "export.zip"),
            title="export.zip",
            what=what.value,
            member=member,
            author="Ben",
            session="import-1",
        ).to_json()

    return params


def _person(services: Services) -> int:
    dataset = services.store.datasets()[0]
    return next(person.id for person in services.store.people(dataset.id) if person.name == GONE)


def _unkept_upload(services: Services, files: Path) -> dict[str, Any]:
    """Photos that were dropped for a dataset that keeps none."""
    upload = services.settings.uploads_dir / "a1b2" / "photos.zip"
    upload.parent.mkdir(parents=True, exist_ok=True)
    upload.write_bytes((files / "photos.zip").read_bytes())
    return IngestRequest(str(upload), "photos.zip").to_json()


WORKS = {
    "ingest": Work(
        JobKind.INGEST, "empty", lambda _, files: IngestRequest(str(files / "photos.zip"), "photos.zip").to_json(), 8
    ),
    "ingest without photos": Work(JobKind.INGEST, "unkept", _unkept_upload, 5),
    "discard photos": Work(JobKind.DISCARD_PHOTOS, "full", lambda *_: DiscardRequest("Ben").to_json(), 7),
    "train": Work(JobKind.TRAIN, "plain", lambda *_: {"folds": 2}, 8),
    "update": Work(JobKind.TRAIN, "full", lambda *_: {"update": True}, 5),
    "cluster": Work(JobKind.CLUSTER, "plain", lambda *_: {"everyone": True}, 10),
    "erase": Work(JobKind.ERASE, "full", lambda services, _: EraseRequest(_person(services), "Ben").to_json(), 12),
    "erase by the command line": Work(
        JobKind.ERASE,
        "full",
        lambda services, _: EraseRequest(_person(services), "command line").to_json(),
        10,
        lambda data_dir: ["erase", GONE, "--dataset", "Family", "--data", str(data_dir)],
    ),
    "export": Work(JobKind.EXPORT, "full", lambda *_: ExportRequest().to_json(), 10),
    "import of a log": Work(JobKind.IMPORT, "plain", _import(ExportKind.LOG, "log.jsonl"), 8),
    "import of sidecars": Work(JobKind.IMPORT, "plain", _import(ExportKind.XMP, ""), 7),
    "import of vectors": Work(JobKind.IMPORT, "plain", _import(ExportKind.EMBEDDINGS, "embeddings.npz"), 5),
    "change of model": Work(JobKind.CHANGE_MODEL, "full", lambda *_: {"model": OTHER_MODEL}, 5),
    "look again": Work(JobKind.LOOK_AGAIN, "full", lambda *_: {}, 5),
    "index": Work(JobKind.INDEX, "plain", lambda *_: {}, 5, indexed_from=10),
}


# what it begins with


@pytest.fixture(scope="module")
def starts(
    models_dir: Path,
    engine: OpenVinoEngine,
    sample_files: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Data folders: with an empty dataset, with photos, and with photos, corrections, a run and an export."""

    def fill(folder: Path) -> None:
        folder.mkdir()
        photos = {
            f"{person}/{person}_{number:04}.jpg": content
            for person in PEOPLE
            for number, content in enumerate(_photos_of(sample_files, person))
        }
        archive = write_zip(folder / "photos.zip", photos)
        services = services_on(new_data_dir(models_dir, folder / "empty"), engine)
        services.store.create_dataset("Family", MODEL_ID)
        unkept = services_on(new_data_dir(models_dir, folder / "unkept"), engine)
        unkept.store.create_dataset("Family", MODEL_ID, keeps_photos=False)
        for before, name, work in (("empty", "plain", _take_photos), ("plain", "full", _work_on_them)):
            work(services_on(prepared.copy(folder / before, folder / name), engine), archive)

    return prepared.once(tmp_path_factory, "kills", fill)


def _photos_of(files: dict[str, bytes], person: str) -> list[bytes]:
    return [content for name, content in files.items() if f"/{person}/" in name][:PHOTOS_EACH]


def _take_photos(services: Services, archive: Path) -> None:
    dataset = services.store.datasets()[0]
    request = IngestRequest(str(archive), "photos.zip", FacePolicy.KEEP_OTHERS)
    prepared.carry(services, dataset.id, JobKind.INGEST, request.to_json())


def _work_on_them(services: Services, archive: Path) -> None:
    dataset = services.store.datasets()[0]
    mine = Corrector(services.store, services.log, dataset.id, Editor("Ben", "sitting-1"))
    ids = {person.name: person.id for person in services.store.people(dataset.id)}
    table = services.store.face_table(dataset.id)
    named = [face_id for row, face_id in enumerate(table.face_ids) if table.person(row)]
    mine.move(named[:2], "Cleo")
    mine.exclude(named[3:4])
    mine.rename(ids["elton_john"], "Elton John")
    mine.note(ids["mindy_kaling"], f"beside {GONE.title()}")
    prepared.carry(services, dataset.id, JobKind.TRAIN, {"folds": 2})
    mine.move(named[4:6], "Dora")
    job = prepared.carry(services, dataset.id, JobKind.EXPORT, ExportRequest().to_json())
    path = export_path(services.settings.exports_dir, dataset.id, job.id)
    (archive.parent / "export.zip").write_bytes(path.read_bytes())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    with pytest.MonkeyPatch.context() as patch:
        # What opens an encrypted folder; where none is, nobody asks for it.
        patch.setenv("FACE_ATLAS_KEY", "correct horse battery")
        patch.setenv("FACE_ATLAS_MEMORY_DIR", str(tmp_path_factory.mktemp("memory")))
        server = ForkServer.start()
        yield server
        server.stop()


# a process that is killed


@dataclass
class Scene:
    """A data folder, the work that is to be done in it, and the processes that do it."""

    work: Work
    folder: Path
    files: Path
    engine: OpenVinoEngine
    server: ForkServer
    services: Services = field(init=False)
    log_path: Path = field(init=False)

    def __post_init__(self) -> None:
        data_dir = prepared.copy(self.files / self.work.start, self.folder / "data")
        if self.work.kind is JobKind.CHANGE_MODEL:
            add_model(data_dir, OTHER_MODEL)
            self.services = Services(Settings(data_dir))  # the session's engine knows of no second model
        else:
            self.services = services_on(data_dir, self.engine)
        self.log_path = self.folder / "process.log"

    @property
    def dataset_id(self) -> str:
        return self.services.store.datasets()[0].id

    @property
    def photos(self) -> list[bytes]:
        """What was taken, or is to be."""
        with zipfile.ZipFile(self.files / "photos.zip") as archive:
            return [archive.read(name) for name in archive.namelist()]

    def job(self) -> Job | None:
        """The newest job of the kind."""
        jobs = self.services.jobs.jobs(self.dataset_id)
        mine = (job for job in jobs if job.kind is self.work.kind and job.id not in self.earlier)
        return next(mine, None)

    def is_done(self) -> bool:
        job = self.job()
        return job is not None and job.state in (JobState.DONE, JobState.FAILED)

    def note_earlier_jobs(self) -> None:
        self.earlier = {job.id for job in self.services.jobs.jobs(self.dataset_id)}

    def work_undisturbed(self) -> int:
        """Do the work in this process, whose networks are loaded; how many writes there were."""
        self.note_earlier_jobs()
        counter, is_over = WriteCounter(self.services.settings.data_dir), threading.Event()
        # Beside the work, as folders that are made have to be watched before anything is written into them.
        counting = threading.Thread(target=counter.wait_for, args=(1 << 30, is_over.is_set, 0.05))
        counting.start()
        try:
            self.resume()
        finally:
            is_over.set()
            counting.join()
            counter.close()
        return counter.count

    def run(self, writes: int, delay_s: float) -> None:
        """Let a process work, and kill it after so many writes and a moment, or when all is done."""
        self.note_earlier_jobs()
        data_dir = self.services.settings.data_dir
        words = self.work.command(data_dir) if self.work.command else ["worker", "--data", str(data_dir)]
        counter = WriteCounter(data_dir)
        process_id = self.server.fork(words, self.log_path, self.work.indexed_from)
        try:
            if not self.work.command:
                self._submit_when_ready(counter)
            counter.wait_for(writes, self.is_done)
            time.sleep(delay_s)
        finally:
            os.kill(process_id, signal.SIGKILL)
            self.server.reap(process_id)
            counter.close()

    def _submit_when_ready(self, counter: WriteCounter) -> None:
        limit = time.monotonic() + LONGEST_S
        while not (self.log_path.exists() and "worker ready" in self.log_path.read_text(encoding="utf-8")):
            assert time.monotonic() < limit, self.log_path.read_text(encoding="utf-8")
            time.sleep(0.01)
        counter.wait_for(1 << 30, lambda: True, 0.0)
        counter.count = 0
        self.services.jobs.submit(self.dataset_id, self.work.kind, self.work.params(self.services, self.files))

    def resume(self) -> str:
        """Go on as the next worker, or the same command, does; in which state the kill left the job."""
        self.services.jobs.end_orphans()
        job = self.job()
        left = job.state.value if job else "not begun"
        if job is None or (self.work.command and job.state is not JobState.DONE):
            params = self.work.params(self.services, self.files) if job is None else job.params
            job = self.services.jobs.submit(self.dataset_id, self.work.kind, params)
        elif job.state is JobState.INTERRUPTED:
            assert "resume" in job.error, "it is told, and what to do"
            self.services.jobs.resume(job.id)
        while (claimed := self.services.jobs.claim()) is not None:
            run_job(self.services.jobs, claimed, job_handlers(self.services)[claimed.kind], CancelToken())
        ended = self.services.jobs.job(job.id)
        assert ended.state is JobState.DONE, ended.error + ended.detail
        return left


# what is stored in the end


def stored(scene: Scene) -> dict[str, Any]:
    """Everything that the work has left in the data folder."""
    job = scene.job()
    assert job is not None
    tables = ("photo", "face", "quality", "embedding", "person", "event", "change", "run")
    with sqlite3.connect(scene.services.settings.database_path) as connection:
        connection.row_factory = sqlite3.Row
        rows = {table: _rows(connection, f'SELECT * FROM "{table}"') for table in tables}
        rows["report"] = _rows(connection, f"SELECT * FROM file_report WHERE job_id = '{job.id}' ORDER BY position")
    return {
        **rows,
        "files": _file_counts(scene),
        "result": _steady({key: job.result[key] for key in job.result.keys() - OF_ONE_ATTEMPT.get(job.kind, set())}),
        "export": _members(scene, job),
    }


def _parted(outcome: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """What must be the same to the last digit, and what networks gave: those of one photo hang on others of its batch.

    A new look is stored photo by photo, so that what is left when it is killed is looked at in other batches.
    """
    rows = [json.loads(row) for table in MEASURED for row in outcome[table]]
    rows.sort(key=lambda row: (sorted(row), row.get("face_id"), row.get("id")))
    numbers = [{key: _read_repr(value) for key, value in row.items()} for row in rows]
    return {table: entries for table, entries in outcome.items() if table not in MEASURED}, numbers


def _read_repr(text: str) -> Any:
    value = ast.literal_eval(text)
    return np.frombuffer(value, np.float32).tolist() if isinstance(value, bytes) else value


def _nearly(value: Any) -> Any:
    """What a measured number may be; anything else as it is."""
    return pytest.approx(value, abs=0.03) if isinstance(value, float | list) else value


def _rows(connection: sqlite3.Connection, query: str) -> list[str]:
    volatile = VOLATILE | {"job_id", "target_id", "metrics", "event_id"}
    rows = []
    for row in connection.execute(query):
        keys = set(row.keys())
        skipped = volatile | ({"id"} if "metrics" in keys or "author" in keys else set())
        rows.append(json.dumps({key: repr(row[key]) for key in sorted(keys - skipped)}))
    return sorted(rows)


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(entry) for key, entry in value.items() if key not in VOLATILE}
    return [_steady(entry) for entry in value] if isinstance(value, list) else value


def _file_counts(scene: Scene) -> dict[str, Any]:
    """Photos and crops by name, the others by number."""
    artifacts, dataset_id = scene.services.artifacts, scene.dataset_id
    ids = {kind: sorted(artifacts.ids(dataset_id, kind)) for kind in ArtifactKind}
    return {
        kind.value: found if kind in (ArtifactKind.PHOTO, ArtifactKind.CROP) else len(found)
        for kind, found in ids.items()
    }


def _members(scene: Scene, job: Job) -> list[tuple[str, int]]:
    path = export_path(scene.services.settings.exports_dir, scene.dataset_id, job.id)
    if not path.exists():
        return []
    with zipfile.ZipFile(path) as archive:
        return [(info.filename, info.CRC) for info in archive.infolist() if "bundle" not in info.filename]


def require_sound(scene: Scene) -> None:
    """The database is whole, and nothing of the killed process stays."""
    sweep_leftovers(scene.services.leftover_tools(), older_than_s=0.0)
    data_dir = scene.services.settings.data_dir
    with sqlite3.connect(scene.services.settings.database_path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    drafts = [path for path in data_dir.rglob("*") if ".part" in path.name or path.name.startswith("part-")]
    assert drafts == []
    assert scene.services.artifacts.ids(scene.dataset_id, ArtifactKind.ERASURE) == [], "nobody's name is kept"
    if not scene.services.store.dataset(scene.dataset_id).keeps_photos:
        assert find_photo_traces(data_dir, scene.photos) == set()


# the tests


def points(share: int, writes: int, name: str) -> list[tuple[int, float]]:
    """After how many writes to kill, spread over all of them, and how long after: every second time at once.

    Quick work would end within the moment, and each of its kills would come too late.
    """
    number = max(1, round(POINTS * share / 100))
    chance = random.Random(f"{SEED} {name}")
    return [
        (1 + int((index + chance.random()) * writes / number), chance.random() * 0.05 * (index % 2))
        for index in range(number)
    ]


@pytest.mark.parametrize("name", WORKS)
def test_work_that_is_killed_ends_as_if_it_had_not_been(
    name: str,
    starts: Path,
    server: ForkServer,
    engine: OpenVinoEngine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work = WORKS[name]
    if work.indexed_from:
        monkeypatch.setattr(face_index, "INDEXED_FROM", work.indexed_from)
    undisturbed = Scene(work, tmp_path / "undisturbed", starts, engine, server)
    writes = undisturbed.work_undisturbed()
    require_sound(undisturbed)
    expected = stored(undisturbed)
    assert expected["files"][ArtifactKind.FACE_INDEX.value] == (work.kind is JobKind.INDEX)
    if work.kind is JobKind.LOOK_AGAIN:
        expected, numbers = _parted(expected)
        expected_measured = [{key: _nearly(value) for key, value in row.items()} for row in numbers]
    left = []
    for index, (number, delay_s) in enumerate(points(work.share, writes, name)):
        scene = Scene(work, tmp_path / str(index), starts, engine, server)
        scene.run(number, delay_s)
        if work.start == "unkept":
            at_the_kill = find_photo_traces(scene.services.settings.data_dir, scene.photos)
            assert at_the_kill <= {"uploads/a1b2/photos.zip"}, "what is read from, until it is taken or given up"
        left.append(scene.resume())
        require_sound(scene)
        outcome = stored(scene)
        if work.kind is JobKind.LOOK_AGAIN:
            outcome, measured = _parted(outcome)
            assert measured == expected_measured
        assert outcome == expected, f"killed after {number} of {writes} writes and {delay_s:.3f} s ({left[-1]})"
    print(f"{name}: {writes} writes, killed {len(left)} times, left {left}")
    assert left.count("done") < len(left) or len(left) < 3, "it was killed only when all was done"


def run_and_kill(
    server: ForkServer, words: list[str], written: Path, kill: tuple[int, float], is_done: Callable[[], bool]
) -> int:
    """Let a command write below a folder, kill it after so many writes and a moment; how many there were."""
    written.mkdir(parents=True, exist_ok=True)
    counter = WriteCounter(written)
    process_id = server.fork(words, written.with_suffix(".log"), None)
    try:
        counter.wait_for(kill[0], is_done)
        time.sleep(kill[1])
    finally:
        os.kill(process_id, signal.SIGKILL)
        server.reap(process_id)
        counter.close()
    return counter.count


def everything(data_dir: Path) -> tuple[list[str], dict[str, bytes]]:
    """All rows, and all files of datasets."""
    with sqlite3.connect(data_dir / "atlas.db") as connection:
        rows = sorted(connection.iterdump())
    artifacts = data_dir / "artifacts"
    files = {str(path.relative_to(artifacts)): path.read_bytes() for path in artifacts.rglob("*") if path.is_file()}
    return rows, files


THOROUGH = pytest.mark.skipif(POINTS < 100, reason="rotating the key walks the same way; with more points each does")


@pytest.mark.parametrize(
    ("command", "share"),
    [
        pytest.param("encrypt", 2, marks=THOROUGH),
        ("rotate-key", 4),
        pytest.param("decrypt", 2, marks=THOROUGH),
    ],
)
def test_a_change_of_encryption_that_is_killed_goes_on_and_loses_nothing(
    command: str, share: int, starts: Path, server: ForkServer, tmp_path: Path
) -> None:
    start = prepared.copy(starts / "full", tmp_path / "start")
    # Its keys are made before, or they would be new in each folder.
    Services(Settings(start)).keyring.open_own()
    expected = everything(start)
    if command != "encrypt":
        assert main(["encrypt", "--data", str(start)]) == 0
    key_file = start / KEY_FILE
    key_before = key_file.read_bytes() if key_file.exists() else b""

    def is_done(data_dir: Path) -> bool:
        if command == "decrypt":
            return not (data_dir / KEY_FILE).exists()
        written = (data_dir / KEY_FILE).read_bytes() if (data_dir / KEY_FILE).exists() else b""
        return written != key_before and b'"encrypted"' in written

    def attempt(name: str, kill: tuple[int, float]) -> tuple[int, Path]:
        data_dir = prepared.copy(start, tmp_path / name)
        words = [command, "--data", str(data_dir)]
        return run_and_kill(server, words, data_dir, kill, lambda: is_done(data_dir)), data_dir

    writes, _ = attempt("undisturbed", (1 << 30, 0.0))
    for number, kill in enumerate(points(share, writes, command)):
        _, data_dir = attempt(str(number), kill)
        if not is_done(data_dir):
            assert main([command, "--data", str(data_dir)]) == 0, f"killed after {kill} of {writes}"
        if command != "decrypt":
            with pytest.raises(AssertionError):
                require_readable_without_key(data_dir)
            assert main(["decrypt", "--data", str(data_dir)]) == 0
        require_readable_without_key(data_dir)
        assert everything(data_dir) == expected, f"killed after {kill} of {writes}"


def require_readable_without_key(data_dir: Path) -> None:
    """Nothing is encrypted, and nothing of a change is left."""
    stored = [path for path in data_dir.rglob("*") if path.is_file() and "models" not in path.parts]
    assert not [path for path in stored if ".part" in path.name or ".new" in path.name]
    assert not [path for path in stored if path.read_bytes().startswith(MAGIC)]
    assert not (data_dir / KEY_FILE).exists()
