"""Killed (-9) at any point, a backup, a restoring, an erasing by retention and an update recover to what they would be.

``FACE_ATLAS_SAFEKEEPING_KILLS`` says at how many points all together, ``FACE_ATLAS_KILLS_SEED`` at which. The work is
that of ``test_kills``, on photos of a few bytes: nothing here opens one.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from core.__main__ import main
from core.base.progress import CancelToken
from core.base.settings import Settings
from core.jobs.registry import job_handlers, submit_job
from core.jobs.retention import erase_expired
from core.jobs.worker import run_job
from core.services import Services
from core.store.job_model import JobState
from core.store.retention.model import ReceiptRecord, RetentionTerms
from core.store.sql.schema import SCHEMA_VERSION
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.photos.orphans import sweep_leftovers
from core.workflows.retention.terms import local_today, set_person_terms
from core.workflows.safekeeping import doctor
from core.workflows.safekeeping.backup_check import check_backup
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.backup_manifest import MANIFEST
from core.workflows.safekeeping.expired_backups import remove_overdue
from core.workflows.safekeeping.restore import RestoreRequest
from tests import earlier_folders
from tests.forked import ForkServer
from tests.workflows.exchange.test_export import Album
from tests.writes import WriteCounter

POINTS = int(os.environ.get("FACE_ATLAS_SAFEKEEPING_KILLS", "5"))
SEED = int(os.environ.get("FACE_ATLAS_KILLS_SEED", "0"))
SHARES = {"backup": 30, "restore": 25, "restore by the worker": 15, "retention": 15, "update": 15}
"""Of a hundred points, how many over each."""
GONE = "Zebedee Quux"
DAY_S = 86_400.0


@dataclass(frozen=True)
class Scene:
    """Work that is killed once."""

    words: list[str]
    """Of the command that does it."""
    watched: Path
    """Whatever is written below counts."""
    is_done: Callable[[], bool]
    recover: Callable[[], object]
    """Go on as whoever comes next, look whether all is as it should be; gives what is to be the same each time."""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    server = ForkServer.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data folder, somebody in it whose day has passed, and an old backup that holds who was erased."""
    home = tmp_path_factory.mktemp("safekeeping")
    album = Album(home / "data")
    for name in (GONE, "Ann", "Ben", "Erased"):
        for number in range(3):
            album.add(f"{name}/{number}.jpg", name)
    services, dataset_id = album.services, album.dataset.id
    services.jobs.finish(album.job.id, JobState.DONE)
    album.corrector().rename(album.people()["Ben"], "Benno")
    assert main(["backup", str(home / "backups"), "--data", str(home / "data")]) == 0
    folder = open_backup_folder(home / "backups")
    manifest, ago = folder.manifest(), time.time() - 40 * DAY_S
    path = folder.path / "backups" / manifest.id / MANIFEST
    path.write_text(path.read_text().replace(f'"created": {manifest.created}', f'"created": {ago - DAY_S}'))
    erase_person(services.erase_tools(), dataset_id, EraseRequest(album.people()["Erased"], "Ann", retrain=False))
    (receipt,) = services.retention.receipts()
    services.retention.put_receipt(replace(receipt, created=ago))
    terms = RetentionTerms("an album", "on paper", local_today() - timedelta(days=1))
    tools = services.retention_tools()
    set_person_terms(tools, dataset_id, album.people()[GONE], terms, local_today() - timedelta(days=9))
    services.store.engine.dispose()
    return home


def copied(home: Path, folder: Path) -> Path:
    shutil.copytree(home, folder)
    (folder / "data" / "backup-folders").write_text(f"{folder / 'backups'}\n")
    return folder


def everything(data_dir: Path) -> tuple[list[str], dict[str, bytes]]:
    """All rows, and all files of datasets."""
    with sqlite3.connect(data_dir / "atlas.db") as connection:
        rows = sorted(connection.iterdump())
    artifacts = data_dir / "artifacts"
    files = {str(path.relative_to(artifacts)): path.read_bytes() for path in artifacts.rglob("*") if path.is_file()}
    return rows, files


def require_whole_backups(target: Path) -> int:
    """How many there are."""
    folder = open_backup_folder(target)
    assert all(check_backup(folder, manifest).is_whole for manifest in folder.manifests())
    assert not list(target.rglob("*.part"))
    return len(folder.manifests())


def run_jobs(services: Services) -> None:
    """As the next worker does."""
    services.jobs.end_orphans()
    for job in services.jobs.jobs():
        if job.state is JobState.INTERRUPTED:
            services.jobs.resume(job.id)
    while (claimed := services.jobs.claim()) is not None:
        run_job(services.jobs, claimed, job_handlers(services)[claimed.kind], CancelToken())
        ended = services.jobs.job(claimed.id)
        assert ended.state is JobState.DONE, ended.error + ended.detail


# the work


def back_up(home: Path, folder: Path) -> Scene:
    copied(home, folder)
    target = folder / "disk"
    words = ["backup", str(target), "--data", str(folder / "data")]

    def recover() -> object:
        assert main(words) == 0
        assert require_whole_backups(target) in (1, 2)
        return sorted(path.name for path in (target / "files").rglob("*"))

    return Scene(words, target, lambda: any(target.glob("backups/*/manifest.json")), recover)


def restore_all(home: Path, folder: Path) -> Scene:
    copied(home, folder)
    data_dir = folder / "new"
    services = Services(Settings(data_dir))
    words = ["restore", str(folder / "backups"), "--data", str(data_dir)]

    def recover() -> object:
        if not services.store.datasets():
            assert main(words) == 0
        sweep_leftovers(services.leftover_tools(), older_than_s=0.0)
        assert doctor.examine(services.doctor_tools()).is_well
        return everything(data_dir)

    return Scene(words, data_dir, lambda: bool(services.store.datasets()), recover)


def restore_one(home: Path, folder: Path) -> Scene:
    copied(home, folder)
    services = Services(Settings(folder / "data"))
    # In a place that the worker knows nothing of: it would remove this backup, which holds who was erased.
    (folder / "backups").rename(folder / "disk")
    source, manifest = services.store.datasets()[0], open_backup_folder(folder / "disk").manifest()
    dataset = services.store.create_dataset("Again", "facenet-512-casia")
    job = submit_job(services.jobs, dataset.id, RestoreRequest(str(folder / "disk"), manifest.id, source.id))

    def recover() -> object:
        run_jobs(services)
        sweep_leftovers(services.leftover_tools(), older_than_s=0.0)
        assert doctor.examine(services.doctor_tools()).is_well
        table = services.store.face_table(dataset.id)
        names = [table.person(row) for row in range(len(table))]
        return table.face_ids, names, services.store.counts(dataset.id), len(services.log.events(dataset.id))

    words = ["worker", "--data", str(folder / "data")]
    return Scene(words, folder, lambda: services.jobs.job(job.id).state is JobState.DONE, recover)


def retain(home: Path, folder: Path) -> Scene:
    copied(home, folder)
    services = Services(Settings(folder / "data"))
    dataset, old = services.store.datasets()[0], open_backup_folder(folder / "backups").manifest()

    def erasings() -> list[ReceiptRecord]:
        return [receipt for receipt in services.retention.receipts() if receipt.created > time.time() - DAY_S]

    def is_done() -> bool:
        return bool(erasings()) and not (folder / "backups" / "backups" / old.id).exists()

    def recover() -> object:
        erase_expired(services, local_today())
        run_jobs(services)
        remove_overdue(services.backup_tools(), services.retention.receipts(), 30, time.time())
        (receipt,) = erasings()
        assert receipt.document["receipt"]["check"]["found"] == 0
        sweep_leftovers(services.leftover_tools(), older_than_s=0.0)
        assert doctor.examine(services.doctor_tools()).is_well
        require_whole_backups(folder / "backups")
        assert old.id not in {manifest.id for manifest in open_backup_folder(folder / "backups").manifests()}
        for path in (folder / "data").rglob("*"):
            assert path.is_dir() or b"Zebedee" not in path.read_bytes(), path
        return {person.name for person in services.store.people(dataset.id)}

    return Scene(["worker", "--data", str(folder / "data")], folder, is_done, recover)


def update(_: Path, folder: Path) -> Scene:
    path = earlier_folders.lay_out(1, folder / "data")
    words = ["datasets", "--data", str(folder / "data")]

    def is_done() -> bool:
        with sqlite3.connect(path) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            rows = connection.execute("SELECT version_num FROM alembic_version") if "alembic_version" in tables else ()
            return [version for (version,) in rows] == [str(SCHEMA_VERSION)]

    def recover() -> object:
        assert main(words) == 0
        return earlier_folders.dump(path)

    return Scene(words, folder / "data", is_done, recover)


WORKS: dict[str, Callable[[Path, Path], Scene]] = {
    "backup": back_up,
    "restore": restore_all,
    "restore by the worker": restore_one,
    "retention": retain,
    "update": update,
}


# the tests


def points(name: str, writes: int) -> list[tuple[int, float]]:
    """After how many writes to kill, and how long after, as in ``test_kills``."""
    number = max(1, round(POINTS * SHARES[name] / 100))
    chance = random.Random(f"{SEED} {name}")
    return [
        (1 + int((index + chance.random()) * writes / number), chance.random() * 0.05 * (index % 2))
        for index in range(number)
    ]


def run_and_kill(server: ForkServer, scene: Scene, kill: tuple[int, float]) -> int:
    """Let a command write, kill it after so many writes and a moment; how many there were."""
    scene.watched.mkdir(parents=True, exist_ok=True)
    counter = WriteCounter(scene.watched)
    process_id = server.fork(scene.words, scene.watched.with_suffix(".log"), None)
    try:
        counter.wait_for(kill[0], scene.is_done)
        time.sleep(kill[1])
    finally:
        os.kill(process_id, signal.SIGKILL)
        server.reap(process_id)
        counter.close()
    return counter.count


@pytest.mark.parametrize("name", WORKS)
def test_work_that_is_killed_recovers_to_what_it_would_be(name, home, server, tmp_path):
    undisturbed = WORKS[name](home, tmp_path / "undisturbed")
    writes = run_and_kill(server, undisturbed, (1 << 30, 0.0))
    assert undisturbed.is_done(), undisturbed.watched.with_suffix(".log").read_text()
    expected, cut_off = undisturbed.recover(), 0
    kills = points(name, writes)
    for number, kill in enumerate(kills):
        scene = WORKS[name](home, tmp_path / str(number))
        run_and_kill(server, scene, kill)
        cut_off += not scene.is_done()
        assert scene.recover() == expected, f"killed after {kill} of {writes} writes"
    print(f"{name}: {writes} writes, killed {len(kills)} times, {cut_off} before it was done")
