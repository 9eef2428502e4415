"""Every wrong prediction: the face, its two names, the training faces most like it, and its whole photo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from core.base.types import Revision
from core.charts.confusion import describe_confusions
from core.language.languages import Language
from core.language.texts import current_language, ngettext
from core.language.texts import gettext as _
from core.learn.metrics.predictions import Predictions
from core.learn.open_set.certainty import Certainty
from core.ui import data, gallery, words
from core.ui.access import kept
from core.ui.certainty import bar, tested_face
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.ui.labels import face_sheet
from core.workflows.neighbours.search import NeighbourSearch, open_gallery_search
from core.workflows.training.train import select_gallery

PER_PAGE = 8
EVIDENCE_FACES = 5
"""Training faces shown beside an error."""
SAME_PHOTO_MOST = 4
"""The most of the nearest that are taken to be of the same photo."""


@dataclass(frozen=True, slots=True)
class WrongPrediction:
    """A face that got another name than its own."""

    face_id: str
    person: str
    """Whom it counted as."""
    predicted: str
    """The name that it got."""
    certainty: Certainty | None = None
    """How sure the run was of it, where that is to be shown."""
    note: str = ""


def show_errors_section(evaluated: EvaluatedRun) -> None:
    """Every wrong prediction beside the training faces most like it, the surest first."""
    rows = evaluated.predictions.surest_rows(evaluated.predictions.wrong).tolist()
    if not rows:
        _no_errors(evaluated)
        return
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{words.plain(describe_confusions(evaluated.evaluation))}**", width="content")
        rows = _filter_by_person(evaluated.predictions, rows) if len(rows) > PER_PAGE else rows
    # A run outlives its faces: those that were removed since are counted below, and cannot be shown.
    present_rows = [row for row in rows if evaluated.predictions.face_ids[row] in evaluated.faces.table]
    st.caption(
        _(
            "The surest mistakes come first. Beside each: the faces most like it among those that were learned from, "
            "and how like they are (0 to 100)."
        )
    )
    for row in present_rows[gallery.page_slice(len(present_rows), PER_PAGE, "errors")]:
        _show_row(evaluated, row)
    if len(present_rows) < len(rows):
        st.caption(
            ngettext(
                "{number} wrong face of this run left the dataset since.",
                "{number} wrong faces of this run left the dataset since.",
                len(rows) - len(present_rows),
            )
        )


def _filter_by_person(predictions: Predictions, rows: list[int]) -> list[int]:
    """Let the user keep those that have to do with somebody."""
    involved = sorted({predictions.people[index] for row in rows for index in _true_and_predicted(predictions, row)})
    people = st.multiselect(
        _("Find people"),
        involved,
        format_func=words.display_name,
        key="error_people",
        placeholder=_("Find people"),
        label_visibility="collapsed",
        width=330,
    )
    return [
        row
        for row in rows
        if not people or {predictions.people[index] for index in _true_and_predicted(predictions, row)} & {*people}
    ]


def _true_and_predicted(predictions: Predictions, row: int) -> tuple[int, int]:
    return int(predictions.true[row]), int(predictions.given[row])


def _no_errors(evaluated: EvaluatedRun) -> None:
    with st.container(border=True):
        st.markdown(
            ngettext(
                ":material/check_circle: **No errors.** Everybody on the {number} tested face was recognised.",
                ":material/check_circle: **No errors.** Everybody on the {number} tested faces was recognised.",
                evaluated.evaluation.n_test,
            )
        )
        st.caption(
            _("More people, and photos that look less alike, would make the test harder and the answer more telling.")
        )


def _show_row(evaluated: EvaluatedRun, row: int) -> None:
    predictions = evaluated.predictions
    true, predicted = (predictions.people[index] for index in _true_and_predicted(predictions, row))
    certainty = tested_face.rate_tested_face(evaluated.run.id, predictions, row)
    show_wrong_prediction(evaluated, WrongPrediction(predictions.face_ids[row], true, predicted, certainty))


def show_wrong_prediction(evaluated: EvaluatedRun, mistake: WrongPrediction) -> None:
    """The face, its two names, and the faces most like it among those that the run learned from."""
    person, predicted = words.isolate_name(mistake.person), words.isolate_name(mistake.predicted)
    with st.container(border=True):
        left, middle, right = st.columns([2, 4, 9], vertical_alignment="center")
        with left:
            face = gallery.Tile(_crop_id(evaluated, mistake.face_id), "", alt=_("Face of {name}", name=person))
            gallery.show_face_grid(evaluated.dataset.id, [face], tile_px=96)
        with middle:
            st.markdown(
                _(
                    "**{person}**  \n:material/close: taken for **{name}**",
                    person=words.plain(person),
                    name=words.plain(predicted),
                )
            )
            if mistake.certainty is not None:
                bar.show_certainty(mistake.certainty)
            if mistake.note:
                st.caption(words.plain(mistake.note))
            # It counted under the name of then. Who corrected it since should not take it for an error once more.
            current_name = evaluated.faces.table.person(evaluated.faces.table.index(mistake.face_id))
            if current_name != mistake.person:
                st.caption(_(":material/check: Corrected since: {name}", name=words.name(current_name)))
            if st.button(_("Whole photo"), key=f"photo_{mistake.face_id}", type="tertiary", icon=":material/photo:"):
                title = _("{person}, taken for {name}", person=person, name=predicted)
                face_sheet.open_photo_of_face(evaluated.dataset, mistake.face_id, title)
        with right:
            dataset = evaluated.dataset
            nearest = _nearest_training_tiles(
                dataset.id, dataset.revision, evaluated.run.id, mistake.face_id, current_language()
            )
            gallery.show_face_grid(dataset.id, nearest, tile_px=88)


def _crop_id(evaluated: EvaluatedRun, face_id: str) -> str:
    return evaluated.faces.table.crop_ids[evaluated.faces.table.index(face_id)]


# One selection of vectors for all errors on the page; a dataset of 100,000 faces would be gone through for each.
@kept.cache_resource(show_spinner=False, max_entries=2)
def _open_learned_search(dataset_id: str, revision: Revision, run_id: str) -> NeighbourSearch:
    learned = select_gallery(data.dataset_faces(dataset_id, revision).embeddings, data.run_predictions(run_id))
    working = data.services()
    dataset = replace(working.store.dataset(dataset_id), revision=revision)
    return open_gallery_search(working.store, working.artifacts, dataset, learned)


@kept.cache_data(show_spinner=False, max_entries=1024)
def _nearest_training_tiles(
    dataset_id: str, revision: Revision, run_id: str, face_id: str, language: Language
) -> list[gallery.Tile]:
    """The training faces most like a face, those of its own photo left out, described in the language spoken."""
    faces = data.dataset_faces(dataset_id, revision)
    own_row = faces.table.index(face_id)
    own_photo = faces.table.photo_ids[own_row]
    # Some more than are shown: those of its own photo, itself among them, explain nothing and are left out below.
    search = _open_learned_search(dataset_id, revision, run_id)
    ((near_ids, distances),) = search.nearest_faces(
        faces.embeddings.vectors[[own_row]], EVIDENCE_FACES + SAME_PHOTO_MOST
    )
    near_rows = faces.table.indices(near_ids)
    return [
        gallery.Tile(
            faces.table.crop_ids[row], words.display_name(faces.table.person(row)), bar.format_pair_likeness(distance)
        )
        for row, distance in zip(near_rows.tolist(), distances, strict=True)
        if faces.table.photo_ids[row] != own_photo
    ][:EVIDENCE_FACES]
