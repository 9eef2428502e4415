"""Who is on many photos, without taking them in: ``lookup``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from core.cli import destination, resolution
from core.cli.job_runner import console_progress, run_in_process
from core.cli.layout_preview import tell_names
from core.cli.parser import Answer, Commands, needs_dataset, reads_zips
from core.jobs.handlers import LookupRequest
from core.services import Services
from core.store.job_model import JobKind
from core.workflows.identification.lookups import lookup, outputs
from core.workflows.identification.lookups.marks import LookupMark, mark_faces
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
    job = run_in_process(services, dataset, JobKind.LOOKUP, request.params())
    result = lookup.load_lookup(services.artifacts, dataset.id, job.id)
    answer = _answer(result, job.result, options) | _write(services, result, options)
    if options.forget:
        lookup.forget_lookup(services.lookup_tools(), dataset.id, result.id)
    return answer


def _answer(result: Lookup, job_result: dict[str, Any], options: argparse.Namespace) -> Answer:
    """The figures; with ``--json`` every photo too."""
    marks = mark_faces(result, options.fpir).faces
    counts = {name: job_result[name] for name in ("faces", "without_face", "refused", "seconds")}
    counts |= {
        "named": int((marks & LookupMark.NAMED > 0).sum()),
        "unknown": int((marks & LookupMark.UNKNOWN > 0).sum()),
    }
    if not options.json:
        return {"lookup": result.id, "photos": job_result["photos"], **counts}
    return {**outputs.lookup_json(result, options.fpir), "counts": {"photos": job_result["photos"], **counts}}


def _write(services: Services, result: Lookup, options: argparse.Namespace) -> Answer:
    """The files that were asked for."""
    if options.csv:
        destination.save_file(options.csv, outputs.lookup_csv(result, options.fpir))
    if options.xmp:
        outputs.write_sidecars(result, options.xmp, options.fpir)
    if not options.sorted:
        return {}
    photos_path = lookup.find_lookup_photos(services.artifacts, result)
    with services.open_source(photos_path, folders_are_people=False, zip_names=options.zip_names) as source:
        return {"sorted": outputs.sort_photos(result, source, options.sorted, options.fpir, console_progress())}
