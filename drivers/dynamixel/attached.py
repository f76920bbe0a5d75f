"""An arm's servos as one: found when connected, measured anew, written to with certainty."""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from drivers.base import DeviceLostError, DriverError, Floats, Health
from drivers.dynamixel import complaints
from drivers.dynamixel.bus import Bus, NoAnswerError
from drivers.dynamixel.calibration import Calibration
from drivers.dynamixel.counts import Losses
from drivers.dynamixel.finding import find
from drivers.dynamixel.measuring import UNPOWERED, Measuring
from drivers.dynamixel.setup import Fitted, Options, fit
from drivers.dynamixel.stops import Stops

_TRIES = 4


class Attached:
    """What an arm does with all of its servos; see ``drivers.dynamixel.arm.Arm``.

    Args:
        device: what the station calls the arm.
        bus: its bus; opened and closed here.
        calibration: the arm's.
        options: how it is driven.
        others: calibrations of the other arms here, to recognise one on the wrong port.
        port: what its adapter is known by (``identity.adapter``); empty if nothing.

    Attributes:
        calibration: the arm's.
        names: joint names, gripper last.
        engaged: whether all of its motors have torque, as far as is known.
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
        self._measuring = Measuring(device, calibration, self._options.patience_s)
        self._fitted: Fitted | None = None
        self._reach = (self._measuring.scale.lower, self._measuring.scale.upper)
        self._slight: tuple[str, ...] = ()
        self._losses = Losses()

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
            self._join()
        except DriverError:
            self._bus.close()
            raise
        torque = self.stops.watch.torque
        self.engaged = all(torque.get(i, False) for i in self.calibration.ids)
        self.stops.disarmed()

    def _join(self) -> None:
        """Finds the arm and sets it up: some hundred questions, of which a few may be lost."""
        for tries_left in reversed(range(_TRIES)):
            try:
                found, self._slight = find(
                    self._device, self._bus, self.calibration, self._others, self._port
                )
                self._fitted = fit(self._device, self._bus, self.calibration, found, self._options)
                self.stops.watch.start()
                self._start_measuring()
                return
            except NoAnswerError:
                if not tries_left:
                    raise

    @property
    def reach(self) -> tuple[Floats, Floats]:
        """Lowest and highest positions that it takes, both shape (A,) [rad, gripper 0..1]."""
        return self._reach

    @property
    def holds(self) -> bool:
        """Whether any motor has torque, as last read."""
        return any(self.stops.watch.torque.values())

    def health(self) -> Health:
        """How the bus and the motors are; asks nobody."""
        counts = self._bus.statistics
        parts = (
            f"bus p99 {counts.p99_ms:.1f} ms",
            f"{counts.lost} packets lost",
            f"{counts.corrupt} corrupt",
            self.stops.watch.text(),
        )
        return Health(
            text=", ".join(part for part in parts if part),
            warnings=(*self.stops.watch.warnings(), *self._losses.warnings(counts), *self._slight),
            lost=counts.lost,
            corrupt=counts.corrupt,
            bus_p99_ms=counts.p99_ms,
            stopped=self.stops.reason if self.engaged else None,
        )

    def _connected(self) -> Fitted:
        """What its servos are set to. Raises DeviceLostError where it is not connected."""
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
        if len(ticks) < len(ids):
            raise self._silent([i for i in ids if i not in ticks], len(ids))
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
            raise self._silent(list(silent), len(values))
        self.stops.refuse_errors(self._measuring)
        servo_id = next(iter(left))
        raise self.stops.not_taken(servo_id, register, left[servo_id])

    def _silent(self, ids: list[int], asked: int) -> DeviceLostError:
        """Servos that do not answer, of so many that were asked."""
        if len(ids) == asked > 1:
            return DeviceLostError(self._device, "None of its servos answers.", UNPOWERED)
        names = [complaints.named(self.calibration.joint_of(i), i) for i in ids]
        return DeviceLostError(self._device, *complaints.silent(names))
