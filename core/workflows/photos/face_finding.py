"""Who finds the faces on the photos of an archive: this process, or the nodes of a cluster. One port for both.

A batch is looked through whole and by one process, as the reader forms it: the last digits of a vector depend on what
shares its batch, and a dataset is to be the same whoever found its faces.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np

from core.archives.source import ReachableFile
from core.base.errors import Cancelled
from core.base.machine import Pace
from core.base.progress import Progress
from core.base.types import Detection
from core.imaging.decoding import DecodedPicture
from core.imaging.pixels import perceptual_hash
from core.language.texts import marked
from core.vision.pipeline import ChooseFaces, DecodedPhoto, FacePipeline, PhotoFaces, choose_every_face
from core.workflows.photos.photo_reader import HeldFile, ReadPhoto

Batch = TypeVar("Batch")
KeepFiles = Callable[[Sequence[tuple[str, bytes]]], None]
"""Writes photos by their ids where they are kept; can be sent to other machines."""

NO_PICTURE = DecodedPicture.whole(np.empty((0, 0, 3), np.uint8))
"""Of a photo that nobody could look through."""
REFUSED_BEFORE = marked("The same photo was refused a moment ago.")


@dataclass(frozen=True, slots=True, eq=False)
class PhotoQuestion:
    """A photo whose faces are to be found."""

    photo: ReadPhoto
    """With its picture where the finder does not decode; its bytes in any case."""
    choose: ChooseFaces = choose_every_face
    """A function that other processes can be sent: of a module, or a ``partial`` of one over plain values."""
    mirrored: bool = False
    """Whether the mirror image of every face is looked at too."""
    turn: int = 0
    """Quarters clockwise by which it is turned after what its EXIF says, before it is looked at."""
    may_turn: bool = True
    """Whether it is looked at turned further where it seems to lie on its side or head."""
    known: tuple[Detection, ...] | None = None
    """Its faces as it is turned, where they are known: none are looked for then, and all are answered in this order."""


@dataclass(frozen=True, slots=True, eq=False)
class AnsweredPhoto:
    """What is known of a photo after its faces were looked for."""

    faces: PhotoFaces
    """With an ``objection`` where the photo could not be decoded, or nobody could look through it."""
    perceptual_hash: int = 0
    """Of the picture as it is turned upright."""
    taken: float | None = None
    """Seconds since 1970 by the camera's clock, where it says so."""


class FaceFinder(Protocol):
    """Finds the faces of batches of photos."""

    @property
    def decodes(self) -> bool:
        """Whether it decodes photos where it looks at them; else they come with their pictures."""

    @property
    def batches_in_hand(self) -> int:
        """How many it holds at the same time, as far as whoever reads them has to leave room for it."""

    def fit_pace(self, pace: Pace) -> Pace:
        """How much should be read at once for it, where this machine alone would have ``pace``.

        Raises ClusterUnavailable.
        """

    def hold_files(self, keep: KeepFiles) -> Callable[[ReachableFile], HeldFile | None] | None:
        """Let files be read where faces are looked for, which keeps those that it could look through by ``keep``.

        Returns
        -------
        What has a file read and held there while ``stream_faces`` runs; None where this process is to read them.
        """

    def stream_faces(
        self,
        batches: Iterable[tuple[Batch, Sequence[PhotoQuestion]]],
        enough_px: int | None,
        progress: Progress,
        *,
        portraits: bool = False,
    ) -> Iterator[tuple[Batch, list[AnsweredPhoto]]]:
        """The chosen faces of every photo, turned upright where it lies, batch for batch in their order.

        Parameters
        ----------
        batches : what the caller knows each batch by, and its photos; asked for as there is room, which may be several
            batches before the first answer
        enough_px : longer side at which photos are decoded where that is left to the finder, see ``PhotoReader``
        progress : whether to go on is asked before each batch is taken up, and where answers are waited for
        portraits : whether pictures for people are cut too; ``crop`` of a face may be empty then

        Raises
        ------
        Cancelled
            It is to stop. What was answered before stands.
        ClusterUnavailable
            Those that looked are gone. What was answered before stands.
        """


@dataclass(frozen=True)
class LocalFinder:
    """Finds faces in this process, on as many batches at a time as the engine computes side by side."""

    pipeline: FacePipeline
    decodes: bool = False

    @property
    def batches_in_hand(self) -> int:
        """One more than are computed at a time: what is done in Python keeps no processor idle."""
        streams = self._pipeline.streams
        return streams + 1 if streams > 1 else 1

    @cached_property
    def _pipeline(self) -> FacePipeline:
        return self.pipeline.side_by_side

    def fit_pace(self, pace: Pace) -> Pace:
        """The same."""
        return pace

    def hold_files(self, keep: KeepFiles) -> None:
        """Not here."""

    def stream_faces(
        self,
        batches: Iterable[tuple[Batch, Sequence[PhotoQuestion]]],
        enough_px: int | None,
        progress: Progress,
        *,
        portraits: bool = False,
    ) -> Iterator[tuple[Batch, list[AnsweredPhoto]]]:
        """See ``FaceFinder``; what is in hand when it is to stop is answered first."""
        in_hand = deque[tuple[Batch, Future[list[AnsweredPhoto]]]]()
        with ThreadPoolExecutor(self.batches_in_hand, thread_name_prefix="faces") as pool:
            try:
                for batch, questions in progress.until_cancelled(batches):
                    in_hand.append((batch, pool.submit(find_faces, self._pipeline, questions, portraits=portraits)))
                    if len(in_hand) == self.batches_in_hand:
                        yield _take_oldest(in_hand)
            except Cancelled:
                while in_hand:
                    yield _take_oldest(in_hand)
                raise
            while in_hand:
                yield _take_oldest(in_hand)


def _take_oldest(
    in_hand: deque[tuple[Batch, Future[list[AnsweredPhoto]]]],
) -> tuple[Batch, list[AnsweredPhoto]]:
    batch, answers = in_hand.popleft()
    return batch, answers.result()


def find_faces(
    pipeline: FacePipeline, questions: Sequence[PhotoQuestion], *, portraits: bool = False
) -> list[AnsweredPhoto]:
    """Answer for photos that are decoded, as one batch; one without a picture is not looked at."""
    decoded = [_decoded(question) for question in questions]
    answers = iter(pipeline.find_faces([photo for photo in decoded if photo is not None], portraits=portraits))
    return [
        _describe(question.photo, next(answers))
        if photo is not None
        else refuse_photo(question.photo, question.photo.objection or REFUSED_BEFORE)
        for question, photo in zip(questions, decoded, strict=True)
    ]


def refuse_photo(photo: ReadPhoto, objection: str) -> AnsweredPhoto:
    """The answer for a photo that nobody can look through."""
    return AnsweredPhoto(PhotoFaces(photo.photo_id, NO_PICTURE, objection=objection))


def _decoded(question: PhotoQuestion) -> DecodedPhoto | None:
    photo = question.photo
    if photo.picture is None:
        return None
    return DecodedPhoto(
        picture=photo.picture.turned(question.turn),
        content=photo.data,
        photo_id=photo.photo_id,
        choose=question.choose,
        mirrored=question.mirrored,
        may_turn=question.may_turn,
        known=question.known,
    )


def _describe(photo: ReadPhoto, faces: PhotoFaces) -> AnsweredPhoto:
    picture = faces.picture
    # The reader's hash is of the picture as it is stored: of a turned photo duplicates would not be met.
    hash_upright = perceptual_hash(picture.pixels) if picture.turn else photo.perceptual_hash
    return AnsweredPhoto(faces, hash_upright, photo.taken)
