"""The control process: ``python -m sessions.live.control WORKSPACE``.

It alone owns the truth about who is in control. It imports neither torch nor Qt, cv2 or h5py, and
within a tick it only reads what has already arrived. While it waits for the next one it carries out
commands as they come.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import Any

from drivers import registry
from drivers.base import DriverError, Robot, Teleoperator
from drivers.registry import DeviceContext
from drivers.ring import RingError, RingWriter
from policies.base import PolicyError
from policies.remote import RemotePolicy
from sessions.bus import Publisher, Responder, Subscriber, policy_endpoint
from sessions.clock import WallClock
from sessions.live import realtime, report
from sessions.live.background import threaded
from sessions.live.children import REFUSED
from sessions.live.commands import too_late
from sessions.live.frames import RingFrames
from sessions.live.journal import Journal
from sessions.live.loop import ControlLoop, LoopOptions
from sessions.live.stopping import bring_to_rest
from sessions.messages import Accepted, LoadPolicy, Message, RecorderReady, Shutdown
from sessions.messages.recorder import READY
from sessions.types import SessionError, step_dtype
from sessions.workspace import Workspace, open_workspace

PUBLISH_S = 0.25
INPUTS_S = 0.1  # while somebody moves sticks or buttons, for their live picture
STEP_SLOTS = 4096


class ControlProcess:
    """The loop, its sockets and its rings.

    Args:
        space: the workspace.

    Raises:
        DriverError: the station file names a device that does not exist.
        PolicyError: the policy server's endpoint cannot be used.
    """

    def __init__(self, space: Workspace) -> None:
        self._space = space
        runtime, station = space.runtime(), space.station
        robot, operators = _devices(space)
        keys = space.root / "keys"
        link = RemotePolicy(
            policy_endpoint(runtime, station.policy_server), keys if keys.is_dir() else None
        )
        cameras = tuple(station.cameras)
        self._frames = RingFrames(runtime, cameras)
        self._clock = WallClock()
        dtype = step_dtype(robot.limits.size, len(robot.environment_names), len(cameras))
        self._ring = RingWriter(
            runtime / "steps.ring",
            dtype,
            STEP_SLOTS,
            {
                "joint_names": robot.limits.names,
                "environment_names": robot.environment_names,
                "camera_names": cameras,
                "rate_hz": station.rate_hz,
                "lower": robot.limits.lower.tolist(),
                "upper": robot.limits.upper.tolist(),
                "unit": robot.limits.unit,
            },
        )
        self._publisher = Publisher(runtime, "control")
        self._responder = Responder(runtime, "control")
        self._recorder = Subscriber(runtime, READY)
        self.loop = ControlLoop(
            robot,
            operators,
            link,
            station,
            space.task,
            self._clock,
            self._ring.push,
            self._publisher.send,
            self._frames,
            LoopOptions(needs_window=True, needs_recorder=True, run=threaded),
        )
        self._journal = Journal(_log, lambda: time.strftime("%Y-%m-%d %H:%M:%S"))
        self._published = (-1, float("-inf"))
        self._looked_t = float("-inf")
        self._inputs: tuple[object, ...] = ()
        self._stops = 0

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stops > 0

    def stop(self) -> None:
        """Asks it to end in order; asked again, it lets go of the arm at once."""
        self._stops += 1

    def run(self) -> None:
        """Ticks until it is told to stop, then brings the arm to rest."""
        loop = self.loop
        round_index = self._space.running_round()
        if round_index >= 0:
            folder = str(self._space.policy_folder(round_index))
            loop.handle(LoadPolicy(folder, round_index))
        loop.connect()
        while not self.stopping:
            self._tick()
        left = bring_to_rest(loop, self._tick, lambda: self._stops > 1)
        self._publisher.send(self.loop.state())  # the last word on what is left held
        if left:
            _log(left)

    def close(self) -> None:
        """Lets the arm hold and frees everything."""
        self.loop.close()
        self._frames.close()
        self._publisher.close()
        self._responder.close()
        self._recorder.close()
        self._ring.close()

    def _tick(self) -> None:
        self._obey_until(self.loop.deadline)
        self._responder.serve(self._handle)
        self._hear_recorder()
        self.loop.measure()
        # Again: a hand that takes over while the devices answer has the arm in this tick.
        self._responder.serve(self._handle)
        self.loop.act()
        self._publish()

    def _obey_until(self, deadline: float) -> None:
        """Sleeps, and carries out each command as it comes: the tick that follows need not."""
        # Sockets wait by the millisecond; the last one or two belong to the clock.
        while (left_ms := int(1000.0 * (deadline - self._clock.now())) - 1) > 0:
            if self._responder.wait(0.001 * left_ms):
                self._responder.serve(self._handle)
        self._clock.sleep_until(deadline)

    def _handle(self, command: Message) -> Message:
        if isinstance(command, Shutdown):
            self.stop()
            return Accepted()
        return too_late(command, self._responder.age_s) or self.loop.handle(command)

    def _hear_recorder(self) -> None:
        for event in self._recorder.drain():
            if isinstance(event, RecorderReady):
                watch, attempts = self.loop.watch, self.loop.attempts
                watch.recorder_t, watch.refusal = self._clock.now(), event.refusal
                attempts.next_number = max(attempts.next_number, event.next_episode)

    def _publish(self) -> None:
        version, now = report.version(self.loop), self._clock.now()
        due = version != self._published[0] or now - self._published[1] >= PUBLISH_S
        if due or self._inputs_moved(now):
            self._published = (version, now)
            state = self.loop.state()
            self._publisher.send(state)
            self._journal.hear(state)

    def _inputs_moved(self, now: float) -> bool:
        """Whether a stick, button or pedal has moved, looked at ten times a second."""
        if now - self._looked_t < INPUTS_S:
            return False
        before, self._looked_t = self._inputs, now
        operators = self.loop.operators
        self._inputs = tuple(operators.inputs(name) for name in operators.slots)
        return self._inputs != before


def _log(line: str) -> None:
    with contextlib.suppress(OSError):  # a full disk is no reason to let go of the arm
        sys.stderr.write(f"{line}\n")


def _devices(space: Workspace) -> tuple[Robot, dict[str, Teleoperator]]:
    runtime, station = space.runtime(), space.station
    bindings = space.root / "bindings.toml"
    calibrations = space.root / "calibration"
    context = DeviceContext(runtime=runtime, calibrations=calibrations, rate_hz=station.rate_hz)
    robot: Robot = registry.create("robots", "robot", station.robot, context)
    context = DeviceContext(
        runtime=runtime,
        joint_names=robot.limits.names,
        bindings=bindings,
        calibrations=calibrations,
        rate_hz=station.rate_hz,
        robot=robot,
    )
    operators: dict[str, Teleoperator] = {
        name: registry.create("teleoperators", name, table, context)
        for name, table in station.operators.items()
    }
    return robot, operators


def main(argv: list[str] | None = None) -> int:
    """Runs until told to stop; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sessions.live.control", description=__doc__)
    parser.add_argument("workspace", type=Path)
    arguments = parser.parse_args(argv)
    try:
        process = ControlProcess(open_workspace(arguments.workspace))
    except (SessionError, DriverError, PolicyError) as error:
        sys.stderr.write(f"{error}\n")
        return REFUSED
    except RingError as error:
        sys.stderr.write(f"{error}\n")
        return 1

    def stop(number: int, frame: Any) -> None:
        process.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    realtime.prepare()
    try:
        process.run()
    finally:  # whatever went wrong, the arm is told to hold
        process.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
