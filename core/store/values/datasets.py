"""The values of a dataset's photos, faces and people, as they are stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.base.types import Face, Photo, Revision, Split, Vectors


class FileOutcome(StrEnum):
    """What became of one file of an archive."""

    TAKEN = "taken"
    NO_FACE = "no face"
    SEVERAL_FACES = "several faces"
    DUPLICATE = "duplicate"
    CONFLICT = "under two people"
    """The same photo is there already, under another person or on the other side of the split."""
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FileReport:
    """One line of the report on an ingest."""

    position: int
    name: str
    outcome: FileOutcome
    faces: int = 0
    person: str | None = None
    split: Split | None = None
    reason: str = ""
    photo_id: str | None = None


@dataclass(frozen=True, slots=True)
class Dataset:
    """A named collection of photos whose faces are embedded with one model."""

    id: str
    name: str
    model_id: str
    revision: Revision
    created: float
    keeps_photos: bool = True
    """Whether the files of its photos are kept; else there are faces, vectors and what is known of each photo."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a dataset holds."""

    photos: int = 0
    faces: int = 0
    people: int = 0
    train_faces: int = 0
    val_faces: int = 0
    unnamed_faces: int = 0
    """Without a name, and not marked as strangers."""
    excluded_faces: int = 0


@dataclass(frozen=True, slots=True)
class PersonCount:
    """A person and how many faces carry the name."""

    id: int
    name: str
    faces: int
    train: int
    val: int
    cover_crop_id: str
    hidden: bool = False
    note: str = ""
    excluded: int = 0
    mean_grade: float | None = None
    """Mean quality of the faces, 0 .. 1."""


@dataclass(frozen=True, slots=True)
class PersonRemark:
    """What somebody said of a person as a whole."""

    note: str = ""
    cover_crop_id: str | None = None
    """The portrait that was chosen, where one was and its face is the person's still."""


@dataclass(frozen=True, slots=True)
class PhotoLabel:
    """What the archive said about a photo when it was taken."""

    person: str | None
    split: Split | None


@dataclass(frozen=True, slots=True, eq=False)
class StoredFace:
    """A face on its way into the store, with its vector."""

    face: Face
    vector: Vectors


@dataclass(frozen=True, slots=True)
class PhotoLook:
    """How a photo was turned when it was looked at anew."""

    turn_before: int
    """Quarters clockwise, when it was read; see ``Photo.turn``."""
    turn: int
    """The turn under which its faces were found: another one where they were surer."""
    perceptual_hash: int
    """Of the picture turned so."""


@dataclass(frozen=True, slots=True)
class FolderNamedFace:
    """A face that came without a name, whose photo was found again in a person's folder."""

    face_id: str
    photo_id: str
    person: str
    split: Split | None


@dataclass(frozen=True, slots=True, eq=False)
class IngestBatch:
    """What one step of an ingest adds, in one transaction."""

    photos: Sequence[tuple[Photo, PhotoLabel]] = ()
    faces: Sequence[StoredFace] = ()
    reports: Sequence[FileReport] = ()
    named: Sequence[FolderNamedFace] = ()
