"""What a recogniser learns from: the named faces of a table that show well enough, with their shots, and the strangers.

Nothing is learned here. Who is left out, and why, is said in words, since it is shown before a training as well.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from core.base.errors import TrainingRefused
from core.base.face_table import Embeddings, FaceTable, take_items
from core.base.types import TRUSTED_GRADE, Bools, Ints, Split, Vectors
from core.language.texts import marked
from core.learn.classification.classifier_kinds import ClassifierKind, ClassifierSettings
from core.learn.labelled_faces import LabelledFaces
from core.learn.metrics.run_values import RunParams, UnusedFaces
from core.learn.model_selection.splits import FoldRules, SplitPlan, label_faces, plan_split


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the user may choose."""

    folds: int = 5
    min_faces: int = 2
    seed: int = 0
    c: float | None = None
    """The classifier's C; when None the SVM's is chosen by cross-validation, and logistic regression's is fixed."""
    min_grade: float = TRUSTED_GRADE
    """Faces of a lower quality take no part. Of such faces one in six is recognised; see ``vision.quality``."""
    min_size_px: int = 0
    """Faces whose box is narrower take no part."""
    classifier: ClassifierKind = ClassifierKind.LINEAR_SVM

    @property
    def classifier_settings(self) -> ClassifierSettings:
        """What is to be fitted."""
        return ClassifierSettings(self.classifier, self.c)


EARLIER_OPTIONS = TrainOptions(min_grade=0.3)
"""What held for runs from before an option could be chosen."""


def recover_options(params: RunParams, unsaid: TrainOptions = TrainOptions()) -> TrainOptions:
    """The options that a run was trained with; ``unsaid`` are those that it does not tell."""
    told = {each.name: getattr(params, each.name) for each in fields(TrainOptions)}
    # That C is None was said by everybody: it was chosen then.
    return replace(unsaid, **{name: value for name, value in told.items() if value is not None or name == "c"})


@dataclass(frozen=True, slots=True, eq=False)
class TrainingMaterial:
    """The named faces of a dataset at one revision, ready to learn from."""

    face_ids: tuple[str, ...]
    faces: LabelledFaces
    """Of ``face_ids``; the labels are indices of ``people``."""
    people: tuple[str, ...]
    splits: tuple[Split | None, ...]
    """The side that the archive gave each face."""
    model_id: str
    gated: tuple[UnusedFaces, ...]
    strangers: Vectors
    """Faces marked as nobody who is to be named, and those given: they help to tell when to say "unknown"."""
    stranger_ids: Ints
    """Whom each of them shows, as numbers from 0."""

    def with_strangers(self, vectors: Vectors, stranger_ids: Ints) -> TrainingMaterial:
        """The same with more strangers, none of whom is among those that are there already."""
        return replace(
            self,
            strangers=np.concatenate([self.strangers, vectors]),
            # Numbered on from those that are there: nobody of one is in the other.
            stranger_ids=np.concatenate([self.stranger_ids, len(self.stranger_ids) + stranger_ids]),
        )


def select_learnable_rows(table: FaceTable, options: TrainOptions) -> tuple[Ints, tuple[UnusedFaces, ...]]:
    """Row numbers of the faces that take part, and how many named faces do not, by reason."""
    reasons = {
        marked("their people are hidden."): table.of_hidden,
        marked("they were left out by hand."): table.excluded,
        marked("their quality is below {grade}.").format(grade=f"{options.min_grade:.0%}"): (
            table.grades < options.min_grade
        ),
        marked("they are smaller than {size} pixels.").format(size=options.min_size_px): (
            table.sizes_px < options.min_size_px
        ),
    }
    # One reason after another, so that a face with several is counted once, under the first.
    taking_part, gated = table.labels >= 0, []
    for reason, is_left_out in reasons.items():
        if faces := int((taking_part & is_left_out).sum()):
            gated.append(UnusedFaces(faces, reason))
        taking_part = taking_part & ~is_left_out
    return np.flatnonzero(taking_part), tuple(gated)


def prepare_training_material(table: FaceTable, embeddings: Embeddings, options: TrainOptions) -> TrainingMaterial:
    """Keep the faces that have a name and show well enough, and find those that are one shot.

    Raises
    ------
    TrainingRefused
        No face has a name, or all that have one are left out.
    """
    rows, gated = select_learnable_rows(table, options)
    is_sound = sound_vectors(embeddings.vectors)
    if n_unsound := int((~is_sound[rows]).sum()):
        gated = (*gated, UnusedFaces(n_unsound, marked("their vectors are no numbers: read the photos again.")))
        rows = rows[is_sound[rows]]
    if not len(rows):
        raise TrainingRefused(_nothing_to_learn(gated))
    # A stranger of poor quality is like everybody, and would drive the threshold up for all.
    strangers = embeddings.vectors[table.strangers & (table.labels < 0) & ~table.excluded & table.trusted & is_sound]
    return TrainingMaterial(
        face_ids=take_items(table.face_ids, rows),
        faces=label_faces(table, embeddings.vectors, rows),
        people=table.people,
        splits=take_items(table.splits, rows),
        model_id=embeddings.model_id,
        gated=gated,
        strangers=strangers,
        stranger_ids=np.arange(len(strangers)),
    )


def _nothing_to_learn(gated: tuple[UnusedFaces, ...]) -> str:
    if not gated:
        return marked("No face has a name yet. Add photos in folders, one folder a person, then train.")
    # Sentences each of its own: there are as many as there are reasons.
    why = " ".join(f"{entry.faces}: {entry.reason}" for entry in gated)
    beginning = marked("All faces with a name are left out.")
    return f"{beginning} {why} {_WAY_ON}"


_WAY_ON = marked("Loosen the limits, or take faces back in.")


def sound_vectors(vectors: Vectors) -> Bools:
    """Tell which rows are numbers and not zero: (n,)."""
    return np.asarray(np.isfinite(vectors).all(axis=1) & vectors.any(axis=1))


def plan_training(material: TrainingMaterial, options: TrainOptions) -> SplitPlan:
    """How the faces are divided into those to learn from and those to test on.

    Raises
    ------
    TrainingRefused
        Fewer than two people have enough photos.
    """
    rules = FoldRules(options.folds, options.min_faces, options.seed)
    return plan_split(material.faces.labels, material.people, material.splits, material.faces.shots, rules)
