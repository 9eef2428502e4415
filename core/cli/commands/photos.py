"""Photos in, seen anew, or kept no longer.

``ingest``, ``photos``, ``look-again``, ``turn``, ``change-model``, ``discard-photos``.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path, PurePosixPath

from core.archives.file_names import is_url
from core.archives.folder_layout import AUTO, RULES
from core.base import words
from core.base.errors import DataFolderFault, InputRefused
from core.base.types import FacePolicy
from core.cli import resolution
from core.cli.commands.corrections import open_corrector
from core.cli.job_runner import console_progress, run_in_process
from core.cli.layout_preview import print_layout
from core.cli.parser import Answer, Commands, accept_zip_names, require_dataset
from core.services import Services
from core.store.exchange_protocols import StoredPhoto
from core.store.job_model import Job
from core.store.values.datasets import Dataset, FileOutcome
from core.vision.models import catalogue
from core.workflows import datasets
from core.workflows.keeping.discard_photos import DiscardRequest
from core.workflows.keeping.photo_keeping import choose_photo_keeping
from core.workflows.photos.ingest import IngestSummary
from core.workflows.photos.requests import ChangeModelRequest, IngestRequest, LookAgainRequest

STRANGERS, A_PERSON = "strangers", "person"
REASONS_SHOWN = 5
"""A command that takes nothing tells so many different reasons, the most frequent first."""
MODELS = [model.id for model in catalogue.EMBEDDING_MODELS]


def add_ingest(commands: Commands) -> None:
    """``ingest``."""
    command = commands.add("ingest", _ingest, "take the photos of a zip or folder into a dataset")
    command.add_argument("source", metavar="ZIP_OR_DIR", help="or a URL, as s3://BUCKET/FOLDER")
    require_dataset(command)
    command.add_argument("--model", choices=MODELS)
    command.add_argument(
        "--faces",
        choices=list(FacePolicy),
        default=FacePolicy.LARGEST,
        help="photos of one person that show several faces",
    )
    command.add_argument(
        "--folders",
        choices=RULES,
        default=AUTO,
        metavar="HOW",
        help="how folders are read: auto (default), people (every folder is a person), splits (train and val with "
        "people inside), none (no people), or the level of the people's folders, 1 for the outermost",
    )
    command.add_argument(
        "--unknown-folders",
        choices=(STRANGERS, A_PERSON),
        default=STRANGERS,
        help="what folders called unknown, strangers, unbekannt, inconnu, ... hold (default: %(default)s, nobody to "
        "name)",
    )
    accept_zip_names(command)
    command.add_argument(
        "--keep-photos",
        action=argparse.BooleanOptionalAction,
        help="whether a new dataset keeps its photos, or faces and vectors alone (default: as FACE_ATLAS_KEEP_PHOTOS)",
    )
    command.add_argument("--unlabelled", action="store_true", help="folders are not people")


def _ingest(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    # A URL stays as it is: as a path it would lose one of its slashes.
    path = options.source if is_url(options.source) else Path(options.source).resolve()
    title = PurePosixPath(path).name if isinstance(path, str) else path.name
    reading = {
        "folders": options.folders,
        "zip_names": options.zip_names,
        "stranger_folders": options.unknown_folders == STRANGERS,
    }
    with services.open_source(path, folders_are_people=not options.unlabelled, **reading) as source:
        # Opened before there is a dataset: an archive that is refused makes none.
        understood = print_layout(source.layout)
    vectors_id = catalogue.find_embedding_model(options.model).vectors_id if options.model else None
    policy = FacePolicy(options.faces)
    request = IngestRequest(str(path), title, policy, folders_are_people=not options.unlabelled, **reading)
    # Looked up beforehand, as only a dataset that this command made may go with it.
    existing_ids = {dataset.id for dataset in services.store.datasets()}
    keeps_photos = services.settings.keeps_photos if options.keep_photos is None else options.keep_photos
    dataset = datasets.find_or_create_dataset(
        services.store, options.dataset, vectors_id, catalogue.DEFAULT_VECTORS_ID, keeps_photos=keeps_photos
    )
    if options.keep_photos is not None:
        choose_photo_keeping(services.store, dataset.id, keeps_photos=options.keep_photos)
    with nullcontext() if dataset.id in existing_ids else _removed_if_empty(services, dataset):
        job = run_in_process(services, dataset, request)
        _require_taken(services, job)
        return {**_answer(services, job), "understood": understood}


@contextmanager
def _removed_if_empty(services: Services, dataset: Dataset) -> Iterator[None]:
    """A dataset that was made for photos of which not one came in goes again: there is nothing to go on with."""
    try:
        yield
    # Ctrl+C too, which is no ``Exception``.
    except BaseException:
        if not services.store.counts(dataset.id).photos:
            # What stopped the work is told, not what follows from it.
            with suppress(DataFolderFault):
                exports_dir = services.settings.exports_dir
                datasets.delete_dataset(services.store, services.jobs, services.artifacts, exports_dir, dataset.id)
        raise


def _require_taken(services: Services, job: Job) -> None:
    """Raises InputRefused with every reason when not one photo of the source is in the dataset now."""
    summary = IngestSummary.of(job)
    if summary.photos or summary.duplicates or summary.conflicts:
        return
    lines = _lines(services, job, FileOutcome.REFUSED)
    reasons = Counter(line["reason"] for line in lines)
    # Backwards, so that the first file of each reason is the one that stays.
    first = {line["reason"]: line["name"] for line in reversed(lines)}
    sentences = [
        f"'{first[reason]}'{_and_more(count - 1)}: {reason}" for reason, count in reasons.most_common(REASONS_SHOWN)
    ]
    raise InputRefused(f"Nothing was taken from '{IngestRequest.of(job).title}'. " + " ".join(sentences))


def _and_more(count: int) -> str:
    return f" and {words.count(count)} more" if count else ""


def _answer(services: Services, job: Job) -> Answer:
    summary = IngestSummary.of(job)
    return {
        "photos": summary.photos,
        "faces": summary.faces,
        "people": summary.people,
        "duplicates": summary.duplicates,
        "conflicts": summary.conflicts,
        "strangers": summary.strangers,
        "refused": _lines(services, job, FileOutcome.REFUSED),
        "conflicting": _lines(services, job, FileOutcome.CONFLICT),
        "remarks": _lines(services, job, FileOutcome.TAKEN, FileOutcome.NO_FACE),
        "seconds": summary.seconds,
    }


def add_photos(commands: Commands) -> None:
    """``photos``."""
    command = require_dataset(commands.add("photos", _photos, "the photos of a dataset"))
    command.add_argument("--without-face", action="store_true", help="only those on which there is none")


def _photos(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    pages = services.transfer.photos(dataset.id)
    # By pages and without vectors: a dataset may have 100,000 photos.
    listed = (shown for page in pages for shown in page if not (options.without_face and shown.faces))
    return {"photos": [_photo_json(shown) for shown in sorted(listed, key=lambda shown: shown.photo.name)]}


def _photo_json(shown: StoredPhoto) -> Answer:
    photo, label = shown.photo, shown.label
    return {
        "photo": photo.name,
        "sha256": photo.id,
        "size": [photo.width_px, photo.height_px],
        "turn": photo.turn,
        "faces": len(shown.faces),
        "folder": label.person,
        "split": label.split.value if label.split else None,
    }


def add_look_again(commands: Commands) -> None:
    """``look-again``."""
    text = "detect the faces of a dataset's photos anew; names and corrections stay"
    command = require_dataset(commands.add("look-again", _look_again, text))
    command.add_argument("--faces", choices=list(FacePolicy), help="as for ingest (default: as in the newest ingest)")


def _look_again(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    policy = FacePolicy(options.faces) if options.faces else None
    job = run_in_process(services, dataset, LookAgainRequest(policy))
    return {**job.result, "missing": _lines(services, job, FileOutcome.REFUSED)}


def _lines(services: Services, job: Job, *outcomes: FileOutcome) -> list[dict[str, str]]:
    """The files of these outcomes of which a job's report says something: why refused, or what to know of them."""
    lines = services.store.file_reports(job.id, outcomes)
    return [{"name": line.name, "reason": line.reason} for line in lines if line.reason]


QUARTERS = {"right": 1, "over": 2, "left": 3}


def add_turn(commands: Commands) -> None:
    """``turn``."""
    text = "turn photos that lie on their side or head, and look for their faces anew"
    command = require_dataset(commands.add("turn", _turn, text))
    command.add_argument("photo", nargs="+", metavar="PHOTO", help="a name in the dataset, its end, or the sha256")
    command.add_argument("--by", choices=list(QUARTERS), required=True, help="a quarter to a side, or upside down")


def _turn(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    names = services.transfer.photo_ids(corrector.dataset_id)
    photo_ids = [datasets.find_photo(names, name) for name in options.photo]
    corrector.turn(photo_ids, QUARTERS[options.by])
    services.look_at_turned(corrector.dataset_id, console_progress())
    # A photo that is named twice is turned once, and told once.
    photos = [services.store.photo(corrector.dataset_id, photo_id) for photo_id in dict.fromkeys(photo_ids)]
    return {"photos": [{"photo": photo.name, "turn": photo.turn, "faces": len(faces)} for photo, faces in photos]}


def add_change_model(commands: Commands) -> None:
    """``change-model``."""
    text = "embed a dataset's faces with another model, and use it from then on"
    command = require_dataset(commands.add("change-model", _change_model, text))
    command.add_argument("--model", required=True, choices=MODELS)


def _change_model(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    return dict(run_in_process(services, dataset, ChangeModelRequest(options.model)).result)


def add_discard_photos(commands: Commands) -> None:
    """``discard-photos``."""
    text = "delete a dataset's photos for good and keep none from then on; faces, vectors and names stay"
    require_dataset(commands.add("discard-photos", _discard_photos, text))


def _discard_photos(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    return dict(run_in_process(services, dataset, DiscardRequest("command line")).result)
