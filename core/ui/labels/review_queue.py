"""The page of suspects: what is probably wrong, each with its evidence and what would put it right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import streamlit as st

from core.base.types import Revision
from core.corrections.model import Event
from core.jobs.model import JobKind
from core.learn.label_errors.review_queue import Action, Kind, Like, Suspect
from core.store.protocols import Dataset
from core.ui import data, gallery, state, words
from core.ui.components.entries import Command, Entry, Keyboard, Strip, entries
from core.ui.data import Faces
from core.ui.labels import correction_history, corrections, face_sheet
from core.workflows.labels import review_queue
from core.workflows.labels.review_queue import Queue, Standing

PER_PAGE = 10
FACES_SHOWN = 3
LIKES_SHOWN = 4
KEYS = {
    "y": "take",
    "c": "confirm",
    "x": "exclude",
    "n": "dismiss",
    "o": "open",
    "s": "skip",
    "u": "undo",
    "r": "redo",
}
SETTLING = ("take", "confirm", "exclude", "dismiss", "name", "skip")
LEGEND = (
    "Keys: arrows walk, y does what is proposed, c it is right as it is, Enter another name, x leave out, "
    "n not a face, o the whole photo, s skip, u undo, r redo."
)
TITLES = {
    Kind.WRONG_PERSON: "Wrong name",
    Kind.OUTLIER: "Like nobody",
    Kind.TWO_NAMES: "One picture, two names",
    Kind.LEAK: "Learned from and tested on",
    Kind.DUPLICATE: "The same picture again",
    Kind.ONE_PERSON: "Two names, one person",
    Kind.TWO_PEOPLE: "One name, two people",
}


def start(dataset: Dataset) -> None:
    """Ask the worker to look for suspects."""
    data.services().jobs.submit(dataset.id, JobKind.SUSPECTS, {})


@st.cache_resource(show_spinner="Reading the suspects", max_entries=4)
def queue(dataset_id: str, made: float | None) -> Queue | None:
    """The stored queue; ``made`` is when the last job ended, and only tells one queue from the next."""
    return review_queue.load(data.services().artifacts, dataset_id)


@st.cache_resource(show_spinner=False, max_entries=4)
def standing(dataset_id: str, revision: Revision, made: float | None) -> Standing:
    """What of the queue is still to be done."""
    found, faces = queue(dataset_id, made), data.faces(dataset_id, revision)
    assert found is not None, "only a queue that is there has a standing"
    return review_queue.standing(found, faces.table, faces.row, data.services().log.apart(dataset_id), revision)


def suspected(dataset: Dataset) -> frozenset[str]:
    """The faces of all suspects that are not dealt with; nobody before they were looked for."""
    job = data.newest_job(dataset, JobKind.SUSPECTS)
    made = job.finished if job else None
    if made is None or queue(dataset.id, made) is None:
        return frozenset()
    now = standing(dataset.id, dataset.revision, made)
    return frozenset(face_id for entry in now.suspects for face_id in entry.face_ids)


def choose(dataset: Dataset, now: Standing) -> list[Suspect]:
    """Chips with counts; what was skipped in this sitting comes last."""
    counts = Counter(entry.kind for entry in now.suspects)
    kinds = [kind for kind in Kind if counts[kind]]
    chosen = st.pills(
        "Kind",
        kinds,
        format_func=lambda kind: f"{TITLES[kind]} {words.count(counts[kind])}",
        key=f"suspects_{dataset.id}_{len(kinds)}",
        label_visibility="collapsed",
    )
    skipped = st.session_state.setdefault(state.SKIPPED, [])
    shown = [entry for entry in now.suspects if chosen is None or entry.kind is chosen]
    return sorted(shown, key=lambda entry: _entry_id(entry) in skipped)


@st.fragment
def deal_with(dataset: Dataset, shown: Sequence[Suspect]) -> None:
    """The entries, one below the other."""
    corrections.keep_in_step()
    faces = data.faces(dataset.id, dataset.revision)
    with st.container():
        part = shown[gallery.page_slice(len(shown), PER_PAGE, f"suspects_{dataset.id}")]
    rows = [_entry(dataset, faces, entry) for entry in part]
    names = [person.name for person in data.people(dataset.id, dataset.revision)]
    commands = entries(f"suspects_{dataset.id}", rows, Keyboard(KEYS, names, SETTLING), corrections.epoch())
    st.caption(LEGEND)
    by_id = {row.id: entry for row, entry in zip(rows, part, strict=True)}
    done = False
    for command in commands:
        chosen = [by_id[entry_id] for entry_id in command.ids]
        if command.name == "open" and chosen:
            face_sheet.whole_photo(dataset, chosen[0].face_ids[0])
        elif command.name == "skip":
            st.session_state[state.SKIPPED] += [_entry_id(entry) for entry in chosen]
            done = True
        elif act := _act(dataset, faces, command, chosen):
            corrections.do(dataset.id, act)
            done = True
    if done:
        st.rerun()


def _act(
    dataset: Dataset, faces: Faces, command: Command, chosen: Sequence[Suspect]
) -> Callable[[], Event | Sequence[Event]] | None:
    mine = corrections.corrector(dataset)
    about = [face_id for entry in chosen for face_id in (entry.suggestion.face_ids or entry.face_ids[:1])]
    match command.name:
        case "take" if chosen:
            return lambda: [_take(dataset, faces, entry) for entry in chosen]
        case "confirm" if chosen:
            return lambda: [_keep(dataset, entry) for entry in chosen]
        case "exclude" if about:
            return lambda: mine.exclude(about)
        case "dismiss" if about:
            return lambda: mine.dismiss(about)
        case "name" if about and command.text:
            return lambda: mine.move(about, command.text)
        case "undo":
            return mine.undo
        case "redo":
            return mine.redo
    return None


def _take(dataset: Dataset, faces: Faces, entry: Suspect) -> Event:
    """Do what the entry proposes."""
    mine, wanted = corrections.corrector(dataset), entry.suggestion
    match wanted.action:
        case Action.MOVE:
            return mine.move(wanted.face_ids, _name(faces, wanted.person_id))
        case Action.EXCLUDE:
            return mine.exclude(wanted.face_ids)
        case Action.ONE_SIDE:
            return mine.put(wanted.face_ids, wanted.split)
        case Action.MERGE:
            return mine.merge(entry.person_ids[0] or 0, wanted.person_id or 0)
        case Action.DIVIDE:
            return mine.divide(wanted.face_ids, _free_name(dataset, _name(faces, entry.person_ids[0])))


def _keep(dataset: Dataset, entry: Suspect) -> Event:
    """Remember that it is right as it is."""
    mine = corrections.corrector(dataset)
    if entry.kind is Kind.ONE_PERSON:
        return mine.keep_apart([(entry.face_ids[0], entry.face_ids[1])])
    return mine.confirm(entry.face_ids)


def _free_name(dataset: Dataset, name: str) -> str:
    """The name of a second person in the place of one: "Ann 2"."""
    taken = {person.name for person in data.people(dataset.id, dataset.revision)}
    return next(f"{name} {number}" for number in range(2, len(taken) + 3) if f"{name} {number}" not in taken)


def _name(faces: Faces, person_id: int | None) -> str:
    return faces.table.people[faces.table.person_ids.index(person_id)] if person_id is not None else ""


def _entry(dataset: Dataset, faces: Faces, entry: Suspect) -> Entry:
    own = words.person(_name(faces, entry.person_ids[0]) or None)
    strips = [Strip(_pictures(dataset, faces, entry.face_ids[:FACES_SHOWN]), _these(faces, entry))]
    if entry.like_own:
        strips.append(Strip(_likes(dataset, faces, entry.like_own), f"Others of {own}"))
    if entry.like_other:
        other = words.person(_name(faces, entry.suggestion.person_id) or _person_of(faces, entry.like_other[0]))
        strips.append(Strip(_likes(dataset, faces, entry.like_other), f"{other}"))
    return Entry(
        id=_entry_id(entry),
        strips=tuple(strips),
        title=TITLES[entry.kind],
        note=_evidence(faces, entry),
        buttons=(
            (_proposal(faces, entry), "take"),
            ("Right as it is" if entry.kind is not Kind.ONE_PERSON else "Two people", "confirm"),
            ("Leave out", "exclude"),
            ("Not a face", "dismiss"),
            ("Whole photo", "open"),
            ("Skip", "skip"),
        ),
        field="Another name",
    )


def _entry_id(entry: Suspect) -> str:
    return f"{entry.kind} {entry.face_ids[0]}"


def _these(faces: Faces, entry: Suspect) -> str:
    people = list(dict.fromkeys(words.person(_name(faces, person) or None) for person in entry.person_ids))
    more = len(entry.face_ids) - FACES_SHOWN
    return ", ".join(people) + (f", and {more} more" if more > 0 else "")


def _person_of(faces: Faces, like: Like) -> str | None:
    row = faces.row.get(like.face_id)
    return faces.table.person(row) if row is not None else None


def _pictures(dataset: Dataset, faces: Faces, face_ids: Sequence[str]) -> tuple[str, ...]:
    rows = [faces.row[face_id] for face_id in face_ids if face_id in faces.row]
    return tuple(gallery.crop_address(dataset.id, faces.table.crop_ids[row]) for row in rows)


def _likes(dataset: Dataset, faces: Faces, likes: Sequence[Like]) -> tuple[str, ...]:
    return _pictures(dataset, faces, [like.face_id for like in likes[:LIKES_SHOWN]])


def _proposal(faces: Faces, entry: Suspect) -> str:
    wanted, name = entry.suggestion, words.person(_name(faces, entry.suggestion.person_id) or None)
    count = words.count(len(wanted.face_ids), "face")
    match wanted.action:
        case Action.MOVE:
            return f"Move to {name}"
        case Action.MERGE:
            return f"Merge into {name}"
        case Action.DIVIDE:
            return f"Make {count} another person"
        case Action.ONE_SIDE:
            return f"Put {count} {correction_history.side(wanted.split)}"
        case Action.EXCLUDE:
            return f"Leave out {count}"


def _evidence(faces: Faces, entry: Suspect) -> str:
    """What speaks for it, in words."""
    measured = entry.numbers
    match entry.kind:
        case Kind.WRONG_PERSON:
            own, other = (
                words.person(_name(faces, person) or None)
                for person in (entry.person_ids[0], entry.suggestion.person_id)
            )
            chances = (
                f"{own} {words.probability(measured['prob'])}, {other} {words.probability(measured['other_prob'])}"
            )
            return f"Judged by all the other faces: {chances}."
        case Kind.OUTLIER:
            return f"Its likeness to the others of its person is {measured['similarity']:.2f} (1 is the same)."
        case Kind.ONE_PERSON:
            return f"As alike as halves of one person: {measured['similarity']:.2f}."
        case Kind.TWO_PEOPLE:
            return f"These and the others are as alike as two people: {measured['similarity']:.2f}."
        case Kind.TWO_NAMES:
            return "The picture can show one of them only."
        case Kind.LEAK:
            return "The test would measure memory: the same picture stands on both sides."
        case Kind.DUPLICATE:
            return f"{words.count(len(entry.face_ids), 'photo')} of one picture teach no more than one."
