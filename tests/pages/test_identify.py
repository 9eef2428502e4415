"""The identify page: nothing learned yet, a known face, a stranger, no face, a file that is no photo."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from core.ui import words
from tests.pages.conftest import texts

IDENTIFY = "pages/identify/photo.py"


def ask(app, content: bytes, name: str = "photo.jpg"):
    app.get("file_uploader")[0].upload(name, content, "image/jpeg").run()
    assert not app.exception
    return app


def test_without_a_run_the_page_leads_to_training(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    assert "Nothing has been learned" in texts(open_page(IDENTIFY))


def test_a_known_face_gets_its_name_with_evidence(trained, open_page, sample_files):
    name = next(name for name in sample_files if name.startswith("val/madonna/"))
    app = ask(open_page(IDENTIFY), sample_files[name])
    assert "1. madonna" in texts(app)
    assert "Most like these training photos" in texts(app)


def test_asking_for_fewer_named_strangers_turns_a_name_into_unknown(trained, open_page, sample_files, sample_images):
    (run,) = trained.runs.runs(trained.store.datasets()[0].id)
    identifier = trained.identifier(run)
    usual, strict = identifier.threshold(), identifier.threshold(0.001)
    name, person = next(
        (name, face.candidates[0].person)
        for name, image in sample_images.items()
        for face in identifier.identify(image)[:1]
        if usual.score < face.score <= strict.score
    )
    app = ask(open_page(IDENTIFY), sample_files[name])
    assert f"1. {words.person(person)}" in texts(app)
    app.select_slider[0].set_value(0.001).run()
    said = texts(app)
    assert "too little to be sure of 0.1 %" in said
    assert "1. Unknown" in said
    assert f"Nearest is {words.person(person)}" in said


def test_a_photo_without_a_face_says_so(trained, open_page):
    buffer = io.BytesIO()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(buffer, "JPEG")
    assert "No face could be found" in texts(ask(open_page(IDENTIFY), buffer.getvalue()))


def test_a_file_that_is_no_photo_is_refused_in_words(trained, open_page):
    app = ask(open_page(IDENTIFY), b"these are not pixels")
    assert app.error
