"""Teach it: divide the faces, fit a linear SVM, measure it on faces it has not seen, store the run.

With the archive's own division the classifier that is kept learned from the train side only: it is the one that was
measured. With folds the measurement is out of fold, and the classifier that is kept learned from every face.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any

import numpy as np

from core.errors import TrainingRefused
from core.learn.classify import LinearSvm, Recogniser, fit
from core.learn.evaluate import judge, more_probable
from core.learn.openset import Threshold, centroids, default_threshold, distances_to_named
from core.learn.predictions import Predictions
from core.learn.solver import Watch
from core.learn.split import Fold, Plan, near_duplicate_groups, plan
from core.store.artifacts import Artifacts, Kind
from core.store.base import FaceStore, Run, RunStore
from core.types import CancelToken, Doubles, Embeddings, FaceTable, Ints, Report, Split, Vectors, silent

SUMMARY = ("accuracy", "accuracy_ci95", "n_correct", "n_test", "balanced_accuracy", "macro_f1", "top3", "ece")

PROBABILITIES_AT_ONCE = 1 << 22
"""Tested faces times people: their probabilities take 8 bytes each, and several times that on the way."""


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the user may choose."""

    folds: int = 5
    min_faces: int = 2
    seed: int = 0
    c: float | None = None
    """The SVM's C; chosen by cross-validation when None."""
    min_grade: float = 0.3
    """Faces of a lower quality take no part. Of such faces one in six is recognised; see ``learn.quality``."""
    min_size_px: int = 0
    """Faces whose box is narrower take no part."""


@dataclass(frozen=True, slots=True)
class Gated:
    """Named faces that take no part, and why."""

    faces: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """The named faces of a dataset at one revision, ready to learn from."""

    face_ids: tuple[str, ...]
    vectors: Vectors
    labels: Ints
    people: tuple[str, ...]
    splits: tuple[Split | None, ...]
    groups: Ints
    model_id: str
    gated: tuple[Gated, ...]


def gate(table: FaceTable, options: TrainOptions) -> tuple[Ints, tuple[Gated, ...]]:
    """Row numbers of the faces that take part, and how many named faces do not, by reason."""
    named = table.labels >= 0
    of_hidden = np.zeros(len(table), dtype=bool)
    of_hidden[named] = table.hidden[table.labels[named]]
    reasons = {
        "their people are hidden.": of_hidden,
        "they were left out by hand.": table.excluded,
        f"their quality is below {options.min_grade:.0%}.": table.grades < options.min_grade,
        f"they are smaller than {options.min_size_px} pixels.": table.sizes_px < options.min_size_px,
    }
    taking_part, gated = named, []
    for reason, out in reasons.items():
        if faces := int((taking_part & out).sum()):
            gated.append(Gated(faces, reason))
        taking_part = taking_part & ~out
    return np.flatnonzero(taking_part), tuple(gated)


def material(table: FaceTable, embeddings: Embeddings, options: TrainOptions) -> Material:
    """Keep the faces that have a name and show well enough, and find those that are one shot.

    Raises
    ------
    TrainingRefused
        No face has a name, or all that have one are left out.
    """
    rows, gated = gate(table, options)
    if not len(rows) and gated:
        why = " ".join(f"{entry.faces}: {entry.reason}" for entry in gated)
        raise TrainingRefused(f"All faces with a name are left out. {why} Loosen the limits, or take faces back in.")
    if not len(rows):
        raise TrainingRefused("No face has a name yet. Add photos in folders, one folder a person, then train.")
    vectors, labels = embeddings.vectors[rows], table.labels[rows]
    photos = [table.photo_ids[row] for row in rows]
    groups = near_duplicate_groups(vectors, photos, table.photo_hashes[rows].tolist(), labels)
    return Material(
        tuple(table.ids[row] for row in rows),
        vectors,
        labels,
        table.people,
        tuple(table.splits[row] for row in rows),
        groups,
        embeddings.model_id,
        gated,
    )


def preview(table: FaceTable, embeddings: Embeddings, options: TrainOptions) -> tuple[Plan, tuple[Gated, ...]]:
    """What ``train`` would learn from and leave out, without learning."""
    given = material(table, embeddings, options)
    return _plan(given, options), given.gated


def train(
    store: FaceStore,
    runs: RunStore,
    artifacts: Artifacts,
    dataset_id: str,
    options: TrainOptions,
    report: Report = silent,
    token: CancelToken | None = None,
) -> Run:
    """Train, measure and store a run.

    Raises
    ------
    TrainingRefused
        Fewer than two people have enough photos.
    """
    began, token = time.monotonic(), token or CancelToken()
    dataset = store.dataset(dataset_id)
    report(0, 1, "Reading the faces")
    given = material(store.face_table(dataset_id), store.embeddings(dataset_id), options)
    division = _plan(given, options)
    progress = _Progress.over(division, report, token)
    svm = None if division.kind == "own" else _fit(given, division, division.used, options, progress.next_fit())
    tested = [_test_fold(given, division, fold, options, svm, progress.next_fit()) for fold in division.folds]
    kept = _Kept.of(given, division, tested, svm)
    predictions = _predictions(given, division, tested, kept)
    run = Run(
        id=uuid.uuid4().hex[:12],
        dataset_id=dataset_id,
        created=time.time(),
        revision=dataset.revision,
        model_id=given.model_id,
        params=_params(given, division, kept, options),
        metrics=_metrics(predictions, kept, given, division),
        seconds=time.monotonic() - began,
    )
    _store(runs, artifacts, run, kept.recogniser(given, options), predictions)
    progress.finish()
    return run


def delete_run(runs: RunStore, artifacts: Artifacts, run: Run) -> None:
    """Remove a run and its files."""
    runs.delete_run(run.id)
    for kind in (Kind.RUN, Kind.PREDICTIONS, Kind.GALLERY):
        artifacts.delete(run.dataset_id, kind, run.id)


def load_recogniser(artifacts: Artifacts, run: Run) -> Recogniser:
    """The classifier of a run. Raises NotFound when its file is gone."""
    return Recogniser.load(artifacts.path(run.dataset_id, Kind.RUN, run.id))


def load_predictions(artifacts: Artifacts, run: Run) -> Predictions:
    """What a run said of the faces it was tested on."""
    return Predictions.from_bytes(artifacts.read(run.dataset_id, Kind.PREDICTIONS, run.id))


def learned_gallery(embeddings: Embeddings, predictions: Predictions) -> Embeddings:
    """The vectors that a run learned from, as far as they are still there."""
    place = {face_id: row for row, face_id in enumerate(embeddings.face_ids)}
    kept = [face_id for face_id in predictions.learned_ids if face_id in place]
    rows = np.array([place[face_id] for face_id in kept], dtype=np.int64)
    return Embeddings(tuple(kept), embeddings.vectors[rows], embeddings.model_id)


def _plan(given: Material, options: TrainOptions) -> Plan:
    return plan(
        given.labels,
        given.people,
        given.splits,
        given.groups,
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
    def over(cls, division: Plan, report: Report, token: CancelToken) -> _Progress:
        n = len(division.folds)
        parts = (f"Learning and testing, part {part} of {n}" for part in range(1, n + 1))
        whole = () if division.kind == "own" else ("Learning from all",)
        return cls(len(division.people), (*whole, *parts), report, token)

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
class _Tested:
    """One fold's classifier, and what it said of the test side."""

    svm: LinearSvm
    fold: Fold
    given: Ints
    """The best margin's person for each tested face."""
    confidence: Doubles
    """The probability of that person."""
    above: Ints
    """How many people are more probable than the true one."""
    distances: Doubles
    """To the centroid of the given person."""


def _test_fold(
    given: Material, division: Plan, fold: Fold, options: TrainOptions, near: LinearSvm | None, watch: Watch
) -> _Tested:
    svm = _fit(given, division, fold.train, options, watch, near)
    centres = centroids(given.vectors[fold.train], division.labels[fold.train], len(division.people))
    blocks = np.array_split(fold.test, -(-len(fold.test) * len(division.people) // PROBABILITIES_AT_ONCE) or 1)
    said = [_say(svm, centres, given.vectors[rows], division.labels[rows]) for rows in blocks]
    return _Tested(svm, fold, *(np.concatenate(column) for column in zip(*said, strict=True)))


def _say(svm: LinearSvm, centres: Vectors, probes: Vectors, true: Ints) -> tuple[Ints, Doubles, Ints, Doubles]:
    named, probabilities = svm.predict(probes), svm.probabilities(probes)
    confidence = probabilities[np.arange(len(named)), named]
    distances = distances_to_named(probes, named, centres).astype(np.float64)
    return named, confidence, more_probable(probabilities, true), distances


def _fit(
    given: Material, division: Plan, rows: Ints, options: TrainOptions, watch: Watch, near: LinearSvm | None = None
) -> LinearSvm:
    """Fit on some rows; ``near``, a classifier of almost the same rows, only makes it faster."""
    return fit(
        given.vectors[rows],
        division.labels[rows],
        division.people,
        given.groups[rows],
        seed=options.seed,
        c=options.c,
        start=near,
        watch=watch,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """The classifier that the run keeps, the rows it learned from, and the distance beyond which it says unknown."""

    svm: LinearSvm
    rows: Ints
    labels: Ints
    threshold: Threshold

    @classmethod
    def of(cls, given: Material, division: Plan, tested: Sequence[_Tested], of_all: LinearSvm | None) -> _Kept:
        svm, rows = (tested[0].svm, tested[0].fold.train) if of_all is None else (of_all, division.used)
        labels = division.labels[rows]
        return cls(svm, rows, labels, default_threshold(given.vectors[rows], labels, given.groups[rows]))

    def recogniser(self, given: Material, options: TrainOptions) -> Recogniser:
        centres = centroids(given.vectors[self.rows], self.labels, len(self.svm.people))
        return Recogniser(self.svm, centres, self.threshold.distance, given.model_id, options.seed)


def _predictions(given: Material, division: Plan, tested: Sequence[_Tested], kept: _Kept) -> Predictions:
    rows = np.concatenate([part.fold.test for part in tested])
    named = np.concatenate([part.given for part in tested])
    confidence = np.concatenate([part.confidence for part in tested])
    above = np.concatenate([part.above for part in tested])
    true = division.labels[rows]
    return Predictions(
        people=division.people,
        face_ids=tuple(given.face_ids[row] for row in rows),
        true=true,
        given=named,
        probs=confidence.astype(np.float32),
        distances=np.concatenate([part.distances for part in tested]).astype(np.float32),
        learned_ids=tuple(given.face_ids[row] for row in kept.rows),
        evaluation=judge(division.people, true, named, confidence, above),
    )


def _params(given: Material, division: Plan, kept: _Kept, options: TrainOptions) -> dict[str, Any]:
    return {
        **asdict(options),
        "split": division.kind,
        "why": division.why,
        "folds": len(division.folds),
        "chosen_c": kept.svm.C,
        "people": list(division.people),
        "left_out": [asdict(entry) for entry in division.left_out],
        "dropped": [{"faces": len(entry.rows), "reason": entry.reason} for entry in division.dropped],
        "gated": [asdict(entry) for entry in given.gated],
        "threshold": _without_nan(asdict(kept.threshold)),
    }


def _without_nan(values: dict[str, Any]) -> dict[str, Any]:
    """JSON has no NaN: what cannot be told is None."""
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in values.items()}


def _metrics(predictions: Predictions, kept: _Kept, given: Material, division: Plan) -> dict[str, Any]:
    document = predictions.evaluation.summary()
    right = kept.svm.predict(given.vectors[kept.rows]) == kept.labels
    return {
        **{name: document[name] for name in SUMMARY},
        "train_accuracy": float(right.mean()),
        "n_people": len(division.people),
        "n_train": len(kept.rows),
    }


def _store(runs: RunStore, artifacts: Artifacts, run: Run, recogniser: Recogniser, predictions: Predictions) -> None:
    """Files first: a run that is listed can be used."""
    path = artifacts.path(run.dataset_id, Kind.RUN, run.id)
    path.parent.mkdir(parents=True, exist_ok=True)
    recogniser.save(path)
    artifacts.put(run.dataset_id, Kind.PREDICTIONS, run.id, predictions.to_bytes())
    runs.add_run(run)


def to_json(run: Run) -> dict[str, Any]:
    """The command line's answer about a run."""
    return {
        "run": run.id,
        "accuracy": run.metrics["accuracy"],
        "accuracy_ci95": run.metrics["accuracy_ci95"],
        "macro_f1": run.metrics["macro_f1"],
        "n_people": run.metrics["n_people"],
        "n_train": run.metrics["n_train"],
        "n_test": run.metrics["n_test"],
        "threshold": run.params["threshold"]["distance"],
    }


def evaluation_json(run: Run, predictions: Predictions) -> dict[str, Any]:
    """The command line's full evaluation of a run."""
    document = predictions.evaluation.to_json()
    return {
        **to_json(run),
        "train_accuracy": run.metrics["train_accuracy"],
        "balanced_accuracy": document["balanced_accuracy"],
        "top3": document["top3"],
        "ece": document["ece"],
        "people": document["people"],
        "confusion": document["confusion"],
        "per_person": document["per_person"],
    }
