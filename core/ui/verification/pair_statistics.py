"""The tab "Same person? (1:1)": how alike faces of one person and of different people are, and what a limit costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core.base.types import Bools, Doubles, Ints, Revision
from core.learn.verification import pair_likelihood
from core.learn.verification.lfw_protocol import area_under_roc, equal_error_rate, threshold_at_far
from core.learn.verification.pair_likelihood import FARS, PairScores
from core.ui import charts, data, gallery, words
from core.ui.data import Faces
from core.ui.evaluation import evaluation_charts
from core.ui.evaluation.evaluation_charts import HistogramGroup, ThresholdLine
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.workflows.verification import verify

BORDER_PAIRS = 6
EDGES = np.linspace(0.2, 1.8, 81)
"""The bins of the histogram, in distance."""
LEAST_THRESHOLD, MOST_THRESHOLD, THRESHOLD_STEP = 0.3, 1.6, 0.01


@dataclass(frozen=True, slots=True, eq=False)
class OwnPairs:
    """A dataset's own pairs and what they show."""

    face_ids: tuple[str, ...]
    scores: PairScores
    distances: Doubles
    """(n,) Euclidean, 0..2"""
    thresholds: dict[float, float]
    """FAR to the largest distance that is accepted at it; only those that the pairs can tell."""
    auc: float
    eer: float

    @property
    def same(self) -> Bools:
        return self.scores.same

    def accepted(self, threshold: float) -> tuple[int, int]:
        """How many genuine and impostor pairs are at most ``threshold`` apart."""
        near = self.distances <= threshold
        return int(np.count_nonzero(near & self.same)), int(np.count_nonzero(near & ~self.same))

    def border(self, threshold: float, count: int = BORDER_PAIRS) -> tuple[Ints, Ints]:
        """The pairs that the limit decides wrongly, those nearest to it first.

        Returns
        -------
        accepted : rows of different people within the limit
        refused : rows of one person beyond it
        """
        accepted = np.flatnonzero(~self.same & (self.distances <= threshold))
        refused = np.flatnonzero(self.same & (self.distances > threshold))
        accepted = accepted[np.argsort(-self.distances[accepted], kind="stable")]
        refused = refused[np.argsort(self.distances[refused], kind="stable")]
        return accepted[:count], refused[:count]


@st.cache_resource(show_spinner="Comparing faces two by two", max_entries=2)
def load_own_pairs(dataset_id: str, revision: Revision) -> OwnPairs | None:
    """The pairs of a dataset; None when it has no pair of one person or none of two."""
    faces = data.dataset_faces(dataset_id, revision)
    own_faces = verify.select_named_faces(faces.table, faces.embeddings)
    if not len(own_faces.face_ids):
        return None
    scores = own_faces.pairs()
    if scores.same.all() or not scores.same.any():
        return None
    distances = np.sqrt(np.maximum(0.0, 2 - 2 * scores.cosines.astype(np.float64)))
    n_impostor = np.count_nonzero(~scores.same)
    thresholds = {
        far: threshold_at_far(distances, scores.same, far)
        for far in FARS
        if far * n_impostor >= pair_likelihood.IMPOSTORS_PER_FAR
    }
    auc, eer = area_under_roc(distances, scores.same), equal_error_rate(distances, scores.same)
    return OwnPairs(
        face_ids=own_faces.face_ids, scores=scores, distances=distances, thresholds=thresholds, auc=auc, eer=eer
    )


def show_pairs_section(evaluated: EvaluatedRun) -> None:
    """The histograms, the limit to move, what it accepts, and the photos at its border."""
    pairs = load_own_pairs(evaluated.dataset.id, evaluated.dataset.revision)
    if pairs is None:
        st.markdown("Two faces of one person, and two people, are needed to compare. Add photos or names.")
        return
    _show_panel(evaluated, pairs)


@st.fragment
def _show_panel(evaluated: EvaluatedRun, pairs: OwnPairs) -> None:
    st.markdown(f"**{_pairs_summary(pairs)}**")
    key = f"same_person_limit_{evaluated.dataset.id}"
    threshold = _ask_for_threshold(pairs, key)
    chart, rates = st.columns([3, 1], gap="large", vertical_alignment="center")
    with chart:
        figure = charts.figure_from_json(
            _histogram(evaluated.dataset.id, evaluated.dataset.revision, threshold, ink=charts.INK[_dark()])
        )
        st.plotly_chart(figure, key="same_person_chart", alt=_pairs_summary(pairs))
    with rates:
        _show_rates(pairs, threshold)
    _show_border_pairs(evaluated.faces, pairs, threshold)
    _show_method(pairs)


def _pairs_summary(pairs: OwnPairs) -> str:
    far = min(pairs.thresholds, default=None)
    if far is None:
        return f"Two faces are told apart rightly all but {words.percent(pairs.eer)} of the time (equal error rate)"
    genuine, _ = pairs.accepted(pairs.thresholds[far])
    share, one_in = genuine / np.count_nonzero(pairs.same), words.count(round(1 / far))
    return f"{words.percent(share)} of pairs of one person are nearer than all but 1 in {one_in} of different people"


def _ask_for_threshold(pairs: OwnPairs, key: str) -> float:
    strictest = pairs.thresholds[min(pairs.thresholds)] if pairs.thresholds else pair_likelihood.euclidean_distance(0.5)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for far, threshold in sorted(pairs.thresholds.items()):
            st.button(
                f"1 in {words.count(round(1 / far))} passes",
                key=f"same_person_far_{far:g}",
                help="Move the limit to this false-accept rate.",
                on_click=partial(_move_threshold, key, threshold),
            )
        return float(
            st.slider(
                "Limit (distance; smaller is stricter)",
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
    """Down to a step of the slider, so that no more pass than promised."""
    return float(min(MOST_THRESHOLD, max(LEAST_THRESHOLD, np.floor(threshold / THRESHOLD_STEP) * THRESHOLD_STEP)))


def _show_rates(pairs: OwnPairs, threshold: float) -> None:
    genuine, impostor = pairs.accepted(threshold)
    n_same = int(np.count_nonzero(pairs.same))
    n_different = len(pairs.same) - n_same
    st.metric("One person accepted (TAR)", words.percent(genuine / n_same, 2))
    st.caption(f"{words.count(genuine)} of {words.count(n_same, 'pair')}")
    st.metric("Two people accepted (FAR)", words.percent(impostor / n_different, 3))
    st.caption(f"{words.count(impostor)} of {words.count(n_different, 'pair')}")


def _show_border_pairs(faces: Faces, pairs: OwnPairs, threshold: float) -> None:
    accepted, refused = pairs.border(threshold)
    left, right = st.columns(2, gap="large")
    for column, rows, title, empty_text in (
        (left, accepted, "Different people, just within the limit", "No two people are this near."),
        (right, refused, "One person, just beyond the limit", "All pairs of one person are within."),
    ):
        with column:
            st.markdown(f"**{title}**")
            if len(rows):
                gallery.show_pairs(faces.dataset_id, [_pair(faces, pairs, int(row)) for row in rows])
            else:
                st.caption(empty_text)


def _pair(faces: Faces, pairs: OwnPairs, row: int) -> gallery.Pair:
    ids = [pairs.face_ids[int(side[row])] for side in (pairs.scores.first, pairs.scores.second)]
    rows = faces.table.indices(ids).tolist()
    names = [words.display_name(faces.table.person(face_row)) for face_row in rows]
    left, right = (
        gallery.Tile(faces.table.crop_ids[face_row], name) for face_row, name in zip(rows, names, strict=True)
    )
    return gallery.Pair(left, right, _both_names(names), f"distance {pairs.distances[row]:.2f}")


def _both_names(names: Sequence[str]) -> str:
    return names[0] if names[0] == names[1] else f"{names[0]} and {names[1]}"


def _show_method(pairs: OwnPairs) -> None:
    n_same = int(np.count_nonzero(pairs.same))
    st.caption(
        f"{words.count(n_same)} pairs of one person ({words.count(pairs.scores.n_people, 'person', 'people')}) and "
        f"{words.count(len(pairs.same) - n_same)} of different people, as the photos and names are now; near "
        f"duplicates are no pair. Of more than {words.count(pair_likelihood.ALL_PAIRS_MOST)} faces pairs are drawn, "
        f"always the same. Equal error rate {words.percent(pairs.eer, 2)}, area under the ROC curve {pairs.auc:.4f}. "
        "The limits are read off these very pairs."
    )


# the chart


def _dark() -> bool:
    return st.context.theme.type == "dark"


@st.cache_data(show_spinner=False, max_entries=64)
def _histogram(dataset_id: str, revision: Revision, threshold: float, *, ink: str) -> str:
    pairs = load_own_pairs(dataset_id, revision)
    return pair_histogram_json(pairs.distances, pairs.same, threshold, ink=ink) if pairs else "{}"


def pair_histogram_json(distances: Doubles, same: Bools, threshold: float, *, ink: str) -> str:
    """Both kinds of pairs by distance, each as shares of its kind, with the limit as a line."""
    groups = [
        HistogramGroup("one person", distances[same], charts.RIGHT, "pairs"),
        HistogramGroup("different people", distances[~same], charts.WRONG, "pairs"),
    ]
    return evaluation_charts.histogram_json(
        groups, EDGES, [ThresholdLine(threshold, f"limit {threshold:.2f}")], "distance", ink=ink
    )
