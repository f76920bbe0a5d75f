"""What is wrong with servos, in sentences: the one place where a cause is put into words.

A complaint's first sentence is its headline: which joint, and what. Figures follow it; what to do
is apart, and says nothing of arming: whoever shows it knows whether the arm is to be armed. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from drivers.dynamixel.tables import HARDWARE_ERRORS, Model

# So close to its limit a motor is worth a warning: minutes from shutting down under load.
NEAR_LIMIT_C = 5
# Supplies sag under load; a tenth below nominal is more than that.
LOW_SHARE = 0.9

POWER = "Check the power supply and the plugs of its cable."
_REMEDIES = {
    "input voltage": POWER,
    "overheating": "Support the arm and let the motor cool down.",
    "encoder": "Switch the arm off and on. If it comes back, exchange the motor.",
    "electrical shock": (
        "Switch the arm off and check this motor's cable and plugs. If it comes back, exchange "
        "the motor."
    ),
    "overload": "Support the arm and free the joint from what it pushes against.",
}
ALL_ERRORS = 0xFF
"""All bits of a hardware error status."""

_UNNAMED = "Switch the arm's power off and on."
_VOLTAGE = 0x01


@dataclass(frozen=True)
class Limits:
    """What a servo is set to shut down at.

    Attributes:
        temperature: highest [degrees C].
        high: highest voltage [V].
        low: lowest voltage [V].
        shutdown: the bits of its hardware error status that take its torque.
    """

    temperature: int
    high: float
    low: float
    shutdown: int = ALL_ERRORS


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


class Complaint(NamedTuple):
    """One thing that is wrong.

    Attributes:
        problem: headline, then figures, a sentence each.
        remedy: what to do; empty where there is nothing but to arm again.
    """

    problem: str
    remedy: str

    @property
    def text(self) -> str:
        """Both."""
        return f"{self.problem} {self.remedy}".strip()


def named(joint: str, servo: int) -> str:
    """A motor by joint and id, such as ``shoulder's second motor (servo 3)``."""
    name, _, second = joint.partition(" (second motor)")
    whose = f"{name}'s second motor" if second or joint != name else name
    return f"{whose} (servo {servo})"


def complaints(
    joints: Mapping[int, str],
    vitals: Mapping[int, Vitals],
    limits: Mapping[int, Limits],
    models: Mapping[int, Model] | None = None,
) -> tuple[str, ...]:
    """What is wrong or soon will be: joint, cause, remedy; the gravest first.

    Args:
        joints: id -> joint name.
        vitals: id -> how it is.
        limits: id -> what it shuts down at; where it is not known, nothing is said of it.
        models: id -> model, for the voltage it is meant for.
    """
    shut, soon = [], []
    for servo, now in vitals.items():
        name, limit = named(joints.get(servo, "a joint"), servo), limits.get(servo)
        shut += [error(name, cause, now, limit).text for cause in now.errors]
        if limit is not None and not now.errors:
            soon += _approaching(name, now, limit, (models or {}).get(servo))
    stopped = [named(joints.get(i, "a joint"), i) for i, now in vitals.items() if now.watchdog]
    dogs = (_unheard(stopped),) if stopped else ()
    return (*shut, *dogs, *soon)


def error(
    name: str, cause: str, now: Vitals | None, limit: Limits | None, *, over: bool = False
) -> Complaint:
    """A hardware error of one servo.

    Args:
        name: the motor, as ``named`` names it.
        cause: as ``HARDWARE_ERRORS`` has it; any other is one that its table does not name.
        now: how it is now; None if it was not read.
        limit: what it is set to; None if that was not read.
        over: it was restarted, and may be armed again.
    """
    bit = next((bit for bit, known in HARDWARE_ERRORS.items() if known == cause), ALL_ERRORS)
    shuts = limit is None or bool(bit & limit.shutdown)
    figure = _figure(cause, now, limit)
    if over:
        remedy = _REMEDIES.get(cause, "") if cause != "overheating" else ""
        return Complaint(f"{name} had shut down: {cause}.{figure}", remedy)
    if shuts:
        remedy = _REMEDIES.get(cause, _UNNAMED)
        return Complaint(f"{name} has shut down: {cause}.{figure}", remedy)
    # It goes on, and says so until it is switched off and on: that the cause has passed or not is
    # in the figure.
    return Complaint(f"{name} reports {cause}.{figure}", _REMEDIES.get(cause, _UNNAMED))


def lasts(now: Vitals, limit: Limits) -> bool:
    """Whether a servo that is restarted now would shut down again at once."""
    fed = limit.low <= now.voltage <= limit.high or not limit.shutdown & _VOLTAGE
    return now.temperature >= limit.temperature or not fed


def watchdog(limit_ms: float) -> Complaint:
    """An arm whose servos' watchdogs have stopped it."""
    return Complaint(
        "The arm stopped itself. It had heard nothing from this computer for "
        f"{limit_ms:.0f} ms; it goes on from where it is.",
        "Close what keeps this computer busy.",
    )


def without_power(names: list[str], size: int) -> Complaint:
    """Motors whose torque is gone although nothing is wrong with them, of ``size`` in all."""
    if len(names) == size:
        return Complaint(
            "All motors lost their torque. They were without power for a moment.",
            "Check the arm's power supply and its switch.",
        )
    motors, them, cables = several(names)
    they = "they were" if len(names) > 1 else "it was"
    return Complaint(
        f"{motors} lost {them} torque: {they} without power for a moment.",
        f"Check the {'plugs' if len(names) > 1 else 'plug'} of {cables}.",
    )


def silent(names: list[str], how_long: str = "") -> Complaint:
    """Motors that do not answer while others do: what they share is the cable before the first.

    Args:
        names: of one motor or several, in their order on the bus.
        how_long: such as ``67 ms (limit 60 ms)``; empty where that says nothing.
    """
    motors, _, _ = several(names)
    one = len(names) == 1
    answer = f"{'does' if one else 'do'} not answer"
    if how_long:
        answer = f"{'has' if one else 'have'} not answered for {how_long}"
    first, before = ("it", "it") if one else ("the first of them", "that")
    return Complaint(
        f"{motors} {answer}.",
        f"Check the cable to {first} and the cable to the motor before {before}.",
    )


def several(names: list[str]) -> tuple[str, str, str]:
    """``a, b and c`` (no more than three by name), ``their`` or ``its``, and whose cables."""
    if len(names) == 1:
        return names[0], "its", "its cable"
    if len(names) > 3:
        return f"{names[0]} and {len(names) - 1} more motors", "their", "their cables"
    return f"{', '.join(names[:-1])} and {names[-1]}", "their", "their cables"


def _unheard(names: list[str]) -> str:
    motors, _, _ = several(names)
    return f"{motors} stopped: no word from the computer for too long. Arming clears it."


def _figure(cause: str, now: Vitals | None, limit: Limits | None) -> str:
    if now is None:
        return ""
    if cause == "overheating":
        bound = "" if limit is None else f" (limit {limit.temperature} °C)"
        return f" It is at {now.temperature} °C{bound}."
    if cause == "input voltage":
        bound = "" if limit is None else f" (right: {limit.low:.1f} to {limit.high:.1f} V)"
        return f" It gets {now.voltage:.1f} V{bound}."
    return ""


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
