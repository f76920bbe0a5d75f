from __future__ import annotations

import itertools
import os
import time
from contextlib import closing

import pytest

from sessions.types import CancelledError
from sessions.workers import Workers


def slow_first(number: int) -> tuple[int, int]:
    if number == 0:
        time.sleep(0.2)
    return number, os.getpid()


def failing(number: int) -> int:
    if number == 3:
        raise ValueError("the third")
    return number


def test_results_come_in_the_order_of_the_jobs_from_other_processes() -> None:
    with Workers(2) as workers:
        found = list(workers.map(slow_first, range(6)))
        assert [number for number, _ in found] == [0, 1, 2, 3, 4, 5]
        assert os.getpid() not in {pid for _, pid in found}
        with closing(workers.map(slow_first, itertools.count())) as endless:
            assert [next(endless)[0] for _ in range(5)] == [0, 1, 2, 3, 4]
        with pytest.raises(ValueError, match="the third"):
            list(workers.map(failing, range(6)))


def test_one_process_is_the_callers_own() -> None:
    with Workers(1) as workers:
        assert [pid for _, pid in workers.map(slow_first, range(1, 3))] == [os.getpid()] * 2


def test_waiting_ends_when_the_work_is_cancelled() -> None:
    with pytest.raises(CancelledError), Workers(2, lambda: True) as workers:
        list(workers.map(slow_first, [0, 0, 0, 0]))
    with pytest.raises(CancelledError), Workers(1, lambda: True) as workers:
        list(workers.map(slow_first, [0]))
