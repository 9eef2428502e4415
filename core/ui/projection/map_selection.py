"""The faces that were chosen on the map: as a gallery with the actions, what can be said of them, and as files."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.access.permissions import Action
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.learn.open_set.certainty import Sureness, measure_pair_likeness
from core.store.values.datasets import Dataset
from core.ui import data, gallery, words
from core.ui.access import offers
from core.ui.audit import recording
from core.ui.certainty import bar
from core.ui.components.picker import draw_picker
from core.ui.data import Faces
from core.ui.labels import corrections, face_review, face_sheet
from core.ui.labels.corrections import CorrectionDesk
from core.ui.projection import map_chart
from core.ui.projection.map_chart import FacePredictions, MapView
from core.workflows.projection import selection
from core.workflows.projection.selection import MapSelection

TILE_PX, PER_PAGE = 92, 24
CROPS_MOST = 5000
"""A zip goes through memory; of more faces the page of exports makes one."""


@st.fragment
def show_chosen_faces(dataset: Dataset, view: MapView, face_ids: tuple[str, ...]) -> None:
    """The picked faces as a gallery, person by person, with what can be done to them."""
    corrections.rerun_if_changed()
    faces = data.dataset_faces(dataset.id, dataset.revision)
    # In the order of the people, whatever the order in which they were circled: what does not belong stands out.
    rows = sorted(faces.table.match(face_ids)[1].tolist(), key=lambda row: _person_order(faces, row))
    if not rows:
        st.caption(_("The faces that were chosen are gone. Circle others."))
        return
    predictions = map_chart.load_face_predictions(dataset.id, dataset.revision, view.run_id)
    learned = set(data.run_predictions(view.run_id).learned_ids) if view.run_id else set()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f"**{describe_selection(faces, rows)}**", width="content")
        if offers.may(Action.EXPORT, dataset.id):
            _show_downloads(dataset, view, tuple(faces.table.face_ids[row] for row in rows))
    if len(rows) > 1:
        st.caption(_likeness_sentence(faces, rows))
    # A container even where one page holds all and no row of page numbers is drawn: the grid below would be another
    # element if it moved up, and lose its focus.
    with st.container():
        rows_on_page = rows[gallery.page_slice(len(rows), PER_PAGE, "map_gallery")]
    if len(rows) == 1:
        face_sheet.show_similar_faces(dataset, faces.table.face_ids[rows[0]], faces)
    desk = CorrectionDesk(dataset, scope="map")
    tiles = [
        face_review.face_tile(dataset, faces, row, _note(faces, predictions, learned, row)) for row in rows_on_page
    ]
    grid = corrections.build_grid(_("Faces chosen on the map. Arrows walk, space chooses."), desk.keys, TILE_PX)
    # The actions stand above the grid, and are drawn after it: only its answer says which faces they are about.
    actions = st.container()
    picked = draw_picker(f"map_{dataset.id}_faces", tiles, grid, corrections.current_epoch())
    # Circling was a choice already: without a further one in the grid, actions are about everything that was circled,
    # and say so. On other pages a grid without a choice acts on nothing but the face in focus.
    target_ids = picked.selected or tuple(faces.table.face_ids[row] for row in rows)
    with actions:
        n_targets = len(target_ids)
        scope_text = (
            ngettext("{number} chosen", "{number} chosen", n_targets)
            if picked.selected
            else ngettext("all {number}", "all {number}", n_targets)
        )
        desk.show_actions(target_ids, scope_text)
    if desk.obey(picked.commands):
        st.rerun()
    if picked.command and picked.command.name == "open" and picked.command.face_ids:
        face_sheet.open_photo_of_face(dataset, picked.command.face_ids[0])


def _show_downloads(dataset: Dataset, view: MapView, face_ids: tuple[str, ...]) -> None:
    """The chosen faces as files, made when they are asked for."""
    # Not tertiary: open, such a button is nearly black in the dark theme too.
    with st.popover(_("Download"), icon=":material/download:"):
        faces, artifacts = data.dataset_faces(dataset.id, dataset.revision), data.services().artifacts
        chosen_faces = MapSelection(
            face_ids=face_ids,
            table=faces.table,
            embeddings=faces.embeddings,
            face_map=data.face_map(dataset.id, dataset.revision, view.map_id, view.dimensions),
            predictions=data.run_predictions(view.run_id) if view.run_id else None,
        )
        # Each is a function, called when its button is pressed: a rerun of the page should not write three files.
        files = {
            _("Table (CSV)"): ("csv", lambda: selection.selection_csv(chosen_faces)),
            _("Table with the vectors (Parquet)"): ("parquet", lambda: selection.selection_parquet(chosen_faces)),
        }
        if len(face_ids) <= CROPS_MOST:
            files[_("Faces with the table (zip)")] = (
                "zip",
                lambda: selection.selection_zip(chosen_faces, artifacts, dataset.id),
            )
        for label, (ending, make) in files.items():
            st.download_button(
                words.plain(label),
                recording.recorded_download(dataset.id, "chosen faces", make),
                f"chosen-faces.{ending}",
                _TYPES[ending],
                key=f"take_{ending}",
                on_click="ignore",
            )
        if len(face_ids) > CROPS_MOST:
            st.caption(
                ngettext(
                    "The pictures of up to {number} face can be taken out here.",
                    "The pictures of up to {number} faces can be taken out here.",
                    CROPS_MOST,
                )
            )


_TYPES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet", "zip": "application/zip"}


def _likeness_sentence(faces: Faces, rows: list[int]) -> str:
    """How alike some faces are, in the 128 numbers and not on the map."""
    vectors = faces.embeddings.vectors[rows]
    # The square of the sum of n unit vectors is n, for each with itself, and twice the cosine of every two. So the mean
    # cosine needs no table of all pairs, which for ten thousand circled faces would be 800 MB.
    total = vectors.sum(axis=0, dtype=np.float64)
    mean = float((total @ total - len(rows)) / (len(rows) * (len(rows) - 1)))
    centre = total / np.linalg.norm(total)
    mean_likeness, least = measure_pair_likeness(mean), measure_pair_likeness(float((vectors @ centre).min()))
    return _(
        "Likeness of two of them: {mean} of 100 on the mean. The one least like their middle has {least}.",
        mean=f"{mean_likeness:.0f}",
        least=f"{least:.0f}",
    )


def _note(faces: Faces, predictions: FacePredictions, learned: set[str], row: int) -> str:
    if predictions.predicted[row] >= 0:
        predicted = words.display_name(predictions.people[predictions.predicted[row]])
        word = bar.sureness_word(Sureness(predictions.sureness[row]))
        return f"\u2717 {predicted}" if predictions.wrong[row] else f"\u2713 {word}"
    return _("learned from") if faces.table.face_ids[row] in learned else map_chart.photo_name(faces, row)


def _person_order(faces: Faces, row: int) -> tuple[int, str]:
    # By the label alone, which is -1, those without a name would stand before everybody.
    label = int(faces.table.labels[row])
    return (label if label >= 0 else len(faces.table.people), faces.table.photo_names[row])


def describe_selection(faces: Faces, rows: list[int]) -> str:
    """Say how many faces of how many people: "34 faces of 3 people"."""
    labels = [int(faces.table.labels[row]) for row in rows]
    people, nameless = {label for label in labels if label >= 0}, labels.count(-1)
    if not people:
        return ngettext(
            "{number} face, {nameless} without a name",
            "{number} faces, {nameless} without a name",
            len(rows),
            nameless=words.count(nameless),
        )
    return map_chart.describe_faces_of_people(len(rows), len(people), nameless)
