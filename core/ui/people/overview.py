"""The page of people: the wall, or the one person that the address names."""

from __future__ import annotations

import streamlit as st

from core.access.permissions import Action
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.store.columns.people_columns import People
from core.store.job_model import JobKind
from core.store.values.datasets import Counts, Dataset, PersonCount
from core.ui import address, data, frame, jobs, menu
from core.ui.access import offers
from core.ui.audit import recording
from core.ui.clustering import groups
from core.ui.labels import corrections
from core.ui.people import erasure, hard_test, person, person_page, wall

GONE = marked("This person has no photos any more: merged, renamed or moved. Here is everybody.")


def show_people_page(page: frame.Frame, *, unnamed_first: bool = False) -> None:
    """The wall, with the unnamed in front where that is what somebody came for, or one person."""
    dataset = page.dataset
    erasure.show_erasure_progress(dataset)
    counts = data.dataset_counts(dataset.id, dataset.revision)
    if not counts.faces:
        frame.show_empty_state(
            _("There are no faces yet. Photos need no folders: here their faces get names."),
            _("Add photos"),
            menu.INGEST,
        )
        return
    people = data.dataset_people(dataset.id, dataset.revision)
    person_id = address.query_number("person")
    shown_person = people.find(person_id)
    # A link, or the page itself after a merge: who was shown may be gone.
    if address.query_value("person") and shown_person is None:
        st.info(_(GONE), icon=":material/info:")
        address.set_query_values(person=None)
    if shown_person is not None:
        _show_person(dataset, shown_person, people)
        return
    job, may_edit = data.newest_job(dataset, JobKind.CLUSTER), offers.may_edit(dataset.id)
    is_grouped = groups.has_groups(dataset)
    if counts.unnamed_faces and not is_grouped and may_edit:
        with page.action:
            _offer_grouping(dataset, counts, is_working=job is not None and job.state.active)
    else:
        page.lead_on(wall.find_way_on(dataset, unnamed_first=unnamed_first))
    jobs.follow_job(job)
    if not people and not is_grouped:
        if not may_edit:
            st.info(
                _("Nobody has a name yet. Whoever may change this dataset names its faces."), icon=":material/info:"
            )
        elif not (job and job.state.active):
            st.info(
                _("Press the button: faces that look alike are put together, and you say who they are."),
                icon=":material/info:",
            )
        return
    if hard_test.is_open() and may_edit:
        hard_test.show_hard_test(dataset.id)
        return
    wall.show_wall(dataset.id, unnamed_first=unnamed_first)


def _offer_grouping(dataset: Dataset, counts: Counts, *, is_working: bool) -> None:
    st.button(
        ngettext("Group {number} face", "Group {number} faces", counts.unnamed_faces),
        type="primary",
        icon=":material/workspaces:",
        disabled=is_working,
        on_click=groups.submit_grouping,
        args=(dataset,),
    )


def _show_person(dataset: Dataset, shown_person: PersonCount, people: People) -> None:
    view = person.PersonView(dataset, shown_person, people)
    recording.record_view(dataset, recording.PERSON, shown_person.id)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        with st.container(width="content"):
            person_page.show_person_navigation(view)
        corrections.show_last_correction(dataset)
    person_page.show_person_page(view)
    if offers.may(Action.ERASE, dataset.id):
        erasure.offer_erasure(dataset, shown_person)
