"""The map page's parts: what colours mean, whom to look for, the chart, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.base.errors import InputRefused
from core.base.types import Revision
from core.charts import palette
from core.learn.metrics.predictions import Predictions
from core.store.protocols import Dataset, MapInfo, Run
from core.ui import data, state, words
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

HEIGHT_PX = 600


# which recogniser speaks


def find_readable_run(run: Run | None) -> Run | None:
    """The run; None where what it said is of a version that is not read any more: the map does without and says so."""
    if run is None:
        return None
    try:
        data.run_predictions(run.id)
    except InputRefused as refusal:
        st.caption(f":material/info: The map shows nothing of what the recogniser said. {words.plain(refusal)}")
        return None
    return run


# what is coloured


def build_map_view(
    dataset: Dataset, map_info: MapInfo | None, run: Run | None, colour: str, people: tuple[str, ...], dimensions: int
) -> MapView:
    """What the page's fields say, as one value."""
    # Read only where it is shown: it is a part of the key by which charts are kept, and grouping changes no other one.
    grouped = map_chart.find_last_grouping_time(dataset) if colour == CLUSTER else None
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
    grouped = map_chart.find_last_grouping_time(dataset) is not None
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
        picked = _picked_face_ids(dataset)
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
            key, chart.cloud, map_chart.build_face_cards(dataset.id, faces, predictions, chart.cloud, event.asked)
        )
    if chart.left_out:
        missing = words.count(chart.left_out, "face")
        st.caption(f"{missing} came after this map was made and {'is' if chart.left_out == 1 else 'are'} not on it.")
    if chart.placed:
        new_faces = words.count(chart.placed, "face")
        st.caption(f"{new_faces} came after this map was made: placed beside the faces most like them.")
    # The gallery is not in this fragment, so the whole page runs again; once, as it is remembered what was picked.
    if event.picked != _picked_face_ids(dataset):
        st.session_state[state.MAP_PICKED] = (dataset.id, event.picked)
        st.rerun()


def _picked_face_ids(dataset: Dataset) -> tuple[str, ...]:
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
    rows = read_selected_rows(event)
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


def read_selected_rows(event: Mapping[str, Any] | None) -> list[int]:
    """Read the row numbers of a selection in a table."""
    return [int(row) for row in ((event or {}).get("selection") or {}).get("rows") or []]


@st.cache_data(show_spinner=False, max_entries=16)
def _load_people_table(dataset_id: str, revision: Revision, run_id: str | None) -> pd.DataFrame:
    return build_map_people_table(
        data.dataset_faces(dataset_id, revision), data.run_predictions(run_id) if run_id else None
    )


def build_map_people_table(faces: Faces, predictions: Predictions | None) -> pd.DataFrame:
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
