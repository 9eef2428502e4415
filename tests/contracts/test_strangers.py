"""What the limits promise, on people of Labeled Faces in the Wild whom the recogniser was never shown.

Required: with 20 of the 79 people hidden, again and again, the share of their faces that gets a name lies within the
promised interval in nine of ten repetitions; at an FPIR of 0.1 % the rule keeps more right names than the margin alone,
and than the similarity to the centroid alone; with 5 to 39 people, and everybody else of lfw-dev with its strangers
hidden, the mean FPIR is at most 1.2 times what was asked for; and a handful of photos makes nobody sure of what is
wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from core.base.settings import Settings
from core.base.types import Ints, Vectors
from core.learn.classification.calibrated_classifier import fit_classifier
from core.learn.classification.classifier_kinds import ClassifierKind, ClassifierSettings
from core.learn.labelled_faces import LabelledFaces
from core.learn.metrics.rank_and_detection import detection_rate
from core.learn.numerics.labels import fit_centroids
from core.learn.open_set.left_out_trials import RuleTrainingData
from core.learn.open_set.rejection_rule import TARGET_RATE, Gallery, name_faces
from core.learn.open_set.rule_fitting import learn_rules
from core.services import Services
from core.workflows.evaluation.evaluate import embed_strangers

REPETITIONS = 10
HIDDEN = 20
PROMISE = 1.2
"""The mean FPIR against what was asked for."""


SVM = ClassifierSettings(c=1.0)


@dataclass(frozen=True)
class Faces:
    vectors: Vectors
    labels: Ints


@pytest.fixture(scope="module")
def faces(lfw_dir: Path) -> Faces:
    """The main face of every photo of the development part, and whom it shows."""
    store = Services(Settings(lfw_dir)).store
    dataset = store.dataset("lfw-dev")
    named = np.flatnonzero(store.face_table(dataset.id).labels >= 0)
    return Faces(store.embeddings(dataset.id).vectors[named], store.face_table(dataset.id).labels[named])


@pytest.fixture(scope="module")
def strangers(lfw_dir: Path, shared_dir: Path) -> Vectors:
    """150 people of whom nobody is in the development part, a face each."""
    services = Services(Settings(lfw_dir))
    tools = services.main_face_tools(services.store.dataset("lfw-dev").model_id)
    with services.open_source(shared_dir / "faces" / "lfw-dev-strangers.zip") as source:
        return embed_strangers(tools, source).vectors


@dataclass(frozen=True)
class Trial:
    named: float
    within: bool
    dir_rule: float
    dir_margin: float
    dir_centroid: float


def hide(faces: Faces, seed: int, settings: ClassifierSettings = SVM) -> Trial:
    """Hide some people and a third of the photos of the others; learn from the rest, and try both."""
    rng = np.random.default_rng(seed)
    hidden = np.isin(faces.labels, rng.permutation(79)[:HIDDEN])
    order = np.argsort(rng.random(len(faces.labels)))
    place = np.empty(len(order), dtype=np.int64)
    for person in range(79):
        mine = order[faces.labels[order] == person]
        place[mine] = np.arange(len(mine)) % 3
    train, test = np.flatnonzero(~hidden & (place > 0)), np.flatnonzero(~hidden & (place == 0))
    names, labels = np.unique(faces.labels[train], return_inverse=True)
    learned = LabelledFaces(faces.vectors[train], labels, np.arange(len(train)))
    fitted = fit_classifier(learned, [str(name) for name in names], settings)
    classifier = fitted.linear
    rule = learn_rules(RuleTrainingData(learned, fitted, seed)).full
    centres, gallery = fit_centroids(learned.vectors, labels, len(names)), Gallery.of(classifier, learned.vectors)
    known, strange = (
        name_faces(classifier, centres, gallery, faces.vectors[rows]) for rows in (test, np.flatnonzero(hidden))
    )
    right, limit = names[known.person] == faces.labels[test], rule.at(0.01)
    assert not rule.from_prior
    reached = float(np.mean(rule.scores(strange.features) > limit.score))
    pairs = [(rule.scores(known.features), rule.scores(strange.features))]
    pairs += [(known.features[:, column], strange.features[:, column]) for column in (0, 1)]
    return Trial(
        reached, limit.low <= reached <= limit.high, *(detection_rate(one, right, other, 0.001) for one, other in pairs)
    )


def test_the_promise_holds_for_hidden_people_and_the_rule_beats_its_parts(faces: Faces) -> None:
    trials = [hide(faces, seed) for seed in range(REPETITIONS)]
    assert np.mean([trial.within for trial in trials]) >= 0.9
    ours, margin, centroid = (
        np.mean([getattr(trial, name) for trial in trials]) for name in ("dir_rule", "dir_margin", "dir_centroid")
    )
    assert ours > margin and ours > centroid, (ours, margin, centroid)


@pytest.mark.parametrize(("kind", "repetitions"), [(ClassifierKind.LOGISTIC, 6), (ClassifierKind.NEAREST_CENTROID, 10)])
def test_other_classifiers_promise_what_they_keep(faces: Faces, kind: ClassifierKind, repetitions: int) -> None:
    trials = [hide(faces, seed, ClassifierSettings(kind)) for seed in range(repetitions)]
    assert np.mean([trial.named for trial in trials]) <= PROMISE * TARGET_RATE
    assert np.mean([trial.within for trial in trials]) >= 0.9
    # As many right names at 0.1 % of the hidden as the linear SVM keeps on these draws (0.988), or nearly.
    assert np.mean([trial.dir_rule for trial in trials]) >= 0.98


# The fewer, the more one draw differs from the next. Of 1 % asked for, 0.97, 1.06, 0.80 and 0.93 % are reached.
@pytest.mark.parametrize(("n_people", "draws"), [(5, 75), (10, 20), (20, 12), (39, 8)])
def test_few_people_keep_the_promise_and_their_right_names(
    faces: Faces, strangers: Vectors, n_people: int, draws: int
) -> None:
    drawn = [draw_few(faces, strangers, n_people, seed) for seed in range(draws)]
    for rate, (named, kept) in {rate: np.mean([of[rate] for of in drawn], axis=0) for rate in (0.05, 0.01)}.items():
        assert named <= PROMISE * rate, (rate, named)
        assert kept >= 0.98, (rate, kept)


def draw_few(faces: Faces, strangers: Vectors, n_people: int, seed: int) -> dict[float, tuple[float, float]]:
    """Learn two thirds of the photos of some people; by rate, the share of strangers named and of right names kept."""
    rng = np.random.default_rng(seed)
    is_known = np.isin(faces.labels, rng.permutation(79)[:n_people])
    is_tested = rng.random(len(faces.labels)) < 1 / 3
    train, test = np.flatnonzero(is_known & ~is_tested), np.flatnonzero(is_known & is_tested)
    names, labels = np.unique(faces.labels[train], return_inverse=True)
    learned = LabelledFaces(faces.vectors[train], labels, np.arange(len(train)))
    fitted = fit_classifier(learned, [str(name) for name in names], ClassifierSettings(c=1.0))
    classifier, rule = fitted.linear, learn_rules(RuleTrainingData(learned, fitted, seed)).full
    assert rule.from_prior and rule.n_people == n_people
    centroids, gallery = fit_centroids(learned.vectors, labels, n_people), Gallery.of(classifier, learned.vectors)
    known, strange = (
        name_faces(classifier, centroids, gallery, vectors)
        for vectors in (faces.vectors[test], np.concatenate([faces.vectors[~is_known], strangers]))
    )
    # Everybody counts the same: a hidden person's many photos, a stranger's one.
    hidden = faces.labels[~is_known]
    weights = np.concatenate([1 / np.bincount(hidden)[hidden], np.ones(len(strangers))])
    right = names[known.person] == faces.labels[test]
    known_scores, scores = rule.scores(known.features), rule.scores(strange.features)
    return {
        rate: (
            float(np.average(scores > rule.at(rate).score, weights=weights)),
            float(np.mean(right & (known_scores > rule.at(rate).score))),
        )
        for rate in (0.05, 0.01)
    }


@pytest.mark.parametrize("photos", [3, 4])
def test_five_people_with_a_handful_of_photos_make_nobody_sure_of_what_is_wrong(faces: Faces, photos: int) -> None:
    sure, wrong, means, rights = 0, 0, [], []
    for seed in range(25):
        rng = np.random.default_rng(seed)
        rows = [rng.permutation(np.flatnonzero(faces.labels == person)) for person in rng.permutation(79)[:5]]
        train = np.concatenate([mine[:photos] for mine in rows])
        test = np.concatenate([mine[photos:] for mine in rows])
        names, labels = np.unique(faces.labels[train], return_inverse=True)
        learned = LabelledFaces(faces.vectors[train], labels, np.arange(len(train)))
        svm = fit_classifier(learned, [str(name) for name in names])
        probabilities = svm.probabilities(faces.vectors[test])
        right = names[probabilities.argmax(axis=1)] == faces.labels[test]
        best = probabilities.max(axis=1)
        sure, wrong = sure + int((best > 0.95).sum()), wrong + int((~right & (best > 0.95)).sum())
        means.append(best.mean())
        rights.append(right.mean())
    assert wrong <= 0.05 * sure
    assert np.mean(means) <= np.mean(rights), "with so few photos it is rather too modest than too sure"
