"""The people page: everybody, or the one person that the address names."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.store.protocols import Counts, Dataset, PersonCount
from core.ui import address, data, frame, menu, words
from core.ui.labels import corrections
from core.ui.people import erasure, merge_questions, people_grid, person, person_page

DOUBLES = "doubles"
"""In the address: the question whether two people are one."""
GONE = "This person has no photos any more: merged, renamed or moved. Here is everybody."


def show_people_page(dataset: Dataset, action: DeltaGenerator) -> None:
    """Everybody, one of them, or pairs who may be one; ``action`` is the place of the primary button."""
    erasure.show_erasure_progress(dataset)
    people = data.dataset_people(dataset.id, dataset.revision)
    if not people:
        _nobody(data.dataset_counts(dataset.id, dataset.revision))
        return
    person_id = address.query_number("person")
    shown_person = next((candidate for candidate in people if candidate.id == person_id), None)
    # A link, or the page itself after a merge: who was shown may be gone.
    if address.query_value("person") and shown_person is None:
        st.info(GONE, icon=":material/info:")
        address.set_query_values(person=None)
    if shown_person is None and address.query_value("view") == DOUBLES:
        _doubles(dataset, people)
        return
    if shown_person is None:
        with action:
            _find_doubles(people)
        _everybody(dataset, people)
        return
    view = person.PersonView(dataset, shown_person, tuple(people))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width="content"):
            person_page.show_person_navigation(view)
        corrections.show_last_correction(dataset)
    person_page.show_person_page(view)
    erasure.offer_erasure(dataset, shown_person)


def _find_doubles(people: list[PersonCount]) -> None:
    if len(people) > 1:
        st.button(
            "Doubles",
            type="primary",
            icon=":material/compare:",
            help="Two people who are probably one and the same",
            on_click=address.set_query_values,
            kwargs={"view": DOUBLES},
        )


def _doubles(dataset: Dataset, people: list[PersonCount]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            "Everybody",
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=address.set_query_values,
            kwargs={"view": None},
        )
        corrections.show_last_correction(dataset)
    merge_questions.ask_merge_question(dataset, people)


def _nobody(counts: Counts) -> None:
    if counts.faces:
        frame.show_empty_state("Nobody has a name yet.", "Group the faces", menu.CLUSTERS)
    else:
        frame.show_empty_state("There are no people yet.", "Add photos", menu.INGEST)


def _everybody(dataset: Dataset, people: list[PersonCount]) -> None:
    people_filter = people_grid.choose_people_filter(dataset, people)
    listed = people_grid.filter_people(people, people_filter)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.caption(
            words.plain(summarise_people(people, data.dataset_counts(dataset.id, dataset.revision))), width="content"
        )
        corrections.show_last_correction(dataset)
    if not listed:
        st.info("Nobody is like that. Choose something else above.", icon=":material/search:")
        return
    _grid(dataset, listed, people_filter)


@st.fragment
def _grid(dataset: Dataset, people: list[PersonCount], people_filter: people_grid.PeopleFilter) -> None:
    corrections.rerun_if_changed()
    picked = people_grid.show_people_grid(dataset, people, people_filter)
    st.caption(people_grid.LEGEND)
    if picked.command is None:
        return
    if picked.command.name == "open" and picked.command.face_ids:
        person.open_person(int(picked.command.face_ids[0]))
    elif picked.command.name in ("undo", "redo"):
        corrections.undo_or_redo(dataset, picked.command.name)
    # The whole page, not the fragment: another person's page, or other people, are to be drawn.
    st.rerun()


def summarise_people(people: list[PersonCount], counts: Counts) -> str:
    """How many people and faces, on which side, and what has no name."""
    # Who is hidden is told apart, and not counted among the people.
    hidden = sum(person.hidden for person in people)
    parts = [words.count(len(people) - hidden, "person", "people"), words.count(counts.faces, "face")]
    if counts.train_faces or counts.val_faces:
        parts.append(f"{words.count(counts.train_faces)} to learn from, {words.count(counts.val_faces)} to test on")
    counted = {"hidden": hidden, "left out": counts.excluded_faces, "without a name": counts.unnamed_faces}
    return " · ".join([*parts, *(f"{words.count(number)} {label}" for label, number in counted.items() if number)])
