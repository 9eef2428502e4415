"""What trainings, their measurements and maps work with."""

from __future__ import annotations

from dataclasses import dataclass

from core.store.artifacts import Artifacts
from core.store.protocols import FaceStore, RunStore


@dataclass(frozen=True)
class RunTools:
    """Where faces are read from, and where runs and maps are kept."""

    store: FaceStore
    runs: RunStore
    artifacts: Artifacts
