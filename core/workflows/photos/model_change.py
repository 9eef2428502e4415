"""Another model for a dataset: all of its faces embedded anew, at the boxes that they have."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from core.base.errors import InputRefused
from core.base.progress import UNWATCHED, Progress
from core.base.types import Face, Vectors
from core.language.texts import marked
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobResult
from core.workflows.keeping.photo_keeping import require_kept_photos
from core.workflows.photos.face_finding import PhotoQuestion
from core.workflows.photos.ingestor import Ingestor
from core.workflows.photos.photo_reader import ReadPhoto
from core.workflows.photos.stored_photos import look_through_stored

NOTHING_TO_EMBED = marked(
    "'{dataset}' keeps no photos, so its faces cannot be embedded with '{model}'. Add the photos to a new dataset with "
    "that model. This one stays with the model that it has."
)


@dataclass(frozen=True, slots=True)
class ModelChange(JobResult):
    """What a change of model came to."""

    model: str = ""
    photos: int = 0
    faces: int = 0
    """How many were embedded; of a change that was stopped and resumed, in its last attempt."""
    seconds: float | None = None


def change_model(tools: Ingestor, dataset_id: str, progress: Progress = UNWATCHED) -> ModelChange:
    """Embed every face with the model of ``tools``, and use it from then on. What was done before it stopped is kept.

    Raises
    ------
    InputRefused
        The photos of some faces are gone or were never kept, so the dataset stays with the model that it has.
    Cancelled
        Between two batches of photos.
    """
    model_id = tools.pipeline.model.vectors_id
    # Vectors of both models lie side by side until the last one is there: a change that is stopped costs nothing, and
    # goes on later.
    embedded_ids = tools.store.vector_ids(dataset_id, model_id)
    photo_ids = sorted(tools.store.photo_labels(dataset_id))
    # A missing file whose faces have vectors already does not matter.
    photo_ids_left = [photo for photo in photo_ids if _faces_to_embed(tools, dataset_id, photo, embedded_ids)]
    if photo_ids_left:
        require_kept_photos(tools.store.dataset(dataset_id), NOTHING_TO_EMBED, model=model_id)
    stored_ids = set(tools.artifacts.ids(dataset_id, ArtifactKind.PHOTO))
    # Asked before hours of work.
    _require_photos(sum(photo_id not in stored_ids for photo_id in photo_ids_left), model_id)

    def ask(photo_id: str, file: ReadPhoto) -> tuple[list[Face], PhotoQuestion]:
        photo, _ = tools.store.photo(dataset_id, photo_id)
        faces = _faces_to_embed(tools, dataset_id, photo_id, embedded_ids)
        return faces, PhotoQuestion(file, turn=photo.turn, known=tuple(face.detection for face in faces))

    n_done, n_embedded, n_unreadable = len(photo_ids) - len(photo_ids_left), 0, 0
    progress.report(n_done, len(photo_ids), marked("Embedding with the other model"))
    for batch in look_through_stored(tools, dataset_id, photo_ids_left, ask, progress):
        vectors: dict[str, Vectors] = {}
        for faces, answer in batch:
            # The others go on, and their vectors are kept: the refusal comes at the end, with how many it was.
            n_unreadable += bool(answer.faces.objection)
            vectors |= {face.id: again.vector for face, again in zip(faces, answer.faces.faces, strict=False)}
        tools.store.add_vectors(dataset_id, model_id, vectors)
        n_embedded, n_done = n_embedded + len(vectors), n_done + len(batch)
        progress.report(n_done, len(photo_ids), marked("Embedding with the other model"))
    _require_photos(n_unreadable, model_id)
    # Only now, all at once: no page mixes vectors of two models.
    tools.store.use_model(dataset_id, model_id)
    progress.report(len(photo_ids), len(photo_ids), "Done")
    return ModelChange(model_id, len(photo_ids), n_embedded)


def _faces_to_embed(tools: Ingestor, dataset_id: str, photo_id: str, embedded_ids: Collection[str]) -> list[Face]:
    return [face for face in tools.store.every_face(dataset_id, photo_id) if face.id not in embedded_ids]


def _require_photos(missing: int, model_id: str) -> None:
    if missing:
        photos = marked("1 photo is") if missing == 1 else marked("{number} photos are").format(number=missing)
        raise InputRefused(
            marked(
                "{photos} missing from the data folder or damaged, so the faces cannot be embedded with "
                "'{model}'. The dataset stays with the model that it has."
            ).format(photos=photos, model=model_id)
        )
