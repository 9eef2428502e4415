"""The stores of a data folder: its database, its artifacts, its keys, in clear or encrypted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from core.base.errors import InputRefused, data_folder_fault
from core.base.privacy import restrict_new_files, restrict_to_owner
from core.base.progress import Progress
from core.base.settings import Settings
from core.signing.keyring import Keyring
from core.signing.keys import IN_CLEAR, KeyFileCipher
from core.store.artifacts import Artifacts
from core.store.disk_reserve import Reserve
from core.store.encryption.keyring import find_keys, unlock_folder
from core.store.folder_artifacts import FolderArtifacts
from core.store.sql.access.rights import SqlAccessStore
from core.store.sql.audit.log import SqlAuditLog
from core.store.sql.corrections import SqlCorrectionLog
from core.store.sql.database import open_database
from core.store.sql.erasure import SqlEraseStore
from core.store.sql.faces import SqlFaceStore
from core.store.sql.jobs import SqlJobStore
from core.store.sql.retention.store import SqlRetentionStore
from core.store.sql.runs import SqlRunStore
from core.store.sql.transfer import SqlTransferStore
from core.workflows.safekeeping.backup import StoredRows

WAIT_STEP_S = 0.5


class Stores:
    """What is kept in a data folder, opened; and the locks of its datasets."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
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
