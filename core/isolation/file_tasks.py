"""The tasks about files that are no photos: what is asked, what is answered, and what does it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from core.base.json_values import Text
from core.formats import bundle, correction_log, tables, xmp
from core.formats.xmp import Sidecar
from core.isolation.messages import Block, BlocksOnly, Task, TaskHandlers


@dataclass(frozen=True, slots=True)
class FileOrder:
    """A file to be read."""

    name: bytes
    """The absolute path as the system has it, which may be no text."""
    most_faces: int = 0

    @classmethod
    def of(cls, path: Path, most_faces: int = 0) -> FileOrder:
        """The order to read a file."""
        # Absolute, as the child works in the folder of the program; and bytes, as JSON has no letters for some names.
        return cls(os.fsencode(path.resolve()), most_faces)

    @property
    def path(self) -> Path:
        """The absolute path of the file."""
        return Path(os.fsdecode(self.name))


@dataclass(frozen=True, slots=True)
class VectorsAnswer:
    """Vectors: one block of float32."""

    face_ids: tuple[Text, ...]
    model_id: Text
    shape: tuple[Annotated[int, Meta(ge=0)], Annotated[int, Meta(ge=1)]]


@dataclass(frozen=True, slots=True)
class LogAnswer:
    """A log that can be read."""

    lines: int


@dataclass(frozen=True, slots=True)
class BundleAnswer:
    """A bundle that can be read."""

    sha256: str


READ_VECTORS: Final = Task("read vectors", FileOrder, VectorsAnswer)
READ_SIDECAR: Final = Task("read sidecar", BlocksOnly, Sidecar)
"""The documents are blocks."""
CHECK_LOG: Final = Task("check log", FileOrder, LogAnswer)
CHECK_BUNDLE: Final = Task("check bundle", FileOrder, BundleAnswer)


def _read_vectors(order: FileOrder, blocks: Sequence[memoryview]) -> tuple[VectorsAnswer, Sequence[Block]]:
    """Face ids and vectors of a Parquet or npz file."""
    embeddings = tables.read_vectors(order.path, order.most_faces)
    n_faces, dimension = embeddings.vectors.shape
    return VectorsAnswer(tuple(embeddings.face_ids), embeddings.model_id, (n_faces, dimension)), [embeddings.vectors]


def _read_sidecar(_: BlocksOnly, blocks: Sequence[memoryview]) -> tuple[Sidecar, Sequence[Block]]:
    """What XMP documents say of faces."""
    return xmp.decode_sidecar(*(bytes(block) for block in blocks)), []


def _check_log(order: FileOrder, blocks: Sequence[memoryview]) -> tuple[LogAnswer, Sequence[Block]]:
    """Read a correction log to its end."""
    with order.path.open("rb") as file:
        # Read and counted, never kept: only whether it can be read within the bounds is asked.
        return LogAnswer(sum(1 for _ in correction_log.parse_log(file))), []


def _check_bundle(order: FileOrder, blocks: Sequence[memoryview]) -> tuple[BundleAnswer, Sequence[Block]]:
    """Read a bundle with all its parts."""
    return BundleAnswer(bundle.read_bundle_file(order.path)[1]), []


FILE_HANDLERS: Final[TaskHandlers] = {
    task.name: (task, work)
    for task, work in (
        (READ_VECTORS, _read_vectors),
        (READ_SIDECAR, _read_sidecar),
        (CHECK_LOG, _check_log),
        (CHECK_BUNDLE, _check_bundle),
    )
}
