"""The simulated world in real time, a process of its own: ``python -m drivers.simulation.process``.

The main thread keeps the physics on the wall clock, reads commands and writes states; a second
thread renders the cameras from a copy of the physics state, so that a slow frame never delays the
arm. To everything else this process is the robot and its cameras: killing it is pulling the cable.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# One thread renders with less processor time in all than several that wait for each other.
os.environ.setdefault("LP_NUM_THREADS", "0")

from drivers.base import DriverError, Floats
from drivers.ring import RingError, RingReader, RingWriter
from drivers.simulation.links import (
    FRAME_DTYPE,
    STATE_DTYPE,
    commands_path,
    frames_path,
    state_path,
)
from drivers.simulation.names import CAMERA_NAMES, JOINT_NAMES
from drivers.simulation.rendering import Onlooker
from drivers.simulation.world import World

STATE_HZ = 200.0
FRAME_HZ = 30.0
SILENCE_S = 0.25
"""Without a command for this long the arm holds where it is, as a servo's bus watchdog does [s]."""

_MEASURED = ("t", "position", "velocity", "effort", "environment_state", "stage", "success")
_STATE_SLOTS = 256
_FRAME_SLOTS = 16
_BEHIND_S = 0.1


class Commands:
    """The newest command of the arm's driver, whenever there is one.

    Args:
        runtime: folder of the rings.
    """

    def __init__(self, runtime: Path) -> None:
        self._path = commands_path(runtime)
        self._reader: RingReader | None = None
        self._seen = 0
        self._look_t = 0.0

    def newest(self, now: float) -> Any:
        """The newest command record not yet returned, or None; never blocks."""
        if now >= self._look_t:
            self._look_t = now + 0.1
            if self._reader is None or self._reader.replaced():
                self._reopen()
        if self._reader is None or self._reader.head <= self._seen:
            return None
        self._seen = self._reader.head
        return self._reader.latest()

    def close(self) -> None:
        """Drops the mapping."""
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def _reopen(self) -> None:
        self.close()
        try:
            self._reader = RingReader(self._path)
        except RingError:
            return  # no driver yet: the arm holds
        self._seen = 0


class RealTimeWorld:
    """Owns the world and moves it with the wall clock.

    Args:
        runtime: folder of the rings.
        seed: draws the first start pose.
    """

    def __init__(self, runtime: Path, seed: int) -> None:
        self.world = World(seed, start_t=time.monotonic())
        self._states = RingWriter(
            state_path(runtime), STATE_DTYPE, _STATE_SLOTS, {"joint_names": list(JOINT_NAMES)}
        )
        # A command left over by an earlier world must not move this one: start without its file.
        self._commands = Commands(runtime)
        self._commands.newest(time.monotonic())
        self._resets = 0
        self._heard_t = time.monotonic()
        self._holding = True
        self._lock = threading.Lock()
        self._snapshot = self.world.visible()
        self._publish()

    def snapshot(self) -> Floats:
        """What the cameras see now, for ``Onlooker.render``; from any thread."""
        with self._lock:
            return self._snapshot

    def run(self, stop: threading.Event) -> None:
        """Steps at ``STATE_HZ`` until ``stop`` is set; deadlines are absolute."""
        _come_first()
        deadline = time.monotonic()
        while not stop.is_set():
            deadline += 1.0 / STATE_HZ
            left = deadline - time.monotonic()
            if left > 0:
                time.sleep(left)
            elif left < -_BEHIND_S:
                deadline = time.monotonic()  # after a suspended machine, go on from now
            self.step(time.monotonic())

    def step(self, now: float) -> None:
        """Obeys the newest command, advances to ``now`` and writes the state."""
        record = self._commands.newest(now)
        if record is not None:
            self._heard_t = now
            self._obey(record)
        elif not self._holding and now - self._heard_t > SILENCE_S:
            self._hold()
        self.world.step_to(now)
        self._publish()

    def close(self) -> None:
        """Removes the state ring, so that nobody takes it for a living world's."""
        self._commands.close()
        self._states.close(unlink=True)
        self.world.close()

    def _obey(self, record: Any) -> None:
        if int(record["resets"]) > self._resets:
            self._resets = int(record["resets"])
            self.world.reset(int(record["seed"]))
            self._holding = True
        elif record["hold"]:
            self._hold()
        else:
            self.world.command(record["target"])
            self._holding = False

    def _hold(self) -> None:
        if not self._holding:
            self.world.hold()
            self._holding = True

    def _publish(self) -> None:
        state = self.world.state()
        slot = self._states.slot()
        for name in (
            "t",
            "position",
            "velocity",
            "effort",
            "environment_state",
            "stage",
            "success",
        ):
            slot[name] = getattr(state, name)
        slot["resets"] = self._resets
        slot["seed"] = self.world.seed
        self._states.commit()
        with self._lock:
            self._snapshot = self.world.visible()


class Cameras:
    """Renders every camera at ``FRAME_HZ`` in a thread of its own.

    Args:
        runtime: folder of the rings.
        source: the world to look at.
    """

    def __init__(self, runtime: Path, source: RealTimeWorld) -> None:
        self._source = source
        self._rings = {
            name: RingWriter(frames_path(runtime, name), FRAME_DTYPE, _FRAME_SLOTS)
            for name in CAMERA_NAMES
        }
        self.problem: DriverError | None = None

    def run(self, stop: threading.Event) -> None:
        """Renders until ``stop`` is set, or until rendering turns out to be impossible."""
        eye = Onlooker(self._source.world.model)
        try:
            deadline = time.monotonic()
            sequence = 0
            while not stop.is_set():
                for i, name in enumerate(CAMERA_NAMES):
                    # Half a period apart, so that two frames never compete with one tick.
                    due = deadline + i / (len(CAMERA_NAMES) * FRAME_HZ)
                    time.sleep(max(0.0, due - time.monotonic()))
                    self._expose(eye, name, sequence)
                sequence += 1
                deadline = max(deadline + 1.0 / FRAME_HZ, time.monotonic() - _BEHIND_S)
        except DriverError as error:
            self.problem = error
            stop.set()
        finally:
            eye.close()

    def close(self) -> None:
        """Removes the frame rings."""
        for ring in self._rings.values():
            ring.close(unlink=True)

    def _expose(self, eye: Onlooker, name: str, sequence: int) -> None:
        t = time.monotonic()
        image = eye.render(self._source.snapshot(), name)
        slot = self._rings[name].slot()
        slot["t"] = t
        slot["sequence"] = sequence
        slot["image"] = image
        self._rings[name].commit()


def _come_first() -> None:
    """Asks for real-time scheduling of this thread, as an arm's firmware has; works without."""
    with contextlib.suppress(OSError, AttributeError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(5))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the world until SIGTERM or SIGINT.

    Returns:
        0, or 1 if this machine cannot render; the reason goes to standard error.
    """
    parser = argparse.ArgumentParser(
        prog="python -m drivers.simulation.process", description=__doc__
    )
    parser.add_argument("--runtime", type=Path, required=True, help="folder of the rings")
    parser.add_argument("--seed", type=int, default=0, help="draws the first start pose")
    options = parser.parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    world = RealTimeWorld(options.runtime, options.seed)
    cameras = Cameras(options.runtime, world)
    eyes = threading.Thread(target=cameras.run, args=(stop,), name="cameras")
    eyes.start()
    gc.collect()
    gc.freeze()
    try:
        world.run(stop)
    finally:
        stop.set()
        eyes.join()
        cameras.close()
        world.close()
    if cameras.problem is not None:
        raise SystemExit(f"{cameras.problem}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
