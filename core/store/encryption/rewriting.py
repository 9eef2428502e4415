"""A data folder encrypted, decrypted, or encrypted with another data key, in place.

Every file is rewritten whole and read back before it takes the place of the one that was there; the key file says
until the end that it is not done, and holds every key that a file may still be encrypted with. What was rewritten is
known by the file itself, so that the work goes on after a kill wherever it was.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from core.base.errors import DataFolderFault, InputRefused
from core.base.progress import UNWATCHED, Progress
from core.store.artifacts import WORKING_KINDS, ArtifactKind, Artifacts, StoredFile
from core.store.encryption.key_file import DataKeys, FolderState, load_keys, store_keys
from core.store.encryption.keyring import key_file_path, require_secret
from core.store.encryption.sealed_artifacts import artifact_name, write_draft, write_sealed
from core.store.encryption.sealed_key_files import KEY_FILE_ENDINGS, key_file_name
from core.store.encryption.sealed_stream import HEADER_BYTES, open_sealed, seal, sealed_key_id
from core.store.folder_artifacts import DRAFT, flush_folders, write_durably

RewriteDatabase = Callable[[DataKeys, bytes | None], None]
"""Gives the database the key of a data key by its id, or none, unless it has it already."""


@dataclass(frozen=True, slots=True)
class RewrittenFolder:
    """What was done to a data folder."""

    files: int
    """Those that were rewritten now; what an attempt before had done is not counted."""
    file_bytes: int


@dataclass(frozen=True)
class RewriteTools:
    """What rewriting works with."""

    data_dir: Path
    keys_dir: Path
    """The folder of the keys that this installation signs with and trusts."""
    artifacts: Artifacts
    """As they lie, encrypted or not."""
    rewrite_database: RewriteDatabase
    progress: Progress = UNWATCHED

    @property
    def key_file(self) -> Path:
        """The key file."""
        return key_file_path(self.data_dir)


def encrypt_folder(tools: RewriteTools, secret: str) -> RewrittenFolder:
    """Encrypt a data folder, or go on where encrypting or a rotation of the key was left.

    Raises
    ------
    InputRefused
        It is encrypted already.
    DataFolderLocked
        There is no secret, or not the one that it was begun with.
    """
    require_secret(secret)
    if not tools.key_file.exists():
        keys = DataKeys.generate()
        # Before the first file: what is encrypted with a key that is nowhere could never be read again.
        store_keys(tools.key_file, keys, secret)
    keys = load_keys(tools.key_file, secret)
    if keys.state is FolderState.ENCRYPTED:
        raise InputRefused("This data folder is encrypted already. `rotate-key` encrypts it with a new data key.")
    return _rewrite(tools, replace(keys, state=FolderState.REWRITING), secret)


def rotate_key(tools: RewriteTools, secret: str) -> RewrittenFolder:
    """Encrypt everything with a new data key, or go on with it. Raises InputRefused where nothing is encrypted."""
    keys = _stored_keys(tools, secret)
    if keys.state is FolderState.ENCRYPTED:
        keys = DataKeys.generate(keys.by_id)
        store_keys(tools.key_file, keys, secret)
    return _rewrite(tools, replace(keys, state=FolderState.REWRITING), secret)


def decrypt_folder(tools: RewriteTools, secret: str) -> RewrittenFolder:
    """Decrypt a data folder, or go on with it. Raises InputRefused where nothing is encrypted."""
    keys = replace(_stored_keys(tools, secret), state=FolderState.DECRYPTING)
    store_keys(tools.key_file, keys, secret)
    tools.rewrite_database(keys, None)
    rewritten = _rewrite_files(tools, keys, None)
    # Last: without it what is still encrypted would be lost.
    tools.key_file.unlink()
    return rewritten


def change_secret(key_file: Path, secret: str, new_secret: str) -> None:
    """Let another passphrase or key open a data folder; nothing else is rewritten. Raises InputRefused."""
    if not key_file.exists():
        raise _not_encrypted()
    store_keys(key_file, load_keys(key_file, require_secret(secret)), require_secret(new_secret))


def _stored_keys(tools: RewriteTools, secret: str) -> DataKeys:
    if not tools.key_file.exists():
        raise _not_encrypted()
    return load_keys(tools.key_file, require_secret(secret))


def _not_encrypted() -> InputRefused:
    return InputRefused("This data folder is not encrypted. `python -m core encrypt` does it.")


def _rewrite(tools: RewriteTools, keys: DataKeys, secret: str) -> RewrittenFolder:
    store_keys(tools.key_file, keys, secret)
    tools.rewrite_database(keys, keys.current_id)
    rewritten = _rewrite_files(tools, keys, keys.current_id)
    # Only now the keys of before go.
    only_current = {keys.current_id: keys.current}
    store_keys(tools.key_file, DataKeys(only_current, keys.current_id, FolderState.ENCRYPTED), secret)
    return rewritten


def _rewrite_files(tools: RewriteTools, keys: DataKeys, target_id: bytes | None) -> RewrittenFolder:
    for path in sorted(tools.keys_dir.glob("*.*")):
        if path.suffix in KEY_FILE_ENDINGS:
            _rewrite_key_file(path, keys, target_id)
    files, file_bytes = 0, 0
    for dataset_id in sorted(tools.artifacts.dataset_ids()):
        tools.artifacts.delete_drafts(dataset_id)
        stored_files = list(tools.artifacts.files(dataset_id))
        for number, file in enumerate(stored_files):
            tools.progress.step(number, len(stored_files), "Rewriting the files")
            if _rewrite_file(tools.artifacts, dataset_id, file, keys, target_id):
                files, file_bytes = files + 1, file_bytes + file.size_bytes
    return RewrittenFolder(files, file_bytes)


def _rewrite_file(
    artifacts: Artifacts, dataset_id: str, file: StoredFile, keys: DataKeys, target_id: bytes | None
) -> bool:
    """Rewrite a file unless it is as it is to be; whether it was."""
    if file.kind not in frozenset(ArtifactKind):
        raise DataFolderFault(
            f"The folder '{file.kind}' of a dataset is not of this version of Face Atlas. "
            "Move it elsewhere, then go on."
        )
    kind = ArtifactKind(file.kind)
    if kind is ArtifactKind.LOOKUP_PART:
        # Of a lookup that is not done; it begins anew, with these in memory.
        artifacts.delete(dataset_id, kind, file.id)
        return True
    with artifacts.open(dataset_id, kind, file.id) as stored:
        key_id = sealed_key_id(stored.read(HEADER_BYTES))
    if key_id == target_id:
        return False
    name = artifact_name(dataset_id, kind, file.id)
    change = _Change(keys, key_id, target_id, name)
    if kind in WORKING_KINDS:
        _rewrite_large_file(artifacts.path(dataset_id, kind, file.id), change)
    else:
        artifacts.replace(dataset_id, kind, file.id, change.rewrite(artifacts.read(dataset_id, kind, file.id)))
    return True


def _rewrite_key_file(path: Path, keys: DataKeys, target_id: bytes | None) -> None:
    stored = path.read_bytes()
    key_id = sealed_key_id(stored)
    if key_id != target_id:
        change = _Change(keys, key_id, target_id, key_file_name(path.name))
        flush_folders(write_durably(path, change.rewrite(stored)))


@dataclass(frozen=True)
class _Change:
    """A file's way from one key, or none, to another."""

    keys: DataKeys
    key_id: bytes | None
    target_id: bytes | None
    name: str

    def open_before(self, file: IO[bytes]) -> IO[bytes]:
        return file if self.key_id is None else open_sealed(file, self.keys.by_id, self.name)

    def open_after(self, file: IO[bytes]) -> IO[bytes]:
        return file if self.target_id is None else open_sealed(file, self.keys.by_id, self.name)

    def rewrite(self, stored: bytes) -> bytes:
        """Raises DataFolderFault where it reads back differently."""
        with self.open_before(io.BytesIO(stored)) as source:
            content = source.read()
        if self.target_id is None:
            return content
        rewritten = seal(content, self.target_id, self.keys.by_id[self.target_id], self.name)
        with self.open_after(io.BytesIO(rewritten)) as copy:
            _require_same(copy.read() == content)
        return rewritten


def _rewrite_large_file(path: Path, change: _Change) -> None:
    """The same part by part: a zip of photos may not fit into memory."""
    with change.open_before(path.open("rb")) as source:
        digest = hashlib.file_digest(source, "sha256").digest()  # type: ignore[arg-type]
    draft = path.with_name(f"{path.name}.rewritten{DRAFT}")
    with change.open_before(path.open("rb")) as source:
        if change.target_id is None:
            write_draft(source, draft)
        else:
            write_sealed(source, draft, change.keys, change.name)
    with change.open_after(draft.open("rb")) as copy:
        _require_same(hashlib.file_digest(copy, "sha256").digest() == digest)  # type: ignore[arg-type]
    draft.replace(path)
    flush_folders([path.parent])


def _require_same(is_same: bool) -> None:
    if not is_same:
        raise DataFolderFault(
            "A file reads back differently than it was written; it was left as it was. Check the disk of the data "
            "folder, then do it again."
        )
