"""Bring the newest recogniser up to date with people who came, went or changed: in seconds, and without measuring.

The figures stay those of the training before, for the people who are still there; the run says so (``RunUpdate``), and
a training takes its place.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import InputRefused, NotFound, TrainingRefused
from core.base.face_table import Embeddings, FaceTable, take_items
from core.base.progress import UNWATCHED, Progress
from core.base.types import Ints
from core.language.texts import marked
from core.learn.classification.training import TrainedRun, gather_run_metrics
from core.learn.classification.training_material import (
    EARLIER_OPTIONS,
    TrainingMaterial,
    plan_training,
    prepare_training_material,
    recover_options,
)
from core.learn.classification.updating import CurrentFaces, carry_predictions, find_former_rows, update_recogniser
from core.learn.metrics.run_values import RunParams, RunUpdate, UnusedFaces
from core.learn.model_selection.splits import SplitPlan
from core.store.artifacts import content_id
from core.store.values.runs import Run
from core.workflows.run_tools import RunTools
from core.workflows.training.train import list_person_ids, load_predictions, load_recogniser, store_run

UPDATE_FIRST_FROM = 3000
"""Faces from which a training brings the recogniser up to date before it begins: it takes longer than anybody waits."""


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """What the recogniser is to know now."""

    material: TrainingMaterial
    plan: SplitPlan
    rows: Ints
    """Of the material, the faces to learn from"""
    person_ids: tuple[int, ...]
    """Of the plan's people"""
    face_ids: frozenset[str]
    """Every face of the dataset that may be spoken of"""


def update_newest_run(
    tools: RunTools,
    dataset_id: str,
    run_id: str = "",
    forgotten: Collection[str] = (),
    progress: Progress = UNWATCHED,
) -> Run | None:
    """Learn the faces as they are now, without training; gives the newest run where it is of these faces already.

    Parameters
    ----------
    run_id : of the updated run; when empty one that follows from the run before
    forgotten : ids of faces that are about to be erased, and count as gone

    Returns
    -------
    None where only a training can: there is no run, or it came from elsewhere, is of another model or of too early a
    version, its classifier is learned as a whole, its files are damaged, or the faces are divided otherwise now, or too
    few.
    """
    began, dataset = time.monotonic(), tools.store.dataset(dataset_id)
    before = next(iter(tools.runs.runs(dataset_id)), None)
    if before is None or before.params.imported or before.params.person_ids is None:
        return None
    if not before.params.kind.is_updated_by_rows:
        return None
    if before.revision == dataset.revision and not forgotten:
        return before
    progress.step(0, 1, marked("Learning what changed"))
    try:
        current = _read_material(tools, before, forgotten)
        trained = _update(tools, before, current, progress) if current else None
    # Whatever it is that cannot be learned or read, a training says so, and of damaged files needs none.
    except (TrainingRefused, InputRefused, NotFound):
        return None
    if trained is None:
        return None
    run = Run(
        # Work that is killed between its files and its row, and given again under another job, writes the same files.
        id=run_id or content_id(f"updated {before.id}".encode())[:12],
        dataset_id=dataset.id,
        created=time.time(),
        # Without those who are about to be erased it is ahead of the dataset, which follows when they are.
        revision=dataset.revision + bool(forgotten),
        model_id=before.model_id,
        params=trained.params,
        metrics=trained.metrics,
        seconds=time.monotonic() - began,
    )
    store_run(tools, run, trained)
    return run


def _read_material(tools: RunTools, before: Run, forgotten: Collection[str]) -> _Material | None:
    table, embeddings = tools.store.face_table(before.dataset_id), tools.store.embeddings(before.dataset_id)
    if forgotten:
        table, embeddings = _without(table, embeddings, frozenset(forgotten))
    options = recover_options(before.params, EARLIER_OPTIONS)
    material = prepare_training_material(table, embeddings, options)
    plan = plan_training(material, options)
    # Vectors of another model lie elsewhere, and what a val folder keeps back was learned from without one.
    if embeddings.model_id != before.model_id or plan.kind != before.params.split:
        return None
    rows = plan.used if plan.kind == "kfold" else plan.folds[0].train
    return _Material(
        material=material,
        plan=plan,
        rows=rows,
        person_ids=list_person_ids(table, plan.people),
        face_ids=frozenset(table.face_ids),
    )


def _without(table: FaceTable, embeddings: Embeddings, forgotten: frozenset[str]) -> tuple[FaceTable, Embeddings]:
    remaining = np.array([face_id not in forgotten for face_id in table.face_ids], dtype=np.bool_)
    return table.take(np.flatnonzero(remaining)), embeddings.take(np.flatnonzero(remaining))


def _update(tools: RunTools, before: Run, current: _Material, progress: Progress) -> TrainedRun:
    former_ids = before.params.person_ids or ()
    faces = CurrentFaces(
        vectors=current.material.faces.vectors[current.rows],
        labels=current.plan.labels[current.rows],
        people=current.plan.people,
        former_rows=find_former_rows(current.person_ids, former_ids),
    )
    predictions = load_predictions(tools.artifacts, before)
    # Chained updates rest on one training: its mean number of faces is what C was chosen at.
    updated, n_former = before.params.updated, len(former_ids)
    mean_faces = updated.mean_faces if updated else len(predictions.learned_ids) / n_former
    answer = update_recogniser(load_recogniser(tools.artifacts, before), mean_faces, faces, progress)
    recogniser = answer.recogniser
    learned_as = recogniser.classifier.linear.predict(faces.vectors)
    carried = replace(
        carry_predictions(predictions, faces, current.face_ids),
        learned_ids=take_items(current.material.face_ids, current.rows),
        learned_as=learned_as,
    )
    n_added, n_removed = _count_changes(tools, before, current.person_ids)
    update = RunUpdate(
        trained=updated.trained if updated else before.id,
        trained_at=updated.trained_at if updated else before.created,
        mean_faces=mean_faces,
        people_added=n_added,
        people_removed=n_removed,
        rows_refitted=answer.n_refitted,
    )
    return TrainedRun(
        recogniser=recogniser,
        predictions=carried,
        params=replace(_params_now(before.params, current), updated=update),
        metrics=gather_run_metrics(carried, float(np.mean(learned_as == faces.labels))),
    )


def _count_changes(tools: RunTools, before: Run, person_ids: Sequence[int]) -> tuple[int, int]:
    """How many people came and went since the training."""
    updated = before.params.updated
    runs = tools.runs.runs(before.dataset_id)
    trained = next((run for run in runs if updated and run.id == updated.trained), before)
    former, now = set(trained.params.person_ids or ()), set(person_ids)
    n_added, n_removed = len(now - former), len(former - now)
    if updated and trained is before:
        # The trained run went with somebody who was erased: what the update before it counted is all that is known.
        return n_added + updated.people_added, n_removed + updated.people_removed
    return n_added, n_removed


def _params_now(params: RunParams, current: _Material) -> RunParams:
    return replace(
        params,
        people=current.plan.people,
        person_ids=current.person_ids,
        left_out=current.plan.left_out,
        dropped=tuple(UnusedFaces(len(entry.rows), entry.reason) for entry in current.plan.dropped),
        gated=current.material.gated,
    )
