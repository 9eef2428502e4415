"""The people page: everybody, or the one person that the address names."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.store.protocols import Counts, Dataset, PersonCount
from core.ui import address, data, frame, words
from core.ui.labels import corrections
from core.ui.people import erasure, merge_questions, people_grid, person, person_page

DOUBLES = "doubles"
"""In the address: the question whether two people are one."""
GONE = "This person has no photos any more: merged, renamed or moved. Here is everybody."


def show(dataset: Dataset, action: DeltaGenerator) -> None:
    """Everybody, one of them, or pairs who may be one; ``action`` is the place of the primary button."""
    erasure.standing(dataset)
    people = data.people(dataset.id, dataset.revision)
    if not people:
        _nobody(data.counts(dataset.id, dataset.revision))
        return
    wanted_id = address.number("person")
    chosen = next((each for each in people if each.id == wanted_id), None)
    if address.asked("person") and chosen is None:
        st.info(GONE, icon=":material/info:")
        address.remember(person=None)
    if chosen is None and address.asked("view") == DOUBLES:
        _doubles(dataset, people)
        return
    if chosen is None:
        with action:
            _find_doubles(people)
        _everybody(dataset, people)
        return
    view = person.View(dataset, chosen, tuple(people))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width="content"):
            person_page.walk(view)
        corrections.last_done(dataset)
    person_page.show(view)
    erasure.offer(dataset, chosen)


def _find_doubles(people: list[PersonCount]) -> None:
    if len(people) > 1:
        st.button(
            "Doubles",
            type="primary",
            icon=":material/compare:",
            help="Two people who are probably one and the same",
            on_click=address.remember,
            kwargs={"view": DOUBLES},
        )


def _doubles(dataset: Dataset, people: list[PersonCount]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(
            "Everybody",
            icon=":material/arrow_back:",
            type="tertiary",
            on_click=address.remember,
            kwargs={"view": None},
        )
        corrections.last_done(dataset)
    merge_questions.ask(dataset, people)


def _nobody(counts: Counts) -> None:
    if counts.faces:
        frame.empty("Nobody has a name yet.", "Group the faces", frame.CLUSTERS)
    else:
        frame.empty("There are no people yet.", "Add photos", frame.INGEST)


def _everybody(dataset: Dataset, people: list[PersonCount]) -> None:
    wanted = people_grid.choose(dataset, people)
    shown = people_grid.listed(people, wanted)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.caption(words.plain(summary(people, data.counts(dataset.id, dataset.revision))), width="content")
        corrections.last_done(dataset)
    if not shown:
        st.info("Nobody is like that. Choose something else above.", icon=":material/search:")
        return
    _grid(dataset, shown, wanted)


@st.fragment
def _grid(dataset: Dataset, shown: list[PersonCount], wanted: people_grid.Wanted) -> None:
    corrections.keep_in_step()
    picked = people_grid.grid(dataset, shown, wanted)
    st.caption(people_grid.LEGEND)
    if picked.command is None:
        return
    if picked.command.name == "open" and picked.command.face_ids:
        person.open_person(int(picked.command.face_ids[0]))
    elif picked.command.name in ("undo", "redo"):
        mine = corrections.corrector(dataset)
        corrections.do(dataset.id, mine.undo if picked.command.name == "undo" else mine.redo)
    st.rerun()


def summary(people: list[PersonCount], counts: Counts) -> str:
    """How many people and faces, on which side, and what has no name."""
    hidden = sum(each.hidden for each in people)
    parts = [words.count(len(people) - hidden, "person", "people"), words.count(counts.faces, "face")]
    if counts.train_faces or counts.val_faces:
        parts.append(f"{words.count(counts.train_faces)} to learn from, {words.count(counts.val_faces)} to test on")
    others = {"hidden": hidden, "left out": counts.excluded_faces, "without a name": counts.unnamed_faces}
    return " · ".join([*parts, *(f"{words.count(number)} {what}" for what, number in others.items() if number)])
