"""The models folder while something is written to it: one writer, a scratch folder, room on the disk."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from core.base.errors import DataFolderBusy, ModelUnavailable
from core.base.progress import Progress

LOCK_WAIT_S = 1800.0
"""An installation over a slow network may take this long; whoever waits gives up then."""
SCRATCH_PREFIX = ".tmp-"
_NOTICE_AFTER_S = 0.5
_MIB = 1 << 20


@contextlib.contextmanager
def locked_workspace(models_dir: Path, need_bytes: int, progress: Progress) -> Iterator[Path]:
    """Give an empty folder directly below ``models_dir`` to work in, and remove it afterwards.

    No other process writes to ``models_dir`` meanwhile. What a killed process left behind is removed
    first. Raises DataFolderBusy when another installation does not end, ModelUnavailable when the disk is
    full or cannot be written.
    """
    with _disk_faults_explained(models_dir):
        models_dir.mkdir(parents=True, exist_ok=True)
        with _only_writer(models_dir, progress):
            _remove_leftovers(models_dir)
            _require_space(models_dir, need_bytes)
            scratch = models_dir / f"{SCRATCH_PREFIX}{os.getpid()}"
            scratch.mkdir()
            try:
                yield scratch
            finally:
                shutil.rmtree(scratch, ignore_errors=True)


def replace_folder(folder: Path, target: Path) -> None:
    """Rename a finished folder to its final name, instead of a damaged one that may be there."""
    # A folder cannot be renamed over another one. A kill in between leaves no model, which is installed again.
    old = target.with_name(f"{SCRATCH_PREFIX}old-{target.name}")
    if target.exists():
        target.rename(old)
    folder.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def free_space_bytes(folder: Path) -> int:
    """Free bytes on the disk of ``folder``."""
    return shutil.disk_usage(folder).free


@contextlib.contextmanager
def _only_writer(models_dir: Path, progress: Progress) -> Iterator[None]:
    # The lock belongs to the open file: it ends with its process, however that ends.
    lock = FileLock(models_dir / ".install.lock")
    try:
        try:
            # In two steps, so that who waits is told for what.
            lock.acquire(timeout=min(_NOTICE_AFTER_S, LOCK_WAIT_S))
        except Timeout:
            progress.report(0, 1, "Waiting for another installation to end")
            lock.acquire(timeout=LOCK_WAIT_S)
    except Timeout:
        raise DataFolderBusy(
            f"Another process has been installing into '{models_dir}' for {LOCK_WAIT_S:.0f} s. "
            "Wait until it ends, or stop it, and try again."
        ) from None
    try:
        yield
    finally:
        lock.release()


def _remove_leftovers(models_dir: Path) -> None:
    for path in models_dir.glob(f"{SCRATCH_PREFIX}*"):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _require_space(models_dir: Path, need_bytes: int) -> None:
    free = free_space_bytes(models_dir)
    if free < need_bytes:
        raise OSError(errno.ENOSPC, f"{free / _MIB:.0f} MiB are free, {need_bytes / _MIB:.0f} MiB are needed")


@contextlib.contextmanager
def _disk_faults_explained(models_dir: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ModelUnavailable(
                f"The disk of '{models_dir}' is full ({error.strerror}). Nothing was left behind. "
                "Free some space there, or choose another folder with --data, and try again."
            ) from error
        raise ModelUnavailable(
            f"Writing to '{models_dir}' failed: {error}. Check that the folder can be written and try again."
        ) from error
