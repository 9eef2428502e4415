"""The tab "Slices": how good it is by kind of photo and by photos of a person, and whether the crops are right."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.charts.shares import build_learning_curve, build_slice_intervals
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.learn.metrics.crop_check import CropCheck
from core.learn.metrics.slices import PHOTOS, POSE, QUALITY, SIZE
from core.learn.model_selection.study import LearningPoint, SliceAccuracy, Study, WrongFace
from core.ui import charts, frame, gallery, state, words
from core.ui.evaluation import study_charts, study_progress, wrong_predictions
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.ui.evaluation.wrong_predictions import WrongPrediction
from core.ui.labels import corrections

PER_PAGE = 6
SLICE_TITLES = {
    QUALITY: marked("Quality of the face"),
    POSE: marked("Where the head is turned"),
    SIZE: marked("Size of the face"),
    PHOTOS: marked("Photos learned from"),
}
"""What slices are made by, in words."""
METRIC_TITLES = (
    (marked("Right (accuracy)"), marked("The share of faces that got their name.")),
    (marked("Balanced accuracy"), marked("The mean over people of how often each is recognised.")),
    (marked("Macro F1"), marked("The mean over people of how completely and how exclusively each is named.")),
    (marked("Among the first three"), marked("The true name is one of the three most likely.")),
)
"""Of ``FoldSummary.figures``, in their order."""
NEGLIGIBLE_GAIN = 0.005
"""A smaller gain in accuracy is not worth speaking of."""
SliceKey = tuple[str, str]
"""What a slice is made by, and its name."""


def show_slices_section(evaluated: EvaluatedRun) -> None:
    """The figures with their intervals, the slices, the learning curve, and the crops."""
    study = study_progress.load_or_offer_study(evaluated, "slices")
    if study is None:
        return
    _warn_of_crops(study.check)
    _show_metrics(study)
    _show_panel(evaluated, study)
    if study.check.ok is not False:
        st.caption(_("**Crops.** {verdict}", verdict=words.plain(say_again(study.check.sentence))))
    study_progress.show_study_method(study)


def _warn_of_crops(check: CropCheck) -> None:
    if check.ok is False:
        verdict = words.plain(say_again(check.sentence))
        st.warning(_("**The crops look wrong.** {verdict}", verdict=verdict), icon=":material/warning:")


def _show_metrics(study: Study) -> None:
    with st.container(horizontal=True, gap="large", vertical_alignment="top"):
        for (label, meaning), figure in zip(METRIC_TITLES, study.figures, strict=True):
            st.metric(
                _(label),
                words.percent(figure.mean),
                study_progress.format_short_interval(figure),
                delta_color="off",
                delta_arrow="off",
                width="content",
                help=_("{meaning} Below: with 95\u00a0% certainty.", meaning=_(meaning)),
            )
    baseline = study.baseline.accuracy.mean
    st.caption(
        _(
            "All photos, those of a validation folder too, in {repetitions} of {folds}. Naming everybody as the most "
            "frequent person would be right for {percentage}.",
            repetitions=ngettext("{number} repetition", "{number} repetitions", study.repeats),
            folds=ngettext("{number} fold", "{number} folds", study.folds),
            percentage=words.percent(baseline),
        )
    )


# slices


@st.fragment
def _show_panel(evaluated: EvaluatedRun, study: Study) -> None:
    """Both charts, and the faces behind the slice that is chosen."""
    corrections.rerun_if_changed()
    left, right = st.columns([3, 2], gap="large")
    with left:
        clicked = _show_slices_chart(evaluated, study)
    with right:
        _show_learning_curve(study.learning_curve)
    _show_errors(evaluated, study, clicked)


def _show_slices_chart(evaluated: EvaluatedRun, study: Study) -> SliceKey | None:
    """The chart; which slice is clicked."""
    st.markdown(f"**{words.plain(describe_hardest_slice(study))}**")
    event = st.plotly_chart(
        charts.figure_from_json(_slices_chart_json(study)),
        key=f"slices_chart_{evaluated.run.id}",
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False},
        alt=_(
            "Accuracy with its 95\u00a0% interval for every kind of face. {hardest}.",
            hardest=describe_hardest_slice(study),
        ),
    )
    return study_charts.read_picked_slice(event)


def _slices_chart_json(study: Study) -> str:
    ink = charts.INK[frame.is_dark()]
    headings = {by: _(title) for by, title in SLICE_TITLES.items()}
    return study_charts.slices_json(build_slice_intervals(study.slices), headings, study.accuracy.mean, ink=ink)


def describe_hardest_slice(study: Study) -> str:
    """Say which kind of face is harder than the rest, if one is for sure."""
    hardest = study.hardest_slice
    if hardest is None:
        return _("No kind of face is harder than the others, as far as these photos can tell")
    return _(
        "Hardest is {kind}, {slice}: {share} right, against {share_of_all} of all",
        kind=words.inside(_(SLICE_TITLES[hardest.by])),
        slice=say_again(hardest.slice),
        share=words.percent(hardest.accuracy.mean),
        share_of_all=words.percent(study.accuracy.mean),
    )


def _show_errors(evaluated: EvaluatedRun, study: Study, clicked: SliceKey | None) -> None:
    """The faces that were named wrongly, of one slice or of all."""
    errors = [error for error in study.errors if error.face in evaluated.faces.table]
    if not errors:
        st.caption(_("No face was named wrongly in any repetition."))
        return
    slice_key = _choose_slice(evaluated, study.slices, clicked, errors)
    matching = [error for error in errors if not slice_key or error.slices.get(slice_key[0]) == slice_key[1]]
    if not matching:
        st.caption(_("{kind}: no face was named wrongly.", kind=words.plain(_slice_title(slice_key))))
    errors_on_page = matching[gallery.page_slice(len(matching), PER_PAGE, f"slice_errors_{slice_key}")]
    for error in errors_on_page:
        wrong_predictions.show_wrong_prediction(evaluated, _wrong_prediction(error, study.repeats))


def _choose_slice(
    evaluated: EvaluatedRun,
    slices: Sequence[SliceAccuracy],
    clicked: SliceKey | None,
    errors: Sequence[WrongFace],
) -> SliceKey | None:
    """A click on the chart moves the chooser, which can be moved without the chart too."""
    slice_keys: list[SliceKey | None] = [
        None,
        *((slice_result.by, slice_result.slice) for slice_result in slices),
    ]
    # The chart says its click again at every run: only one that is new moves the chooser, or nothing else could be
    # chosen there. The state of a field can be set until it is drawn.
    key = f"slice_of_{evaluated.run.id}"
    if clicked in slice_keys and clicked != st.session_state.get(state.SLICE_CLICKED):
        st.session_state[key] = clicked
    st.session_state[state.SLICE_CLICKED] = clicked

    def label_of(slice_key: SliceKey | None) -> str:
        n = sum(slice_key is None or error.slices.get(slice_key[0]) == slice_key[1] for error in errors)
        return ngettext("{kind}: {number} face", "{kind}: {number} faces", n, kind=_slice_title(slice_key))

    return st.selectbox(_("Faces that were named wrongly"), slice_keys, format_func=label_of, key=key, width=420)


def _slice_title(slice_key: SliceKey | None) -> str:
    return f"{_(SLICE_TITLES[slice_key[0]])}, {say_again(slice_key[1])}" if slice_key else _("All")


def _wrong_prediction(error: WrongFace, repeats: int) -> WrongPrediction:
    note = ngettext(
        "named wrongly {part} of {number} time",
        "named wrongly {part} of {number} times",
        repeats,
        part=round(error.wrong * repeats),
    )
    return WrongPrediction(error.face, error.person, error.given, note=note)


# the learning curve


def _show_learning_curve(points: Sequence[LearningPoint]) -> None:
    if not points:
        return
    st.markdown(f"**{describe_learning_curve(points)}**")
    ink = charts.INK[frame.is_dark()]
    st.plotly_chart(
        charts.figure_from_json(study_charts.curve_json(build_learning_curve(points), ink=ink)),
        key="learning_curve",
        config={"displayModeBar": False},
        alt=_("Accuracy by faces of a person that were learned from. {curve}.", curve=describe_learning_curve(points)),
    )
    # From some number on further photos are those of fewer and fewer people, on whom the rest of the curve depends.
    fewer = [point for point in points if point.people < points[0].people]
    if fewer:
        having = ", ".join(
            ngettext("{number} has {photos}", "{number} have {photos}", point.people, photos=point.photos)
            for point in fewer
        )
        people = words.format_people_count(points[0].people)
        st.caption(_("Of {people} {having}; the others gave all theirs.", people=people, having=words.plain(having)))


def describe_learning_curve(points: Sequence[LearningPoint]) -> str:
    """Say what more photos of a person would bring."""
    # Where the curve comes to rest: the first point that is as good as the last, but for what chance would do.
    first, last = points[0], points[-1]
    enough = next(point for point in points if point.accuracy.mean >= last.accuracy.mean - NEGLIGIBLE_GAIN)
    sentence = ngettext(
        "{percentage} right with {number} face of everybody",
        "{percentage} right with {number} faces of everybody",
        first.photos,
        percentage=words.percent(first.accuracy.mean),
    )
    if enough is not first:
        sentence = ngettext(
            "{few}, {percentage} right with {number} face",
            "{few}, {percentage} right with {number} faces",
            enough.photos,
            few=sentence,
            percentage=words.percent(enough.accuracy.mean),
        )
    return _("{curve}; more hardly helped", curve=sentence) if enough is not last else sentence
