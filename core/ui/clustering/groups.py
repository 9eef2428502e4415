"""The page of groups: making them, how strict to be, naming them one by one, and looking closer at one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.base.types import Revision
from core.corrections.model import Event
from core.jobs.model import Job, JobKind
from core.learn.clustering.agglomerative import DEFAULT_THRESHOLD
from core.store.protocols import Dataset
from core.ui import data, gallery, words
from core.ui.components.entries import Command, Entry, Keyboard, Strip, entries
from core.ui.components.picker import picker
from core.ui.labels import corrections, face_review
from core.ui.labels.corrections import Desk
from core.workflows.clustering import cluster, hierarchy
from core.workflows.clustering.cluster import Clustering, Groups, Question

PER_PAGE = 10
COVERS = 8
CLOSER = 60
"""The most faces of a group that are shown when it is looked at closely."""
THRESHOLDS = (0.2, 0.9)
KEYS = {"y": "yes", "n": "no", "o": "open", "s": "nobody", "u": "undo", "r": "redo"}
SETTLING = ("name", "nobody", "yes")
LEGEND = (
    "Keys: arrows walk, Enter names (a name and Enter goes on to the next group), space chooses several that are one "
    "person, y and n answer the question, o looks closer, s nobody to name, u undo, r redo."
)


@dataclass(frozen=True, slots=True)
class View:
    """The groups of a dataset, as they were made by a job."""

    dataset: Dataset
    made: float
    """When the job that made them ended."""
    threshold: float


def start(dataset: Dataset) -> None:
    """Ask the worker for groups."""
    data.services().jobs.submit(dataset.id, JobKind.CLUSTER, {})


def made(job: Job | None) -> float | None:
    """When the groups that there are were made."""
    return job.finished if job is not None and job.finished else None


@st.cache_resource(show_spinner="Reading the groups", max_entries=3)
def clustering(dataset_id: str, revision: Revision, made: float) -> Clustering | None:
    """The groups as they concern the dataset now; None before they were made."""
    services = data.services()
    kept = hierarchy.load_tree(services.artifacts, services.store.dataset(dataset_id))
    if kept is None:
        return None
    faces = data.faces(dataset_id, revision)
    return cluster.open_clustering(kept, faces.table, faces.embeddings, services.log.apart(dataset_id))


@st.cache_resource(show_spinner=False, max_entries=12)
def groups(dataset_id: str, revision: Revision, made: float, threshold: float) -> Groups:
    """The groups at a threshold."""
    found = clustering(dataset_id, revision, made)
    assert found is not None, "groups are cut only where there is a hierarchy"
    return found.cut(threshold)


@st.cache_resource(show_spinner=False, max_entries=4)
def questions(dataset_id: str, revision: Revision, made: float, threshold: float) -> dict[int, Question]:
    """For each group the person that it may be."""
    faces = data.faces(dataset_id, revision)
    found = cluster.suggestions(
        groups(dataset_id, revision, made, threshold),
        faces.table,
        faces.embeddings,
        data.services().log.apart(dataset_id),
    )
    return {question.group: question for question in reversed(found) if question.person_id is not None}


def strictness(dataset: Dataset, found: Clustering) -> float:
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
    preview = found.preview(threshold)
    with right:
        st.markdown(f"**{words.count(preview.groups, 'group')}**, {words.count(preview.alone, 'face')} alone")
        if found.stale:
            new = words.count(found.new_faces, "face") + " came after the groups were made. " if found.new_faces else ""
            st.caption(f"{new}Group again to take in what is new.")
    return float(threshold)


@st.fragment
def name_them(view: View) -> None:
    """The groups, those with the most clear faces first, each with a field for its name."""
    corrections.keep_in_step()
    dataset, found = view.dataset, groups(view.dataset.id, view.dataset.revision, view.made, view.threshold)
    if not len(found):
        st.info("No two faces are so alike. Move the slider to the right for looser groups.", icon=":material/info:")
        return
    with st.container():
        part = gallery.page_slice(len(found), PER_PAGE, f"groups_{dataset.id}")
    shown = range(len(found))[part]
    asked = questions(dataset.id, dataset.revision, view.made, view.threshold)
    rows = [_row(view, found, group, asked.get(group)) for group in shown]
    known = [person.name for person in data.people(dataset.id, dataset.revision)]
    commands = entries(f"groups_{dataset.id}", rows, Keyboard(KEYS, known, SETTLING), corrections.epoch())
    st.caption(LEGEND)
    of = {row.id: group for row, group in zip(rows, shown, strict=True)}
    done = False
    for command in commands:
        chosen = [of[group_id] for group_id in command.ids]
        if command.name == "open" and chosen:
            look_closer(view, chosen[0])
        elif act := _act(view, found, command, chosen, asked):
            corrections.do(dataset.id, act)
            done = True
    if done:
        st.rerun()


def _act(
    view: View, found: Groups, command: Command, chosen: Sequence[int], asked: dict[int, Question]
) -> Callable[[], Event | Sequence[Event]] | None:
    mine, faces = corrections.corrector(view.dataset), [face for group in chosen for face in found.members(group)]
    people = {person.id: person.name for person in data.people(view.dataset.id, view.dataset.revision)}
    question = asked.get(chosen[0]) if chosen else None
    match command.name:
        case "name" if faces and command.text:
            return lambda: mine.move(faces, command.text)
        case "nobody" if faces:
            return lambda: mine.mark_strangers(faces)
        case "yes" if question and question.person_id in people:
            name = people[question.person_id]
            return lambda: mine.move(found.members(chosen[0]), name)
        case "no" if question and question.person_id in people:
            pairs = [(found.members(chosen[0], 1)[0], _most_typical(view.dataset, question.person_id))]
            return lambda: mine.keep_apart(pairs)
        case "undo":
            return mine.undo
        case "redo":
            return mine.redo
    return None


def _most_typical(dataset: Dataset, person_id: int) -> str:
    """The face of a person that is most like all of theirs."""
    faces = data.faces(dataset.id, dataset.revision)
    rows = np.flatnonzero(faces.table.labels == faces.table.person_ids.index(person_id))
    vectors = faces.embeddings.vectors[rows]
    return faces.table.ids[int(rows[np.argmax(vectors @ vectors.mean(axis=0))])]


def _row(view: View, found: Groups, group: int, question: Question | None) -> Entry:
    faces = data.faces(view.dataset.id, view.dataset.revision)
    covers = found.members(group, COVERS)
    pictures = tuple(gallery.crop_address(view.dataset.id, faces.table.crop_ids[faces.row[face]]) for face in covers)
    question_text, buttons = "", []
    if question is not None and question.person_id in faces.table.person_ids:
        name = faces.table.people[faces.table.person_ids.index(question.person_id)]
        question_text, buttons = f"Is this {words.person(name)}?", [("Yes", "yes"), ("No", "no")]
    size, tight = int(found.sizes[group]), float(found.tightness[group])
    unclear = ", most of them blurred or small" if 2 * found.clear[group] < size else ""
    return Entry(
        id=covers[0],
        strips=(Strip(pictures),),
        title=words.count(size, "face"),
        note=f"{_tightness(tight)} ({tight:.2f}){unclear}",
        buttons=(*buttons, ("Look closer", "open"), ("Nobody to name", "nobody")),
        question=question_text,
        field="Who is this?",
    )


def _tightness(cosine: float) -> str:
    """How alike the faces of a group are, in words."""
    return "very alike" if cosine >= 0.9 else "alike" if cosine >= 0.8 else "some differ: look closer"


@st.dialog("The faces of a group", width="large")
def look_closer(view: View, group: int) -> None:
    """A group's faces; those that are chosen can be named apart from the others."""
    corrections.keep_in_step()
    dataset = view.dataset
    found, faces = (
        groups(dataset.id, dataset.revision, view.made, view.threshold),
        data.faces(dataset.id, dataset.revision),
    )
    members = found.members(group)
    shown = [faces.row[face_id] for face_id in members[:CLOSER]]
    desk = Desk(dataset, place="closer")
    tiles = [face_review.pickable(dataset, faces, row) for row in shown]
    picked = picker(
        f"closer_{dataset.id}", tiles, corrections.grid("Faces of the group", desk.keys), corrections.epoch()
    )
    if len(members) > CLOSER:
        st.caption(f"The {CLOSER} most typical of {words.count(len(members))} faces.")
    desk.bar(picked.about, words.count(len(picked.selected), "face") + " chosen")
    rest = [face_id for face_id in members if face_id not in picked.selected]
    if picked.selected and rest:
        apart = [(face_id, rest[0]) for face_id in picked.selected]
        if st.button("These are somebody else", key="apart", icon=":material/call_split:"):
            corrections.do(dataset.id, lambda: corrections.corrector(dataset).keep_apart(apart))
            st.rerun()
    if desk.obey(picked.commands):
        st.rerun()
