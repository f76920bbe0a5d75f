"""What an arm's servos say beside where they are: torque, errors, watchdog, heat and voltage.

One short read after another in a slow rota. Each is asked when all that is urgent has been said,
and its answer is taken with the next tick's read: no tick waits for it.
"""

from __future__ import annotations

import dataclasses

from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibration import Calibration
from drivers.dynamixel.complaints import ALL_ERRORS, Complaint, error, lasts, named
from drivers.dynamixel.health import Rota, Vitals, read_limits, read_vitals
from drivers.dynamixel.tables import WATCHDOG_TRIPPED, hardware_errors

PERIOD_S = 0.04
"""One read of the rota in so long: all of nine servos in half a second [s]."""

_TORQUE = ("torque_enable", "hardware_error_status")


class Watch:
    """The servos' own state, as last read.

    Args:
        bus: open while it is used.
        calibration: whose servos they are.

    Attributes:
        torque: by servo, whether it holds.
        errors: by servo, its hardware error status; only those that have one.
        tripped: servos whose watchdog has stopped them.
    """

    def __init__(self, bus: Bus, calibration: Calibration) -> None:
        self._bus, self._ids = bus, calibration.ids
        self._joints = {i: calibration.joint_of(i) for i in self._ids}
        self.torque: dict[int, bool] = {}
        self.errors: dict[int, int] = {}
        self.tripped: frozenset[int] = frozenset()
        self._rota = Rota(bus, self._joints)
        self._turn, self._due_t, self._asked = 0, float("-inf"), False

    def start(self) -> None:
        """Reads everything, and the limits that are set in the servos.

        Raises:
            DeviceLostError: the port broke, or a servo does not answer.
        """
        self._asked = False
        self._rota.start()
        for servo_id in set(self._ids) - set(self._rota.limits):
            self._bus.read(servo_id, "shutdown")  # says so if it is gone, and not only a packet
            self._rota.limits |= read_limits(self._bus, (servo_id,))
        self.read_torque()
        self.read_watchdog()

    def ask(self, now: float, *, busy: bool = False) -> None:
        """Asks what comes next in the rota, if it is due and the last answer was taken.

        Args:
            now: monotonic clock [s].
            busy: something more urgent is to be said yet: put it off, by one period at most.
        """
        if self._asked or now < self._due_t + (PERIOD_S if busy else 0.0):
            return
        self._due_t = now + PERIOD_S
        self._turn = (self._turn + 1) % (len(self._ids) + 1)
        if self._turn == 0:
            self._bus.ask(self._ids, _TORQUE)
        else:
            self._rota.ask()
        self._asked = True

    def take(self) -> bool:
        """Takes the answer to what was asked last, if anything was; does not wait for it.

        Raises:
            DeviceLostError: the port broke.
        """
        if not self._asked:
            return False
        self._asked = False
        if self._turn == 0:
            self.read_torque(asked=True)
        else:
            servo_id = self._rota.take()
            self._take(servo_id, self._rota.vitals.get(servo_id))
        return True

    def read_torque(self, *, asked: bool = False) -> None:
        """Reads torque and errors of all servos; one that is silent keeps what it said last.

        Args:
            asked: take the answer to what was asked ahead.
        """
        budget_s = 0.0 if asked else None
        reading = self._bus.sync_read(self._ids, _TORQUE, budget_s, asked=asked)
        for servo_id, (torque, status) in reading.values.items():
            self.torque[servo_id] = bool(torque)
            self.errors.pop(servo_id, None)
            if status:
                self.errors[servo_id] = status

    def read_watchdog(self) -> None:
        """Reads whose watchdog has stopped it."""
        reading = self._bus.sync_read(self._ids, ("bus_watchdog",))
        silent = self.tripped.intersection(reading.missing)
        self.tripped = silent | {
            i for i, (value,) in reading.values.items() if value == WATCHDOG_TRIPPED
        }

    def attend(self, ids: tuple[int, ...]) -> None:
        """Reads all that is known of servos at once, out of their turn."""
        self._rota.vitals |= read_vitals(self._bus, ids)

    def switched(self, on: bool) -> None:
        """All motors were given torque, or all let go; no watchdog has stopped any of them.

        What was asked before is not taken: it is about what was before.
        """
        self._asked = False
        self.torque = dict.fromkeys(self._ids, on)
        self.tripped = frozenset()
        for servo_id, now in self._rota.vitals.items():
            self._rota.vitals[servo_id] = dataclasses.replace(now, watchdog=False)

    @property
    def shut_down(self) -> tuple[int, ...]:
        """Servos that an error keeps from having torque, until they are restarted."""
        return tuple(i for i, status in self.errors.items() if status & self._shutdown(i))

    @property
    def silent(self) -> tuple[int, ...]:
        """Servos that have not answered for several turns of the rota."""
        return self._rota.silent

    def lasts(self, servo_id: int) -> bool:
        """Whether a servo would shut down again at once, as last read."""
        now, limit = self._rota.vitals.get(servo_id), self._rota.limits.get(servo_id)
        return now is not None and limit is not None and lasts(now, limit)

    def cause(self, servo_id: int) -> str:
        """The gravest cause in the error of a servo that has one."""
        mask = self._shutdown(servo_id)
        status = self.errors[servo_id]
        found = hardware_errors(status & mask) or hardware_errors(status)
        return found[0] if found else "an error that its table does not name"

    def complaint(self, servo_id: int, cause: str, *, over: bool = False) -> Complaint:
        """What is wrong with a servo for that cause, and what to do; see ``complaints.error``."""
        name, rota = named(self._joints[servo_id], servo_id), self._rota
        now, limit = rota.vitals.get(servo_id), rota.limits.get(servo_id)
        return error(name, cause, now, limit, over=over)

    def warnings(self) -> tuple[str, ...]:
        """What is wrong or soon will be, the gravest first, a sentence each with a remedy."""
        return self._rota.warnings()

    def text(self) -> str:
        """The lowest voltage and the hottest motor, in a few words."""
        vitals = self._rota.vitals
        if not vitals:
            return ""
        hottest = max(vitals, key=lambda i: vitals[i].temperature)
        lowest = min(now.voltage for now in vitals.values())
        return f"{lowest:.1f} V, {self._joints[hottest]} {vitals[hottest].temperature} °C"

    def _shutdown(self, servo_id: int) -> int:
        limit = self._rota.limits.get(servo_id)
        return ALL_ERRORS if limit is None else limit.shutdown

    def _take(self, servo_id: int, now: Vitals | None) -> None:
        if now is not None and now.watchdog:
            self.tripped |= {servo_id}
        elif now is not None:
            self.tripped -= {servo_id}
