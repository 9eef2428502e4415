"""A backup that is damaged, or that somebody else wrote, is refused in words, and nothing is written or removed."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import DataFolderFault, InputRefused
from core.store.artifacts import content_id
from core.store.sql.schema import SCHEMA_VERSION
from core.workflows.safekeeping.backup_folder import DATABASE, FILE_LIST, MARKER, BackupFolder, open_backup_folder
from core.workflows.safekeeping.backup_manifest import MANIFEST
from core.workflows.safekeeping.restore import RestoreRequest, fill_dataset, restore_dataset, restore_everything
from tests.workflows.exchange.test_export import Album
from tests.workflows.safekeeping.test_expired_backups import back_up


@pytest.fixture
def album(tmp_path: Path) -> Album:
    album = Album(tmp_path / "home")
    album.add("Ann/1.jpg", "Ann")
    return album


def change_manifest(folder: BackupFolder, **values: Any) -> None:
    path = folder.path / "backups" / folder.manifest().id / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def write_part(folder: BackupFolder, name: str, content: bytes, hashed_as: str | None = None) -> None:
    """Put other content in the place of a part of the backup, and its hash into the manifest."""
    (folder.path / "backups" / folder.manifest().id / name).write_bytes(content)
    if hashed_as:
        change_manifest(folder, **{hashed_as: content_id(content)})


def list_files(folder: BackupFolder, *columns: str) -> None:
    """A list of one file, of the columns that are given."""
    write_part(folder, FILE_LIST, "\t".join(columns).encode(), "list_sha256")


def truncate(folder: BackupFolder, name: str) -> None:
    path = folder.path / "backups" / folder.manifest().id / name
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def newer_tables(folder: BackupFolder) -> None:
    """A database of a newer version, whose manifest says that it is of this one."""
    path = folder.path / "backups" / folder.manifest().id / DATABASE
    with sqlite3.connect(path) as connection:
        connection.execute(f"UPDATE about SET value = '{SCHEMA_VERSION + 1}'")
        connection.execute(f"UPDATE alembic_version SET version_num = '{SCHEMA_VERSION + 1}'")
    change_manifest(folder, database_sha256=content_id(path.read_bytes()))


SHA = content_id(b"")
DAMAGE: dict[str, Callable[[BackupFolder], object]] = {
    "a manifest that is cut off": lambda folder: truncate(folder, MANIFEST),
    "a manifest that is a list": lambda folder: write_part(folder, MANIFEST, b"[]"),
    "a manifest that leads elsewhere": lambda folder: change_manifest(folder, id="../../../home"),
    "a manifest without datasets": lambda folder: change_manifest(folder, datasets=None),
    "a newer version": lambda folder: change_manifest(folder, schema=SCHEMA_VERSION + 1),
    "newer tables": newer_tables,
    "another format": lambda folder: change_manifest(folder, format=2),
    "rows that are cut off": lambda folder: truncate(folder, DATABASE),
    "rows that are no database": lambda folder: write_part(folder, DATABASE, b"no rows" * 999, "database_sha256"),
    "a list that is cut off": lambda folder: truncate(folder, FILE_LIST),
    "a list of nothing": lambda folder: list_files(folder, "what"),
    "a dataset that leads elsewhere": lambda folder: list_files(folder, "../up", "photos", SHA, SHA, "0", "1.0"),
    "a file that leads elsewhere": lambda folder: list_files(folder, "ab", "photos", "../../x", SHA, "0", "1.0"),
    "content that lies elsewhere": lambda folder: list_files(folder, "ab", "photos", SHA, "../" * 20 + "etc", "0", "1"),
    "a kind that is none": lambda folder: list_files(folder, "ab", "../photos", SHA, SHA, "0", "1.0"),
    "a marker that is none": lambda folder: (folder.path / MARKER).write_text("[1]"),
}


def contents(folder: Path) -> dict[str, bytes]:
    """Every file but the database, its log and its locks."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.read_bytes() for path in files if ".db" not in path.name and ".lock" not in path.name}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_or_foreign_backup_is_refused_and_touches_nothing(name, album, tmp_path):
    folder = back_up(album, tmp_path / "backups")
    backup_id = folder.manifest().id
    DAMAGE[name](folder)
    target = Album(tmp_path / "target")
    before = contents(tmp_path / "target"), contents(tmp_path / "home"), contents(folder.path)
    tools = target.services.restore_tools()

    def restore_one() -> None:
        opened = open_backup_folder(folder.path)
        restore_dataset(tools, opened, opened.manifest(), "Family", "Again")

    def fill_one() -> None:
        request = RestoreRequest(str(folder.path), backup_id, album.dataset.id)
        fill_dataset(tools, open_backup_folder(folder.path), request, target.dataset.id)

    def restore_all() -> None:
        target.services.store.delete_dataset(target.dataset.id)
        opened = open_backup_folder(folder.path)
        restore_everything(tools, opened, opened.manifest())

    for restore in (restore_one, fill_one, restore_all):
        with pytest.raises((DataFolderFault, InputRefused)) as refusal:
            restore()
        assert len(str(refusal.value).split()) > 8, "it says what happened and what to do"
    assert target.services.store.datasets() == []
    assert (contents(tmp_path / "target"), contents(tmp_path / "home"), contents(folder.path)) == before


def test_an_empty_dataset_is_filled_once_and_one_with_photos_never(album, tmp_path):
    folder = back_up(album, tmp_path / "backups")
    tools, store = album.services.restore_tools(), album.services.store
    request = RestoreRequest(str(folder.path), folder.manifest().id, album.dataset.id)
    empty = store.create_dataset("Again", "facenet-512-casia")
    first = fill_dataset(tools, folder, request, empty.id)
    again = fill_dataset(tools, folder, request, empty.id)
    assert (first, store.counts(empty.id)) == (again, store.counts(album.dataset.id)), "killed behind its rows"
    restored = store.dataset(empty.id)
    assert (restored.name, restored.model_id) == ("Again", "facenet-128")
    other = Album(tmp_path / "other")
    other.add("Ben/1.jpg", "Ben")
    with pytest.raises(InputRefused, match="nothing is mixed"):
        fill_dataset(other.services.restore_tools(), folder, request, other.dataset.id)
    assert set(other.people()) == {"Ben"}
