"""Erasing a person: the one action that asks first. What goes, the name typed as a yes, and the receipt."""

from __future__ import annotations

import json
from typing import Any

import streamlit as st

from core.jobs.transfers import EraseParams
from core.store.job_model import Job, JobKind, JobState
from core.store.protocols import Dataset, PersonCount
from core.ui import address, data, jobs, state, words
from core.ui.labels import corrections
from core.workflows.erasure.erase_person import EraseRequest, preview_erasure

RECEIPT = "receipt"
"""In the address: the job whose receipt is shown."""


def offer_erasure(dataset: Dataset, person: PersonCount) -> None:
    """The way to it, at the end of a person's page."""
    st.divider()
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        if st.button("Erase this person", key="erase", icon=":material/delete_forever:"):
            _ask_for_erasure(dataset, person)
        st.caption(
            "Removes the faces, photos, names and everything that was learned from them, for good.", width="content"
        )


@st.dialog("Erase this person for good?")
def _ask_for_erasure(dataset: Dataset, person: PersonCount) -> None:
    name, author = words.display_name(person.name), corrections.current_hand().author
    removal = preview_erasure(data.services().erase_tools(), dataset.id, EraseRequest(person.id, author))
    st.markdown(describe_erasure(name, removal))
    with st.form("erase_form", border=False):
        all_photos = bool(removal["photos_kept"]) and st.checkbox("Remove the photos that show other people, too")
        retrain = bool(removal["models"]) and st.checkbox("Train again afterwards", value=True)
        typed = st.text_input("Type the name to go on", placeholder=name, key="erase_name")
        if not st.form_submit_button("Erase", type="primary", icon=":material/delete_forever:"):
            return
    if not is_name_of(typed, person):
        st.error(f"That is not the name. Type '{words.plain(name)}', or close this window to keep everything.")
        return
    params = EraseParams(person.id, author, all_photos=all_photos, retrain=retrain)
    with data.services().reserve.lend():
        job = data.services().jobs.submit(dataset.id, JobKind.ERASE, params.params())
    address.set_query_values(person=None, **{RECEIPT: job.id})
    st.session_state.pop(state.NAMESAKE, None)
    st.rerun()


def describe_erasure(name: str, removal: dict[str, int]) -> str:
    """What would go and what would stay."""
    parts = [words.count(removal["faces"], "face"), words.count(removal["photos"], "photo")]
    if removal["models"]:
        parts.append(words.count(removal["models"], "trained recogniser"))
    if lookups := removal["lookups"]:
        parts.append(words.count(lookups, "kept result of Many photos", "kept results of Many photos"))
    message = f"**{words.plain(name)}**: {', '.join(parts)} and all exports of this dataset are removed. "
    message += "This cannot be undone."
    if photos_kept := removal["photos_kept"]:
        message += (
            f" {words.count(photos_kept, 'photo')} with other people on {'it' if photos_kept == 1 else 'them'} "
            f"{'stays' if photos_kept == 1 else 'stay'}, without this face's box, name or vector."
        )
    return message


def is_name_of(typed: str, person: PersonCount) -> bool:
    """Whether somebody typed a person's name."""
    return words.display_name(typed.strip()) == words.display_name(person.name)


def show_erasure_progress(dataset: Dataset) -> None:
    """The erasing that runs, was stopped, or of which the receipt is to be shown."""
    job = data.newest_job(dataset, JobKind.ERASE)
    if job is None:
        return
    jobs.follow_job(job)
    if job.state is JobState.DONE and address.query_value(RECEIPT) == job.id:
        _receipt(job)


def _receipt(job: Job) -> None:
    left = job.result["check"]["left"]
    with st.container(border=True):
        st.markdown(f":material/{'warning' if left else 'task_alt'}: {receipt_sentence(job.result)}")
        for trace in [*left, *job.result["check"].get("possible", [])]:
            st.caption(words.plain(f"{trace['path']}: {trace['what']}. {trace['advice']}"))
        if note := job.result.get("photos_kept_note"):
            st.caption(words.plain(note))
        if refused := job.result.get("not_retrained"):
            st.caption(f"It was not trained again: {words.plain(refused)}")
        with st.container(horizontal=True):
            st.download_button(
                "Receipt", json.dumps(job.result, indent=2), f"receipt-{job.id}.json", icon=":material/download:"
            )
            st.button("Close", key="close_receipt", type="tertiary", on_click=_close)


def receipt_sentence(result: dict[str, Any]) -> str:
    """What was removed and what the search for it found."""
    removed = [words.count(result["faces"], "face"), words.count(result["photos"], "photo")]
    if models := result["models_deleted"]:
        removed.append(words.count(models, "trained recogniser"))
    if lookups := result.get("lookups"):  # receipts of before do not say
        removed.append(words.count(lookups, "kept result of Many photos", "kept results of Many photos"))
    check = result["check"]
    searched = f"{words.count(check['files'], 'file')} ({words.format_size(check['bytes'])}) were searched"
    findings = f"{words.count(check['found'], 'trace')} left" if check["found"] else "nothing is left"
    if possible := len(check.get("possible", [])):
        findings += f", {words.count(possible, 'place')} to look at"
    retrained = " A recogniser was trained again." if result.get("models_retrained") else ""
    return f"Erased: {', '.join(removed)}. {searched} afterwards: {findings}.{retrained}"


def _close() -> None:
    address.set_query_values(**{RECEIPT: None})
