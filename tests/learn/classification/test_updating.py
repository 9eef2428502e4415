"""An updated recogniser against one that was trained anew: the same rows, the same names, and nobody who went."""

from __future__ import annotations

import numpy as np
import pytest

from core.base.errors import TrainingRefused
from core.base.types import Ints
from core.learn.classification.calibrated_classifier import fit_classifier
from core.learn.classification.classifier_kinds import ClassifierKind, ClassifierSettings
from core.learn.classification.recogniser import Recogniser
from core.learn.classification.updating import CurrentFaces, UpdatedRecogniser, find_former_rows, update_recogniser
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.labels import fit_centroids
from core.learn.open_set.left_out_trials import RuleTrainingData
from core.learn.open_set.rejection_rule import TARGET_RATE, Gallery
from core.learn.open_set.rule_fitting import learn_rules
from tests.benchmarks.synthetic import vectors_of
from tests.learn.faces import names

N_PEOPLE, N_EACH = 60, 20
SVM = ClassifierSettings(c=1.0)


@pytest.fixture(scope="module")
def everybody() -> LabelledFaces:
    """Faces that lie as FaceNet's do, of people with 11 to 20 each; every second one is not learned from."""
    labels = np.arange(N_PEOPLE * N_EACH, dtype=np.int64) % N_PEOPLE
    is_there = np.arange(len(labels)) // N_PEOPLE < 11 + labels % 10
    vectors = vectors_of(labels, N_PEOPLE)
    return LabelledFaces(vectors[is_there], labels[is_there], np.arange(int(is_there.sum())))


TRAINED: dict[tuple[object, ...], Recogniser] = {}
"""Recognisers by what they were learned from: several tests begin with the same."""


def trained(faces: LabelledFaces, people: list[str], settings: ClassifierSettings = SVM) -> Recogniser:
    learned_from = faces.vectors.tobytes(), faces.labels.tobytes(), tuple(people), settings
    if learned_from not in TRAINED:
        classifier = fit_classifier(faces, people, settings)
        rules = learn_rules(RuleTrainingData(faces, classifier))
        centroids = fit_centroids(faces.vectors, faces.labels, faces.n_people)
        TRAINED[learned_from] = Recogniser(
            classifier=classifier, centroids=centroids, rules=rules, model_id="m", seed=0
        )
    return TRAINED[learned_from]


def update(
    before: LabelledFaces, former: Ints, now: LabelledFaces, present: Ints, settings: ClassifierSettings = SVM
) -> UpdatedRecogniser:
    """Train on some people, then go on to others; both by their numbers among everybody."""
    everyone = names(N_PEOPLE)
    recogniser = trained(before, [everyone[person] for person in former], settings)
    current = CurrentFaces(
        vectors=now.vectors,
        labels=now.labels,
        people=tuple(everyone[person] for person in present),
        former_rows=find_former_rows(present.tolist(), former.tolist()),
    )
    return update_recogniser(recogniser, len(before) / len(former), current)


def decisions(recogniser: Recogniser, faces: LabelledFaces, probes: np.ndarray) -> np.ndarray:
    gallery = Gallery.of(recogniser.classifier.linear, faces.vectors)
    named, scores = recogniser.name(probes, gallery)
    limit = recogniser.rule(gallery).at(TARGET_RATE).score
    return np.where(scores > limit, np.array(recogniser.people)[named], "unknown")


@pytest.mark.parametrize(
    ("case", "before", "after"),
    [
        ("somebody comes", np.delete(np.arange(N_PEOPLE), 7), np.arange(N_PEOPLE)),
        ("somebody goes", np.arange(N_PEOPLE), np.delete(np.arange(N_PEOPLE), 7)),
        ("some come and others go", np.arange(3, N_PEOPLE), np.arange(N_PEOPLE - 2)),
    ],
)
def test_an_updated_recogniser_decides_as_one_that_is_trained_anew(everybody, case, before, after):
    learned, now = (everybody.only(np.isin(everybody.labels, people)) for people in (before, after))
    updated = update(learned, before, now, after)
    anew = trained(now, [names(N_PEOPLE)[person] for person in after])
    # Faces of everybody, those who went too, that nobody learned from: of another number, other ones are drawn.
    probes = vectors_of(np.tile(np.arange(N_PEOPLE), N_EACH + 1), N_PEOPLE)
    assert not set(map(bytes, probes)) & set(map(bytes, everybody.vectors))
    own, other = (recogniser.classifier.linear.predict(probes).tolist() for recogniser in (updated.recogniser, anew))
    assert np.mean(np.array(own) == np.array(other)) >= 0.999
    ours, theirs = (decisions(recogniser, now, probes) for recogniser in (updated.recogniser, anew))
    # The threshold is that of the training before, and of other people left out: it may lie a little elsewhere.
    assert np.mean(ours == theirs) >= 0.995
    assert np.allclose(updated.recogniser.centroids, anew.centroids)
    assert 0 < updated.n_refitted < len(after)


def test_a_row_that_nobody_who_went_had_a_part_in_stays_to_the_last_bit(everybody):
    people = np.arange(N_PEOPLE)
    after = people[:-1]
    now = everybody.only(everybody.labels < N_PEOPLE - 1)
    before = trained(everybody, names(N_PEOPLE)).classifier.linear
    updated = update(everybody, people, now, after)
    is_same = (updated.recogniser.classifier.linear.coef == before.coef[:-1]).all(axis=1)
    assert is_same.sum() == len(after) - updated.n_refitted
    # The faces that went were outside of the margins of the rows that stayed.
    gone = everybody.vectors[everybody.labels == N_PEOPLE - 1]
    assert before.margins(gone)[:, :-1][:, is_same].max() < -0.99


def test_without_somebody_the_rows_are_the_same_whoever_that_was(everybody):
    """What is left does not tell who went: it is what the remaining faces give, to the solver's precision."""
    stayed = np.arange(N_PEOPLE - 1)
    now = everybody.only(everybody.labels < N_PEOPLE - 1)
    rows = []
    for stranger in (0, 1):
        vectors = everybody.vectors.copy()
        is_gone = everybody.labels == N_PEOPLE - 1
        vectors[is_gone] = np.roll(vectors[is_gone], 40 * stranger, axis=1)
        with_them = LabelledFaces(vectors, everybody.labels, everybody.shots)
        rows.append(update(with_them, np.arange(N_PEOPLE), now, stayed).recogniser.classifier.linear.coef)
    assert np.allclose(*rows, atol=5e-3)
    assert np.abs(rows[0]).max() > 0.5, "beside this the difference is small"


def test_a_nearest_centroid_is_updated_to_what_a_training_gives(everybody):
    people = np.arange(N_PEOPLE)
    now, settings = everybody.only(everybody.labels != 7), ClassifierSettings(ClassifierKind.NEAREST_CENTROID)
    updated = update(everybody, people, now, np.delete(people, 7), settings)
    anew = fit_classifier(now, names(N_PEOPLE - 1), settings).linear
    assert (updated.recogniser.classifier.linear.coef == anew.coef).all()
    assert updated.recogniser.classifier.kind is ClassifierKind.NEAREST_CENTROID
    assert updated.n_refitted == 0, "nobody else's mean has changed"


def test_logistic_regression_says_that_it_has_to_be_trained(everybody):
    few = everybody.only(everybody.labels < 5)
    people = np.arange(5)
    with pytest.raises(TrainingRefused, match="depend on each other"):
        update(few, people, few, people, ClassifierSettings(ClassifierKind.LOGISTIC))
