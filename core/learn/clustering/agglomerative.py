"""Groups of faces that are probably one person each, found without any name.

Faces are joined as the evidence says. A person's faces are taken to lie around a centre of their own, m ~ N(0, t),
each face at m + N(0, s). Then the ratio of the likelihoods "one person" and "two people" of two sets of faces depends
only on how many they are, on the lengths of their sums, and on s / t. Beginning with single faces, the two sets with
the largest evidence are joined, and so on; where the evidence ends, the groups are done. This is agglomerative
clustering with a PLDA score, as used for telling speakers apart. Against a limit on distances it has two advantages:
a set of many faces knows its centre better than one face does, and it is harder to convince that another large set is
the same person.

Pairwise F on lfw-dev (1,027 faces of 79 people): 0.994 here, with no wrong pair; HDBSCAN 0.992 with at least 3 faces a
group; average linkage 0.980 at the best distance, which only the labels tell, and 0.86 at 0.62, where the
sample is best; DBSCAN 0.952 at its best. With 150 strangers of one photo each among them: 0.985, HDBSCAN 0.970.

The default threshold comes from no label of lfw-dev (the method, and the weight of followers, were compared on it).
The only constant of the model is s / t, and ``TYPICAL_COSINE`` gives it: the mean cosine of two photos of a person,
measured on the sample, five other people in other photos. The default is where the evidence is even. It is not
delicate: typical cosines from 0.46 to 0.71, and likewise thresholds from 0.40 to 1.00, give 0.979 to 0.997 on lfw-dev.

Thresholds are distances (1 - cosine), of the only case where evidence is one: the distance of two single faces with
the same evidence. Sets of faces are joined when the evidence for it is that of two single faces at the threshold.

All thresholds are answered by one hierarchy, which is made once. It takes candidates from the 16 nearest neighbours
of each face, and again of each set that has come out, so the work is little beside that of finding neighbours. Of very
many faces these are nearly all of the nearest (``core.learn.numerics.neighbour_graph``): what is missed are far ones,
and figures stay the same to the third digit.

Faces that show badly look like one another. As followers they join a set of others, with half the evidence of a face,
without moving its centre or bringing in others: on lfw-dev with half of the photos shrunk to between a quarter and an
eighth F is 0.824 so and 0.545 otherwise; with half of them shrunk to between a third and a fifth, 0.985 and 0.949.

References
----------
Ioffe, "Probabilistic Linear Discriminant Analysis", ECCV 2006.
Heller, Ghahramani, "Bayesian Hierarchical Clustering", ICML 2005.
Ankerst et al., "OPTICS: Ordering Points To Identify the Clustering Structure", SIGMOD 1999 (a hierarchy as an order
with the distances between neighbours in it).
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Doubles, Ints, Vectors
from core.learn.numerics.neighbours import nearest_neighbours

TYPICAL_COSINE = 0.63
"""Mean cosine of two photos of one person: the mean over the people of the sample (117 photos, 5 people)."""
_RATIO = 1 / TYPICAL_COSINE - 1
"""Spread of a person's faces, in units of the spread of people."""
_SCALE = (1 + _RATIO) / (2 * _RATIO)
_PER_COSINE = 2 * _SCALE / (2 + _RATIO)
"""How much the evidence of two single faces grows with their cosine."""

NEIGHBOURS = 16
FOLLOWER_WEIGHT = 0.5
SMALLEST = 2
"""Faces of the smallest group; fewer are nobody's."""
FARTHEST = 1.0
_STAGES = ((0.4, 0.85), (0.6, 0.9), (0.8, 0.95), (FARTHEST, 1.0))
"""Up to each of these distances sets are joined; then the neighbours of what has come out are found anew. With it the
share of the work that is done by then."""
_WATCHED_STEPS = 256


def _support(weights: Doubles, squares: Doubles) -> Doubles:
    """Log-likelihood of sets that are one person each, by the faces in them and the squared length of their sum.

    In units of the dimension, which every comparison shares; terms that no comparison changes are left out.
    """
    return np.asarray(_SCALE * squares / (weights + _RATIO) - np.log1p(weights / _RATIO) / 2, dtype=np.float64)


def _even_cosine() -> float:
    """The cosine of two single faces at which one person is as likely as two."""
    single, pair = _support(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
    return float(1 - (pair - 2 * single) / _PER_COSINE)


DEFAULT_THRESHOLD = round(1 - _even_cosine(), 4)


def evidence_to_distance(evidence: float | Doubles) -> Doubles:
    """The distance of two single faces with this evidence of being one person."""
    return np.asarray(DEFAULT_THRESHOLD - np.asarray(evidence) / _PER_COSINE, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Hierarchy:
    """The groups at every threshold: an order in which each of them is a run of neighbours."""

    order: Ints
    """(n,) row numbers"""
    joins: Doubles
    """(n - 1,) the threshold from which on a row of ``order`` and the next are one group; inf where they never are"""

    def only(self, members: Bools) -> Hierarchy:
        """The same hierarchy without some rows, which are numbered anew.

        Parameters
        ----------
        members : (n,) by row number, the rows that stay
        """
        positions = np.flatnonzero(members[self.order])
        # A running count gives the rows that stay their new numbers in one pass.
        new_row = np.cumsum(members) - 1
        # Two rows that become neighbours were one group only once every join between them had happened.
        joins = np.maximum.reduceat(self.joins, positions[:-1]) if len(positions) > 1 else self.joins[:0]
        # The last run of reduceat would reach to the end, past the row that it belongs to.
        if len(positions) > 1:
            joins[-1] = self.joins[positions[-2] : positions[-1]].max()
        return Hierarchy(new_row[self.order[positions]], joins)

    def keep_apart(self, pairs: Iterable[tuple[int, int]]) -> Hierarchy:
        """The same hierarchy with these pairs of rows never in one group: it is cut where they were joined last."""
        position = np.empty(len(self.order), dtype=np.int64)
        position[self.order] = np.arange(len(self.order))
        joins = self.joins.copy()
        for pair in pairs:
            first, last = sorted(int(position[row]) for row in pair)
            # Cutting the last join between the two leaves every surer group as it was.
            joins[first + int(joins[first:last].argmax())] = np.inf
        return Hierarchy(self.order, joins)

    def labels(self, threshold: float) -> Ints:
        """(n,) the group of each row at a threshold, the largest group first, -1 for rows in none."""
        if not len(self.order):
            return np.empty(0, dtype=np.int64)
        # A join beyond the threshold is where one group ends and the next begins.
        run = np.concatenate([[0], np.cumsum(self.joins > threshold)])
        sizes = np.bincount(run)
        rank = np.empty(len(sizes), dtype=np.int64)
        rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
        labels = np.empty(len(self.order), dtype=np.int64)
        labels[self.order] = np.where(sizes[run] >= SMALLEST, rank[run], -1)
        return labels

    def counts(self, thresholds: Doubles) -> tuple[Ints, Ints]:
        """How many groups there are at some thresholds, and how many rows in none; in a millisecond.

        Returns
        -------
        groups, alone : two of the shape of ``thresholds``
        """
        n = len(self.order)
        # Beyond either end there is nobody to be joined with.
        sides = np.concatenate([[np.inf], self.joins, [np.inf]])
        # A row is in no group until the nearer of its two joins; sorted once, every threshold is one search.
        first_join = np.sort(np.minimum(sides[:-1], sides[1:]))[:n]
        alone = n - np.searchsorted(first_join, thresholds, side="right")
        sets = n - np.searchsorted(np.sort(self.joins), thresholds, side="right")
        return np.asarray(sets - alone), np.asarray(alone)


def grow_hierarchy(
    vectors: Vectors,
    *,
    followers: Bools | None = None,
    apart: Sequence[tuple[int, int]] = (),
    progress: Progress = UNWATCHED,
) -> Hierarchy:
    """Join faces to groups, from the surest to the boldest.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    followers : (n,) faces that may join a group, but neither found one nor shape it; none by default
    apart : pairs of rows that are two people: no group holds both
    progress : told the finished share, several times a second
    """
    growth = _Growth(vectors, np.zeros(len(vectors), dtype=bool) if followers is None else followers, apart)
    share_before = 0.0
    for farthest, share_done in _STAGES:
        growth.stage(farthest, progress.part(share_before, share_done))
        share_before = share_done
    return growth.hierarchy()


class _Growth:
    """Sets of faces being joined. A set has the number of one of its faces, its head.

    The next two sets to join are on top of a heap, where every set has an entry for its best partner. An entry may
    be out of date when it comes up: then it is looked for anew. That is enough, because a set that changes enters anew
    with the best of all its partners, so no pair is better than the entries of both sides.
    """

    def __init__(self, vectors: Vectors, followers: Bools, apart: Sequence[tuple[int, int]]) -> None:
        n = len(vectors)
        self.weights = np.where(followers, FOLLOWER_WEIGHT, 1.0)
        self.sums = vectors * self.weights[:, None].astype(np.float32)
        self.squares = self.weights**2
        self.support = _support(self.weights, self.squares)
        self.followers = followers
        self.head = np.arange(n)
        """Of each face a step towards its set's head; heads point at themselves."""
        self.sizes = np.ones(n, dtype=np.int64)
        self.version = np.zeros(n, dtype=np.int64)
        self.partners: list[Ints] = [np.empty(0, dtype=np.int64)] * n
        """Faces whose sets may be joined to this one; out of date but never short of one."""
        self.apart: dict[int, list[int]] = defaultdict(list)
        for first, second in apart:
            self.apart[first].append(second)
            self.apart[second].append(first)
        # Chains of faces, one a set: what will be the order.
        self.last = np.arange(n)
        self.next = np.full(n, -1)
        self.joined = np.full(n, np.inf)
        """Of a face, the distance at which its chain went on to ``next``."""
        self.reach = np.full(n, -np.inf)
        """Of a head, the largest distance at which anything in the set was joined."""

    def stage(self, farthest: float, progress: Progress) -> None:
        """Join all sets up to a distance."""
        heads = np.flatnonzero(self.head == np.arange(len(self.head)))
        # Sets that have grown have new centres: neighbours found for single faces would miss their partners now.
        self._meet(heads, progress.part(0.0, 0.5))
        least = (DEFAULT_THRESHOLD - farthest) * _PER_COSINE
        heap: list[tuple[float, int, int, int, int]] = []
        for head in heads.tolist():
            self._enter(heap, head, least)
        steps, expected = 0, max(1, len(heads))
        while heap:
            evidence, first, second, *versions = heapq.heappop(heap)
            # The set changed after this entry was made and has entered anew since: this one is a leftover.
            if self.version[first] != versions[0]:
                continue
            # Where only the partner changed, the evidence is stale: no join, but the set is looked up again.
            if self.version[second] == versions[1]:
                first = self._join(first, second, float(evidence_to_distance(-evidence)))
            self._enter(heap, first, least)
            steps += 1
            if steps % _WATCHED_STEPS == 0:
                # How many steps there will be is unknown: three a set would fill this half, and it never shows more.
                progress.advance(min(1.0, 0.5 + steps / (6 * expected)))

    def _meet(self, heads: Ints, progress: Progress) -> None:
        """Make sets partners whose centres are neighbours."""
        # Unit length, so that the largest inner product is the nearest centre.
        centres = self.sums[heads] / np.sqrt(self.squares[heads])[:, None].astype(np.float32)
        neighbours = heads[nearest_neighbours(centres, NEIGHBOURS, progress)]
        heads_of_pairs = np.repeat(heads, neighbours.shape[1])
        # Being a neighbour is not mutual, and either side may be the one that offers the join: enter both ways.
        givers = np.concatenate([heads_of_pairs, neighbours.ravel()])
        candidates = np.concatenate([neighbours.ravel(), heads_of_pairs])
        order = np.argsort(givers, kind="stable")
        bounds = np.searchsorted(givers[order], heads)
        candidates = candidates[order]
        for head, (start, end) in zip(heads.tolist(), pairwise([*bounds.tolist(), len(candidates)]), strict=True):
            self.partners[head] = np.concatenate([self.partners[head], candidates[start:end]])

    def _enter(self, heap: list[tuple[float, int, int, int, int]], head: int, least: float) -> None:
        """Put a set on the heap with its best partner, if the evidence for any is enough."""
        evidence, partner = self._best(head)
        if evidence >= least:
            versions = int(self.version[head]), int(self.version[partner])
            heapq.heappush(heap, (-evidence, head, partner, *versions))

    def _best(self, head: int) -> tuple[float, int]:
        """The evidence for the best partner of a set, and its head."""
        # Partners are kept as faces, whose sets have moved on: only their heads now count, each once.
        partners = np.unique(self._heads_of(self.partners[head]))
        partners = partners[partners != head]
        self.partners[head] = partners
        # Two followers must not found a group: nobody in it would say who it is.
        if self.followers[head]:
            partners = partners[~self.followers[partners]]
        if head in self.apart:
            # A set is apart from another as soon as any face of it is, so the check is by heads.
            partners = partners[~np.isin(partners, self._heads_of(np.array(self.apart[head])))]
        if not len(partners):
            return -np.inf, -1
        weights = self.weights[head] + self.weights[partners]
        products = self.sums[partners] @ self.sums[head]
        # |a + b|^2 from what is known of both: no sum of vectors is formed for pairs that are not joined.
        squares = self.squares[head] + self.squares[partners] + 2 * products
        evidence = _support(weights, squares) - self.support[head] - self.support[partners]
        best = int(evidence.argmax())
        return float(evidence[best]), int(partners[best])

    def _heads_of(self, faces: Ints) -> Ints:
        heads = self.head[faces]
        while True:
            further = self.head[heads]
            if np.array_equal(further, heads):
                return heads
            heads = further

    def _join(self, first: int, second: int, distance: float) -> int:
        """Make two sets one; the head of it."""
        survivor, absorbed = (first, second) if self._rank(first) >= self._rank(second) else (second, first)
        # Evidence may rise again after a join; a threshold must never divide what a smaller one joined.
        reach = max(distance, self.reach[survivor], self.reach[absorbed])
        self.joined[self.last[survivor]], self.next[self.last[survivor]] = reach, absorbed
        self.last[survivor], self.reach[survivor] = self.last[absorbed], reach
        self.head[absorbed] = survivor
        self.sizes[survivor] += self.sizes[absorbed]
        # Entries of both on the heap are out of date from now on.
        self.version[[survivor, absorbed]] += 1
        # A follower joins without moving the centre, or blurred faces would pull sets together.
        if not self.followers[absorbed]:
            self._add(survivor, absorbed)
        if absorbed in self.apart:
            self.apart[survivor] += self.apart.pop(absorbed)
        self.partners[absorbed] = self.partners[absorbed][:0]
        return survivor

    def _rank(self, head: int) -> tuple[bool, int]:
        """Of two sets the one of higher rank takes the other in."""
        return not self.followers[head], int(self.sizes[head])

    def _add(self, survivor: int, absorbed: int) -> None:
        """Let the faces of a set count in another."""
        self.sums[survivor] += self.sums[absorbed]
        self.weights[survivor] += self.weights[absorbed]
        # In double precision: rounding of a long float32 sum would come back as evidence.
        self.squares[survivor] = self.sums[survivor].astype(np.float64) @ self.sums[survivor]
        self.support[survivor] = _support(self.weights[survivor], self.squares[survivor])
        self.partners[survivor] = np.concatenate([self.partners[survivor], self.partners[absorbed]])

    def hierarchy(self) -> Hierarchy:
        """What was joined so far."""
        order: list[int] = []
        following = self.next.tolist()
        for head in np.flatnonzero(self.head == np.arange(len(self.head))).tolist():
            face = head
            while face >= 0:
                order.append(face)
                face = following[face]
        rows = np.array(order, dtype=np.int64)
        return Hierarchy(rows, self.joined[rows[:-1]])
