"""What runs on the nodes of a cluster: photos as files in, their faces out, a batch after another."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from core.archives.source import CHANGED, PhotoEntry
from core.base.machine import choose_pace
from core.base.privacy import restrict_new_files
from core.base.settings import Settings
from core.cluster.holding import read_held
from core.cluster.versions import Versions, read_versions
from core.vision.pipeline import FacePipeline
from core.workflows.photos.face_finding import AnsweredPhoto, KeepFiles, PhotoQuestion, find_faces, refuse_photo
from core.workflows.photos.photo_reader import PhotoReader, ReadPhoto

Item = TypeVar("Item")
Answer = TypeVar("Answer")

LoadPipeline = Callable[[Settings, str], FacePipeline]
"""``services.load_pipeline``: the networks of a model, by settings."""
Work = Callable[[FacePipeline, int, Sequence[Item]], list[Answer]]
"""What is done with a batch: by the pipeline, on so many threads; an answer for each item."""

_NO_PIXELS = np.empty((0, 0, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class NodeOrder:
    """What a worker is started with."""

    load: LoadPipeline
    settings: Settings
    """Of the machine that asks; where a node has a data folder of its own, the networks are read there."""
    model_id: str
    network_ids: tuple[str, ...]
    """Whose networks must be the same here and there."""
    threads: int

    def settings_here(self) -> Settings:
        """The settings on the node that asks for them."""
        data_dir = Path(os.environ.get("FACE_ATLAS_DATA", self.settings.data_dir)).resolve()
        return replace(self.settings, data_dir=data_dir, threads=self.threads)


@dataclass(frozen=True, slots=True)
class NodeDescription:
    """A node as its worker sees it."""

    name: str
    versions: Versions


class NodeWorker:
    """An actor: an engine of its own on some processors of a node, or on a graphics card."""

    def __init__(self, order: NodeOrder) -> None:
        self._order = order
        self._settings = order.settings_here()
        restrict_new_files()
        # As many as it asked the cluster for: beside it run others.
        cv2.setNumThreads(order.threads)
        self._lock = threading.Lock()
        self._pipeline: FacePipeline | None = None

    def describe(self) -> NodeDescription:
        """What is installed here; the networks are not loaded for it."""
        versions = read_versions(self._settings, self._order.network_ids)
        return NodeDescription(platform.node(), versions)

    def work(self, function: Work[Item, Answer], items: Sequence[Item]) -> list[Answer]:
        """Do a batch. Called from several threads, so that one batch is decoded while another is looked through.

        Raises ModelUnavailable, EngineUnavailable.
        """
        with self._lock:
            if self._pipeline is None:
                self._pipeline = self._order.load(self._settings, self._order.model_id)
        return function(self._pipeline, self._order.threads, items)


# what is done there


@dataclass(frozen=True, slots=True)
class FaceWork:
    """Finding the faces of photos that come as files, or that nodes hold; a ``Work``."""

    enough_px: int | None
    portraits: bool
    keep: KeepFiles | None = None
    """Writes those that nodes hold, before they are answered: their bytes go nowhere else."""

    def __call__(self, pipeline: FacePipeline, threads: int, questions: Sequence[PhotoQuestion]) -> list[AnsweredPhoto]:
        """The answers, without what only this node needed."""
        files = _Files({question.photo.entry.index: question.photo for question in questions})
        reader = PhotoReader(
            source=files,
            known=frozenset(),
            limits=pipeline.limits,
            # In one batch, as it came; only photos that this node has no memory for at once are looked at in several.
            pace=replace(choose_pace(threads), photos_at_once=len(questions), smallest_batch=len(questions)),
            enough_px=self.enough_px,
        )
        answers: dict[int, AnsweredPhoto] = {}
        question_of = {question.photo.entry.index: question for question in questions}
        for batch in reader.batches([question.photo.entry for question in questions]):
            answers |= self._look_through(pipeline, [(question_of[photo.entry.index], photo) for photo in batch])
        return [self._lighten(answers[question.photo.entry.index]) for question in questions]

    def _look_through(
        self, pipeline: FacePipeline, batch: Sequence[tuple[PhotoQuestion, ReadPhoto]]
    ) -> dict[int, AnsweredPhoto]:
        """The answers for photos that were read, by their positions."""
        answers = {
            photo.entry.index: refuse_photo(photo, reason)
            for question, photo in batch
            if (reason := photo.objection or _objection_to_change(question.photo, photo))
        }
        readable = [(question, photo) for question, photo in batch if photo.entry.index not in answers]
        photo_faces = find_faces(
            pipeline, [replace(question, photo=photo) for question, photo in readable], portraits=self.portraits
        )
        if self.keep is not None:
            self.keep(
                [
                    (photo.photo_id, photo.data)
                    for (question, photo), answer in zip(readable, photo_faces, strict=True)
                    if question.photo.held is not None and not answer.faces.objection
                ]
            )
        return answers | {photo.entry.index: answer for (_, photo), answer in zip(readable, photo_faces, strict=True)}

    def _lighten(self, answer: AnsweredPhoto) -> AnsweredPhoto:
        """Without pixels that nobody asks for: they would be most of what goes over the network."""
        faces = answer.faces.faces
        if self.portraits:
            faces = tuple(replace(face, crop=_NO_PIXELS) for face in faces)
        picture = replace(answer.faces.picture, pixels=_NO_PIXELS)
        return replace(answer, faces=replace(answer.faces, picture=picture, faces=faces))


def _objection_to_change(asked: ReadPhoto, photo: ReadPhoto) -> str:
    """Where the node that held it was lost and it had to be read again."""
    return CHANGED if photo.photo_id != asked.photo_id else ""


@dataclass(frozen=True, slots=True)
class _Files:
    """Photos that came along, or that nodes hold, by their positions."""

    photos: dict[int, ReadPhoto]

    def read(self, entry: PhotoEntry) -> bytes:
        """Its bytes. Raises ImageRefused for one that had to be read again and has changed."""
        photo = self.photos[entry.index]
        return photo.data if photo.held is None else read_held(photo.held)
