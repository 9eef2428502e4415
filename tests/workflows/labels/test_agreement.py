"""Two people name the same faces: neither sees the other's answers, and both are compared at the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from core.base.errors import InputRefused
from core.base.settings import Settings
from core.corrections.model import Editor
from core.services import Services
from core.store.values.datasets import Dataset
from core.workflows.labels import agreement
from core.workflows.labels.agreement import NOBODY, ReviewSample
from core.workflows.labels.correct import Corrector
from tests.stored_faces import add_faces


@dataclass(frozen=True)
class Review:
    """A sample of ten faces that Ada and Ben name."""

    services: Services
    dataset: Dataset
    sample: ReviewSample
    people: dict[str, str]
    """The answers that mean somebody, by name."""

    def answer_all(self, reviewer: str, answer: str) -> None:
        for face_id in self.sample.face_ids:
            agreement.give_answer(self.services.artifacts, self.sample, reviewer, face_id, answer)

    def answers(self, reviewer: str) -> list[str]:
        return list(agreement.read_answers(self.services.artifacts, self.sample, reviewer).values())

    def compare(self) -> agreement.ReviewComparison | None:
        merged = self.services.store.people_after_merges(self.dataset.id)
        return agreement.compare_reviewers(self.services.artifacts, self.sample, merged)


@pytest.fixture
def review(tmp_path: Path) -> Review:
    services = Services(Settings(tmp_path, supervise=False))
    dataset = add_faces(services, "Family", {"Ann": 8, "Bob": 8})
    sample = draw(services, dataset, "Ada", "Ben")
    people = {name: str(person_id) for person_id, name in services.store.names(dataset.id).items()}
    return Review(services, dataset, sample, people)


def draw(services: Services, dataset: Dataset, *reviewers: str) -> ReviewSample:
    return agreement.draw_sample(services.store, services.artifacts, dataset.id, reviewers, 10, "the owner")


def test_a_sample_is_of_different_faces_that_take_part(review: Review) -> None:
    assert len(set(review.sample.face_ids)) == 10
    out = review.services.store.face_table(review.dataset.id).face_ids[:9]
    Corrector(review.services.store, review.services.log, review.dataset.id, Editor("x", "y")).exclude(out)
    assert set(draw(review.services, review.dataset, "Ada", "Ben").face_ids).isdisjoint(out)
    assert len(agreement.list_samples(review.services.artifacts, review.dataset.id)) == 2


@pytest.mark.parametrize("reviewers", [("Ada", "ada "), ("Ada", " ")])
def test_it_takes_two_people(review: Review, reviewers: tuple[str, str]) -> None:
    with pytest.raises(InputRefused, match="two different people"):
        draw(review.services, review.dataset, *reviewers)


def test_what_one_says_is_not_among_the_others_answers_and_nobody_else_answers(review: Review) -> None:
    review.answer_all("Ada", NOBODY)
    assert review.answers("Ada") == [NOBODY] * 10
    assert review.answers("Ben") == []
    assert review.compare() is None, "one of them has not named every face"
    with pytest.raises(InputRefused, match="none of the two"):
        agreement.give_answer(review.services.artifacts, review.sample, "Eve", review.sample.face_ids[0], NOBODY)


def test_the_last_answer_is_taken_back_and_given_anew(review: Review) -> None:
    review.answer_all("Ada", NOBODY)
    agreement.take_back_answer(review.services.artifacts, review.sample, "Ada")
    answers = agreement.read_answers(review.services.artifacts, review.sample, "Ada")
    assert agreement.find_next_face(review.sample, answers) == review.sample.face_ids[-1]


def test_they_differ_where_they_named_different_people_also_after_a_merge(review: Review) -> None:
    review.answer_all("Ada", review.people["Ann"])
    review.answer_all("Ben", review.people["Ann"])
    face_id = review.sample.face_ids[3]
    agreement.give_answer(review.services.artifacts, review.sample, "Ben", face_id, review.people["Bob"])
    comparison = review.compare()
    assert comparison is not None
    assert comparison.differing == ((face_id, review.people["Ann"], review.people["Bob"]),)
    assert (comparison.agreement.n_same, comparison.agreement.n_faces) == (9, 10)
    corrector = Corrector(review.services.store, review.services.log, review.dataset.id, Editor("x", "y"))
    corrector.merge(int(review.people["Bob"]), int(review.people["Ann"]))
    merged = review.compare()
    assert merged is not None and merged.differing == ()


def test_a_sample_is_deleted_with_all_answers(review: Review) -> None:
    review.answer_all("Ada", NOBODY)
    agreement.note_settled(review.services.artifacts, review.sample, review.sample.face_ids[0], 1)
    agreement.delete_sample(review.services.artifacts, review.sample)
    assert agreement.list_samples(review.services.artifacts, review.dataset.id) == []
    assert list(review.services.artifacts.files(review.dataset.id)) == []
