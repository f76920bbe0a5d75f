"""The arm's side of the loop: measure, limit, send, and come back after a cable was pulled.

Whatever its driver raises becomes ``lost`` (it does not answer) or ``stopped`` (it is there but
refuses to move); see ``sessions.live.faults``.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import numpy as np

from drivers.base import (
    Asked,
    DeviceLostError,
    DriverError,
    Floats,
    Health,
    InvalidActionError,
    Monitored,
    Motors,
    Robot,
    RobotState,
    SelfStoppedError,
)
from drivers.kinematics import VIPERX_300S, Arm
from drivers.limits import Limiter, tightened
from sessions.config import Station
from sessions.live.background import Job, Runner
from sessions.live.faults import translated

RETRY_S = 1.0
_FIRST_RETRY_S = 0.25  # it is most likely being started, like this loop
_CLOSE_S = 2.0
_ARMS = (VIPERX_300S,)


class Follower:
    """One arm behind its limits.

    Args:
        robot: the device, not yet connected.
        station: limits and how old a state may be.
        run: how connecting is run; it may block.

    Attributes:
        robot: the device.
        limiter: stands between every target and the arm.
        state: newest measurement; NaN positions before the first.
        sent: shape (A,), what the robot was told last; NaN before anything was.
        found: whether it ever answered.
        lost: why the arm does not answer; None while it does.
        stopped: why it stopped itself and refuses to move; None from ``engage`` on.
        motors: the robot as something whose torque can be switched; None if it cannot.
        health: what it says of itself, read a few times a second.
        bus: entered around every goal that is sent.
    """

    def __init__(self, robot: Robot, station: Station, run: Runner) -> None:
        self.robot = robot
        size = robot.limits.size
        limits = station.limits
        own = tightened(
            robot.limits, limits.velocity_rad_s, limits.acceleration_rad_s2, limits.gripper_per_s
        )
        arm = _kinematics(robot)
        self.limiter = Limiter(
            own,
            1.0 / station.rate_hz,
            limits.low_pass_hz,
            None if arm is None else (arm, limits.floor_m),
        )
        nothing = np.full(size, np.nan)
        environment = np.full(len(robot.environment_names), np.nan)
        self.state = RobotState(float("nan"), nothing, nothing, nothing, environment)
        self.sent = nothing
        self.found = False
        self.lost: DriverError | None = DeviceLostError("robot", "It is not connected yet.", "")
        self.stopped: SelfStoppedError | None = None
        self.motors: Motors | None = robot if isinstance(robot, Motors) else None
        self.health = Health()
        self.bus: contextlib.AbstractContextManager[None] = contextlib.nullcontext()
        self._stale_s = station.holds.robot_s
        self._run = run
        self._job: Job | None = None
        self._retry_t = float("-inf")

    def connect(self, now: float, run: Runner | None = None) -> None:
        """Begins to connect while the arm is lost, at most once a second; at first more often.

        Args:
            now: time on the loop's clock [s].
            run: how, if not as usual: before the first tick there is time to wait.
        """
        if self._job is None and self.lost is not None and now >= self._retry_t:
            self._retry_t = now + (RETRY_S if self.found else _FIRST_RETRY_S)
            self._job = (run or self._run)(self._reconnect)

    @property
    def there(self) -> bool:
        """Whether the arm answers and may be spoken to from this thread."""
        return self.lost is None and self._job is None

    @property
    def ready(self) -> bool:
        """Whether all its motors have torque, as far as is known, or cannot be switched at all."""
        return self.motors is None or self.motors.engaged

    @property
    def limp(self) -> bool:
        """Whether the torque of every motor is known to be off.

        Between ``ready`` and ``limp`` is an arm of which some motors hold: it takes no targets, and
        drops when it is let go.
        """
        return self.motors is not None and not self.motors.holds

    def try_now(self) -> None:
        """The next ``observe`` tries to reach a lost arm, however short ago the last try was."""
        self._retry_t = float("-inf")

    def ask(self) -> None:
        """Asks the arm ahead what ``observe`` takes, while it is there and can be asked so."""
        if self.there and isinstance(self.robot, Asked):
            self.robot.ask()

    def observe(self, now: float) -> bool:
        """Takes the newest measurement; False, with ``lost`` set, while the arm does not answer."""
        if self._job is not None:
            if not self._job.done:
                return False
            error, self._job = self._job.error, None
            if error is not None:
                self.lost = error
                return False
        elif self.lost is not None:
            self.connect(now)
            # Between two tries it is disconnected: asking it would only hide why it was lost.
            return self._job is not None and self._job.done and self.observe(now)
        try:
            with translated("robot"):
                state = self.robot.get_observation()
            self._check_age(now - state.t)
        except SelfStoppedError as error:
            self._back()
            self.stopped = error
            return False
        except DriverError as error:
            self.lost = error
            return False
        self.state, self.found = state, True
        self._back()
        return True

    def look(self) -> bool:
        """Reads how the arm says it is; whether its warnings changed.

        Why it stopped itself is then as it is now: a motor that was hot has cooled down since.
        """
        if not self.there or not isinstance(self.robot, Monitored):
            return False
        before = self.health.warnings
        try:
            with translated("robot"):
                self.health = self.robot.health()
        except DriverError as error:
            self.health = Health(warnings=(f"{error.problem} {error.remedy}",))
        if self.stopped is not None and self.health.stopped is not None:
            self.stopped = self.health.stopped
        return self.health.warnings != before

    def engage(self) -> None:
        """Makes the arm ready to be moved: torque on where it is, and whatever stopped it cleared.

        Nothing for an arm still coming to rest, whose torque is on: it goes on from there.

        Raises:
            SelfStoppedError: a motor refuses.
            DeviceLostError: the arm does not answer.
        """
        if self.motors is None:
            self.stopped = None
            return
        if self.motors.engaged and self.stopped is None and self.limiter.moving:
            return
        was_loose = not self.ready or self.limp
        with self._judged():
            self.motors.engage()
            self.state = self.robot.get_observation()
        self.stopped, self.found = None, True
        if was_loose:  # what it grasped was let go with the torque
            self.anchor(grip=False)

    def release(self) -> None:
        """Torque off at once, if it can be switched.

        Raises:
            DeviceLostError: the arm does not answer.
        """
        if self.motors is not None:
            with self._judged():
                self.motors.release()

    def follow(self, target: Floats) -> None:
        """Sends the next step towards ``target``, shape (A,).

        Raises:
            InvalidActionError: wrong shape or not finite; nothing was sent.
            SelfStoppedError: the arm refuses to move.
            DeviceLostError: the arm does not answer.
        """
        if self.there and self.stopped is None:
            self._send(self.limiter.apply(target))

    def hold(self, *, armed: bool) -> None:
        """Comes to rest and stays. A disarmed arm at rest is not commanded at all.

        An arm without all of its torque is followed instead: what leads it (a mirroring leader, the
        next arming) starts from where hands have put it.

        Raises:
            SelfStoppedError: the arm refuses to move.
            DeviceLostError: the arm does not answer.
        """
        if not self.there or self.stopped is not None:
            return
        if not self.ready:
            self.anchor(grip=False)
        elif armed or self.limiter.moving:
            self._send(self.limiter.hold())

    def stop(self) -> None:
        """Cancels every target at once: the arm holds where it is."""
        if self.there and not self.limp:
            with contextlib.suppress(DriverError), translated("robot"):
                self.robot.stop()
        if np.isfinite(self.state.position).all():
            self.anchor(grip=True)

    def anchor(self, *, grip: bool) -> None:
        """Starts anew from where the arm is measured.

        Args:
            grip: keep the gripper's target instead of what it measures, so that a grasp is not
                loosened to the width of what it holds.
        """
        pose = self.state.position.copy()
        if grip and np.isfinite(self.sent).all():
            gripper = self.robot.limits.openings
            pose[gripper] = self.sent[gripper]
        self.limiter.reset(pose)
        self.sent = pose

    def close(self) -> None:
        """Lets the arm hold where it is and lets go of it.

        One that is being connected all the while is left to the end of the process.
        """
        deadline = time.monotonic() + _CLOSE_S
        while self._job is not None and not self._job.done and time.monotonic() < deadline:
            time.sleep(0.01)
        if self._job is not None and not self._job.done:
            return
        if self.there and not self.limp:
            with contextlib.suppress(DriverError), translated("robot"):
                self.robot.stop()
        with contextlib.suppress(DriverError), translated("robot"):
            self.robot.disconnect()

    def _send(self, action: Floats) -> None:
        with self._judged(), self.bus:
            self.sent = self.robot.send_action(action)

    @contextlib.contextmanager
    def _judged(self) -> Iterator[None]:
        """Keeps what the robot raises as its state, and lets it go on."""
        try:
            with translated("robot"):
                yield
        except SelfStoppedError as error:
            self.stopped = error
            raise
        except InvalidActionError:
            raise
        except DriverError as error:
            self.lost = error
            raise

    def _back(self) -> None:
        if self.lost is None:
            return
        self.lost = self.stopped = None
        if np.isfinite(self.state.position).all():
            self.anchor(grip=False)

    def _reconnect(self) -> None:
        with translated("robot"):
            self.robot.disconnect()
            self.robot.connect()

    def _check_age(self, age_s: float) -> None:
        if age_s > self._stale_s:
            raise DeviceLostError(
                "robot",
                f"Its newest state is {age_s * 1000:.0f} ms old "
                f"(limit {self._stale_s * 1000:.0f} ms).",
                "Check its power and cable.",
            )


def _kinematics(robot: Robot) -> Arm | None:
    """The kinematics of the arm with these joints; None if it is not known here."""
    names = robot.limits.names[:-1]
    return next((arm for arm in _ARMS if arm.names == names), None)
