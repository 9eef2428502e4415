"""Erasing a person: the one action that asks first. What goes, the name typed as a yes, and the receipt."""

from __future__ import annotations

import json

import streamlit as st

from core.jobs.registry import submit_job
from core.store.job_model import Job, JobKind, JobState
from core.store.protocols import Dataset, PersonCount
from core.ui import address, data, jobs, state, words
from core.ui.labels import corrections
from core.ui.safekeeping.holding import describe_holding
from core.workflows.erasure.erase_person import EraseRequest, preview_erasure
from core.workflows.erasure.proof import SearchFindings
from core.workflows.erasure.receipt import EraseReceipt

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
    name, author = words.display_name(person.name), corrections.current_editor().author
    # Counted before the question, so that the yes is to what goes, not to a word.
    removal = preview_erasure(data.services().erase_tools(), dataset.id, EraseRequest(person.id, author))
    st.markdown(describe_erasure(name, removal))
    # A form: while the name is typed, nothing runs that could take half of it for an answer.
    with st.form("erase_form", border=False):
        all_photos = bool(removal["photos_kept"]) and st.checkbox("Remove the photos that show other people, too")
        retrain = bool(removal["models"]) and st.checkbox("Train again afterwards", value=True)
        typed = st.text_input("Type the name to go on", placeholder=name, key="erase_name")
        if not st.form_submit_button("Erase", type="primary", icon=":material/delete_forever:"):
            return
    if not is_name_of(typed, person):
        st.error(f"That is not the name. Type '{words.plain(name)}', or close this window to keep everything.")
        return
    request = EraseRequest(person.id, author, all_photos=all_photos, retrain=retrain)
    # A disk may be full just because somebody wants to erase: the reserve makes room for the job's row.
    with data.services().reserve.lend():
        job = submit_job(data.services().jobs, dataset.id, request)
    # The person's page goes with the person. The receipt is shown by the address: it outlives a reload.
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
    # Names are typed as pages show them: without the underscores that folders have for spaces.
    return words.display_name(typed.strip()) == words.display_name(person.name)


def show_erasure_progress(dataset: Dataset) -> None:
    """The erasing that runs, was stopped, or of which the receipt is to be shown."""
    job = data.newest_job(dataset, JobKind.ERASE)
    if job is None:
        return
    jobs.follow_job(job)
    if job.state is JobState.DONE and address.query_value(RECEIPT) == job.id:
        _show_receipt(job)


def _show_receipt(job: Job) -> None:
    receipt = EraseReceipt.of(job)
    # A receipt of an erasing that was stopped before its search has no findings.
    left, possible = (receipt.check.left, receipt.check.possible or ()) if receipt.check else ((), ())
    with st.container(border=True):
        st.markdown(f":material/{'warning' if left else 'task_alt'}: {receipt_sentence(receipt)}")
        for trace in [*left, *possible]:
            st.caption(words.plain(f"{trace.path}: {trace.what}. {trace.advice}"))
        if receipt.photos_kept_note:
            st.caption(words.plain(receipt.photos_kept_note))
        if holding := describe_holding(receipt.backups):
            st.caption(holding)
        if receipt.not_retrained:
            st.caption(f"It was not trained again: {words.plain(receipt.not_retrained)}")
        with st.container(horizontal=True):
            signed = (
                data.services().erase_tools().receipts.find(receipt.receipt_id) if receipt.receipt_id else job.result
            )
            st.download_button(
                "Receipt",
                json.dumps(signed, indent=2, ensure_ascii=False),
                f"receipt-{job.id}.json",
                icon=":material/download:",
                help="Signed by this installation; `python -m core verify-receipt FILE` says whether it is unaltered.",
            )
            st.button("Close", key="close_receipt", type="tertiary", on_click=_close)


def receipt_sentence(receipt: EraseReceipt) -> str:
    """What was removed and what the search for it found."""
    removed = [words.count(receipt.faces, "face"), words.count(receipt.photos, "photo")]
    if receipt.models_deleted:
        removed.append(words.count(receipt.models_deleted, "trained recogniser"))
    if receipt.lookups:
        removed.append(words.count(receipt.lookups, "kept result of Many photos", "kept results of Many photos"))
    retrained = " A recogniser was trained again." if receipt.models_retrained else ""
    return f"Erased: {', '.join(removed)}.{_findings_sentence(receipt.check)}{retrained}"


def _findings_sentence(check: SearchFindings | None) -> str:
    if check is None:
        return ""
    searched = f"{words.count(check.files, 'file')} ({words.format_size(check.bytes)}) were searched"
    findings = f"{words.count(check.found, 'trace')} left" if check.found else "nothing is left"
    if check.possible:
        findings += f", {words.count(len(check.possible), 'place')} to look at"
    return f" {searched} afterwards: {findings}."


def _close() -> None:
    address.set_query_values(**{RECEIPT: None})
