"""Groups of one shot."""

import numpy as np
import pytest

from core.learn.near_duplicates import hamming_distance, near_duplicate_groups
from tests.learn.model_selection.test_splits import at_degrees, ints


def test_hamming_counts_differing_bits_of_unsigned_hashes():
    a = np.array([0, 0b1011, 2**64 - 1], dtype=np.uint64)
    assert hamming_distance(a, np.array([0, 0b0010, 0], dtype=np.uint64)).tolist() == [0, 2, 64]


@pytest.mark.parametrize(
    ("case", "degrees", "photos", "hashes", "labels", "same"),
    [
        ("two moments", (0, 40), "ab", (0, 2**64 - 1), (0, 0), False),
        ("one photo", (0, 90), "aa", (7, 7), (0, 0), True),
        ("a copy at another size: like hash, alike face", (0, 20), "ab", (0, 0b1111), (0, 0), True),
        ("one studio, other faces: like hash, unlike face", (0, 40), "ab", (0, 0b1111), (0, 0), False),
        ("alike face in another picture", (0, 20), "ab", (0, 2**64 - 1), (0, 0), False),
        ("a tight crop: unlike hash, same face", (0, 5), "ab", (0, 2**64 - 1), (0, 0), True),
        ("two people in one photo", (0, 0), "aa", (7, 7), (0, 1), False),
    ],
)
def test_two_faces_are_one_shot_by_photo_or_hash_or_embedding(case, degrees, photos, hashes, labels, same):
    groups = near_duplicate_groups(at_degrees(*degrees), photos, hashes, ints(*labels))
    assert (groups[0] == groups[1]) == same, case


def test_a_burst_is_one_group_though_its_ends_differ():
    groups = near_duplicate_groups(at_degrees(0, 10, 20, 30, 70), "abcde", [0, 99, 2**60, 2**33, 5], ints(*[0] * 5))
    assert groups.tolist() == [0, 0, 0, 0, 1]


def test_groups_of_nothing_are_nothing():
    assert near_duplicate_groups(np.zeros((0, 2), np.float32), [], [], ints()).shape == (0,)


def test_a_person_with_more_faces_than_a_block_is_grouped_across_blocks():
    n = 1100
    spread = np.eye(n, dtype=np.float32)
    spread[-1] = spread[0]
    groups = near_duplicate_groups(spread, [str(i) for i in range(n)], [0] * n, np.zeros(n, np.int64))
    assert groups[-1] == groups[0] and len(np.unique(groups)) == n - 1
