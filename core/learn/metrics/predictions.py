"""What a run said of every face it was tested on, and which faces it learned from; one file of plain arrays."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.base.errors import InputRefused
from core.base.face_table import FaceRows
from core.base.json_values import parse_json
from core.base.types import Bools, Floats, Ints
from core.language.texts import marked
from core.learn.metrics.classification import Evaluation, confusion_counts
from core.learn.open_set.rejection_rule import Impostors

FILE_FORMAT = 3
READABLE = (2, FILE_FORMAT)
"""Format 2 has no impostors."""


@dataclass(frozen=True, slots=True, eq=False)
class Predictions(FaceRows):
    """Tested faces, one row each, and the evaluation that they came to."""

    people: tuple[str, ...]
    face_ids: tuple[str, ...]
    true: Ints
    """(n,) places in ``people``"""
    given: Ints
    """(n,) places in ``people``: the best margin's, whatever the distance"""
    probs: Floats
    """(n,) probability of the given name"""
    distances: Floats
    """(n,) distance to the given person's centroid, 0..2"""
    scores: Floats
    """(n,) how much the face is like the given person (``rejection_rule``): unknown when not above the limit"""
    ranks: Ints
    """(n,) how many people are more probable than the true one"""
    learned_ids: tuple[str, ...]
    """The faces that the saved classifier learned from."""
    evaluation: Evaluation
    impostors: Impostors | None = None
    """Faces that played the stranger for the recogniser that is kept; None when there were none, or in old files."""
    learned_as: Ints | None = None
    """(n_learned,) the person whom the saved classifier names each face that it learned from, as which it speaks for
    others (``Gallery``): with many people it takes seconds to find out again. None in old files."""

    def __post_init__(self) -> None:
        columns = (self.true, self.given, self.probs, self.distances, self.scores, self.ranks)
        lengths = [len(column) for column in columns]
        if set(lengths) != {len(self.face_ids)}:
            raise ValueError(f"expected {len(self.face_ids)} rows in each column, got {lengths}")
        if self.learned_as is not None and len(self.learned_as) != len(self.learned_ids):
            raise ValueError(f"expected {len(self.learned_ids)} learned faces, got names of {len(self.learned_as)}")

    @property
    def wrong(self) -> Bools:
        """(n,) where the given name is not the true one."""
        return np.asarray(self.true != self.given)

    def surest_rows(self, selected: Bools) -> Ints:
        """The selected rows, those whose name was given with the highest probability first."""
        rows = np.flatnonzero(selected)
        return rows[np.argsort(-self.probs[rows], kind="stable")]

    def count_unknown(self, threshold: float) -> int:
        """How many faces a threshold on the likeness would have called unknown."""
        return int(np.count_nonzero(self.scores <= threshold))

    def to_bytes(self) -> bytes:
        """An .npz of arrays and one JSON text; the confusion counts are not written, they follow from the rows."""
        header = {"format": FILE_FORMAT, "people": list(self.people), "evaluation": self.evaluation.figures()}
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            header=np.frombuffer(json.dumps(header).encode("ascii"), dtype=np.uint8),
            face_ids=_text(self.face_ids),
            true=self.true.astype(np.int32),
            given=self.given.astype(np.int32),
            probs=self.probs.astype(np.float32),
            distances=self.distances.astype(np.float32),
            scores=self.scores.astype(np.float32),
            ranks=self.ranks.astype(np.int32),
            learned_ids=_text(self.learned_ids),
            **_learned_columns(self.learned_as),  # type: ignore[arg-type]
            **_columns_of(self.impostors),  # type: ignore[arg-type]  # numpy takes the first for its flag
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> Predictions:
        """Read what ``to_bytes`` gave. Raises InputRefused when the file is damaged."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                return _read({name: arrays[name] for name in arrays.files})
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as fault:
            raise InputRefused(
                marked("The run's predictions are damaged ({fault}). Delete the run and train again.").format(
                    fault=fault
                )
            ) from fault


def _text(ids: tuple[str, ...]) -> np.ndarray:
    # Ids are hexadecimal: as bytes they take a quarter of the room of numpy's texts, which have four bytes a letter.
    return np.array(ids, dtype="S24") if ids else np.empty(0, dtype="S24")


def _places(column: np.ndarray) -> Ints:
    """Whole numbers, one a row; a fraction would be cut, and NaN become any number."""
    if column.dtype.kind not in "iu" or column.ndim != 1:
        raise ValueError(f"expected a column of whole numbers, got {column.dtype} of {column.shape}")
    return column.astype(np.int64)


def _ids(column: np.ndarray) -> tuple[str, ...]:
    if column.dtype.kind != "S" or column.ndim != 1:
        raise ValueError(f"expected a column of ids, got {column.dtype} of {column.shape}")
    return tuple(value.decode("ascii") for value in column.tolist())


def _learned_columns(learned_as: Ints | None) -> dict[str, np.ndarray]:
    return {} if learned_as is None else {"learned_as": learned_as.astype(np.int32)}


def _columns_of(impostors: Impostors | None) -> dict[str, np.ndarray]:
    if impostors is None:
        return {}
    return {
        "impostor_scores": impostors.scores.astype(np.float32),
        "impostor_who": impostors.who.astype(np.int32),
        "impostor_given": impostors.given,
    }


def _impostors(arrays: Mapping[str, np.ndarray]) -> Impostors | None:
    if "impostor_scores" not in arrays:
        return None
    scores, who, from_strangers = (arrays[f"impostor_{name}"] for name in ("scores", "who", "given"))
    return Impostors(scores.astype(np.float64), _places(who), from_strangers.astype(np.bool_))


def _read(arrays: Mapping[str, np.ndarray]) -> Predictions:
    header = parse_json(bytes(arrays["header"]))
    file_format = header.get("format") if isinstance(header, dict) else None
    if file_format not in READABLE:
        raise ValueError(f"expected format {FILE_FORMAT}, got {file_format}")
    people = tuple(header["people"])
    true, predicted = _places(arrays["true"]), _places(arrays["given"])
    # Counted anew: the square of the people would be most of the file.
    confusion = confusion_counts(true, predicted, len(people))
    evaluation = Evaluation.of_figures(header["evaluation"], people, confusion)
    return Predictions(
        people=people,
        face_ids=_ids(arrays["face_ids"]),
        true=true,
        given=predicted,
        probs=arrays["probs"],
        distances=arrays["distances"],
        scores=arrays["scores"],
        ranks=_places(arrays["ranks"]),
        learned_ids=_ids(arrays["learned_ids"]),
        evaluation=evaluation,
        impostors=_impostors(arrays),
        learned_as=_places(arrays["learned_as"]) if "learned_as" in arrays else None,
    )
