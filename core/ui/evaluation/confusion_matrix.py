"""Who is taken for whom: the pairs as faces, the matrix, and the photos of the cell that was clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core.base.types import Ints
from core.learn.metrics.classification import Confused, Evaluation, order_by_confusion
from core.ui import charts, data, gallery, words
from core.ui.charts import Matrix
from core.ui.components.picker import Pickable, picker
from core.ui.evaluation import evaluation_page
from core.ui.evaluation.evaluation_page import Shown
from core.ui.labels import corrections, face_review, face_sheet
from core.ui.labels.corrections import Desk

PAIRS_SHOWN = 12
SHOW_ALL_MOST = 40
"""Up to so many people everybody is in the matrix; of more, those who are confused."""
CELL_PER_PAGE = 24
BUSY_MOST = 60
"""The most people shown unasked."""
COUNTS, SHARES = "Counts", "Shares"
BY_CONFUSION, BY_NAME = "Confused side by side", "By name"


@dataclass(frozen=True, slots=True)
class Options:
    """What the matrix shows, and how."""

    wanted: tuple[str, ...]
    everyone: bool
    by_name: bool
    as_shares: bool


@st.fragment
def confusion(page: Shown) -> None:
    """The pairs first, then the matrix; a click on a cell shows its photos, which can be corrected there."""
    corrections.keep_in_step()
    result = page.evaluation
    st.markdown(f"**{words.plain(evaluation_page.finding(result))}**")
    options = _options(result)
    n_shown = len(matrix_people(result, options.wanted, everyone=options.everyone))
    pairs = [
        pair for pair in result.most_confused if not options.wanted or {pair.person, pair.given} & {*options.wanted}
    ]
    if not n_shown:
        st.caption("With so many people only those who were confused are shown. Turn on 'Everyone' for the others.")
        return
    small = n_shown <= charts.TEXT_MOST
    if pairs and small:
        left, right = st.columns([2, 3], gap="medium")
    else:
        left, right = st.container(), st.container(width=700 if small else "stretch")
    with left:
        _pairs(page, pairs)
    with right:
        _matrix(page, options)


def _options(result: Evaluation) -> Options:
    many = len(result.people) > SHOW_ALL_MOST
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        wanted = st.multiselect(
            "Find people",
            result.people,
            format_func=words.person,
            key="confused_people",
            placeholder="A name",
            width=300,
            help="Shows them and everybody they were confused with.",
        )
        values = st.segmented_control("Cells show", [COUNTS, SHARES], default=COUNTS, required=True, key="cells")
        order = st.segmented_control(
            "Order", [BY_CONFUSION, BY_NAME], default=BY_CONFUSION, required=True, key="matrix_order"
        )
        everyone = many and st.toggle("Everyone", key="everyone", help="People who were never confused too.")
    return Options(tuple(wanted), everyone, order == BY_NAME, values == SHARES)


def matrix_people(result: Evaluation, wanted: tuple[str, ...], *, everyone: bool) -> Ints:
    """Choose who is in the matrix: places in the evaluation, ascending.

    Those looked for and whoever they were confused with; else everybody who was tested or named while they are few;
    else those who were confused, the most confused first when even these are many.
    """
    place = {name: number for number, name in enumerate(result.people)}
    if wanted:
        near = {pair.person for pair in result.most_confused if pair.given in wanted}
        near |= {pair.given for pair in result.most_confused if pair.person in wanted}
        return np.array(sorted(place[name] for name in near | {*wanted}), dtype=np.int64)
    seen = np.flatnonzero(result.confusion.sum(axis=0) + result.confusion.sum(axis=1))
    if everyone or len(seen) <= SHOW_ALL_MOST:
        return seen
    busy = list(dict.fromkeys(place[name] for pair in result.most_confused for name in (pair.person, pair.given)))
    return np.array(sorted(busy[:BUSY_MOST]), dtype=np.int64)


def matrix_of(result: Evaluation, shown: Ints, *, by_name: bool) -> Matrix:
    """Cut the matrix of some people out of the whole, in the order asked for."""
    order = shown if by_name else shown[order_by_confusion(result.confusion[np.ix_(shown, shown)])]
    if by_name:
        order = np.array(sorted(shown, key=lambda place: words.person(result.people[place]).casefold()), dtype=np.int64)
    return Matrix(
        names=_unique([result.people[place] for place in order]),
        people=order,
        counts=result.confusion[np.ix_(order, order)],
        support=result.confusion.sum(axis=1)[order],
    )


def _unique(names: list[str]) -> list[str]:
    """Names for reading; as they are in the dataset where two would read the same."""
    read = [words.person(name) for name in names]
    return [text if read.count(text) == 1 else name for text, name in zip(read, names, strict=True)]


@st.cache_data(show_spinner=False, max_entries=32)
def _chart(run_id: str, options: Options, dark: bool) -> tuple[str, list[int]]:
    """The chart as JSON, and its people from top to bottom."""
    result = data.predictions(run_id).evaluation
    shown = matrix_people(result, options.wanted, everyone=options.everyone)
    matrix = matrix_of(result, shown, by_name=options.by_name)
    return charts.confusion_json(matrix, ink=charts.INK[dark], as_shares=options.as_shares), matrix.people.tolist()


def _pairs(page: Shown, pairs: list[Confused]) -> None:
    covers = {person.name: person.cover_crop_id for person in data.people(page.dataset.id, page.dataset.revision)}
    cells = []
    for pair in pairs[:PAIRS_SHOWN]:
        face_id = next(iter(faces_of(page, pair.person, pair.given)), None)
        if face_id is None or pair.given not in covers:
            continue
        person, given = words.person(pair.person), words.person(pair.given)
        left = gallery.Tile(page.faces.table.crop_ids[page.faces.row[face_id]], person)
        tested = _support(page.evaluation, pair.person)
        cells.append(
            gallery.Pair(
                left, gallery.Tile(covers[pair.given], given), person, f"{pair.count} of {tested} taken for {given}"
            )
        )
    if cells:
        gallery.pairs(page.dataset.id, cells, pair_px=168)
    if len(pairs) > PAIRS_SHOWN:
        st.caption(f"and {words.count(len(pairs) - PAIRS_SHOWN, 'more pair')}; the matrix has them all.")


def _support(result: Evaluation, person: str) -> int:
    return next(row.support for row in result.per_person if row.person == person)


def faces_of(page: Shown, person: str, given: str) -> list[str]:
    """The tested faces of a person that got a name, the surest first; without those that left the dataset."""
    said = page.predictions
    place = {name: number for number, name in enumerate(said.people)}
    rows = np.flatnonzero((said.true == place[person]) & (said.given == place[given]))
    rows = rows[np.argsort(-said.probs[rows], kind="stable")]
    return [said.face_ids[row] for row in rows if said.face_ids[row] in page.faces.row]


def _matrix(page: Shown, options: Options) -> None:
    """The matrix, and the photos of the clicked cell: under a small one, beside a tall one at the click's height."""
    drawn, people = _chart(page.run.id, options, st.context.theme.type == "dark")
    tall = len(people) > charts.TEXT_MOST
    left, right = st.columns([4, 1], gap="medium") if tall else (st.container(), st.container())
    with left:
        st.caption("Blue: right. Orange: taken for somebody else. The deeper, the more. Click a cell to see its faces.")
        event = st.plotly_chart(
            charts.figure(drawn),
            key="confusion_chart",
            on_select="rerun",
            selection_mode="points",
            config={"modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
            alt=f"Confusion matrix. {evaluation_page.finding(page.evaluation)}.",
        )
    for true, given in charts.picked_cells(event)[:1]:
        with right:
            if tall and true in people:
                st.space(1 + charts.confusion_row_px(len(people), people.index(true)))
            _cell(page, true, given)


def _cell(page: Shown, true: int, given: int) -> None:
    names = page.predictions.people
    face_ids = faces_of(page, names[true], names[given])
    said = "recognised" if true == given else f"taken for {page.person(given)}"
    st.markdown(f"**{words.plain(page.person(true))}, {words.plain(said)}: {words.count(len(face_ids), 'face')}**")
    part = face_ids[gallery.page_slice(len(face_ids), CELL_PER_PAGE, f"cell_{true}_{given}")]
    both, known = dict.fromkeys((names[given], names[true])), set(page.faces.table.people)
    desk = Desk(page.dataset, tuple(name for name in both if name in known), "cell")
    actions = st.container()
    grid = corrections.grid("The faces of the cell. Arrows walk, space chooses.", desk.keys, 88)
    picked = picker(f"cell_{page.run.id}_{true}_{given}", _tiles(page, part, names[true]), grid, corrections.epoch())
    with actions:
        desk.bar(picked.about, f"{words.count(len(picked.about))} chosen" if picked.about else "")
        st.caption(words.plain(_legend(desk)))
    if desk.obey(picked.commands):
        st.rerun()
    if picked.command and picked.command.name == "open" and picked.command.face_ids:
        face_sheet.whole_photo(page.dataset, picked.command.face_ids[0])


def _legend(desk: Desk) -> str:
    keys = "".join(f"{key} {words.person(name)}, " for key, name in enumerate(desk.digits, start=1))
    return f"Choose faces to correct them. Keys: {keys}Enter the whole photo, c right, x leave out, u undo."


def _tiles(page: Shown, face_ids: Sequence[str], counted_as: str) -> list[Pickable]:
    probs = dict(zip(page.predictions.face_ids, page.predictions.probs.tolist(), strict=True))
    rows = [page.faces.row[face_id] for face_id in face_ids]
    tiles = [face_review.pickable(page.dataset, page.faces, row) for row in rows]
    return [
        replace(
            tile,
            note=f"{words.probability(probs[tile.id])} sure"
            if page.faces.table.person(row) == counted_as
            else "corrected since",
        )
        for tile, row in zip(tiles, rows, strict=True)
    ]
