"""What a run keeps of how it was trained and of what it came to: pages, reports and commands calculate with it.

The values are stored as JSON, and come from other installations too. What cannot be is refused where it is read, so
nobody checks again; what another version wrote beside them stays, and is written again as it came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from core.base.json_values import Count, Number, Share, StoredValues, Text
from core.language.texts import gettext, ngettext
from core.learn.classification.classifier_kinds import ClassifierKind, ClassifierSettings


@dataclass(frozen=True, slots=True)
class LeftOutPerson:
    """A person who takes no part, and why, in words for the user."""

    person: Text
    reason: Text


@dataclass(frozen=True, slots=True)
class UnusedFaces:
    """How many named faces take no part, and why, in words for the user."""

    faces: Count
    reason: Text


@dataclass(frozen=True, slots=True)
class KnownStranger:
    """Somebody of the dataset who was met among the strangers given."""

    person: Text
    photos: Count
    why: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class StrangersGiven:
    """How many photos of other people helped to set the thresholds; none of their vectors or names."""

    title: Text
    """What people call the file that they came from."""
    photos: Count
    """All that were given."""
    refused: Count
    used: Count
    people: Count
    known: tuple[KnownStranger, ...]
    """Whose photos were found among them, and are not used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunThreshold:
    """The threshold that is used unless another is chosen, what it promises, and what that rests on."""

    rate: Share
    """The FPIR asked for."""
    score: Number
    """A face is named when its score is larger."""
    expected: Share
    """The FPIR to expect."""
    low: Share
    high: Share
    """Its 95 % interval."""
    enough: bool
    """False when the people are too few to be sure of this rate."""
    n_impostors: Count
    """Faces that played the stranger."""
    n_impostor_people: Count
    n_genuine: Count
    """Faces held out and named by others' help."""
    genuine_kept: Share | None
    """The share of those that gets the right name; None without any."""
    from_prior: bool
    """The dataset is too small to tell, and the threshold is the model's own."""


@dataclass(frozen=True, slots=True)
class ImportOrigin:
    """Where a run was trained that came from another installation."""

    sha256: Text
    """Of the bundle's file."""
    dataset: Text
    """What the dataset is called there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunUpdate:
    """What a recogniser learned since it was trained and measured, without being measured again."""

    trained: Text
    """The id of the run that was trained."""
    trained_at: Number
    """When that was, in seconds since 1970: accuracy and thresholds are of that time."""
    mean_faces: Number
    """How many faces a person had on average then."""
    people_added: Count
    people_removed: Count
    rows_refitted: Count
    """People whose rows of the classifier were solved again by the last update."""


def describe_update(updated: RunUpdate) -> str:
    """Who came and went since the training, and that nothing was measured again; for people to read."""
    came = ngettext("{number} person came", "{number} people came", updated.people_added)
    went = ngettext("{number} person went", "{number} people went", updated.people_removed)
    if updated.people_added and updated.people_removed:
        changed = gettext("{came} and {went}", came=came, went=went)
    elif updated.people_added or updated.people_removed:
        changed = came if updated.people_added else went
    else:
        changed = gettext("Faces or names changed")
    return gettext(
        "{changed} since the training. It knows that; its accuracy and thresholds were measured before.",
        changed=changed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunParams(StoredValues):
    """How a run was trained. The order of the fields is that of the document."""

    folds: Count
    """How many there were; 1 for the archive's own division."""
    min_faces: Count | None = None
    """None, as other fields with a default, in runs from before it was written down."""
    seed: Count
    c: Number | None
    """The C that was asked for; None when it was chosen, or is the kind's own."""
    min_grade: Number | None = None
    min_size_px: Count | None = None
    classifier: ClassifierKind | None = None
    """None for the linear SVM of runs from before there was a choice."""
    split: Text
    """``own`` or ``kfold``, see ``SplitPlan``"""
    why: Text
    """One sentence for the page: which division, and why this one."""
    chosen_c: Number
    """1 where the classifier has none."""
    people: tuple[Text, ...]
    """In the order of the recogniser"""
    left_out: tuple[LeftOutPerson, ...]
    dropped: tuple[UnusedFaces, ...]
    """Of people who do take part"""
    gated: tuple[UnusedFaces, ...] | None = None
    """Left out before faces were divided"""
    threshold: RunThreshold
    strangers: Count | None = None
    """Faces that are nobody's who is to be named"""
    person_ids: tuple[Count, ...] | None = None
    """Of ``people``: they outlive a change of the name."""
    strangers_given: StrangersGiven | None = None
    imported: ImportOrigin | None = None
    """None for a run that was trained here."""
    updated: RunUpdate | None = None
    """None for a run whose figures are its own."""

    NULLABLE: ClassVar = frozenset({"c", "strangers_given"})

    @property
    def kind(self) -> ClassifierKind:
        """Which classifier it is."""
        return self.classifier or ClassifierKind.LINEAR_SVM

    @property
    def fitted_classifier(self) -> ClassifierSettings:
        """The classifier with the C that it has."""
        return ClassifierSettings(self.kind, self.chosen_c)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunMetrics(StoredValues):
    """What a run came to; the figures are those of ``Evaluation``."""

    accuracy: Share
    accuracy_ci95: tuple[Share, Share]
    n_correct: Count
    n_test: Count
    balanced_accuracy: Share
    macro_f1: Share
    top3: Share
    ece: Share
    train_accuracy: Share
    """Share of the faces learned from that get their name back"""
    n_people: Count
    n_train: Count
    """Faces that the recogniser learned from"""


def read_run_values(params: object, metrics: object) -> tuple[RunParams, RunMetrics]:
    """Both documents of a run. Raises ValueError, with what cannot be in words."""
    if not isinstance(params, Mapping):
        raise ValueError("its values are missing")
    checked_metrics = RunMetrics.from_json(metrics)
    return RunParams.from_json(params), checked_metrics
