"""The log of corrections: ``history``, ``undo``, ``redo``; and how every command that corrects says what it did."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from core.base.errors import InputRefused
from core.cli import resolution
from core.cli.job_runner import console_progress
from core.cli.parser import Answer, Commands, require_dataset
from core.corrections.model import Editor, Event
from core.services import Services
from core.workflows.datasets import find_person
from core.workflows.labels.correct import Corrector
from core.workflows.labels.history import events_to_json

# All commands are one sitting, so that ``undo`` takes back what the command before it did.
EDITOR = Editor("command line", "command line")


def open_corrector(options: argparse.Namespace) -> tuple[Services, Corrector]:
    """Everything that works, and the dataset of ``--dataset`` to be corrected. Raises NotFound."""
    services, dataset = resolution.open_dataset(options)
    # Without the revision that was seen: a command shows nothing before it acts that could be out of date.
    return services, Corrector(services.store, services.log, dataset.id, EDITOR)


def correction_json(services: Services, event: Event) -> Answer:
    """What one correction did."""
    (entry,) = events_to_json([event], services.store.names(event.dataset_id))
    return entry


def corrections_json(services: Services, dataset_id: str, events: Sequence[Event]) -> Answer:
    """What several did."""
    return {"events": events_to_json(events, services.store.names(dataset_id))}


def add_history(commands: Commands) -> None:
    """``history``."""
    command = require_dataset(commands.add("history", _history, "the corrections of a dataset, the newest first"))
    command.add_argument("--person", metavar="NAME", help="only what touched this person")
    command.add_argument("--face", metavar="FACE", help="only what touched this face")
    command.add_argument("--session", metavar="SESSION", help="only what was done in one sitting, such as an import")
    command.add_argument("--limit", type=int, metavar="N", help="at most so many (default: all)")


def _history(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    person = find_person(services.store, dataset.id, options.person) if options.person else None
    events = services.log.events(
        dataset.id,
        session=options.session,
        face_id=options.face,
        person_id=person.id if person else None,
        limit=options.limit,
    )
    return corrections_json(services, dataset.id, events)


def add_undo(commands: Commands) -> None:
    """``undo``."""
    text = "undo corrections: the last that a command made, or any of the log"
    command = _takes_events(commands.add("undo", _undo, text))
    command.add_argument("--session", metavar="SESSION", help="everything of one sitting, such as an import")


def _undo(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    if options.session is not None:
        return _answer(services, corrector, corrector.undo_session(options.session))
    if options.event:
        return _answer(services, corrector, services.log.undo(corrector.dataset_id, EDITOR, options.event))
    return _answer(services, corrector, corrector.undo())


def add_redo(commands: Commands) -> None:
    """``redo``."""
    text = "let undone corrections hold again: the last that `undo` took back, or any of the log"
    _takes_events(commands.add("redo", _redo, text))


def _redo(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    if options.event:
        return _answer(services, corrector, services.log.redo(corrector.dataset_id, EDITOR, options.event))
    return _answer(services, corrector, corrector.redo())


def _takes_events(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("event", nargs="*", type=int, metavar="EVENT", help="its number in `history`")
    return require_dataset(command)


def _answer(services: Services, corrector: Corrector, events: Sequence[Event]) -> Answer:
    """What was undone or redone; photos that are turned otherwise now are looked at anew."""
    # Nothing done is a refusal, not an empty answer: a script goes by the exit status.
    if not events:
        raise InputRefused(
            "There is nothing to change: no command made a correction that could be, or those events are so already. "
            "`python -m core history` lists every correction; give the number of one."
        )
    services.look_at_turned(corrector.dataset_id, console_progress())
    return corrections_json(services, corrector.dataset_id, events)
