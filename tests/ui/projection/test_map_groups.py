"""The map's groups: who has which colour and symbol, that nobody is lost, and where names stand."""

from __future__ import annotations

import numpy as np
import pytest

from core.ui.projection import map_groups


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def crowd(n_people: int, faces_each: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """People scattered over a plane, their faces side by side: points and labels."""
    chance = np.random.default_rng(0)
    labels = np.repeat(np.arange(n_people), faces_each)
    centres = chance.random((n_people, 2), dtype=np.float32)
    return centres[labels] + 0.001 * chance.random((len(labels), 2), dtype=np.float32), labels


def test_the_biggest_people_come_first_and_the_absent_not_at_all():
    assert map_groups.order_by_size(ints(2, 2, 0, -1, 2, 0), 4).tolist() == [2, 0]


@pytest.mark.parametrize("n_people", [5, 30, 105, 400])
def test_everybody_has_a_colour_and_a_symbol_and_nobody_is_lost(n_people):
    points, labels = crowd(n_people)
    labels = np.append(labels, -1)
    points = np.append(points, [[0, 0]], axis=0)
    people, names = map_groups.order_by_size(labels, n_people), [f"p{n}" for n in range(n_people)]
    looks = map_groups.choose_looks(points, labels, people)
    groups = map_groups.group_people(labels, names, people, looks, ("everyone else", "no name"))
    assert sorted(np.concatenate([group.rows for group in groups])) == list(range(2 * n_people + 1))
    assert [group.name for group in groups if group.faded] == ["no name"]
    coloured = [(group.colour, group.symbol) for group in groups if not group.faded]
    assert len(coloured) == len(set(coloured)) >= min(n_people, 100)
    if n_people <= 12:
        assert len({colour for colour, _ in coloured}) == len({symbol for _, symbol in coloured}) == n_people


def test_a_group_is_named_when_it_is_one_persons():
    labels, looks = ints(0, 1, 2, 0), [("#0072B2", "star"), ("#E69F00", "star"), ("#0072B2", "star")]
    groups = map_groups.group_people(labels, ["Ann", "Ben", "Cat"], ints(0, 1, 2), looks, ("everyone else", "no name"))
    assert [(group.name, group.rows.tolist()) for group in groups] == [("", [0, 2, 3]), ("Ben", [1])]


def test_those_who_lie_side_by_side_differ_in_colour():
    points, labels = crowd(105)
    people = map_groups.order_by_size(labels, 105)
    colours = [colour for colour, _ in map_groups.choose_looks(points, labels, people)]
    centres = np.stack([points[labels == person].mean(axis=0) for person in people])
    distances = np.square(centres[:, None] - centres[None]).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    for index, nearest in enumerate(distances.argsort(axis=1)[:, :3]):
        assert colours[index] not in [colours[other] for other in nearest]


def test_where_nobody_has_a_name_the_nameless_do_not_pale():
    (everybody,) = map_groups.group_people(ints(-1, -1), [], ints(), [], ("everyone else", "no name"))
    assert everybody.name == "no name" and not everybody.faded


@pytest.mark.parametrize("dimensions", [2, 3])
def test_names_stand_at_their_people_without_outliers_and_the_biggest_come_first(dimensions):
    points = np.array([[9, 9, 9], [0, 0, 0], [0, 0.2, 0], [0.1, 0, 0], [10, 10, 10]], dtype=np.float32)[:, :dimensions]
    big, far = map_groups.find_clusters(points, ints(0, 1, 1, 1, 1), ["far", "big"], ints(1, 0))
    assert (big.name, far.name, far.row, far.position) == ("big", "far", 0, (9,) * dimensions)
    assert max(big.position) <= 0.2 and big.row in (1, 2, 3)  # a face of the many, not the one far away


@pytest.mark.parametrize(
    ("word", "dates", "names", "steps"),
    [
        ("years", ["1978-05-01", "1985-01-01", "1978-12-31", None], ["1978", "1985"], [0, 1, 0, -1]),
        ("months of one year", ["1978-05-01", "1978-07-01", "1978-05-31"], ["1978-05", "1978-07"], [0, 1, 0]),
        ("days of one month", ["1978-05-02", "1978-05-01"], ["1978-05-01", "1978-05-02"], [1, 0]),
    ],
)
def test_time_has_steps_where_there_are_two_dates(word, dates, names, steps):
    seconds = [np.nan if date is None else np.datetime64(date, "s").astype(float) for date in dates]
    moments = map_groups.find_moments(np.array(seconds))
    assert moments is not None, word
    assert (list(moments.names), moments.steps.tolist()) == (names, steps)


@pytest.mark.parametrize("seconds", [[], [np.nan, np.nan], [86400.0, 86400.0, np.nan], [86400.0, 90000.0]])
def test_without_two_dates_there_is_no_time_to_choose(seconds):
    assert map_groups.find_moments(np.array(seconds)) is None
