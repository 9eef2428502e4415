"""How alike two sets of faces are: the cosine of their true centres, as far as their faces tell.

The mean of a few faces is off the person's true centre, so the cosine of two means is too small, the more so the fewer
faces there are and the more they differ. What it would be is known: the mean cosine between the sets, over the
geometric mean of the mean cosines within them (Spearman's correction for attenuation). Within small sets that mean is
drawn towards the typical one.

On lfw-dev with every person's photos dealt into two halves, the halves of one person come to at least 0.99 (half of
them to 1.08 and more; it is an estimate), two people of several photos to at most 0.78.

References
----------
Spearman, "The Proof and Measurement of Association between Two Things", American Journal of Psychology 15, 1904.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.base.types import Floats, Ints, Vectors
from core.learn.clustering.agglomerative import TYPICAL_COSINE
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.neighbours import neighbour_pairs

_PRIOR_FACES = 3
"""So many faces' worth the typical cosine counts in that within a set."""
_LEAST_WITHIN = 0.05
_SETS_AT_ONCE = 128
"""Whose similarities to all others are in memory at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Centres:
    """Where sets of faces lie."""

    means: Floats
    """(k, dimension) float32: not of unit length, the shorter the more the set spreads"""
    sizes: Ints
    """(k,)"""

    @classmethod
    def of(cls, vectors: Vectors, labels: Ints, k: int) -> Centres:
        """The centres of sets 0 to k - 1, none of them empty; rows of other labels are left out."""
        # Imported here, as the start of the program need not wait for it.
        from scipy.sparse import csr_array

        rows = np.flatnonzero((labels >= 0) & (labels < k))
        rows = rows[np.argsort(labels[rows], kind="stable")]
        sizes = np.bincount(labels[rows], minlength=k)
        ends = np.concatenate([[0], np.cumsum(sizes)])
        members = csr_array((np.ones(len(rows), np.float32), rows, ends), shape=(k, len(vectors)))
        return cls((members @ vectors / sizes[:, None]).astype(np.float32), sizes)

    @property
    def tightness(self) -> Floats:
        """(k,) mean cosine of a set's faces with its mean: 1 for copies."""
        return np.asarray(np.linalg.norm(self.means, axis=1), dtype=np.float32)

    def followed_by(self, more: Centres) -> Centres:
        """These sets and then the others."""
        return Centres(np.concatenate([self.means, more.means]), np.concatenate([self.sizes, more.sizes]))

    def corrected(self) -> Floats:
        """(k, dimension) means whose inner products are the similarities of the true centres."""
        squares = np.einsum("ij,ij->i", self.means, self.means, dtype=np.float64)
        faces = self.sizes.astype(np.float64)
        # n * squared length - 1 is (n - 1) times the mean cosine of two different faces.
        within = (_PRIOR_FACES * TYPICAL_COSINE + faces * squares - 1) / (_PRIOR_FACES + faces - 1)
        scale = 1 / np.sqrt(np.maximum(within, _LEAST_WITHIN))
        return np.asarray(self.means * scale[:, None].astype(np.float32))


def centre_similarity(centres: Centres, first: int, second: int) -> float:
    """How alike two of the sets are: about 1 for one person."""
    corrected = centres.corrected()
    return float(corrected[first] @ corrected[second])


def find_sets_like(centres: Centres, first: int, neighbours: int, least: float) -> tuple[Ints, Floats]:
    """Pairs of one of the ``first`` sets and another one that is among its most alike: of very many sets, in no time.

    Parameters and what comes back are those of ``find_similar_sets``.
    """
    corrected, k = centres.corrected(), min(neighbours, len(centres.sizes) - 1)
    pairs, values = [np.zeros((0, 2), np.int64)], [np.zeros(0, np.float32)]
    for block in row_blocks(first if k > 0 else 0, _SETS_AT_ONCE):
        products = corrected[block] @ corrected.T
        products[np.arange(len(products)), np.arange(block.start, block.stop)] = -np.inf
        # Those that are alike at all are few; picking the most alike of everybody takes longer than the products.
        rows, others = np.nonzero(products >= least)
        similarities = products[rows, others]
        by_row = np.lexsort((-similarities, rows))
        starts = np.searchsorted(rows, rows)
        nearest = by_row[np.arange(len(rows)) - starts < k]
        pairs.append(np.sort(np.stack([rows[nearest] + block.start, others[nearest]], axis=1), axis=1))
        values.append(similarities[nearest])
    # A pair of two of the first comes from both sides.
    distinct, firsts = np.unique(np.concatenate(pairs), axis=0, return_index=True)
    similarities = np.concatenate(values)[firsts]
    order = np.argsort(-similarities, kind="stable")
    return distinct[order], similarities[order]


def find_similar_sets(centres: Centres, neighbours: int, least: float) -> tuple[Ints, Floats]:
    """Pairs of sets that are alike, the most alike first.

    Parameters
    ----------
    neighbours : for every set so many of the most alike are looked at
    least : smallest similarity

    Returns
    -------
    pairs : (m, 2) int64, the smaller number first
    similarities : (m,) float32
    """
    pairs, values = neighbour_pairs(centres.corrected(), neighbours)
    order = np.argsort(-values, kind="stable")
    order = order[values[order] >= least]
    return pairs[order], values[order]
