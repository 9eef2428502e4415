"""Two people name the same random faces, neither seeing what the other says; then where they differ.

A sample and the answers are files of the dataset, an answer sheet for each reviewer: two who answer at once never
write one file. People stand in them by their ids. They go with any erasing, as nobody could tell whom they are about.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.base.errors import InputRefused, NotFound
from core.base.json_values import JsonRecord, parse_json
from core.language.texts import gettext as _
from core.learn.metrics.agreement import Agreement, measure_agreement
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.protocols import FaceStore

NOBODY, UNSURE = "nobody", "unsure"
"""Answers that are no person: nobody of the dataset's people, and nobody can tell."""
MOST_FACES = 500
_SETTLED = "settled"


@dataclass(frozen=True, slots=True)
class ReviewSample(JsonRecord):
    """Faces that two people name."""

    id: str
    dataset_id: str
    created: float
    drawn_by: str
    reviewers: tuple[str, str]
    face_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AnswerSheet(JsonRecord):
    """What was said of the faces of a sample so far, in this order."""

    answers: dict[str, str] = field(default_factory=dict)
    """By face: a person's id as text, ``NOBODY`` or ``UNSURE``; of what was settled, the event that did it."""


@dataclass(frozen=True, slots=True)
class ReviewComparison:
    """Of two sheets that are done."""

    agreement: Agreement
    differing: tuple[tuple[str, str, str], ...]
    """Face, first answer, second answer; in the order of the sample."""


def draw_sample(
    store: FaceStore, artifacts: Artifacts, dataset_id: str, reviewers: Sequence[str], count: int, drawn_by: str
) -> ReviewSample:
    """Draw faces at random that two people are to name; faces that were left out are not among them.

    Raises
    ------
    InputRefused
        There are not two different names of reviewers, or no faces.
    """
    first, second = (name.strip() for name in reviewers)
    if not first or not second or first.casefold() == second.casefold():
        raise InputRefused(_("It takes two different people. Write the name of each."))
    table = store.face_table(dataset_id)
    face_ids = [face_id for face_id, is_out in zip(table.face_ids, table.excluded, strict=True) if not is_out]
    if not face_ids:
        raise InputRefused(_("There are no faces to name. Add photos first."))
    # Not by a fixed seed: who could tell the sample beforehand could prepare for it.
    drawn_ids = random.SystemRandom().sample(face_ids, min(count, MOST_FACES, len(face_ids)))
    sample = ReviewSample(
        id=uuid.uuid4().hex[:12],
        dataset_id=dataset_id,
        created=time.time(),
        drawn_by=drawn_by,
        reviewers=(first, second),
        face_ids=tuple(drawn_ids),
    )
    artifacts.put(dataset_id, ArtifactKind.AGREEMENT, sample.id, json.dumps(sample.to_json()).encode())
    return sample


def list_samples(artifacts: Artifacts, dataset_id: str) -> list[ReviewSample]:
    """The newest first."""
    samples = [
        ReviewSample.from_json(parse_json(artifacts.read(dataset_id, ArtifactKind.AGREEMENT, sample_id)))
        for sample_id in artifacts.ids(dataset_id, ArtifactKind.AGREEMENT)
    ]
    return sorted(samples, key=lambda sample: sample.created, reverse=True)


def delete_sample(artifacts: Artifacts, sample: ReviewSample) -> None:
    """Remove a sample with all answers."""
    for sheet in ("0", "1", _SETTLED):
        artifacts.delete(sample.dataset_id, ArtifactKind.ANSWERS, f"{sample.id}{sheet}")
    artifacts.delete(sample.dataset_id, ArtifactKind.AGREEMENT, sample.id)


def read_answers(artifacts: Artifacts, sample: ReviewSample, reviewer: str) -> Mapping[str, str]:
    """What a reviewer said so far. Raises InputRefused for somebody who is none."""
    return _read(artifacts, sample, _sheet_of(sample, reviewer))


def find_next_face(sample: ReviewSample, answers: Mapping[str, str]) -> str | None:
    """The first face without an answer; None where all have one."""
    return next((face_id for face_id in sample.face_ids if face_id not in answers), None)


def give_answer(artifacts: Artifacts, sample: ReviewSample, reviewer: str, face_id: str, answer: str) -> None:
    """Write down what a reviewer says of a face, in the place of what they said before. Raises as ``read_answers``."""
    sheet = _sheet_of(sample, reviewer)
    _write(artifacts, sample, sheet, {**_read(artifacts, sample, sheet), face_id: answer})


def take_back_answer(artifacts: Artifacts, sample: ReviewSample, reviewer: str) -> None:
    """Take a reviewer's last answer back, to be given anew. Raises as ``read_answers``."""
    sheet = _sheet_of(sample, reviewer)
    answers = _read(artifacts, sample, sheet)
    _write(artifacts, sample, sheet, dict(list(answers.items())[:-1]))


def compare_reviewers(artifacts: Artifacts, sample: ReviewSample, people: Mapping[int, int]) -> ReviewComparison | None:
    """What both said; None until both have named every face, so that nobody sees the other's answers before.

    Parameters
    ----------
    people : of people who were merged since, who they are now
    """
    first, second = (read_answers(artifacts, sample, reviewer) for reviewer in sample.reviewers)
    if find_next_face(sample, first) or find_next_face(sample, second):
        return None

    def present(answer: str) -> str:
        return str(people.get(int(answer), int(answer))) if answer.isdigit() else answer

    answers = [(face_id, present(first[face_id]), present(second[face_id])) for face_id in sample.face_ids]
    agreement = measure_agreement([line[1] for line in answers], [line[2] for line in answers])
    return ReviewComparison(agreement, tuple(line for line in answers if line[1] != line[2]))


def read_settled(artifacts: Artifacts, sample: ReviewSample) -> Mapping[str, int]:
    """By face, the correction that settled it."""
    return {face_id: int(event_id) for face_id, event_id in _read(artifacts, sample, _SETTLED).items()}


def note_settled(artifacts: Artifacts, sample: ReviewSample, face_id: str, event_id: int) -> None:
    """Remember by which correction a difference was settled."""
    _write(artifacts, sample, _SETTLED, {**_read(artifacts, sample, _SETTLED), face_id: str(event_id)})


def _sheet_of(sample: ReviewSample, reviewer: str) -> str:
    if reviewer not in sample.reviewers:
        raise InputRefused(_("{name} is none of the two who name these faces.", name=reviewer))
    return str(sample.reviewers.index(reviewer))


def _read(artifacts: Artifacts, sample: ReviewSample, sheet: str) -> dict[str, str]:
    try:
        content = artifacts.read(sample.dataset_id, ArtifactKind.ANSWERS, f"{sample.id}{sheet}")
    except NotFound:
        return {}
    return AnswerSheet.from_json(parse_json(content)).answers


def _write(artifacts: Artifacts, sample: ReviewSample, sheet: str, answers: Mapping[str, str]) -> None:
    content = json.dumps(AnswerSheet(dict(answers)).to_json()).encode()
    artifacts.replace(sample.dataset_id, ArtifactKind.ANSWERS, f"{sample.id}{sheet}", content)
