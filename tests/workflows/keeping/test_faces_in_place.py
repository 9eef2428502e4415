"""What is shown of a photo that is not kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from core.store.artifacts import ArtifactKind
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.keeping.faces_in_place import GREY_LEVEL, draw_faces_in_place, scale_box
from tests import prepared
from tests.conftest import services_on


def test_the_faces_of_a_photo_lie_where_they_were(sample_dir: Path, engine: OpenVinoEngine, tmp_path: Path) -> None:
    services = services_on(prepared.copy(sample_dir, tmp_path / "data"), engine)
    (dataset,) = services.store.datasets()
    photo, faces = services.store.photo(dataset.id, services.store.face_table(dataset.id).photo_ids[0])
    picture, scale = draw_faces_in_place(services.artifacts, dataset.id, photo, faces)
    assert np.allclose(picture.shape[:2], (photo.height_px * scale, photo.width_px * scale), atol=1)
    left, top, right, bottom = map(round, scale_box(faces[0].box, scale).as_tuple())
    assert (picture[max(0, top) : bottom, max(0, left) : right] != GREY_LEVEL).mean() > 0.9
    services.artifacts.delete(dataset.id, ArtifactKind.CROP, faces[0].crop_id)
    picture, _ = draw_faces_in_place(services.artifacts, dataset.id, photo, faces[:1])
    assert (picture == GREY_LEVEL).all(), "a crop that is missing is grey, and no fault"
