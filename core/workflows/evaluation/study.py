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
from dataclasses import dataclass, fields
from statistics import median
from typing import Any

import numpy as np

from core.base.errors import InputRefused, NotFound
from core.base.settings import ImageLimits
from core.base.types import CancelToken, Doubles, FaceTable, Ints, Quality, Report, silent
from core.base.words import count, percent
from core.imaging.decoding import decode
from core.learn.classification.recogniser import C_UNTOLD
from core.learn.metrics.bootstrap import RESAMPLES, Resamples, resample
from core.learn.metrics.calibration import rank_curve
from core.learn.metrics.crop_check import check, middle_colour
from core.learn.metrics.fold_summary import figures
from core.learn.metrics.slices import Slice, slices
from core.learn.model_selection.baselines import DUMMY, LINEAR_SVM, Contender, contenders
from core.learn.model_selection.cross_validation import (
    FOLDS,
    Known,
    OutOfFold,
    draw,
    learned_from,
    out_of_fold,
    repetitions,
)
from core.learn.model_selection.learning_curve import curve, steps
from core.learn.model_selection.splits import Fold, plan
from core.learn.verification.pair_likelihood import pair_scores
from core.store.artifacts import Artifacts, Kind
from core.store.protocols import FaceStore, Run, RunStore
from core.workflows.training.train import TrainOptions, material

FILE_FORMAT = 1
MOST_PEOPLE, MOST_FACES = 300, 5_000
"""Of larger datasets so many are drawn: comparing classifiers takes more than the square of the people."""
MOST_CROPS = 200
"""So many crops are looked at for their colours."""
MOST_ERRORS = 1_000
"""The most wrongly named faces that are listed."""
REPEATS = {50_000: (5, 2), 200_000: (3, 1), math.inf: (2, 1)}
"""How often the folds are dealt, and for the learning curve, up to so many faces times people."""
IN_USE = LINEAR_SVM
FIGURES = ("accuracy", "balanced_accuracy", "macro_f1", "top3")


@dataclass(frozen=True, slots=True)
class StudyOptions:
    """What can be chosen."""

    seed: int = 0
    repeats: int | None = None
    """How often the folds are dealt; by the size of the dataset when None."""


def load(artifacts: Artifacts, run: Run) -> dict[str, Any] | None:
    """The study of a run, or None where there is none. Raises InputRefused when the file is damaged."""
    try:
        content = artifacts.read(run.dataset_id, Kind.STUDY, run.id)
    except NotFound:
        return None
    try:
        document = json.loads(content)
    except ValueError as fault:
        raise InputRefused("The study of this run is damaged. Measure it again.") from fault
    return document if isinstance(document, dict) and document.get("format") == FILE_FORMAT else None


def study(
    store: FaceStore,
    runs: RunStore,
    artifacts: Artifacts,
    run_id: str,
    options: StudyOptions,
    report: Report = silent,
    token: CancelToken | None = None,
) -> dict[str, Any]:
    """Measure a run thoroughly and store what came out beside it.

    Raises
    ------
    TrainingRefused
        Training would be refused now.
    NotFound
        The run was deleted, before or meanwhile.
    """
    began, token = time.monotonic(), token or CancelToken()
    run = runs.run(run_id)
    report(0, 1, "Reading the faces")
    subject = _subject(store, artifacts, run, options)
    work = _Work.planned(subject.known, run, options, report, token)
    document = {
        "format": FILE_FORMAT,
        "run": run.id,
        "revision": subject.revision,
        "model_id": subject.model_id,
        "seed": options.seed,
        **_measured(subject, work),
    }
    document["seconds"] = round(time.monotonic() - began, 3)
    runs.run(run_id)  # not for a run that was deleted meanwhile
    artifacts.replace(
        run.dataset_id, Kind.STUDY, run.id, json.dumps(document, ensure_ascii=False, allow_nan=False).encode("utf-8")
    )
    work.finish()
    return document


# what is studied


@dataclass(frozen=True, slots=True, eq=False)
class _Subject:
    """The faces that are studied, and what is known of them, in the order of ``known``."""

    known: Known
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


def _subject(store: FaceStore, artifacts: Artifacts, run: Run, options: StudyOptions) -> _Subject:
    revision = store.dataset(run.dataset_id).revision
    table, qualities = store.face_table(run.dataset_id), store.qualities(run.dataset_id)
    chosen = _train_options(run)
    given = material(table, store.embeddings(run.dataset_id), chosen)
    taken = plan(
        given.labels,
        given.people,
        given.splits,
        given.groups,
        folds=FOLDS,
        min_faces=chosen.min_faces,
        seed=chosen.seed,
    )
    used = taken.used
    everybody = Known(given.vectors[used], taken.labels[used], given.groups[used])
    rows = draw(everybody, MOST_PEOPLE, MOST_FACES, options.seed)
    face_ids = tuple(given.face_ids[row] for row in used[rows])
    places = _rows(table, face_ids)
    return _Subject(
        known=everybody.only(rows),
        face_ids=face_ids,
        people=tuple(taken.people[person] for person in np.unique(everybody.labels[rows])),
        grades=table.grades[places].astype(np.float64),
        yaws_deg=_measure(qualities, face_ids, "yaw_deg"),
        sizes_px=table.sizes_px[places].astype(np.float64),
        steadiness=_measure(qualities, face_ids, "steadiness"),
        colours=_colours(artifacts, run.dataset_id, [table.crop_ids[row] for row in places]),
        all_people=everybody.n_people,
        all_faces=len(everybody.labels),
        model_id=given.model_id,
        revision=revision,
    )


def _train_options(run: Run) -> TrainOptions:
    """Those that the run was made with; a run of an earlier version may lack some."""
    names = {field.name for field in fields(TrainOptions)}
    return TrainOptions(**{name: value for name, value in run.params.items() if name in names})


def _rows(table: FaceTable, face_ids: Sequence[str]) -> Ints:
    place = {face_id: row for row, face_id in enumerate(table.ids)}
    return np.array([place[face_id] for face_id in face_ids], dtype=np.int64)


def _measure(qualities: dict[str, Quality], face_ids: Sequence[str], name: str) -> Doubles:
    values = [getattr(qualities[face_id], name) if face_id in qualities else np.nan for face_id in face_ids]
    return np.array(values, dtype=np.float64)


def _colours(artifacts: Artifacts, dataset_id: str, crop_ids: Sequence[str]) -> Doubles:
    """Of at most ``MOST_CROPS``, evenly spread; crops whose files are gone say nothing."""
    found = []
    for crop_id in crop_ids[:: max(1, -(-len(crop_ids) // MOST_CROPS))]:
        try:
            content = artifacts.read(dataset_id, Kind.CROP, crop_id)
        except NotFound:
            continue
        found.append(middle_colour(decode(content, ImageLimits())))
    return np.array(found, dtype=np.float64).reshape(-1, 3)


# how it is studied


@dataclass(slots=True)
class _Work:
    """The folds, the classifiers, and how many of the fits are done."""

    divided: list[list[Fold]]
    on_curve: list[list[Fold]]
    contenders: tuple[Contender, ...]
    seed: int
    total: int
    report: Report
    token: CancelToken
    message: str = ""
    done: int = 0

    @classmethod
    def planned(cls, known: Known, run: Run, options: StudyOptions, report: Report, token: CancelToken) -> _Work:
        size = len(known.labels) * known.n_people
        repeats, of_curve = next(turns for most, turns in REPEATS.items() if size <= most)
        divided = repetitions(known, options.repeats or repeats, options.seed)
        on_curve = divided[:of_curve]
        those = contenders(run.params.get("c") or C_UNTOLD)
        points = len(steps(known, on_curve))
        total = sum(map(len, divided)) * len(those) + sum(map(len, on_curve)) * points
        return cls(divided, on_curve, those, options.seed, total, report, token)

    def begin(self, message: str) -> None:
        self.message = message
        self._tell()

    def tick(self) -> None:
        self.done += 1
        self._tell()

    def _tell(self) -> None:
        self.token.raise_if_cancelled()
        self.report(self.done, self.total, self.message)

    def finish(self) -> None:
        self.report(self.total, self.total, "Done")


def _measured(subject: _Subject, work: _Work) -> dict[str, Any]:
    known = subject.known
    tested = np.flatnonzero(known.testable)
    labels = known.labels[tested]
    resamples = resample(np.unique(labels, return_inverse=True)[1], known.shots[tested], work.seed)
    said = {one.id: _say(known, one, tested, work) for one in work.contenders}
    rows = [_row(one, said[one.id], said[IN_USE], labels, known.n_people, resamples) for one in work.contenders]
    mine, recommended = said[IN_USE], recommend(rows)
    drawers = slices(
        subject.grades[tested],
        subject.yaws_deg[tested],
        subject.sizes_px[tested],
        learned_from(known, work.divided)[tested],
    )
    scores = pair_scores(known.vectors, known.labels, known.shots)
    return {
        "repeats": len(work.divided),
        "folds": len(work.divided[0]),
        "faces": len(tested),
        "people": known.n_people,
        "protocol": _protocol(subject, work, len(tested)),
        **{name: rows[0][name] for name in FIGURES},
        "baseline": {name: row[name] for row in rows if row["id"] == DUMMY for name in FIGURES},
        "classifiers": rows,
        **recommended,
        "rank_k": rank_curve(mine.ranks.ravel()),
        "slices": [_slice(one, mine.right(labels), resamples) for one in drawers],
        "errors": _errors(subject, mine, tested, drawers),
        "learning_curve": _curve(known, tested, resamples, work),
        "check": check(subject.model_id, scores, subject.steadiness, subject.colours).to_json(),
    }


def _say(known: Known, contender: Contender, tested: Ints, work: _Work) -> OutOfFold:
    work.begin(contender.title)
    return out_of_fold(known, contender, work.divided, work.tick).of(tested)


def _row(
    contender: Contender, said: OutOfFold, mine: OutOfFold, labels: Ints, n_people: int, resamples: Resamples
) -> dict[str, Any]:
    """A classifier beside the one in use."""
    return {
        "id": contender.id,
        "title": contender.title,
        "settings": contender.settings,
        **figures(said, labels, n_people, resamples).to_json(),
        "fit_s": round(median(said.fit_s), 6),
        "predict_ms": round(1e3 * median(said.predict_s), 6),
        "difference": resamples.difference(said.right(labels), mine.right(labels)).to_json(),
    }


def recommend(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Which of the classifiers to take, and why: another than the first only when it is right more often for sure.

    Parameters
    ----------
    rows : as in the document, the classifier in use first
    """
    better = [row for row in rows[1:] if row["difference"]["low"] > 0]
    if not better:
        return {
            "recommended": rows[0]["id"],
            "why": "Keep the linear SVM: on the same folds no other classifier is right more often by more than "
            "chance (the 95 % interval of the difference would have to lie above 0).",
        }
    best = max(better, key=lambda row: float(row["difference"]["mean"]))
    apart = best["difference"]
    return {
        "recommended": best["id"],
        "why": f"{best['title']} is right more often than the linear SVM on the same folds, by "
        f"{percent(apart['mean'], 2)} (95 % interval {percent(apart['low'], 2)} to {percent(apart['high'], 2)}). Wrong "
        "names are the usual reason: look through the suspects, then measure again. The linear SVM stays in use.",
    }


def _slice(one: Slice, right: Doubles, resamples: Resamples) -> dict[str, Any]:
    return {
        "by": one.by,
        "slice": one.name,
        "n": int(one.members.sum()),
        "accuracy": resamples.share(right, one.members).to_json(),
    }


def _errors(subject: _Subject, said: OutOfFold, tested: Ints, drawers: Sequence[Slice]) -> list[dict[str, Any]]:
    """The faces that got another name in some repetition, the most often wrong first."""
    wrong = said.given != subject.known.labels[tested]
    shares = wrong.mean(axis=0)
    order = np.argsort(-shares, kind="stable")
    return [
        {
            "face": subject.face_ids[tested[place]],
            "person": subject.people[subject.known.labels[tested[place]]],
            "given": subject.people[int(np.bincount(said.given[wrong[:, place], place]).argmax())],
            "wrong": float(shares[place]),
            "slices": {one.by: one.name for one in drawers if one.members[place]},
        }
        for place in order[: int(np.count_nonzero(shares))][:MOST_ERRORS].tolist()
    ]


def _curve(known: Known, tested: Ints, resamples: Resamples, work: _Work) -> list[dict[str, Any]]:
    work.begin("Learning from fewer photos")
    points = curve(known, work.contenders[0], work.on_curve, work.seed, work.tick)
    return [
        {
            "photos": point.photos,
            "people": point.people,
            "accuracy": resamples.share(point.right[tested]).to_json(),
        }
        for point in points
    ]


def _protocol(subject: _Subject, work: _Work, n_tested: int) -> str:
    known, first = subject.known, work.contenders[0]
    some = subject.all_faces != len(known.labels) or subject.all_people != known.n_people
    drawn = f" of {count(subject.all_people)}, drawn at random" if some else ""
    times = count(len(work.divided), "time")
    untested = len(known.labels) - n_tested
    alone = f" {count(untested, 'face')} of people with one shot were only learned from." if untested else ""
    fewer = " With everybody it errs more often." if subject.all_people != known.n_people else ""
    return (
        f"{count(n_tested, 'face')} of {count(known.n_people, 'person', 'people')}{drawn}, dealt {times} into "
        f"{len(work.divided[0])} folds, person by person, all faces of one shot together; each face named by "
        f"classifiers that had not seen its shot.{alone}{fewer} {first.title}, {first.settings}; nothing is chosen on "
        f"what is tested. Intervals: 95 %, {count(RESAMPLES)} resamples of people and, of each, of shots. The learning "
        f"curve: one face each of so many shots of everybody; who has fewer gives what there is."
    )
