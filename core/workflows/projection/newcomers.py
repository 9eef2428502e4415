"""Where the faces of a photo would lie on a map that lacks them, and whom they are most like; nothing is kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.face_table import Embeddings, FaceTable
from core.base.types import Floats, RgbImage
from core.learn.projection.faithfulness import find_nearest_people, place_newcomers
from core.vision.pipeline import PhotoFaces
from core.workflows.projection.project import FaceMap

N_NEAREST = 3
"""So many people are named for each face."""


@dataclass(frozen=True, slots=True)
class NearestFace:
    """The face of somebody that a new face is most like."""

    face_id: str
    distance: float
    """Euclidean, 0..2"""


@dataclass(frozen=True, slots=True, eq=False)
class PlacedFace:
    """A face that is not of the dataset."""

    crop: RgbImage
    point: Floats
    """(2,) or (3,) in the units of the map"""
    nearest: tuple[NearestFace, ...]
    """One face of each of the nearest people; without anybody named, the nearest faces."""


def place_photo_faces(
    photo: PhotoFaces, face_map: FaceMap, table: FaceTable, embeddings: Embeddings
) -> list[PlacedFace]:
    """Place the faces of a photo beside those most like them; what is of the same photo does not count.

    Parameters
    ----------
    table, embeddings : of the dataset, at the same revision

    Returns
    -------
    A place for each face of the photo, from left to right; none when the map has no other face.
    """
    map_indices, rows = table.match(face_map.face_ids)
    # A photo of the dataset would be placed on its own faces, which says nothing.
    is_elsewhere = np.array([table.photo_ids[row] != photo.photo_id for row in rows], dtype=bool)
    map_indices, rows = map_indices[is_elsewhere], rows[is_elsewhere]
    if not len(rows) or not photo.faces:
        return []
    vectors = np.stack([face.vector for face in photo.faces])
    points = place_newcomers(vectors, embeddings.vectors[rows], face_map.points[map_indices])
    named_rows = rows[table.learnable[rows]]
    # One nearest face a person; without names each face counts as a person of its own.
    compared_rows, labels = (named_rows, table.labels[named_rows]) if len(named_rows) else (rows, np.arange(len(rows)))
    nearest_faces, distances = find_nearest_people(vectors, embeddings.vectors[compared_rows], labels, N_NEAREST)
    return [
        PlacedFace(
            face.crop,
            points[index],
            tuple(
                NearestFace(table.face_ids[compared_rows[row]], float(distance))
                for row, distance in zip(nearest_faces[index], distances[index], strict=True)
            ),
        )
        for index, face in enumerate(photo.faces)
    ]


def is_in_dataset(photo: PhotoFaces, table: FaceTable) -> bool:
    """Whether the photo is in the dataset already."""
    return photo.photo_id in table.photo_ids
