"""Same person? Two photos, or a photo against a person of a dataset: how alike, how probable, and a decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.base.errors import ImageRefused, InputRefused
from core.base.face_table import Embeddings, FaceTable, take_items
from core.base.json_values import Json
from core.base.types import Floats, Vectors
from core.base.words import format_people_count
from core.language.texts import gettext as _
from core.language.texts import marked
from core.learn.labelled_faces import LabelledFaces
from core.learn.model_selection.splits import label_faces
from core.learn.numerics.unit_vectors import cosine_to_distance, mean_direction
from core.learn.open_set.certainty import Certainty, measure_pair_likeness, rate_pair
from core.learn.verification import pair_rule
from core.learn.verification.own_pairs import OwnPairs, measure_own_pairs
from core.learn.verification.pair_operating_points import PairOperatingPoints, measure_pair_operating_points
from core.learn.verification.pair_rule import EVEN_PRIOR, FARS, PairRule, PairScores
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset, PersonCount
from core.vision.pipeline import FacePipeline, PhotoFaces


@dataclass(frozen=True, slots=True)
class PairVerdict:
    """What two faces, or a face and a person, say about each other."""

    distance: float
    """Euclidean, 0..2; to a person that to the centre of their faces."""
    prob: float
    """Probability that it is one person, from the prior and the distance."""
    same: bool
    """The decision: at most ``threshold`` apart."""
    threshold: float
    """Euclidean distance, 0..2."""
    far: float
    """The share of different people whom the threshold lets pass."""
    prior: float
    rule: PairRule
    own_rule: bool
    """True when the rule is the dataset's own, False when it was measured with the model before."""
    certainty: Certainty
    """How sure the decision is, whichever it is."""


@dataclass(frozen=True, slots=True, eq=False)
class PairVerifier:
    """Decides by one rule."""

    rule: PairRule
    own_rule: bool
    prior: float = EVEN_PRIOR

    def __call__(self, cosine: float, far: float) -> PairVerdict:
        """Raises InputRefused for a false-accept rate without a limit."""
        # Rules think in cosines, and people and the field in distances: the decision is made in what is shown, so that
        # the figures never contradict it.
        threshold = cosine_to_distance(self.rule.limit(far))
        distance = cosine_to_distance(cosine)
        prob, is_same = self.rule.prob(cosine, self.prior), distance <= threshold
        thresholds = [cosine_to_distance(self.rule.limit(each)) for each in FARS]
        sureness = rate_pair(
            is_same=is_same, is_same_by_others=[distance <= threshold for threshold in thresholds], prob=prob
        )
        return PairVerdict(
            distance=distance,
            prob=prob,
            same=is_same,
            threshold=threshold,
            far=far,
            prior=self.prior,
            rule=self.rule,
            own_rule=self.own_rule,
            certainty=Certainty(sureness, measure_pair_likeness(cosine), measure_pair_likeness(self.rule.limit(far))),
        )


def build_face_verifier(model_id: str, load_own_pairs: Callable[[], PairScores | None]) -> PairVerifier:
    """Two faces of any photos: by what was measured with the model, whichever dataset is looked at.

    One question has one answer: neither photo need be of the dataset. Its own pairs decide only for a model that was
    never measured.

    Raises
    ------
    InputRefused
        The model was never measured, and the dataset holds too little.
    """
    if model_id in pair_rule.MEASURED:
        return PairVerifier(pair_rule.MEASURED[model_id], own_rule=False)
    return PairVerifier(pair_rule.choose_pair_rule(model_id, load_own_pairs(), pair_rule.MEASURED), own_rule=True)


def build_person_verifier(model_id: str, scores: PairScores | None) -> PairVerifier:
    """A face and a person, by the dataset's own when they are enough, else as measured. Raises InputRefused."""
    # The person is of the dataset, so its people tell best. And another rule than for two faces: the centre of several
    # faces is nearer to the next one than a single face is.
    rule = pair_rule.choose_pair_rule(model_id, scores, pair_rule.MEASURED_WITH_PEOPLE)
    return PairVerifier(rule, scores is not None and scores.enough)


# the dataset's own pairs


@dataclass(frozen=True, slots=True, eq=False)
class NamedFaces:
    """The faces of a dataset that pairs are made of."""

    face_ids: tuple[str, ...]
    faces: LabelledFaces

    def pairs(self) -> PairScores:
        """Faces compared with faces."""
        return pair_rule.score_pairs(self.faces)

    def measure_pairs(self) -> OwnPairs | None:
        """What the pairs show by their distance; None without a pair of one person, or of two people."""
        return measure_own_pairs(self.face_ids, self.pairs()) if self.face_ids else None

    def measure_operating_points(self) -> PairOperatingPoints | None:
        """What the pairs tell of strict false-accept rates; None where ``measure_pairs`` has none."""
        scores = self.pairs() if self.face_ids else None
        if scores is None or scores.same.all() or not scores.same.any():
            return None
        return measure_pair_operating_points(self.faces, scores)

    def with_people(self) -> PairScores:
        """Faces compared with people."""
        return pair_rule.score_people(self.faces)


def select_named_faces(table: FaceTable, embeddings: Embeddings) -> NamedFaces:
    """The faces with a name that take part in learning."""
    rows = np.flatnonzero(table.learnable)
    return NamedFaces(take_items(table.face_ids, rows), label_faces(table, embeddings.vectors, rows))


# comparing


def compare_faces(photo: PhotoFaces, face: int, other: PhotoFaces, other_face: int) -> float:
    """Cosine of a face of one photo and a face of another, -1..1."""
    return float(photo.faces[face].vector @ other.faces[other_face].vector)


@dataclass(frozen=True, slots=True, eq=False)
class PersonGallery:
    """The faces of a person that a photo is compared with."""

    face_ids: tuple[str, ...]
    crop_ids: tuple[str, ...]
    cosines: Floats
    """(n,) of each with the face asked about"""
    centre: Vectors
    """(dimension,) unit length: the direction of the mean of the person's faces"""
    cosine: float
    """Of the face asked about with the centre"""

    def nearest(self, count: int) -> list[int]:
        """Places of the most alike faces."""
        return [int(index) for index in np.argsort(-self.cosines, kind="stable")[:count]]


def compare_with_person(
    store: FaceStore, dataset: Dataset, person: PersonCount, photo: PhotoFaces, face: int
) -> PersonGallery:
    """Compare a face with all faces of a person; those of the same photo, left out or too poor to tell do not count.

    Raises
    ------
    InputRefused
        The person has no other face.
    """
    table, embeddings = store.face_table(dataset.id, person.id), store.embeddings(dataset.id, person.id)
    rows = [
        row
        for row in np.flatnonzero(~table.excluded & table.trusted).tolist()
        # The face itself, or its neighbours on the photo, would decide the answer.
        if table.photo_ids[row] != photo.photo_id
    ]
    if not rows:
        raise InputRefused(
            marked("'{name}' has no face to compare with but the one of this very photo.").format(name=person.name)
        )
    vectors, probe = embeddings.vectors[rows], photo.faces[face].vector
    centre = mean_direction(vectors)
    return PersonGallery(
        face_ids=take_items(table.face_ids, rows),
        crop_ids=take_items(table.crop_ids, rows),
        cosines=vectors @ probe,
        centre=centre,
        cosine=float(centre @ probe),
    )


def read_photo_with_face(pipeline: FacePipeline, content: bytes, name: str) -> PhotoFaces:
    """A photo that must show a face. Raises InputRefused when it does not, ImageRefused when it is no photo."""
    try:
        photo = pipeline.read_photo(content)
    except ImageRefused as refusal:
        raise ImageRefused(f"'{name}': {refusal}") from refusal
    if not photo.faces:
        raise InputRefused(
            marked(
                "No face could be found in '{name}'. A face needs to be at least about 20 pixels wide and turned "
                "towards the camera. Try another photo."
            ).format(name=name)
        )
    return photo


def describe_origin(verdict: PairVerdict) -> str:
    """Where the threshold comes from, in words of pages and commands."""
    people = format_people_count(verdict.rule.n_people)
    if verdict.own_rule:
        return _("{people} of this dataset", people=people)
    return _("{people} on press photos (lfw-dev), with the model", people=people)


def verdict_json(verdict: PairVerdict, faces: dict[str, int], doubts: dict[str, str]) -> dict[str, Json]:
    """The command line's answer.

    Parameters
    ----------
    faces : how many were found in each photo; the main one was compared
    doubts : why the main face of a photo is too poor to tell who it is, where it is
    """
    rule = verdict.rule
    return {
        "distance": round(verdict.distance, 4),
        "same": verdict.same,
        "threshold": round(verdict.threshold, 4),
        "threshold_from": describe_origin(verdict),
        "prob": round(verdict.prob, 4),
        **verdict.certainty.to_json(),
        "far": verdict.far,
        "prior": verdict.prior,
        "faces": faces,
        "doubts": doubts,
        "measured_on": {
            "own_pairs": verdict.own_rule,
            "people": rule.n_people,
            "genuine": rule.n_genuine,
            "impostor": rule.n_impostor,
        },
    }
