"""The options of a training, each with a good default."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from core.base.types import TRUSTED_GRADE
from core.language.texts import gettext as _
from core.learn.classification.classifier_kinds import LINEAR_SVM, ClassifierKind
from core.learn.classification.training_material import TrainOptions
from core.store.values.runs import Run
from core.ui.training import strangers_input
from core.workflows.training.request import TrainRequest


def ask_training_options(runs: list[Run]) -> TrainRequest:
    """Settings that have good defaults; those that few will want are folded. The classifier is the newest run's."""
    in_use = runs[0].params.kind if runs else LINEAR_SVM.kind
    with st.popover(_("Options"), icon=":material/tune:"):
        fewest = st.slider(
            _("Fewest photos of a person"),
            2,
            20,
            2,
            help=_("Who has fewer is left out. Several shots of one moment count as one."),
        )
        worst = st.slider(
            _("Leave out faces of a quality below, %"),
            0,
            90,
            round(100 * TRUSTED_GRADE),
            step=5,
            help=_("Blurred, dark and tiny faces teach the wrong thing: below 50\u00a0% different people look alike."),
        )
        strangers = strangers_input.choose_from_inbox()
        with st.expander(_("For experts")):
            options = _ask_expert_options(in_use)
    return TrainRequest(replace(options, min_faces=fewest, min_grade=worst / 100), strangers)


def _ask_expert_options(in_use: ClassifierKind) -> TrainOptions:
    """What is of the method, in the words of the field."""
    smallest = st.slider(_("Leave out faces narrower than, pixels"), 0, 200, 0, step=10)
    folds = st.slider(
        _("Parts for testing (folds)"),
        2,
        10,
        5,
        help=_(
            "Each part is tested by what was learned from the others. Used where no folders train and val divide the "
            "photos."
        ),
    )
    seed = st.number_input(_("Draw of the parts (seed)"), 0, 9999, 0, help=_("The same seed gives the same result."))
    kinds = list(ClassifierKind)
    kind = st.selectbox(
        _("Classifier"),
        kinds,
        index=kinds.index(in_use),
        format_func=lambda each: each.plain_name,
        help=_("What tells the people apart. How good is it? compares them on your photos."),
        key=f"classifier_{in_use}",
    )
    own_c = kind.has_c and st.toggle(
        _("Set C myself"),
        value=False,
        help=_(
            "What a face on the wrong side of the border costs. For the linear SVM it is chosen by trying otherwise."
        ),
    )
    c = st.select_slider("C", [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0], 1.0) if own_c else None
    return TrainOptions(folds=folds, seed=int(seed), c=c, min_size_px=smallest, classifier=kind)
