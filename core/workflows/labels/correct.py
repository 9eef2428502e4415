"""What somebody can do to the faces and people of a dataset; every action is an event that can be undone.

Nothing here asks whether an action is wise, nor computes anything: an action is turned into the changes of fields
that it makes, and the log does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.base.errors import InputRefused, NameTaken, NotFound
from core.base.types import Revision, Split
from core.corrections.model import (
    Change,
    Correction,
    CorrectionLog,
    Editor,
    Entity,
    Event,
    EventKind,
    Field,
    Value,
    pair_id,
)
from core.language.texts import marked
from core.store.protocols import FaceStore
from core.store.values.datasets import PersonCount
from core.workflows.keeping.photo_keeping import require_kept_photos

LAST_EVENTS = 1000
"""How far back undo and redo look for the next step of a sitting."""
NOTHING_TO_TURN = marked(
    "'{dataset}' keeps no photos, so they cannot be turned: their faces could not be looked for anew. Nothing was "
    "changed."
)


@dataclass(frozen=True, slots=True)
class Corrector:
    """Somebody correcting a dataset, as it was at the revision that they saw."""

    store: FaceStore
    log: CorrectionLog
    dataset_id: str
    editor: Editor
    seen: Revision | None = None
    """Refuse to change what somebody else has changed since; None changes it in any case."""

    # faces

    def move(self, face_ids: Sequence[str], name: str) -> Event:
        """Give faces a person's name; the person is added when there is none of that name.

        Raises
        ------
        InputRefused
            No face was chosen, or the name cannot be one.
        ChangedMeanwhile
            Another window changed one of the faces.
        """
        return self._move(EventKind.MOVE, face_ids, self.log.find_or_add_person(self.dataset_id, name))

    def move_to_test(self, face_ids: Sequence[str], name: str) -> Event:
        """Give faces a person's name and put them on the side that is tested on, in one event. Raises as ``move``."""
        person_id = self.log.find_or_add_person(self.dataset_id, name)
        return self._move(EventKind.MOVE, face_ids, person_id, {Field.SPLIT: Split.VAL.value})

    def divide(self, face_ids: Sequence[str], name: str) -> Event:
        """Make faces of one person another, new person. Raises NameTaken when there is one of that name."""
        # Asked here: ``find_or_add_person`` would take the person who is there, and dividing would be moving.
        if any(person.name == name.strip() for person in self.store.people(self.dataset_id)):
            raise NameTaken(
                marked("There is a '{name}' already. Move the faces there, or choose another name.").format(
                    name=name.strip()
                )
            )
        return self._move(EventKind.DIVIDE, face_ids, self.log.find_or_add_person(self.dataset_id, name))

    def _move(
        self, kind: EventKind, face_ids: Sequence[str], person_id: int, more: Mapping[Field, Value] | None = None
    ) -> Event:
        # What somebody moves by hand they have looked at, so it is confirmed, and no stranger any more: every field of
        # the decision is set, so that undoing the event takes back all of it.
        values: dict[Field, Value] = {Field.PERSON: person_id, Field.CONFIRMED: True, Field.STRANGER: False}
        return self._faces(kind, face_ids, values | dict(more or {}), person_id)

    def unname(self, face_ids: Sequence[str]) -> Event:
        """Take the names off."""
        return self._faces(
            EventKind.UNNAME, face_ids, {Field.PERSON: None, Field.CONFIRMED: False, Field.STRANGER: False}
        )

    def mark_strangers(self, face_ids: Sequence[str]) -> Event:
        """Say that these are nobody who is to be named."""
        return self._faces(
            EventKind.STRANGER, face_ids, {Field.PERSON: None, Field.CONFIRMED: False, Field.STRANGER: True}
        )

    def confirm(self, face_ids: Sequence[str]) -> Event:
        """Say that the names are right."""
        return self._faces(EventKind.CONFIRM, face_ids, {Field.CONFIRMED: True})

    def exclude(self, face_ids: Sequence[str]) -> Event:
        """Neither learn from these faces nor measure on them."""
        return self._faces(EventKind.EXCLUDE, face_ids, {Field.EXCLUDED: True})

    def include(self, face_ids: Sequence[str]) -> Event:
        """Let excluded faces take part again."""
        return self._faces(EventKind.INCLUDE, face_ids, {Field.EXCLUDED: False})

    def dismiss(self, face_ids: Sequence[str]) -> Event:
        """Say that these are no faces."""
        return self._faces(EventKind.DISMISS, face_ids, {Field.DISMISSED: True})

    def draw(self, face_id: str, name: str | None = None) -> Event:
        """Let a face count whose box was drawn by hand, under a name or without one."""
        return self._let_count(EventKind.DRAW, face_id, name)

    def teach(self, face_id: str, name: str) -> Event:
        """Let a face count that was named on a photo which was only looked at."""
        return self._let_count(EventKind.TEACH, face_id, name)

    def _let_count(self, kind: EventKind, face_id: str, name: str | None) -> Event:
        person_id = None if name is None else self.log.find_or_add_person(self.dataset_id, name)
        values = {Field.DISMISSED: False, Field.PERSON: person_id, Field.CONFIRMED: name is not None}
        changes = [Change(Entity.FACE, face_id, field, value) for field, value in values.items()]
        return self._record(Correction(kind, changes, person_id))

    def assign_split(self, face_ids: Sequence[str], split: Split | None) -> Event:
        """Put faces on one side of the evaluation."""
        return self._faces(EventKind.SPLIT, face_ids, {Field.SPLIT: split.value if split else None})

    # photos

    def turn(self, photo_ids: Sequence[str], quarters: int) -> Event:
        """Turn photos by quarters clockwise from how they are shown; their faces are to be looked for anew.

        Raises
        ------
        InputRefused
            No photo was chosen, or they would be shown as they are, or the dataset keeps no photos.
        NotFound
            A photo is not there any more.
        ChangedMeanwhile
            Another window turned one of the photos.
        """
        if not photo_ids:
            raise InputRefused(marked("No photo is chosen. Choose one or more, then do this again."))
        require_kept_photos(self.store.dataset(self.dataset_id), NOTHING_TO_TURN)
        if quarters % 4 == 0:
            raise InputRefused(marked("A whole turn changes nothing. Turn it by one, two or three quarters."))
        photos = [self.store.photo(self.dataset_id, photo_id)[0] for photo_id in dict.fromkeys(photo_ids)]
        # The turn itself is stored and not by how much: a value can be set again or undone in any order, a difference
        # could not.
        changes = [Change(Entity.PHOTO, photo.id, Field.TURN, (photo.turn + quarters) % 4) for photo in photos]
        return self._record(Correction(EventKind.TURN, changes, why=_photo_count_note(len(photos))))

    # people

    def rename(self, person_id: int, name: str) -> Event:
        """Raises NameTaken when another person has the name: merge the two instead."""
        person, new_name = self.person(person_id), name.strip()
        # A person may be renamed in capitals alone; an empty name is refused in the log's own words.
        if new_name and new_name != person.name and any(new_name == namesake.name for namesake in self._people()):
            raise NameTaken(
                marked("There is a '{name}' already. Merge the two, or choose another name.").format(name=new_name)
            )
        return self._person(EventKind.RENAME, person_id, Field.NAME, self.log.normalise_name(name))

    def merge(self, person_id: int, into_id: int) -> Event:
        """Make one person's faces, also those to come, another's. Raises InputRefused for one and the same person."""
        if person_id == into_id:
            raise InputRefused(
                marked("A person cannot be merged with themselves. Choose another person to merge with.")
            )
        # Both still there, or this raises: another window may have merged one of them away.
        self.person(person_id), self.person(into_id)
        changes = [Change(Entity.PERSON, str(person_id), Field.MERGED_INTO, into_id)]
        return self._record(Correction(EventKind.MERGE, changes, into_id, person_id))

    def hide(self, person_id: int) -> Event:
        """Neither list, learn nor name a person."""
        return self._person(EventKind.HIDE, person_id, Field.HIDDEN, True)

    def show(self, person_id: int) -> Event:
        """List, learn and name a hidden person again."""
        return self._person(EventKind.SHOW, person_id, Field.HIDDEN, False)

    def note(self, person_id: int, text: str) -> Event:
        """Keep a text with a person."""
        return self._person(EventKind.NOTE, person_id, Field.NOTE, text.strip())

    def cover(self, person_id: int, face_id: str) -> Event:
        """Let this face stand for the person."""
        return self._person(EventKind.COVER, person_id, Field.COVER, face_id)

    def keep_apart(self, pairs: Iterable[tuple[str, str]]) -> Event:
        """Remember that these pairs of faces are two people each."""
        changes = [Change(Entity.PAIR, pair_id(*pair), Field.DIFFERENT, True) for pair in pairs]
        return self._record(Correction(EventKind.APART, changes))

    # taking back

    def undo(self, event_id: int | None = None) -> list[Event]:
        """Undo an event, or the last of this sitting that holds. Gives nothing when there is none."""
        # The last of this sitting and not of the dataset: undo takes back what somebody did themselves.
        event_ids = [event_id] if event_id is not None else [event.id for event in self.undoable()[:1]]
        return self.log.undo(self.dataset_id, self.editor, event_ids)

    def redo(self, event_id: int | None = None) -> list[Event]:
        """Let an undone event hold again, or the one of this sitting that was undone last and not replaced since."""
        event_ids = [event_id] if event_id is not None else [event.id for event in self.redoable()[:1]]
        return self.log.redo(self.dataset_id, self.editor, event_ids)

    def undo_session(self, session: str | None = None) -> list[Event]:
        """Undo everything of a sitting, this one by default, in one step."""
        events = self.log.events(self.dataset_id, session=session or self.editor.session)
        return self.log.undo(self.dataset_id, self.editor, [event.id for event in _acts(events) if event.active])

    def undoable(self) -> list[Event]:
        """What this sitting did and can undo, the last first."""
        return [event for event in _acts(self._own_events()) if event.active]

    def redoable(self) -> list[Event]:
        """What this sitting undid since it last did something new, the last undone first."""
        own_events = self._own_events()
        # Redo goes as far back as the last new correction, as everywhere: what was undone before it is history.
        n_since_last_act = next(
            (index for index, event in enumerate(own_events) if event.target_id is None), len(own_events)
        )
        # Once each, the last undone first: an event may have been undone, redone and undone again.
        undone_ids = dict.fromkeys(
            event.target_id for event in own_events[:n_since_last_act] if event.kind is EventKind.UNDO
        )
        undone_events = (self.log.event(self.dataset_id, target) for target in undone_ids if target is not None)
        return [event for event in undone_events if not event.active]

    def last_undone(self) -> Event | None:
        """What this sitting undid just now; None when the last thing that it did was something else."""
        last = next(iter(self._own_events()), None)
        if last is None or last.kind is not EventKind.UNDO or last.target_id is None:
            return None
        return self.log.event(self.dataset_id, last.target_id)

    def _own_events(self) -> list[Event]:
        return self.log.events(self.dataset_id, session=self.editor.session, limit=LAST_EVENTS)

    # how

    def person(self, person_id: int) -> PersonCount:
        """Raises NotFound."""
        for person in self._people():
            if person.id == person_id:
                return person
        raise NotFound(
            marked("This person has no faces any more: merged, renamed or moved in another window. Reload the page.")
        )

    def _people(self) -> list[PersonCount]:
        return self.store.people(self.dataset_id)

    def _faces(
        self, kind: EventKind, face_ids: Sequence[str], values: dict[Field, Value], person_id: int | None = None
    ) -> Event:
        if not face_ids:
            raise InputRefused(marked("No face is chosen. Choose one or more, then do this again."))
        faces = self.store.faces(self.dataset_id, face_ids)
        # For the history, which says 'from Ann to Bea' where all faces were one person's.
        previous_people = Counter(face.person_id for face in faces)
        previous_person_id = next(iter(previous_people)) if len(previous_people) == 1 else None
        changes = [
            Change(Entity.FACE, face_id, field, value)
            for face_id in dict.fromkeys(face_ids)
            for field, value in values.items()
        ]
        return self._record(Correction(kind, changes, person_id, previous_person_id))

    def _person(self, kind: EventKind, person_id: int, field: Field, value: Value) -> Event:
        self.person(person_id)
        return self._record(Correction(kind, [Change(Entity.PERSON, str(person_id), field, value)], person_id))

    def _record(self, correction: Correction) -> Event:
        return self.log.record(self.dataset_id, self.editor, correction, self.seen)


def _photo_count_note(count: int) -> str:
    """What a turn is about: an event counts faces only."""
    return "" if count == 1 else f"{count} photos."


def _acts(events: Iterable[Event]) -> list[Event]:
    """What was done, without the undoing."""
    return [event for event in events if event.target_id is None]
