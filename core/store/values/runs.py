"""The values of runs and maps, as they are stored."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from core.base.types import Revision
from core.learn.metrics.run_values import RunMetrics, RunParams
from core.learn.projection.map_values import MapParams


@dataclass(frozen=True, slots=True)
class Run:
    """A trained and measured classifier."""

    id: str
    dataset_id: str
    created: float
    revision: Revision
    model_id: str
    params: RunParams
    metrics: RunMetrics
    seconds: float


@dataclass(frozen=True, slots=True)
class DamagedRun:
    """A run whose stored values cannot be."""

    id: str
    dataset_id: str
    created: float | None
    fault: str
    """What cannot be, in words."""


class RunKey(Protocol):
    """What the files of a run, damaged or not, are found by."""

    @property
    def id(self) -> str:
        """Of the run, and of its artifacts."""

    @property
    def dataset_id(self) -> str:
        """The dataset among whose artifacts they lie."""


@dataclass(frozen=True, slots=True)
class MapInfo:
    """A stored projection of the embeddings."""

    id: str
    dataset_id: str
    revision: Revision
    method: str
    params: MapParams = field(default_factory=MapParams)
    created: float = 0.0
    seconds: float = 0.0
