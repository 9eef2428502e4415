"""Nothing that is learned ever saw what it is tested on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from core.learn.classification import training
from core.learn.classification.recogniser import Recogniser
from core.learn.classification.training_material import TrainOptions, plan_training, prepare_training_material
from core.store.artifacts import ArtifactKind
from core.workflows.training import train
from tests.learn.classification.test_training_material import given_table
from tests.learn.faces import directions
from tests.stored_faces import add_faces
from tests.workflows.training.test_train import PEOPLE, trained


def own_division(services, name, *, spoil):
    """Train on 42 people with a face of each on the val side; the val side's vectors and names may be nonsense."""
    dataset = add_faces(services, name, {"i" * number: 5 for number in range(1, 43)})
    table, embeddings = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
    val = {int(np.flatnonzero(table.labels == person)[0]) for person in range(42)}
    table, embeddings = given_table(services, dataset, val=val, bad=None)
    if spoil:
        rows = np.array(sorted(val))
        vectors, labels = embeddings.vectors.copy(), table.labels.copy()
        vectors[rows], labels[rows] = directions(9, len(rows)), labels[np.roll(rows, 7)]
        table, embeddings = replace(table, labels=labels), replace(embeddings, vectors=vectors)
    return table, embeddings


def test_nothing_that_is_kept_depends_on_the_test_side(services, monkeypatch):
    """Other test faces, under other names: classifier, C, temperature, rule and limits are the same to the last bit."""
    kept = []
    for spoil in (False, True):
        table, embeddings = own_division(services, f"spoiled {spoil}", spoil=spoil)
        dataset = services.store.dataset(f"spoiled {spoil}")
        with monkeypatch.context() as patch:
            patch.setattr(type(services.store), "face_table", lambda *_, table=table: table)
            patch.setattr(type(services.store), "embeddings", lambda *_, embeddings=embeddings: embeddings)
            run = trained(services, dataset)
        assert run.params.split == "own" and not run.params.threshold.from_prior
        kept.append((services.artifacts.read(dataset.id, ArtifactKind.RUN, run.id), run.metrics.accuracy))
    assert kept[0][1] == 1.0 and kept[1][1] < 0.2, "the spoiled test side must be told apart"
    assert kept[0][0] == kept[1][0]


def test_names_without_meaning_are_learned_by_heart_and_guessed_in_the_test(services, monkeypatch):
    """Vectors that say nothing of the name: whoever saw the test fold would be right, an honest test is at chance."""
    dataset = add_faces(services, "Noise", {f"person {number:02}": 6 for number in range(42)})
    table, embeddings = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
    noise = replace(embeddings, vectors=directions(3, len(table)))
    monkeypatch.setattr(type(services.store), "embeddings", lambda *_: noise)
    run = trained(services, dataset, TrainOptions(folds=2))
    said = train.load_predictions(services.artifacts, run)
    assert run.metrics.train_accuracy > 0.9
    assert run.metrics.accuracy < 0.1
    assert np.mean(~said.wrong & (said.scores > run.params.threshold.score)) < 0.1
    assert said.evaluation.ece < 0.1, "the probabilities know that they know nothing"


def test_every_fold_is_judged_by_a_recogniser_of_its_own_training_side(services, monkeypatch):
    """What each fold's recogniser is learned from holds no face of the fold's test side, nor of the same shot."""
    dataset = add_faces(services, "Eight", PEOPLE)
    seen: list[set[bytes]] = []
    real = training.learn_rules

    def watched(learned, *rest):
        seen.append({row.tobytes() for row in learned.faces.vectors})
        return real(learned, *rest)

    monkeypatch.setattr(training, "learn_rules", watched)
    run = trained(services, dataset)
    made = prepare_training_material(
        services.store.face_table(dataset.id), services.store.embeddings(dataset.id), TrainOptions()
    )
    folds = plan_training(made, TrainOptions()).folds
    for fold, learned in zip(folds, seen[1:], strict=True):
        assert learned == {row.tobytes() for row in made.faces.vectors[fold.train]}
        assert not learned & {row.tobytes() for row in made.faces.vectors[fold.test]}
    assert isinstance(train.load_recogniser(services.artifacts, run), Recogniser)
