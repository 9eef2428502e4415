"""The map page's parts: what colours mean, whom to look for, the chart, and what stands beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.base.errors import InputRefused
from core.base.face_table import take_items
from core.base.types import Revision
from core.charts import palette
from core.language.languages import Language
from core.language.texts import current_language, marked, ngettext
from core.language.texts import gettext as _
from core.learn.metrics.predictions import Predictions
from core.store.values.datasets import Counts, Dataset
from core.store.values.runs import MapInfo, Run
from core.ui import data, state, words
from core.ui.access import kept
from core.ui.clustering import groups
from core.ui.components import scatter
from core.ui.data import Faces
from core.ui.labels import corrections, name_choice
from core.ui.projection import map_chart, map_layout, map_newcomers
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

PANEL_PX = 400
"""How wide what stands beside the map is."""
# On a phone the map comes first, and what changes it after it; in the order of the keys they stay as they were.
_MAP_FIRST = (
    "@media (max-width: 640px) {*:has(> .st-key-map_controls) {order: 1} *:has(> .st-key-map_below) {order: 2}}"
)


# which recogniser speaks


def _find_readable_run(run: Run | None) -> Run | None:
    """The run; None where what it said is of a version that is not read any more: the map does without and says so."""
    if run is None:
        return None
    try:
        data.run_predictions(run.id)
    except InputRefused as refusal:
        st.caption(
            _(
                ":material/info: The map shows nothing of what the recogniser said. {reason}",
                reason=words.plain(refusal),
            )
        )
        return None
    return run


# what is coloured


def _build_map_view(
    map_info: MapInfo | None,
    run: Run | None,
    colour: str,
    people: tuple[str, ...],
    dimensions: int,
    dataset: Dataset,
) -> MapView:
    """What the page's fields say, as one value."""
    # Read only where it is shown: it is a part of the key by which charts are kept, and grouping changes no other one.
    grouped_at = groups.grouping_time(dataset) if colour == CLUSTER else 0.0
    plane = data.newest_map(dataset)
    return MapView(
        map_id=map_info.id if map_info else None,
        run_id=run.id if run else None,
        colour=colour,
        people=people,
        dimensions=dimensions,
        grouped_at=grouped_at,
        plane_id=plane.id if plane else None,
    )


def _choose_colouring(dataset: Dataset, run: Run | None) -> tuple[str, tuple[str, ...]]:
    """Choose what colours mean, and whom to look for."""
    counts = data.dataset_counts(dataset.id, dataset.revision)
    names = name_choice.list_names(dataset, *st.query_params.get_all("person"))
    dated = not np.isnan(data.dataset_faces(dataset.id, dataset.revision).table.taken).all()
    by_run = [PREDICTION, CORRECT, CONFIDENCE] if run else []
    offered = [
        *(PERSON, *([SPLIT] if counts.val_faces else []), *by_run, QUALITY),
        *([DATE] if dated else []),
        *([CLUSTER] if groups.grouping_time(dataset) else []),
    ]
    colour = st.selectbox(_("Colour by"), offered, format_func=_, key="colour", bind="query-params", width=150)
    people_sought = st.multiselect(
        _("Find people"),
        names,
        format_func=words.display_name,
        key="person",
        bind="query-params",
        # As many as there are colours; more could not be told apart.
        max_selections=palette.MOST_COLOURED,
        placeholder=_("A name"),
        width=210,
        disabled=not names,
        accept_new_options=name_choice.has_unlisted(dataset),
    )
    sought = (name_choice.find_chosen(dataset, name) for name in people_sought)
    return colour or PERSON, tuple(person.name for person in sought if person is not None)


# chart and gallery


def show_map_section(dataset: Dataset, counts: Counts, run: Run | None) -> None:
    """The row of what changes the map, the map with a panel beside it, and below both what is said of them."""
    st.html(f"<style>{_MAP_FIRST}</style>")
    controls = st.container(key="map_controls", horizontal=True, vertical_alignment="bottom", gap="small")
    stage, below = st.container(), st.container(key="map_below")
    with below:
        readable_run = _find_readable_run(run)
    with controls:
        colour, people = _choose_colouring(dataset, readable_run)
        method, dimensions = map_layout.choose_layout(dataset, counts.faces)
        people_face_ids = _choose_people_in_table(dataset, readable_run)
        upload = map_newcomers.ask_for_photo(dataset)
    with below:
        # What was done last, and how the next map gets on: lines that come and go would push the map down.
        corrections.show_last_correction(dataset, hold=False)
        map_info = map_layout.load_or_start_map(dataset, method, dimensions, counts.faces)
        view = _build_map_view(map_info, readable_run, colour, people, dimensions, dataset)
        new_photo = map_newcomers.place_photo(dataset, view, upload) if upload is not None else None
        st.caption(_(_HOW_TO))
        st.caption(map_layout.describe_map(map_info))
    with stage:
        _show_map(dataset, view, new_photo, people_face_ids)


_HOW_TO = marked(
    "A click on a face shows whom it is most like, and how like by all its 128 numbers (0 to 100). Circle faces to "
    "see them beside the map and correct them, with Shift some more. The wheel zooms, a double click shows all again, "
    "and the bar changes to a box or to moving. The table does the same by keyboard."
)


def _show_map(dataset: Dataset, view: MapView, new_photo: NewPhoto | None, people_face_ids: tuple[str, ...]) -> None:
    """The map, and beside it the faces of a new photo and those that were chosen on the map or in the table."""
    picked = _picked_face_ids(dataset) or people_face_ids
    # The map is the first of the row, with a panel as without one: it stays the element that it is, and is not drawn
    # anew when the panel comes.
    with st.container(horizontal=True, gap="medium"):
        with st.container(width="stretch"):
            _show_chart(dataset, view, new_photo)
        if picked or new_photo is not None:
            with st.container(width=PANEL_PX):
                if new_photo is not None:
                    map_newcomers.show_new_faces(dataset, new_photo)
                if picked:
                    show_chosen_faces(dataset, view, picked)


@st.fragment
def _show_chart(dataset: Dataset, view: MapView, new_photo: NewPhoto | None) -> None:
    """The map alone: it runs again for every face that is pointed at."""
    chart = map_chart.build_map_chart(dataset.id, dataset.revision, view, current_language())
    key = f"map_{dataset.id}"
    cloud = chart.cloud if new_photo is None else map_newcomers.add_photo_marks(dataset, chart.cloud, new_photo)
    event = scatter.draw_scatter(key, cloud, chart.finding)
    faces = data.dataset_faces(dataset.id, dataset.revision)
    near = map_chart.find_near_faces(faces, chart.cloud, event.picked[0]) if len(event.picked) == 1 else None
    # Pictures go through a component of their own, so that a hundred thousand points travel only when they change.
    if event.asked or near:
        predictions = map_chart.load_face_predictions(dataset.id, dataset.revision, view.run_id)
        cards = map_chart.build_face_cards(dataset.id, faces, predictions, chart.cloud, event.asked)
        scatter.send_cards(key, chart.cloud, cards, near)
    if chart.left_out:
        st.caption(
            ngettext(
                "{number} face came after this map was made and is not on it.",
                "{number} faces came after this map was made and are not on it.",
                chart.left_out,
            )
        )
    if chart.undrawn:
        st.caption(
            ngettext(
                "{part} of {number} face are drawn, fewer where they crowd. "
                "Find people draws all of theirs; a line around faces chooses those that are drawn.",
                "{part} of {number} faces are drawn, fewer where they crowd. "
                "Find people draws all of theirs; a line around faces chooses those that are drawn.",
                len(chart.cloud) + chart.undrawn,
                part=words.count(len(chart.cloud)),
            )
        )
    if chart.placed:
        st.caption(
            ngettext(
                "{number} face came after this map was made: placed beside the faces most like them.",
                "{number} faces came after this map was made: placed beside the faces most like them.",
                chart.placed,
            )
        )
    # The gallery is not in this fragment, so the whole page runs again; once, as it is remembered what was picked.
    if event.picked != _picked_face_ids(dataset):
        st.session_state[state.MAP_PICKED] = (dataset.id, event.picked)
        st.rerun()


def _picked_face_ids(dataset: Dataset) -> tuple[str, ...]:
    """The faces that are chosen on the map of this dataset."""
    dataset_id, picked = st.session_state.get(state.MAP_PICKED, ("", ()))
    return picked if dataset_id == dataset.id else ()


def _choose_people_in_table(dataset: Dataset, run: Run | None) -> tuple[str, ...]:
    """A table of the people, which does by keyboard what circling does: the faces of those who are chosen in it."""
    table = _load_people_table(dataset.id, dataset.revision, run.id if run else None, current_language())
    with st.popover(_("Table"), icon=":material/table_rows:"):
        event = st.dataframe(
            table.drop(columns="key"),
            key=f"map_people_{dataset.id}_{dataset.revision}",
            on_select="rerun",
            selection_mode="multi-row",
            hide_index=True,
            column_config=_narrow_columns(),
            height=min(420, 38 + 35 * len(table)),
            alt=_("The people on the map with the number of their faces."),
        )
    # The browser may still speak of the longer table that was there before a correction.
    labels = [int(table["key"].iloc[row]) for row in read_selected_rows(event) if row < len(table)]
    faces = data.dataset_faces(dataset.id, dataset.revision)
    return take_items(faces.table.face_ids, np.flatnonzero(np.isin(faces.table.labels, labels)))


def _narrow_columns() -> dict[str, Any]:
    return {
        "Person": st.column_config.TextColumn(_("Person"), width=165),
        "Faces": st.column_config.NumberColumn(_("Faces"), width=60),
        "Wrong": st.column_config.NumberColumn(_("Wrong"), width=65),
    }


def read_selected_rows(event: Mapping[str, Any] | None) -> list[int]:
    """Read the row numbers of a selection in a table."""
    return [int(row) for row in ((event or {}).get("selection") or {}).get("rows") or []]


@kept.cache_data(show_spinner=False, max_entries=16)
def _load_people_table(dataset_id: str, revision: Revision, run_id: str | None, language: Language) -> pd.DataFrame:
    # Whoever has no name is called so in the language that is spoken.
    return build_map_people_table(
        data.dataset_faces(dataset_id, revision), data.run_predictions(run_id) if run_id else None
    )


def build_map_people_table(faces: Faces, predictions: Predictions | None) -> pd.DataFrame:
    """One row a person, the most faces first: name, faces, and how many of those were given a wrong name."""
    labels, names = faces.table.labels, faces.table.people
    # Labels begin at -1, for no name, and bins at 0: everybody moves up by one, and the nameless are the first row.
    sizes = np.bincount(labels + 1, minlength=len(names) + 1)
    columns: dict[str, Any] = {"Person": [words.display_name(None), *map(words.display_name, names)], "Faces": sizes}
    if predictions is not None:
        wrong = labels[FacePredictions.of(faces, predictions).wrong == 1]
        columns["Wrong"] = np.bincount(wrong + 1, minlength=len(names) + 1)
    table = pd.DataFrame({**columns, "key": np.arange(-1, len(names))})
    return table[table["Faces"] > 0].sort_values("Faces", ascending=False, kind="stable", ignore_index=True)
