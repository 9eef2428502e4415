"""Looking again at photos that are there: with a newer detector, with another model, or where somebody drew a box.

No correction is lost: a face that is found again keeps its id, and with it everything that was said of it. Two faces
are one when their boxes overlap enough in the same photo.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import ImageRefused, InputRefused, NotFound
from core.base.settings import ImageLimits
from core.base.types import Box, CancelToken, Detection, Face, FacePolicy, Photo, Report, RgbImage, ignore_progress
from core.corrections.model import Event
from core.imaging.decoding import DecodedPicture, perceptual_hash
from core.imaging.geometry import match_boxes, turn_detection
from core.isolation.photos import decode_photo, read_time_taken
from core.store.artifacts import ArtifactKind
from core.store.protocols import FileOutcome, FileReport, IngestBatch, PhotoLabel, PhotoLook
from core.vision.detect.upright import detect_upright
from core.workflows.labels.correct import Corrector
from core.workflows.photos.face_preparation import PreparedFace, embed_prepared_faces, prepare_face
from core.workflows.photos.ingest import Ingestor, IngestTarget, apply_face_policy

SAME_FACE = 0.4
"""From this overlap (IoU) on, two boxes in one photo are one face."""
MEAN_FACE = np.array([[0.31, 0.38], [0.69, 0.38], [0.50, 0.58], [0.34, 0.77], [0.66, 0.77]], dtype=np.float32)
"""Where landmarks are in a box, on average: for a drawn face that the detector cannot see."""
SMALLEST_BOX_PX = 8
PHOTOS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class RedetectionSummary:
    """What a new look came to; of one that was stopped and resumed, what its last attempt did."""

    photos: int
    kept: int
    """Faces that were found again."""
    added: int
    missing: int
    """Photos whose file is gone or cannot be read any more."""


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What a change of model came to."""

    model: str
    photos: int
    faces: int
    """How many were embedded; of a change that was stopped and resumed, in its last attempt."""


def detect_again(
    tools: Ingestor, target: IngestTarget, report: Report = ignore_progress, token: CancelToken | None = None
) -> RedetectionSummary:
    """Detect the faces of every photo anew; those found again keep their names and their history.

    Raises
    ------
    Cancelled
        Between two photos. A photo that has a line in the job's report is not looked at again when it is resumed.
    """
    token = token or CancelToken()
    labels = tools.store.photo_labels(target.dataset_id)
    lines = tools.store.file_reports(target.job_id)
    photo_ids_left = sorted(labels.keys() - {line.photo_id for line in lines})
    redetected_photos: list[_RedetectedPhoto] = []
    for photo_id in photo_ids_left:
        token.raise_if_cancelled()
        report(len(labels) - len(photo_ids_left) + len(redetected_photos), len(labels), "Looking for faces again")
        redetected = _redetect(tools, target, photo_id, labels[photo_id], may_turn=True)
        line = replace(redetected.line, position=len(lines) + len(redetected_photos))
        tools.store.add(target.dataset_id, target.job_id, IngestBatch(reports=[line]))
        redetected_photos.append(redetected)
    report(len(labels), len(labels), "Done")
    missing = sum(redetected.line.outcome is FileOutcome.REFUSED for redetected in redetected_photos)
    return RedetectionSummary(
        len(redetected_photos),
        sum(redetected.faces_kept for redetected in redetected_photos),
        sum(redetected.faces_added for redetected in redetected_photos),
        missing,
    )


@dataclass(frozen=True, slots=True)
class _RedetectedPhoto:
    """A photo looked at again."""

    line: FileReport
    faces_kept: int = 0
    faces_added: int = 0


def detect_on_turned_photos(
    tools: Ingestor,
    dataset_id: str,
    policy: FacePolicy,
    report: Report = ignore_progress,
    token: CancelToken | None = None,
) -> RedetectionSummary:
    """Look for faces on every photo that was turned since faces were looked for on it, as it is turned now.

    A photo that cannot be read any more stays turned, with the faces that it had; it is counted as missing.

    Raises
    ------
    Cancelled
        Between two photos. What is left is looked at the next time.
    """
    token, target = token or CancelToken(), IngestTarget(dataset_id, "", policy)
    labels, redetected_photos = tools.store.photo_labels(dataset_id), list[_RedetectedPhoto]()
    photo_ids = sorted(tools.store.photos_to_look_at(dataset_id))
    for photo_id in photo_ids:
        token.raise_if_cancelled()
        report(len(redetected_photos), len(photo_ids), "Looking for faces on turned photos")
        redetected_photos.append(_redetect(tools, target, photo_id, labels[photo_id], may_turn=False))
    report(len(photo_ids), len(photo_ids), "Done")
    missing = sum(redetected.line.outcome is FileOutcome.REFUSED for redetected in redetected_photos)
    return RedetectionSummary(
        len(redetected_photos),
        sum(redetected.faces_kept for redetected in redetected_photos),
        sum(redetected.faces_added for redetected in redetected_photos),
        missing,
    )


def _redetect(
    tools: Ingestor, target: IngestTarget, photo_id: str, label: PhotoLabel, *, may_turn: bool
) -> _RedetectedPhoto:
    redetected = None
    while redetected is None:  # somebody turned the photo meanwhile
        free = may_turn and not tools.store.turned_by_hand(target.dataset_id, photo_id)
        redetected = _redetect_once(tools, target, photo_id, label, may_turn=free)
    return redetected


def _redetect_once(
    tools: Ingestor, target: IngestTarget, photo_id: str, label: PhotoLabel, *, may_turn: bool
) -> _RedetectedPhoto | None:
    """Look at a photo as it is turned now, or as its faces are surest.

    Returns
    -------
    None when somebody turned it while it was looked at.
    """
    photo, visible_faces = tools.store.photo(target.dataset_id, photo_id)
    line = _line_of_refused(photo, label)
    try:
        data = tools.artifacts.read(target.dataset_id, ArtifactKind.PHOTO, photo_id)
        picture = _decode_turned(data, tools.limits, photo.turn)
    except (NotFound, ImageRefused) as refusal:
        return _RedetectedPhoto(replace(line, reason=str(refusal)))
    quarters, detections = _detect(tools, picture, may_turn=may_turn)
    previous_faces = [_turn_face(face, photo, quarters) for face in tools.store.every_face(target.dataset_id, photo_id)]
    picture = picture.turned(quarters)
    previous_id_of = _match_previous_faces(detections, previous_faces)
    person_faces, unnamed_faces = apply_face_policy(
        detections, picture.width_px, picture.height_px, label.person, target.policy
    )
    kept_detections = [
        face for face in detections if face in previous_id_of or face in person_faces or face in unnamed_faces
    ]
    person = None if _is_named(visible_faces, previous_id_of.values()) else label.person
    prepared = [
        replace(
            prepare_face(
                tools.embedder, photo_id, picture, face, person if face in person_faces else None, label.split
            ),
            face_id=previous_id_of.get(face),
        )
        for face in kept_detections
    ]
    if quarters or photo_id in tools.store.photos_to_look_at(target.dataset_id):
        lost_faces = [face for face in previous_faces if face.id not in previous_id_of.values()]
        prepared += [_prepare_anew(tools, picture, face) for face in lost_faces]
    with tools.artifacts.together():
        stored = embed_prepared_faces(tools.artifacts, tools.embedder, target.dataset_id, prepared)
    photo_look = PhotoLook(photo.turn, picture.turn, perceptual_hash(picture.pixels))
    replacement = (
        stored[: len(kept_detections)],
        read_time_taken(data, tools.limits),
        photo_look,
        stored[len(kept_detections) :],
    )
    if not tools.store.replace_faces(target.dataset_id, photo_id, *replacement):
        return None
    outcome = FileOutcome.TAKEN if kept_detections else FileOutcome.NO_FACE
    return _RedetectedPhoto(
        replace(line, outcome=outcome, faces=len(kept_detections)),
        len(previous_id_of),
        len(kept_detections) - len(previous_id_of),
    )


def _line_of_refused(photo: Photo, label: PhotoLabel) -> FileReport:
    return FileReport(
        position=0,
        name=photo.name,
        outcome=FileOutcome.REFUSED,
        faces=0,
        person=label.person,
        split=label.split,
        photo_id=photo.id,
    )


def _match_previous_faces(detections: Sequence[Detection], previous_faces: Sequence[Face]) -> dict[Detection, str]:
    """The ids of the faces that are detected again, by their detections."""
    matched = match_boxes([face.box for face in detections], [face.box for face in previous_faces], SAME_FACE)
    return {
        face: previous_faces[index].id for face, index in zip(detections, matched, strict=True) if index is not None
    }


def _detect(tools: Ingestor, picture: DecodedPicture, *, may_turn: bool) -> tuple[int, list[Detection]]:
    """By how many quarters the picture has to be turned further, and the faces on it then."""
    if not may_turn:
        return 0, tools.detector.detect([picture.pixels])[0]
    (upright,) = detect_upright(tools.detector, [picture.pixels])
    return upright.turn, upright.faces


def _turn_face(face: Face, photo: Photo, quarters: int) -> Face:
    """A face on its photo turned further."""
    detection = turn_detection(_as_detection(face), photo.width_px, photo.height_px, quarters)
    return replace(face, box=detection.box, landmarks=detection.landmarks)


def _prepare_anew(tools: Ingestor, picture: DecodedPicture, face: Face) -> PreparedFace:
    """A face that was not found again, as it looks on the picture as it is turned now.

    Where somebody drew it, eyes and mouth are looked for once more: they were guessed for another way up.
    """
    detection = landmarks_in_box(tools, picture, face.box) if face.drawn else _as_detection(face)
    return replace(prepare_face(tools.embedder, face.photo_id, picture, detection), face_id=face.id, drawn=face.drawn)


def _is_named(visible_faces: Iterable[Face], redetected_ids: Collection[str]) -> bool:
    """Whether a face that stays has a name: then no new one gets that of the photo's folder."""
    return any(face.person is not None and (face.id in redetected_ids or _is_corrected(face)) for face in visible_faces)


def _is_corrected(face: Face) -> bool:
    return face.confirmed or face.excluded or face.drawn


def change_model(
    tools: Ingestor, dataset_id: str, report: Report = ignore_progress, token: CancelToken | None = None
) -> ModelChange:
    """Embed every face with the model of ``tools``, and use it from then on. What was done before it stopped is kept.

    Raises
    ------
    InputRefused
        The photos of some faces are gone, so the dataset stays with the model that it has.
    Cancelled
        Between two steps of a few photos.
    """
    token = token or CancelToken()
    model_id = tools.embedder.model.vectors_id
    embedded_ids = tools.store.vector_ids(dataset_id, model_id)
    photo_ids = sorted(tools.store.photo_labels(dataset_id))
    missing_ids = [
        photo_id
        for photo_id in photo_ids
        if not tools.artifacts.path(dataset_id, ArtifactKind.PHOTO, photo_id).exists()
    ]
    _require_photos(
        sum(bool(_faces_to_embed(tools, dataset_id, photo_id, embedded_ids)) for photo_id in missing_ids), model_id
    )
    n_embedded = n_unreadable = 0
    for start in range(0, len(photo_ids), PHOTOS_AT_ONCE):
        token.raise_if_cancelled()
        report(start, len(photo_ids), "Embedding with the other model")
        crops: dict[str, RgbImage] = {}
        for photo_id in photo_ids[start : start + PHOTOS_AT_ONCE]:
            try:
                crops |= _network_crops(tools, dataset_id, photo_id, embedded_ids)
            except (NotFound, ImageRefused):
                n_unreadable += 1
        vectors = tools.embedder.embed_crops(list(crops.values()))
        tools.store.add_vectors(dataset_id, model_id, dict(zip(crops, vectors, strict=True)))
        n_embedded += len(crops)
    _require_photos(n_unreadable, model_id)
    tools.store.use_model(dataset_id, model_id)
    report(len(photo_ids), len(photo_ids), "Done")
    return ModelChange(model_id, len(photo_ids), n_embedded)


def _network_crops(
    tools: Ingestor, dataset_id: str, photo_id: str, embedded_ids: Collection[str]
) -> dict[str, RgbImage]:
    """What the network is to see of a photo's faces, by their ids. Raises NotFound or ImageRefused."""
    faces = _faces_to_embed(tools, dataset_id, photo_id, embedded_ids)
    if not faces:
        return {}
    picture = _read_picture(tools, dataset_id, tools.store.photo(dataset_id, photo_id)[0])
    return {face.id: tools.embedder.crop(picture.pixels, _as_detection(face)) for face in faces}


def _faces_to_embed(tools: Ingestor, dataset_id: str, photo_id: str, embedded_ids: Collection[str]) -> list[Face]:
    return [face for face in tools.store.every_face(dataset_id, photo_id) if face.id not in embedded_ids]


def _require_photos(missing: int, model_id: str) -> None:
    if missing:
        photos = "1 photo is" if missing == 1 else f"{missing} photos are"
        raise InputRefused(
            f"{photos} missing from the data folder or damaged, so the faces cannot be embedded with '{model_id}'. "
            "The dataset stays with the model that it has."
        )


def draw_face(tools: Ingestor, corrector: Corrector, photo_id: str, box: Box, name: str | None = None) -> Event:
    """Take in a face that the detector missed, at a box that somebody drew.

    Parameters
    ----------
    box : in pixels of the upright photo; what lies beyond its edges does not count

    Raises
    ------
    InputRefused
        The box is too small, or there is a face already.
    NotFound
        The photo or its file is gone.
    """
    dataset_id = corrector.dataset_id
    photo, faces = tools.store.photo(dataset_id, photo_id)
    box = _clip_to_photo(box, photo.width_px, photo.height_px)
    if match_boxes([box], [face.box for face in faces], SAME_FACE) != [None]:
        raise InputRefused("There is a face in this place already. Name that one instead.")
    picture = _read_picture(tools, dataset_id, photo)
    split = tools.store.photo_labels(dataset_id)[photo_id].split
    prepared = replace(
        prepare_face(tools.embedder, photo_id, picture, landmarks_in_box(tools, picture, box), split=split), drawn=True
    )
    (stored,) = embed_prepared_faces(tools.artifacts, tools.embedder, dataset_id, [prepared])
    if all(face.id != stored.face.id for face in tools.store.every_face(dataset_id, photo_id)):
        tools.store.add_face(dataset_id, stored)  # else it was drawn before, and undone
    return corrector.draw(stored.face.id, name)


def _clip_to_photo(box: Box, width_px: int, height_px: int) -> Box:
    """The part of a box that lies in the photo. Raises InputRefused where that is too small for a face."""
    left, top, right, bottom = (
        max(0.0, box.left),
        max(0.0, box.top),
        min(width_px, box.right),
        min(height_px, box.bottom),
    )
    if min(right - left, bottom - top) < SMALLEST_BOX_PX:
        raise InputRefused(
            f"A face needs at least {SMALLEST_BOX_PX} pixels in the photo; this box is smaller. Draw it larger."
        )
    return Box(left, top, right, bottom)


def landmarks_in_box(tools: Ingestor, picture: DecodedPicture, box: Box) -> Detection:
    """The drawn box with landmarks: the detector's, when it sees a face there after all, else those of a mean face."""
    left, top = max(0, int(box.left - box.width / 2)), max(0, int(box.top - box.height / 2))
    right, bottom = int(box.right + box.width / 2), int(box.bottom + box.height / 2)
    around = np.ascontiguousarray(picture.pixels[top:bottom, left:right])
    corner = np.array([left, top], dtype=np.float32)
    for face in tools.detector.detect([around])[0]:
        face_box = Box(face.box.left + left, face.box.top + top, face.box.right + left, face.box.bottom + top)
        if match_boxes([box], [face_box], SAME_FACE) != [None]:
            return Detection(box, face.landmarks + corner, face.prob)
    size = np.array([box.width, box.height], dtype=np.float32)
    return Detection(box, MEAN_FACE * size + np.array([box.left, box.top], dtype=np.float32), 0.5)


def _as_detection(face: Face) -> Detection:
    return Detection(face.box, face.landmarks, face.prob)


def _read_picture(tools: Ingestor, dataset_id: str, photo: Photo) -> DecodedPicture:
    """The whole photo as it is shown. Raises NotFound when its file is gone, ImageRefused when it cannot be read."""
    return _decode_turned(tools.artifacts.read(dataset_id, ArtifactKind.PHOTO, photo.id), tools.limits, photo.turn)


def _decode_turned(data: bytes, limits: ImageLimits, turn: int) -> DecodedPicture:
    return DecodedPicture.whole(decode_photo(data, limits)).turned(turn)
