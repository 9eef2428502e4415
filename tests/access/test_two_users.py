"""Several people work at once on one installation, each in a thread, and nothing of one ever reaches another."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from core.access.permissions import Principal, is_allowed
from core.access.view import services_for
from core.base.errors import AccessRefused, NotFound
from core.base.progress import CancelToken
from core.base.settings import Settings
from core.corrections.model import Editor
from core.jobs.registry import job_handlers, submit_job
from core.jobs.worker import run_job
from core.services import Services
from core.store.access_model import Grant, Role, Standing
from core.store.artifacts import ArtifactKind, content_id
from core.store.job_model import JobKind, JobOwner, JobState
from core.workflows.datasets import find_person
from core.workflows.exchange.export import ExportKind, ExportRequest, export_path
from core.workflows.labels.correct import Corrector
from core.workflows.projection.project import MapOptions
from core.workflows.training.train import load_recogniser
from tests import prepared
from tests.access.test_guard import ACTS
from tests.stored_faces import add_faces
from tests.workflows.exchange.test_export import INGEST, Album

ANN, BOB = Principal("ann@example.org", Role.EDITOR), Principal("bob@example.org", Role.EDITOR)
CY = Principal("cy@example.org", Role.VIEWER)
ROLES = f'[roles]\n"{ANN.address}" = "editor"\n"{BOB.address}" = "editor"\n"{CY.address}" = "viewer"\n'
ROUNDS = 8


class Home(Album):
    """What one person has, used through the parts as they may use them; everything in it begins with their tag.

    Faces of both homes have the same ids, as those of the same photos would.
    """

    def __init__(self, whole: Services, principal: Principal, tag: str, folder: Path) -> None:
        self.services, self.principal, self.tag, self.folder = services_for(whole, principal), principal, tag, folder
        self.dataset = add_faces(self.services, f"{tag} album", {f"{tag} {name}": 6 for name in ("Ada", "Bo", "Cleo")})
        self.job = self.services.jobs.submit(self.dataset.id, JobKind.INGEST, INGEST, JobOwner.COMMAND_LINE)
        prepared.carry(whole, self.dataset.id, JobKind.TRAIN)
        (self.run,) = self.services.runs.runs(self.dataset.id)

    def work(self, other: Home) -> None:
        """Take a photo in, correct, list, search, take along, ask for jobs; and reach for what is another's."""
        for number in range(ROUNDS):
            face_ids = self.add(f"{self.tag}/{number}.jpg", f"{self.tag} {number}")
            editor = Editor(self.principal.address, "1")
            Corrector(self.services.store, self.services.log, self.dataset.id, editor).move(
                face_ids, f"{self.tag} moved {number % 3}"
            )
            self.look()
            self.reach(other, number)
            if number % 4 == 0:
                submit_job(
                    self.services.jobs, self.dataset.id, ExportRequest((ExportKind.FACES, ExportKind.LOG)[number // 4])
                )
                submit_job(self.services.jobs, self.dataset.id, MapOptions())
                self.export(ExportKind.FACES, self.folder / f"{self.tag} {number}.zip")
                self.require_own(zip_text(self.folder / f"{self.tag} {number}.zip"))

    def look(self) -> None:
        services, dataset_id = self.services, self.dataset.id
        (dataset,) = services.store.datasets()
        assert dataset.name == f"{self.tag} album"
        columns = services.newest_faces(dataset_id).read_table(dataset.revision)
        recogniser = load_recogniser(services.artifacts, services.runs.runs(dataset_id)[0])
        people = [person.name for person in services.store.people(dataset_id)]
        for names in (people, services.store.names(dataset_id).values(), columns.people, recogniser.people):
            assert names and all(name.startswith(f"{self.tag} ") for name in names), list(names)
        assert {job.dataset_id for job in (*services.jobs.jobs(), *services.jobs.active())} == {dataset_id}
        assert {event.author for event in services.log.events(dataset_id)} == {self.principal.address}

    def reach(self, other: Home, number: int) -> None:
        """For everything of another by its id, and by its id in one's own dataset."""
        services, theirs = self.services, other.dataset.id
        photo_id = content_id(f"{other.tag}/{number}.jpg".encode())
        reaches: tuple[Callable[[], object], ...] = (
            lambda: services.store.dataset(f"{other.tag} album"),
            lambda: services.store.face_table(theirs),
            lambda: services.newest_faces(theirs),
            lambda: services.log.events(theirs),
            lambda: services.export_tools().transfer.photos(theirs),
            lambda: services.store.file_reports(other.job.id),
            lambda: services.jobs.job(other.job.id),
            lambda: services.jobs.cancel(other.job.id),
            lambda: services.jobs.submit(theirs, JobKind.EXPORT, {}),
            lambda: services.runs.run(other.run.id),
            lambda: services.identifier(other.run),
            lambda: services.artifacts.read(theirs, ArtifactKind.PHOTO, photo_id),
            lambda: services.artifacts.read(self.dataset.id, ArtifactKind.PHOTO, photo_id),
            lambda: load_recogniser(services.artifacts, other.run),
            lambda: find_person(services.store, self.dataset.id, f"{other.tag} Ada"),
            lambda: Corrector(services.store, services.log, theirs, Editor(self.principal.address, "1")).rename(1, "x"),
        )
        for reach in reaches:
            with pytest.raises(NotFound):
                reach()

    def require_own(self, text: str) -> None:
        """Of what was taken along."""
        assert f"{self.tag} " in text and not any(f"{tag} " in text for tag in TAGS if tag != self.tag)


TAGS = "Ann's", "Bob's"


def zip_text(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        contents = [name.encode() + archive.read(name) for name in archive.namelist()]
    return b"\n".join(contents).decode("utf-8", "replace")


def look_on(whole: Services, seen: Home, unseen: Home) -> None:
    """As a viewer with whom one of two datasets was shared: what the matrix allows, and nothing of the other."""
    services = services_for(whole, CY)
    for _ in range(ROUNDS):
        assert [dataset.id for dataset in services.store.datasets()] == [seen.dataset.id]
        assert {job.dataset_id for job in services.jobs.jobs()} == {seen.dataset.id}
        for home, standing in ((seen, Standing.VIEWER), (unseen, None)):
            for action, act in ACTS.items():
                if is_allowed(Role.VIEWER, standing, action):
                    act(services, home.dataset.id)
                else:
                    with pytest.raises((AccessRefused, NotFound)):
                        act(services, home.dataset.id)


def serve(whole: Services, stop: threading.Event) -> None:
    """As the worker does, until nobody asks for more."""
    handlers = job_handlers(whole)
    while (job := whole.jobs.claim()) is not None or not stop.wait(0.01):
        if job is not None:
            run_job(whole.jobs, job, handlers[job.kind], CancelToken())


def test_who_works_at_the_same_time_sees_and_takes_along_their_own_alone(tmp_path: Path) -> None:
    whole, stop = Services(Settings(tmp_path / "data", supervise=False)), threading.Event()
    whole.settings.access_file.write_text(ROLES)
    ann, bob = (Home(whole, who, tag, tmp_path) for who, tag in zip((ANN, BOB), TAGS, strict=True))
    whole.access.grant(Grant(ann.dataset.id, CY.address, Standing.VIEWER))
    with ThreadPoolExecutor(4) as threads:
        worker = threads.submit(serve, whole, stop)
        people = [
            threads.submit(ann.work, bob),
            threads.submit(bob.work, ann),
            threads.submit(look_on, whole, ann, bob),
        ]
        try:
            for person in people:
                person.result()
        finally:
            stop.set()
        worker.result()
    for home in (ann, bob):
        exports = [job for job in home.services.jobs.jobs(home.dataset.id) if job.kind is JobKind.EXPORT]
        assert [job.state for job in exports] == [JobState.DONE] * 2, [job.error for job in exports]
        for job in exports:
            home.require_own(zip_text(export_path(whole.settings.exports_dir, home.dataset.id, job.id)))
        (only,) = {run.dataset_id for run in home.services.runs.runs(home.dataset.id)}
        assert only == home.dataset.id and home.services.store.counts(home.dataset.id).photos == 18 + ROUNDS
