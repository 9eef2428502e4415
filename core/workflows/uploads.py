"""What people dropped for a job: a copy in the data folder that goes when it was taken, or when nobody will take it."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.archives.file_names import is_url
from core.base.files.folders import read_state
from core.store.job_model import Job, JobRequest


@dataclass(frozen=True, slots=True)
class FileRequest(JobRequest):
    """What is asked of a job that reads a file or folder. No other request has a field called ``path``."""

    path: str
    """Or a URL. Relative paths start in the data folder; empty where the dataset's own photos are meant."""
    title: str
    """What people call it: the name of the file they gave."""

    def locate(self, data_dir: Path) -> Path | str:
        """Where it is read: a path, or a URL."""
        return self.path if is_url(self.path) else data_dir / self.path


def paths_to_read(jobs: Iterable[Job], data_dir: Path) -> set[Path]:
    """Where the files lie, absolute, that these jobs read or would read."""
    # By the key, as what a job asks differs by kind and by version: one that cannot be read any more still names its
    # file.
    paths = (job.params.get("path") for job in jobs)
    return {(data_dir / path).resolve() for path in paths if isinstance(path, str) and path}


def is_upload(uploads_dir: Path, path: Path) -> bool:
    """Whether a file is a copy of what was dropped; anything else is the user's own."""
    # Both are resolved: through a link, or '..', a file of the user's own could look like an upload, and would be
    # removed.
    return uploads_dir.resolve() in path.resolve().parents


def discard_upload(uploads_dir: Path, path: Path) -> None:
    """Remove an upload with all that was dropped together with it; what is the user's own stays."""
    if is_upload(uploads_dir, path):
        uploads = uploads_dir.resolve()
        # What cannot be removed now, as somebody else has it open, is swept with the abandoned ones.
        shutil.rmtree(uploads / path.resolve().relative_to(uploads).parts[0], ignore_errors=True)


def find_unread_uploads(uploads_dir: Path, needed: Collection[Path], before: float) -> Iterator[Path]:
    """Uploads that hold none of the files that are needed.

    Parameters
    ----------
    needed : absolute
    before : seconds since 1970; what came later is left alone
    """
    for upload in sorted(uploads_dir.iterdir()) if uploads_dir.is_dir() else ():
        path = upload.resolve()
        # Either way round: a job may read the folder of an upload, or one file in it.
        is_needed = any(path == file or path in file.parents for file in needed)
        if not is_needed and (state := read_state(upload)) and state.st_mtime < before:
            yield upload


def remove_uploads(uploads: Iterable[Path]) -> int:
    """Remove files and folders that were dropped; how many."""
    removed = list(uploads)
    for upload in removed:
        # What a job or another window removes meanwhile is gone, too.
        with suppress(FileNotFoundError):
            shutil.rmtree(upload) if upload.is_dir() else upload.unlink()
    return len(removed)
