"""The tab "Strangers": when a face is called unknown, what each limit promises, how honest probabilities are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.charts.reliability import build_reliability_diagram
from core.charts.shares import build_cumulative_match_curve
from core.charts.similarity import build_score_histogram
from core.learn.metrics.run_values import RunThreshold, StrangersGiven
from core.learn.open_set.operating_points import OperatingPoint, list_operating_points
from core.learn.open_set.rejection_rule import TARGET_RATE, Impostors
from core.store.protocols import Run
from core.ui import charts, data, frame, words
from core.ui.access import kept
from core.ui.evaluation import evaluation_charts
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.ui.training import strangers_input
from core.workflows.evaluation.evaluate import STRICT_RATE
from core.workflows.training.train import load_recogniser

MANY_UNKNOWN_SHARE = 0.2
"""The share of tested photos called unknown above which something is wrong with the labels."""


def show_strangers_line(run: Run) -> None:
    """One line for the head of the page."""
    share = words.format_strangers_share(run.params.threshold)
    st.markdown(f"**Strangers.** Of people it was never shown {share} would get a name; the others are unknown.")


def show_strangers_section(evaluated: EvaluatedRun) -> None:
    """What becomes of strangers, and what that costs the people who are known."""
    points = _load_points(evaluated.run.id)
    st.markdown(f"**{_strangers_summary(evaluated.run, points)}**")
    unknown = evaluated.predictions.count_unknown(evaluated.run.params.threshold.score)
    st.markdown(describe_run_threshold(evaluated.run, unknown))
    if strangers := evaluated.run.params.strangers_given:
        st.markdown(words.plain(describe_given_strangers(strangers)))
        st.markdown(words.plain(describe_given_outcome(evaluated)))
    _show_rates(evaluated, points)
    strangers_input.offer_strangers(evaluated.dataset, evaluated.run)
    _show_thresholds(points)
    left, right = st.columns(2, gap="large")
    with left:
        _show_scores(evaluated)
    with right:
        _show_calibration(evaluated)
        _show_ranks(evaluated)


@kept.cache_resource(show_spinner=False, max_entries=16)
def _load_points(run_id: str) -> Sequence[OperatingPoint]:
    run = data.services().runs.run(run_id)
    return list_operating_points(
        data.run_predictions(run_id), load_recogniser(data.services().artifacts, run).rules.full
    )


# in words


def _strangers_summary(run: Run, points: Sequence[OperatingPoint]) -> str:
    """Say what the limit in use costs, and what it promises."""
    # Floats that are the same constant, never computed: they can be compared.
    correct_rate = next(point.correct_name_rate for point in points if point.fpir == TARGET_RATE)
    share = words.format_strangers_share(run.params.threshold)
    return f"{words.percent(correct_rate)} of known faces get their right name, {share} of strangers get one"


def describe_run_threshold(run: Run, unknown: int) -> str:
    """Say how like a person a face must be to get the name, why, and what that costs those who are known."""
    threshold = run.params.threshold
    # What the threshold rests on is said with it: a rate that was measured on these people is worth more than one that
    # the model brings along, and a rate of 1 in 1000 from thirty people next to nothing.
    rule = (
        f"A face gets a name when its score, how like that person it is, is above {threshold.score:.2f}, else it is "
        "unknown."
    )
    strangers_clause = " or given as strangers" if run.params.strangers_given else ""
    if threshold.from_prior:
        why = (
            f"{words.count(run.metrics.n_people, 'people', 'people')} cannot tell this alone, so the limit is "
            f"the model's own, measured on other photos{_describe_update(threshold, strangers_clause)}: "
            f"{words.format_strangers_share(threshold)} of strangers would get a name."
        )
    else:
        why = (
            f"With {words.count(threshold.n_impostor_people, 'people', 'people')} hidden from it in turn"
            f"{strangers_clause}, {words.percent(threshold.expected)} of "
            f"{words.count(threshold.n_impostors, 'face')} got a name, "
            f"so {words.format_strangers_share(threshold)} of strangers would."
        )
        if not threshold.enough:
            why += f" These are too few people to be sure of {words.percent(threshold.rate)}."
    # The cost in faces, since of people who are known a share says little: "none of the 359" does.
    of_tested = f"of the {words.count(run.metrics.n_test, 'tested face')}"
    cost = f"By this rule {words.count(unknown) if unknown else 'none'} {of_tested} would have been called unknown."
    is_many = unknown > MANY_UNKNOWN_SHARE * run.metrics.n_test
    advice = " That is many: some photos may lie under the wrong name, and the map shows which." if is_many else ""
    return f"{rule} {why} {cost}{advice}"


def _describe_update(threshold: RunThreshold, strangers_clause: str) -> str:
    """Whose faces moved the model's own limit; nobody's in runs of earlier versions."""
    if not threshold.n_impostor_people:
        return ""
    tried = words.count(threshold.n_impostor_people, "person", "people")
    return f" and moved by {tried} hidden from it in turn{strangers_clause}"


def describe_given_strangers(strangers: StrangersGiven) -> str:
    """Say what became of the photos of other people that were given for the training."""
    sentence = (
        f"From {strangers.title} {words.count(strangers.used, 'face')} of "
        f"{words.count(strangers.people, 'person', 'people')} helped to set the limits; none of them is kept."
    )
    if strangers.refused:
        sentence += f" {words.count(strangers.refused, 'photo')} could not be used."
    for known_person in strangers.known:
        sentence += (
            f" {words.count(known_person.photos, 'photo')} of {words.display_name(known_person.person)} "
            f"{'was' if known_person.photos == 1 else 'were'} not used: {known_person.why}."
        )
    return sentence


def describe_given_outcome(evaluated: EvaluatedRun) -> str:
    """How many of the strangers given are above the limit."""
    impostors, threshold = evaluated.predictions.impostors, evaluated.run.params.threshold
    if impostors is None or not impostors.given.any():
        return ""
    scores = impostors.scores[impostors.given]
    n_named = int(np.count_nonzero(scores > threshold.score))
    # No interval of their own: what is to be expected of strangers rests on them and on the people hidden, and is said
    # above.
    return (
        f"{words.count(n_named) if n_named else 'None'} of these {words.count(len(scores), 'face')} "
        f"{'is' if n_named < 2 else 'are'} above the limit."
    )


def describe_hidden_people(impostors: Impostors, threshold: float) -> str:
    """Say how many of those who played the stranger got a name."""
    passing = impostors.passing(threshold)
    n_named = int(np.count_nonzero(impostors.scores > threshold))
    faces, people = len(impostors.scores), len(passing)
    return (
        f"{words.count(people, 'person', 'people')} played the stranger with {words.count(faces, 'face')}: "
        f"{words.count(n_named) if n_named else 'none'} of these {'is' if n_named < 2 else 'are'} above the limit."
    )


# the parts


def _show_rates(evaluated: EvaluatedRun, points: Sequence[OperatingPoint]) -> None:
    point_at = {point.fpir: point for point in points}
    with st.container(horizontal=True, gap="large"):
        for rate in (TARGET_RATE, STRICT_RATE):
            st.metric(
                f"Found and named (DIR) at FPIR {words.percent(rate)}",
                words.percent(point_at[rate].correct_name_rate),
                "enough people to tell" if point_at[rate].enough_data else "too few people to be sure of the FPIR",
                delta_color="off",
                delta_arrow="off",
                width="content",
            )
    st.caption(_protocol_sentence(evaluated.run, evaluated.predictions.impostors))


def _protocol_sentence(run: Run, impostors: Impostors | None) -> str:
    """Say who was in the gallery and who were the probes."""
    people, faces = words.count(run.metrics.n_people, "person", "people"), run.metrics.n_train
    gallery = f"Gallery: {people}, {words.count(faces, 'face')} learned from. "
    known_probes = (
        f"Known probes: {words.count(run.metrics.n_test, 'face')} of the same people, each named by a recogniser "
        "that had not learned from its shot; found means the right name and a score above the limit. "
    )
    if impostors is None:
        return gallery + known_probes + "Strange probes: none, the limits are the model's own."
    # People are counted, not faces, by their numbers in ``who``; strangers whom no folder names have one for each face.
    n_hidden, n_given = (len(np.unique(impostors.who[mask])) for mask in (~impostors.given, impostors.given))
    parts = [f"{words.count(n_hidden, 'person', 'people')} left out of the gallery in turn"] if n_hidden else []
    parts += [f"{words.count(n_given, 'stranger')} given"] if n_given else []
    threshold = run.params.threshold
    use = "they moved the model's own limits" if threshold.from_prior else "they set the limits"
    # Runs of earlier versions tried people whom their limits do not rest on.
    use = use if threshold.n_impostor_people else "they only show what the model's own limits do"
    return f"{gallery}{known_probes}Strange probes: {' and '.join(parts)}; {use}."


def _show_thresholds(points: Sequence[OperatingPoint]) -> None:
    table = pd.DataFrame(
        [
            {
                "rate": words.percent(point.fpir),
                "score": point.score,
                "expected": words.percent(point.fpir_expected, 2),
                "interval": words.format_interval(*point.fpir_expected_ci95, digits=2),
                "enough": "yes" if point.enough_data else "no",
                "kept": words.bar_percent(point.correct_name_rate),
            }
            for point in points
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "rate": st.column_config.TextColumn("Strangers named (FPIR)", help="As asked for."),
            "score": st.column_config.NumberColumn("Limit (score)", format="%.2f", help="A face needs a larger score."),
            "expected": st.column_config.TextColumn("To expect"),
            "interval": st.column_config.TextColumn("95\u00a0% interval"),
            "enough": st.column_config.TextColumn(
                "Enough people", help="A rate of 1 in 1 000 takes about 1 000 people to measure."
            ),
            "kept": st.column_config.ProgressColumn(
                "Known named rightly (DIR)", format="%.1f\u00a0%%", min_value=0, max_value=100, width=180
            ),
        },
        key="limits_table",
        alt="The limit for each false-positive identification rate, what it promises, and what it costs.",
    )


def _show_scores(evaluated: EvaluatedRun) -> None:
    impostors, threshold = evaluated.predictions.impostors, evaluated.run.params.threshold.score
    sentence = (
        describe_hidden_people(impostors, threshold)
        if impostors
        else "Nobody could be left out, so only known people show."
    )
    st.markdown(f"**{'Known people and strangers by score' if impostors else 'Known people by score'}**")
    st.plotly_chart(
        charts.figure_from_json(_scores_json(evaluated.run.id, threshold, _ink())), key="score_chart", alt=sentence
    )
    st.caption(sentence)
    if impostors is None:
        st.caption("Runs from before this was kept do not have the strangers either: train again to see them.")


@kept.cache_data(show_spinner=False, max_entries=32)
def _scores_json(run_id: str, threshold: float, ink: str) -> str:
    histogram = build_score_histogram(data.run_predictions(run_id), threshold)
    return evaluation_charts.histogram_json(histogram, ink=ink)


def _show_calibration(evaluated: EvaluatedRun) -> None:
    title = f"Probabilities are off by {words.percent(evaluated.evaluation.ece)} on average (ECE)"
    diagram = build_reliability_diagram(evaluated.predictions)
    _show_titled_chart(title, evaluation_charts.reliability_json(diagram, ink=_ink()), "reliability_chart")


def _show_ranks(evaluated: EvaluatedRun) -> None:
    curve = build_cumulative_match_curve(evaluated.predictions)
    # The third rank, or the last there is: of two people one is always among the first two.
    third = curve.points[:3][-1]
    title = f"The true name is among the first {words.count(third.number)} for {words.percent(third.share)} (rank-k)"
    _show_titled_chart(title, evaluation_charts.ranks_json(curve, ink=_ink()), "rank_chart")


def _show_titled_chart(title: str, figure_json: str, key: str) -> None:
    """A chart under a title that says what it shows, for those who do not see it too."""
    st.markdown(f"**{title}**")
    st.plotly_chart(charts.figure_from_json(figure_json), key=key, alt=title)


def _ink() -> str:
    return charts.INK[frame.is_dark()]
