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
from dataclasses import dataclass

import numpy as np

from core.archives.source import PhotoSource
from core.base.errors import InputRefused
from core.base.json_values import Json, encode_record
from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Doubles, Ints, Refusal, Vectors
from core.language.texts import marked
from core.learn.classification.recogniser import Recogniser
from core.learn.classification.training_material import sound_vectors
from core.learn.metrics.calibration import reliability_bins
from core.learn.metrics.predictions import Predictions
from core.learn.metrics.rank_and_detection import detection_rate, rank_curve
from core.learn.metrics.run_values import KnownStranger
from core.learn.near_duplicates import SAME_SHOT_COSINE
from core.learn.numerics.neighbours import nearest_in_gallery
from core.learn.numerics.unit_vectors import distance_to_cosine
from core.learn.open_set.operating_points import OperatingPoint, list_operating_points
from core.learn.open_set.rejection_rule import RATES, TARGET_RATE, Threshold, exact_interval
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.workflows.identification.identify import Identifier
from core.workflows.photos.main_faces import MainFaceTools, embed_main_faces
from core.workflows.training.train import TrainingStrangers, run_to_json

_ALL_KNOWN = marked("Everybody in the strangers' photos is known to the dataset. Give photos of other people.")
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
    """(n_photos, dimension) float32, unit length"""
    refused: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True)
class KnownPersonPhoto:
    """A photo among the strangers of somebody known."""

    photo: str
    person: str
    """Whom it shows, or is taken for."""
    certain: bool
    why: str


def embed_strangers(tools: MainFaceTools, source: PhotoSource, progress: Progress = UNWATCHED) -> Strangers:
    """Embed the main face of every photo.

    Raises
    ------
    InputRefused
        No photo shows a face.
    """
    main_faces = embed_main_faces(tools, source, source.entries, marked("Looking at the strangers"), progress)
    if not main_faces.entries:
        raise InputRefused(marked("None of the strangers' photos shows a face. Give photos of other people."))
    strangers = Strangers(
        photos=tuple(entry.name for entry in main_faces.entries),
        folders=tuple(entry.person for entry in main_faces.entries),
        vectors=main_faces.vectors,
        refused=(*source.refused, *main_faces.refused),
    )
    return refuse_unsound_vectors(strangers)


def refuse_unsound_vectors(strangers: Strangers) -> Strangers:
    """Move photos whose vector is no number, or zero, to those refused."""
    # A vector of NaN is above no threshold: it would count as a stranger who was refused, and make the figures better
    # than they are.
    is_sound = sound_vectors(strangers.vectors)
    sound_rows = np.flatnonzero(is_sound).tolist()
    unsound = tuple(
        Refusal(strangers.photos[row], marked("Its vector is no number.")) for row in np.flatnonzero(~is_sound)
    )
    photos = tuple(strangers.photos[row] for row in sound_rows)
    folders = tuple(strangers.folders[row] for row in sound_rows)
    return Strangers(photos, folders, strangers.vectors[is_sound], (*strangers.refused, *unsound))


def find_known_strangers(store: FaceStore, run: Run, strangers: Strangers) -> list[KnownPersonPhoto]:
    """Find the strangers who are certainly known to a run: by the dataset's faces, or by their folder's name."""
    return _known_among(store, run.dataset_id, set(run.params.people), strangers)


def select_training_strangers(
    store: FaceStore, dataset: Dataset, strangers: Strangers, title: str
) -> TrainingStrangers:
    """The strangers for a training: without photos of anybody who has a name in the dataset.

    Parameters
    ----------
    strangers : embedded with the dataset's model

    Raises
    ------
    InputRefused
        Nobody is left.
    """
    # Everybody who has a name, and not only those who will be learned: somebody with too few photos for this training
    # is no stranger to the dataset.
    names = {person.name for person in store.people(dataset.id)}
    known_photos = _known_among(store, dataset.id, names, strangers)
    known_photo_names = {known_photo.photo for known_photo in known_photos}
    rows = [row for row, photo in enumerate(strangers.photos) if photo not in known_photo_names]
    if not rows:
        raise InputRefused(_ALL_KNOWN)
    photos_by_person = Counter((known_photo.person, known_photo.why) for known_photo in known_photos)
    return TrainingStrangers(
        title,
        strangers.vectors[rows],
        _people_shown([strangers.folders[row] for row in rows]),
        dataset.model_id,
        photos=len(strangers.photos) + len(strangers.refused),
        refused=len(strangers.refused),
        known=tuple(KnownStranger(person, count, why) for (person, why), count in sorted(photos_by_person.items())),
        # What a job came to outlives the erasure of a person: nobody's name of the dataset goes there.
        refusals=tuple(refusal for refusal in strangers.refused if names.isdisjoint(refusal.name.split("/"))),
    )


def _people_shown(folders: Sequence[str | None]) -> Ints:
    """Number whom photos show: a person a folder; each photo somebody else where there is none, or one for all."""
    # One folder around everything is a collection of strangers and no person: all its photos would be of one.
    several = len(set(folders)) > 1
    person_numbers: dict[str | int, int] = {}
    # Which people they are matters: of one stranger many photos are not many trials.
    keys = [folder if folder and several else row for row, folder in enumerate(folders)]
    return np.array([person_numbers.setdefault(key, len(person_numbers)) for key in keys], dtype=np.int64)


def _known_among(
    store: FaceStore, dataset_id: str, known_people: Set[str], strangers: Strangers
) -> list[KnownPersonPhoto]:
    table, embeddings = store.face_table(dataset_id), store.embeddings(dataset_id)
    # Distances to a row of NaN are NaN, and a NaN can come out as the nearest.
    sound_rows = np.flatnonzero(sound_vectors(embeddings.vectors))
    nearest_rows, distances = nearest_in_gallery(strangers.vectors, embeddings.vectors[sound_rows], 1)
    known_photos = []
    for index, photo in enumerate(strangers.photos):
        folder = strangers.folders[index]
        # A dataset without vectors has no nearest face at all.
        same_shot = nearest_rows.shape[1] and distance_to_cosine(float(distances[index, 0])) >= SAME_SHOT_COSINE
        person = table.person(int(sound_rows[nearest_rows[index, 0]])) if same_shot else None
        # The picture is the better witness, so its reason is the one that is told.
        if person in known_people:
            known_photos.append(KnownPersonPhoto(photo, str(person), True, marked("the same shot is in the dataset")))
        elif folder in known_people:
            known_photos.append(KnownPersonPhoto(photo, str(folder), True, marked("its folder has this person's name")))
    return known_photos


def measure_on_strangers(
    predictions: Predictions, identifier: Identifier, strangers: Strangers, known_photos: Sequence[KnownPersonPhoto]
) -> dict[str, Json]:
    """The part of the evaluation that strangers add.

    Parameters
    ----------
    identifier : the run's recogniser with the faces that it learned from
    known_photos : from ``find_known_strangers``; these photos are not counted

    Raises
    ------
    InputRefused
        Nobody is left to count.
    """
    known_photo_names = {known_photo.photo for known_photo in known_photos}
    is_counted = np.array([photo not in known_photo_names for photo in strangers.photos], dtype=np.bool_)
    if not is_counted.any():
        raise InputRefused(_ALL_KNOWN)
    recogniser = identifier.recogniser
    predicted, scores = recogniser.name(strangers.vectors[is_counted], identifier.neighbours)
    photos = [photo for photo, counts in zip(strangers.photos, is_counted, strict=True) if counts]
    probably_known = _probably_known(photos, [recogniser.people[person] for person in predicted], scores, predictions)
    known_scores, is_right = predictions.scores.astype(np.float64), ~predictions.wrong
    return {
        "dir_at_fpir_1pct": detection_rate(known_scores, is_right, scores, TARGET_RATE),
        "dir_at_fpir_01pct": detection_rate(known_scores, is_right, scores, STRICT_RATE),
        "fpir_measured_on": "strangers",
        "thresholds": [_kept_promise(identifier.threshold(rate), known_scores, is_right, scores) for rate in RATES],
        "strangers": {
            "photos": len(strangers.photos) + len(strangers.refused),
            "counted": len(scores),
            "refused": [encode_record(refusal) for refusal in strangers.refused],
            "known": [encode_record(known_photo) for known_photo in (*known_photos, *probably_known)],
        },
    }


def _probably_known(
    photos: Sequence[str], people: Sequence[str], scores: Doubles, predictions: Predictions
) -> list[KnownPersonPhoto]:
    threshold = (
        # A twentieth of the known faces themselves score lower: a stranger above that is as like as they are. Reported
        # and counted, as a likeness is no proof.
        float(np.quantile(predictions.scores[~predictions.wrong], LIKE_KNOWN_QUANTILE)) if len(photos) else np.inf
    )
    return [
        KnownPersonPhoto(photo, person, False, marked("as like as the person's own photos are"))
        for photo, person, score in zip(photos, people, scores, strict=True)
        if score > threshold
    ]


def _kept_promise(
    threshold: Threshold, known_scores: Doubles, is_right: Bools, stranger_scores: Doubles
) -> dict[str, Json]:
    n_accepted = int((stranger_scores > threshold.score).sum())
    # The exact interval, as few strangers are accepted, often none.
    low, high = exact_interval(n_accepted, len(stranger_scores))
    return {
        **encode_record(OperatingPoint.of(threshold, known_scores, is_right)),
        "fpir_reached": n_accepted / len(stranger_scores),
        "fpir_reached_ci95": [low, high],
    }


def evaluation_json(run: Run, predictions: Predictions, recogniser: Recogniser) -> dict[str, Json]:
    """The full evaluation of a run without strangers: how many keep their name at the limits of the training."""
    document = predictions.evaluation.to_json()
    is_right, points = ~predictions.wrong, list_operating_points(predictions, recogniser.rules.full)
    correct_name_rate = {point.fpir: point.correct_name_rate for point in points}
    return {
        **run_to_json(run),
        "train_accuracy": run.metrics.train_accuracy,
        "balanced_accuracy": document["balanced_accuracy"],
        "top3": document["top3"],
        "rank_k": rank_curve(predictions.ranks),
        "ece": document["ece"],
        "reliability": [
            encode_record(reliability_bin)
            for reliability_bin in reliability_bins(predictions.probs.astype(np.float64), is_right)
        ],
        "dir_at_fpir_1pct": correct_name_rate[TARGET_RATE],
        "dir_at_fpir_01pct": correct_name_rate[STRICT_RATE],
        "fpir_measured_on": "the model's own" if run.params.threshold.from_prior else "people left out",
        "thresholds": [encode_record(point) for point in points],
        "people": document["people"],
        "confusion": document["confusion"],
        "per_person": document["per_person"],
    }
