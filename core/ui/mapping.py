"""The map page's parts: which layout there is, what is coloured, the chart, and the gallery of what was picked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Final

import numpy as np
import pandas as pd
import streamlit as st

from core.jobs.model import Job, JobKind
from core.learn.predictions import Predictions
from core.store.base import Dataset, MapInfo, Run
from core.types import Ints, Revision, Split
from core.ui import charts, data, gallery, jobs, words
from core.ui.charts import Group
from core.ui.data import Faces
from core.workflows.project import MapOptions, Method

PERSON, SPLIT, PREDICTION, CORRECT = "Person", "Split", "Prediction", "Right or wrong"
FEWEST_FOR_UMAP = 4
ASKED: Final = "map_asked_for"
"""Session state: the datasets and revisions whose map was started without being asked for."""
WHAT_IT_SAYS = (
    "Near means alike; distances between far groups mean little. The axes have no unit, and a map can tear apart or "
    "press together what was not so in the 128 numbers of each face."
)
_SPLIT_NAMES = {Split.TRAIN: "to learn from", Split.VAL: "to test on", None: "on neither side"}


@dataclass(frozen=True, slots=True)
class View:
    """What the map shows; all of it stands in the address."""

    map: MapInfo | None
    """A stored map, or None for the quick one."""
    run: Run | None
    colour: str
    people: tuple[str, ...]
    """Those who are looked for."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart, its finding, and how many faces are not on it."""

    chart: str
    finding: str
    shown: int
    left_out: int
    """Faces of the dataset that are newer than the map."""
    sampled: bool


# which map


def layout(dataset: Dataset, n_faces: int) -> MapInfo | None:
    """Choose the layout: UMAP once there is one, PCA until then. Follows the job that makes one."""
    newest, job = data.newest_map(dataset), data.newest_job(dataset, JobKind.MAP)
    fresh = newest is not None and newest.revision == dataset.revision
    if n_faces < FEWEST_FOR_UMAP:
        return None
    if not fresh and job_to_start(dataset, job):
        _start(dataset)
    if not fresh:
        _missing(newest, job, dataset)
    if newest is None:
        return None
    with st.container(width="content"):
        chosen = st.segmented_control(
            "Layout",
            ["UMAP", "PCA"],
            default="UMAP",
            required=True,
            key="layout",
            bind="query-params",
            help="UMAP keeps neighbours together. PCA is the flat shadow in the two widest directions.",
        )
    return newest if chosen == "UMAP" else None


def job_to_start(dataset: Dataset, job: Job | None) -> bool:
    """Whether to start a map unasked: once a session and revision, unless one is under way, stopped, or photos come in."""
    asked = st.session_state.setdefault(ASKED, {})
    if asked.get(dataset.id) == dataset.revision:
        return False
    coming = data.newest_job(dataset, JobKind.INGEST)
    if coming is not None and coming.state.active:
        return False
    if job is not None and (job.state.active or (job.state.resumable and job.created >= _settled(coming))):
        return False
    asked[dataset.id] = dataset.revision
    return True


def _settled(ingest: Job | None) -> float:
    """When the dataset got its present photos, in seconds since 1970; 0 when that is not known."""
    return (ingest.finished or ingest.created) if ingest else 0.0


def _start(dataset: Dataset) -> None:
    data.services().jobs.submit(dataset.id, JobKind.MAP, asdict(MapOptions(method=Method.UMAP)))
    st.rerun()


def _missing(newest: MapInfo | None, job: Job | None, dataset: Dataset) -> None:
    """Say that the layout is a stand-in, and how the proper one comes about."""
    working = job is not None and job.state.active
    if newest is None:
        st.caption(
            "For now: PCA, the quick layout. UMAP, which keeps alike faces closer together, "
            + ("is being made; the first one takes about half a minute." if working else "was not made yet.")
        )
    else:
        st.caption(f":material/update: The UMAP is of {words.ago(newest.created)}; photos or names changed since then.")
    jobs.follow(job)
    if not working and st.button("Make a new UMAP" if newest else "Make a UMAP", icon=":material/refresh:"):
        _start(dataset)


# what is coloured


def colouring(dataset: Dataset, run: Run | None) -> tuple[str, tuple[str, ...]]:
    """Choose what colours mean, and whom to look for."""
    counts = data.counts(dataset.id, dataset.revision)
    known = [person.name for person in data.people(dataset.id, dataset.revision)]
    offered = [PERSON, *([SPLIT] if counts.val_faces else []), *([PREDICTION, CORRECT] if run else [])]
    colour = st.selectbox("Colour by", offered, key="colour", bind="query-params", width=170)
    wanted = st.multiselect(
        "Find people",
        known,
        format_func=words.person,
        key="person",
        bind="query-params",
        max_selections=charts.MOST_COLOURED,
        placeholder="A name",
        width=330,
        disabled=not known,
    )
    return colour or PERSON, tuple(wanted)


@st.cache_data(show_spinner="Drawing the map", max_entries=32)
def drawn(
    dataset_id: str, revision: Revision, map_id: str | None, run_id: str | None, colour: str, wanted: tuple[str, ...]
) -> Drawn:
    """The chart of a layout, coloured; kept as JSON."""
    faces = data.faces(dataset_id, revision)
    placed = data.face_map(dataset_id, revision, map_id)
    there = np.array([row for row, face_id in enumerate(placed.face_ids) if face_id in faces.row], dtype=np.int64)
    there = there[charts.sample_rows(len(there))]
    rows = np.array([faces.row[placed.face_ids[row]] for row in there], dtype=np.int64)
    said = Said.of(faces, data.predictions(run_id) if run_id else None)
    cloud = charts.Cloud(
        [faces.table.ids[row] for row in rows], placed.points[there], [_hover(faces, said, row) for row in rows]
    )
    groups = _spotlight(_groups(faces, said, rows, colour, wanted), faces, rows, wanted)
    on_map = sum(face_id in faces.row for face_id in placed.face_ids)
    return Drawn(
        chart=charts.map_json(cloud, groups),
        finding=finding(faces, said, rows, colour, wanted),
        shown=len(rows),
        left_out=len(faces.table) - on_map,
        sampled=len(rows) < on_map,
    )


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


def _hover(faces: Faces, said: Said, row: int) -> str:
    lines = [f"<b>{escape(words.person(faces.table.person(row)), quote=False)}</b>"]
    lines.append(escape(faces.table.photo_names[row], quote=False))
    if said.given[row] >= 0:
        lines.append(escape(_verdict(said, row), quote=False))
    return "<br>".join(lines)


def _verdict(said: Said, row: int) -> str:
    given, prob = words.person(said.people[said.given[row]]), words.probability(float(said.probs[row]))
    return f"✗ taken for {given} ({prob})" if said.wrong[row] else f"✓ recognised ({prob})"


def _groups(faces: Faces, said: Said, rows: Ints, colour: str, wanted: tuple[str, ...]) -> list[Group]:
    if colour == SPLIT:
        return _split_groups(faces, rows)
    if colour == CORRECT:
        return _correct_groups(said.wrong[rows])
    people, labels = faces.table.people, faces.table.labels
    if colour == PREDICTION:
        place = {name: number for number, name in enumerate(people)}
        known = np.array([place.get(name, -1) for name in said.people] + [-1])
        labels = known[said.given]
    coloured = charts.biggest(labels[rows], len(people))
    if wanted:
        coloured = np.array([number for number, name in enumerate(people) if name in wanted], dtype=np.int64)
    return charts.people_groups(labels[rows], [words.person(name) for name in people], coloured)


def _split_groups(faces: Faces, rows: Ints) -> list[Group]:
    looks = {Split.TRAIN: (charts.RIGHT, "circle"), Split.VAL: (charts.PALETTE[1], "diamond"), None: (charts.GREY, "circle")}
    splits = [faces.table.splits[row] for row in rows]
    groups = [
        Group(_SPLIT_NAMES[split], np.array([at for at, has in enumerate(splits) if has is split], dtype=np.int64), *look)
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
        return f"{words.count(sides.count(Split.TRAIN), 'face')} to learn from, {words.count(sides.count(Split.VAL))} to test on"
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


# chart and gallery


@st.fragment
def explore(dataset: Dataset, view: View) -> None:
    """The chart, and beside it the faces that were picked on it."""
    run_id = view.run.id if view.run else None
    map_id = view.map.id if view.map else None
    made = drawn(dataset.id, dataset.revision, map_id, run_id, view.colour, view.people)
    left, right = st.columns([13, 7], gap="medium")
    with left:
        st.markdown(f"**{made.finding}**")
        event = st.plotly_chart(
            charts.figure(made.chart),
            key="map_chart",
            on_select="rerun",
            selection_mode=("points", "box", "lasso"),
            config={"modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
            alt=f"Map of faces. {made.finding}",
        )
        _not_on_it(made)
    with right:
        picked = charts.picked_faces(event)
        if picked:
            chosen(dataset, view.run, picked)
        else:
            _how_to(dataset, view.run)


def _not_on_it(made: Drawn) -> None:
    if made.left_out:
        st.caption(f"{words.count(made.left_out, 'face')} came after this map was made and {_is(made.left_out)} not on it.")
    if made.sampled:
        st.caption(f"{words.count(made.shown)} of the faces are drawn, chosen at random; the others are like them.")


def _is(number: int) -> str:
    return "is" if number == 1 else "are"


def _how_to(dataset: Dataset, run: Run | None) -> None:
    """Before anything is picked: how to, and a table that does the same by keyboard."""
    st.markdown("**Circle some faces**")
    st.caption(
        "Draw around points with the mouse to see their faces here. The bar at the map's top right changes to a box, "
        "or to a hand that moves the map and picks single faces by a click. A double click lets go."
    )
    table = people_table(data.faces(dataset.id, dataset.revision), run and data.predictions(run.id))
    if table.empty:
        return
    st.caption("Or choose people in this table:")
    event = st.dataframe(
        table.drop(columns="key"),
        key=f"map_people_{dataset.id}_{dataset.revision}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        column_config={"Faces": st.column_config.NumberColumn(width=60), "Wrong": st.column_config.NumberColumn(width=60)},
        height=min(320, 38 + 35 * len(table)),
        alt="The people on the map with the number of their faces.",
    )
    rows = selected_rows(event)
    if rows:
        faces = data.faces(dataset.id, dataset.revision)
        labels = [int(table["key"].iloc[row]) for row in rows if row < len(table)]
        chosen(dataset, run, tuple(faces.table.ids[row] for row in np.flatnonzero(np.isin(faces.table.labels, labels))))


def selected_rows(event: Mapping[str, Any] | None) -> list[int]:
    """Read the row numbers of a selection in a table."""
    return [int(row) for row in ((event or {}).get("selection") or {}).get("rows") or []]


def people_table(faces: Faces, predictions: Predictions | None) -> pd.DataFrame:
    """One row a person, the most faces first: name, faces, and how many of those were given a wrong name."""
    labels, names = faces.table.labels, faces.table.people
    sizes = np.bincount(labels + 1, minlength=len(names) + 1)
    columns: dict[str, Any] = {"Person": ["no name", *map(words.person, names)], "Faces": sizes}
    if predictions is not None:
        wrong = labels[Said.of(faces, predictions).wrong == 1]
        columns["Wrong"] = np.bincount(wrong + 1, minlength=len(names) + 1)
    table = pd.DataFrame({**columns, "key": np.arange(-1, len(names))})
    return table[table["Faces"] > 0].sort_values("Faces", ascending=False, kind="stable", ignore_index=True)


def chosen(dataset: Dataset, run: Run | None, face_ids: tuple[str, ...]) -> None:
    """The picked faces as a gallery, person by person."""
    faces = data.faces(dataset.id, dataset.revision)
    rows = sorted((faces.row[face_id] for face_id in face_ids if face_id in faces.row), key=lambda row: _by_person(faces, row))
    said = Said.of(faces, data.predictions(run.id) if run else None)
    st.markdown(f"**{summary(faces, rows)}**")
    tiles = [
        gallery.Tile(
            crop_id=faces.table.crop_ids[row],
            name=words.person(faces.table.person(row)),
            note=_verdict(said, row) if said.given[row] >= 0 else faces.table.photo_names[row].rpartition("/")[2],
        )
        for row in rows
    ]
    with st.container(height=charts.MAP_HEIGHT_PX - 20 if len(tiles) > 15 else "content", border=False):
        gallery.paged_grid(dataset.id, tiles, key="map_gallery")


def _by_person(faces: Faces, row: int) -> tuple[int, str]:
    label = int(faces.table.labels[row])
    return (label if label >= 0 else len(faces.table.people), faces.table.photo_names[row])


def summary(faces: Faces, rows: list[int]) -> str:
    """Say how many faces of how many people: "34 faces of 3 people"."""
    labels = [int(faces.table.labels[row]) for row in rows]
    people, nameless = {label for label in labels if label >= 0}, labels.count(-1)
    of = f" of {words.count(len(people), 'person', 'people')}" if people else ""
    rest = f", {words.count(nameless)} without a name" if nameless else ""
    return f"{words.count(len(rows), 'face')}{of}{rest}"
