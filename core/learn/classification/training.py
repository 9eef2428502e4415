"""Learn a recogniser and measure it on faces that it has not seen.

Of an archive's own division only the training side is learned from, so the recogniser that is kept is the very one that
was measured. With folds every face is tested once by a recogniser that never saw its shot, and the one that is kept is
learned from all faces: from a fold's worth more than those that were measured.

Whatever decides for a tested face was learned without it: the classifier and its C, the temperature of its
probabilities, the centroids and the rule of when to say "unknown". That is why a fold fits a whole recogniser, and not
only a classifier.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import isnan
from typing import NamedTuple

import numpy as np

from core.base.face_table import take_items
from core.base.progress import UNWATCHED, Progress
from core.base.types import Doubles, Ints, Vectors
from core.language.texts import marked
from core.learn.classification.calibrated_classifier import CHOOSING_FOLDS, CalibratedClassifier, fit_classifier
from core.learn.classification.recogniser import Recogniser
from core.learn.classification.training_material import TrainingMaterial, TrainOptions
from core.learn.labelled_faces import LabelledFaces
from core.learn.metrics.classification import count_more_probable, evaluate_from_ranks
from core.learn.metrics.predictions import Predictions
from core.learn.metrics.run_values import RunMetrics, RunParams, RunThreshold, UnusedFaces
from core.learn.model_selection.cross_validation import SCORES_AT_ONCE
from core.learn.model_selection.splits import Fold, SplitPlan
from core.learn.numerics.blocks import split_rows
from core.learn.numerics.labels import fit_centroids
from core.learn.open_set.left_out_trials import PARTS, RuleTrainingData, count_parts_for_weights
from core.learn.open_set.rejection_rule import TARGET_RATE, Gallery, RejectionRule
from core.learn.open_set.rule_fitting import ENOUGH_PEOPLE, learn_rules

FIGURES_OF_A_RUN = ("accuracy", "accuracy_ci95", "n_correct", "n_test", "balanced_accuracy", "macro_f1", "top3", "ece")
"""Those that lists of runs show; the others are with the predictions."""
FITTING_SHARE = 0.5
"""Roughly the part of the time that the classifier takes, against the rule of when to say "unknown"."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRun:
    """What a training comes to."""

    recogniser: Recogniser
    predictions: Predictions
    """Of every tested face, by a recogniser that had not seen its shot."""
    params: RunParams
    metrics: RunMetrics


_TESTING = marked("Learning and testing, part {part} of {total}")


def fit_and_test(
    material: TrainingMaterial,
    plan: SplitPlan,
    options: TrainOptions,
    progress: Progress = UNWATCHED,
) -> TrainedRun:
    """Learn from the training side of each fold and test the others; with folds, learn from all faces as well.

    Raises
    ------
    TrainingRefused
        A vector is no number.
    Cancelled
        It is to stop.
    """
    trainer = _Trainer.of(material, plan, options)
    fits = _follow_fits(plan, progress)
    # All faces first: a fold differs from them by a fifth, so its own classifier is found in a few steps from there.
    fitted_to_all = trainer.fit(plan.used, next(fits)) if plan.kind == "kfold" else None
    warm_start = fitted_to_all.recogniser.classifier if fitted_to_all else None
    tested = [trainer.test_fold(fold, next(fits), warm_start) for fold in plan.folds]
    # Without a fit to all there is one fold, the archive's own division, and what it learned is what is kept.
    fitted = fitted_to_all or tested[0].fitted
    predictions = _gather_predictions(material, plan, tested, fitted)
    return TrainedRun(
        recogniser=fitted.recogniser,
        predictions=predictions,
        params=_run_params(trainer, plan, fitted.recogniser),
        metrics=gather_run_metrics(predictions, float(np.mean(fitted.gallery.labels == fitted.faces.labels))),
    )


def count_steps(plan: SplitPlan) -> int:
    """How many steps ``fit_and_test`` reports: a person learned is one, and every fit learns everybody."""
    return len(_fit_messages(plan)) * len(plan.people)


def count_fits_of_recogniser(n_people: int) -> int:
    """How many classifiers one recogniser takes: to choose C, to be kept, and one for each part of the strangers."""
    return CHOOSING_FOLDS + 1 + (PARTS if n_people >= ENOUGH_PEOPLE else 0)


# how far it is


def _fit_messages(plan: SplitPlan) -> tuple[str, ...]:
    """What each fit is for, in words."""
    n = len(plan.folds)
    folds = (_TESTING.format(part=part, total=n) for part in range(1, n + 1))
    return (*(() if plan.kind == "own" else (marked("Learning from all"),)), *folds)


def _follow_fits(plan: SplitPlan, progress: Progress) -> Iterator[Progress]:
    """The progress of one fit after another, all of the same length: a step is a person learned."""
    n_people, messages = len(plan.people), _fit_messages(plan)
    for number, message in enumerate(messages):
        fit = progress.over(n_people * len(messages), message, n_people * number, n_people * (number + 1))
        fit.advance(0.0)
        yield fit


# fitting


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A recogniser and the rows it was learned from: it, its thresholds and probabilities know of no other."""

    recogniser: Recogniser
    gallery: Gallery
    rows: Ints
    faces: LabelledFaces


class _Names(NamedTuple):
    """What a recogniser says of some faces, (n,) each."""

    predicted: Ints
    """The best margin's person."""
    confidence: Doubles
    """The probability of that person."""
    ranks: Ints
    """How many people are more probable than the true one."""
    distances: Doubles
    """To the centroid of the predicted person."""
    scores: Doubles
    """How much the face is like the predicted person."""

    @classmethod
    def joined(cls, parts: list[_Names]) -> _Names:
        return cls(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class _TestedFold:
    """One fold's recogniser, and what it said of the test side."""

    fitted: _Fitted
    fold: Fold
    names: _Names


@dataclass(frozen=True, slots=True, eq=False)
class _Trainer:
    """What every fit shares."""

    faces: LabelledFaces
    """All of the material; the labels are the plan's, -1 for faces that take no part."""
    people: tuple[str, ...]
    material: TrainingMaterial
    options: TrainOptions

    @classmethod
    def of(cls, material: TrainingMaterial, plan: SplitPlan, options: TrainOptions) -> _Trainer:
        return cls(replace(material.faces, labels=plan.labels), plan.people, material, options)

    def fit(self, rows: Ints, progress: Progress, warm_start: CalibratedClassifier | None = None) -> _Fitted:
        """Learn from some rows only; ``warm_start``, the classifier that is kept where this is a fold, saves time."""
        faces, options = self.faces.take(rows), self.options
        classifier_progress, rule_progress = progress.part(0.0, FITTING_SHARE), progress.part(FITTING_SHARE, 1.0)
        classifier = fit_classifier(
            faces,
            self.people,
            options.classifier_settings,
            seed=options.seed,
            start=warm_start,
            progress=classifier_progress,
        )
        # A fold's rule scores its test side, and the thresholds that these scores meet are those of the kept one.
        n_parts = PARTS if warm_start is None else count_parts_for_weights(faces)
        rules = learn_rules(
            RuleTrainingData(faces, classifier, options.seed, most_parts=n_parts),
            self.material.strangers,
            rule_progress,
            self.material.stranger_ids,
        )
        recogniser = Recogniser(
            classifier=classifier,
            centroids=fit_centroids(faces.vectors, faces.labels, len(self.people)),
            rules=rules,
            model_id=self.material.model_id,
            seed=options.seed,
        )
        return _Fitted(recogniser, Gallery.of(classifier.linear, faces.vectors), rows, faces)

    def test_fold(self, fold: Fold, progress: Progress, warm_start: CalibratedClassifier | None) -> _TestedFold:
        """Learn from the fold's training side, and name its test side."""
        fitted = self.fit(fold.train, progress, warm_start)
        # Probabilities of every person for every face would not fit into memory for a large test side.
        blocks = split_rows(fold.test, len(self.people), SCORES_AT_ONCE)
        names = [_name_probes(fitted, self.faces.vectors[rows], self.faces.labels[rows]) for rows in blocks]
        return _TestedFold(fitted, fold, _Names.joined(names))


def _name_probes(fitted: _Fitted, probes: Vectors, true: Ints) -> _Names:
    recogniser = fitted.recogniser
    predicted, scores = recogniser.name(probes, fitted.gallery)
    probabilities = recogniser.classifier.probabilities(probes)
    return _Names(
        predicted=predicted,
        confidence=probabilities[np.arange(len(predicted)), predicted],
        ranks=count_more_probable(probabilities, true),
        distances=recogniser.distances(probes, predicted).astype(np.float64),
        scores=scores,
    )


def _gather_predictions(
    material: TrainingMaterial,
    plan: SplitPlan,
    tested: list[_TestedFold],
    fitted: _Fitted,
) -> Predictions:
    rows = np.concatenate([tested_fold.fold.test for tested_fold in tested])
    names, true = _Names.joined([tested_fold.names for tested_fold in tested]), plan.labels[rows]
    return Predictions(
        people=plan.people,
        face_ids=take_items(material.face_ids, rows),
        true=true,
        given=names.predicted,
        probs=names.confidence.astype(np.float32),
        distances=names.distances.astype(np.float32),
        scores=names.scores.astype(np.float32),
        ranks=names.ranks,
        learned_ids=take_items(material.face_ids, fitted.rows),
        evaluation=evaluate_from_ranks(plan.people, true, names.predicted, names.confidence, names.ranks),
        impostors=fitted.recogniser.rules.impostors,
        learned_as=fitted.gallery.labels,
    )


# what is kept of it


def _run_params(trainer: _Trainer, plan: SplitPlan, recogniser: Recogniser) -> RunParams:
    material, options = trainer.material, replace(trainer.options, folds=len(plan.folds))
    return RunParams(
        **asdict(options),
        split=plan.kind,
        why=plan.why,
        chosen_c=recogniser.classifier.C,
        people=plan.people,
        left_out=plan.left_out,
        dropped=tuple(UnusedFaces(len(entry.rows), entry.reason) for entry in plan.dropped),
        gated=material.gated,
        threshold=_threshold_in_use(recogniser.rules.full),
        strangers=len(material.strangers),
    )


def _threshold_in_use(rule: RejectionRule) -> RunThreshold:
    return RunThreshold(
        **asdict(rule.at(TARGET_RATE)),
        n_impostors=rule.n_impostors,
        n_impostor_people=rule.n_people,
        n_genuine=rule.n_genuine,
        genuine_kept=None if isnan(rule.genuine_kept) else rule.genuine_kept,
        from_prior=rule.from_prior,
    )


def gather_run_metrics(predictions: Predictions, train_accuracy: float) -> RunMetrics:
    """The figures of a run: those of its tested faces, and of the faces that it learned from."""
    figures = {name: getattr(predictions.evaluation, name) for name in FIGURES_OF_A_RUN}
    return RunMetrics(
        **figures,
        train_accuracy=train_accuracy,
        n_people=len(predictions.people),
        n_train=len(predictions.learned_ids),
    )
