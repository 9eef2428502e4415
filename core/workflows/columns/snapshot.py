"""The table of a large dataset's faces as it was at a revision, in a file: a new process reads what came since alone.

The job that indexes the faces writes it, and an erasing removes it, as it does with everything that no row speaks of.
"""

from __future__ import annotations

from core.base.errors import InputRefused
from core.base.face_table import FaceTable
from core.base.types import Revision
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts, content_id
from core.store.columns.table_file import StoredTable, encode_table, read_table
from core.store.values.datasets import Dataset

_FILE_ID = content_id(b"faces")[:24]
"""A dataset has one, which is replaced."""


def store_snapshot(artifacts: Artifacts, dataset_id: str, table: FaceTable, revision: Revision) -> None:
    """Keep a table that was read after a revision."""
    artifacts.replace(dataset_id, ArtifactKind.FACE_TABLE, _FILE_ID, encode_table(table, revision))


def load_snapshot(artifacts: Artifacts, dataset: Dataset) -> StoredTable | None:
    """The stored table, mapped into memory; None where there is none, or it is newer than the dataset.

    Raises
    ------
    InputRefused
        The file is damaged or of another version.
    """
    try:
        stored = read_table(artifacts.path(dataset.id, ArtifactKind.FACE_TABLE, _FILE_ID))
    except FileNotFoundError:
        return None
    except ValueError as fault:
        raise InputRefused(
            marked("The table of the faces cannot be read ({fault}). It is to be made again.").format(fault=fault)
        ) from fault
    # Newer than the data: an older copy of the database was put back.
    return stored if stored.revision <= dataset.revision else None
