"""The tab "Strangers": when a face is called unknown, what each limit promises, how honest probabilities are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

from core.charts.reliability import build_reliability_diagram
from core.charts.shares import build_cumulative_match_curve
from core.charts.similarity import build_score_histogram
from core.language.languages import Language
from core.language.said_before import say_again
from core.language.texts import current_language, localise_decimals, ngettext
from core.language.texts import gettext as _
from core.learn.metrics.run_values import StrangersGiven
from core.learn.open_set.operating_points import OperatingPoint, list_operating_points
from core.learn.open_set.rejection_rule import TARGET_RATE, Impostors
from core.store.values.runs import Run
from core.ui import charts, data, frame, words
from core.ui.access import kept, offers
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
    st.markdown(
        _("**Strangers.** Of people it was never shown {share} would get a name; the others are unknown.", share=share)
    )


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
    if offers.may_edit(evaluated.dataset.id):
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
    return _(
        "{percentage} of known faces get their right name, {share} of strangers get one",
        percentage=words.percent(correct_rate),
        share=share,
    )


def describe_run_threshold(run: Run, unknown: int) -> str:
    """Say how like a person a face must be to get the name, why, and what that costs those who are known."""
    threshold = run.params.threshold
    # What the threshold rests on is said with it: a rate that was measured on these people is worth more than one that
    # the model brings along, and a rate of 1 in 1000 from thirty people next to nothing.
    rule = _(
        "A face gets a name when its score, how like that person it is, is above {score}, else it is unknown.",
        score=localise_decimals(f"{threshold.score:.2f}"),
    )
    sentences = [rule, _describe_prior(run) if threshold.from_prior else _describe_hidden(run)]
    if not (threshold.from_prior or threshold.enough):
        sentences.append(
            _("These are too few people to be sure of {percentage}.", percentage=words.percent(threshold.rate))
        )
    sentences.append(_describe_cost(run, unknown))
    if unknown > MANY_UNKNOWN_SHARE * run.metrics.n_test:
        sentences.append(_("That is many: some photos may lie under the wrong name, and the map shows which."))
    return " ".join(sentences)


def _describe_prior(run: Run) -> str:
    """That the limit is the model's own, and whose faces moved it; nobody's in runs of earlier versions."""
    threshold, n_people = run.params.threshold, words.count(run.metrics.n_people)
    share = words.format_strangers_share(threshold)
    moved_by = words.format_people_count(threshold.n_impostor_people)
    if not threshold.n_impostor_people:
        return _(
            "{n_people} people cannot tell this alone, so the limit is the model's own, measured on other photos: "
            "{share} of strangers would get a name.",
            n_people=n_people,
            share=share,
        )
    if run.params.strangers_given:
        return _(
            "{n_people} people cannot tell this alone, so the limit is the model's own, measured on other photos and "
            "moved by {people} hidden from it in turn or given as strangers: {share} of strangers would get a name.",
            n_people=n_people,
            people=moved_by,
            share=share,
        )
    return _(
        "{n_people} people cannot tell this alone, so the limit is the model's own, measured on other photos and "
        "moved by {people} hidden from it in turn: {share} of strangers would get a name.",
        n_people=n_people,
        people=moved_by,
        share=share,
    )


def _describe_hidden(run: Run) -> str:
    """What became of those who were hidden, by which the limit was set."""
    threshold = run.params.threshold
    measured = {
        "n_people": words.count(threshold.n_impostor_people),
        "percentage": words.percent(threshold.expected),
        "faces": ngettext("{number} face", "{number} faces", threshold.n_impostors),
        "share": words.format_strangers_share(threshold),
    }
    if run.params.strangers_given:
        return _(
            "With {n_people} people hidden from it in turn or given as strangers, {percentage} of {faces} got a name, "
            "so {share} of strangers would.",
            **measured,
        )
    return _(
        "With {n_people} people hidden from it in turn, {percentage} of {faces} got a name, so {share} of strangers "
        "would.",
        **measured,
    )


def _describe_cost(run: Run, unknown: int) -> str:
    # The cost in faces, since of people who are known a share says little: "none of the 359" does.
    tested = ngettext("{number} tested face", "{number} tested faces", run.metrics.n_test)
    if not unknown:
        return _("By this rule none of the {tested} would have been called unknown.", tested=tested)
    return ngettext(
        "By this rule {number} of the {tested} would have been called unknown.",
        "By this rule {number} of the {tested} would have been called unknown.",
        unknown,
        tested=tested,
    )


def describe_given_strangers(strangers: StrangersGiven) -> str:
    """Say what became of the photos of other people that were given for the training."""
    sentences = [
        ngettext(
            "From {source} {number} face of {people} helped to set the limits; none of them is kept.",
            "From {source} {number} faces of {people} helped to set the limits; none of them is kept.",
            strangers.used,
            source=strangers.title,
            people=words.format_people_count(strangers.people),
        )
    ]
    if strangers.refused:
        sentences.append(
            ngettext("{number} photo could not be used.", "{number} photos could not be used.", strangers.refused)
        )
    sentences += [
        ngettext(
            "{number} photo of {name} was not used: {reason}.",
            "{number} photos of {name} were not used: {reason}.",
            known_person.photos,
            name=words.display_name(known_person.person),
            reason=say_again(known_person.why),
        )
        for known_person in strangers.known
    ]
    return " ".join(sentences)


def describe_given_outcome(evaluated: EvaluatedRun) -> str:
    """How many of the strangers given are above the limit."""
    impostors, threshold = evaluated.predictions.impostors, evaluated.run.params.threshold
    if impostors is None or not impostors.given.any():
        return ""
    scores = impostors.scores[impostors.given]
    n_named = int(np.count_nonzero(scores > threshold.score))
    # No interval of their own: what is to be expected of strangers rests on them and on the people hidden, and is said
    # above.
    faces = ngettext("{number} face", "{number} faces", len(scores))
    if not n_named:
        return _("None of these {faces} is above the limit.", faces=faces)
    return ngettext(
        "{number} of these {faces} is above the limit.",
        "{number} of these {faces} are above the limit.",
        n_named,
        faces=faces,
    )


def describe_hidden_people(impostors: Impostors, threshold: float) -> str:
    """Say how many of those who played the stranger got a name."""
    passing = impostors.passing(threshold)
    n_named = int(np.count_nonzero(impostors.scores > threshold))
    faces, people = len(impostors.scores), len(passing)
    players = {
        "people": words.format_people_count(people),
        "faces": ngettext("{number} face", "{number} faces", faces),
    }
    if not n_named:
        return _("{people} played the stranger with {faces}: none of these is above the limit.", **players)
    return ngettext(
        "{people} played the stranger with {faces}: {number} of these is above the limit.",
        "{people} played the stranger with {faces}: {number} of these are above the limit.",
        n_named,
        **players,
    )


# the parts


def _show_rates(evaluated: EvaluatedRun, points: Sequence[OperatingPoint]) -> None:
    point_at = {point.fpir: point for point in points}
    with st.container(horizontal=True, gap="large"):
        for rate in (TARGET_RATE, STRICT_RATE):
            st.metric(
                _("Found and named (DIR) at FPIR {percentage}", percentage=words.percent(rate)),
                words.percent(point_at[rate].correct_name_rate),
                _("enough people to tell")
                if point_at[rate].enough_data
                else _("too few people to be sure of the FPIR"),
                delta_color="off",
                delta_arrow="off",
                width="content",
            )
    st.caption(_protocol_sentence(evaluated.run, evaluated.predictions.impostors))


def _protocol_sentence(run: Run, impostors: Impostors | None) -> str:
    """Say who was in the gallery and who were the probes."""
    gallery = ngettext(
        "Gallery: {people}, {number} face learned from.",
        "Gallery: {people}, {number} faces learned from.",
        run.metrics.n_train,
        people=words.format_people_count(run.metrics.n_people),
    )
    known_probes = ngettext(
        "Known probes: {number} face of the same people, each named by a recogniser that had not learned from its "
        "shot; found means the right name and a score above the limit.",
        "Known probes: {number} faces of the same people, each named by a recogniser that had not learned from its "
        "shot; found means the right name and a score above the limit.",
        run.metrics.n_test,
    )
    return f"{gallery} {known_probes} {_describe_strange_probes(run, impostors)}"


def _describe_strange_probes(run: Run, impostors: Impostors | None) -> str:
    if impostors is None:
        return _("Strange probes: none, the limits are the model's own.")
    # People are counted, not faces, by their numbers in ``who``; strangers whom no folder names have one for each face.
    n_hidden, n_given = (len(np.unique(impostors.who[mask])) for mask in (~impostors.given, impostors.given))
    hidden = ngettext(
        "{number} person left out of the gallery in turn", "{number} people left out of the gallery in turn", n_hidden
    )
    strangers = ngettext("{number} stranger given", "{number} strangers given", n_given)
    if n_hidden and n_given:
        probes = _("{hidden} and {strangers}", hidden=hidden, strangers=strangers)
    else:
        probes = hidden if n_hidden else strangers
    # Runs of earlier versions tried people whom their limits do not rest on.
    if not run.params.threshold.n_impostor_people:
        return _("Strange probes: {probes}; they only show what the model's own limits do.", probes=probes)
    if run.params.threshold.from_prior:
        return _("Strange probes: {probes}; they moved the model's own limits.", probes=probes)
    return _("Strange probes: {probes}; they set the limits.", probes=probes)


def _show_thresholds(points: Sequence[OperatingPoint]) -> None:
    most, percent_format = words.bar_scale()
    table = pd.DataFrame(
        [
            {
                "rate": words.percent(point.fpir),
                "score": localise_decimals(f"{point.score:.2f}"),
                "expected": words.percent(point.fpir_expected, 2),
                "interval": words.format_interval(*point.fpir_expected_ci95, digits=2),
                "enough": _("yes") if point.enough_data else _("no"),
                "kept": words.bar_percent(point.correct_name_rate) * most / 100,
            }
            for point in points
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "rate": st.column_config.TextColumn(_("Strangers named (FPIR)"), help=_("As asked for.")),
            "score": st.column_config.TextColumn(
                _("Limit (score)"), help=_("A face needs a larger score."), alignment="right"
            ),
            "expected": st.column_config.TextColumn(_("To expect")),
            "interval": st.column_config.TextColumn(_("95\u00a0% interval")),
            "enough": st.column_config.TextColumn(
                _("Enough people"), help=_("A rate of 1 in 1 000 takes about 1 000 people to measure.")
            ),
            "kept": st.column_config.ProgressColumn(
                _("Known named rightly (DIR)"), format=percent_format, min_value=0, max_value=most, width=180
            ),
        },
        key="limits_table",
        alt=_("The limit for each false-positive identification rate, what it promises, and what it costs."),
    )


def _show_scores(evaluated: EvaluatedRun) -> None:
    impostors, threshold = evaluated.predictions.impostors, evaluated.run.params.threshold.score
    sentence = (
        describe_hidden_people(impostors, threshold)
        if impostors
        else _("Nobody could be left out, so only known people show.")
    )
    st.markdown(_("**Known people and strangers by score**") if impostors else _("**Known people by score**"))
    figure_json = _scores_json(evaluated.run.id, threshold, _ink(), current_language())
    st.plotly_chart(charts.figure_from_json(figure_json), key="score_chart", alt=sentence)
    st.caption(sentence)
    if impostors is None:
        st.caption(_("Runs from before this was kept do not have the strangers either: train again to see them."))


@kept.cache_data(show_spinner=False, max_entries=32)
def _scores_json(run_id: str, threshold: float, ink: str, language: Language) -> str:
    # The words on it are those of the language that is spoken, which is a part of the key.
    histogram = build_score_histogram(data.run_predictions(run_id), threshold)
    return evaluation_charts.histogram_json(histogram, ink=ink)


def _show_calibration(evaluated: EvaluatedRun) -> None:
    title = _(
        "Probabilities are off by {percentage} on average (ECE)", percentage=words.percent(evaluated.evaluation.ece)
    )
    diagram = build_reliability_diagram(evaluated.predictions)
    _show_titled_chart(title, evaluation_charts.reliability_json(diagram, ink=_ink()), "reliability_chart")


def _show_ranks(evaluated: EvaluatedRun) -> None:
    curve = build_cumulative_match_curve(evaluated.predictions)
    # The third rank, or the last there is: of two people one is always among the first two.
    third = curve.points[:3][-1]
    title = _(
        "The true name is among the first {n_names} for {percentage} (rank-k)",
        n_names=words.count(third.number),
        percentage=words.percent(third.share),
    )
    _show_titled_chart(title, evaluation_charts.ranks_json(curve, ink=_ink()), "rank_chart")


def _show_titled_chart(title: str, figure_json: str, key: str) -> None:
    """A chart under a title that says what it shows, for those who do not see it too."""
    st.markdown(f"**{title}**")
    st.plotly_chart(charts.figure_from_json(figure_json), key=key, alt=title)


def _ink() -> str:
    return charts.INK[frame.is_dark()]
