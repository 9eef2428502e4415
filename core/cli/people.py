"""The people of a dataset: ``cluster``, ``suspects``, ``erase``."""

from __future__ import annotations

import argparse
from dataclasses import asdict

from core.cli import resolution
from core.cli.job_runner import console_progress, run_in_process
from core.cli.parser import Answer, Commands, needs_dataset
from core.jobs import transfers
from core.store.job_model import JobKind
from core.workflows.clustering import cluster
from core.workflows.erasure import erase_person as erasing
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.labels import review_queue


def add_cluster(commands: Commands) -> None:
    """``cluster``."""
    command = needs_dataset(commands.add("cluster", _cluster, "group the faces without a name"))
    command.add_argument(
        "--threshold",
        type=float,
        default=cluster.DEFAULT_THRESHOLD,
        help="distance at which two single faces are still joined, 0 to 1 (default: %(default)s)",
    )
    command.add_argument("--all", dest="everyone", action="store_true", help="all faces, those with a name too")


def _cluster(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.on_dataset(options)
    job = run_in_process(services, dataset, JobKind.CLUSTER, asdict(cluster.ClusterOptions(everyone=options.everyone)))
    groups = cluster.load_clustering(services.store, services.log, services.artifacts, dataset.id, options.everyone)
    return cluster.groups_to_json(groups.cut(options.threshold), job.result["seconds"])


def add_suspects(commands: Commands) -> None:
    """``suspects``."""
    text = "rank what is probably wrong: names, outliers, copies, leaks"
    command = needs_dataset(commands.add("suspects", _suspects, text))
    command.add_argument("--limit", type=int, metavar="N", help="at most so many entries (default: all)")


def _suspects(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.on_dataset(options)
    run_in_process(services, dataset, JobKind.SUSPECTS, {})
    return review_queue.queue_json(services.store, services.log, services.artifacts, dataset.id, options.limit)


def add_erase(commands: Commands) -> None:
    """``erase``."""
    command = commands.add("erase", _erase, "remove a person, or a dataset, for good, and look for what is left")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("person", nargs="?", metavar="PERSON")
    which.add_argument("--whole-dataset", action="store_true")
    needs_dataset(command)
    command.add_argument(
        "--photos", choices=["own", "all"], default="own", help="all: also photos that show others too"
    )
    command.add_argument(
        "--retrain",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="train again when a recogniser had learned from the person (default: yes)",
    )


def _erase(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.on_dataset(options)
    if options.whole_dataset:
        return erase_dataset(services.erase_tools(), dataset.id, console_progress())
    person_id = erasing.person_to_erase(services.erase_tools(), dataset.id, options.person)
    params = transfers.EraseParams(person_id, "command line", options.photos == "all", options.retrain)
    with services.reserve.lend():
        receipt = run_in_process(services, dataset, JobKind.ERASE, params.params()).result
    return {name: receipt[name] for name in ("photos", "faces", "artifacts", "models_retrained")} | receipt
