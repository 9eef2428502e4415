"""How many more photos of which kind: on made-up runs whose errors follow a known curve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.base.face_table import FaceTable
from core.base.types import Quality
from core.learn.metrics.classification import evaluate_predictions
from core.learn.metrics.predictions import Predictions
from core.learn.model_selection.photos_needed import (
    FEWEST,
    MOST,
    TARGET_ERROR,
    ErrorCurve,
    PersonRecords,
    PhotoKind,
    advise_photos,
    count_photos_needed,
    fit_curve,
)

GOOD = Quality(
    size_px=120,
    sharpness=0.8,
    brightness=0.5,
    contrast=0.2,
    yaw_deg=0,
    pitch_deg=0,
    roll_deg=0,
    cut_frac=0,
    steadiness=0.98,
    grade=0.95,
)
TESTED = 10


def a_run(learned: list[int], wrong: list[int], tested: int = TESTED) -> tuple[FaceTable, Predictions]:
    """People with so many photos learned from and so many of ``tested`` wrong; the right answers were nearly sure."""
    n_people = len(learned)
    labels = np.concatenate([np.repeat(np.arange(n_people), learned), np.repeat(np.arange(n_people), tested)])
    n, n_learned = len(labels), sum(learned)
    true = labels[n_learned:]
    given = true.copy()
    for person, count in enumerate(wrong):
        given[np.flatnonzero(true == person)[:count]] = (person + 1) % n_people
    probs = np.where(given == true, 0.95, 0.6).astype(np.float32)
    ids = tuple(f"{row:024x}" for row in range(n))
    people = tuple(f"Person {number:02d}" for number in range(n_people))
    likely = np.full((len(true), n_people), 0.01)
    likely[np.arange(len(true)), given] = probs
    evaluation = evaluate_predictions(people, true, given, likely / likely.sum(axis=1, keepdims=True))
    distances = np.full(len(true), 0.5, np.float32)
    scores, ranks = 1 - distances, (true != given).astype(np.int64)
    predictions = Predictions(
        people=people,
        face_ids=ids[n_learned:],
        true=true,
        given=given,
        probs=probs,
        distances=distances,
        scores=scores,
        ranks=ranks,
        learned_ids=ids[:n_learned],
        evaluation=evaluation,
    )
    nothing = np.zeros(n, dtype=bool)
    table = FaceTable(
        face_ids=ids,
        photo_ids=ids,
        photo_names=ids,
        crop_ids=ids,
        people=people,
        labels=labels,
        splits=(None,) * n,
        probs=np.ones(n, np.float32),
        photo_hashes=np.zeros(n, np.int64),
        person_ids=tuple(range(7, 7 + n_people)),
        hidden=np.zeros(n_people, dtype=bool),
        excluded=nothing,
        confirmed=nothing,
        strangers=nothing,
        grades=np.full(n, np.nan, np.float32),
        taken=np.full(n, np.nan),
        sizes_px=np.full(n, 100, np.float32),
    )
    return table, predictions


def record(photos: np.ndarray, errors: np.ndarray, spread: np.ndarray | None = None) -> PersonRecords:
    n = len(photos)
    tested = np.full(n, 50)
    return PersonRecords(
        photos=photos,
        tested=tested,
        wrong=np.zeros(n, np.int64),
        errors=errors * 50,
        spread=np.zeros(n) if spread is None else spread,
    )


@pytest.mark.parametrize("slope", [0.4, 1.0])
def test_the_curve_is_the_one_that_the_errors_follow(slope):
    photos = np.tile([2, 4, 8, 16, 32], 30)
    curve = fit_curve(record(photos, 0.6 * photos**-slope))
    assert curve.slope == pytest.approx(slope, abs=0.05)
    assert float(curve.error(np.array(8.0), np.array(0.0))) == pytest.approx(0.6 * 8**-slope, rel=0.05)
    assert curve.n_people == 150


def test_people_whose_faces_differ_more_have_more_errors():
    spread = np.tile([-0.1, 0.0, 0.1], 50)
    curve = fit_curve(record(np.full(150, 10), 0.1 * np.exp(5 * spread), spread))
    assert curve.spread_effect > 3


def test_without_a_test_the_usual_slope_is_taken():
    nobody = record(np.array([4, 4]), np.zeros(2))
    assert fit_curve(replace(nobody, tested=np.zeros(2, np.int64))).slope == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize(
    ("photos", "error", "more"),
    [
        (10, TARGET_ERROR, 0),
        (10, 2 * TARGET_ERROR, 10),
        (10, 0.9, MOST),
        (1, 0.0, FEWEST - 1),
        (0, 1.0, FEWEST),
    ],
)
def test_half_the_error_takes_twice_the_photos_on_a_curve_of_slope_one(photos, error, more):
    assert count_photos_needed(photos, error, ErrorCurve(0.0, 1.0, 0.0, 20)) == more


def test_nobody_needs_more_where_nothing_was_wrong():
    table, predictions = a_run([8] * 6, [0] * 6)
    advice = advise_photos(table, predictions, {})
    assert [one.more_photos for one in advice] == [0] * 6
    assert {one.person_id for one in advice} == set(table.person_ids)


def test_who_was_missed_needs_more_than_the_others():
    table, predictions = a_run([8] * 10, [4] + [0] * 9)
    first, *others = advise_photos(table, predictions, {})
    assert first.person_id == table.person_ids[0]
    assert first.more_photos > max(one.more_photos for one in others)
    assert (first.learned, first.tested, first.wrong, first.n_people) == (8, 10, 4, 10)


def test_one_photo_is_too_little_however_well_it_went():
    table, predictions = a_run([1, 8, 8, 8], [0] * 4)
    (first, *_) = advise_photos(table, predictions, {})
    assert (first.person_id, first.more_photos) == (table.person_ids[0], FEWEST - 1)


def test_a_person_whom_the_run_left_out_is_advised_too():
    table, predictions = a_run([3, 8, 8, 8], [0] * 4)
    without = replace(
        predictions,
        people=predictions.people,
        face_ids=predictions.face_ids[TESTED:],
        true=predictions.true[TESTED:],
        given=predictions.given[TESTED:],
        probs=predictions.probs[TESTED:],
        distances=predictions.distances[TESTED:],
        scores=predictions.scores[TESTED:],
        ranks=predictions.ranks[TESTED:],
        learned_ids=predictions.learned_ids[3:],
    )
    first = advise_photos(table, without, {})[0]
    assert (first.person_id, first.more_photos) == (table.person_ids[0], FEWEST)
    assert first.learned == 0


def test_the_kind_of_photo_in_which_a_person_was_missed_is_asked_for():
    table, predictions = a_run([8] * 6, [3] + [0] * 5)
    qualities = dict.fromkeys(table.face_ids, GOOD)
    for face_id in predictions.face_ids[:3]:
        qualities[face_id] = replace(GOOD, yaw_deg=-40, brightness=0.1)
    first, *others = advise_photos(table, predictions, qualities)
    assert first.kinds == (PhotoKind.LEFT, PhotoKind.DARK)
    assert all(one.kinds == () for one in others)


def test_a_kind_that_was_learned_from_already_is_not_asked_for():
    table, predictions = a_run([8] * 6, [3] + [0] * 5)
    qualities = dict.fromkeys(table.face_ids, GOOD)
    for face_id in (*predictions.face_ids[:3], *table.face_ids[:2]):
        qualities[face_id] = replace(GOOD, size_px=30)
    assert advise_photos(table, predictions, qualities)[0].kinds == ()


def test_a_kind_that_is_hard_for_everybody_is_asked_of_those_who_need_photos():
    table, predictions = a_run([8] * 5 + [2], [2] * 5 + [0])
    qualities = dict.fromkeys(table.face_ids, GOOD)
    for person in range(5):
        for face_id in predictions.face_ids[TESTED * person : TESTED * person + 2]:
            qualities[face_id] = replace(GOOD, sharpness=0.1)
    last = next(one for one in advise_photos(table, predictions, qualities) if one.person_id == table.person_ids[5])
    assert last.more_photos > 0
    assert last.kinds == (PhotoKind.BLURRED,)


def test_a_rename_since_the_run_changes_nothing_and_a_moved_face_is_not_counted():
    table, predictions = a_run([8] * 6, [3] + [0] * 5)
    before = advise_photos(table, predictions, {})
    renamed = replace(table, people=("Aaron", *table.people[1:]))
    assert advise_photos(renamed, predictions, {}) == before
    labels = table.labels.copy()
    labels[48:51] = 1  # the three faces that were missed were the other person's
    moved = {one.person_id: one for one in advise_photos(replace(table, labels=labels), predictions, {})}
    first = moved[table.person_ids[0]]
    assert (first.tested, first.wrong) == (7, 0)
