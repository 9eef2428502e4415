"""A dataset's faces embedded with another model, with the real networks on a few photos of the sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from core.base.errors import Cancelled, InputRefused
from core.base.progress import CancelToken, Progress
from core.vision.embed.embedder import Embedder
from core.vision.engine.base import Engine
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.catalogue import find_embedding_model
from core.workflows.photos.ingestor import Ingestor
from core.workflows.photos.model_change import change_model
from tests.conftest import MODEL_ID
from tests.workflows.photos.conftest import OTHER_MODEL, Album, Twice, vector, with_pace, with_parts


@pytest.fixture
def other_model(album: Album, engine: OpenVinoEngine) -> Ingestor:
    """The album's tools with a second model: the same network on larger crops."""
    twice: Engine = Twice(engine)
    return with_parts(album.tools, embedder=Embedder(twice, replace(find_embedding_model(OTHER_MODEL), margin=0.4)))


def test_a_change_of_model_changes_the_vectors_and_nothing_else(
    album: Album, other_model: Ingestor, single: Sequence[bytes]
) -> None:
    album.take({"train/ann/1.jpg": single[0], "val/bob/2.jpg": single[1], "3.jpg": single[2]})
    album.by.move([album.face("3.jpg").id], "zoe")
    event = album.by.dismiss([album.face("val/bob/2.jpg").id])
    store = album.services.store
    labels, before = album.labels(), store.embeddings(album.dataset_id)
    events = album.services.log.events(album.dataset_id)
    came = change_model(other_model, album.dataset_id)
    assert (came.model, came.photos, came.faces) == (OTHER_MODEL, 3, 3)
    after = store.embeddings(album.dataset_id)
    assert (after.model_id, after.face_ids) == (OTHER_MODEL, before.face_ids)
    assert (np.einsum("ij,ij->i", before.vectors, after.vectors) < 0.999).all()
    assert album.labels() == labels
    assert album.services.log.events(album.dataset_id) == events
    album.by.undo(event.id)
    assert len(store.embeddings(album.dataset_id)) == 3
    assert change_model(other_model, album.dataset_id).faces == 0


def test_a_change_of_model_goes_on_where_it_stopped(
    album: Album, other_model: Ingestor, single: Sequence[bytes]
) -> None:
    album.take({f"ann/{number}.jpg": single[number] for number in range(5)})
    token = CancelToken()

    def stop_after_two(done: int, total: int, message: str) -> None:
        if done == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        change_model(with_pace(other_model, 2), album.dataset_id, Progress(stop_after_two, token))
    store = album.services.store
    assert len(store.vector_ids(album.dataset_id, OTHER_MODEL)) == 2
    assert (store.embeddings(album.dataset_id).model_id, len(store.embeddings(album.dataset_id))) == (MODEL_ID, 5)
    assert change_model(other_model, album.dataset_id).faces == 3
    assert (store.embeddings(album.dataset_id).model_id, len(store.embeddings(album.dataset_id))) == (OTHER_MODEL, 5)
    assert store.vector_ids(album.dataset_id, MODEL_ID) == set()


@pytest.mark.parametrize("damage", ["gone", "damaged"])
def test_a_change_of_model_is_refused_when_a_photo_cannot_be_read(
    album: Album, other_model: Ingestor, single: Sequence[bytes], damage: str
) -> None:
    album.take({"ann/1.jpg": single[0], "bob/2.jpg": single[1]})
    before = album.services.store.embeddings(album.dataset_id)
    if damage == "gone":
        album.file("ann/1.jpg").unlink()
    else:
        album.file("ann/1.jpg").write_bytes(b"no photo")
    with pytest.raises(InputRefused, match="1 photo is missing"):
        change_model(other_model, album.dataset_id)
    after = album.services.store.embeddings(album.dataset_id)
    assert after.model_id == MODEL_ID
    np.testing.assert_array_equal(after.vectors, before.vectors)


def test_another_model_sees_turned_photos_upright(album: Album, lying: dict[str, bytes]) -> None:
    album.take(lying)
    known = {name: vector(album, name) for name in lying}
    tools = with_parts(album.tools, embedder=Embedder(Twice(album.services.engine), find_embedding_model(OTHER_MODEL)))
    change_model(tools, album.dataset_id)
    for name, before in known.items():
        assert vector(album, name) @ before > 0.98, name
