"""Runs made of a few numbers, for reports."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from core.learn.metrics.classification import evaluate_from_ranks
from core.learn.metrics.predictions import Predictions
from core.learn.metrics.run_values import LeftOutPerson, RunMetrics, RunParams, RunThreshold, UnusedFaces
from core.learn.model_selection.study import Study
from core.learn.open_set.operating_points import OperatingPoint
from core.learn.open_set.rejection_rule import RATES, Impostors
from core.learn.verification.own_pairs import OwnPairs, measure_own_pairs
from core.learn.verification.pair_operating_points import PairOperatingPoint, PairOperatingPoints
from core.learn.verification.pair_rule import PairScores
from core.report.material import FaceSetHashes, FacesNow, ReportedNetwork, ReportMaterial, WrongName
from core.store.values.runs import Run


def jpeg(shade: int) -> bytes:
    """A small picture of one grey."""
    written = io.BytesIO()
    Image.fromarray(np.full((24, 24, 3), shade, np.uint8)).save(written, "JPEG")
    return written.getvalue()


def material(
    people: tuple[str, ...] = ("Ann_Lee", "Bob", "Cat"),
    each: int = 4,
    wrong: int = 2,
    *,
    faces: bool = True,
    study: Study | None = None,
    strangers: bool = True,
    pairs: bool = True,
) -> ReportMaterial:
    """Everybody tested on so many faces; the first faces of the first person are taken for the second."""
    predictions = _predictions(people, each, wrong, strangers=strangers)
    shown = tuple(
        WrongName(people[0], people[1], 0.9, 2.0, 0.8, *((jpeg(40 + row), jpeg(140 + row)) if faces else ()))
        for row in range(min(wrong, 12))
    )
    n = len(predictions.true)
    return ReportMaterial(
        dataset="Family & friends",
        revision_now=7,
        run=_run(predictions, people),
        predictions=predictions,
        operating_points=_operating_points(predictions),
        study=study,
        faces=FacesNow(np.linspace(30, 200, n, dtype=np.float32), np.full(n, 0.9, np.float32), 0),
        pairs=_pairs() if pairs else None,
        pair_points=PAIR_POINTS if pairs else None,
        mistakes=shown,
        networks=(
            ReportedNetwork(
                id="facenet-128",
                title="FaceNet",
                release="2017",
                licence="MIT",
                training_data="photos",
                files=(("embed.xml", "ab" * 32),),
            ),
        ),
        hashes=FaceSetHashes("aa" * 32, "bb" * 32, "cc" * 32),
        packages=(("Python", "3.11"),),
        with_faces=faces,
    )


def with_threshold(given: ReportMaterial, **changed: Any) -> ReportMaterial:
    """The same with another limit for strangers."""
    params = given.run.params
    changed_params = replace(params, threshold=replace(params.threshold, **changed))
    return replace(given, run=replace(given.run, params=changed_params))


def _predictions(people: tuple[str, ...], each: int, wrong: int, *, strangers: bool) -> Predictions:
    true = np.repeat(np.arange(len(people)), each)
    said = true.copy()
    said[:wrong] = 1
    probs = np.linspace(0.6, 0.99, len(true))
    ranks = np.asarray(said != true, dtype=np.int64)
    impostors = Impostors(np.linspace(-2, 1, 30), np.arange(30) // 3, np.zeros(30, dtype=bool)) if strangers else None
    return Predictions(
        people=people,
        face_ids=tuple(f"{row:024x}" for row in range(len(true))),
        true=true,
        given=said,
        probs=probs.astype(np.float32),
        distances=np.full(len(true), 0.5, np.float32),
        scores=np.linspace(2, 4, len(true), dtype=np.float32),
        ranks=ranks,
        learned_ids=tuple(f"{row:024x}" for row in range(1000, 1010)),
        evaluation=evaluate_from_ranks(people, true, said, probs, ranks),
        impostors=impostors,
    )


def _operating_points(predictions: Predictions) -> list[OperatingPoint]:
    return [
        OperatingPoint(
            fpir=rate,
            score=1.5,
            fpir_expected=rate,
            fpir_expected_ci95=(0.0, 0.05),
            enough_data=rate >= 0.01,
            correct_name_rate=float((~predictions.wrong).mean()),
        )
        for rate in RATES
    ]


def _run(predictions: Predictions, people: tuple[str, ...]) -> Run:
    params = RunParams(
        split="kfold",
        why="5 folds.",
        folds=5,
        min_faces=2,
        seed=3,
        c=None,
        chosen_c=1.0,
        min_grade=0.3,
        min_size_px=0,
        people=people,
        left_out=(LeftOutPerson("Dora", "1 photo only"),),
        dropped=(),
        gated=(UnusedFaces(2, "they were left out by hand."),),
        threshold=RunThreshold(
            rate=0.01,
            score=1.5,
            expected=0.01,
            low=0.0,
            high=0.06,
            enough=False,
            n_impostors=30,
            n_impostor_people=10,
            n_genuine=30,
            genuine_kept=0.9,
            from_prior=False,
        ),
    )
    evaluation = predictions.evaluation
    metrics = RunMetrics(
        accuracy=evaluation.accuracy,
        accuracy_ci95=evaluation.accuracy_ci95,
        n_correct=evaluation.n_correct,
        n_test=evaluation.n_test,
        balanced_accuracy=evaluation.balanced_accuracy,
        macro_f1=evaluation.macro_f1,
        top3=evaluation.top3,
        ece=evaluation.ece,
        train_accuracy=1.0,
        n_people=len(people),
        n_train=30,
    )
    return Run(
        id="a1b2c3d4e5f6",
        dataset_id="d" * 12,
        created=1_700_000_000.0,
        revision=7,
        model_id="facenet-128",
        params=params,
        metrics=metrics,
        seconds=2.5,
    )


PAIR_POINTS = PairOperatingPoints(
    2_000_000,
    tuple(
        PairOperatingPoint(far=far, threshold=0.9, tar=tar, tar_ci95=(tar - 0.05, tar), far_ci95=(0.0, 2 * far))
        for far, tar in ((1e-2, 0.9), (1e-3, 0.8), (1e-4, 0.7), (1e-5, 0.6))
    ),
)


def _pairs() -> OwnPairs | None:
    distances = np.concatenate([np.linspace(0.2, 1.0, 40), np.linspace(0.8, 1.7, 160)])
    nobody, cosines = np.zeros(200, np.int64), 1 - distances**2 / 2
    return measure_own_pairs(
        ("face",) * 3, PairScores(nobody, nobody, np.arange(200) < 40, cosines.astype(np.float32), n_people=3)
    )


def study() -> Study:
    """A study, read from its document."""

    def around(mean: float) -> dict[str, float]:
        return {"mean": mean, "low": mean - 0.05, "high": min(1.0, mean + 0.03)}

    figures = {name: around(0.9) for name in ("accuracy", "balanced_accuracy", "macro_f1", "top3")}
    dummy = {name: around(0.1) for name in figures}

    def classifier(name: str, title: str, values: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": name,
            "title": title,
            "settings": "",
            **values,
            "fit_s": 0.2,
            "predict_ms": 0.004,
            "difference": around(0.0),
        }

    document = {
        **dict.fromkeys(("run", "model_id", "recommended"), "ab12"),
        **{"revision": 7, "seed": 0, "repeats": 5, "folds": 5, "people": 3},
        "protocol": "12 faces of 3 people, dealt 5 times into 5 folds.",
        "faces": 12,
        **figures,
        "baseline": dummy,
        "classifiers": [
            classifier("linear-svm", "Linear SVM, one-versus-rest (C 1)", figures),
            classifier("svc", "Linear SVM, one-versus-one (C 1)", {**figures, "accuracy": around(0.92)}),
            classifier("dummy", "Always the most frequent person", dummy),
        ],
        "why": "Keep the linear SVM.",
        "slices": [
            {"by": "face size", "slice": "below 40 px", "n": 5, "accuracy": around(0.6)},
            {"by": "face size", "slice": "40 to 79 px", "n": 7, "accuracy": around(0.95)},
            {"by": "pose", "slice": "not measured", "n": 12, "accuracy": around(0.9)},
        ],
        "learning_curve": [
            {"photos": 1, "people": 3, "accuracy": around(0.7)},
            {"photos": 5, "people": 3, "accuracy": around(0.9)},
        ],
        "check": {"ok": True, "sentence": "The crops look right."},
    }
    return Study.from_json(document)
