"""The parts of the privacy page: this installation's own figures between plain sentences."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pandas as pd
import streamlit as st
from streamlit.elements.lib.column_types import ColumnConfig

from core.language.dates import format_day
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.services import Services
from core.signing.keys import PublicKey
from core.store.encryption.keyring import is_encrypted
from core.store.retention.model import ReceiptRecord
from core.ui import data, menu, words
from core.workflows.erasure.signed_receipts import ErasedWhat
from core.workflows.retention.terms import WARNING_DAYS, list_expiries

RECEIPTS_SHOWN = 20


def show_what_is_kept(services: Services) -> None:
    """A line a dataset, and where it lies."""
    st.header(_("What is kept, and where"), anchor=False)
    rows = [_dataset_row(services, dataset_id) for dataset_id in _dataset_ids(services)]
    if rows:
        table = pd.DataFrame(rows)
        # What nobody wrote anything into needs no column; what somebody wrote needs a wide one.
        written = [column for column in (_("Purpose"), _("Consent")) if table[column].any()]
        table = table.drop(columns=[column for column in (_("Purpose"), _("Consent")) if column not in written])
        wide: dict[str, ColumnConfig | str | None] = dict.fromkeys(written, st.column_config.TextColumn(width="medium"))
        st.dataframe(table, hide_index=True, alt=_("What each dataset holds"), width="content", column_config=wide)
    else:
        st.markdown(_("Nothing yet: there is no dataset."))
    elsewhere = _("Nothing is sent anywhere else; usage statistics are off.")
    st.markdown(f"{_describe_places(services)} {elsewhere}")
    st.markdown(
        _(
            "A **photo** stays as you gave it, unless its dataset keeps no photos: then it is deleted as soon as its "
            "faces were found, and its file name, size, date and a fingerprint of it stay. Of each face on it a "
            "**crop** is kept, and a **vector**: numbers by which faces are told apart. They are biometric data, as a "
            "fingerprint is. **Names** are those of your folders and your corrections. A photo that you only ask "
            "about, and what a live camera sees, is not kept."
        )
    )


def _dataset_ids(services: Services) -> list[str]:
    return [dataset.id for dataset in services.store.datasets()]


def _dataset_row(services: Services, dataset_id: str) -> dict[str, str]:
    dataset = services.store.dataset(dataset_id)
    counts, terms = data.dataset_counts(dataset.id, dataset.revision), services.retention.dataset_terms(dataset.id)
    photos = words.count(counts.photos)
    return {
        _("Dataset"): dataset.name,
        _("Photos"): photos if dataset.keeps_photos else _("{photos} (not kept)", photos=photos),
        _("Faces"): words.count(counts.faces),
        _("People with a name"): words.count(counts.people),
        _("Size"): data.describe_file_size(dataset.id, dataset.revision),
        _("Kept until"): format_day(terms.until) if terms.until else _("no date"),
        _("Purpose"): terms.purpose,
        _("Consent"): terms.consent,
    }


def _describe_places(services: Services) -> str:
    folder = _(
        "the folder '{folder}' of the computer on which the app runs",
        folder=words.plain(services.settings.data_dir.name),
    )
    files = words.plain(say_again(services.artifacts.describe())) or folder
    database = _("a database on a server") if services.settings.database_url else folder
    is_sealed = is_encrypted(services.settings.data_dir)
    if files == database:
        sentence = _("All of it lies in {place}.", place=folder)
        sealed = _("It is encrypted there: who takes the disk or a backup of it reads nothing without the passphrase.")
        return f"{sentence} {sealed}" if is_sealed else sentence
    places = _(
        "Photos and crops lie in {files}; names, vectors and corrections in {database}.", files=files, database=database
    )
    if is_sealed:
        places += " " + _("Files in the data folder and in the object store are encrypted.")
        if services.settings.database_url:
            places += " " + _("The database is not: that is up to the disk encryption of its server.")
    if database == folder:
        return places
    server_note = _("What its log and backups keep of who was erased is up to whoever keeps it.")
    return f"{places} {server_note}"


def show_who_sees_it(services: Services) -> None:
    """Who can open the app, and who can read the files."""
    st.header(_("Who can see it"), anchor=False)
    st.markdown(
        _(
            "- Whoever can open this app: as long as no sign-in is set up, everybody who reaches its address, which by "
            "itself answers on this computer only. With sign-in, each sees what their role and the owner of a dataset "
            "allow.\n"
            "- Whoever may read the files: the folder is closed to other users of the computer. Its administrator, and "
            "who takes the disk out, can read it, unless the disk or the data are encrypted.\n"
            "- Whoever you give an export, a bundle or a backup to: what left is out of reach of this app."
        )
    )


def show_how_long(services: Services) -> None:
    """How many people and datasets have a last day, and which is the next."""
    st.header(_("For how long"), anchor=False)
    expiries = sorted(list_expiries(services.retention_tools()), key=lambda expiry: expiry.until)
    whole = sum(expiry.person_id is None for expiry in expiries)
    if expiries:
        st.markdown(_describe_expiries(whole, len(expiries) - whole, format_day(expiries[0].until)))
    else:
        st.markdown(_("No dataset and no person has a last day here: all is kept until somebody removes it."))
    st.markdown(
        ngettext(
            "A purpose, a note of consent and a last day are said of a dataset on *Start* (*More*), and of a person on "
            "their page (*Note and history*). After that day they are erased by themselves; where the app does not "
            "run, at its next start. *Start* says so {number} day before. Who is renamed or merged keeps the earlier "
            "day.",
            "A purpose, a note of consent and a last day are said of a dataset on *Start* (*More*), and of a person on "
            "their page (*Note and history*). After that day they are erased by themselves; where the app does not "
            "run, at its next start. *Start* says so {number} days before. Who is renamed or merged keeps the earlier "
            "day.",
            WARNING_DAYS,
        )
    )


def _describe_expiries(n_datasets: int, n_people: int, day: str) -> str:
    datasets = ngettext("{number} dataset", "{number} datasets", n_datasets)
    people = words.format_people_count(n_people)
    if n_datasets and n_people:
        return _(
            "{datasets} and {people} have a last day; the next one is **{day}**.",
            datasets=datasets,
            people=people,
            day=day,
        )
    subject = datasets if n_datasets else people
    if n_datasets + n_people == 1:
        return _("{subject} has a last day; the next one is **{day}**.", subject=subject, day=day)
    return _("{subject} have a last day; the next one is **{day}**.", subject=subject, day=day)


def show_how_to_remove() -> None:
    """The ways out, from one face to all."""
    st.header(_("How to remove it"), anchor=False)
    st.markdown(
        _(
            "- **A person**: *People*, their page, *Erase this person*. Faces, vectors, names, photos that show nobody "
            "else, and what was learned from them go; every file is searched afterwards.\n"
            "- **The photos of a dataset**, with faces and names staying: *Start*, *More*, *Keep no photos*. A new "
            "dataset can keep none from the beginning.\n"
            "- **A dataset**: *Start*, *More*, *Delete*.\n"
            "- **Everything**: close the app and delete the data folder.\n"
            "- Photos that show others too stay with the person's pixels in them, unless you choose to remove these "
            "photos as well. Your own files and exports that you saved elsewhere are not touched: look there "
            "yourself.\n"
            "- **Backups** that hold them still are named by their age, and removed some weeks later."
        )
    )
    with st.container(horizontal=True):
        st.page_link(menu.PEOPLE, label=_("People"), icon=":material/groups:")
        st.page_link(menu.HOME, label=_("Start"), icon=":material/home:")


def show_what_is_not_promised() -> None:
    """What nobody should rely on."""
    st.header(_("What is not promised"), anchor=False)
    st.markdown(
        _(
            "- **That somebody is really there.** A camera is shown a face; whether it is of a living person or of a "
            "picture of them is not tested. Do not open doors by it.\n"
            "- **That a name is right.** *How good is it?* says how often it is on your photos. It errs more often on "
            "some groups of people than on others: see the model card under *About*.\n"
            "- **That a deleted file cannot be brought back from the disk.** Rows of the database are overwritten; "
            "what a disk or a file system keeps of deleted files is up to them. An encrypted disk is the answer.\n"
            "- **That it may be used.** Recognising people needs a reason that the law accepts where you are, mostly "
            "their consent; noting it here does not replace it."
        )
    )


def show_receipts(services: Services) -> None:
    """The signed receipts of what was erased."""
    st.header(_("Receipts"), anchor=False)
    receipts = [receipt for receipt in services.retention.receipts() if receipt.document["is_done"]]
    if not receipts:
        st.markdown(_("Nothing was erased yet. Every erasing leaves a signed receipt here, without names."))
        return
    st.markdown(
        _(
            "They hold no names, and outlive what they are about. `python -m core verify-receipt FILE` says, on any "
            "computer, whether one is unaltered."
        )
    )
    for receipt in receipts[:RECEIPTS_SHOWN]:
        _show_receipt(receipt)
    if len(receipts) > RECEIPTS_SHOWN:
        st.caption(
            _(
                "And {number} more: {command} lists all.",
                number=words.count(len(receipts) - RECEIPTS_SHOWN),
                command="`python -m core receipts`",
            )
        )


def _show_receipt(receipt: ReceiptRecord) -> None:
    day = format_day(datetime.fromtimestamp(receipt.created, UTC).astimezone().date())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_describe_receipt(receipt, day), width="stretch")
        st.download_button(
            _("Receipt"),
            json.dumps(receipt.document, indent=2, ensure_ascii=False),
            f"receipt-{receipt.id}.json",
            key=f"receipt_{receipt.id}",
            icon=":material/download:",
            on_click="ignore",
        )


def _describe_receipt(receipt: ReceiptRecord, day: str) -> str:
    match receipt.document["what"]:
        case ErasedWhat.PERSON:
            return _("A person, erased on {day}", day=day)
        case ErasedWhat.PHOTOS:
            return _("The photos of a dataset, deleted on {day}", day=day)
    return _("A dataset, erased on {day}", day=day)


def show_signing_key(services: Services) -> None:
    """The public key of this installation, and those of others that are trusted."""
    st.header(_("Signatures"), anchor=False)
    st.markdown(
        _(
            "Receipts, exports and recogniser files are signed with a key that only this installation has. Whoever "
            "gets one can verify it with the public key; compare the fingerprint by telephone or on paper."
        )
    )
    public = services.keyring.open_own().public
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            _("Fingerprint of this installation: `{fingerprint}`", fingerprint=words.plain(public.fingerprint)),
            width="stretch",
        )
        st.download_button(
            _("Public key"),
            public.to_pem(),
            "face-atlas-public-key.pem",
            icon=":material/key:",
            on_click="ignore",
        )
    trusted = services.keyring.trusted()
    for key, name in trusted.items():
        fingerprint = words.plain(PublicKey.from_hex(key).fingerprint)
        st.markdown(_("Trusted: **{name}**, `{fingerprint}`", name=words.plain(name), fingerprint=fingerprint))
    st.caption(_("`python -m core keys trust FILE --name NAME` trusts another installation's key."))
