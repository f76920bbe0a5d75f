"""What an operator may ask of an emulated arm while it runs: break it, mend it, move it by hand."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from drivers.base import DriverError
from drivers.dynamixel.tables import RAD_PER_TICK, hardware_errors
from drivers.emulation.arms import Build
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.faults import Faults
from drivers.emulation.hands import Hand, Leading, Turning, Waving
from drivers.emulation.world import HandlessError, WorldPhysics

HAND_RAD_S = 1.5
"""How fast a hand goes to a pose [rad/s]."""


class RequestError(ValueError):
    """A request that cannot be met; the message says what is possible."""


@dataclass(frozen=True)
class EmulatedArm:
    """An arm that can be asked things.

    Attributes:
        name: what requests call it.
        build: what it is.
        bus: its servos and its line.
    """

    name: str
    build: Build
    bus: EmulatedBus

    def ask(self, request: str) -> str:
        """Does what one request says, such as ``unplug``, ``loss=0.01`` or ``pose=elbow:0.4``.

        Returns:
            what was done, as a sentence.

        Raises:
            RequestError: unknown, or not possible; says what is.
        """
        word, _, value = request.strip().partition("=")
        if word not in _REQUESTS:
            raise RequestError(f"There is no request {word!r}. Known: {', '.join(_REQUESTS)}.")
        wants, doing = _REQUESTS[word]
        if bool(wants) != bool(value):
            form = f"{word}={wants}" if wants else word
            raise RequestError(f"{request!r} is not understood. Write it as: {form}.")
        try:
            return doing(self, value)
        except (HandlessError, DriverError) as error:
            raise RequestError(str(error)) from error


def _unplug(arm: EmulatedArm, _: str) -> str:
    arm.bus.unplug()
    return "The cable is out."


def _replug(arm: EmulatedArm, _: str) -> str:
    arm.bus.replug()
    return f"The cable is in: {arm.bus.port}."


def _power_cycle(arm: EmulatedArm, _: str) -> str:
    arm.bus.power_cycle()
    return "The motors were switched off and on."


def _well(arm: EmulatedArm, _: str) -> str:
    with arm.bus.changing() as bus:
        bus.faults = Faults()
        for servo in bus.servos:
            servo.recover()
        bus.replug()
    return "Nothing is wrong any more. A motor that stopped itself needs a reboot."


def _status(arm: EmulatedArm, _: str) -> str:
    faults = arm.bus.faults
    there = f"on {arm.bus.port}" if arm.bus.plugged else "unplugged"
    if not arm.bus.physics.powered:
        there += ", without power"
    ill = [
        f"{servo.id} {' and '.join(hardware_errors(servo.value('hardware_error_status')))}"
        for servo in arm.bus.servos
        if servo.alert
    ]
    torque = sum(servo.torque for servo in arm.bus.servos)
    return (
        f"{arm.name}: {len(arm.bus.servos)} servos, {there}; torque on {torque}; "
        f"{arm.bus.heard} instructions heard, {faults.lost} packets lost, {faults.corrupted} "
        f"corrupted; missing: {sorted(faults.missing) or 'none'}; "
        f"errors: {', '.join(ill) or 'none'}."
    )


def _loss(arm: EmulatedArm, value: str) -> str:
    arm.bus.faults.loss = share = _number(value, 0.0, 1.0)
    return f"{share:.1%} of the packets are lost."


def _corruption(arm: EmulatedArm, value: str) -> str:
    arm.bus.faults.corruption = share = _number(value, 0.0, 1.0)
    return f"{share:.1%} of the packets are corrupted."


def _slow(arm: EmulatedArm, value: str) -> str:
    delay = _number(value, 0.0, 1000.0)
    arm.bus.faults.delay_s = delay * 1e-3
    return f"Answers come {delay:g} ms late."


def _missing(arm: EmulatedArm, value: str) -> str:
    device = _servo(arm, value)
    arm.bus.faults.missing.add(device)
    return f"Servo {device} is off the bus."


def _back(arm: EmulatedArm, value: str) -> str:
    device = _servo(arm, value)
    arm.bus.faults.missing.discard(device)
    return f"Servo {device} is on the bus."


def _overheat(arm: EmulatedArm, value: str) -> str:
    with arm.bus.changing() as bus:
        servo = bus.servo(_servo(arm, value))
        servo.heat(servo.value("temperature_limit") + 4)
    return f"Servo {servo.id} is at {servo.temperature:g} °C."


def _temperature(arm: EmulatedArm, value: str) -> str:
    device, _, celsius = value.partition(":")
    with arm.bus.changing() as bus:
        servo = bus.servo(_servo(arm, device))
        servo.heat(_number(celsius, -5.0, 200.0))
    return f"Servo {servo.id} is at {servo.temperature:g} °C."


def _undervoltage(arm: EmulatedArm, value: str) -> str:
    with arm.bus.changing() as bus:
        servo = bus.servo(_servo(arm, value))
        servo.supply(0.1 * servo.value("min_voltage_limit") - 1.0)
    return f"Servo {servo.id} gets {servo.voltage:.1f} V."


def _overload(arm: EmulatedArm, value: str) -> str:
    with arm.bus.changing() as bus:
        servo = bus.servo(_servo(arm, value))
        servo.overload()
    return f"Servo {servo.id} is overloaded."


def _pose(arm: EmulatedArm, value: str) -> str:
    wanted = _joints(arm, value)
    for axis, position in wanted.items():
        zero, per_unit = _axis_scale(arm, axis)
        speed = abs(HAND_RAD_S / RAD_PER_TICK)
        _lay(arm, axis, Leading(zero + position * per_unit, speed))
    return f"A hand moves {_named(arm, wanted)}."


def _turn(arm: EmulatedArm, value: str) -> str:
    wanted = _joints(arm, value)
    for axis, speed in wanted.items():
        _lay(arm, axis, Turning(speed * _axis_scale(arm, axis)[1]))
    return f"A hand turns {_named(arm, wanted)}."


def _wave(arm: EmulatedArm, value: str) -> str:
    name, amplitude, period = [*value.split(":"), "", ""][:3]
    axis = _axis(arm, name)
    zero, per_unit = _axis_scale(arm, axis)
    seconds = _number(period or "4", 0.1, 600.0)
    centre = arm.bus.physics.present(axis).position
    reach = abs(_number(amplitude or "0.3", 0.0, math.pi) * per_unit)
    _lay(arm, axis, Waving(centre, reach, seconds, time.monotonic()))
    return f"A hand waves {name} about {(centre - zero) / per_unit:.2f}."


def _free(arm: EmulatedArm, _: str) -> str:
    for axis in range(len(arm.build.parts)):
        _lay(arm, axis, None)
    return "The hand let go."


def _reset(arm: EmulatedArm, value: str) -> str:
    if not isinstance(arm.bus.physics, WorldPhysics):
        raise RequestError(f"The {arm.name} stands in no scene that could be reset.")
    seed = int(_number(value, 0, 2**62))
    arm.bus.physics.reset(seed)
    with arm.bus.changing() as bus:
        for servo in bus.servos:
            servo.stand()
    return f"The scene is at the start of seed {seed}."


_REQUESTS: dict[str, tuple[str, Callable[[EmulatedArm, str], str]]] = {
    "status": ("", _status),
    "unplug": ("", _unplug),
    "replug": ("", _replug),
    "power-cycle": ("", _power_cycle),
    "loss": ("SHARE", _loss),
    "corruption": ("SHARE", _corruption),
    "slow": ("MILLISECONDS", _slow),
    "missing": ("ID", _missing),
    "back": ("ID", _back),
    "overheat": ("ID", _overheat),
    "temperature": ("ID:CELSIUS", _temperature),
    "undervoltage": ("ID", _undervoltage),
    "overload": ("ID", _overload),
    "well": ("", _well),
    "pose": ("JOINT:RAD,...", _pose),
    "turn": ("JOINT:RAD/S,...", _turn),
    "wave": ("JOINT:RAD:SECONDS", _wave),
    "free": ("", _free),
    "reset": ("SEED", _reset),
}
FORMS = tuple(f"{word}={wants}" if wants else word for word, (wants, _) in _REQUESTS.items())
"""Every request as one writes it."""


def _lay(arm: EmulatedArm, axis: int, hand: Hand | None) -> None:
    with arm.bus.lock:
        arm.bus.physics.hand(axis, hand)


def _number(text: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise RequestError(f"{text!r} is not a number from {low:g} to {high:g}.")
    return value


def _servo(arm: EmulatedArm, text: str) -> int:
    known = [servo.id for servo in arm.bus.servos]
    if not text.isdigit() or int(text) not in known:
        raise RequestError(f"{text!r} is no servo of the {arm.name}. Its ids: {known}.")
    return int(text)


def _axis(arm: EmulatedArm, name: str) -> int:
    names = arm.build.names
    if name not in names:
        raise RequestError(f"The {arm.name} has no joint {name!r}. Its joints: {', '.join(names)}.")
    return names.index(name)


def _joints(arm: EmulatedArm, text: str) -> dict[int, float]:
    wanted = {}
    for item in text.split(","):
        name, _, value = item.partition(":")
        wanted[_axis(arm, name)] = _number(value, -100.0, 100.0)
    return wanted


def _named(arm: EmulatedArm, axes: dict[int, float]) -> str:
    return ", ".join(arm.build.names[axis] for axis in axes)


def _axis_scale(arm: EmulatedArm, axis: int) -> tuple[float, float]:
    scale = arm.build.scale()
    return float(scale.zero[axis]), float(scale.per_unit[axis])
