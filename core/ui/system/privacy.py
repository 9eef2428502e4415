"""The parts of the privacy page: this installation's own figures between plain sentences."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pandas as pd
import streamlit as st

from core.language.dates import format_day
from core.services import Services
from core.signing.keys import PublicKey
from core.store.retention.model import ReceiptRecord
from core.ui import data, menu, words
from core.workflows.erasure.signed_receipts import ErasedWhat
from core.workflows.retention.terms import WARNING_DAYS, list_expiries

RECEIPTS_SHOWN = 20


def show_what_is_kept(services: Services) -> None:
    """A line a dataset, and where it lies."""
    st.header("What is kept, and where", anchor=False)
    rows = [_dataset_row(services, dataset_id) for dataset_id in _dataset_ids(services)]
    if rows:
        st.dataframe(pd.DataFrame(rows), hide_index=True, alt="What each dataset holds", width="content")
    else:
        st.markdown("Nothing yet: there is no dataset.")
    st.markdown(f"{_describe_places(services)} Nothing is sent anywhere else; usage statistics are off.")
    st.markdown(
        "A **photo** stays as you gave it. Of each face on it a **crop** is kept, and a **vector**: numbers by which "
        "faces are told apart. They are biometric data, as a fingerprint is. **Names** are those of your folders and "
        "your corrections. A photo that you only ask about, and what a live camera sees, is not kept."
    )


def _dataset_ids(services: Services) -> list[str]:
    return [dataset.id for dataset in services.store.datasets()]


def _dataset_row(services: Services, dataset_id: str) -> dict[str, str]:
    dataset = services.store.dataset(dataset_id)
    counts, terms = data.dataset_counts(dataset.id, dataset.revision), services.retention.dataset_terms(dataset.id)
    return {
        "Dataset": dataset.name,
        "Photos": words.count(counts.photos),
        "Faces": words.count(counts.faces),
        "People with a name": words.count(counts.people),
        "Size": data.describe_file_size(dataset.id, dataset.revision),
        "Purpose": terms.purpose,
        "Consent": terms.consent,
        "Kept until": format_day(terms.until) if terms.until else "no date",
    }


def _describe_places(services: Services) -> str:
    folder = f"the folder '{words.plain(services.settings.data_dir.name)}' of the computer on which the app runs"
    files = words.plain(services.artifacts.describe()) or folder
    database = "a database on a server" if services.settings.database_url else folder
    if files == database:
        return f"All of it lies in {folder}."
    kept = " What its log and backups keep of who was erased is up to whoever keeps it." if database != folder else ""
    return f"Photos and crops lie in {files}; names, vectors and corrections in {database}.{kept}"


def show_who_sees_it(services: Services) -> None:
    """Who can open the app, and who can read the files."""
    st.header("Who can see it", anchor=False)
    st.markdown(
        "- Whoever can open this app: as long as no sign-in is set up, everybody who reaches its address, which by "
        "itself answers on this computer only. With sign-in, each sees what their role and the owner of a dataset "
        "allow.\n"
        "- Whoever may read the files: the folder is closed to other users of the computer. Its administrator, and who "
        "takes the disk out, can read it, unless the disk or the data are encrypted.\n"
        "- Whoever you give an export, a bundle or a backup to: what left is out of reach of this app."
    )


def show_how_long(services: Services) -> None:
    """How many people and datasets have a last day, and which is the next."""
    st.header("For how long", anchor=False)
    expiries = sorted(list_expiries(services.retention_tools()), key=lambda expiry: expiry.until)
    whole = sum(expiry.person_id is None for expiry in expiries)
    if expiries:
        counts = {("dataset", "datasets"): whole, ("person", "people"): len(expiries) - whole}
        subjects = " and ".join(words.count(number, *nouns) for nouns, number in counts.items() if number)
        verb = "has a last day" if len(expiries) == 1 else "have a last day"
        st.markdown(f"{subjects} {verb}; the next one is **{format_day(expiries[0].until)}**.")
    else:
        st.markdown("No dataset and no person has a last day here: all is kept until somebody removes it.")
    st.markdown(
        "A purpose, a note of consent and a last day are said of a dataset on *Start* (*More*), and of a person on "
        "their page (*Note and history*). After that day they are erased by themselves; where the app does not run, at "
        f"its next start. *Start* says so {words.count(WARNING_DAYS, 'day')} before. Who is renamed or merged keeps "
        "the earlier day."
    )


def show_how_to_remove() -> None:
    """The ways out, from one face to all."""
    st.header("How to remove it", anchor=False)
    st.markdown(
        "- **A person**: *People*, their page, *Erase this person*. Faces, vectors, names, photos that show nobody "
        "else, and what was learned from them go; every file is searched afterwards.\n"
        "- **A dataset**: *Start*, *More*, *Delete*.\n"
        "- **Everything**: close the app and delete the data folder.\n"
        "- Photos that show others too stay with the person's pixels in them, unless you choose to remove these photos "
        "as well. Your own files and exports that you saved elsewhere are not touched: look there yourself.\n"
        "- **Backups** that hold them still are named by their age, and removed some weeks later."
    )
    with st.container(horizontal=True):
        st.page_link(menu.PEOPLE, label="People", icon=":material/groups:")
        st.page_link(menu.HOME, label="Start", icon=":material/home:")


def show_what_is_not_promised() -> None:
    """What nobody should rely on."""
    st.header("What is not promised", anchor=False)
    st.markdown(
        "- **That somebody is really there.** A camera is shown a face; whether it is of a living person or of a "
        "picture of them is not tested. Do not open doors by it.\n"
        "- **That a name is right.** *How good is it?* says how often it is on your photos. It errs more often on some "
        "groups of people than on others: see the model card under *About*.\n"
        "- **That a deleted file cannot be brought back from the disk.** Rows of the database are overwritten; what a "
        "disk or a file system keeps of deleted files is up to them. An encrypted disk is the answer.\n"
        "- **That it may be used.** Recognising people needs a reason that the law accepts where you are, mostly their "
        "consent; noting it here does not replace it."
    )


def show_receipts(services: Services) -> None:
    """The signed receipts of what was erased."""
    st.header("Receipts", anchor=False)
    receipts = [receipt for receipt in services.retention.receipts() if receipt.document["is_done"]]
    if not receipts:
        st.markdown("Nothing was erased yet. Every erasing leaves a signed receipt here, without names.")
        return
    st.markdown(
        "They hold no names, and outlive what they are about. `python -m core verify-receipt FILE` says, on any "
        "computer, whether one is unaltered."
    )
    for receipt in receipts[:RECEIPTS_SHOWN]:
        _show_receipt(receipt)
    if len(receipts) > RECEIPTS_SHOWN:
        st.caption(f"And {words.count(len(receipts) - RECEIPTS_SHOWN)} more: `python -m core receipts` lists all.")


def _show_receipt(receipt: ReceiptRecord) -> None:
    what = "A person" if receipt.document["what"] == ErasedWhat.PERSON else "A dataset"
    day = format_day(datetime.fromtimestamp(receipt.created, UTC).astimezone().date())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{what}, erased on {day}", width="stretch")
        st.download_button(
            "Receipt",
            json.dumps(receipt.document, indent=2, ensure_ascii=False),
            f"receipt-{receipt.id}.json",
            key=f"receipt_{receipt.id}",
            icon=":material/download:",
            on_click="ignore",
        )


def show_signing_key(services: Services) -> None:
    """The public key of this installation, and those of others that are trusted."""
    st.header("Signatures", anchor=False)
    st.markdown(
        "Receipts, exports and recogniser files are signed with a key that only this installation has. Whoever gets "
        "one can verify it with the public key; compare the fingerprint by telephone or on paper."
    )
    public = services.keyring.open_own().public
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Fingerprint of this installation: `{words.plain(public.fingerprint)}`", width="stretch")
        st.download_button(
            "Public key",
            public.to_pem(),
            "face-atlas-public-key.pem",
            icon=":material/key:",
            on_click="ignore",
        )
    trusted = services.keyring.trusted()
    for key, name in trusted.items():
        st.markdown(f"Trusted: **{words.plain(name)}**, `{words.plain(PublicKey.from_hex(key).fingerprint)}`")
    st.caption("`python -m core keys trust FILE --name NAME` trusts another installation's key.")
