"""Looking again at photos that are there: with a newer detector, with another model, or where somebody drew a box.

No correction is lost: a face that is found again keeps its id, and with it everything that was said of it. Two faces
are one when their boxes overlap enough in the same photo.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import ImageRefused, InputRefused, NotFound
from core.base.settings import ImageLimits
from core.base.types import Box, CancelToken, Detection, Face, FacePolicy, Photo, Report, RgbImage, silent
from core.corrections.model import Event
from core.imaging.decoding import Picture, perceptual_hash
from core.imaging.geometry import match, turn_detection
from core.isolation.photos import decode, taken
from core.store.artifacts import Kind
from core.store.protocols import FileReport, IngestBatch, Outcome, PhotoLabel, PhotoLook
from core.vision.detect.upright import detect_upright
from core.workflows.labels.correct import Corrector
from core.workflows.photos.face_preparation import Prepared, finish, prepare
from core.workflows.photos.ingest import Ingestor, Target, divide

SAME_FACE = 0.4
"""From this overlap (IoU) on, two boxes in one photo are one face."""
MEAN_FACE = np.array([[0.31, 0.38], [0.69, 0.38], [0.50, 0.58], [0.34, 0.77], [0.66, 0.77]], dtype=np.float32)
"""Where landmarks are in a box, on average: for a drawn face that the detector cannot see."""
SMALLEST_BOX_PX = 8
PHOTOS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Relooked:
    """What a new look came to; of one that was stopped and resumed, what its last attempt did."""

    photos: int
    kept: int
    """Faces that were found again."""
    added: int
    missing: int
    """Photos whose file is gone or cannot be read any more."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change of model came to."""

    model: str
    photos: int
    faces: int
    """How many were embedded; of a change that was stopped and resumed, in its last attempt."""


def detect_again(
    tools: Ingestor, target: Target, report: Report = silent, token: CancelToken | None = None
) -> Relooked:
    """Detect the faces of every photo anew; those found again keep their names and their history.

    Raises
    ------
    Cancelled
        Between two photos. A photo that has a line in the job's report is not looked at again when it is resumed.
    """
    token = token or CancelToken()
    labels = tools.store.photo_labels(target.dataset_id)
    lines = tools.store.file_reports(target.job_id)
    left = sorted(labels.keys() - {line.photo_id for line in lines})
    looks: list[_Look] = []
    for photo_id in left:
        token.raise_if_cancelled()
        report(len(labels) - len(left) + len(looks), len(labels), "Looking for faces again")
        look = _look(tools, target, photo_id, labels[photo_id], may_turn=True)
        line = replace(look.line, position=len(lines) + len(looks))
        tools.store.add(target.dataset_id, target.job_id, IngestBatch(reports=[line]))
        looks.append(look)
    report(len(labels), len(labels), "Done")
    missing = sum(look.line.outcome is Outcome.REFUSED for look in looks)
    return Relooked(len(looks), sum(look.kept for look in looks), sum(look.added for look in looks), missing)


@dataclass(frozen=True, slots=True)
class _Look:
    """A photo looked at again."""

    line: FileReport
    kept: int = 0
    added: int = 0


def look_at_turned(
    tools: Ingestor,
    dataset_id: str,
    policy: FacePolicy,
    report: Report = silent,
    token: CancelToken | None = None,
) -> Relooked:
    """Look for faces on every photo that was turned since faces were looked for on it, as it is turned now.

    A photo that cannot be read any more stays turned, with the faces that it had; it is counted as missing.

    Raises
    ------
    Cancelled
        Between two photos. What is left is looked at the next time.
    """
    token, target = token or CancelToken(), Target(dataset_id, "", policy)
    labels, looks = tools.store.photo_labels(dataset_id), list[_Look]()
    left = sorted(tools.store.photos_to_look_at(dataset_id))
    for photo_id in left:
        token.raise_if_cancelled()
        report(len(looks), len(left), "Looking for faces on turned photos")
        looks.append(_look(tools, target, photo_id, labels[photo_id], may_turn=False))
    report(len(left), len(left), "Done")
    missing = sum(look.line.outcome is Outcome.REFUSED for look in looks)
    return Relooked(len(looks), sum(look.kept for look in looks), sum(look.added for look in looks), missing)


def _look(tools: Ingestor, target: Target, photo_id: str, label: PhotoLabel, *, may_turn: bool) -> _Look:
    look = None
    while look is None:  # somebody turned the photo meanwhile
        free = may_turn and not tools.store.turned_by_hand(target.dataset_id, photo_id)
        look = _look_once(tools, target, photo_id, label, may_turn=free)
    return look


def _look_once(tools: Ingestor, target: Target, photo_id: str, label: PhotoLabel, *, may_turn: bool) -> _Look | None:
    """Look at a photo as it is turned now, or as its faces are surest.

    Returns
    -------
    None when somebody turned it while it was looked at.
    """
    photo, shown = tools.store.photo(target.dataset_id, photo_id)
    line = FileReport(
        position=0,
        name=photo.name,
        outcome=Outcome.REFUSED,
        faces=0,
        person=label.person,
        split=label.split,
        photo_id=photo_id,
    )
    try:
        data = tools.artifacts.read(target.dataset_id, Kind.PHOTO, photo_id)
        picture = _whole(data, tools.limits, photo.turn)
    except (NotFound, ImageRefused) as refusal:
        return _Look(replace(line, reason=str(refusal)))
    by, found = _find(tools, picture, may_turn=may_turn)
    before = [_turned(face, photo, by) for face in tools.store.every_face(target.dataset_id, photo_id)]
    picture = picture.turned(by)
    matched = match([face.box for face in found], [face.box for face in before], SAME_FACE)
    again = {face: before[old].id for face, old in zip(found, matched, strict=True) if old is not None}
    own, others = divide(found, picture.width_px, picture.height_px, label.person, target.policy)
    wanted = [face for face in found if face in again or face in own or face in others]
    name = None if _is_named(shown, again.values()) else label.person
    prepared = [
        replace(
            prepare(tools.embedder, photo_id, picture, face, name if face in own else None, label.split),
            face_id=again.get(face),
        )
        for face in wanted
    ]
    if by or photo_id in tools.store.photos_to_look_at(target.dataset_id):
        lost = [face for face in before if face.id not in again.values()]
        prepared += [_prepare_anew(tools, picture, face) for face in lost]
    with tools.artifacts.together():
        stored = finish(tools.artifacts, tools.embedder, target.dataset_id, prepared)
    look = PhotoLook(photo.turn, picture.turn, perceptual_hash(picture.pixels))
    faces = stored[: len(wanted)], taken(data, tools.limits), look, stored[len(wanted) :]
    if not tools.store.replace_faces(target.dataset_id, photo_id, *faces):
        return None
    outcome = Outcome.TAKEN if wanted else Outcome.NO_FACE
    return _Look(replace(line, outcome=outcome, faces=len(wanted)), len(again), len(wanted) - len(again))


def _find(tools: Ingestor, picture: Picture, *, may_turn: bool) -> tuple[int, list[Detection]]:
    """By how many quarters the picture has to be turned further, and the faces on it then."""
    if not may_turn:
        return 0, tools.detector.detect([picture.pixels])[0]
    (upright,) = detect_upright(tools.detector, [picture.pixels])
    return upright.turn, upright.faces


def _turned(face: Face, photo: Photo, by: int) -> Face:
    """A face on its photo turned further."""
    found = turn_detection(_as_detection(face), photo.width_px, photo.height_px, by)
    return replace(face, box=found.box, landmarks=found.landmarks)


def _prepare_anew(tools: Ingestor, picture: Picture, face: Face) -> Prepared:
    """A face that was not found again, as it looks on the picture as it is turned now.

    Where somebody drew it, eyes and mouth are looked for once more: they were guessed for another way up.
    """
    found = seen(tools, picture, face.box) if face.drawn else _as_detection(face)
    return replace(prepare(tools.embedder, face.photo_id, picture, found), face_id=face.id, drawn=face.drawn)


def _is_named(shown: Iterable[Face], found_again: Collection[str]) -> bool:
    """Whether a face that stays has a name: then no new one gets that of the photo's folder."""
    return any(face.person is not None and (face.id in found_again or _is_corrected(face)) for face in shown)


def _is_corrected(face: Face) -> bool:
    return face.confirmed or face.excluded or face.drawn


def change_model(
    tools: Ingestor, dataset_id: str, report: Report = silent, token: CancelToken | None = None
) -> Changed:
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
    done = tools.store.vector_ids(dataset_id, model_id)
    photos = sorted(tools.store.photo_labels(dataset_id))
    gone = [photo_id for photo_id in photos if not tools.artifacts.path(dataset_id, Kind.PHOTO, photo_id).exists()]
    _require_photos(sum(bool(_to_embed(tools, dataset_id, photo_id, done)) for photo_id in gone), model_id)
    count = unreadable = 0
    for start in range(0, len(photos), PHOTOS_AT_ONCE):
        token.raise_if_cancelled()
        report(start, len(photos), "Embedding with the other model")
        crops: dict[str, RgbImage] = {}
        for photo_id in photos[start : start + PHOTOS_AT_ONCE]:
            try:
                crops |= _crops(tools, dataset_id, photo_id, done)
            except (NotFound, ImageRefused):
                unreadable += 1
        vectors = tools.embedder.embed_crops(list(crops.values()))
        tools.store.add_vectors(dataset_id, model_id, dict(zip(crops, vectors, strict=True)))
        count += len(crops)
    _require_photos(unreadable, model_id)
    tools.store.use_model(dataset_id, model_id)
    report(len(photos), len(photos), "Done")
    return Changed(model_id, len(photos), count)


def _crops(tools: Ingestor, dataset_id: str, photo_id: str, done: Collection[str]) -> dict[str, RgbImage]:
    """What the network is to see of a photo's faces, by their ids. Raises NotFound or ImageRefused."""
    faces = _to_embed(tools, dataset_id, photo_id, done)
    if not faces:
        return {}
    picture = _picture(tools, dataset_id, tools.store.photo(dataset_id, photo_id)[0])
    return {face.id: tools.embedder.crop(picture.pixels, _as_detection(face)) for face in faces}


def _to_embed(tools: Ingestor, dataset_id: str, photo_id: str, done: Collection[str]) -> list[Face]:
    return [face for face in tools.store.every_face(dataset_id, photo_id) if face.id not in done]


def _require_photos(missing: int, model_id: str) -> None:
    if missing:
        photos = "1 photo is" if missing == 1 else f"{missing} photos are"
        raise InputRefused(
            f"{photos} missing from the data folder or damaged, so the faces cannot be embedded with '{model_id}'. "
            "The dataset stays with the model that it has."
        )


def draw(tools: Ingestor, corrector: Corrector, photo_id: str, box: Box, name: str | None = None) -> Event:
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
    photo, there = tools.store.photo(dataset_id, photo_id)
    box = _inside(box, photo.width_px, photo.height_px)
    if match([box], [face.box for face in there], SAME_FACE) != [None]:
        raise InputRefused("There is a face in this place already. Name that one instead.")
    picture = _picture(tools, dataset_id, photo)
    split = tools.store.photo_labels(dataset_id)[photo_id].split
    prepared = replace(prepare(tools.embedder, photo_id, picture, seen(tools, picture, box), split=split), drawn=True)
    (stored,) = finish(tools.artifacts, tools.embedder, dataset_id, [prepared])
    if all(face.id != stored.face.id for face in tools.store.every_face(dataset_id, photo_id)):
        tools.store.add_face(dataset_id, stored)  # else it was drawn before, and undone
    return corrector.draw(stored.face.id, name)


def _inside(box: Box, width_px: int, height_px: int) -> Box:
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


def seen(tools: Ingestor, picture: Picture, box: Box) -> Detection:
    """The drawn box with landmarks: the detector's, when it sees a face there after all, else those of a mean face."""
    left, top = max(0, int(box.left - box.width / 2)), max(0, int(box.top - box.height / 2))
    right, bottom = int(box.right + box.width / 2), int(box.bottom + box.height / 2)
    around = np.ascontiguousarray(picture.pixels[top:bottom, left:right])
    corner = np.array([left, top], dtype=np.float32)
    for face in tools.detector.detect([around])[0]:
        moved = Box(face.box.left + left, face.box.top + top, face.box.right + left, face.box.bottom + top)
        if match([box], [moved], SAME_FACE) != [None]:
            return Detection(box, face.landmarks + corner, face.prob)
    size = np.array([box.width, box.height], dtype=np.float32)
    return Detection(box, MEAN_FACE * size + np.array([box.left, box.top], dtype=np.float32), 0.5)


def _as_detection(face: Face) -> Detection:
    return Detection(face.box, face.landmarks, face.prob)


def _picture(tools: Ingestor, dataset_id: str, photo: Photo) -> Picture:
    """The whole photo as it is shown. Raises NotFound when its file is gone, ImageRefused when it cannot be read."""
    return _whole(tools.artifacts.read(dataset_id, Kind.PHOTO, photo.id), tools.limits, photo.turn)


def _whole(data: bytes, limits: ImageLimits, turn: int) -> Picture:
    return Picture.whole(decode(data, limits)).turned(turn)
