"""The question whether two people are one: pair by pair, answered with a key, the answers remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.store.protocols import Dataset, PersonCount
from core.ui import data, gallery, state, words
from core.ui.labels import corrections
from core.ui.people import confusable_people
from core.workflows.clustering.cluster import MergeCandidate

FACES_SHOWN = 8


@dataclass(frozen=True)
class MergeQuestion:
    """Two people who may be one: the one with more photos first, of equals the one who was there first."""

    dataset: Dataset
    first: PersonCount
    second: PersonCount
    similarity: float

    @property
    def pair(self) -> tuple[int, int]:
        """Both ids, by which a question is put off."""
        return self.first.id, self.second.id


def list_merge_questions(dataset: Dataset, people: list[PersonCount]) -> list[MergeQuestion]:
    """What there is to ask, the most alike first; what was put off in this tab comes last."""
    people_by_id = {person.id: person for person in people}
    questions = [
        _question(dataset, people_by_id, pair)
        for pair in confusable_people.find_merge_candidates(dataset.id, dataset.revision)
    ]
    # What was put off comes last, in the order of putting off; -1 leaves all others as they were, in front.
    postponed = st.session_state.get(state.POSTPONED_PAIRS, ())
    return sorted(questions, key=lambda question: postponed.index(question.pair) if question.pair in postponed else -1)


def _question(dataset: Dataset, people_by_id: dict[int, PersonCount], pair: MergeCandidate) -> MergeQuestion:
    people = people_by_id[pair.person_id], people_by_id[pair.other_id]
    # Ids grow: of two with as many faces, the one who was there first keeps the name.
    first, second = sorted(people, key=lambda person: (-person.faces, person.id))
    return MergeQuestion(dataset, first, second, pair.similarity)


def ask_merge_question(dataset: Dataset, people: list[PersonCount]) -> None:
    """The next question, and how many there are."""
    waiting = list_merge_questions(dataset, people)
    if not waiting:
        st.success("No two people look like one and the same.", icon=":material/check_circle:")
        return
    question = waiting[0]
    st.markdown(f"**Is this the same person?** {words.count(len(waiting), 'pair')} to look at.")
    for side, person in zip(st.columns(2, gap="large"), (question.first, question.second), strict=True):
        with side:
            _faces(question.dataset, person)
    with st.container(horizontal=True, gap="small"):
        _answer("Same person", "merge", "Y", _merge_pair, question)
        _answer("Two people", "call_split", "N", _keep_pair_apart, question)
        _answer("Later", "schedule", "L", _postpone_pair, question)
    st.caption(
        f"Similarity {question.similarity:.2f}; about 1 is one person. If they are one, the faces of "
        f"{words.name(question.second.name)} become {words.name(question.first.name)}'s. "
        "A no is remembered; both can be undone."
    )


def _answer(label: str, icon: str, key: str, act: Callable[[MergeQuestion], None], question: MergeQuestion) -> None:
    st.button(
        label,
        # The pair is in the key, so that a second press that was meant for this pair answers no other one.
        key=f"answer_{key}_{question.pair[0]}_{question.pair[1]}",
        icon=f":material/{icon}:",
        shortcut=key,
        on_click=act,
        args=(question,),
    )


def _faces(dataset: Dataset, person: PersonCount) -> None:
    st.markdown(f"**{words.name(person.name)}**, {words.count(person.faces, 'face')}")
    faces = data.person_faces(dataset.id, dataset.revision, person.id)
    rows = confusable_people.rows_by_typicality(faces, np.arange(len(faces.table)))[:FACES_SHOWN]
    names = (faces.table.photo_names[row].rpartition("/")[2] for row in rows)
    tiles = [gallery.Tile(faces.table.crop_ids[row], name) for row, name in zip(rows, names, strict=True)]
    gallery.show_face_grid(dataset.id, tiles)


def _merge_pair(question: MergeQuestion) -> None:
    corrector = corrections.build_corrector(question.dataset)
    corrections.apply_correction(question.dataset.id, lambda: corrector.merge(question.second.id, question.first.id))


def _keep_pair_apart(question: MergeQuestion) -> None:
    # Two faces are told apart, not two people: ids of people do not outlive a merge, and groups need faces.
    first, second = (confusable_people.most_typical_face(question.dataset, person_id) for person_id in question.pair)
    corrector = corrections.build_corrector(question.dataset)
    corrections.apply_correction(question.dataset.id, lambda: corrector.keep_apart([(first, second)]))


def _postpone_pair(question: MergeQuestion) -> None:
    postponed = tuple(pair for pair in st.session_state.get(state.POSTPONED_PAIRS, ()) if pair != question.pair)
    st.session_state[state.POSTPONED_PAIRS] = (*postponed, question.pair)
