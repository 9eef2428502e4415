"""Columns with a row for each face, which know the row of a face: the table of a dataset's faces, and their vectors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import Field, dataclass, fields, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from core.base.columns import CodedColumn, Column, encode_texts
from core.base.errors import ModelMismatch
from core.base.types import TRUSTED_GRADE, Bools, Doubles, Floats, Ints, Split, Vectors
from core.language.texts import marked

T = TypeVar("T")


class FaceRows:
    """To be inherited by values with a row for each face: they know which row a face has.

    They are found by halving: ids in order, as the store gives them, need no index beside themselves.
    """

    # Without __slots__, so that the frozen and slotted values that inherit it have a __dict__: there
    # ``cached_property`` keeps its value.
    face_ids: Sequence[str]

    @cached_property
    def _sorted_ids(self) -> tuple[npt.NDArray[np.bytes_], Ints]:
        """The ids in order, and the row of each."""
        encoded = encode_texts(self.face_ids)
        order = np.arange(len(encoded))
        if not (encoded[:-1] < encoded[1:]).all():
            order = np.argsort(encoded, kind="stable")
            encoded = encoded[order]
            if n_double := int((encoded[:-1] == encoded[1:]).sum()):
                raise ValueError(
                    f"expected a row for each face, got {len(order)} rows of {len(order) - n_double} faces"
                )
        return encoded, order

    def _rows_of(self, face_ids: Iterable[str]) -> Ints:
        """The row of each face, -1 where it has none."""
        ordered, order = self._sorted_ids
        asked = encode_texts(face_ids)
        if not len(ordered) or not len(asked):
            return np.full(len(asked), -1, dtype=np.int64)
        # The same faces in the same order, as a map's most often are: nothing is to be looked for.
        if len(asked) == len(ordered) and np.array_equal(asked, ordered):
            return order
        indices = np.minimum(np.searchsorted(ordered, asked), len(ordered) - 1)
        return np.where(ordered[indices] == asked, order[indices], -1)

    def __len__(self) -> int:
        return len(self.face_ids)

    def __contains__(self, face_id: object) -> bool:
        return isinstance(face_id, str) and self.find(face_id) is not None

    def index(self, face_id: str) -> int:
        """The row of a face. Raises KeyError when it has none."""
        return int(self.indices([face_id])[0])

    def find(self, face_id: str) -> int | None:
        """The row of a face, or None."""
        row = int(self._rows_of([face_id])[0])
        return row if row >= 0 else None

    def indices(self, face_ids: Iterable[str]) -> Ints:
        """The rows of faces, in their order: (n,) int64. Raises KeyError when one has none."""
        asked = face_ids if isinstance(face_ids, Sequence) else list(face_ids)
        rows = self._rows_of(asked)
        if (rows < 0).any():
            raise KeyError(asked[int(np.argmin(rows))])
        return rows

    def match(self, face_ids: Iterable[str]) -> tuple[Ints, Ints]:
        """Of faces that may have no row here, those that have one.

        Returns
        -------
        indices : (m,) int64, places in ``face_ids``, ascending
        rows : (m,) int64, their rows here
        """
        rows = self._rows_of(face_ids)
        indices = np.flatnonzero(rows >= 0)
        return indices, rows[indices]


def take_items(values: Sequence[T], rows: Iterable[int]) -> tuple[T, ...]:
    """Some of the values, in the order of ``rows``."""
    if isinstance(values, Column) and isinstance(rows, np.ndarray):
        return tuple(values.take(rows))
    return tuple(values[row] for row in rows)


@dataclass(frozen=True, slots=True, eq=False)
class FaceTable(FaceRows):
    """All faces of a dataset, one row each, in the order of their ids: columns instead of objects.

    What was dismissed as no face is not among them.
    """

    face_ids: Sequence[str]
    photo_ids: Sequence[str]
    photo_names: Sequence[str]
    crop_ids: Sequence[str]
    people: tuple[str, ...]
    """The people of the dataset, sorted by name; ``labels`` point into it."""
    labels: Ints
    """(n,) index into ``people``, or -1 for a face without a name."""
    splits: Sequence[Split | None]
    probs: Floats
    photo_hashes: Ints
    """(n,) the photos' 64-bit perceptual hashes, as signed integers."""
    person_ids: tuple[int, ...]
    """The store's ids of ``people``, in the same order."""
    hidden: Bools
    """(n_people,) who is hidden: neither listed nor learned nor named."""
    excluded: Bools
    """(n,) neither learned from nor measured on."""
    confirmed: Bools
    """(n,) somebody has looked and said that the name is right."""
    strangers: Bools
    """(n,) marked as nobody who is to be named."""
    grades: Floats
    """(n,) quality, 0 .. 1; NaN where it was not measured."""
    sizes_px: Floats
    """(n,) the shorter sides of the boxes, pixels."""
    taken: Doubles
    """(n,) when the photo was taken, seconds since 1970; NaN where the camera did not say."""

    def __post_init__(self) -> None:
        for of_people, n in ((False, len(self.face_ids)), (True, len(self.people))):
            lengths = {column.name: len(getattr(self, column.name)) for column in _table_columns(of_people)}
            if set(lengths.values()) != {n}:
                raise ValueError(f"expected {n} rows in each column, got {lengths}")

    @property
    def trusted(self) -> Bools:
        """(n,) faces whose vectors tell people apart: all but those known to be poorer than ``TRUSTED_GRADE``."""
        # "Not poorer" and not "at least as good": NaN, a quality that was never measured, is trusted.
        return np.asarray(~(self.grades < TRUSTED_GRADE))

    @property
    def of_hidden(self) -> Bools:
        """(n,) faces of people who are hidden."""
        of_hidden = np.zeros(len(self), dtype=bool)
        # Only faces with a name are looked up: the label -1 would be the last person's.
        is_named = self.labels >= 0
        of_hidden[is_named] = self.hidden[self.labels[is_named]]
        return of_hidden

    @property
    def learnable(self) -> Bools:
        """(n,) faces that a recogniser may learn from: named, trusted, not excluded, and not of a hidden person."""
        return np.asarray((self.labels >= 0) & ~self.of_hidden & ~self.excluded & self.trusted)

    def is_on(self, split: Split | None) -> Bools:
        """(n,) faces on a side of the division; None for those on neither."""
        if not isinstance(self.splits, CodedColumn):
            return np.array([side is split for side in self.splits], dtype=bool)
        is_value = np.array([side is split for side in self.splits.values], dtype=bool)
        return np.asarray(is_value[self.splits.codes])

    def person(self, row: int) -> str | None:
        """The name of one face, or None."""
        label = int(self.labels[row])
        return self.people[label] if label >= 0 else None

    def person_id(self, row: int) -> int | None:
        """The store's id of the person of one face, or None."""
        label = int(self.labels[row])
        return self.person_ids[label] if label >= 0 else None

    def name_of(self, person_id: int | None) -> str | None:
        """The name of a person by the store's id; None for nobody, and for somebody who has no faces."""
        return self.people[self.person_ids.index(person_id)] if person_id in self.person_ids else None

    def take(self, rows: Ints) -> FaceTable:
        """Some of the faces, in the order of ``rows``; the people stay as they are."""
        columns = (column.name for column in _table_columns(of_people=False))
        return replace(self, **{name: _take(getattr(self, name), rows) for name in columns})


def _take(column: Any, rows: Ints) -> Any:
    """Some values of a column, which is a tuple, a column of texts or an array."""
    if isinstance(column, Column):
        return column.take(rows)
    return take_items(column, rows) if isinstance(column, tuple) else column[rows]


def _table_columns(of_people: bool) -> list[Field[Any]]:
    """The columns of a ``FaceTable`` that have a row for each person, or for each face."""
    return [column for column in fields(FaceTable) if (column.name in ("people", "person_ids", "hidden")) == of_people]


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings(FaceRows):
    """Vectors that never travel without their row names and their model."""

    face_ids: Sequence[str]
    vectors: Vectors
    """(n_faces, dimension) float32, unit length."""
    model_id: str

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.face_ids) != len(self.vectors):
            raise ValueError(f"expected one row for each of {len(self.face_ids)} faces, got shape {self.vectors.shape}")

    def take(self, rows: Ints) -> Embeddings:
        """Some of the faces, in the order of ``rows``."""
        return Embeddings(_take(self.face_ids, rows), self.vectors[rows], self.model_id)

    def require_model(self, model_id: str) -> None:
        """Raise ModelMismatch unless these vectors are of the given model."""
        if self.model_id != model_id:
            raise ModelMismatch(
                marked(
                    "The faces were embedded with '{model}', but the recogniser was trained on '{other_model}'. "
                    "Vectors of two models cannot be compared; train again on this dataset."
                ).format(model=self.model_id, other_model=model_id)
            )
