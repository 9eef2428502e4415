"""The faces that a thorough measurement of a run takes, what is known of them, and how that is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.base.errors import NotFound
from core.base.face_table import take_items
from core.base.types import Doubles, Quality
from core.base.words import count
from core.language.texts import marked
from core.learn.classification.training_material import plan_training, prepare_training_material, recover_options
from core.learn.labelled_faces import LabelledFaces
from core.learn.metrics.bootstrap import RESAMPLES
from core.learn.metrics.crop_check import middle_colour
from core.learn.model_selection.baselines import Contender
from core.learn.model_selection.cross_validation import FOLDS, draw_subset
from core.learn.model_selection.splits import Fold
from core.store.artifacts import Artifacts
from core.store.values.runs import Run
from core.workflows.labels.stored_crops import decode_crop
from core.workflows.run_tools import RunTools

MOST_PEOPLE, MOST_FACES = 300, 5_000
"""Of larger datasets so many are drawn: comparing classifiers takes more than the square of the people."""
MOST_CROPS = 200
"""So many crops are looked at for their colours."""


@dataclass(frozen=True, slots=True, eq=False)
class StudySubject:
    """The faces that are studied, and what is known of them, in the order of ``known``."""

    known: LabelledFaces
    face_ids: tuple[str, ...]
    people: tuple[str, ...]
    grades: Doubles
    yaws_deg: Doubles
    sizes_px: Doubles
    steadiness: Doubles
    """(n,) each; NaN where it was not measured"""
    colours: Doubles
    """(m, 3) of the middles of some crops"""
    all_people: int
    all_faces: int
    """Before some were drawn."""
    model_id: str
    revision: int


def gather_study_subject(tools: RunTools, run: Run, seed: int) -> StudySubject:
    """The faces that training with the run's options takes now; of very many some, drawn by the seed.

    Raises
    ------
    TrainingRefused
        Training would be refused now.
    """
    store = tools.store
    revision = store.dataset(run.dataset_id).revision
    table, qualities = store.face_table(run.dataset_id), store.qualities(run.dataset_id)
    train_options = recover_options(run.params)
    material = prepare_training_material(table, store.embeddings(run.dataset_id), train_options)
    # The run's own options, but in folds: its side for validation would otherwise be tested by one split alone.
    split_plan = plan_training(material, replace(train_options, folds=FOLDS))
    used_rows = split_plan.used
    all_known = replace(material.faces, labels=split_plan.labels).take(used_rows)
    # Drawn by the seed, so that a second measurement of the same revision tests the same people.
    rows = draw_subset(all_known, MOST_PEOPLE, MOST_FACES, seed)
    face_ids = take_items(material.face_ids, used_rows[rows])
    table_rows = table.indices(face_ids)
    return StudySubject(
        known=all_known.only(rows),
        face_ids=face_ids,
        # ``only`` numbers the labels of the drawn people anew, in this order.
        people=take_items(split_plan.people, np.unique(all_known.labels[rows])),
        grades=table.grades[table_rows].astype(np.float64),
        yaws_deg=_quality_column(qualities, face_ids, "yaw_deg"),
        sizes_px=table.sizes_px[table_rows].astype(np.float64),
        steadiness=_quality_column(qualities, face_ids, "steadiness"),
        colours=_colours(tools.artifacts, run.dataset_id, take_items(table.crop_ids, table_rows)),
        all_people=all_known.n_people,
        all_faces=len(all_known.labels),
        model_id=material.model_id,
        revision=revision,
    )


def _quality_column(qualities: dict[str, Quality], face_ids: Sequence[str], name: str) -> Doubles:
    values = [getattr(qualities[face_id], name) if face_id in qualities else np.nan for face_id in face_ids]
    return np.array(values, dtype=np.float64)


def _colours(artifacts: Artifacts, dataset_id: str, crop_ids: Sequence[str]) -> Doubles:
    """Of at most ``MOST_CROPS``, evenly spread; crops whose files are gone say nothing."""
    colours = []
    # Rounded up, so that it is never more than ``MOST_CROPS``; evenly spread, as faces of a person stand together.
    for crop_id in crop_ids[:: max(1, -(-len(crop_ids) // MOST_CROPS))]:
        try:
            crop = decode_crop(artifacts, dataset_id, crop_id)
        except NotFound:
            continue
        colours.append(middle_colour(crop))
    return np.array(colours, dtype=np.float64).reshape(-1, 3)


def describe_protocol(
    subject: StudySubject, n_tested: int, divided: Sequence[Sequence[Fold]], contender: Contender
) -> str:
    """How the faces were drawn, dealt and tested, and with what, in sentences for a reader of the figures."""
    known = subject.known
    is_sample = subject.all_faces != len(known.labels) or subject.all_people != known.n_people
    division = {
        "faces": count(n_tested, "face"),
        "people": count(known.n_people, "person", "people"),
        "times": _TIMES.format(number=count(len(divided))) if len(divided) > 1 else marked("1 time"),
        "n_folds": len(divided[0]),
    }
    sentences = [
        _SAMPLED.format(**division, n_people=count(subject.all_people)) if is_sample else _DIVIDED.format(**division)
    ]
    if untested := len(known.labels) - n_tested:
        faces = count(untested, "face")
        sentences.append(marked("{faces} of people with one shot were only learned from.").format(faces=faces))
    if subject.all_people != known.n_people:
        sentences.append(marked("With everybody it errs more often."))
    sentences.append(
        marked("{classifier}, {settings}; nothing is chosen on what is tested.").format(
            classifier=contender.title, settings=contender.settings
        )
    )
    sentences.append(
        marked("Intervals: 95\u00a0%, {resamples} resamples of people and, of each, of shots.").format(
            resamples=count(RESAMPLES)
        )
    )
    sentences.append(
        marked("The learning curve: one face each of so many shots of everybody; who has fewer gives what there is.")
    )
    return " ".join(sentences)


_TIMES = marked("{number} times")
_DIVIDED = marked(
    "{faces} of {people}, dealt {times} into {n_folds} folds, person by person, all faces of one shot together; each "
    "face named by classifiers that had not seen its shot."
)
_SAMPLED = marked(
    "{faces} of {people} of {n_people}, drawn at random, dealt {times} into {n_folds} folds, person by person, all "
    "faces of one shot together; each face named by classifiers that had not seen its shot."
)
