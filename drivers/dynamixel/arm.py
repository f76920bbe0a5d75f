"""One Dynamixel arm, follower or leader: found, compared, read every tick, held, moved, let go.

Torque is given by ``engage`` alone, and taken by ``release`` alone; connecting and disconnecting
leave it as it is. While it is engaged its servos' bus watchdogs are armed: should this process die
or stand still, the arm stops by itself, and says so when it is next read or commanded.
"""

from __future__ import annotations

import contextlib
import math
import time

import numpy as np

from drivers.base import DriverError, Floats, RobotState
from drivers.dynamixel.attached import Attached
from drivers.dynamixel.bus import Bus, Reading
from drivers.dynamixel.calibration import Calibration
from drivers.dynamixel.setup import Options
from drivers.dynamixel.tables import RAD_PER_TICK

WRITE_GAP_S = 0.06
"""After so long without a goal the servos may have stopped themselves: they are asked first [s]."""

KEEP_ALIVE_S = 0.03
"""Second motors are never read, only written to: an arm that holds says so again so often [s]."""

_MEASURED = ("present_current", "present_velocity", "present_position")
_OUTSIDE_TICKS = 34
"""A servo so far outside its own limits is not made to jump back into them (3 degrees)."""


class Arm(Attached):
    """A Dynamixel arm on its bus. One thread at a time.

    Args:
        device: what the station calls the arm.
        bus: its bus; opened and closed here.
        calibration: the arm's.
        options: how it is driven.
        others: calibrations of the other arms here, to recognise one on the wrong port.
        port: what its adapter is known by (``identity.adapter``); empty if nothing.

    Attributes:
        restarts: whether motors that shut down are restarted as soon as their reason has passed,
            so that arming finds them ready.
    """

    restarts = True

    def __init__(
        self,
        device: str,
        bus: Bus,
        calibration: Calibration,
        options: Options | None = None,
        others: tuple[Calibration, ...] = (),
        port: str = "",
    ) -> None:
        super().__init__(device, bus, calibration, options, others, port)
        self._goals: dict[int, int] = {}
        self._write_t = float("-inf")
        self._asked = False

    def connect(self) -> None:
        """As ``Attached.connect``; takes no goals before it is engaged."""
        self._goals = {}
        self._asked = False
        super().connect()

    def disconnect(self) -> None:
        """Lets the arm hold where it is and closes the bus; calling it twice is harmless.

        What a watchdog has stopped stays so, for the next connection to tell.
        """
        if self._bus.is_open and self.engaged:
            with contextlib.suppress(DriverError):
                self.hold()
                # Its last goal is where it is: without a host there is nothing to guard against.
                self.stops.watch.read_watchdog()
                waiting = set(self.calibration.ids) - self.stops.watch.tripped
                if waiting:
                    self._verified("bus_watchdog", dict.fromkeys(sorted(waiting), 0))
        self._bus.close()

    # -- every tick

    def ask(self) -> None:
        """Asks ahead where the arm is, for ``read`` to take the answers; never raises."""
        self._bus.ask(self.calibration.primary, _MEASURED)
        self._asked = True

    def read(self) -> RobotState:
        """Where the arm is; one bus transaction, now and then another short one or two.

        Raises:
            DeviceLostError: it does not answer, or a joint has not answered for too long.
        """
        asked, self._asked = self._asked, False
        reading = self._bus.sync_read(self.calibration.primary, _MEASURED, asked=asked)
        state = self._measuring.update(reading.values, reading.t)
        if not reading.missing:
            self._look_after(reading)
        if self._guarded and time.monotonic() - self._write_t > KEEP_ALIVE_S:
            self._stay()
        return state

    def command(self, position: Floats) -> Floats:
        """Sends goals, shape (A,), clipped to what joints and servos allow; returns them clipped.

        Args:
            position: finite [rad, gripper 0..1].

        Raises:
            SelfStoppedError: it has no torque, or stopped itself; ``engage`` puts it right.
            DeviceLostError: the port broke.
        """
        if self._guarded and time.monotonic() - self._write_t > WRITE_GAP_S:
            self._look_for_stops()
        if self.stops.reason is not None:
            raise self.stops.reason
        scale, turns = self._measuring.scale, self._measuring.turns
        sent = np.clip(position, *self._reach)
        ticks = scale.ticks(sent, turns)
        self._send(dict(zip(self.calibration.primary, ticks.tolist(), strict=True)))
        return sent

    def hold(self) -> None:
        """Cancels the goals: the arm holds where it is, the gripper keeps its grip.

        Nothing for an arm without torque, or one that holds because it stopped itself.

        Raises:
            DeviceLostError: the port broke.
        """
        if not self._armed:
            return
        goals = self._present() | self._grip()
        # Nobody acknowledges it, and nothing may follow it: said twice.
        self._send(goals)
        self._send(goals)

    # -- torque

    def engage(self) -> None:
        """Clears what stopped the arm and gives it torque where it is; some ten transactions.

        Raises:
            SelfStoppedError: a motor refuses; says which and why. One that had shut itself down,
                and was not restarted yet, is, and the arm can be engaged a second later.
            DeviceLostError: it does not answer.
        """
        fitted = self._connected()
        self.stops.refuse_errors(self._measuring)
        held = self.engaged
        self._start_measuring()
        goals = self._within_limits(self._present())
        if held:
            goals |= self._grip()
        self._write_all("bus_watchdog", 0)
        fitted.apply(self._bus)
        self._verified("goal_position", goals)
        self._write_all("torque_enable", 1)
        if self._options.watchdog:
            self._write_all("bus_watchdog", self._options.watchdog)
        self._goals, self._write_t = goals, time.monotonic()
        self.stops.armed()
        self.engaged = True

    def anchor(self) -> None:
        """Begins anew where the arm is now, after it was put elsewhere by no goal of its own.

        One that takes goals holds there and goes on taking them.

        Raises:
            SelfStoppedError: a motor refuses.
            DeviceLostError: it does not answer.
        """
        self._goals = {}
        if self._armed:
            self.engage()
        else:
            self._start_measuring()

    def release(self) -> None:
        """Torque off at once.

        Raises:
            DeviceLostError: it does not answer; then nobody knows which motors still hold.
        """
        self._connected()
        # Said before anybody is asked whether it arrived.
        self._bus.sync_write("torque_enable", dict.fromkeys(self.calibration.ids, 0))
        self._write_all("torque_enable", 0)
        self.engaged = False
        self._goals = {}
        self._write_all("bus_watchdog", 0)
        self.stops.released()

    def strengthen(self, share: float) -> None:
        """Makes the motors weaker than ``power`` allows, or as strong again; two short packets.

        Args:
            share: 0 (a hand moves the arm) to 1.

        Raises:
            DeviceLostError: the port broke.
        """
        self._connected().strengthen(self._bus, share)

    # -- what stops it

    @property
    def _armed(self) -> bool:
        """Whether it was given torque and did not stop itself since."""
        return self.engaged and self.stops.reason is None

    @property
    def _guarded(self) -> bool:
        """Whether a watchdog waits for its next goal."""
        return self._armed and self._options.watchdog > 0

    def _look_after(self, reading: Reading) -> None:
        """Takes the rota's last answer and asks its next question; reads what an alert is about."""
        watch = self.stops.watch
        taken = watch.take()
        # An arm that is sent goals is asked after those.
        watch.ask(reading.t, busy=self.engaged)
        news = set(reading.alerts) - set(watch.errors)
        if news:
            watch.read_torque()
            watch.attend(tuple(news))
        elif not taken:
            return
        if self.engaged:
            self.stops.notice()
            if self.restarts:
                self.stops.restart(self._measuring)

    def _look_for_stops(self) -> None:
        """Asks whether watchdogs have stopped the arm: nobody acknowledges the goals it refuses."""
        self.stops.watch.read_watchdog()
        self.stops.notice()

    def _stay(self) -> None:
        """Keeps the watchdogs of an arm that is read, but not commanded, from stopping it."""
        if time.monotonic() - self._write_t > WRITE_GAP_S:
            self._look_for_stops()
        if self._armed:
            self._send(self._goals)

    # -- goals

    def _present(self) -> dict[int, int]:
        """Where each servo is, as its goal."""
        ticks = self._measuring.ticks
        return {i: round(t) for i, t in zip(self.calibration.primary, ticks, strict=True)}

    def _grip(self) -> dict[int, int]:
        """The gripper's goal as it was sent last: a grasp is not loosened to what it holds."""
        grip = self.calibration.gripper
        return {i: t for i, t in self._goals.items() if grip is not None and i == grip.id}

    def _within_limits(self, goals: dict[int, int]) -> dict[int, int]:
        """Goals that the servos accept.

        Raises:
            SelfStoppedError: a joint is so far outside that it would move.
        """
        bounds = self._connected().bounds
        inside = {i: min(max(t, bounds[i][0]), bounds[i][1]) for i, t in goals.items()}
        for servo_id, ticks in inside.items():
            beyond = abs(ticks - goals[servo_id])
            if beyond > _OUTSIDE_TICKS:
                raise self.stops.outside(servo_id, math.degrees(beyond * RAD_PER_TICK))
        return inside

    def _send(self, goals: dict[int, int]) -> None:
        """Sends goals to all servos at once; nobody acknowledges them."""
        self._bus.sync_write("goal_position", goals)
        self._goals, self._write_t = goals, time.monotonic()
        self.stops.watch.ask(self._write_t)
