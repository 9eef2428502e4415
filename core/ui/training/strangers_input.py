"""Photos of other people for a training: dropped, or chosen in the inbox, where what was dropped is laid, too."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.access.permissions import Action
from core.base.errors import InputRefused
from core.jobs.registry import submit_job
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.store.job_model import JobKind, JobState
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, jobs, state, words
from core.ui.photos import uploads
from core.ui.photos.source_titles import say_title
from core.workflows.training.request import TrainResult, find_training_request

SHOWN_REFUSALS = 10


def choose_from_inbox() -> str | None:
    """A zip or folder of the inbox, as trainings name it: from the data folder on."""
    # What lies there may be anybody's.
    if not data.access().may(Action.ADMINISTER):
        return None
    settings = data.services().settings
    candidates = sorted(
        path.name for path in settings.inbox_dir.iterdir() if path.is_dir() or path.suffix.lower() == ".zip"
    )
    # What is chosen lies where it stays: the job reads it when its turn comes, and a later training again.
    name = st.selectbox(
        _("Photos of other people, from the inbox"),
        candidates,
        index=None,
        placeholder=_("None") if candidates else _("The inbox is empty"),
        disabled=not candidates,
        help=_(
            "A zip in data/inbox with people who are not in this dataset. Together with your own people, hidden in "
            "turn, they tell when a face is to be called unknown. Nothing of them is kept."
        ),
    )
    # From the data folder on: a job that is done or repeated later finds it where the folder was moved to.
    return (settings.inbox_dir / name).relative_to(settings.data_dir).as_posix() if name else None


def offer_strangers(dataset: Dataset, run: Run) -> None:
    """A place to drop strangers, what becomes of them, and which of them could not be used."""
    job = data.newest_job(dataset, JobKind.TRAIN)
    refusal = st.session_state.pop(state.STRANGERS_REFUSED, None)
    is_at_work = job is not None and job.state is not JobState.DONE
    with st.expander(
        _("Try it on people it should not know"), icon=":material/person_off:", expanded=is_at_work or bool(refusal)
    ):
        if refusal:
            st.error(words.plain(refusal), icon=":material/error:")
        jobs.follow_job(job)
        if job is not None and job.state is JobState.DONE and TrainResult.of(job).run == run.id:
            _show_refused(TrainResult.of(job))
        if job is None or not job.state.active:
            _ask_for_strangers(dataset, run)


def _ask_for_strangers(dataset: Dataset, run: Run) -> None:
    turn = st.session_state.setdefault(state.UPLOAD_ROUND, 0)
    label = _("Drop a zip, or photos, of other people: a folder a person, or a photo each")
    files = st.file_uploader(label, accept_multiple_files=True, key=f"strangers_{turn}")
    st.caption(
        _(
            "It is trained again with them: they show how many strangers get a name, and help to set the limits. They "
            "are put into `data/inbox`, for later trainings, and can be removed there. Nothing of them is learned."
        )
    )
    if files:
        _train_with(dataset, run, files)


def _train_with(dataset: Dataset, run: Run, files: Sequence[UploadedFile]) -> None:
    try:
        if sum(file.size for file in files) > uploads.MOST_UPLOAD_BYTES:
            raise InputRefused(_("What you gave has {excess}", excess=uploads.describe_excess()))
        path = lay_into_inbox(uploads.save_offers(files))
    except InputRefused as refusal:
        st.session_state[state.STRANGERS_REFUSED] = str(refusal)
        # With the next run the uploader is another, empty one.
        st.session_state[state.UPLOAD_ROUND] += 1
        st.rerun()
    services = data.services()
    request = find_training_request(services.jobs, dataset.id, run)
    relative = path.relative_to(services.settings.data_dir).as_posix()
    submit_job(services.jobs, dataset.id, replace(request, strangers=relative, zip_names=""))
    # The run of the address would hide the one that comes.
    st.query_params.pop("run", None)
    st.rerun()


def lay_into_inbox(offers: Sequence[uploads.Offer]) -> Path:
    """Move what was dropped into the inbox: one zip as it is, several and photos in one folder.

    Raises
    ------
    InputRefused
        One of them cannot be opened, or holds no photo; nothing is laid there then.
    """
    try:
        for offer in offers:
            with data.services().open_source(offer.path) as source:
                if not source.entries:
                    raise InputRefused(
                        _(
                            "There are no photos in {source}. Give photos of other people.",
                            source=say_title(offer.title),
                        )
                    )
        if len(offers) > 1:
            names = ", ".join(say_title(offer.title) for offer in offers)
            raise InputRefused(_("Drop one zip, or photos, at a time. These are several: {sources}.", sources=names))
        (offer,) = offers
        name = Path(offer.title).name if offer.path.is_file() else "strangers"
        target = uploads.free_path(data.services().settings.inbox_dir / name)
        shutil.move(offer.path, target)
        return target
    finally:
        for offer in offers:
            uploads.discard_copy(offer)


def _show_refused(result: TrainResult) -> None:
    if not result.refused:
        return
    with st.expander(
        ngettext("{number} photo could not be used", "{number} photos could not be used", len(result.refused))
    ):
        for refusal in result.refused[:SHOWN_REFUSALS]:
            # As text: names of files of others are not to be read as Markdown.
            st.text(words.titled(refusal.name, say_again(refusal.reason)))
        if len(result.refused) > SHOWN_REFUSALS:
            more = len(result.refused) - SHOWN_REFUSALS
            st.caption(ngettext("and {number} more", "and {number} more", more))
