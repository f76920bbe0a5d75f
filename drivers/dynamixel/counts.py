"""What a bus counted: transactions, what was lost on the way, and how long a read takes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from drivers.dynamixel.transactions import Answers

_WINDOW = 1000


@dataclass(frozen=True)
class Statistics:
    """How a bus has been since it was opened.

    Attributes:
        transactions: requests sent, retries included.
        lost: status packets that were expected and never came, retries included.
        corrupt: status packets that came damaged.
        retries: requests that were repeated.
        p99_ms: 99th percentile of the last thousand Sync Reads, with their retries [ms]; NaN
            before the first.
        fast: whether Fast Sync Read is in use.
    """

    transactions: int = 0
    lost: int = 0
    corrupt: int = 0
    retries: int = 0
    p99_ms: float = float("nan")
    fast: bool = False


class Counters:
    """Counts for one connection."""

    def __init__(self) -> None:
        self._transactions = self._lost = self._corrupt = self._retries = 0
        self._times: deque[float] = deque(maxlen=_WINDOW)

    def attempt(self, retry: bool) -> None:
        """A request goes out."""
        self._transactions += 1
        self._retries += retry

    def answered(self, answers: Answers, expected: int) -> None:
        """What came back to it, of so many packets."""
        self._corrupt += answers.corrupt
        self._lost += max(0, expected - answers.packets - answers.corrupt)

    def took(self, seconds: float) -> None:
        """A Sync Read is done, with its retry."""
        self._times.append(seconds)

    def snapshot(self, fast: bool) -> Statistics:
        """The figures now."""
        p99 = 1e3 * float(np.percentile(self._times, 99)) if self._times else float("nan")
        return Statistics(self._transactions, self._lost, self._corrupt, self._retries, p99, fast)
