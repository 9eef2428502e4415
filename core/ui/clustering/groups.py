"""Groups of faces without a name: read, cut as strictly as somebody likes, and looked at closely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.base.types import Bools, Ints, Revision
from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.learn.clustering.agglomerative import DEFAULT_THRESHOLD
from core.learn.model_selection.hard_faces import Hardness
from core.store.job_model import JobKind, JobState
from core.store.values.datasets import Dataset
from core.ui import data, words
from core.ui.access import kept, offers
from core.ui.components.picker import draw_picker
from core.ui.labels import corrections, face_review
from core.ui.labels.corrections import CorrectionDesk
from core.workflows.clustering import cluster, hierarchy, naming
from core.workflows.clustering.cluster import Clustering, FaceGroups
from core.workflows.clustering.hierarchy import ClusterOptions
from core.workflows.clustering.naming import PersonRest

LOOK_CLOSER_FACES = 60
"""The most faces of a group that are shown when it is looked at closely."""
MOST_QUESTIONS = 500
THRESHOLDS = (0.2, 0.9)


@dataclass(frozen=True, slots=True, eq=False)
class UnnamedGroups:
    """The faces without a name of one revision, in groups; a face that is like no other is a group of its own."""

    groups: FaceGroups
    worth_naming: Ints
    """(k,) groups, the largest first"""
    aside: Ints
    """(m,) groups whose faces are blurred or in the background, the largest first"""
    person_asked_about: dict[int, int]
    """Of a group, the id of the person that it may be."""
    rests: list[PersonRest]

    @property
    def sizes(self) -> Ints:
        """(k,) faces of each group that is worth naming."""
        return self.groups.sizes[self.worth_naming]

    @property
    def has_several(self) -> bool:
        """Whether a group that is worth naming has more than one face."""
        return bool((self.sizes > 1).any())

    @property
    def faces_aside(self) -> int:
        """How many faces are put aside."""
        return int(self.groups.sizes[self.aside].sum())


def submit_grouping(dataset: Dataset) -> None:
    """Ask the worker for groups."""
    submit_job(data.services().jobs, dataset.id, ClusterOptions())


def grouping_time(dataset: Dataset) -> float:
    """When the groups that there are were made, in seconds since 1970; 0 before that."""
    finished = (job.finished for job in data.jobs_of(dataset, JobKind.CLUSTER) if job.state is JobState.DONE)
    return next(finished, None) or 0.0


@kept.cache_resource(show_spinner=marked("Reading the groups"), max_entries=3)
def load_current_clustering(dataset_id: str, revision: Revision, grouped_at: float) -> Clustering | None:
    """The groups as they concern the dataset now; None before they were made."""
    # The job's end, which is not read here, tells one hierarchy from the next: a dataset has one file for it.
    services = data.services()
    tree = hierarchy.load_hierarchy(services.artifacts, services.store.dataset(dataset_id))
    if tree is None:
        return None
    faces = data.dataset_faces(dataset_id, revision)
    return cluster.open_clustering(tree, faces.table, faces.embeddings, services.log.pairs_kept_apart(dataset_id))


def has_groups(dataset: Dataset) -> bool:
    """Whether there are groups."""
    return load_current_clustering(dataset.id, dataset.revision, grouping_time(dataset)) is not None


@kept.cache_resource(show_spinner=False, max_entries=4)
def read_unnamed_groups(
    dataset_id: str, revision: Revision, grouped_at: float, threshold: float
) -> UnnamedGroups | None:
    """The groups at a threshold, and what may be asked of them; None before they were made."""
    clustering = load_current_clustering(dataset_id, revision, grouped_at)
    if clustering is None:
        return None
    faces = data.dataset_faces(dataset_id, revision)
    groups = clustering.cut(threshold, singles=True)
    aside = naming.find_groups_aside(groups, faces.table)
    apart = data.services().log.pairs_kept_apart(dataset_id)
    questions = cluster.list_same_person_questions(groups, faces.table, faces.embeddings, apart, MOST_QUESTIONS)
    return UnnamedGroups(
        groups=groups,
        worth_naming=_largest_first(groups, ~aside),
        aside=_largest_first(groups, aside),
        # The most alike come first; going backwards, their question is the one that stays where a group has several.
        person_asked_about={question.group: question.person_id for question in reversed(questions)},
        rests=naming.list_rests(groups, aside, questions),
    )


@kept.cache_resource(show_spinner=False, max_entries=4)
def read_hard_faces(dataset_id: str, revision: Revision, grouped_at: float, threshold: float) -> dict[str, Hardness]:
    """The faces without a name that are hardest to recognise, by their ids; none before there are groups."""
    unnamed = read_unnamed_groups(dataset_id, revision, grouped_at, threshold)
    if unnamed is None:
        return {}
    is_aside = np.zeros(len(unnamed.groups), dtype=bool)
    is_aside[unnamed.aside] = True
    faces = data.dataset_faces(dataset_id, revision)
    return naming.choose_hard_faces(unnamed.groups, is_aside, faces.table, faces.embeddings)


def _largest_first(groups: FaceGroups, chosen_groups: Bools) -> Ints:
    numbers = np.flatnonzero(chosen_groups)
    # Stable: of two groups of one size, the one with more clear faces comes first, as in ``FaceGroups``.
    return numbers[np.argsort(-groups.sizes[numbers], kind="stable")]


def grouping_now(dataset: Dataset) -> tuple[float, float]:
    """When the groups were made, and how strict somebody wants them."""
    return grouping_time(dataset), chosen_threshold(dataset)


def chosen_threshold(dataset: Dataset) -> float:
    """The distance that the slider of ``choose_threshold`` stands at."""
    return float(st.session_state.get(_threshold_key(dataset), round(DEFAULT_THRESHOLD, 2)))


def _threshold_key(dataset: Dataset) -> str:
    return f"threshold_{dataset.id}"


def choose_threshold(dataset: Dataset, clustering: Clustering) -> None:
    """How strict the groups are, and making them anew."""
    st.slider(
        _("Stricter: more, smaller groups \u2192 looser: fewer, larger groups (distance)"),
        *THRESHOLDS,
        value=round(DEFAULT_THRESHOLD, 2),
        step=0.01,
        key=_threshold_key(dataset),
    )
    preview = clustering.preview(chosen_threshold(dataset))
    groups = ngettext("**{number} group**", "**{number} groups**", preview.groups)
    st.markdown(
        ngettext("{groups}, {number} face alone", "{groups}, {number} faces alone", preview.alone, groups=groups)
    )
    if clustering.stale:
        n_new, advice = clustering.new_faces, _("Group again to take in what is new.")
        news = ngettext(
            "{number} face came after the groups were made.", "{number} faces came after the groups were made.", n_new
        )
        st.caption(f"{news} {advice}" if n_new else advice)
    if offers.may_edit(dataset.id):
        st.button(
            _("Group again"), key="group_again", icon=":material/workspaces:", on_click=submit_grouping, args=(dataset,)
        )


def show_group_faces(dataset: Dataset, members: Sequence[str]) -> None:
    """Faces that may be one person's, the most typical first; those that are chosen can be named apart."""
    st.dialog(_("The faces of a group"), width="large")(_show_group_faces)(dataset, members)


def _show_group_faces(dataset: Dataset, members: Sequence[str]) -> None:
    corrections.rerun_if_changed()
    faces = data.dataset_faces(dataset.id, dataset.revision)
    rows = faces.table.indices(members[:LOOK_CLOSER_FACES]).tolist()
    desk = CorrectionDesk(dataset, scope="closer")
    tiles = [face_review.face_tile(dataset, faces, row) for row in rows]
    picked = draw_picker(
        f"closer_{dataset.id}",
        tiles,
        corrections.build_grid(_("Faces of the group"), desk.keys),
        corrections.current_epoch(),
    )
    if len(members) > LOOK_CLOSER_FACES:
        n_faces = words.count(len(members))
        st.caption(_("The {shown} most typical of {number} faces.", shown=LOOK_CLOSER_FACES, number=n_faces))
    selection = ngettext("{number} face chosen", "{number} faces chosen", len(picked.selected))
    desk.show_actions(picked.about, selection if picked.about else _("Press a face first"))
    # From one of the others, not from each: the groups are cut so that no group holds both of a pair.
    other_ids = [face_id for face_id in members if face_id not in picked.selected]
    if picked.selected and other_ids:
        pairs = [(face_id, other_ids[0]) for face_id in picked.selected]
        if desk.may_edit and st.button(_("These are somebody else"), key="apart", icon=":material/call_split:"):
            corrections.apply_correction(dataset, lambda corrector: corrector.keep_apart(pairs))
            st.rerun()
    if desk.obey(picked.commands):
        st.rerun()
