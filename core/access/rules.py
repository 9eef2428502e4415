"""What each method of a store asks of whoever calls it for somebody who is signed in. A method without a rule is shut.

Shut are those that only a worker needs: claiming and ending jobs, sweeping up files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from core.access.permissions import Action
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind


class Subject(Enum):
    """How the call of a method tells the dataset that it is about."""

    DATASET = "dataset_id"
    """The argument of this name, which is the first."""
    RUN = "run_id"
    """The first argument is the id of a run."""
    JOB = "job_id"
    """The first argument is the id of a job."""
    VALUE = "value"
    """The first argument belongs to a dataset."""
    NOTHING = "nothing"
    """It is about none: the role decides."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be allowed before a method is called."""

    action: Action
    subject: Subject = Subject.DATASET


Rules = Mapping[str, Rule]


def _rules(*lines: tuple[Rule, str]) -> Rules:
    return MappingProxyType({name: rule for rule, names in lines for name in names.split()})


_LOOK, _EDIT, _EXPORT, _ERASE = (Rule(action) for action in (Action.LOOK, Action.EDIT, Action.EXPORT, Action.ERASE))
_OF_NOTHING = Rule(Action.LOOK, Subject.NOTHING)

FACE_RULES = _rules(
    (_LOOK, "counts photo_count people person_remarks largest_people names people_after_merges photo_labels"),
    (_LOOK, "face_table embeddings embeddings_of face_changes changed_embeddings changed_face_count qualities faces"),
    (_LOOK, "photo every_face photos_to_look_at turned_by_hand photos_without_face vector_ids recent_faces"),
    (Rule(Action.LOOK, Subject.JOB), "reported file_reports remark_count outcome_counts reported_faces"),
    (_EDIT, "rename_dataset add add_face replace_faces add_vectors use_model"),
    (_ERASE, "delete_dataset set_photo_keeping note_orientations"),
    (_OF_NOTHING, "size_bytes describe_database dataset_names"),
)
RUN_RULES = _rules(
    (_LOOK, "runs damaged_runs run_ids maps"),
    (Rule(Action.LOOK, Subject.RUN), "run"),
    (Rule(Action.EDIT, Subject.RUN), "delete_run"),
    (Rule(Action.EDIT, Subject.VALUE), "add_run add_map"),
)
LOG_RULES = _rules(
    (_LOOK, "event events count_faces_named_at_once pairs_kept_apart"),
    (_EDIT, "find_or_add_person record undo redo"),
    (_OF_NOTHING, "normalise_name"),
)
JOB_RULES = _rules((Rule(Action.LOOK, Subject.JOB), "job"))
"""What is asked for by a job's kind, and what lists several, is in ``guard.GuardedJobStore``."""
TRANSFER_RULES = _rules(
    (_LOOK, "locate_faces_on_photo locate_faces photo_ids origins event_origins"),
    (_EXPORT, "photos vectors log"),
    (_EDIT, "replace_vectors"),
    (Rule(Action.CREATE, Subject.NOTHING), "read_snapshot"),
)
ERASE_RULES = _rules(
    (_ERASE, "erasure whole erase has_person kept_files"),
    (Rule(Action.ERASE, Subject.VALUE), "remains"),
    (Rule(Action.CREATE, Subject.NOTHING), "compact"),
)
RETENTION_RULES = _rules(
    (_LOOK, "dataset_terms own_terms people_terms"),
    # A day leads to an erasing.
    (_ERASE, "set_dataset_terms set_person_terms"),
)
"""Receipts are written by an erasing alone, whose own stores ask; which are listed is in ``guard.GuardedRetention``."""
AUDIT_RULES = _rules((Rule(Action.ADMINISTER, Subject.NOTHING), "count read_newest lines viewers"))
"""Lines are written by the whole's recorder."""
ARTIFACT_RULES = _rules(
    (_LOOK, "read open find ids files path remote_files fetch_ahead exists loose size_bytes"),
    (_ERASE, "announce_deletion withdraw_deletion delete_dataset sweep delete_drafts"),
    (_OF_NOTHING, "describe together forget"),
)
"""What is written asks by the kind of the file; see ``WRITING_ACTIONS``."""
ARTIFACT_WRITES = frozenset({"put", "replace", "replace_from", "delete", "keep"})

_OF_LOOKUPS = frozenset({ArtifactKind.LOOKUP, ArtifactKind.LOOKUP_PART, ArtifactKind.LOOKUP_PHOTOS})
WRITING_ACTIONS: Mapping[ArtifactKind, Action] = MappingProxyType(
    {kind: Action.IDENTIFY if kind in _OF_LOOKUPS else Action.EDIT for kind in ArtifactKind}
)


def _actions(default: Action, others: Mapping[Action, Iterable[JobKind]]) -> Mapping[JobKind, Action]:
    action_of = {kind: action for action, kinds in others.items() for kind in kinds}
    return MappingProxyType({kind: action_of.get(kind, default) for kind in JobKind})


JOB_ACTIONS = _actions(
    Action.EDIT,
    {
        Action.EXPORT: [JobKind.EXPORT],
        Action.ERASE: [JobKind.ERASE, JobKind.DISCARD_PHOTOS],
        Action.IDENTIFY: [JobKind.LOOKUP, JobKind.SORT],
        Action.ADMINISTER: [JobKind.BACKUP, JobKind.RESTORE],
    },
)
"""What asking for a job, and stopping or resuming it, asks of somebody."""
