"""The control process, which also tells what each tick's devices took and when it had acted."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

from drivers.ring import RingWriter
from sessions.live import control
from sessions.live.loop import ControlLoop
from sessions.live.timing import Stopwatch
from sessions.workspace import Workspace

RING = "told.ring"
_DTYPE = np.dtype([("tick", "<i8"), ("devices_s", "<f8"), ("sent_t", "<f8")])
_SLOTS = 4096


class Telling(Stopwatch):
    """A stopwatch that keeps the last lap."""

    last_s = 0.0

    def lap(self) -> None:
        """The tick is over."""
        self.last_s = self._sum_s
        super().lap()


class ToldControl(control.ControlProcess):
    """Tells of each tick in a ring of its own."""

    def __init__(self, space: Workspace) -> None:
        super().__init__(space)
        told = RingWriter(space.runtime() / RING, _DTYPE, _SLOTS)
        loop, watch = self.loop, Telling()
        loop.timing.devices = loop.follower.bus = watch
        send, record = loop.follower.robot.send_action, np.zeros((), _DTYPE)

        def sending(action: np.ndarray) -> np.ndarray:
            sent: np.ndarray = send(action)
            record["sent_t"] = time.monotonic()
            return sent

        def act() -> None:
            record["sent_t"] = np.nan
            ControlLoop.act(loop)
            record["tick"], record["devices_s"] = loop.timing.ticks - 1, watch.last_s
            told.push(record)

        loop.follower.robot.send_action = sending  # type: ignore[method-assign]
        loop.act = act  # type: ignore[method-assign]


def path(runtime: Path) -> Path:
    """The ring that tells."""
    return runtime / RING


if __name__ == "__main__":
    control.ControlProcess = ToldControl  # type: ignore[misc]
    sys.exit(control.main())
