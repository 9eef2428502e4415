"""How sure a run was of the faces that it was tested on, each by a recogniser that had not seen its shot."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.base.errors import InputRefused, NotFound
from core.base.types import Ints
from core.language.texts import gettext as _
from core.language.texts import localise_decimals
from core.learn.metrics.predictions import Predictions
from core.learn.numerics.unit_vectors import mean_direction
from core.learn.open_set.certainty import Certainty, CertaintyRule, Sureness
from core.learn.open_set.rejection_rule import TARGET_RATE, RejectionRule
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, words
from core.ui.access import kept
from core.ui.certainty import bar, explanation
from core.workflows.training.train import load_recogniser

_NEAREST = 2
"""The face itself, and the one nearest to it."""


@kept.cache_resource(show_spinner=False, max_entries=16)
def _load_rule(run_id: str) -> RejectionRule:
    return load_recogniser(data.services().artifacts, data.services().runs.run(run_id)).rules.full


def rate_tested_face(run_id: str, predictions: Predictions, row: int) -> Certainty:
    """How sure the run was of a tested face, by its row among the predictions."""
    rule = _load_rule(run_id)
    # Faces too poor to tell anybody by take no part in a test.
    score, prob = float(predictions.scores[row]), float(predictions.probs[row])
    return CertaintyRule.of(rule).judge_face(score, prob, 1.0, rule.at(TARGET_RATE))


def rate_tested_faces(run_id: str, predictions: Predictions) -> Ints:
    """The ``Sureness`` of all tested faces: (n,) int64."""
    rule = _load_rule(run_id)
    scores, probs = predictions.scores.astype(np.float64), predictions.probs.astype(np.float64)
    return CertaintyRule.of(rule).rate_faces(scores, probs, np.ones(len(scores)), rule.at(TARGET_RATE))


def describe_tested_face(certainty: Certainty) -> str:
    """How sure it was in a few words, for the note under a face: "sure, 78 of 100"."""
    return f"{bar.sureness_word(certainty.sureness)}, {bar.format_likeness(certainty.likeness)}"


def show_tested_face(dataset: Dataset, face_id: str) -> None:
    """What the newest run said of a face, how sure it was and why; nothing where it was not tested on it."""
    run = data.newest_run(dataset)
    if run is None:
        return
    # The sheet is about the face: where files of the run are gone or damaged, it does without what they said. The pages
    # about the run tell of it.
    try:
        predictions = data.run_predictions(run.id)
        row = predictions.find(face_id)
        certainty = rate_tested_face(run.id, predictions, row) if row is not None else None
    except (NotFound, InputRefused):
        return
    if row is None or certainty is None:
        return
    name = words.name(predictions.people[predictions.given[row]])
    st.markdown(
        _("In the test it would be unknown; nearest is **{name}**.", name=name)
        if _is_unnamed(certainty)
        else _("In the test it was taken for **{name}**.", name=name)
    )
    bar.show_certainty(certainty)
    explanation.offer_explanation(face_id, partial(_explain, dataset, run, face_id, certainty))


def _is_unnamed(certainty: Certainty) -> bool:
    return certainty.sureness is Sureness.UNKNOWN or certainty.likeness <= certainty.threshold


def _explain(dataset: Dataset, run: Run, face_id: str, certainty: Certainty) -> None:
    """The numbers of one tested face."""
    predictions, faces = data.run_predictions(run.id), data.dataset_faces(dataset.id, dataset.revision)
    row, face_row = predictions.index(face_id), faces.table.find(face_id)
    taken_for = predictions.people[predictions.given[row]]
    name, threshold = words.display_name(taken_for), _load_rule(run.id).at(TARGET_RATE)
    numbers = {
        _("Taken for"): name,
        _("How probable, if it is one of those known (calibrated)"): words.format_probability(predictions.probs[row]),
        _("How far from the mean of {name} (distance; 0 the same, 2 opposite)", name=name): localise_decimals(
            f"{predictions.distances[row]:.2f}"
        ),
        **explanation.score_numbers(float(predictions.scores[row]), certainty, threshold),
    }
    if face_row is not None and taken_for in faces.table.people:
        vectors = faces.embeddings.vectors
        of_person = faces.table.labels == faces.table.people.index(taken_for)
        mean = mean_direction(vectors[of_person])
        explanation.show_steps(name, vectors[face_row], mean, certainty, threshold)
        explanation.show_vectors({_("This face"): vectors[face_row], _("Mean of the faces of {name}", name=name): mean})
        ((nearest_ids, distances),) = data.face_search(faces).nearest_faces(vectors[[face_row]], _NEAREST)
        near_id, distance = next(pair for pair in zip(nearest_ids, distances, strict=True) if pair[0] != face_id)
        owner = words.display_name(faces.table.person(faces.table.index(near_id)))
        numbers[_("Nearest face of the dataset")] = _(
            "of {name}, at distance {distance}", name=owner, distance=localise_decimals(f"{distance:.2f}")
        )
    else:
        st.markdown(explanation.describe_word(certainty.sureness))
    explanation.show_more_numbers(numbers)
