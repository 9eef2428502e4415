"""Adds a person to a large dataset and erases one, and holds the updated recogniser against a whole retraining::

    python -m tests.benchmarks.updating --data DIR --dataset "Thousand"

The dataset is one of ``tests.benchmarks.synthetic``. Two of its people lose their names first, the recogniser is
trained without them, and they are named again and learned by an update; then two others are forgotten. Decisions are
those on faces of everybody that nobody learned from: whom it names, and whether it does.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.base.settings import Settings
from core.base.types import Ints, Vectors
from core.corrections.model import Editor
from core.learn.classification.calibrated_classifier import fit_classifier
from core.learn.classification.recogniser import Recogniser
from core.learn.classification.training_material import TrainOptions, plan_training, prepare_training_material
from core.learn.numerics.labels import fit_centroids
from core.learn.open_set.left_out_trials import RuleTrainingData
from core.learn.open_set.rejection_rule import TARGET_RATE, Gallery
from core.learn.open_set.rule_fitting import learn_rules
from core.services import Services
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.workflows.labels.correct import Corrector
from core.workflows.training import train, update
from tests.benchmarks.synthetic import vectors_of

CHANGED = 2
"""So many people come, and as many go."""
PROBES_EACH = 21
"""Faces of everybody to decide on, those who went too; another number than the dataset has, see below."""


def measure_updates(services: Services, dataset: Dataset) -> dict[str, object]:
    """Times in seconds of the clock and of the processor, and shares of decisions that agree."""
    tools, table = services.run_tools(), services.store.face_table(dataset.id)
    corrector = Corrector(services.store, services.log, dataset.id, Editor("benchmark", "updating"))
    newcomers, erased = range(CHANGED), range(CHANGED, 2 * CHANGED)
    ids = {person: np.array(table.face_ids)[table.labels == person].tolist() for person in (*newcomers, *erased)}
    for person in newcomers:
        corrector.unname(ids[person])
    train.train_recogniser(tools, train.TrainingTask(dataset.id, TrainOptions(folds=2)))
    for person in newcomers:
        corrector.move(ids[person], table.people[person])
    n_people = len(table.people)
    # Of another number of faces other ones are drawn, around the same people.
    probes = vectors_of(np.tile(np.arange(n_people), PROBES_EACH), n_people)
    forgotten = [face_id for person in erased for face_id in ids[person]]
    return {
        "added": _hold_against_retraining(services, dataset, (), probes),
        "erased": _hold_against_retraining(services, dataset, forgotten, probes),
    }


def _hold_against_retraining(
    services: Services, dataset: Dataset, forgotten: Sequence[str], probes: Vectors
) -> dict[str, object]:
    clock, processor = time.monotonic(), time.process_time()
    run = update.update_newest_run(services.run_tools(), dataset.id, forgotten=forgotten)
    assert run is not None and run.params.updated is not None
    identifier = services.identifier(run)
    ours = _decide(identifier.recogniser, identifier.neighbours, probes)
    times = time.monotonic() - clock, time.process_time() - processor
    clock, processor = time.monotonic(), time.process_time()
    whole, gallery = _retrain(services, dataset, forgotten)
    whole_times = time.monotonic() - clock, time.process_time() - processor
    theirs = _decide(whole, gallery, probes)
    return {
        "update_s": [round(value, 2) for value in times],
        "retraining_without_folds_s": [round(value, 2) for value in whole_times],
        "rows_refitted": run.params.updated.rows_refitted,
        "C": [identifier.recogniser.classifier.C, whole.classifier.C],
        "same_name": float(np.mean(ours[0] == theirs[0])),
        "same_decision": float(np.mean((ours[0] == theirs[0]) & (ours[1] == theirs[1]) | ~ours[1] & ~theirs[1])),
    }


def _retrain(services: Services, dataset: Dataset, forgotten: Sequence[str]) -> tuple[Recogniser, Gallery]:
    table, embeddings = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
    remaining = np.flatnonzero(~np.isin(table.face_ids, list(forgotten)))
    options = TrainOptions()
    material = prepare_training_material(table.take(remaining), embeddings.take(remaining), options)
    plan = plan_training(material, options)
    faces = material.faces.take(plan.used).only(np.ones(len(plan.used), dtype=np.bool_))
    svm = fit_classifier(faces, plan.people)
    rules = learn_rules(RuleTrainingData(faces, svm))
    centroids = fit_centroids(faces.vectors, faces.labels, faces.n_people)
    recogniser = Recogniser(classifier=svm, centroids=centroids, rules=rules, model_id=material.model_id, seed=0)
    return recogniser, Gallery.of(svm.linear, faces.vectors)


def _decide(recogniser: Recogniser, gallery: Gallery | None, probes: Vectors) -> tuple[np.ndarray, Ints]:
    named, scores = recogniser.name(probes, gallery)
    return np.array(recogniser.people)[named], scores > recogniser.rule(gallery).at(TARGET_RATE).score


def _newest(services: Services, name: str) -> Dataset:
    return next(dataset for dataset in services.store.datasets() if dataset.name == name)


def _forget_runs(services: Services, runs: Sequence[Run]) -> None:
    for run in runs:
        train.delete_run(services.runs, services.artifacts, run)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Hold updated recognisers against whole retrainings.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dataset", required=True, help="its name")
    asked = parser.parse_args()
    opened = Services(Settings(asked.data))
    measured = _newest(opened, asked.dataset)
    _forget_runs(opened, opened.runs.runs(measured.id))
    print(json.dumps(measure_updates(opened, measured), indent=2))
