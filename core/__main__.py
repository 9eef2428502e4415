"""The command line: ``python -m core --help``. A thin shell over the same workflows that the pages call.

Exit status: 0 done, 1 the input was refused (the reason on standard error), 2 wrong usage.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
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
from core.jobs import transfers
from core.jobs.handlers import IngestRequest, TrainRequest, handlers, sweep_uploads
from core.jobs.model import Job, JobKind, JobState, Owner
from core.jobs.worker import Handler, run_job, stop_with_parent, work, yield_to_pages
from core.models import catalogue, install, sample
from core.services import Services
from core.settings import from_env
from core.store.base import Dataset, Outcome, Run
from core.types import CancelToken, FacePolicy, Report
from core.workflows import (
    bundles,
    cluster,
    compare,
    datasets,
    evaluate,
    imports,
    pair_lists,
    study,
    suspects,
    train,
    verify,
    verify_pairs,
)
from core.workflows import erase as erasing
from core.workflows import export as exporting
from core.workflows import report as reporting
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
    wanted = catalogue.embedding_model(options.model).vectors_id if options.model else None
    dataset = datasets.find_or_create(services.store, options.dataset, wanted, catalogue.DEFAULT_VECTORS_ID)
    request = IngestRequest(str(path), path.name, FacePolicy(options.faces), folders_are_people=not options.unlabelled)
    job = _run(services, dataset, JobKind.INGEST, request.params())
    refused = services.store.file_reports(job.id, [Outcome.REFUSED])
    return {
        **{name: job.result[name] for name in ("photos", "faces", "people", "duplicates")},
        "refused": [{"name": line.name, "reason": line.reason} for line in refused],
        "seconds": job.result["seconds"],
    }


def _look_again(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    job = _run(services, dataset, JobKind.LOOK_AGAIN, {"policy": options.faces})
    missing = services.store.file_reports(job.id, [Outcome.REFUSED])
    return {**job.result, "missing": [{"name": line.name, "reason": line.reason} for line in missing]}


def _change_model(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    return _run(services, dataset, JobKind.CHANGE_MODEL, {"model": options.model}).result


def _train(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    chosen = train.TrainOptions(options.folds, options.min_faces, options.seed, options.c)
    strangers = str(Path(options.strangers).resolve()) if options.strangers else None
    job = _run(services, dataset, JobKind.TRAIN, TrainRequest(chosen, strangers).params())
    return train.to_json(services.runs.run(job.result["run"]))


def _evaluate(options: argparse.Namespace) -> Answer:
    services = _services(options)
    run = _chosen_run(services, options)
    identifier, predictions = services.identifier(run), train.load_predictions(services.artifacts, run)
    answer = evaluate.evaluation_json(run, predictions, identifier.recogniser)
    if options.full:
        _run(services, services.store.dataset(run.dataset_id), JobKind.STUDY, {"run": run.id})
        answer["study"] = study.load(services.artifacts, run)
    if not options.strangers:
        return answer
    with services.open_source(Path(options.strangers).resolve()) as source:
        strangers = evaluate.embed_strangers(services.pair_tools(run.model_id), source, _progress())
    met = evaluate.find_known(services.store, run, strangers)
    return answer | evaluate.measure(predictions, identifier, strangers, met)


def _compare(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    newest = services.runs.runs(dataset.id)
    if len(newest) < 2 and not (options.old and options.new):
        raise NotFound(f"'{dataset.name}' has not been trained twice, so there is nothing to compare. Train again.")
    wanted = (options.old or newest[1].id, options.new or newest[0].id)
    pair = compare.in_order(*(services.runs.run(run_id) for run_id in wanted))
    old, new = ((run, train.load_predictions(services.artifacts, run)) for run in pair)
    return compare.compare_runs(services.store, services.log, old, new).to_json()


def _report(options: argparse.Namespace) -> Answer:
    began = time.monotonic()
    services = _services(options)
    run = _chosen_run(services, options)
    made = reporting.make_report(services.report_tools(), run.id, faces=not options.no_faces, report=_progress())
    html, pdf = reporting.save(made, options.out)
    return {"run": run.id, "html": str(html), "pdf": str(pdf), "seconds": round(time.monotonic() - began, 2)}


def _cluster(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    job = _run(services, dataset, JobKind.CLUSTER, asdict(cluster.ClusterOptions(everyone=options.everyone)))
    groups = cluster.current(services.store, services.log, services.artifacts, dataset.id, options.everyone)
    return cluster.to_json(groups.cut(options.threshold), job.result["seconds"])


def _suspects(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    _run(services, dataset, JobKind.SUSPECTS, {})
    return suspects.report(services.store, services.log, services.artifacts, dataset.id, options.limit)


def _identify(options: argparse.Namespace) -> Answer:
    services = _services(options)
    run = _chosen_run(services, options)
    identifier = services.identifier(run)
    threshold = identifier.threshold() if options.fpir is None else identifier.threshold(options.fpir)
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


def _export(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    job = _run(services, dataset, JobKind.EXPORT, transfers.ExportParams(options.what, options.run).params())
    written = exporting.exported(services.settings.exports_dir, dataset.id, job.id)
    shutil.move(written, options.out)
    return {"file": str(options.out), **job.result}


def _import_bundle(options: argparse.Namespace) -> Answer:
    return bundles.import_bundle(_services(options).bundle_tools(), options.file, options.dataset)


def _import_into(options: argparse.Namespace) -> Answer:
    """Corrections, names or vectors from a file, under the dataset's lock."""
    services = _services(options)
    dataset, token = services.store.dataset(options.dataset), CancelToken()
    tools, by = services.import_tools(), imports.hand("command line")
    with services.writing(dataset.id, _progress(), token):
        if options.what == "embeddings":
            return imports.import_vectors(tools, dataset.id, options.file)
        read = imports.import_log if options.what == "log" else imports.import_xmp
        summary = read(tools, dataset.id, options.file, by, _progress(), token)
    return {**asdict(summary), "session": by.session}


def _erase(options: argparse.Namespace) -> Answer:
    services = _services(options)
    dataset = services.store.dataset(options.dataset)
    if options.whole_dataset:
        exports_dir = services.settings.exports_dir
        return datasets.delete(services.store, services.jobs, services.artifacts, exports_dir, dataset.id)
    person_id = erasing.person_named(services.store, dataset.id, options.person)
    given = transfers.EraseParams(person_id, "command line", options.photos == "all", options.retrain)
    receipt = _run(services, dataset, JobKind.ERASE, given.params()).result
    return {name: receipt[name] for name in ("photos", "faces", "artifacts", "models_retrained")} | receipt


def _verify(options: argparse.Namespace) -> Answer:
    services = _services(options)
    if options.person is None and len(options.photo) != 2:
        raise InputRefused("Give two photos, or one photo with --dataset NAME and --person NAME.")
    if options.person is not None and (len(options.photo) != 1 or not options.dataset):
        raise InputRefused("A person is compared with one photo, and --dataset NAME says where the person is.")
    dataset = services.store.dataset(options.dataset) if options.dataset else None
    verifier = services.verifier(dataset.model_id if dataset else catalogue.DEFAULT_VECTORS_ID)
    looked = [verify.look_at(verifier, _photo_bytes(Path(name)), name) for name in options.photo]
    found = dict(zip(options.photo, (len(photo.faces) for photo in looked), strict=True))
    own = _own_faces(services, dataset) if dataset else None
    if dataset and options.person is not None:
        person = verify.person_named(services.store.people(dataset.id), options.person)
        cosine = verify.gallery(services.store, dataset, person, looked[0], looked[0].main).cosine
        judge = verify.judge_with_person(dataset.model_id, own.with_people() if own else None)
    else:
        cosine = verify.alike(looked[0], looked[0].main, looked[1], looked[1].main)
        judge = verify.judge(verifier.embedder.model.vectors_id, own.pairs() if own else None)
    return verify.to_json(judge(cosine, options.far), found)


def _own_faces(services: Services, dataset: Dataset) -> verify.Own:
    return verify.own_faces(services.store.face_table(dataset.id), services.store.embeddings(dataset.id))


def _verify_pairs(options: argparse.Namespace) -> Answer:
    services = _services(options)
    pairs = pair_lists.read_pairs(Path(options.pairs))
    with services.open_source(Path(options.photos).resolve()) as source:
        compared = verify_pairs.compare(
            services.pair_tools(catalogue.embedding_model(options.model).vectors_id), source, pairs, _progress()
        )
    curves = compared.curves() if options.curves else {}
    return {**compared.verification().to_json(), **curves}


def _worker(options: argparse.Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    if options.with_parent:
        stop_with_parent(stop, lambda: os._exit(0))
        yield_to_pages()
    services = _services(options)
    sweep_uploads(services)
    work(services.jobs, handlers(services), services.worker_lock, stop)


def _bench(options: argparse.Namespace) -> Answer:
    from core.bench import run as bench

    chosen = bench.Options(quick=options.quick, group=options.group, peers=options.peers)
    answer = bench.run(_services(options), chosen, _progress())
    if options.out:
        options.out.write_text(json.dumps(answer, ensure_ascii=False, indent=1), encoding="utf-8")
    return answer


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

    made = command("look-again", _look_again, "detect the faces of a dataset's photos anew; names and corrections stay")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--faces", choices=list(FacePolicy), help="as for ingest (default: as in the newest ingest)")

    made = command("change-model", _change_model, "embed a dataset's faces with another model, and use it from then on")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--model", required=True, choices=[model.id for model in catalogue.EMBEDDING_MODELS])

    made = command("train", _train, "train and measure a recogniser")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--folds", type=int, default=5)
    made.add_argument("--min-faces", type=int, default=2)
    made.add_argument("--seed", type=int, default=0)
    made.add_argument("--c", type=float, help="the SVM's C (default: chosen by cross-validation)")
    made.add_argument("--strangers", metavar="ZIP_OR_DIR", help="photos of other people, to set the limits by too")

    made = command("evaluate", _evaluate, "the measurements of a run in full")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--strangers", metavar="ZIP_OR_DIR", help="photos of other people: how many of them get a name")
    made.add_argument("--full", action="store_true", help="repeated folds, slices, other classifiers, learning curve")
    made.add_argument("--run", help="default: the newest")

    made = command("compare", _compare, "two runs on the faces that both were tested on: is the difference real?")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--old", metavar="RUN", help="default: the one before the newest")
    made.add_argument("--new", metavar="RUN", help="default: the newest")

    made = command("report", _report, "write a run's report: one HTML file and one PDF")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--out", required=True, type=Path, metavar="DIR")
    made.add_argument("--run", help="default: the newest")
    made.add_argument("--no-faces", action="store_true", help="leave out the pictures of people")

    made = command("cluster", _cluster, "group the faces without a name")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument(
        "--threshold",
        type=float,
        default=cluster.DEFAULT_THRESHOLD,
        help="distance at which two single faces are still joined, 0 to 1 (default: %(default)s)",
    )
    made.add_argument("--all", dest="everyone", action="store_true", help="all faces, those with a name too")

    made = command("suspects", _suspects, "rank what is probably wrong: names, outliers, copies, leaks")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--limit", type=int, metavar="N", help="at most so many entries (default: all)")

    made = command("identify", _identify, "say who is in photos")
    made.add_argument("photo", nargs="+")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--run", help="default: the newest")
    made.add_argument("--fpir", type=float, help="share of strangers that may be named, 0.001 to 0.05 (default 0.01)")

    made = command("export", _export, "write photos, faces, sidecars, vectors, the recogniser or the log to a zip")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--out", required=True, type=Path, metavar="FILE")
    made.add_argument("--what", choices=list(exporting.What), default=exporting.What.ALL)
    made.add_argument("--run", help="whose bundle (default: the newest)")

    made = command(
        "import-bundle", _import_bundle, "take a recogniser from another installation, as a dataset of its own"
    )
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument("--dataset", metavar="NAME", help="call it so (default: as it was called at home)")

    for what, text in (
        ("log", "replay the corrections of another ingest of the same photos"),
        ("xmp", "take names from XMP sidecars (face regions), one or a folder or zip of them"),
        ("embeddings", "take vectors that were computed elsewhere with the dataset's model"),
    ):
        made = command(f"import-{what}", _import_into, text)
        made.set_defaults(what=what)
        made.add_argument("file", type=Path, metavar="FILE")
        made.add_argument("--dataset", required=True, metavar="NAME")

    made = command("erase", _erase, "remove a person, or a dataset, for good, and look for what is left")
    which = made.add_mutually_exclusive_group(required=True)
    which.add_argument("person", nargs="?", metavar="PERSON")
    which.add_argument("--whole-dataset", action="store_true")
    made.add_argument("--dataset", required=True, metavar="NAME")
    made.add_argument("--photos", choices=["own", "all"], default="own", help="all: also photos that show others too")
    made.add_argument(
        "--retrain", action="store_true", help="train again when a recogniser had learned from the person"
    )

    made = command("verify", _verify, "same person? two photos, or a photo and a person of a dataset")
    made.add_argument("photo", nargs="+", metavar="PHOTO")
    made.add_argument("--dataset", metavar="NAME", help="judge by this dataset's own pairs when they are enough")
    made.add_argument("--person", metavar="NAME", help="compare one photo with this person of the dataset")
    made.add_argument(
        "--far",
        type=float,
        choices=verify.FARS,
        default=min(verify.FARS),
        help="the share of different people that may pass (default: %(default)s)",
    )

    made = command("verify-pairs", _verify_pairs, "measure same-or-different on a list of pairs (LFW protocol)")
    made.add_argument("pairs", metavar="LIST", help="a table photo_a,photo_b,same,fold, or pairs.txt of LFW")
    made.add_argument("--photos", required=True, metavar="ZIP_OR_DIR")
    made.add_argument("--curves", action="store_true", help="the DET curve and the histograms too")
    made.add_argument(
        "--model",
        choices=[model.id for model in catalogue.EMBEDDING_MODELS],
        default=catalogue.DEFAULT_EMBEDDING_ID,
    )

    made = command("worker", _worker, "run queued jobs until stopped")
    made.add_argument("--with-parent", action="store_true", help="end when standard input closes")

    made = command("bench", _bench, "measure speed, stage by stage, and against the tutorial's pipeline")
    made.add_argument("--quick", action="store_true", help="a look in a minute: few photos, no tutorial")
    made.add_argument("--group", type=Path, metavar="ZIP", help="measure photos with several faces too")
    made.add_argument(
        "--peers", type=Path, metavar="PYTHON", help="compare with other packages, installed for this interpreter"
    )
    made.add_argument("--out", type=Path, metavar="FILE", help="write everything that was measured there too, as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
