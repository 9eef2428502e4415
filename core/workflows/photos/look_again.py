"""Looking again at photos that are there: with a newer detector, with another model, or where somebody drew a box.

No correction is lost: a face that is found again keeps its id, and with it everything that was said of it. Two faces
are one when their boxes overlap enough in the same photo.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import ImageRefused, InputRefused, NotFound
from core.base.progress import UNWATCHED, Progress
from core.base.types import Box, Detection, Face, FacePolicy, Photo
from core.corrections.model import Event
from core.imaging.decoding import DecodedPicture
from core.imaging.geometry import match_boxes, turn_detection
from core.imaging.pixels import perceptual_hash
from core.isolation.photos import read_time_taken
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobResult
from core.store.protocols import FileOutcome, FileReport, IngestBatch, PhotoLabel, PhotoLook, StoredFace
from core.vision.pipeline import CutFace, DecodedPhoto
from core.workflows.labels.correct import Corrector
from core.workflows.photos.ingest import IngestTarget, choose_faces_by_policy
from core.workflows.photos.ingestor import FaceLabel, Ingestor

SAME_FACE = 0.4
"""From this overlap (IoU) on, two boxes in one photo are one face."""
MEAN_FACE = np.array([[0.31, 0.38], [0.69, 0.38], [0.50, 0.58], [0.34, 0.77], [0.66, 0.77]], dtype=np.float32)
"""Where landmarks are in a box, on average, for a drawn face that the detector cannot see: (5, 2) shares of its width
and height, of both eyes, the nose and the corners of the mouth."""
SMALLEST_BOX_PX = 8
PHOTOS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class RedetectionSummary(JobResult):
    """What a new look came to; of one that was stopped and resumed, what its last attempt did."""

    photos: int = 0
    kept: int = 0
    """Faces that were found again."""
    added: int = 0
    missing: int = 0
    """Photos whose file is gone or cannot be read any more."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class ModelChange(JobResult):
    """What a change of model came to."""

    model: str = ""
    photos: int = 0
    faces: int = 0
    """How many were embedded; of a change that was stopped and resumed, in its last attempt."""
    seconds: float | None = None


def detect_again(tools: Ingestor, target: IngestTarget, progress: Progress = UNWATCHED) -> RedetectionSummary:
    """Detect the faces of every photo anew; those found again keep their names and their history.

    Raises
    ------
    Cancelled
        Between two photos. A photo that has a line in the job's report is not looked at again when it is resumed.
    """
    labels = tools.store.photo_labels(target.dataset_id)
    lines = tools.store.file_reports(target.job_id)
    # In the order of ids, so that a resumed job goes on where it was, and reports have positions that do not move.
    photo_ids_left = sorted(labels.keys() - {line.photo_id for line in lines})
    redetected_photos: list[_RedetectedPhoto] = []
    n_before = len(labels) - len(photo_ids_left)
    for photo_id in photo_ids_left:
        progress.step(n_before + len(redetected_photos), len(labels), "Looking for faces again")
        redetected = _redetect(tools, target, photo_id, labels[photo_id], may_turn=True)
        line = replace(redetected.line, position=len(lines) + len(redetected_photos))
        # Its line at once: a photo that was looked at is not looked at again when the job is resumed.
        tools.store.add(target.dataset_id, target.job_id, IngestBatch(reports=[line]))
        redetected_photos.append(redetected)
    progress.report(len(labels), len(labels), "Done")
    return _summarise(redetected_photos)


@dataclass(frozen=True, slots=True)
class _RedetectedPhoto:
    """A photo looked at again."""

    line: FileReport
    faces_kept: int = 0
    faces_added: int = 0


def _summarise(redetected_photos: Sequence[_RedetectedPhoto]) -> RedetectionSummary:
    return RedetectionSummary(
        photos=len(redetected_photos),
        kept=sum(redetected.faces_kept for redetected in redetected_photos),
        added=sum(redetected.faces_added for redetected in redetected_photos),
        missing=sum(redetected.line.outcome is FileOutcome.REFUSED for redetected in redetected_photos),
    )


def detect_on_turned_photos(
    tools: Ingestor, dataset_id: str, policy: FacePolicy, progress: Progress = UNWATCHED
) -> RedetectionSummary:
    """Look for faces on every photo that was turned since faces were looked for on it, as it is turned now.

    A photo that cannot be read any more stays turned, with the faces that it had; it is counted as missing.

    Raises
    ------
    Cancelled
        Between two photos. What is left is looked at the next time.
    """
    target = IngestTarget(dataset_id, "", policy)
    labels, redetected_photos = tools.store.photo_labels(dataset_id), list[_RedetectedPhoto]()
    photo_ids = sorted(tools.store.photos_to_look_at(dataset_id))
    for photo_id in photo_ids:
        progress.step(len(redetected_photos), len(photo_ids), "Looking for faces on turned photos")
        redetected_photos.append(_redetect(tools, target, photo_id, labels[photo_id], may_turn=False))
    progress.report(len(photo_ids), len(photo_ids), "Done")
    return _summarise(redetected_photos)


def _redetect(
    tools: Ingestor, target: IngestTarget, photo_id: str, label: PhotoLabel, *, may_turn: bool
) -> _RedetectedPhoto:
    redetected = None
    # Again as often as somebody turns the photo meanwhile: what was found on it as it lay is of no use then.
    while redetected is None:
        # What somebody turned by hand stays: a detector does not know better.
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
        decoded = _decode_stored(tools, target.dataset_id, photo)
    except (NotFound, ImageRefused) as refusal:
        return _RedetectedPhoto(replace(line, reason=str(refusal)))
    (upright,) = tools.pipeline.detect_faces([decoded.picture], may_turn=may_turn)
    decoded, detections = decoded.turned(upright.turn), upright.faces
    # The stored boxes are turned with the picture first: faces are matched by where they are on it now.
    previous_faces = [
        _turn_face(face, photo, upright.turn) for face in tools.store.every_face(target.dataset_id, photo_id)
    ]
    previous_id_of = _match_previous_faces(detections, previous_faces)
    # The policy chooses among the new ones.
    chosen = choose_faces_by_policy(detections, decoded.picture, label.person, target.policy)
    # The folder's name goes to the main face only where nobody carries it already: corrections come before folders.
    is_named = _is_named(visible_faces, previous_id_of.values())
    person_of_main = None if is_named else label.person
    kept = _label_detections(detections, chosen, previous_id_of, replace(label, person=person_of_main))
    # On another way up what was said of a face still holds, so faces that are not seen now are cut anew.
    is_turned = upright.turn or photo_id in tools.store.photos_to_look_at(target.dataset_id)
    lost = _label_lost_faces(tools, decoded.picture, previous_faces, previous_id_of.values()) if is_turned else {}
    with tools.artifacts.together():
        stored = _prepare_faces(tools, target.dataset_id, decoded, {**kept, **lost})
    # In one transaction, which refuses when the photo is turned otherwise than when it was read.
    if not tools.store.replace_faces(
        target.dataset_id,
        photo_id,
        stored[: len(kept)],
        read_time_taken(decoded.content, tools.pipeline.limits),
        PhotoLook(photo.turn, decoded.picture.turn, perceptual_hash(decoded.picture.pixels)),
        stored[len(kept) :],
    ):
        return None
    outcome = FileOutcome.TAKEN if kept else FileOutcome.NO_FACE
    line = replace(line, outcome=outcome, faces=len(kept))
    return _RedetectedPhoto(line, len(previous_id_of), len(kept) - len(previous_id_of))


def _label_detections(
    detections: Sequence[Detection],
    chosen: Sequence[Detection],
    previous_id_of: Mapping[Detection, str],
    label: PhotoLabel,
) -> dict[Detection, FaceLabel]:
    """Those that are chosen, the main one first, and those that were known; the main one gets the label's name."""
    # Faces that were known stay whatever the policy says now: somebody may have named them.
    return {
        face: FaceLabel(label.person if face in chosen[:1] else None, label.split, previous_id_of.get(face))
        for face in detections
        if face in previous_id_of or face in chosen
    }


def _label_lost_faces(
    tools: Ingestor, picture: DecodedPicture, previous_faces: Iterable[Face], redetected_ids: Collection[str]
) -> dict[Detection, FaceLabel]:
    """Those that were not found again, by where they lie on the picture as it is turned now."""
    return {
        _detection_anew(tools, picture, face): FaceLabel(face_id=face.id, drawn=face.drawn)
        for face in previous_faces
        if face.id not in redetected_ids
    }


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


def _prepare_faces(
    tools: Ingestor, dataset_id: str, photo: DecodedPhoto, labels: Mapping[Detection, FaceLabel]
) -> list[StoredFace]:
    """Faces of a whole photo, ready for the store, in their order."""
    faces = tools.pipeline.embed_faces(tools.pipeline.cut_faces(photo, list(labels), portraits=True))
    return [
        tools.prepare_face(dataset_id, photo.photo_id, face, label)
        for face, label in zip(faces, labels.values(), strict=True)
    ]


def _turn_face(face: Face, photo: Photo, quarters: int) -> Face:
    """A face on its photo turned further."""
    detection = turn_detection(face.detection, photo.width_px, photo.height_px, quarters)
    return replace(face, box=detection.box, landmarks=detection.landmarks)


def _detection_anew(tools: Ingestor, picture: DecodedPicture, face: Face) -> Detection:
    """A face that was not found again, as it lies on the picture as it is turned now.

    Where somebody drew it, eyes and mouth are looked for once more: they were guessed for another way up.
    """
    return find_landmarks_in_box(tools, picture, face.box) if face.drawn else face.detection


def _is_named(visible_faces: Iterable[Face], redetected_ids: Collection[str]) -> bool:
    """Whether a face that stays has a name: then no new one gets that of the photo's folder."""
    return any(
        face.person is not None and (face.id in redetected_ids or face.confirmed or face.excluded or face.drawn)
        for face in visible_faces
    )


def change_model(tools: Ingestor, dataset_id: str, progress: Progress = UNWATCHED) -> ModelChange:
    """Embed every face with the model of ``tools``, and use it from then on. What was done before it stopped is kept.

    Raises
    ------
    InputRefused
        The photos of some faces are gone, so the dataset stays with the model that it has.
    Cancelled
        Between two steps of a few photos.
    """
    model_id = tools.pipeline.model.vectors_id
    # Vectors of both models lie side by side until the last one is there: a change that is stopped costs nothing, and
    # goes on later.
    embedded_ids = tools.store.vector_ids(dataset_id, model_id)
    photo_ids = sorted(tools.store.photo_labels(dataset_id))
    # Asked before hours of work; a missing file whose faces have vectors already does not matter.
    stored_ids = set(tools.artifacts.ids(dataset_id, ArtifactKind.PHOTO))
    n_missing = sum(
        photo_id not in stored_ids and bool(_faces_to_embed(tools, dataset_id, photo_id, embedded_ids))
        for photo_id in photo_ids
    )
    _require_photos(n_missing, model_id)
    n_embedded = n_unreadable = 0
    for start in range(0, len(photo_ids), PHOTOS_AT_ONCE):
        progress.step(start, len(photo_ids), "Embedding with the other model")
        # Some photos at once, as a network takes a batch in little more time than one face; and not all, as their
        # pixels are in memory.
        cuts: dict[str, CutFace] = {}
        for photo_id in photo_ids[start : start + PHOTOS_AT_ONCE]:
            try:
                cuts |= _cut_stored_faces(tools, dataset_id, photo_id, embedded_ids)
            except (NotFound, ImageRefused):
                # The others go on, and their vectors are kept: the refusal comes at the end, with how many it was.
                n_unreadable += 1
        faces = zip(cuts, tools.pipeline.embed_faces(list(cuts.values())), strict=True)
        tools.store.add_vectors(dataset_id, model_id, {face_id: face.vector for face_id, face in faces})
        n_embedded += len(cuts)
    _require_photos(n_unreadable, model_id)
    # Only now, all at once: no page mixes vectors of two models.
    tools.store.use_model(dataset_id, model_id)
    progress.report(len(photo_ids), len(photo_ids), "Done")
    return ModelChange(model_id, len(photo_ids), n_embedded)


def _cut_stored_faces(
    tools: Ingestor, dataset_id: str, photo_id: str, embedded_ids: Collection[str]
) -> dict[str, CutFace]:
    """A photo's faces without a vector, by their ids. Raises NotFound or ImageRefused."""
    faces = _faces_to_embed(tools, dataset_id, photo_id, embedded_ids)
    if not faces:
        return {}
    decoded = _decode_stored(tools, dataset_id, tools.store.photo(dataset_id, photo_id)[0])
    cuts = tools.pipeline.cut_faces(decoded, [face.detection for face in faces])
    return {face.id: cut for face, cut in zip(faces, cuts, strict=True)}


def _faces_to_embed(tools: Ingestor, dataset_id: str, photo_id: str, embedded_ids: Collection[str]) -> list[Face]:
    return [face for face in tools.store.every_face(dataset_id, photo_id) if face.id not in embedded_ids]


def _require_photos(missing: int, model_id: str) -> None:
    if missing:
        photos = "1 photo is" if missing == 1 else f"{missing} photos are"
        raise InputRefused(
            f"{photos} missing from the data folder or damaged, so the faces cannot be embedded with '{model_id}'. "
            "The dataset stays with the model that it has."
        )


def add_drawn_face(tools: Ingestor, corrector: Corrector, photo_id: str, box: Box, name: str | None = None) -> Event:
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
    decoded = _decode_stored(tools, dataset_id, photo)
    label = FaceLabel(split=tools.store.photo_labels(dataset_id)[photo_id].split, drawn=True)
    detection = find_landmarks_in_box(tools, decoded.picture, box)
    (stored,) = _prepare_faces(tools, dataset_id, decoded, {detection: label})
    # Its id comes from photo and box: one that was drawn before and undone is there still, and the event below lets it
    # count again.
    if all(face.id != stored.face.id for face in tools.store.every_face(dataset_id, photo_id)):
        tools.store.add_face(dataset_id, stored)
    return corrector.draw(stored.face.id, name)


def _clip_to_photo(box: Box, width_px: int, height_px: int) -> Box:
    """The part of a box that lies in the photo. Raises InputRefused where that is too small for a face."""
    left, top = max(0.0, box.left), max(0.0, box.top)
    right, bottom = min(width_px, box.right), min(height_px, box.bottom)
    if min(right - left, bottom - top) < SMALLEST_BOX_PX:
        raise InputRefused(
            f"A face needs at least {SMALLEST_BOX_PX} pixels in the photo; this box is smaller. Draw it larger."
        )
    return Box(left, top, right, bottom)


def find_landmarks_in_box(tools: Ingestor, picture: DecodedPicture, box: Box) -> Detection:
    """The drawn box with landmarks: the detector's, when it sees a face there after all, else those of a mean face."""
    # Twice the box: a detector needs what is around a face, and on the whole photo it has missed this one.
    left, top = max(0, int(box.left - box.width / 2)), max(0, int(box.top - box.height / 2))
    right, bottom = int(box.right + box.width / 2), int(box.bottom + box.height / 2)
    around = np.ascontiguousarray(picture.pixels[top:bottom, left:right])
    corner = np.array([left, top], dtype=np.float32)
    (seen,) = tools.pipeline.detect_faces([DecodedPicture.whole(around)], may_turn=False)
    # Landmarks of a neighbour who leans into the picture would level the wrong face.
    for face in seen.faces:
        face_box = Box(face.box.left + left, face.box.top + top, face.box.right + left, face.box.bottom + top)
        if match_boxes([box], [face_box], SAME_FACE) != [None]:
            return Detection(box, face.landmarks + corner, face.prob)
    size = np.array([box.width, box.height], dtype=np.float32)
    # A probability of one half: nobody has seen a face here but the person who drew it.
    return Detection(box, MEAN_FACE * size + np.array([box.left, box.top], dtype=np.float32), 0.5)


def _decode_stored(tools: Ingestor, dataset_id: str, photo: Photo) -> DecodedPhoto:
    """The whole photo as it is shown. Raises NotFound when its file is gone, ImageRefused when it cannot be read."""
    return tools.pipeline.decode_photo(tools.artifacts.read(dataset_id, ArtifactKind.PHOTO, photo.id), photo.turn)
