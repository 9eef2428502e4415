"""Erasing a person: the one action that asks first. What goes, the name typed as a yes, and the receipt."""

from __future__ import annotations

import json

import streamlit as st

from core.jobs.registry import submit_job
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.store.job_model import Job, JobKind, JobState
from core.store.values.datasets import Dataset, PersonCount
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
        if st.button(_("Erase this person"), key="erase", icon=":material/delete_forever:"):
            st.dialog(_("Erase this person for good?"))(_ask_for_erasure)(dataset, person)
        st.caption(
            _("Removes the faces, photos, names and everything that was learned from them, for good."), width="content"
        )


def _ask_for_erasure(dataset: Dataset, person: PersonCount) -> None:
    name, author = words.display_name(person.name), corrections.current_editor().author
    # Counted before the question, so that the yes is to what goes, not to a word.
    removal = preview_erasure(data.services().erase_tools(), dataset.id, EraseRequest(person.id, author))
    st.markdown(describe_erasure(name, removal))
    # A form: while the name is typed, nothing runs that could take half of it for an answer.
    with st.form("erase_form", border=False):
        all_photos = bool(removal["photos_kept"]) and st.checkbox(_("Remove the photos that show other people, too"))
        retrain = bool(removal["models"]) and st.checkbox(_("Train again afterwards"), value=True)
        typed = st.text_input(_("Type the name to go on"), placeholder=name, key="erase_name")
        if not st.form_submit_button(_("Erase"), type="primary", icon=":material/delete_forever:"):
            return
    if not is_name_of(typed, person):
        st.error(
            _("That is not the name. Type '{name}', or close this window to keep everything.", name=words.plain(name))
        )
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
    parts = _count_parts(removal["faces"], removal["photos"], removal["models"], removal["lookups"])
    message = _(
        "**{name}**: {parts} and all exports of this dataset are removed. This cannot be undone.",
        name=words.plain(name),
        parts=parts,
    )
    if not removal["photos_kept"]:
        return message
    photos_kept = ngettext(
        "{number} photo with other people on it stays, without this face's box, name or vector.",
        "{number} photos with other people on them stay, without this face's box, name or vector.",
        removal["photos_kept"],
    )
    return f"{message} {photos_kept}"


def _count_parts(faces: int, photos: int, models: int, lookups: int) -> str:
    """What is erased, as "2 faces, 1 photo"; of recognisers and lookups only where there are any."""
    parts = [ngettext("{number} face", "{number} faces", faces), ngettext("{number} photo", "{number} photos", photos)]
    if models:
        parts.append(ngettext("{number} trained recogniser", "{number} trained recognisers", models))
    if lookups:
        parts.append(ngettext("{number} kept result of Many photos", "{number} kept results of Many photos", lookups))
    return ", ".join(parts)


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
            st.caption(words.plain(words.titled(trace.path, f"{say_again(trace.what)}. {say_again(trace.advice)}")))
        if receipt.photos_kept_note:
            st.caption(words.plain(say_again(receipt.photos_kept_note)))
        if holding := describe_holding(receipt.backups):
            st.caption(holding)
        if receipt.not_retrained:
            reason = words.plain(say_again(receipt.not_retrained))
            st.caption(_("It was not trained again: {reason}", reason=reason))
        with st.container(horizontal=True):
            signed = (
                data.services().erase_tools().receipts.find(receipt.receipt_id) if receipt.receipt_id else job.result
            )
            st.download_button(
                _("Receipt"),
                json.dumps(signed, indent=2, ensure_ascii=False),
                f"receipt-{job.id}.json",
                icon=":material/download:",
                help=_(
                    "Signed by this installation; `python -m core verify-receipt FILE` says whether it is unaltered."
                ),
            )
            st.button(_("Close"), key="close_receipt", type="tertiary", on_click=_close)


def receipt_sentence(receipt: EraseReceipt) -> str:
    """What was removed and what the search for it found."""
    parts = _count_parts(receipt.faces, receipt.photos, receipt.models_deleted, receipt.lookups or 0)
    sentences = [_("Erased: {parts}.", parts=parts)]
    if receipt.check is not None:
        sentences.append(_findings_sentence(receipt.check))
    if receipt.models_retrained:
        sentences.append(_("A recogniser was trained again."))
    return " ".join(sentences)


def _findings_sentence(check: SearchFindings) -> str:
    findings = [
        ngettext("{number} trace left", "{number} traces left", check.found) if check.found else _("nothing is left")
    ]
    if check.possible:
        findings.append(ngettext("{number} place to look at", "{number} places to look at", len(check.possible)))
    return _(
        "{files} ({size}) were searched afterwards: {findings}.",
        files=ngettext("{number} file", "{number} files", check.files),
        size=words.format_size(check.bytes),
        findings=", ".join(findings),
    )


def _close() -> None:
    address.set_query_values(**{RECEIPT: None})
