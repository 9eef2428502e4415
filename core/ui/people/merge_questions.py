"""The question whether two people are one, and the answers, which are remembered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.store.protocols import Dataset, PersonCount
from core.ui import state
from core.ui.labels import corrections
from core.ui.people import confusable_people
from core.workflows.clustering.cluster import MergeCandidate


@dataclass(frozen=True)
class MergeQuestion:
    """Two people who may be one: the one with more photos first, of equals the one who was there first."""

    dataset: Dataset
    first: PersonCount
    second: PersonCount
    similarity: float


def list_merge_questions(dataset: Dataset, people: Sequence[PersonCount]) -> list[MergeQuestion]:
    """What there is to ask, the most alike first."""
    people_by_id = {person.id: person for person in people}
    candidates = confusable_people.find_merge_candidates(dataset.id, dataset.revision)
    return [_question(dataset, people_by_id, pair) for pair in candidates]


def _question(dataset: Dataset, people_by_id: dict[int, PersonCount], pair: MergeCandidate) -> MergeQuestion:
    people = people_by_id[pair.person_id], people_by_id[pair.other_id]
    # Ids grow: of two with as many faces, the one who was there first keeps the name.
    first, second = sorted(people, key=lambda person: (-person.faces, person.id))
    return MergeQuestion(dataset, first, second, pair.similarity)


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
