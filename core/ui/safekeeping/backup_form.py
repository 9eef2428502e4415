"""The page of backups: into which folder, of what, the button, and the work that runs."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.services import Services
from core.store.job_model import Job, JobKind, JobState
from core.store.values.datasets import Dataset
from core.ui import frame, jobs, words
from core.ui.audit import recording
from core.workflows.safekeeping.backup import BackupReceipt, BackupRequest
from core.workflows.safekeeping.backup_folder import prepare_backup_folder
from core.workflows.safekeeping.holding_backups import list_remembered
from core.workflows.safekeeping.restore import RestoreReceipt

FOLDER = "backup_folder"
KINDS = (JobKind.BACKUP, JobKind.RESTORE)


def choose_folder(services: Services) -> Path | None:
    """The folder of backups that somebody chose or typed; None before that."""
    settings = services.settings
    known = [*([settings.backups_dir] if settings.backups_dir else []), *list_remembered(settings.data_dir)]
    folders = list(dict.fromkeys(str(path) for path in known))
    typed = st.selectbox(
        _("Folder of backups"),
        folders,
        index=0 if folders else None,
        placeholder=_("Type it, as /media/disk/backups"),
        accept_new_options=True,
        key=FOLDER,
        help=_("On another disk than the data: what lies beside them is lost with them."),
    )
    return Path(typed).expanduser() if typed else None


def offer_backup(page: frame.Frame, folder: Path | None) -> None:
    """The page's primary button, and of what it is to be."""
    dataset = page.chosen
    if dataset is None:
        st.markdown(_("There is no dataset yet, so there is nothing to back up."))
        if folder is None:
            st.markdown(_("Choose the folder of your backups to bring back what they hold."))
        return
    whole, single = _("Everything"), _("Only this dataset")
    scope = st.segmented_control(_("What"), [whole, single], default=whole, required=True, key="backup_scope")
    if folder is None:
        st.caption(_("Choose a folder first."))
    with page.action:
        is_asked = st.button(
            _("Back up now"), type="primary", icon=":material/backup:", key="back_up", disabled=folder is None
        )
    if is_asked and folder is not None:
        _submit(page.services, dataset, folder, is_whole=scope != single)


def _submit(services: Services, dataset: Dataset, folder: Path, *, is_whole: bool) -> None:
    # Here, so that what is wrong with the folder is said beside it and not by a job.
    prepare_backup_folder(folder, services.settings.data_dir)
    for backed_up in services.store.datasets() if is_whole else [dataset]:
        recording.record_export(backed_up, "backup")
    submit_job(services.jobs, dataset.id, BackupRequest(str(folder.resolve()), is_whole))
    st.rerun()


def follow_newest(services: Services) -> None:
    """Backups and restorings that run, were stopped, or what came of the newest."""
    ours = [job for job in services.jobs.jobs() if job.kind in KINDS]
    active = [job for job in ours if job.state.active]
    for job in reversed(active):
        jobs.follow_job(job)
    if ours and not active:
        _show_ended(services, ours[0])


def _show_ended(services: Services, job: Job) -> None:
    if job.state is not JobState.DONE:
        jobs.follow_job(job)
        return
    when = words.ago(job.finished or job.created)
    if job.kind is JobKind.RESTORE:
        names = {dataset.id: dataset.name for dataset in services.store.datasets()}
        receipt = RestoreReceipt.of(job)
        name = words.plain(names.get(job.dataset_id, ", ".join(receipt.datasets)))
        st.success(_("**{dataset}** was restored {when}.", when=when, dataset=name), icon=":material/task_alt:")
        return
    st.success(f"{describe_backup(BackupReceipt.of(job))} ({when})", icon=":material/task_alt:")


def describe_backup(receipt: BackupReceipt) -> str:
    """What came of a backup."""
    sentence = ngettext("{number} dataset is backed up", "{number} datasets are backed up", receipt.datasets)
    new = ngettext("{number} new file ({size})", "{number} new files ({size})", receipt.copied,
                   size=words.format_size(receipt.copied_bytes))  # fmt: skip
    lacking = ""
    if receipt.lacking:
        lacking = " " + ngettext(
            "{number} file is missing or damaged in the data folder: `python -m core doctor` says which.",
            "{number} files are missing or damaged in the data folder: `python -m core doctor` says which.",
            receipt.lacking,
        )
    return f"{sentence}, {new}.{lacking}"
