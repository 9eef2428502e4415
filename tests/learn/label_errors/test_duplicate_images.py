"""Which pairs of very many faces could be one picture: those found by an index, against those of all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from core.base.progress import UNWATCHED
from core.base.types import Ints, Vectors
from core.learn.label_errors import duplicate_images
from core.learn.label_errors.duplicate_images import FacePairs
from core.learn.near_duplicates import SAME_PICTURE_BITS, hamming_distance
from tests.benchmarks.synthetic import vectors_of
from tests.learn.faces import unit

N, N_PEOPLE, N_COPIES = 2500, 200, 200


def photos_with_copies() -> tuple[Vectors, Ints, Ints]:
    """Vectors, photos and hashes of synthetic faces, of which some are copies of others, nearly or at another size."""
    rng = np.random.default_rng(3)
    vectors = vectors_of(np.arange(N, dtype=np.int64) % N_PEOPLE, N_PEOPLE)
    hashes = rng.integers(-(2**63), 2**63 - 1, N)
    originals, copies = rng.permutation(N)[: 2 * N_COPIES].reshape(2, -1)
    spread = np.linspace(0.1, 1.2, N_COPIES)[:, None] / np.sqrt(vectors.shape[1])
    vectors[copies] = unit(vectors[originals] + spread * rng.normal(size=(N_COPIES, vectors.shape[1])))
    hashes[copies] = hashes[originals] ^ flipped_bits(rng, N_COPIES, SAME_PICTURE_BITS)
    return vectors, np.arange(N), hashes


def flipped_bits(rng: np.random.Generator, n: int, most: int) -> Ints:
    """Numbers of which up to so many of 64 bits are set."""
    which = rng.integers(0, 64, (n, most)).astype(np.uint64)
    return np.bitwise_or.reduce(np.uint64(1) << which, axis=1).view(np.int64)


def pairs_of(pairs: FacePairs) -> set[tuple[int, int]]:
    return set(zip(pairs.left.tolist(), pairs.right.tolist(), strict=True))


def test_by_an_index_nearly_all_pairs_that_could_be_one_picture_are_found() -> None:
    exact, likely = (
        find(*photos_with_copies(), UNWATCHED)
        for find in (duplicate_images._candidate_pairs, duplicate_images._likely_candidate_pairs)
    )
    wanted, found = pairs_of(exact), pairs_of(likely)
    assert len(found) == len(likely) and found <= wanted and len(wanted) > N_COPIES
    assert len(found) >= 0.99 * len(wanted)
    by_hash = exact.take(exact.bits <= SAME_PICTURE_BITS)
    # Copies that are so unlike that no index would bring them together are among them.
    assert by_hash.cosines.min() < 0.75 and pairs_of(by_hash) <= found


def test_two_faces_of_one_photo_are_no_pair() -> None:
    vectors, photos, hashes = photos_with_copies()
    assert not len(duplicate_images._likely_candidate_pairs(vectors, np.zeros_like(photos), hashes, UNWATCHED))


def test_no_two_hashes_that_are_alike_are_missed() -> None:
    rng = np.random.default_rng(0)
    hashes: npt.NDArray[np.uint64] = rng.integers(-(2**63), 2**63 - 1, 400).astype(np.uint64)
    hashes[200:] = hashes[:200] ^ flipped_bits(rng, 200, 9).astype(np.uint64)
    left, right = np.nonzero(np.triu(hamming_distance(hashes[:, None], hashes) <= SAME_PICTURE_BITS, 1))
    found = {
        pair
        for rows, others in duplicate_images._like_hashes(hashes, UNWATCHED)
        for pair in zip(rows, others, strict=True)
    }
    assert found == set(zip(left, right, strict=True)) and 50 < len(found) < 200
