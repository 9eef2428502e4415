"""The thorough measurement of a run, for the tabs that show it: read, asked for, followed while it is made."""

from __future__ import annotations

import streamlit as st

from core.jobs.registry import submit_job
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.learn.metrics.bootstrap import Interval
from core.learn.model_selection.study import Study
from core.store.job_model import Job, JobKind
from core.ui import data, jobs, words
from core.ui.access import offers
from core.ui.evaluation.evaluation_page import EvaluatedRun
from core.workflows.evaluation import study


def load_or_offer_study(evaluated: EvaluatedRun, tab_key: str) -> Study | None:
    """The study of the run; without one the way to it is drawn. ``tab_key`` keeps the two tabs' buttons apart."""
    # An earlier study stays in sight while another is made: it is older, and not wrong.
    job = _newest_study_job(evaluated)
    measured = study.load_study(data.services().artifacts, evaluated.run)
    jobs.follow_job(job)
    active = job is not None and job.state.active
    if measured is None:
        if not active:
            _offer_study(evaluated, tab_key)
        return None
    if measured.revision != evaluated.dataset.revision and not active:
        _offer_new_study(evaluated, tab_key)
    return measured


def _newest_study_job(evaluated: EvaluatedRun) -> Job | None:
    """The newest study of this run, whatever became of it."""
    # Not just the newest of the dataset: that may be of another run, and says nothing of this one.
    studies = data.jobs_of(evaluated.dataset, JobKind.STUDY)
    return next((job for job in studies if study.StudyRequest.of(job).run == evaluated.run.id), None)


def _offer_study(evaluated: EvaluatedRun, tab_key: str) -> None:
    with st.container(border=True, horizontal_alignment="center"):
        st.markdown(_("## This run was not measured thoroughly yet."), text_alignment="center")
        st.markdown(
            _(
                "All photos are tested several times by recognisers that had not seen them: which kind of photo it "
                "errs on, how many photos of a person it takes, and whether another classifier would do better."
            ),
            text_alignment="center",
        )
        _study_button(evaluated, tab_key, _("Measure it thoroughly"))
        st.caption(_("Half a minute for a thousand faces. You can leave the page meanwhile."), text_alignment="center")


def _offer_new_study(evaluated: EvaluatedRun, tab_key: str) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(_(":material/update: Photos or names changed since this was measured."))
        _study_button(evaluated, tab_key, _("Measure again"))


def _study_button(evaluated: EvaluatedRun, tab_key: str, label: str) -> None:
    if not offers.may_edit(evaluated.dataset.id):
        st.caption(_("Whoever may change this dataset can have it measured."))
        return
    if st.button(label, type="primary", icon=":material/biotech:", key=f"study_{tab_key}"):
        submit_job(data.services().jobs, evaluated.dataset.id, study.StudyRequest(evaluated.run.id))
        st.rerun()


def format_short_interval(share: Interval, digits: int = 1) -> str:
    """The ends of an interval, the sign said once."""
    low, high = (words.percent(end, digits) for end in (share.low, share.high))
    return _("{low} to {high}", low=low.removesuffix(words.PERCENT_SIGN), high=high)


def show_study_method(measured: Study) -> None:
    """How it was measured, in small letters."""
    st.caption(
        _(
            "{protocol} It took {duration}.",
            protocol=words.plain(say_again(measured.protocol)),
            duration=words.format_duration(measured.seconds),
        )
    )
