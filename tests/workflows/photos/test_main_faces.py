"""The main face of each photo of a source: in whichever batches they come, no photo without a word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.archives.opening import open_source
from core.base.errors import Cancelled
from core.base.progress import CancelToken, Progress
from core.base.settings import ArchiveLimits
from core.services import Services
from core.workflows.photos.main_faces import MainFaces, MainFaceTools, embed_main_faces
from tests.conftest import MODEL_ID, write_zip


@pytest.fixture
def archive(sample_files: Mapping[str, bytes], tmp_path: Path) -> Path:
    photos = list(sample_files.values())[:20]
    files = {f"{number:02}.jpg": content for number, content in enumerate(photos)}
    return write_zip(tmp_path / "a.zip", {**files, "20.jpg": b"no photo"})


def embed(tools: MainFaceTools, archive: Path, token: CancelToken | None = None) -> tuple[MainFaces, list[int]]:
    done: list[int] = []
    progress = Progress(lambda n_done, total, message: done.append(n_done), token or CancelToken())
    with open_source(archive, ArchiveLimits()) as source:
        return embed_main_faces(tools, source, source.entries, "Looking", progress), done


def test_with_little_memory_photos_come_one_by_one_and_say_the_same(services: Services, archive: Path) -> None:
    tools = services.main_face_tools(MODEL_ID)
    together, done = embed(tools, archive)
    alone, done_alone = embed(replace(tools, pace=replace(tools.pace, bytes_in_flight=1)), archive)
    # Empty batches come between those of one photo, which must be done with before the next is read.
    assert (done, sorted(set(done_alone))) == ([0, 7, 12, 16, 20, 21], list(range(22)))
    # bfloat16 and what else is in a batch round differently
    assert (np.einsum("ij,ij->i", together.vectors, alone.vectors) > 0.999).all()
    assert [entry.name for entry in together.entries] == [entry.name for entry in alone.entries]
    assert together.refused == alone.refused


def test_every_photo_has_a_face_or_a_reason(services: Services, archive: Path) -> None:
    faces, _ = embed(services.main_face_tools(MODEL_ID), archive)
    assert [refusal.name for refusal in faces.refused] == ["20.jpg"]
    assert [entry.name for entry in faces.entries] == [f"{number:02}.jpg" for number in range(20)]
    np.testing.assert_allclose(np.linalg.norm(faces.vectors, axis=1), 1, atol=1e-5)


def test_it_stops_between_two_batches(services: Services, archive: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        embed(services.main_face_tools(MODEL_ID), archive, token)
