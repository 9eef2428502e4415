"""How the file of a stored photo relates to the picture that is shown."""

from __future__ import annotations

from core.base.settings import ImageLimits
from core.base.types import Photo
from core.isolation.photos import read_stored_orientation
from core.store.artifacts import ArtifactKind, Artifacts


def read_file_orientation(artifacts: Artifacts, dataset_id: str, photo: Photo, limits: ImageLimits) -> int:
    """How a photo's file is turned by its EXIF, 1 to 8; a turn by hand comes on top.

    Raises
    ------
    NotFound
        The file is gone, and it was not noted before.
    ReadingEnded
        It ends the program that reads it.
    """
    if photo.orientation is not None:
        return photo.orientation
    return read_stored_orientation(artifacts.read(dataset_id, ArtifactKind.PHOTO, photo.id), limits)
