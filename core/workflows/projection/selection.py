"""Take the faces that were chosen on a map out: a table of what is known of each, with vectors or with crops."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from core.base.face_table import Embeddings, FaceTable
from core.formats import tables
from core.formats.tables import Row
from core.formats.zip_writer import Folders, ZipWriter, safe_part
from core.learn.metrics.predictions import Predictions
from core.store.artifacts import ArtifactKind, Artifacts
from core.workflows.projection.project import FaceMap


@dataclass(frozen=True, slots=True, eq=False)
class MapSelection:
    """Chosen faces and where they lie."""

    face_ids: tuple[str, ...]
    table: FaceTable
    """All faces of the dataset, as are ``embeddings``, row by row."""
    embeddings: Embeddings
    face_map: FaceMap
    predictions: Predictions | None = None
    """Of the newest run, where there is one."""

    @property
    def columns(self) -> dict[str, str]:
        """The table's columns; a map on a plane has no ``z``."""
        return {name: kind for name, kind in tables.ON_MAP.items() if name != "z" or self.face_map.points.shape[1] == 3}

    def rows(self) -> list[Row]:
        """A row for each face, as chosen; those that are not on the map have no place."""
        predicted = _prediction_columns(self.predictions)
        return [
            {
                **_face_columns(self.table, self.table.index(face_id)),
                **predicted.get(face_id, {"prediction": None, "sure": None}),
                **_map_columns(self.face_map, self.face_map.find(face_id)),
            }
            for face_id in self.face_ids
        ]

    def vectors(self) -> Embeddings:
        """The vectors of the chosen faces."""
        return self.embeddings.take(self.embeddings.indices(self.face_ids))


def _face_columns(table: FaceTable, row: int) -> Row:
    split, grade = table.splits[row], float(table.grades[row])
    return {
        "face_id": table.face_ids[row],
        "photo": table.photo_names[row],
        "person": table.person(row),
        "split": split.value if split else None,
        "quality": None if np.isnan(grade) else grade,
    }


def _prediction_columns(predictions: Predictions | None) -> dict[str, Row]:
    if predictions is None:
        return {}
    people = (predictions.people[person] for person in predictions.given)
    rows = zip(predictions.face_ids, people, predictions.probs.tolist(), strict=True)
    return {face_id: {"prediction": person, "sure": prob} for face_id, person, prob in rows}


def _map_columns(face_map: FaceMap, map_index: int | None) -> Row:
    point = [None] * face_map.points.shape[1] if map_index is None else face_map.points[map_index].tolist()
    return dict(zip("xyz", point, strict=False))


def selection_csv(selection: MapSelection) -> bytes:
    """The table as CSV (UTF-8 with its mark)."""
    return b"".join(tables.encode_csv([selection.rows()], selection.columns))


def selection_parquet(selection: MapSelection) -> bytes:
    """The table as Parquet, with the vectors."""
    return tables.encode_parquet(selection.rows(), selection.columns, selection.vectors())


def selection_zip(selection: MapSelection, artifacts: Artifacts, dataset_id: str) -> bytes:
    """The crops, a folder for each person, and the table as CSV. Raises NotFound when a crop is gone."""
    table = selection.table
    folders, buffer = Folders(), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # In memory, for a download of a page, so that no file is left to tidy away. The folder is only asked for where
        # a part has to be written out first, which none has here.
        target = ZipWriter(archive, Path(tempfile.gettempdir()))
        target.add_parts("faces.csv", [selection_csv(selection)])
        for row in table.indices(selection.face_ids).tolist():
            crop = artifacts.read(dataset_id, ArtifactKind.CROP, table.crop_ids[row])
            taken = None if np.isnan(table.taken[row]) else float(table.taken[row])
            target.add_content(_crop_name(table, row, folders), crop, taken)
    return buffer.getvalue()


def _crop_name(table: FaceTable, row: int, folders: Folders) -> str:
    """The face's id in the name leads back to the table."""
    person, stem = table.person(row), safe_part(PurePosixPath(table.photo_names[row]).stem)
    parts: Sequence[str] = ("crops", folders.folder_of(person)) if person else ("crops",)
    return "/".join((*parts, f"{stem}-{table.face_ids[row]}.jpg"))
