"""The map page's parts: which layout there is, what is coloured, the chart, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.base.errors import InputRefused
from core.base.types import Revision
from core.charts import palette
from core.jobs.registry import submit_job
from core.learn.metrics.predictions import Predictions
from core.store.job_model import Job, JobKind
from core.store.protocols import Dataset, MapInfo, Run
from core.ui import data, jobs, state, words
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
    FacePredictions,
    MapView,
)
from core.ui.projection.map_newcomers import NewPhoto
from core.ui.projection.map_selection import show_chosen_faces
from core.workflows.projection.project import DIMENSIONS, MapOptions, Method

FEWEST_TO_LAY_OUT = 4
MANY_NEW_SHARE = 0.2
"""The share of faces that came after a map from which on it is made anew unasked; fewer are placed on it."""
TITLES = {Method.UMAP: "UMAP", Method.TSNE: "t-SNE", Method.PCA: "PCA"}
TWO_D, THREE_D = "2-D", "3-D"
HEIGHT_PX = 600
MAP_CAVEAT = (
    "Near means alike; distances between far groups mean little. The axes have no unit, and a map can tear apart or "
    "press together what was not so in the 128 numbers of each face."
)


def map_caption(map_info: MapInfo | None) -> str:
    """What a map can and cannot say, and how far this one can be believed."""
    measured = map_info.params.faithfulness if map_info else None
    if not measured:
        return MAP_CAVEAT
    # The share is a mean over faces; as a number of neighbours it can be imagined.
    k = measured.neighbours
    neighbours_kept = (
        f"{measured.kept * k:.0f} of the {words.count(k, 'face')} nearest to a face are among its {words.count(k)}"
    )
    trusted = measured.trustworthiness
    return f"{MAP_CAVEAT} On this one, {neighbours_kept} nearest in truth (cosine)." + (
        f" Its trustworthiness is {trusted:.2f}: 1 when nobody lies among strangers, 0.5 by chance." if trusted else ""
    )


# which recogniser speaks


def readable_run(run: Run | None) -> Run | None:
    """The run; None where what it said is of a version that is not read any more: the map does without and says so."""
    if run is None:
        return None
    try:
        data.run_predictions(run.id)
    except InputRefused as refusal:
        st.caption(f":material/info: The map shows nothing of what the recogniser said. {words.plain(refusal)}")
        return None
    return run


# which map


def choose_layout(dataset: Dataset, n_faces: int) -> Method:
    """Choose the layout; with fewer faces than have neighbourhoods there is only PCA."""
    if n_faces < FEWEST_TO_LAY_OUT:
        return Method.PCA
    method = st.segmented_control(
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
    return Method(method)


def show_settings(dataset: Dataset, method: Method) -> int:
    """How many dimensions the map has, and how the next one of this layout is to be made."""
    with st.popover("Settings", icon=":material/tune:"):
        dimensions = _choose_dimensions(method)
        if method is not Method.PCA:
            _ask_next_map(dataset, method, dimensions)
    return dimensions


def _choose_dimensions(method: Method) -> int:
    if len(DIMENSIONS[method]) == 1:
        st.caption("t-SNE lays out on a plane.")
        return DIMENSIONS[method][0]
    choice = st.segmented_control(
        "Dimensions",
        [TWO_D, THREE_D],
        default=TWO_D,
        required=True,
        key="dimensions",
        bind="query-params",
        help="In 3-D the map is turned by dragging, or with Shift and the arrows.",
    )
    return 3 if choice == THREE_D else 2


def _ask_next_map(dataset: Dataset, method: Method, dimensions: int) -> None:
    """What the next map of this layout is made with."""
    job = data.newest_job(dataset, JobKind.MAP)
    neighbours = st.slider(
        "Neighbours that count (n_neighbors)" if method is Method.UMAP else "Neighbours that count (perplexity)",
        5, 100, 15, key="map_neighbours", help="Few show small groups, many the large picture.",
    )  # fmt: skip
    min_dist = 0.1
    if method is Method.UMAP:
        min_dist = st.slider("How close points may come (min_dist)", 0.0, 1.0, 0.1, 0.05, key="map_min_dist")
    seed = st.number_input("Seed", 0, 9999, 0, key="map_seed", help="The same seed gives the same map.")
    afresh = st.checkbox(
        "Lay out afresh", key="map_afresh", help="Otherwise it begins where everybody is now, and keeps its looks."
    )
    if st.button("Make it", key="make_map", type="primary", disabled=job is not None and job.state.active):
        _submit_map(
            dataset,
            MapOptions(
                method=method,
                n_neighbors=neighbours,
                min_dist=min_dist,
                seed=int(seed),
                afresh=afresh,
                dimensions=dimensions,
            ),
        )


def load_or_start_map(dataset: Dataset, method: Method, dimensions: int, n_faces: int) -> MapInfo | None:
    """The stored map of a layout, or None for PCA; where none holds any more, start one, follow it, or offer it."""
    if n_faces < FEWEST_TO_LAY_OUT or method is Method.PCA:
        return None
    # Made unasked with the defaults: what the settings say is for the map that somebody asks for there.
    options = MapOptions(method, dimensions=dimensions)
    newest = data.newest_map(dataset, options.method, options.dimensions)
    job, n_new = data.newest_job(dataset, JobKind.MAP), count_newcomers(dataset, newest)
    if newest is None or n_new > MANY_NEW_SHARE * n_faces:
        _renew_map(dataset, options, newest, job)
    elif n_new:
        _offer_new_map(dataset, options, job)
    else:
        jobs.follow_job(job)
    return newest


def count_newcomers(dataset: Dataset, map_info: MapInfo | None) -> int:
    """How many faces came after a map was made; all, when they were embedded anew since."""
    table = data.dataset_faces(dataset.id, dataset.revision).table
    # Vectors of two models have nothing to do with each other: nobody can be placed on a map of the earlier ones.
    # Maps of earlier versions do not say whose they show (None), and are taken for the dataset's own.
    if map_info is None or map_info.params.model_id not in (None, dataset.model_id):
        return len(table)
    face_map = data.face_map(dataset.id, dataset.revision, map_info.id)
    # Where most are new, nobody is placed and there are no newcomers: then those who are not on the map are counted.
    return len(face_map.newcomers) + len(set(table.face_ids).difference(face_map.face_ids))


def _renew_map(dataset: Dataset, options: MapOptions, newest: MapInfo | None, job: Job | None) -> None:
    title = _layout_title(options)
    if should_start_map(dataset, options, job):
        _submit_map(dataset, options)
    working = job is not None and job.state.active
    if newest is None:
        status = "is being made; the first one takes about half a minute" if working else "was not made yet"
        st.caption(f"For now PCA, the quick layout. {title}, which keeps alike faces closer together, {status}.")
    else:
        renewal = " A new one is being made." if working else ""
        st.caption(
            f":material/update: This {title} was made {words.ago(newest.created)}, before most of these photos came."
            f"{renewal}"
        )
    _offer_new_map(dataset, options, job, again=newest is not None)


def _layout_title(options: MapOptions) -> str:
    return TITLES[options.method] if options.dimensions == 2 else f"{TITLES[options.method]} in 3-D"


def _offer_new_map(dataset: Dataset, options: MapOptions, job: Job | None, *, again: bool = True) -> None:
    jobs.follow_job(job)
    working = job is not None and job.state.active
    label = f"Make a new {_layout_title(options)}" if again else f"Make a {_layout_title(options)}"
    if not working and st.button(label, icon=":material/refresh:"):
        _submit_map(dataset, options)


def should_start_map(dataset: Dataset, options: MapOptions, job: Job | None) -> bool:
    """Whether to start a map unasked: once a session, kind of map and revision.

    Not while one is under way or photos are coming in, and not when the last one failed or was stopped.
    """
    # The page runs again at every click: without this a map that fails at once would be started over and over.
    asked_revisions = st.session_state.setdefault(state.MAP_ASKED, {})
    kind = (dataset.id, options.method, options.dimensions)
    if asked_revisions.get(kind) == dataset.revision:
        return False
    # Half of the photos would make a map that is stale when the other half is there; the end of the ingest asks again.
    ingest = data.newest_job(dataset, JobKind.INGEST)
    if ingest is not None and ingest.state.active:
        return False
    # A map that was stopped before the present photos were in says nothing about them, and may be tried once more.
    if job is not None and (job.state.active or (job.state.resumable and job.created >= _photos_settled_at(ingest))):
        return False
    asked_revisions[kind] = dataset.revision
    return True


def _photos_settled_at(ingest: Job | None) -> float:
    """When the dataset got its present photos, in seconds since 1970; 0 when that is not known."""
    return (ingest.finished or ingest.created) if ingest else 0.0


def _submit_map(dataset: Dataset, options: MapOptions) -> None:
    submit_job(data.services().jobs, dataset.id, options)
    st.rerun()


# what is coloured


def build_view(
    dataset: Dataset, map_info: MapInfo | None, run: Run | None, colour: str, people: tuple[str, ...], dimensions: int
) -> MapView:
    """What the page's fields say, as one value."""
    # Read only where it is shown: it is a part of the key by which charts are kept, and grouping changes no other one.
    grouped = map_chart.last_grouping_time(dataset) if colour == CLUSTER else None
    return MapView(
        map_id=map_info.id if map_info else None,
        run_id=run.id if run else None,
        colour=colour,
        people=people,
        dimensions=dimensions,
        grouped=grouped,
    )


def choose_colouring(dataset: Dataset, run: Run | None) -> tuple[str, tuple[str, ...]]:
    """Choose what colours mean, and whom to look for."""
    counts = data.dataset_counts(dataset.id, dataset.revision)
    names = [person.name for person in data.dataset_people(dataset.id, dataset.revision)]
    dated = not np.isnan(data.dataset_faces(dataset.id, dataset.revision).table.taken).all()
    by_run = [PREDICTION, CORRECT, CONFIDENCE] if run else []
    grouped = map_chart.last_grouping_time(dataset) is not None
    offered = [
        *(PERSON, *([SPLIT] if counts.val_faces else []), *by_run, QUALITY),
        *([DATE] if dated else []),
        *([CLUSTER] if grouped else []),
    ]
    colour = st.selectbox("Colour by", offered, key="colour", bind="query-params", width=170)
    people_sought = st.multiselect(
        "Find people",
        names,
        format_func=words.display_name,
        key="person",
        bind="query-params",
        # As many as there are colours; more could not be told apart.
        max_selections=palette.MOST_COLOURED,
        placeholder="A name",
        width=330,
        disabled=not names,
    )
    return colour or PERSON, tuple(people_sought)


# chart and gallery


def show_map(dataset: Dataset, view: MapView) -> None:
    """The map, and beside it the faces of a new photo, and those that were picked on the map."""
    left, right = st.columns([13, 7], gap="medium")
    # The field for a photo stands beside the map but comes first, as its faces are drawn on the map; what is chosen on
    # the map comes last, as the map says it.
    with right:
        new_photo = map_newcomers.ask_for_photo(dataset, view)
    with left:
        _show_chart(dataset, view, new_photo)
    with right:
        if new_photo is not None:
            map_newcomers.show_new_faces(dataset, new_photo)
        picked = picked_face_ids(dataset)
        if picked:
            show_chosen_faces(dataset, view, picked)
        else:
            _show_how_to(dataset, view)


@st.fragment
def _show_chart(dataset: Dataset, view: MapView, new_photo: NewPhoto | None) -> None:
    """The map alone: it runs again for every face that is pointed at."""
    chart = map_chart.build_map_chart(dataset.id, dataset.revision, view)
    key = f"map_{dataset.id}"
    st.markdown(f"**{words.plain(chart.finding)}**")
    cloud = chart.cloud if new_photo is None else map_newcomers.add_photo_marks(dataset, chart.cloud, new_photo)
    event = scatter.draw_scatter(key, cloud, chart.finding, HEIGHT_PX)
    # Pictures go through a component of their own, so that a hundred thousand points travel only when they change.
    if event.asked:
        predictions = map_chart.load_face_predictions(dataset.id, dataset.revision, view.run_id)
        faces = data.dataset_faces(dataset.id, dataset.revision)
        scatter.send_cards(
            key, chart.cloud, map_chart.face_cards(dataset.id, faces, predictions, chart.cloud, event.asked)
        )
    if chart.left_out:
        missing = words.count(chart.left_out, "face")
        st.caption(f"{missing} came after this map was made and {'is' if chart.left_out == 1 else 'are'} not on it.")
    if chart.placed:
        new_faces = words.count(chart.placed, "face")
        st.caption(f"{new_faces} came after this map was made: placed beside the faces most like them.")
    # The gallery is not in this fragment, so the whole page runs again; once, as it is remembered what was picked.
    if event.picked != picked_face_ids(dataset):
        st.session_state[state.MAP_PICKED] = (dataset.id, event.picked)
        st.rerun()


def picked_face_ids(dataset: Dataset) -> tuple[str, ...]:
    """The faces that are chosen on the map of this dataset."""
    dataset_id, picked = st.session_state.get(state.MAP_PICKED, ("", ()))
    return picked if dataset_id == dataset.id else ()


def _show_how_to(dataset: Dataset, view: MapView) -> None:
    """Before anything is picked: how to, and a table that does the same by keyboard."""
    st.markdown("**Circle some faces**")
    st.caption(
        "Draw around points to see their faces here and correct them; a click takes a single face, with Shift one "
        "more. The wheel zooms, a double click shows all of it again, and the bar above changes to a box or to moving."
    )
    table = _load_people_table(dataset.id, dataset.revision, view.run_id)
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
        faces = data.dataset_faces(dataset.id, dataset.revision)
        # The browser may still speak of the longer table that was there before a correction.
        labels = [int(table["key"].iloc[row]) for row in rows if row < len(table)]
        show_chosen_faces(
            dataset,
            view,
            tuple(faces.table.face_ids[row] for row in np.flatnonzero(np.isin(faces.table.labels, labels))),
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
def _load_people_table(dataset_id: str, revision: Revision, run_id: str | None) -> pd.DataFrame:
    return map_people_table(data.dataset_faces(dataset_id, revision), data.run_predictions(run_id) if run_id else None)


def map_people_table(faces: Faces, predictions: Predictions | None) -> pd.DataFrame:
    """One row a person, the most faces first: name, faces, and how many of those were given a wrong name."""
    labels, names = faces.table.labels, faces.table.people
    # Labels begin at -1, for no name, and bins at 0: everybody moves up by one, and the nameless are the first row.
    sizes = np.bincount(labels + 1, minlength=len(names) + 1)
    columns: dict[str, Any] = {"Person": ["no name", *map(words.display_name, names)], "Faces": sizes}
    if predictions is not None:
        wrong = labels[FacePredictions.of(faces, predictions).wrong == 1]
        columns["Wrong"] = np.bincount(wrong + 1, minlength=len(names) + 1)
    table = pd.DataFrame({**columns, "key": np.arange(-1, len(names))})
    return table[table["Faces"] > 0].sort_values("Faces", ascending=False, kind="stable", ignore_index=True)
