"""What leaves a dataset as a file and what comes in from one: ``export``, ``import-...``."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.base.errors import InputRefused
from core.cli import audit, destination, resolution
from core.cli.job_runner import console_progress, run_in_process
from core.cli.parser import Answer, Commands, require_dataset
from core.corrections.model import Editor
from core.store.audit_log import AuditAction
from core.workflows.datasets import find_person
from core.workflows.exchange import bundles, deliveries, import_names, imports
from core.workflows.exchange import export as exporting
from core.workflows.exchange.export import ExportKind
from core.workflows.exchange.import_names import SidecarSummary

IMPORTS = {
    "log": "replay the corrections of another ingest of the same photos",
    "xmp": "take names from XMP sidecars and from inside of photos (face regions), one or a folder or zip of them",
    "embeddings": "take vectors that were computed elsewhere with the dataset's model",
}
"""What can be brought into a dataset, and a sentence about each."""


def add_export(commands: Commands) -> None:
    """``export``."""
    text = "write photos, faces, sidecars, vectors, the recogniser or the log to a zip"
    command = require_dataset(commands.add("export", _export, text))
    command.add_argument("--out", required=True, type=Path, metavar="FILE")
    command.add_argument("--what", choices=list(exporting.ExportKind), default=exporting.ExportKind.ALL)
    command.add_argument("--run", help="whose bundle (default: the newest)")
    command.add_argument("--person", metavar="NAME", help="only what is of this person")


def _export(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    # Tried before the work: an export of many photos takes minutes.
    destination.require_writable_file(options.out)
    person_id = find_person(services.store, dataset.id, options.person).id if options.person else None
    request = exporting.ExportRequest(exporting.ExportKind(options.what), options.run, person_id)
    # Before the work: a file that nobody knows of must not be there.
    audit.record(services, AuditAction.EXPORTED, str(request.what), dataset.id, person_id)
    job = run_in_process(services, dataset, request)
    # The job wrote it where pages would find it, and it is moved from there: the data folder keeps no second copy.
    written = exporting.export_path(services.settings.exports_dir, dataset.id, job.id)
    destination.move_file(written, options.out)
    return {"file": str(options.out), **job.result}


def add_import_bundle(commands: Commands) -> None:
    """``import-bundle``."""
    text = "take a recogniser from another installation, as a dataset of its own"
    command = commands.add("import-bundle", _import_bundle, text)
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--dataset", metavar="NAME", help="call it so (default: as it was called at home)")


def _import_bundle(options: argparse.Namespace) -> Answer:
    tools = resolution.open_services(options).bundle_tools()
    return bundles.import_bundle(tools, options.file, options.dataset).to_json()


def add_imports(commands: Commands) -> None:
    """``import-log``, ``import-xmp``, ``import-embeddings``."""
    for kind, text in IMPORTS.items():
        command = commands.add(f"import-{kind}", _import_into, text)
        command.set_defaults(what=kind)
        # Photos carry names inside; only this kind can do without a file.
        if kind == "xmp":
            command.add_argument(
                "file", type=Path, metavar="FILE", nargs="?", help="default: the photos of the dataset themselves"
            )
        else:
            command.add_argument("file", type=Path, metavar="FILE")
        require_dataset(command)


def _import_into(options: argparse.Namespace) -> Answer:
    """Corrections, names or vectors from a file, under the dataset's lock."""
    services, dataset = resolution.open_dataset(options)
    progress = console_progress()
    tools, by = services.import_tools(), imports.new_import_editor("command line")
    # Done here and not as a job: the lock that a job would hold is taken here.
    with services.lock_dataset(dataset.id, progress):
        if options.file is not None:
            deliveries.require_unaltered(services.arrival_tools(), options.file, ExportKind(options.what))
        if options.what == "embeddings":
            return imports.import_vectors(tools, dataset.id, options.file).to_json()
        if options.what == "log":
            summary = imports.import_log(tools, dataset.id, options.file, by, progress)
        else:
            names = import_names.import_xmp(tools, dataset.id, options.file, by, progress)
            return _answer_on_names(names, by)
    return {**summary.to_json(), "session": by.session}


def _answer_on_names(summary: SidecarSummary, by: Editor) -> Answer:
    """The summary. Raises InputRefused when no file could be used."""
    if not summary.files:
        first, more = summary.refused[0], len(summary.refused) - 1
        more_refused = f" {more} more could not be used either." if more else ""
        raise InputRefused(f"Nothing was taken. '{first.name}': {first.reason}.{more_refused}")
    return {**summary.to_json(), "session": by.session}
