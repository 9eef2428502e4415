"""The main face of each photo of a zip or folder: what lists of pairs, and strangers, are measured by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.archives.source import PhotoEntry, PhotoSource
from core.base.machine import Pace
from core.base.progress import Progress
from core.base.types import Refusal, Vectors
from core.vision.pipeline import NO_FACE, FacePipeline, choose_main_face
from core.workflows.photos.face_finding import FaceFinder, PhotoQuestion
from core.workflows.photos.photo_reader import PhotoReader, ReadPhoto

PHOTOS_AT_ONCE = 16
"""On every machine, as far as its memory goes: a vector may differ in its third decimal with what is in its batch."""


@dataclass(frozen=True)
class MainFaceTools:
    """What turns the photos of a source into vectors."""

    pipeline: FacePipeline
    open_finder: Callable[[FacePipeline], FaceFinder]
    """Of ``pipeline``'s vectors."""
    pace: Pace


@dataclass(frozen=True, slots=True, eq=False)
class MainFaces:
    """The largest and most central face of each photo that shows one."""

    entries: tuple[PhotoEntry, ...]
    vectors: Vectors
    """(n_entries, dimension) float32, unit length"""
    refused: tuple[Refusal, ...]
    """Photos that cannot be read, or show no face."""


def embed_main_faces(
    tools: MainFaceTools,
    source: PhotoSource,
    entries: Sequence[PhotoEntry],
    message: str,
    progress: Progress,
) -> MainFaces:
    """Embed the main face of each of these photos, decoded whole; ``message`` is what is reported.

    Raises
    ------
    Cancelled
        Between two batches.
    """
    pipeline = tools.pipeline
    # As many on every machine: figures of a list of pairs are to be the same figures.
    finder = tools.open_finder(tools.pipeline)
    pace = finder.fit_pace(replace(tools.pace, photos_at_once=PHOTOS_AT_ONCE))
    reader = PhotoReader(
        source=source,
        known=frozenset(),
        limits=pipeline.limits,
        pace=pace,
        enough_px=None,
        decodes=not finder.decodes,
        batches_in_hand=finder.batches_in_hand,
    )
    shown, refused, n_done = [], list[Refusal](), 0
    # An empty block, so that no face at all still gives a matrix of the right width.
    vectors = [np.empty((0, pipeline.model.dimension), np.float32)]
    progress.report(n_done, len(entries), message)
    questions = ((batch, _ask(batch)) for batch in reader.batches(entries))
    for batch, answers in finder.stream_faces(questions, None, progress):
        refused += [Refusal(photo.entry.name, photo.objection) for photo in batch if photo.objection]
        for question, answer in zip(_ask(batch), answers, strict=True):
            entry, faces = question.photo.entry, answer.faces
            if faces.faces:
                shown.append(entry)
                vectors.append(faces.faces[0].vector[None])
            else:
                refused.append(Refusal(entry.name, faces.objection or NO_FACE))
        n_done += len(batch)
        progress.report(n_done, len(entries), message)
    return MainFaces(tuple(shown), np.concatenate(vectors), tuple(refused))


def _ask(batch: Sequence[ReadPhoto]) -> list[PhotoQuestion]:
    return [PhotoQuestion(photo, choose_main_face, mirrored=True) for photo in batch if not photo.objection]
