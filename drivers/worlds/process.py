"""A world in real time, a process of its own: ``python -m drivers.worlds.process``.

The main thread keeps the world on the wall clock, reads commands and writes states. A world that
can be looked at while it moves is rendered in a second thread, so that a slow picture never delays
the arm; any other is rendered between its steps. To everything else this process is the robot and
its cameras: killing it is pulling the cable.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drivers import registry, scheduling
from drivers.base import DriverError
from drivers.ring import RingError, RingReader, RingWriter
from drivers.worlds import Visible, World
from drivers.worlds.pictures import Pictures, Watching
from drivers.worlds.rings import commands_path, state_dtype, state_path
from drivers.worlds.shape import Shape, refusal, write_shape

STATE_HZ = 200.0
SILENCE_S = 0.25
"""Without a command for this long the arm holds where it is, as a servo's bus watchdog does [s]."""

FAILED = 1
_PRIORITY = 5
_STATE_SLOTS = 256
_BEHIND_S = 0.1
_SHARE = 0.1
"""Weight of the newest command in the mean time that one takes."""


class Commands:
    """The newest command of the arm's driver, whenever there is one.

    Args:
        runtime: folder of the rings.
        joints: A, so that another robot's commands are not read.
    """

    def __init__(self, runtime: Path, joints: int) -> None:
        self._path = commands_path(runtime)
        self._joints = joints
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
            reader = RingReader(self._path)
        except RingError:
            return  # no driver yet: the arm holds
        if reader.dtype["target"].shape != (self._joints,):
            reader.close()
            return
        self._reader, self._seen = reader, 0


class RealTimeWorld:
    """Owns the world and moves it with the wall clock.

    Args:
        runtime: folder of the rings.
        world: what is moved; its clock may stand anywhere.
        pictures: rendered here after each step, where no other thread can; None if one does.
    """

    def __init__(self, runtime: Path, world: World, pictures: Pictures | None = None) -> None:
        self.world = world
        self._behind_s = 0.0
        limits = world.limits
        self._states = RingWriter(
            state_path(runtime),
            state_dtype(limits.size, len(world.environment_names)),
            _STATE_SLOTS,
            {"joint_names": list(limits.names)},
        )
        # A command left over by an earlier world must not move this one: start without its file.
        self._commands = Commands(runtime, limits.size)
        self._commands.newest(time.monotonic())
        self._resets = 0
        self._heard_t = time.monotonic()
        self._holding = True
        self._work_s = float("nan")
        self._pictures = pictures
        self._visible = world if isinstance(world, Visible) else None
        self._watched = threading.Lock()
        self._snapshot: Any = None if self._visible is None else self._visible.visible()

    def snapshot(self) -> Any:
        """What the cameras of a ``Visible`` world see now; from any thread."""
        with self._watched:
            return self._snapshot

    def run(self, stop: threading.Event) -> None:
        """Steps at ``STATE_HZ`` until ``stop`` is set; deadlines are absolute.

        From here on the world is there: before it there is no state.

        Raises:
            DriverError: the world cannot be rendered.
        """
        if self._visible is not None:
            scheduling.come_first(_PRIORITY)  # never long at work: pictures are made elsewhere
        deadline = time.monotonic()
        if self._pictures is not None:  # the first takes long: before there is a state to grow old
            self._pictures.expose(deadline, stepped=False)
            deadline = time.monotonic()
        self._behind_s = deadline - self.world.t
        self._publish(deadline)
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
        self.world.step_to(now - self._behind_s)
        took_s = time.monotonic() - now
        # A step that takes long is over later than it began, and its state is of its end.
        self._publish(now if took_s < 1.0 / STATE_HZ else now + took_s)
        if self._pictures is not None:
            self._pictures.expose(now, stepped=record is not None)
        if record is not None:
            took_s = time.monotonic() - now
            before = took_s if self._work_s != self._work_s else self._work_s
            self._work_s = before + _SHARE * (took_s - before)

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

    def _publish(self, t: float) -> None:
        state = self.world.state()
        slot = self._states.slot()
        slot["t"] = t
        slot["position"], slot["velocity"] = state.position, state.velocity
        slot["effort"], slot["environment_state"] = state.effort, state.environment_state
        slot["stage"], slot["success"] = state.stage, state.success
        slot["resets"], slot["seed"] = self._resets, self.world.seed
        slot["work_s"] = self._work_s
        self._states.commit()
        if self._visible is not None:
            with self._watched:
                self._snapshot = self._visible.visible()


def serve(world: World, runtime: Path) -> None:
    """Keeps the world in real time until SIGTERM or SIGINT.

    Raises:
        DriverError: the world or its pictures failed.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    pictures = Pictures(runtime, world)
    if not isinstance(world, Visible):
        _run(RealTimeWorld(runtime, world, pictures), pictures, stop)
        return
    real_time = RealTimeWorld(runtime, world)
    watching = Watching(world.onlooker, real_time.snapshot, pictures)
    eyes = threading.Thread(target=watching.run, args=(stop,), name="cameras")
    eyes.start()
    watching.opened.wait()
    try:
        _run(real_time, None, stop)
    finally:
        stop.set()
        eyes.join()
        pictures.close()
    if watching.problem is not None:
        raise watching.problem


def _run(world: RealTimeWorld, pictures: Pictures | None, stop: threading.Event) -> None:
    gc.collect()
    gc.freeze()
    try:
        world.run(stop)
    finally:
        if pictures is not None:
            pictures.close()
        world.close()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the world of a robot until SIGTERM or SIGINT.

    Returns:
        0, or 1 if it cannot be made or failed; the reason goes to standard error.
    """
    parser = argparse.ArgumentParser(prog="python -m drivers.worlds.process", description=__doc__)
    parser.add_argument("--runtime", type=Path, required=True, help="folder of the rings")
    parser.add_argument("--robot", type=json.loads, required=True, help="its table, as JSON")
    parser.add_argument("--seed", type=int, default=0, help="draws the first start pose")
    parser.add_argument(
        "--describe", action="store_true", help="only say what the world looks like, and end"
    )
    options = parser.parse_args(arguments)
    # One thread renders with less processor time in all than several that wait for each other.
    os.environ.setdefault("LP_NUM_THREADS", "0")
    try:
        world: World = registry.world(options.robot, options.seed)
        shape = Shape.of(world)
        write_shape(options.runtime, options.robot, shape)
        if options.describe:
            world.close()
            sys.stdout.write(f"{json.dumps(shape.to_json())}\n")
            return 0
        serve(world, options.runtime)
    except DriverError as error:
        sys.stderr.write(f"{refusal(error) if options.describe else error}\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main())
