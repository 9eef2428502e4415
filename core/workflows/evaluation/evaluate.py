"""Measure a run in full, and on strangers: photos of people whom it was never shown.

Protocol: the known faces are those the run was tested on, each scored by a recogniser that had not learned from its
shot. A stranger is the largest and most central face of each photo given, scored by the recogniser that the run keeps.
Neither sets a limit here: the limits that are judged are those of the training.

A photo of the strangers may show somebody who is known after all. It is not counted when that is certain (the same shot
is in the dataset, or its folder has the name of somebody known), and reported, and counted, when it is only likely.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.archives.source import Entry, PhotoSource
from core.base.errors import ImageRefused, InputRefused
from core.base.types import (
    Bools,
    CancelToken,
    Detection,
    Doubles,
    Floats,
    Ints,
    Refusal,
    Report,
    RgbImage,
    Vectors,
    silent,
)
from core.isolation.photos import decode
from core.learn.classification.recogniser import Recogniser
from core.learn.metrics.calibration import detection_rate, rank_curve, reliability
from core.learn.metrics.predictions import Predictions
from core.learn.model_selection.splits import SAME_SHOT_COSINE
from core.learn.open_set.rejection_rule import RATES, TARGET_RATE, Threshold, exact_interval, nearest_training
from core.store.protocols import Dataset, FaceStore, Run
from core.vision.detect.upright import detect_upright
from core.workflows.identification.identify import Identifier
from core.workflows.training.train import KnownStranger, Outsiders, sound_vectors, to_json
from core.workflows.verification.verify_pairs import PairTools, main_face

PHOTOS_AT_ONCE = 16
STRICT_RATE = 0.001
LIKE_KNOWN_QUANTILE = 0.05
"""A stranger whose score is above this share of the known faces' scores is likely to be known."""


@dataclass(frozen=True, slots=True, eq=False)
class Strangers:
    """The main face of each photo of a zip or folder."""

    photos: tuple[str, ...]
    folders: tuple[str | None, ...]
    """The person that the photo's folder names, if it does."""
    vectors: Vectors
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class Met:
    """A photo among the strangers of somebody known."""

    photo: str
    person: str
    """Whom it shows, or is taken for."""
    certain: bool
    why: str


def embed_strangers(
    tools: PairTools, source: PhotoSource, report: Report = silent, token: CancelToken | None = None
) -> Strangers:
    """Embed the main face of every photo.

    Raises
    ------
    InputRefused
        No photo shows a face.
    """
    token = token or CancelToken()
    refused, kept, vectors = list(source.refused), [], []
    for start in range(0, len(source.entries), PHOTOS_AT_ONCE):
        token.raise_if_cancelled()
        report(start, len(source.entries), "Looking at the strangers")
        faces = _main_faces(tools, source, source.entries[start : start + PHOTOS_AT_ONCE], refused)
        kept += [entry for entry, _ in faces]
        vectors.append(tools.embedder.embed([face for _, face in faces]))
    if not kept:
        raise InputRefused("None of the strangers' photos shows a face. Give photos of other people.")
    photos, folders = tuple(entry.name for entry in kept), tuple(entry.person for entry in kept)
    return without_unsound(Strangers(photos, folders, np.concatenate(vectors), tuple(refused)))


def without_unsound(strangers: Strangers) -> Strangers:
    """Move photos whose vector is no number, or zero, to those refused."""
    sound = sound_vectors(strangers.vectors)
    kept = np.flatnonzero(sound).tolist()
    bad = tuple(Refusal(strangers.photos[row], "Its vector is no number.") for row in np.flatnonzero(~sound))
    photos = tuple(strangers.photos[row] for row in kept)
    folders = tuple(strangers.folders[row] for row in kept)
    return Strangers(photos, folders, strangers.vectors[sound], (*strangers.refused, *bad))


def _main_faces(
    tools: PairTools, source: PhotoSource, entries: Sequence[Entry], refused: list[Refusal]
) -> list[tuple[Entry, tuple[RgbImage, Detection]]]:
    """Each photo's main face; photos without one are added to ``refused``."""
    images = []
    for entry in entries:
        try:
            images.append((entry, decode(source.read(entry), tools.limits)))
        except ImageRefused as refusal:
            refused.append(Refusal(entry.name, str(refusal)))
    faces = []
    found = detect_upright(tools.detector, [image for _, image in images])
    for (entry, image), upright in zip(images, found, strict=True):
        if upright.faces:
            faces.append((entry, main_face(image, upright)))
        else:
            refused.append(Refusal(entry.name, "No face could be found."))
    return faces


def find_known(store: FaceStore, run: Run, strangers: Strangers) -> list[Met]:
    """Find the strangers who are certainly known to a run: by the dataset's faces, or by their folder's name."""
    return _known_among(store, run.dataset_id, set(run.params["people"]), strangers)


def outsiders(store: FaceStore, dataset: Dataset, strangers: Strangers, title: str) -> Outsiders:
    """The strangers for a training: without photos of anybody who has a name in the dataset.

    Parameters
    ----------
    strangers : embedded with the dataset's model

    Raises
    ------
    InputRefused
        Nobody is left.
    """
    met = _known_among(store, dataset.id, {person.name for person in store.people(dataset.id)}, strangers)
    certain = {one.photo for one in met}
    kept = [row for row, photo in enumerate(strangers.photos) if photo not in certain]
    if not kept:
        raise InputRefused("Everybody in the strangers' photos is known to the dataset. Give photos of other people.")
    photos = Counter((one.person, one.why) for one in met)
    return Outsiders(
        title,
        strangers.vectors[kept],
        _people_shown([strangers.folders[row] for row in kept]),
        dataset.model_id,
        photos=len(strangers.photos) + len(strangers.refused),
        refused=len(strangers.refused),
        known=tuple(KnownStranger(person, count, why) for (person, why), count in sorted(photos.items())),
    )


def _people_shown(folders: Sequence[str | None]) -> Ints:
    """Number whom photos show: a person a folder; each photo somebody else where there is none, or one for all."""
    several = len(set(folders)) > 1
    places: dict[str | int, int] = {}
    keys = [folder if folder and several else row for row, folder in enumerate(folders)]
    return np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)


def _known_among(store: FaceStore, dataset_id: str, known: Set[str], strangers: Strangers) -> list[Met]:
    table, everybody = store.face_table(dataset_id), store.embeddings(dataset_id)
    sound = np.flatnonzero(sound_vectors(everybody.vectors))
    rows, distances = nearest_training(strangers.vectors, everybody.vectors[sound], 1)
    met = []
    for place, photo in enumerate(strangers.photos):
        folder = strangers.folders[place]
        same_shot = rows.shape[1] and 1 - float(distances[place, 0]) ** 2 / 2 >= SAME_SHOT_COSINE
        shown = table.person(int(sound[rows[place, 0]])) if same_shot else None
        if shown in known:
            met.append(Met(photo, str(shown), True, "the same shot is in the dataset"))
        elif folder in known:
            met.append(Met(photo, str(folder), True, "its folder has this person's name"))
    return met


def measure(
    predictions: Predictions, identifier: Identifier, strangers: Strangers, met: Sequence[Met]
) -> dict[str, Any]:
    """The part of the evaluation that strangers add.

    Parameters
    ----------
    identifier : the run's recogniser with the faces that it learned from
    met : from ``find_known``; these photos are not counted

    Raises
    ------
    InputRefused
        Nobody is left to count.
    """
    certain = {one.photo for one in met}
    counted = np.array([photo not in certain for photo in strangers.photos], dtype=np.bool_)
    if not counted.any():
        raise InputRefused("Everybody in the strangers' photos is known to the dataset. Give photos of other people.")
    recogniser = identifier.recogniser
    named, scores = recogniser.name(strangers.vectors[counted], identifier.neighbours)
    photos = [photo for photo, one in zip(strangers.photos, counted, strict=True) if one]
    likely = _likely(photos, [recogniser.people[person] for person in named], scores, predictions)
    known, right = predictions.scores.astype(np.float64), ~predictions.wrong
    return {
        "dir_at_fpir_1pct": detection_rate(known, right, scores, TARGET_RATE),
        "dir_at_fpir_01pct": detection_rate(known, right, scores, STRICT_RATE),
        "fpir_measured_on": "strangers",
        "thresholds": [_kept_promise(identifier.threshold(rate), known, right, scores) for rate in RATES],
        "strangers": {
            "photos": len(strangers.photos) + len(strangers.refused),
            "counted": len(scores),
            "refused": [asdict(refusal) for refusal in strangers.refused],
            "known": [asdict(one) for one in (*met, *likely)],
        },
    }


def _likely(photos: Sequence[str], people: Sequence[str], scores: Doubles, predictions: Predictions) -> list[Met]:
    limit = float(np.quantile(predictions.scores[~predictions.wrong], LIKE_KNOWN_QUANTILE)) if len(photos) else np.inf
    return [
        Met(photo, person, False, "as like as the person's own photos are")
        for photo, person, score in zip(photos, people, scores, strict=True)
        if score > limit
    ]


def _kept_promise(limit: Threshold, known: Doubles, right: Bools, strangers: Doubles) -> dict[str, Any]:
    passed = int((strangers > limit.score).sum())
    low, high = exact_interval(passed, len(strangers))
    return {
        **_promise(limit, known, right),
        "fpir_reached": passed / len(strangers),
        "fpir_reached_ci95": [low, high],
    }


def _promise(limit: Threshold, known: Floats | Doubles, right: Bools) -> dict[str, Any]:
    return {
        "fpir": limit.rate,
        "score": limit.score,
        "fpir_expected": limit.expected,
        "fpir_expected_ci95": [limit.low, limit.high],
        "enough_data": limit.enough,
        "correct_name_rate": float(np.mean(right & (known > limit.score))),
    }


def promises(predictions: Predictions, recogniser: Recogniser) -> list[dict[str, Any]]:
    """For each of ``RATES`` the limit of the training, what it promises, and the known faces that keep their name."""
    rule, right = recogniser.rules.full, ~predictions.wrong
    return [_promise(rule.at(rate), predictions.scores, right) for rate in RATES]


def evaluation_json(run: Run, predictions: Predictions, recogniser: Recogniser) -> dict[str, Any]:
    """The full evaluation of a run without strangers: how many keep their name at the limits of the training."""
    document = predictions.evaluation.to_json()
    right, limits = ~predictions.wrong, promises(predictions, recogniser)
    at = {limit["fpir"]: limit["correct_name_rate"] for limit in limits}
    return {
        **to_json(run),
        "train_accuracy": run.metrics["train_accuracy"],
        "balanced_accuracy": document["balanced_accuracy"],
        "top3": document["top3"],
        "rank_k": rank_curve(predictions.ranks),
        "ece": document["ece"],
        "reliability": [asdict(one) for one in reliability(predictions.probs.astype(np.float64), right)],
        "dir_at_fpir_1pct": at[TARGET_RATE],
        "dir_at_fpir_01pct": at[STRICT_RATE],
        "fpir_measured_on": "the model's own" if run.params["threshold"]["from_prior"] else "people left out",
        "thresholds": limits,
        "people": document["people"],
        "confusion": document["confusion"],
        "per_person": document["per_person"],
    }
