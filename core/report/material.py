"""What a report is made from: values that a workflow gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.base.types import Floats
from core.learn.metrics.predictions import Predictions
from core.learn.model_selection.study import Study
from core.learn.open_set.operating_points import OperatingPoint
from core.learn.verification.own_pairs import OwnPairs
from core.learn.verification.pair_operating_points import PairOperatingPoints
from core.store.values.runs import Run


@dataclass(frozen=True, slots=True, eq=False)
class FacesNow:
    """The run's faces as the dataset has them now."""

    sizes_px: Floats
    """(n,) shorter sides of the tested faces that are still there"""
    grades: Floats
    """(n,) their quality, 0..1; NaN where it was not measured"""
    n_missing: int
    """Tested or learned faces that left the dataset since."""


@dataclass(frozen=True, slots=True)
class WrongName:
    """A tested face that got another person's name."""

    person: str
    assigned_name: str
    prob: float
    score: float
    distance: float
    face: bytes | None = None
    """The crop as a JPEG file; None where pictures are left out or the file is gone."""
    like: bytes | None = None
    """The learned face of the given person that is most like it."""


@dataclass(frozen=True, slots=True)
class ReportedNetwork:
    """A pretrained network that took part."""

    id: str
    title: str
    release: str
    licence: str
    training_data: str
    files: tuple[tuple[str, str], ...]
    """Name and sha256 of each installed file; empty when it is not installed here."""


@dataclass(frozen=True, slots=True)
class FaceSetHashes:
    """What was tested and learned, as fingerprints."""

    tested: str
    """sha256 over the tested faces' ids with the people they show."""
    learned: str
    """sha256 over the learned faces' ids."""
    learned_with_names: str | None
    """The same with the people that they were learned as; None when names may have changed since."""


@dataclass(frozen=True, slots=True, eq=False)
class ReportMaterial:
    """Everything that a report tells of."""

    dataset: str
    revision_now: int
    run: Run
    predictions: Predictions
    operating_points: Sequence[OperatingPoint]
    study: Study | None
    faces: FacesNow
    pairs: OwnPairs | None
    pair_points: PairOperatingPoints | None
    """What those tell of strict rates; there where ``pairs`` are."""
    mistakes: tuple[WrongName, ...]
    """The surest first; not all of them when there are many."""
    networks: tuple[ReportedNetwork, ...]
    hashes: FaceSetHashes
    packages: tuple[tuple[str, str], ...]
    """Names and versions of what computed it."""
    with_faces: bool

    @property
    def stale(self) -> bool:
        """Photos or names changed since the run."""
        return self.run.revision != self.revision_now

    @property
    def n_errors(self) -> int:
        """How many test faces were given to the wrong person."""
        return self.predictions.evaluation.n_test - self.predictions.evaluation.n_correct
