"""What a student takes home: code that gives the accuracy of the run, with nothing but numpy and scikit-learn."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
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


def said_by(content: bytes, folder: Path) -> dict[str, float]:
    """What the code prints of its accuracies, run far from this program."""
    with zipfile.ZipFile(BytesIO(content)) as archive:
        archive.extractall(folder)
    ended = subprocess.run(
        [sys.executable, "-I", folder / "recogniser.py"], cwd="/", capture_output=True, text=True, check=True
    )
    return {name: float(value) for name, value in re.findall(r"^(Train accuracy|Accuracy): (\S+)$", ended.stdout, re.M)}


OTHERS = {
    "others": TrainOptions(folds=3, seed=4, c=1.0),
    "logistic": TrainOptions(folds=3, classifier=ClassifierKind.LOGISTIC),
    "centroid": TrainOptions(folds=3, classifier=ClassifierKind.NEAREST_CENTROID),
}


@pytest.mark.parametrize("options", [TrainOptions(), *OTHERS.values()], ids=["usual", *OTHERS])
def test_the_code_prints_the_accuracy_of_a_run_with_folds_to_the_last_digit(services, tmp_path, options):
    dataset = add_faces(services, "Family", PEOPLE, looks_like={"Twin": "Ann"})
    run = trained(services, dataset, options)
    assert run.params.split == "kfold" and run.metrics.n_correct < run.metrics.n_test  # the twins are mixed up
    said = said_by(packed(services, run), tmp_path)
    assert said == {"Accuracy": run.metrics.accuracy, "Train accuracy": run.metrics.train_accuracy}


def test_the_code_prints_the_accuracy_of_an_archives_own_division(sample_dir, tmp_path):
    services = Services(Settings(sample_dir))
    (dataset,) = services.store.datasets()
    run = services.runs.runs(dataset.id)[0]
    assert run.params.split == "own"
    said = said_by(packed(services, run), tmp_path)
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
