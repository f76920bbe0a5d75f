"""One emulated servo: its control table, what it obeys, when it stops itself.

Rules are those of the ROBOTIS e-manual for the X series: EEPROM is locked while torque is on, a
hardware error that the shutdown mask names takes torque away until a reboot, a bus watchdog that
expires stops the motion and locks the goals until 0 is written to it.
"""

from __future__ import annotations

import math
import time

from drivers.dynamixel import tables
from drivers.dynamixel.tables import MODELS
from drivers.emulation import protocol, registers
from drivers.emulation.physics import OFF, Drive, Physics

TICKS_S_PER_VELOCITY_UNIT = 0.229 * tables.TICKS_PER_TURN / 60.0
TICKS_S2_PER_ACCELERATION_UNIT = 214.577 * tables.TICKS_PER_TURN / 3600.0
SIGNATURE = bytes([0x01, 0x44, 0x58, 0x4C, 0x22])
"""What a Clear must carry, so that noise never clears anything."""

INPUT_VOLTAGE, OVERHEATING, OVERLOAD = 0x01, 0x04, 0x20

_MEASURED_FROM = 120  # from here on the table holds what is measured
_FULL_LOAD_MA = 1_400.0  # draws this at full load where no current is measured
_DEFAULT_ACCELERATION = math.inf


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
        **eeprom: int,
    ) -> None:
        self.model = MODELS[number]
        self.axis = axis
        self.temperature = 33.0
        self.voltage = self.model.nominal_voltage
        self.dirty = True
        self._physics = physics
        self._mirror = -1 if mirrored else 1
        self._offset = offset
        self._table = bytearray(registers.TABLE_BYTES)
        self._values = dict.fromkeys(self.model.registers, 0)
        for name, value in {**registers.factory(self.model), "id": device, **eeprom}.items():
            self._put(name, value)
        self._base = 0
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
        if self.model.registers[name].address >= _MEASURED_FROM:
            self._measure()
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
        if address + size > _MEASURED_FROM:
            self._measure()
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
        mode, sense = self._values["operating_mode"], self._sense
        if mode == tables.VELOCITY_CONTROL:
            speed = self._values["goal_velocity"] * TICKS_S_PER_VELOCITY_UNIT
            return Drive("velocity", sense * speed, acceleration=self._acceleration())
        if mode == tables.PWM_CONTROL:
            full = self._values["velocity_limit"] * TICKS_S_PER_VELOCITY_UNIT
            part = self._values["goal_pwm"] / tables.PWM_FULL
            return Drive("velocity", sense * part * full)
        if mode == tables.CURRENT_CONTROL:
            current = self._values["goal_current"] * self.model.current_unit_ma
            return Drive("current", sense * current)
        return self._towards_goal(mode)

    def heat(self, celsius: float) -> None:
        """Makes it as hot as this."""
        self.temperature = celsius
        self._protect()

    def supply(self, volt: float) -> None:
        """Gives it this voltage."""
        self.voltage = volt
        self._protect()

    def overload(self) -> None:
        """Makes it notice that it cannot bear its load."""
        self._fail(OVERLOAD)

    @property
    def _sense(self) -> int:
        """Which way its register counts the axis: 1 or -1."""
        reverse = self._values["drive_mode"] & tables.DRIVE_REVERSED
        return -self._mirror if reverse else self._mirror

    def _count(self, ticks: float) -> float:
        """An axis position as the encoder counts it, the drive mode's direction included."""
        reverse = -1 if self._values["drive_mode"] & tables.DRIVE_REVERSED else 1
        return reverse * (self._mirror * ticks + self._offset)

    def _position(self) -> int:
        ticks = self._physics.present(self.axis).position
        return round(self._count(ticks)) - self._base + self._homing()

    def _homing(self) -> int:
        offset = self._values["homing_offset"]
        if self._values["operating_mode"] == tables.POSITION_CONTROL:
            return max(-1024, min(1024, offset))
        return offset

    def _within_one_turn(self) -> None:
        count = round(self._count(self._physics.present(self.axis).position))
        self._base = count - count % tables.TICKS_PER_TURN

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

    def _towards_goal(self, mode: int) -> Drive:
        count = self._values["goal_position"] - self._homing() + self._base
        reverse = -1 if self._values["drive_mode"] & tables.DRIVE_REVERSED else 1
        target = self._mirror * (reverse * count - self._offset)
        limited = mode == tables.CURRENT_BASED_POSITION_CONTROL
        current = abs(self._values["goal_current"]) * self.model.current_unit_ma if limited else 0
        return Drive(
            "position",
            target,
            velocity=self._speed(target),
            acceleration=self._acceleration(),
            current=current if limited else math.inf,
        )

    def _speed(self, target: float) -> float:
        profile = self._values["profile_velocity"]
        if profile == 0:
            return math.inf
        if self._values["drive_mode"] & tables.DRIVE_TIME_BASED_PROFILE:
            # The profile is how long the way takes [ms]; a third of it is spent on the ramps.
            way = abs(target - self._physics.present(self.axis).position)
            return max(1.0, 1.5 * way / (profile * 1e-3))
        return profile * TICKS_S_PER_VELOCITY_UNIT

    def _acceleration(self) -> float:
        profile = self._values["profile_acceleration"]
        timed = self._values["drive_mode"] & tables.DRIVE_TIME_BASED_PROFILE
        if profile == 0 or timed:
            return _DEFAULT_ACCELERATION
        return profile * TICKS_S2_PER_ACCELERATION_UNIT

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

    def _measure(self) -> None:
        present = self._physics.present(self.axis)
        sense = self._sense
        speed = round(sense * present.velocity / TICKS_S_PER_VELOCITY_UNIT)
        position = self._position()
        self._put("present_velocity", speed)
        self._put("present_position", position)
        if self.model.current_unit_ma:
            amount = round(sense * present.current / self.model.current_unit_ma)
            self._put("present_current", max(-32768, min(32767, amount)))
        else:
            load = round(sense * 1000.0 * present.current / _FULL_LOAD_MA)
            self._put("present_load", max(-1000, min(1000, load)))
        self._put("moving", int(abs(speed) > self._values["moving_threshold"]))
        self._put("present_input_voltage", max(0, round(self.voltage / tables.VOLT_PER_UNIT)))
        self._put("present_temperature", max(0, min(255, round(self.temperature))))
        self._put("realtime_tick", int(time.monotonic() * 1000) % 32768)

    def _put(self, name: str, value: int) -> None:
        register = self.model.registers[name]
        self._values[name] = value
        end = register.address + register.length
        self._table[register.address : end] = value.to_bytes(
            register.length, "little", signed=register.signed
        )
