"""What the first page shows of the sample, and offers to try: answers about photos that were not learned from.

Of the photos the clearest of each person, of the faces the map, and somebody whom the recogniser does not know.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from core.base.types import Split
from core.imaging.pixels import encode_jpeg
from core.store.artifacts import ArtifactKind, Artifacts
from core.workflows.exchange.prepared_sample import PicturedFace, PicturedPhoto, PicturedPoint, SamplePicture
from core.workflows.identification.identify import IdentifiedFace, IdentifiedPhoto, Identifier
from core.workflows.photos.ingestor import IngestStore
from core.workflows.projection.project import MapOptions, lay_out_faces

ROOMY = MapOptions(n_neighbors=40, min_dist=0.99)
"""The picture has the size of a stamp: as the map of the page is laid, each person would be one dot."""
MARGIN_FRAC = 0.6
"""Of a face's width, that a photo of a stranger shows around it."""
SHARPEST_STRANGER = 0.9
"""The grade that a stranger's face has at least, so that nobody takes poor quality for the reason."""


@dataclass(frozen=True)
class LearnedSample:
    """The sample after its photos were taken and its people learned."""

    dataset_id: str
    ingest_id: str
    """The job that took its photos."""
    store: IngestStore
    artifacts: Artifacts
    identifier: Identifier

    def identify(self, content: bytes) -> IdentifiedPhoto:
        """What the recogniser says of a photo's file."""
        return self.identifier.identify_photo(self.identifier.pipeline.decode_photo(content))

    def name(self, face: IdentifiedFace) -> str | None:
        """A face's name, or None where nobody known is near."""
        return face.name(self.identifier.threshold())


def draw_picture(sample: LearnedSample) -> SamplePicture:
    """What the first page shows."""
    photos = tuple(_picture_photo(sample, *photo) for photo in _unseen_photos(sample))
    return SamplePicture(sample.dataset_id, photos, tuple(_points(sample)))


def _unseen_photos(sample: LearnedSample) -> Iterator[tuple[str, bytes]]:
    """One photo of each person that was not learned from: the one whose face is the clearest."""
    table, qualities = sample.store.face_table(sample.dataset_id), sample.store.qualities(sample.dataset_id)
    for person in range(len(table.people)):
        rows = [
            row for row, split in enumerate(table.splits) if split is Split.VAL and int(table.labels[row]) == person
        ]
        clearest = max(rows, key=lambda row: (qualities[table.face_ids[row]].grade, table.face_ids[row]))
        photo_id = table.photo_ids[clearest]
        yield photo_id, sample.artifacts.read(sample.dataset_id, ArtifactKind.PHOTO, photo_id)


def _picture_photo(sample: LearnedSample, photo_id: str, content: bytes) -> PicturedPhoto:
    """A photo with what the recogniser says of each of its faces, as *Who is this?* would."""
    identified = sample.identify(content)
    faces = tuple(PicturedFace(sample.name(face), *face.detection.box.as_tuple()) for face in identified.faces)
    height_px, width_px = identified.image.shape[:2]
    return PicturedPhoto(photo_id, width_px, height_px, faces)


def _points(sample: LearnedSample) -> Iterator[PicturedPoint]:
    """The points of a roomy map, from 0 to 1 both ways: the picture is wider than high, and so is what lies in it."""
    face_map = lay_out_faces(sample.store.embeddings(sample.dataset_id), ROOMY)
    table = sample.store.face_table(sample.dataset_id)
    extents = np.ptp(face_map.points, axis=0)
    # Directions of a map say nothing, so that its longer side may lie along the picture's.
    points = face_map.points[:, np.argsort(-extents)]
    for face_id, (x, y) in zip(face_map.face_ids, (points - points.min(axis=0)) / np.ptp(points, axis=0), strict=True):
        name = table.people[int(table.labels[table.index(face_id)])]
        yield PicturedPoint(float(x), float(y), name)


def cut_stranger(sample: LearnedSample) -> bytes | None:
    """A photo of somebody who stands beside one of the five: nothing has to be fetched, and nobody learned the face.

    The largest clear one whose own photo is found to show one face, and that nobody's name is given.
    """
    for identified, face in sorted(_beside_others(sample), key=_width_px, reverse=True):
        box, (height_px, width_px) = face.detection.box, identified.image.shape[:2]
        margin_px = MARGIN_FRAC * (box.right - box.left)
        left, top = max(0, int(box.left - margin_px)), max(0, int(box.top - margin_px))
        right, bottom = min(width_px, int(box.right + margin_px)), min(height_px, int(box.bottom + margin_px))
        photo = encode_jpeg(identified.image[top:bottom, left:right], quality=92)
        faces = sample.identify(photo).faces
        if len(faces) == 1 and sample.name(faces[0]) is None and faces[0].quality.grade >= SHARPEST_STRANGER:
            return photo
    return None


def _width_px(stranger: tuple[IdentifiedPhoto, IdentifiedFace]) -> float:
    box = stranger[1].detection.box
    return box.right - box.left


def _beside_others(sample: LearnedSample) -> Iterator[tuple[IdentifiedPhoto, IdentifiedFace]]:
    """The faces of photos of several that get no name."""
    for line in sample.store.file_reports(sample.ingest_id):
        # Of a photo on which several faces were found, the report says which was taken.
        if line.reason and line.photo_id:
            identified = sample.identify(sample.artifacts.read(sample.dataset_id, ArtifactKind.PHOTO, line.photo_id))
            yield from ((identified, face) for face in identified.faces if sample.name(face) is None)
