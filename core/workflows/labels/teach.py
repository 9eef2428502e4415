"""Teaching from a photo that was only looked at: "this is Ann" makes its face one of the dataset.

The photo joins the dataset with that face alone: nobody else who is on it is taken in. What is said is a correction
like any other, so it can be undone; the face is then gone, and its photo stays as one without faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.base.errors import NotFound
from core.base.types import Box, Detection, Face, Photo
from core.corrections.model import Event
from core.imaging.geometry import match_boxes, turn_box, turn_detection
from core.imaging.pixels import perceptual_hash
from core.isolation.photos import read_time_taken
from core.store.artifacts import content_id
from core.store.protocols import FaceStore
from core.store.values.datasets import IngestBatch, PhotoLabel
from core.vision.pipeline import DecodedPhoto, choose_every_face
from core.workflows.labels.correct import Corrector
from core.workflows.photos.ingestor import FaceLabel, Ingestor
from core.workflows.photos.look_again import SAME_FACE


def match_known_faces(
    store: FaceStore, dataset_id: str, photo_id: str, boxes: Sequence[Box], turn: int = 0
) -> list[Face | None]:
    """The faces of the dataset that these boxes on a photo are, None where it knows none.

    Parameters
    ----------
    photo_id : the sha256 of the photo; it need not be in the dataset
    boxes : in pixels of the photo turned by ``turn`` quarters clockwise
    """
    try:
        photo, faces = store.photo(dataset_id, photo_id)
    except NotFound:
        return [None] * len(boxes)
    # The photo may lie otherwise in the dataset than it was looked at: its boxes are brought to the frame of the
    # question.
    quarters = turn - photo.turn
    boxes_now = [turn_box(face.box, photo.width_px, photo.height_px, quarters) for face in faces]
    matched = match_boxes(boxes, boxes_now, SAME_FACE)
    return [None if index is None else faces[index] for index in matched]


@dataclass(frozen=True, slots=True, eq=False)
class UnstoredPhoto:
    """A photo that was only looked at."""

    name: str
    content: bytes
    """The photo's file."""
    turn: int = 0
    """Quarters clockwise by which it was turned to be upright."""


def detect_unstored_faces(tools: Ingestor, name: str, content: bytes) -> tuple[UnstoredPhoto, list[Detection]]:
    """Look at a photo without taking it in; its faces from left to right, in pixels of the photo turned upright.

    Raises
    ------
    ImageRefused
        The file is no photo.
    """
    decoded = tools.pipeline.decode_photo(content)
    (upright,) = tools.pipeline.detect_faces([decoded.picture])
    return UnstoredPhoto(name, content, upright.turn), list(choose_every_face(upright.faces, decoded.picture))


def teach_face(tools: Ingestor, corrector: Corrector, photo: UnstoredPhoto, detection: Detection, name: str) -> Event:
    """Give a face of a photo a person's name; photo and face are taken in where the dataset does not know them.

    Parameters
    ----------
    detection : the face, in pixels of the photo turned as it was looked at

    Raises
    ------
    InputRefused
        The name cannot be one. Nothing was taken in.
    ImageRefused
        The file is no photo.
    """
    dataset_id, photo_id = corrector.dataset_id, content_id(photo.content)
    # Refused before anything is written: otherwise the photo would stay in the dataset for a name that cannot be one.
    corrector.log.normalise_name(name)
    (known_face,) = match_known_faces(tools.store, dataset_id, photo_id, [detection.box], photo.turn)
    # A second row for the same face would be learned from twice.
    if known_face is not None:
        return corrector.move([known_face.id], name)
    decoded = tools.pipeline.decode_photo(photo.content, photo.turn)
    # By how much it is turned in the dataset, where it may have been before; the face is cut from the picture as it is
    # shown there.
    quarters = _take_in(tools, dataset_id, photo, decoded) - photo.turn
    detection = turn_detection(detection, decoded.picture.width_px, decoded.picture.height_px, quarters)
    cuts = tools.pipeline.cut_faces(decoded.turned(quarters), [detection], portraits=True)
    (embedded,) = tools.pipeline.embed_faces(cuts)
    stored_face = tools.prepare_face(dataset_id, photo_id, embedded, FaceLabel(drawn=True))
    # Its id comes from photo and box, so one that was taught before and undone is there still, without counting: the
    # event below lets it count again.
    if all(face.id != stored_face.face.id for face in tools.store.every_face(dataset_id, photo_id)):
        tools.store.add_face(dataset_id, stored_face)
    return corrector.teach(stored_face.face.id, name)


def _take_in(tools: Ingestor, dataset_id: str, seen_photo: UnstoredPhoto, decoded: DecodedPhoto) -> int:
    """Store the photo without any face, unless it is there; by how many quarters it is turned in the dataset."""
    picture = decoded.picture
    # It may be there without this face: as a photo of others, or on which the detector saw nobody.
    if decoded.photo_id in tools.store.photo_labels(dataset_id):
        return tools.store.photo(dataset_id, decoded.photo_id)[0].turn
    photo = Photo(
        id=decoded.photo_id,
        name=seen_photo.name,
        width_px=picture.width_px,
        height_px=picture.height_px,
        size_bytes=len(seen_photo.content),
        perceptual_hash=perceptual_hash(picture.pixels),
        taken=read_time_taken(seen_photo.content, tools.pipeline.limits),
        turn=seen_photo.turn,
        # The file before its row, as everywhere.
        orientation=tools.keep_file(dataset_id, decoded.photo_id, seen_photo.content),
    )
    tools.store.add(dataset_id, "", IngestBatch([(photo, PhotoLabel(None, None))]))
    return photo.turn
