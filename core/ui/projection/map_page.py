"""The map page's parts: which layout there is, what is coloured, the chart, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.base.errors import InputRefused
from core.base.types import Revision
from core.jobs.model import Job, JobKind
from core.learn.metrics.predictions import Predictions
from core.store.protocols import Dataset, MapInfo, Run
from core.ui import charts, data, jobs, state, words
from core.ui.components import scatter
from core.ui.data import Faces
from core.ui.projection import map_chart, map_newcomers
from core.ui.projection.map_chart import (
    CLUSTER,
    CONFIDENCE,
    CORRECT,
    DATE,
    PERSON,
    PREDICTION,
    QUALITY,
    SPLIT,
    Said,
    View,
)
from core.ui.projection.map_newcomers import Arrived
from core.ui.projection.map_selection import chosen
from core.workflows.projection.project import DIMENSIONS, MapOptions, Method

FEWEST_TO_LAY_OUT = 4
MANY_NEW = 0.2
"""The share of faces that came after a map from which on it is made anew unasked; fewer are placed on it."""
TITLES = {Method.UMAP: "UMAP", Method.TSNE: "t-SNE", Method.PCA: "PCA"}
FLAT, DEEP = "2-D", "3-D"
HEIGHT_PX = 600
WHAT_IT_SAYS = (
    "Near means alike; distances between far groups mean little. The axes have no unit, and a map can tear apart or "
    "press together what was not so in the 128 numbers of each face."
)


def what_it_says(shown: MapInfo | None) -> str:
    """What a map can and cannot say, and how far this one can be believed."""
    measured = shown.params.get("faithfulness") if shown else None
    if not measured:
        return WHAT_IT_SAYS
    k = measured["neighbours"]
    kept = (
        f"{measured['kept'] * k:.0f} of the {words.count(k, 'face')} nearest to a face are among its {words.count(k)}"
    )
    trusted = measured.get("trustworthiness")  # maps of earlier versions lack it
    return f"{WHAT_IT_SAYS} On this one, {kept} nearest in truth (cosine)." + (
        f" Its trustworthiness is {trusted:.2f}: 1 when nobody lies among strangers, 0.5 by chance." if trusted else ""
    )


# which recogniser speaks


def readable(run: Run | None) -> Run | None:
    """The run; None where what it said is of a version that is not read any more: the map does without and says so."""
    if run is None:
        return None
    try:
        data.predictions(run.id)
    except InputRefused as refusal:
        st.caption(f":material/info: The map shows nothing of what the recogniser said. {words.plain(refusal)}")
        return None
    return run


# which map


def layout(dataset: Dataset, n_faces: int) -> Method:
    """Choose the layout; with fewer faces than have neighbourhoods there is only PCA."""
    if n_faces < FEWEST_TO_LAY_OUT:
        return Method.PCA
    chosen = st.segmented_control(
        "Layout",
        list(TITLES),
        default=Method.UMAP,
        required=True,
        format_func=TITLES.__getitem__,
        key="layout",
        bind="query-params",
        help="UMAP and t-SNE keep neighbours together, t-SNE at the price of all other distances. PCA is the flat "
        "shadow in the two widest directions.",
    )
    return Method(chosen)


def settings(dataset: Dataset, method: Method) -> int:
    """How many dimensions the map has, and how the next one of this layout is to be made."""
    with st.popover("Settings", icon=":material/tune:"):
        dimensions = _dimensions(method)
        if method is not Method.PCA:
            _next_map(dataset, method, dimensions)
    return dimensions


def _dimensions(method: Method) -> int:
    if len(DIMENSIONS[method]) == 1:
        st.caption("t-SNE lays out on a plane.")
        return DIMENSIONS[method][0]
    chosen = st.segmented_control(
        "Dimensions",
        [FLAT, DEEP],
        default=FLAT,
        required=True,
        key="dimensions",
        bind="query-params",
        help="In 3-D the map is turned by dragging, or with Shift and the arrows.",
    )
    return 3 if chosen == DEEP else 2


def _next_map(dataset: Dataset, method: Method, dimensions: int) -> None:
    """What the next map of this layout is made with."""
    job = data.newest_job(dataset, JobKind.MAP)
    neighbours = st.slider(
        "Neighbours that count (n_neighbors)" if method is Method.UMAP else "Neighbours that count (perplexity)",
        5, 100, 15, key="map_neighbours", help="Few show small groups, many the large picture.",
    )  # fmt: skip
    apart = 0.1
    if method is Method.UMAP:
        apart = st.slider("How close points may come (min_dist)", 0.0, 1.0, 0.1, 0.05, key="map_min_dist")
    seed = st.number_input("Seed", 0, 9999, 0, key="map_seed", help="The same seed gives the same map.")
    afresh = st.checkbox(
        "Lay out afresh", key="map_afresh", help="Otherwise it begins where everybody is now, and keeps its looks."
    )
    if st.button("Make it", key="make_map", type="primary", disabled=job is not None and job.state.active):
        _start(
            dataset,
            MapOptions(
                method=method,
                n_neighbors=neighbours,
                min_dist=apart,
                seed=int(seed),
                afresh=afresh,
                dimensions=dimensions,
            ),
        )


def making(dataset: Dataset, method: Method, dimensions: int, n_faces: int) -> MapInfo | None:
    """The stored map of a layout, or None for PCA; where none holds any more, start one, follow it, or offer it."""
    if n_faces < FEWEST_TO_LAY_OUT or method is Method.PCA:
        return None
    options = MapOptions(method, dimensions=dimensions)
    newest = data.newest_map(dataset, options.method, options.dimensions)
    job, new = data.newest_job(dataset, JobKind.MAP), newcomers(dataset, newest)
    if newest is None or new > MANY_NEW * n_faces:
        _renew(dataset, options, newest, job)
    elif new:
        _offer(dataset, options, job)
    else:
        jobs.follow(job)
    return newest


def newcomers(dataset: Dataset, made: MapInfo | None) -> int:
    """How many faces came after a map was made; all, when they were embedded anew since."""
    table = data.faces(dataset.id, dataset.revision).table
    if made is None or made.params.get("model_id", dataset.model_id) != dataset.model_id:
        return len(table)
    placed = data.face_map(dataset.id, dataset.revision, made.id)
    return len(placed.newcomers) + len(set(table.ids).difference(placed.face_ids))


def _renew(dataset: Dataset, options: MapOptions, newest: MapInfo | None, job: Job | None) -> None:
    title = _title(options)
    if job_to_start(dataset, options, job):
        _start(dataset, options)
    working = job is not None and job.state.active
    if newest is None:
        standing = "is being made; the first one takes about half a minute" if working else "was not made yet"
        st.caption(f"For now PCA, the quick layout. {title}, which keeps alike faces closer together, {standing}.")
    else:
        renewal = " A new one is being made." if working else ""
        st.caption(
            f":material/update: This {title} was made {words.ago(newest.created)}, before most of these photos came."
            f"{renewal}"
        )
    _offer(dataset, options, job, again=newest is not None)


def _title(options: MapOptions) -> str:
    return TITLES[options.method] if options.dimensions == 2 else f"{TITLES[options.method]} in 3-D"


def _offer(dataset: Dataset, options: MapOptions, job: Job | None, *, again: bool = True) -> None:
    jobs.follow(job)
    working = job is not None and job.state.active
    label = f"Make a new {_title(options)}" if again else f"Make a {_title(options)}"
    if not working and st.button(label, icon=":material/refresh:"):
        _start(dataset, options)


def job_to_start(dataset: Dataset, options: MapOptions, job: Job | None) -> bool:
    """Whether to start a map unasked: once a session, kind of map and revision.

    Not while one is under way or photos are coming in, and not when the last one failed or was stopped.
    """
    asked = st.session_state.setdefault(state.MAP_ASKED, {})
    kind = (dataset.id, options.method, options.dimensions)
    if asked.get(kind) == dataset.revision:
        return False
    coming = data.newest_job(dataset, JobKind.INGEST)
    if coming is not None and coming.state.active:
        return False
    if job is not None and (job.state.active or (job.state.resumable and job.created >= _settled(coming))):
        return False
    asked[kind] = dataset.revision
    return True


def _settled(ingest: Job | None) -> float:
    """When the dataset got its present photos, in seconds since 1970; 0 when that is not known."""
    return (ingest.finished or ingest.created) if ingest else 0.0


def _start(dataset: Dataset, options: MapOptions) -> None:
    data.services().jobs.submit(dataset.id, JobKind.MAP, asdict(options))
    st.rerun()


# what is coloured


def view(
    dataset: Dataset, made: MapInfo | None, run: Run | None, colour: str, people: tuple[str, ...], dimensions: int
) -> View:
    """All of it as one value."""
    grouped = map_chart.grouped(dataset) if colour == CLUSTER else None
    return View(
        map_id=made.id if made else None,
        run_id=run.id if run else None,
        colour=colour,
        people=people,
        dimensions=dimensions,
        grouped=grouped,
    )


def colouring(dataset: Dataset, run: Run | None) -> tuple[str, tuple[str, ...]]:
    """Choose what colours mean, and whom to look for."""
    counts = data.counts(dataset.id, dataset.revision)
    known = [person.name for person in data.people(dataset.id, dataset.revision)]
    dated = not np.isnan(data.faces(dataset.id, dataset.revision).table.taken).all()
    by_run = [PREDICTION, CORRECT, CONFIDENCE] if run else []
    grouped = map_chart.grouped(dataset) is not None
    offered = [
        *(PERSON, *([SPLIT] if counts.val_faces else []), *by_run, QUALITY),
        *([DATE] if dated else []),
        *([CLUSTER] if grouped else []),
    ]
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


# chart and gallery


def explore(dataset: Dataset, view: View) -> None:
    """The map, and beside it the faces of a new photo, and those that were picked on the map."""
    left, right = st.columns([13, 7], gap="medium")
    with right:
        arrived = map_newcomers.ask(dataset, view)
    with left:
        _chart(dataset, view, arrived)
    with right:
        if arrived is not None:
            map_newcomers.told(dataset, arrived)
        picked = picked_on(dataset)
        if picked:
            chosen(dataset, view, picked)
        else:
            _how_to(dataset, view)


@st.fragment
def _chart(dataset: Dataset, view: View, arrived: Arrived | None) -> None:
    """The map alone: it runs again for every face that is pointed at."""
    made = map_chart.drawn(dataset.id, dataset.revision, view)
    key = f"map_{dataset.id}"
    st.markdown(f"**{words.plain(made.finding)}**")
    cloud = made.cloud if arrived is None else map_newcomers.drawn(dataset, made.cloud, arrived)
    looked = scatter.scatter(key, cloud, made.finding, HEIGHT_PX)
    if looked.asked:
        said = map_chart.said_of(dataset.id, dataset.revision, view.run_id)
        faces = data.faces(dataset.id, dataset.revision)
        scatter.deal(key, made.cloud, map_chart.cards(dataset.id, faces, said, made.cloud, looked.asked))
    if made.left_out:
        missing = words.count(made.left_out, "face")
        st.caption(f"{missing} came after this map was made and {'is' if made.left_out == 1 else 'are'} not on it.")
    if made.placed:
        new = words.count(made.placed, "face")
        st.caption(f"{new} came after this map was made: placed beside the faces most like them.")
    if looked.picked != picked_on(dataset):
        st.session_state[state.MAP_PICKED] = (dataset.id, looked.picked)
        st.rerun()


def picked_on(dataset: Dataset) -> tuple[str, ...]:
    """The faces that are chosen on the map of this dataset."""
    of, picked = st.session_state.get(state.MAP_PICKED, ("", ()))
    return picked if of == dataset.id else ()


def _how_to(dataset: Dataset, view: View) -> None:
    """Before anything is picked: how to, and a table that does the same by keyboard."""
    st.markdown("**Circle some faces**")
    st.caption(
        "Draw around points to see their faces here and correct them; a click takes a single face, with Shift one "
        "more. The wheel zooms, a double click shows all of it again, and the bar above changes to a box or to moving."
    )
    table = _people(dataset.id, dataset.revision, view.run_id)
    if table.empty:
        return
    st.caption("Or choose people in this table:")
    event = st.dataframe(
        table.drop(columns="key"),
        key=f"map_people_{dataset.id}_{dataset.revision}",
        on_select="rerun",
        selection_mode="multi-row",
        hide_index=True,
        column_config=_NARROW,
        height=min(320, 38 + 35 * len(table)),
        alt="The people on the map with the number of their faces.",
    )
    rows = selected_rows(event)
    if rows:
        faces = data.faces(dataset.id, dataset.revision)
        labels = [int(table["key"].iloc[row]) for row in rows if row < len(table)]
        chosen(
            dataset, view, tuple(faces.table.ids[row] for row in np.flatnonzero(np.isin(faces.table.labels, labels)))
        )


_NARROW = {
    "Person": st.column_config.TextColumn(width=165),
    "Faces": st.column_config.NumberColumn(width=60),
    "Wrong": st.column_config.NumberColumn(width=65),
}


def selected_rows(event: Mapping[str, Any] | None) -> list[int]:
    """Read the row numbers of a selection in a table."""
    return [int(row) for row in ((event or {}).get("selection") or {}).get("rows") or []]


@st.cache_data(show_spinner=False, max_entries=16)
def _people(dataset_id: str, revision: Revision, run_id: str | None) -> pd.DataFrame:
    return people_table(data.faces(dataset_id, revision), data.predictions(run_id) if run_id else None)


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
