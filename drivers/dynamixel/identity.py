"""Is the arm on this port the one it is taken for? Asked before any motor is given torque.

An arm is known by what is in its servos (ids, models, and the EEPROM values that a calibration
depends on) and by the adapter it hangs on. Two arms whose servos are alike in everything, such as a
left and a right one, are told apart by the adapter alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from drivers.base import DeviceConfigError
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel import ports
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibration import RECALIBRATE, Calibration, Servo
from drivers.dynamixel.tables import model_name

# What a joint's ticks depend on: where one of these differs, every angle may be wrong.
_BINDING = {
    "homing_offset": "homing offset",
    "drive_mode": "drive mode",
    "secondary_id": "secondary id",
}
_ADVISORY = {"min_position": "lowest position", "max_position": "highest position"}


@dataclass(frozen=True)
class Findings:
    """How an arm differs from its calibration, in sentences.

    Attributes:
        grave: with these no angle can be trusted, or a joint is missing.
        slight: worth knowing; the arm works.
    """

    grave: tuple[str, ...] = ()
    slight: tuple[str, ...] = ()


def adapter(port: str, path: str) -> str:
    """What an arm's adapter is known by; empty if its port's name says nothing of it.

    Args:
        port: as the station file names it.
        path: what it was resolved to.
    """
    if port.startswith(ports.EMULATED):
        return port
    name = ports.stable_name(path)
    return Path(name).name if Path(name).parent == ports.BY_ID else ""


def fingerprint(bus: Bus, found: Mapping[int, tuple[int, int]]) -> tuple[Servo, ...]:
    """Reads what identifies the servos that a scan found; moves nothing and writes nothing.

    Args:
        bus: open.
        found: what ``Bus.scan`` returned.

    Raises:
        DeviceLostError: a servo of ``found`` does not answer any more.
    """
    return tuple(
        Servo(
            id=servo_id,
            model=model,
            firmware=firmware,
            homing_offset=bus.read(servo_id, "homing_offset"),
            drive_mode=bus.read(servo_id, "drive_mode"),
            secondary_id=bus.read(servo_id, "secondary_id"),
            min_position=bus.read(servo_id, "min_position_limit"),
            max_position=bus.read(servo_id, "max_position_limit"),
        )
        for servo_id, (model, firmware) in sorted(found.items())
    )


def compare(calibration: Calibration, found: tuple[Servo, ...], port: str = "") -> Findings:
    """How the servos found differ from an arm's calibration. Pure.

    Args:
        calibration: the arm's.
        found: what ``fingerprint`` read.
        port: stable id of the adapter; empty if it has none.
    """
    grave: list[str] = []
    slight: list[str] = []
    by_id = {servo.id: servo for servo in found}
    for expected in calibration.servos:
        name = calibration.joint_of(expected.id)
        servo = by_id.pop(expected.id, None)
        if servo is None:
            grave.append(
                f"{name} is missing: servo {expected.id} ({model_name(expected.model)}) does not "
                "answer."
            )
            continue
        bad, odd = _servo_differences(name, expected, servo)
        grave += bad
        slight += odd
    grave += _lone_shadows(calibration, found)
    for servo in by_id.values():
        slight.append(f"Servo {servo.id} ({model_name(servo.model)}) belongs to no joint.")
    if port and calibration.port and port != calibration.port:
        slight.append(
            f"The adapter is {port}; the calibration was made on {calibration.port}. "
            "Is this the same arm?"
        )
    return Findings(tuple(grave), tuple(slight))


def other_arm(
    calibration: Calibration, others: tuple[Calibration, ...], found: tuple[Servo, ...], port: str
) -> Calibration | None:
    """The calibrated arm that this is instead of the one it is taken for; None if it is no other.

    Args:
        calibration: of the arm it is taken for.
        others: of the other arms known here.
        found: what ``fingerprint`` read.
        port: stable id of the adapter; empty if it has none.
    """
    own = not compare(calibration, found).grave
    for other in others:
        alike = _is(other, found)
        on_its_adapter = bool(port) and port == other.port and port != calibration.port
        if alike and (on_its_adapter or not own):
            return other
    return None


def known_arms(folder: Path, device: str) -> tuple[Calibration, ...]:
    """The calibrations in ``folder`` of arms other than ``device``; unreadable ones are left out.

    A file that cannot be read is its own arm's problem, and is reported when that one is connected.
    """
    arms = []
    for file in sorted(folder.glob("*.toml")):
        if file.stem == device:
            continue
        try:
            arms.append(calibrations.read(file, file.stem))
        except DeviceConfigError:
            continue
    return tuple(arms)


def verify(
    device: str,
    calibration: Calibration,
    others: tuple[Calibration, ...],
    found: tuple[Servo, ...],
    port: str = "",
) -> tuple[str, ...]:
    """Makes sure that an arm is the one that was calibrated.

    Args:
        device: what the station calls the arm.
        calibration: of the arm it is taken for.
        others: of the other arms known here.
        found: what ``fingerprint`` read.
        port: stable id of the adapter; empty if it has none.

    Returns:
        Slight differences, a sentence each.

    Raises:
        DeviceConfigError: it is another arm, or differs so that no angle can be trusted.
    """
    other = other_arm(calibration, others, found, port)
    if other is not None:
        raise DeviceConfigError(
            device,
            f"This is the {other.device} ({describe(found)}), not the {device}.",
            f"Swap the ports of {other.device} and {device} in station.toml, or their cables.",
        )
    findings = compare(calibration, found, port)
    if findings.grave:
        missing = any(" is missing: " in sentence for sentence in findings.grave)
        remedy = (
            "Check the power and the cable to the motor before it."
            if missing
            else f"Put the motor back as it was, or: {RECALIBRATE}"
        )
        raise DeviceConfigError(device, " ".join(findings.grave), remedy)
    return findings.slight


def describe(found: tuple[Servo, ...]) -> str:
    """The servos in a few words, such as ``7 servos: 7 XL330-M288``."""
    counts = Counter(model_name(servo.model) for servo in found)
    kinds = ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))
    return f"{len(found)} servos: {kinds}"


def _is(calibration: Calibration, found: tuple[Servo, ...]) -> bool:
    """Whether these servos are this arm's, all of them and no others."""
    return {servo.id for servo in found} == {servo.id for servo in calibration.servos} and not (
        compare(calibration, found).grave
    )


def _lone_shadows(calibration: Calibration, found: tuple[Servo, ...]) -> list[str]:
    """Second motors that do not follow the first: with torque on the two would fight."""
    follows = {servo.id: servo.secondary_id for servo in found}
    return [
        f"{part.name}: its second motor, servo {shadow}, does not follow servo {part.id}: its "
        f"secondary id is {follows[shadow]}. Set it to {part.id} with Dynamixel Wizard."
        for part in calibration.parts
        for shadow in part.shadows
        if shadow in follows and follows[shadow] != part.id
    ]


def _servo_differences(name: str, expected: Servo, servo: Servo) -> tuple[list[str], list[str]]:
    label = f"{name}, servo {servo.id}"
    if servo.model != expected.model:
        return [
            f"{label} is an {model_name(servo.model)}; the calibration was made with an "
            f"{model_name(expected.model)}."
        ], []
    grave = [
        f"{label}: its {words} is {getattr(servo, key)}, in the calibration it is "
        f"{getattr(expected, key)}."
        for key, words in _BINDING.items()
        if getattr(servo, key) != getattr(expected, key)
    ]
    slight = [
        f"{label}: its {words} is {getattr(servo, key)} ticks, in the calibration it is "
        f"{getattr(expected, key)}."
        for key, words in _ADVISORY.items()
        if getattr(servo, key) != getattr(expected, key)
    ]
    if servo.firmware != expected.firmware:
        slight.append(f"{label} has firmware {servo.firmware}, formerly {expected.firmware}.")
    return grave, slight
