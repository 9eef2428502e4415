"""What jobs on a dataset's photos are asked to do, as they keep it."""

from __future__ import annotations

from dataclasses import dataclass

from core.archives.folder_layout import AUTO
from core.base.types import FacePolicy
from core.store.job_model import JobRequest
from core.workflows.uploads import FileRequest


@dataclass(frozen=True, slots=True)
class IngestRequest(FileRequest):
    """Photos of a zip or folder to be taken in."""

    policy: FacePolicy = FacePolicy.LARGEST
    folders_are_people: bool = True
    folders: str = AUTO
    """How folders are read, one of ``folder_layout.RULES``."""
    zip_names: str = ""
    """The code page of names in a zip that do not say theirs; decided by the names when empty."""
    stranger_folders: bool = True
    """Photos in a folder called "unknown" or the like are of strangers, and not of a person called so."""
    answer: bool = False
    """Go on to what these photos answer: train, group, look for suspects, lay the map."""


@dataclass(frozen=True, slots=True)
class LookAgainRequest(JobRequest):
    """Faces to be looked for anew."""

    policy: FacePolicy | None = None
    """That of the newest ingest when None."""
    turned: bool = False
    """Only on photos that were turned since faces were looked for on them."""


@dataclass(frozen=True, slots=True)
class ChangeModelRequest(JobRequest):
    """Faces to be embedded with another model."""

    model: str
    """Its id in the catalogue."""
