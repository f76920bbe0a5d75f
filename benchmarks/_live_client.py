"""A window without a window: what the benchmarks need to drive a live session and watch it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import _told_control
import numpy as np
from numpy.typing import NDArray

from drivers.ring import RingError, RingReader
from sessions.bus import Requester, Subscriber
from sessions.messages import (
    Accepted,
    Arm,
    CamerasState,
    ControlState,
    Heartbeat,
    Message,
    RecorderState,
    StartAttempt,
    SupervisorState,
)
from sessions.workspace import Workspace

BEAT_S = 0.2
TIMEOUT_S = 60.0
START_S = 2.0  # so long a scene takes to be put back


class Client:
    """The supervisor of a workspace, its processes' states, and every tick.

    Args:
        space: the workspace; its supervisor is started here.
    """

    def __init__(self, space: Workspace) -> None:
        runtime = space.runtime()
        self._log = (space.root / "supervisor.log").open("wb")
        command = [sys.executable, "-m", "sessions.live.supervisor", str(space.root)]
        self._supervisor = subprocess.Popen(
            [*command, f"--module=control={_told_control.__name__}"],
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        )
        self._events = Subscriber(runtime, "control", "recorder", "cameras", "supervisor")
        self._requesters = {n: Requester(runtime, n) for n in ("control", "supervisor")}
        self._rings = [_Kept(runtime / "steps.ring"), _Kept(_told_control.path(runtime))]
        self._beat_t = 0.0
        self.known: dict[type[Message], Any] = {}

    def pump(self) -> None:
        """One look at everything; call it often."""
        now = time.monotonic()
        if now - self._beat_t > BEAT_S:
            self._beat_t = now
            self._requesters["control"].send(Heartbeat())
            for requester in self._requesters.values():
                requester.poll()
        for event in self._events.drain():
            self.known[type(event)] = event
        for ring in self._rings:
            ring.read()

    def take_steps(self) -> NDArray[Any]:
        """Every tick since the last call, shape (T,)."""
        return self._rings[0].take()

    def take_told(self) -> NDArray[Any]:
        """What every tick since the last call took, shape (T,); see ``_told_control``."""
        return self._rings[1].take()

    def run(self, seconds: float) -> None:
        """Watches for a while."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.pump()
            time.sleep(0.02)

    def until(self, condition: Callable[[], Any], what: str) -> None:
        """Watches until something is so.

        Raises:
            TimeoutError: it was not within a minute.
        """
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            self.pump()
            if condition():
                return
            if time.monotonic() > deadline:
                raise TimeoutError(f"{what}: not within {TIMEOUT_S:g} s. {self.known}")
            time.sleep(0.01)

    def ask(self, command: Message, process: str = "control") -> bool:
        """Whether a command was accepted."""
        return isinstance(self._requesters[process].ask(command, 10.0), Accepted)

    @property
    def control(self) -> ControlState | None:
        """The control process's newest state."""
        return self.known.get(ControlState)

    @property
    def recorder(self) -> RecorderState | None:
        """The recorder's newest state."""
        return self.known.get(RecorderState)

    @property
    def cameras(self) -> CamerasState | None:
        """The cameras' newest state."""
        return self.known.get(CamerasState)

    @property
    def supervisor(self) -> SupervisorState | None:
        """The supervisor's newest state."""
        return self.known.get(SupervisorState)

    def ready(self) -> bool:
        """Whether an attempt can start; an arm that was lost meanwhile is armed again."""
        control, cameras = self.control, self.cameras
        if control is not None and control.reason == "robot_lost":
            self.ask(Arm())
            self.run(0.5)
        return bool(
            control
            and control.policy
            and control.reason == "idle"
            and self.recorder
            and cameras
            and all(camera.fps > 20 for camera in cameras.cameras)
        )

    def started(self) -> bool:
        """Whether an attempt runs; arms the arm and starts one if not."""
        if self.control is None or not self.control.attempt:
            self.ask(Arm())
            self.ask(StartAttempt())
            self.run(START_S)
        return self.control is not None and self.control.attempt > 0

    def close(self) -> None:
        """Stops the session."""
        self._supervisor.send_signal(signal.SIGTERM)
        try:
            self._supervisor.wait(30)
        except subprocess.TimeoutExpired:
            self._supervisor.kill()
        self._events.close()
        for requester in self._requesters.values():
            requester.close()
        for ring in self._rings:
            ring.close()
        self._log.close()


class _Kept:
    """Everything that comes through a ring, from when it is there."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._reader: RingReader | None = None
        self._next = 0
        self._kept: list[NDArray[Any]] = []

    def read(self) -> None:
        """Keeps what has come."""
        if self._reader is None or self._reader.replaced():
            self.close()
            with contextlib.suppress(RingError):
                self._reader = RingReader(self._path)
                self._next = self._reader.head
        if self._reader is not None:
            records, self._next, _ = self._reader.since(self._next)
            if len(records):
                self._kept.append(records)

    def take(self) -> NDArray[Any]:
        """What has come since the last call, shape (T,)."""
        kept, self._kept = self._kept, []
        return np.concatenate(kept) if kept else np.empty(0)

    def close(self) -> None:
        """Lets go of the ring."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None


class BareLoop:
    """A process that only sleeps to its next deadline: what the machine allows under this load.

    Args:
        rate_hz: its rate.
        folder: where its result goes.
    """

    _CODE = """
import signal, sys, time
import numpy as np
dt, path, go = 1 / float(sys.argv[1]), sys.argv[2], [True]
signal.signal(signal.SIGTERM, lambda *_: go.clear())
times, due = [], time.monotonic()
while go:
    due += dt
    time.sleep(max(0.0, due - time.monotonic()))
    now = time.monotonic()
    times.append((now, due))
    due = max(due, now - dt)
np.save(path, np.array(times))
"""

    def __init__(self, rate_hz: float, folder: Path) -> None:
        self._path = folder / "bare.npy"
        self._process = subprocess.Popen(
            [sys.executable, "-c", self._CODE, str(rate_hz), str(self._path)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def finish(self) -> NDArray[Any]:
        """Ends it; (began, deadline) of each tick, shape (T, 2) [s]."""
        self._process.terminate()
        self._process.wait(10)
        found: NDArray[Any] = np.load(self._path)
        return found
