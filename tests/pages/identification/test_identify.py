"""The identify page: nothing learned yet, a known face, a stranger, no face, a file that is no photo."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import numpy as np
from PIL import Image

from core.corrections.model import Editor
from core.imaging.pixels import encode_jpeg
from core.learn.open_set.rejection_rule import Threshold
from core.store.job_model import JobKind
from core.ui import state, words
from core.ui.identification import face_answer, photo_answer, photo_input
from core.vision.pipeline import DecodedPhoto
from core.workflows.identification.identify import Candidate, nearest_candidate
from core.workflows.identification.lookups import kept_lookups
from core.workflows.labels.correct import Corrector
from tests.pages.conftest import button, corrector_of, open_explanations, texts, work

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
    said = texts(app)
    assert "1. madonna" in said
    assert "1 face: 1 named, 0 unknown" in said
    assert "the photos of madonna that are most like it" in said
    assert "This photo is in the dataset as one of madonna; it was not learned from: a fair test" in said
    (certainty,) = [html.proto.body for html in app.get("html") if "fa-certainty" in html.proto.body]
    assert "Sure: likeness" in certainty and "the threshold is" in certainty
    reason = next(line for line in said.splitlines() if "is needed. Next is" in line)
    assert reason.split(" of 100")[0] == certainty.split("likeness ")[1].split(" of 100")[0]
    said = texts(open_explanations(app))
    # How it is computed: first in sentences, then the numbers of this very face.
    agreeing = re.search(r"(\d+) of the 128 numbers point the same way as madonna's", said)
    assert agreeing and f"{agreeing[1]} point the same way in both" in said
    assert "A name needs" in said
    assert "The 128 numbers of each (the embedding)" in said
    numbers = dict(app.table[0].value.to_numpy().tolist())
    assert numbers["Taken for"] == "madonna"
    assert numbers["Nearest face that was learned from"].startswith("of madonna, at distance 0.")
    promise = numbers["What the threshold promises (false-accept rate)"]
    assert promise.startswith("about 1\u00a0% (0\u00a0% to ") and promise.endswith(
        "of strangers get a name; 1\u00a0% was asked for"
    )


def test_asking_for_fewer_named_strangers_turns_a_name_into_unknown(trained, open_page, sample_files, sample_images):
    (run,) = trained.runs.runs(trained.store.datasets()[0].id)
    identifier = trained.identifier(run)
    usual, strict = identifier.threshold(), identifier.threshold(0.001)
    name, person = next(
        (name, face.candidates[0].person)
        for name, image in sample_images.items()
        for face in identifier.identify_photo(DecodedPhoto.whole(image)).faces[:1]
        if usual.score < face.score <= strict.score
    )
    app = ask(open_page(IDENTIFY), sample_files[name])
    assert f"1. {words.display_name(person)}" in texts(app)
    app.select_slider[0].set_value(0.001).run()
    said = texts(app)
    assert "Too few people were there to be sure of it. How good is it? speaks of 1 in 100." in said
    assert "1. Unknown**" in said
    assert f"would be needed. Nearest is {words.display_name(person)}." in said
    assert "With 1 in 500 it would be 1." in said or "With 1 in 100 it would be 1." in said


def test_a_photo_without_a_face_says_so(trained, open_page):
    buffer = io.BytesIO()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(buffer, "JPEG")
    assert "No face could be found" in texts(ask(open_page(IDENTIFY), buffer.getvalue()))


def test_a_face_of_twelve_pixels_is_no_name_and_the_page_says_how_large_it_has_to_be(
    trained, open_page, sample_images, sample_faces
):
    name = next(name for name in sample_images if name.startswith("val/madonna/"))
    scale = 12 / sample_faces[name][0].box.width
    height, width = sample_images[name].shape[:2]
    small = Image.fromarray(sample_images[name]).resize((round(width * scale), round(height * scale)))
    wall = np.full((300, 400, 3), 90, np.uint8)
    wall[100 : 100 + small.height, 100 : 100 + small.width] = np.asarray(small)
    said = texts(ask(open_page(IDENTIFY), encode_jpeg(wall)))
    assert "1. Unknown" in said
    assert "pixels wide: too little to be sure of" in said


def test_a_recogniser_of_other_vectors_is_told_with_what_to_do(trained, open_page, sample_files):
    (dataset,) = trained.store.datasets()
    faces, vectors = trained.store.face_table(dataset.id).face_ids, trained.store.embeddings(dataset.id).vectors
    trained.store.add_vectors(dataset.id, "facenet-128-casia@2", dict(zip(faces, vectors, strict=True)))
    trained.store.use_model(dataset.id, "facenet-128-casia@2")
    app = ask(open_page(IDENTIFY), next(iter(sample_files.values())))
    assert "train again on this dataset" in app.error[0].value
    assert button(app, "Train again")


def test_a_file_that_is_no_photo_is_refused_by_name_and_the_others_are_looked_at(trained, open_page, sample_files):
    madonna = next(content for name, content in sample_files.items() if name.startswith("val/madonna/"))
    app = ask(open_page(IDENTIFY), b"these are not pixels", "notes.jpg")
    assert "notes.jpg" in app.error[0].value
    app = ask(app, madonna)
    assert not app.error
    assert "1. madonna" in texts(app)
    assert "2 photos in this tab" in texts(app)


def test_a_picture_of_too_many_megapixels_is_refused_from_its_header(trained, open_page):
    buffer = io.BytesIO()
    Image.new("1", (12_000, 10_000)).save(buffer, "PNG")
    app = ask(open_page(IDENTIFY), buffer.getvalue(), "wall.png")
    assert "wall.png" in app.error[0].value
    assert "120\u202f000\u202f000 pixels; at most" in app.error[0].value


def test_this_is_teaches_and_is_taken_back(trained, open_page, sample_images):
    (dataset,) = trained.store.datasets()
    before = trained.store.counts(dataset.id).faces
    image = next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))
    app = ask(open_page(IDENTIFY), encode_jpeg(image[:, ::-1].copy()))
    name = next(box for box in app.selectbox if box.label == "This is")
    name.set_value("jerry_seinfeld").run()
    assert not app.exception
    said = texts(app)
    assert "1. jerry seinfeld**, as somebody said" in said
    assert "does not know of that yet" in said
    assert trained.store.counts(dataset.id).faces == before + 1
    button(app, "Undo").click().run()
    assert "1. madonna" in texts(app)
    assert trained.store.counts(dataset.id).faces == before


def test_what_was_corrected_elsewhere_does_not_stand_above_an_answer(trained, open_page, sample_images):
    (dataset,) = trained.store.datasets()
    madonna, elton = (
        encode_jpeg(image[:, ::-1].copy())
        for person in ("madonna", "elton_john")
        for image in [next(image for name, image in sample_images.items() if name.startswith(f"val/{person}/"))]
    )
    app = ask(open_page(IDENTIFY), madonna)
    session = app.session_state[state.SITTING]
    elsewhere = Corrector(trained.store, trained.log, dataset.id, Editor("this computer", session))
    elsewhere.confirm([trained.store.face_table(dataset.id).face_ids[0]])
    app.run()
    assert not [found for found in app.button if found.label == "Undo"]
    assert "Confirmed 1 face" not in texts(app)
    # What is done here is shown, and no longer above another photo's answer.
    button(app, "Yes, madonna").click().run()
    assert button(app, "Undo")
    ask(app, elton)
    assert not [found for found in app.button if found.label == "Undo"]


def test_it_is_trained_again_from_here(trained, open_page, sample_images):
    (dataset,) = trained.store.datasets()
    image = next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))
    app = ask(open_page(IDENTIFY), encode_jpeg(image[:, ::-1].copy()))
    button(app, "Yes, madonna").click().run()
    button(app, "Train again").click().run()
    assert [job.kind for job in work(trained)] == [JobKind.TRAIN]
    app.run()
    assert "does not know of that yet" not in texts(app)
    assert len(trained.runs.runs(dataset.id)) == 2


def test_a_large_recogniser_learns_what_changed_in_seconds_from_here(trained, open_page, sample_images, monkeypatch):
    (dataset,) = trained.store.datasets()
    monkeypatch.setattr(photo_answer, "UPDATE_FIRST_FROM", 50)
    image = next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))
    app = ask(open_page(IDENTIFY), encode_jpeg(image[:, ::-1].copy()))
    button(app, "Yes, madonna").click().run()
    button(app, "Learn the changes").click().run()
    work(trained)
    app.run()
    assert "does not know of that yet" not in texts(app)
    assert "its accuracy and thresholds were measured before" in texts(app)
    assert trained.runs.runs(dataset.id)[0].params.updated
    button(app, "Train again").click().run()
    work(trained)
    app.run()
    assert "measured before" not in texts(app)


def test_where_everybody_is_learned_together_the_changes_take_a_training_and_it_is_said(
    trained, open_page, sample_images, monkeypatch
):
    (dataset,) = trained.store.datasets()
    trained.jobs.submit(dataset.id, JobKind.TRAIN, {"classifier": "logistic"})
    work(trained)
    monkeypatch.setattr(photo_answer, "UPDATE_FIRST_FROM", 50)
    image = next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))
    app = ask(open_page(IDENTIFY), encode_jpeg(image[:, ::-1].copy()))
    button(app, "Yes, madonna").click().run()
    assert "With logistic regression it takes a training" in texts(app)
    assert not [found for found in app.button if found.label == "Learn the changes"]
    assert button(app, "Train again")


def test_what_a_tab_was_given_is_forgotten_when_it_is_told_to(trained, open_page, sample_files):
    app = ask(open_page(IDENTIFY), next(iter(sample_files.values())))
    assert "1 photo in this tab" in texts(app)
    button(app, "Forget now").click().run()
    assert "in this tab" not in texts(app)
    assert state.TAB_PHOTOS not in app.session_state


def test_what_one_tab_was_given_is_seen_in_no_other(trained, open_page, sample_files):
    content = next(content for name, content in sample_files.items() if name.startswith("val/madonna/"))
    first, second = open_page(IDENTIFY), open_page(IDENTIFY)
    assert "1. madonna" in texts(ask(first, content))
    assert "madonna" not in texts(second.run()) and state.TAB_PHOTOS not in second.session_state
    assert "madonna" not in texts(open_page(IDENTIFY)), "nor in one that comes later"
    assert "1. madonna" in texts(first.run())


def test_the_effect_of_a_limit_is_told():
    assert photo_answer.describe_names({0.05: 4, 0.01: 3, 0.001: 1}, 5, 0.01) == (
        "Here 3 of 5 faces have a name. With 1 in 1\u202f000 it would be 1. With 1 in 20 it would be 4."
    )
    assert photo_answer.describe_names({0.05: 3, 0.01: 3, 0.001: 3}, 5, 0.01) == "Here 3 of 5 faces have a name."
    assert photo_answer.describe_names({0.01: 1}, 1, 0.01) == "Here 1 of 1 face has a name."
    assert photo_answer.describe_names({0.01: 0}, 1, 0.01) == "Here 0 of 1 face has a name."
    assert photo_answer.describe_names({0.01: 1}, 5, 0.01) == "Here 1 of 5 faces has a name."
    assert photo_answer.describe_names({0.01: 0}, 0, 0.01) == ""


def test_what_was_asked_for_and_what_is_sure_of_it_are_said_as_one():
    vague = Threshold(rate=0.01, score=0.5, expected=0.01, low=0.0, high=0.064, enough=False)
    promise = "Of strangers about 1\u00a0% (0\u00a0% to 6.4\u00a0%) would get a name."
    assert photo_answer.describe_promise(replace(vague, enough=True)) == promise
    assert photo_answer.describe_promise(vague) == f"{promise} Too few people were there to be sure of it."


def test_where_the_limit_is_another_than_the_runs_it_says_why(trained):
    (run,) = trained.runs.runs(trained.store.datasets()[0].id)
    of_run, identifier = run.params.threshold, trained.identifier(run)
    assert photo_answer.describe_difference(of_run, identifier.threshold()) == ""
    assert photo_answer.describe_difference(of_run, identifier.threshold(0.05)) == "How good is it? speaks of 1 in 100."
    other = replace(identifier.threshold(), score=0.1)
    assert "the limit is another one" in photo_answer.describe_difference(of_run, other)


def test_a_tab_remembers_so_many_photos(monkeypatch, trained, open_page, sample_files):
    monkeypatch.setattr(photo_input, "MOST_PHOTOS", 2)
    app = open_page(IDENTIFY)
    for content in list(sample_files.values())[:3]:
        app = ask(app, content)
    assert "2 photos in this tab" in texts(app)
    assert len(app.session_state[state.TAB_PHOTOS]) == 2


def test_what_was_found_is_kept_and_found_under_many_photos(trained, open_page, sample_files):
    (dataset,) = trained.store.datasets()
    app = ask(open_page(IDENTIFY), b"these are not pixels", "notes.jpg")
    for person in ("madonna", "elton_john"):
        app = ask(app, next(content for name, content in sample_files.items() if name.startswith(f"val/{person}/")))
    button(app, "Keep").click().run()
    assert not app.exception
    (info,) = kept_lookups.list_lookups(trained.artifacts, dataset.id)
    assert (info.photos, info.faces) == (2, 2)
    said = kept_lookups.load_lookup(trained.artifacts, dataset.id, info.id)
    assert [photo.faces[0].candidates[0].person for photo in said.photos] == ["madonna", "elton_john"]
    assert "photo.jpg and 1 more photo" in texts(open_page("pages/identify/batch.py"))


def test_only_a_face_near_the_threshold_is_offered_a_name_with_one_click(trained, sample_images):
    (run,) = trained.runs.runs(trained.store.datasets()[0].id)
    identifier = trained.identifier(run)
    face = identifier.identify_photo(DecodedPhoto.whole(next(iter(sample_images.values())))).faces[0]
    strict, loose = identifier.threshold(0.01), identifier.threshold(0.02)
    assert loose.score < strict.score
    offered = {
        "it has the name": strict.score + 0.01,
        "one step would do": (loose.score + strict.score) / 2,
        "far from it": loose.score - 0.01,
    }
    words_by_case = {
        case: replace(face, score=score).certainty(strict).sureness.word for case, score in offered.items()
    }
    assert words_by_case == {"it has the name": "unsure", "one step would do": "unsure", "far from it": "unknown"}


def test_candidates_are_listed_by_the_likeness_that_they_show_and_all_of_them(trained, sample_images):
    (run,) = trained.runs.runs(trained.store.datasets()[0].id)
    identifier = trained.identifier(run)
    by_probability_as_well = []
    for image in list(sample_images.values())[:10]:
        for face in identifier.identify_photo(DecodedPhoto.whole(image)).faces:
            ranked = face_answer.order_candidates(identifier, face, identifier.threshold())
            likenesses = [certainty.likeness for _, certainty in ranked]
            assert likenesses == sorted(likenesses, reverse=True)
            assert {candidate for candidate, _ in ranked} == set(face.candidates)
            by_probability_as_well.append(tuple(candidate for candidate, _ in ranked) == face.candidates)
    # Of some faces the two orders differ, or the order above would be no promise.
    assert not all(by_probability_as_well)


def test_the_nearest_person_is_among_the_candidates_and_named_as_the_nearest():
    near, probable = Candidate("Ann", 0.01, 0.7), Candidate("Ben", 0.6, 0.9)
    assert nearest_candidate((probable, near)) is near


def test_candidates_hold_the_nearest_centroid_whatever_the_classifier_says(trained, sample_images):
    (run,) = trained.runs.runs(trained.store.datasets()[0].id)
    identifier = trained.identifier(run)
    for image in list(sample_images.values())[:10]:
        for face in identifier.identify_photo(DecodedPhoto.whole(image)).faces:
            distances = np.linalg.norm(identifier.recogniser.centroids - face.vector, axis=1)
            person = identifier.recogniser.people[int(distances.argmin())]
            assert nearest_candidate(face.candidates).person == person


def test_nobody_is_named_by_a_name_that_was_given_up_since_the_training(trained, open_page, sample_files):
    (dataset,) = trained.store.datasets()
    madonna = next(person for person in trained.store.people(dataset.id) if person.name == "madonna")
    corrector_of(trained, dataset).rename(madonna.id, "Louise")
    name = next(name for name in sample_files if name.startswith("val/madonna/"))
    app = ask(open_page(IDENTIFY), sample_files[name])
    assert "madonna has another name since it was trained" in texts(app)
    assert not [found.label for found in app.button if "madonna" in found.label]
