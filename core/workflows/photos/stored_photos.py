"""The photos of a dataset, read from its data folder and looked through once more: here, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from core.archives.source import PhotoEntry
from core.base.errors import ImageRefused, NotFound
from core.base.progress import Progress
from core.store.artifacts import ArtifactKind, Artifacts
from core.workflows.photos.face_finding import AnsweredPhoto, PhotoQuestion, refuse_photo
from core.workflows.photos.ingestor import Ingestor
from core.workflows.photos.photo_reader import PhotoReader, ReadPhoto

Key = TypeVar("Key")
Ask = Callable[[str, ReadPhoto], tuple[Key, PhotoQuestion]]
"""What is asked about a photo, by its id and its file, and what the caller knows the question by."""

PHOTOS_LISTED = 1000
"""So many are listed at once: a dataset may have millions."""


@dataclass(frozen=True)
class _StoredFiles:
    """Photos by their ids, which are the names of their entries."""

    artifacts: Artifacts
    dataset_id: str

    def read(self, entry: PhotoEntry) -> bytes:
        """A photo's file. Raises ImageRefused when it is gone."""
        try:
            return self.artifacts.read(self.dataset_id, ArtifactKind.PHOTO, entry.name)
        except NotFound as gone:
            raise ImageRefused(str(gone)) from gone


def look_through_stored(
    tools: Ingestor,
    dataset_id: str,
    photo_ids: Sequence[str],
    ask: Ask[Key],
    progress: Progress,
    *,
    portraits: bool = False,
) -> Iterator[list[tuple[Key, AnsweredPhoto]]]:
    """The answers for photos of a dataset in their order, batch for batch; decoded as for an ingest.

    Parameters
    ----------
    ask : called when the file was read; also for one that is gone or damaged, whose answer is an objection
    portraits : as in ``FaceFinder.stream_faces``

    Raises
    ------
    Cancelled
        Before a batch.
    """
    pipeline, finder = tools.pipeline, tools.open_finder(tools.pipeline)
    reader = PhotoReader(
        source=_StoredFiles(tools.artifacts, dataset_id),
        known=frozenset(),
        limits=pipeline.limits,
        pace=finder.fit_pace(tools.pace.with_at_least(pipeline.photos_at_once)),
        enough_px=pipeline.enough_px,
        decodes=not finder.decodes,
        batches_in_hand=finder.batches_in_hand,
    )
    files = (
        [(photo, *ask(photo.entry.name, photo)) for photo in batch]
        for start in range(0, len(photo_ids), PHOTOS_LISTED)
        for batch in reader.batches(_list_entries(tools, dataset_id, photo_ids[start : start + PHOTOS_LISTED]))
    )
    questions = ((batch, [question for photo, _, question in batch if not photo.objection]) for batch in files)
    for batch, answers in finder.stream_faces(questions, pipeline.enough_px, progress, portraits=portraits):
        answered = iter(answers)
        yield [
            (key, refuse_photo(photo, photo.objection) if photo.objection else next(answered))
            for photo, key, _ in batch
        ]


def _list_entries(tools: Ingestor, dataset_id: str, photo_ids: Sequence[str]) -> list[PhotoEntry]:
    photos = (tools.store.photo(dataset_id, photo_id)[0] for photo_id in photo_ids)
    return [
        PhotoEntry(index=index, name=photo.id, person=None, split=None, size_bytes=photo.size_bytes)
        for index, photo in enumerate(photos)
    ]
