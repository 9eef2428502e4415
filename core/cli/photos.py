"""Photos in, and the same photos seen anew: ``ingest``, ``look-again``, ``change-model``."""

from __future__ import annotations

import argparse
from pathlib import Path

from core.cli import asked
from core.cli.carry import carry
from core.cli.parser import Answer, Commands, needs_dataset
from core.jobs.handlers import IngestRequest
from core.jobs.model import Job, JobKind
from core.models import catalogue
from core.services import Services
from core.store.base import Outcome
from core.types import FacePolicy
from core.workflows import datasets

MODELS = [model.id for model in catalogue.EMBEDDING_MODELS]


def add_ingest(commands: Commands) -> None:
    """``ingest``."""
    command = commands.add("ingest", _ingest, "take the photos of a zip or folder into a dataset")
    command.add_argument("source", metavar="ZIP_OR_DIR")
    needs_dataset(command)
    command.add_argument("--model", choices=MODELS)
    command.add_argument(
        "--faces",
        choices=list(FacePolicy),
        default=FacePolicy.LARGEST,
        help="photos of one person that show several faces",
    )
    command.add_argument("--unlabelled", action="store_true", help="folders are not people")


def _ingest(options: argparse.Namespace) -> Answer:
    services = asked.services(options)
    path = Path(options.source).resolve()
    services.open_source(path).close()  # an archive that is refused makes no dataset
    wanted = catalogue.embedding_model(options.model).vectors_id if options.model else None
    dataset = datasets.find_or_create(services.store, options.dataset, wanted, catalogue.DEFAULT_VECTORS_ID)
    request = IngestRequest(str(path), path.name, FacePolicy(options.faces), folders_are_people=not options.unlabelled)
    job = carry(services, dataset, JobKind.INGEST, request.params())
    return {
        **{name: job.result[name] for name in ("photos", "faces", "people", "duplicates")},
        "refused": _refused(services, job),
        "seconds": job.result["seconds"],
    }


def add_look_again(commands: Commands) -> None:
    """``look-again``."""
    text = "detect the faces of a dataset's photos anew; names and corrections stay"
    command = needs_dataset(commands.add("look-again", _look_again, text))
    command.add_argument("--faces", choices=list(FacePolicy), help="as for ingest (default: as in the newest ingest)")


def _look_again(options: argparse.Namespace) -> Answer:
    services, dataset = asked.on_dataset(options)
    job = carry(services, dataset, JobKind.LOOK_AGAIN, {"policy": options.faces})
    return {**job.result, "missing": _refused(services, job)}


def _refused(services: Services, job: Job) -> list[dict[str, str]]:
    """The files that a job refused, and why."""
    lines = services.store.file_reports(job.id, [Outcome.REFUSED])
    return [{"name": line.name, "reason": line.reason} for line in lines]


def add_change_model(commands: Commands) -> None:
    """``change-model``."""
    text = "embed a dataset's faces with another model, and use it from then on"
    command = needs_dataset(commands.add("change-model", _change_model, text))
    command.add_argument("--model", required=True, choices=MODELS)


def _change_model(options: argparse.Namespace) -> Answer:
    services, dataset = asked.on_dataset(options)
    return carry(services, dataset, JobKind.CHANGE_MODEL, {"model": options.model}).result
