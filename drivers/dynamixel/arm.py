"""One Dynamixel arm, follower or leader: found, compared, read every tick, held, moved, let go.

Torque is given by ``engage`` alone, and taken by ``release`` alone; connecting and disconnecting
leave it as it is. While it is engaged its servos' bus watchdogs are armed: should this process die
or stand still, the arm stops by itself, and says so when it is next commanded.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping

import numpy as np

from drivers.base import (
    DeviceLostError,
    DriverError,
    Floats,
    Health,
    RobotState,
)
from drivers.dynamixel.bus import Bus, Reading
from drivers.dynamixel.calibration import Calibration
from drivers.dynamixel.finding import find
from drivers.dynamixel.measuring import Measuring
from drivers.dynamixel.setup import Fitted, Options, fit
from drivers.dynamixel.stops import Stops
from drivers.dynamixel.tables import RAD_PER_TICK

WRITE_GAP_S = 0.06
"""After so long without a goal the servos may have stopped themselves: they are asked first [s]."""

KEEP_ALIVE_S = 0.03
"""Second motors are never read, only written to: an arm that holds says so again so often [s]."""

_MEASURED = ("present_current", "present_velocity", "present_position")
_TRIES = 4
_OUTSIDE_TICKS = 34
"""A servo so far outside its own limits is not made to jump back into them (3 degrees)."""


class Arm:
    """A Dynamixel arm on its bus. One thread at a time.

    Args:
        device: what the station calls the arm.
        bus: its bus; opened and closed here.
        calibration: the arm's.
        options: how it is driven.
        others: calibrations of the other arms here, to recognise one on the wrong port.
        port: stable id of its adapter; empty if it has none.

    Attributes:
        calibration: the arm's.
        names: joint names, gripper last.
        engaged: whether its motors have torque, as far as is known.
        stops: why it takes no goals, and what its servos say of themselves.
    """

    def __init__(
        self,
        device: str,
        bus: Bus,
        calibration: Calibration,
        options: Options | None = None,
        others: tuple[Calibration, ...] = (),
        port: str = "",
    ) -> None:
        self.calibration, self.names = calibration, calibration.names
        self.engaged = False
        self._device, self._bus = device, bus
        self._options = options or Options()
        self._options.check(device)
        self.stops = Stops(device, bus, calibration, self._options.watchdog_ms)
        self._others, self._port = others, port
        self._measuring = Measuring(device, calibration)
        self._fitted: Fitted | None = None
        self._reach = (self._measuring.scale.lower, self._measuring.scale.upper)
        self._goals: dict[int, int] = {}
        self._write_t = float("-inf")
        self._slight: tuple[str, ...] = ()

    # -- the connection

    def connect(self) -> None:
        """Opens the bus, makes sure that this is the arm, sets it up and reads where it is.

        Motors keep the torque they have: none after power-on, theirs after a lost connection.

        Raises:
            DeviceNotFoundError: no port, or nobody answers on it.
            DeviceConfigError: another arm, or one that differs from its calibration.
            DeviceLostError: it went away meanwhile.
        """
        self._bus.open()
        try:
            found, self._slight = find(
                self._device, self._bus, self.calibration, self._others, self._port
            )
            self._fitted = fit(self._device, self._bus, self.calibration, found, self._options)
            self.stops.watch.start()
            self._start_measuring()
        except DriverError:
            self._bus.close()
            raise
        self._goals = {}
        self.engaged = all(self.stops.watch.torque.values())
        self.stops.disarmed()

    def disconnect(self) -> None:
        """Lets the arm hold where it is and closes the bus; calling it twice is harmless."""
        if self._bus.is_open and self.engaged:
            with contextlib.suppress(DriverError):
                self.hold()
                # Its last goal is where it is: without a host there is nothing to guard against.
                self._write_all("bus_watchdog", 0)
        self._bus.close()

    # -- every tick

    @property
    def _armed(self) -> bool:
        """Whether it was given torque and did not stop itself since."""
        return self.engaged and self.stops.reason is None

    def read(self) -> RobotState:
        """Where the arm is; one bus transaction, now and then another short one or two.

        Raises:
            DeviceLostError: it does not answer, or a joint has not answered for too long.
        """
        reading = self._bus.sync_read(self.calibration.primary, _MEASURED)
        state = self._measuring.update(reading.values, reading.t)
        if not reading.missing:
            self._look_after(reading)
        if self._armed and time.monotonic() - self._write_t > KEEP_ALIVE_S:
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
        if self._armed and time.monotonic() - self._write_t > WRITE_GAP_S:
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
            SelfStoppedError: a motor refuses; says which and why. One that had shut itself down is
                restarted first, and the arm can be engaged a second later.
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
        # Two packets at once, before anybody is asked whether they arrived.
        everyone = dict.fromkeys(self.calibration.ids, 0)
        self._bus.sync_write("torque_enable", everyone)
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

    def health(self) -> Health:
        """How the bus and the motors are; asks nobody."""
        counts = self._bus.statistics
        reason, watch = self.stops.reason, self.stops.watch
        stopped = (
            (f"{reason.problem} {reason.remedy}",) if self.engaged and reason is not None else ()
        )
        parts = (
            f"bus p99 {counts.p99_ms:.1f} ms",
            f"{counts.lost} packets lost",
            f"{counts.corrupt} corrupt",
            watch.text(),
        )
        return Health(
            text=", ".join(part for part in parts if part),
            warnings=(*stopped, *watch.warnings(), *self._slight),
            lost=counts.lost,
            corrupt=counts.corrupt,
            bus_p99_ms=counts.p99_ms,
        )

    # -- measuring it anew

    def _connected(self) -> Fitted:
        if self._fitted is None or not self._bus.is_open:
            raise DeviceLostError(self._device, "It is not connected.", "Connect it first.")
        return self._fitted

    def _start_measuring(self) -> None:
        """Reads every joint anew, and what turns its servo has forgotten.

        Raises:
            DeviceLostError: a joint does not answer.
        """
        ids = self.calibration.primary
        ticks: dict[int, int] = {}
        t = time.monotonic()
        for _ in range(_TRIES):
            left = [i for i in ids if i not in ticks]
            if not left:
                break
            reading = self._bus.sync_read(left, ("present_position",))
            ticks |= {i: value for i, (value,) in reading.values.items()}
            t = reading.t
        for servo_id in ids:
            if servo_id not in ticks:
                raise self._silent(servo_id)
        self._measuring.start(ticks, t, many_turns=self._connected().many_turns)

        self._reach = self._reachable()

    def _reachable(self) -> tuple[Floats, Floats]:
        """Lowest and highest positions that both calibration and servos allow."""
        scale, turns = self._measuring.scale, self._measuring.turns
        bounds = self._connected().bounds
        ends = np.array([bounds[i] for i in self.calibration.primary], dtype=np.float64).T
        positions = np.array([scale.positions(end, turns) for end in ends])
        lowest, highest = positions.min(axis=0), positions.max(axis=0)
        return np.maximum(scale.lower, lowest), np.minimum(scale.upper, highest)

    def _stay(self) -> None:
        """Keeps the watchdogs of an arm that is read, but not commanded, from stopping it."""
        if time.monotonic() - self._write_t > WRITE_GAP_S:
            self._look_for_stops()
        if self._armed:
            self._send(self._goals)

    def _look_for_stops(self) -> None:
        """Asks whether watchdogs have stopped the arm: nobody acknowledges the goals it refuses."""
        self.stops.watch.read_watchdog()
        self.stops.notice()

    def _look_after(self, reading: Reading) -> None:
        """The rota's next read; at once if a servo signals an error that is news."""
        watch = self.stops.watch
        if set(reading.alerts) - set(watch.errors):
            watch.read_torque()
        elif not watch.step(reading.t):
            return
        if self.engaged:
            self.stops.notice()

    def _silent(self, servo_id: int) -> DeviceLostError:
        name = self.calibration.joint_of(servo_id)
        return DeviceLostError(
            self._device,
            f"{name} (servo {servo_id}) does not answer.",
            "Check its cable and the cable to the motor before it.",
        )

    # -- goals

    def _present(self) -> dict[int, int]:
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
        self._bus.sync_write("goal_position", goals)
        self._goals, self._write_t = goals, time.monotonic()

    def _write_all(self, register: str, value: int) -> None:
        """Writes to every servo, and makes sure that all have it."""
        self._verified(register, dict.fromkeys(self.calibration.ids, value))

    def _verified(self, register: str, values: Mapping[int, int]) -> None:
        """Writes in one packet and reads it back, again for those that did not hear.

        Raises:
            DeviceLostError: a servo does not answer.
            SelfStoppedError: a servo does not take it; its error is the reason if it has one.
        """
        left = dict(values)
        silent: tuple[int, ...] = ()
        for _ in range(_TRIES):
            self._bus.sync_write(register, left)
            reading = self._bus.sync_read(tuple(left), (register,))
            silent = reading.missing
            left = {i: v for i, v in left.items() if reading.values.get(i) != (v,)}
            if not left:
                return
        if silent:
            raise self._silent(silent[0])
        self.stops.refuse_errors(self._measuring)
        servo_id = next(iter(left))
        raise self.stops.not_taken(servo_id, register, left[servo_id])
