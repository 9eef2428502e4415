"""What the map draws: the faces that are there, grouped by what colours mean, and what is said of them."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import streamlit as st

from core.base.types import Doubles, Floats, Ints, Revision, Split
from core.charts import palette
from core.charts.palette import GREY, RIGHT, WRONG
from core.learn.metrics.predictions import Predictions
from core.store.job_model import JobKind, JobState
from core.store.protocols import Dataset
from core.ui import charts, data, gallery, words
from core.ui.charts import PointGroup
from core.ui.components import scatter
from core.ui.components.scatter import FaceCard, PointCloud, PointNames
from core.ui.data import Faces
from core.workflows.clustering import cluster, hierarchy
from core.workflows.clustering.cluster import FaceGroups

PERSON, SPLIT, PREDICTION, CORRECT = "Person", "Split", "Prediction", "Right or wrong"
CONFIDENCE, QUALITY, DATE, CLUSTER = "How sure", "Quality", "Date", "Group"
STEPS = (0.0, 0.5, 0.7, 0.85, 0.95)
"""Where the steps of quality and confidence begin."""
_SPLIT_NAMES = {Split.TRAIN: "to learn from", Split.VAL: "to test on", None: "on neither side"}


@dataclass(frozen=True, slots=True)
class MapView:
    """What the map shows; all of it stands in the address."""

    map_id: str | None
    """A stored map, or None for the quick one."""
    run_id: str | None
    colour: str = PERSON
    people: tuple[str, ...] = ()
    """Those who are looked for."""
    dimensions: int = 2
    grouped: float | None = None
    """When the groups that there are were made."""


@dataclass(frozen=True, slots=True, eq=False)
class MapChart:
    """The points to draw, the finding, and how many faces are not among them."""

    cloud: PointCloud
    finding: str
    left_out: int
    """Faces of the dataset that are newer than the map and not on it."""
    placed: int
    """Faces that are newer than the map and were placed beside those most like them."""


# A shared object, as everything here that holds arrays: a cache of data would copy megabytes at every rerun.
@st.cache_resource(show_spinner=False, max_entries=8)
def build_map_chart(dataset_id: str, revision: Revision, view: MapView) -> MapChart:
    """The points of a layout, coloured by what the view asks for."""
    faces = data.dataset_faces(dataset_id, revision)
    face_map = data.face_map(dataset_id, revision, view.map_id, view.dimensions)
    # A map outlives corrections: it may hold faces that are gone, and lack others that came. Drawn is who is on both.
    map_rows, rows = faces.table.match(face_map.face_ids)
    predictions, points = load_face_predictions(dataset_id, revision, view.run_id), face_map.points[map_rows]
    if view.colour == CLUSTER:
        clusters = _load_clusters(dataset_id, revision, view.grouped)
        groups, summary = _cluster_groups(faces, clusters, rows), _cluster_summary(clusters)
    else:
        groups = _point_groups(faces, predictions, rows, view.colour, view.people)
        summary = _map_summary(faces, predictions, rows, view.colour, view.people)
    groups = _spotlight(groups, faces, rows, view.people)
    face_ids = [faces.table.face_ids[row] for row in rows]
    # People are named where they lie: with a dozen of them a legend sends the eye back and forth. Steps are few.
    names = charts.direct_labels(points, groups) if view.colour in (PERSON, PREDICTION) else {}
    # What somebody circled holds for these faces in these places, whatever their colours are. Checksums say so in a
    # few bytes; the identifiers of a hundred thousand faces would travel with every answer.
    cloud_id = f"{view.map_id} {zlib.crc32(''.join(face_ids).encode()):08x} {zlib.crc32(points.tobytes()):08x}"
    people = [words.display_name(name) for name in faces.table.people]
    return MapChart(
        scatter.pack_points(cloud_id, face_ids, points, groups, names, PointNames(faces.table.labels[rows], people)),
        finding=summary,
        left_out=len(faces.table) - len(rows),
        placed=len(face_map.newcomers),
    )


def build_face_cards(
    dataset_id: str, faces: Faces, predictions: FacePredictions, cloud: PointCloud, pointed_at: tuple[int, ...]
) -> list[FaceCard]:
    """What is shown of the faces that are pointed at."""
    return [_card(dataset_id, faces, predictions, row, faces.table.index(cloud.face_ids[row])) for row in pointed_at]


def _card(dataset_id: str, faces: Faces, predictions: FacePredictions, cloud_row: int, row: int) -> FaceCard:
    name = words.display_name(faces.table.person(row))
    crop = gallery.crop_address(dataset_id, faces.table.crop_ids[row])
    return FaceCard(cloud_row, crop, f"Face of {name}", tuple(_face_lines(faces, predictions, row)))


@st.cache_resource(show_spinner=False, max_entries=4)
def load_face_predictions(dataset_id: str, revision: Revision, run_id: str | None) -> FacePredictions:
    """What a run said of the faces of a dataset; nothing of any without a run."""
    return FacePredictions.of(
        data.dataset_faces(dataset_id, revision), data.run_predictions(run_id) if run_id else None
    )


@dataclass(frozen=True, slots=True, eq=False)
class FacePredictions:
    """What the newest run said of every face of the dataset, row by row."""

    predicted: Ints
    """(n,) indices in ``people``, or -1 for a face that was not tested"""
    wrong: Ints
    """(n,) 1 wrong, 0 right, -1 not tested"""
    probs: Doubles
    """(n,) probability of the predicted name, 0..1; 0 for a face that was not tested"""
    people: tuple[str, ...]

    @classmethod
    def of(cls, faces: Faces, predictions: Predictions | None) -> FacePredictions:
        """Lay what a run said of the faces that it tested beside all faces of the dataset."""
        n = len(faces.table)
        predicted, wrong, probs = np.full(n, -1), np.full(n, -1), np.zeros(n)
        if predictions is None:
            return cls(predicted, wrong, probs, ())
        # A run never changes, the dataset does: faces that the run tested may be gone, others came since.
        indices, rows = faces.table.match(predictions.face_ids)
        predicted[rows], probs[rows] = predictions.given[indices], predictions.probs[indices]
        wrong[rows] = predictions.wrong[indices]
        return cls(predicted, wrong, probs, predictions.people)


def _face_lines(faces: Faces, predictions: FacePredictions, row: int) -> list[str]:
    """What is said of a face that is pointed at: name, photo, prediction."""
    lines = [words.display_name(faces.table.person(row)), photo_name(faces, row)]
    return [*lines, _prediction_text(predictions, row)] if predictions.predicted[row] >= 0 else lines


def photo_name(faces: Faces, row: int, longest: int = 40) -> str:
    """The file name of a face's photo, without its folders."""
    name = faces.table.photo_names[row].rpartition("/")[2]
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _prediction_text(predictions: FacePredictions, row: int) -> str:
    """What the run said of a tested face."""
    predicted = words.display_name(predictions.people[predictions.predicted[row]])
    prob = words.format_probability(float(predictions.probs[row]))
    return f"✗ taken for {predicted}, {prob} sure" if predictions.wrong[row] else f"✓ recognised, {prob} sure"


def _point_groups(
    faces: Faces, predictions: FacePredictions, rows: Ints, colour: str, people_sought: tuple[str, ...]
) -> list[PointGroup]:
    if colour == SPLIT:
        return _split_groups(faces, rows)
    if colour == CORRECT:
        return _correct_groups(predictions.wrong[rows])
    if colour == QUALITY:
        return _step_groups(faces.table.grades[rows], "unknown")
    if colour == CONFIDENCE:
        return _step_groups(np.where(predictions.predicted[rows] >= 0, predictions.probs[rows], np.nan), "not tested")
    if colour == DATE:
        return _date_groups(faces.table.taken[rows])
    people, labels = faces.table.people, faces.table.labels
    others_name, nameless_name = "everyone else", "no name"
    if colour == PREDICTION:
        # The run numbers the people whom it learned, the dataset those whom it has now: a person may have been renamed
        # or be gone. The -1 of a face that was not tested is, as an index, the last: there stands a -1 again.
        index_of = {name: index for index, name in enumerate(people)}
        known = np.array([index_of.get(name, -1) for name in predictions.people] + [-1])
        labels = known[predictions.predicted]
        others_name, nameless_name = "given another name", "not tested"
    # Whoever is looked for has a colour, also somebody with few faces, who would be grey among all the others.
    if people_sought:
        coloured = _sought_people(faces, people_sought)
    else:
        coloured = charts.largest_people(labels[rows], len(people))
    names = [words.display_name(name) for name in people]
    return charts.people_groups(labels[rows], names, coloured, others_name=others_name, nameless_name=nameless_name)


def _sought_people(faces: Faces, people_sought: tuple[str, ...]) -> Ints:
    """The labels of those who are looked for."""
    return np.array([label for label, name in enumerate(faces.table.people) if name in people_sought], dtype=np.int64)


def find_last_grouping_time(dataset: Dataset) -> float | None:
    """When the faces of a dataset were last put into groups, in seconds since 1970; None before."""
    grouping_jobs = data.jobs_of(dataset, JobKind.CLUSTER)
    return next((job.finished for job in grouping_jobs if job.state is JobState.DONE), None)


@st.cache_resource(show_spinner=False, max_entries=3)
def _load_clusters(dataset_id: str, revision: Revision, grouped_at: float | None) -> FaceGroups | None:
    """The newest groups that are stored, at the default threshold."""
    # Grouping changes no face, so it raises no revision: ``grouped_at`` is there to tell this from earlier groups.
    services, faces = data.services(), data.dataset_faces(dataset_id, revision)
    dataset = services.store.dataset(dataset_id)
    stored = [hierarchy.load_hierarchy(services.artifacts, dataset, everyone) for everyone in (False, True)]
    newest = max((tree for tree in stored if tree is not None), key=lambda tree: tree.created, default=None)
    if newest is None:
        return None
    apart_pairs = services.log.pairs_kept_apart(dataset_id)
    return cluster.open_clustering(newest, faces.table, faces.embeddings, apart_pairs).cut()


def _cluster_groups(faces: Faces, clusters: FaceGroups | None, rows: Ints) -> list[PointGroup]:
    """The groups with the most clear faces in colour, numbered as on the page of groups."""
    # The group with the most clear faces has the first number, so the first of them are those that get a colour.
    labels, n_groups = np.full(len(faces.table), -1), 0
    if clusters is not None:
        labels[faces.table.indices(clusters.face_ids)] = clusters.labels
        n_groups = len(clusters)
    names = [f"group {number}" for number in range(1, n_groups + 1)]
    coloured = np.arange(min(n_groups, palette.MOST_COLOURED))
    return charts.people_groups(labels[rows], names, coloured, others_name="other groups", nameless_name="in no group")


def _cluster_summary(clusters: FaceGroups | None) -> str:
    if clusters is None or not len(clusters):
        return "No two faces are so alike that they are a group"
    of_faces = words.count(len(clusters.face_ids), "face")
    few = (
        f"; the {palette.MOST_COLOURED} with the most clear faces in colour"
        if len(clusters) > palette.MOST_COLOURED
        else ""
    )
    return f"{words.count(len(clusters), 'group')} of {of_faces}, {words.count(clusters.alone)} in none{few}"


def _split_groups(faces: Faces, rows: Ints) -> list[PointGroup]:
    looks = {
        Split.TRAIN: (RIGHT, "circle"),
        Split.VAL: (palette.PALETTE[1], "diamond"),
        None: (GREY, "circle"),
    }
    splits = [faces.table.splits[row] for row in rows]
    groups = [
        PointGroup(
            _SPLIT_NAMES[split],
            np.array([index for index, face_split in enumerate(splits) if face_split is split], dtype=np.int64),
            *look,
        )
        for split, look in looks.items()
    ]
    return [group for group in groups if len(group.rows)]


def _correct_groups(wrong: Ints) -> list[PointGroup]:
    groups = [
        PointGroup("not tested", np.flatnonzero(wrong < 0), faded=True),
        PointGroup("✓ right", np.flatnonzero(wrong == 0), RIGHT),
        PointGroup("✗ wrong", np.flatnonzero(wrong == 1), WRONG, "x"),
    ]
    return [group for group in groups if len(group.rows)]


def _step_groups(shares: Doubles | Floats, unknown: str) -> list[PointGroup]:
    """Shares in steps, those that are unknown behind all others."""
    # A share at the start of a step belongs to that step. NaN, which NumPy sorts behind every number, is in none.
    step = np.searchsorted(STEPS, shares, side="right") - 1
    step[np.isnan(shares)] = -1
    # Later groups are drawn over earlier ones: the lowest come last, as they are the ones to look for.
    ends = [f"{100 * start:.0f} to {100 * end:.0f} %" for start, end in pairwise((*STEPS, 1.0))]
    groups = [
        PointGroup(
            ends[step_index],
            np.flatnonzero(step == step_index),
            palette.SHADES[step_index],
            palette.STEP_SYMBOLS[step_index],
        )
        for step_index in reversed(range(len(STEPS)))
    ]
    return [group for group in (PointGroup(unknown, np.flatnonzero(step < 0), faded=True), *groups) if len(group.rows)]


def _date_groups(timestamps: Doubles) -> list[PointGroup]:
    """Photos with a date in at most five spans of years that hold about as many each."""
    # A camera's clock has no time zone, and is stored as if it were that of Greenwich: so the year is what it showed.
    years = np.array([np.nan if np.isnan(timestamp) else time.gmtime(timestamp).tm_year for timestamp in timestamps])
    known = years[~np.isnan(years)]
    # "lower" takes years that occur. One that fills several fifths starts several spans, of which one remains.
    starts = (
        np.unique(np.quantile(known, np.linspace(0, 1, len(STEPS) + 1)[:-1], method="lower")) if len(known) else known
    )
    step = np.searchsorted(starts, years, side="right") - 1
    step[np.isnan(years)] = -1
    groups = [PointGroup("no date", np.flatnonzero(step < 0), faded=True)]
    for step_index in range(len(starts)):
        rows = np.flatnonzero(step == step_index)
        first, last = int(years[rows].min()), int(years[rows].max())
        name = str(first) if first == last else f"{first} to {last}"
        groups.append(PointGroup(name, rows, palette.SHADES[step_index], palette.STEP_SYMBOLS[step_index]))
    return [group for group in groups if len(group.rows)]


def _spotlight(groups: list[PointGroup], faces: Faces, rows: Ints, people_sought: tuple[str, ...]) -> list[PointGroup]:
    """When people are looked for, everybody else steps back; of each group only their faces stay in front."""
    if not people_sought:
        return groups
    is_sought = np.isin(faces.table.labels[rows], _sought_people(faces, people_sought))
    front = [PointGroup(group.name, group.rows[is_sought[group.rows]], group.colour, group.symbol) for group in groups]
    behind = PointGroup("everyone else", np.flatnonzero(~is_sought), faded=True)
    return [group for group in (behind, *front) if len(group.rows)]


def _map_summary(
    faces: Faces, predictions: FacePredictions, rows: Ints, colour: str, people_sought: tuple[str, ...]
) -> str:
    """Say in one sentence what the chart shows: its title, and its text for those who do not see it."""
    table = faces.table
    labels = table.labels[rows]
    has_name = labels >= 0
    n_faces, n_people = words.count(len(rows), "face"), len(np.unique(labels[has_name]))
    if people_sought:
        n_sought = int(np.isin(labels, _sought_people(faces, people_sought)).sum())
        return f"{words.count(n_sought, 'face')} of {_listed_names(people_sought)}"
    if colour == CORRECT:
        tested, wrong = int((predictions.wrong[rows] >= 0).sum()), int((predictions.wrong[rows] == 1).sum())
        count = "None" if not wrong else words.count(wrong)
        return f"{count} of {words.count(tested, 'tested face')} got a wrong name"
    if colour in (QUALITY, CONFIDENCE, DATE):
        poor, tested = int((~table.trusted[rows]).sum()), int((predictions.predicted[rows] >= 0).sum())
        return {
            QUALITY: f"{words.count(poor, 'face')} of poor quality",
            CONFIDENCE: f"How sure the recogniser was of {words.count(tested, 'tested face')}",
            DATE: f"{words.count(int((~np.isnan(table.taken[rows])).sum()), 'face')} with a date",
        }[colour]
    if colour == SPLIT:
        sides = [table.splits[row] for row in rows]
        learn, test = words.count(sides.count(Split.TRAIN), "face"), words.count(sides.count(Split.VAL))
        return f"{learn} to learn from, {test} to test on"
    people = words.count(n_people, "person", "people")
    few = f"; the {palette.MOST_COLOURED} with the most faces in colour" if n_people > palette.MOST_COLOURED else ""
    if colour == PREDICTION:
        return f"The names given to {words.count(int((predictions.predicted[rows] >= 0).sum()), 'tested face')}{few}"
    nameless = f", {words.count(int((~has_name).sum()))} without a name" if not has_name.all() else ""
    return f"{n_faces} of {people}{nameless}{few}"


def _listed_names(names: tuple[str, ...], most: int = 4) -> str:
    listed = [words.display_name(name) for name in names[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(listed) + more
