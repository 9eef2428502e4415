"""Lists of pairs of photos: tables in the forms that people have, and the text files of Labeled Faces in the Wild.

A table has two photos and whether they are one person, split by commas, semicolons, tabs, bars or spaces, with or
without a header and folds. ``pairs.txt`` (10 folds) begins with the number of folds and of pairs of each kind in one;
``pairsDevTrain.txt`` and ``pairsDevTest.txt`` (one set) with the number of pairs of each kind. Then come, fold by fold,
first the pairs of one person, ``name 1 4``, and then those of two, ``name 1 other 2``; photo 4 of a name is
``name/name_0004.jpg``.

References
----------
G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, "Labeled Faces in the Wild", UMass Amherst 07-49, 2007.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import numpy as np

from core.base import words
from core.base.errors import InputRefused
from core.base.types import Bools, Ints

COLUMNS = ("photo_a", "photo_b", "same", "fold")
DEALT_FOLDS = 10
"""A list without folds is dealt into so many: pairs of one person and pairs of two, each kind evenly."""
MOST_BYTES = 256 << 20
"""Of a list: two million pairs."""
_HEADERS = {
    "photo_a": "photo_a photo1 photo_1 image_a image1 image_1 img_a img1 img_1 file_a file1 file_1 path_a path1 path_1",
    "photo_b": "photo_b photo2 photo_2 image_b image2 image_2 img_b img2 img_2 file_b file2 file_2 path_b path2 path_2",
    "same": "same is_same issame same_person label match genuine target",
    "fold": "fold folds fold_id",
}
_COLUMN_OF = {word: column for column, words in _HEADERS.items() for word in words.split()}
"""What a header may call a column, in small letters with ``_`` for spaces and dashes."""
_TRUE = "1 1.0 true t yes y same match genuine positive wahr vrai vero verdadero waar"
_FALSE = "0 0.0 -1 false f no n different mismatch impostor negative falsch faux falso onwaar"
_SAME_WORDS = {**dict.fromkeys(_TRUE.split(), True), **dict.fromkeys(_FALSE.split(), False)}
"""What stands for same and for different; Excel writes TRUE and FALSE in its own language."""
_SEPARATORS = "\t;,|"
_ROWS_SAMPLED = 50
"""Rows by which the separator is judged."""
_ANNOUNCED = re.compile(r"\s*\d+(\s+\d+)?\s*")
_SAME_BY_SPACES = re.compile(r"(\S.*?)\s+(\d+)\s+(\d+)")
_DIFFERENT_BY_SPACES = re.compile(r"(\S.*?)\s+(\d+)\s+(\S.*?)\s+(\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class PhotoPairs:
    """Pairs of photos by name."""

    photo_a: tuple[str, ...]
    photo_b: tuple[str, ...]
    same: Bools
    """(n_pairs,) whether the two photos show one person"""
    fold: Ints
    """(n_pairs,) the fold that a pair is tested in"""
    folds_dealt: bool = False
    """The list has no folds, so they were dealt here."""


@dataclass(frozen=True, slots=True)
class PhotoPair:
    """One line of a list."""

    line: int
    photo_a: str
    photo_b: str
    same: bool
    fold: int | None


def read_pairs(path: Path) -> PhotoPairs:
    """Read a table of pairs, or a list of Labeled Faces in the Wild.

    Raises
    ------
    InputRefused
        It cannot be read, lacks a column, or has a row that cannot be one or contradicts another; the message names the
        line and what was expected.
    """
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    read = _read_announced if _ANNOUNCED.fullmatch(first) else _read_table
    pairs = list(read(path.name, text))
    if not pairs:
        raise InputRefused(f"'{path.name}' lists no pairs. Expected rows of {', '.join(COLUMNS[:3])}.")
    _require_sound(path.name, pairs)
    folds_dealt = pairs[0].fold is None
    if folds_dealt:
        pairs = _deal_folds(pairs)
    return PhotoPairs(
        photo_a=tuple(pair.photo_a for pair in pairs),
        photo_b=tuple(pair.photo_b for pair in pairs),
        same=np.array([pair.same for pair in pairs], dtype=np.bool_),
        fold=np.array([pair.fold for pair in pairs], dtype=np.int64),
        folds_dealt=folds_dealt,
    )


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            # One byte more than allowed tells that there are more, without reading a file of any size.
            content = stream.read(MOST_BYTES + 1)
    except OSError as fault:
        raise InputRefused(f"The list of pairs '{path}' cannot be read ({fault.strerror}).") from fault
    if len(content) > MOST_BYTES:
        raise InputRefused(
            f"'{path.name}' has more than {words.count(MOST_BYTES)} bytes, more than a list of pairs has."
        )
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        # UTF-8 first, which hardly any other text is by chance; cp1252, which Excel writes where it does not write
        # UTF-8, takes nearly every byte.
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_text(text):
            return text
    raise InputRefused(f"'{path.name}' is no text. Expected a table {','.join(COLUMNS)}, or pairs.txt.")


def _is_text(text: str) -> bool:
    """Whether it reads as text: no control characters, and paths and marks that are ASCII in good part."""
    # In a wrong encoding a picture or an archive decodes as well: it shows by control characters, and UTF-16 without
    # its mark by letters of all scripts.
    control = any(unicodedata.category(letter) == "Cc" and letter not in "\t\n\r" for letter in set(text))
    return not control and 4 * sum(letter.isascii() for letter in text) >= len(text)


def _require_sound(file_name: str, pairs: Sequence[PhotoPair]) -> None:
    """Refuse a photo compared with itself, which is always right, and two rows that contradict each other."""
    first_of: dict[frozenset[str], PhotoPair] = {}
    for pair in pairs:
        if pair.photo_a == pair.photo_b:
            raise InputRefused(
                f"Line {pair.line} of '{file_name}' compares '{pair.photo_a}' with itself; expected two photos."
            )
        first = first_of.setdefault(frozenset((pair.photo_a, pair.photo_b)), pair)
        if first.same is not pair.same:
            raise InputRefused(
                f"Line {pair.line} of '{file_name}' says {_word(pair)} of two photos that line {first.line} says "
                f"{_word(first)} of. Correct one of them."
            )


def _word(pair: PhotoPair) -> str:
    return "same" if pair.same else "different"


def _deal_folds(pairs: Sequence[PhotoPair]) -> list[PhotoPair]:
    """Fold numbers given out in turn, for each kind by itself: every fold has both where there are enough."""
    count = Counter(pair.same for pair in pairs)
    # A fold needs pairs of both kinds: the threshold of each is set on the other folds, and judged on it.
    n_folds = max(2, min(DEALT_FOLDS, count[True], count[False]))
    dealt, folded = Counter[bool](), []
    for pair in pairs:
        folded.append(replace(pair, fold=dealt[pair.same] % n_folds))
        dealt[pair.same] += 1
    return folded


def clean_path(name: str) -> str:
    """A photo's path with '/' between its parts, without '.' parts, a drive or a slash at its beginning."""
    path = re.sub(r"^[A-Za-z]:(?=[\\/])", "", unicodedata.normalize("NFC", name.strip())).replace("\\", "/")
    return "/".join(part for part in path.split("/") if part not in ("", "."))


# tables

Cells = tuple[int, list[str]]
"""A row and the number of its line."""


def _read_table(file_name: str, text: str) -> Iterator[PhotoPair]:
    rows = _rows(text)
    if not rows:
        return
    head = [_COLUMN_OF.get(re.sub(r"[\s-]+", "_", cell.strip().casefold())) for cell in rows[0][1]]
    # Two known words make a header; one could be the name of a photo.
    if len({column for column in head if column}) >= 2:
        columns = _columns_of(file_name, rows[0], head)
        rows = rows[1:]
    # The second row counts too, as the first may be a header of words that nobody knows.
    elif _is_lfw(rows[0][1]) or (len(rows) > 1 and _is_lfw(rows[1][1])):
        yield from _read_lfw_rows(file_name, rows)
        return
    else:
        columns = _columns_without_header(file_name, rows)
    for line, cells in rows:
        yield _pair(file_name, line, cells, columns)


def _rows(text: str) -> list[Cells]:
    """The rows that are not empty, split by the separator that gives the most rows of a pair."""
    announced = re.match(r"\s*sep=(.)\r?\n", text)  # Excel's own way to say it
    if announced:
        return _split(text, announced[1])[1:]
    # Counted and not guessed by the first line: a name may hold a comma, but not in every row.
    by_separator = [_split(text, separator, _ROWS_SAMPLED) for separator in _SEPARATORS]
    usable = [sum(len(cells) >= 3 for _, cells in rows) for rows in by_separator]
    if max(usable):
        return _split(text, _SEPARATORS[usable.index(max(usable))])
    # A table with too few columns is told as such, and not as words split by spaces.
    if any(separator in text.partition("\n")[0] for separator in _SEPARATORS):
        return _split(text, max(_SEPARATORS, key=text.partition("\n")[0].count))
    lines = enumerate(text.splitlines(), start=1)
    return [(number, _words(line)) for number, line in lines if line.strip()]


def _split(text: str, separator: str, most_rows: int | None = None) -> list[Cells]:
    # Without translating line ends, as the csv module asks: a quoted name may hold one.
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    rows: list[Cells] = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((reader.line_num, [cell.strip() for cell in cells]))
            if most_rows is not None and len(rows) == most_rows:
                break
    except csv.Error as fault:
        raise InputRefused(f"Line {reader.line_num} cannot be split into columns ({fault}).") from fault
    return rows


def _words(line: str) -> list[str]:
    """The words of a line; of LFW, whose names may hold spaces, the name and its number."""
    line = line.strip()
    words = line.split()
    # File names, of which a list of LFW has none.
    if sum("." in word for word in words[:3]) >= 2:
        return words
    by_spaces = _SAME_BY_SPACES.fullmatch(line) or _DIFFERENT_BY_SPACES.fullmatch(line)
    return list(by_spaces.groups()) if by_spaces else words


def _columns_of(file_name: str, header: Cells, head: Sequence[str | None]) -> dict[str, int]:
    columns = {column: index for index, column in enumerate(head) if column}
    if missing := [name for name in COLUMNS[:3] if name not in columns]:
        raise InputRefused(
            f"Line {header[0]} of '{file_name}' has no column {', '.join(missing)}; expected "
            f"{','.join(COLUMNS)} (fold may be missing), got {', '.join(header[1])}."
        )
    return columns


def _columns_without_header(file_name: str, rows: Sequence[Cells]) -> dict[str, int]:
    """Photo, photo, same and perhaps a fold; or same, photo, photo."""
    line, cells = rows[0]
    # By what stands in the columns: 'same' is a word or a digit of which there are few, and photos are called
    # otherwise.
    if len(cells) in (3, 4) and _same(cells[2]) is not None:
        return dict(zip(COLUMNS, range(len(cells)), strict=False))
    if len(cells) == 3 and _same(cells[0]) is not None:
        return {"same": 0, "photo_a": 1, "photo_b": 2}
    raise InputRefused(
        f"Line {line} of '{file_name}' has no column photo_a, photo_b and same, and is no pair either: "
        f"'{' | '.join(cells)[:200]}'. Expected {','.join(COLUMNS)} (fold may be missing), or a list of LFW."
    )


def _pair(file_name: str, line: int, cells: Sequence[str], columns: dict[str, int]) -> PhotoPair:
    if len(cells) <= max(columns.values()):
        raise InputRefused(f"Line {line} of '{file_name}' has {len(cells)} columns; expected {', '.join(columns)}.")
    photo_a, photo_b = (clean_path(cells[columns[name]]) for name in COLUMNS[:2])
    if not photo_a or not photo_b:
        raise InputRefused(f"Line {line} of '{file_name}': a photo's name is missing; expected two.")
    same = _same(cells[columns["same"]])
    if same is None:
        raise InputRefused(
            f"Line {line} of '{file_name}': same is '{cells[columns['same']][:80]}'; expected 1 or 0, true or false, "
            "yes or no, same or different."
        )
    fold = _fold(file_name, line, cells[columns["fold"]]) if "fold" in columns else None
    return PhotoPair(line=line, photo_a=photo_a, photo_b=photo_b, same=same, fold=fold)


def _same(cell: str) -> bool | None:
    return _SAME_WORDS.get(cell.casefold())


def _fold(file_name: str, line: int, cell: str) -> int:
    # A spreadsheet may write 3 as 3.0.
    if not re.fullmatch(r"\d{1,9}(\.0+)?", cell):
        raise InputRefused(f"Line {line} of '{file_name}': fold is '{cell[:80]}'; expected a whole number.")
    return int(float(cell))


# Labeled Faces in the Wild


def _is_lfw(cells: Sequence[str]) -> bool:
    """A name and two numbers, or twice a name and a number; an empty last column is a spreadsheet's."""
    numbers = [bool(re.fullmatch(r"\d+", cell)) for cell in _without_end(cells)]
    return numbers in ([False, True, True], [False, True, False, True])


def _without_end(cells: Sequence[str]) -> list[str]:
    full = list(cells)
    while full and not full[-1]:
        full.pop()
    return full


def _read_lfw_rows(file_name: str, rows: Sequence[Cells]) -> Iterator[PhotoPair]:
    """Pairs of LFW as a table of their own, with or without a header; the row's form says which kind it is."""
    for line, cells in rows if _is_lfw(rows[0][1]) else rows[1:]:
        yield _lfw_pair(file_name, line, _without_end(cells), same=len(_without_end(cells)) == 3, fold=None)


def _read_announced(file_name: str, text: str) -> Iterator[PhotoPair]:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    head = [int(number) for number in lines.pop(0)[1].split()]
    n_folds, n_each = (head[0], head[1]) if len(head) == 2 else (1, head[0])
    # The kind of a pair is told by its place alone: one line too few would turn same into different from there on.
    if len(lines) != 2 * n_folds * n_each:
        raise InputRefused(
            f"'{file_name}' announces {n_folds} x {n_each} pairs of each kind, {2 * n_folds * n_each} in all, "
            f"and lists {len(lines)}. The file is cut or was changed; fetch it again."
        )
    for index, (number, line) in enumerate(lines):
        # In each fold first the pairs of one person, then as many of two.
        fold, within = divmod(index, 2 * n_each)
        same = within < n_each
        cells = _split_lfw(line, same=same)
        yield _lfw_pair(file_name, number, cells, same=same, fold=fold if n_folds > 1 else None)


def _split_lfw(line: str, *, same: bool) -> list[str]:
    if "\t" in line:
        return _without_end([cell.strip() for cell in line.split("\t")])
    form = _SAME_BY_SPACES if same else _DIFFERENT_BY_SPACES
    by_spaces = form.fullmatch(line.strip())
    return list(by_spaces.groups()) if by_spaces else line.split()


def _lfw_pair(file_name: str, line: int, cells: Sequence[str], *, same: bool, fold: int | None) -> PhotoPair:
    try:
        # A pair of one person says the name once.
        name, first, other_name, second = (*cells[:2], cells[0], *cells[2:]) if same else cells
        photo_a, photo_b = _lfw_photo(name, first), _lfw_photo(other_name, second)
        return PhotoPair(line=line, photo_a=photo_a, photo_b=photo_b, same=same, fold=fold)
    except ValueError as fault:
        expected = "name, number, number" if same else "name, number, name, number"
        got = " | ".join(cells)[:200]
        raise InputRefused(f"Line {line} of '{file_name}': expected {expected}, got '{got}'.") from fault


def _lfw_photo(name: str, number: str) -> str:
    name = unicodedata.normalize("NFC", name)
    return f"{name}/{name}_{int(number):04d}.jpg"
