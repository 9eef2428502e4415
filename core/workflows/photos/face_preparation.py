"""A detected face made ready for the store: its crop for the network, its picture for people, quality and vector."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from core.base.settings import ImageLimits
from core.base.types import Box, Detection, Face, RgbImage, Split
from core.imaging.decoding import DecodedPicture, encode_jpeg
from core.isolation.photos import decode_photo_reduced
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.protocols import StoredFace
from core.vision.embed.crops import display_crop
from core.vision.embed.embedder import Embedder
from core.vision.quality import PixelMeasures, measure_quality


@dataclass(frozen=True, slots=True, eq=False)
class PreparedFace:
    """A face cut out of its photo: all that is needed of the pixels."""

    photo_id: str
    detection: Detection
    """In pixels of the whole photo."""
    crop: RgbImage
    """For the network."""
    portrait: bytes
    """For people to look at, a JPEG."""
    pixel_measures: PixelMeasures
    person: str | None = None
    split: Split | None = None
    face_id: str | None = None
    """The face that it was before, when it is known already."""
    drawn: bool = False


def prepare_face(
    embedder: Embedder,
    photo_id: str,
    picture: DecodedPicture,
    face: Detection,
    person: str | None = None,
    split: Split | None = None,
) -> PreparedFace:
    """Cut a face out of its photo. ``face`` is in pixels of the whole photo, of which ``picture`` may have fewer."""
    face_in_picture = face.scaled(*picture.scale_xy)
    return PreparedFace(
        photo_id=photo_id,
        detection=face,
        crop=embedder.crop(picture.pixels, face_in_picture),
        portrait=encode_jpeg(display_crop(picture.pixels, face_in_picture.box)),
        pixel_measures=measure_quality(picture.pixels, face_in_picture, 1 / picture.scale_xy[0]),
        person=person,
        split=split,
    )


def decode_sharp_enough(
    embedder: Embedder, limits: ImageLimits, content: bytes, picture: DecodedPicture, faces: Sequence[Detection]
) -> DecodedPicture:
    """The photo with as many pixels as the smallest of these faces needs, decoded once more if it has to be.

    Parameters
    ----------
    content : the photo's file
    faces : in pixels of the whole photo, turned as ``picture`` is

    Raises
    ------
    ImageRefused
        Damage that shows only when more of the photo is decoded.
    """
    if not faces:
        return picture
    smallest = min(max(face.box.width, face.box.height) for face in faces)
    needed_scale = min(1.0, embedder.sharp_face_px / smallest)
    if min(picture.scale_xy) >= needed_scale:
        return picture
    sharper = decode_photo_reduced(content, limits, ceil(needed_scale * max(picture.width_px, picture.height_px)))
    return sharper.turned(picture.turn)


def embed_prepared_faces(
    artifacts: Artifacts, embedder: Embedder, dataset_id: str, faces: Sequence[PreparedFace]
) -> list[StoredFace]:
    """Vectors and qualities of faces; their pictures are written among the artifacts."""
    vectors, steadiness = embedder.embed_steadily([face.crop for face in faces])
    return [
        StoredFace(_stored_face(artifacts, embedder.model.id, dataset_id, face, float(steady)), vector)
        for face, vector, steady in zip(faces, vectors, steadiness, strict=True)
    ]


def _stored_face(artifacts: Artifacts, model_id: str, dataset_id: str, face: PreparedFace, steadiness: float) -> Face:
    crop_id = content_id(face.portrait)
    artifacts.put(dataset_id, ArtifactKind.CROP, crop_id, face.portrait)
    detection = face.detection
    return Face(
        id=face.face_id or new_face_id(face.photo_id, detection.box, model_id),
        photo_id=face.photo_id,
        box=detection.box,
        landmarks=detection.landmarks,
        prob=detection.prob,
        crop_id=crop_id,
        person=face.person,
        split=face.split,
        quality=face.pixel_measures.quality(steadiness),
        drawn=face.drawn,
    )


def new_face_id(photo_id: str, box: Box, model_id: str) -> str:
    """The id of a face when it is first seen: a hash of its photo, its box to the pixel, and the model."""
    corners = ",".join(str(round(side)) for side in box.as_tuple())
    return content_id(f"{photo_id}:{corners}:{model_id}".encode())[:24]
