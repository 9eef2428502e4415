"""The model card: what the recogniser is for, what its networks learned from, where they err, and on which faces here.

The sentences stand in ``docs/model-card.md`` too, with the references.
"""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd
import streamlit as st

from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked
from core.learn.model_selection.study import Study
from core.ui import words
from core.ui.evaluation import study_progress
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.ui.evaluation.slice_metrics import SLICE_TITLES
from core.vision.models import catalogue

INTENDED_USE = marked(
    "**For** putting names to the people on one's own photos, for archives and for teaching, with somebody who looks "
    "at the answers. **Not for** deciding about people: no access control, no watching, no police work, no guessing "
    "of age, sex, origin or mood. Whether a face is that of a living person is not tested."
)
KNOWN_BIASES = marked(
    "**Known biases.** The photos are of celebrities, mostly adults, light-skinned, and more men than women, in good "
    "light and facing the camera. Networks that learned from such photos take two people for one more often among "
    "women, children, old people, and people with dark skin or of Asian origin: in published tests their errors are "
    "up to several times those on the majority. Siblings and twins are taken for each other; over twenty years of age "
    "between two photos a person is often missed. Nothing in Face Atlas corrects that. The thresholds are fitted to "
    "your own people, so a group that is rare among them may be worse off than the figures say."
)
FEW_FACES = 30
"""Of fewer the share says little."""


def describe_training_data(vectors_ids: Collection[str]) -> str:
    """What the networks in use learned from; the default one where no dataset is there."""
    models = [model for model in catalogue.EMBEDDING_MODELS if model.vectors_id in vectors_ids]
    models = models or [catalogue.find_embedding_model(catalogue.DEFAULT_EMBEDDING_ID)]
    learned = _("; ").join(
        _(
            "*{model}*: {photos}, {percentage} of the pairs of Labeled Faces in the Wild told rightly, as published",
            model=words.plain(_(model.title)),
            photos=words.plain(_(model.training_data)),
            percentage=words.percent(model.lfw_accuracy),
        )
        for model in models
    )
    return _(
        "**Learned from.** {models}. The detector learned from {photos}. None of it was trained on your photos.",
        models=learned,
        photos=words.plain(_(catalogue.DETECTOR.training_data)),
    )


def show_model_card_section(evaluated: EvaluatedRun) -> None:
    """The tab: the general part, and this dataset's own figures."""
    st.markdown(_(INTENDED_USE))
    st.markdown(describe_training_data([evaluated.run.model_id]))
    st.markdown(_(KNOWN_BIASES))
    st.markdown(_("**On your photos**"))
    study = study_progress.load_or_offer_study(evaluated, "card")
    if study is None:
        return
    rows = slice_rows(study)
    st.dataframe(pd.DataFrame(rows), hide_index=True, alt=_("Errors by kind of face"), width="content")
    st.caption(
        _(
            "Shares of faces that got a wrong name, with 95\u00a0% certainty; of fewer than {fewest} faces they say "
            "little. Face Atlas knows nothing of anybody's sex, age or origin, so that it cannot measure by them: look "
            "through the errors of those whom you know to belong to a group.",
            fewest=FEW_FACES,
        )
    )


def slice_rows(study: Study) -> list[dict[str, str]]:
    """A line for each kind of face: how many there are, and how often they are named wrongly."""
    return [
        {
            _("Kind of face"): _(SLICE_TITLES.get(entry.by, entry.by)),
            _("Which"): say_again(entry.slice),
            _("Faces"): words.count(entry.n),
            _("Named wrongly"): words.percent(1 - entry.accuracy.mean),
            _("Between"): words.format_interval(1 - entry.accuracy.high, 1 - entry.accuracy.low),
            _("Rests on"): _("few faces") if entry.n < FEW_FACES else "",
        }
        for entry in study.slices
    ]
