"""Why an arm takes no goals: not armed, shut down by a motor, stopped by its own watchdog."""

from __future__ import annotations

import contextlib
import time

from drivers.base import DeviceLostError, SelfStoppedError
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibration import Calibration
from drivers.dynamixel.measuring import Measuring
from drivers.dynamixel.watching import Watch

RESTART_S = 1.5
"""A servo that was restarted may take so long to answer again [s]."""


class Stops:
    """What keeps one arm from moving.

    Args:
        device: what the station calls the arm.
        bus: its bus.
        calibration: the arm's.
        watchdog_ms: how its watchdogs are set.

    Attributes:
        reason: why it takes no goals; None while it does.
        watch: what its servos say beside where they are.
    """

    def __init__(self, device: str, bus: Bus, calibration: Calibration, watchdog_ms: int) -> None:
        self.watch = Watch(bus, calibration)
        self._device, self._bus, self._calibration = device, bus, calibration
        self._watchdog_ms = watchdog_ms
        self.reason: SelfStoppedError | None = None
        self.disarmed()

    def armed(self) -> None:
        """All motors have torque, and none is stopped."""
        self.watch.switched(on=True)
        self.reason = None

    def released(self) -> None:
        """No motor has torque any more."""
        self.watch.switched(on=False)
        self.disarmed()

    def disarmed(self) -> None:
        """It was not armed since it was connected or released."""
        self.reason = SelfStoppedError(self._device, "It is not armed.", "Arm it first.")
        if self.watch.tripped:
            self.reason = self._watchdog_stop()

    def notice(self) -> None:
        """Looks whether some servos of an armed arm stopped themselves, as last read."""
        limp = [i for i in self._calibration.ids if not self.watch.torque.get(i, True)]
        if limp:
            self.reason = self._lost_torque(limp)
        elif self.watch.tripped:
            self.reason = self._watchdog_stop()

    def refuse_errors(self, measuring: Measuring) -> None:
        """Refuses while motors are shut down, and restarts those whose reason has passed.

        Args:
            measuring: is told whose silence is to be expected.

        Raises:
            SelfStoppedError: one is shut down; says which, why and what to do.
            DeviceLostError: the port broke.
        """
        self.watch.read_torque()
        down = self.watch.shut_down
        if not down:
            return
        self.watch.attend(down)
        problem = " ".join(self.watch.complaint(i)[0] for i in down)
        remedy = self.watch.complaint(down[0])[1]
        lasting = " ".join(text for i in down if (text := self.watch.lasting(i)))
        if lasting:
            self.reason = SelfStoppedError(self._device, f"{problem} {lasting}", remedy)
            raise self.reason
        for servo_id in down:
            with contextlib.suppress(DeviceLostError):
                self._bus.reboot(servo_id)
        measuring.pardon(down, time.monotonic() + RESTART_S)
        self.reason = SelfStoppedError(
            self._device, f"{problem} It is being restarted.", "Arm again in a second."
        )
        raise self.reason

    def not_taken(self, servo_id: int, register: str, value: int) -> SelfStoppedError:
        """A servo that hears a value and does not take it."""
        name = self._calibration.joint_of(servo_id)
        return SelfStoppedError(
            self._device,
            f"{name} (servo {servo_id}) does not take {register.replace('_', ' ')} {value}.",
            "Switch the arm's power off and on, then arm it again.",
        )

    def outside(self, servo_id: int, degrees: float) -> SelfStoppedError:
        """A joint beyond what its servo allows."""
        name = self._calibration.joint_of(servo_id)
        return SelfStoppedError(
            self._device,
            f"{name} is {degrees:.0f}° beyond the limit that is set in servo {servo_id}.",
            "Move it back by hand, then arm it again.",
        )

    def _lost_torque(self, limp: list[int]) -> SelfStoppedError:
        servo_id = next((i for i in limp if i in self.watch.errors), limp[0])
        if servo_id in self.watch.errors:
            return SelfStoppedError(self._device, *self.watch.complaint(servo_id))
        name = self._calibration.joint_of(servo_id)
        return SelfStoppedError(
            self._device,
            f"{name} (servo {servo_id}) lost its torque: it was without power for a moment.",
            "Check the plug of its cable, then arm again.",
        )

    def _watchdog_stop(self) -> SelfStoppedError:
        return SelfStoppedError(
            self._device,
            "It stopped itself: it had heard nothing from this computer for "
            f"{self._watchdog_ms} ms.",
            "Arm it again; it goes on from where it is.",
        )
