"""What photos came to: who is on them, how well they are told apart, a map, and what is worth a look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.base.types import Ints
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.learn.label_errors.review_queue import SuspectKind
from core.store.job_model import Job, JobKind
from core.store.values.datasets import Counts, Dataset, FileOutcome
from core.store.values.runs import Run
from core.ui import data, gallery, menu, words
from core.ui.clustering import groups
from core.ui.clustering.groups import UnnamedGroups
from core.ui.gallery import Tile
from core.ui.home import trail
from core.ui.labels import review_queue
from core.ui.labels.face_filters import FaceCategory
from core.ui.people import people_filter
from core.ui.people.people_filter import PeopleCategory, PeopleFilter
from core.ui.photos import answer_steps
from core.ui.projection import map_picture
from core.ui.training import training_plan

FACES_SHOWN = 12
FACE_PX = 76
FILES_ANCHOR = "files"
"""Of the header above the table of files."""
NOT_TAKEN = (FileOutcome.SEVERAL_FACES, FileOutcome.CONFLICT, FileOutcome.REFUSED)


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What is known of a dataset's photos by now."""

    counts: Counts
    run: Run | None = None
    suspects: Mapping[SuspectKind, int] | None = None
    """How many of each kind are open; None before they were looked for."""
    groups: UnnamedGroups | None = None
    """Of faces without a name; None where somebody has one, and before they were made."""


def read_answer(dataset: Dataset) -> Answer:
    """What is known by now; nothing of it is computed here."""
    suspects = review_queue.open_entries(dataset)
    return Answer(
        counts=data.dataset_counts(dataset.id, dataset.revision),
        run=data.newest_run(dataset),
        suspects=None if suspects is None else Counter(entry.kind for entry in suspects),
        groups=_load_groups(dataset),
    )


def _load_groups(dataset: Dataset) -> UnnamedGroups | None:
    counts = data.dataset_counts(dataset.id, dataset.revision)
    # Beside people, groups are not what the photos came to: their wall alone reads them, which takes a moment.
    if counts.people or not counts.unnamed_faces:
        return None
    grouped_at, threshold = groups.grouping_time(dataset), groups.chosen_threshold(dataset)
    return groups.read_unnamed_groups(dataset.id, dataset.revision, grouped_at, threshold)


def describe_answer(answer: Answer) -> str:
    """The headline: "5 people, 25 of 25 right on photos it had not seen, 4 things to look at"."""
    counts = answer.counts
    if not counts.faces:
        return ngettext("No face in {number} photo", "No face in {number} photos", counts.photos)
    if not counts.people:
        faces = ngettext("{number} face", "{number} faces", counts.faces)
        n_groups = len(_real_groups(answer.groups)) if answer.groups else 0
        if not n_groups:
            return _("{faces}, and nobody has a name yet", faces=faces)
        groups_text = ngettext("{number} group", "{number} groups", n_groups)
        return _("{faces} in {groups}, and nobody has a name yet", faces=faces, groups=groups_text)
    parts = [words.format_people_count(counts.people)]
    if answer.run is not None:
        measured = answer.run.metrics
        parts.append(
            _(
                "{right} of {tested} right on photos it had not seen",
                right=words.count(measured.n_correct),
                tested=words.count(measured.n_test),
            )
        )
    else:
        parts.append(trail.describe_faces(counts))
    if answer.suspects is not None:
        n_suspects = sum(answer.suspects.values())
        to_look_at = ngettext("{number} thing to look at", "{number} things to look at", n_suspects)
        parts.append(to_look_at if n_suspects else _("nothing looks wrong"))
    return ", ".join(parts)


def show_photos_answer(dataset: Dataset, ingest: Job | None, answer: Answer, steps: Sequence[Job]) -> None:
    """The answer in one screen; what still runs has its room already.

    Parameters
    ----------
    ingest : the newest; None where the photos were brought in another way
    """
    st.header(words.plain(describe_answer(answer)), anchor=False)
    answer_steps.follow_steps(dataset, ingest.created if ingest else 0.0, steps)
    advice = st.container()
    left, right = st.columns([3, 2], gap="large") if answer.counts.faces else (st.container(), None)
    with left:
        _show_people(dataset, answer)
        _show_work(dataset, ingest, answer, steps)
    if right:
        with right:
            _show_map(dataset, steps)
    # Drawn last: why many faces cannot be learned takes a moment to find out, and nothing else need wait for it.
    if not any(step.state.active for step in steps):
        with advice:
            _show_advice(dataset, answer)


def _show_advice(dataset: Dataset, answer: Answer) -> None:
    """What is still missing before the dataset can be learned."""
    counts, missing = answer.counts, ""
    if not counts.faces:
        missing = _(
            "No face was found in these photos. A face needs to be at least about 20 pixels wide and turned towards "
            "the camera. A photo that lies on its side can be turned under *Look them over*."
        )
    elif not counts.people and answer.groups is None:
        missing = _("These faces have no names yet. Group them, and name each group once.")
    elif counts.people == 1:
        missing = _("Only one person has a name. A recogniser tells people apart: add a folder of somebody else, too.")
    elif counts.people and answer.run is None:
        missing = words.plain(training_plan.describe_refusal(dataset))
    if missing:
        st.info(missing, icon=":material/info:")


def _show_people(dataset: Dataset, answer: Answer) -> None:
    """Round faces with names and counts, the biggest first; groups where nobody has a name."""
    people = data.dataset_people(dataset.id, dataset.revision)
    if n_listed := int((~people.hidden).sum()):
        listed = people_filter.filter_people(people, PeopleFilter())[:FACES_SHOWN].tolist()
        tiles = [
            Tile(person.cover_crop_id, words.display_name(person.name), note=_count_faces(person.faces))
            for person in map(people.__getitem__, listed)
        ]
        _show_faces(dataset, tiles, n_listed - FACES_SHOWN, menu.PEOPLE)
    elif answer.groups:
        tiles = _group_tiles(dataset, answer.groups)
        _show_faces(dataset, tiles, len(_real_groups(answer.groups)) - FACES_SHOWN, menu.CLUSTERS)


def _real_groups(unnamed: UnnamedGroups) -> Ints:
    """Numbers of the groups that hold more than one face, the largest first."""
    return np.asarray(unnamed.worth_naming[unnamed.sizes > 1])


def _group_tiles(dataset: Dataset, unnamed: UnnamedGroups) -> list[Tile]:
    faces = data.dataset_faces(dataset.id, dataset.revision).table
    numbers = _real_groups(unnamed)[:FACES_SHOWN].tolist()
    rows = faces.indices([unnamed.groups.members(number, 1)[0] for number in numbers])
    sizes = unnamed.groups.sizes[numbers].tolist()
    return [
        Tile(
            faces.crop_ids[row],
            _("Who is this?"),
            note=_count_faces(size),
            alt=_("A face of group {number}", number=order),
        )
        for order, (row, size) in enumerate(zip(rows, sizes, strict=True), start=1)
    ]


def _show_faces(dataset: Dataset, tiles: Sequence[Tile], n_more: int, page: str) -> None:
    gallery.show_face_grid(dataset.id, tiles, tile_px=FACE_PX, is_round=True)
    label = _("+ {number} more", number=words.count(n_more)) if n_more > 0 else _("Open the people")
    menu.link_page(page, label, ":material/groups:", dataset.id)


def _count_faces(number: int) -> str:
    return ngettext("{number} face", "{number} faces", number)


def _show_work(dataset: Dataset, ingest: Job | None, answer: Answer, steps: Sequence[Job]) -> None:
    """What failed, and what is worth a look, each with the way to it."""
    answer_steps.show_failed_steps(dataset, steps)
    for kind, n_suspects in (answer.suspects or {}).items():
        label = words.titled(_(review_queue.TITLES[kind]), words.count(n_suspects))
        if kind in review_queue.ABOUT_PEOPLE:
            menu.link_page(menu.PEOPLE, label, ":material/groups:", dataset.id, show=PeopleCategory.QUESTIONS)
        else:
            menu.link_page(menu.SUSPECTS, label, ":material/troubleshoot:", dataset.id)
    if answer.counts.unnamed_faces and answer.counts.people:
        label = ngettext("{number} face without a name", "{number} faces without a name", answer.counts.unnamed_faces)
        menu.link_page(menu.CLUSTERS, label, ":material/workspaces:", dataset.id)
    if faceless := data.photos_without_face(dataset.id, dataset.revision):
        label = ngettext("{number} photo without a face", "{number} photos without a face", len(faceless))
        menu.link_page(menu.REVIEW, label, ":material/image_search:", dataset.id, show=FaceCategory.FACELESS)
    outcomes = data.services().store.outcome_counts(ingest.id) if ingest else {}
    if n_refused := sum(outcomes.get(outcome, 0) for outcome in NOT_TAKEN):
        refused = ngettext("{number} file was not taken", "{number} files were not taken", n_refused)
        st.markdown(f":material/block: [{refused}](#{FILES_ANCHOR})")


def _show_map(dataset: Dataset, steps: Sequence[Job]) -> None:
    """A small picture of the map, or the room for it."""
    newest = data.newest_map(dataset)
    is_working = any(step.kind is JobKind.MAP and step.state.active for step in steps)
    if newest is None and not is_working:
        return
    alt = _("Map of the faces: each is a point, and alike ones lie together") if newest else _("The map is being made")
    map_picture.show_map_picture(dataset.id, dataset.revision, newest.id if newest else None, alt)
    menu.link_page(menu.MAP, _("Open the map"), ":material/scatter_plot:", dataset.id)
