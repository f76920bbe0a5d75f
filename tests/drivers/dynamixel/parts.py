"""Emulated arms for tests of what speaks to them through the unmodified SDK."""

from __future__ import annotations

from drivers.dynamixel.tables import BAUD_CODES
from drivers.emulation.arms import BUILDS
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.physics import Axis, FreeArm
from drivers.emulation.servo import Servo

STATE = ("present_current", "present_velocity", "present_position")


def arm(kind="viperx_300s", link=None, **eeprom):
    """An emulated arm as its maker ships it, except for the registers given."""
    build = BUILDS[kind]
    physics = build.free()
    emulated = EmulatedBus(build.servos(physics), physics, link)
    with emulated.changing():
        for servo in emulated.servos:
            for name, value in eeprom.items():
                assert servo.write(servo.model.registers[name].address, bytes([value])) == 0
    return emulated


def loose(*servos, baud=1_000_000):
    """Servos without an arm: (id, model number) each."""
    physics = FreeArm([Axis() for _ in servos])
    code = {"baud_rate": BAUD_CODES[baud]}
    made = [
        Servo(device, number, physics, axis, eeprom=code)
        for axis, (device, number) in enumerate(servos)
    ]
    return EmulatedBus(made, physics)
