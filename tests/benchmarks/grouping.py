"""Groups very many synthetic faces, and says how long it takes, in how much memory, and how right it is::

    python -m tests.benchmarks.grouping --faces 1000000 [--people 50000] [--strangers 0.1] [--exact]

The faces of each person are as alike as on lfw-dev (``synthetic``), a few people have very many, and a share of the
faces are of strangers with one photo each. With ``--exact`` every face is held against every other, as few faces are.
Times are of the processor: on two cores the clock shows half as much at best.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.base.types import Floats, Ints, Vectors
from core.learn.clustering.agglomerative import DEFAULT_THRESHOLD, grow_hierarchy
from core.learn.numerics import neighbours
from tests.benchmarks.synthetic import DIMENSION, vectors_of

SPREAD_OF_COUNTS = 1.0
"""Of the logarithm of how many faces a person has."""
PEOPLE_AT_ONCE = 5000
THRESHOLDS = (0.4, 0.5, DEFAULT_THRESHOLD)


@dataclass(frozen=True, slots=True)
class GroupingFigures:
    """How right groups are: of pairs of faces, and of each face (B-cubed)."""

    f: float
    precision: float
    recall: float
    bcubed_f: float
    bcubed_precision: float
    bcubed_recall: float
    groups: int
    """Of two faces and more."""


def draw_people(n_faces: int, n_people: int, stranger_share: float, seed: int = 0) -> Ints:
    """Deal faces to people, and some to a stranger each: (n_faces,), mixed."""
    rng = np.random.default_rng(seed)
    sizes = rng.lognormal(0, SPREAD_OF_COUNTS, n_people)
    n_strangers = int(n_faces * stranger_share)
    dealt = rng.choice(n_people, n_faces - n_strangers - n_people, p=sizes / sizes.sum())
    return rng.permutation(np.concatenate([np.arange(n_people + n_strangers), dealt]))


def draw_vectors(people: Ints) -> Vectors:
    """A face of each, some thousand people at a time: all at once would need more memory than grouping them."""
    vectors = np.empty((len(people), DIMENSION), dtype=np.float32)
    order = np.argsort(people, kind="stable")
    for first in range(0, int(people.max()) + 1, PEOPLE_AT_ONCE):
        start, end = np.searchsorted(people[order], [first, first + PEOPLE_AT_ONCE])
        rows = order[start:end]
        vectors[rows] = vectors_of(people[rows] - first, PEOPLE_AT_ONCE, seed=first)
    return vectors


def measure_groups(labels: Ints, people: Ints) -> GroupingFigures:
    """Hold groups against who it is; a face in no group counts as a group of its own."""
    is_alone = labels < 0
    groups = np.where(is_alone, labels.max(initial=-1) + np.cumsum(is_alone), labels)
    # Faces that a group and a person share, of the pairs of both that share any: nothing is as large as the square.
    _, cell, shared = np.unique(groups * (people.max() + 1) + people, return_inverse=True, return_counts=True)
    in_group, of_person = np.bincount(groups), np.bincount(people)
    precision, recall = (_pairs(shared) / max(1.0, _pairs(sizes)) for sizes in (in_group, of_person))
    bcubed = [float((shared[cell] / sizes).mean()) for sizes in (in_group[groups], of_person[people])]
    return GroupingFigures(
        f=_harmonic_mean(precision, recall),
        precision=precision,
        recall=recall,
        bcubed_f=_harmonic_mean(*bcubed),
        bcubed_precision=bcubed[0],
        bcubed_recall=bcubed[1],
        groups=int((in_group > 1).sum()),
    )


def _pairs(sizes: Ints) -> float:
    return float((sizes.astype(np.float64) * (sizes - 1) / 2).sum())


def _harmonic_mean(first: float, second: float) -> float:
    return 2 * first * second / (first + second)


def measure_grouping(vectors: Floats, people: Ints) -> dict[str, object]:
    """Group the faces; times in seconds, memory in bytes."""
    drawn_bytes = _peak_bytes()
    began, began_processor = time.monotonic(), time.process_time()
    hierarchy = grow_hierarchy(vectors)
    return {
        "faces": len(vectors),
        "seconds": round(time.monotonic() - began, 1),
        "processor_seconds": round(time.process_time() - began_processor, 1),
        "peak_bytes": _peak_bytes(),
        "peak_bytes_before": drawn_bytes,
        "figures": {
            f"{threshold:.2f}": asdict(measure_groups(hierarchy.labels(threshold), people)) for threshold in THRESHOLDS
        },
    }


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faces", type=int, default=100_000)
    parser.add_argument("--people", type=int, help="a twentieth of the faces by default")
    parser.add_argument("--strangers", type=float, default=0.1, help="share of the faces")
    parser.add_argument("--exact", action="store_true")
    options = parser.parse_args(words)
    if options.exact:
        neighbours.EXACT_ROWS = options.faces
    people = draw_people(options.faces, options.people or options.faces // 20, options.strangers)
    print(json.dumps(measure_grouping(draw_vectors(people), people), indent=2))


if __name__ == "__main__":
    main()
