"""Measures the index of the faces: its making, its times, and its neighbours against the exact ones::

    python -m tests.benchmarks.neighbours [--faces 1000000] [--people 50000] [--probes 500]

Nothing is stored but one file in a temporary folder, which is mapped as pages map it. Vectors behave as those of
``tests.benchmarks.synthetic``: two faces of one person are as alike as on lfw-dev. Probes are further faces of the same
people. Times are of the processor too, as the clock's say little on a machine that others use.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.base.face_table import Embeddings
from core.base.types import Ints, Vectors
from core.learn.numerics.neighbour_index import build_neighbour_index
from core.learn.numerics.neighbours import nearest_in_gallery
from core.store.columns.array_file import map_arrays
from core.workflows.neighbours import face_index
from tests.benchmarks.synthetic import vectors_of

NEAREST = 10
AT_ONCE = 100_000


def draw_faces(n_faces: int, n_people: int) -> tuple[Vectors, Ints]:
    """Faces dealt to people in turn, in parts, as all random numbers at once would fill the memory."""
    labels = np.arange(n_faces, dtype=np.int64) % n_people
    vectors = np.empty((n_faces, 128), dtype=np.float32)
    for first in range(0, n_people, AT_ONCE // 20):
        rows = np.flatnonzero((labels >= first) & (labels < first + AT_ONCE // 20))
        people, own = np.unique(labels[rows], return_inverse=True)
        vectors[rows] = vectors_of(own, len(people), seed=1 + first)
    return vectors, labels


def measure_index(n_faces: int, n_people: int, n_probes: int) -> dict[str, object]:
    """Build, file and search times, and the share of the exact neighbours that is found."""
    vectors, _ = draw_faces(n_faces + n_probes, n_people)
    gallery, probes = vectors[:n_faces], vectors[n_faces:]
    exact = np.concatenate(
        [nearest_in_gallery(probes[row : row + 16], gallery, NEAREST)[0] for row in range(0, n_probes, 16)]
    )
    clock, processor = time.monotonic(), time.process_time()
    index = build_neighbour_index(gallery)
    built = {"s": time.monotonic() - clock, "processor_s": time.process_time() - processor}
    embeddings = Embeddings(tuple(f"{number:024x}" for number in range(n_faces)), gallery, "facenet-128")
    content = face_index._to_bytes(embeddings, index, 1)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
    with TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        path.write_bytes(content)
        stored = face_index._from_file(map_arrays(path))
        found: list[Ints] = []
        times = time_each(lambda probe: found.append(stored.index.nearest(probe, NEAREST)[0]), probes)
        recall = np.mean([np.isin(exact[row], found[row + 1]).mean() for row in range(n_probes)])
    compared = time_each(lambda probe: nearest_in_gallery(probe, gallery, NEAREST), probes[:50])
    return {
        "faces": n_faces,
        "build": {**built, "peak_mb": peak_mb, "file_mb": len(content) // 1_000_000, "cells": len(index.centres)},
        "recall_at_10": round(float(recall), 4),
        "index_ms": times,
        "exact_ms": compared,
    }


def time_each(search: Callable[[Vectors], object], probes: Vectors) -> dict[str, float]:
    """Milliseconds of the clock at the median and the 95th percentile, and of the processor on average."""
    search(probes[0])
    processor, clocks = time.process_time(), []
    for probe in probes:
        began = time.perf_counter()
        search(probe)
        clocks.append(1000 * (time.perf_counter() - began))
    busy = 1000 * (time.process_time() - processor) / len(probes)
    return {"p50": float(np.median(clocks)), "p95": float(np.quantile(clocks, 0.95)), "processor": busy}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Measure the index of the faces.")
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--probes", type=int, default=500)
    options = parser.parse_args()
    print(json.dumps(measure_index(options.faces, options.people, options.probes), indent=2))


if __name__ == "__main__":
    main()
