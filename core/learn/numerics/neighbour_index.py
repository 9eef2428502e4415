"""Nearest neighbours among very many vectors: an inverted file, of which a probe looks into the nearest cells only.

Each vector belongs to the cell of the centre that it is most like; centres are fitted by k-means on the sphere, on a
sample. The vectors of a cell stand together, so that a cell is one run of a file that need not be in memory. What a
probe looks into is compared exactly; missed is a neighbour whose cell was not looked into.

Why this and not a graph (HNSW of usearch or faiss), with figures: ``docs/performance.md``, *Neighbours*.

References
----------
Sivic, Zisserman, "Video Google: A Text Retrieval Approach to Object Matching in Videos", ICCV 2003 (inverted files).
Jegou, Douze, Schmid, "Product Quantization for Nearest Neighbor Search", IEEE TPAMI 33, 2011 (cells and probes).
Dhillon, Modha, "Concept Decompositions for Large Sparse Text Data Using Clustering", Machine Learning 42, 2001 (k-means
on the sphere).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Floats, Ints, Vectors
from core.base.vectors import normalise_rows
from core.learn.numerics.blas import one_blas_thread
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.labels import sum_by_label
from core.learn.numerics.unit_vectors import cosines_to_distances

CELLS_PER_ROOT = 8
"""Cells for each of the square root of n: comparing a probe with the centres takes about as long as with the vectors of
the cells that it looks into."""
PROBED_VECTORS = 20_000
"""About so many vectors are looked into, whatever their number: of a million those of 160 cells. Where people have few
faces, the nearest are strangers and lie in many cells: of 100,000 vectors, two a person, a fifth has to be looked into.
"""
SAMPLED_PER_CELL = 24
ROUNDS = 4
"""Of k-means; more move the centres and find no more neighbours."""
_FITTING_SHARE = 0.6
"""Roughly the part of the time that fitting the centres takes, against dealing all vectors into cells."""
_BLOCK_ROWS = 2048


@dataclass(frozen=True, slots=True, eq=False)
class NeighbourIndex:
    """Vectors by the cells that they lie in; its arrays may be maps of a file."""

    centres: Vectors
    """(n_cells, dimension) float32, unit length"""
    starts: Ints
    """(n_cells + 1,) where each cell's vectors begin"""
    vectors: Vectors
    """(n, dimension) float32, unit length, those of a cell together"""
    rows: Ints
    """(n,) which row each vector was, when the index was built"""

    def nearest(self, probe: Vectors, k: int, is_counted: Bools | None = None) -> tuple[Ints, Floats]:
        """Find the k vectors most like one, almost always all of them.

        Parameters
        ----------
        probe : (dimension,) float32, unit length
        is_counted : (n,) rows, as they were when the index was built, that may be found; all when None

        Returns
        -------
        rows : (at most k,) int64, nearest first
        distances : (at most k,) float32, Euclidean, ascending
        """
        # A product for every cell: with two threads, which wait for each other in each, it takes ten times as long on a
        # busy machine.
        with one_blas_thread():
            order = np.argsort(-(self.centres @ probe))
            n_cells = max(1, PROBED_VECTORS * len(order) // len(self.rows))
            rows, cosines = self._compare(probe, order[:n_cells], is_counted)
            # Where few vectors count, the cells looked into may hold fewer than k of them.
            while len(rows) < k and n_cells < len(order):
                n_cells *= 4
                rows, cosines = self._compare(probe, order[:n_cells], is_counted)
        best = np.argpartition(-cosines, k - 1)[:k] if len(rows) > k else np.arange(len(rows))
        # So that equal distances come in the order of the rows, as in an exact search.
        best = best[np.lexsort((rows[best], -cosines[best]))]
        # In double precision, as where all are compared: 2 - 2 cos of two that are nearly one is lost in a float32.
        distances = cosines_to_distances(cosines[best].astype(np.float64))
        return rows[best], distances.astype(np.float32)

    def _compare(self, probe: Vectors, cells: Ints, is_counted: Bools | None) -> tuple[Ints, Floats]:
        # In the order of the file: a disk reads ahead.
        runs = [slice(self.starts[cell], self.starts[cell + 1]) for cell in np.sort(cells).tolist()]
        rows = np.concatenate([self.rows[run] for run in runs]).astype(np.int64)
        cosines = np.concatenate([self.vectors[run] @ probe for run in runs])
        if is_counted is not None:
            counted = is_counted[rows]
            rows, cosines = rows[counted], cosines[counted]
        return rows, cosines


def build_neighbour_index(vectors: Vectors, seed: int = 0, progress: Progress = UNWATCHED) -> NeighbourIndex:
    """Fit centres and deal the vectors into their cells; the same vectors and seed give the same index.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length, one at least
    progress : told the finished share, several times a second
    """
    n_cells = max(1, min(len(vectors), int(CELLS_PER_ROOT * np.sqrt(len(vectors)))))
    centres = _fit_centres(vectors, n_cells, seed, progress.part(0.0, _FITTING_SHARE))
    cells = _nearest_centres(vectors, centres, progress.part(_FITTING_SHARE, 1.0))
    rows = np.argsort(cells, kind="stable")
    starts = np.searchsorted(cells[rows], np.arange(n_cells + 1))
    return NeighbourIndex(centres=centres, starts=starts, vectors=vectors[rows], rows=rows)


def _fit_centres(vectors: Vectors, n_cells: int, seed: int, progress: Progress) -> Vectors:
    rng = np.random.default_rng(seed)
    n_sampled = min(len(vectors), n_cells * SAMPLED_PER_CELL)
    sample = vectors[np.sort(rng.choice(len(vectors), n_sampled, replace=False))]
    centres = sample[np.sort(rng.choice(n_sampled, n_cells, replace=False))]
    for number in range(ROUNDS):
        cells = _nearest_centres(sample, centres, progress.part(number / ROUNDS, (number + 1) / ROUNDS))
        sums = sum_by_label(sample, cells, n_cells)
        # A cell that nobody is in keeps its centre: it has no mean.
        filled = np.linalg.norm(sums, axis=1) > 0
        centres[filled] = normalise_rows(sums[filled])
    return centres


def _nearest_centres(vectors: Vectors, centres: Vectors, progress: Progress) -> Ints:
    cells = np.empty(len(vectors), dtype=np.int64)
    for block in row_blocks(len(vectors), _BLOCK_ROWS):
        progress.advance(block.start / len(vectors))
        cells[block] = (vectors[block] @ centres.T).argmax(axis=1)
    return cells
