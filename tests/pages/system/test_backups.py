"""The page of backups: one is taken by a job, listed with what it holds still, and brought back beside the others."""

from __future__ import annotations

from core.store.job_model import JobKind, JobState
from core.ui import menu
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.holding_backups import remember_folder
from tests.pages.conftest import texts, work


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
