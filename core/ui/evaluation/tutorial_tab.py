"""The tab "For students": the run as a tutorial prints it, a face as numbers, and code that gives the same accuracy."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.access.permissions import Action
from core.base.types import Vectors
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.metrics.run_values import RunParams
from core.learn.numerics.unit_vectors import mean_direction
from core.store.values.runs import Run
from core.ui import data, gallery, words
from core.ui.access import offers
from core.ui.audit import recording
from core.ui.certainty import explanation
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.workflows.evaluation import tutorial

NUMBERS_A_LINE = 8
CROP_PX = 112


def show_tutorial_section(evaluated: EvaluatedRun) -> None:
    """What a tutorial would print, one face of it, and everything to do it again elsewhere."""
    st.markdown(_("**The run as a tutorial prints it**"))
    st.code(print_run(evaluated), language=None, wrap_lines=True)
    _show_face(evaluated)
    if offers.may(Action.EXPORT, evaluated.dataset.id):
        _offer_code(evaluated)


def print_run(evaluated: EvaluatedRun) -> str:
    """Shapes, classes, C and accuracies, as the tutorials on face recognition print them."""
    run, metrics, dimension = evaluated.run, evaluated.run.metrics, evaluated.faces.embeddings.vectors.shape[1]
    shapes = [
        f"X_train ({metrics.n_train}, {dimension})  y_train ({metrics.n_train},)",
        f"X_test ({metrics.n_test}, {dimension})  y_test ({metrics.n_test},)",
    ]
    if run.params.split == "kfold":
        shapes = [
            f"X ({metrics.n_train}, {dimension})  y ({metrics.n_train},)",
            f"{run.params.folds} folds: every row is tested once, by a model that has not seen its shot",
        ]
    classes = ", ".join(map(words.isolate_name, run.params.people[:20])) + (
        ", ..." if len(run.params.people) > 20 else ""
    )
    return "\n".join(
        [
            *shapes,
            f"classes {metrics.n_people}: {classes}",
            f"model: Normalizer('l2'), LabelEncoder(), {_print_classifier(run.params)}",
            f"Accuracy: train={100 * metrics.train_accuracy:.3f}, validation={100 * metrics.accuracy:.3f}",
        ]
    )


def _print_classifier(params: RunParams) -> str:
    """The classifier as scikit-learn writes it."""
    if params.kind is ClassifierKind.NEAREST_CENTROID:
        return "NearestCentroid()"
    if params.kind is ClassifierKind.LOGISTIC:
        return f"LogisticRegression(C={params.chosen_c:g})"
    return f"LinearSVC(C={params.chosen_c:g})  # C by cross-validation"


def _show_face(evaluated: EvaluatedRun) -> None:
    """One tested face of somebody who is chosen: the picture, its numbers, and its bars beside the mean."""
    predictions, faces = evaluated.predictions, evaluated.faces
    st.markdown(_("**A face as the classifier sees it (its embedding)**"))
    tested = sorted({int(person) for person in predictions.true})
    person = st.selectbox(_("A tested face of"), tested, format_func=evaluated.person, key="tutorial_person", width=300)
    rows = [
        faces.table.index(predictions.face_ids[row])
        for row in np.flatnonzero(predictions.true == person)
        if predictions.face_ids[row] in faces.table
    ]
    if not rows:
        st.caption(_("The photos of this person were removed since."))
        return
    name, vectors = evaluated.person(person), faces.embeddings.vectors
    picture, numbers = st.columns([1, 4], vertical_alignment="center")
    with picture:
        tile = gallery.Tile(faces.table.crop_ids[rows[0]], "", alt=_("Face of {name}", name=name))
        gallery.show_face_grid(evaluated.dataset.id, [tile], tile_px=CROP_PX)
    with numbers:
        of_person = np.flatnonzero(faces.table.labels == faces.table.labels[rows[0]])
        means = {
            _("This face"): vectors[rows[0]],
            _("Mean of the faces of {name}", name=name): mean_direction(vectors[of_person]),
        }
        explanation.show_vectors(means)
    with st.expander(ngettext("All {number} number", "All {number} numbers", vectors.shape[1])):
        st.code(print_vector(vectors[rows[0]]), language=None)


def print_vector(vector: Vectors) -> str:
    """An embedding, (dimension,), as NumPy prints it."""
    return np.array2string(vector, precision=4, suppress_small=True, max_line_width=10 * NUMBERS_A_LINE + 2, sign=" ")


def _offer_code(evaluated: EvaluatedRun) -> None:
    st.markdown(_("**The same in plain scikit-learn**"))
    st.markdown(
        _(
            "`{code}` and `{arrays}` in one zip: the embeddings of all faces, with their names and the part of the "
            "test that each is in. Unpacked and run, the code prints the accuracy of this run to the last digit.",
            code=tutorial.CODE_NAME,
            arrays=tutorial.ARRAYS_NAME,
        )
    )
    if evaluated.stale or evaluated.run.params.imported is not None:
        st.caption(
            _(
                "This run cannot be taken home: photos or names changed since, or its photos are on another computer. "
                "Train again first."
            )
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            _("Download code and data (zip)"),
            recording.recorded_download(evaluated.dataset.id, "tutorial", partial(_write_zip, evaluated.run)),
            file_name="face-recogniser.zip",
            mime="application/zip",
            icon=":material/download:",
            on_click="ignore",
            key="tutorial_zip",
        )
        st.caption(_("Embeddings tell who somebody is: treat the file as you would the photos."), width="content")
    with st.expander(_("Read {file}", file=tutorial.CODE_NAME)):
        st.code(tutorial.read_tutorial_code(evaluated.run.params.kind), language="python")


def _write_zip(run: Run) -> bytes:
    store = data.services().store
    arrays = tutorial.gather_tutorial_arrays(store, run, data.run_predictions(run.id))
    return tutorial.write_tutorial_zip(arrays, run.params.kind)
