"""Lists of pairs of photos: this project's table, and the two text files of Labeled Faces in the Wild.

``pairs.txt`` (10 folds) begins with the number of folds and of pairs of each kind in a fold; ``pairsDevTrain.txt`` and
``pairsDevTest.txt`` (one set) with the number of pairs of each kind. Then come, fold by fold, first the pairs of one
person, ``name 1 4``, and then those of two, ``name 1 other 2``, split by tabs; photo 4 of a name is
``name/name_0004.jpg``.

References
----------
G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, "Labeled Faces in the Wild", UMass Amherst 07-49, 2007.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import numpy as np

from core.errors import InputRefused
from core.types import Bools, Ints

COLUMNS = ("photo_a", "photo_b", "same", "fold")
DEALT_FOLDS = 10
"""A list without folds is dealt into so many: pairs of one person and pairs of two, each kind evenly."""


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of photos by name."""

    photo_a: tuple[str, ...]
    photo_b: tuple[str, ...]
    same: Bools
    fold: Ints


def read_pairs(path: Path) -> Pairs:
    """Read ``photo_a,photo_b,same,fold``, or a list of Labeled Faces in the Wild.

    Raises
    ------
    InputRefused
        A missing file or column, or a row that cannot be read; the message names the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise InputRefused(f"The list of pairs '{path}' cannot be read ({fault.strerror}).") from fault
    except UnicodeDecodeError as fault:
        raise InputRefused(f"'{path.name}' is no text. Expected a table {','.join(COLUMNS)}, or pairs.txt.") from fault
    first = text.partition("\n")[0]
    rows = list(_lfw(path.name, text) if re.fullmatch(r"\s*\d+(\s+\d+)?\s*", first) else _table(path.name, text))
    if not rows:
        raise InputRefused(f"'{path.name}' lists no pairs.")
    left, right, same, fold = zip(*rows, strict=True)
    return Pairs(left, right, np.array(same, dtype=np.bool_), np.array(fold, dtype=np.int64))


Row = tuple[str, str, bool, int]


def _table(file_name: str, text: str) -> Iterator[Row]:
    table = csv.DictReader(StringIO(text, newline=""))
    if missing := [name for name in COLUMNS if name not in (table.fieldnames or ())]:
        raise InputRefused(f"'{file_name}' has no column {', '.join(missing)}; expected {','.join(COLUMNS)}.")
    for line, row in enumerate(table, start=2):
        try:
            same, fold = {"0": False, "1": True}[row["same"]], int(row["fold"])
        except (KeyError, TypeError, ValueError) as fault:
            raise InputRefused(f"Line {line} of '{file_name}': same is 0 or 1 and fold is a whole number.") from fault
        yield row["photo_a"], row["photo_b"], same, fold


def _lfw(file_name: str, text: str) -> Iterator[Row]:
    lines = text.splitlines()
    head = [int(number) for number in lines[0].split()]
    folds, of_each = head if len(head) == 2 else (1, head[0])
    found = [(number, line.split()) for number, line in enumerate(lines[1:], start=2) if line.strip()]
    if len(found) != 2 * folds * of_each:
        raise InputRefused(
            f"'{file_name}' announces {folds} x {of_each} pairs of each kind, {2 * folds * of_each} in all, "
            f"and lists {len(found)}. The file is cut or was changed; fetch it again."
        )
    for place, (number, parts) in enumerate(found):
        fold, within = divmod(place, 2 * of_each)
        same = within < of_each
        photo_a, photo_b = _lfw_pair(file_name, number, parts, same=same)
        yield photo_a, photo_b, same, fold if folds > 1 else within % of_each % DEALT_FOLDS


def _lfw_pair(file_name: str, line: int, parts: Sequence[str], *, same: bool) -> tuple[str, str]:
    try:
        if same:
            name, first, second = parts
            return _lfw_photo(name, first), _lfw_photo(name, second)
        name, first, other, second = parts
        return _lfw_photo(name, first), _lfw_photo(other, second)
    except ValueError as fault:
        expected = "name number number" if same else "name number name number"
        raise InputRefused(f"Line {line} of '{file_name}': expected {expected}.") from fault


def _lfw_photo(name: str, number: str) -> str:
    return f"{name}/{name}_{int(number):04d}.jpg"
