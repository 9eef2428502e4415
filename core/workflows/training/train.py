"""Teach it: divide the faces, fit a linear SVM, measure it on faces it has not seen, store the run.

With the archive's own division the classifier that is kept learned from the train side only: it is the one that was
measured. With folds the measurement is out of fold, and the classifier that is kept learned from every face.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isnan
from typing import Any

import numpy as np

from core.base.errors import ModelMismatch, TrainingRefused
from core.base.types import (
    TRUSTED_GRADE,
    Bools,
    CancelToken,
    Doubles,
    Embeddings,
    FaceTable,
    Ints,
    Report,
    Split,
    Vectors,
    ignore_progress,
)
from core.learn.classification.recogniser import LinearSvm, Recogniser, fit_linear_svm
from core.learn.classification.solver import Watch
from core.learn.metrics.classification import evaluate_from_ranks, more_probable
from core.learn.metrics.predictions import Predictions
from core.learn.model_selection.splits import Fold, SplitPlan, near_duplicate_groups, plan_split
from core.learn.open_set.rejection_rule import TARGET_RATE, Gallery, Impostors, RejectionRule, fit_centroids
from core.learn.open_set.rule_fitting import LinearMargins, TrainedFaces, learn_rules, score_left_out_people
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.protocols import FaceStore, Run, RunStore

SUMMARY = ("accuracy", "accuracy_ci95", "n_correct", "n_test", "balanced_accuracy", "macro_f1", "top3", "ece")

PROBABILITIES_AT_ONCE = 1 << 22
"""Tested faces times people: their probabilities take 8 bytes each, and several times that on the way."""

FITTING_SHARE = 0.5
"""Roughly the part of the time that the classifier takes, against the rule of when to say "unknown"."""


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the user may choose."""

    folds: int = 5
    min_faces: int = 2
    seed: int = 0
    c: float | None = None
    """The SVM's C; chosen by cross-validation when None."""
    min_grade: float = TRUSTED_GRADE
    """Faces of a lower quality take no part. Of such faces one in six is recognised; see ``vision.quality``."""
    min_size_px: int = 0
    """Faces whose box is narrower take no part."""


@dataclass(frozen=True, slots=True)
class KnownStranger:
    """Somebody of the dataset who was met among the strangers given."""

    person: str
    photos: int
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Outsiders:
    """Faces of people who are not in the dataset: they help to tell when to say "unknown", and are not kept."""

    title: str
    """What people call the file that they came from."""
    vectors: Vectors
    identities: Ints
    """(n,) whom each face shows, as numbers."""
    model_id: str
    photos: int
    """All that were given."""
    refused: int
    known: tuple[KnownStranger, ...]
    """Whose photos were found among them, and are not used."""

    def to_json(self) -> dict[str, Any]:
        """How many there were; none of their vectors or names."""
        return {
            "title": self.title,
            "photos": self.photos,
            "refused": self.refused,
            "used": len(self.vectors),
            "people": len(np.unique(self.identities)),
            "known": [asdict(person) for person in self.known],
        }


@dataclass(frozen=True, slots=True)
class GatedFaces:
    """Named faces that take no part, and why."""

    faces: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class TrainingMaterial:
    """The named faces of a dataset at one revision, ready to learn from."""

    face_ids: tuple[str, ...]
    vectors: Vectors
    labels: Ints
    people: tuple[str, ...]
    splits: tuple[Split | None, ...]
    groups: Ints
    model_id: str
    gated: tuple[GatedFaces, ...]
    strangers: Vectors
    """Faces marked as nobody who is to be named, and those given: they help to tell when to say "unknown"."""
    identities: Ints
    """Whom each of them shows, as numbers."""


def select_learnable_rows(table: FaceTable, options: TrainOptions) -> tuple[Ints, tuple[GatedFaces, ...]]:
    """Row numbers of the faces that take part, and how many named faces do not, by reason."""
    is_named = table.labels >= 0
    is_hidden = np.zeros(len(table), dtype=bool)
    is_hidden[is_named] = table.hidden[table.labels[is_named]]
    reasons = {
        "their people are hidden.": is_hidden,
        "they were left out by hand.": table.excluded,
        f"their quality is below {options.min_grade:.0%}.": table.grades < options.min_grade,
        f"they are smaller than {options.min_size_px} pixels.": table.sizes_px < options.min_size_px,
    }
    taking_part, gated = is_named, []
    for reason, is_left_out in reasons.items():
        if faces := int((taking_part & is_left_out).sum()):
            gated.append(GatedFaces(faces, reason))
        taking_part = taking_part & ~is_left_out
    return np.flatnonzero(taking_part), tuple(gated)


def prepare_training_material(table: FaceTable, embeddings: Embeddings, options: TrainOptions) -> TrainingMaterial:
    """Keep the faces that have a name and show well enough, and find those that are one shot.

    Raises
    ------
    TrainingRefused
        No face has a name, or all that have one are left out.
    """
    rows, gated = select_learnable_rows(table, options)
    is_sound = sound_vectors(embeddings.vectors)
    if n_unsound := int((~is_sound[rows]).sum()):
        rows, gated = (
            rows[is_sound[rows]],
            (*gated, GatedFaces(n_unsound, "their vectors are no numbers: read the photos again.")),
        )
    if not len(rows) and gated:
        why = " ".join(f"{entry.faces}: {entry.reason}" for entry in gated)
        raise TrainingRefused(f"All faces with a name are left out. {why} Loosen the limits, or take faces back in.")
    if not len(rows):
        raise TrainingRefused("No face has a name yet. Add photos in folders, one folder a person, then train.")
    vectors, labels = embeddings.vectors[rows], table.labels[rows]
    photos = [table.photo_ids[row] for row in rows]
    strangers = embeddings.vectors[table.strangers & (table.labels < 0) & ~table.excluded & table.trusted & is_sound]
    groups = near_duplicate_groups(vectors, photos, table.photo_hashes[rows].tolist(), labels)
    return TrainingMaterial(
        face_ids=tuple(table.face_ids[row] for row in rows),
        vectors=vectors,
        labels=labels,
        people=table.people,
        splits=tuple(table.splits[row] for row in rows),
        groups=groups,
        model_id=embeddings.model_id,
        gated=gated,
        strangers=strangers,
        identities=np.arange(len(strangers)),
    )


def _with_outsiders(material: TrainingMaterial, outsiders: Outsiders | None) -> TrainingMaterial:
    if outsiders is None:
        return material
    if outsiders.model_id != material.model_id:
        raise ModelMismatch("The dataset's model was changed while the strangers were looked at. Train again.")
    strangers = np.concatenate([material.strangers, outsiders.vectors])
    return replace(
        material,
        strangers=strangers,
        identities=np.concatenate([material.identities, len(material.identities) + outsiders.identities]),
    )


def sound_vectors(vectors: Vectors) -> Bools:
    """Tell which rows are numbers and not zero: (n,)."""
    return np.asarray(np.isfinite(vectors).all(axis=1) & vectors.any(axis=1))


def preview_training(
    table: FaceTable, embeddings: Embeddings, options: TrainOptions
) -> tuple[SplitPlan, tuple[GatedFaces, ...]]:
    """What ``train_recogniser`` would learn from and leave out, without learning."""
    material = prepare_training_material(table, embeddings, options)
    return _plan(material, options), material.gated


def plan_to_json(plan: SplitPlan, gated: tuple[GatedFaces, ...]) -> dict[str, Any]:
    """The command line's answer about what ``preview_training`` gives."""
    dropped = [{"faces": len(faces.rows), "reason": faces.reason} for faces in plan.dropped]
    return {
        "people": list(plan.people),
        "faces": len(plan.used),
        "tested": sum(len(fold.test) for fold in plan.folds),
        "why": plan.why,
        "not_used": [*map(asdict, gated), *dropped],
        "left_out": [asdict(person) for person in plan.left_out],
    }


def train_recogniser(
    store: FaceStore,
    runs: RunStore,
    artifacts: Artifacts,
    dataset_id: str,
    options: TrainOptions,
    report: Report = ignore_progress,
    token: CancelToken | None = None,
    outsiders: Outsiders | None = None,
    run_id: str = "",
) -> Run:
    """Train, measure and store a run.

    Parameters
    ----------
    outsiders : other people's faces, to set the limits by
    run_id : the run's id; a new one by default

    Raises
    ------
    TrainingRefused
        Fewer than two people have enough photos.
    """
    began, token = time.monotonic(), token or CancelToken()
    dataset = store.dataset(dataset_id)
    report(0, 1, "Reading the faces")
    table = store.face_table(dataset_id)
    material = _with_outsiders(prepare_training_material(table, store.embeddings(dataset_id), options), outsiders)
    split_plan = _plan(material, options)
    progress = _Progress.over(split_plan, report, token)
    learned_from_all = (
        None
        if split_plan.kind == "own"
        else _learn(material, split_plan, split_plan.used, options, progress.next_fit())
    )
    warm_start = learned_from_all.recogniser.svm if learned_from_all else None
    tested_folds = [
        _test_fold(material, split_plan, fold, options, warm_start, progress.next_fit()) for fold in split_plan.folds
    ]
    learned = learned_from_all or tested_folds[0].learned
    predictions = _predictions(material, split_plan, tested_folds, learned, _impostors(material, learned, options))
    run = Run(
        id=run_id or uuid.uuid4().hex[:12],
        dataset_id=dataset_id,
        created=time.time(),
        revision=dataset.revision,
        model_id=material.model_id,
        params={
            **_params(material, split_plan, learned, options),
            "person_ids": _ids_of(table, split_plan.people),
            "strangers_given": outsiders.to_json() if outsiders else None,
        },
        metrics=_metrics(predictions, learned, material, split_plan),
        seconds=time.monotonic() - began,
    )
    _store_run(runs, artifacts, run, learned.recogniser, predictions)
    progress.finish()
    return run


def delete_run(runs: RunStore, artifacts: Artifacts, run: Run) -> None:
    """Remove a run and its files."""
    runs.delete_run(run.id)
    for kind in (ArtifactKind.RUN, ArtifactKind.PREDICTIONS, ArtifactKind.STUDY, ArtifactKind.GALLERY):
        artifacts.delete(run.dataset_id, kind, run.id)


def load_recogniser(artifacts: Artifacts, run: Run) -> Recogniser:
    """The classifier of a run. Raises NotFound when its file is gone."""
    return Recogniser.load(artifacts.path(run.dataset_id, ArtifactKind.RUN, run.id))


def load_predictions(artifacts: Artifacts, run: Run) -> Predictions:
    """What a run said of the faces it was tested on."""
    return Predictions.from_bytes(artifacts.read(run.dataset_id, ArtifactKind.PREDICTIONS, run.id))


def learned_gallery(embeddings: Embeddings, predictions: Predictions) -> Embeddings:
    """The vectors that a run learned from, as far as they are still there."""
    return embeddings.take(embeddings.match(predictions.learned_ids)[1])


def _plan(material: TrainingMaterial, options: TrainOptions) -> SplitPlan:
    return plan_split(
        material.labels,
        material.people,
        material.splits,
        material.groups,
        folds=options.folds,
        min_faces=options.min_faces,
        seed=options.seed,
    )


@dataclass(slots=True)
class _Progress:
    """Tells how far the fits are, all of the same length, in people learned; stops them when asked to."""

    people: int
    fits: tuple[str, ...]
    """What each fit is for, in words."""
    report: Report
    token: CancelToken
    begun: int = 0

    @classmethod
    def over(cls, split_plan: SplitPlan, report: Report, token: CancelToken) -> _Progress:
        n = len(split_plan.folds)
        parts = (f"Learning and testing, part {part} of {n}" for part in range(1, n + 1))
        whole = () if split_plan.kind == "own" else ("Learning from all",)
        return cls(len(split_plan.people), (*whole, *parts), report, token)

    def next_fit(self) -> Watch:
        """Watch the next fit."""
        before, message = self.begun * self.people, self.fits[self.begun]
        self.begun += 1

        def watch(share: float) -> None:
            self.token.raise_if_cancelled()
            self.report(before + int(share * self.people), len(self.fits) * self.people, message)

        watch(0.0)
        return watch

    def finish(self) -> None:
        n = len(self.fits) * self.people
        self.report(n, n, "Done")


@dataclass(frozen=True, slots=True, eq=False)
class _Learned:
    """A recogniser and the rows it was learned from: it, its limits and probabilities know of no other."""

    recogniser: Recogniser
    gallery: Gallery
    rows: Ints
    labels: Ints

    @property
    def rule(self) -> RejectionRule:
        return self.recogniser.rule(self.gallery)


@dataclass(frozen=True, slots=True, eq=False)
class _TestedFold:
    """One fold's recogniser, and what it said of the test side."""

    learned: _Learned
    fold: Fold
    predicted: Ints
    """The best margin's person for each tested face."""
    confidence: Doubles
    """The probability of that person."""
    ranks: Ints
    """How many people are more probable than the true one."""
    distances: Doubles
    """To the centroid of the predicted person."""
    scores: Doubles
    """How much the face is like the predicted person."""


def _test_fold(
    material: TrainingMaterial,
    split_plan: SplitPlan,
    fold: Fold,
    options: TrainOptions,
    warm_start: LinearSvm | None,
    watch: Watch,
) -> _TestedFold:
    learned = _learn(material, split_plan, fold.train, options, watch, warm_start)
    blocks = np.array_split(fold.test, -(-len(fold.test) * len(split_plan.people) // PROBABILITIES_AT_ONCE) or 1)
    predictions = [_predict(learned, material.vectors[rows], split_plan.labels[rows]) for rows in blocks]
    return _TestedFold(learned, fold, *(np.concatenate(column) for column in zip(*predictions, strict=True)))


def _predict(learned: _Learned, probes: Vectors, true: Ints) -> tuple[Ints, Doubles, Ints, Doubles, Doubles]:
    recogniser = learned.recogniser
    predicted, scores = recogniser.name(probes, learned.gallery)
    probabilities = recogniser.svm.probabilities(probes)
    confidence = probabilities[np.arange(len(predicted)), predicted]
    distances = recogniser.distances(probes, predicted).astype(np.float64)
    return predicted, confidence, more_probable(probabilities, true), distances, scores


def _learn(
    material: TrainingMaterial,
    split_plan: SplitPlan,
    rows: Ints,
    options: TrainOptions,
    watch: Watch,
    warm_start: LinearSvm | None = None,
) -> _Learned:
    """Learn from some rows only; ``warm_start``, a classifier of almost the same rows, only makes it faster."""
    vectors, labels, groups = material.vectors[rows], split_plan.labels[rows], material.groups[rows]
    svm = fit_linear_svm(
        vectors,
        labels,
        split_plan.people,
        groups,
        seed=options.seed,
        c=options.c,
        start=warm_start,
        watch=lambda share: watch(FITTING_SHARE * share),
    )
    rules = learn_rules(
        TrainedFaces(
            vectors=vectors,
            labels=labels,
            groups=groups,
            svm=LinearMargins(svm.coef, svm.intercept),
            C=svm.C,
            seed=options.seed,
        ),
        material.strangers,
        lambda share: watch(FITTING_SHARE + (1 - FITTING_SHARE) * share),
        material.identities,
    )
    centres = fit_centroids(vectors, labels, len(split_plan.people))
    recogniser = Recogniser(svm=svm, centroids=centres, rules=rules, model_id=material.model_id, seed=options.seed)
    return _Learned(recogniser, Gallery.of(svm, vectors), rows, labels)


def _impostors(material: TrainingMaterial, learned: _Learned, options: TrainOptions) -> Impostors | None:
    """Whom the recogniser was tried on as strangers: for its limits, or only to be shown."""
    svm, tried_impostors = learned.recogniser.svm, learned.recogniser.rules.impostors
    if tried_impostors is not None and not tried_impostors.given.all():
        return tried_impostors
    linear = LinearMargins(svm.coef, svm.intercept)
    rule_input = TrainedFaces(
        vectors=learned.gallery.vectors,
        labels=learned.labels,
        groups=material.groups[learned.rows],
        svm=linear,
        C=svm.C,
        seed=options.seed,
    )
    left_out = score_left_out_people(learned.recogniser.rules.full, rule_input)
    return tried_impostors.joined(left_out) if tried_impostors and left_out else tried_impostors or left_out


def _predictions(
    material: TrainingMaterial,
    split_plan: SplitPlan,
    tested_folds: Sequence[_TestedFold],
    learned: _Learned,
    impostors: Impostors | None,
) -> Predictions:
    rows = np.concatenate([tested.fold.test for tested in tested_folds])
    predicted = np.concatenate([tested.predicted for tested in tested_folds])
    confidence = np.concatenate([tested.confidence for tested in tested_folds])
    ranks = np.concatenate([tested.ranks for tested in tested_folds])
    true = split_plan.labels[rows]
    return Predictions(
        people=split_plan.people,
        face_ids=tuple(material.face_ids[row] for row in rows),
        true=true,
        given=predicted,
        probs=confidence.astype(np.float32),
        distances=np.concatenate([tested.distances for tested in tested_folds]).astype(np.float32),
        scores=np.concatenate([tested.scores for tested in tested_folds]).astype(np.float32),
        ranks=ranks,
        learned_ids=tuple(material.face_ids[row] for row in learned.rows),
        evaluation=evaluate_from_ranks(split_plan.people, true, predicted, confidence, ranks),
        impostors=impostors,
    )


def _ids_of(table: FaceTable, people: Sequence[str]) -> list[int]:
    ids = dict(zip(table.people, table.person_ids, strict=True))
    return [ids[name] for name in people]


def _params(
    material: TrainingMaterial, split_plan: SplitPlan, learned: _Learned, options: TrainOptions
) -> dict[str, Any]:
    return {
        **asdict(options),
        "split": split_plan.kind,
        "why": split_plan.why,
        "folds": len(split_plan.folds),
        "chosen_c": learned.recogniser.svm.C,
        "people": list(split_plan.people),
        "left_out": [asdict(entry) for entry in split_plan.left_out],
        "dropped": [{"faces": len(entry.rows), "reason": entry.reason} for entry in split_plan.dropped],
        "gated": [asdict(entry) for entry in material.gated],
        "threshold": threshold_json(learned.rule),
        "strangers": len(material.strangers),
    }


def threshold_json(rule: RejectionRule) -> dict[str, Any]:
    """The limit that is used unless another is chosen, what it promises, and what that rests on."""
    return {
        **asdict(rule.at(TARGET_RATE)),
        "n_impostors": rule.n_impostors,
        "n_impostor_people": rule.n_people,
        "n_genuine": rule.n_genuine,
        "genuine_kept": None if isnan(rule.genuine_kept) else rule.genuine_kept,
        "from_prior": rule.from_prior,
    }


def _metrics(
    predictions: Predictions, learned: _Learned, material: TrainingMaterial, split_plan: SplitPlan
) -> dict[str, Any]:
    document = predictions.evaluation.summary()
    is_right = learned.gallery.labels == learned.labels
    return {
        **{name: document[name] for name in SUMMARY},
        "train_accuracy": float(is_right.mean()),
        "n_people": len(split_plan.people),
        "n_train": len(learned.rows),
    }


def _store_run(
    runs: RunStore, artifacts: Artifacts, run: Run, recogniser: Recogniser, predictions: Predictions
) -> None:
    """Files first: a run that is listed can be used."""
    artifacts.replace(run.dataset_id, ArtifactKind.RUN, run.id, recogniser.to_bytes())
    artifacts.replace(run.dataset_id, ArtifactKind.PREDICTIONS, run.id, predictions.to_bytes())
    runs.add_run(run)


def run_to_json(run: Run) -> dict[str, Any]:
    """The command line's answer about a run."""
    strangers_given = run.params.get("strangers_given")
    return {
        "run": run.id,
        "accuracy": run.metrics["accuracy"],
        "accuracy_ci95": run.metrics["accuracy_ci95"],
        "macro_f1": run.metrics["macro_f1"],
        "n_people": run.metrics["n_people"],
        "n_train": run.metrics["n_train"],
        "n_test": run.metrics["n_test"],
        "threshold": run.params["threshold"]["score"],
        **({"strangers_given": strangers_given} if strangers_given else {}),
    }
