"""Who saw, identified and took along whom: ``access-log``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from core.base import words
from core.base.errors import InputRefused
from core.cli import destination, resolution
from core.cli.parser import Answer, Commands
from core.store.audit_log import AuditAction, AuditFilter
from core.workflows.audit.listing import AuditFormat, encode_audit_log, line_json
from core.workflows.datasets import find_person

NEWEST = 50


def add_access_log(commands: Commands) -> None:
    """``access-log``."""
    text = "who saw, identified and took along whom: the newest lines, or all as a file"
    command = commands.add("access-log", _access_log, text)
    command.add_argument("--viewer", metavar="WHO", help="only what this address, or 'command line', did")
    command.add_argument("--action", choices=[action.value for action in AuditAction])
    command.add_argument("--dataset", metavar="NAME", help="only of this dataset")
    command.add_argument("--person", metavar="NAME", help="only of this person of the dataset")
    command.add_argument("--days", type=int, metavar="N", help="only of the last N days")
    command.add_argument("--out", type=Path, metavar="FILE", help="write all lines there, as CSV or by .jsonl as JSON")


def _access_log(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    destination.require_writable_file(options.out)
    if options.person and not options.dataset:
        raise InputRefused("A person is one of a dataset: --dataset NAME says which.")
    if options.days is not None and options.days < 1:
        raise InputRefused(f"--days is {options.days}; give 1 or more, or leave it out for all lines.")
    dataset = services.store.dataset(options.dataset) if options.dataset else None
    person = find_person(services.store, dataset.id, options.person) if dataset and options.person else None
    asked = AuditFilter(
        viewer=options.viewer,
        action=AuditAction(options.action) if options.action else None,
        dataset_id=dataset.id if dataset else None,
        person_ids=frozenset({person.id}) if person else None,
        since=time.time() - options.days * words.DAY_S if options.days else 0.0,
    )
    count = services.audit_log.count(asked)
    if options.out:
        file_format = AuditFormat.JSONL if options.out.suffix == ".jsonl" else AuditFormat.CSV
        destination.save_file(options.out, encode_audit_log(services.audit_log, asked, file_format))
        return {"file": str(options.out), "lines": count}
    return {"lines": count, "newest": [line_json(line) for line in services.audit_log.read_newest(asked, NEWEST)]}
