"""Who is in a photo: every face found, named where it is near enough to somebody, with the faces that speak for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from core.base.face_table import Embeddings
from core.base.json_values import Json
from core.base.types import Detection, Doubles, Ints, Quality, RgbImage, Vectors
from core.learn.classification.recogniser import Recogniser
from core.learn.numerics.blas import one_blas_thread
from core.learn.open_set.certainty import Certainty, CertaintyRule
from core.learn.open_set.rejection_rule import TARGET_RATE, Gallery, Threshold, distances_to_named, gather_features
from core.vision.pipeline import DecodedPhoto, EmbeddedFace, FacePipeline
from core.vision.quality import explain_low_grade
from core.workflows.neighbours.search import NeighbourSearch

TOP_CANDIDATES = 5
EVIDENCE_FACES = 4
ONE_THREAD_FROM = 5000
"""People, with whom a face is compared by one thread."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person whom a face may show."""

    person: str
    prob: float
    distance: float
    """Euclidean distance to the person's centroid, 0..2; small is alike."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A training face like the one asked about."""

    face_id: str
    distance: float


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedFace:
    """One face of the photo and what is known of it."""

    detection: Detection
    crop: RgbImage
    """What the network saw: levelled, square."""
    vector: Vectors
    """(dimension,) float32, unit length"""
    candidates: tuple[Candidate, ...]
    """The most probable first; the nearest of all people is among them."""
    evidence: tuple[Evidence, ...]
    """The training faces nearest to it, whoever they show."""
    score: float
    """How much the face is like the first candidate; see ``learn.open_set.rejection_rule``."""
    margin: float
    """The classifier's for the first candidate: above 0 on that person's side."""
    quality: Quality
    certainty_rule: CertaintyRule
    """What its score means."""

    def name(self, threshold: Threshold) -> str | None:
        """The person's name, or None: unknown when the score is not above the limit, or too poor to tell."""
        # The threshold's own rule, which asks for the quality as well: whoever compares scores by hand would name
        # blurred faces.
        is_named = threshold.decide_named(self.score, self.quality.grade)
        return self.candidates[0].person if is_named else None

    def certainty(self, threshold: Threshold) -> Certainty:
        """How sure it is that it shows the first candidate."""
        return self.certainty_rule.judge_face(self.score, self.candidates[0].prob, self.quality.grade, threshold)

    @property
    def doubt(self) -> str:
        """Why nobody can tell who it is: "too blurred"; "" where that is no question."""
        return explain_low_grade(self.quality)


def nearest_candidate(candidates: Sequence[Candidate]) -> Candidate:
    """The candidate whose centroid is nearest: not always the most probable one, since margins turn the order."""
    return min(candidates, key=lambda candidate: candidate.distance)


@dataclass(frozen=True, slots=True, eq=False)
class IdentifiedPhoto:
    """A photo that was looked at."""

    turn: int
    """Quarters clockwise by which it was turned to be upright: it lay on its side or head."""
    image: RgbImage
    """Turned so; the faces are in its pixels."""
    faces: tuple[IdentifiedFace, ...]
    """From left to right."""


@dataclass(frozen=True)
class Identifier:
    """A recogniser with the networks it was trained on and the faces it was trained with."""

    pipeline: FacePipeline
    recogniser: Recogniser
    gallery: Embeddings
    search: NeighbourSearch
    """Of the gallery."""
    gallery_labels: Ints | None = None
    """(n,) whom the recogniser names each face of the gallery; None where that is to be found out"""

    @cached_property
    def neighbours(self) -> Gallery | None:
        """The training faces that the rule looks at; None when they were erased, or never came along."""
        if not len(self.gallery):
            return None
        if self.gallery_labels is not None:
            return Gallery(self.gallery.vectors, self.gallery_labels)
        return Gallery.of(self.recogniser.classifier.linear, self.gallery.vectors)

    @cached_property
    def certainty_rule(self) -> CertaintyRule:
        """What the scores of faces mean."""
        return CertaintyRule.of(self.recogniser.rule(self.neighbours))

    def threshold(self, rate: float = TARGET_RATE) -> Threshold:
        """The limit at which this share of strangers would be named. Raises InputRefused where none was set."""
        return self.recogniser.rule(self.neighbours).at(rate)

    def identify_photo(self, photo: DecodedPhoto) -> IdentifiedPhoto:
        """All faces of a photo, from left to right.

        Parameters
        ----------
        photo : as ``pipeline.decode_photo`` gives it

        Raises
        ------
        ModelMismatch
            The recogniser was trained on another model's vectors.
        """
        self.gallery.require_model(self.recogniser.model_id)
        (answer,) = self.pipeline.find_faces([photo])
        return IdentifiedPhoto(answer.picture.turn, answer.picture.pixels, tuple(self.judge_faces(answer.faces)))

    def name_vectors(self, vectors: Vectors, threshold: Threshold) -> list[tuple[str | None, Certainty]]:
        """Each vector's name, or None for nobody known, and how sure that is.

        Parameters
        ----------
        vectors : (n_faces, dimension) float32, unit length, of faces that show well enough: quality is not asked for

        Raises
        ------
        ModelMismatch
            The recogniser was trained on another model's vectors.
        """
        self.gallery.require_model(self.recogniser.model_id)
        classifier = self.recogniser.classifier
        people, scores = self._name(vectors)
        with _limit_threads(len(classifier.people)):
            probs = classifier.probabilities(vectors)
        return [
            (
                classifier.people[person] if threshold.decide_named(score, 1.0) else None,
                self.certainty_rule.judge_face(score, float(probs[face, person]), 1.0, threshold),
            )
            for face, (person, score) in enumerate(zip(people.tolist(), scores.tolist(), strict=True))
        ]

    def rate_candidates(
        self, face: IdentifiedFace, candidates: Sequence[Candidate], threshold: Threshold
    ) -> list[Certainty]:
        """How like a face is to each of some candidates, and how sure each would be."""
        recogniser, n = self.recogniser, len(candidates)
        row_of = {name: row for row, name in enumerate(recogniser.people)}
        persons = np.array([row_of[candidate.person] for candidate in candidates], dtype=np.int64)
        vectors = np.repeat(face.vector[None], n, axis=0)
        features = gather_features(
            recogniser.classifier.linear, recogniser.centroids, self.neighbours, vectors, persons
        )
        scores = recogniser.rule(self.neighbours).scores(features).tolist()
        return [
            self.certainty_rule.judge_face(score, candidate.prob, face.quality.grade, threshold)
            for score, candidate in zip(scores, candidates, strict=True)
        ]

    def judge_faces(self, faces: Sequence[EmbeddedFace]) -> Iterator[IdentifiedFace]:
        """What is known of faces that the pipeline gave, in their order."""
        if not faces:
            return
        # All faces of a batch at once: the classifier and the neighbours are products of matrices.
        vectors = np.stack([face.vector for face in faces])
        people, scores = self._name(vectors)
        near = np.flatnonzero(self.recogniser.rule(self.neighbours).is_near_threshold(scores)).tolist()
        if near:
            # The mirror images of those that it may decide about are looked at too.
            looked = dict(zip(near, self.pipeline.add_mirror_images([faces[row] for row in near]), strict=True))
            faces = [looked.get(row, face) for row, face in enumerate(faces)]
            vectors = np.stack([face.vector for face in faces])
            people, scores = self._name(vectors)
        nearest = self.search.nearest_faces(vectors, EVIDENCE_FACES)
        candidates = self._candidates(vectors)
        # Those of the named alone: all margins of 50,000 people are a product of milliseconds.
        rows_of_named = self.recogniser.classifier.linear.only(people)
        margins = np.einsum("ij,ij->i", vectors, rows_of_named.coef) + rows_of_named.intercept
        for row, face in enumerate(faces):
            yield IdentifiedFace(
                detection=face.detection,
                crop=face.crop,
                vector=vectors[row],
                candidates=candidates[row],
                evidence=tuple(Evidence(face_id, float(far)) for face_id, far in zip(*nearest[row], strict=True)),
                score=float(scores[row]),
                margin=float(margins[row]),
                quality=face.quality,
                certainty_rule=self.certainty_rule,
            )

    def _name(self, vectors: Vectors) -> tuple[Ints, Doubles]:
        with _limit_threads(len(self.recogniser.people)):
            return self.recogniser.name(vectors, self.neighbours)

    def _candidates(self, vectors: Vectors) -> list[tuple[Candidate, ...]]:
        classifier, centroids = self.recogniser.classifier, self.recogniser.centroids
        with _limit_threads(len(classifier.people)):
            probs = classifier.probabilities(vectors)
            nearest = np.argmax(vectors @ centroids.T, axis=1)
        top = np.stack([_most_probable(face_probs) for face_probs in probs])
        # The classifier may rank another person first; whoever is nearest is shown all the same, in the last place.
        far = ~(top == nearest[:, None]).any(axis=1)
        top[far, -1] = nearest[far]
        distances = [distances_to_named(vectors, top[:, rank], centroids) for rank in range(top.shape[1])]
        return [
            tuple(
                Candidate(classifier.people[person], float(probs[face, person]), float(distances[rank][face]))
                for rank, person in enumerate(top[face])
            )
            for face in range(len(vectors))
        ]


def _limit_threads(n_people: int) -> AbstractContextManager[object]:
    """One thread of BLAS where a face is held against very many people: two take 2.5 times as much of the processor."""
    return one_blas_thread() if n_people >= ONE_THREAD_FROM else nullcontext()


def _most_probable(probs: Doubles) -> Ints:
    """The ``TOP_CANDIDATES`` most probable people; of equally probable ones in the recogniser's order, anywhere."""
    n = min(TOP_CANDIDATES, len(probs))
    # Only those that can be among them are sorted: of 50,000 people that takes a tenth of the time.
    possible = np.flatnonzero(probs >= np.partition(probs, len(probs) - n)[len(probs) - n])
    return possible[np.argsort(-probs[possible], kind="stable")][:n]


def identified_photo_json(name: str, photo: IdentifiedPhoto, threshold: Threshold) -> dict[str, Json]:
    """One photo's entry in the command line's answer; the boxes are in pixels of the photo turned by ``turn``."""
    return {
        "photo": name,
        "turn": photo.turn,
        "faces": [
            {
                "box": [round(side, 1) for side in face.detection.box.as_tuple()],
                "detection_prob": round(face.detection.prob, 4),
                "name": face.name(threshold),
                "doubt": face.doubt or None,
                "quality": round(face.quality.grade, 4),
                "prob": round(face.candidates[0].prob, 4),
                **face.certainty(threshold).to_json(),
                "candidates": candidates_json(face.candidates),
                "why": {
                    "score": round(face.score, 4),
                    "needed": round(threshold.score, 4),
                    "fpir": threshold.rate,
                    "margin": round(face.margin, 4),
                    "distance": round(face.candidates[0].distance, 4),
                    "nearest": evidence_json(face.evidence),
                },
            }
            for face in photo.faces
        ],
    }


def candidates_json(candidates: Sequence[Candidate]) -> list[dict[str, Json]]:
    """Who a face may be, the most probable first."""
    return [
        {
            "name": candidate.person,
            "prob": round(candidate.prob, 4),
            "distance": round(candidate.distance, 4),
        }
        for candidate in candidates
    ]


def evidence_json(evidence: Sequence[Evidence]) -> list[dict[str, Json]]:
    """The training faces that speak for a name."""
    return [{"face": face.face_id, "distance": round(face.distance, 4)} for face in evidence]
