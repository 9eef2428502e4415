"""The map of faces: ``map``."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.base.json_values import encode_record
from core.cli import destination, resolution
from core.cli.job_runner import run_in_process
from core.cli.parser import Answer, Commands, require_dataset
from core.jobs.handlers.learning import MapResult
from core.services import Services
from core.store.values.datasets import Dataset
from core.store.values.runs import MapInfo
from core.workflows.projection import selection
from core.workflows.projection.project import MapOptions, Method, load_map
from core.workflows.training.train import load_predictions

DEFAULTS = MapOptions()


def add_map(commands: Commands) -> None:
    """``map``."""
    text = "lay the faces of a dataset out, near where they are alike; the app's map shows it from then on"
    command = require_dataset(commands.add("map", _map, text))
    command.add_argument("--method", type=Method, choices=list(Method), default=DEFAULTS.method)
    command.add_argument("--dimensions", type=int, choices=(2, 3), default=DEFAULTS.dimensions)
    command.add_argument(
        "--neighbours",
        type=int,
        default=DEFAULTS.n_neighbors,
        metavar="N",
        help="how many count; of t-SNE the perplexity (default: %(default)s)",
    )
    command.add_argument(
        "--min-dist", type=float, default=DEFAULTS.min_dist, help="how close points may come (default: %(default)s)"
    )
    command.add_argument("--seed", type=int, default=DEFAULTS.seed)
    command.add_argument("--afresh", action="store_true", help="do not begin where the last map has everybody")
    command.add_argument("--csv", type=Path, metavar="FILE", help="write a table: a row for each face")
    command.add_argument("--parquet", type=Path, metavar="FILE", help="write the table with the vectors")


def _map(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    map_options = MapOptions(
        method=options.method,
        n_neighbors=options.neighbours,
        min_dist=options.min_dist,
        seed=options.seed,
        afresh=options.afresh,
        dimensions=options.dimensions,
    )
    # Tried before the work.
    for path in (options.csv, options.parquet):
        destination.require_writable_file(path)
    job = run_in_process(services, dataset, map_options)
    info = next(info for info in services.runs.maps(dataset.id) if info.id == MapResult.of(job).map)
    placed_faces = _place_faces(services, dataset, info)
    if options.csv:
        destination.save_file(options.csv, selection.selection_csv(placed_faces))
    if options.parquet:
        destination.save_file(options.parquet, selection.selection_parquet(placed_faces))
    return {
        "map": info.id,
        "method": info.method,
        "dimensions": info.params.dimensions,
        "faces": len(placed_faces.face_map.face_ids),
        "faithfulness": encode_record(info.params.faithfulness) if info.params.faithfulness else None,
        "seconds": round(info.seconds, 3),
    }


def _place_faces(services: Services, dataset: Dataset, info: MapInfo) -> selection.MapSelection:
    """All faces with their places on a map, and what the newest recogniser says of those that it was tested on."""
    # Of the newest run, as on the page; runs come newest first.
    table, runs = services.store.face_table(dataset.id), services.runs.runs(dataset.id)
    return selection.MapSelection(
        face_ids=tuple(table.face_ids),
        table=table,
        embeddings=services.store.embeddings(dataset.id),
        face_map=load_map(services.artifacts, info),
        predictions=load_predictions(services.artifacts, runs[0]) if runs else None,
    )
