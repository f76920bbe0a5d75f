"""Why an arm takes no goals: not armed, shut down by a motor, stopped by its own watchdog."""

from __future__ import annotations

import contextlib
import time

from drivers.base import SelfStoppedError
from drivers.dynamixel import complaints
from drivers.dynamixel.bus import Bus, NoAnswerError
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
        self._had: dict[int, str] = {}
        self._restarted: dict[int, float] = {}
        self.reason: SelfStoppedError | None = None
        self.disarmed()

    def armed(self) -> None:
        """All motors have torque, and none is stopped."""
        self.watch.switched(on=True)
        self.reason = None
        self._had = {}

    def released(self) -> None:
        """No motor has torque any more."""
        self.watch.switched(on=False)
        self.disarmed()

    def disarmed(self) -> None:
        """It was not armed since it was connected or released."""
        self.reason = SelfStoppedError(self._device, "The arm is not armed.", "")
        self._had = {}
        if self.watch.tripped:
            self.reason = self._stop(complaints.watchdog(self._watchdog_ms))

    def notice(self) -> None:
        """Looks whether some servos of an armed arm stopped themselves, as last read.

        Told again and again while it is stopped: with the figures as they are now.
        """
        self._had |= {i: self.watch.cause(i) for i in self.watch.shut_down}
        limp = [i for i in self._calibration.ids if not self.watch.torque.get(i, True)]
        gone = [i for i in self.watch.silent if i not in self._calibration.primary]
        if limp:
            self.reason = self._lost_torque(limp)
        elif gone:
            # Nobody reads second motors at every tick: one that is gone holds against the first.
            self.reason = self._stop(complaints.silent(self._names(gone)))
        elif self.watch.tripped and self.reason is None:
            self.reason = self._stop(complaints.watchdog(self._watchdog_ms))

    def restart(self, measuring: Measuring) -> None:
        """Restarts a motor whose reason to shut down has passed; at most one, one packet.

        It has no torque and gets none by that: only whoever arms the arm gives it torque.

        Args:
            measuring: is told whose silence is to be expected.

        Raises:
            DeviceLostError: the port broke.
        """
        for servo_id in self.watch.shut_down:
            if not self.watch.lasts(servo_id) and not self._restarting(servo_id):
                self._reboot(servo_id, measuring)
                return

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
        self._had |= {i: self.watch.cause(i) for i in down}
        if any(self.watch.lasts(i) for i in down):
            self.reason = self._shut_down(down)
            raise self.reason
        for servo_id in down:
            if not self._restarting(servo_id):
                self._reboot(servo_id, measuring)
        said = self._shut_down(down).problem
        self.reason = SelfStoppedError(
            self._device, f"{said} It is being restarted.", "Wait a second."
        )
        raise self.reason

    def not_taken(self, servo_id: int, register: str, value: int) -> SelfStoppedError:
        """A servo that hears a value and does not take it."""
        (name,) = self._names([servo_id])
        return SelfStoppedError(
            self._device,
            f"{name} does not take {register.replace('_', ' ')} {value}.",
            "Switch the arm's power off and on.",
        )

    def outside(self, servo_id: int, degrees: float) -> SelfStoppedError:
        """A joint beyond what its servo allows."""
        name = self._calibration.joint_of(servo_id)
        return SelfStoppedError(
            self._device,
            f"{name} is {degrees:.0f}° beyond the limit that is set in servo {servo_id}.",
            "Move it back by hand.",
        )

    def _reboot(self, servo_id: int, measuring: Measuring) -> None:
        until = time.monotonic() + RESTART_S
        self._restarted[servo_id] = until
        with contextlib.suppress(NoAnswerError):
            self._bus.reboot(servo_id)
        measuring.pardon((servo_id,), until)

    def _restarting(self, servo_id: int) -> bool:
        return time.monotonic() < self._restarted.get(servo_id, float("-inf"))

    def _lost_torque(self, limp: list[int]) -> SelfStoppedError:
        had = tuple(i for i in limp if i in self._had)
        if had:
            return self._shut_down(had)
        size = len(self._calibration.ids)
        return self._stop(complaints.without_power(self._names(limp), size))

    def _shut_down(self, ids: tuple[int, ...]) -> SelfStoppedError:
        """Why these motors have shut down, or had before they were restarted; what to do."""
        down = self.watch.shut_down
        said = [self.watch.complaint(i, self._had[i], over=i not in down) for i in ids]
        return SelfStoppedError(
            self._device,
            " ".join(one.problem for one in said),
            " ".join(dict.fromkeys(one.remedy for one in said if one.remedy)),
        )

    def _names(self, ids: list[int]) -> list[str]:
        return [complaints.named(self._calibration.joint_of(i), i) for i in ids]

    def _stop(self, complaint: complaints.Complaint) -> SelfStoppedError:
        return SelfStoppedError(self._device, complaint.problem, complaint.remedy)
