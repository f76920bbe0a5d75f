"""One emulated servo: its control table, what it obeys, when it stops itself.

Rules are those of the ROBOTIS e-manual for the X series: EEPROM is locked while torque is on, a
hardware error that the shutdown mask names takes torque away until a reboot, a bus watchdog that
expires stops the motion and locks the goals until 0 is written to it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from drivers.dynamixel import tables
from drivers.dynamixel.tables import MODELS
from drivers.emulation import protocol, registers
from drivers.emulation.counting import Counting
from drivers.emulation.goals import TICKS_S_PER_VELOCITY_UNIT, asked
from drivers.emulation.physics import OFF, Drive, Physics

SIGNATURE = bytes([0x01, 0x44, 0x58, 0x4C, 0x22])
"""What a Clear must carry, so that noise never clears anything."""

INPUT_VOLTAGE, OVERHEATING, OVERLOAD = 0x01, 0x04, 0x20
COOL = 33.0
"""What a servo that is not worked hard is at [°C]."""

# From here on the table holds what is measured: time and whether it moves, how it moves, supply.
_MEASURED_FROM, _MOTION_FROM, _SUPPLY_FROM = 120, 124, 144
_COUNTED = ("drive_mode", "homing_offset", "operating_mode")
_FULL_LOAD_MA = 1_400.0  # draws this at full load where no current is measured


class Servo:
    """A servo on a bus.

    Args:
        device: its id.
        number: model number, a key of ``drivers.dynamixel.tables.MODELS``.
        physics: what it turns.
        axis: which axis of it.
        mirrored: mounted so that it counts the axis' ticks backwards (the second of a pair).
        offset: what its encoder reads where the axis is at 0 [ticks].
        eeprom: registers that differ from a new servo's, by name.
    """

    def __init__(
        self,
        device: int,
        number: int,
        physics: Physics,
        axis: int,
        *,
        mirrored: bool = False,
        offset: int = 0,
        eeprom: Mapping[str, int] | None = None,
    ) -> None:
        self.model = MODELS[number]
        self.axis = axis
        self.temperature = COOL
        self.voltage = self.model.nominal_voltage
        self.dirty = True
        self._physics = physics
        self._counting = Counting(mirrored=mirrored, offset=offset)
        self._table = bytearray(registers.TABLE_BYTES)
        self._values = dict.fromkeys(self.model.registers, 0)
        for name, value in {
            **registers.factory(self.model),
            "id": device,
            **(eeprom or {}),
        }.items():
            self._put(name, value)
        self._registered: tuple[int, bytes] | None = None
        self._stopped_at: float | None = None
        self._heard_t = time.monotonic()
        self.boot()

    @property
    def id(self) -> int:
        """Its own id."""
        return self._values["id"]

    @property
    def secondary_id(self) -> int | None:
        """The id whose writes it obeys in silence; None if it has none."""
        value = self._values["secondary_id"]
        return value if value <= protocol.LAST_ID else None

    @property
    def torque(self) -> bool:
        """Whether it holds its axis."""
        return bool(self._values["torque_enable"])

    @property
    def knows_fast_reads(self) -> bool:
        """Whether its firmware has learnt Fast Sync Read."""
        return self._values["firmware_version"] >= self.model.fast_sync_read_firmware

    @property
    def alert(self) -> int:
        """The bit that every answer carries while something is wrong with it."""
        return protocol.ALERT if self._values["hardware_error_status"] else 0

    def value(self, name: str) -> int:
        """What a register holds now."""
        register = self.model.registers[name]
        self._measure(register.address, register.address + register.length)
        return self._values[name]

    def boot(self) -> None:
        """Starts anew, as after power or a reboot: RAM forgotten, torque off, within one turn."""
        values = registers.factory(self.model)
        for name, register in self.model.registers.items():
            if not register.eeprom and register.address < _MEASURED_FROM:
                self._put(name, values.get(name, 0))
        self._put("goal_pwm", self._values["pwm_limit"])
        if "goal_current" in self._values:
            self._put("goal_current", self._values["current_limit"])
        self._registered = None
        self._stopped_at = None
        self._within_one_turn()
        self._protect()
        self.dirty = True

    def read(self, address: int, size: int) -> tuple[int, bytes]:
        """The error number, 0 for none, and the bytes asked for."""
        if size < 1 or address + size > len(self._table):
            return protocol.ACCESS, b""
        self._measure(address, address + size)
        return 0, bytes(self._table[address : address + size])

    def write(self, address: int, data: bytes) -> int:
        """Takes all of a block or nothing of it; the error number, 0 for none."""
        found, error = registers.covering(self.model, address, len(data))
        if error:
            return error
        wanted = []
        for name, register in found:
            if not register.writable or (register.eeprom and self.torque):
                return protocol.ACCESS
            at = register.address - address
            value = register.decode(data[at : at + register.length])
            error = registers.refusal(self.model, name, value, self.value)
            if error:
                return error
            wanted.append((name, value))
        for name, value in wanted:
            self._obey(name, value)
        return 0

    def register(self, address: int, data: bytes) -> int:
        """Keeps a write for ``action``."""
        found, error = registers.covering(self.model, address, len(data))
        if not error and found:
            self._registered = (address, data)
            self._put("registered_instruction", 1)
        return error

    def action(self) -> int:
        """Does what was registered; the error number."""
        if self._registered is None:
            return protocol.INSTRUCTION_ERROR
        address, data = self._registered
        self._registered = None
        self._put("registered_instruction", 0)
        return self.write(address, data)

    def clear(self, parameters: bytes) -> int:
        """Forgets the turns made, if it stands still; the error number."""
        if parameters != SIGNATURE:
            return protocol.DATA_RANGE
        if self.value("moving"):
            return protocol.RESULT_FAIL
        self._within_one_turn()
        self._put("goal_position", self._position())
        self.dirty = True
        return 0

    def heard(self, now: float) -> None:
        """An instruction for it came: the watchdog starts again."""
        self._heard_t = now

    def tick(self, now: float) -> None:
        """Stops the motion if nobody has spoken to it for as long as its watchdog allows."""
        limit = self._values["bus_watchdog"]
        if limit > 0 and self.torque and now - self._heard_t > limit * tables.WATCHDOG_UNIT_S:
            self._put("bus_watchdog", tables.WATCHDOG_TRIPPED)
            self.stand()

    def stand(self) -> None:
        """Makes the place where it is its goal."""
        self._stopped_at = self._physics.present(self.axis).position
        self._put("goal_position", self._position())
        self._put("goal_velocity", 0)
        self.dirty = True

    def wanted(self) -> Drive:
        """What it asks of its axis now."""
        if not self.torque:
            return OFF
        if self._stopped_at is not None:
            return Drive("position", self._stopped_at)
        present = self._physics.present(self.axis).position
        return asked(self.model, self._values, self._counting, present)

    def set_firmware(self, version: int) -> None:
        """Gives it another firmware: old ones do not know fast reads."""
        self._put("firmware_version", version)

    def heat(self, celsius: float) -> None:
        """Makes it as hot as this."""
        self.temperature = celsius
        self._protect()

    def supply(self, volt: float) -> None:
        """Gives it this voltage."""
        self.voltage = volt
        self._protect()

    def recover(self) -> None:
        """Makes it cool and well supplied; errors it has seen stay until a reboot."""
        self.temperature = COOL
        self.voltage = self.model.nominal_voltage

    def overload(self) -> None:
        """Makes it notice that it cannot bear its load."""
        self._fail(OVERLOAD)

    def _within_one_turn(self) -> None:
        self._counting.within_one_turn(self._physics.present(self.axis).position)

    def _position(self) -> int:
        return self._counting.position(self._physics.present(self.axis).position)

    def _obey(self, name: str, value: int) -> None:
        if name == "torque_enable":
            self._switch(bool(value))
            return
        self._put(name, value)
        self.dirty = True
        if name == "bus_watchdog":
            self._heard_t = time.monotonic()
        elif name in registers.GOALS:
            self._stopped_at = None
        elif name == "operating_mode":
            self._put("goal_pwm", self._values["pwm_limit"])
            if value == tables.POSITION_CONTROL:
                self._within_one_turn()
        elif name in ("temperature_limit", "max_voltage_limit", "min_voltage_limit", "shutdown"):
            self._protect()

    def _switch(self, on: bool) -> None:
        if on and self._values["hardware_error_status"] & self._values["shutdown"]:
            return  # the alert in the answer says so
        if on and not self.torque:
            if self._values["operating_mode"] == tables.POSITION_CONTROL:
                self._within_one_turn()
            # It takes hold where it is; a goal from before would make it jump.
            self._put("goal_position", self._position())
            self._put("goal_velocity", 0)
            self._stopped_at = None
        self._put("torque_enable", int(on))
        self.dirty = True

    def _protect(self) -> None:
        """Looks at temperature and voltage; an error once seen stays until a reboot."""
        if self.temperature > self._values["temperature_limit"]:
            self._fail(OVERHEATING)
        volt = self.voltage / tables.VOLT_PER_UNIT
        if not self._values["min_voltage_limit"] <= volt <= self._values["max_voltage_limit"]:
            self._fail(INPUT_VOLTAGE)

    def _fail(self, bit: int) -> None:
        self._put("hardware_error_status", self._values["hardware_error_status"] | bit)
        if bit & self._values["shutdown"]:
            self._put("torque_enable", 0)
            self.dirty = True

    def _measure(self, first: int, end: int) -> None:
        """Measures what the table holds from ``first`` to before ``end``, if anything."""
        if end <= _MEASURED_FROM:
            return
        if first < _SUPPLY_FROM:
            self._measure_motion()
        if end > _SUPPLY_FROM:
            self._put("present_input_voltage", max(0, round(self.voltage / tables.VOLT_PER_UNIT)))
            self._put("present_temperature", max(0, min(255, round(self.temperature))))
        if first < _MOTION_FROM:
            self._put("realtime_tick", int(time.monotonic() * 1000) % 32768)
            speed = abs(self._values["present_velocity"])
            self._put("moving", int(speed > self._values["moving_threshold"]))

    def _measure_motion(self) -> None:
        present = self._physics.present(self.axis)
        sense = self._counting.sense
        self._put("present_velocity", round(sense * present.velocity / TICKS_S_PER_VELOCITY_UNIT))
        self._put("present_position", self._counting.position(present.position))
        if self.model.current_unit_ma:
            amount = round(sense * present.current / self.model.current_unit_ma)
            self._put("present_current", max(-32768, min(32767, amount)))
        else:
            load = round(sense * 1000.0 * present.current / _FULL_LOAD_MA)
            self._put("present_load", max(-1000, min(1000, load)))

    def _put(self, name: str, value: int) -> None:
        register = self.model.registers[name]
        self._values[name] = value
        end = register.address + register.length
        self._table[register.address : end] = value.to_bytes(
            register.length, "little", signed=register.signed
        )
        if name in _COUNTED:
            counting, values = self._counting, self._values
            counting.reversed = bool(values["drive_mode"] & tables.DRIVE_REVERSED)
            counting.homing = values["homing_offset"]
            counting.one_turn = values["operating_mode"] == tables.POSITION_CONTROL
