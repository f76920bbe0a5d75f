"""How servos are, in sentences: which joint, what is wrong with it, what to do.

``Rota`` asks one servo a tick for its temperature, voltage, errors and watchdog, so that a control
loop never pays for more than one short read. ``complaints`` is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.dynamixel.bus import Bus
from drivers.dynamixel.tables import (
    HARDWARE_ERRORS,
    VOLT_PER_UNIT,
    WATCHDOG_TRIPPED,
    Model,
    hardware_errors,
)

# So close to its limit a motor is worth a warning: minutes from shutting down under load.
NEAR_LIMIT_C = 5
# Supplies sag under load; a tenth below nominal is more than that.
LOW_SHARE = 0.9
# Lost packets happen: who missed so many turns of the rota is silent.
_SILENT_TURNS = 3

_VITALS = (
    "hardware_error_status",
    "bus_watchdog",
    "present_input_voltage",
    "present_temperature",
)
_LIMITS = ("temperature_limit", "max_voltage_limit", "min_voltage_limit")
_RESTART = "then arm again, which restarts it"
_REMEDIES = {
    "input voltage": f"Check the power supply and the plugs of its cable, {_RESTART}.",
    "overheating": f"Support the arm, let the motor cool down, {_RESTART}.",
    "encoder": f"Switch the arm off, {_RESTART}. If it comes back, exchange the motor.",
    "electrical shock": (
        f"Switch the arm off, check this motor's cable and plugs, {_RESTART}. If it comes back, "
        "exchange the motor."
    ),
    "overload": f"Support the arm, free the joint from what it pushes against, {_RESTART}.",
}


@dataclass(frozen=True)
class Limits:
    """What a servo is set to shut down at.

    Attributes:
        temperature: highest [degrees C].
        high: highest voltage [V].
        low: lowest voltage [V].
    """

    temperature: int
    high: float
    low: float


@dataclass(frozen=True)
class Vitals:
    """How one servo is.

    Attributes:
        errors: causes in its hardware error status, such as ``overload``.
        watchdog: whether its bus watchdog has stopped it.
        voltage: of its supply [V].
        temperature: of its motor [degrees C].
    """

    errors: tuple[str, ...]
    watchdog: bool
    voltage: float
    temperature: int


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

    def step(self, budget_s: float | None = None) -> int:
        """Reads the next servo, and returns its id. One that is silent keeps what it said last.

        Raises:
            DeviceLostError: the port broke.
        """
        servo = self._order[self._next]
        self._next = (self._next + 1) % len(self._order)
        found = read_vitals(self._bus, (servo,), budget_s)
        self._missed[servo] = 0 if found else self._missed[servo] + 1
        self.vitals |= found
        return servo

    def warnings(self) -> tuple[str, ...]:
        """What is wrong, or soon will be, the gravest first; empty if all is well."""
        silent = tuple(
            f"{self._joints[servo]} (servo {servo}) does not answer. Check its cable and the "
            "arm's power."
            for servo, missed in self._missed.items()
            if missed >= _SILENT_TURNS
        )
        return silent + complaints(self._joints, self.vitals, self.limits, self._bus.models)


def read_vitals(bus: Bus, ids: tuple[int, ...], budget_s: float | None = None) -> dict[int, Vitals]:
    """How servos are now, of those that answer.

    Raises:
        DeviceLostError: the port broke.
    """
    values = bus.sync_read(ids, _VITALS, budget_s).values
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
        servo: Limits(heat, high * VOLT_PER_UNIT, low * VOLT_PER_UNIT)
        for servo, (heat, high, low) in bus.sync_read(ids, _LIMITS).values.items()
    }


def complaints(
    joints: Mapping[int, str],
    vitals: Mapping[int, Vitals],
    limits: Mapping[int, Limits],
    models: Mapping[int, Model] | None = None,
) -> tuple[str, ...]:
    """What is wrong or soon will be: joint, cause, remedy; the gravest first. Pure.

    Args:
        joints: id -> joint name.
        vitals: id -> how it is.
        limits: id -> what it shuts down at; where it is not known, nothing is said of it.
        models: id -> model, for the voltage it is meant for.
    """
    shut, stopped, soon = [], [], []
    for servo, now in vitals.items():
        name = f"{joints.get(servo, 'a joint')} (servo {servo})"
        limit = limits.get(servo)
        for cause in HARDWARE_ERRORS.values():
            if cause in now.errors:
                shut.append(_shut_down(name, cause, now, limit))
        if now.watchdog:
            stopped.append(
                f"{name} has stopped itself: it heard nothing for longer than its bus watchdog "
                "allows. Arm again, which clears it."
            )
        if limit is not None and not now.errors:
            soon += _approaching(name, now, limit, (models or {}).get(servo))
    return (*shut, *stopped, *soon)


def _shut_down(name: str, cause: str, now: Vitals, limit: Limits | None) -> str:
    figure = ""
    if cause == "overheating":
        figure = f" at {now.temperature} °C"
        figure += f" (limit {limit.temperature} °C)" if limit is not None else ""
    elif cause == "input voltage":
        figure = f" at {now.voltage:.1f} V"
        if limit is not None:
            figure += f" (it wants {limit.low:.1f} to {limit.high:.1f} V)"
    return f"{name} has shut down: {cause}{figure}. {_REMEDIES[cause]}"


def _approaching(name: str, now: Vitals, limit: Limits, model: Model | None) -> list[str]:
    found = []
    if now.temperature >= limit.temperature - NEAR_LIMIT_C:
        found.append(
            f"{name} is at {now.temperature} °C (limit {limit.temperature} °C). Let it rest."
        )
    lowest = limit.low
    if model is not None:
        lowest = max(lowest, LOW_SHARE * model.nominal_voltage)
    if now.voltage < lowest:
        found.append(
            f"{name} gets {now.voltage:.1f} V (it should be {lowest:.1f} V or more). "
            "Check the power supply: motors are weak and may restart."
        )
    elif now.voltage > limit.high:
        found.append(
            f"{name} gets {now.voltage:.1f} V (limit {limit.high:.1f} V). "
            "Switch the arm off and check that this is its own power supply."
        )
    return found
