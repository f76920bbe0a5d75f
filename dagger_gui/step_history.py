"""What the loop recorded lately, kept in flat numpy buffers that plots can take as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

HISTORY_S = 10.0
_ATTEMPT_FIELDS = ("t", "tick", "controller", "gate", "reason", "doubt")


class StepHistory:
    """The last ten seconds of steps, whole, and the running attempt's in outline.

    Args:
        dtype: the record of one tick, ``sessions.types.step_dtype``.
        rate_hz: rate of the loop, from which the buffer's length follows.
    """

    def __init__(self, dtype: np.dtype[Any], rate_hz: float) -> None:
        self._recent = _Tail(dtype, keep=int(HISTORY_S * max(rate_hz, 1.0)) + 2)
        outline = np.dtype([(name, dtype[name]) for name in _ATTEMPT_FIELDS])
        self._attempt = _Growing(outline)
        self.attempt = 0
        self.count = 0

    def append(self, steps: NDArray[Any]) -> None:
        """Takes new ticks, shape (N,), oldest first."""
        if len(steps) == 0:
            return
        self.count += len(steps)
        self._recent.append(steps)
        newest = int(steps["attempt"][-1])
        if newest and newest != self.attempt:
            self.attempt = newest
            self._attempt.clear()
        running = steps[steps["attempt"] == self.attempt] if self.attempt else steps[:0]
        if len(running):
            self._attempt.append(running[list(_ATTEMPT_FIELDS)])

    @property
    def recent(self) -> NDArray[Any]:
        """A view of the ticks of the last ten seconds, shape (N,), oldest first."""
        steps = self._recent.view()
        if len(steps) == 0:
            return steps
        first = int(np.searchsorted(steps["t"], steps["t"][-1] - HISTORY_S))
        return steps[first:]

    @property
    def outline(self) -> NDArray[Any]:
        """A view of the attempt's ticks (t, tick, controller, gate, reason, doubt), shape (N,).

        After the attempt has ended it stays until the next one begins.
        """
        return self._attempt.view()

    @property
    def newest(self) -> NDArray[Any] | None:
        """The newest tick, shape (), or None before the first."""
        steps = self._recent.view()
        return steps[-1:].reshape(()) if len(steps) else None


def spans(t: NDArray[np.float64], labels: NDArray[Any]) -> list[tuple[float, float, int]]:
    """Runs of equal ``labels``, each (start, stop, label); both inputs of shape (T,).

    A run stops where the next one starts, so that a timeline has no gaps.
    """
    if len(t) == 0:
        return []
    edges = np.flatnonzero(np.diff(labels.astype(np.int16))) + 1
    starts = np.concatenate(([0], edges))
    stops = np.concatenate((edges, [len(t) - 1]))
    return [(float(t[a]), float(t[b]), int(labels[a])) for a, b in zip(starts, stops, strict=True)]


class _Tail:
    """The newest ``keep`` records, always contiguous: the buffer is moved back when it is full."""

    def __init__(self, dtype: np.dtype[Any], keep: int) -> None:
        self._keep = keep
        self._data = np.zeros(keep * 3, dtype)
        self._end = 0

    def append(self, records: NDArray[Any]) -> None:
        records = records[-self._keep :]
        if self._end + len(records) > len(self._data):
            kept = min(self._keep, self._end)
            self._data[:kept] = self._data[self._end - kept : self._end].copy()
            self._end = kept
        self._data[self._end : self._end + len(records)] = records
        self._end += len(records)

    def view(self) -> NDArray[Any]:
        return self._data[max(0, self._end - self._keep) : self._end]


class _Growing:
    """All records since ``clear``; the buffer doubles when it is full."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._data = np.zeros(4096, dtype)
        self._end = 0

    def clear(self) -> None:
        self._end = 0

    def append(self, records: NDArray[Any]) -> None:
        while self._end + len(records) > len(self._data):
            self._data = np.concatenate((self._data, np.zeros_like(self._data)))
        self._data[self._end : self._end + len(records)] = records
        self._end += len(records)

    def view(self) -> NDArray[Any]:
        return self._data[: self._end]
