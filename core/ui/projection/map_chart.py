"""What the map draws: the faces that are there, grouped by what colours mean, and what is said of them."""

from __future__ import annotations

import time
import zlib
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import streamlit as st

from core.base.types import Ints, Revision, Split
from core.jobs.model import JobKind, JobState
from core.learn.metrics.predictions import Predictions
from core.store.protocols import Dataset
from core.ui import charts, data, gallery, words
from core.ui.charts import Group
from core.ui.components import scatter
from core.ui.components.scatter import Card, Cloud, Who
from core.ui.data import Faces
from core.workflows.clustering import cluster
from core.workflows.clustering.cluster import Groups

PERSON, SPLIT, PREDICTION, CORRECT = "Person", "Split", "Prediction", "Right or wrong"
CONFIDENCE, QUALITY, DATE, CLUSTER = "How sure", "Quality", "Date", "Group"
STEPS = (0.0, 0.5, 0.7, 0.85, 0.95)
"""Where the steps of quality and confidence begin."""
_SPLIT_NAMES = {Split.TRAIN: "to learn from", Split.VAL: "to test on", None: "on neither side"}


@dataclass(frozen=True, slots=True)
class View:
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
class Drawn:
    """The points to draw, the finding, and how many faces are not among them."""

    cloud: Cloud
    finding: str
    left_out: int
    """Faces of the dataset that are newer than the map and not on it."""
    placed: int
    """Faces that are newer than the map and were placed beside those most like them."""


@st.cache_resource(show_spinner=False, max_entries=8)
def drawn(dataset_id: str, revision: Revision, view: View) -> Drawn:
    """The points of a layout, coloured."""
    faces = data.faces(dataset_id, revision)
    placed = data.face_map(dataset_id, revision, view.map_id, view.dimensions)
    there = np.array([row for row, face_id in enumerate(placed.face_ids) if face_id in faces.row], dtype=np.int64)
    rows = np.array([faces.row[placed.face_ids[row]] for row in there], dtype=np.int64)
    said, points = said_of(dataset_id, revision, view.run_id), placed.points[there]
    if view.colour == CLUSTER:
        clusters = _clusters(dataset_id, revision, view.grouped)
        groups, told = _cluster_groups(faces, clusters, rows), _cluster_finding(clusters)
    else:
        groups = _groups(faces, said, rows, view.colour, view.people)
        told = finding(faces, said, rows, view.colour, view.people)
    groups = _spotlight(groups, faces, rows, view.people)
    face_ids = [faces.table.ids[row] for row in rows]
    names = charts.direct_labels(points, groups) if view.colour in (PERSON, PREDICTION) else {}
    of = f"{view.map_id} {zlib.crc32(''.join(face_ids).encode()):08x} {zlib.crc32(points.tobytes()):08x}"
    people = [words.person(name) for name in faces.table.people]
    return Drawn(
        scatter.pack(of, face_ids, points, groups, names, Who(faces.table.labels[rows], people)),
        finding=told,
        left_out=len(faces.table) - len(rows),
        placed=len(placed.newcomers),
    )


def cards(dataset_id: str, faces: Faces, said: Said, cloud: Cloud, asked: tuple[int, ...]) -> list[Card]:
    """What is shown of the faces that are pointed at."""
    return [_card(dataset_id, faces, said, row, faces.row[cloud.face_ids[row]]) for row in asked]


def _card(dataset_id: str, faces: Faces, said: Said, place: int, row: int) -> Card:
    name = words.person(faces.table.person(row))
    crop = gallery.crop_address(dataset_id, faces.table.crop_ids[row])
    return Card(place, crop, f"Face of {name}", tuple(about(faces, said, row)))


@st.cache_resource(show_spinner=False, max_entries=4)
def said_of(dataset_id: str, revision: Revision, run_id: str | None) -> Said:
    """What a run said of the faces of a dataset; nothing of any without a run."""
    return Said.of(data.faces(dataset_id, revision), data.predictions(run_id) if run_id else None)


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """What the newest run said of every face of the dataset, row by row."""

    given: Ints
    """(n,) places in ``people``, or -1 for a face that was not tested"""
    wrong: Ints
    """(n,) 1 wrong, 0 right, -1 not tested"""
    probs: np.ndarray
    people: tuple[str, ...]

    @classmethod
    def of(cls, faces: Faces, predictions: Predictions | None) -> Said:
        n = len(faces.table)
        given, wrong, probs = np.full(n, -1), np.full(n, -1), np.zeros(n)
        if predictions is None:
            return cls(given, wrong, probs, ())
        tested = [(faces.row[face], at) for at, face in enumerate(predictions.face_ids) if face in faces.row]
        rows, places = np.array(tested, dtype=np.int64).reshape(-1, 2).T
        given[rows], probs[rows] = predictions.given[places], predictions.probs[places]
        wrong[rows] = predictions.wrong[places]
        return cls(given, wrong, probs, predictions.people)


def about(faces: Faces, said: Said, row: int) -> list[str]:
    """What is said of a face that is pointed at: name, photo, prediction."""
    lines = [words.person(faces.table.person(row)), photo_name(faces, row)]
    return [*lines, verdict(said, row)] if said.given[row] >= 0 else lines


def photo_name(faces: Faces, row: int, longest: int = 40) -> str:
    """The file name of a face's photo, without its folders."""
    name = faces.table.photo_names[row].rpartition("/")[2]
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def verdict(said: Said, row: int) -> str:
    """What the run said of a tested face."""
    given, prob = words.person(said.people[said.given[row]]), words.probability(float(said.probs[row]))
    return f"✗ taken for {given}, {prob} sure" if said.wrong[row] else f"✓ recognised, {prob} sure"


def _groups(faces: Faces, said: Said, rows: Ints, colour: str, wanted: tuple[str, ...]) -> list[Group]:
    if colour == SPLIT:
        return _split_groups(faces, rows)
    if colour == CORRECT:
        return _correct_groups(said.wrong[rows])
    if colour == QUALITY:
        return _step_groups(faces.table.grades[rows], "unknown")
    if colour == CONFIDENCE:
        return _step_groups(np.where(said.given[rows] >= 0, said.probs[rows], np.nan), "not tested")
    if colour == DATE:
        return _date_groups(faces.table.taken[rows])
    people, labels = faces.table.people, faces.table.labels
    rest, nameless = "everyone else", "no name"
    if colour == PREDICTION:
        place = {name: number for number, name in enumerate(people)}
        known = np.array([place.get(name, -1) for name in said.people] + [-1])
        labels = known[said.given]
        rest, nameless = "given another name", "not tested"
    coloured = charts.biggest(labels[rows], len(people))
    if wanted:
        coloured = np.array([number for number, name in enumerate(people) if name in wanted], dtype=np.int64)
    names = [words.person(name) for name in people]
    return charts.people_groups(labels[rows], names, coloured, rest=rest, nameless=nameless)


def grouped(dataset: Dataset) -> float | None:
    """When the faces of a dataset were last put into groups; None before."""
    made = (job for job in data.services().jobs.jobs(dataset.id) if job.kind is JobKind.CLUSTER)
    return next((job.finished for job in made if job.state is JobState.DONE), None)


@st.cache_resource(show_spinner=False, max_entries=3)
def _clusters(dataset_id: str, revision: Revision, made: float | None) -> Groups | None:
    """The newest groups that are stored, at the default threshold; ``made`` tells them from earlier ones."""
    services, faces = data.services(), data.faces(dataset_id, revision)
    dataset = services.store.dataset(dataset_id)
    stored = [cluster.load_tree(services.artifacts, dataset, everyone) for everyone in (False, True)]
    newest = max((tree for tree in stored if tree is not None), key=lambda tree: tree.created, default=None)
    if newest is None:
        return None
    apart = services.log.apart(dataset_id)
    return cluster.open_clustering(newest, faces.table, faces.embeddings, apart).cut()


def _cluster_groups(faces: Faces, clusters: Groups | None, rows: Ints) -> list[Group]:
    """The groups with the most clear faces in colour, numbered as on the page of groups."""
    labels, n_groups = np.full(len(faces.table), -1), 0
    if clusters is not None:
        labels[[faces.row[face_id] for face_id in clusters.face_ids]] = clusters.labels
        n_groups = len(clusters)
    names = [f"group {number}" for number in range(1, n_groups + 1)]
    coloured = np.arange(min(n_groups, charts.MOST_COLOURED))
    return charts.people_groups(labels[rows], names, coloured, rest="other groups", nameless="in no group")


def _cluster_finding(clusters: Groups | None) -> str:
    if clusters is None or not len(clusters):
        return "No two faces are so alike that they are a group"
    of = words.count(len(clusters.face_ids), "face")
    few = (
        f"; the {charts.MOST_COLOURED} with the most clear faces in colour"
        if len(clusters) > charts.MOST_COLOURED
        else ""
    )
    return f"{words.count(len(clusters), 'group')} of {of}, {words.count(clusters.alone)} in none{few}"


def _split_groups(faces: Faces, rows: Ints) -> list[Group]:
    looks = {
        Split.TRAIN: (charts.RIGHT, "circle"),
        Split.VAL: (charts.PALETTE[1], "diamond"),
        None: (charts.GREY, "circle"),
    }
    splits = [faces.table.splits[row] for row in rows]
    groups = [
        Group(
            _SPLIT_NAMES[split], np.array([at for at, has in enumerate(splits) if has is split], dtype=np.int64), *look
        )
        for split, look in looks.items()
    ]
    return [group for group in groups if len(group.rows)]


def _correct_groups(wrong: Ints) -> list[Group]:
    groups = [
        Group("not tested", np.flatnonzero(wrong < 0), faded=True),
        Group("✓ right", np.flatnonzero(wrong == 0), charts.RIGHT),
        Group("✗ wrong", np.flatnonzero(wrong == 1), charts.WRONG, "x"),
    ]
    return [group for group in groups if len(group.rows)]


def _step_groups(shares: np.ndarray, unknown: str) -> list[Group]:
    """Shares in steps, the lowest drawn last: they are the ones to look for."""
    step = np.searchsorted(STEPS, shares, side="right") - 1
    step[np.isnan(shares)] = -1
    ends = [f"{100 * start:.0f} to {100 * end:.0f} %" for start, end in pairwise((*STEPS, 1.0))]
    groups = [
        Group(ends[at], np.flatnonzero(step == at), charts.SHADES[at], charts.STEP_SYMBOLS[at])
        for at in reversed(range(len(STEPS)))
    ]
    return [group for group in (Group(unknown, np.flatnonzero(step < 0), faded=True), *groups) if len(group.rows)]


def _date_groups(taken: np.ndarray) -> list[Group]:
    """Photos with a date in at most five spans of years that hold about as many each."""
    years = np.array([np.nan if np.isnan(when) else time.gmtime(when).tm_year for when in taken])
    known = years[~np.isnan(years)]
    starts = (
        np.unique(np.quantile(known, np.linspace(0, 1, len(STEPS) + 1)[:-1], method="lower")) if len(known) else known
    )
    step = np.searchsorted(starts, years, side="right") - 1
    step[np.isnan(years)] = -1
    groups = [Group("no date", np.flatnonzero(step < 0), faded=True)]
    for at in range(len(starts)):
        rows = np.flatnonzero(step == at)
        first, last = int(years[rows].min()), int(years[rows].max())
        name = str(first) if first == last else f"{first} to {last}"
        groups.append(Group(name, rows, charts.SHADES[at], charts.STEP_SYMBOLS[at]))
    return [group for group in groups if len(group.rows)]


def _spotlight(groups: list[Group], faces: Faces, rows: Ints, wanted: tuple[str, ...]) -> list[Group]:
    """When people are looked for, everybody else steps back; of each group only their faces stay in front."""
    if not wanted:
        return groups
    names = faces.table.people
    meant = np.isin(faces.table.labels[rows], [number for number, name in enumerate(names) if name in wanted])
    front = [Group(group.name, group.rows[meant[group.rows]], group.colour, group.symbol) for group in groups]
    behind = Group("everyone else", np.flatnonzero(~meant), faded=True)
    return [group for group in (behind, *front) if len(group.rows)]


def finding(faces: Faces, said: Said, rows: Ints, colour: str, wanted: tuple[str, ...]) -> str:
    """Say in one sentence what the chart shows: its title, and its text for those who do not see it."""
    table = faces.table
    labels = table.labels[rows]
    named = labels >= 0
    n_faces, n_people = words.count(len(rows), "face"), len(np.unique(labels[named]))
    if wanted:
        meant = int(np.isin(labels, [number for number, name in enumerate(table.people) if name in wanted]).sum())
        return f"{words.count(meant, 'face')} of {_listed(wanted)}"
    if colour == CORRECT:
        tested, wrong = int((said.wrong[rows] >= 0).sum()), int((said.wrong[rows] == 1).sum())
        count = "None" if not wrong else words.count(wrong)
        return f"{count} of {words.count(tested, 'tested face')} got a wrong name"
    if colour in (QUALITY, CONFIDENCE, DATE):
        poor, tested = int((~table.trusted[rows]).sum()), int((said.given[rows] >= 0).sum())
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
    few = f"; the {charts.MOST_COLOURED} with the most faces in colour" if n_people > charts.MOST_COLOURED else ""
    if colour == PREDICTION:
        return f"The names given to {words.count(int((said.given[rows] >= 0).sum()), 'tested face')}{few}"
    nameless = f", {words.count(int((~named).sum()))} without a name" if not named.all() else ""
    return f"{n_faces} of {people}{nameless}{few}"


def _listed(names: tuple[str, ...], most: int = 4) -> str:
    shown = [words.person(name) for name in names[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(shown) + more
