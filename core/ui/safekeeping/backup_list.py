"""The backups of a folder by age: what each holds, whom it holds that was erased, and the way back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from core.access.permissions import Action
from core.base.errors import InputRefused
from core.base.words import DAY_S
from core.jobs.registry import submit_job
from core.language.dates import format_day, format_moment
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.services import Services
from core.ui import data, frame, words
from core.vision.models import catalogue
from core.workflows.safekeeping.backup_folder import BackupFolder, open_backup_folder
from core.workflows.safekeeping.backup_manifest import BackedUpDataset, BackupManifest
from core.workflows.safekeeping.expired_backups import remove_backups
from core.workflows.safekeeping.holding_backups import HeldErasure, list_held
from core.workflows.safekeeping.restore import RestoreRequest, choose_free_name

SHOWN = 30
DATASETS_NAMED = 4


def show_backups(services: Services, path: Path) -> None:
    """The newest first."""
    try:
        folder = open_backup_folder(path, {dataset.id: dataset.name for dataset in services.store.datasets()})
    except InputRefused:
        st.markdown(_("There is no backup in this folder yet, or its disk is not connected."))
        return
    manifests = folder.manifests()
    if not manifests:
        st.markdown(_("There is no backup in this folder yet."))
        return
    held = {entry.backup: entry for entry in list_held(services.retention.receipts(), [folder])}
    st.header(ngettext("{number} backup", "{number} backups", len(manifests)), anchor=False)
    st.caption(
        _(
            "Files that several backups hold are there once. What is brought back comes beside what is there, as a "
            "dataset of its own: nothing is changed or lost, and you undo it by deleting that dataset on *Start*."
        )
    )
    for manifest in manifests[:SHOWN]:
        _show_backup(services, folder, manifest, held.get(manifest.id))
    if len(manifests) > SHOWN:
        more = len(manifests) - SHOWN
        st.caption(
            ngettext(
                "And {number} older one: `python -m core backups` lists it.",
                "And {number} older ones: `python -m core backups` lists them.",
                more,
            )
        )


def _show_backup(services: Services, folder: BackupFolder, manifest: BackupManifest, held: HeldErasure | None) -> None:
    with st.container(border=True):
        # Columns, as on a phone they stand below each other.
        description, actions = st.columns([2, 1], vertical_alignment="center")
        with description:
            size = words.format_size(manifest.file_bytes + manifest.database_bytes)
            moment = format_moment(datetime.fromtimestamp(manifest.created).astimezone())
            st.markdown(f"**{moment}** · {words.ago(manifest.created)} · {size}")
            st.caption(_describe_datasets(manifest))
            if held is not None:
                st.markdown(f":material/person_off: {_describe_held(held, services.settings.erased_in_backups_days)}")
        with actions, st.container(horizontal=True, horizontal_alignment="right"):
            with st.popover(_("Restore"), icon=":material/settings_backup_restore:", disabled=not manifest.datasets):
                _offer_restoring(services, folder, manifest)
            with st.popover(_("Remove"), icon=":material/delete:"):
                _offer_removing(folder, manifest)


def _offer_removing(folder: BackupFolder, manifest: BackupManifest) -> None:
    st.markdown(_("This backup is gone then. Files that another one needs stay."))
    if st.button(_("Remove this backup"), key=f"remove_{manifest.id}"):
        data.access().require(Action.ADMINISTER)
        remove_backups(folder, [manifest])
        frame.queue_toast(_("The backup was removed."))
        st.rerun()


def _describe_datasets(manifest: BackupManifest) -> str:
    """The first by name; all of them stand where one is brought back."""
    if not manifest.datasets:
        return _("no dataset")
    described = ", ".join(_describe_dataset(dataset) for dataset in manifest.datasets[:DATASETS_NAMED])
    more = len(manifest.datasets) - DATASETS_NAMED
    if more <= 0:
        return described
    return ngettext("{datasets}, and {number} more", "{datasets}, and {number} more", more, datasets=described)


def _describe_dataset(dataset: BackedUpDataset) -> str:
    photos = ngettext("{number} photo", "{number} photos", dataset.photos)
    return f"{words.plain(dataset.name)} ({photos})"


def _describe_held(held: HeldErasure, days: int) -> str:
    names = ", ".join(words.plain(name) for name in held.datasets)
    sentence = _("It holds somebody who was erased since, of {datasets}.", datasets=names)
    if not days:
        return sentence
    until = format_day(datetime.fromtimestamp(held.erased + days * DAY_S).astimezone().date())
    return " ".join((sentence, _("It is removed by itself after {until}.", until=until)))


def _offer_restoring(services: Services, folder: BackupFolder, manifest: BackupManifest) -> None:
    datasets: Mapping[str, BackedUpDataset] = {dataset.id: dataset for dataset in manifest.datasets}
    chosen_ids = st.multiselect(
        _("Datasets"),
        list(datasets),
        default=list(datasets),
        format_func=lambda key: words.plain(datasets[key].name),
        key=f"datasets_{manifest.id}",
    )
    present = {dataset.name for dataset in services.store.datasets()}
    names = _choose_names([datasets[key] for key in chosen_ids], manifest, present)
    if renamed := [name for key, name in names.items() if name != datasets[key].name]:
        st.caption(
            _(
                "Their names are taken here, so they will be called: {names}.",
                names=", ".join(words.plain(name) for name in renamed),
            )
        )
    _offer_button(services, folder, manifest, names)


def _offer_button(services: Services, folder: BackupFolder, manifest: BackupManifest, names: Mapping[str, str]) -> None:
    """The button; before it the passphrase of a backup that the data folder's own keys do not open."""
    options: dict[str, Any] = {"type": "primary", "disabled": not names, "width": "stretch"}
    if not services.needs_backup_secret(folder.folder_of(manifest)):
        if st.button(_("Restore"), key=f"restore_{manifest.id}", **options):
            _restore(services, folder, manifest, names)
        return
    # A form, which forgets what was typed as soon as it was sent.
    with st.form(f"unlock_{manifest.id}", clear_on_submit=True, border=False):
        passphrase = st.text_input(
            _("Passphrase of when it was taken"),
            type="password",
            key=f"passphrase_{manifest.id}",
            help=_(
                "The data folder had another key then. Leave it empty where the passphrase is the same. It is kept "
                "nowhere."
            ),
        )
        if st.form_submit_button(_("Restore"), key=f"restore_{manifest.id}", **options):
            # Streamlit would keep it in the session until something else is clicked.
            del st.session_state[f"passphrase_{manifest.id}"]
            _restore(services, folder, manifest, names, passphrase)


def _choose_names(
    datasets: Collection[BackedUpDataset], manifest: BackupManifest, present: Collection[str]
) -> dict[str, str]:
    names: dict[str, str] = {}
    for dataset in datasets:
        names[dataset.id] = choose_free_name(dataset.name, manifest.created, {*present, *names.values()})
    return names


def _restore(
    services: Services, folder: BackupFolder, manifest: BackupManifest, names: Mapping[str, str], passphrase: str = ""
) -> None:
    # Before there is anything to be filled: a wrong passphrase is told here.
    sealed_keys = services.seal_backup_keys(folder.folder_of(manifest), passphrase)
    for source_id, name in names.items():
        # Empty until its rows come, all at once; the model is then that of the backup.
        dataset = services.store.create_dataset(name, catalogue.DEFAULT_VECTORS_ID)
        submit_job(services.jobs, dataset.id, RestoreRequest(str(folder.path), manifest.id, source_id, sealed_keys))
    frame.queue_toast(_("It is being restored. You can go on meanwhile."))
    st.rerun()
