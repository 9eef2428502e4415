"""The nearest neighbours of every one of very many vectors, and pairs that are alike: nearly all, in little time.

The rows look into the nearest cells of an index, as single probes do. Here the cells are taken one after another, each
with all the rows that look into it, so that the work is products of matrices, and the answers are merged. On 100,000
faces it takes 17 s of the processor where comparing all with all takes 82; figures in ``docs/performance.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import numpy as np

from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Floats, Ints, Vectors
from core.learn.numerics.blas import count_blas_threads, one_blas_thread
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.neighbour_index import NeighbourIndex

PROBED_CELLS = 64
"""Cells that each row looks into. Of 100,000 faces it finds 0.969 of the 16 nearest so, and 0.997 of those of them that
are the same person: what is missed is far, and joins nobody. With 32 it is 0.952 and 0.994."""
_ROWS_AT_ONCE = 1 << 16
"""Which cells they look into, and the best of each so far, is in memory at once, in each thread."""
_PRODUCT_BYTES = 32 << 20
_NEVER = np.float32(-np.inf)

Result = TypeVar("Result")
RowPairs = tuple[Ints, Ints, Floats]
"""Left and right rows, and their inner products, (m,) each."""


def neighbour_graph(index: NeighbourIndex, k: int, progress: Progress = UNWATCHED) -> Ints:
    """The k rows of largest inner product with every row, itself left out, in no order: nearly always.

    Returns
    -------
    (n, k) int64, rows as they were numbered when the index was built; k has to be smaller than n
    """
    graph = np.empty((len(index.rows), k), dtype=np.int64)
    for block, nearest in _search_blocks(index, lambda block: _search(index, block, k), progress):
        graph[index.rows[block]] = index.rows[nearest]
    return graph


def find_similar_pairs(
    index: NeighbourIndex,
    least: float,
    accepts: Callable[[Ints, Ints, Floats], Bools],
    progress: Progress = UNWATCHED,
) -> RowPairs:
    """Nearly all pairs of rows whose inner product is so large, each once, the smaller row first.

    Parameters
    ----------
    least : the smallest product
    accepts : says which of some pairs are kept; called from several threads, so that the others are never in memory

    Returns
    -------
    left, right : (m,) int64, rows as they were numbered when the index was built
    products : (m,) float32
    """
    parts = [
        pairs for _, pairs in _search_blocks(index, lambda block: _pairs_of(index, block, least, accepts), progress)
    ]
    left, right, products = (np.concatenate(column) for column in zip(*parts, strict=True))
    # A pair comes from both sides, where each looks into the other's cell.
    _, first = np.unique(left * len(index.rows) + right, return_index=True)
    return left[first], right[first], products[first]


def _pairs_of(
    index: NeighbourIndex, block: slice, least: float, accepts: Callable[[Ints, Ints, Floats], Bools]
) -> RowPairs:
    """The pairs of rows that follow each other in the index, with all others."""
    probes = index.vectors[block]
    parts = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))]
    for cell, visitors in _Visits.of(_choose_cells(index, probes)).each():
        start, end = index.starts[cell : cell + 2].tolist()
        members = index.vectors[start:end]
        for rows in row_blocks(len(visitors), max(16, _PRODUCT_BYTES // (4 * max(1, len(members))))):
            products = probes[visitors[rows]] @ members.T
            row, column = np.nonzero(products >= least)
            ends = np.stack([index.rows[block][visitors[rows][row]], index.rows[start + column]])
            left, right, alike = ends.min(axis=0), ends.max(axis=0), products[row, column]
            is_kept = (left < right) & accepts(left, right, alike)
            parts.append((left[is_kept], right[is_kept], alike[is_kept]))
    left, right, products = (np.concatenate(column) for column in zip(*parts, strict=True))
    return left, right, products


def _search_blocks(
    index: NeighbourIndex, search: Callable[[slice], Result], progress: Progress
) -> Iterator[tuple[slice, Result]]:
    """Search for all rows, block by block, in several threads."""
    n = len(index.rows)
    blocks = list(row_blocks(n, _ROWS_AT_ONCE))
    # Threads with rows of their own: BLAS, which divides each of many small products among its threads, lets them spin
    # most of the time.
    with one_blas_thread(), ThreadPoolExecutor(count_blas_threads(), thread_name_prefix="graph") as pool:
        searches = [pool.submit(search, block) for block in blocks]
        try:
            for block, running in zip(blocks, searches, strict=True):
                yield block, running.result()
                progress.advance(block.stop / n)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _choose_cells(index: NeighbourIndex, probes: Vectors) -> Ints:
    """The ``PROBED_CELLS`` cells nearest to each probe, the nearest first: (n, n_probed)."""
    centres = index.centres
    n_probed = min(PROBED_CELLS, len(centres))
    cells = np.empty((len(probes), n_probed), dtype=np.int16 if len(centres) < 1 << 15 else np.int32)
    for rows in row_blocks(len(cells), max(16, _PRODUCT_BYTES // (4 * len(centres)))):
        products = probes[rows] @ centres.T
        chosen = np.argpartition(-products, n_probed - 1, axis=1)[:, :n_probed]
        order = np.argsort(-np.take_along_axis(products, chosen, axis=1), axis=1)
        cells[rows] = np.take_along_axis(chosen, order, axis=1)
    return cells


def _search(index: NeighbourIndex, block: slice, k: int) -> Ints:
    """Where the neighbours of some rows stand in the index, which they follow each other in: (rows, k)."""
    search = _Search(index, block, k)
    search.run()
    return search.nearest


@dataclass(frozen=True, slots=True, eq=False)
class _Visits:
    """Which rows look into which cell: pairs of both, the pairs of a cell together."""

    cells: Ints
    """(m,) the cells that anybody looks into"""
    starts: Ints
    """(m + 1,) where the rows of each begin, and the end"""
    rows: Ints

    @classmethod
    def of(cls, probed_cells: Ints) -> _Visits:
        """By the cells that each row looks into, (n, n_probed)."""
        order = np.argsort(probed_cells, axis=None, kind="stable")
        cells, starts = np.unique(probed_cells.ravel()[order], return_index=True)
        return cls(cells, np.append(starts, len(order)), order // probed_cells.shape[1])

    def each(self) -> Iterator[tuple[int, Ints]]:
        """The cells one after another, each with the rows that look into it."""
        for cell, (start, end) in zip(self.cells.tolist(), pairwise(self.starts.tolist()), strict=True):
            yield cell, self.rows[start:end]


class _Search:
    """The neighbours of some rows that follow each other in the index, the best so far."""

    def __init__(self, index: NeighbourIndex, block: slice, k: int) -> None:
        self._index = index
        self._first = block.start
        self._probes = index.vectors[block]
        self.nearest = np.zeros((len(self._probes), k), dtype=np.int64)
        """(rows, k) where the neighbours of each row stand in the index"""
        self._products = np.full((len(self._probes), k), _NEVER)

    def run(self) -> None:
        """Look into the cells that are near; into all there are, where those hold too few."""
        cells = _choose_cells(self._index, self._probes)
        # A row's own cell first: most of what stands in the others is then seen to be farther, and never sorted.
        for probed_cells in (cells[:, :1], cells[:, 1:]):
            for cell, rows in _Visits.of(probed_cells).each():
                self._look_into(cell, rows)
        short = np.flatnonzero(np.isneginf(self._products.min(axis=1)))
        if len(short):
            self._products[short] = _NEVER
            for cell in range(len(self._index.centres)):
                self._look_into(cell, short)

    def _look_into(self, cell: int, rows: Ints) -> None:
        """Hold some rows against everybody in a cell."""
        start, end = self._index.starts[cell : cell + 2].tolist()
        # Copies of one face make one cell of everybody: no product is larger for that.
        for part in row_blocks(len(rows), max(16, _PRODUCT_BYTES // (4 * max(1, end - start)))):
            if end > start:
                self._compare(rows[part], self._index.vectors[start:end], start)

    def _compare(self, rows: Ints, members: Vectors, start: int) -> None:
        products = self._probes[rows] @ members.T
        # Nobody is a neighbour of their own.
        itself = self._first + rows - start
        inside = np.flatnonzero((itself >= 0) & (itself < len(members)))
        products[inside, itself[inside]] = _NEVER
        is_better = products.max(axis=1) > self._products[rows].min(axis=1)
        self._merge(rows[is_better], products[is_better], start)

    def _merge(self, rows: Ints, products: Floats, start: int) -> None:
        """Keep the best of what each row had and what it found."""
        k = self.nearest.shape[1]
        pool = np.concatenate([self._products[rows], products], axis=1)
        best = np.argpartition(-pool, k - 1, axis=1)[:, :k]
        # The first k of the pool are those that it had, the others members of the cell.
        former = np.take_along_axis(self.nearest[rows], np.minimum(best, k - 1), axis=1)
        self.nearest[rows] = np.where(best < k, former, start + best - k)
        self._products[rows] = np.take_along_axis(pool, best, axis=1)
