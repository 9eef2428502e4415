"""Photos that lie on their side or head: shown though no face is on them, turned, and turned back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from streamlit.testing.v1 import AppTest

from core.imaging.pixels import encode_jpeg, turn_pixels
from core.store.job_model import JobKind, JobOwner, JobState
from core.ui.labels import corrections
from core.vision.detect.mtcnn import Detector
from core.workflows.photos.ingest import IngestTarget, ingest_photos
from core.workflows.photos.requests import IngestRequest
from tests.conftest import write_zip
from tests.pages.conftest import button, corrector_of, texts, work
from tests.waiting import LONGEST_S

REVIEW = "pages/data/review.py"


@pytest.fixture
def lying(app_data, sample_images, tmp_path):
    """A dataset of one photo, taken by a detector that saw nothing on it: it lies on its right side."""
    dataset = app_data.store.create_dataset("Family", "facenet-128")
    image = next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))
    archive = write_zip(tmp_path / "one.zip", {"ann/one.jpg": encode_jpeg(turn_pixels(image, 1), 95)})
    params = IngestRequest(str(archive), archive.name).to_json()
    job = app_data.jobs.submit(dataset.id, JobKind.INGEST, params, JobOwner.COMMAND_LINE)
    tools = app_data.ingestor(dataset.id)
    tools = replace(tools, pipeline=replace(tools.pipeline, detector=Blind(app_data.engine)))
    with app_data.open_source(archive) as source:
        ingest_photos(tools, source, IngestTarget(dataset.id, job.id))
    return dataset


class Blind(Detector):
    """A detector that sees no face at all."""

    def detect(self, images):
        return [[] for _ in images]


def test_photos_without_a_face_are_shown_even_where_there_is_no_face_at_all(lying, open_page):
    app = open_page(REVIEW)
    (chips,) = app.get("button_group")
    assert [option.content for option in chips.proto.options] == ["All 0", "Photos without a face 1"]
    assert button(app, "Turn left").disabled
    assert "0 of 1 photo chosen" in texts(app)


def test_a_photo_that_is_turned_shows_its_face_and_undo_takes_it_back(app_data, lying, open_page):
    (photo,) = app_data.store.photos_without_face(lying.id)
    app = open_page(REVIEW)
    app.session_state["sitting"] = "this one"
    corrector_of(app_data, lying).turn([photo.id], -1)
    app_data.look_at_turned(lying.id)
    app.run()
    assert "Turned a photo." in texts(app)
    assert app_data.store.photos_without_face(lying.id) == []
    button(app, "Undo").click().run()
    assert not app.exception
    assert [each.turn for each in app_data.store.photos_without_face(lying.id)] == [0]
    button(app, "Redo").click().run()
    assert not app.exception
    assert app_data.store.photos_without_face(lying.id) == []
    (face,) = app_data.store.photo(lying.id, photo.id)[1]
    assert face.person == "ann"


def test_turning_many_photos_back_is_a_job(app_data, lying, open_page, monkeypatch):
    monkeypatch.setattr(corrections, "MOST_TURNED_AT_ONCE", 0)
    (photo,) = app_data.store.photos_without_face(lying.id)
    app = open_page(REVIEW)
    app.session_state["sitting"] = "this one"
    corrector_of(app_data, lying).turn([photo.id], -1)
    app_data.look_at_turned(lying.id)
    app.run()
    button(app, "Undo").click().run()
    assert not app.exception
    assert app_data.store.photos_to_look_at(lying.id) == [photo.id]
    assert [job.error for job in work(app_data)] == [""]
    assert app_data.store.photos_to_look_at(lying.id) == []
    assert [each.turn for each in app_data.store.photos_without_face(lying.id)] == [0]


def test_the_report_leads_to_the_photos_without_a_face(app_data, lying, open_page):
    job = app_data.jobs.jobs(lying.id)[0]
    app_data.jobs.finish(job.id, JobState.DONE)
    (link,) = [link.proto for link in open_page("pages/data/ingest.py").get("page_link") if "face" in link.proto.label]
    assert link.label == "1 photo without a face"
    assert "show=Photos+without+a+face" in link.query_string


def test_an_open_photo_is_turned_and_stays_open(app_data, lying):
    (photo,) = app_data.store.photos_without_face(lying.id)

    def page(dataset_id: str, photo_id: str) -> None:
        import streamlit as st

        from core.ui import data, state
        from core.ui.labels import corrections, face_sheet

        st.session_state[state.DRAWN_EPOCH] = st.session_state.get("drawn", corrections.current_epoch())
        face_sheet.open_photo(data.services().store.dataset(dataset_id), photo_id, {})

    app = AppTest.from_function(page, default_timeout=LONGEST_S, args=(lying.id, photo.id)).run()
    assert not app.exception and "No face was found on it." in texts(app)
    button(app, "Turn left").click().run()
    assert not app.exception
    assert "Choose a face to name or dismiss it." in texts(app)
    assert app_data.store.photo(lying.id, photo.id)[0].turn == 3
