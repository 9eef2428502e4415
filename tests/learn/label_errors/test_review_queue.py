"""What is found to be wrong, on made-up people whose faces lie around one direction each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest

from core.base.errors import Cancelled
from core.base.face_table import FaceTable
from core.base.types import Ints, RgbImage, Split, Vectors
from core.learn.label_errors import duplicate_images, label_confidence, review_queue
from core.learn.label_errors.review_queue import (
    PeoplePair,
    PersonPart,
    Suspect,
    SuspectAction,
    SuspectKind,
    SuspectQueue,
)
from core.learn.labelled_faces import LabelledFaces
from core.learn.near_duplicates import near_duplicate_groups
from tests.shares import hear_shares

TRAIN, VAL = Split.TRAIN, Split.VAL
N_PEOPLE, EACH = 6, 8


def faces(n_people: int = N_PEOPLE, each: int = EACH, seed: int = 0) -> tuple[Vectors, Ints]:
    """Faces of one person have a cosine of about 0.75, of two people about 0."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_people), each)
    centres = rng.normal(size=(n_people, 128))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    vectors = centres[labels] + rng.normal(size=(len(labels), 128)) * 0.052
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def table_of(labels: Ints, splits: Sequence[Split | None] | None = None) -> FaceTable:
    """Each face in a photo of its own, whose hash is like no other."""
    n = len(labels)
    nowhere = np.zeros(n, dtype=bool)
    names = tuple(f"Person {number}" for number in range(N_PEOPLE + 1))
    return FaceTable(
        face_ids=tuple(f"{number:024x}" for number in range(n)),
        photo_ids=tuple(f"{number:064x}" for number in range(n)),
        photo_names=tuple(f"{number}.jpg" for number in range(n)),
        crop_ids=tuple(str(number) for number in range(n)),
        people=names,
        labels=labels,
        splits=tuple(splits) if splits else (None,) * n,
        probs=np.full(n, 0.99, np.float32),
        photo_hashes=np.random.default_rng(9).integers(-(2**63), 2**63 - 1, n),
        person_ids=tuple(range(100, 100 + len(names))),
        hidden=np.zeros(len(names), dtype=bool),
        excluded=nowhere,
        confirmed=nowhere,
        strangers=nowhere,
        grades=np.full(n, np.nan, np.float32),
        taken=np.full(n, np.nan),
        sizes_px=np.full(n, 100, np.float32),
    )


def with_copy(vectors: Vectors, table: FaceTable, of: int, **changed: int | Split) -> tuple[Vectors, FaceTable]:
    """Face 0 becomes a copy of another: its vector nearly, and the hash of its photo."""
    rng = np.random.default_rng(1)
    vectors, hashes, labels, splits = vectors.copy(), table.photo_hashes.copy(), table.labels.copy(), list(table.splits)
    copy = vectors[of] + rng.normal(size=128) * 0.007
    vectors[0], hashes[0] = copy / np.linalg.norm(copy), hashes[of] ^ 0b101
    labels[0], splits[0] = changed.get("label", labels[of]), changed.get("split", splits[of])
    return vectors, replace(table, photo_hashes=hashes, labels=labels, splits=tuple(splits))


def no_crop(row: int) -> RgbImage:
    raise AssertionError("no two pictures here are so alike that their crops must be compared")


def find(table: FaceTable, vectors: Vectors, **given: object) -> SuspectQueue:
    return review_queue.build_review_queue(table, vectors, no_crop, **given)


def of_kind(found: SuspectQueue, kind: SuspectKind) -> list[Suspect]:
    return [entry for entry in found.suspects if entry.kind is kind]


def flagged(rows: Sequence[int], n: int = N_PEOPLE * EACH) -> np.ndarray:
    return np.isin(np.arange(n), rows)


def test_very_many_faces_are_looked_through_by_an_index_with_the_same_outcome(monkeypatch):
    vectors, labels = faces()
    labels[3], labels[20] = 4, 0
    vectors, table = with_copy(vectors, table_of(labels), of=20)
    exact = find(table, vectors)
    for module in (duplicate_images, label_confidence):
        monkeypatch.setattr(module, "COMPARED_WITH_ALL", 0)
    by_index = find(table, vectors)
    assert len(exact.suspects) > 2
    for entry, wanted in zip(by_index.suspects, exact.suspects, strict=True):
        assert (entry.kind, entry.face_ids, entry.suggestion) == (wanted.kind, wanted.face_ids, wanted.suggestion)
        assert entry.numbers == pytest.approx(wanted.numbers, abs=1e-3)
        assert entry.urgency == pytest.approx(wanted.urgency, abs=1e-5)
        for ours, theirs in ((entry.like_own, wanted.like_own), (entry.like_other, wanted.like_other)):
            assert [face.face_id for face in ours] == [face.face_id for face in theirs]


# names


def test_a_face_in_a_strange_folder_is_found_with_the_way_home():
    vectors, labels = faces()
    labels[3], labels[20] = 4, 0
    found = find(table_of(labels), vectors)
    assert {entry.face_ids[0]: entry.suggestion.person_id for entry in found.suspects} == {
        f"{3:024x}": 100,
        f"{20:024x}": 102,
    }
    entry = next(entry for entry in found.suspects if entry.face_ids == (f"{3:024x}",))
    assert (entry.kind, entry.suggestion.action, entry.person_ids) == (
        SuspectKind.WRONG_PERSON,
        SuspectAction.MOVE,
        (104,),
    )
    assert {int(like.face_id, 16) // EACH for like in entry.like_other} == {0}
    assert entry.numbers["prob"] < 0.2 < 0.5 < entry.numbers["other_prob"]
    assert entry.numbers["other_similarity"] > entry.numbers["similarity"] + 0.4


def test_nothing_is_wrong_with_a_clean_dataset():
    vectors, labels = faces()
    assert find(table_of(labels), vectors).suspects == ()


@pytest.mark.parametrize("mark", ["confirmed", "excluded", "strangers"])
def test_a_face_that_somebody_decided_about_is_not_doubted(mark):
    vectors, labels = faces()
    labels[3] = 4
    assert find(replace(table_of(labels), **{mark: flagged([3])}), vectors).suspects == ()


def test_two_copies_in_the_wrong_folder_do_not_vouch_for_each_other():
    vectors, labels = faces()
    labels[1] = 4
    vectors, table = with_copy(vectors, table_of(labels), of=1)
    found = find(table, vectors)
    assert {face for entry in of_kind(found, SuspectKind.WRONG_PERSON) for face in entry.face_ids} == set(
        table.face_ids[:2]
    )


def test_a_face_like_nobody_is_an_outlier_to_be_excluded():
    vectors, labels = faces()
    vectors[10] = np.linalg.svd(vectors)[2][-1]  # at a right angle to all of them
    (entry,) = find(table_of(labels), vectors).suspects
    assert (entry.kind, entry.suggestion.action) == (SuspectKind.OUTLIER, SuspectAction.EXCLUDE)
    assert entry.face_ids == (f"{10:024x}",)


@pytest.mark.parametrize("n_people", [0, 1])
def test_one_person_alone_has_nobody_to_be_taken_for(n_people):
    vectors, labels = faces(n_people)
    assert find(table_of(labels), vectors).suspects == ()


def test_nobody_is_judged_by_a_recogniser_that_saw_the_shot():
    vectors, labels = faces()
    vectors[1] = vectors[0]
    groups = near_duplicate_groups(vectors, [str(row) for row in range(len(labels))], [0] * len(labels), labels)
    near = label_confidence.find_label_neighbours(LabelledFaces(vectors, labels, groups), np.array([0]), np.array([3]))
    assert 1 not in near.own[0]
    assert (labels[near.own[0]] == 0).all()
    assert (np.diff(near.own_cosines[0]) <= 0).all()
    assert near.own_cosines[0] == pytest.approx(vectors[near.own[0]] @ vectors[0], abs=1e-6)


def test_a_person_of_one_shot_has_no_opinion_and_is_not_doubted():
    vectors, labels = faces()
    labels[0] = N_PEOPLE
    opinions = label_confidence.judge_labels(LabelledFaces(vectors, labels, np.arange(len(labels))))
    assert np.isnan(opinions.probs[0])
    assert opinions.probs[1:].min() > 0.5


# people


def test_two_people_who_are_one_take_the_place_of_the_doubts_about_their_faces():
    vectors, labels = faces()
    labels[:3] = N_PEOPLE  # three faces of the first person under another name
    pair = PeoplePair(0, 5, 0.99)
    found = find(table_of(labels), vectors, one_person=[pair])
    (entry,) = found.suspects
    assert (entry.kind, entry.suggestion.action, entry.suggestion.person_id) == (
        SuspectKind.ONE_PERSON,
        SuspectAction.MERGE,
        100,
    )
    assert entry.person_ids == (100 + N_PEOPLE, 100)


def test_a_part_of_a_person_is_named_once_either_as_a_part_or_face_by_face():
    vectors, labels = faces()
    (entry,) = find(table_of(labels), vectors, two_people=[PersonPart(np.arange(3), 0.2)]).suspects
    assert (entry.kind, entry.suggestion.action, len(entry.suggestion.face_ids)) == (
        SuspectKind.TWO_PEOPLE,
        SuspectAction.DIVIDE,
        3,
    )
    labels[:3] = 4
    found = find(table_of(labels), vectors, two_people=[PersonPart(np.arange(3), 0.2)])
    assert {entry.kind for entry in found.suspects} == {SuspectKind.WRONG_PERSON}


# pictures


def test_a_picture_under_two_names_goes_to_the_one_that_is_believed_and_stands_in_the_queue_once():
    vectors, labels = faces()
    vectors, table = with_copy(vectors, table_of(labels), of=1, label=3)
    (entry,) = find(table, vectors).suspects
    assert (entry.kind, entry.person_ids) == (SuspectKind.TWO_NAMES, (103, 100))
    assert (entry.suggestion.face_ids, entry.suggestion.person_id) == (table.face_ids[:1], 100)


def test_a_picture_under_two_names_keeps_the_one_that_was_confirmed():
    vectors, labels = faces()
    vectors, table = with_copy(vectors, table_of(labels), of=1, label=3)
    (entry,) = find(replace(table, confirmed=flagged([0])), vectors).suspects
    assert (entry.suggestion.face_ids, entry.suggestion.person_id) == (table.face_ids[1:2], 103)


def test_one_picture_on_both_sides_is_a_leak():
    vectors, labels = faces()
    splits = [VAL if row % 4 == 3 else TRAIN for row in range(len(labels))]
    vectors, table = with_copy(vectors, table_of(labels, splits), of=1, split=VAL)
    (entry,) = find(table, vectors).suspects
    assert (entry.kind, entry.suggestion.action, entry.suggestion.split) == (
        SuspectKind.LEAK,
        SuspectAction.ONE_SIDE,
        TRAIN,
    )
    assert entry.suggestion.face_ids == table.face_ids[:1]


def test_of_copies_the_best_is_kept():
    vectors, labels = faces()
    vectors, table = with_copy(vectors, table_of(labels), of=1)
    grades = np.full(len(table), 0.5, np.float32)
    grades[0] = 0.9
    (entry,) = find(replace(table, grades=grades), vectors).suspects
    assert (entry.kind, entry.suggestion.action) == (SuspectKind.DUPLICATE, SuspectAction.EXCLUDE)
    assert entry.suggestion.face_ids == table.face_ids[1:2]


def test_a_group_portrait_that_is_there_twice_is_one_entry():
    vectors, labels = faces()
    labels[:] = -1
    here, there = [0, 8, 16], [24, 32, 40]
    vectors[there] = vectors[here]
    table = table_of(labels)
    photos, hashes = np.array(table.photo_ids), table.photo_hashes.copy()
    photos[here], photos[there] = "a", "b"
    hashes[here] = hashes[there] = 7
    (entry,) = find(replace(table, photo_ids=tuple(photos.tolist()), photo_hashes=hashes), vectors).suspects
    assert (entry.kind, len(entry.face_ids), len(entry.suggestion.face_ids)) == (SuspectKind.DUPLICATE, 6, 3)


def test_the_search_stops_when_it_is_told_to():
    vectors, labels = faces()

    def stop(share: float) -> None:
        if share > 0.3:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        find(table_of(labels), vectors, progress=hear_shares(stop))


def test_the_shares_of_progress_rise_to_one():
    vectors, labels = faces()
    told: list[float] = []
    find(table_of(labels), vectors, progress=hear_shares(told.append))
    assert told == sorted(told)
    assert told[-1] == 1.0


# crops


@pytest.fixture(scope="module")
def portrait() -> RgbImage:
    """Blurred noise at several scales: details everywhere, as in a photo."""
    rng = np.random.default_rng(0)
    layers = [cv2.resize(rng.normal(size=(n, n, 3)), (240, 240), interpolation=cv2.INTER_CUBIC) for n in (6, 20, 40)]
    mixed = sum(layers)
    return np.clip(128 + 40 * mixed, 0, 255).astype(np.uint8)


def saved_badly(image: RgbImage) -> RgbImage:
    small = cv2.resize(image, None, fx=0.6, fy=0.6, interpolation=cv2.INTER_AREA)
    _, data = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 60])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))


def test_a_crop_that_was_shifted_and_saved_badly_is_the_same_picture(portrait):
    assert duplicate_images.is_one_picture(portrait, saved_badly(portrait[9:, 6:]))


def test_another_frame_of_the_scene_is_another_picture(portrait):
    smiling = portrait.copy()
    smiling[130:170, 90:150] = smiling[130:170, 90:150][::-1]
    assert not duplicate_images.is_one_picture(portrait, smiling)


def test_a_crop_of_one_colour_is_like_no_other(portrait):
    grey = np.full_like(portrait, 128)
    assert not duplicate_images.is_one_picture(grey, grey)
    assert not duplicate_images.is_one_picture(portrait, grey)


def test_pairs_are_found_across_tiles(monkeypatch):
    monkeypatch.setattr(duplicate_images, "_TILE_ROWS", 5)
    vectors, labels = faces()
    vectors[47] = vectors[2]
    photos, hashes = np.arange(len(labels)), np.zeros(len(labels), np.int64)
    found = duplicate_images.find_duplicates(
        vectors[[2, *range(10, 48)]], photos[:39], hashes[:39], lambda row: np.zeros((8, 8, 3), np.uint8)
    )
    assert (0, 38) in set(zip(found.pairs.left.tolist(), found.pairs.right.tolist(), strict=True))
    assert len(found.pairs) == len(duplicate_images.group_duplicates(found.pairs, 39)) == 1
