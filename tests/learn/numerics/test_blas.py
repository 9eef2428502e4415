"""One thread of BLAS is shared by all who want it, and lifted by the last."""

from __future__ import annotations

from threadpoolctl import ThreadpoolController, threadpool_limits

from core.learn.numerics.blas import count_blas_threads, one_blas_thread


def count_now() -> int:
    return max(library["num_threads"] for library in ThreadpoolController().select(user_api="blas").info())


def test_two_that_overlap_leave_as_many_threads_as_there_were() -> None:
    with threadpool_limits(2, user_api="blas"):
        first, second = one_blas_thread(), one_blas_thread()
        # As pages in two threads come to it: who began first is done first.
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert (count_now(), count_blas_threads() >= 2) == (1, True)
        second.__exit__(None, None, None)
        assert count_now() == 2
