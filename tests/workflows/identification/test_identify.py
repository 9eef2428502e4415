"""Who is in a photo: however it lies, and never by a face that tells nobody apart; on the trained sample."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.base.types import TRUSTED_GRADE, RgbImage
from core.imaging.pixels import encode_jpeg, turn_pixels
from core.services import Services
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.pipeline import DecodedPhoto
from core.workflows.identification import identify
from core.workflows.identification.identify import Identifier, identified_photo_json
from core.workflows.identification.lookups import kept_lookups, lookup, outputs
from core.workflows.identification.lookups.lookup import LookupTask
from core.workflows.verification import verify
from tests import prepared
from tests.conftest import services_on, write_zip


@pytest.fixture(scope="module")
def trained(sample_dir: Path, tmp_path_factory: pytest.TempPathFactory, engine: OpenVinoEngine) -> Services:
    return services_on(prepared.copy(sample_dir, tmp_path_factory.mktemp("trained") / "data"), engine)


@pytest.fixture(scope="module")
def identifier(trained: Services) -> Identifier:
    return trained.identifier(newest(trained))


@pytest.fixture(scope="module")
def portrait(sample_images: Mapping[str, RgbImage]) -> RgbImage:
    return next(image for name, image in sample_images.items() if name.startswith("val/madonna/"))


@pytest.fixture(scope="module")
def blurred(portrait: RgbImage) -> RgbImage:
    """A face is still found, and nobody could tell who it is."""
    return np.asarray(cv2.GaussianBlur(portrait, (0, 0), 5), dtype=np.uint8)


def newest(services: Services):
    return services.runs.runs(services.store.datasets()[0].id)[0]


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_that_lies_is_named_as_it_would_be_upright(identifier, portrait, quarters: int) -> None:
    seen, upright = (
        identifier.identify_photo(DecodedPhoto.whole(turn_pixels(portrait, quarters))),
        identifier.identify_photo(DecodedPhoto.whole(portrait)),
    )
    assert (upright.turn, seen.turn) == (0, 4 - quarters)
    np.testing.assert_array_equal(seen.image, portrait)
    (face,), (expected,) = seen.faces, upright.faces
    assert face.name(identifier.threshold()) == "madonna"
    assert face.vector @ expected.vector > 0.999
    told = identified_photo_json("a.jpg", seen, identifier.threshold())
    assert (told["turn"], told["faces"][0]["name"], told["faces"][0]["doubt"]) == (4 - quarters, "madonna", None)


def test_only_faces_near_a_threshold_are_looked_at_twice(identifier, sample_images, monkeypatch) -> None:
    photos = [DecodedPhoto.whole(image) for name, image in sample_images.items() if name.startswith("val/")][:6]
    faces = [face for answer in identifier.pipeline.find_faces(photos) for face in answer.faces]
    once = [face for face in faces if face.quality.steadiness is None]
    scores = np.array([face.score for face in identifier.judge_faces(once)])
    rule = identifier.recogniser.rule(identifier.neighbours)
    lowest, highest = rule.thresholds[0].score, rule.thresholds[-1].score
    assert rule.is_near_threshold(np.array([lowest - 1e-3, lowest, highest, highest + 1e-3])).all()
    assert not rule.is_near_threshold(np.array([lowest - 1.0, highest + 1.0])).any()
    monkeypatch.setattr(type(rule), "is_near_threshold", lambda self, scores: np.arange(len(scores)) == 1)
    judged = list(identifier.judge_faces(once))
    assert [face.quality.steadiness is not None for face in judged] == [row == 1 for row in range(len(once))]
    assert judged[0].score == scores[0] and judged[1].vector @ once[1].vector < 0.9999


def test_a_face_too_blurred_to_tell_gets_no_name_whatever_its_score(identifier, blurred) -> None:
    (face,) = identifier.identify_photo(DecodedPhoto.whole(blurred)).faces
    assert face.quality.grade < TRUSTED_GRADE and face.doubt == "too blurred"
    loosest = identifier.threshold(
        max(limit.rate for limit in identifier.recogniser.rule(identifier.neighbours).thresholds)
    )
    assert face.name(loosest) is None
    told = identified_photo_json("a.jpg", identifier.identify_photo(DecodedPhoto.whole(blurred)), loosest)["faces"][0]
    assert (told["name"], told["doubt"]) == (None, "too blurred")


def test_many_photos_are_seen_upright_and_tell_what_is_too_poor(
    trained, identifier, portrait, blurred, tmp_path
) -> None:
    photos = {"lies.jpg": turn_pixels(portrait, 1), "blurred.jpg": blurred}
    archive = write_zip(tmp_path / "new.zip", {name: encode_jpeg(image, 95) for name, image in photos.items()})
    dataset_id = trained.store.datasets()[0].id
    wish = LookupTask(id="abc", dataset_id=dataset_id, run=newest(trained), title="new.zip", source=str(archive))
    with trained.open_source(archive, folders_are_people=False) as source:
        lookup.look_up_photos(trained.lookup_tools(), identifier, source, wish)
    made = kept_lookups.load_lookup(trained.artifacts, dataset_id, "abc")
    turns = {photo.name: (photo.turn, [face.trusted for face in photo.faces]) for photo in made.photos}
    assert turns == {"lies.jpg": (3, [True]), "blurred.jpg": (0, [False])}
    document = {photo["photo"]: photo for photo in outputs.lookup_json(made)["photos"]}
    assert document["lies.jpg"]["turn"] == 3 and document["lies.jpg"]["faces"][0]["name"] == "madonna"
    assert document["blurred.jpg"]["faces"][0]["name"] is None and document["blurred.jpg"]["faces"][0]["too_poor"]


def test_two_photos_are_compared_upright_and_a_poor_face_is_told(trained, portrait, blurred) -> None:
    pipeline = trained.pipeline(newest(trained).model_id)
    one, other = (pipeline.read_photo(encode_jpeg(image, 95)) for image in (portrait, turn_pixels(portrait, 3)))
    assert verify.compare_faces(one, 0, other, 0) > 0.98
    doubts = [[face.doubt for face in photo.faces] for photo in (one, pipeline.read_photo(encode_jpeg(blurred, 95)))]
    assert doubts == [[""], ["too blurred"]]


def test_of_equally_probable_people_those_who_come_first_are_the_candidates() -> None:
    probs = np.array([0.1, 0.2, 0.1, 0.1, 0.3, 0.1, 0.1])
    assert identify._most_probable(probs).tolist() == [4, 1, 0, 2, 3]
    assert identify._most_probable(probs[:3]).tolist() == [1, 0, 2]
    many = np.random.default_rng(0).integers(0, 40, 3000) / 40
    assert identify._most_probable(many).tolist() == np.argsort(-many, kind="stable")[:5].tolist()
