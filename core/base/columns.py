"""Columns of texts and of values that repeat, as arrays: a million of them take what their letters take.

Both behave as sequences of their values, so that who reads a few rows sees no array.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, Self, TypeVar, overload

import numpy as np
import numpy.typing as npt

T = TypeVar("T")
Rows = npt.NDArray[np.int64]
_READ_AT_ONCE = 10_000


class Column(Sequence[T]):
    """Values by row, which can be taken together."""

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Self:
        """Some of the values, in the order of ``rows``."""
        raise NotImplementedError

    def followed_by(self, other: Sequence[T]) -> Self:
        """These values, and others after them."""
        raise NotImplementedError

    # A column is equal to any sequence of the same values, as tuples are to each other.
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Column | tuple | list):
            return NotImplemented
        return len(self) == len(other) and all(own == its for own, its in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]


class TextColumn(Column[str]):
    """Short texts of about one length, as ids are, in one block of bytes."""

    __slots__ = ("encoded",)

    def __init__(self, encoded: npt.NDArray[np.bytes_]) -> None:
        self.encoded = encoded
        """(n,) the texts in ASCII, filled up with zeros to the longest"""

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """The column of some texts. Raises UnicodeEncodeError for one that is not ASCII."""
        return cls(encode_texts(texts))

    def __len__(self) -> int:
        return len(self.encoded)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> Self: ...
    def __getitem__(self, row: int | slice) -> str | Self:
        if isinstance(row, slice):
            return type(self)(self.encoded[row])
        return bytes(self.encoded[row]).decode("ascii")

    def __iter__(self) -> Iterator[str]:
        # In parts: as one list a million texts would be in memory at once.
        for start in range(0, len(self), _READ_AT_ONCE):
            for text in self.encoded[start : start + _READ_AT_ONCE].tolist():
                yield text.decode("ascii")

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TextColumn):
            return np.array_equal(self.encoded, other.encoded)
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Self:
        """As of every column."""
        return type(self)(self.encoded[rows])

    def followed_by(self, other: Sequence[str]) -> Self:
        """As of every column."""
        return type(self)(np.concatenate([self.encoded, encode_texts(other)]))


class CodedColumn(Column[T]):
    """Values of which many rows share each."""

    __slots__ = ("codes", "values")

    def __init__(self, values: tuple[T, ...], codes: npt.NDArray[np.integer[Any]]) -> None:
        self.values = values
        """Each value once"""
        self.codes = codes
        """(n,) indices into ``values``"""

    @classmethod
    def of(cls, values: Iterable[T]) -> Self:
        """The column of some values, which are hashable."""
        coder = Coder[T]()
        codes = coder.encode(values)
        return cls(coder.values, codes)

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, row: int) -> T: ...
    @overload
    def __getitem__(self, row: slice) -> Self: ...
    def __getitem__(self, row: int | slice) -> T | Self:
        if isinstance(row, slice):
            return type(self)(self.values, self.codes[row])
        return self.values[int(self.codes[row])]

    def __iter__(self) -> Iterator[T]:
        return (self.values[code] for code in self.codes.tolist())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, CodedColumn) and other.values is self.values:
            return np.array_equal(self.codes, other.codes)
        return super().__eq__(other)

    __hash__ = None  # type: ignore[assignment]

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Self:
        """As of every column."""
        return type(self)(self.values, self.codes[rows])

    def followed_by(self, other: Sequence[T]) -> Self:
        """As of every column."""
        coder = Coder[T](self.values)
        codes = np.concatenate([self.codes, coder.encode(other)])
        return type(self)(coder.values, codes)

    def without_unused(self) -> Self:
        """The same column without values that no row has."""
        is_used = np.bincount(self.codes, minlength=len(self.values)) > 0
        if is_used.all():
            return self
        values = tuple(value for value, used in zip(self.values, is_used.tolist(), strict=True) if used)
        return type(self)(values, (np.cumsum(is_used) - 1)[self.codes].astype(self.codes.dtype))


class Coder(Generic[T]):
    """Numbers values in the order in which they come first."""

    def __init__(self, values: Iterable[T] = ()) -> None:
        self._code_of: dict[T, int] = {value: code for code, value in enumerate(values)}

    @property
    def values(self) -> tuple[T, ...]:
        """All that have come."""
        return tuple(self._code_of)

    def encode(self, values: Iterable[T]) -> npt.NDArray[np.int32]:
        """The numbers of some values, new ones numbered on."""
        code_of = self._code_of
        # The default is worked out before it is known to be needed: the length is the next number.
        return np.fromiter((code_of.setdefault(value, len(code_of)) for value in values), dtype=np.int32)


def number_values(values: Sequence[T]) -> npt.NDArray[np.integer[Any]]:
    """A number for each value, the same for equal ones: (n,), below as many as there are values."""
    return values.codes if isinstance(values, CodedColumn) else Coder[T]().encode(values)


def encode_texts(texts: Iterable[str]) -> npt.NDArray[np.bytes_]:
    """Texts in ASCII as one array. Raises UnicodeEncodeError for others."""
    if isinstance(texts, TextColumn):
        return texts.encoded
    return np.array(list(texts), dtype=np.bytes_)
