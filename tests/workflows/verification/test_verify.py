"""Same person? by the command line: two photos, a photo and a person, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.__main__ import main
from core.base.errors import InputRefused
from core.services import Services
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.vision.pipeline import EmbeddedFace, PhotoFaces
from core.workflows.verification import verify
from tests import prepared
from tests.conftest import MODEL_ID
from tests.stored_faces import add_faces


@pytest.fixture
def photo(tmp_path: Path, sample_files):
    """Write the first photo of a folder of the sample and give its path."""

    def write(prefix: str, number: int = 0) -> Path:
        name = sorted(name for name in sample_files if name.startswith(prefix))[number]
        path = tmp_path / name.replace("/", "-")
        path.write_bytes(sample_files[name])
        return path

    return write


def asked(capsys, data_dir: Path, *words: str | Path) -> tuple[int, dict, str]:
    status = main(["verify", *map(str, words), "--data", str(data_dir), "--json"])
    said = capsys.readouterr()
    return status, json.loads(said.out) if status == 0 else {}, said.err


def test_two_photos_of_one_person_and_of_two(capsys, data_dir: Path, photo) -> None:
    status, same, _ = asked(capsys, data_dir, photo("val/madonna/"), photo("train/madonna/"))
    assert status == 0
    assert {"distance", "same", "threshold", "prob"} <= set(same)
    assert same["same"] and same["distance"] <= same["threshold"] and same["prob"] > 0.9
    _, different, _ = asked(capsys, data_dir, photo("val/madonna/"), photo("val/elton_john/"))
    assert not different["same"] and different["prob"] < 0.1
    _, looser, _ = asked(capsys, data_dir, photo("val/madonna/"), photo("val/elton_john/"), "--far", "0.01")
    assert looser["distance"] == different["distance"] and looser["threshold"] > different["threshold"]
    _, strictest, _ = asked(capsys, data_dir, photo("val/madonna/"), photo("val/elton_john/"), "--far", "0.00004")
    assert strictest["far"] == 4e-5 and strictest["threshold"] < different["threshold"]


def test_a_photo_and_a_person_of_a_dataset(capsys, sample_dir: Path, tmp_path: Path, photo) -> None:
    data_dir, stars = prepared.copy(sample_dir, tmp_path / "taken"), prepared.SAMPLE
    _, same, _ = asked(capsys, data_dir, photo("val/madonna/"), "--dataset", stars, "--person", "madonna")
    assert same["same"] and not same["measured_on"]["own_pairs"]
    _, other, _ = asked(capsys, data_dir, photo("val/madonna/"), "--dataset", stars, "--person", "elton_john")
    assert not other["same"]


@pytest.mark.parametrize(
    ("case", "words", "reason"),
    [
        ("one photo", ["{a}"], "Give two photos"),
        ("a person without a dataset", ["{a}", "--person", "madonna"], "--dataset"),
        ("two photos and a person", ["{a}", "{a}", "--dataset", "x", "--person", "y"], "one photo"),
        ("no such dataset", ["{a}", "{a}", "--dataset", "nowhere"], "no dataset 'nowhere'"),
        ("too strict a rate", ["{a}", "{a}", "--far", "1e-6"], "takes 10\u202f000\u202f000 pairs"),
        ("no photo", ["{a}", "{none}"], "cannot be read"),
        ("a letter", ["{a}", "{letter}"], "letter.txt"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_the_reason(
    capsys, data_dir: Path, tmp_path: Path, photo, case: str, words: list[str], reason: str
) -> None:
    (tmp_path / "letter.txt").write_text("Dear Ann")
    places = {"a": photo("val/madonna/"), "none": tmp_path / "none.jpg", "letter": tmp_path / "letter.txt"}
    status, _, said = asked(capsys, data_dir, *(word.format(**places) for word in words))
    assert status == 1 and reason in said


def test_a_person_with_no_face_but_that_of_the_photo_cannot_be_compared(services: Services) -> None:
    dataset = add_faces(services, "Family", {"ann": 1, "bob": 2})
    (ann, bob) = services.store.people(dataset.id)
    photo_id = services.store.face_table(dataset.id, ann.id).photo_ids[0]
    vector = services.store.embeddings(dataset.id, ann.id).vectors
    face = EmbeddedFace(*[None] * 5, vector=vector[0], quality=None)  # type: ignore[arg-type]
    looked = PhotoFaces(photo_id, None, (face,))  # type: ignore[arg-type]
    with pytest.raises(InputRefused, match="this very photo"):
        verify.compare_with_person(services.store, dataset, ann, looked, 0)
    against = verify.compare_with_person(services.store, dataset, bob, looked, 0)
    faces = services.store.embeddings(dataset.id, bob.id).vectors
    middle = faces.sum(axis=0)
    assert against.cosine == pytest.approx(float(middle @ vector[0]) / float(np.linalg.norm(middle)), abs=1e-6)
    assert against.nearest(1) == [int((faces @ vector[0]).argmax())]


def test_one_question_has_one_threshold_whichever_dataset_is_looked_at(
    capsys, data_dir: Path, services: Services, photo
) -> None:
    services.store.create_dataset("Village", DEFAULT_VECTORS_ID)
    add_faces(services, "Village", {"P" * number: 8 for number in range(1, 21)})
    asks = [photo("val/madonna/"), photo("train/madonna/")]
    _, alone, _ = asked(capsys, data_dir, *asks)
    _, beside, _ = asked(capsys, data_dir, *asks, "--dataset", "Village")
    assert alone == beside and alone["threshold_from"] == "79 people on press photos (lfw-dev), with the model"


def test_with_enough_people_the_dataset_judges_by_its_own_people(services: Services) -> None:
    dataset = add_faces(services, "Village", {"P" * number: 8 for number in range(1, 41)})
    own = verify.select_named_faces(services.store.face_table(dataset.id), services.store.embeddings(dataset.id))
    of_person = verify.build_person_verifier(DEFAULT_VECTORS_ID, own.with_people())
    assert of_person.own_rule and verify.describe_origin(of_person(0.5, 1e-3)) == "40 people of this dataset"
    assert verify.build_face_verifier("unheard-of", own.pairs).own_rule, "there is nothing else to judge by"
    few = add_faces(services, "Family", {"ann": 8, "bob": 8})
    own = verify.select_named_faces(services.store.face_table(few.id), services.store.embeddings(few.id))
    assert not verify.build_person_verifier(DEFAULT_VECTORS_ID, own.with_people()).own_rule
    with pytest.raises(InputRefused, match="was not measured yet"):
        verify.build_face_verifier("unheard-of", own.pairs)
    judge = verify.build_face_verifier(DEFAULT_VECTORS_ID, own.pairs)
    verdict = judge(judge.rule.limit(1e-3), 1e-3)
    assert verdict.same and verdict.distance == pytest.approx(verdict.threshold)
    assert not judge(judge.rule.limit(1e-3) - 1e-3, 1e-3).same


def test_vectors_of_an_earlier_preparation_are_judged_by_its_own_measurement() -> None:
    earlier, now = (
        (verify.build_face_verifier(name, lambda: None).rule, verify.build_person_verifier(name, None).rule)
        for name in (MODEL_ID, DEFAULT_VECTORS_ID)
    )
    assert all(before.limits != after.limits for before, after in zip(earlier, now, strict=True))
