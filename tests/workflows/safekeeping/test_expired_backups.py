"""Who was erased is gone out of backups too: named by age at once, gone with the backup after the days that are set."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from core.__main__ import main
from core.jobs.retention import erase_expired
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobState
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.erasure.signed_receipts import verify_receipt
from core.workflows.retention.terms import local_today
from core.workflows.safekeeping.backup import take_backup
from core.workflows.safekeeping.backup_folder import BackupFolder, open_backup_folder
from core.workflows.safekeeping.expired_backups import remove_overdue
from core.workflows.safekeeping.holding_backups import list_held
from tests.workflows.exchange.test_export import Album
from tests.workflows.retention.test_retention import TODAY, TOMORROW, keep_until, run_queue

DAY_S = 86_400.0
DAYS = 30


@pytest.fixture
def album(tmp_path: Path) -> Album:
    album = Album(tmp_path / "home")
    for name in ("Zebedee Quux", "Ann"):
        album.add(f"{name}/1.jpg", name)
    album.services.jobs.finish(album.job.id, JobState.DONE)
    return album


def back_up(album: Album, target: Path) -> BackupFolder:
    take_backup(album.services.backup_tools(), target)
    return open_backup_folder(target)


def remove_after(album: Album, days: float) -> list[str]:
    """What the worker removes so long after the newest erasing."""
    receipts = album.services.retention.receipts()
    now = receipts[0].created + days * DAY_S
    return remove_overdue(album.services.backup_tools(), receipts, DAYS, now)


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.name.encode() + path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_day_later_a_person_is_gone_and_backups_of_them_are_named(album, tmp_path, capsys):
    folder = back_up(album, tmp_path / "backups")
    older = folder.manifest()
    crops = set(album.services.artifacts.ids(album.dataset.id, ArtifactKind.CROP))
    keep_until(album, "Zebedee Quux", TODAY)
    assert erase_expired(album.services, TOMORROW) == 1
    (job,) = [job for job in run_queue(album) if job.kind is JobKind.ERASE]
    assert job.result["check"]["found"] == 0
    assert b"Zebedee" not in bytes_of(album.services.settings.data_dir)
    (record,) = album.services.retention.receipts()
    document, _ = verify_receipt(json.dumps(record.document).encode(), album.services.keyring.open_own().public)
    (taken,) = document["receipt"]["backups"]["taken"]
    assert taken.startswith(f"{older.id[:4]}-{older.id[4:6]}-{older.id[6:8]}T"), "by its age"
    assert date.fromisoformat(document["receipt"]["backups"]["until"]) > local_today()
    assert main(["backups", str(folder.path), "--data", str(album.services.settings.data_dir)]) == 0
    assert "holds what was erased since" in capsys.readouterr().out
    assert b"Zebedee" in bytes_of(folder.path)
    assert remove_after(album, DAYS - 1) == []
    assert remove_after(album, DAYS + 1) == [older.id]
    (left,) = folder.manifests()
    assert left.is_whole and left.files == 2, "what is there now is backed up before"
    assert b"Zebedee" not in bytes_of(folder.path)
    gone = crops - set(album.services.artifacts.ids(album.dataset.id, ArtifactKind.CROP))
    assert len(gone) == 1 and not gone & {path.name for path in folder.path.rglob("*")}
    assert remove_after(album, 10 * DAYS) == [], "the new one holds nobody who is gone"


def erase(album: Album, name: str) -> dict:
    request = EraseRequest(album.people()[name], "Ben", retrain=False)
    return erase_person(album.services.erase_tools(), album.dataset.id, request).to_json()


def test_backups_stay_where_they_cannot_be_replaced_or_are_of_another_installation(album, tmp_path):
    folder, other = back_up(album, tmp_path / "backups"), Album(tmp_path / "other")
    other.add("Cleo/1.jpg", "Cleo")
    back_up(other, folder.path)
    receipt = erase(album, "Zebedee Quux")
    assert len(receipt["backups"]["taken"]) == 1, "the other installation's holds none of its people"
    (held,) = list_held(album.services.retention.receipts(), [folder])
    assert held.datasets == ("Family",)
    assert list_held(other.services.retention.receipts(), [folder]) == []
    photo_id = album.services.artifacts.ids(album.dataset.id, ArtifactKind.PHOTO)[0]
    content = album.services.artifacts.read(album.dataset.id, ArtifactKind.PHOTO, photo_id)
    album.services.artifacts.delete(album.dataset.id, ArtifactKind.PHOTO, photo_id)
    assert remove_after(album, DAYS + 1) == [], "an older backup alone has the photo that is missing"
    album.services.artifacts.put(album.dataset.id, ArtifactKind.PHOTO, photo_id, content)
    assert remove_after(album, DAYS + 1) == [held.backup]
    assert {dataset.id for each in folder.manifests() for dataset in each.datasets} == {
        album.dataset.id,
        other.dataset.id,
    }


def test_a_folder_of_backups_that_is_away_is_counted_and_waited_for(album, tmp_path):
    folder = back_up(album, tmp_path / "backups")
    away = folder.path.rename(tmp_path / "unplugged")
    assert erase(album, "Zebedee Quux")["backups"]["out_of_reach"] == 1
    assert remove_after(album, DAYS + 1) == []
    away.rename(folder.path)
    assert len(remove_after(album, DAYS + 1)) == 1 and len(folder.manifests()) == 1
