"""What was chosen on a map as files: what is in them, and where it comes from."""

from __future__ import annotations

import csv
import io
import zipfile

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.services import Services
from core.store.artifacts import ArtifactKind
from core.workflows.projection import project, selection
from core.workflows.projection.project import FaceMap
from core.workflows.projection.selection import MapSelection
from core.workflows.training import train
from core.workflows.training.train import TrainingTask
from tests.stored_faces import add_faces


@pytest.fixture
def chosen(services: Services) -> MapSelection:
    """Two faces of Ann and one without a name, of which the last is not on the map."""
    dataset = add_faces(services, "Family", {"Ann": 3, None: 2})
    table, embeddings = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
    made = project.build_pca_map(embeddings)
    return MapSelection(
        (*table.face_ids[1:3], table.face_ids[4]), table, embeddings, FaceMap(made.face_ids[:4], made.points[:4])
    )


def test_a_row_says_who_where_and_how_good(chosen: MapSelection) -> None:
    rows = list(csv.DictReader(io.StringIO(selection.selection_csv(chosen).decode("utf-8-sig"))))
    assert [row["face_id"] for row in rows] == list(chosen.face_ids)
    assert [row["person"] for row in rows] == ["Ann", "Ann", ""]
    assert rows[0]["photo"] == chosen.table.photo_names[1]
    assert (float(rows[0]["x"]), float(rows[0]["y"])) == pytest.approx(tuple(chosen.face_map.points[1].tolist()))
    assert (rows[2]["x"], rows[2]["prediction"], rows[2]["sure"]) == ("", "", "")
    assert "z" not in rows[0]


def test_parquet_has_the_vectors_and_the_third_dimension(services: Services, chosen: MapSelection) -> None:
    deep = project.build_pca_map(chosen.embeddings, 3)
    content = selection.selection_parquet(MapSelection(chosen.face_ids, chosen.table, chosen.embeddings, deep))
    table = pq.read_table(io.BytesIO(content))
    vectors = np.array(table.column("vector").to_pylist(), dtype=np.float32)
    assert np.array_equal(vectors, chosen.embeddings.vectors[[1, 2, 4]])
    assert table.column("z").to_pylist() == pytest.approx(deep.points[[1, 2, 4], 2].tolist())
    assert table.schema.metadata[b"model_id"].decode() == chosen.embeddings.model_id


def test_what_a_run_said_stands_beside_the_name(services: Services) -> None:
    dataset = add_faces(services, "Friends", {"Ann": 8, "Bob": 8, None: 1})
    run = train.train_recogniser(services.run_tools(), TrainingTask(dataset.id))
    said = train.load_predictions(services.artifacts, run)
    table, embeddings = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
    tested = said.face_ids.index(table.face_ids[9])
    told = MapSelection(
        face_ids=(table.face_ids[9], table.face_ids[16]),
        table=table,
        embeddings=embeddings,
        face_map=project.build_pca_map(embeddings),
        predictions=said,
    )
    bob, nobody = told.rows()
    assert (bob["person"], bob["prediction"]) == ("Bob", "Bob") and bob["sure"] == pytest.approx(said.probs[tested])
    assert (nobody["person"], nobody["prediction"], nobody["sure"]) == (None, None, None)


def test_the_zip_has_the_crops_under_their_names(services: Services, chosen: MapSelection) -> None:
    (dataset,) = services.store.datasets()
    for row in (1, 2, 4):
        services.artifacts.put(dataset.id, ArtifactKind.CROP, chosen.table.crop_ids[row], b"crop %d" % row)
    content = selection.selection_zip(chosen, services.artifacts, dataset.id)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        crops = {name: archive.read(name) for name in archive.namelist() if name.startswith("crops/")}
        assert archive.read("faces.csv") == selection.selection_csv(chosen)
    assert crops == {
        f"crops/Ann/1-{chosen.face_ids[0]}.jpg": b"crop 1",
        f"crops/Ann/2-{chosen.face_ids[1]}.jpg": b"crop 2",
        f"crops/4-{chosen.face_ids[2]}.jpg": b"crop 4",
    }
