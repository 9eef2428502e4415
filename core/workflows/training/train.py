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
    silent,
)
from core.learn.classification.recogniser import LinearSvm, Recogniser, fit
from core.learn.classification.solver import Watch
from core.learn.metrics.classification import judge, more_probable
from core.learn.metrics.predictions import Predictions
from core.learn.model_selection.splits import Fold, Plan, near_duplicate_groups, plan
from core.learn.open_set.rejection_rule import TARGET_RATE, Gallery, Impostors, Rule, centroids
from core.learn.open_set.rule_fitting import Learned, Linear, learn_rules, leave_out_under
from core.store.artifacts import Artifacts, Kind
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
    shown: Ints
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
            "people": len(np.unique(self.shown)),
            "known": [asdict(one) for one in self.known],
        }


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
    strangers: Vectors
    """Faces marked as nobody who is to be named, and those given: they help to tell when to say "unknown"."""
    shown: Ints
    """Whom each of them shows, as numbers."""


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
    sound = sound_vectors(embeddings.vectors)
    if unsound := int((~sound[rows]).sum()):
        rows, gated = (
            rows[sound[rows]],
            (*gated, Gated(unsound, "their vectors are no numbers: read the photos again.")),
        )
    if not len(rows) and gated:
        why = " ".join(f"{entry.faces}: {entry.reason}" for entry in gated)
        raise TrainingRefused(f"All faces with a name are left out. {why} Loosen the limits, or take faces back in.")
    if not len(rows):
        raise TrainingRefused("No face has a name yet. Add photos in folders, one folder a person, then train.")
    vectors, labels = embeddings.vectors[rows], table.labels[rows]
    photos = [table.photo_ids[row] for row in rows]
    strangers = embeddings.vectors[table.strangers & (table.labels < 0) & ~table.excluded & table.trusted & sound]
    groups = near_duplicate_groups(vectors, photos, table.photo_hashes[rows].tolist(), labels)
    return Material(
        face_ids=tuple(table.ids[row] for row in rows),
        vectors=vectors,
        labels=labels,
        people=table.people,
        splits=tuple(table.splits[row] for row in rows),
        groups=groups,
        model_id=embeddings.model_id,
        gated=gated,
        strangers=strangers,
        shown=np.arange(len(strangers)),
    )


def _with_outsiders(given: Material, outsiders: Outsiders | None) -> Material:
    if outsiders is None:
        return given
    if outsiders.model_id != given.model_id:
        raise ModelMismatch("The dataset's model was changed while the strangers were looked at. Train again.")
    strangers = np.concatenate([given.strangers, outsiders.vectors])
    return replace(given, strangers=strangers, shown=np.concatenate([given.shown, len(given.shown) + outsiders.shown]))


def sound_vectors(vectors: Vectors) -> Bools:
    """Tell which rows are numbers and not zero: (n,)."""
    return np.asarray(np.isfinite(vectors).all(axis=1) & vectors.any(axis=1))


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
    given = _with_outsiders(material(table, store.embeddings(dataset_id), options), outsiders)
    division = _plan(given, options)
    progress = _Progress.over(division, report, token)
    whole = None if division.kind == "own" else _learn(given, division, division.used, options, progress.next_fit())
    near = whole.recogniser.svm if whole else None
    tested = [_test_fold(given, division, fold, options, near, progress.next_fit()) for fold in division.folds]
    kept = whole or tested[0].learned
    predictions = _predictions(given, division, tested, kept, _impostors(given, kept, options))
    run = Run(
        id=run_id or uuid.uuid4().hex[:12],
        dataset_id=dataset_id,
        created=time.time(),
        revision=dataset.revision,
        model_id=given.model_id,
        params={
            **_params(given, division, kept, options),
            "person_ids": _ids_of(table, division.people),
            "strangers_given": outsiders.to_json() if outsiders else None,
        },
        metrics=_metrics(predictions, kept, given, division),
        seconds=time.monotonic() - began,
    )
    _store(runs, artifacts, run, kept.recogniser, predictions)
    progress.finish()
    return run


def delete_run(runs: RunStore, artifacts: Artifacts, run: Run) -> None:
    """Remove a run and its files."""
    runs.delete_run(run.id)
    for kind in (Kind.RUN, Kind.PREDICTIONS, Kind.STUDY, Kind.GALLERY):
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
class _Learned:
    """A recogniser and the rows it was learned from: it, its limits and probabilities know of no other."""

    recogniser: Recogniser
    gallery: Gallery
    rows: Ints
    labels: Ints

    @property
    def rule(self) -> Rule:
        return self.recogniser.rule(self.gallery)


@dataclass(frozen=True, slots=True, eq=False)
class _Tested:
    """One fold's recogniser, and what it said of the test side."""

    learned: _Learned
    fold: Fold
    given: Ints
    """The best margin's person for each tested face."""
    confidence: Doubles
    """The probability of that person."""
    ranks: Ints
    """How many people are more probable than the true one."""
    distances: Doubles
    """To the centroid of the given person."""
    scores: Doubles
    """How much the face is like the given person."""


def _test_fold(
    given: Material, division: Plan, fold: Fold, options: TrainOptions, near: LinearSvm | None, watch: Watch
) -> _Tested:
    learned = _learn(given, division, fold.train, options, watch, near)
    blocks = np.array_split(fold.test, -(-len(fold.test) * len(division.people) // PROBABILITIES_AT_ONCE) or 1)
    said = [_say(learned, given.vectors[rows], division.labels[rows]) for rows in blocks]
    return _Tested(learned, fold, *(np.concatenate(column) for column in zip(*said, strict=True)))


def _say(learned: _Learned, probes: Vectors, true: Ints) -> tuple[Ints, Doubles, Ints, Doubles, Doubles]:
    recogniser = learned.recogniser
    named, scores = recogniser.name(probes, learned.gallery)
    probabilities = recogniser.svm.probabilities(probes)
    confidence = probabilities[np.arange(len(named)), named]
    distances = recogniser.distances(probes, named).astype(np.float64)
    return named, confidence, more_probable(probabilities, true), distances, scores


def _learn(
    given: Material, division: Plan, rows: Ints, options: TrainOptions, watch: Watch, near: LinearSvm | None = None
) -> _Learned:
    """Learn from some rows only; ``near``, a classifier of almost the same rows, only makes it faster."""
    vectors, labels, groups = given.vectors[rows], division.labels[rows], given.groups[rows]
    svm = fit(
        vectors,
        labels,
        division.people,
        groups,
        seed=options.seed,
        c=options.c,
        start=near,
        watch=lambda share: watch(FITTING_SHARE * share),
    )
    rules = learn_rules(
        Learned(
            vectors=vectors,
            labels=labels,
            groups=groups,
            svm=Linear(svm.coef, svm.intercept),
            C=svm.C,
            seed=options.seed,
        ),
        given.strangers,
        lambda share: watch(FITTING_SHARE + (1 - FITTING_SHARE) * share),
        given.shown,
    )
    centres = centroids(vectors, labels, len(division.people))
    recogniser = Recogniser(svm=svm, centroids=centres, rules=rules, model_id=given.model_id, seed=options.seed)
    return _Learned(recogniser, Gallery.of(svm, vectors), rows, labels)


def _impostors(given: Material, kept: _Learned, options: TrainOptions) -> Impostors | None:
    """Whom the recogniser was tried on as strangers: for its limits, or only to be shown."""
    svm, limits = kept.recogniser.svm, kept.recogniser.rules.impostors
    if limits is not None and not limits.given.all():
        return limits
    linear = Linear(svm.coef, svm.intercept)
    learned = Learned(
        vectors=kept.gallery.vectors,
        labels=kept.labels,
        groups=given.groups[kept.rows],
        svm=linear,
        C=svm.C,
        seed=options.seed,
    )
    left_out = leave_out_under(kept.recogniser.rules.full, learned)
    return limits.joined(left_out) if limits and left_out else limits or left_out


def _predictions(
    given: Material, division: Plan, tested: Sequence[_Tested], kept: _Learned, impostors: Impostors | None
) -> Predictions:
    rows = np.concatenate([part.fold.test for part in tested])
    named = np.concatenate([part.given for part in tested])
    confidence = np.concatenate([part.confidence for part in tested])
    ranks = np.concatenate([part.ranks for part in tested])
    true = division.labels[rows]
    return Predictions(
        people=division.people,
        face_ids=tuple(given.face_ids[row] for row in rows),
        true=true,
        given=named,
        probs=confidence.astype(np.float32),
        distances=np.concatenate([part.distances for part in tested]).astype(np.float32),
        scores=np.concatenate([part.scores for part in tested]).astype(np.float32),
        ranks=ranks,
        learned_ids=tuple(given.face_ids[row] for row in kept.rows),
        evaluation=judge(division.people, true, named, confidence, ranks),
        impostors=impostors,
    )


def _ids_of(table: FaceTable, people: Sequence[str]) -> list[int]:
    ids = dict(zip(table.people, table.person_ids, strict=True))
    return [ids[name] for name in people]


def _params(given: Material, division: Plan, kept: _Learned, options: TrainOptions) -> dict[str, Any]:
    return {
        **asdict(options),
        "split": division.kind,
        "why": division.why,
        "folds": len(division.folds),
        "chosen_c": kept.recogniser.svm.C,
        "people": list(division.people),
        "left_out": [asdict(entry) for entry in division.left_out],
        "dropped": [{"faces": len(entry.rows), "reason": entry.reason} for entry in division.dropped],
        "gated": [asdict(entry) for entry in given.gated],
        "threshold": threshold_json(kept.rule),
        "strangers": len(given.strangers),
    }


def threshold_json(rule: Rule) -> dict[str, Any]:
    """The limit that is used unless another is chosen, what it promises, and what that rests on."""
    return {
        **asdict(rule.at(TARGET_RATE)),
        "n_impostors": rule.n_impostors,
        "n_impostor_people": rule.n_people,
        "n_genuine": rule.n_genuine,
        "genuine_kept": None if isnan(rule.genuine_kept) else rule.genuine_kept,
        "from_prior": rule.from_prior,
    }


def _metrics(predictions: Predictions, kept: _Learned, given: Material, division: Plan) -> dict[str, Any]:
    document = predictions.evaluation.summary()
    right = kept.gallery.labels == kept.labels
    return {
        **{name: document[name] for name in SUMMARY},
        "train_accuracy": float(right.mean()),
        "n_people": len(division.people),
        "n_train": len(kept.rows),
    }


def _store(runs: RunStore, artifacts: Artifacts, run: Run, recogniser: Recogniser, predictions: Predictions) -> None:
    """Files first: a run that is listed can be used."""
    artifacts.replace(run.dataset_id, Kind.RUN, run.id, recogniser.to_bytes())
    artifacts.replace(run.dataset_id, Kind.PREDICTIONS, run.id, predictions.to_bytes())
    runs.add_run(run)


def to_json(run: Run) -> dict[str, Any]:
    """The command line's answer about a run."""
    given = run.params.get("strangers_given")
    return {
        "run": run.id,
        "accuracy": run.metrics["accuracy"],
        "accuracy_ci95": run.metrics["accuracy_ci95"],
        "macro_f1": run.metrics["macro_f1"],
        "n_people": run.metrics["n_people"],
        "n_train": run.metrics["n_train"],
        "n_test": run.metrics["n_test"],
        "threshold": run.params["threshold"]["score"],
        **({"strangers_given": given} if given else {}),
    }
