"""The people of a dataset as columns: 50,000 are counted, searched and ordered without an object for each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

import numpy as np

from core.base.face_table import FaceTable
from core.base.types import Bools, Doubles, Ints, Split
from core.store.values.datasets import Counts, PersonCount, PersonRemark


@dataclass(frozen=True, eq=False)
class People(Sequence[PersonCount]):
    """Everybody who has faces, by name; whoever asks for a few gets those."""

    ids: Ints
    """(n,) the store's"""
    names: tuple[str, ...]
    """In order"""
    faces: Ints
    """(n,) how many each has, as are ``train``, ``val`` and ``excluded`` of them"""
    train: Ints
    val: Ints
    excluded: Ints
    grades: Doubles
    """(n,) mean quality, 0 .. 1; NaN where no face was measured"""
    hidden: Bools
    covers: Sequence[str]
    """The portraits' crops"""
    remarks: Mapping[int, PersonRemark] = field(default_factory=dict)
    """What was noted, by id, of those few of whom something was."""

    @classmethod
    def of(cls, people: Iterable[PersonCount]) -> People:
        """The same people as columns."""
        ordered = sorted(people, key=lambda person: person.name)
        grades = [np.nan if person.mean_grade is None else person.mean_grade for person in ordered]
        return cls(
            ids=np.array([person.id for person in ordered], dtype=np.int64),
            names=tuple(person.name for person in ordered),
            faces=np.array([person.faces for person in ordered], dtype=np.int64),
            train=np.array([person.train for person in ordered], dtype=np.int64),
            val=np.array([person.val for person in ordered], dtype=np.int64),
            excluded=np.array([person.excluded for person in ordered], dtype=np.int64),
            grades=np.array(grades, dtype=np.float64),
            hidden=np.array([person.hidden for person in ordered], dtype=bool),
            covers=tuple(person.cover_crop_id for person in ordered),
            remarks={person.id: PersonRemark(person.note, None) for person in ordered if person.note},
        )

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> PersonCount: ...
    @overload
    def __getitem__(self, index: slice) -> list[PersonCount]: ...
    def __getitem__(self, index: int | slice) -> PersonCount | list[PersonCount]:
        if isinstance(index, slice):
            return [self[row] for row in range(*index.indices(len(self)))]
        person_id, grade = int(self.ids[index]), float(self.grades[index])
        remark = self.remarks.get(person_id, PersonRemark())
        return PersonCount(
            id=person_id,
            name=self.names[index],
            faces=int(self.faces[index]),
            train=int(self.train[index]),
            val=int(self.val[index]),
            cover_crop_id=remark.cover_crop_id or self.covers[index],
            hidden=bool(self.hidden[index]),
            note=remark.note,
            excluded=int(self.excluded[index]),
            mean_grade=None if np.isnan(grade) else grade,
        )

    def find(self, person_id: int | None) -> PersonCount | None:
        """Somebody by id; None for somebody who has no faces now."""
        rows = np.flatnonzero(self.ids == person_id)
        return self[int(rows[0])] if len(rows) else None

    def find_named(self, name: str) -> PersonCount | None:
        """Somebody by name; None where nobody is called that."""
        row = self.find_row(name)
        return None if row is None else self[row]

    def find_row(self, name: str) -> int | None:
        """The row of somebody by name; None where nobody is called that."""
        row = bisect_left(self.names, name)
        return row if row < len(self.names) and self.names[row] == name else None

    def largest(self, count: int) -> list[PersonCount]:
        """Those with the most faces, of equals the first by name."""
        return [self[row] for row in np.argsort(-self.faces, kind="stable")[:count].tolist()]


def build_counts(table: FaceTable, n_photos: int) -> Counts:
    """How much a dataset holds, as ``FaceStore.counts`` counts it."""
    is_named = table.labels >= 0
    return Counts(
        photos=n_photos,
        faces=len(table),
        people=len(table.people),
        train_faces=int((is_named & table.is_on(Split.TRAIN)).sum()),
        val_faces=int((is_named & table.is_on(Split.VAL)).sum()),
        unnamed_faces=int((~is_named & ~table.strangers).sum()),
        excluded_faces=int(table.excluded.sum()),
    )


def build_people(table: FaceTable, remarks: Mapping[int, PersonRemark]) -> People:
    """The people of a table of faces, as ``FaceStore.people`` counts them."""
    named = np.flatnonzero(table.labels >= 0)
    labels, n_people = table.labels[named], len(table.people)
    grades = table.grades[named].astype(np.float64)
    is_measured = ~np.isnan(grades)
    n_measured = np.bincount(labels[is_measured], minlength=n_people)
    sums = np.bincount(labels[is_measured], weights=grades[is_measured], minlength=n_people)
    with np.errstate(invalid="ignore"):
        means = sums / n_measured
    return People(
        ids=np.array(table.person_ids, dtype=np.int64),
        names=table.people,
        faces=np.bincount(labels, minlength=n_people),
        train=np.bincount(labels[table.is_on(Split.TRAIN)[named]], minlength=n_people),
        val=np.bincount(labels[table.is_on(Split.VAL)[named]], minlength=n_people),
        excluded=np.bincount(labels[table.excluded[named]], minlength=n_people),
        grades=means,
        hidden=table.hidden,
        covers=_best_crops(table, named),
        remarks=remarks,
    )


def _best_crops(table: FaceTable, named: Ints) -> Sequence[str]:
    """The crop of each person's best face: well to see, surely a face, and not left out."""
    labels = table.labels[named]
    worth = np.nan_to_num(table.grades[named], nan=0.0) + table.probs[named] - table.excluded[named]
    best = np.full(len(table.people), -np.inf)
    np.maximum.at(best, labels, worth)
    rows = named[worth == best[labels]]
    best_rows = np.zeros(len(table.people), dtype=np.int64)
    # Of equals the first: assigned backwards, it is the last that is written.
    best_rows[table.labels[rows[::-1]]] = rows[::-1]
    return table.take(best_rows).crop_ids
