"""Keeping no photos by page: chosen for a new dataset, deleted of another, and what pages show from then on."""

from __future__ import annotations

import numpy as np
from streamlit.testing.v1 import AppTest

from core.jobs.registry import submit_job
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobState
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.keeping.discard_photos import DiscardRequest
from core.workflows.keeping.faces_in_place import GREY_LEVEL, draw_faces_in_place, scale_box
from tests.pages.conftest import button, texts, work
from tests.waiting import LONGEST_S

HOME, EXCHANGE, PRIVACY = "pages/home/datasets.py", "pages/data/exchange.py", "pages/system/privacy.py"


def open_whole_photo(dataset_id: str, photo_id: str) -> AppTest:
    def script(dataset_id: str, photo_id: str) -> None:
        import streamlit as st

        from core.ui import data, state
        from core.ui.labels import corrections
        from core.ui.labels.face_sheet import open_photo

        st.session_state[state.DRAWN_EPOCH] = corrections.current_epoch()
        open_photo(data.services().store.dataset(dataset_id), photo_id, {})

    app = AppTest.from_function(script, args=(dataset_id, photo_id), default_timeout=LONGEST_S).run()
    assert not app.exception, app.exception
    return app


def test_photos_are_deleted_by_page_and_pages_show_faces_instead(trained, open_page):
    (dataset,) = trained.store.datasets()
    app = open_page(HOME)
    button(app, "Keep no photos").click().run()
    assert "to see a whole photo (its faces are shown where they were)" in texts(app)
    assert "This cannot be undone." in texts(app) and trained.store.dataset(dataset.id).keeps_photos
    assert button(app, "Delete the photos")  # AppTest cannot press buttons of a dialog
    submit_job(trained.jobs, dataset.id, DiscardRequest("this computer"))
    assert [job.state for job in work(trained)] == [JobState.DONE]
    assert trained.artifacts.ids(dataset.id, ArtifactKind.PHOTO) == []
    app = open_page(HOME)
    assert "118 photos (not kept)" in texts(app) and "This dataset keeps no photos." in texts(app)
    assert button(app, "Look for faces again").disabled
    assert "The photos of a dataset, deleted on" in texts(open_page(PRIVACY))
    app = open_page(EXCHANGE, dataset=dataset.id)
    assert "Photos" not in app.radio[0].options and "Faces" in app.radio[0].options
    app = open_whole_photo(dataset.id, trained.store.face_table(dataset.id).photo_ids[0])
    assert "these are its faces, each where it was" in texts(app) and not app.error
    assert "Turn left" not in [found.label for found in app.button]


def test_the_faces_of_a_photo_lie_where_they_were(trained):
    (dataset,) = trained.store.datasets()
    photo, faces = trained.store.photo(dataset.id, trained.store.face_table(dataset.id).photo_ids[0])
    picture, scale = draw_faces_in_place(trained.artifacts, dataset.id, photo, faces)
    assert np.allclose(picture.shape[:2], (photo.height_px * scale, photo.width_px * scale), atol=1)
    left, top, right, bottom = map(round, scale_box(faces[0].box, scale).as_tuple())
    assert (picture[max(0, top) : bottom, max(0, left) : right] != GREY_LEVEL).mean() > 0.9
    trained.artifacts.delete(dataset.id, ArtifactKind.CROP, faces[0].crop_id)
    picture, _ = draw_faces_in_place(trained.artifacts, dataset.id, photo, faces[:1])
    assert (picture == GREY_LEVEL).all(), "a crop that is missing is grey, and no fault"


def test_it_is_chosen_where_photos_come_in(app_data):
    def script(dataset_id: str) -> None:
        from core.ui import data
        from core.ui.keeping import photo_choice

        photo_choice.offer_choice(data.services().store.dataset(dataset_id))
        photo_choice.show_that_none_are_kept(data.services().store.dataset(dataset_id))

    dataset = app_data.store.create_dataset("Family", DEFAULT_VECTORS_ID)
    app = AppTest.from_function(script, args=(dataset.id,), default_timeout=LONGEST_S).run()
    (toggle,) = app.toggle
    assert toggle.value and not app.caption
    toggle.set_value(False).run()
    assert not app.exception and not app_data.store.dataset(dataset.id).keeps_photos
    assert "Recognising, correcting, learning, maps and all other exports work as before." in texts(app)
    assert "what you drop is deleted as soon as its faces were found" in texts(app)
    app.toggle[0].set_value(True).run()
    assert app_data.store.dataset(dataset.id).keeps_photos
