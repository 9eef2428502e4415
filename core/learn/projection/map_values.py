"""How a map was made, and how far it can be believed, as it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from core.base.json_values import Count, Number, Share, StoredValues, Text


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """How far a map can be believed."""

    neighbours: Count
    kept: Share
    """Of the faces nearest on the map, the share that are as near in truth, 0..1."""
    chance: Number
    """What ``kept`` would be by chance."""
    trustworthiness: Number | None = None
    """1 when nobody is a neighbour on the map who is none in truth, the smaller the farther such are; about 0.5 by
    chance. None for maps of earlier versions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapParams(StoredValues):
    """How a map was made. The order of the fields is that of the document."""

    method: Text | None = None
    n_neighbors: Count | None = None
    min_dist: Number | None = None
    seed: Count | None = None
    afresh: bool | None = None
    dimensions: Count = 2
    model_id: Text | None = None
    """Whose vectors it shows; None for maps of earlier versions."""
    faithfulness: Faithfulness | None = None
    """None for too few faces to have neighbours, and in earlier versions."""

    NULLABLE: ClassVar = frozenset({"faithfulness"})
