"""``people``, ``rename``, ``merge``, ``divide``, ``person``, ``cluster``, ``suspects`` and ``erase``."""

from __future__ import annotations

import argparse

from core.base.errors import InputRefused
from core.cli import resolution
from core.cli.commands.corrections import correction_json, corrections_json, open_corrector
from core.cli.job_runner import console_progress, run_in_process
from core.cli.parser import Answer, Commands, require_dataset
from core.jobs.handlers.learning import ClusterResult
from core.learn.clustering.agglomerative import DEFAULT_THRESHOLD
from core.store.values.datasets import PersonCount
from core.workflows.clustering import cluster
from core.workflows.clustering.hierarchy import ClusterOptions
from core.workflows.datasets import find_person, require_faces
from core.workflows.erasure import erase_person as erasing
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.labels import review_queue, suspects_document


def add_people(commands: Commands) -> None:
    """``people``."""
    require_dataset(commands.add("people", _people, "who has faces in a dataset, by name"))


def _people(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    return {"people": [_person_json(person) for person in services.store.people(dataset.id)]}


def _person_json(person: PersonCount) -> Answer:
    return {
        "name": person.name,
        "faces": person.faces,
        "train": person.train,
        "val": person.val,
        "excluded": person.excluded,
        "quality": None if person.mean_grade is None else round(person.mean_grade, 4),
        "hidden": person.hidden,
        "note": person.note,
    }


def add_rename(commands: Commands) -> None:
    """``rename``."""
    command = require_dataset(commands.add("rename", _rename, "give a person another name"))
    command.add_argument("person", metavar="PERSON")
    command.add_argument("name", metavar="NAME")


def _rename(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    person = find_person(services.store, corrector.dataset_id, options.person)
    return correction_json(services, corrector.rename(person.id, options.name))


def add_merge(commands: Commands) -> None:
    """``merge``."""
    command = require_dataset(commands.add("merge", _merge, "make one person's faces, also those to come, another's"))
    command.add_argument("person", metavar="PERSON")
    command.add_argument("into", metavar="INTO", help="whose they become, and who keeps the name")


def _merge(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    person, into = (find_person(services.store, corrector.dataset_id, name) for name in (options.person, options.into))
    return correction_json(services, corrector.merge(person.id, into.id))


def add_divide(commands: Commands) -> None:
    """``divide``."""
    command = require_dataset(commands.add("divide", _divide, "make some faces of a person another, new person"))
    command.add_argument("face", nargs="+", metavar="FACE", help="an id, as `faces --person NAME` gives it")
    command.add_argument("--name", required=True, metavar="NAME", help="of the new person")


def _divide(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    require_faces(services.store, corrector.dataset_id, options.face)
    return correction_json(services, corrector.divide(options.face, options.name))


def add_person(commands: Commands) -> None:
    """``person``."""
    command = require_dataset(commands.add("person", _person, "hide a person, show them again, or say more about them"))
    command.add_argument("person", metavar="PERSON")
    shown = command.add_mutually_exclusive_group()
    shown.add_argument("--hide", action="store_true", help="neither list, learn nor name them")
    shown.add_argument("--show", action="store_true", help="list, learn and name them again")
    command.add_argument("--note", metavar="TEXT", help="a text to keep with them")
    command.add_argument("--cover", metavar="FACE", help="the face that stands for them")


def _person(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    person_id = find_person(services.store, corrector.dataset_id, options.person).id
    # All that can be refused is asked before the first event: half of a command would be neither done nor refused.
    if options.cover is not None:
        require_faces(services.store, corrector.dataset_id, [options.cover])
    # One event for each thing that is said, so that each can be undone by itself.
    events = [
        *([corrector.hide(person_id)] if options.hide else []),
        *([corrector.show(person_id)] if options.show else []),
        *([corrector.note(person_id, options.note)] if options.note is not None else []),
        *([corrector.cover(person_id, options.cover)] if options.cover is not None else []),
    ]
    if not events:
        raise InputRefused("Say what is to change: --hide or --show, --note TEXT, --cover FACE.")
    return corrections_json(services, corrector.dataset_id, events)


def add_cluster(commands: Commands) -> None:
    """``cluster``."""
    command = require_dataset(commands.add("cluster", _cluster, "group the faces without a name"))
    command.add_argument(
        "--threshold",
        type=float,
        default=DEFAULT_THRESHOLD,
        help="distance at which two single faces are still joined, 0 to 1 (default: %(default)s)",
    )
    command.add_argument("--all", dest="everyone", action="store_true", help="all faces, those with a name too")
    command.add_argument("--members", action="store_true", help="the ids of each group's faces too, to name them")


def _cluster(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    job = run_in_process(services, dataset, ClusterOptions(everyone=options.everyone))
    groups = cluster.load_clustering(services.store, services.log, services.artifacts, dataset.id, options.everyone)
    # The job groups at every threshold; a cut is one of them, and takes no time.
    cut = groups.cut(options.threshold)
    members = {"groups": [cut.members(group) for group in range(len(cut))]} if options.members else {}
    return cluster.groups_to_json(cut, ClusterResult.of(job).seconds) | members


def add_suspects(commands: Commands) -> None:
    """``suspects``."""
    text = "rank what is probably wrong: names, outliers, copies, leaks"
    command = require_dataset(commands.add("suspects", _suspects, text))
    command.add_argument("--limit", type=int, metavar="N", help="at most so many entries (default: all)")


def _suspects(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    run_in_process(services, dataset, review_queue.SuspectsRequest())
    return suspects_document.queue_json(services.store, services.log, services.artifacts, dataset.id, options.limit)


def add_erase(commands: Commands) -> None:
    """``erase``."""
    command = commands.add("erase", _erase, "remove a person, or a dataset, for good, and look for what is left")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("person", nargs="?", metavar="PERSON")
    which.add_argument("--whole-dataset", action="store_true")
    require_dataset(command)
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
    services, dataset = resolution.open_dataset(options)
    # A dataset goes without a job: the row of the job would go with it.
    if options.whole_dataset:
        tools = services.erase_tools()
        with services.reserve.lend():
            return erase_dataset(tools, dataset.id, console_progress(), by="command line").to_json()
    person_id = erasing.find_person_to_erase(services.erase_tools(), dataset.id, options.person)
    request = erasing.EraseRequest(person_id, "command line", options.photos == "all", options.retrain)
    # A full disk may be the very reason for erasing: the reserve makes room for what the erasing itself writes.
    with services.reserve.lend():
        receipt = run_in_process(services, dataset, request).result
    return {name: receipt[name] for name in ("photos", "faces", "artifacts", "models_retrained")} | dict(receipt)
