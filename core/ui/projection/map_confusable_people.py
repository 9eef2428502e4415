"""Who looks like whom: the most alike pairs as faces, and everybody with everybody as a matrix."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from core.base.types import Revision
from core.charts.palette import label_uniquely
from core.language.languages import Language
from core.language.texts import current_language, marked, ngettext
from core.language.texts import gettext as _
from core.learn.projection.confusable_people import BUSY_MOST, FACES_MOST, LookalikePair, Lookalikes, find_lookalikes
from core.store.values.datasets import Dataset
from core.ui import charts, data, frame, gallery, words
from core.ui.access import kept
from core.ui.certainty import bar
from core.ui.charts import LikenessMatrix
from core.ui.data import Faces

PAIRS_SHOWN = 12
_OVERLAP_READING = marked("Of the row's faces, those more like the column's.")
PAIR_PX = 212
CLEARLY_UNLIKE = 50.0
"""Up to this likeness two means are far from alike; 0 is that of two who have nothing in common."""
VIEW, MAP, LOOKALIKES = "view", marked("Map"), marked("Look-alikes")
"""The key of the page's tabs, and the tabs."""
PEOPLE_KEY = "person"
"""Those who are looked for on the map: the key of their field, and its name in the address."""
LIKENESSES, OVERLAPS = marked("Likeness"), marked("Overlap")
CHART_KEY = "lookalikes_chart"


@kept.cache_resource(show_spinner=False, max_entries=4)
def _compare_everybody(dataset_id: str, revision: Revision) -> Lookalikes:
    """All people who take part in learning."""
    faces = data.dataset_faces(dataset_id, revision)
    # Faces that are left out or too poor to tell who it is have no say: blurred ones are like everybody's.
    return find_lookalikes(faces.embeddings.vectors, np.where(faces.table.learnable, faces.table.labels, -1))


def show_lookalikes_section(dataset: Dataset) -> None:
    """The pairs first, then the matrix; a click on either looks the two up on the map."""
    with st.spinner(_("Comparing everybody with everybody")):
        comparison = _compare_everybody(dataset.id, dataset.revision)
    if not comparison.pairs:
        st.info(_("Two people with names are needed to compare them."), icon=":material/info:")
        return
    faces = data.dataset_faces(dataset.id, dataset.revision)
    st.markdown(f"**{words.plain(_lookalikes_summary(faces, comparison))}**")
    st.caption(_measure_sentence(comparison))
    with st.container(horizontal=True, gap="medium"):
        for number, pair in enumerate(comparison.pairs[:PAIRS_SHOWN]):
            with st.container(width=PAIR_PX):
                _show_pair(dataset, faces, comparison, pair, number)
    st.space("small")
    _show_matrix(dataset, faces, comparison)


def _name(faces: Faces, comparison: Lookalikes, index: int) -> str:
    return words.isolate_name(faces.table.people[comparison.people[index]])


def _lookalikes_summary(faces: Faces, comparison: Lookalikes) -> str:
    """Who is most alike, and whether that is alike at all."""
    pair = comparison.pairs[0]
    first_name, second_name = _name(faces, comparison, pair.first), _name(faces, comparison, pair.second)
    likeness = bar.distance_to_likeness(float(comparison.distances[pair.first, pair.second]))
    pair_names = {"first": first_name, "second": second_name, "likeness": bar.format_likeness(likeness)}
    if likeness <= CLEARLY_UNLIKE and not _has_overlap(comparison):
        return _(
            "Nobody here is easily taken for somebody else. Most alike are {first} and {second}: likeness {likeness}.",
            **pair_names,
        )
    return _("Most alike are {first} and {second}: likeness {likeness}.", **pair_names)


def _has_overlap(comparison: Lookalikes) -> bool:
    """Whether anybody has a face among another's, or the most alike pair cannot tell."""
    pair = comparison.pairs[0]
    shares = comparison.overlaps[pair.first, pair.second], comparison.overlaps[pair.second, pair.first]
    # Of somebody with a single face there is no share (NaN): nothing shows that they are not confused. The diagonal
    # is 0, so that there is always something to take the largest of.
    return bool(np.isnan(shares).any() or np.nanmax(comparison.overlaps) > 0)


def _measure_sentence(comparison: Lookalikes) -> str:
    sentences = [
        _(
            "The likeness is that of the means of two people's faces in the 128 numbers. The overlap is the share of a "
            "person's faces that is more like a face of the other than like any other of their own: those will be "
            "confused."
        )
    ]
    if not comparison.everybody:
        sentences.append(_("With so many people, the {most} of the most alike pairs are compared.", most=BUSY_MOST))
    if comparison.sampled:
        sentences.append(
            _("Of each person at most {most} faces, drawn by lot, count for the overlap.", most=FACES_MOST)
        )
    return " ".join(sentences)


def _show_pair(dataset: Dataset, faces: Faces, comparison: Lookalikes, pair: LookalikePair, number: int) -> None:
    first_name, second_name = _name(faces, comparison, pair.first), _name(faces, comparison, pair.second)
    tiles = [
        gallery.Tile(faces.table.crop_ids[row], name)
        for row, name in ((pair.first_face, first_name), (pair.second_face, second_name))
    ]
    both_names = _("{first} and {second}", first=first_name, second=second_name)
    tile_pair = gallery.TilePair(tiles[0], tiles[1], both_names, _pair_note(comparison, pair))
    gallery.show_pairs(dataset.id, [tile_pair], pair_px=PAIR_PX - 12)
    st.button(
        _("On the map"),
        key=f"pair_{number}",
        icon=":material/scatter_plot:",
        type="tertiary",
        help=_("{first} and {second} on the map", first=words.plain(first_name), second=words.plain(second_name)),
        on_click=_look_up,
        args=([faces.table.people[comparison.people[index]] for index in (pair.first, pair.second)],),
    )


def _pair_note(comparison: Lookalikes, pair: LookalikePair) -> str:
    # The overlap has a direction: of somebody with two faces half may lie among the thousand of another, and hardly
    # one of those thousand among the two. Of a single face none is the nearest own, so there is no share (NaN).
    shares = comparison.overlaps[pair.first, pair.second], comparison.overlaps[pair.second, pair.first]
    first, second = (_("one face") if np.isnan(share) else words.percent(float(share), 0) for share in shares)
    return _(
        "{likeness}, overlap {first} and {second}",
        likeness=bar.format_pair_likeness(float(comparison.distances[pair.first, pair.second])),
        first=first,
        second=second,
    )


def _look_up(people: list[str]) -> None:
    """Show the map with these people in front."""
    # Called back before the page runs: what the tabs and the field show can only be set while they are not drawn yet.
    # The field keeps its value in the address too, which is not told of a value that the session sets.
    st.session_state[PEOPLE_KEY] = people
    st.query_params[PEOPLE_KEY] = [words.display_name(name) for name in people]
    st.session_state[VIEW] = _(MAP)


def _show_matrix(dataset: Dataset, faces: Faces, comparison: Lookalikes) -> None:
    cells = st.segmented_control(
        _("Cells show"),
        [LIKENESSES, OVERLAPS],
        default=LIKENESSES,
        required=True,
        format_func=_,
        key="lookalike_cells",
    )
    caption = _(
        "The deeper, the more alike; those who are alike stand side by side. Click a cell to see the two on the map."
    )
    if cells == OVERLAPS:
        caption = f"{caption} {_(_OVERLAP_READING)}"
    st.caption(caption)
    dark = frame.is_dark()
    n = len(comparison.people)
    with st.container(width=700 if n <= charts.TEXT_MOST else "stretch"):
        st.plotly_chart(
            charts.figure_from_json(
                _chart_json(dataset.id, dataset.revision, cells == OVERLAPS, dark, current_language())
            ),
            key=CHART_KEY,
            on_select=partial(_look_up_clicked_pair, faces),
            selection_mode="points",
            config={"modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
            alt=ngettext(
                "How alike {number} person are, two by two. {summary}",
                "How alike {number} people are, two by two. {summary}",
                n,
                summary=_lookalikes_summary(faces, comparison),
            ),
        )


@kept.cache_data(show_spinner=False, max_entries=8)
def _chart_json(dataset_id: str, revision: Revision, as_overlaps: bool, dark: bool, language: Language) -> str:
    # What is said of a cell is in the language that is spoken.
    comparison, people = _compare_everybody(dataset_id, revision), data.dataset_faces(dataset_id, revision).table.people
    return charts.likeness_json(
        _likeness_matrix(comparison, people, as_overlaps=as_overlaps), ink=charts.INK[dark], as_shares=as_overlaps
    )


def _likeness_matrix(comparison: Lookalikes, people: tuple[str, ...], *, as_overlaps: bool) -> LikenessMatrix:
    """What the matrix shows; its colours begin at the middle likeness, or at no overlap."""
    names = label_uniquely([people[person] for person in comparison.people], words.display_name)
    if as_overlaps:
        return LikenessMatrix(
            names=names,
            people=comparison.people,
            values=comparison.overlaps,
            # Where hardly anybody overlaps, the little that there is should not be as deep as a real confusion.
            nearest=max(0.05, float(np.nanmax(comparison.overlaps))),
            farthest=0.0,
        )
    # Most people are no more alike than any two strangers: up to the middle likeness a cell has no colour.
    likenesses = np.vectorize(bar.distance_to_likeness, otypes=[np.float64])(comparison.distances)
    pair_likenesses = likenesses[np.triu_indices(len(names), 1)]
    return LikenessMatrix(
        names=names,
        people=comparison.people,
        values=likenesses,
        nearest=float(pair_likenesses.max()),
        farthest=float(np.median(pair_likenesses)),
    )


def _look_up_clicked_pair(faces: Faces) -> None:
    """A cell was clicked: look its two people up."""
    for cell in charts.picked_cells(st.session_state.get(CHART_KEY))[:1]:
        _look_up([faces.table.people[person] for person in cell])
