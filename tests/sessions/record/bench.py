"""Control and cameras as the recorder sees them: real rings and sockets, written by a test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.ring import RingWriter
from sessions.bus import Publisher, Requester, Subscriber
from sessions.messages import AttemptEnded, AttemptStarted, Message, RecorderState, Snapshot
from sessions.messages.recorder import READY
from sessions.types import Controller, frame_dtype
from sessions.workspace import Workspace
from tests.sessions.record.parts import CAMERAS, DTYPE, ENVIRONMENT, JOINTS, RATE, image, steps
from tests.waiting import until

HEIGHT, WIDTH = 48, 64


class Bench:
    """Writes what control and the cameras write."""

    def __init__(self, space: Workspace, slots: int = 4096) -> None:
        self.space = space
        self.runtime = space.runtime()
        self.tick = 0
        self.written: list[NDArray[Any]] = []
        self.frames: dict[str, list[float]] = {c: [] for c in CAMERAS}
        self.ring = RingWriter(self.runtime / "steps.ring", DTYPE, slots, _meta())
        self.cameras = {
            c: RingWriter(self.runtime / f"frames-{c}.ring", frame_dtype(HEIGHT, WIDTH), 48)
            for c in CAMERAS
        }
        self.control = Publisher(self.runtime, "control")

    def restart_control(self) -> None:
        """A new control process: a new ring, ticks from 0."""
        old, self.tick = self.ring, 0
        self.ring = RingWriter(old.path, DTYPE, old.slots, _meta())
        old.close()

    def see(self) -> None:
        """Every camera takes a frame now."""
        for camera, ring in self.cameras.items():
            slot = ring.slot()
            slot["t"] = slot["received_t"] = time.monotonic()
            slot["sequence"], slot["flags"] = len(self.frames[camera]), 0
            slot["image"] = image(len(self.frames[camera]), HEIGHT, WIDTH)
            self.frames[camera].append(float(slot["t"]))
            ring.commit()

    def say(self, message: Message) -> None:
        """Control publishes."""
        self.control.send(message)

    def begin(self, episode: int, **changes: Any) -> None:
        """The start of an attempt is told."""
        facts: dict[str, Any] = {
            "tick": self.tick,
            "round": 2,
            "policy": "round-002",
            "demo": False,
            "seed": 3,
            "operator": "keyboard",
            **changes,
        }
        self.say(AttemptStarted(episode=episode, **facts))

    def drive(
        self,
        count: int,
        attempt: int,
        controller: Controller = Controller.POLICY,
        *,
        frames: bool = True,
        **fields: Any,
    ) -> None:
        """``count`` ticks, a frame of each camera every second one."""
        for i in range(count):
            if frames and i % 2 == 0:
                self.see()
            step = steps(self.tick, 1, attempt)[0]
            step["t"] = step["deadline"] = time.monotonic()
            step["controller"] = controller
            step["frame_t"] = [times[-1] if times else np.nan for times in self.frames.values()]
            for name, value in fields.items():
                step[name] = value
            self.ring.push(step)
            if attempt:
                self.written.append(step.copy())
            self.tick += 1

    def end(self, episode: int, outcome: str) -> None:
        """The outcome is told, and an idle tick follows."""
        self.say(AttemptEnded(episode, self.tick - 1, outcome))
        self.drive(1, 0, Controller.HOLD, frames=False)

    def ticks(self, episode: int) -> NDArray[Any]:
        """What was written of an attempt."""
        return np.array([s for s in self.written if s["attempt"] == episode], DTYPE)

    def close(self) -> None:
        """Drops rings and sockets."""
        self.control.close()
        self.ring.close()
        for ring in self.cameras.values():
            ring.close()


class RecorderProcess:
    """A real recorder process and the window's two sockets to it."""

    def __init__(self, space: Workspace, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sessions.record.recorder", str(space.root), *options],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
            stderr=subprocess.PIPE,
        )
        self.window = Requester(space.runtime(), "recorder")
        self.events = Subscriber(space.runtime(), "recorder")
        self.ready = Subscriber(space.runtime(), READY)
        self.state()

    def state(self) -> RecorderState:
        """A full snapshot, asked for."""
        state: RecorderState = self.window.ask(Snapshot(), 20.0)
        return state

    def until(self, condition: Callable[[RecorderState], Any], what: str) -> RecorderState:
        """Waits for a state that meets ``condition``."""

        def look() -> RecorderState | None:
            state = self.state()
            return state if condition(state) else None

        found: RecorderState = until(look, what)
        return found

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.close()

    def close(self) -> int:
        """Waits for the end, or brings it; the exit code."""
        self.window.close()
        self.events.close()
        self.ready.close()
        if self.process.poll() is None:
            self.process.terminate()
        _, said = self.process.communicate(timeout=20)
        self.said = said.decode()
        return self.process.returncode


def _meta() -> dict[str, Any]:
    return {
        "joint_names": JOINTS,
        "environment_names": ENVIRONMENT,
        "camera_names": CAMERAS,
        "rate_hz": RATE,
    }
