"""Control and two cameras as the recorder sees them, at full rate: rings and sockets, nothing else.

``python benchmarks/_ring_load.py WORKSPACE --seconds 120 --ticks 200 --frames 60`` writes real
pictures of the simulated scene, one attempt after another, and prints how many ticks and frames it
wrote.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drivers.ring import RingWriter
from drivers.simulation.names import ENVIRONMENT_NAMES, JOINT_NAMES
from drivers.simulation.world import World
from sessions.bus import Publisher
from sessions.messages import AttemptEnded, AttemptStarted, ControlState
from sessions.types import Controller, frame_dtype, step_dtype
from sessions.workspace import open_workspace

CAMERAS = ("top", "wrist")
ATTEMPT_S = 20.0
PAUSE_S = 1.0
STATE_S = 0.25
_SHOWN = 12


def scenes() -> dict[str, list[NDArray[np.uint8]]]:
    """A few different pictures of each camera, shape (480, 640, 3)."""
    world = World(0)
    shown: dict[str, list[NDArray[np.uint8]]] = {c: [] for c in CAMERAS}
    for seed in range(_SHOWN):
        world.reset(seed)
        for camera, pictures in shown.items():
            pictures.append(np.array(world.render(camera)))
    world.close()
    return shown


class Load:
    """Writes ticks and frames on the wall clock."""

    def __init__(self, root: Path, rate_hz: float, fps: float, attempt_s: float) -> None:
        space = open_workspace(root)
        runtime = space.runtime()
        self.dtype = step_dtype(len(JOINT_NAMES), len(ENVIRONMENT_NAMES), len(CAMERAS))
        self.rate_hz, self.fps, self.attempt_s = rate_hz, fps, attempt_s
        self.shown = scenes()
        meta = {
            "joint_names": list(JOINT_NAMES),
            "environment_names": list(ENVIRONMENT_NAMES),
            "camera_names": list(CAMERAS),
            "rate_hz": rate_hz,
        }
        self.steps = RingWriter(runtime / "steps.ring", self.dtype, 4096, meta)
        self.frames = {
            c: RingWriter(runtime / f"frames-{c}.ring", frame_dtype(480, 640), 48, {"camera": c})
            for c in CAMERAS
        }
        self.control = Publisher(runtime, "control")
        self.tick = self.sequence = self.ticks = self.pictures = 0
        self.seen = np.full(len(CAMERAS), np.nan)
        self.started: AttemptStarted | None = None
        self.ended: AttemptEnded | None = None

    def run(self, seconds: float) -> None:
        """Attempts of ``attempt_s`` with a second between them, until ``seconds`` are over."""
        self._drive(0, 2.0)  # a session is up for a while before its first attempt
        end = time.monotonic() + seconds
        episode = 0
        while time.monotonic() < end - PAUSE_S:
            episode += 1
            self.started = AttemptStarted(
                episode, self.tick, 0, "round-000", False, episode, "keyboard"
            )
            self.control.send(self.started)
            self._drive(episode, min(self.attempt_s, end - PAUSE_S - time.monotonic()))
            self.ended = AttemptEnded(episode, self.tick - 1, "success")
            self.control.send(self.ended)
            self._drive(0, PAUSE_S)

    def close(self) -> None:
        """Drops everything."""
        self.control.close()
        self.steps.close()
        for ring in self.frames.values():
            ring.close()

    def _drive(self, attempt: int, seconds: float) -> None:
        start = time.monotonic()
        tick_t = frame_t = state_t = start
        while (now := time.monotonic()) < start + seconds:
            if now >= state_t:
                self._publish(attempt, now)
                state_t += STATE_S
            if now >= frame_t:
                self._expose(attempt, now)
                frame_t += 1.0 / self.fps
            if now >= tick_t:
                self._step(attempt, now)
                tick_t += 1.0 / self.rate_hz
            time.sleep(max(0.0, min(tick_t, frame_t) - time.monotonic()))

    def _publish(self, attempt: int, now: float) -> None:
        """What control says four times a second: how the newest attempts began and ended."""
        driver = "policy" if attempt else "hold"
        state = ControlState(
            sequence=self.tick,
            t=now,
            gate=driver,
            controller=driver,
            armed=True,
            reason="none",
            reason_text="",
            remedy="",
            attempt=attempt,
            attempt_demo=False,
            attempt_started_t=now,
            round=0,
            policy="round-000",
            operator="keyboard",
            operators=("keyboard",),
            doubt=float("nan"),
            tau=float("inf"),
            rate_hz=self.rate_hz,
            measured_hz=self.rate_hz,
            late_ticks=0,
            ticks=self.tick,
            period_p99_ms=0.0,
            policy_ms=0.0,
            seed=attempt,
            stage=0,
            success=False,
            started=self.started,
            ended=self.ended,
        )
        self.control.send(state)

    def _expose(self, attempt: int, now: float) -> None:
        for column, (camera, ring) in enumerate(self.frames.items()):
            slot = ring.slot()
            slot["t"] = slot["received_t"] = now
            slot["sequence"], slot["flags"] = self.sequence, 0
            slot["image"] = self.shown[camera][self.sequence % _SHOWN]
            ring.commit()
            self.seen[column] = now
        self.sequence += 1
        self.pictures += len(self.frames) * bool(attempt)

    def _step(self, attempt: int, now: float) -> None:
        step = np.zeros((), self.dtype)
        step["tick"], step["attempt"] = self.tick, attempt
        step["t"] = step["deadline"] = now
        step["position"] = np.sin(now + np.arange(len(JOINT_NAMES)))
        step["sent_action"] = step["policy_action"] = step["position"]
        step["human_action"] = np.nan
        step["controller"] = Controller.POLICY if attempt else Controller.HOLD
        step["frame_t"] = self.seen
        self.steps.push(step)
        self.tick += 1
        self.ticks += bool(attempt)


def main() -> None:
    """Writes until the time is over, then says how much."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--ticks", type=float, default=200.0, help="a second")
    parser.add_argument("--frames", type=float, default=60.0, help="a second, each camera")
    parser.add_argument("--attempt", type=float, default=ATTEMPT_S, help="how long each is [s]")
    options = parser.parse_args()
    load = Load(options.workspace, options.ticks, options.frames, options.attempt)
    print("ready", flush=True)
    load.run(options.seconds)
    time.sleep(3.0)  # the recorder reads the last of the rings
    load.close()
    print(json.dumps({"ticks": load.ticks, "frames": load.pictures}))


if __name__ == "__main__":
    main()
