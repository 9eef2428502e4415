"""The installation itself: ``models install``, ``sample``, ``worker``, ``bench``."""

from __future__ import annotations

import argparse
import json
import logging
import sys
import threading
from contextlib import suppress
from functools import partial
from pathlib import Path

from core.base.errors import FaceAtlasError, ReaderUnavailable
from core.base.logs import write_json_lines
from core.base.settings import Settings, settings_from_env
from core.cli import destination, resolution
from core.cli.job_runner import console_progress
from core.cli.parser import Answer, Commands
from core.cli.sample_preparation import prepare_sample
from core.isolation.pool import shared_pool
from core.jobs.idle import IdleTask
from core.jobs.process import WorkerEnd, lower_priority
from core.jobs.registry import job_handlers, list_follow_ups
from core.jobs.retention import watch_retention
from core.jobs.startup import queue_indexes, queue_turned_photos, sweep_uploads
from core.jobs.worker import serve_queue
from core.services import Services
from core.vision.models import catalogue, install, sample
from core.vision.models.manifest import quantised_networks
from core.workflows.photos.orphans import SETTLED_S, sweep_leftovers
from core.workflows.projection import project


def add_models(commands: Commands) -> None:
    """``models install``."""
    models = commands.group("models", "install the networks")
    command = models.add("install", _install, "fetch, verify and convert networks, once")
    command.add_argument(
        "name", nargs="?", choices=catalogue.list_model_ids(), help="default: the detector and facenet-128"
    )
    command.add_argument("--from", dest="source", metavar="FILE", help="take the weights from this file")
    text = "convert for this engine too (default: that of FACE_ATLAS_ENGINE)"
    command.add_argument("--engine", choices=("openvino", "onnx"), help=text)


def _install(options: argparse.Namespace) -> Answer:
    settings = settings_from_env(options.data)
    models_dir = settings.models_dir
    names = [options.name] if options.name else list(catalogue.DEFAULT_MODEL_IDS)
    source = Path(options.source) if options.source else None
    manifests = []
    for name in names:
        # One file of weights is one model's: without a name it is the default embedding model that it is meant for.
        weights_file = source if name in (options.name, catalogue.DEFAULT_EMBEDDING_ID) else None
        manifests.append(install.install_model(name, models_dir, console_progress(), from_file=weights_file))
        if (options.engine or settings.engine) == "onnx":
            install.install_for_onnx(name, models_dir, console_progress())
    is_quantised = catalogue.DEFAULT_EMBEDDING_ID in names and _quantise(settings)
    return {
        "installed": [{"model": manifest.model_id, "source": manifest.source} for manifest in manifests],
        "quantised": is_quantised,
        "sample_prepared": options.name is None and _prepare_sample(settings),
    }


def _quantise(settings: Settings) -> bool:
    """Whether 8 bits are faster here. Where that cannot be tried, the network works all the same."""
    models_dir, model_id = settings.models_dir, catalogue.DEFAULT_EMBEDDING_ID
    try:
        install.install_quantised(model_id, models_dir, settings.threads, console_progress())
    except FaceAtlasError as fault:
        print(f"The network was not quantised, so that faces may be embedded more slowly: {fault}", file=sys.stderr)
    return model_id in quantised_networks(models_dir)


def _prepare_sample(settings: Settings) -> bool:
    """Prepare the sample. Where it cannot be, the networks are there all the same, and it is taken as any photos."""
    try:
        return prepare_sample(settings, console_progress())
    except FaceAtlasError as fault:
        print(f"The sample was not prepared, so that it opens more slowly: {fault}", file=sys.stderr)
        return False


def add_sample(commands: Commands) -> None:
    """``sample``."""
    command = commands.add("sample", _sample, "write the sample dataset (5 people, 118 photos) as a zip")
    command.add_argument("--out", required=True, metavar="DIR")


def _sample(options: argparse.Namespace) -> Answer:
    target = Path(options.out) / sample.SAMPLE_NAME
    destination.require_writable_file(target)
    with destination.open_draft(target) as draft:
        sample.write_sample(settings_from_env(options.data).models_dir, draft, console_progress())
    return {"file": str(target), "bytes": target.stat().st_size}


_READY_FOR_MAPS = (
    sys.executable,
    "-c",
    "from core.jobs.process import lower_priority; lower_priority(); "
    "from core.workflows.projection.project import compile_map_functions; compile_map_functions()",
)
"""Compiles what maps need; the worker then only loads it."""


def add_worker(commands: Commands) -> None:
    """``worker``."""
    command = commands.add("worker", _worker, "run queued jobs until stopped")
    command.add_argument("--with-parent", action="store_true", help="end when standard input closes")


def _worker(options: argparse.Namespace) -> None:
    if settings_from_env(options.data).json_logs:
        write_json_lines(sys.stderr)
    else:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    end = WorkerEnd()
    end.on_signals()
    if options.with_parent:
        end.with_parent()
        lower_priority()
    services = resolution.open_services(options)
    # Before the queue is served: nothing may take up what is swept.
    sweep_uploads(services)
    queue_turned_photos(services)
    queue_indexes(services)
    _sweep_later(services)
    # Beside the queue, which may be busy for days with one ingest.
    threading.Thread(target=watch_retention, args=(services, end.stop), name="retention", daemon=True).start()
    # The first job finds a child ready. Where none can be started, the job that needs one says so.
    with suppress(ReaderUnavailable):
        shared_pool().warm()
    end.serve(services.jobs)
    serve_queue(
        services.jobs,
        job_handlers(services),
        services.worker_lock,
        end.stop,
        IdleTask(_READY_FOR_MAPS, project.load_map_libraries, project.are_map_functions_compiled),
        partial(list_follow_ups, services),
    )
    # What else still runs, as children and the reading of libraries, is not waited for.
    logging.shutdown()
    end.exit_at_once()


def _sweep_later(services: Services) -> None:
    """Remove what a worker that was killed just now had begun to write, once that cannot be somebody else's."""
    # A process that was killed a second ago touched its files then: they count as nobody's only when that time is over.
    timer = threading.Timer(2 * SETTLED_S, sweep_leftovers, (services.leftover_tools(),))
    timer.daemon = True
    timer.start()


def add_bench(commands: Commands) -> None:
    """``bench``."""
    text = "measure speed, stage by stage, and against the tutorial's pipeline"
    command = commands.add("bench", _bench, text)
    command.add_argument("--quick", action="store_true", help="a look in a minute: few photos, no tutorial")
    command.add_argument("--group", type=Path, metavar="ZIP", help="measure photos with several faces too")
    command.add_argument(
        "--peers", type=Path, metavar="PYTHON", help="compare with other packages, installed for this interpreter"
    )
    command.add_argument(
        "--out", type=Path, metavar="FILE", help="write everything that was measured there too, as JSON"
    )


def _bench(options: argparse.Namespace) -> Answer:
    # Here, not above: every command would load what only this one needs.
    from core.bench import run as bench

    destination.require_writable_file(options.out)
    bench_options = bench.BenchmarkOptions(quick=options.quick, group=options.group, peers=options.peers)
    answer = bench.run_benchmark(resolution.open_services(options), bench_options, console_progress())
    if options.out:
        destination.save_file(options.out, json.dumps(answer, ensure_ascii=False, indent=1).encode())
    return answer
