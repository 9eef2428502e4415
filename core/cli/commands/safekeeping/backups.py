"""That nothing is lost: ``backup``, ``backups``, ``restore``, ``doctor``."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path

from core.base import words
from core.base.errors import InputRefused
from core.base.settings import read_key_file
from core.cli import resolution
from core.cli.job_runner import console_progress
from core.cli.parser import Answer, Commands
from core.workflows.safekeeping import backup, doctor, expired_backups, holding_backups, restore
from core.workflows.safekeeping.backup_check import check_backup
from core.workflows.safekeeping.backup_folder import BackupFolder, open_backup_folder

_FOLDER = "the folder of backups, on another disk"


def add_backup(commands: Commands) -> None:
    """``backup``."""
    text = "back up everything, or one dataset, while the app goes on; what is backed up already is not copied again"
    command = commands.add("backup", _backup, text)
    command.add_argument("target", type=Path, metavar="FOLDER", help=_FOLDER)
    command.add_argument("--dataset", metavar="NAME", help="only this one (default: everything)")
    _add_keep_rule(command)
    command.add_argument(
        "--drop-erased",
        action="store_true",
        help="afterwards, remove the older backups that hold what was erased since they were taken",
    )


def _add_keep_rule(command: argparse.ArgumentParser) -> None:
    command.add_argument("--keep", type=int, metavar="N", help="so many backups stay (default: all)")
    command.add_argument("--keep-days", type=float, metavar="DAYS", help="how old they get (default: any age)")


def _backup(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    rule = expired_backups.KeepRule(options.keep, options.keep_days)
    dataset_id = services.store.dataset(options.dataset).id if options.dataset else None
    target = options.target.resolve()
    receipt = backup.take_backup(services.backup_tools(), target, dataset_id, console_progress())
    folder = open_backup_folder(target)
    removed = expired_backups.remove_expired(folder, rule)
    if options.drop_erased:
        held = holding_backups.list_held(services.retention.receipts(), [folder])
        removed += expired_backups.remove_held(folder, held)
    return {**receipt.to_json(), "removed": list(removed)}


def add_backups(commands: Commands) -> None:
    """``backups``."""
    text = "list the backups of a folder by age, read one back with --check, or remove some"
    command = commands.add("backups", _backups, text)
    command.add_argument("target", type=Path, metavar="FOLDER", help=_FOLDER)
    command.add_argument("--check", nargs="?", const="", metavar="ID", help="read this one back (default: the newest)")
    command.add_argument("--remove", nargs="+", metavar="ID", help="remove these")
    _add_keep_rule(command)


def _backups(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    folder = open_backup_folder(options.target, {dataset.id: dataset.name for dataset in services.store.datasets()})
    rule = expired_backups.KeepRule(options.keep, options.keep_days)
    if options.check is not None:
        checked = check_backup(folder, folder.manifest(options.check or None), console_progress())
        return {**checked.to_json(), "exit_status": 0 if checked.is_whole else 1}
    if options.remove:
        expired_backups.remove_backups(folder, [folder.manifest(backup_id) for backup_id in options.remove])
    expired_backups.remove_expired(folder, rule)
    held = holding_backups.list_held(services.retention.receipts(), [folder])
    return {
        "table": _list_as_text(folder, {entry.backup for entry in held}),
        "backups": [manifest.to_json() for manifest in folder.manifests()],
        "holding_erased": [entry.to_json() for entry in held],
    }


def _list_as_text(folder: BackupFolder, holding_erased: set[str]) -> str:
    lines = []
    for manifest in folder.manifests():
        taken = datetime.fromtimestamp(manifest.created, UTC).strftime("%Y-%m-%d %H:%M UTC")
        names = ", ".join(f"{dataset.name} ({words.count(dataset.photos, 'photo')})" for dataset in manifest.datasets)
        size = words.format_size(manifest.file_bytes + manifest.database_bytes)
        note = "  holds what was erased since" if manifest.id in holding_erased else ""
        lines.append(f"{manifest.id}  {taken}  {size}  {names or 'no dataset'}{note}")
    return "\n".join(lines) or "There are no backups in this folder yet."


def add_restore(commands: Commands) -> None:
    """``restore``."""
    text = "restore a backup into an empty data folder, or one dataset beside those that are there"
    command = commands.add("restore", _restore, text)
    command.add_argument("target", type=Path, metavar="FOLDER", help="the folder of backups")
    command.add_argument("--backup", metavar="ID", help="which (default: the newest)")
    command.add_argument("--dataset", metavar="NAME", help="only this one, beside those that are there")
    command.add_argument("--as", dest="new_name", metavar="NAME", help="call the dataset so")
    command.add_argument(
        "--without-damaged", action="store_true", help="restore what is whole of a backup that has lost files"
    )
    _add_backup_key(command)


def _add_backup_key(command: argparse.ArgumentParser) -> None:
    text = "what opens an encrypted backup, where that is another passphrase or key than the data folder's"
    command.add_argument("--backup-key-file", metavar="FILE", help=text)


def _read_backup_key(options: argparse.Namespace) -> str:
    return read_key_file(options.backup_key_file) if options.backup_key_file else ""


def _restore(options: argparse.Namespace) -> Answer:
    if options.new_name and not options.dataset:
        raise InputRefused("--as names one dataset: say by --dataset which is to be restored.")
    folder = open_backup_folder(options.target)
    manifest = folder.manifest(options.backup)
    tools = resolution.open_services(options).restore_tools(_read_backup_key(options))
    progress = console_progress()
    if options.dataset is None:
        receipt = restore.restore_everything(tools, folder, manifest, progress, without_damaged=options.without_damaged)
    else:
        receipt = restore.restore_dataset(
            tools,
            folder,
            manifest,
            options.dataset,
            options.new_name,
            progress,
            without_damaged=options.without_damaged,
        )
    return receipt.to_json()


def add_doctor(commands: Commands) -> None:
    """``doctor``."""
    text = "look through everything that is stored, mend what can be mended, and say what cannot (exit status 1)"
    command = commands.add("doctor", _doctor, text)
    command.add_argument("--backups", type=Path, metavar="FOLDER", help="take missing photos out of these backups")
    command.add_argument("--only-look", action="store_true", help="change nothing")
    _add_backup_key(command)


def _doctor(options: argparse.Namespace) -> Answer:
    folder = open_backup_folder(options.backups) if options.backups else None
    tools = resolution.open_services(options).doctor_tools(_read_backup_key(options))
    report = doctor.examine(tools, folder, console_progress(), mends=not options.only_look)
    return {**report.to_json(), "exit_status": 0 if report.is_well else 1}
