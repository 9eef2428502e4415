"""What the map draws: the faces that are there, grouped by what colours mean, and the finding in words."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.learn.predictions import Predictions
from core.types import Ints, Revision, Split
from core.ui import charts, data, words
from core.ui.charts import Group
from core.ui.data import Faces

PERSON, SPLIT, PREDICTION, CORRECT = "Person", "Split", "Prediction", "Right or wrong"
_SPLIT_NAMES = {Split.TRAIN: "to learn from", Split.VAL: "to test on", None: "on neither side"}


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart, its finding, and how many faces are not on it."""

    chart: str
    finding: str
    shown: int
    left_out: int
    """Faces of the dataset that are newer than the map."""
    sampled: bool


@st.cache_data(show_spinner="Drawing the map", max_entries=32)
def drawn(
    dataset_id: str,
    revision: Revision,
    map_id: str | None,
    run_id: str | None,
    colour: str,
    wanted: tuple[str, ...],
    *,
    dark: bool,
) -> Drawn:
    """The chart of a layout, coloured; kept as JSON."""
    faces = data.faces(dataset_id, revision)
    placed = data.face_map(dataset_id, revision, map_id)
    there = np.array([row for row, face_id in enumerate(placed.face_ids) if face_id in faces.row], dtype=np.int64)
    there = there[charts.sample_rows(len(there))]
    rows = np.array([faces.row[placed.face_ids[row]] for row in there], dtype=np.int64)
    said = said_of(dataset_id, revision, run_id)
    cloud = charts.Cloud(
        [faces.table.ids[row] for row in rows], placed.points[there], [hover(faces, said, row) for row in rows]
    )
    groups = _spotlight(_groups(faces, said, rows, colour, wanted), faces, rows, wanted)
    on_map = sum(face_id in faces.row for face_id in placed.face_ids)
    return Drawn(
        chart=charts.map_json(cloud, groups, ink=charts.INK[dark], names_on_it=colour in (PERSON, PREDICTION)),
        finding=finding(faces, said, rows, colour, wanted),
        shown=len(rows),
        left_out=len(faces.table) - on_map,
        sampled=len(rows) < on_map,
    )


@st.cache_resource(show_spinner=False, max_entries=8)
def figure(drawn: str) -> go.Figure:
    """The chart to show; one object for the same JSON, so that it always serialises alike."""
    return charts.figure(drawn)


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


def hover(faces: Faces, said: Said, row: int) -> str:
    """What is said of a face when it is pointed at: name, photo, prediction."""
    lines = [f"<b>{escape(words.person(faces.table.person(row)), quote=False)}</b>"]
    lines.append(escape(photo_name(faces, row), quote=False))
    if said.given[row] >= 0:
        lines.append(escape(verdict(said, row), quote=False))
    return "<br>".join(lines)


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
