"""What a training changed: two runs on the faces that both were tested on, and what happened between them.

The truth is what the faces are called today, for both runs. A run that said of a misfiled photo whom it really shows
was right about it, though it was counted as an error then; such faces are told apart (``RunComparison.cleared``).

People are compared by their ids, so a person who was renamed or merged since is still the same; runs that were stored
without ids are compared by name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.base.errors import InputRefused
from core.base.face_table import FaceTable, take_items
from core.base.json_values import Json, encode_record
from core.base.types import Bools, Ints
from core.corrections.model import CorrectionLog, Event
from core.language.texts import marked
from core.learn.classification.training_material import EARLIER_OPTIONS, recover_options
from core.learn.metrics.predictions import Predictions
from core.learn.model_selection.comparison import Comparison, compare_recognisers
from core.store.protocols import FaceStore
from core.store.values.runs import Run

EVENTS_AT_ONCE = 500
GONE = -1

Setting = str | int | float | None


@dataclass(frozen=True, slots=True, eq=False)
class FaceOutcome:
    """What a run said of one face, judged then and now."""

    face_id: str
    person: str
    """Today's name."""
    said_old: str
    said_new: str


@dataclass(frozen=True, slots=True)
class ChangedSetting:
    """A setting in which two runs differ."""

    name: str
    old: Setting
    new: Setting


@dataclass(frozen=True, slots=True, eq=False)
class RunChanges:
    """What happened from one run to the other."""

    events: tuple[Event, ...]
    """Corrections that hold, newest first."""
    settings: tuple[ChangedSetting, ...]
    people_added: tuple[str, ...]
    """People whom only the newer run knows."""
    people_removed: tuple[str, ...]
    """People whom only the older run knew."""
    more_faces_learned: int
    """How many faces more, or fewer, were learned from."""


@dataclass(frozen=True, slots=True, eq=False)
class RunComparison:
    """Two runs side by side."""

    old: Run
    new: Run
    counts: Comparison
    newly_right: tuple[FaceOutcome, ...]
    """The surest first, as all lists here."""
    newly_wrong: tuple[FaceOutcome, ...]
    cleared: tuple[FaceOutcome, ...]
    """Errors of the older run that were none: its name for the face is the one that the face was given since."""
    between: RunChanges

    def to_json(self) -> dict[str, Json]:
        """The command line's answer."""
        counts = self.counts
        return {
            "old": self.old.id,
            "new": self.new.id,
            "verdict": counts.sentence(),
            "faces": counts.faces,
            "both_right": counts.both,
            "only_old": counts.only_old,
            "only_new": counts.only_new,
            "neither": counts.neither,
            "accuracy_old": (counts.both + counts.only_old) / counts.faces,
            "accuracy_new": (counts.both + counts.only_new) / counts.faces,
            "difference": counts.difference,
            "difference_ci95": [counts.low, counts.high],
            "p_value": counts.p_value,
            "newly_right": [encode_record(outcome) for outcome in self.newly_right],
            "newly_wrong": [encode_record(outcome) for outcome in self.newly_wrong],
            "cleared": [encode_record(outcome) for outcome in self.cleared],
            "corrections": len(self.between.events),
            "settings": [encode_record(setting) for setting in self.between.settings],
            "people_came": list(self.between.people_added),
            "people_went": list(self.between.people_removed),
            "faces_learned_more": self.between.more_faces_learned,
        }


def order_runs(first: Run, second: Run) -> tuple[Run, Run]:
    """The older and the newer of two runs of one dataset. Raises InputRefused for any others."""
    if first.id == second.id:
        raise InputRefused(marked("A run cannot be compared with itself. Choose another one."))
    if first.dataset_id != second.dataset_id:
        raise InputRefused(marked("The two runs are of different datasets. Choose two of one."))
    # By time and not by what was chosen first: 'newly right' means what the training since has changed.
    older, newer = sorted((first, second), key=lambda run: run.created)
    return older, newer


def compare_runs(
    store: FaceStore, log: CorrectionLog, old: tuple[Run, Predictions], new: tuple[Run, Predictions]
) -> RunComparison:
    """Compare two runs of one dataset, as it is now.

    Raises
    ------
    InputRefused
        They tested no face in common that is still there and has a name.
    """
    dataset_id = old[0].dataset_id
    table, roots = store.face_table(dataset_id), store.people_after_merges(dataset_id)
    old_ids, new_ids = _PersonIds.of(*old, table, roots), _PersonIds.of(*new, table, roots)
    rows, old_rows, new_rows = _common_faces(table, old[1], new[1])
    # Today's names for both runs: a face that was moved since would count for the run that repeated the mistake.
    true_ids = np.array(table.person_ids, dtype=np.int64)[table.labels[rows]]
    was_right, is_right = old_ids.predicted[old_rows] == true_ids, new_ids.predicted[new_rows] == true_ids
    # Faces of a photo stand or fall together: the interval is drawn over photos and people, not over faces.
    photo_numbers = np.unique([table.photo_ids[row] for row in rows], return_inverse=True)[1]
    # As the run was told then, in ids: what its own figures counted as an error.
    was_counted_wrong = old_ids.true[old_rows] != old_ids.predicted[old_rows]

    def outcomes_where(is_listed: Bools) -> tuple[FaceOutcome, ...]:
        indices = np.flatnonzero(is_listed)
        # Stable: of equally sure ones the order is the table's, so that the same comparison gives the same list.
        indices = indices[np.argsort(-new[1].probs[new_rows[indices]], kind="stable")]
        return tuple(
            FaceOutcome(
                table.face_ids[rows[index]],
                str(table.person(int(rows[index]))),
                old[1].people[old[1].given[old_rows[index]]],
                new[1].people[new[1].given[new_rows[index]]],
            )
            for index in indices.tolist()
        )

    return RunComparison(
        old[0],
        new[0],
        compare_recognisers(was_right, is_right, true_ids, photo_numbers),
        newly_right=outcomes_where(is_right & ~was_right),
        newly_wrong=outcomes_where(was_right & ~is_right),
        cleared=outcomes_where(was_right & is_right & was_counted_wrong),
        between=list_changes_between(log, old[0], new[0]),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _PersonIds:
    """What a run said, in today's ids of people; ``GONE`` for people who are no more."""

    true: Ints
    predicted: Ints

    @classmethod
    def of(cls, run: Run, predictions: Predictions, table: FaceTable, roots: dict[int, int]) -> _PersonIds:
        current_ids = np.array(_ids_today(run, predictions.people, table, roots), dtype=np.int64)
        return cls(current_ids[predictions.true], current_ids[predictions.given])


def _ids_today(run: Run, people: Sequence[str], table: FaceTable, roots: dict[int, int]) -> list[int]:
    stored = run.params.person_ids
    if stored is None:
        # Runs of earlier versions kept names only; whoever was renamed since is gone by this.
        by_name = dict(zip(table.people, table.person_ids, strict=True))
        return [by_name.get(name, GONE) for name in people]
    return [roots.get(person_id, GONE) for person_id in stored]


def _common_faces(table: FaceTable, old: Predictions, new: Predictions) -> tuple[Ints, Ints, Ints]:
    """The faces that both tested and that still count: their rows in the table, and in either's predictions."""
    # The table first: a face that is excluded or gone by now says nothing about either run.
    rows = np.flatnonzero(table.learnable)
    for predictions in (old, new):
        tested, _ = predictions.match(take_items(table.face_ids, rows))
        rows = rows[tested]
    face_ids = take_items(table.face_ids, rows)
    return rows, old.indices(face_ids), new.indices(face_ids)


def list_changes_between(log: CorrectionLog, old: Run, new: Run) -> RunChanges:
    """What happened between two runs of one dataset."""
    before, after = set(old.params.people), set(new.params.people)
    return RunChanges(
        events=tuple(_events_between(log, old, new)),
        settings=list_changed_settings(old, new),
        people_added=tuple(sorted(after - before)),
        people_removed=tuple(sorted(before - after)),
        more_faces_learned=new.metrics.n_train - old.metrics.n_train,
    )


def _events_between(log: CorrectionLog, old: Run, new: Run) -> list[Event]:
    """Acts that the newer run knew of and the older did not, and that hold; what was taken back of earlier ones."""
    events_between: list[Event] = []
    offset = 0
    while events := log.events(old.dataset_id, limit=EVENTS_AT_ONCE, offset=offset):
        events_between += [event for event in events if old.revision < event.revision <= new.revision]
        offset += len(events)
        # Newest first, so everything further back happened before the older run.
        if events[-1].revision <= old.revision:
            break
    event_ids = {event.id for event in events_between}
    return [
        event
        for event in events_between
        # An undo of something inside of the span cancels it there, so neither is told; an undo of something earlier
        # changed what the newer run learned from, and is.
        if (event.active if event.target_id is None else event.target_id not in event_ids)
    ]


def list_changed_settings(old: Run, new: Run) -> tuple[ChangedSetting, ...]:
    """The settings in which two runs differ, and their models."""
    before, after = _settings(old), _settings(new)
    return tuple(ChangedSetting(name, before[name], after[name]) for name in before if before[name] != after[name])


def _settings(run: Run) -> dict[str, Setting]:
    strangers = run.params.strangers_given
    return {
        # Runs of earlier versions noted no options: what those versions did is known, and fills the gaps.
        **asdict(recover_options(run.params, EARLIER_OPTIONS)),
        "split": run.params.split,
        "strangers": strangers.title if strangers else None,
        "model": run.model_id,
    }
