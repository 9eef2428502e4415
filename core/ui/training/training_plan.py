"""What a training would learn, who and what would be left out, and what to do where there is nothing to learn."""

from __future__ import annotations

import streamlit as st

from core.base.errors import TrainingRefused
from core.base.types import Revision
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.learn.classification.training_material import TrainOptions
from core.learn.metrics.run_values import UnusedFaces
from core.learn.model_selection.splits import SplitPlan
from core.store.values.datasets import Counts, Dataset
from core.ui import data, frame, menu, words
from core.ui.access import kept
from core.ui.home import trail
from core.ui.training import imbalance
from core.workflows.training.train import preview_training

LEFT_OUT_SHOWN = 8
MOST_FACES_UNASKED = 200_000
"""With more faces it takes more than a second to say who would take part, after each correction."""


def show_nothing_trained(dataset: Dataset, sentence: str) -> None:
    """Nothing was learned yet, and the way on: to the training where there is something to learn, else to that."""
    step = trail.find_next_step(dataset)
    reason = "" if step.page == menu.TRAIN else f" {words.plain(step.why)}"
    frame.show_empty_state(f"{sentence}{reason}", words.plain(step.label), step.page)


def show_too_few_people(dataset: Dataset, counts: Counts) -> None:
    """Nothing to learn yet, and what to do about it."""
    if not counts.faces:
        sentence = _("There are no faces yet.") if not counts.photos else _("No face was found in the photos so far.")
    elif not counts.people:
        sentence = _("No face has a name yet. Name them, or add photos in folders, one folder a person.")
    else:
        sentence = _("It knows one person. Telling people apart takes at least two.")
    step = trail.find_next_step(dataset)
    frame.show_empty_state(sentence, words.plain(step.label), step.page)


def describe_refusal(dataset: Dataset) -> str:
    """Why a training with the default options would learn nothing; "" where it would learn, or it takes long to say."""
    if data.dataset_counts(dataset.id, dataset.revision).faces > MOST_FACES_UNASKED:
        return ""
    with st.spinner(_("Looking at the faces")):
        plan = _preview_plan(dataset.id, dataset.revision, TrainOptions())
    return plan if isinstance(plan, str) else ""


def show_plan(dataset: Dataset, options: TrainOptions) -> None:
    """What would be learned, who is left out, and how it will be tested; of very many faces when somebody asks."""
    if data.dataset_counts(dataset.id, dataset.revision).faces > MOST_FACES_UNASKED and not st.toggle(
        _("Say who takes part"),
        key=f"plan_{dataset.id}",
        help=_("Every person's faces are compared with each other, for shots of one moment. Training does it anyway."),
    ):
        return
    with st.spinner(_("Looking at the faces")):
        outcome = _preview_plan(dataset.id, dataset.revision, options)
    if isinstance(outcome, str):
        st.warning(words.plain(say_again(outcome)), icon=":material/info:")
        return
    planned, unused = outcome
    _show_who_takes_part(planned)
    imbalance.show_planned_imbalance(planned)
    for exclusion in unused:
        st.caption(describe_unused(exclusion.faces, exclusion.reason))
    for dropped in planned.dropped:
        st.caption(describe_unused(len(dropped.rows), dropped.reason))
    _show_left_out(planned)


def _show_who_takes_part(planned: SplitPlan) -> None:
    used, tested = len(planned.used), sum(len(fold.test) for fold in planned.folds)
    st.markdown(
        _(
            "**{people}, {faces}** take part; {tested_faces} of them test it. {why}",
            people=words.format_people_count(len(planned.people)),
            faces=ngettext("{number} face", "{number} faces", used),
            tested_faces=ngettext("{number} face", "{number} faces", tested),
            why=words.plain(say_again(planned.why)),
        )
    )


def _show_left_out(planned: SplitPlan) -> None:
    """The people of whom nothing is learned, and why; a few, and how many more."""
    if not planned.left_out:
        return
    with st.expander(ngettext("{number} person left out", "{number} people left out", len(planned.left_out))):
        for entry in planned.left_out[:LEFT_OUT_SHOWN]:
            st.markdown(f"- {words.titled(f'**{words.name(entry.person)}**', words.plain(say_again(entry.reason)))}")
        if len(planned.left_out) > LEFT_OUT_SHOWN:
            more = len(planned.left_out) - LEFT_OUT_SHOWN
            st.caption(ngettext("and {number} more", "and {number} more", more))


# A refusal is given as text: exceptions are not cached, and the faces would be gone through at every run of the page.
@kept.cache_resource(show_spinner=False, max_entries=4)
def _preview_plan(
    dataset_id: str, revision: Revision, options: TrainOptions
) -> tuple[SplitPlan, tuple[UnusedFaces, ...]] | str:
    faces = data.dataset_faces(dataset_id, revision)
    try:
        return preview_training(faces.table, faces.embeddings, options)
    except TrainingRefused as refusal:
        return str(refusal)


def describe_unused(n_faces: int, reason: str) -> str:
    """How many faces take no part, and why, as Markdown."""
    return ngettext(
        "{number} face not used: {reason}",
        "{number} faces not used: {reason}",
        n_faces,
        reason=words.plain(say_again(reason)),
    )
