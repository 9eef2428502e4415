"""Evaluation with strangers: given to measure on, or to train with."""

from __future__ import annotations

import io
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.base.errors import InputRefused, ModelMismatch
from core.learn.metrics.predictions import Predictions
from core.learn.open_set.rejection_rule import RATES
from core.store.artifacts import ArtifactKind
from core.workflows.evaluation import evaluate
from core.workflows.evaluation.evaluate import Strangers, embed_strangers, find_known_strangers, measure_on_strangers
from core.workflows.training import train
from core.workflows.training.train import TrainingTask
from tests.conftest import MODEL_ID, write_zip
from tests.learn.faces import directions
from tests.stored_faces import add_faces
from tests.workflows.training.test_train import PEOPLE, trained


def some(vectors, folders=None) -> Strangers:
    n = len(vectors)
    return Strangers(tuple(f"{row}.jpg" for row in range(n)), tuple(folders or [None] * n), vectors, ())


# strangers


def test_strangers_are_measured_at_every_limit_of_the_training(services):
    run = trained(services, add_faces(services, "Eight", PEOPLE))
    identifier, said = services.identifier(run), train.load_predictions(services.artifacts, run)
    answer = measure_on_strangers(said, identifier, some(directions(1, 40)), [])
    assert answer["dir_at_fpir_1pct"] == answer["dir_at_fpir_01pct"] == 1.0
    assert [limit["fpir"] for limit in answer["thresholds"]] == list(RATES)
    for limit in answer["thresholds"]:
        assert limit["fpir_reached"] == 0 and limit["fpir_reached_ci95"][1] == pytest.approx(3.7 / 40, rel=0.06)
        assert limit["correct_name_rate"] == np.mean(said.scores > limit["score"]) and not limit["enough_data"]
    assert answer["strangers"]["counted"] == 40 and answer["strangers"]["known"] == []


def test_a_known_person_among_the_strangers_is_found_and_not_counted(services):
    dataset = add_faces(services, "Eight", PEOPLE)
    run = trained(services, dataset)
    own = services.store.embeddings(dataset.id).vectors
    table = services.store.face_table(dataset.id)
    vectors = np.vstack([directions(1, 3), own[:1]])
    given = some(vectors, [None, "person 3", "Somebody", None])
    met = find_known_strangers(services.store, run, given)
    assert [(one.photo, one.person) for one in met] == [("1.jpg", "person 3"), ("3.jpg", table.person(0))]
    answer = measure_on_strangers(train.load_predictions(services.artifacts, run), services.identifier(run), given, met)
    assert answer["strangers"]["counted"] == 2
    assert [one["certain"] for one in answer["strangers"]["known"]] == [True, True]
    nobody_else, again = some(own[:1]), [replace(met[0], photo="0.jpg")]
    with pytest.raises(InputRefused, match="other people"):
        measure_on_strangers(
            train.load_predictions(services.artifacts, run), services.identifier(run), nobody_else, again
        )


def test_another_photo_of_a_known_person_is_reported_and_counted(services):
    dataset = add_faces(services, "Eight", PEOPLE)
    run = trained(services, dataset)
    own = services.store.embeddings(dataset.id).vectors
    labels = services.store.face_table(dataset.id).labels
    middle = own[labels == 2].mean(axis=0, keepdims=True)
    middle = (middle / np.linalg.norm(middle)).astype(np.float32)
    given = some(np.vstack([middle, directions(1, 1)]))
    answer = measure_on_strangers(train.load_predictions(services.artifacts, run), services.identifier(run), given, [])
    assert [(one["person"], one["certain"]) for one in answer["strangers"]["known"]] == [("person 2", False)]
    assert answer["thresholds"][2]["fpir_reached"] == 0.5


def test_photos_that_cannot_serve_as_strangers_are_listed(services, sample_files, tmp_path):
    blank = io.BytesIO()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(blank, "JPEG")
    face = next(content for name, content in sample_files.items() if name.startswith("val/madonna/"))
    path = write_zip(tmp_path / "s.zip", {"a.jpg": face, "b.jpg": blank.getvalue(), "c.jpg": b"no photo"})
    with services.open_source(path) as source:
        found = embed_strangers(services.main_face_tools(MODEL_ID), source)
    assert found.photos == ("a.jpg",) and found.vectors.shape == (1, 128)
    assert {refusal.name for refusal in found.refused} == {"b.jpg", "c.jpg"}
    only = write_zip(tmp_path / "t.zip", {"b.jpg": blank.getvalue()})
    with services.open_source(only) as source, pytest.raises(InputRefused, match="None of the strangers"):
        embed_strangers(services.main_face_tools(MODEL_ID), source)


def test_strangers_whose_vector_is_no_number_are_put_aside():
    vectors = directions(1, 3)
    vectors[0, 5], vectors[2] = np.nan, 0
    kept = evaluate.refuse_unsound_vectors(some(vectors))
    assert kept.photos == ("1.jpg",) and len(kept.vectors) == 1
    assert [refusal.name for refusal in kept.refused] == ["0.jpg", "2.jpg"]


def test_without_strangers_the_limits_of_the_training_are_told(services):
    run = trained(services, add_faces(services, "Eight", PEOPLE))
    said = train.load_predictions(services.artifacts, run)
    answer = evaluate.evaluation_json(run, said, train.load_recogniser(services.artifacts, run))
    assert answer["fpir_measured_on"] == "the model's own"
    assert answer["dir_at_fpir_1pct"] == np.mean(~said.wrong & (said.scores > run.params.threshold.score))
    assert sum(one["faces"] for one in answer["reliability"]) == answer["n_test"]
    assert answer["rank_k"][0] == answer["accuracy"] and answer["rank_k"][2] == answer["top3"]


# strangers given for the training


def training_strangers(services, dataset, vectors, folders=None):
    return evaluate.select_training_strangers(services.store, dataset, some(vectors, folders), "others.zip")


def trained_with(services, dataset, given):
    return train.train_recogniser(services.run_tools(), TrainingTask(dataset.id, strangers=given))


def test_given_strangers_set_the_limits_of_a_small_dataset_and_are_not_kept(services):
    dataset = add_faces(services, "Eight", PEOPLE)
    given = training_strangers(services, dataset, directions(1, 120))
    run = trained_with(services, dataset, given)
    threshold = run.params.threshold
    assert not threshold.from_prior and threshold.n_impostors == threshold.n_impostor_people == 120
    assert trained(services, dataset).params.threshold.from_prior
    assert asdict(run.params.strangers_given) == train.run_to_json(run)["strangers_given"]
    assert run.params.to_json()["strangers_given"] == {
        **{"title": "others.zip", "photos": 120, "refused": 0, "used": 120, "people": 120},
        "known": [],
    }
    said = train.load_predictions(services.artifacts, run)
    assert said.impostors is not None and said.impostors.given.sum() == 120
    kept = b"".join(
        services.artifacts.read(dataset.id, kind, run.id) for kind in (ArtifactKind.RUN, ArtifactKind.PREDICTIONS)
    )
    assert not any(row.tobytes() in kept for row in given.vectors), "no face of a stranger is stored"


def test_somebody_known_among_the_given_strangers_is_told_and_not_used(services):
    dataset = add_faces(services, "Eight", PEOPLE)
    own = services.store.embeddings(dataset.id).vectors
    name = services.store.face_table(dataset.id).person(0)
    vectors = np.vstack([directions(1, 110), own[:2]])
    folders = ["Zoe"] * 2 + ["person 3"] + [f"other {row}" for row in range(107)] + [None, None]
    run = trained_with(services, dataset, training_strangers(services, dataset, vectors, folders))
    told = run.params.strangers_given
    assert (told.photos, told.used, told.people) == (112, 109, 108)
    assert {(one.person, one.photos) for one in told.known} == {("person 3", 1), (name, 2)}
    assert run.params.threshold.n_impostors == 109 and run.params.threshold.n_impostor_people == 108


def test_strangers_who_are_all_known_are_refused(services):
    dataset = add_faces(services, "Eight", PEOPLE)
    with pytest.raises(InputRefused, match="other people"):
        training_strangers(services, dataset, services.store.embeddings(dataset.id).vectors[:4])


def test_spoiled_vectors_of_strangers_do_not_reach_the_training(services):
    dataset = add_faces(services, "Eight", PEOPLE)
    vectors = directions(1, 104)
    vectors[0, 5], vectors[1] = np.nan, 0
    given = evaluate.select_training_strangers(
        services.store, dataset, evaluate.refuse_unsound_vectors(some(vectors)), "others.zip"
    )
    run = trained_with(services, dataset, given)
    assert (run.params.strangers_given.used, run.params.strangers_given.refused) == (102, 2)
    assert np.isfinite(run.params.threshold.score)


def test_strangers_in_one_folder_are_not_one_person(services):
    dataset = add_faces(services, "Eight", PEOPLE)
    given = training_strangers(services, dataset, directions(1, 4), ["strangers"] * 4)
    assert given.stranger_ids.tolist() == [0, 1, 2, 3]


def test_strangers_of_another_model_are_refused(services):
    dataset = add_faces(services, "Eight", PEOPLE)
    given = replace(training_strangers(services, dataset, directions(1, 4)), model_id="another")
    with pytest.raises(ModelMismatch, match="Train again"):
        trained_with(services, dataset, given)


def test_the_command_line_takes_a_zip_of_strangers(services, data_dir, sample_files, tmp_path, capsys):
    add_faces(services, "Eight", PEOPLE)
    others = [content for name, content in sample_files.items() if name.startswith("val/")]
    path = write_zip(tmp_path / "others.zip", {f"{row}.jpg": content for row, content in enumerate(others[:6])})
    arguments = ["train", "--dataset", "Eight", "--data", str(data_dir), "--json", "--strangers"]
    assert main([*arguments, str(path)]) == 0
    told = json.loads(capsys.readouterr().out)["strangers_given"]
    assert (told["title"], told["photos"], told["used"], told["known"]) == ("others.zip", 6, 6, [])
    assert main([*arguments, str(tmp_path / "gone.zip")]) == 1
    assert "'gone.zip', are not there any more" in capsys.readouterr().err


def test_the_command_line_takes_another_classifier(services, data_dir, capsys):
    add_faces(services, "Eight", PEOPLE)
    arguments = ["train", "--dataset", "Eight", "--data", str(data_dir), "--json", "--classifier", "nearest-centroid"]
    assert main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["classifier"] == "nearest-centroid"
    assert main([*arguments, "--c", "3"]) == 1
    assert "no C for the nearest centroid" in capsys.readouterr().err


def test_predictions_of_the_earlier_format_are_still_read(services):
    run = trained(services, add_faces(services, "Eight", PEOPLE))
    said = train.load_predictions(services.artifacts, run)
    assert said.impostors is not None
    with np.load(io.BytesIO(replace(said, impostors=None).to_bytes())) as file:
        arrays = {name: file[name] for name in file.files}
    for earlier, readable in ((2, True), (1, False)):
        header = json.loads(bytes(arrays["header"])) | {"format": earlier}
        buffer = io.BytesIO()
        np.savez(buffer, **{**arrays, "header": np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)})
        if readable:
            read = Predictions.from_bytes(buffer.getvalue())
            assert read.impostors is None and read.face_ids == said.face_ids
        else:
            with pytest.raises(InputRefused, match="train again"):
                Predictions.from_bytes(buffer.getvalue())
