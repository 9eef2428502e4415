"""Who is taken for whom: the pairs as faces, the matrix, and the photos of the cell that was clicked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from core.base.types import Ints
from core.charts.confusion import cut_confusion_matrix, describe_confusions, select_confused_people
from core.language.languages import Language
from core.language.texts import current_language, marked, ngettext
from core.language.texts import gettext as _
from core.learn.metrics.classification import ConfusedPair, Evaluation
from core.ui import charts, data, frame, gallery, words
from core.ui.access import kept
from core.ui.certainty import tested_face
from core.ui.components.picker import Pickable, draw_picker
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.ui.labels import corrections, face_review, face_sheet
from core.ui.labels.corrections import CorrectionDesk

PAIRS_SHOWN = 12
SHOW_ALL_MOST = 40
"""Up to so many people everybody is in the matrix; of more, those who are confused."""
EVERYONE_MOST = 2000
"""Up to so many people everybody can be asked for: of 50,000 a chart would have 2.5 billion cells."""
CELL_PER_PAGE = 24
MOST_CONFUSED_SHOWN = 60
"""The most people shown unasked."""
COUNTS, SHARES = marked("Counts"), marked("Shares")
BY_CONFUSION, BY_NAME = marked("Confused side by side"), marked("By name")


@dataclass(frozen=True, slots=True)
class MatrixOptions:
    """What the matrix shows, and how."""

    people: tuple[str, ...]
    everyone: bool
    by_name: bool
    as_shares: bool


@st.fragment
def show_confusion_section(evaluated: EvaluatedRun) -> None:
    """The pairs first, then the matrix; a click on a cell shows its photos, which can be corrected there."""
    corrections.rerun_if_changed()
    result = evaluated.evaluation
    st.markdown(f"**{words.plain(describe_confusions(result))}**")
    options = _ask_matrix_options(result)
    n_shown = len(select_matrix_people(result, options.people, everyone=options.everyone))
    pairs = [
        pair for pair in result.most_confused if not options.people or {pair.person, pair.given} & {*options.people}
    ]
    if not n_shown:
        st.caption(
            _("With so many people only those who were confused are shown. Turn on 'Everyone' for the others.")
            if len(result.people) <= EVERYONE_MOST
            else _("With so many people only those who were confused are shown.")
        )
        return
    # A matrix whose cells carry numbers is narrow enough to stand beside the pairs; a larger one has the whole width.
    small = n_shown <= charts.TEXT_MOST
    if pairs and small:
        left, right = st.columns([2, 3], gap="medium")
    else:
        left, right = st.container(), st.container(width=700 if small else "stretch")
    with left:
        _show_pairs(evaluated, pairs)
    with right:
        _show_matrix(evaluated, options)


def _ask_matrix_options(result: Evaluation) -> MatrixOptions:
    many = SHOW_ALL_MOST < len(result.people) <= EVERYONE_MOST
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        people = st.multiselect(
            _("Find people"),
            list_findable_people(result),
            format_func=words.display_name,
            key="confused_people",
            placeholder=_("A name"),
            width=300,
            help=_("Shows them and everybody they were confused with."),
        )
        values = st.segmented_control(
            _("Cells show"), [COUNTS, SHARES], default=COUNTS, required=True, format_func=_, key="cells"
        )
        order = st.segmented_control(
            _("Order"),
            [BY_CONFUSION, BY_NAME],
            default=BY_CONFUSION,
            required=True,
            format_func=_,
            key="matrix_order",
        )
        everyone = many and st.toggle(_("Everyone"), key="everyone", help=_("People who were never confused too."))
    return MatrixOptions(tuple(people), everyone, order == BY_NAME, values == SHARES)


def list_findable_people(result: Evaluation) -> Sequence[str]:
    """Whom the field lists: everybody, or of very many people those who are confused most."""
    if len(result.people) <= EVERYONE_MOST:
        return result.people
    return [result.people[index] for index in select_confused_people(result, EVERYONE_MOST).tolist()]


def select_matrix_people(result: Evaluation, people: tuple[str, ...], *, everyone: bool) -> Ints:
    """Choose who is in the matrix: (n,) indices in the evaluation, ascending.

    Those looked for and whoever they were confused with; else everybody who was tested or named while they are few;
    else those who were confused, the most confused first when even these are many. Everybody only where asked for, and
    not of more than ``EVERYONE_MOST``.
    """
    index_of = {name: index for index, name in enumerate(result.people)}
    if people:
        involved = {pair.person for pair in result.most_confused if pair.given in people}
        involved |= {pair.given for pair in result.most_confused if pair.person in people}
        return np.array(sorted(index_of[name] for name in involved | {*people}), dtype=np.int64)
    # Who was neither tested nor named has an empty row and an empty column.
    occurring = np.flatnonzero(result.confusion.sum(axis=0) + result.confusion.sum(axis=1))
    if len(occurring) <= (EVERYONE_MOST if everyone else SHOW_ALL_MOST):
        return occurring
    return select_confused_people(result, MOST_CONFUSED_SHOWN)


# As JSON: a figure that comes out of a cache with its keys in another order is another chart to Streamlit, and the
# cell that was clicked is no longer selected.
@kept.cache_data(show_spinner=False, max_entries=32)
def _chart_json(run_id: str, options: MatrixOptions, dark: bool, language: Language) -> tuple[str, list[int]]:
    """The chart as JSON, and its people from top to bottom; its words are those of the language that is spoken."""
    result = data.run_predictions(run_id).evaluation
    people = select_matrix_people(result, options.people, everyone=options.everyone)
    matrix = cut_confusion_matrix(result, people, by_name=options.by_name)
    return charts.confusion_json(matrix, ink=charts.INK[dark], as_shares=options.as_shares), matrix.people.tolist()


def _show_pairs(evaluated: EvaluatedRun, pairs: list[ConfusedPair]) -> None:
    cells = []
    for pair in pairs[:PAIRS_SHOWN]:
        face_id = next(iter(_faces_named_as(evaluated, pair.person, pair.given)), None)
        # Since the run its faces may have left the dataset, or the other person may have been renamed.
        cover = data.find_cover(evaluated.dataset, pair.given)
        if face_id is None or cover is None:
            continue
        person, predicted = words.display_name(pair.person), words.display_name(pair.given)
        left = gallery.Tile(evaluated.faces.table.crop_ids[evaluated.faces.table.index(face_id)], person)
        tested = _support(evaluated.evaluation, pair.person)
        cells.append(
            gallery.TilePair(
                left,
                gallery.Tile(cover, predicted),
                person,
                _("{part} of {total} taken for {name}", part=pair.count, total=tested, name=predicted),
            )
        )
    if cells:
        gallery.show_pairs(evaluated.dataset.id, cells, pair_px=168)
    if len(pairs) > PAIRS_SHOWN:
        st.caption(
            ngettext(
                "and {number} more pair; the matrix has them all.",
                "and {number} more pairs; the matrix has them all.",
                len(pairs) - PAIRS_SHOWN,
            )
        )


def _support(result: Evaluation, person: str) -> int:
    return next(row.support for row in result.per_person if row.person == person)


def _faces_named_as(evaluated: EvaluatedRun, person: str, predicted: str) -> list[str]:
    """The tested faces of a person that got a name, the surest first; without those that left the dataset."""
    predictions = evaluated.predictions
    index_of = {name: index for index, name in enumerate(predictions.people)}
    in_cell = (predictions.true == index_of[person]) & (predictions.given == index_of[predicted])
    rows = predictions.surest_rows(in_cell)
    return [predictions.face_ids[row] for row in rows if predictions.face_ids[row] in evaluated.faces.table]


def _show_matrix(evaluated: EvaluatedRun, options: MatrixOptions) -> None:
    """The matrix, and the photos of the clicked cell: under a small one, beside a tall one at the click's height."""
    figure_json, people = _chart_json(evaluated.run.id, options, frame.is_dark(), current_language())
    # Below a tall matrix the photos would be out of sight of the cell that was clicked.
    tall = len(people) > charts.TEXT_MOST
    left, right = st.columns([4, 1], gap="medium") if tall else (st.container(), st.container())
    with left:
        st.caption(
            _("Blue: right. Orange: taken for somebody else. The deeper, the more. Click a cell to see its faces.")
        )
        event = st.plotly_chart(
            charts.figure_from_json(figure_json),
            key="confusion_chart",
            on_select="rerun",
            selection_mode="points",
            config={"modeBarButtonsToRemove": ["toImage", "autoScale2d"]},
            alt=_("Confusion matrix. {confusions}.", confusions=describe_confusions(evaluated.evaluation)),
        )
    for true, predicted in charts.picked_cells(event)[:1]:
        with right:
            if tall and true in people:
                st.space(1 + charts.confusion_row_px(len(people), people.index(true)))
            _show_cell(evaluated, true, predicted)


def _show_cell(evaluated: EvaluatedRun, true: int, predicted: int) -> None:
    names = evaluated.predictions.people
    face_ids = _faces_named_as(evaluated, names[true], names[predicted])
    person, predicted_person = words.plain(evaluated.person(true)), words.plain(evaluated.person(predicted))
    n_faces = ngettext("{number} face", "{number} faces", len(face_ids))
    st.markdown(
        _("**{person}, recognised: {faces}**", person=person, faces=n_faces)
        if true == predicted
        else _("**{person}, taken for {name}: {faces}**", person=person, name=predicted_person, faces=n_faces)
    )
    # The two names of the cell are on the keys 1 and 2. The predicted one comes first: it is the one to give where the
    # folder was wrong. On the diagonal they are one; and a name that nobody has any more would be made anew.
    ids_on_page = face_ids[gallery.page_slice(len(face_ids), CELL_PER_PAGE, f"cell_{true}_{predicted}")]
    names_of_cell, current_people = dict.fromkeys((names[predicted], names[true])), set(evaluated.faces.table.people)
    desk = CorrectionDesk(evaluated.dataset, tuple(name for name in names_of_cell if name in current_people), "cell")
    actions = st.container()
    grid = corrections.build_grid(_("The faces of the cell. Arrows walk, space chooses."), desk.keys, 88)
    picked = draw_picker(
        f"cell_{evaluated.run.id}_{true}_{predicted}",
        _tiles(evaluated, ids_on_page, names[true]),
        grid,
        corrections.current_epoch(),
    )
    with actions:
        n_chosen = len(picked.about)
        desk.show_actions(picked.about, ngettext("{number} chosen", "{number} chosen", n_chosen) if n_chosen else "")
        if desk.may_edit:
            st.caption(words.plain(_legend(desk)))
    if desk.obey(picked.commands):
        st.rerun()
    if picked.command and picked.command.name == "open" and picked.command.face_ids:
        face_sheet.open_photo_of_face(evaluated.dataset, picked.command.face_ids[0])


def _legend(desk: CorrectionDesk) -> str:
    keys = "".join(f"{key} {words.display_name(name)}, " for key, name in enumerate(desk.digits, start=1))
    return _(
        "Choose faces to correct them. Keys: {keys}Enter the whole photo, c right, x leave out, u undo.", keys=keys
    )


def _tiles(evaluated: EvaluatedRun, face_ids: Sequence[str], counted_as: str) -> list[Pickable]:
    rows = evaluated.faces.table.indices(face_ids).tolist()
    tiles = [face_review.face_tile(evaluated.dataset, evaluated.faces, row) for row in rows]
    # The matrix counts a face as the run knew it. One that was given another name since is said to be so, or somebody
    # would look for it and correct it again.
    return [
        replace(
            tile,
            note=tested_face.describe_tested_face(
                tested_face.rate_tested_face(
                    evaluated.run.id, evaluated.predictions, evaluated.predictions.index(tile.id)
                )
            )
            if evaluated.faces.table.person(row) == counted_as
            else _("corrected since"),
        )
        for tile, row in zip(tiles, rows, strict=True)
    ]
