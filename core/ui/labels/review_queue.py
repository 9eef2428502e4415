"""The page of suspects: what is probably wrong, each with its evidence and what would put it right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from core.base.face_table import FaceTable
from core.base.types import Revision
from core.corrections.model import Event
from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.learn.label_errors.review_queue import SimilarFace, Suspect, SuspectAction, SuspectKind
from core.learn.open_set.certainty import measure_pair_likeness, rate_probability
from core.store.job_model import JobKind
from core.store.values.datasets import Dataset
from core.ui import address, data, gallery, state, words
from core.ui.access import kept
from core.ui.certainty import bar
from core.ui.components.entries import EntryCommand, FaceStrip, Keyboard, ReviewEntry, draw_entries
from core.ui.data import Faces
from core.ui.labels import correction_history, corrections, face_sheet, name_choice
from core.workflows.labels import open_suspects, review_queue
from core.workflows.labels.correct import Corrector
from core.workflows.labels.open_suspects import OpenSuspects
from core.workflows.labels.review_queue import ReviewQueue, SuspectsRequest

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
LEGEND = marked(
    "Keys: arrows walk, y does what is proposed, c it is right as it is, Enter another name, x leave out, "
    "n not a face, o the whole photo, s skip, u undo, r redo."
)
TITLES = {
    SuspectKind.WRONG_PERSON: marked("Wrong name"),
    SuspectKind.OUTLIER: marked("Like nobody"),
    SuspectKind.TWO_NAMES: marked("One picture, two names"),
    SuspectKind.LEAK: marked("Learned from and tested on"),
    SuspectKind.DUPLICATE: marked("The same picture again"),
    SuspectKind.ONE_PERSON: marked("Two names, one person"),
    SuspectKind.TWO_PEOPLE: marked("One name, two people"),
}
ABOUT_PEOPLE = (SuspectKind.ONE_PERSON, SuspectKind.TWO_PEOPLE)
ELSEWHERE = "Questions about people as a whole are asked on the wall of people, not in the list of faces."


def submit_suspect_search(dataset: Dataset) -> None:
    """Ask the worker to look for suspects."""
    submit_job(data.services().jobs, dataset.id, SuspectsRequest())


@kept.cache_resource(show_spinner=marked("Reading the suspects"), max_entries=4)
def load_stored_queue(dataset_id: str, created: float | None) -> ReviewQueue | None:
    """The stored queue; ``created`` is when the last job ended."""
    # Each search overwrites the one file of a dataset: only the moment tells one queue from the next in the cache.
    return review_queue.load_queue(data.services().artifacts, dataset_id)


@kept.cache_resource(show_spinner=False, max_entries=4)
def load_open_suspects(dataset_id: str, revision: Revision, created: float | None) -> OpenSuspects:
    """What of the queue is still to be done."""
    # The queue is of the revision that was searched; what is open is worked out anew after each correction.
    queue, faces = load_stored_queue(dataset_id, created), data.dataset_faces(dataset_id, revision)
    assert queue is not None, "only a queue that is there has a standing"
    return open_suspects.list_open_suspects(
        queue, faces.table, data.services().log.pairs_kept_apart(dataset_id), revision
    )


def open_entries(dataset: Dataset) -> tuple[Suspect, ...] | None:
    """All suspects that are not dealt with; None before they were looked for."""
    job = data.newest_job(dataset, JobKind.SUSPECTS)
    created = job.finished if job else None
    if created is None or load_stored_queue(dataset.id, created) is None:
        return None
    return load_open_suspects(dataset.id, dataset.revision, created).suspects


def suspected_faces(dataset: Dataset) -> frozenset[str]:
    """The faces of all suspects that are not dealt with."""
    return frozenset(face_id for entry in open_entries(dataset) or () for face_id in entry.face_ids)


def choose_suspects(dataset: Dataset, suspects: Sequence[Suspect]) -> list[Suspect]:
    """Chips with counts; what was skipped in this sitting comes last."""
    counts = Counter(entry.kind for entry in suspects)
    kinds = [kind for kind in SuspectKind if counts[kind]]
    kind_chosen = st.pills(
        _("Kind"),
        kinds,
        default=address.query_choice(kinds, "kind"),
        format_func=lambda kind: f"{_(TITLES[kind])} {words.count(counts[kind])}",
        key=f"suspects_{dataset.id}_{len(kinds)}",
        label_visibility="collapsed",
    )
    address.set_query_values(kind=kind_chosen)
    skipped = st.session_state.setdefault(state.SKIPPED, [])
    of_kind = [entry for entry in suspects if kind_chosen is None or entry.kind is kind_chosen]
    # Stable: among the others, and among the skipped, the surest stays first.
    return sorted(of_kind, key=lambda entry: _entry_id(entry) in skipped)


@st.fragment
def review_suspects(dataset: Dataset, suspects: Sequence[Suspect]) -> None:
    """The entries, one below the other."""
    corrections.rerun_if_changed()
    faces = data.dataset_faces(dataset.id, dataset.revision)
    with st.container():
        key = f"suspects_{dataset.id}_{address.query_value('kind')}"
        part = suspects[gallery.page_slice(len(suspects), PER_PAGE, key, address_name="page")]
    rows = [_entry(dataset, faces, entry) for entry in part]
    names = name_choice.list_names(dataset)
    commands = draw_entries(
        f"suspects_{dataset.id}", rows, Keyboard(KEYS, names, SETTLING), corrections.current_epoch()
    )
    st.caption(_(LEGEND))
    # By id, not by position: the browser lets settled entries go at once, so positions there are others.
    by_id = {row.id: entry for row, entry in zip(rows, part, strict=True)}
    # One rerun after all of them: a rerun at the first would lose the others, which count as obeyed.
    changed = corrections.tell_what_is_gone(commands)
    for command in commands:
        entries_chosen = [by_id[entry_id] for entry_id in command.ids]
        if command.name == "open" and entries_chosen:
            face_sheet.open_photo_of_face(dataset, entries_chosen[0].face_ids[0])
        elif command.name == "skip":
            st.session_state[state.SKIPPED] += [_entry_id(entry) for entry in entries_chosen]
            changed = True
        elif act := _action_for(faces, command, entries_chosen):
            corrections.apply_correction(dataset, act)
            changed = True
    if changed:
        st.rerun()


def _action_for(faces: Faces, command: EntryCommand, entries: Sequence[Suspect]) -> corrections.CorrectionAction | None:
    # What is done to an entry is done to the faces that it proposes to change; where it proposes none, to the first,
    # which is the one in question.
    about = [face_id for entry in entries for face_id in (entry.suggestion.face_ids or entry.face_ids[:1])]
    match command.name:
        case "take" if entries:
            return lambda by: [apply_suggestion(by, faces, entry) for entry in entries]
        case "confirm" if entries:
            return lambda by: [by.confirm(entry.face_ids) for entry in entries]
        case "name" if about and command.text:
            return lambda by: by.move(about, command.text)
        case "exclude" | "dismiss" if not about:
            return None
    return corrections.actions_on(about).get(command.name)


def apply_suggestion(corrector: Corrector, faces: Faces, entry: Suspect) -> Event:
    """Do what the entry proposes."""
    suggestion = entry.suggestion
    match suggestion.action:
        case SuspectAction.MOVE:
            return corrector.move(suggestion.face_ids, faces.table.name_of(suggestion.person_id) or "")
        case SuspectAction.EXCLUDE:
            return corrector.exclude(suggestion.face_ids)
        case SuspectAction.ONE_SIDE:
            return corrector.assign_split(suggestion.face_ids, suggestion.split)
    raise ValueError(ELSEWHERE)


def _name(faces: Faces, person_id: int | None) -> str:
    return words.display_name(faces.table.name_of(person_id))


def _entry(dataset: Dataset, faces: Faces, entry: Suspect) -> ReviewEntry:
    own_name = _name(faces, entry.person_ids[0])
    strips = [FaceStrip(_pictures(dataset, faces, entry.face_ids[:FACES_SHOWN]), _entry_label(faces, entry))]
    if entry.like_own:
        strips.append(
            FaceStrip(_similar_pictures(dataset, faces, entry.like_own), _("Others of {name}", name=own_name))
        )
    if entry.like_other:
        other_name = faces.table.name_of(entry.suggestion.person_id) or _person_of(faces, entry.like_other[0])
        strips.append(FaceStrip(_similar_pictures(dataset, faces, entry.like_other), words.display_name(other_name)))
    return ReviewEntry(
        id=_entry_id(entry),
        strips=tuple(strips),
        title=_(TITLES[entry.kind]),
        note=f"{_evidence(faces, entry)} {name_source_files(faces.table, entry.face_ids)}",
        buttons=(
            (_proposal(faces, entry), "take"),
            (_("Right as it is"), "confirm"),
            (_("Leave out"), "exclude"),
            (_("Not a face"), "dismiss"),
            (_("Whole photo"), "open"),
            (_("Skip"), "skip"),
        ),
        field=_("Another name"),
    )


def _entry_id(entry: Suspect) -> str:
    # The first face and the kind stay while others of the list are dealt with; a number in the list would not.
    return f"{entry.kind} {entry.face_ids[0]}"


def _entry_label(faces: Faces, entry: Suspect) -> str:
    # A dict keeps the order of its keys and each of them once: two people who are shown under one name are named once.
    people = list(dict.fromkeys(_name(faces, person) for person in entry.person_ids))
    n_more = len(entry.face_ids) - FACES_SHOWN
    return _list_some(people, n_more)


def _list_some(names: Sequence[str], n_more: int) -> str:
    listed = ", ".join(names)
    return _("{names}, and {number} more", names=listed, number=words.count(n_more)) if n_more > 0 else listed


def name_source_files(table: FaceTable, face_ids: Sequence[str]) -> str:
    """The files of faces, so that they are found in the folder that they came from: "File: Ann/1.jpg"."""
    rows = table.match(face_ids)[1]
    # Two faces of one photo are one file.
    names = list(dict.fromkeys(table.photo_names[row] for row in rows))
    listed = _list_some(names[:FACES_SHOWN], len(names) - FACES_SHOWN)
    return ngettext("File: {names}", "Files: {names}", len(names), names=listed)


def describe_empty_list(queue: ReviewQueue, revisions_since: int) -> str:
    """What it means that no suspect is open: nothing was found, or all is dealt with; and whether that still holds."""
    if not revisions_since:
        return _("Nothing looks wrong.")
    if queue.suspects:
        return _("All dealt with. Look again to see whether the changes brought up something new.")
    return _(
        "Nothing looked wrong {ago}. The dataset has changed since: look again to be sure.",
        ago=words.ago(queue.created),
    )


def _person_of(faces: Faces, like: SimilarFace) -> str | None:
    row = faces.table.find(like.face_id)
    return faces.table.person(row) if row is not None else None


def _pictures(dataset: Dataset, faces: Faces, face_ids: Sequence[str]) -> tuple[str, ...]:
    rows = faces.table.match(face_ids)[1]
    crop_ids = [faces.table.crop_ids[row] for row in rows]
    gallery.fetch_crops(dataset.id, crop_ids)
    return tuple(gallery.crop_address(dataset.id, crop_id) for crop_id in crop_ids)


def _similar_pictures(dataset: Dataset, faces: Faces, likes: Sequence[SimilarFace]) -> tuple[str, ...]:
    return _pictures(dataset, faces, [like.face_id for like in likes[:LIKES_SHOWN]])


def _proposal(faces: Faces, entry: Suspect) -> str:
    suggestion = entry.suggestion
    n_faces = len(suggestion.face_ids)
    match suggestion.action:
        case SuspectAction.MOVE:
            return _("Move to {name}", name=_name(faces, suggestion.person_id))
        case SuspectAction.ONE_SIDE:
            side = correction_history.describe_split(suggestion.split)
            return ngettext("Put {number} face {side}", "Put {number} faces {side}", n_faces, side=side)
        case SuspectAction.EXCLUDE:
            return ngettext("Leave out {number} face", "Leave out {number} faces", n_faces)
    raise ValueError(ELSEWHERE)


def _evidence(faces: Faces, entry: Suspect) -> str:
    """What speaks for it, in words."""
    measured = entry.numbers
    match entry.kind:
        case SuspectKind.WRONG_PERSON:
            own_name, other_name = _name(faces, entry.person_ids[0]), _name(faces, entry.suggestion.person_id)
            other_prob, own_prob = measured["other_prob"], measured["prob"]
            return _(
                "Judged by all the other faces it is {other}, {certainty} ({probability}), "
                "and not {own} ({own_probability}).",
                other=other_name,
                certainty=_(rate_probability(other_prob).word),
                probability=words.format_probability(other_prob),
                own=own_name,
                own_probability=words.format_probability(own_prob),
            )
        case SuspectKind.OUTLIER:
            likeness = measure_pair_likeness(measured["similarity"])
            return _("Its likeness to the others of its person is {likeness}.", likeness=bar.format_likeness(likeness))
        case SuspectKind.TWO_NAMES:
            return _("The picture can show one of them only.")
        case SuspectKind.LEAK:
            return _("The test would measure memory: the same picture stands on both sides.")
        case SuspectKind.DUPLICATE:
            return ngettext(
                "{number} photo of one picture teach no more than one.",
                "{number} photos of one picture teach no more than one.",
                len(entry.face_ids),
            )
    raise ValueError(ELSEWHERE)
