"""How servos are, asked one at a time: temperature, voltage, errors and watchdog.

``Rota`` asks one servo and takes its answer later, so that a control loop does not wait for it.
What is wrong is put into words by ``drivers.dynamixel.complaints``.
"""

from __future__ import annotations

from collections.abc import Mapping

from drivers.dynamixel.bus import Bus
from drivers.dynamixel.complaints import Limits, Vitals, complaints, named, silent
from drivers.dynamixel.tables import VOLT_PER_UNIT, WATCHDOG_TRIPPED, hardware_errors

__all__ = ["Limits", "Rota", "Vitals", "complaints", "read_limits", "read_vitals"]

# Lost packets happen: who missed so many turns of the rota is silent.
_SILENT_TURNS = 3

_VITALS = (
    "hardware_error_status",
    "bus_watchdog",
    "present_input_voltage",
    "present_temperature",
)
_LIMITS = ("temperature_limit", "max_voltage_limit", "min_voltage_limit", "shutdown")


class Rota:
    """The servos' health, one servo a step.

    Args:
        bus: open while it is used, its servos found by ``scan``.
        joints: id -> joint name; a doubled joint has two ids.

    Attributes:
        vitals: id -> what was read last.
        limits: id -> what it is set to.
    """

    def __init__(self, bus: Bus, joints: Mapping[int, str]) -> None:
        self._bus = bus
        self._joints = dict(joints)
        self._order = tuple(joints)
        self._next = 0
        self._missed = dict.fromkeys(joints, 0)
        self.vitals: dict[int, Vitals] = {}
        self.limits: dict[int, Limits] = {}

    def start(self) -> None:
        """Reads the limits and the health of all servos; a handful of transactions.

        Raises:
            DeviceLostError: the port broke.
        """
        self.limits = read_limits(self._bus, self._order)
        self.vitals = read_vitals(self._bus, self._order)

    def ask(self) -> None:
        """Asks the next servo; never raises."""
        self._bus.ask((self._order[self._next],), _VITALS)

    def take(self) -> int:
        """Takes the answer of the servo that was asked, and returns its id.

        One that is silent keeps what it said last.

        Raises:
            DeviceLostError: the port broke.
        """
        servo = self._order[self._next]
        self._next = (self._next + 1) % len(self._order)
        found = read_vitals(self._bus, (servo,), asked=True)
        self._missed[servo] = 0 if found else self._missed[servo] + 1
        self.vitals |= found
        return servo

    @property
    def silent(self) -> tuple[int, ...]:
        """Servos that have missed several turns running."""
        return tuple(i for i, missed in self._missed.items() if missed >= _SILENT_TURNS)

    def warnings(self) -> tuple[str, ...]:
        """What is wrong, or soon will be, the gravest first; empty if all is well."""
        gone = self.silent
        said = (silent([named(self._joints[i], i) for i in gone]).text,) if gone else ()
        there = {i: now for i, now in self.vitals.items() if i not in gone}
        return said + complaints(self._joints, there, self.limits, self._bus.models)


def read_vitals(bus: Bus, ids: tuple[int, ...], *, asked: bool = False) -> dict[int, Vitals]:
    """How servos are now, of those that answer.

    Args:
        bus: open.
        ids: whose.
        asked: take the answers to what was asked ahead, and wait for none.

    Raises:
        DeviceLostError: the port broke.
    """
    values = bus.sync_read(ids, _VITALS, 0.0 if asked else None, asked=asked).values
    return {
        servo: Vitals(hardware_errors(status), dog == WATCHDOG_TRIPPED, volt * VOLT_PER_UNIT, heat)
        for servo, (status, dog, volt, heat) in values.items()
    }


def read_limits(bus: Bus, ids: tuple[int, ...]) -> dict[int, Limits]:
    """What servos are set to shut down at, of those that answer.

    Raises:
        DeviceLostError: the port broke.
    """
    return {
        servo: Limits(heat, high * VOLT_PER_UNIT, low * VOLT_PER_UNIT, shutdown)
        for servo, (heat, high, low, shutdown) in bus.sync_read(ids, _LIMITS).values.items()
    }
