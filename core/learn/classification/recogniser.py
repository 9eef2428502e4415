"""Everything that naming a face needs, and its file: a classifier, centroids and rules, saved as arrays and names."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import InputRefused, NotFound
from core.base.json_values import JsonRecord, parse_json
from core.base.types import Doubles, Floats, Ints, Vectors
from core.language.texts import marked
from core.learn.classification.calibrated_classifier import CalibratedClassifier
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.numerics.linear_classifier import LinearClassifier
from core.learn.open_set import rejection_rule
from core.learn.open_set.rejection_rule import Gallery, RejectionRule, RejectionRules, Threshold

FILE_FORMAT = 2
FORMAT_OF_OTHER_KINDS = 3
"""Where the classifier is no linear SVM: versions that know no other would take it for one, and update it so."""
READ_FORMATS = (FILE_FORMAT, FORMAT_OF_OTHER_KINDS)
_ARRAYS = ("coef", "intercept", "centroids")


@dataclass(frozen=True, slots=True, eq=False)
class Recogniser:
    """Everything that naming a face needs, and nothing that is not an array, a number or a name."""

    classifier: CalibratedClassifier
    centroids: Vectors
    """(n_people, dimension) float32, unit length"""
    rules: RejectionRules
    """When to say "unknown"."""
    model_id: str
    seed: int

    @property
    def people(self) -> tuple[str, ...]:
        """Names in the order of the classifier's rows."""
        return self.classifier.people

    def rule(self, gallery: Gallery | None) -> RejectionRule:
        """The rule to use, with or without training faces."""
        return self.rules.alone if gallery is None else self.rules.full

    def name(self, vectors: Vectors, gallery: Gallery | None) -> tuple[Ints, Doubles]:
        """Name each face, and score how much it is like that person.

        Parameters
        ----------
        vectors : (n, dimension) float32, unit length
        gallery : the training faces, or None where they are not at hand

        Returns
        -------
        named : (n,) int64, indices of ``people``
        scores : (n,) float64, on the scale of ``rule(gallery)``
        """
        matches = rejection_rule.name_faces(self.classifier.linear, self.centroids, gallery, vectors)
        return matches.person, self.rule(gallery).scores(matches.features)

    def distances(self, vectors: Vectors, person_of_face: Ints) -> Floats:
        """Give each face's distance to the centroid of the person it was named: (n,) float32, 0..2."""
        return rejection_rule.distances_to_named(vectors, person_of_face, self.centroids)

    def to_bytes(self) -> bytes:
        """One .npz of arrays and a header."""
        return _encode(self)

    def save(self, path: Path) -> None:
        """Write what ``to_bytes`` gives; the file is either complete or not there."""
        partial = path.with_name(path.name + ".partial")
        partial.write_bytes(self.to_bytes())
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> Recogniser:
        """Read what ``save`` wrote.

        Raises
        ------
        NotFound
            There is no such file.
        InputRefused
            The file is damaged, of another format, or its parts do not belong together.
        """
        if not path.is_file():
            raise NotFound(
                marked("There is no trained recogniser '{run}'. Train one on this dataset.").format(run=path.name)
            )
        return cls.from_bytes(path.read_bytes(), path.name)

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> Recogniser:
        """Read the content of such a file. Raises InputRefused as ``load`` does."""
        try:
            return _decode(content)
        # zipfile and zlib raise these for damage, NotImplementedError for a way of packing that Python does not know.
        except (ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as fault:
            raise InputRefused(
                marked("The recogniser file '{name}' cannot be used: {fault}. Delete the run and train again.").format(
                    name=name, fault=fault
                )
            ) from fault


# the file


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredRule:
    """A rejection rule as the header has it; JSON has no NaN: what cannot be told is None."""

    weights: tuple[float, ...]
    offset: float
    thresholds: tuple[Threshold, ...]
    from_prior: bool
    n_impostors: int
    n_people: int
    n_genuine: int
    genuine_kept: float | None

    @classmethod
    def of(cls, rule: RejectionRule) -> _StoredRule:
        values = {each.name: getattr(rule, each.name) for each in fields(rule)}
        # json writes NaN, which is no JSON, and other readers would refuse the file.
        genuine_kept = None if np.isnan(rule.genuine_kept) else rule.genuine_kept
        return cls(**{**values, "weights": tuple(rule.weights.tolist()), "genuine_kept": genuine_kept})

    def rule(self) -> RejectionRule:
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        genuine_kept = np.nan if self.genuine_kept is None else self.genuine_kept
        weights = np.array(self.weights, dtype=np.float64)
        return RejectionRule(**{**values, "weights": weights, "genuine_kept": genuine_kept})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Header(JsonRecord):
    """What of a recogniser is no array."""

    format: int = FILE_FORMAT
    people: tuple[str, ...]
    model_id: str
    temperature: float
    doubt: float
    C: float
    classifier: ClassifierKind = ClassifierKind.LINEAR_SVM
    rules: tuple[_StoredRule, _StoredRule]
    """With the training faces at hand, and without"""
    seed: int


def _encode(recogniser: Recogniser) -> bytes:
    classifier = recogniser.classifier
    header = _Header(
        format=FILE_FORMAT if classifier.kind is ClassifierKind.LINEAR_SVM else FORMAT_OF_OTHER_KINDS,
        people=classifier.people,
        model_id=recogniser.model_id,
        temperature=classifier.temperature,
        doubt=classifier.doubt,
        C=classifier.C,
        classifier=classifier.kind,
        rules=(_StoredRule.of(recogniser.rules.full), _StoredRule.of(recogniser.rules.alone)),
        seed=recogniser.seed,
    )
    buffer = io.BytesIO()
    np.savez(
        buffer,
        header=np.frombuffer(json.dumps(header.to_json()).encode("ascii"), dtype=np.uint8),
        coef=classifier.linear.coef,
        intercept=classifier.linear.intercept,
        centroids=recogniser.centroids,
    )
    return buffer.getvalue()


def _decode(content: bytes) -> Recogniser:
    # Such files come from other installations too: a pickled array would run whatever its maker wrote into it.
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        header = _read_header(bytes(archive["header"]))
        coef, intercept, centroids = (_read_array(archive[name], name) for name in _ARRAYS)
    _require_shapes(len(header.people), coef, intercept, centroids)
    classifier = CalibratedClassifier(
        people=header.people,
        linear=LinearClassifier(coef, intercept),
        temperature=header.temperature,
        doubt=header.doubt,
        C=header.C,
        kind=header.classifier,
    )
    full, alone = (rule.rule() for rule in header.rules)
    _require_rules(full, alone)
    return Recogniser(
        classifier=classifier,
        centroids=centroids,
        rules=RejectionRules(full, alone),
        model_id=header.model_id,
        seed=header.seed,
    )


def _require_rules(full: RejectionRule, alone: RejectionRule) -> None:
    for rule, n_features in ((full, len(rejection_rule.FEATURES)), (alone, len(rejection_rule.FEATURES) - 1)):
        numbers = [rule.offset, *rule.weights.tolist(), *(limit.score for limit in rule.thresholds)]
        if rule.weights.shape != (n_features,) or not np.isfinite(np.array(numbers, dtype=np.float64)).all():
            raise ValueError("a rejection rule's weights or limits are not of their kind")
        if [limit.rate for limit in rule.thresholds] != list(rejection_rule.RATES):
            raise ValueError("a rejection rule has limits for other rates")


def _read_header(packed: bytes) -> _Header:
    document = parse_json(packed)
    file_format = document.get("format") if isinstance(document, dict) else None
    if file_format not in READ_FORMATS:
        raise ValueError(f"it has format {file_format}, and this version reads {READ_FORMATS}")
    header = _Header.from_json(document)
    if len(header.people) < 2 or len(set(header.people)) != len(header.people):
        raise ValueError("expected two or more different names")
    if not (0 < header.temperature < np.inf and 0 < header.C < np.inf):
        raise ValueError("temperature or C is out of its range")
    if not 0 < header.doubt < 1:
        raise ValueError("doubt is out of its range")
    return header


def _read_array(array: Any, name: str) -> Floats:
    if array.dtype != np.float32 or not np.isfinite(array).all():
        raise ValueError(f"'{name}' is not made of float32 numbers")
    return np.asarray(array, dtype=np.float32)


def _require_shapes(n_people: int, coef: Floats, intercept: Floats, centroids: Floats) -> None:
    if coef.ndim != 2 or not len(coef) == n_people or coef.shape != centroids.shape:
        raise ValueError(f"coef {coef.shape} and centroids {centroids.shape} do not fit {n_people} people")
    if intercept.shape != (n_people,):
        raise ValueError(f"intercept {intercept.shape} does not fit {n_people} people")
    # A similarity to a centroid is an inner product, which is a cosine of unit vectors alone.
    if not np.allclose(np.linalg.norm(centroids, axis=1), 1.0, atol=1e-3):
        raise ValueError("a centroid is not of unit length")
