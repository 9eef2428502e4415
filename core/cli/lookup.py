"""Who is on many photos, without taking them in: ``lookup``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli import destination, resolution
from core.cli.job_runner import carry, progress
from core.cli.layout_preview import tell_names
from core.cli.parser import Answer, Commands, needs_dataset, reads_zips
from core.jobs.handlers import LookupRequest
from core.jobs.model import JobKind
from core.services import Services
from core.workflows.identification.lookups import lookup, outputs
from core.workflows.identification.lookups.marks import Mark, marks
from core.workflows.identification.lookups.values import TARGET_RATE, Lookup


def add_lookup(commands: Commands) -> None:
    """``lookup``."""
    text = "say who is on many photos, without taking them into the dataset; the result is kept until it is forgotten"
    command = reads_zips(needs_dataset(commands.add("lookup", _lookup, text)))
    command.add_argument("source", metavar="ZIP_OR_DIR")
    command.add_argument("--run", help="default: the newest")
    command.add_argument(
        "--fpir",
        type=float,
        default=TARGET_RATE,
        help="share of strangers that may be named, 0.001 to 0.05 (default 0.01)",
    )
    command.add_argument("--csv", type=Path, metavar="FILE", help="write a table: a row for each face")
    command.add_argument("--xmp", type=Path, metavar="FILE.zip", help="write an XMP sidecar for each photo with faces")
    command.add_argument("--sorted", type=Path, metavar="FILE.zip", help="write the photos, a folder for each person")
    command.add_argument("--forget", action="store_true", help="keep nothing of the result in the data folder")


def _lookup(options: argparse.Namespace) -> Answer:
    services, run = resolution.on_run(options)
    services.identifier(run).threshold(options.fpir)  # a rate without a limit is refused before the work
    for path in (options.csv, options.xmp, options.sorted):
        destination.require_file(path)
    path = Path(options.source).resolve()
    with services.open_source(path, folders_are_people=False, zip_names=options.zip_names) as source:
        tell_names(source.layout)
    request = LookupRequest(str(path), path.name, run.id, options.zip_names)
    dataset = services.store.dataset(run.dataset_id)
    job = carry(services, dataset, JobKind.LOOKUP, request.params())
    made = lookup.load(services.artifacts, dataset.id, job.id)
    answer = _answer(made, job.result, options) | _write(services, made, options)
    if options.forget:
        lookup.forget(services.lookup_tools(), dataset.id, made.id)
    return answer


def _answer(made: Lookup, came: dict[str, Any], options: argparse.Namespace) -> Answer:
    """The figures; with ``--json`` every photo too."""
    told = marks(made, options.fpir).faces
    counts = {name: came[name] for name in ("faces", "without_face", "refused", "seconds")}
    counts |= {"named": int((told & Mark.NAMED > 0).sum()), "unknown": int((told & Mark.UNKNOWN > 0).sum())}
    if not options.json:
        return {"lookup": made.id, "photos": came["photos"], **counts}
    return {**outputs.to_json(made, options.fpir), "counts": {"photos": came["photos"], **counts}}


def _write(services: Services, made: Lookup, options: argparse.Namespace) -> Answer:
    """The files that were asked for."""
    if options.csv:
        destination.save(options.csv, outputs.lookup_csv(made, options.fpir))
    if options.xmp:
        outputs.write_sidecars(made, options.xmp, options.fpir)
    if not options.sorted:
        return {}
    place = lookup.photos_of(services.artifacts, made)
    with services.open_source(place, folders_are_people=False, zip_names=options.zip_names) as source:
        return {"sorted": outputs.sort_photos(made, source, options.sorted, options.fpir, progress())}
