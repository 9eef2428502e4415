"""The tab "Slices": how good it is on which kind of photo, with how many photos of a person, and whether the crops
are right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from core.learn.metrics.slices import PHOTOS, POSE, QUALITY, SIZE
from core.ui import charts, gallery, state, words
from core.ui.evaluation import study_charts, study_progress, wrong_predictions
from core.ui.evaluation.evaluation_page import Shown
from core.ui.evaluation.wrong_predictions import Mistake
from core.ui.labels import corrections

PER_PAGE = 6
KINDS = {
    QUALITY: "Quality of the face",
    POSE: "Where the head is turned",
    SIZE: "Size of the face",
    PHOTOS: "Photos learned from",
}
"""What slices are made by, in words."""
FIGURES = {
    "accuracy": ("Right (accuracy)", "The share of faces that got their name."),
    "balanced_accuracy": ("Balanced accuracy", "The mean over people of how often each is recognised."),
    "macro_f1": ("Macro F1", "The mean over people of how completely and how exclusively each is named."),
    "top3": ("Among the first three", "The true name is one of the three most likely."),
}
HARDLY = 0.005
"""A smaller gain in accuracy is not worth speaking of."""
Place = tuple[str, str]
"""What a slice is made by, and its name."""


def section(page: Shown) -> None:
    """The figures with their intervals, the slices, the learning curve, and the crops."""
    made = study_progress.document(page, "slices")
    if made is None:
        return
    _crops(made["check"])
    _figures(made)
    _panel(page, made)
    if made["check"]["ok"] is not False:
        st.caption(f"**Crops.** {words.plain(made['check']['sentence'])}")
    study_progress.method(made)


def _crops(check: dict[str, Any]) -> None:
    if check["ok"] is False:
        st.warning(f"**The crops look wrong.** {words.plain(check['sentence'])}", icon=":material/warning:")


def _figures(made: dict[str, Any]) -> None:
    with st.container(horizontal=True, gap="large", vertical_alignment="top"):
        for name, (label, meaning) in FIGURES.items():
            st.metric(
                label,
                words.percent(made[name]["mean"]),
                study_progress.interval(made[name]),
                delta_color="off",
                delta_arrow="off",
                width="content",
                help=f"{meaning} Below: with 95 % certainty.",
            )
    baseline = made["baseline"]["accuracy"]["mean"]
    st.caption(
        f"All photos, those of a validation folder too, in {words.count(made['repeats'], 'repetition')} of "
        f"{words.count(made['folds'], 'fold')}. Naming everybody as the most frequent person would be right for "
        f"{words.percent(baseline)}."
    )


# slices


@st.fragment
def _panel(page: Shown, made: dict[str, Any]) -> None:
    """Both charts, and the faces behind the slice that is chosen."""
    corrections.keep_in_step()
    left, right = st.columns([3, 2], gap="large")
    with left:
        clicked = _slices(page, made)
    with right:
        _curve(made["learning_curve"])
    _errors(page, made, clicked)


def _slices(page: Shown, made: dict[str, Any]) -> Place | None:
    """The chart; which slice is clicked."""
    st.markdown(f"**{words.plain(finding(made))}**")
    event = st.plotly_chart(
        charts.figure(_slices_chart(made)),
        key=f"slices_chart_{page.run.id}",
        on_select="rerun",
        selection_mode="points",
        config={"displayModeBar": False},
        alt=f"Accuracy with its 95 % interval for every kind of face. {finding(made)}.",
    )
    return study_charts.picked_slice(event)


def _slices_chart(made: dict[str, Any]) -> str:
    groups: dict[str, list[dict[str, Any]]] = {KINDS[one["by"]]: [] for one in made["slices"]}
    for one in made["slices"]:
        groups[KINDS[one["by"]]].append(one)
    ink = charts.INK[st.context.theme.type == "dark"]
    return study_charts.slices_json(groups, made["accuracy"]["mean"], ink=ink)


def finding(made: dict[str, Any]) -> str:
    """Say which kind of face is harder than the rest, if one is for sure."""
    overall = made["accuracy"]["mean"]
    harder = [one for one in made["slices"] if one["accuracy"]["high"] < overall]
    if not harder:
        return "No kind of face is harder than the others, as far as these photos can tell"
    worst = min(harder, key=lambda one: float(one["accuracy"]["mean"]))
    kind, share = KINDS[worst["by"]].lower(), words.percent(worst["accuracy"]["mean"])
    return f"Hardest is {kind}, {worst['slice']}: {share} right, against {words.percent(overall)} of all"


def _errors(page: Shown, made: dict[str, Any], clicked: Place | None) -> None:
    """The faces that were named wrongly, of one slice or of all."""
    there = [one for one in made["errors"] if one["face"] in page.faces.row]
    if not there:
        st.caption("No face was named wrongly in any repetition.")
        return
    wanted = _choose(page, made["slices"], clicked, there)
    among = [one for one in there if not wanted or one["slices"].get(wanted[0]) == wanted[1]]
    if not among:
        st.caption(f"{words.plain(_title(wanted))}: no face was named wrongly.")
    part = among[gallery.page_slice(len(among), PER_PAGE, f"slice_errors_{wanted}")]
    for one in part:
        wrong_predictions.show(page, _mistake(one, made["repeats"]))


def _choose(
    page: Shown, known: Sequence[dict[str, Any]], clicked: Place | None, errors: Sequence[dict[str, Any]]
) -> Place | None:
    """A click on the chart moves the chooser, which can be moved without the chart too."""
    places: list[Place | None] = [None, *((one["by"], one["slice"]) for one in known)]
    key = f"slice_of_{page.run.id}"
    if clicked in places and clicked != st.session_state.get(state.SLICE_CLICKED):
        st.session_state[key] = clicked
    st.session_state[state.SLICE_CLICKED] = clicked

    def told(place: Place | None) -> str:
        n = sum(place is None or one["slices"].get(place[0]) == place[1] for one in errors)
        return f"{_title(place)}: {words.count(n, 'face')}"

    return st.selectbox("Faces that were named wrongly", places, format_func=told, key=key, width=420)


def _title(place: Place | None) -> str:
    return f"{KINDS[place[0]]}, {place[1]}" if place else "All"


def _mistake(one: dict[str, Any], repeats: int) -> Mistake:
    note = f"named wrongly {round(one['wrong'] * repeats)} of {words.count(repeats, 'time')}"
    return Mistake(one["face"], one["person"], one["given"], note)


# the learning curve


def _curve(points: Sequence[dict[str, Any]]) -> None:
    if not points:
        return
    st.markdown(f"**{curve_finding(points)}**")
    ink = charts.INK[st.context.theme.type == "dark"]
    st.plotly_chart(
        charts.figure(study_charts.curve_json(points, ink=ink)),
        key="learning_curve",
        config={"displayModeBar": False},
        alt=f"Accuracy by faces of a person that were learned from. {curve_finding(points)}.",
    )
    fewer = [point for point in points if point["people"] < points[0]["people"]]
    if fewer:
        having = ", ".join(f"{words.count(point['people'])} have {point['photos']}" for point in fewer)
        people = words.count(points[0]["people"], "person", "people")
        st.caption(f"Of {people} {words.plain(having)}; the others gave all theirs.")


def curve_finding(points: Sequence[dict[str, Any]]) -> str:
    """Say what more photos of a person would bring."""
    first, last = points[0], points[-1]
    enough = next(one for one in points if one["accuracy"]["mean"] >= last["accuracy"]["mean"] - HARDLY)
    said = f"{_with(first)} of everybody"
    if enough is not first:
        said += f", {_with(enough)}"
    return f"{said}; more hardly helped" if enough is not last else said


def _with(point: dict[str, Any]) -> str:
    return f"{words.percent(point['accuracy']['mean'])} right with {words.count(point['photos'], 'face')}"
