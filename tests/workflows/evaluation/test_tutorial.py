"""What a student takes home: code that gives the accuracy of the run, with nothing but numpy and scikit-learn."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import InputRefused
from core.base.settings import Settings
from core.corrections.model import Editor
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.training_material import TrainOptions
from core.services import Services
from core.store.values.runs import Run
from core.workflows.evaluation import tutorial
from core.workflows.labels.correct import Corrector
from core.workflows.training import train
from tests.stored_faces import add_faces
from tests.workflows.training.test_train import trained

PEOPLE = {"Ann": 9, "Bob": 5, "Zoë 李": 7, "Twin": 6, "Rare": 2}


def packed(services, run: Run) -> bytes:
    predictions = train.load_predictions(services.artifacts, run)
    arrays = tutorial.gather_tutorial_arrays(services.store, run, predictions)
    return tutorial.write_tutorial_zip(arrays, run.params.kind)


ONE_AFTER_ANOTHER = """
import runpy, sys
for path in sys.argv[1:]:
    runpy.run_path(path, run_name="__main__")
    print("---")
"""
"""Scripts of one process: importing scikit-learn for each would take longest."""


def said_by(contents: Sequence[bytes], folder: Path) -> list[dict[str, float]]:
    """What the code of each zip prints of its accuracies, run far from this program."""
    scripts = [folder / str(number) / "recogniser.py" for number in range(len(contents))]
    for content, script in zip(contents, scripts, strict=True):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            archive.extractall(script.parent)
    command = [sys.executable, "-I", "-c", ONE_AFTER_ANOTHER, *map(str, scripts)]
    ended = subprocess.run(command, cwd="/", capture_output=True, text=True, check=True)
    *parts, rest = ended.stdout.split("---\n")
    assert (len(parts), rest) == (len(contents), "")
    return [
        {name: float(value) for name, value in re.findall(r"^(Train accuracy|Accuracy): (\S+)$", part, re.M)}
        for part in parts
    ]


OPTIONS = [
    TrainOptions(),
    TrainOptions(folds=3, seed=4, c=1.0),
    TrainOptions(folds=3, classifier=ClassifierKind.LOGISTIC),
    TrainOptions(folds=3, classifier=ClassifierKind.NEAREST_CENTROID),
]


def test_the_code_prints_the_accuracy_of_a_run_with_folds_to_the_last_digit(services, tmp_path):
    dataset = add_faces(services, "Family", PEOPLE, looks_like={"Twin": "Ann"})
    runs = [trained(services, dataset, options) for options in OPTIONS]
    said = said_by([packed(services, run) for run in runs], tmp_path)
    for run, accuracies in zip(runs, said, strict=True):
        assert run.params.split == "kfold" and run.metrics.n_correct < run.metrics.n_test  # the twins are mixed up
        expected = {"Accuracy": run.metrics.accuracy, "Train accuracy": run.metrics.train_accuracy}
        assert accuracies == expected, run.params


def test_the_code_prints_the_accuracy_of_an_archives_own_division(sample_dir, tmp_path):
    services = Services(Settings(sample_dir))
    (dataset,) = services.store.datasets()
    run = services.runs.runs(dataset.id)[0]
    assert run.params.split == "own"
    (said,) = said_by([packed(services, run)], tmp_path)
    assert said == {"Accuracy": run.metrics.accuracy, "Train accuracy": run.metrics.train_accuracy}


def test_the_arrays_are_plain_and_say_which_face_is_tested_when(services):
    dataset = add_faces(services, "Family", PEOPLE)
    run = trained(services, dataset)
    with zipfile.ZipFile(BytesIO(packed(services, run))) as archive:
        arrays = np.load(BytesIO(archive.read("dataset.npz")), allow_pickle=False)
    n_faces = sum(PEOPLE.values())
    assert arrays["embeddings"].shape == (n_faces, 128) and arrays["embeddings"].dtype == np.float32
    assert sorted(set(arrays["names"].tolist())) == sorted(PEOPLE)
    assert len(arrays["C_of_fold"]) == run.params.folds == len(np.unique(arrays["fold"]))
    assert float(arrays["C"]) == run.params.chosen_c


def test_a_run_whose_names_changed_since_is_refused_with_what_to_do(services):
    dataset = add_faces(services, "Family", PEOPLE)
    run = trained(services, dataset)
    table = services.store.face_table(dataset.id)
    moved = next(table.face_ids[row] for row in range(len(table)) if table.person(row) == "Ann")
    Corrector(services.store, services.log, dataset.id, Editor("somebody", "a sitting")).move([moved], "Bob")
    with pytest.raises(InputRefused, match="Train again first"):
        packed(services, run)
