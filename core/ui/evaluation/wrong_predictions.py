"""Every wrong prediction: the face, its two names, the training faces most like it, and its whole photo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.base.types import Embeddings, Revision
from core.learn.metrics.predictions import Predictions
from core.learn.open_set.rejection_rule import nearest_training
from core.ui import data, gallery, words
from core.ui.evaluation import evaluation_page
from core.ui.evaluation.evaluation_page import Shown
from core.ui.labels import face_sheet
from core.workflows.training.train import learned_gallery

PER_PAGE = 8
EVIDENCE = 5
"""Training faces shown beside an error."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """A face that got another name than its own."""

    face_id: str
    person: str
    """Whom it counted as."""
    given: str
    note: str


def errors(page: Shown) -> None:
    """Every wrong prediction beside the training faces most like it, the surest first."""
    rows = wrong_rows(page.predictions)
    if not len(rows):
        _no_errors(page)
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{words.plain(evaluation_page.finding(page.evaluation))}**", width="content")
        rows = _find(page.predictions, rows) if len(rows) > PER_PAGE else rows
    there = [row for row in rows if page.predictions.face_ids[row] in page.faces.row]
    st.caption(
        "The surest mistakes come first. Beside each: the faces most like it among those that were learned from, "
        "and how far away they are."
    )
    for row in there[gallery.page_slice(len(there), PER_PAGE, "errors")]:
        _error(page, row)
    if len(there) < len(rows):
        st.caption(f"{words.count(len(rows) - len(there), 'wrong face')} of this run left the dataset since.")


def _find(predictions: Predictions, rows: list[int]) -> list[int]:
    """Let the user keep those that have to do with somebody."""
    involved = sorted({predictions.people[place] for row in rows for place in _both(predictions, row)})
    wanted = st.multiselect(
        "Find people",
        involved,
        format_func=words.person,
        key="error_people",
        placeholder="Find people",
        label_visibility="collapsed",
        width=330,
    )
    return [row for row in rows if not wanted or {predictions.people[at] for at in _both(predictions, row)} & {*wanted}]


def wrong_rows(predictions: Predictions) -> list[int]:
    """Rows of the wrong predictions, the surest first."""
    rows = np.flatnonzero(predictions.wrong)
    return [int(row) for row in rows[np.argsort(-predictions.probs[rows], kind="stable")]]


def _both(predictions: Predictions, row: int) -> tuple[int, int]:
    return int(predictions.true[row]), int(predictions.given[row])


def _no_errors(page: Shown) -> None:
    tested = words.count(page.evaluation.n_test, "tested face")
    with st.container(border=True):
        st.markdown(f":material/check_circle: **No errors.** Everybody on the {tested} was recognised.")
        st.caption(
            "More people, and photos that look less alike, would make the test harder and the answer more telling."
        )


def _error(page: Shown, row: int) -> None:
    said = page.predictions
    true, given = (said.people[place] for place in _both(said, row))
    note = f"{words.probability(float(said.probs[row]))} sure, distance {said.distances[row]:.2f}"
    show(page, Mistake(said.face_ids[row], true, given, note))


def show(page: Shown, wrong: Mistake) -> None:
    """The face, its two names, and the faces most like it among those that the run learned from."""
    person, given = words.person(wrong.person), words.person(wrong.given)
    with st.container(border=True):
        left, middle, right = st.columns([2, 4, 9], vertical_alignment="center")
        with left:
            face = gallery.Tile(_crop(page, wrong.face_id), "", alt=f"Face of {person}")
            gallery.grid(page.dataset.id, [face], tile_px=96)
        with middle:
            st.markdown(f"**{words.plain(person)}**  \n:material/close: taken for **{words.plain(given)}**")
            st.caption(words.plain(wrong.note))
            today = page.faces.table.person(page.faces.row[wrong.face_id])
            if today != wrong.person:
                st.caption(f":material/check: Corrected since: {words.name(today)}")
            if st.button("Whole photo", key=f"photo_{wrong.face_id}", type="tertiary", icon=":material/photo:"):
                face_sheet.whole_photo(page.dataset, wrong.face_id, f"{person}, taken for {given}")
        with right:
            gallery.grid(page.dataset.id, evidence(page, wrong.face_id), tile_px=88)


def _crop(page: Shown, face_id: str) -> str:
    return page.faces.table.crop_ids[page.faces.row[face_id]]


@st.cache_resource(show_spinner=False, max_entries=2)
def _learned(dataset_id: str, revision: Revision, run_id: str) -> Embeddings:
    return learned_gallery(data.faces(dataset_id, revision).embeddings, data.predictions(run_id))


def evidence(page: Shown, face_id: str) -> list[gallery.Tile]:
    """The training faces most like a face, those of its own photo left out."""
    learned, faces = _learned(page.dataset.id, page.dataset.revision, page.run.id), page.faces
    own_row = faces.row[face_id]
    own_photo = faces.table.photo_ids[own_row]
    rows, distances = nearest_training(faces.embeddings.vectors[own_row], learned.vectors, EVIDENCE + 4)
    near = [(faces.row[learned.face_ids[row]], distance) for row, distance in zip(rows[0], distances[0], strict=True)]
    return [
        gallery.Tile(faces.table.crop_ids[row], words.person(faces.table.person(row)), f"distance {distance:.2f}")
        for row, distance in near
        if faces.table.photo_ids[row] != own_photo
    ][:EVIDENCE]
