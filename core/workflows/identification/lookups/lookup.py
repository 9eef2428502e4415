"""Look who is on many photos, without taking them into the dataset; keep what was found until it is forgotten.

Photos are read, decoded, searched and named a batch at a time. Each finished batch is on disk, so that a killed process
loses the one in hand and a resumed lookup goes on. A file that cannot be read is a line of the result.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import PurePath

import numpy as np

from core.archives.source import PhotoSource
from core.base.errors import ImageRefused, InputRefused
from core.base.progress import UNWATCHED, Progress
from core.base.types import Vectors
from core.formats.zip_writer import writing_zip
from core.imaging.geometry import turn_size
from core.imaging.pixels import encode_jpeg, shrink_image
from core.isolation.photos import decode_photo, read_stored_orientation
from core.language.texts import marked
from core.learn.label_errors.conflicting_labels import find_conflicting_faces, same_person_cosine
from core.learn.verification import pair_rule
from core.learn.verification.pair_rule import MEASURED, PairRule
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.protocols import FaceStore
from core.store.values.runs import Run
from core.vision.pipeline import NO_FACE, FacePipeline, PhotoFaces
from core.workflows.identification.identify import IdentifiedFace, Identifier
from core.workflows.identification.lookups import stored
from core.workflows.identification.lookups.kept_lookups import LookupTools, kept_photos_path
from core.workflows.identification.lookups.stored import LookupBatch, PartFile
from core.workflows.identification.lookups.values import Lookup, LookupCounts, LookupFace, LookupPhoto
from core.workflows.photos.face_finding import AnsweredPhoto, FaceFinder, PhotoQuestion
from core.workflows.photos.photo_reader import PhotoReader, ReadPhoto
from core.workflows.verification.verify import select_named_faces

CROP_PX = 96


@dataclass(frozen=True, slots=True)
class LookupTask:
    """What is to be looked at, and with what."""

    id: str
    """Of the lookup, and of the work on it: the same again goes on where it stopped."""
    dataset_id: str
    run: Run
    title: str
    source: str = ""
    """Where the photos can be read again; empty when a copy of them is kept beside."""


def look_up_photos(
    tools: LookupTools,
    identifier: Identifier,
    source: PhotoSource,
    task: LookupTask,
    progress: Progress = UNWATCHED,
) -> Lookup:
    """Look at every photo of a source, and keep what was found.

    Parameters
    ----------
    identifier : of ``task.run``

    Raises
    ------
    InputRefused
        There is nothing in it to look at, or it is not what it was when the task stopped.
    ModelMismatch
        The recogniser was trained on another model's vectors.
    Cancelled
        Between two batches; what was finished stays, and the same task goes on from there.
    """
    _require_photos(source)
    # Before the first photo: hours of work would end in vectors that say nothing.
    identifier.gallery.require_model(identifier.recogniser.model_id)
    part = _part_file(tools.artifacts, task, identifier)
    batches = part.batches()
    finished_names = _name_finished(batches)
    source.require_names(finished_names)
    entries = [entry for entry in source.entries if entry.index not in finished_names]
    total, n_done = len(source.entries), len(finished_names)
    progress.report(n_done, total, marked("Looking for faces and names"))
    finished = _Finished(part, batches)
    finder = tools.open_finder(identifier.pipeline)
    reader = _open_reader(tools, identifier, source, finder, finished)
    readings = (_BatchReading.of(identifier.pipeline, photos) for photos in reader.batches(entries))
    questions = ((reading, reading.ask()) for reading in readings)
    for reading, answers in finder.stream_faces(questions, identifier.pipeline.enough_px, progress):
        finished.add(_identify_batch(identifier, reading, answers))
        n_done += reading.n_photos
        progress.report(n_done, total, marked("Looking for faces and names"))
    refused = [LookupPhoto.of_refused(refusal.name, refusal.reason) for refusal in source.refused]
    return _store_lookup(tools, identifier, task, batches, refused)


def _require_photos(source: PhotoSource) -> None:
    if not source.entries and all(refusal.left_out for refusal in source.refused):
        raise InputRefused(
            marked("There are no photos in it. Give a zip or a folder with JPEG, PNG, HEIC or other photos.")
        )


def _name_finished(batches: Iterable[LookupBatch]) -> dict[int, str]:
    """The names of finished photos by their positions in the source.

    Not by names or contents: two files of a zip may have one name, and copies of a photo are each a line.
    """
    return {
        position: photo.name for batch in batches for position, photo in zip(batch.positions, batch.photos, strict=True)
    }


def _open_reader(
    tools: LookupTools, identifier: Identifier, source: PhotoSource, finder: FaceFinder, finished: _Finished
) -> PhotoReader:
    """Reads ahead of what looks for the faces."""
    return PhotoReader(
        source=source,
        # Nothing is known here: a photo that the dataset has is looked at like any other.
        known=frozenset(),
        limits=identifier.pipeline.limits,
        pace=finder.fit_pace(tools.pace.with_at_least(identifier.pipeline.photos_at_once)),
        enough_px=identifier.pipeline.enough_px,
        on_ended=partial(_add_ended, finished, identifier),
        decodes=not finder.decodes,
        batches_in_hand=finder.batches_in_hand,
    )


@dataclass
class _Finished:
    """The batches so far, here and on disk; they may come from any thread."""

    part: PartFile
    batches: list[LookupBatch]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, batch: LookupBatch) -> None:
        # File and list together: a line that is in one and not in the other would be lost, or come twice after a kill.
        with self._lock:
            self.part.append(batch)
            self.batches.append(batch)


def _add_ended(finished: _Finished, identifier: Identifier, photo: ReadPhoto) -> None:
    """The line of a file that ended its reader, before anything else can: it is not looked at again."""
    line = LookupPhoto.of_refused(photo.entry.name, photo.objection)
    finished.add(
        LookupBatch((photo.entry.index,), (line,), np.empty((0, identifier.pipeline.model.dimension), np.float32))
    )


def _store_lookup(
    tools: LookupTools,
    identifier: Identifier,
    task: LookupTask,
    batches: Sequence[LookupBatch],
    refused: Sequence[LookupPhoto],
) -> Lookup:
    """Write the lookup; its batches are not needed any more. A file that ended its reader was ahead of its batch."""
    # Faces are numbered through all photos, so lines, vectors and rivals have to be in one order: that of the source.
    batches = sorted((batch for batch in batches if batch.positions), key=lambda batch: batch.positions)
    photos = [photo for batch in batches for photo in batch.photos]
    vectors = np.concatenate(
        [np.empty((0, identifier.pipeline.model.dimension), np.float32)] + [b.vectors for b in batches]
    )
    certainty_rule = identifier.certainty_rule
    lookup = Lookup(
        id=task.id,
        dataset_id=task.dataset_id,
        run_id=task.run.id,
        title=task.title,
        created=time.time(),
        model_id=task.run.model_id,
        people=identifier.recogniser.people,
        photos=(*photos, *refused),
        thresholds=certainty_rule.thresholds,
        rivals=_rivals(tools, identifier, task, photos, vectors),
        source=task.source,
        full_score=certainty_rule.full_score,
    )
    # The result before its parts go: a kill in between leaves both, and the lookup counts as finished.
    tools.artifacts.replace(task.dataset_id, ArtifactKind.LOOKUP, task.id, stored.encode_lookup(lookup))
    tools.artifacts.delete(task.dataset_id, ArtifactKind.LOOKUP_PART, task.id)
    return lookup


def _part_file(artifacts: Artifacts, task: LookupTask, identifier: Identifier) -> PartFile:
    path = artifacts.path(task.dataset_id, ArtifactKind.LOOKUP_PART, task.id)
    return PartFile(path, identifier.recogniser.people)


# one batch


@dataclass(frozen=True, slots=True, eq=False)
class _BatchReading:
    """A batch of photos as they were read."""

    n_photos: int
    oriented: tuple[tuple[ReadPhoto, int], ...]
    """Each photo with how its file's picture is stored, see ``LookupPhoto``. Those that ended their reader have their
    line already, written by the thread that met it."""

    @classmethod
    def of(cls, pipeline: FacePipeline, photos: Sequence[ReadPhoto]) -> _BatchReading:
        return cls(len(photos), tuple(_read_orientation(pipeline, photo) for photo in photos if not photo.is_told))

    def ask(self) -> list[PhotoQuestion]:
        """The photos that can be looked through."""
        return [PhotoQuestion(photo) for photo, _ in self.oriented if not photo.objection]


def _identify_batch(identifier: Identifier, reading: _BatchReading, answers: Sequence[AnsweredPhoto]) -> LookupBatch:
    photos_faces = [answer.faces for answer in answers]
    answer_of = {question.photo.entry.index: faces for question, faces in zip(reading.ask(), photos_faces, strict=True)}
    # One call for all faces of the batch; an iterator over them then gives each photo its own, in their order.
    identified = list(identifier.judge_faces([face for faces in photos_faces for face in faces.faces]))
    faces_in_turn = iter(identified)
    lines = tuple(
        _photo_line(photo, orientation, answer_of.get(photo.entry.index), faces_in_turn)
        for photo, orientation in reading.oriented
    )
    vectors = np.array([face.vector for face in identified], dtype=np.float32)
    dimension = identifier.pipeline.model.dimension
    positions = tuple(photo.entry.index for photo, _ in reading.oriented)
    return LookupBatch(positions, lines, vectors.reshape(-1, dimension))


def _read_orientation(pipeline: FacePipeline, photo: ReadPhoto) -> tuple[ReadPhoto, int]:
    if photo.objection:
        return photo, 0
    try:
        return photo, read_stored_orientation(photo.data, pipeline.limits)
    except ImageRefused as refusal:
        # The picture could be decoded, but the header ends its reader: without the orientation nothing of it could be
        # written into a sidecar, so it is refused like others.
        return replace(photo, picture=None, objection=str(refusal)), 0


def _photo_line(
    photo: ReadPhoto, orientation: int, answer: PhotoFaces | None, identified: Iterator[IdentifiedFace]
) -> LookupPhoto:
    """What is said of a photo; its faces are the next of those judged."""
    objection = photo.objection or (answer.objection if answer else "")
    if answer is None or objection:
        return LookupPhoto.of_refused(photo.entry.name, objection)
    faces = tuple(_lookup_face(face) for face in islice(identified, len(answer.faces)))
    reason = " ".join(filter(None, ("" if faces else NO_FACE, *answer.picture.notes)))
    return LookupPhoto(
        name=photo.entry.name,
        photo_id=photo.photo_id,
        width_px=answer.picture.width_px,
        height_px=answer.picture.height_px,
        faces=faces,
        reason=reason,
        turn=answer.picture.turn,
        orientation=orientation,
    )


def _lookup_face(face: IdentifiedFace) -> LookupFace:
    crop = encode_jpeg(shrink_image(face.crop, CROP_PX))
    return LookupFace(
        box=face.detection.box,
        detection_prob=face.detection.prob,
        candidates=face.candidates,
        score=face.score,
        margin=face.margin,
        crop=crop,
        evidence=face.evidence,
        grade=face.quality.grade,
    )


# two names for one person


def _rivals(
    tools: LookupTools, identifier: Identifier, task: LookupTask, photos: Sequence[LookupPhoto], vectors: Vectors
) -> tuple[int, ...]:
    faces = [face for photo in photos for face in photo.faces]
    rule = _pair_rule(tools.store, task)
    if rule is None or not faces:
        return (-1,) * len(faces)
    index_of = {name: index for index, name in enumerate(identifier.recogniser.people)}
    # Rivals are worked out for whom each face would be named after, whatever the limit: the limit is chosen later, by
    # whoever looks.
    people = np.array([index_of[face.candidates[0].person] for face in faces], dtype=np.int64)
    scores = np.array([face.score for face in faces], dtype=np.float64)
    return tuple(find_conflicting_faces(vectors, people, scores, same_person_cosine(rule, len(index_of))).tolist())


def _pair_rule(store: FaceStore, task: LookupTask) -> PairRule | None:
    """What a cosine says of two faces: as measured with the model, or by the dataset's own pairs when they suffice."""
    model_id = task.run.model_id
    if model_id in MEASURED:
        return MEASURED[model_id]
    faces = select_named_faces(store.face_table(task.dataset_id), store.embeddings(task.dataset_id))
    scores = faces.pairs() if faces.face_ids else None
    return pair_rule.fit_pair_rule(scores) if scores is not None and scores.enough else None


# photos that were looked at one by one


@dataclass(frozen=True, slots=True, eq=False)
class PhotoToKeep:
    """A photo whose faces are identified already."""

    name: str
    content: bytes
    turn: int
    """Quarters clockwise by which it was turned for that."""
    faces: Sequence[IdentifiedFace]


def keep_identified_photos(
    tools: LookupTools,
    dataset_id: str,
    run: Run,
    identifier: Identifier,
    title: str,
    photos: Sequence[PhotoToKeep],
) -> Lookup:
    """Keep photos whose faces are identified already: their names, the faces of each, and where any are kept the files.

    Raises
    ------
    ImageRefused
        One of them is no photo.
    """
    task, limits = LookupTask(uuid.uuid4().hex[:12], dataset_id, run, title), identifier.pipeline.limits
    lines, vectors = [], [np.empty((0, identifier.pipeline.model.dimension), np.float32)]
    for photo in photos:
        # Decoded as small as it goes: only its sides are needed, and that it is a photo.
        picture = decode_photo(photo.content, limits, CROP_PX)
        width_px, height_px = turn_size(picture.width_px, picture.height_px, photo.turn)
        faces = tuple(_lookup_face(face) for face in photo.faces)
        line = LookupPhoto(
            # What a browser calls a dropped file may be a path.
            name=PurePath(photo.name).name,
            photo_id=content_id(photo.content),
            width_px=width_px,
            height_px=height_px,
            faces=faces,
            reason="" if faces else NO_FACE,
            orientation=read_stored_orientation(photo.content, limits),
            turn=photo.turn,
        )
        lines.append(line)
        vectors += [face.vector[None] for face in photo.faces]
    batch = LookupBatch(tuple(range(len(lines))), tuple(lines), np.concatenate(vectors))
    lookup = _store_lookup(tools, identifier, task, [batch], [])
    if not tools.store.dataset(dataset_id).keeps_photos:
        return lookup
    with writing_zip(kept_photos_path(tools.artifacts, dataset_id, task.id)) as target:
        # In the order of the lines: two files of one name get a number, and are found again by their content.
        for line, photo in zip(lines, photos, strict=True):
            target.add_content(target.free_name(line.name), photo.content)
    tools.artifacts.keep(dataset_id, ArtifactKind.LOOKUP_PHOTOS, task.id)
    return lookup


def count_lookup(lookup: Lookup) -> LookupCounts:
    """The figures of a lookup."""
    refused = sum(photo.refused for photo in lookup.photos)
    return LookupCounts(
        photos=len(lookup.photos) - refused,
        faces=len(lookup.rivals),
        without_face=sum(not photo.faces for photo in lookup.photos) - refused,
        refused=refused,
    )
