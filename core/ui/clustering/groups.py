"""The page of groups: making them, how strict to be, naming them one by one, and looking closer at one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.base.types import Revision, take_items
from core.jobs.registry import submit_job
from core.learn.clustering.agglomerative import DEFAULT_THRESHOLD
from core.store.job_model import Job
from core.store.protocols import Dataset
from core.ui import data, gallery, words
from core.ui.components.entries import EntryCommand, FaceStrip, Keyboard, ReviewEntry, draw_entries
from core.ui.components.picker import draw_picker
from core.ui.labels import corrections, face_review
from core.ui.labels.corrections import CorrectionDesk
from core.ui.people import confusable_people
from core.workflows.clustering import cluster, hierarchy
from core.workflows.clustering.cluster import Clustering, FaceGroups, SamePersonQuestion
from core.workflows.clustering.hierarchy import ClusterOptions

PER_PAGE = 10
COVERS = 8
LOOK_CLOSER_FACES = 60
"""The most faces of a group that are shown when it is looked at closely."""
THRESHOLDS = (0.2, 0.9)
KEYS = {"y": "yes", "n": "no", "o": "open", "s": "nobody", "u": "undo", "r": "redo"}
SETTLING = ("name", "nobody", "yes")
LEGEND = (
    "Keys: arrows walk, Enter names (a name and Enter goes on to the next group), space chooses several that are one "
    "person, y and n answer the question, o looks closer, s nobody to name, u undo, r redo."
)


@dataclass(frozen=True, slots=True)
class GroupsView:
    """The groups of a dataset, as they were made by a job."""

    dataset: Dataset
    grouped_at: float
    """When the job that made them ended."""
    threshold: float


def submit_grouping(dataset: Dataset) -> None:
    """Ask the worker for groups."""
    submit_job(data.services().jobs, dataset.id, ClusterOptions())


def grouping_time(job: Job | None) -> float | None:
    """When the groups that there are were made."""
    return job.finished if job is not None and job.finished else None


@st.cache_resource(show_spinner="Reading the groups", max_entries=3)
def load_current_clustering(dataset_id: str, revision: Revision, grouped_at: float) -> Clustering | None:
    """The groups as they concern the dataset now; None before they were made."""
    # The job's end, which is not read here, tells one hierarchy from the next: a dataset has one file for it.
    services = data.services()
    tree = hierarchy.load_hierarchy(services.artifacts, services.store.dataset(dataset_id))
    if tree is None:
        return None
    faces = data.dataset_faces(dataset_id, revision)
    return cluster.open_clustering(tree, faces.table, faces.embeddings, services.log.pairs_kept_apart(dataset_id))


@st.cache_resource(show_spinner=False, max_entries=12)
def cut_groups(dataset_id: str, revision: Revision, grouped_at: float, threshold: float) -> FaceGroups:
    """The groups at a threshold."""
    clustering = load_current_clustering(dataset_id, revision, grouped_at)
    assert clustering is not None, "groups are cut only where there is a hierarchy"
    return clustering.cut(threshold)


@st.cache_resource(show_spinner=False, max_entries=4)
def suggested_people(
    dataset_id: str, revision: Revision, grouped_at: float, threshold: float
) -> dict[int, SamePersonQuestion]:
    """For each group the person that it may be."""
    faces = data.dataset_faces(dataset_id, revision)
    suggestions = cluster.list_same_person_questions(
        cut_groups(dataset_id, revision, grouped_at, threshold),
        faces.table,
        faces.embeddings,
        data.services().log.pairs_kept_apart(dataset_id),
    )
    # The most alike come first; going backwards, their question is the one that stays where a group has several.
    return {question.group: question for question in reversed(suggestions) if question.person_id is not None}


def choose_threshold(dataset: Dataset, clustering: Clustering) -> float:
    """The slider, with what it gives."""
    left, right = st.columns([3, 2], vertical_alignment="center", gap="large")
    with left:
        threshold = st.slider(
            "Stricter: more, smaller groups \u2192 looser: fewer, larger groups (distance)",
            *THRESHOLDS,
            value=round(DEFAULT_THRESHOLD, 2),
            step=0.01,
            key=f"threshold_{dataset.id}",
        )
    preview = clustering.preview(threshold)
    with right:
        st.markdown(f"**{words.count(preview.groups, 'group')}**, {words.count(preview.alone, 'face')} alone")
        if clustering.stale:
            new = (
                words.count(clustering.new_faces, "face") + " came after the groups were made. "
                if clustering.new_faces
                else ""
            )
            st.caption(f"{new}Group again to take in what is new.")
    return float(threshold)


@st.fragment
def show_groups(view: GroupsView) -> None:
    """The groups, those with the most clear faces first, each with a field for its name."""
    corrections.rerun_if_changed()
    dataset, groups = view.dataset, cut_groups(view.dataset.id, view.dataset.revision, view.grouped_at, view.threshold)
    if not len(groups):
        st.info("No two faces are so alike. Move the slider to the right for looser groups.", icon=":material/info:")
        return
    with st.container():
        page_slice = gallery.page_slice(len(groups), PER_PAGE, f"groups_{dataset.id}")
    group_indices = range(len(groups))[page_slice]
    suggestions = suggested_people(dataset.id, dataset.revision, view.grouped_at, view.threshold)
    rows = [_group_entry(view, groups, group, suggestions.get(group)) for group in group_indices]
    people_names = [person.name for person in data.dataset_people(dataset.id, dataset.revision)]
    keyboard = Keyboard(KEYS, people_names, SETTLING)
    commands = draw_entries(f"groups_{dataset.id}", rows, keyboard, corrections.current_epoch())
    st.caption(LEGEND)
    group_of_id = {row.id: group for row, group in zip(rows, group_indices, strict=True)}
    # One rerun after all of them: a rerun at the first would lose the others, which count as obeyed.
    changed = False
    for command in commands:
        chosen_groups = [group_of_id[group_id] for group_id in command.ids]
        if command.name == "open" and chosen_groups:
            show_group_faces(view, chosen_groups[0])
        elif act := _correction_for(view, groups, command, chosen_groups, suggestions):
            corrections.apply_correction(dataset.id, act)
            changed = True
    if changed:
        st.rerun()


def _correction_for(
    view: GroupsView,
    groups: FaceGroups,
    command: EntryCommand,
    chosen_groups: Sequence[int],
    suggestions: dict[int, SamePersonQuestion],
) -> corrections.CorrectionAction | None:
    corrector = corrections.build_corrector(view.dataset)
    faces = [face for group in chosen_groups for face in groups.members(group)]
    people = {person.id: person.name for person in data.dataset_people(view.dataset.id, view.dataset.revision)}
    question = suggestions.get(chosen_groups[0]) if chosen_groups else None
    match command.name:
        case "name" if faces and command.text:
            return lambda: corrector.move(faces, command.text)
        case "nobody" if faces:
            return lambda: corrector.mark_strangers(faces)
        case "yes" if question and question.person_id in people:
            name = people[question.person_id]
            return lambda: corrector.move(groups.members(chosen_groups[0]), name)
        case "no" if question and question.person_id in people:
            # Faces, not the group: groups are made anew, and what was told apart is to hold for the next ones too.
            typical_face = confusable_people.most_typical_face(view.dataset, question.person_id)
            pairs = [(groups.members(chosen_groups[0], 1)[0], typical_face)]
            return lambda: corrector.keep_apart(pairs)
        case "undo":
            return corrector.undo
        case "redo":
            return corrector.redo
    return None


def _group_entry(view: GroupsView, groups: FaceGroups, group: int, question: SamePersonQuestion | None) -> ReviewEntry:
    faces = data.dataset_faces(view.dataset.id, view.dataset.revision)
    covers = groups.members(group, COVERS)
    crop_ids = take_items(faces.table.crop_ids, faces.table.indices(covers))
    pictures = tuple(gallery.crop_address(view.dataset.id, crop_id) for crop_id in crop_ids)
    question_text, buttons = "", []
    if question is not None and question.person_id in faces.table.person_ids:
        name = faces.table.people[faces.table.person_ids.index(question.person_id)]
        question_text, buttons = f"Is this {words.display_name(name)}?", [("Yes", "yes"), ("No", "no")]
    size, tight = int(groups.sizes[group]), float(groups.tightness[group])
    unclear = ", most of them blurred or small" if 2 * groups.clear[group] < size else ""
    return ReviewEntry(
        # The most typical face stands for the group: its number changes with every group that is named before it.
        id=covers[0],
        strips=(FaceStrip(pictures),),
        title=words.count(size, "face"),
        note=f"{_tightness_words(tight)} ({tight:.2f}){unclear}",
        buttons=(*buttons, ("Look closer", "open"), ("Nobody to name", "nobody")),
        question=question_text,
        field="Who is this?",
    )


def _tightness_words(cosine: float) -> str:
    """How alike the faces of a group are, in words."""
    return "very alike" if cosine >= 0.9 else "alike" if cosine >= 0.8 else "some differ: look closer"


@st.dialog("The faces of a group", width="large")
def show_group_faces(view: GroupsView, group: int) -> None:
    """A group's faces; those that are chosen can be named apart from the others."""
    corrections.rerun_if_changed()
    dataset = view.dataset
    groups = cut_groups(dataset.id, dataset.revision, view.grouped_at, view.threshold)
    faces = data.dataset_faces(dataset.id, dataset.revision)
    members = groups.members(group)
    rows = faces.table.indices(members[:LOOK_CLOSER_FACES]).tolist()
    desk = CorrectionDesk(dataset, scope="closer")
    tiles = [face_review.face_tile(dataset, faces, row) for row in rows]
    picked = draw_picker(
        f"closer_{dataset.id}",
        tiles,
        corrections.build_grid("Faces of the group", desk.keys),
        corrections.current_epoch(),
    )
    if len(members) > LOOK_CLOSER_FACES:
        st.caption(f"The {LOOK_CLOSER_FACES} most typical of {words.count(len(members))} faces.")
    desk.show_actions(picked.about, words.count(len(picked.selected), "face") + " chosen")
    # From one of the others, not from each: the groups are cut so that no group holds both of a pair.
    other_ids = [face_id for face_id in members if face_id not in picked.selected]
    if picked.selected and other_ids:
        pairs = [(face_id, other_ids[0]) for face_id in picked.selected]
        if st.button("These are somebody else", key="apart", icon=":material/call_split:"):
            corrections.apply_correction(dataset.id, lambda: corrections.build_corrector(dataset).keep_apart(pairs))
            st.rerun()
    if desk.obey(picked.commands):
        st.rerun()
