"""Groups of faces without names: evidence, the hierarchy, and how alike groups are."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.base.errors import Cancelled
from core.base.types import Floats, Ints
from core.learn.clustering.agglomerative import DEFAULT_THRESHOLD, FARTHEST, TYPICAL_COSINE, Hierarchy, grow_hierarchy
from core.learn.verification.set_similarity import Centres, centre_similarity, find_similar_sets
from core.vision.embed.embedder import Embedder
from core.vision.models import catalogue
from tests.shares import hear_shares


def people_of(sizes: list[int], spread: float = 0.05, seed: int = 0) -> tuple[Floats, Ints]:
    """Faces of people in random directions, in a random order, and whose they are."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    centres = unit(rng.normal(size=(len(sizes), 128)))
    return unit(centres[labels] + spread * rng.normal(size=(len(labels), 128))), labels


def unit(vectors: Floats) -> Floats:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def as_sets(labels: Ints) -> set[frozenset[int]]:
    """The groups as sets of rows; rows in none are sets of their own."""
    grouped = {frozenset(np.flatnonzero(labels == group).tolist()) for group in range(labels.max(initial=-1) + 1)}
    return grouped | {frozenset([row]) for row in np.flatnonzero(labels < 0).tolist()}


def test_people_are_found_without_names_and_the_largest_comes_first() -> None:
    vectors, people = people_of([1, 40, 7, 2, 15, 1])
    found = grow_hierarchy(vectors).labels(DEFAULT_THRESHOLD)
    assert as_sets(found) == as_sets(people)
    assert np.bincount(found[found >= 0]).tolist() == [40, 15, 7, 2]


def test_the_typical_cosine_is_that_of_the_sample(engine, sample_images, sample_faces) -> None:
    """The default threshold follows from it: no other labels were looked at."""
    embedder = Embedder(engine, catalogue.find_embedding_model(catalogue.DEFAULT_EMBEDDING_ID))
    shown = [name for name, faces in sample_faces.items() if faces]
    largest = [max(sample_faces[name], key=lambda face: face.box.area) for name in shown]
    vectors = embedder.embed([(sample_images[name], face) for name, face in zip(shown, largest, strict=True)])
    people = np.array([name.split("/")[1] for name in shown])
    cosines = [mean_cosine(vectors[people == person]) for person in np.unique(people)]
    assert np.mean(cosines) == pytest.approx(TYPICAL_COSINE, abs=0.01)


def mean_cosine(vectors: Floats) -> float:
    return float((vectors @ vectors.T)[np.triu_indices(len(vectors), 1)].mean())


@pytest.mark.parametrize(("distance", "joined"), [(-0.01, True), (0.01, False)], ids=["nearer", "farther"])
def test_two_single_faces_are_joined_up_to_the_threshold(distance: float, joined: bool) -> None:
    cosine = 1 - DEFAULT_THRESHOLD - distance
    pair = np.array([[1, 0], [cosine, np.sqrt(1 - cosine**2)]], dtype=np.float32)
    assert (grow_hierarchy(pair).labels(DEFAULT_THRESHOLD).tolist() == [0, 0]) is joined


def test_evidence_is_the_ratio_of_gaussian_likelihoods() -> None:
    """Three faces, two of them joined first: the third joins where the densities of one and of two people say so."""
    vectors = unit(np.array([[1, 0.1, 0, 0], [1, -0.1, 0, 0], [0.7, 0.0, 0.75, 0]]))
    ratio, dimension = 1 / TYPICAL_COSINE - 1, vectors.shape[1]
    between = TYPICAL_COSINE / dimension

    def log_density(rows: list[int]) -> float:
        """One person's faces, each number of them drawn alike."""
        covariance = between * (np.ones((len(rows), len(rows))) + ratio * np.eye(len(rows)))
        product = np.trace(vectors[rows].T @ np.linalg.solve(covariance, vectors[rows]))
        return -(product + dimension * np.linalg.slogdet(2 * np.pi * covariance)[1]) / 2

    def evidence(cosine: float) -> float:
        two = np.array([[1, cosine], [cosine, 1]])
        return float(-np.trace(np.linalg.solve(between * (np.ones((2, 2)) + ratio * np.eye(2)), two)) / 2)

    wanted = log_density([0, 1, 2]) - log_density([0, 1]) - log_density([2])
    even = 1 - DEFAULT_THRESHOLD
    slope = evidence(even + 0.5) - evidence(even - 0.5)
    assert grow_hierarchy(vectors).joins.max() == pytest.approx(DEFAULT_THRESHOLD - wanted / slope, abs=1e-4)


def test_a_wider_threshold_only_joins_groups() -> None:
    vectors, _ = people_of([9] * 12, spread=0.09, seed=3)
    hierarchy = grow_hierarchy(vectors)
    cuts = [as_sets(hierarchy.labels(threshold)) for threshold in np.linspace(0, FARTHEST, 21)]
    assert len({len(cut) for cut in cuts}) > 3, "the thresholds make no difference"
    for finer, coarser in itertools.pairwise(cuts):
        assert all(any(group <= wider for wider in coarser) for group in finer)


def test_the_counts_are_those_of_the_cuts() -> None:
    vectors, _ = people_of([1, 2, 3, 9, 14, 1, 1], spread=0.08, seed=1)
    hierarchy = grow_hierarchy(vectors)
    thresholds = np.linspace(-0.1, FARTHEST, 34)
    groups, alone = hierarchy.counts(thresholds)
    cuts = [hierarchy.labels(threshold) for threshold in thresholds]
    assert groups.tolist() == [int(cut.max()) + 1 for cut in cuts]
    assert alone.tolist() == [int((cut < 0).sum()) for cut in cuts]
    assert len(set(groups.tolist())) > 3


@pytest.mark.parametrize("seed", range(5))
def test_leaving_rows_out_leaves_the_other_groups_as_they_are(seed: int) -> None:
    vectors, _ = people_of([6, 1, 8, 3, 2, 11], spread=0.1, seed=seed)
    hierarchy, kept = grow_hierarchy(vectors), np.random.default_rng(seed).random(31) < 0.5
    rows = np.flatnonzero(kept)
    for threshold in (0.3, 0.5, DEFAULT_THRESHOLD, 0.9):
        of_all = {group & frozenset(rows.tolist()) for group in as_sets(hierarchy.labels(threshold))} - {frozenset()}
        found = as_sets(hierarchy.only(kept).labels(threshold))
        assert {frozenset(rows[list(group)].tolist()) for group in found} == of_all


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_faces_make_no_trouble(n: int) -> None:
    vectors, _ = people_of([2])
    hierarchy = grow_hierarchy(vectors[:n])
    assert hierarchy.labels(DEFAULT_THRESHOLD).tolist() == [[], [-1], [0, 0]][n]
    assert [count[0] for count in hierarchy.counts(np.array([DEFAULT_THRESHOLD]))] == [int(n == 2), int(n == 1)]
    assert len(hierarchy.only(np.zeros(n, dtype=bool)).labels(DEFAULT_THRESHOLD)) == 0


def test_copies_of_one_face_are_one_group() -> None:
    copies = np.repeat(people_of([1])[0], 50, axis=0)
    assert grow_hierarchy(copies).labels(0.01).tolist() == [0] * 50


def test_faces_known_to_be_two_people_are_never_grouped() -> None:
    vectors, _ = people_of([20], spread=0.02)
    pairs = [(0, 1), (2, 3), (0, 3)]
    labels = grow_hierarchy(vectors, apart=pairs).labels(FARTHEST)
    assert all(labels[first] != labels[second] for first, second in pairs)
    assert labels.max() == 1, "the others were torn apart too"


def test_a_group_is_cut_where_it_was_joined_last() -> None:
    hierarchy = Hierarchy(np.array([3, 0, 4, 1, 2]), np.array([0.1, 0.5, 0.2, 0.3]))
    assert as_sets(hierarchy.keep_apart([(3, 2)]).labels(0.6)) == {frozenset({3, 0}), frozenset({4, 1, 2})}
    assert as_sets(hierarchy.keep_apart([(3, 2), (4, 2)]).labels(0.6)) == {
        frozenset({3, 0}), frozenset({4, 1}), frozenset({2})
    }  # fmt: skip


def test_followers_bring_no_groups_together() -> None:
    """A smear between two people would join them; as a follower it goes to one of them."""
    vectors, people = people_of([6, 6], spread=0.02)
    smears = unit(np.repeat((vectors[people == 0].mean(0) + 0.9 * vectors[people == 1].mean(0))[None], 4, axis=0))
    everything = np.concatenate([vectors, smears])
    followers = np.arange(16) >= 12
    labels = grow_hierarchy(everything, followers=followers).labels(0.7)
    assert labels[12:].tolist() == [labels[:12][people == 0][0]] * 4
    assert np.bincount(labels).tolist() == [10, 6]


def test_followers_found_no_group() -> None:
    vectors, _ = people_of([5], spread=0.02)
    assert grow_hierarchy(vectors, followers=np.ones(5, dtype=bool)).labels(FARTHEST).tolist() == [-1] * 5


def test_it_stops_when_it_is_told_to() -> None:
    def stop(share: float) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        grow_hierarchy(people_of([5, 5])[0], progress=hear_shares(stop))


def test_the_share_that_is_done_only_grows() -> None:
    shares: list[float] = []
    grow_hierarchy(people_of([30] * 40, spread=0.07)[0], progress=hear_shares(shares.append))
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= 1


def test_how_alike_two_sets_are_does_not_depend_on_how_many_faces_they_have() -> None:
    """The halves of one person come to about 1, whether they are of 3 faces or of 100; two people's to about 0."""
    vectors, people = people_of([206, 200], spread=0.09)
    first, second = np.flatnonzero(people == 0), np.flatnonzero(people == 1)
    sets = np.full(len(people), -1)
    for number, rows in enumerate([first[:3], first[3:6], first[6:106], first[106:], second]):
        sets[rows] = number
    centres = Centres.of(vectors, sets, 5)
    assert centres.sizes.tolist() == [3, 3, 100, 100, 200]
    assert centre_similarity(centres, 2, 3) == pytest.approx(1.0, abs=0.03)
    assert centre_similarity(centres, 0, 1) == pytest.approx(1.0, abs=0.15)
    assert abs(centre_similarity(centres, 2, 4)) < 0.3
    pairs, similarities = find_similar_sets(centres, 4, least=0.5)
    assert sorted(map(tuple, pairs.tolist())) == list(itertools.combinations(range(4), 2))
    assert similarities.tolist() == sorted(similarities.tolist(), reverse=True)


def test_the_tightness_of_a_set_is_the_mean_cosine_with_its_mean() -> None:
    vectors, people = people_of([12, 30], spread=0.07)
    centres = Centres.of(vectors, people, 2)
    for person in range(2):
        own = vectors[people == person]
        mean = own.mean(axis=0) / np.linalg.norm(own.mean(axis=0))
        assert centres.tightness[person] == pytest.approx((own @ mean).mean(), abs=1e-5)
