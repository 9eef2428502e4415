"""Encryption of the data folder: ``encrypt``, ``decrypt``, ``rotate-key``, ``change-passphrase``."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace

from core.base.errors import InputRefused
from core.base.passphrase import ask_new_passphrase, ask_passphrase
from core.base.settings import Settings, read_key_file, settings_from_env
from core.cli.job_runner import console_progress
from core.cli.parser import Answer, Commands
from core.services import closing_services, rewriting_folder
from core.store.encryption.keyring import is_encrypted, key_file_path, unlock_folder


def add_encrypt(commands: Commands) -> None:
    """``encrypt``."""
    text = "encrypt the data folder in place, with a passphrase or the key in FACE_ATLAS_KEY; done again it goes on"
    commands.add("encrypt", _encrypt, text)


def add_decrypt(commands: Commands) -> None:
    """``decrypt``."""
    commands.add("decrypt", _decrypt, "decrypt the data folder in place; done again it goes on")


def add_rotate_key(commands: Commands) -> None:
    """``rotate-key``."""
    text = "encrypt the data folder with a new data key, in place; done again after a kill it goes on"
    commands.add("rotate-key", _rotate_key, text)


def add_change_passphrase(commands: Commands) -> None:
    """``change-passphrase``."""
    text = "let another passphrase or key open the encrypted data folder; takes a second"
    command = commands.add("change-passphrase", _change_passphrase, text)
    command.add_argument("--new-key-file", metavar="FILE", help="the new one (default: you are asked for it)")


def _encrypt(options: argparse.Namespace) -> Answer:
    from core.store.encryption.rewriting import encrypt_folder

    settings = settings_from_env(options.data)
    is_begun = is_encrypted(settings.data_dir)
    secret = settings.secret or (ask_passphrase() if is_begun else ask_new_passphrase())
    # A database of an earlier version is brought up to date before, and everything is checked that opening checks.
    if not is_begun:
        with closing_services(settings):
            pass
    with rewriting_folder(settings, console_progress()) as tools:
        rewritten = encrypt_folder(tools, secret)
        _move_to_memory(settings, secret)
    return {**asdict(rewritten), "database": _describe_database(settings)}


def _move_to_memory(settings: Settings, secret: str) -> None:
    """Uploads that wait and exports; and the folder is opened once with its new key."""
    with closing_services(replace(settings, secret=secret)):
        pass


def _describe_database(settings: Settings) -> str:
    return "not encrypted: use the disk encryption of the server" if settings.database_url else "encrypted"


def _decrypt(options: argparse.Namespace) -> Answer:
    from core.store.encryption.memory_folder import close_memory_folder, open_memory_folder
    from core.store.encryption.rewriting import decrypt_folder

    settings = settings_from_env(options.data)
    secret = settings.secret or ask_passphrase()
    with rewriting_folder(settings, console_progress()) as tools:
        rewritten = decrypt_folder(tools, secret)
        close_memory_folder(settings.data_dir, open_memory_folder(settings.data_dir, settings.memory_root))
    return asdict(rewritten)


def _rotate_key(options: argparse.Namespace) -> Answer:
    from core.store.encryption.rewriting import rotate_key

    settings = settings_from_env(options.data)
    secret = settings.secret or ask_passphrase()
    with rewriting_folder(settings, console_progress()) as tools:
        return asdict(rotate_key(tools, secret))


def _change_passphrase(options: argparse.Namespace) -> Answer:
    from core.store.encryption.rewriting import change_secret

    settings = settings_from_env(options.data)
    secret = settings.secret or ask_passphrase()
    # Before somebody types a new one twice.
    unlock_folder(settings.data_dir, secret)
    new_secret = _read_new_key(options.new_key_file) if options.new_key_file else ask_new_passphrase()
    change_secret(key_file_path(settings.data_dir), secret, new_secret)
    return {"changed": True}


def _read_new_key(path: str) -> str:
    secret = read_key_file(path)
    if not secret:
        raise InputRefused("The new key file is empty. Put the new passphrase or key into its first line.")
    return secret
