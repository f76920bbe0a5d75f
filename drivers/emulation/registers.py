"""What a servo's registers hold when it leaves the factory, and what may be written to them.

Source: ROBOTIS e-manual, control tables of the X series. A rule answers with the error number of
the status packet: data range (the register never takes it), data limit (another register forbids
it), access (not now).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from drivers.dynamixel import tables
from drivers.dynamixel.tables import Model, Register
from drivers.emulation import protocol

TABLE_BYTES = 256
POSITION_MODES = (
    tables.POSITION_CONTROL,
    tables.EXTENDED_POSITION_CONTROL,
    tables.CURRENT_BASED_POSITION_CONTROL,
)
GOALS = ("goal_pwm", "goal_current", "goal_velocity", "goal_position")
OFF_SECONDARY_ID = 255

_MULTI_TURN = 1_048_575
# Register -> lowest and highest value that it ever takes.
_RANGES: Mapping[str, tuple[int, int]] = {
    "id": (0, protocol.LAST_ID),
    "baud_rate": (0, 7),
    "return_delay_time": (0, 254),
    "drive_mode": (0, 13),
    "secondary_id": (0, 255),
    "homing_offset": (-1_044_479, 1_044_479),
    "moving_threshold": (0, 1_023),
    "temperature_limit": (0, 100),
    "max_voltage_limit": (31, 160),
    "min_voltage_limit": (31, 160),
    "pwm_limit": (0, tables.PWM_FULL),
    "velocity_limit": (0, 2_047),
    "current_limit": (0, 2_352),
    "max_position_limit": (0, 4_095),
    "min_position_limit": (0, 4_095),
    "torque_enable": (0, 1),
    "led": (0, 1),
    "status_return_level": (0, 2),
    "bus_watchdog": (0, 127),
    "profile_acceleration": (0, 32_767),
    "profile_velocity": (0, 32_767),
}
# Goal -> the register that limits it on both sides.
_LIMITED_BY: Mapping[str, str] = {
    "goal_pwm": "pwm_limit",
    "goal_current": "current_limit",
    "goal_velocity": "velocity_limit",
}


def factory(model: Model) -> dict[str, int]:
    """Name -> value of a new servo, for every register of the model that is not zero."""
    small = model.nominal_voltage < 9
    values = {
        "model_number": model.number,
        "firmware_version": max(48, model.fast_sync_read_firmware),
        "id": 1,
        "baud_rate": 1,
        "return_delay_time": 250,
        "drive_mode": 0,
        "operating_mode": tables.POSITION_CONTROL,
        "secondary_id": OFF_SECONDARY_ID,
        "protocol_type": 2,
        "moving_threshold": 10,
        "temperature_limit": 70 if small else 80,
        "max_voltage_limit": 70 if small else 160,
        "min_voltage_limit": 35 if small else 95,
        "pwm_limit": tables.PWM_FULL,
        "velocity_limit": _velocity_limit(model),
        "current_limit": _current_limit(model),
        "max_position_limit": 4_095,
        "shutdown": 0x35 if small else 0x34,
        "status_return_level": 2,
        "velocity_i_gain": 1_000,
        "velocity_p_gain": 100,
        "position_p_gain": 400 if small else 800,
        "goal_pwm": tables.PWM_FULL,
        "goal_current": _current_limit(model),
    }
    return {name: value for name, value in values.items() if name in model.registers}


def modes(model: Model) -> tuple[int, ...]:
    """Operating modes the model knows: without a current sensor there is no current control."""
    plain = (
        tables.VELOCITY_CONTROL,
        tables.POSITION_CONTROL,
        tables.EXTENDED_POSITION_CONTROL,
        tables.PWM_CONTROL,
    )
    if not model.current_unit_ma:
        return plain
    return (*plain, tables.CURRENT_CONTROL, tables.CURRENT_BASED_POSITION_CONTROL)


def refusal(model: Model, name: str, value: int, read: Callable[[str], int]) -> int:
    """Why a servo does not take ``value`` for a register, as an error number; 0 if it does.

    Args:
        model: the servo's model.
        name: a writable register of it.
        value: what should be written.
        read: the value of another register of the same servo.
    """
    if name == "bus_watchdog" and read(name) == tables.WATCHDOG_TRIPPED and value != 0:
        return protocol.DATA_RANGE
    if name in GOALS and read("bus_watchdog") == tables.WATCHDOG_TRIPPED:
        return protocol.DATA_RANGE
    if name == "operating_mode":
        return 0 if value in modes(model) else protocol.DATA_RANGE
    if name in _RANGES:
        low, high = _RANGES[name]
        return 0 if low <= value <= high else protocol.DATA_RANGE
    if name in _LIMITED_BY:
        return 0 if abs(value) <= read(_LIMITED_BY[name]) else protocol.DATA_LIMIT
    if name == "goal_position":
        return _position_refusal(value, read)
    return 0


def covering(model: Model, address: int, size: int) -> tuple[list[tuple[str, Register]], int]:
    """The registers in a block that is written, and the error number if it cuts one in two.

    Returns:
        (name and place of each register wholly inside, in the table's order; 0, data length
        error, or access error if there is no register at all).
    """
    inside, end = [], address + size
    for name, register in model.registers.items():
        first, last = register.address, register.address + register.length
        if last <= address or first >= end:
            continue
        if first < address or last > end:
            return [], protocol.DATA_LENGTH
        inside.append((name, register))
    inside.sort(key=lambda item: item[1].address)
    return inside, 0 if inside else protocol.ACCESS


def _position_refusal(value: int, read: Callable[[str], int]) -> int:
    if read("operating_mode") != tables.POSITION_CONTROL:
        return 0 if abs(value) <= _MULTI_TURN else protocol.DATA_RANGE
    inside = read("min_position_limit") <= value <= read("max_position_limit")
    return 0 if inside else protocol.DATA_LIMIT


def _velocity_limit(model: Model) -> int:
    known = {1190: 1_620, 1200: 445, 1020: 200, 1030: 350, 1060: 265, 1120: 128, 1130: 229}
    return known.get(model.number, 265)


def _current_limit(model: Model) -> int:
    if not model.current_unit_ma:
        return 0
    if model.current_unit_ma == 1.0:
        return 1_750
    return 2_047 if "540" in model.name else 1_193
