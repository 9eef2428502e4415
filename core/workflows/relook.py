"""Looking again at photos that are there: with a newer detector, with another model, or where somebody drew a box.

No correction is lost: a face that is found again keeps its id, and with it everything that was said of it. Two faces
are one when their boxes overlap enough in the same photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.corrections.model import Event
from core.errors import InputRefused, NotFound
from core.geometry import overlaps
from core.images import Picture, decode
from core.store.artifacts import Kind
from core.types import Box, CancelToken, Detection, Face, FacePolicy, Report, silent
from core.workflows.correct import Corrector
from core.workflows.faces import finish, prepare
from core.workflows.ingest import Ingestor, divide

SAME_FACE = 0.4
"""From this overlap (IoU) on, two boxes in one photo are one face."""
MEAN_FACE = np.array([[0.31, 0.38], [0.69, 0.38], [0.50, 0.58], [0.34, 0.77], [0.66, 0.77]], dtype=np.float32)
"""Where landmarks are in a box, on average: for a drawn face that the detector cannot see."""
SMALLEST_BOX_PX = 8
PHOTOS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Relooked:
    """What a new look came to."""

    photos: int
    kept: int
    """Faces that were found again."""
    added: int
    missing: int
    """Photos whose file is gone."""


def detect_again(
    tools: Ingestor,
    dataset_id: str,
    policy: FacePolicy = FacePolicy.LARGEST,
    report: Report = silent,
    token: CancelToken | None = None,
) -> Relooked:
    """Detect the faces of every photo anew; those found again keep their names and their history."""
    token = token or CancelToken()
    labels = tools.store.photo_labels(dataset_id)
    kept = added = missing = 0
    for number, (photo_id, label) in enumerate(sorted(labels.items())):
        token.raise_if_cancelled()
        report(number, len(labels), "Looking again")
        before = tools.store.every_face(dataset_id, photo_id)
        picture = _picture(tools, dataset_id, photo_id)
        if picture is None:
            missing += 1
            continue
        found = tools.detector.detect([picture.pixels])[0]
        again = match([face.box for face in before], [face.box for face in found])
        own, others = divide(found, picture.width_px, picture.height_px, label.person, policy)
        wanted = [
            face for face, old in zip(found, again, strict=True) if old is not None or _among(face, [*own, *others])
        ]
        ids = {id(face): before[old].id for face, old in zip(found, again, strict=True) if old is not None}
        prepared = [
            replace(
                prepare(
                    tools.embedder, photo_id, picture, face, label.person if _among(face, own) else None, label.split
                ),
                face_id=ids.get(id(face)),
            )
            for face in wanted
        ]
        tools.store.replace_faces(dataset_id, photo_id, finish(tools.artifacts, tools.embedder, dataset_id, prepared))
        kept += len(ids)
        added += len(wanted) - len(ids)
    report(len(labels), len(labels), "Done")
    return Relooked(len(labels), kept, added, missing)


def change_model(
    tools: Ingestor, dataset_id: str, report: Report = silent, token: CancelToken | None = None
) -> Relooked:
    """Embed every face with the model of ``tools``, and use it from then on. What was done before it stopped is kept.

    Raises
    ------
    InputRefused
        The photos of some faces are gone, so the dataset stays with the model that it has.
    """
    token = token or CancelToken()
    model_id = tools.embedder.model.id
    done = tools.store.vector_ids(dataset_id, model_id)
    photos = sorted(tools.store.photo_labels(dataset_id))
    count = missing = 0
    for start in range(0, len(photos), PHOTOS_AT_ONCE):
        token.raise_if_cancelled()
        report(start, len(photos), "Embedding with the other model")
        crops, ids = [], []
        for photo_id in photos[start : start + PHOTOS_AT_ONCE]:
            faces = [face for face in tools.store.every_face(dataset_id, photo_id) if face.id not in done]
            picture = _picture(tools, dataset_id, photo_id) if faces else None
            if faces and picture is None:
                missing += 1
            if picture is not None:
                crops += [tools.embedder.crop(picture.pixels, _as_detection(face)) for face in faces]
                ids += [face.id for face in faces]
        vectors = tools.embedder.embed_crops(crops)
        tools.store.add_vectors(dataset_id, model_id, dict(zip(ids, vectors, strict=True)))
        count += len(ids)
    if missing:
        raise InputRefused(
            f"{missing} photos are missing from the data folder, so their faces cannot be embedded with '{model_id}'. "
            "The dataset stays with the model that it has."
        )
    tools.store.use_model(dataset_id, model_id)
    report(len(photos), len(photos), "Done")
    return Relooked(len(photos), count, 0, missing)


def draw(tools: Ingestor, corrector: Corrector, photo_id: str, box: Box, name: str | None = None) -> Event:
    """Take in a face that the detector missed, at a box that somebody drew.

    Parameters
    ----------
    box : in pixels of the upright photo

    Raises
    ------
    InputRefused
        The box is too small, or there is a face already.
    NotFound
        The photo or its file is gone.
    """
    if min(box.width, box.height) < SMALLEST_BOX_PX:
        raise InputRefused(f"A face needs at least {SMALLEST_BOX_PX} pixels; this box is smaller. Draw it larger.")
    dataset_id = corrector.dataset_id
    _, there = tools.store.photo(dataset_id, photo_id)
    if match([face.box for face in there], [box]) != [None]:
        raise InputRefused("There is a face in this place already. Name that one instead.")
    picture = _picture(tools, dataset_id, photo_id)
    if picture is None:
        raise NotFound("The file of this photo is missing from the data folder.")
    split = tools.store.photo_labels(dataset_id)[photo_id].split
    prepared = replace(prepare(tools.embedder, photo_id, picture, seen(tools, picture, box), split=split), drawn=True)
    (stored,) = finish(tools.artifacts, tools.embedder, dataset_id, [prepared])
    tools.store.add_face(dataset_id, stored)
    return corrector.draw(stored.face.id, name)


def seen(tools: Ingestor, picture: Picture, box: Box) -> Detection:
    """The drawn box with landmarks: the detector's, when it sees a face there after all, else those of a mean face."""
    left, top = max(0, int(box.left - box.width / 2)), max(0, int(box.top - box.height / 2))
    right, bottom = int(box.right + box.width / 2), int(box.bottom + box.height / 2)
    around = np.ascontiguousarray(picture.pixels[top:bottom, left:right])
    corner = np.array([left, top], dtype=np.float32)
    for face in tools.detector.detect([around])[0]:
        moved = Box(face.box.left + left, face.box.top + top, face.box.right + left, face.box.bottom + top)
        if match([moved], [box]) != [None]:
            return Detection(box, face.landmarks + corner, face.prob)
    size = np.array([box.width, box.height], dtype=np.float32)
    return Detection(box, MEAN_FACE * size + np.array([box.left, box.top], dtype=np.float32), 0.5)


def match(before: Sequence[Box], found: Sequence[Box]) -> list[int | None]:
    """For each box found, the place of the one before that it is; each at most once, the best overlap first."""
    again: list[int | None] = [None] * len(found)
    if not before or not found:
        return again
    shared = overlaps(_corners(found), _corners(before))
    taken: set[int] = set()
    for flat in np.argsort(-shared, axis=None, kind="stable"):
        new, old = divmod(int(flat), len(before))
        if shared[new, old] < SAME_FACE:
            break
        if again[new] is None and old not in taken:
            again[new] = old
            taken.add(old)
    return again


def _corners(boxes: Sequence[Box]) -> np.ndarray:
    return np.array([box.as_tuple() for box in boxes], dtype=np.float64)


def _among(face: Detection, faces: Sequence[Detection]) -> bool:
    return any(face is other for other in faces)


def _as_detection(face: Face) -> Detection:
    return Detection(face.box, face.landmarks, face.prob)


def _picture(tools: Ingestor, dataset_id: str, photo_id: str) -> Picture | None:
    """The whole photo, or None when its file is gone."""
    try:
        pixels = decode(tools.artifacts.read(dataset_id, Kind.PHOTO, photo_id), tools.limits)
    except NotFound:
        return None
    return Picture(pixels, pixels.shape[1], pixels.shape[0])
