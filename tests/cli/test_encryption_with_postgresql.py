"""An encrypted data folder whose rows lie in a PostgreSQL database: what is encrypted, what is not, and who says so."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from filelock import FileLock

from core.__main__ import main
from core.base.settings import settings_from_env
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.encryption import key_file
from core.workflows.safekeeping.backup import take_backup
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.restore import restore_everything
from tests import postgresql
from tests.workflows.exchange.test_export import Album

NAME = "Zebedee Quux"


def run_command(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main([*words, "--data", str(folder), "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_files_and_backups_are_encrypted_the_rows_on_the_server_are_not_and_the_command_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    address = postgresql.running_server().new_database()
    (tmp_path / "memory").mkdir()
    monkeypatch.setattr(key_file, "_SCRYPT_N", 1 << 10)  # a guess takes 0.4 s on purpose
    monkeypatch.setenv("FACE_ATLAS_KEY", "correct horse battery")
    monkeypatch.setenv("FACE_ATLAS_MEMORY_DIR", str(tmp_path / "memory"))
    monkeypatch.setenv("FACE_ATLAS_DATABASE_URL", address)
    folder, target = tmp_path / "home", tmp_path / "backups"
    album = Album(folder, database_url=address)
    (face_id,) = album.add("Ann/1.jpg", NAME)
    album.services.store.engine.dispose()
    crop = f"crop of {face_id}".encode()
    assert crop in bytes_of(folder)
    with FileLock(folder / "locks" / "worker-another-machine.lock"):
        assert main(["encrypt", "--data", str(folder)]) == 1
    assert "is running on this data folder" in capsys.readouterr().err and crop in bytes_of(folder)
    encrypted = run_command(folder, capsys, "encrypt")
    assert encrypted["database"] == "not encrypted: use the disk encryption of the server"
    assert crop not in bytes_of(folder) and NAME.encode() not in bytes_of(folder)
    assert NAME.encode() in postgresql.table_files(address), "as docs/encryption.md says"
    services = Services(settings_from_env(folder))
    (crop_id,) = services.artifacts.ids(album.dataset.id, ArtifactKind.CROP)
    assert services.artifacts.read(album.dataset.id, ArtifactKind.CROP, crop_id) == crop
    # Its rows are in a backup too, and that is a file: encrypted, as those of any other encrypted folder.
    assert take_backup(services.backup_tools(), target).lacking == 0
    services.store.engine.dispose()
    assert crop not in bytes_of(target) and NAME.encode() not in bytes_of(target)
    monkeypatch.delenv("FACE_ATLAS_DATABASE_URL")
    restored = tmp_path / "restored"
    Services(settings_from_env(restored)).store.engine.dispose()
    run_command(restored, capsys, "encrypt")
    services, backups = Services(settings_from_env(restored)), open_backup_folder(target)
    restore_everything(services.restore_tools(), backups, backups.manifest())
    assert [person.name for person in services.store.people(album.dataset.id)] == [NAME]
