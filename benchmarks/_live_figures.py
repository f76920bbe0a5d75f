"""What the live benchmarks have in common: their window, their figures, their table."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from _display import on_a_display
from numpy.typing import NDArray

from drivers.base import JointLimits
from drivers.limits import tightened
from drivers.simulation.names import LIMITS
from sessions.types import Controller
from sessions.workspace import Workspace


@contextlib.contextmanager
def window(space: Workspace, wanted: bool) -> Iterator[None]:
    """The real window, under Xvfb where there is no display."""
    if not wanted:
        yield
        return
    command = [sys.executable, "-m", "dagger_gui.start", "--workspace", str(space.root)]
    with on_a_display(command):
        yield


def p99_ms(seconds: NDArray[Any]) -> float:
    """99th percentile of absolute times [s], in ms."""
    return 1000.0 * float(np.percentile(np.abs(seconds), 99))


def late_share(steps: NDArray[Any], dt: float) -> float:
    """Share of ticks that began more than one period after their deadline."""
    return float(np.mean(steps["t"] - steps["deadline"] > dt))


def takeovers(steps: NDArray[Any]) -> NDArray[np.intp]:
    """The ticks that sent the first human action after a press."""
    human = steps["controller"][:-1] == Controller.HUMAN
    return np.flatnonzero(np.isfinite(steps["input_t"][:-1]) & human)


def latencies_ms(steps: NDArray[Any], first: NDArray[np.intp], told: NDArray[Any]) -> NDArray[Any]:
    """From the press to the action sent, for each of the ticks ``first``.

    Args:
        steps: every tick, shape (T,).
        first: which of them, shape (N,).
        told: what the control process told of the same ticks, shape (T',); see ``_told_control``.
    """
    sent = dict(zip(told["tick"].tolist(), told["sent_t"].tolist(), strict=True))
    when = np.array([sent.get(tick, np.nan) for tick in steps["tick"][first].tolist()])
    return 1000.0 * (when - steps["input_t"][first])


def within_attempts(steps: NDArray[Any]) -> NDArray[np.bool_]:
    """Between which ticks an attempt went on, shape (T - 1,)."""
    running = steps["attempt"][1:] > 0
    return running & (steps["attempt"][:-1] == steps["attempt"][1:])


def limits(space: Workspace) -> JointLimits:
    """What the arm of the simulated scene may do on this station."""
    own = space.station.limits
    return tightened(LIMITS, own.velocity_rad_s, own.acceleration_rad_s2, own.gripper_per_s)


def table(found: Sequence[Any]) -> str:
    """One line a figure, one column a measurement: dataclasses of one kind."""
    rows = [asdict(one) for one in found]
    lines = []
    for name in rows[0]:
        values = [row[name] for row in rows]
        shown = [f"{v:>14.4g}" if isinstance(v, float) else f"{v:>14}" for v in values]
        lines.append(f"{name:<20}" + "".join(shown))
    return "\n".join(lines)
