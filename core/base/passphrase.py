"""Asking for the passphrase of an encrypted data folder, in the terminal that something is started in."""

from __future__ import annotations

import os
import sys

from core.base.errors import DataFolderLocked, InputRefused
from core.base.settings import SECRET_VARIABLE, read_secret

LEAST_LETTERS = 8


def ask_passphrase() -> str:
    """The passphrase, typed without an echo. Raises DataFolderLocked where there is no terminal."""
    return _ask("Passphrase of the data folder: ")


def ask_new_passphrase() -> str:
    """A new passphrase, typed twice.

    Raises
    ------
    InputRefused
        It is short, or was typed in two ways.
    DataFolderLocked
        There is no terminal.
    """
    passphrase = _ask("New passphrase (without it nobody can read the data folder again): ")
    if len(passphrase) < LEAST_LETTERS:
        raise InputRefused(f"The passphrase has {len(passphrase)} letters; give at least {LEAST_LETTERS}.")
    if _ask("The same again: ") != passphrase:
        raise InputRefused("The two passphrases differ. Nothing was changed; do it again.")
    return passphrase


def ask_at_start(*, is_encrypted: bool) -> None:
    """Ask for the passphrase where a folder is encrypted and none was given, for this process and its children."""
    if is_encrypted and not read_secret() and sys.stdin is not None and sys.stdin.isatty():
        # Into the environment, which children inherit; arguments could be read by every user of the machine.
        os.environ[SECRET_VARIABLE] = ask_passphrase()


def _ask(question: str) -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise DataFolderLocked(
            "There is no terminal to ask for the passphrase in. Give it by FACE_ATLAS_KEY or FACE_ATLAS_KEY_FILE."
        )
    # Imported here: every command asks whether it has to ask, and few have to.
    from getpass import getpass

    return getpass(question)
