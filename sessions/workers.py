"""Runs jobs in a few fresh processes and hands the results back in the order of the jobs."""

from __future__ import annotations

import ctypes
import itertools
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from types import TracebackType
from typing import TypeVar

from sessions.types import CancelledError

Job = TypeVar("Job")
Result = TypeVar("Result")


class Workers:
    """A pool of fresh interpreters; with one process everything runs in the caller's.

    Results come in the order of the jobs, whichever worker was faster, so that what is computed
    from them does not depend on the machine's load. A context manager.

    Args:
        processes: how many run at once.
        cancelled: asked a few times a second while a result is waited for.
    """

    def __init__(self, processes: int, cancelled: Callable[[], bool] = lambda: False) -> None:
        self.processes = max(1, processes)
        self._cancelled = cancelled
        self._pool: ProcessPoolExecutor | None = None
        if self.processes > 1:
            # Spawned, never forked: torch and a render context do not survive a fork.
            self._pool = ProcessPoolExecutor(
                self.processes, multiprocessing.get_context("spawn"), initializer=_prepare
            )

    def map(self, function: Callable[[Job], Result], jobs: Iterable[Job]) -> Generator[Result]:
        """Results in the order of ``jobs``, which may be endless: close the iterator to stop.

        At most twice as many jobs as processes are begun ahead of the one that is waited for.

        Args:
            function: a module's function, so that a fresh interpreter finds it.
            jobs: its arguments.

        Raises:
            CancelledError: ``cancelled`` said so.
        """
        if self._pool is None:
            for job in jobs:
                self._check()
                yield function(job)
            return
        waiting: deque[Future[Result]] = deque()
        source = iter(jobs)
        try:
            while True:
                for job in itertools.islice(source, 2 * self.processes - len(waiting)):
                    waiting.append(self._pool.submit(function, job))
                if not waiting:
                    return
                yield self._result(waiting.popleft())
        finally:
            for future in waiting:
                future.cancel()

    def close(self) -> None:
        """Ends the processes once their current jobs are done."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
        else:
            self._abandon()

    def _abandon(self) -> None:
        """Ends the processes soon: nobody waits for what is still running.

        What was only waiting is cancelled first, and the pool gets a moment to forget it: a pool
        whose processes end while it holds cancelled work breaks its own thread (Python 3.11).
        """
        if self._pool is None:
            return
        children = multiprocessing.active_children()
        self._pool.shutdown(wait=False, cancel_futures=True)
        deadline = time.monotonic() + _GRACE_S
        for child in children:
            child.join(max(0.0, deadline - time.monotonic()))
        for child in children:
            child.terminate()
            child.join(_GRACE_S)

    def _result(self, future: Future[Result]) -> Result:
        while True:
            try:
                return future.result(timeout=0.2)
            except FutureTimeoutError:
                if future.done():
                    raise
                self._check()

    def _check(self) -> None:
        if self._cancelled():
            raise CancelledError("Cancelled. What was finished before is kept.")


_PR_SET_PDEATHSIG = 1
_GRACE_S = 1.0


def _prepare() -> None:
    """One thread each: with a worker on every core, more would only fight.

    Where the system can (Linux), a worker dies with its parent, even if that was killed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
