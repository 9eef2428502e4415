"""What stands on the wall of people: a person, faces without a name, and cards with a question."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import overload

import numpy as np

from core.base.types import TRUSTED_GRADE, Ints
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked, ngettext
from core.learn.label_errors.review_queue import Suspect
from core.learn.model_selection.hard_faces import Hardness
from core.store.columns.people_columns import People
from core.store.values.datasets import Dataset, PersonCount
from core.ui import data, gallery, words
from core.ui.clustering.groups import UnnamedGroups
from core.ui.components.entries import FaceStrip, ReviewEntry
from core.ui.components.picker import Pickable
from core.ui.labels import corrections
from core.ui.people import confusable_people, merge_questions
from core.ui.people.merge_questions import MergeQuestion
from core.workflows.clustering.naming import PersonRest

BEHIND = 4
"""So many more faces of a group are shown, small, behind its first."""
ON_CARD = 3
SMALL_PX, LARGE_PX = 72, 192
TIGHT = 0.8
"""Mean cosine to the middle of a group from which on its faces are said to be alike."""
YES, NO, LATER = (marked("Yes"), "yes"), (marked("No"), "no"), (marked("Later"), "later")
"""Buttons, and the commands that they give."""
Buttons = tuple[tuple[str, str], ...]


class WallCell:
    """One thing of the wall."""

    @property
    def id(self) -> str:
        """Stays what it is while others are dealt with."""
        raise NotImplementedError

    @property
    def faces(self) -> tuple[str, ...]:
        """The faces without a name that it is about."""
        return ()

    def entry(self) -> ReviewEntry:
        """How it is shown."""
        raise NotImplementedError

    def settle(self, *, is_yes: bool) -> None:
        """Do what a yes or a no means; nothing where nothing is asked."""


class QuestionCard(WallCell):
    """A question over two columns of the wall, which can be put off."""


@dataclass(frozen=True)
class PersonCell(WallCell):
    """Somebody with a name."""

    dataset: Dataset
    person: PersonCount

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


@dataclass(frozen=True)
class GroupCell(WallCell):
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

    @property
    def size(self) -> int:
        """How many they are."""
        return int(self.unnamed.groups.sizes[self.group])

    @property
    def asked_id(self) -> int | None:
        """The person that it may be."""
        return self.unnamed.person_asked_about.get(self.group)

    def entry(self) -> ReviewEntry:
        """The first face, a few more, how many, and the field for the name."""
        covers = self.unnamed.groups.members(self.group, 1 + BEHIND)
        differs = self.unnamed.groups.tightness(self.group) < TIGHT
        name = _person_name(self.dataset, self.asked_id) if self.asked_id else ""
        return ReviewEntry(
            id=covers[0],
            strips=(face_strip(self.dataset, covers[:1], side_px=LARGE_PX), face_strip(self.dataset, covers[1:])),
            title=ngettext("{number} face", "{number} faces", self.size),
            note=_("some differ: look closer") if differs and not name else "",
            question=_("Is this {name}?", name=name) if name else "",
            buttons=(*(_say(YES, NO) if name else ()), (_("Closer"), "open"), (_("Nobody"), "nobody")),
            field=_("Who is this?"),
        )

    def settle(self, *, is_yes: bool) -> None:
        """Whether it is the person that it may be."""
        if self.asked_id is not None:
            settle_faces(self.dataset, self.asked_id, self.faces if is_yes else [self.id], is_theirs=is_yes)


@dataclass(frozen=True)
class RestCard(QuestionCard):
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
        name, n_more = _person_name(self.dataset, self.rest.person_id), self.rest.n_faces
        more = ngettext("{number} face more", "{number} faces more", n_more)
        return ReviewEntry(
            id=self.id,
            strips=(
                face_strip(self.dataset, _typical_faces(self.dataset, self.rest.person_id), name),
                face_strip(self.dataset, self.faces[:ON_CARD], more),
            ),
            title=ngettext(
                "The rest of {name}: {number} face", "The rest of {name}: {number} faces", n_more, name=name
            ),
            note="",
            buttons=((_("Yes to all"), "yes"), *_say(NO, LATER), (_("Closer"), "open")),
            wide=True,
        )

    def settle(self, *, is_yes: bool) -> None:
        """Give all of them the name, or remember that they are somebody else."""
        faces = self.faces if is_yes else self.faces[: len(self.rest.groups)]
        settle_faces(self.dataset, self.rest.person_id, faces, is_theirs=is_yes)


@dataclass(frozen=True)
class MergeCard(QuestionCard):
    """The card that asks whether two people are one."""

    question: MergeQuestion

    @property
    def id(self) -> str:
        """The pair's."""
        return f"merge {self.question.first.id} {self.question.second.id}"

    def entry(self) -> ReviewEntry:
        """A few faces of both, and the question."""
        dataset = self.question.dataset
        return ReviewEntry(
            id=self.id,
            strips=tuple(
                face_strip(
                    dataset,
                    _typical_faces(dataset, person.id),
                    ngettext(
                        "{name}, {number} face",
                        "{name}, {number} faces",
                        person.faces,
                        name=words.display_name(person.name),
                    ),
                )
                for person in (self.question.first, self.question.second)
            ),
            title=_("Same person?"),
            note=_explain_similarity(self.question.similarity),
            buttons=_say(YES, NO, LATER),
            wide=True,
        )

    def settle(self, *, is_yes: bool) -> None:
        """Merge them, or remember that they are two."""
        (merge_questions.merge_pair if is_yes else merge_questions.keep_pair_apart)(self.question)


@dataclass(frozen=True)
class SplitCard(QuestionCard):
    """The card that asks whether one person is two."""

    dataset: Dataset
    suspect: Suspect

    @property
    def id(self) -> str:
        """That of the first face that would be somebody else."""
        return f"split {self.suspect.face_ids[0]}"

    def entry(self) -> ReviewEntry:
        """A few faces of the larger part, a few of the smaller, and the question."""
        person_id, part = self.suspect.person_ids[0] or 0, self.suspect.face_ids
        name = _person_name(self.dataset, person_id)
        part_label = ngettext("{number} face of another?", "{number} faces of another?", len(part))
        return ReviewEntry(
            id=self.id,
            strips=(
                face_strip(self.dataset, _typical_faces(self.dataset, person_id, without=part), name),
                face_strip(self.dataset, part[:ON_CARD], part_label),
            ),
            title=_("Is {name} two people?", name=name),
            note=_explain_similarity(self.suspect.numbers["similarity"]),
            buttons=((_("Yes, two"), "yes"), (_("No, one"), "no"), *_say(LATER)),
            wide=True,
        )

    def settle(self, *, is_yes: bool) -> None:
        """Make the smaller part another person, "Ann 2", or remember that they are one."""
        table, part = data.dataset_faces(self.dataset.id, self.dataset.revision).table, self.suspect
        name = words.number_name(table.name_of(part.person_ids[0]) or "", table.people, first=2)
        corrections.apply_correction(
            self.dataset,
            lambda by: by.divide(part.suggestion.face_ids, name) if is_yes else by.confirm(part.face_ids),
        )


@dataclass(frozen=True)
class TestCard(QuestionCard):
    """The card that proposes to name the hardest faces as a test."""

    dataset: Dataset
    hard_faces: dict[str, Hardness]

    @property
    def id(self) -> str:
        """There is one."""
        return "test"

    def entry(self) -> ReviewEntry:
        """A few of the faces, and what they are good for."""
        n_faces = len(self.hard_faces)
        return ReviewEntry(
            id=self.id,
            strips=(face_strip(self.dataset, list(self.hard_faces)[: 2 * ON_CARD]),),
            title=ngettext("Name {number} hard face as a test", "Name {number} hard faces as a test", n_faces),
            note=_(
                "Faces named in groups were easy. Naming these {number} one by one tells how good the recogniser is "
                "on hard ones.",
                number=words.count(n_faces),
            ),
            buttons=((_("Start"), "open"), *_say(LATER)),
            click="open",
            wide=True,
        )


@dataclass(frozen=True)
class ArrangedCells(Sequence[WallCell]):
    """Cells in their order, each made when it is asked for: of 50,000 people a page shows 48."""

    dataset: Dataset
    people: People
    cards: Sequence[WallCell]
    """In front of all."""
    order: Ints
    """(n,) rows of people, and behind those of all people places in ``behind``"""
    behind: Sequence[WallCell] = ()

    def __len__(self) -> int:
        return len(self.cards) + len(self.order)

    @overload
    def __getitem__(self, index: int) -> WallCell: ...
    @overload
    def __getitem__(self, index: slice) -> list[WallCell]: ...
    def __getitem__(self, index: int | slice) -> WallCell | list[WallCell]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        if index < len(self.cards):
            return self.cards[index]
        number = int(self.order[index - len(self.cards)])
        if number < len(self.people):
            return PersonCell(self.dataset, self.people[number])
        return self.behind[number - len(self.people)]


def as_shown_only(entry: ReviewEntry) -> ReviewEntry:
    """An entry for who may look and change nothing: a click opens it."""
    return replace(entry, buttons=(), question="", field="", click="open")


# what is said and shown of people and faces


def describe_person(person: PersonCount) -> str:
    """How many faces, and what is to be known of them at a glance."""
    is_poor = person.mean_grade is not None and person.mean_grade < TRUSTED_GRADE
    remarks = [remark for remark, holds in ((_("poor quality"), is_poor), (_("hidden"), person.hidden)) if holds]
    return ", ".join([ngettext("{number} face", "{number} faces", person.faces), *remarks])


def describe_similarity(similarity: float) -> str:
    """How alike two people are."""
    return _("similarity {value}", value=localise_decimals(f"{similarity:.2f}"))


def _explain_similarity(similarity: float) -> str:
    return _("similarity {value}, about 1 is one person", value=localise_decimals(f"{similarity:.2f}"))


def _say(*buttons: tuple[str, str]) -> Buttons:
    return tuple((_(label), command) for label, command in buttons)


def person_tile(dataset: Dataset, person: PersonCount, note: str) -> Pickable:
    """A person as one picture of a grid; its id is the person's."""
    name = words.display_name(person.name)
    picture = gallery.crop_address(dataset.id, person.cover_crop_id)
    return Pickable(id=str(person.id), src=picture, name=name, note=note, alt=name)


def _person_name(dataset: Dataset, person_id: int) -> str:
    return words.display_name(data.dataset_faces(dataset.id, dataset.revision).table.name_of(person_id))


def _typical_faces(dataset: Dataset, person_id: int, without: Collection[str] = ()) -> list[str]:
    """A few faces of a person, those nearest to the middle of theirs first."""
    faces = data.person_faces(dataset.id, dataset.revision, person_id)
    ranked = confusable_people.rows_by_typicality(faces, np.arange(len(faces.table)))
    typical = (faces.table.face_ids[row] for row in ranked)
    return list(islice((face_id for face_id in typical if face_id not in without), ON_CARD))


def face_strip(dataset: Dataset, face_ids: Sequence[str], label: str = "", side_px: int = SMALL_PX) -> FaceStrip:
    """Faces side by side, each without who stands beside it: somebody is asked who they are."""
    table = data.dataset_faces(dataset.id, dataset.revision).table
    rows = list(table.indices(face_ids))
    gallery.fetch_crops(dataset.id, [table.crop_ids[row] for row in rows])
    pictures = (gallery.close_up_address(dataset.id, table.face_ids[row], table.crop_ids[row], side_px) for row in rows)
    return FaceStrip(tuple(pictures), label)


# done to faces


def settle_faces(dataset: Dataset, person_id: int, face_ids: Sequence[str], *, is_theirs: bool) -> None:
    """Give faces the name of somebody who is there, or remember that none of them is theirs."""
    if is_theirs:
        name = data.dataset_faces(dataset.id, dataset.revision).table.name_of(person_id) or ""
        corrections.apply_correction(dataset, lambda corrector: corrector.move(face_ids, name))
        return
    # Faces, not groups: groups are made anew, and what was told apart is to hold for the next ones too.
    typical_face = confusable_people.most_typical_face(dataset, person_id)
    pairs = [(face_id, typical_face) for face_id in face_ids]
    corrections.apply_correction(dataset, lambda corrector: corrector.keep_apart(pairs))
