"""The question whether two people are one, and the answers, which are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.learn.label_errors.review_queue import SuspectKind
from core.store.columns.people_columns import People
from core.store.values.datasets import Dataset, PersonCount
from core.ui import state
from core.ui.labels import corrections, review_queue
from core.ui.people import confusable_people

MOST_COMPARED_AT_ONCE = 5_000
"""Comparing everybody with everybody, after each correction, takes a tenth of a second for so many people, and ten for
50,000."""


@dataclass(frozen=True)
class MergeQuestion:
    """Two people who may be one: the one with more photos first, of equals the one who was there first."""

    dataset: Dataset
    first: PersonCount
    second: PersonCount
    similarity: float


def list_merge_questions(dataset: Dataset, people: People) -> list[MergeQuestion]:
    """What there is to ask, the most alike first; of very many people what the last search for suspects found."""
    if len(people) > MOST_COMPARED_AT_ONCE:
        return _searched_questions(dataset, people)
    candidates = confusable_people.find_merge_candidates(dataset.id, dataset.revision)
    questions = (_question(dataset, people, (pair.person_id, pair.other_id), pair.similarity) for pair in candidates)
    return [question for question in questions if question is not None]


def _searched_questions(dataset: Dataset, people: People) -> list[MergeQuestion]:
    entries = [entry for entry in review_queue.open_entries(dataset) or () if entry.kind is SuspectKind.ONE_PERSON]
    questions = (_question(dataset, people, entry.person_ids[:2], entry.numbers["similarity"]) for entry in entries)
    asked = [question for question in questions if question is not None]
    return sorted(asked, key=lambda question: -question.similarity)


def _question(dataset: Dataset, people: People, pair: Sequence[int | None], similarity: float) -> MergeQuestion | None:
    """The question about two people; None where one of them is not there any more."""
    pair_of_people = [person for person in map(people.find, pair) if person is not None]
    if len(pair_of_people) < len(pair):
        return None
    # Ids grow: of two with as many faces, the one who was there first keeps the name.
    first, second = sorted(pair_of_people, key=lambda person: (-person.faces, person.id))
    return MergeQuestion(dataset, first, second, similarity)


def merge_pair(question: MergeQuestion) -> None:
    """Make the faces of the second the first's."""
    people = question.second.id, question.first.id
    corrections.apply_correction(question.dataset, lambda corrector: corrector.merge(*people))


def keep_pair_apart(question: MergeQuestion) -> None:
    """Remember that the two are two."""
    # Two faces are told apart, not two people: ids of people do not outlive a merge, and groups need faces.
    people = question.first.id, question.second.id
    first, second = (confusable_people.most_typical_face(question.dataset, person_id) for person_id in people)
    corrections.apply_correction(question.dataset, lambda corrector: corrector.keep_apart([(first, second)]))


def postponed_questions() -> tuple[str, ...]:
    """The keys of the questions that were put off in this tab."""
    return tuple(st.session_state.get(state.POSTPONED, ()))


def postpone_question(key: str) -> None:
    """Ask a question again only when somebody wants to hear what was put off."""
    st.session_state[state.POSTPONED] = (
        *(earlier_key for earlier_key in postponed_questions() if earlier_key != key),
        key,
    )


def ask_postponed_again() -> None:
    """Forget what was put off."""
    st.session_state.pop(state.POSTPONED, None)
