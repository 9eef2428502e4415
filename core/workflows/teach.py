"""Teaching from a photo that was only looked at: "this is Ann" makes its face one of the dataset.

The photo joins the dataset with that face alone: nobody else who is on it is taken in. What is said is a correction
like any other, so it can be undone; the face is then gone, and its photo stays as one without faces.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from core.corrections.model import Event
from core.errors import NotFound
from core.geometry import match
from core.images import Picture, perceptual_hash
from core.isolation.photos import decode, taken
from core.store.artifacts import Kind, content_id
from core.store.base import FaceStore, IngestBatch, PhotoLabel
from core.types import Box, Detection, Face, Photo
from core.workflows.correct import Corrector
from core.workflows.faces import finish, prepare
from core.workflows.ingest import Ingestor
from core.workflows.relook import SAME_FACE


def said(store: FaceStore, dataset_id: str, photo_id: str, boxes: Sequence[Box]) -> list[Face | None]:
    """The faces of the dataset that these boxes on a photo are, None where it knows none.

    Parameters
    ----------
    photo_id : the sha256 of the photo; it need not be in the dataset
    boxes : in its pixels
    """
    try:
        _, faces = store.photo(dataset_id, photo_id)
    except NotFound:
        return [None] * len(boxes)
    matched = match(boxes, [face.box for face in faces], SAME_FACE)
    return [None if place is None else faces[place] for place in matched]


def teach(tools: Ingestor, corrector: Corrector, photo_name: str, content: bytes, found: Detection, name: str) -> Event:
    """Give a face of a photo a person's name; photo and face are taken in where the dataset does not know them.

    Parameters
    ----------
    content : the photo's file
    found : the face, in pixels of the upright photo

    Raises
    ------
    InputRefused
        The name cannot be one. Nothing was taken in.
    ImageRefused
        The file is no photo.
    """
    dataset_id, photo_id = corrector.dataset_id, content_id(content)
    corrector.log.checked_name(name)
    (known,) = said(tools.store, dataset_id, photo_id, [found.box])
    if known is not None:
        return corrector.move([known.id], name)
    pixels = decode(content, tools.limits)
    picture = Picture(pixels, pixels.shape[1], pixels.shape[0])
    _take_in(tools, dataset_id, photo_name, content, picture)
    prepared = replace(prepare(tools.embedder, photo_id, picture, found), drawn=True)
    (stored,) = finish(tools.artifacts, tools.embedder, dataset_id, [prepared])
    if all(face.id != stored.face.id for face in tools.store.every_face(dataset_id, photo_id)):
        tools.store.add_face(dataset_id, stored)  # else it was taught before, and undone
    return corrector.teach(stored.face.id, name)


def _take_in(tools: Ingestor, dataset_id: str, name: str, content: bytes, picture: Picture) -> None:
    """Store the photo without any face, unless it is there."""
    photo = Photo(
        content_id(content),
        name,
        picture.width_px,
        picture.height_px,
        len(content),
        perceptual_hash(picture.pixels),
        taken(content, tools.limits),
    )
    if photo.id in tools.store.photo_labels(dataset_id):
        return
    tools.artifacts.put(dataset_id, Kind.PHOTO, photo.id, content)
    tools.store.add(dataset_id, "", IngestBatch([(photo, PhotoLabel(None, None))]))
