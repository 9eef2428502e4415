"""The map on the command line."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as parquet

from core.services import Services
from core.workflows.projection.project import load_map
from tests.cli.conftest import Command, Refusal


def test_a_map_is_made_kept_and_written_as_tables(command: Command, app: Services, tmp_path: Path) -> None:
    files = tmp_path / "map.csv", tmp_path / "map.parquet"
    answer = command("map", "--method", "pca", "--dimensions", 3, "--csv", files[0], "--parquet", files[1])
    assert (answer["method"], answer["dimensions"], answer["faces"]) == ("pca", 3, 118)
    assert 0 < answer["faithfulness"]["trustworthiness"] <= 1
    (dataset,) = app.store.datasets()
    (info,) = app.runs.maps(dataset.id)
    points = load_map(app.artifacts, info)
    with files[0].open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert info.id == answer["map"]
    assert [row["face_id"] for row in rows] == list(points.face_ids)
    assert [round(float(row["z"]), 3) for row in rows] == [round(float(z), 3) for z in points.points[:, 2]]
    assert {row["person"] for row in rows} == {person["name"] for person in command("people")["people"]}
    assert parquet.read_table(files[1]).num_rows == 118


def test_a_layout_in_dimensions_that_it_has_not_is_refused(refusal: Refusal) -> None:
    assert "t" in refusal("map", "--method", "tsne", "--dimensions", 3)
