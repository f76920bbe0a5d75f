"""The ticks of the control process, across its restarts and ours."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.ring import RingError, RingReader
from sessions.record import layout
from sessions.record.intake import Intake

_LOOK_S = 0.2  # how often a missing or replaced ring is looked for
_DEAD_S = 2.0  # a ring whose newest tick is older was left by a control process that is gone


class StepSource:
    """The step ring; a missing one is waited for, a replaced one is noticed.

    Args:
        path: ``steps.ring`` in the runtime folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: RingReader | None = None
        self._next = 0
        self._looked_at = float("-inf")

    @property
    def attached(self) -> bool:
        """Whether a ring is open."""
        return self._reader is not None

    @property
    def facts(self) -> tuple[np.dtype[Any], dict[str, Any]]:
        """The record's dtype and what the control process wrote about itself."""
        assert self._reader is not None
        return self._reader.dtype, self._reader.meta

    def poll(self) -> NDArray[Any]:
        """The ticks since the last call, shape (N,)."""
        assert self._reader is not None
        steps, self._next, _ = self._reader.since(self._next)
        return steps

    def attach(self, now: float) -> bool:
        """Opens the ring if there is one; whether it did."""
        if self._reader is not None or not self._due(now):
            return False
        with contextlib.suppress(RingError):
            self._reader = RingReader(self._path)
        self._next = 0
        return self._reader is not None

    def replaced(self, now: float) -> bool:
        """Whether the control process has restarted; the ticks of the old ring are still there."""
        if self._reader is None or not self._due(now):
            return False
        return self._reader.replaced()

    def detach(self) -> None:
        """Drops the ring."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None
            self._looked_at = float("-inf")

    def _due(self, now: float) -> bool:
        if now - self._looked_at < _LOOK_S:
            return False
        self._looked_at = now
        return True


def take_up(intake: Intake, episodes: Path, history: NDArray[Any], now: float) -> bool:
    """Tells the intake which of the ticks that were in the ring before it are not to be recorded.

    Those are the ticks of attempts whose file is finished or was moved aside, and of attempts that
    never got a file where the control process is gone too: nobody could say what they were.

    Args:
        intake: empty.
        episodes: the workspace's folder.
        history: all ticks in the ring, shape (N,).
        now: monotonic [s].

    Returns:
        Whether the control process that wrote them still lives.
    """
    if len(history) == 0:
        return True
    alive = bool(-_DEAD_S < now - float(history["t"][-1]) < _DEAD_S)
    for attempt in np.unique(history["attempt"]).tolist():
        if (episodes / layout.file_name(attempt, layout.PART)).exists():
            continue
        if not alive or _on_disk(episodes, attempt):
            intake.ignore(attempt)
    return alive


def _on_disk(episodes: Path, attempt: int) -> bool:
    name = f"{attempt:06d}.*"
    return any([*episodes.glob(name), *(episodes / "aside").glob(name)])
