"""Waiting for what must happen, in one way: long enough for a machine that is busy elsewhere."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 30.0


def until(
    condition: Callable[[], T],
    what: str = "it",
    *,
    seconds: float = PATIENCE_S,
    but: tuple[type[Exception], ...] = (),
) -> T:
    """The first true answer of a condition, which is asked again and again.

    Args:
        condition: what must become true.
        what: its name, for when it does not.
        seconds: how long to wait at most.
        but: what it may raise meanwhile.
    """
    deadline = time.monotonic() + seconds
    while True:
        with contextlib.suppress(*but):
            if answer := condition():
                return answer
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.005)
