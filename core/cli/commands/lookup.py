"""Who is on many photos, without taking them in: ``lookup``, ``lookups``."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.base import words
from core.base.errors import NotFound
from core.cli import audit, destination, resolution
from core.cli.job_runner import console_progress, run_in_process
from core.cli.layout_preview import print_zip_names
from core.cli.parser import Answer, Commands, accept_zip_names, require_dataset
from core.learn.open_set.rejection_rule import TARGET_RATE
from core.services import Services
from core.store.values.datasets import Dataset
from core.workflows.identification.lookups import kept_lookups, lookup, outputs
from core.workflows.identification.lookups.marks import LookupMark, mark_faces
from core.workflows.identification.lookups.values import Lookup, LookupCounts, LookupRequest


def add_lookup(commands: Commands) -> None:
    """``lookup``."""
    text = "say who is on many photos, without taking them into the dataset; the result is kept until it is forgotten"
    command = accept_zip_names(require_dataset(commands.add("lookup", _lookup, text)))
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("source", nargs="?", metavar="ZIP_OR_DIR")
    which.add_argument("--kept", metavar="LOOKUP", help="a result that is kept, as `lookups` lists it")
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
    for path in (options.csv, options.xmp, options.sorted):
        destination.require_writable_file(path)
    if options.kept:
        services, dataset = resolution.open_dataset(options)
        result, seconds = _find_kept(services, dataset, options.kept), None
    else:
        services, dataset, result, seconds = _look_up(options)
    audit.record_identified(services, dataset.id, "many photos", _named(result, options.fpir))
    # Forgotten last: a file that cannot be written leaves the result, and the work in it, to be asked for again.
    answer = _answer(result, options, seconds) | _write(services, result, options)
    if options.forget:
        kept_lookups.forget_lookup(services.lookup_tools(), dataset.id, result.id)
    return answer


def _named(result: Lookup, rate: float) -> set[str]:
    is_named = mark_faces(result, rate).faces & LookupMark.NAMED > 0
    return {face.candidates[0].person for face, named in zip(result.faces(), is_named, strict=True) if named}


def _look_up(options: argparse.Namespace) -> tuple[Services, Dataset, Lookup, float | None]:
    """Do the work; the result, and how many seconds it took."""
    services, run = resolution.open_run(options)
    # A rate for which the run has no threshold is refused before the work.
    services.identifier(run).threshold(options.fpir)
    path = Path(options.source).resolve()
    with services.open_source(path, folders_are_people=False, zip_names=options.zip_names) as source:
        print_zip_names(source.layout)
    request = LookupRequest(str(path), path.name, run.id, options.zip_names)
    dataset = services.store.dataset(run.dataset_id)
    job = run_in_process(services, dataset, request)
    seconds = LookupCounts.of(job).seconds
    return services, dataset, kept_lookups.load_lookup(services.artifacts, dataset.id, job.id), seconds


def _find_kept(services: Services, dataset: Dataset, lookup_id: str) -> Lookup:
    if all(info.id != lookup_id for info in kept_lookups.list_lookups(services.artifacts, dataset.id)):
        raise NotFound(
            f"There is no kept result '{lookup_id}' of '{dataset.name}': `python -m core lookups --dataset "
            f"{dataset.name}` lists them."
        )
    return kept_lookups.load_lookup(services.artifacts, dataset.id, lookup_id)


def _answer(result: Lookup, options: argparse.Namespace, seconds: float | None) -> Answer:
    """The figures; with ``--json`` every photo too."""
    # A lookup keeps scores; who is named is decided by this command's own rate.
    marks, counts = mark_faces(result, options.fpir).faces, lookup.count_lookup(result)
    figures = {
        "photos": counts.photos,
        "faces": counts.faces,
        "without_face": counts.without_face,
        "refused": counts.refused,
        **({} if seconds is None else {"seconds": seconds}),
        "named": int((marks & LookupMark.NAMED > 0).sum()),
        "unknown": int((marks & LookupMark.UNKNOWN > 0).sum()),
    }
    if not options.json:
        return {"lookup": result.id, **figures}
    return {**outputs.lookup_json(result, options.fpir), "counts": figures}


def _write(services: Services, result: Lookup, options: argparse.Namespace) -> Answer:
    """The files that were asked for."""
    if options.csv:
        destination.save_file(options.csv, outputs.lookup_csv(result, options.fpir))
    if options.xmp:
        outputs.write_sidecars(result, options.xmp, options.fpir)
    if not options.sorted:
        return {}
    # A result keeps names and scores, not photos: they are read once more from where they lay.
    photos_path = kept_lookups.find_lookup_photos(services.artifacts, result)
    zip_names = options.zip_names or kept_lookups.find_zip_names(services.jobs, result)
    with services.open_source(photos_path, folders_are_people=False, zip_names=zip_names) as source:
        counts = outputs.sort_photos(result, source, options.sorted, options.fpir, console_progress())
    return {"sorted": counts.to_json()}


def add_lookups(commands: Commands) -> None:
    """``lookups``."""
    command = require_dataset(commands.add("lookups", _lookups, "the results of `lookup` that are kept"))
    command.add_argument("--forget", metavar="LOOKUP", help="remove one, with the copies of photos kept for it")


def _lookups(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    if options.forget:
        forgotten = _find_kept(services, dataset, options.forget)
        kept_lookups.forget_lookup(services.lookup_tools(), dataset.id, forgotten.id)
    return {
        "lookups": [
            {
                "lookup": info.id,
                "title": info.title,
                "run": info.run_id,
                "photos": info.photos,
                "faces": info.faces,
                "when": words.utc_time(info.created),
                "damage": info.damage,
            }
            for info in kept_lookups.list_lookups(services.artifacts, dataset.id)
        ]
    }
