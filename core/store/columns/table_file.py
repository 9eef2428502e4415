"""A table of faces as a file: what the database takes many seconds to tell of a million faces is there at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import numpy as np

from core.base.columns import CodedColumn, TextColumn, encode_texts
from core.base.face_table import FaceTable
from core.base.types import Revision, Split
from core.store.columns.array_file import Array, ArrayFile, encode_arrays, map_arrays

FILE_FORMAT = 1
_ARRAYS = (
    *("labels", "hidden", "probs", "photo_hashes", "excluded", "confirmed", "strangers", "grades", "sizes_px", "taken"),
)
_IDS = ("face_ids", "crop_ids")
_CODED = ("photo_ids", "photo_names", "splits")
_NO_SPLIT = ""


@dataclass(frozen=True, slots=True, eq=False)
class StoredTable:
    """The faces of a dataset at one revision; the arrays are maps of the file."""

    table: FaceTable
    revision: Revision


def encode_table(table: FaceTable, revision: Revision) -> bytes:
    """The content of the file."""
    arrays = {name: getattr(table, name) for name in _ARRAYS}
    arrays |= {name: encode_texts(getattr(table, name)) for name in _IDS}
    for name in _CODED:
        column = CodedColumn.of(getattr(table, name))
        arrays[f"{name}.codes"] = column.codes
        arrays |= _encode_names(f"{name}.values", [value or _NO_SPLIT for value in column.values])
    arrays |= _encode_names("people", table.people)
    arrays["person_ids"] = np.array(table.person_ids, dtype=np.int64)
    return encode_arrays({"format": FILE_FORMAT, "revision": revision}, arrays)


def read_table(path: Path) -> StoredTable:
    """The table of a file. Raises ValueError where it is damaged or of another version, FileNotFoundError."""
    file = map_arrays(path)
    match file.head:
        case {"format": int(version), "revision": int(revision)} if version == FILE_FORMAT:
            try:
                return StoredTable(_to_table(file), revision)
            except KeyError as fault:
                raise ValueError(f"it holds no {fault}") from fault
    raise ValueError(f"it is not of the format {FILE_FORMAT}")


def _to_table(file: ArrayFile) -> FaceTable:
    arrays = file.arrays
    texts = {name: _decode_names(file, f"{name}.values") for name in _CODED}
    splits = tuple(Split(value) if value else None for value in texts["splits"])
    columns: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
    columns |= {name: TextColumn(arrays[name]) for name in _IDS}
    columns |= {name: CodedColumn(texts[name], arrays[f"{name}.codes"]) for name in ("photo_ids", "photo_names")}
    return FaceTable(
        **columns,
        splits=CodedColumn(splits, arrays["splits.codes"]),
        people=_decode_names(file, "people"),
        person_ids=tuple(arrays["person_ids"].tolist()),
    )


def _encode_names(name: str, values: Sequence[str]) -> dict[str, Array]:
    """Texts of any length and letters. As they are, so that a search of the file for a name finds it."""
    lengths = np.array([len(value) for value in values], dtype=np.int64)
    return {f"{name}.lengths": lengths, name: np.frombuffer("".join(values).encode(), dtype=np.uint8)}


def _decode_names(file: ArrayFile, name: str) -> tuple[str, ...]:
    text = file.arrays[name].tobytes().decode()
    ends = accumulate(file.arrays[f"{name}.lengths"].tolist(), initial=0)
    return tuple(text[start:end] for start, end in pairwise(ends))
