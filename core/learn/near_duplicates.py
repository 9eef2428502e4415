"""Which faces come from one shot: a copy at another size or cut out, the next frame of a burst.

Two such faces are nearly the same vector. With one to learn from and the other to test on, the accuracy measures
memory; so they share a *group*, which training, evaluation and verification never divide. Groups are looked for within
a person only, so the work grows with the square of a person's faces, not of the dataset's.
``label_errors.duplicate_images`` looks wider, across people, with the same thresholds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from core.base.types import Ints, Vectors
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.labels import connect_rows, rows_by_value

SAME_PICTURE_BITS = 8
"""Largest Hamming distance of the 64-bit perceptual hashes of one picture.

Of 147 photos of lfw-dev saved again at 140 pixels and JPEG quality 60, all stay within 2 bits; frames of a tripod
differ by a little more. Up to 8 bits lfw-dev has three pairs of one person, from 10 on other moments come in.
"""
SAME_PICTURE_COSINE = 0.90
"""The hash is of the whole photo, and studio portraits share a layout: the faces must be alike as well."""
SAME_SHOT_COSINE = 0.98
"""From here on two faces are one shot whatever the hash says (a crop of it, the next frame of a burst).

Looked at on lfw-dev (128-D, 6,248 pairs of one person, median cosine 0.80): 0.995 and 0.993 are the same
picture, 0.984 two frames of one scene with 16 differing bits; 0.972 and everything below are other moments,
often other days.
"""

_BLOCK_ROWS = 512


def hamming_distance(a: npt.NDArray[np.uint64], b: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint8]:
    """Count the differing bits of 64-bit hashes, broadcasting as numpy does."""
    return np.bitwise_count(np.bitwise_xor(a, b))


def near_duplicate_groups(
    vectors: Vectors, photo_ids: Sequence[str], photo_hashes: Sequence[int], labels: Ints
) -> Ints:
    """Give faces of the same person in the same shot one group number.

    Two faces are one shot when they come from one photo; or their photos' hashes differ in at most
    ``SAME_PICTURE_BITS`` bits and their cosine is at least ``SAME_PICTURE_COSINE``; or their cosine is at
    least ``SAME_SHOT_COSINE``. The relation is closed: if a is like b and b like c, all three are one group,
    so that a burst stays together though its ends differ.

    Parameters
    ----------
    vectors : (n, dimension) float32, unit length
    photo_ids : n ids
    photo_hashes : n unsigned 64-bit perceptual hashes
    labels : (n,) int64, the person of each face

    Returns
    -------
    (n,) int64, 0 to the number of groups - 1; a group holds faces of one person only.
    """
    number: dict[str, int] = {}
    photos = np.array([number.setdefault(photo, len(number)) for photo in photo_ids], dtype=np.int64)
    # The store has no unsigned numbers of 64 bits: what it gives may be negative.
    hashes = np.array([int(value) & 0xFFFF_FFFF_FFFF_FFFF for value in photo_hashes], dtype=np.uint64)
    pairs = [pair for person in rows_by_value(labels) for pair in _same_shot_pairs(vectors, photos, hashes, person)]
    left, right = np.concatenate(pairs, axis=1) if pairs else np.zeros((2, 0), np.int64)
    return connect_rows(left, right, len(vectors))


def _same_shot_pairs(vectors: Vectors, photos: Ints, hashes: npt.NDArray[np.uint64], rows: Ints) -> Iterator[Ints]:
    """Yield (2, m) row numbers of one person's faces that are one shot, block by block."""
    for part in row_blocks(len(rows), _BLOCK_ROWS):
        # Each pair once: rows before the block have met it already.
        block, following = rows[part], rows[part.start :]
        cosine = vectors[block] @ vectors[following].T
        alike = hamming_distance(hashes[block][:, None], hashes[following]) <= SAME_PICTURE_BITS
        same = (photos[block][:, None] == photos[following]) | (cosine >= SAME_SHOT_COSINE)
        same |= alike & (cosine >= SAME_PICTURE_COSINE)
        left, right = np.nonzero(same)
        yield np.stack([block[left], following[right]])
