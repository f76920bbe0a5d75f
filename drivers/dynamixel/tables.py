"""Control tables of the Dynamixel X series: where each value lies in a servo, and in which unit.

Source: ROBOTIS e-manual, the "Control Table" page of each model (Protocol 2.0). The X series shares
one layout; what differs is whether a motor measures current or only estimates load, the unit of
that current, and a few registers of the small 330 frame.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

TICKS_PER_TURN = 4096
RAD_PER_TICK = 2.0 * math.pi / TICKS_PER_TURN
# Present and goal velocity count 0.229 rev/min on every X model.
RAD_S_PER_VELOCITY_UNIT = 0.229 * 2.0 * math.pi / 60.0
VOLT_PER_UNIT = 0.1
# Bus Watchdog (98) counts 20 ms; -1 is what it reads once it has stopped the servo.
WATCHDOG_UNIT_S = 0.02
WATCHDOG_TRIPPED = -1
# PWM and load are given in parts of the full supply.
PWM_FULL = 885
LOAD_PER_UNIT = 0.001
RETURN_DELAY_UNIT_S = 2e-6

BAUD_CODES: Mapping[int, int] = MappingProxyType(
    {
        9_600: 0,
        57_600: 1,
        115_200: 2,
        1_000_000: 3,
        2_000_000: 4,
        3_000_000: 5,
        4_000_000: 6,
        4_500_000: 7,
    }
)

# Operating modes (register 11).
CURRENT_CONTROL = 0
VELOCITY_CONTROL = 1
POSITION_CONTROL = 3
EXTENDED_POSITION_CONTROL = 4
CURRENT_BASED_POSITION_CONTROL = 5
PWM_CONTROL = 16

# Drive mode (register 10), bits.
DRIVE_REVERSED = 0x01
DRIVE_TIME_BASED_PROFILE = 0x04

# Hardware Error Status (register 70), bit -> cause.
HARDWARE_ERRORS: Mapping[int, str] = MappingProxyType(
    {
        0x01: "input voltage",
        0x04: "overheating",
        0x08: "encoder",
        0x10: "electrical shock",
        0x20: "overload",
    }
)


@dataclass(frozen=True)
class Register:
    """One value in a servo's control table.

    Attributes:
        address: first byte.
        length: bytes: 1, 2 or 4, little endian.
        signed: two's complement.
        eeprom: kept without power, and writable only while torque is off.
        writable: whether a Write is accepted at all.
    """

    address: int
    length: int
    signed: bool = False
    eeprom: bool = False
    writable: bool = True

    def decode(self, data: bytes | bytearray | list[int]) -> int:
        """The number in ``length`` bytes of the table."""
        return int.from_bytes(bytes(data), "little", signed=self.signed)

    def encode(self, value: int) -> bytes:
        """The bytes of a number.

        Raises:
            OverflowError: it does not fit; says the range.
        """
        low = -(1 << (8 * self.length - 1)) if self.signed else 0
        high = (1 << (8 * self.length - int(self.signed))) - 1
        if not low <= value <= high:
            raise OverflowError(
                f"{value} does not fit the register at {self.address}: {low} to {high}."
            )
        return value.to_bytes(self.length, "little", signed=self.signed)


def _eeprom(address: int, length: int, signed: bool = False, writable: bool = True) -> Register:
    return Register(address, length, signed, eeprom=True, writable=writable)


def _reading(address: int, length: int, signed: bool = False) -> Register:
    return Register(address, length, signed, writable=False)


# What every X model has at the same place.
_COMMON: dict[str, Register] = {
    "model_number": _eeprom(0, 2, writable=False),
    "model_information": _eeprom(2, 4, writable=False),
    "firmware_version": _eeprom(6, 1, writable=False),
    "id": _eeprom(7, 1),
    "baud_rate": _eeprom(8, 1),
    "return_delay_time": _eeprom(9, 1),
    "drive_mode": _eeprom(10, 1),
    "operating_mode": _eeprom(11, 1),
    "secondary_id": _eeprom(12, 1),
    "protocol_type": _eeprom(13, 1),
    "homing_offset": _eeprom(20, 4, signed=True),
    "moving_threshold": _eeprom(24, 4),
    "temperature_limit": _eeprom(31, 1),
    "max_voltage_limit": _eeprom(32, 2),
    "min_voltage_limit": _eeprom(34, 2),
    "pwm_limit": _eeprom(36, 2),
    "velocity_limit": _eeprom(44, 4),
    "max_position_limit": _eeprom(48, 4),
    "min_position_limit": _eeprom(52, 4),
    "startup_configuration": _eeprom(60, 1),
    "shutdown": _eeprom(63, 1),
    "torque_enable": Register(64, 1),
    "led": Register(65, 1),
    "status_return_level": Register(68, 1),
    "registered_instruction": _reading(69, 1),
    "hardware_error_status": _reading(70, 1),
    "velocity_i_gain": Register(76, 2),
    "velocity_p_gain": Register(78, 2),
    "position_d_gain": Register(80, 2),
    "position_i_gain": Register(82, 2),
    "position_p_gain": Register(84, 2),
    "feedforward_2nd_gain": Register(88, 2),
    "feedforward_1st_gain": Register(90, 2),
    "bus_watchdog": Register(98, 1, signed=True),
    "goal_pwm": Register(100, 2, signed=True),
    "goal_velocity": Register(104, 4, signed=True),
    "profile_acceleration": Register(108, 4),
    "profile_velocity": Register(112, 4),
    "goal_position": Register(116, 4, signed=True),
    "realtime_tick": _reading(120, 2),
    "moving": _reading(122, 1),
    "moving_status": _reading(123, 1),
    "present_pwm": _reading(124, 2, signed=True),
    "present_velocity": _reading(128, 4, signed=True),
    "present_position": _reading(132, 4, signed=True),
    "velocity_trajectory": _reading(136, 4, signed=True),
    "position_trajectory": _reading(140, 4, signed=True),
    "present_input_voltage": _reading(144, 2),
    "present_temperature": _reading(146, 1),
}

_WITH_CURRENT = {
    "current_limit": _eeprom(38, 2),
    "goal_current": Register(102, 2, signed=True),
    "present_current": _reading(126, 2, signed=True),
}

# The XL430 and XC430 have no current sensor: the same two bytes are an estimated load.
_WITH_LOAD = {"present_load": _reading(126, 2, signed=True)}


@dataclass(frozen=True)
class Model:
    """One servo model.

    Attributes:
        number: what register 0 and a ping's answer say.
        name: as ROBOTIS sells it.
        registers: name -> where it is.
        ticks_per_turn: encoder counts in one turn.
        current_unit_ma: mA of one count of current; 0 where the motor measures none.
        torque_constant: approximate N m per A at the output, stall torque over stall current of the
            data sheet; 0 where the motor measures no current.
        stall_torque: approximate N m at the nominal voltage; the scale of ``present_load``.
        nominal_voltage: what it is meant to be powered with [V].
        fast_sync_read_firmware: first firmware that answers Fast Sync Read (0x8A).
    """

    number: int
    name: str
    registers: Mapping[str, Register]
    current_unit_ma: float
    torque_constant: float
    stall_torque: float
    nominal_voltage: float
    fast_sync_read_firmware: int
    ticks_per_turn: int = TICKS_PER_TURN

    @property
    def effort_register(self) -> str:
        """``present_current``, or ``present_load`` where no current is measured (both at 126)."""
        return "present_current" if self.current_unit_ma else "present_load"

    def torque_n_m(self, effort: int) -> float:
        """Approximate torque [N m] of a reading of ``effort_register`` (sign: direction)."""
        if self.current_unit_ma:
            return effort * self.current_unit_ma * 1e-3 * self.torque_constant
        return effort * LOAD_PER_UNIT * self.stall_torque


_TABLE_CURRENT: Mapping[str, Register] = MappingProxyType({**_COMMON, **_WITH_CURRENT})
_TABLE_LOAD: Mapping[str, Register] = MappingProxyType({**_COMMON, **_WITH_LOAD})
_TABLE_330: Mapping[str, Register] = MappingProxyType(
    {**_COMMON, **_WITH_CURRENT, "pwm_slope": _eeprom(62, 1)}
)

# Every name of any model: where two models share a name, they share its place.
REGISTERS: Mapping[str, Register] = MappingProxyType({**_TABLE_330, **_WITH_LOAD})


def _x330(number: int, name: str, torque: float, current: float, voltage: float) -> Model:
    return Model(number, name, _TABLE_330, 1.0, torque / current, torque, voltage, 46)


def _xm(number: int, name: str, torque: float, current: float) -> Model:
    return Model(number, name, _TABLE_CURRENT, 2.69, torque / current, torque, 12.0, 45)


def _x430(number: int, name: str, torque: float) -> Model:
    return Model(number, name, _TABLE_LOAD, 0.0, 0.0, torque, 12.0, 45)


# Stall torque [N m] and stall current [A] at the nominal voltage, from the data sheets.
MODELS: Mapping[int, Model] = MappingProxyType(
    {
        model.number: model
        for model in (
            _xm(1020, "XM430-W350", 4.1, 2.3),
            _xm(1030, "XM430-W210", 3.0, 2.3),
            _x430(1060, "XL430-W250", 1.5),
            _x430(1070, "XC430-W150", 1.6),
            _x430(1080, "XC430-W240", 1.9),
            _xm(1120, "XM540-W270", 10.6, 4.4),
            _xm(1130, "XM540-W150", 7.3, 4.4),
            _x330(1190, "XL330-M077", 0.215, 1.47, 5.0),
            _x330(1200, "XL330-M288", 0.52, 1.47, 5.0),
            _x330(1210, "XC330-T181", 0.76, 0.8, 12.0),
            _x330(1220, "XC330-T288", 0.92, 0.8, 12.0),
            _x330(1230, "XC330-M181", 0.6, 1.8, 5.0),
            _x330(1240, "XC330-M288", 0.93, 1.8, 5.0),
        )
    }
)


def hardware_errors(status: int) -> tuple[str, ...]:
    """The causes in a Hardware Error Status, such as ``("overheating", "overload")``."""
    return tuple(cause for bit, cause in HARDWARE_ERRORS.items() if status & bit)


def model_name(number: int) -> str:
    """The model's name, or ``model 1234`` where it is not in the tables."""
    return MODELS[number].name if number in MODELS else f"model {number}"


def register(name: str, model: Model | None = None) -> Register:
    """Where a value lies: in one model, or, if none is given, in any model that has it.

    Raises:
        KeyError: there is no such register; says which model.
    """
    registers = model.registers if model is not None else REGISTERS
    if name not in registers:
        raise KeyError(f"{model.name if model is not None else 'No servo'} has no {name}.")
    return registers[name]
