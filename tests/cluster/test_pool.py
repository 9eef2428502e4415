"""Batches on the workers of a cluster: their order, and what becomes of those whose worker is lost."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray

from core.base.errors import Cancelled, ClusterUnavailable, ModelUnavailable
from core.base.progress import UNWATCHED, CancelToken, Progress
from core.base.settings import Settings
from core.cluster import pool as pooling
from core.cluster.connection import ClusterWatch, connected
from core.cluster.node import NodeOrder
from core.cluster.pool import Poisoned, WorkerPool
from core.cluster.versions import Versions, read_versions, require_same
from tests.cluster import works
from tests.cluster.conftest import lose_node, restore_node


@pytest.fixture
def pool(cluster: Any, tmp_path: Path) -> Iterator[WorkerPool[int, int]]:
    order = NodeOrder(load=works.load_nothing, settings=Settings(tmp_path), model_id="none", network_ids=(), threads=1)
    with connected(cluster.address) as watch:
        yield WorkerPool(order, read_versions(order.settings, ()), watch)


def batches(n_batches: int, size: int = 3) -> Iterable[tuple[str, list[int]]]:
    return [(f"batch {n}", list(range(n * size, n * size + size))) for n in range(n_batches)]


def test_answers_come_in_the_order_of_the_batches_and_empty_ones_are_answered_too(pool: WorkerPool[int, int]) -> None:
    asked = [*batches(20), ("empty", []), ("last", [7])]
    answered = list(pool.stream(works.square, asked, UNWATCHED))
    assert answered == [(key, [item * item for item in items]) for key, items in asked]


def test_no_more_batches_are_taken_up_than_the_workers_have_room_for(pool: WorkerPool[int, int]) -> None:
    taken = []

    def counted() -> Iterator[tuple[int, list[int]]]:
        for key in range(1000):
            taken.append(key)
            yield key, [key]

    with closing(pool.stream(works.square, counted(), UNWATCHED)) as stream:
        for _ in range(3):
            next(stream)
        assert len(taken) <= 3 + 8  # four a worker


def test_what_a_lost_node_was_doing_is_repeated_elsewhere(
    pool: WorkerPool[int, int], cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if it took many workers with it.
    monkeypatch.setattr(pooling, "LOSSES_IN_A_ROW", 1)
    asked, answered = list(batches(16)), []
    for key, answers in pool.stream(works.SquareSlowly(tmp_path), asked, UNWATCHED):
        answered.append((key, answers))
        if len(answered) == 2:
            lose_node(cluster)
    restore_node(cluster)
    assert answered == [(key, [item * item for item in items]) for key, items in asked]
    attempts = len(list(tmp_path.iterdir()))
    assert 16 <= attempts <= 16 + 2, "more was repeated than the lost node had in hand"


def test_an_item_that_ends_two_workers_is_named_and_the_others_are_answered(pool: WorkerPool[int, int]) -> None:
    answered = dict(pool.stream(works.square_unless_poisonous, batches(8), UNWATCHED))
    answers = [answer for answers in answered.values() for answer in answers]
    (poisoned,) = [answer for answer in answers if isinstance(answer, Poisoned)]
    assert answers.index(poisoned) == works.POISON
    assert "ended twice on this photo" in poisoned.reason
    assert [answer for answer in answers if answer is not poisoned] == [n * n for n in range(24) if n != works.POISON]


def test_where_every_worker_ends_nobody_blames_the_photos(
    pool: WorkerPool[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "LOSSES_IN_A_ROW", 3)
    with pytest.raises(ClusterUnavailable, match="The last 5 workers of the Ray cluster ended without an answer"):
        list(pool.stream(works.end, batches(2), UNWATCHED))


def test_a_batch_that_is_slow_is_done_by_another_worker_too_and_answered_once(
    pool: WorkerPool[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "SLOW_LEAST_S", 0.1)
    asked, work = list(batches(12)), works.SquareSlowAtFirst(tmp_path, slow_item=15)
    answered = list(pool.stream(work, asked, UNWATCHED))
    assert answered == [(key, [item * item for item in items]) for key, items in asked]
    attempts = [path.name.split("-")[0] for path in tmp_path.iterdir()]
    assert sorted(attempts, key=int) == sorted([*(str(items[0]) for _, items in asked), "15"], key=int)


def test_a_batch_that_takes_too_long_is_done_by_another_worker(
    pool: WorkerPool[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "LONGEST_S", 3.0)
    asked, work = list(batches(4)), works.SquareSlowAtFirst(tmp_path, slow_item=3)
    answered = list(pool.stream(work, asked, UNWATCHED))
    assert answered == [(key, [item * item for item in items]) for key, items in asked]
    assert len(list(tmp_path.glob("3-*"))) == 2


def test_work_that_waits_for_other_jobs_says_so_and_stops_when_it_is_to(
    pool: WorkerPool[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pooling, "ROOM_S", 0.0)
    # All processors of both nodes, as another job has them.
    others = [ray.remote(num_cpus=1)(works.Idler).remote() for _ in range(2)]
    ray.get([other.wait.remote() for other in others])
    messages, token = list[str](), CancelToken()

    def hear(done: int, total: int, message: str) -> None:
        messages.append(message)
        token.cancel()

    with pytest.raises(Cancelled):
        list(pool.stream(works.square, batches(2), Progress(hear, token)))
    for other in others:
        ray.kill(other)
    assert messages == ["Waiting for a worker of the Ray cluster; other jobs may have its processors"]
    assert len(list(pool.stream(works.square, batches(2), UNWATCHED))) == 2, "the others are gone"


class _Silent(ClusterWatch):
    """Of a cluster whose first node is gone."""

    def answers(self) -> bool:
        return False

    def require_cluster(self) -> None:
        raise ClusterUnavailable("It does not answer any more.")


def test_of_a_cluster_that_is_gone_nothing_is_asked_that_would_hang(
    pool: WorkerPool[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(pool.stream(works.square, batches(20), UNWATCHED)) as stream:
        next(stream)
        pool.watch = _Silent("127.0.0.1:1")
        for question in ("nodes", "kill", "cluster_resources"):
            monkeypatch.setattr(ray, question, lambda *_: pytest.fail("it would hang for a minute"))
        with pytest.raises(ClusterUnavailable, match="does not answer"):
            list(stream)
    pool.watch.stop()


def test_an_error_of_ours_comes_back_as_it_is(pool: WorkerPool[int, int]) -> None:
    with pytest.raises(ModelUnavailable, match="not installed here"):
        list(pool.stream(works.refuse, batches(2), UNWATCHED))


def test_a_node_with_another_python_is_refused_with_both(pool: WorkerPool[int, int]) -> None:
    there = pool.here.python
    pool.here = replace(pool.here, python="3.10.1")
    with pytest.raises(ClusterUnavailable, match=f"Python is {there} there and 3.10.1 here"):
        list(pool.stream(works.square, batches(2), UNWATCHED))


def test_what_differs_is_told_with_both_versions() -> None:
    here = Versions("3.11.2", (("numpy", "2.4.6"),), "aaaa", (("facenet-128", "1234"),))
    require_same(here, here, "node-a")
    there = replace(here, code="bbbb", packages=(("numpy", "2.4.5"),), networks=())
    with pytest.raises(ClusterUnavailable) as refusal:
        require_same(here, there, "node-b")
    for words in ("node-b", "Face Atlas is bbbb there and aaaa here", "numpy is 2.4.5 there and 2.4.6 here"):
        assert words in str(refusal.value)
    assert "model facenet-128 is missing there and 1234 here" in str(refusal.value)
