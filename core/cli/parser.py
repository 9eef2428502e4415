"""What every command shares on its way in: the parser, ``--data`` and ``--json``, and the dataset that is meant."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

Answer = dict[str, Any]
Call = Callable[[argparse.Namespace], Answer | None]


class Commands:
    """The commands of a parser; a command's own arguments are added to what ``add`` gives."""

    def __init__(self, parser: argparse.ArgumentParser, metavar: str = "COMMAND") -> None:
        self._parsers = parser.add_subparsers(required=True, metavar=metavar)

    def add(self, name: str, call: Call, text: str) -> argparse.ArgumentParser:
        """A command: what it is called, what it calls, and a sentence about it."""
        made = self._parsers.add_parser(name, parents=[_common()], help=text, description=text)
        made.set_defaults(command=call)
        return made

    def group(self, name: str, text: str) -> Commands:
        """Commands of two words."""
        return Commands(self._parsers.add_parser(name, help=text), metavar="ACTION")


def needs_dataset(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The same command, which cannot do without ``--dataset``."""
    command.add_argument("--dataset", required=True, metavar="NAME")
    return command


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, help="the data folder (default: data/)")
    common.add_argument("--json", action="store_true", help="answer with one JSON document on standard output")
    return common
