"""The command line: ``python -m core --help``. A thin shell over the same workflows that the pages call.

Exit status: 0 done, 1 the input was refused (the reason on standard error), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import FaceAtlasError, ImageRefused, InputRefused, NotFound
from core.images import decode
from core.jobs.handlers import IngestRequest, handlers, sweep_uploads
from core.jobs.model import Job, JobKind, JobState, Owner
from core.jobs.worker import Handler, run_job, stop_with_parent, work
from core.models import catalogue, install, sample
from core.services import Services
from core.settings import from_env
from core.store.base import Dataset, Outcome, Run
from core.types import CancelToken, FacePolicy, Report
from core.workflows import datasets, train, verify_pairs
from core.workflows.identify import to_json

Answer = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    options = _parser().parse_args(arguments)
    try:
        answer = options.command(options)
    except FaceAtlasError as refusal:
        print(f"Refused: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. What was finished is kept.", file=sys.stderr)
        return 130
    if answer is not None:
        print(json.dumps(answer, ensure_ascii=False) if options.json else _as_text(answer))
    return 0


def _as_text(answer: Answer) -> str:
    if "table" in answer:
        return str(answer["table"])
    return "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in answer.items())


# the commands


def _install(options: argparse.Namespace) -> Answer:
    models_dir = from_env(options.data).models_dir
    names = [options.name] if options.name else list(catalogue.DEFAULT_MODEL_IDS)
    chosen = Path(options.source) if options.source else None
    done = []
    for name in names:
        given = chosen if name in (options.name, catalogue.DEFAULT_EMBEDDING_ID) else None
        done.append(install.install(name, models_dir, _progress(), from_file=given))
    return {"installed": [{"model": manifest.model_id, "source": manifest.source} for manifest in done]}


def _sample(options: argparse.Namespace) -> Answer:
    target = Path(options.out) / sample.SAMPLE_NAME
    written = sample.write_sample(from_env(options.data).models_dir, target, _progress())
    return {"file": str(written), "bytes": written.stat().st_size}


def _ingest(options: argparse.Namespace) -> Answer:
    services = _services(options)
    path = Path(options.source).resolve()
    services.open_source(path).close()  # an archive that is refused makes no dataset
    dataset = datasets.find_or_create(services.store, options.dataset, options.model, catalogue.DEFAULT_EMBEDDING_ID)
    request = IngestRequest(str(path), path.name, FacePolicy(options.faces), folders_are_people=not options.unlabelled)
    job = _run(services, dataset, JobKind.INGEST, request.params())
    refused = services.store.file_reports(job.id, [Outcome.REFUSED])
    return {
        **{name: job.result[name] for name in ("photos", "faces", "people", "duplicates")},
        "refused": [{"name": line.name, "reason": line.reason} for line in refused],
        "seconds": job.result["seconds"],
    }


def _train(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    chosen = train.TrainOptions(options.folds, options.min_faces, options.seed, options.c)
    job = _run(services, dataset, JobKind.TRAIN, asdict(chosen))
    return train.to_json(services.runs.run(job.result["run"]))


def _evaluate(options: argparse.Namespace) -> Answer:
    services = _services(options)
    run = _chosen_run(services, options)
    return train.evaluation_json(run, train.load_predictions(services.artifacts, run))


def _identify(options: argparse.Namespace) -> Answer:
    services = _services(options)
    run = _chosen_run(services, options)
    identifier = services.identifier(run)
    threshold = identifier.recogniser.threshold if options.threshold is None else options.threshold
    photos, refused = [], []
    for name in options.photo:
        try:
            image = decode(_photo_bytes(Path(name)), services.settings.images)
        except ImageRefused as refusal:
            refused.append(f"'{name}': {refusal}")
            continue
        photos.append(to_json(name, identifier.identify(image), threshold))
    if refused and not photos:
        raise InputRefused(" ".join(refused))
    for line in refused:
        print(f"Refused {line}", file=sys.stderr)
    return {"photos": photos}


def _photo_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise ImageRefused(f"it cannot be read ({fault.strerror}).") from fault


def _verify_pairs(options: argparse.Namespace) -> Answer:
    services = _services(options)
    pairs = verify_pairs.read_pairs(Path(options.pairs))
    with services.open_source(Path(options.photos).resolve()) as source:
        measured = verify_pairs.measure(services.pair_tools(options.model), source, pairs, _progress())
    return measured.to_json()


def _worker(options: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    if options.with_parent:
        stop_with_parent(stop, lambda: os._exit(0))
    services = _services(options)
    sweep_uploads(services)
    work(services.jobs, handlers(services), services.worker_lock, stop)


def _bench(options: argparse.Namespace) -> Answer:
    from core import bench

    return bench.run(_services(options), _progress())


# parts of commands


def _services(options: argparse.Namespace) -> Services:
    return Services(from_env(options.data))


def _chosen_run(services: Services, options: argparse.Namespace) -> Run:
    """The run asked for, or the newest of the dataset."""
    dataset = services.store.dataset(options.dataset)
    if options.run:
        return services.runs.run(options.run)
    runs = services.runs.runs(dataset.id)
    if not runs:
        raise NotFound(
            f"Nothing was trained on '{dataset.name}' yet. Run `python -m core train --dataset {dataset.name}` first."
        )
    return runs[0]


def _run(services: Services, dataset: Dataset, kind: JobKind, params: dict[str, Any]) -> Job:
    """Carry a job in this process, with its progress on standard error.

    Raises
    ------
    InputRefused
        It failed or was stopped.
    """
    job = services.jobs.submit(dataset.id, kind, params, Owner.COMMAND_LINE)
    token = CancelToken()
    before = signal.signal(signal.SIGINT, lambda *_: token.cancel())
    try:
        state = run_job(services.jobs, job, _telling(handlers(services)[kind]), token)
    finally:
        signal.signal(signal.SIGINT, before)
    ended = services.jobs.job(job.id)
    if state is not JobState.DONE:
        raise InputRefused(ended.error)
    return ended


def _telling(handler: Handler) -> Handler:
    """The handler with its progress told on standard error too."""
    tell = _progress()

    def told(job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
        def both(done: int, total: int, message: str) -> None:
            report(done, total, message)
            tell(done, total, message)

        return handler(job, both, token)

    return told


def _progress() -> Report:
    """Progress on standard error: one line that renews itself on a terminal, a line a second elsewhere."""
    live = sys.stderr.isatty()
    last: dict[str, Any] = {"time": 0.0, "message": ""}

    def tell(done: int, total: int, message: str) -> None:
        now = time.monotonic()
        if message == last["message"] and done < total and now - last["time"] < (0.1 if live else 1.0):
            return
        last.update(time=now, message=message)
        count = f" {done:,} of {total:,}" if total else ""
        print(f"{message}{count}", end="\r\033[K" if live else "\n", file=sys.stderr, flush=True)

    return tell


# the parser


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, help="the data folder (default: data/)")
    common.add_argument("--json", action="store_true", help="answer with one JSON document on standard output")
    parser = argparse.ArgumentParser(prog="python -m core", description="Face recognition on your own photos.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, call: Callable[[argparse.Namespace], Answer | None], text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[common], help=text, description=text)
        made.set_defaults(command=call)
        return made

    models = commands.add_parser("models", help="install the networks").add_subparsers(required=True, metavar="ACTION")
    made = models.add_parser("install", parents=[common], help="fetch, verify and convert networks, once")
    made.set_defaults(command=_install)
    made.add_argument("name", nargs="?", choices=catalogue.model_ids(), help="default: the detector and facenet-128")
    made.add_argument("--from", dest="source", metavar="FILE", help="take the weights from this file")

    made = command("sample", _sample, "write the sample dataset (5 people, 118 photos) as a zip")
    made.add_argument("--out", required=True, metavar="DIR")

    made = command("ingest", _ingest, "take the photos of a zip or folder into a dataset")
    made.add_argument("source", metavar="ZIP_OR_DIR")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--model", choices=[model.id for model in catalogue.EMBEDDING_MODELS])
    made.add_argument(
        "--faces",
        choices=list(FacePolicy),
        default=FacePolicy.LARGEST,
        help="photos of one person that show several faces",
    )
    made.add_argument("--unlabelled", action="store_true", help="folders are not people")

    made = command("train", _train, "train and measure a recogniser")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--folds", type=int, default=5)
    made.add_argument("--min-faces", type=int, default=2)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--c", type=float, help="the SVM's C (default: chosen by cross-validation)")

    made = command("evaluate", _evaluate, "the measurements of a run in full")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--run", help="default: the newest")

    made = command("identify", _identify, "say who is in photos")
    made.add_argument("photo", nargs="+")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--run", help="default: the newest")
    made.add_argument("--threshold", type=float, help="largest distance at which a face is named")

    made = command("verify-pairs", _verify_pairs, "measure same-or-different on a list of pairs (LFW protocol)")
    made.add_argument("pairs", metavar="CSV")
    made.add_argument("--photos", required=True, metavar="ZIP_OR_DIR")
    made.add_argument(
        "--model",
        choices=[model.id for model in catalogue.EMBEDDING_MODELS],
        default=catalogue.DEFAULT_EMBEDDING_ID,
    )

    made = command("worker", _worker, "run queued jobs until stopped")
    made.add_argument("--with-parent", action="store_true", help="end when standard input closes")

    command("bench", _bench, "measure speed against the tutorial's pipeline")
    return parser


if __name__ == "__main__":
    sys.exit(main())
