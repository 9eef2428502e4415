"""The tasks about files that are no photos. What they need is loaded when one is asked for: most children never are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.formats import bundle, correction_log, tables, xmp
from core.isolation.channel import Block

Answer = tuple[dict[str, Any], Sequence[Block]]


def parse_vectors(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    """Face ids and vectors of a Parquet or npz file."""
    embeddings = tables.read_vectors(Path(arguments["path"]), arguments["most_faces"])
    header = {"face_ids": embeddings.face_ids, "model_id": embeddings.model_id}
    return {**header, "shape": embeddings.vectors.shape}, [embeddings.vectors]


def parse_sidecar(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    """What XMP documents say of faces."""
    sidecar = xmp.decode_sidecar(*(bytes(block) for block in blocks))
    regions = [[*region.area.as_tuple(), region.name] for region in sidecar.regions]
    refused = [[refusal.name, refusal.reason] for refusal in sidecar.refused]
    return {**asdict(sidecar), "regions": regions, "refused": refused}, []


def check_log(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    """Read a correction log to its end."""
    with Path(arguments["path"]).open("rb") as file:
        return {"lines": sum(1 for _ in correction_log.parse_log(file))}, []


def check_bundle(arguments: dict[str, Any], blocks: Sequence[memoryview]) -> Answer:
    """Read a bundle with all its parts."""
    _, digest = bundle.read_bundle_file(Path(arguments["path"]))
    return {"sha256": digest}, []
