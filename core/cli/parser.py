"""What every command shares on its way in: the parser, ``--data`` and ``--json``, and the dataset that is meant."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from core.base.json_values import Json

Answer = dict[str, Json]
Call = Callable[[argparse.Namespace], Answer | None]


class Commands:
    """The commands of a parser; a command's own arguments are added to what ``add`` gives."""

    def __init__(self, parser: argparse.ArgumentParser, metavar: str = "COMMAND") -> None:
        self._parsers = parser.add_subparsers(required=True, metavar=metavar)

    def add(self, name: str, call: Call, text: str) -> argparse.ArgumentParser:
        """A command: what it is called, what it calls, and a sentence about it."""
        command = self._parsers.add_parser(name, parents=[shared_options()], help=text, description=text)
        command.set_defaults(command=call)
        return command

    def group(self, name: str, text: str) -> Commands:
        """Commands of two words."""
        return Commands(self._parsers.add_parser(name, parents=[shared_options()], help=text), metavar="ACTION")


def require_dataset(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The same command, which cannot do without ``--dataset``."""
    command.add_argument("--dataset", required=True, metavar="NAME")
    return command


def accept_zip_names(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The same command, which may be told how the names in a zip are written."""
    command.add_argument(
        "--zip-names",
        default="",
        metavar="CODEPAGE",
        help="code page of names in the zip that do not say theirs, such as cp932, gbk, cp866, cp1252 "
        "(default: decided by all names together)",
    )
    return command


def shared_options() -> argparse.ArgumentParser:
    """``--data`` and ``--json``, which may stand before the command or after it; absent from what is not given them."""
    # With a default, the command's own parser would overwrite what was said before the command; ``SUPPRESS`` leaves the
    # name out, and the defaults stand in the outermost parser alone.
    shared = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    shared.add_argument("--data", type=Path, help="the data folder (default: data/)")
    shared.add_argument("--json", action="store_true", help="answer with one JSON document on standard output")
    return shared
