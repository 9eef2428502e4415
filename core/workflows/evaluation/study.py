"""Measure a training run thoroughly: repeated folds, slices, other classifiers, the learning curve, the crops.

The faces are those that training with the run's options takes now, those of an own validation folder too: all are dealt
into folds, several times, so that every photo is tested by classifiers that never saw its shot. C is fixed, and nothing
else is chosen, so nothing can be chosen on what is tested.

What comes out is one JSON document beside the run, and no part of it: it can be made again at any time, and goes when
somebody is erased from the dataset.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from core.base.errors import InputRefused, NotFound
from core.base.progress import UNWATCHED, Progress
from core.base.types import Doubles, Ints
from core.language.texts import marked
from core.learn.classification.classifier_kinds import ClassifierSettings
from core.learn.labelled_faces import LabelledFaces
from core.learn.metrics.bootstrap import Resamples, draw_resamples
from core.learn.metrics.crop_check import check_crops
from core.learn.metrics.fold_summary import FoldSummary, summarise_folds
from core.learn.metrics.rank_and_detection import rank_curve
from core.learn.metrics.slices import Slice, slice_faces
from core.learn.model_selection.baselines import DUMMY, Contender, list_contenders
from core.learn.model_selection.cross_validation import (
    OutOfFold,
    count_learned_faces,
    deal_repetitions,
    predict_out_of_fold,
)
from core.learn.model_selection.learning_curve import measurable_steps, measure_learning_curve
from core.learn.model_selection.splits import Fold
from core.learn.model_selection.study import (
    FILE_FORMAT,
    LearningPoint,
    MeasuredClassifier,
    SliceAccuracy,
    Study,
    WrongFace,
)
from core.learn.verification.pair_rule import score_pairs
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.job_model import JobRequest
from core.store.values.runs import Run
from core.workflows.evaluation.classifier_recommendation import recommend_classifier
from core.workflows.evaluation.study_subject import StudySubject, describe_protocol, gather_study_subject
from core.workflows.run_tools import RunTools

MOST_ERRORS = 1_000
"""The most wrongly named faces that are listed."""
REPEATS = {50_000: (5, 2), 200_000: (3, 1), math.inf: (2, 1)}
"""How often the folds are dealt, and for the learning curve, up to so many faces times people."""


@dataclass(frozen=True, slots=True)
class StudyRequest(JobRequest):
    """A run to be measured thoroughly."""

    run: str
    """Its id."""
    seed: int = 0
    repeats: int | None = None
    """How often the folds are dealt; by the size of the dataset when None."""


def load_study(artifacts: Artifacts, run: Run) -> Study | None:
    """The study of a run, or None where there is none. Raises InputRefused when the file is damaged."""
    try:
        content = artifacts.read(run.dataset_id, ArtifactKind.STUDY, run.id)
    except NotFound:
        return None
    try:
        document = json.loads(content)
        # One of another form is as if there were none: measuring again takes minutes and is offered anyway.
        is_of_this_form = document.get("format") == FILE_FORMAT
        return Study.from_json(document) if is_of_this_form else None
    except (ValueError, AttributeError) as fault:
        raise InputRefused(marked("The study of this run is damaged. Measure it again.")) from fault


def study_run(tools: RunTools, request: StudyRequest, progress: Progress = UNWATCHED) -> Study:
    """Measure a run thoroughly and store what came out beside it.

    Raises
    ------
    TrainingRefused
        Training would be refused now.
    NotFound
        The run was deleted, before or meanwhile.
    """
    began = time.monotonic()
    run = tools.runs.run(request.run)
    progress.report(0, 1, marked("Reading the faces"))
    subject = gather_study_subject(tools, run, request.seed)
    work = _Work.planned(subject.known, run, request, progress)
    study = _measure_subject(subject, request, work)
    study = replace(study, seconds=round(time.monotonic() - began, 3))
    # Asked again before it is written: for a run that was deleted meanwhile the file would be nobody's.
    tools.runs.run(run.id)
    tools.artifacts.replace(
        run.dataset_id,
        ArtifactKind.STUDY,
        run.id,
        json.dumps(study.to_json(), ensure_ascii=False, allow_nan=False).encode("utf-8"),
    )
    work.finish()
    return study


# how it is studied


@dataclass(slots=True)
class _Work:
    """The folds, the classifiers, and how many of the fits are done."""

    divided: list[list[Fold]]
    on_curve: list[list[Fold]]
    contenders: tuple[Contender, ...]
    seed: int
    total: int
    progress: Progress
    message: str = ""
    fits_done: int = 0

    @classmethod
    def planned(cls, known: LabelledFaces, run: Run, request: StudyRequest, progress: Progress) -> _Work:
        # What a fit takes grows with both: each person is told from all others, on all faces.
        faces_times_people = len(known.labels) * known.n_people
        repeats, curve_repeats = next(counts for limit, counts in REPEATS.items() if faces_times_people <= limit)
        divided = deal_repetitions(known, request.repeats or repeats, request.seed)
        # The first of the same dealings: the curve and the study's figures have their folds in common.
        on_curve = divided[:curve_repeats]
        classifiers = list_contenders(ClassifierSettings(run.params.kind, run.params.c))
        points = len(measurable_steps(known, on_curve))
        total = sum(map(len, divided)) * len(classifiers) + sum(map(len, on_curve)) * points
        return cls(divided, on_curve, classifiers, request.seed, total, progress)

    def begin(self, message: str) -> None:
        self.message = message
        self._report_progress()

    def tick(self) -> None:
        self.fits_done += 1
        self._report_progress()

    def _report_progress(self) -> None:
        self.progress.step(self.fits_done, self.total, self.message)

    def finish(self) -> None:
        self.progress.report(self.total, self.total, marked("Done"))


def _measure_subject(subject: StudySubject, request: StudyRequest, work: _Work) -> Study:
    known = subject.known
    tested_rows = np.flatnonzero(known.testable)
    labels = known.labels[tested_rows]
    # Drawn once for all classifiers and slices: a difference between two of them is paired, and hangs less on who was
    # drawn.
    resamples = draw_resamples(np.unique(labels, return_inverse=True)[1], known.shots[tested_rows], work.seed)
    predictions_of = {
        contender.id: _predict_out_of_fold(known, contender, tested_rows, work) for contender in work.contenders
    }
    # Every contender is judged beside the one in use, and on the same folds.
    in_use = predictions_of[work.contenders[0].id]
    classifiers = tuple(
        _measure_classifier(contender, predictions_of[contender.id], in_use, labels, known.n_people, resamples)
        for contender in work.contenders
    )
    recommendation = recommend_classifier(classifiers)
    face_slices = slice_faces(
        subject.grades[tested_rows],
        subject.yaws_deg[tested_rows],
        subject.sizes_px[tested_rows],
        count_learned_faces(known, work.divided)[tested_rows],
    )
    scores = score_pairs(known)
    return Study(
        *classifiers[0].figures,
        run=request.run,
        revision=subject.revision,
        model_id=subject.model_id,
        seed=request.seed,
        repeats=len(work.divided),
        folds=len(work.divided[0]),
        faces=len(tested_rows),
        people=known.n_people,
        protocol=describe_protocol(subject, len(tested_rows), work.divided, work.contenders[0]),
        baseline=FoldSummary(*next(entry.figures for entry in classifiers if entry.id == DUMMY)),
        classifiers=classifiers,
        recommended=recommendation.id,
        why=recommendation.why,
        rank_k=tuple(rank_curve(in_use.ranks.ravel())),
        slices=tuple(_measure_slice(face_slice, in_use.right(labels), resamples) for face_slice in face_slices),
        errors=_wrong_faces(subject, in_use, tested_rows, face_slices),
        learning_curve=_learning_curve(known, tested_rows, resamples, work),
        check=check_crops(subject.model_id, scores, subject.steadiness, subject.colours),
    )


def _predict_out_of_fold(known: LabelledFaces, contender: Contender, tested_rows: Ints, work: _Work) -> OutOfFold:
    work.begin(contender.title)
    return predict_out_of_fold(known, contender, work.divided, work.tick).of(tested_rows)


def _measure_classifier(
    contender: Contender, predictions: OutOfFold, in_use: OutOfFold, labels: Ints, n_people: int, resamples: Resamples
) -> MeasuredClassifier:
    """A classifier beside the one in use."""
    return MeasuredClassifier(
        *summarise_folds(predictions, labels, n_people, resamples).figures,
        id=contender.id,
        title=contender.title,
        settings=contender.settings,
        fit_s=round(median(predictions.fit_s), 6),
        predict_ms=round(1e3 * median(predictions.predict_s), 6),
        difference=resamples.difference(predictions.right(labels), in_use.right(labels)),
    )


def _measure_slice(face_slice: Slice, is_right: Doubles, resamples: Resamples) -> SliceAccuracy:
    accuracy = resamples.share(is_right, face_slice.members)
    return SliceAccuracy(face_slice.by, face_slice.name, int(face_slice.members.sum()), accuracy)


def _wrong_faces(
    subject: StudySubject, predictions: OutOfFold, tested_rows: Ints, face_slices: Sequence[Slice]
) -> tuple[WrongFace, ...]:
    """The faces that got another name in some repetition, the most often wrong first."""
    is_wrong = predictions.given != subject.known.labels[tested_rows]
    # Over the repetitions: a face that is wrong in every dealing is more than bad luck with its fold.
    shares = is_wrong.mean(axis=0)
    order = np.argsort(-shares, kind="stable")
    return tuple(
        WrongFace(
            face=subject.face_ids[tested_rows[index]],
            person=subject.people[subject.known.labels[tested_rows[index]]],
            given=subject.people[int(np.bincount(predictions.given[is_wrong[:, index], index]).argmax())],
            wrong=float(shares[index]),
            slices={face_slice.by: face_slice.name for face_slice in face_slices if face_slice.members[index]},
        )
        for index in order[: int(np.count_nonzero(shares))][:MOST_ERRORS].tolist()
    )


def _learning_curve(
    known: LabelledFaces, tested_rows: Ints, resamples: Resamples, work: _Work
) -> tuple[LearningPoint, ...]:
    work.begin(marked("Learning from fewer photos"))
    points = measure_learning_curve(known, work.contenders[0], work.on_curve, work.seed, work.tick)
    return tuple(
        LearningPoint(point.photos, point.people, resamples.share(point.right[tested_rows])) for point in points
    )
