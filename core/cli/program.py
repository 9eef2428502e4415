"""The commands in the order of ``python -m core --help``, and what becomes of an answer or a refusal."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import io
import json
import os
import sys
from collections.abc import Sequence

from core.base.errors import FaceAtlasError, describe_os_error
from core.base.passphrase import ask_at_start
from core.base.privacy import restrict_new_files
from core.base.settings import find_data_dir
from core.cli.commands import (
    corrections,
    datasets,
    exchange,
    faces,
    identify,
    jobs,
    lookup,
    people,
    photos,
    projection,
    recogniser,
    retention,
    stores,
    system,
)
from core.cli.commands.audit import access_log
from core.cli.commands.data_folder import encryption
from core.cli.commands.safekeeping import backups
from core.cli.parser import Answer, Commands, shared_options
from core.language.texts import THIN_SPACE
from core.store.encryption.keyring import is_encrypted

COMMANDS = (
    system.add_models,
    system.add_sample,
    datasets.add_datasets,
    datasets.add_rename_dataset,
    photos.add_ingest,
    photos.add_photos,
    photos.add_look_again,
    photos.add_turn,
    photos.add_change_model,
    photos.add_discard_photos,
    faces.add_faces,
    faces.add_move,
    faces.add_mark,
    faces.add_apart,
    faces.add_draw,
    faces.add_teach,
    people.add_people,
    people.add_rename,
    people.add_merge,
    people.add_divide,
    people.add_person,
    people.add_cluster,
    people.add_suspects,
    corrections.add_history,
    corrections.add_undo,
    corrections.add_redo,
    recogniser.add_train,
    recogniser.add_runs,
    recogniser.add_delete_run,
    recogniser.add_evaluate,
    recogniser.add_compare,
    recogniser.add_report,
    projection.add_map,
    identify.add_identify,
    lookup.add_lookup,
    lookup.add_lookups,
    exchange.add_export,
    exchange.add_import_bundle,
    exchange.add_imports,
    people.add_erase,
    retention.add_retention,
    retention.add_receipts,
    retention.add_verify_receipt,
    retention.add_keys,
    identify.add_verify,
    identify.add_verify_pairs,
    jobs.add_jobs,
    stores.add_copy_store,
    access_log.add_access_log,
    backups.add_backup,
    backups.add_backups,
    backups.add_restore,
    backups.add_doctor,
    encryption.add_encrypt,
    encryption.add_decrypt,
    encryption.add_rotate_key,
    encryption.add_change_passphrase,
    system.add_worker,
    system.add_bench,
)


EXIT_STATUS = "exit_status"
"""What an answer may hold and nobody is shown."""
STOPPED = 130
"""The exit status after Ctrl+C, as shells give it: 128 and the signal's number."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status."""
    _write_to_any_console()
    # Before any file is made: what commands write holds faces and names.
    restrict_new_files()
    try:
        options = _parser().parse_args(arguments)
        ask_at_start(is_encrypted=is_encrypted(find_data_dir(options.data)))
        answer = options.command(options)
        # A command may say that what it was asked for is done, and that not all is well.
        status = int(answer.pop(EXIT_STATUS, 0)) if answer is not None else 0
        if answer is not None:
            # JSON in ASCII: a program that reads it needs to know no encoding.
            print(json.dumps(answer) if options.json else _as_text(answer))
        # Here, where a closed pipe is still caught, and not at the interpreter's end.
        sys.stdout.flush()
    except FaceAtlasError as refusal:
        return _refuse(str(refusal))
    except BrokenPipeError:
        return _end_unread()
    except OSError as fault:
        return _refuse(describe_os_error(fault))
    except MemoryError:
        return _refuse("There was not enough memory. Close other programs, then do it again.")
    except KeyboardInterrupt as stop:
        print(str(stop) or "Stopped. What was finished is kept.", file=sys.stderr)
        return STOPPED
    return status


def _refuse(reason: str) -> int:
    print(f"Refused: {reason}", file=sys.stderr)
    return 1


def _write_to_any_console() -> None:
    """Let what a console's encoding lacks be written otherwise: a name never ends a command."""
    codecs.register_error("readable", _readable)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="readable")


def _readable(fault: UnicodeError) -> tuple[str | bytes, int]:
    """The thin spaces of numbers as plain ones, everything else as an escape."""
    if isinstance(fault, UnicodeEncodeError) and fault.object[fault.start] == THIN_SPACE:
        return " ", fault.start + 1
    # One character at a time: a run of them may hold a thin space, which is to come here by itself.
    if isinstance(fault, UnicodeEncodeError):
        fault.end = fault.start + 1
    return codecs.backslashreplace_errors(fault)


def _end_unread() -> int:
    """Whoever read the answer has seen enough, as ``| head`` has: end quietly."""
    # What is still buffered goes nowhere, or the interpreter's last flush would meet the closed pipe once more.
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m core", description="Face recognition on your own photos.", parents=[shared_options()]
    )
    # The only place of these two defaults; see ``shared_options``.
    parser.set_defaults(data=None, json=False)
    commands = Commands(parser)
    for add in COMMANDS:
        add(commands)
    return parser


def _as_text(answer: Answer) -> str:
    # What has a table for people shows it; everything else is a line for each field.
    if "table" in answer:
        return str(answer["table"])
    return "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in answer.items())
