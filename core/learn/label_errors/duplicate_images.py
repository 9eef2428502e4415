"""Which faces come from one picture, under whatever name: saved again, resized, cropped a little, or exact copies.

What ``splits`` calls one shot (like hashes and alike faces, or all but equal faces) needs no further look. A crop of
5 % moves the hash by up to 24 bits, and a small copy saved badly moves the face as far as another photo of the day
would, so for the pairs that could still be one picture the two crops themselves are compared: laid over each other
(an affine transform found by ECC), details only, in the middle of the crop.

Measured on lfw-dev with 240 planted copies (quality 60; 60 % of the size; 5 % off a corner or off all sides; all
three): ``splits``'s rule alone finds 207. The wider limits here let all 240 through and 895 other pairs; of these the
details correlate at 0.990 or more where it is one picture, and at 0.974 or less where it is another frame of the same
scene.

References
----------
Evangelidis, Psarakis, "Parametric Image Alignment Using Enhanced Correlation Coefficient Maximization", IEEE TPAMI
30, 2008 (ECC, as in OpenCV).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import combinations, pairwise

import cv2
import numpy as np
import numpy.typing as npt

from core.base.progress import UNWATCHED, Progress
from core.base.types import Bools, Floats, Ints, RgbImage, Vectors
from core.learn.near_duplicates import SAME_PICTURE_BITS, SAME_PICTURE_COSINE, SAME_SHOT_COSINE, hamming_distance
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.labels import connect_rows, rows_by_value
from core.learn.numerics.neighbour_graph import find_similar_pairs
from core.learn.numerics.neighbour_index import build_neighbour_index

MAYBE_COSINE = 0.85
WIDEST_BITS = 26
LIKELY_COSINE = 0.96
"""Two faces may be one picture from ``MAYBE_COSINE`` on within ``WIDEST_BITS``, and from here on whatever the hash."""
LIKE_HASH_COSINE = 0.5
"""Where the hash says that it is one picture, the face may have been found at another size, and be this unlike."""
SAME_DETAILS, NEARLY_ALIKE = 0.982, 0.8
MOST_LOOKED_AT = 40_000
"""Pairs whose crops are compared at most, the likeliest first: at 2 ms each, a minute on two threads."""
COMPARED_PX = 64
_MIDDLE = slice(COMPARED_PX // 6, COMPARED_PX - COMPARED_PX // 6)
_LEAST_PIXELS = 200
COMPARED_WITH_ALL = 100_000
"""Up to so many faces all are compared with all; of a million that takes ten times as long as by an index."""
_TILE_ROWS = 4096
_HASH_PARTS = 10
"""Hashes that differ in ``SAME_PICTURE_BITS`` at most have two of so many parts in common, one bit to spoil each."""
_HASHES_AT_ONCE = 1 << 22
_LOOKS_AT_ONCE = 256

CropReader = Callable[[int], RgbImage]
"""Gives the upright crop of the face in a row: (height, width, 3) uint8."""


@dataclass(frozen=True, slots=True, eq=False)
class FacePairs:
    """Pairs of faces from different photos."""

    left: Ints
    right: Ints
    cosines: Floats
    bits: Ints
    """Differing bits of the photos' hashes, 0..64"""

    def __len__(self) -> int:
        return len(self.left)

    @classmethod
    def joined(cls, parts: Sequence[FacePairs]) -> FacePairs:
        """All of some pairs."""
        return cls(
            np.concatenate([np.empty(0, np.int64), *(part.left for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.right for part in parts)]),
            np.concatenate([np.empty(0, np.float32), *(part.cosines for part in parts)]),
            np.concatenate([np.empty(0, np.int64), *(part.bits for part in parts)]),
        )

    def take(self, which: Ints | Bools) -> FacePairs:
        """The pairs at some indices, or where a mask is true."""
        return FacePairs(self.left[which], self.right[which], self.cosines[which], self.bits[which])


@dataclass(frozen=True, slots=True, eq=False)
class DuplicatePairs:
    """Pairs that are one picture."""

    pairs: FacePairs
    not_looked_at: int
    """Pairs that might be and were too many to look at."""


def find_duplicates(
    vectors: Vectors, photos: Ints, hashes: Ints, crop: CropReader, progress: Progress = UNWATCHED
) -> DuplicatePairs:
    """Find all pairs of faces that come from one picture.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    photos : (n,) int64, a number for each photo; two faces of one photo are no pair
    hashes : (n,) int64, the photos' 64-bit perceptual hashes as signed integers
    crop : reads the crop of a face; called from several threads
    progress : told the finished share, several times a second
    """
    # Numbers first, pixels last: a comparison of two crops costs two milliseconds, one of two vectors nothing.
    find_candidates = _candidate_pairs if len(vectors) <= COMPARED_WITH_ALL else _likely_candidate_pairs
    maybe = find_candidates(vectors, photos, hashes, progress.part(0.0, 0.5))
    certain = _one_shot(maybe)
    uncertain = maybe.take(~certain)
    order = np.argsort((1 - uncertain.cosines) / (1 - MAYBE_COSINE) + uncertain.bits / WIDEST_BITS, kind="stable")
    compared = uncertain.take(order[:MOST_LOOKED_AT])
    alike = _compare(compared, crop, progress.part(0.5, 1.0))
    return DuplicatePairs(FacePairs.joined([maybe.take(certain), compared.take(alike)]), len(uncertain) - len(compared))


def group_duplicates(pairs: FacePairs, n: int) -> list[tuple[Ints, FacePairs]]:
    """Give the rows of each set of faces that pairs connect, ascending, and its pairs; only sets of two or more."""
    paired, set_of = np.unique(np.concatenate([pairs.left, pairs.right])), connect_rows(pairs.left, pairs.right, n)
    # A pair lies within one set, so sets and their pairs come in the same order.
    rows_of_sets, pairs_of_sets = rows_by_value(set_of[paired]), rows_by_value(set_of[pairs.left])
    return [(paired[rows], pairs.take(own_pairs)) for rows, own_pairs in zip(rows_of_sets, pairs_of_sets, strict=True)]


def is_one_picture(crop_a: RgbImage, crop_b: RgbImage) -> bool:
    """Whether two crops of a face show the same pixels, but for compression, size and a shift of the crop."""
    return _details_alike(_grey(crop_a), _grey(crop_b)) >= SAME_DETAILS


# which pairs could be


def _candidate_pairs(vectors: Vectors, photos: Ints, hashes: Ints, progress: Progress) -> FacePairs:
    """Compare all faces with all, tile by tile."""
    unsigned = hashes.astype(np.uint64)
    blocks = list(row_blocks(len(vectors), _TILE_ROWS))
    # The lower half of the square holds the same pairs the other way round.
    tiles = [(top, side) for top in blocks for side in blocks if side.start >= top.start]
    candidate_pairs = []
    for n_done, (top, side) in enumerate(tiles, start=1):
        cosines = vectors[top] @ vectors[side].T
        rows, columns = np.divmod(np.flatnonzero(cosines >= LIKE_HASH_COSINE), cosines.shape[1])
        left, right = rows + top.start, columns + side.start
        bits = hamming_distance(unsigned[left], unsigned[right]).astype(np.int64)
        pairs = FacePairs(left, right, cosines[rows, columns], bits)
        another = (left < right) & (photos[left] != photos[right])
        candidate_pairs.append(pairs.take(another & _is_candidate(pairs)))
        progress.advance(n_done / len(tiles))
    return FacePairs.joined(candidate_pairs)


def _likely_candidate_pairs(vectors: Vectors, photos: Ints, hashes: Ints, progress: Progress) -> FacePairs:
    """Nearly all of the same pairs: by an index of the faces, and by the hashes those whose faces are less alike."""
    unsigned = hashes.astype(np.uint64)

    def pair(left: Ints, right: Ints, cosines: Floats) -> FacePairs:
        return FacePairs(left, right, cosines, hamming_distance(unsigned[left], unsigned[right]).astype(np.int64))

    def is_kept(left: Ints, right: Ints, cosines: Floats) -> Bools:
        another = (photos[left] != photos[right]) & (cosines >= LIKE_HASH_COSINE)
        return np.asarray(another & _is_candidate(pair(left, right, cosines)))

    index = build_neighbour_index(vectors, progress=progress.part(0.0, 0.4))
    parts = [find_similar_pairs(index, MAYBE_COSINE, is_kept, progress.part(0.4, 0.8))]
    for left, right in _like_hashes(unsigned, progress.part(0.8, 1.0)):
        cosines = np.einsum("ij,ij->i", vectors[left], vectors[right])
        is_likely = is_kept(left, right, cosines)
        parts.append((left[is_likely], right[is_likely], cosines[is_likely]))
    left, right, cosines = (np.concatenate(column) for column in zip(*parts, strict=True))
    # The index's first: what the hashes find too has been met there.
    _, first = np.unique(left * len(vectors) + right, return_index=True)
    return pair(left[first], right[first], cosines[first])


def _like_hashes(hashes: npt.NDArray[np.uint64], progress: Progress) -> Iterator[tuple[Ints, Ints]]:
    """Yield pairs of rows whose hashes differ in ``SAME_PICTURE_BITS`` at most, the smaller first; some several times.

    References
    ----------
    Norouzi, Punjani, Fleet, "Fast Search in Hamming Space with Multi-Index Hashing", CVPR 2012.
    """
    bounds = np.linspace(0, 64, _HASH_PARTS + 1).astype(int).tolist()
    masks = [(1 << end) - (1 << start) for start, end in pairwise(bounds)]
    kinds = list(combinations(masks, 2))
    for n_done, (first, second) in enumerate(kinds):
        progress.advance(n_done / len(kinds))
        for rows in rows_by_value((hashes & np.uint64(first | second)).view(np.int64)):
            for block in row_blocks(len(rows), max(1, _HASHES_AT_ONCE // len(rows))) if len(rows) > 1 else ():
                bits = hamming_distance(hashes[rows[block], None], hashes[rows])
                left, right = np.nonzero(bits <= SAME_PICTURE_BITS)
                is_pair = left + block.start < right
                if is_pair.any():
                    yield rows[block][left[is_pair]], rows[right[is_pair]]


def _is_candidate(pairs: FacePairs) -> Bools:
    alike = (pairs.cosines >= MAYBE_COSINE) & (pairs.bits <= WIDEST_BITS)
    return np.asarray(alike | (pairs.cosines >= LIKELY_COSINE) | (pairs.bits <= SAME_PICTURE_BITS))


def _one_shot(pairs: FacePairs) -> Bools:
    """What ``splits`` takes for one shot."""
    alike = (pairs.bits <= SAME_PICTURE_BITS) & (pairs.cosines >= SAME_PICTURE_COSINE)
    return np.asarray(alike | (pairs.cosines >= SAME_SHOT_COSINE))


# looking at the crops


def _compare(pairs: FacePairs, crop: CropReader, progress: Progress) -> Bools:
    """Look at the crops of pairs, those of one face one after another."""
    alike = np.zeros(len(pairs), dtype=bool)
    # Sorted by faces: a crop that was read is in the cache for its next pair.
    order = np.lexsort((pairs.right, pairs.left))

    def is_same_picture(pair: int) -> bool:
        return is_one_picture(crop(int(pairs.left[pair])), crop(int(pairs.right[pair])))

    with ThreadPoolExecutor(thread_name_prefix="crops") as pool:
        for part in row_blocks(len(order), _LOOKS_AT_ONCE):
            block = order[part]
            alike[block] = list(pool.map(is_same_picture, block.tolist()))
            progress.advance(part.stop / len(order))
    return alike


def _grey(crop: RgbImage) -> Floats:
    grey = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), (COMPARED_PX, COMPARED_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(grey, dtype=np.float32)


def _details_alike(a: Floats, b: Floats) -> float:
    """Lay each over the other and correlate their details: -1..1; -1 when they cannot be laid over each other.

    Which way round matters when one shows less: enlarged, it lacks details and leaves a margin.
    """
    correlation = _aligned_correlation(a, b)
    return max(correlation, _aligned_correlation(b, a)) if NEARLY_ALIKE <= correlation < SAME_DETAILS else correlation


def _aligned_correlation(a: Floats, b: Floats) -> float:
    """Lay b over a and correlate their details, in the middle of a."""
    # A crop without any contrast (black, or blown out) can be laid over anything.
    if min(a.std(), b.std()) < 1:
        return -1.0
    identity = np.eye(2, 3, dtype=np.float32)
    steps = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 50, 1e-4)
    try:
        _, transform = cv2.findTransformECC(a, b, identity, cv2.MOTION_AFFINE, steps, None, 5)
    except cv2.error as fault:
        if fault.code != cv2.Error.StsNoConv:
            raise
        return -1.0
    onto_a, covered = (_warped(image, transform) for image in (b, np.ones_like(b)))
    # Where b did not reach, warping fills in black, which is no detail of a picture.
    comparable = covered[_MIDDLE, _MIDDLE] > 0.99
    if comparable.sum() < _LEAST_PIXELS:
        return -1.0
    return _correlation(_details(a)[_MIDDLE, _MIDDLE][comparable], _details(onto_a)[_MIDDLE, _MIDDLE][comparable])


def _warped(image: Floats, transform: npt.NDArray[np.floating]) -> Floats:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(image, transform, (COMPARED_PX, COMPARED_PX), flags=flags), dtype=np.float32)


def _details(image: Floats) -> Floats:
    """What is finer than the light on the face and coarser than the traces of compression."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0) - cv2.GaussianBlur(image, (0, 0), 5.0), dtype=np.float32)


def _correlation(a: Floats, b: Floats) -> float:
    return float(np.corrcoef(a, b)[0, 1])
