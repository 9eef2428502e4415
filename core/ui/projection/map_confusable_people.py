"""Who looks like whom: the most alike pairs as faces, and everybody with everybody as a matrix."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.base.types import Revision
from core.learn.projection.confusable_people import BUSY_MOST, FACES_MOST, Lookalikes, Pair, lookalikes
from core.store.protocols import Dataset
from core.ui import charts, data, gallery, words
from core.ui.charts import Alike
from core.ui.data import Faces

PAIRS_SHOWN = 12
PAIR_PX = 212
VIEW, MAP, LOOKALIKES = "view", "Map", "Look-alikes"
"""The key of the page's tabs, and the tabs."""
WANTED = "person"
"""Those who are looked for on the map: the key of their field, and its name in the address."""
DISTANCES, OVERLAPS = "Distance", "Overlap"
CHART = "lookalikes_chart"


@st.cache_resource(show_spinner="Comparing everybody with everybody", max_entries=4)
def _compared(dataset_id: str, revision: Revision) -> Lookalikes:
    """All people who take part in learning."""
    faces = data.faces(dataset_id, revision)
    return lookalikes(faces.embeddings.vectors, np.where(faces.table.learnable, faces.table.labels, -1))


def section(dataset: Dataset) -> None:
    """The pairs first, then the matrix; a click on either looks the two up on the map."""
    found = _compared(dataset.id, dataset.revision)
    if not found.pairs:
        st.info("Two people with names are needed to compare them.", icon=":material/info:")
        return
    faces = data.faces(dataset.id, dataset.revision)
    st.markdown(f"**{words.plain(finding(faces, found))}**")
    st.caption(_measured(found))
    with st.container(horizontal=True, gap="medium"):
        for number, pair in enumerate(found.pairs[:PAIRS_SHOWN]):
            with st.container(width=PAIR_PX):
                _pair(dataset, faces, found, pair, number)
    st.space("small")
    _matrix(dataset, faces, found)


def _name(faces: Faces, found: Lookalikes, place: int) -> str:
    return words.person(faces.table.people[found.people[place]])


def finding(faces: Faces, found: Lookalikes) -> str:
    """Whose centres are nearest, and how far the two lie among each other."""
    pair = found.pairs[0]
    one, other = _name(faces, found, pair.first), _name(faces, found, pair.second)
    return f"Most alike are {one} and {other}: their centres are {found.distances[pair.first, pair.second]:.2f} apart"


def _measured(found: Lookalikes) -> str:
    few = "" if found.everybody else f" With so many people, the {BUSY_MOST} of the most alike pairs are compared."
    some = f" Of each person at most {FACES_MOST} faces, drawn by lot, count for the overlap." if found.sampled else ""
    return (
        "Distances are between the centres of two people's faces in the 128 numbers, 0 to 2. The overlap is the share "
        "of a person's faces that is nearer to a face of the other than to any other of their own: those will be "
        "confused."
        f"{few}{some}"
    )


def _pair(dataset: Dataset, faces: Faces, found: Lookalikes, pair: Pair, number: int) -> None:
    one, other = _name(faces, found, pair.first), _name(faces, found, pair.second)
    tiles = [
        gallery.Tile(faces.table.crop_ids[row], name)
        for row, name in ((pair.first_face, one), (pair.second_face, other))
    ]
    shown = gallery.Pair(tiles[0], tiles[1], f"{one} and {other}", _told(found, pair))
    gallery.pairs(dataset.id, [shown], pair_px=PAIR_PX - 12)
    st.button(
        "On the map",
        key=f"pair_{number}",
        icon=":material/scatter_plot:",
        type="tertiary",
        help=f"{words.plain(one)} and {words.plain(other)} on the map",
        on_click=_look_up,
        args=([faces.table.people[found.people[place]] for place in (pair.first, pair.second)],),
    )


def _told(found: Lookalikes, pair: Pair) -> str:
    shares = found.overlaps[pair.first, pair.second], found.overlaps[pair.second, pair.first]
    overlap = " and ".join("one face" if np.isnan(share) else words.percent(float(share), 0) for share in shares)
    return f"{found.distances[pair.first, pair.second]:.2f} apart, overlap {overlap}"


def _look_up(people: list[str]) -> None:
    """Show the map with these people in front; the address, which its field of names keeps, is not told by itself."""
    st.session_state[WANTED] = people
    st.query_params[WANTED] = [words.person(name) for name in people]
    st.session_state[VIEW] = MAP


def _matrix(dataset: Dataset, faces: Faces, found: Lookalikes) -> None:
    cells = st.segmented_control(
        "Cells show", [DISTANCES, OVERLAPS], default=DISTANCES, required=True, key="lookalike_cells"
    )
    st.caption(
        "The deeper, the more alike; those who are alike stand side by side. Click a cell to see the two on the map."
        + (" Of the row's faces, those nearer to the column's." if cells == OVERLAPS else "")
    )
    dark = st.context.theme.type == "dark"
    n = len(found.people)
    with st.container(width=700 if n <= charts.TEXT_MOST else "stretch"):
        st.plotly_chart(
            charts.figure(_chart(dataset.id, dataset.revision, cells == OVERLAPS, dark)),
            key=CHART,
            on_select=partial(_clicked, faces),
            selection_mode="points",
            config={"modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
            alt=f"How alike {words.count(n, 'person', 'people')} are, two by two. {finding(faces, found)}.",
        )


@st.cache_data(show_spinner=False, max_entries=8)
def _chart(dataset_id: str, revision: Revision, as_overlaps: bool, dark: bool) -> str:
    found, people = _compared(dataset_id, revision), data.faces(dataset_id, revision).table.people
    return charts.alike_json(alike(found, people, as_overlaps=as_overlaps), ink=charts.INK[dark], as_shares=as_overlaps)


def alike(found: Lookalikes, people: tuple[str, ...], *, as_overlaps: bool) -> Alike:
    """What the matrix shows; its colours begin at the middle distance, or at no overlap."""
    read = [words.person(people[person]) for person in found.people]
    names = [name if read.count(name) == 1 else people[person] for name, person in zip(read, found.people, strict=True)]
    if as_overlaps:
        return Alike(
            names=names,
            people=found.people,
            values=found.overlaps,
            nearest=max(0.05, float(np.nanmax(found.overlaps))),
            farthest=0.0,
        )
    between = found.distances[np.triu_indices(len(names), 1)]
    return Alike(
        names=names,
        people=found.people,
        values=found.distances,
        nearest=float(between.min()),
        farthest=float(np.median(between)),
    )


def _clicked(faces: Faces) -> None:
    """A cell was clicked: look its two people up."""
    for cell in charts.picked_cells(st.session_state.get(CHART))[:1]:
        _look_up([faces.table.people[person] for person in cell])
