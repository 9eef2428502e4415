"""A run as a tutorial has it: its faces as arrays, and scikit-learn code that gives the same accuracy."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from core.base.errors import InputRefused
from core.base.face_table import take_items
from core.base.types import Doubles, Ints, Vectors
from core.language.texts import marked
from core.learn.classification.calibrated_classifier import choose_c
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.training_material import (
    plan_training,
    prepare_training_material,
    recover_options,
)
from core.learn.metrics.predictions import Predictions
from core.store.protocols import FaceStore
from core.store.values.runs import Run

CODE_NAME, ARRAYS_NAME = "recogniser.py", "dataset.npz"


@dataclass(frozen=True, slots=True, eq=False)
class TutorialArrays:
    """The faces of a run, with the test that they were put to."""

    embeddings: Vectors
    """(n, dimension) float32, unit length"""
    names: tuple[str, ...]
    """Whom each face shows, as the run had it"""
    fold: Ints
    """(n,) the part that each face is tested in; -1 for one that is learned from only"""
    c_of_fold: Doubles
    """(n_folds,) the C that each part's training side chose"""
    c: float
    """The C of the recogniser that is kept"""

    def to_npz(self) -> bytes:
        """One file of plain arrays; nothing in it is pickled."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            embeddings=self.embeddings,
            names=np.array(self.names, dtype=np.str_),
            fold=self.fold,
            C_of_fold=self.c_of_fold,
            C=np.float64(self.c),
        )
        return buffer.getvalue()


def gather_tutorial_arrays(store: FaceStore, run: Run, predictions: Predictions) -> TutorialArrays:
    """Divide the faces of a run again as its training did.

    Raises
    ------
    InputRefused
        The photos or names are not those of the run any more.
    """
    options = recover_options(run.params)
    material = prepare_training_material(store.face_table(run.dataset_id), store.embeddings(run.dataset_id), options)
    plan = plan_training(material, options)
    tested = np.concatenate([fold.test for fold in plan.folds])
    # The division is not kept: it follows from the faces and the seed. Whether it came out the same, the tested faces
    # tell, in their order and by their names.
    is_same = plan.people == predictions.people and take_items(material.face_ids, tested) == predictions.face_ids
    if not is_same or not np.array_equal(plan.labels[tested], predictions.true):
        raise InputRefused(
            marked("Photos or names changed since this run, so its test cannot be repeated. Train again first.")
        )
    # Each fold chose its C on its training side, so that no tested face had a say in it.
    labelled = replace(material.faces, labels=plan.labels)
    c_of_fold = [
        choose_c(labelled.take(fold.train), options.classifier_settings, seed=options.seed) for fold in plan.folds
    ]
    fold_of = np.full(len(plan.labels), -1, dtype=np.int64)
    for number, fold in enumerate(plan.folds):
        fold_of[fold.test] = number
    used = plan.used
    return TutorialArrays(
        embeddings=material.faces.vectors[used],
        names=tuple(plan.people[label] for label in plan.labels[used].tolist()),
        fold=fold_of[used],
        c_of_fold=np.array(c_of_fold, dtype=np.float64),
        c=run.params.chosen_c,
    )


def read_tutorial_code(kind: ClassifierKind) -> str:
    """The code that learns with a kind of classifier."""
    folder = Path(__file__).parent
    # Of the code only what it imports and how it learns differ between the kinds.
    imports, train = (folder / f"tutorial_{kind.name.lower()}.txt").read_text(encoding="utf-8").strip().split("\n\n\n")
    code = (folder / "tutorial_recogniser.txt").read_text(encoding="utf-8")
    return code.replace("{{imports}}", imports).replace("{{train}}", train)


def write_tutorial_zip(arrays: TutorialArrays, kind: ClassifierKind) -> bytes:
    """The code for a kind of classifier and its arrays, to be unpacked side by side."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(CODE_NAME, read_tutorial_code(kind))
        archive.writestr(ARRAYS_NAME, arrays.to_npz())
    return buffer.getvalue()
