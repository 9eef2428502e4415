"""Teach it: divide the faces, fit a classifier, measure it on faces it has not seen, store the run.

How it is learned and measured is ``core.learn.classification.training``'s business: here the faces are read, and what
came out is kept.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.base import words
from core.base.errors import ModelMismatch, NotFound
from core.base.face_table import Embeddings, FaceTable
from core.base.json_values import Json, encode_record
from core.base.progress import UNWATCHED, Progress
from core.base.types import Ints, Refusal, Vectors
from core.language.texts import marked
from core.learn.classification.recogniser import Recogniser
from core.learn.classification.training import TrainedRun, count_steps, fit_and_test
from core.learn.classification.training_material import (
    TrainingMaterial,
    TrainOptions,
    plan_training,
    prepare_training_material,
)
from core.learn.metrics.predictions import Predictions
from core.learn.metrics.run_values import KnownStranger, RunUpdate, StrangersGiven, UnusedFaces
from core.learn.model_selection.splits import SplitPlan
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.protocols import RunStore
from core.store.values.runs import Run, RunKey
from core.workflows.run_tools import RunTools


@dataclass(frozen=True, slots=True, eq=False)
class TrainingStrangers:
    """Faces of people who are not in the dataset: they help to tell when to say "unknown", and are not kept."""

    title: str
    """What people call the file that they came from."""
    vectors: Vectors
    """(n, dimension) float32, unit length"""
    stranger_ids: Ints
    """(n,) whom each face shows, as numbers."""
    model_id: str
    photos: int
    """All that were given."""
    refused: int
    known: tuple[KnownStranger, ...]
    """Whose photos were found among them, and are not used."""
    refusals: tuple[Refusal, ...] = ()
    """Which could not be used, and why; not those in the folder of somebody known."""

    def summary(self) -> StrangersGiven:
        """How many there were; none of their vectors or names."""
        return StrangersGiven(
            title=self.title,
            photos=self.photos,
            refused=self.refused,
            used=len(self.vectors),
            people=len(np.unique(self.stranger_ids)),
            known=self.known,
        )


@dataclass(frozen=True, slots=True, eq=False)
class TrainingTask:
    """What to train."""

    dataset_id: str
    options: TrainOptions = field(default_factory=TrainOptions)
    strangers: TrainingStrangers | None = None
    """Other people's faces, to set the thresholds by."""
    run_id: str = ""
    """The run's id; a new one when empty."""


def preview_training(
    table: FaceTable, embeddings: Embeddings, options: TrainOptions
) -> tuple[SplitPlan, tuple[UnusedFaces, ...]]:
    """What ``train_recogniser`` would learn from and leave out, without learning."""
    material = prepare_training_material(table, embeddings, options)
    return plan_training(material, options), material.gated


def plan_to_json(plan: SplitPlan, gated: tuple[UnusedFaces, ...]) -> dict[str, Json]:
    """The command line's answer about what ``preview_training`` gives."""
    dropped = [UnusedFaces(len(faces.rows), faces.reason) for faces in plan.dropped]
    return {
        "people": list(plan.people),
        "faces": len(plan.used),
        "tested": sum(len(fold.test) for fold in plan.folds),
        "why": plan.why,
        "not_used": [encode_record(faces) for faces in (*gated, *dropped)],
        "left_out": [encode_record(person) for person in plan.left_out],
    }


def train_recogniser(tools: RunTools, task: TrainingTask, progress: Progress = UNWATCHED) -> Run:
    """Train, measure and store a run.

    Raises
    ------
    TrainingRefused
        Fewer than two people have enough photos.
    """
    began, options, strangers = time.monotonic(), task.options, task.strangers
    # The revision before the faces: a correction in between makes the run look older than it is, never newer.
    dataset = tools.store.dataset(task.dataset_id)
    progress.report(0, 1, marked("Reading the faces"))
    table, embeddings = tools.store.face_table(dataset.id), tools.store.embeddings(dataset.id)
    material = _with_training_strangers(prepare_training_material(table, embeddings, options), strangers)
    plan = plan_training(material, options)
    trained = fit_and_test(material, plan, options, progress)
    run = Run(
        id=task.run_id or uuid.uuid4().hex[:12],
        dataset_id=dataset.id,
        created=time.time(),
        revision=dataset.revision,
        model_id=material.model_id,
        params=replace(
            trained.params,
            # Names are for people to read; who they are is kept as ids, which outlive renaming and merging.
            person_ids=list_person_ids(table, plan.people),
            strangers_given=strangers.summary() if strangers else None,
        ),
        metrics=trained.metrics,
        seconds=time.monotonic() - began,
    )
    store_run(tools, run, trained)
    n_steps = count_steps(plan)
    progress.report(n_steps, n_steps, marked("Done"))
    return run


def _with_training_strangers(material: TrainingMaterial, strangers: TrainingStrangers | None) -> TrainingMaterial:
    if strangers is None:
        return material
    # Embedding them took minutes, in which somebody may have changed the model.
    if strangers.model_id != material.model_id:
        raise ModelMismatch(marked("The dataset's model was changed while the strangers were looked at. Train again."))
    return material.with_strangers(strangers.vectors, strangers.stranger_ids)


def delete_run(runs: RunStore, artifacts: Artifacts, run: RunKey) -> None:
    """Remove a run and its files."""
    # The row first: no list offers a run whose files are gone.
    runs.delete_run(run.id)
    for kind in (ArtifactKind.RUN, ArtifactKind.PREDICTIONS, ArtifactKind.STUDY, ArtifactKind.GALLERY):
        artifacts.delete(run.dataset_id, kind, run.id)


def load_recogniser(artifacts: Artifacts, run: Run) -> Recogniser:
    """The classifier of a run. Raises NotFound when its file is gone."""
    try:
        content = artifacts.read(run.dataset_id, ArtifactKind.RUN, run.id)
    except NotFound as gone:
        raise NotFound(
            marked("There is no trained recogniser '{run}'. Train one on this dataset.").format(run=run.id)
        ) from gone
    return Recogniser.from_bytes(content, run.id)


def load_predictions(artifacts: Artifacts, run: RunKey) -> Predictions:
    """What a run said of the faces it was tested on."""
    return Predictions.from_bytes(artifacts.read(run.dataset_id, ArtifactKind.PREDICTIONS, run.id))


def select_gallery(embeddings: Embeddings, predictions: Predictions) -> Embeddings:
    """The vectors that a run learned from, as far as they are still there."""
    # Faces that were erased or removed since are missing; the classifier itself does not need them.
    return embeddings.take(embeddings.match(predictions.learned_ids)[1])


def list_person_ids(table: FaceTable, people: Sequence[str]) -> tuple[int, ...]:
    """The store's ids of some of the people of a table, by their names."""
    ids = dict(zip(table.people, table.person_ids, strict=True))
    return tuple(ids[name] for name in people)


def store_run(tools: RunTools, run: Run, trained: TrainedRun) -> None:
    """Store a run, which takes the place of earlier ones that were updated and not measured."""
    # Files first: a run that is listed can be used.
    tools.artifacts.replace(run.dataset_id, ArtifactKind.RUN, run.id, trained.recogniser.to_bytes())
    tools.artifacts.replace(run.dataset_id, ArtifactKind.PREDICTIONS, run.id, trained.predictions.to_bytes())
    tools.runs.add_run(run)
    # Last: until this one is there, the updated one is what answers.
    delete_updated_before(tools, run)


def delete_updated_before(tools: RunTools, run: Run) -> None:
    """Remove earlier runs that were updated and not measured; whoever finds ``run`` stored after a kill does so too."""
    for earlier in tools.runs.runs(run.dataset_id):
        if earlier.params.updated and earlier.created < run.created:
            delete_run(tools.runs, tools.artifacts, earlier)


def run_to_json(run: Run) -> dict[str, Json]:
    """The command line's answer about a run."""
    metrics, strangers_given = run.metrics, run.params.strangers_given
    return {
        "run": run.id,
        "classifier": run.params.kind.value,
        "accuracy": metrics.accuracy,
        "accuracy_ci95": list(metrics.accuracy_ci95),
        "macro_f1": metrics.macro_f1,
        "n_people": metrics.n_people,
        "n_train": metrics.n_train,
        "n_test": metrics.n_test,
        "threshold": run.params.threshold.score,
        **({"strangers_given": encode_record(strangers_given)} if strangers_given else {}),
        **({"updated": _update_to_json(run.params.updated)} if run.params.updated else {}),
    }


def _update_to_json(updated: RunUpdate) -> dict[str, Json]:
    return {
        "people_added": updated.people_added,
        "people_removed": updated.people_removed,
        "trained": updated.trained,
        "trained_at": words.utc_time(updated.trained_at),
        "not_measured_again": ["accuracy", "threshold"],
    }
