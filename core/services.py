"""The composition root: settings in, working parts out; ``core.composition`` makes the parts."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from core.archives.folder_layout import AUTO
from core.archives.opening import open_source
from core.archives.source import PhotoSource
from core.base.errors import DataFolderBusy, InputRefused, NotFound
from core.base.json_values import JsonObject
from core.base.privacy import restrict_new_files
from core.base.progress import Progress
from core.base.settings import Settings
from core.composition.stores import WAIT_STEP_S, open_artifacts, open_stored_artifacts
from core.composition.workflow_tools import WorkflowTools
from core.jobs.supervisor import Supervisor
from core.language.said_before import forget_texts
from core.store.encryption.keyring import unlock_folder
from core.store.sql.schema import SCHEMA_VERSION
from core.store.sql.whole_copy import StoreCopy
from core.store.values.runs import Run
from core.vision.models import catalogue, sample
from core.workflows.audit.recorder import AuditRecorder
from core.workflows.columns.newest_faces import NewestFaces
from core.workflows.exchange.bundles import load_gallery
from core.workflows.exchange.prepared_sample import PREPARATION, PreparedSample
from core.workflows.exchange.store_copy import StoreCopyReceipt, copy_files, copy_whole_store
from core.workflows.identification.identify import Identifier
from core.workflows.neighbours.search import ExactSearch, open_gallery_search
from core.workflows.training.train import load_recogniser

if TYPE_CHECKING:
    from core.store.encryption.rewriting import RewriteTools


DATASETS_IN_MEMORY = 2
"""Whose faces pages have at hand: of a million they take half a gigabyte and more."""


class Services(WorkflowTools):
    """Everything that works, each part made when it is first asked for. Safe to share between threads."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._identifiers: dict[tuple[str, int], Identifier] = {}
        self._newest_faces: dict[str, NewestFaces] = {}

    def identifier(self, run: Run) -> Identifier:
        """A run's recogniser with its gallery; the last one that was asked for is kept in memory."""
        dataset = self.store.dataset(run.dataset_id)
        # Under the lock as a whole: of two pages that ask at once, the second waits for what the first loads.
        with self._lock:
            key = (run.id, dataset.revision)
            if key not in self._identifiers:
                learned = load_gallery(self.store, self.artifacts, run)
                recogniser = load_recogniser(self.artifacts, run)
                # The faces of an imported run are not the dataset's.
                is_own = run.params.imported is None
                search = (
                    open_gallery_search(self.store, self.artifacts, dataset, learned.faces)
                    if is_own
                    else ExactSearch(learned.faces)
                )
                # One at a time: a gallery holds the vectors of a dataset, and an older revision is never asked for
                # again.
                self._identifiers.clear()
                self._identifiers[key] = Identifier(
                    pipeline=self.pipeline(run.model_id),
                    recogniser=recogniser,
                    gallery=learned.faces,
                    search=search,
                    gallery_labels=learned.labels,
                )
            return self._identifiers[key]

    def newest_faces(self, dataset_id: str) -> NewestFaces:
        """The faces of a dataset in memory; those of the datasets that were asked for last are kept there."""
        with self._lock:
            faces = self._newest_faces.pop(dataset_id, None) or NewestFaces(self.store, self.artifacts, dataset_id)
            self._newest_faces[dataset_id] = faces
            while len(self._newest_faces) > DATASETS_IN_MEMORY:
                self._newest_faces.pop(next(iter(self._newest_faces)))
            return faces

    def has_faces(self, dataset_id: str) -> bool:
        """Whether the faces of a dataset are in memory; asking puts nobody else's out of it."""
        faces = self._newest_faces.get(dataset_id)
        return faces is not None and faces.is_read

    def forget_erased_people(self) -> None:
        """Drop from memory what is of people who are not in the data any more."""
        with self._lock:
            self._identifiers.clear()
            kept_faces = dict(self._newest_faces)
        self.artifacts.forget()
        forget_texts()
        for dataset_id, faces in kept_faces.items():
            try:
                faces.forget_removed()
            except NotFound:  # the dataset is gone as a whole
                self._newest_faces.pop(dataset_id, None)

    # who looks

    @cached_property
    def audit_recorder(self) -> AuditRecorder:
        """What writes down who sees whom."""
        return AuditRecorder(self.audit_log, is_on=self.settings.audit_days > 0)

    # sources

    def open_source(
        self,
        path: Path | str,
        *,
        folders_are_people: bool = True,
        folders: str = AUTO,
        zip_names: str = "",
        stranger_folders: bool = True,
    ) -> PhotoSource:
        """A zip, folder or URL of photos, within the limits of the settings; see ``archives.opening.open_source``."""
        return open_source(
            path,
            self.settings.archives,
            folders_are_people=folders_are_people,
            folders=folders,
            zip_names=zip_names,
            stranger_folders=stranger_folders,
        )

    def sample_zip(self) -> Path:
        """The sample dataset. Raises ModelUnavailable with the way to get it."""
        return sample.sample_path(self.settings.models_dir)

    def prepared_sample(self) -> PreparedSample:
        """The sample as it was prepared when it was installed, if it was."""
        return locate_prepared_sample(self.settings.models_dir)

    # processes

    @cached_property
    def supervisor(self) -> Supervisor:
        """What starts the worker process and watches it."""
        return Supervisor(self.settings.data_dir)

    @property
    def worker_lock(self) -> Path:
        """The lock of the one worker that serves the data folder; with a database server, of this machine's."""
        return locate_worker_lock(self.settings)


def locate_prepared_sample(models_dir: Path) -> PreparedSample:
    """Where the prepared sample lies or is to lie, and what this version prepares it with."""
    model, detector = catalogue.find_vectors_model(catalogue.DEFAULT_VECTORS_ID), catalogue.DETECTOR
    versions: JsonObject = {
        "preparation": PREPARATION,
        "schema": SCHEMA_VERSION,
        "model": model.vectors_id,
        "weights": model.weights_sha256,
        "detector": f"{detector.package} {detector.version}",
        "photos": catalogue.TUTORIAL_SDIST.sample_sha256,
    }
    return PreparedSample(sample.prepared_folder(models_dir), versions)


def locate_worker_lock(settings: Settings) -> Path:
    """The lock of the one worker that serves a data folder; with a database server, of this machine's."""
    # Machines that share a folder and a database have a worker each: jobs are dealt by the database.
    machine = f"-{platform.node()}" if settings.database_url else ""
    return settings.locks_dir / f"worker{machine}.lock"


@contextmanager
def closing_services(settings: Settings) -> Iterator[Services]:
    """Services that are used for one thing; their connections are closed behind it."""
    services = Services(settings)
    try:
        yield services
    finally:
        services.store.engine.dispose()


def copy_store(source: Settings, target: Settings, progress: Progress) -> StoreCopyReceipt:
    """Copy everything that one store holds into another, empty one; of one database its files alone.

    See ``copy_whole_store``.

    Raises
    ------
    InputRefused
        Also where a job is under way.
    """
    restrict_new_files()
    for settings in (source, target):
        unlock_folder(settings.data_dir, settings.secret)
    source_files, target_files = open_artifacts(source), open_artifacts(target)
    if source.database != target.database:
        rows = StoreCopy(source.database, target.database)
        # Before hours of files: what refuses the rows refuses it all.
        rows.require_possible()
        with closing_services(source) as services, services.lock_datasets(progress):
            return copy_whole_store(rows, source_files, target_files, progress)
    # The rows stay where they are.
    if source_files == target_files:
        raise InputRefused("Source and target are the same store. Say by --to or --to-artifacts where to copy.")
    with closing_services(source) as services:
        if services.jobs.active():
            raise InputRefused(
                "A job is under way, which may write files. Wait until it is done, or stop it; then copy."
            )
        with services.lock_datasets(progress) as dataset_ids:
            return StoreCopyReceipt({}, *copy_files(source_files, target_files, dataset_ids, progress))


@contextmanager
def rewriting_folder(settings: Settings, progress: Progress) -> Iterator[RewriteTools]:
    """What encrypts a data folder in place, and nobody else in it. Raises DataFolderBusy."""
    # Imported here: both load ciphers, which nothing else needs where nothing is encrypted.
    from core.store.encryption.rewriting import RewriteTools
    from core.store.sql.databases.sqlcipher import give_database_key

    restrict_new_files()
    settings.locks_dir.mkdir(parents=True, exist_ok=True)
    try:
        with ExitStack() as locks:
            # With a database server also those of the other machines that work in this folder.
            for path in {locate_worker_lock(settings), *settings.locks_dir.glob("worker*.lock")}:
                locks.enter_context(FileLock(path, timeout=WAIT_STEP_S))
            # The server's own disk encryption is used for a PostgreSQL database.
            database = None if settings.database_url else settings.database_path
            rewrite = partial(give_database_key, database)
            stored = open_stored_artifacts(settings)
            yield RewriteTools(
                data_dir=settings.data_dir,
                keys_dir=settings.keys_dir,
                artifacts=stored,
                rewrite_database=rewrite,
                progress=progress,
            )
    except Timeout as fault:
        raise DataFolderBusy(
            "Face Atlas is running on this data folder. Close it, then do it again. Nothing was changed."
        ) from fault
