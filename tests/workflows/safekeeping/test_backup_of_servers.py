"""Rows on a PostgreSQL server and files in an object store are backed up together, and come back to either kind."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.base.errors import InputRefused
from core.base.settings import Settings
from core.corrections.model import Editor
from core.services import Services, closing_services
from core.store.artifacts import ArtifactKind
from core.store.audit_log import AuditAction, AuditEntry
from core.store.job_model import JobState
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.labels.correct import Corrector
from core.workflows.safekeeping import doctor
from core.workflows.safekeeping.backup import take_backup
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.restore import restore_dataset, restore_everything
from tests.object_store import new_bucket, use_store
from tests.postgresql import running_server
from tests.workflows.exchange.test_export import Album
from tests.workflows.safekeeping.test_backup import state


def new_stores() -> dict[str, str]:
    return {"database_url": running_server().new_database(), "artifacts_url": new_bucket()}


@pytest.fixture
def served(tmp_path: Path, object_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """Three people in both kinds of servers, one of them erased, with corrections and lines of the access log."""
    use_store(object_store, monkeypatch)
    album = Album(tmp_path / "served", **new_stores())
    for name in ("Ann", "Zoë 李 🦊", "Erased"):
        album.add(f"{name}/1.jpg", name)
    album.services.jobs.finish(album.job.id, JobState.DONE)
    corrector, people = album.corrector(), album.people()
    corrector.rename(people["Ann"], "Anna")
    corrector.undo()
    line = AuditEntry(
        at=1.0,
        viewer="ann@example.org",
        action=AuditAction.VIEWED,
        occasion="person",
        dataset_id=album.dataset.id,
        person_id=people["Ann"],
    )
    album.services.audit_log.add([line])
    request = EraseRequest(people["Erased"], "Ann", retrain=False)
    erase_person(album.services.erase_tools(), album.dataset.id, request)
    yield album.services
    album.services.store.engine.dispose()


def test_a_backup_of_servers_comes_back_to_other_servers_and_to_a_folder(served: Services, tmp_path: Path) -> None:
    target, before = tmp_path / "backups", state(served)
    receipt = take_backup(served.backup_tools(), target)
    assert (receipt.lacking, receipt.copied, take_backup(served.backup_tools(), target).copied) == (
        0,
        receipt.files,
        0,
    )
    folder = open_backup_folder(target)
    for settings in (Settings(tmp_path / "elsewhere", **new_stores()), Settings(tmp_path / "folder")):
        with closing_services(settings) as restored:
            restore_everything(restored.restore_tools(), folder, folder.manifest())
            assert state(restored) == before
            assert doctor.examine(restored.doctor_tools()).is_well
            with pytest.raises(InputRefused, match="data here already"):
                restore_everything(restored.restore_tools(), folder, folder.manifest())
            (dataset,) = restored.store.datasets()
            corrector = Corrector(restored.store, restored.log, dataset.id, Editor("Ben", "2"))
            event = corrector.move(list(restored.store.face_table(dataset.id).face_ids[:1]), "somebody new")
            assert event.id > max(row.id for row in before["event"]), "numbered behind those that came back"


def test_one_dataset_of_servers_comes_back_beside_the_others_and_a_lost_photo_by_the_doctor(
    served: Services, tmp_path: Path
) -> None:
    (dataset,), target = served.store.datasets(), tmp_path / "backups"
    take_backup(served.backup_tools(), target, dataset.id)
    folder = open_backup_folder(target)
    restore_dataset(served.restore_tools(), folder, folder.manifest(), dataset.name, "Again")
    again = served.store.dataset("Again")
    assert served.store.counts(again.id) == served.store.counts(dataset.id)
    photos = [set(served.artifacts.ids(each.id, ArtifactKind.PHOTO)) for each in (again, dataset)]
    assert photos[0] == photos[1] and len(photos[0]) == 2
    served.artifacts.delete(again.id, ArtifactKind.PHOTO, min(photos[0]))
    assert not doctor.examine(served.doctor_tools(), mends=False).is_well
    assert doctor.examine(served.doctor_tools(), folder).from_backup == 1
    assert doctor.examine(served.doctor_tools()).is_well
