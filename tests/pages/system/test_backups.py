"""The page of backups: one is taken by a job, listed with what it holds still, and brought back beside the others."""

from __future__ import annotations

import gc

import pytest

from core.__main__ import main
from core.base.errors import DataFolderLocked
from core.base.settings import Settings
from core.services import Services
from core.store.encryption import key_file, keyring
from core.store.job_model import JobKind, JobState
from core.ui import menu
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.holding_backups import remember_folder
from tests.pages.conftest import app_services, texts, work
from tests.workflows.exchange.test_export import Album

FORMER_SECRET, SECRET = "correct horse battery", "another horse entirely"


def test_a_backup_is_taken_listed_and_brought_back_beside_what_is_there(trained, open_page, tmp_path):
    (dataset,) = trained.store.datasets()
    app = open_page(menu.BACKUPS)
    assert app.button(key="back_up").disabled
    # What somebody types, AppTest cannot: the folders are offered as those of before.
    for folder in (trained.settings.data_dir / "backups", tmp_path / "disk"):
        remember_folder(trained.settings.data_dir, folder)
    app = open_page(menu.BACKUPS)
    app.button(key="back_up").click().run()
    assert "would be lost with it" in texts(app) and not trained.jobs.active()
    app.selectbox(key="backup_folder").select(str(tmp_path / "disk")).run()
    app.button(key="back_up").click().run()
    assert [job.kind for job in work(trained)] == [JobKind.BACKUP]
    app.run()
    assert "1 dataset is backed up" in texts(app) and "Five celebrities (118 photos)" in texts(app)
    (manifest,) = open_backup_folder(tmp_path / "disk").manifests()
    app.button(key=f"restore_{manifest.id}").click().run()
    (job,) = [job for job in work(trained) if job.kind is JobKind.RESTORE]
    assert job.state is JobState.DONE, job.error + job.detail
    restored = trained.store.dataset(job.dataset_id)
    assert restored.name.startswith("Five celebrities (20") and restored.created == dataset.created
    assert trained.store.counts(restored.id) == trained.store.counts(dataset.id)
    app.run()
    assert "was restored" in texts(app)
    person = trained.store.people(dataset.id)[0]
    erase_person(trained.erase_tools(), dataset.id, EraseRequest(person.id, "Ben", retrain=False))
    app.run()
    assert "It holds somebody who was erased since, of Five celebrities." in texts(app)
    app.button(key=f"remove_{manifest.id}").click().run()
    assert open_backup_folder(tmp_path / "disk").manifests() == []


@pytest.fixture
def rotated(tmp_path, monkeypatch, engine) -> Services:
    """The app's services on a folder that was backed up before its key and its passphrase became others."""
    folder, disk = tmp_path / "home", tmp_path / "disk"
    (tmp_path / "memory").mkdir()
    monkeypatch.setenv("FACE_ATLAS_MEMORY_DIR", str(tmp_path / "memory"))
    monkeypatch.setattr(key_file, "_SCRYPT_N", 1 << 10)  # a guess takes 0.4 s on purpose
    album = Album(folder)
    album.add("Ann/1.jpg", "Ann")
    album.services.jobs.finish(album.job.id, JobState.DONE)
    album.services.store.engine.dispose()
    (tmp_path / "new.key").write_text(SECRET)
    monkeypatch.setenv("FACE_ATLAS_KEY", FORMER_SECRET)
    another = ["change-passphrase", "--new-key-file", str(tmp_path / "new.key")]
    for words in (["encrypt"], ["backup", str(disk)], ["rotate-key"], another):
        gc.collect()  # as the end of a process does, it closes what the command before had open
        assert main([*words, "--data", str(folder)]) == 0
    monkeypatch.setenv("FACE_ATLAS_KEY", SECRET)
    return app_services(folder, monkeypatch, engine)


def test_a_backup_of_another_passphrase_is_opened_by_it_on_the_page_and_it_is_kept_nowhere(
    rotated, open_page, tmp_path, caplog
):
    app = open_page(menu.BACKUPS)
    (manifest,) = open_backup_folder(tmp_path / "disk").manifests()
    passphrase, restore = f"passphrase_{manifest.id}", f"restore_{manifest.id}"
    for wrong in ("", "something else"):
        app.text_input(key=passphrase).input(wrong)
        app.button(key=restore).click().run()
        assert "does not open this backup" in texts(app)
        assert len(rotated.store.datasets()) == 1 and not rotated.jobs.active()
    app.text_input(key=passphrase).input(FORMER_SECRET)
    app.button(key=restore).click().run()
    assert not app.exception and FORMER_SECRET not in str(app.session_state._state.filtered_state)
    (job,) = work(rotated)
    assert job.state is JobState.DONE, job.error + job.detail
    assert rotated.store.dataset(job.dataset_id).name.startswith("Family (20")
    assert [person.name for person in rotated.store.people(job.dataset_id)] == ["Ann"]
    assert FORMER_SECRET not in str(job) + caplog.text
    assert not [folder for folder in keyring._opened if folder.is_relative_to(rotated.settings.uploads_dir)]
    # Asked for, but not done before the data folder got another key: nobody holds what opens it any more.
    other = Services(Settings(tmp_path / "other", secret=SECRET, memory_root=tmp_path / "memory"))
    other.store.engine.dispose()
    assert main(["encrypt", "--data", str(tmp_path / "other")]) == 0
    with pytest.raises(DataFolderLocked, match="got another key since"):
        Services(other.settings).restore_tools(sealed_keys=job.params["sealed_keys"]).unlock(
            tmp_path / "disk" / "backups" / manifest.id
        )
