"""A backup is taken while everything goes on, holds everything, and gives it back as it was."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.__main__ import main
from core.base.errors import DataFolderFault, DiskFull, InputRefused, NameTaken
from core.base.settings import Settings
from core.corrections.model import Editor
from core.services import Services
from core.store import folder_artifacts
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind
from core.store.sql import schema
from core.store.sql.database import open_database
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.exchange.imports import import_log, new_import_editor
from core.workflows.labels.correct import Corrector
from core.workflows.safekeeping import doctor, expired_backups, holding_backups
from core.workflows.safekeeping.backup import BackupReceipt, take_backup
from core.workflows.safekeeping.backup_check import check_backup
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.backup_manifest import MANIFEST
from core.workflows.safekeeping.restore import restore_dataset, restore_everything
from core.workflows.training.train import load_recogniser
from tests import prepared
from tests.conftest import new_data_dir


@pytest.fixture
def services(few_dir: Path, tmp_path: Path) -> Services:
    """A data folder with a dataset, a training, and corrections, one of which was taken back."""
    services = Services(Settings(prepared.copy(few_dir, tmp_path / "data")))
    corrector = correct(services)
    face_ids = services.store.face_table(services.store.datasets()[0].id).face_ids
    corrector.move(list(face_ids[:3]), "Zoë 李 🦊")
    corrector.exclude(list(face_ids[5:6]))
    corrector.undo()
    return services


def correct(services: Services, dataset_id: str | None = None) -> Corrector:
    dataset_id = dataset_id or services.store.datasets()[0].id
    return Corrector(services.store, services.log, dataset_id, Editor("Ann", "1"))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def back_up(services: Services, target: Path) -> BackupReceipt:
    return take_backup(services.backup_tools(), target)


def new_services(models_dir: Path, folder: Path) -> Services:
    return Services(Settings(new_data_dir(models_dir, folder)))


def restore(services: Services, target: Path) -> None:
    folder = open_backup_folder(target)
    restore_everything(services.restore_tools(), folder, folder.manifest())


def state(services: Services) -> dict[str, Any]:
    """Every row, and every file that is backed up."""
    engine = open_database(services.settings.database)
    with engine.connect() as connection:
        tables = {
            table.name: list(connection.execute(select(table).order_by(*table.primary_key.columns)))
            for table in schema.metadata.sorted_tables
        }
    engine.dispose()
    files = {
        (dataset.id, kind, file_id): services.artifacts.read(dataset.id, kind, file_id)
        for dataset in services.store.datasets()
        for kind in ArtifactKind
        for file_id in services.artifacts.ids(dataset.id, kind)
    }
    return {**tables, "files": files}


def test_everything_comes_back_as_it_was(services: Services, target: Path, models_dir: Path, tmp_path: Path) -> None:
    receipt = back_up(services, target)
    assert receipt.lacking == 0 and receipt.copied == receipt.files > 40
    folder = open_backup_folder(target)
    assert check_backup(folder, folder.manifest()).is_whole
    restored = new_services(models_dir, tmp_path / "restored")
    restore(restored, target)
    assert state(restored) == state(services)
    assert not restored.artifacts.going_ids()
    with pytest.raises(InputRefused, match="data here already"):
        restore(restored, target)


def test_what_is_backed_up_already_is_not_copied_again(services: Services, target: Path) -> None:
    back_up(services, target)
    correct(services).rename(services.store.people(services.store.datasets()[0].id)[0].id, "Renamed")
    again = back_up(services, target)
    assert again.copied == 0 and again.files > 40
    assert [len(manifest.datasets) for manifest in open_backup_folder(target).manifests()] == [1, 1]


def test_a_backup_under_load_is_of_one_moment(
    services: Services, target: Path, models_dir: Path, tmp_path: Path
) -> None:
    """Somebody corrects without a pause: what is restored is what the log says, whenever it was taken."""
    dataset_id, stop = services.store.datasets()[0].id, threading.Event()
    face_ids = list(services.store.face_table(dataset_id).face_ids)

    def work() -> None:
        number = 0
        while not stop.is_set():
            correct(services).move(face_ids[number % 20 : number % 20 + 3], f"Person {number % 7}")
            number += 1

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for _ in range(3):
            back_up(services, target)
    finally:
        stop.set()
        worker.join()
    folder = open_backup_folder(target)
    for number, manifest in enumerate(folder.manifests()):
        restored = new_services(models_dir, tmp_path / f"restored {number}")
        restore_everything(restored.restore_tools(), folder, manifest)
        assert doctor.examine(restored.doctor_tools()).is_well
        events = restored.log.events(dataset_id)
        assert restored.store.dataset(dataset_id).revision == max(event.revision for event in events)


def test_a_dataset_comes_back_beside_others_with_its_corrections(services: Services, target: Path) -> None:
    back_up(services, target)
    folder, dataset = open_backup_folder(target), services.store.datasets()[0]
    before = services.store.face_table(dataset.id)
    with pytest.raises(NameTaken, match="--as"):
        restore_dataset(services.restore_tools(), folder, folder.manifest(), dataset.name)
    restore_dataset(services.restore_tools(), folder, folder.manifest(), dataset.name, "Again")
    again = services.store.dataset("Again")
    after = services.store.face_table(again.id)
    assert again.id != dataset.id and again.created == dataset.created
    assert list(after.face_ids) == list(before.face_ids)
    assert [after.person(row) for row in range(len(after))] == [before.person(row) for row in range(len(before))]
    assert services.store.counts(again.id) == services.store.counts(dataset.id)
    assert len(services.runs.runs(again.id)) == len(services.runs.runs(dataset.id))
    assert not set(services.store.names(again.id)) & set(services.store.names(dataset.id))
    corrector = correct(services, again.id)
    corrector.redo()
    assert doctor.examine(services.doctor_tools()).is_well


def test_a_log_of_before_repeats_nothing_in_what_was_restored(services: Services, target: Path, tmp_path: Path) -> None:
    back_up(services, target)
    folder, dataset = open_backup_folder(target), services.store.datasets()[0]
    restore_dataset(services.restore_tools(), folder, folder.manifest(), dataset.name, "Again")
    words = ["export", "--dataset", dataset.name, "--what", "log", "--out", str(tmp_path / "log.zip")]
    assert main([*words, "--data", str(services.settings.data_dir)]) == 0
    again = services.store.dataset("Again")
    summary = import_log(services.import_tools(), again.id, tmp_path / "log.zip", new_import_editor("Ann"))
    assert (summary.events, summary.known) == (0, 1)


def test_old_backups_go_and_their_files_with_them(services: Services, target: Path) -> None:
    for _ in range(3):
        back_up(services, target)
    folder = open_backup_folder(target)
    newest = folder.manifest()
    expired_backups.remove_expired(folder, expired_backups.KeepRule(count=1))
    assert [manifest.id for manifest in folder.manifests()] == [newest.id]
    assert check_backup(folder, newest).is_whole
    assert expired_backups.KeepRule(days=1).list_expired([newest], newest.created + 1e9) == [], (
        "the newest always stays"
    )


def test_after_an_erasure_older_backups_are_named_and_can_go(
    services: Services, target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = services.store.datasets()[0]
    person = services.store.people(dataset.id)[0]
    older = back_up(services, target)
    crops = set(services.artifacts.ids(dataset.id, ArtifactKind.CROP))
    request = EraseRequest(person.id, "Ben", retrain=False)
    job = prepared.carry(services, dataset.id, JobKind.ERASE, request.to_json())
    gone = crops - set(services.artifacts.ids(dataset.id, ArtifactKind.CROP))
    (held,) = holding_backups.list_held(services.retention.receipts(), [open_backup_folder(target)])
    assert job.result["faces"] and (held.backup, held.datasets) == (older.backup, (dataset.name,))
    data = str(services.settings.data_dir)
    assert main(["backup", str(target), "--drop-erased", "--data", data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["removed"] == [older.backup]
    stored = {path.name for path in (target / "files").glob("*/*")}
    assert gone and not gone & stored, "nothing of the person stays in the folder"
    assert main(["backups", str(target), "--data", data]) == 0
    assert "erased" not in capsys.readouterr().out


def test_a_damaged_backup_says_so_and_restores_what_is_whole(
    services: Services, target: Path, models_dir: Path, tmp_path: Path
) -> None:
    back_up(services, target)
    folder = open_backup_folder(target)
    photo_id = services.artifacts.ids(services.store.datasets()[0].id, ArtifactKind.PHOTO)[0]
    (target / "files" / photo_id[:2] / photo_id).write_bytes(b"damaged")
    checked = check_backup(folder, folder.manifest())
    assert not checked.is_whole and [line.split()[-1] for line in checked.damaged] == [photo_id]
    restored = new_services(models_dir, tmp_path / "restored")
    with pytest.raises(DataFolderFault, match="missing or damaged"):
        restore(restored, target)
    assert restored.store.datasets() == []
    receipt = restore_everything(restored.restore_tools(), folder, folder.manifest(), without_damaged=True)
    assert len(receipt.lacking) == 1
    (fault,) = doctor.examine(restored.doctor_tools()).faults
    assert "photo" in fault.what and "doctor --backups" in fault.to_do
    back_up(services, target)  # mends the folder: the photo is whole in the data folder
    assert doctor.examine(restored.doctor_tools(), folder).from_backup == 1
    assert doctor.examine(restored.doctor_tools()).is_well
    (folder.database(folder.manifest())).write_bytes(b"damaged")
    with pytest.raises(DataFolderFault, match="nothing of it can be restored"):
        restore_dataset(services.restore_tools(), folder, folder.manifest(), "Five celebrities", "Again")


def test_wrong_folders_and_newer_versions_are_refused(services: Services, target: Path, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("Dear")
    with pytest.raises(InputRefused, match="something else"):
        back_up(services, tmp_path / "letters")
    with pytest.raises(InputRefused, match="lost with it"):
        back_up(services, services.settings.data_dir / "backups")
    with pytest.raises(InputRefused, match="no backups"):
        open_backup_folder(tmp_path / "letters")
    receipt = back_up(services, target)
    path = target / "backups" / receipt.backup / MANIFEST
    path.write_text(path.read_text().replace(f'"schema": {schema.SCHEMA_VERSION}', '"schema": 99'))
    folder = open_backup_folder(target)
    with pytest.raises(DataFolderFault, match="newer version"):
        restore_dataset(services.restore_tools(), folder, folder.manifest(), "Five celebrities", "Again")
    (target / "face-atlas-backups.json").write_text('{"format": 2}')
    with pytest.raises(DataFolderFault, match="newer version"):
        open_backup_folder(target)


def test_a_full_disk_leaves_no_backup_and_the_earlier_ones(
    services: Services, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = back_up(services, target)
    shutil.rmtree(target / "files" / "00", ignore_errors=True)

    def is_full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as full:
        full.setattr(folder_artifacts.os, "fsync", is_full)
        with pytest.raises(DiskFull):
            back_up(services, target)
    assert [manifest.id for manifest in open_backup_folder(target).manifests()] == [first.backup]
    back_up(services, target)
    assert not list((target / "backups").glob("*.part")), "what was half written goes with the next backup"


def test_the_doctor_mends_crops_leftovers_and_tables(services: Services) -> None:
    dataset_id = services.store.datasets()[0].id
    crops = sorted(services.artifacts.ids(dataset_id, ArtifactKind.CROP))
    services.artifacts.delete(dataset_id, ArtifactKind.CROP, crops[0])
    services.artifacts.replace(dataset_id, ArtifactKind.CROP, crops[1], b"damaged")
    services.artifacts.replace(dataset_id, ArtifactKind.FACE_TABLE, "ab12", b"damaged")
    looked = doctor.examine(services.doctor_tools(), mends=False)
    assert len(looked.faults) == 3 and looked.crops_cut_again == 0
    report = doctor.examine(services.doctor_tools())
    assert (report.crops_cut_again, report.indexes_removed, report.is_well) == (2, 1, True)
    assert report.sizes_bytes["photos"] > 0
    assert main(["doctor", "--data", str(services.settings.data_dir)]) == 0
    services.artifacts.delete(dataset_id, ArtifactKind.RUN, services.runs.runs(dataset_id)[0].id)
    assert main(["doctor", "--data", str(services.settings.data_dir)]) == 1


def test_the_doctor_reads_what_was_learned_and_takes_it_out_of_a_backup(services: Services, target: Path) -> None:
    dataset, run = services.store.datasets()[0], services.runs.runs(services.store.datasets()[0].id)[0]
    back_up(services, target)
    kinds = ArtifactKind.RUN, ArtifactKind.PREDICTIONS
    for kind in kinds:
        services.artifacts.replace(dataset.id, kind, run.id, b"damaged")
    services.artifacts.put(dataset.id, ArtifactKind.SUSPECTS, "queue", b"damaged")
    looked = doctor.examine(services.doctor_tools(), mends=False)
    assert (
        len(looked.faults) == 3
        and looked.learned_files >= 5
        and all("damaged" in fault.what for fault in looked.faults)
    )
    report = doctor.examine(services.doctor_tools())
    assert (report.removed_to_be_made_again, len(report.faults)) == (1, 2), (
        "a list of suspects is made again by a click"
    )
    report = doctor.examine(services.doctor_tools(), open_backup_folder(target))
    assert (report.from_backup, report.is_well) == (2, True)
    assert load_recogniser(services.artifacts, run).people
