"""The tab "Same person? (1:1)": how alike faces of one person and of different people are, and what a limit costs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core.base.types import Revision
from core.charts.similarity import build_distance_histogram
from core.language.texts import current_language, localise_decimals, marked, ngettext
from core.language.texts import gettext as _
from core.learn.numerics.unit_vectors import cosine_to_distance
from core.learn.verification import pair_rule
from core.learn.verification.lfw_protocol import IMPOSTORS_PER_FAR
from core.learn.verification.own_pairs import OwnPairs
from core.learn.verification.pair_operating_points import PairOperatingPoint, PairOperatingPoints
from core.ui import charts, data, frame, gallery, words
from core.ui.access import kept
from core.ui.certainty import bar
from core.ui.data import Faces
from core.ui.evaluation import evaluation_charts
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.workflows.verification import verify

LEAST_THRESHOLD, MOST_THRESHOLD, THRESHOLD_STEP = 0.3, 1.6, 0.01
UNMEASURED_COSINE = 0.5
"""Where the slider begins when the pairs are too few to tell any rate: what models were measured to need for
false-accept rates of 1e-2 and 1e-3 (``pair_rule.MEASURED``) lies on either side of it."""


@kept.cache_resource(show_spinner=marked("Comparing faces two by two"), max_entries=2)
def load_own_pairs(dataset_id: str, revision: Revision) -> OwnPairs | None:
    """The pairs of a dataset; None when it has no pair of one person or none of two."""
    faces = data.dataset_faces(dataset_id, revision)
    return verify.select_named_faces(faces.table, faces.embeddings).measure_pairs()


def show_pairs_section(evaluated: EvaluatedRun) -> None:
    """The histograms, the limit to move, what it accepts, and the photos at its border."""
    pairs = load_own_pairs(evaluated.dataset.id, evaluated.dataset.revision)
    if pairs is None:
        st.markdown(_("Two faces of one person, and two people, are needed to compare. Add photos or names."))
        return
    _show_panel(evaluated, pairs)
    _show_operating_points(evaluated)


@kept.cache_resource(show_spinner=marked("Comparing all pairs"), max_entries=2)
def _load_operating_points(dataset_id: str, revision: Revision) -> PairOperatingPoints | None:
    faces = data.dataset_faces(dataset_id, revision)
    return verify.select_named_faces(faces.table, faces.embeddings).measure_operating_points()


def _show_operating_points(evaluated: EvaluatedRun) -> None:
    """What strict rates cost, as far as the pairs can tell."""
    measured = _load_operating_points(evaluated.dataset.id, evaluated.dataset.revision)
    if measured is None:
        return
    if measured.points:
        st.markdown(_("**What strict limits cost**"))
        st.dataframe(
            pd.DataFrame([_point_row(point) for point in measured.points]),
            hide_index=True,
            alt=_("For each false-accept rate the limit, and the share of pairs of one person that it accepts."),
        )
    st.caption(describe_told_rates(measured))


def _point_row(point: PairOperatingPoint) -> dict[str, str]:
    return {
        _("Two people pass (FAR)"): _name_rate(point.far),
        _("One person passes (TAR)"): words.percent(point.tar, 2),
        _("Limit (distance)"): localise_decimals(f"{point.threshold:.3f}"),
        _("95\u00a0% interval of FAR"): _describe_rate_interval(*point.far_ci95),
        _("of TAR"): words.format_interval(*point.tar_ci95),
    }


def _describe_rate_interval(low: float, high: float) -> str:
    """A rate's interval as "1 in 5 000 to 1 in 800"."""
    low_name, high_name = (_name_rate(rate) if rate > 0 else _("none") for rate in (low, high))
    return _("{low} to {high}", low=low_name, high=high_name)


def _name_rate(rate: float) -> str:
    return _("1 in {number}", number=words.count(round(1 / rate)))


def describe_told_rates(measured: PairOperatingPoints) -> str:
    """Which rates the pairs can tell, and what a stricter one takes."""
    rule = ngettext(
        "{number} pair of different people were compared. A rate is told when {needed} of them pass its limit; "
        "intervals are of other people drawn from these, as a few look-alikes decide the strictest.",
        "{number} pairs of different people were compared. A rate is told when {needed} of them pass its limit; "
        "intervals are of other people drawn from these, as a few look-alikes decide the strictest.",
        measured.n_impostor,
        needed=IMPOSTORS_PER_FAR,
    )
    if measured.pairs_for_next is None:
        return rule
    stricter = ngettext(
        "The next stricter rate takes {number} pair.",
        "The next stricter rate takes {number} pairs.",
        measured.pairs_for_next,
    )
    return f"{rule} {stricter}"


@st.fragment
def _show_panel(evaluated: EvaluatedRun, pairs: OwnPairs) -> None:
    st.markdown(f"**{_pairs_summary(pairs)}**")
    key = f"same_person_limit_{evaluated.dataset.id}"
    threshold = _ask_for_threshold(pairs, key)
    chart, rates = st.columns([3, 1], gap="large", vertical_alignment="center")
    with chart:
        figure = charts.figure_from_json(
            _histogram(
                evaluated.dataset.id,
                evaluated.dataset.revision,
                threshold,
                ink=charts.INK[frame.is_dark()],
                language_code=current_language().code,
            )
        )
        st.plotly_chart(figure, key="same_person_chart", alt=_pairs_summary(pairs))
    with rates:
        _show_rates(pairs, threshold)
    _show_border_pairs(evaluated.faces, pairs, threshold)
    _show_method(pairs)


def _pairs_summary(pairs: OwnPairs) -> str:
    # Without a rate that these pairs can tell: the equal error rate needs no rare event, so few pairs give one too.
    far = min(pairs.thresholds, default=None)
    if far is None:
        return _(
            "Two faces are told apart rightly all but {percentage} of the time (equal error rate)",
            percentage=words.percent(pairs.eer),
        )
    share = pairs.accepted_shares(pairs.thresholds[far])[0]
    return _(
        "{percentage} of pairs of one person are nearer than all but {rate} of different people",
        percentage=words.percent(share),
        rate=_name_rate(far),
    )


def _ask_for_threshold(pairs: OwnPairs, key: str) -> float:
    strictest = pairs.thresholds[min(pairs.thresholds)] if pairs.thresholds else cosine_to_distance(UNMEASURED_COSINE)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for far, threshold in sorted(pairs.thresholds.items()):
            st.button(
                _("{rate} passes", rate=_name_rate(far)),
                key=f"same_person_far_{far:g}",
                help=_("Move the limit to this false-accept rate."),
                on_click=partial(_move_threshold, key, threshold),
            )
        return float(
            st.slider(
                _("Limit (distance; smaller is stricter)"),
                LEAST_THRESHOLD,
                MOST_THRESHOLD,
                value=_rounded_threshold(strictest),
                step=THRESHOLD_STEP,
                key=key,
            )
        )


def _move_threshold(key: str, threshold: float) -> None:
    st.session_state[key] = _rounded_threshold(threshold)


def _rounded_threshold(threshold: float) -> float:
    """The threshold as the slider can show it."""
    # Down to a step, not to the nearest: one that is rounded up would let more pass than the button promises.
    return float(min(MOST_THRESHOLD, max(LEAST_THRESHOLD, np.floor(threshold / THRESHOLD_STEP) * THRESHOLD_STEP)))


def _show_rates(pairs: OwnPairs, threshold: float) -> None:
    (genuine, impostor), (tar, far) = pairs.accepted(threshold), pairs.accepted_shares(threshold)
    st.metric(_("One person accepted (TAR)"), words.percent(tar, 2))
    st.caption(_count_accepted(genuine, pairs.n_genuine))
    st.metric(_("Two people accepted (FAR)"), words.percent(far, 3))
    st.caption(_count_accepted(impostor, pairs.n_impostor))


def _count_accepted(accepted: int, n_pairs: int) -> str:
    return ngettext(
        "{accepted} of {number} pair", "{accepted} of {number} pairs", n_pairs, accepted=words.count(accepted)
    )


def _show_border_pairs(faces: Faces, pairs: OwnPairs, threshold: float) -> None:
    accepted, refused = pairs.border(threshold)
    left, right = st.columns(2, gap="large")
    for column, rows, title, empty_text in (
        (left, accepted, _("**Different people, just within the limit**"), _("No two people are this near.")),
        (right, refused, _("**One person, just beyond the limit**"), _("All pairs of one person are within.")),
    ):
        with column:
            st.markdown(title)
            if len(rows):
                gallery.show_pairs(faces.dataset_id, [_pair(faces, pairs, int(row)) for row in rows])
            else:
                st.caption(empty_text)


def _pair(faces: Faces, pairs: OwnPairs, row: int) -> gallery.TilePair:
    # By id: the pairs number the faces with a name, the table numbers all of them.
    ids = [pairs.face_ids[int(side[row])] for side in (pairs.scores.first, pairs.scores.second)]
    rows = faces.table.indices(ids).tolist()
    names = [words.isolate_name(faces.table.person(face_row)) for face_row in rows]
    left, right = (
        gallery.Tile(faces.table.crop_ids[face_row], name) for face_row, name in zip(rows, names, strict=True)
    )
    distance = float(pairs.distances[row])
    note = _(
        "{likeness} (distance {distance})",
        likeness=bar.format_pair_likeness(distance),
        distance=localise_decimals(f"{distance:.2f}"),
    )
    return gallery.TilePair(left, right, _both_names(names), note)


def _both_names(names: Sequence[str]) -> str:
    return names[0] if names[0] == names[1] else _("{one} and {other}", one=names[0], other=names[1])


def _show_method(pairs: OwnPairs) -> None:
    st.caption(
        _(
            "{genuine} pairs of one person ({people}) and {impostor} of different people, as the photos and names are "
            "now; near duplicates are no pair. Of more than {most} faces pairs are drawn, always the same. Equal error "
            "rate {eer}, area under the ROC curve {auc}. The limits are read off these very pairs; *Same person?* "
            "compares any two photos by the model's own limit, whichever dataset is looked at.",
            genuine=words.count(pairs.n_genuine),
            people=words.format_people_count(pairs.scores.n_people),
            impostor=words.count(pairs.n_impostor),
            most=words.count(pair_rule.ALL_PAIRS_MOST),
            eer=words.percent(pairs.eer, 2),
            auc=localise_decimals(f"{pairs.auc:.4f}"),
        )
    )


# the chart


# One entry for each position of the slider, each theme and each language: sliding back to where one was draws nothing
# anew.
@kept.cache_data(show_spinner=False, max_entries=64)
def _histogram(dataset_id: str, revision: Revision, threshold: float, *, ink: str, language_code: str) -> str:
    pairs = load_own_pairs(dataset_id, revision)
    if pairs is None:
        return "{}"
    return evaluation_charts.histogram_json(build_distance_histogram(pairs.distances, pairs.same, threshold), ink=ink)
