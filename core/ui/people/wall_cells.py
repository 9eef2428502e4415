"""What stands on the wall of people: a person, faces without a name, and cards with a question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Protocol

import numpy as np
import streamlit as st

from core.base.errors import NotFound
from core.base.types import TRUSTED_GRADE
from core.imaging.pixels import encode_jpeg, shrink_image
from core.learn.label_errors.review_queue import Suspect
from core.learn.model_selection.hard_faces import Hardness
from core.store.protocols import Dataset, PersonCount
from core.ui import data, gallery, words
from core.ui.clustering.groups import UnnamedGroups
from core.ui.components.entries import FaceStrip, ReviewEntry
from core.ui.components.picker import Pickable
from core.ui.labels import corrections, review_queue
from core.ui.people import confusable_people, merge_questions
from core.ui.people.merge_questions import MergeQuestion
from core.workflows.clustering.naming import PersonRest
from core.workflows.labels.review_queue import decode_crop

BEHIND = 4
"""So many more faces of a group are shown, small, behind its first."""
ON_CARD = 3
SMALL_PX = 72
TIGHT = 0.8
"""Mean cosine to the middle of a group from which on its faces are said to be alike."""


class WallCell(Protocol):
    """One thing of the wall."""

    @property
    def id(self) -> str:
        """Stays what it is while others are dealt with."""

    @property
    def faces(self) -> tuple[str, ...]:
        """The faces without a name that it is about."""

    def entry(self) -> ReviewEntry:
        """How it is shown."""

    def answer(self, command: str) -> None:
        """Do what its buttons and keys ask for: "yes", "no" or "later"."""


@dataclass(frozen=True)
class PersonCell:
    """Somebody with a name."""

    dataset: Dataset
    person: PersonCount
    faces: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The person's."""
        return f"person {self.person.id}"

    def entry(self) -> ReviewEntry:
        """The picture, the name, the count; a click opens the person."""
        picture = gallery.crop_address(self.dataset.id, self.person.cover_crop_id)
        return ReviewEntry(
            id=self.id,
            strips=(FaceStrip((picture,)),),
            title=words.display_name(self.person.name),
            note=describe_person(self.person),
            click="open",
        )

    def answer(self, command: str) -> None:
        """Nothing was asked."""


@dataclass(frozen=True)
class GroupCell:
    """Faces without a name that are probably one person."""

    dataset: Dataset
    unnamed: UnnamedGroups
    group: int

    @property
    def id(self) -> str:
        """The most typical face's: the group's number changes with every group that is named before it."""
        return self.unnamed.groups.members(self.group, 1)[0]

    @property
    def faces(self) -> tuple[str, ...]:
        """All of the group."""
        return self.unnamed.groups.members(self.group)

    def entry(self) -> ReviewEntry:
        """The first face, a few more, how many, and the field for the name."""
        covers = self.unnamed.groups.members(self.group, 1 + BEHIND)
        size = int(self.unnamed.groups.sizes[self.group])
        differs = float(self.unnamed.groups.tightness[self.group]) < TIGHT
        name = self._asked_name()
        return ReviewEntry(
            id=covers[0],
            strips=(_strip(self.dataset, covers[:1]), _small_strip(self.dataset, covers[1:])),
            title=words.count(size, "face"),
            note="some differ: look closer" if differs and not name else "",
            question=f"Is this {name}?" if name else "",
            buttons=(
                *((("Yes", "yes"), ("No", "no")) if name else ()),
                ("Closer", "open"),
                ("Nobody", "nobody"),
            ),
            field="Who is this?",
        )

    def answer(self, command: str) -> None:
        """Whether it is the person that it may be."""
        question, name = self.unnamed.questions.get(self.group), self._asked_name()
        if question is None or question.person_id is None or not name:
            return
        if command == "yes":
            give_faces_to(self.dataset, self.faces, question.person_id)
        elif command == "no":
            keep_faces_apart(self.dataset, [self.id], question.person_id)

    def _asked_name(self) -> str:
        question = self.unnamed.questions.get(self.group)
        name = _person_name(self.dataset, question.person_id) if question and question.person_id else None
        return words.display_name(name) if name else ""


@dataclass(frozen=True)
class RestCell:
    """The card that offers the rest of a person."""

    dataset: Dataset
    unnamed: UnnamedGroups
    rest: PersonRest

    @property
    def id(self) -> str:
        """The person's rest's."""
        return f"rest {self.rest.person_id}"

    @property
    def faces(self) -> tuple[str, ...]:
        """All that would get the name, the first of each group first."""
        groups = [self.unnamed.groups.members(group) for group in self.rest.groups]
        return tuple([members[0] for members in groups] + [face for members in groups for face in members[1:]])

    def entry(self) -> ReviewEntry:
        """A few faces that have the name, a few that would get it, and the question."""
        name = words.display_name(_person_name(self.dataset, self.rest.person_id))
        more = words.count(self.rest.n_faces, "face")
        return ReviewEntry(
            id=self.id,
            strips=(
                _small_strip(self.dataset, _typical_faces(self.dataset, self.rest.person_id), name),
                _small_strip(self.dataset, self.faces[:ON_CARD], f"{more} more"),
            ),
            title=f"The rest of {name}: {more}",
            note="",
            buttons=(("Yes to all", "yes"), ("No", "no"), ("Later", "later"), ("Closer", "open")),
            wide=True,
        )

    def answer(self, command: str) -> None:
        """Give all of them the name, or remember that they are somebody else."""
        if command == "yes":
            give_faces_to(self.dataset, self.faces, self.rest.person_id)
        elif command == "no":
            keep_faces_apart(self.dataset, self.faces[: len(self.rest.groups)], self.rest.person_id)
        elif command == "later":
            merge_questions.postpone_question(self.id)


@dataclass(frozen=True)
class MergeCell:
    """The card that asks whether two people are one."""

    question: MergeQuestion
    faces: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The pair's."""
        return self.question.key

    def entry(self) -> ReviewEntry:
        """A few faces of both, and the question."""
        dataset, first, second = self.question.dataset, self.question.first, self.question.second
        return ReviewEntry(
            id=self.id,
            strips=tuple(
                _small_strip(
                    dataset,
                    _typical_faces(dataset, person.id),
                    f"{words.display_name(person.name)}, {words.count(person.faces, 'face')}",
                )
                for person in (first, second)
            ),
            title="Same person?",
            note=f"similarity {self.question.similarity:.2f}, about 1 is one person",
            buttons=(("Yes", "yes"), ("No", "no"), ("Later", "later")),
            wide=True,
        )

    def answer(self, command: str) -> None:
        """Merge them, remember that they are two, or put the question off."""
        match command:
            case "yes":
                merge_questions.merge_pair(self.question)
            case "no":
                merge_questions.keep_pair_apart(self.question)
            case "later":
                merge_questions.postpone_question(self.id)


@dataclass(frozen=True)
class SplitCell:
    """The card that asks whether one person is two."""

    dataset: Dataset
    suspect: Suspect
    faces: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """That of the first face that would be somebody else."""
        return f"split {self.suspect.face_ids[0]}"

    def entry(self) -> ReviewEntry:
        """A few faces of the larger part, a few of the smaller, and the question."""
        person_id = self.suspect.person_ids[0] or 0
        name, part = words.display_name(_person_name(self.dataset, person_id)), self.suspect.face_ids
        return ReviewEntry(
            id=self.id,
            strips=(
                _small_strip(self.dataset, _typical_faces(self.dataset, person_id, without=part), name),
                _small_strip(self.dataset, part[:ON_CARD], f"{words.count(len(part), 'face')} of another?"),
            ),
            title=f"Is {name} two people?",
            note=f"similarity {self.suspect.numbers['similarity']:.2f}, about 1 is one person",
            buttons=(("Yes, two", "yes"), ("No, one", "no"), ("Later", "later")),
            wide=True,
        )

    def answer(self, command: str) -> None:
        """Make the smaller part another person, remember that they are one, or put the question off."""
        faces = data.dataset_faces(self.dataset.id, self.dataset.revision)
        match command:
            case "yes":
                act = partial(review_queue.apply_suggestion, self.dataset, faces, self.suspect)
                corrections.apply_correction(self.dataset.id, act)
            case "no":
                act = partial(review_queue.confirm_entry, self.dataset, self.suspect)
                corrections.apply_correction(self.dataset.id, act)
            case "later":
                merge_questions.postpone_question(self.id)


@dataclass(frozen=True)
class TestCell:
    """The card that proposes to name the hardest faces as a test."""

    dataset: Dataset
    hard_faces: dict[str, Hardness]
    faces: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """There is one."""
        return "test"

    def entry(self) -> ReviewEntry:
        """A few of the faces, and what they are good for."""
        count = len(self.hard_faces)
        return ReviewEntry(
            id=self.id,
            strips=(_small_strip(self.dataset, list(self.hard_faces)[: 2 * ON_CARD]),),
            title=f"Name {words.count(count, 'hard face')} as a test",
            note=f"Faces named in groups were easy. Naming these {words.count(count)} one by one tells how good the "
            "recogniser is on hard ones.",
            buttons=(("Start", "open"), ("Later", "later")),
            click="open",
            wide=True,
        )

    def answer(self, command: str) -> None:
        """Put the proposal off."""
        if command == "later":
            merge_questions.postpone_question(self.id)


# what is said and shown of people and faces


def describe_person(person: PersonCount) -> str:
    """How many faces, and what is to be known of them at a glance."""
    is_poor = person.mean_grade is not None and person.mean_grade < TRUSTED_GRADE
    remarks = [remark for remark, holds in (("poor quality", is_poor), ("hidden", person.hidden)) if holds]
    return ", ".join([words.count(person.faces, "face"), *remarks])


def person_tile(dataset: Dataset, person: PersonCount, note: str) -> Pickable:
    """A person as one picture of a grid; its id is the person's."""
    name = words.display_name(person.name)
    picture = gallery.crop_address(dataset.id, person.cover_crop_id)
    return Pickable(id=str(person.id), src=picture, name=name, note=note, alt=name)


def _person_name(dataset: Dataset, person_id: int) -> str | None:
    table = data.dataset_faces(dataset.id, dataset.revision).table
    return table.people[table.person_ids.index(person_id)] if person_id in table.person_ids else None


def _typical_faces(dataset: Dataset, person_id: int, without: Collection[str] = ()) -> list[str]:
    """A few faces of a person, those nearest to the middle of theirs first."""
    faces = data.person_faces(dataset.id, dataset.revision, person_id)
    ranked = confusable_people.rows_by_typicality(faces, np.arange(len(faces.table)))
    typical = (faces.table.face_ids[row] for row in ranked)
    return list(islice((face_id for face_id in typical if face_id not in without), ON_CARD))


@st.cache_data(show_spinner=False, max_entries=4096)
def small_picture(dataset_id: str, crop_id: str) -> str:
    """A stored crop, reduced to ``SMALL_PX``, as a data address: a wall holds hundreds of them."""
    artifacts = data.services().artifacts
    try:
        crop = decode_crop(artifacts, dataset_id, crop_id)
    except NotFound:
        return gallery.GREY
    return gallery.jpeg_data_url(encode_jpeg(shrink_image(crop, SMALL_PX), quality=80))


def _strip(dataset: Dataset, face_ids: Sequence[str]) -> FaceStrip:
    table = data.dataset_faces(dataset.id, dataset.revision).table
    return FaceStrip(tuple(gallery.crop_address(dataset.id, table.crop_ids[row]) for row in table.indices(face_ids)))


def _small_strip(dataset: Dataset, face_ids: Sequence[str], label: str = "") -> FaceStrip:
    table = data.dataset_faces(dataset.id, dataset.revision).table
    pictures = (small_picture(dataset.id, table.crop_ids[row]) for row in table.indices(face_ids))
    return FaceStrip(tuple(pictures), label)


# done to faces


def give_faces_to(dataset: Dataset, face_ids: Sequence[str], person_id: int) -> None:
    """Give faces the name of somebody who is there."""
    name, corrector = _person_name(dataset, person_id), corrections.build_corrector(dataset)
    if name is not None:
        corrections.apply_correction(dataset.id, lambda: corrector.move(face_ids, name))


def keep_faces_apart(dataset: Dataset, face_ids: Sequence[str], person_id: int) -> None:
    """Remember that none of these faces is the person's."""
    # Faces, not groups: groups are made anew, and what was told apart is to hold for the next ones too.
    typical_face = confusable_people.most_typical_face(dataset, person_id)
    corrector = corrections.build_corrector(dataset)
    pairs = [(face_id, typical_face) for face_id in face_ids]
    corrections.apply_correction(dataset.id, lambda: corrector.keep_apart(pairs))
