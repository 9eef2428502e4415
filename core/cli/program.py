"""The commands in the order of ``python -m core --help``, and what becomes of an answer or a refusal."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from core.cli import exchange, identify, lookup, people, photos, recogniser, system
from core.cli.parser import Answer, Commands
from core.errors import FaceAtlasError

COMMANDS = (
    system.add_models,
    system.add_sample,
    photos.add_ingest,
    photos.add_look_again,
    photos.add_change_model,
    recogniser.add_train,
    recogniser.add_evaluate,
    recogniser.add_compare,
    recogniser.add_report,
    people.add_cluster,
    people.add_suspects,
    identify.add_identify,
    lookup.add_lookup,
    exchange.add_export,
    exchange.add_import_bundle,
    exchange.add_imports,
    people.add_erase,
    identify.add_verify,
    identify.add_verify_pairs,
    system.add_worker,
    system.add_bench,
)


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m core", description="Face recognition on your own photos.")
    commands = Commands(parser)
    for add in COMMANDS:
        add(commands)
    return parser


def _as_text(answer: Answer) -> str:
    if "table" in answer:
        return str(answer["table"])
    return "\n".join(f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in answer.items())
