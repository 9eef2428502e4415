"""Looking again at photos that are there: with a newer detector, as they are turned, or where somebody drew a box.

No correction is lost: a face that is found again keeps its id, and with it everything that was said of it. Two faces
are one when their boxes overlap enough in the same photo.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import InputRefused
from core.base.progress import UNWATCHED, Progress
from core.base.types import Box, Detection, Face, FacePolicy, Photo
from core.corrections.model import Event
from core.imaging.decoding import DecodedPicture
from core.imaging.geometry import match_boxes, turn_detection
from core.language.texts import marked
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobResult
from core.store.values.datasets import FileOutcome, FileReport, IngestBatch, PhotoLabel, PhotoLook, StoredFace
from core.vision.pipeline import DecodedPhoto, PhotoFaces
from core.workflows.keeping.photo_keeping import require_kept_photos
from core.workflows.labels.correct import Corrector
from core.workflows.photos.face_finding import AnsweredPhoto, PhotoQuestion
from core.workflows.photos.ingest import IngestTarget, choose_faces_by_policy
from core.workflows.photos.ingestor import FaceLabel, Ingestor
from core.workflows.photos.photo_reader import ReadPhoto
from core.workflows.photos.stored_photos import look_through_stored

SAME_FACE = 0.4
"""From this overlap (IoU) on, two boxes in one photo are one face."""
MEAN_FACE = np.array([[0.31, 0.38], [0.69, 0.38], [0.50, 0.58], [0.34, 0.77], [0.66, 0.77]], dtype=np.float32)
"""Where landmarks are in a box, on average, for a drawn face that the detector cannot see: (5, 2) shares of its width
and height, of both eyes, the nose and the corners of the mouth."""
SMALLEST_BOX_PX = 8
NOTHING_TO_LOOK_AT = marked(
    "'{dataset}' keeps no photos, so faces cannot be looked for on them again. To look otherwise, add the photos to a "
    "dataset that keeps them."
)
NOTHING_TO_DRAW_ON = marked(
    "'{dataset}' keeps no photos, so no face can be drawn on one. Give the photo on *Who is this?*, and name the face "
    "there."
)


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


def detect_again(tools: Ingestor, target: IngestTarget, progress: Progress = UNWATCHED) -> RedetectionSummary:
    """Detect the faces of every photo anew; those found again keep their names and their history.

    Raises
    ------
    InputRefused
        The dataset keeps no photos.
    Cancelled
        Between two batches. A photo that has a line in the job's report is not looked at again when it is resumed.
    """
    require_kept_photos(tools.store.dataset(target.dataset_id), NOTHING_TO_LOOK_AT)
    labels = tools.store.photo_labels(target.dataset_id)
    lines = tools.store.file_reports(target.job_id)
    # In the order of ids, so that a resumed job goes on where it was, and reports have positions that do not move.
    photo_ids_left = sorted(labels.keys() - {line.photo_id for line in lines})
    redetected_photos: list[_RedetectedPhoto] = []
    n_before = len(labels) - len(photo_ids_left)
    progress.report(n_before, len(labels), marked("Looking for faces again"))
    for redetected in _Redetection(tools, target, labels, may_turn=True).redetect(photo_ids_left, progress):
        line = replace(redetected.line, position=len(lines) + len(redetected_photos))
        # Its line at once: a photo that was looked at is not looked at again when the job is resumed.
        tools.store.add(target.dataset_id, target.job_id, IngestBatch(reports=[line]))
        redetected_photos.append(redetected)
        progress.report(n_before + len(redetected_photos), len(labels), marked("Looking for faces again"))
    progress.report(len(labels), len(labels), "Done")
    return _summarise(redetected_photos)


def detect_on_turned_photos(
    tools: Ingestor, dataset_id: str, policy: FacePolicy, progress: Progress = UNWATCHED
) -> RedetectionSummary:
    """Look for faces on every photo that was turned since faces were looked for on it, as it is turned now.

    A photo that cannot be read any more stays turned, with the faces that it had; it is counted as missing.

    Raises
    ------
    Cancelled
        Between two batches. What is left is looked at the next time.
    """
    labels, redetected_photos = tools.store.photo_labels(dataset_id), list[_RedetectedPhoto]()
    photo_ids = sorted(tools.store.photos_to_look_at(dataset_id))
    redetection = _Redetection(tools, IngestTarget(dataset_id, "", policy), labels, may_turn=False)
    progress.report(0, len(photo_ids), marked("Looking for faces on turned photos"))
    for redetected in redetection.redetect(photo_ids, progress):
        redetected_photos.append(redetected)
        progress.report(len(redetected_photos), len(photo_ids), marked("Looking for faces on turned photos"))
    progress.report(len(photo_ids), len(photo_ids), "Done")
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


@dataclass(frozen=True, slots=True, eq=False)
class _KnownPhoto:
    """A photo that is to be looked at again, as the store has it; chooses among its faces (``ChooseFaces``)."""

    photo: Photo
    person: str | None
    """Whose folder it came in."""
    policy: FacePolicy
    faces: tuple[Face, ...]
    """All that are known of it, in its pixels as it is turned."""

    def __call__(self, detections: Sequence[Detection], picture: DecodedPicture) -> Sequence[Detection]:
        """Those that were known stay whatever the policy says now: somebody may have named them."""
        # The policy chooses among the new ones.
        chosen = choose_faces_by_policy(detections, picture, self.person, self.policy)
        previous_id_of = _match_previous_faces(detections, self.turn_faces(picture.turn))
        return [face for face in detections if face in previous_id_of or face in chosen]

    def turn_faces(self, turn: int) -> list[Face]:
        """The known faces as they lie when the photo is turned otherwise."""
        return [_turn_face(face, self.photo, (turn - self.photo.turn) % 4) for face in self.faces]

    def find_main(self, answer: PhotoFaces) -> Detection | None:
        """The face that gets the folder's name, among those that were chosen."""
        is_crowd = self.policy is FacePolicy.ONLY_SINGLE and answer.n_detected > 1
        return None if is_crowd or not answer.faces else answer.faces[answer.main].detection


@dataclass(frozen=True, slots=True, eq=False)
class _PreparedPhoto:
    """What a new look at a photo is to change in the store."""

    redetected: _RedetectedPhoto
    look: PhotoLook | None = None
    """None where the photo cannot be read."""
    taken: float | None = None
    detected: Sequence[StoredFace] = ()
    lost: Sequence[StoredFace] = ()
    """Faces that were not found again and lie elsewhere now."""


@dataclass(frozen=True, slots=True)
class _Redetection:
    """A new look at photos of a dataset."""

    tools: Ingestor
    target: IngestTarget
    labels: Mapping[str, PhotoLabel]
    may_turn: bool
    """Whether photos that nobody turned by hand are turned as their faces are surest."""

    def redetect(self, photo_ids: Sequence[str], progress: Progress) -> Iterator[_RedetectedPhoto]:
        """Look at these photos and store what came of it, one after another."""
        dataset_id = self.target.dataset_id
        # Again as often as somebody turns a photo meanwhile: what was found on it as it lay is of no use then.
        while photo_ids:
            photo_ids_turned: list[str] = []
            for batch in look_through_stored(self.tools, dataset_id, photo_ids, self._ask, progress, portraits=True):
                with self.tools.artifacts.together():
                    prepared_photos = [self._prepare(known, answer) for known, answer in batch]
                for (known, _), prepared in zip(batch, prepared_photos, strict=True):
                    if self._store(known.photo.id, prepared):
                        yield prepared.redetected
                    else:
                        photo_ids_turned.append(known.photo.id)
            photo_ids = photo_ids_turned

    def _ask(self, photo_id: str, file: ReadPhoto) -> tuple[_KnownPhoto, PhotoQuestion]:
        store, dataset_id = self.tools.store, self.target.dataset_id
        photo, _ = store.photo(dataset_id, photo_id)
        known = _KnownPhoto(
            photo=photo,
            person=self.labels[photo_id].person,
            policy=self.target.policy,
            faces=tuple(store.every_face(dataset_id, photo_id)),
        )
        # What somebody turned by hand stays: a detector does not know better.
        may_turn = self.may_turn and not store.turned_by_hand(dataset_id, photo_id)
        return known, PhotoQuestion(file, known, turn=photo.turn, may_turn=may_turn)

    def _prepare(self, asked: _KnownPhoto, answer: AnsweredPhoto) -> _PreparedPhoto:
        photo, label, faces = asked.photo, self.labels[asked.photo.id], answer.faces
        line = _line_of_refused(photo, label)
        if faces.objection:
            return _PreparedPhoto(_RedetectedPhoto(replace(line, reason=faces.objection)))
        _, visible_faces = self.tools.store.photo(self.target.dataset_id, photo.id)
        # Read anew: somebody may have drawn one since it was asked about.
        known = replace(asked, faces=tuple(self.tools.store.every_face(self.target.dataset_id, photo.id)))
        # The stored boxes are turned with the picture first: faces are matched by where they are on it now.
        previous_faces = known.turn_faces(faces.picture.turn)
        previous_id_of = _match_previous_faces([face.detection for face in faces.faces], previous_faces)
        # The folder's name goes to the main face only where nobody carries it already: corrections come before folders.
        main = None if _is_named(visible_faces, previous_id_of.values()) else known.find_main(faces)
        detected = [
            self.tools.prepare_face(
                self.target.dataset_id,
                photo.id,
                face,
                FaceLabel(
                    person=label.person if face.detection is main else None,
                    split=label.split,
                    face_id=previous_id_of.get(face.detection),
                ),
            )
            for face in faces.faces
        ]
        not_found = [face for face in previous_faces if face.id not in previous_id_of.values()]
        line = replace(line, outcome=FileOutcome.TAKEN if detected else FileOutcome.NO_FACE, faces=len(detected))
        return _PreparedPhoto(
            redetected=_RedetectedPhoto(line, len(previous_id_of), len(detected) - len(previous_id_of)),
            look=PhotoLook(photo.turn, faces.picture.turn, answer.perceptual_hash),
            taken=answer.taken,
            detected=detected,
            lost=self._cut_lost(photo, faces.picture.turn, not_found) if not_found else (),
        )

    def _cut_lost(self, photo: Photo, turn: int, not_found: Sequence[Face]) -> Sequence[StoredFace]:
        """Faces that were not found again, by where they lie on a photo that is turned otherwise now."""
        dataset_id = self.target.dataset_id
        if turn == photo.turn and photo.id not in self.tools.store.photos_to_look_at(dataset_id):
            return ()
        # On another way up what was said of a face still holds. They are few, so they are cut and embedded here.
        decoded = _decode_stored(self.tools, dataset_id, photo).turned((turn - photo.turn) % 4)
        lost = {
            _detection_anew(self.tools, decoded.picture, face): FaceLabel(face_id=face.id, drawn=face.drawn)
            for face in not_found
        }
        return _prepare_faces(self.tools, dataset_id, decoded, lost)

    def _store(self, photo_id: str, prepared: _PreparedPhoto) -> bool:
        """In one transaction, which refuses when the photo is turned otherwise than when it was read."""
        return prepared.look is None or self.tools.store.replace_faces(
            self.target.dataset_id, photo_id, prepared.detected, prepared.taken, prepared.look, prepared.lost
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


def add_drawn_face(tools: Ingestor, corrector: Corrector, photo_id: str, box: Box, name: str | None = None) -> Event:
    """Take in a face that the detector missed, at a box that somebody drew.

    Parameters
    ----------
    box : in pixels of the upright photo; what lies beyond its edges does not count

    Raises
    ------
    InputRefused
        The box is too small, or there is a face already, or the dataset keeps no photos.
    NotFound
        The photo or its file is gone.
    """
    dataset_id = corrector.dataset_id
    require_kept_photos(tools.store.dataset(dataset_id), NOTHING_TO_DRAW_ON)
    photo, faces = tools.store.photo(dataset_id, photo_id)
    box = _clip_to_photo(box, photo.width_px, photo.height_px)
    if match_boxes([box], [face.box for face in faces], SAME_FACE) != [None]:
        raise InputRefused(marked("There is a face in this place already. Name that one instead."))
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
            marked("A face needs at least {least} pixels in the photo; this box is smaller. Draw it larger.").format(
                least=SMALLEST_BOX_PX
            )
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
