"""What a bus counted: transactions, what was lost on the way, and how long a read takes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from drivers.dynamixel.transactions import Answers

_WINDOW = 1000

WARN_SHARE = 0.04
"""From this share of spoilt answers on a bus is worth a warning: a good one spoils none, a busy
computer that hears some too late two or three in a hundred, and up to here retries are in time."""

_LATELY = 33
_ENOUGH = 100


@dataclass(frozen=True)
class Statistics:
    """How a bus has been since it was opened.

    Attributes:
        transactions: requests sent, retries included.
        expected: status packets that were expected, retries included.
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
    expected: int = 0


class Counters:
    """Counts for one connection."""

    def __init__(self) -> None:
        self._transactions = self._lost = self._corrupt = self._retries = self._expected = 0
        self._times: deque[float] = deque(maxlen=_WINDOW)

    def attempt(self, retry: bool) -> None:
        """A request goes out."""
        self._transactions += 1
        self._retries += retry

    def answered(self, answers: Answers, expected: int) -> None:
        """What came back to it, of so many packets."""
        self._expected += expected
        self._corrupt += answers.corrupt
        self._lost += max(0, expected - answers.packets - answers.corrupt)

    def took(self, seconds: float) -> None:
        """A Sync Read is done, with its retry."""
        self._times.append(seconds)

    def snapshot(self, fast: bool) -> Statistics:
        """The figures now."""
        p99 = 1e3 * float(np.percentile(self._times, 99)) if self._times else float("nan")
        return Statistics(
            self._transactions, self._lost, self._corrupt, self._retries, p99, fast, self._expected
        )


class Losses:
    """Whether a bus has spoilt too many answers lately: over ``_LATELY`` looks, some ten seconds.

    Looked at as often as a device's health is. The share is of answers that were expected, so that
    a retry that helped counts no less than one that did not.
    """

    def __init__(self) -> None:
        self._seen: deque[Statistics] = deque(maxlen=_LATELY)

    def warnings(self, counts: Statistics) -> tuple[str, ...]:
        """One sentence with its remedy, or none.

        Args:
            counts: those of the bus now; counts that went back are those of a new connection.
        """
        if self._seen and counts.expected < self._seen[-1].expected:
            self._seen.clear()
        self._seen.append(counts)
        first = self._seen[0]
        expected = counts.expected - first.expected
        spoilt = counts.lost + counts.corrupt - first.lost - first.corrupt
        if expected < _ENOUGH or spoilt < WARN_SHARE * expected:
            return ()
        return (
            f"{100 * spoilt / expected:.0f} % of packets are lost (limit "
            f"{100 * WARN_SHARE:.0f} %). Check plugs and cables.",
        )
