"""The tab "Strangers": when a face is called unknown, what each limit promises, how honest probabilities are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.learn.metrics.calibration import rank_curve, reliability
from core.learn.open_set.rejection_rule import TARGET_RATE, Impostors
from core.store.protocols import Run
from core.ui import charts, data, words
from core.ui.evaluation import evaluation_charts
from core.ui.evaluation.evaluation_charts import Limit, Sort
from core.ui.evaluation.evaluation_page import Shown
from core.workflows.evaluation import evaluate
from core.workflows.evaluation.evaluate import STRICT_RATE
from core.workflows.training.train import load_recogniser

MANY_UNKNOWN = 0.2
"""The share of tested photos called unknown above which something is wrong with the labels."""
BINS = 40
GIVEN_COLOUR = charts.PALETTE[3]


def brief(run: Run) -> None:
    """One line for the head of the page."""
    share = words.strangers_share(run.params["threshold"])
    st.markdown(f"**Strangers.** Of people it was never shown {share} would get a name; the others are unknown.")


def section(page: Shown) -> None:
    """What becomes of strangers, and what that costs the people who are known."""
    promises = _promises(page.run.id)
    st.markdown(f"**{finding(page.run, promises)}**")
    st.markdown(sentence(page.run, n_unknown(page)))
    if given := page.run.params.get("strangers_given"):
        st.caption(words.plain(given_sentence(given)))
    _rates(page, promises)
    _limits(promises)
    left, right = st.columns(2, gap="large")
    with left:
        _likeness(page)
    with right:
        _honesty(page)
        _ranks(page)


def n_unknown(page: Shown) -> int:
    """How many tested faces the limit in use would have called unknown."""
    return int(np.count_nonzero(page.predictions.scores <= page.run.params["threshold"]["score"]))


@st.cache_data(show_spinner=False, max_entries=16)
def _promises(run_id: str) -> list[dict[str, Any]]:
    run = data.services().runs.run(run_id)
    return evaluate.promises(data.predictions(run_id), load_recogniser(data.services().artifacts, run))


# in words


def finding(run: Run, promises: list[dict[str, Any]]) -> str:
    """Say what the limit in use costs: "99.4 % of known faces get their right name, about 1 % of strangers get one"."""
    kept = next(limit["correct_name_rate"] for limit in promises if limit["fpir"] == TARGET_RATE)
    share = words.strangers_share(run.params["threshold"])
    return f"{words.percent(kept)} of known faces get their right name, {share} of strangers get one"


def sentence(run: Run, unknown: int) -> str:
    """Say how like a person a face must be to get the name, why, and what that costs those who are known."""
    threshold = run.params["threshold"]
    rule = f"A face gets a name when its likeness to that person is above {threshold['score']:.2f}, else it is unknown."
    if threshold["from_prior"]:
        why = (
            f"{words.count(run.metrics['n_people'], 'people', 'people')} cannot tell this reliably, so the limit is "
            f"the model's own, measured on other photos: {words.strangers_share(threshold)} of strangers would get "
            "a name."
        )
    else:
        given = " or given as strangers" if run.params.get("strangers_given") else ""
        why = (
            f"With {words.count(threshold['n_impostor_people'], 'people', 'people')} hidden from it in turn{given}, "
            f"{words.percent(threshold['expected'])} of {words.count(threshold['n_impostors'], 'face')} got a name, "
            f"so {words.strangers_share(threshold)} of strangers would."
        )
        if not threshold["enough"]:
            why += f" These are too few people to be sure of {words.percent(threshold['rate'])}."
    of = f"of the {words.count(run.metrics['n_test'], 'tested face')}"
    cost = f"By this rule {words.count(unknown) if unknown else 'none'} {of} would have been called unknown."
    many = unknown > MANY_UNKNOWN * run.metrics["n_test"]
    advice = " That is many: some photos may lie under the wrong name, and the map shows which." if many else ""
    return f"{rule} {why} {cost}{advice}"


def given_sentence(given: dict[str, Any]) -> str:
    """Say what became of the photos of other people that were given for the training."""
    told = (
        f"From {given['title']} {words.count(given['used'], 'face')} of "
        f"{words.count(given['people'], 'person', 'people')} helped to set the limits; none of them is kept."
    )
    if given["refused"]:
        told += f" {words.count(given['refused'], 'photo')} could not be used."
    for one in given["known"]:
        told += (
            f" {words.count(one['photos'], 'photo')} of {words.person(one['person'])} "
            f"{'was' if one['photos'] == 1 else 'were'} not used: {one['why']}."
        )
    return told


def hidden_sentence(impostors: Impostors, limit: float) -> str:
    """Say how many of those who played the stranger got a name."""
    passing = impostors.passing(limit)
    named = int(np.count_nonzero(impostors.scores > limit))
    faces, people = len(impostors.scores), len(passing)
    return (
        f"{words.count(people, 'person', 'people')} played the stranger with {words.count(faces, 'face')}: "
        f"{words.count(named) if named else 'none'} of these {'is' if named < 2 else 'are'} above the limit."
    )


# the parts


def _rates(page: Shown, promises: list[dict[str, Any]]) -> None:
    at = {limit["fpir"]: limit for limit in promises}
    with st.container(horizontal=True, gap="large"):
        for rate in (TARGET_RATE, STRICT_RATE):
            st.metric(
                f"Found and named (DIR) at FPIR {words.percent(rate)}",
                words.percent(at[rate]["correct_name_rate"]),
                "enough people to tell" if at[rate]["enough_data"] else "too few people to be sure of the FPIR",
                delta_color="off",
                delta_arrow="off",
                width="content",
            )
    st.caption(protocol(page.run, page.predictions.impostors))


def protocol(run: Run, impostors: Impostors | None) -> str:
    """Say who was in the gallery and who were the probes."""
    people, faces = words.count(run.metrics["n_people"], "person", "people"), run.metrics["n_train"]
    gallery = f"Gallery: {people}, {words.count(faces, 'face')} learned from. "
    known = (
        f"Known probes: {words.count(run.metrics['n_test'], 'face')} of the same people, each named by a recogniser "
        "that had not learned from its shot; found means the right name and a likeness above the limit. "
    )
    if impostors is None:
        return gallery + known + "Strange probes: none, the limits are the model's own."
    hidden, given = (len(np.unique(impostors.who[of])) for of in (~impostors.given, impostors.given))
    parts = [f"{words.count(hidden, 'person', 'people')} left out of the gallery in turn"] if hidden else []
    parts += [f"{words.count(given, 'stranger')} given"] if given else []
    use = "they only show what the model's own limits do" if run.params["threshold"]["from_prior"] else "they set it"
    return f"{gallery}{known}Strange probes: {' and '.join(parts)}; {use}."


def _limits(promises: list[dict[str, Any]]) -> None:
    table = pd.DataFrame(
        [
            {
                "rate": words.percent(limit["fpir"]),
                "score": limit["score"],
                "expected": words.percent(limit["fpir_expected"], 2),
                "interval": " to ".join(words.percent(bound, 2) for bound in limit["fpir_expected_ci95"]),
                "enough": "yes" if limit["enough_data"] else "no",
                "kept": 100 * limit["correct_name_rate"],
            }
            for limit in promises
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "rate": st.column_config.TextColumn("Strangers named (FPIR), asked for"),
            "score": st.column_config.NumberColumn("Limit", format="%.2f", help="A face needs a larger likeness."),
            "expected": st.column_config.TextColumn("To expect"),
            "interval": st.column_config.TextColumn("95 % interval"),
            "enough": st.column_config.TextColumn(
                "Enough people", help="A rate of 1 in 1 000 takes about 1 000 people to measure."
            ),
            "kept": st.column_config.ProgressColumn(
                "Known faces that keep their right name", format="%.1f %%", min_value=0, max_value=100
            ),
        },
        key="limits_table",
        alt="The limit for each false-positive identification rate, what it promises, and what it costs.",
    )


def _likeness(page: Shown) -> None:
    impostors, limit = page.predictions.impostors, page.run.params["threshold"]["score"]
    said = hidden_sentence(impostors, limit) if impostors else "Nobody could be left out, so only known people show."
    st.markdown(f"**{'Known people and strangers by likeness' if impostors else 'Known people by likeness'}**")
    st.plotly_chart(charts.figure(_likeness_json(page.run.id, limit, _ink())), key="likeness_chart", alt=said)
    st.caption(said)
    if impostors is None:
        st.caption("Runs from before this was kept do not have the strangers either: train again to see them.")


@st.cache_data(show_spinner=False, max_entries=32)
def _likeness_json(run_id: str, limit: float, ink: str) -> str:
    said = data.predictions(run_id)
    sorts = [Sort("known, rightly named", said.scores[~said.wrong].astype(np.float64), charts.RIGHT, "faces")]
    if said.impostors:
        for name, these, colour in (
            ("left out in turn", ~said.impostors.given, charts.WRONG),
            ("given as strangers", said.impostors.given, GIVEN_COLOUR),
        ):
            sorts += [Sort(name, said.impostors.scores[these], colour, "faces")] if these.any() else []
    everything = np.concatenate([[limit], *(sort.values for sort in sorts)])
    edges = np.linspace(float(everything.min()), float(everything.max()) + 1e-6, BINS + 1)
    return evaluation_charts.histogram_json(sorts, edges, [Limit(limit, f"limit {limit:.2f}")], "likeness", ink=ink)


def _honesty(page: Shown) -> None:
    said = page.predictions
    title = f"Probabilities are off by {words.percent(page.evaluation.ece)} on average (ECE)"
    st.markdown(f"**{title}**")
    bins = reliability(said.probs.astype(np.float64), ~said.wrong)
    st.plotly_chart(
        charts.figure(evaluation_charts.reliability_json(bins, ink=_ink())), key="reliability_chart", alt=title
    )


def _ranks(page: Shown) -> None:
    shares = rank_curve(page.predictions.ranks, min(10, len(page.predictions.people)))
    third = min(3, len(shares))
    title = f"The true name is among the first {third} for {words.percent(shares[third - 1])} (rank-k)"
    st.markdown(f"**{title}**")
    st.plotly_chart(charts.figure(evaluation_charts.ranks_json(shares, ink=_ink())), key="rank_chart", alt=title)


def _ink() -> str:
    return charts.INK[st.context.theme.type == "dark"]
