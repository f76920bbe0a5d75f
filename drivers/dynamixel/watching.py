"""What an arm's servos say beside where they are: errors, torque, watchdog, heat and voltage.

One short read after another in a slow rota, so that a tick never pays for more than one of them.
"""

from __future__ import annotations

from collections.abc import Callable

from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibration import Calibration
from drivers.dynamixel.tables import VOLT_PER_UNIT, WATCHDOG_TRIPPED, hardware_errors

PERIOD_S = 0.1
"""One read of the rota in so long [s]; there are three."""

NEAR_LIMIT_C = 5
"""A motor this close to its temperature limit is worth a warning [degrees C]."""

_REMEDIES = {
    "input voltage": "Check the power supply and the plugs of its cable.",
    "overheating": "Let it cool down.",
    "encoder": "Restart it; if it happens again, exchange the motor.",
    "electrical shock": "Check its cable; if it happens again, exchange the motor.",
    "overload": "Take the load off it.",
}


class Watch:
    """The servos' own state, as last read.

    Args:
        bus: open while it is used.
        calibration: whose servos they are.

    Attributes:
        torque: by servo, whether it holds.
        errors: by servo, its hardware error status; only those that have one.
        tripped: servos whose watchdog has stopped them.
        temperature: by servo [degrees C].
        voltage: by servo [V].
    """

    def __init__(self, bus: Bus, calibration: Calibration) -> None:
        self._bus, self._calibration = bus, calibration
        self.torque: dict[int, bool] = {}
        self.errors: dict[int, int] = {}
        self.tripped: frozenset[int] = frozenset()
        self.temperature: dict[int, int] = {}
        self.voltage: dict[int, float] = {}
        self._limits: dict[int, tuple[int, int, int]] = {}
        self._shutdown: dict[int, int] = {}
        self._rota: tuple[Callable[[], None], ...] = (
            self.read_torque,
            self.read_watchdog,
            self.read_heat,
        )
        self._next, self._due_t = 0, float("-inf")

    def start(self) -> None:
        """Reads everything, and the limits that are set in the servos.

        Raises:
            DeviceLostError: the port broke, or a servo does not answer.
        """
        for servo_id in self._calibration.ids:
            read = self._bus.read
            self._limits[servo_id] = (
                read(servo_id, "temperature_limit"),
                read(servo_id, "max_voltage_limit"),
                read(servo_id, "min_voltage_limit"),
            )
            self._shutdown[servo_id] = read(servo_id, "shutdown")
        for group in self._rota:
            group()

    def step(self, now: float) -> bool:
        """One read, if one is due at the time ``now`` [s]; whether there was one."""
        if now < self._due_t:
            return False
        self._due_t = now + PERIOD_S
        group = self._rota[self._next]
        self._next = (self._next + 1) % len(self._rota)
        group()
        return True

    def read_torque(self) -> None:
        """Reads torque and errors of all servos; one that is silent keeps what it said last."""
        ids = self._calibration.ids
        reading = self._bus.sync_read(ids, ("torque_enable", "hardware_error_status"))
        for servo_id, (torque, error) in reading.values.items():
            self.torque[servo_id] = bool(torque)
            self.errors.pop(servo_id, None)
            if error:
                self.errors[servo_id] = error

    def read_watchdog(self) -> None:
        """Reads whose watchdog has stopped it."""
        reading = self._bus.sync_read(self._calibration.ids, ("bus_watchdog",))
        silent = self.tripped.intersection(reading.missing)
        self.tripped = silent | {
            i for i, (value,) in reading.values.items() if value == WATCHDOG_TRIPPED
        }

    def read_heat(self) -> None:
        """Reads temperature and voltage."""
        names = ("present_input_voltage", "present_temperature")
        reading = self._bus.sync_read(self._calibration.ids, names)
        for servo_id, (volt, celsius) in reading.values.items():
            self.voltage[servo_id] = volt * VOLT_PER_UNIT
            self.temperature[servo_id] = celsius

    @property
    def shut_down(self) -> tuple[int, ...]:
        """Servos that an error keeps from having torque, until they are restarted."""
        return tuple(i for i, error in self.errors.items() if error & self._shutdown[i])

    def lasting(self, servo_id: int) -> str:
        """Why a servo would shut down again at once, in a sentence; empty if it would not."""
        name = self._calibration.joint_of(servo_id)
        hottest, highest, lowest = self._limits[servo_id]
        celsius, volt = self.temperature.get(servo_id, 0), self.voltage.get(servo_id, 0.0)
        if celsius >= hottest:
            return f"{name} is still at {celsius} °C (limit {hottest} °C)."
        if not lowest * VOLT_PER_UNIT <= volt <= highest * VOLT_PER_UNIT:
            return (
                f"{name} gets {volt:.1f} V (it wants {lowest * VOLT_PER_UNIT:.1f} to "
                f"{highest * VOLT_PER_UNIT:.1f} V)."
            )
        return ""

    def error_sentence(self, servo_id: int) -> str:
        """What is wrong with a servo that has an error: ``elbow (servo 4) reports overload``."""
        name = self._calibration.joint_of(servo_id)
        causes = " and ".join(hardware_errors(self.errors[servo_id])) or "unknown error"
        figures = []
        if "overheating" in causes and servo_id in self.temperature:
            figures.append(f"{self.temperature[servo_id]} °C")
        if "voltage" in causes and servo_id in self.voltage:
            figures.append(f"{self.voltage[servo_id]:.1f} V")
        detail = f", {', '.join(figures)}" if figures else ""
        return f"{name} (servo {servo_id}) reports {causes}{detail}."

    def remedy(self, servo_id: int) -> str:
        """What to do about a servo's error."""
        causes = hardware_errors(self.errors.get(servo_id, 0))
        return _REMEDIES.get(causes[0], "") if causes else ""

    def warnings(self) -> tuple[str, ...]:
        """What is wrong or soon will be, the gravest first, a sentence each with a remedy."""
        grave = [f"{self.error_sentence(i)} {self.remedy(i)}" for i in sorted(self.errors)]
        warm = []
        for servo_id, celsius in sorted(self.temperature.items(), key=lambda item: -item[1]):
            limit = self._limits[servo_id][0]
            if celsius >= limit - NEAR_LIMIT_C and servo_id not in self.errors:
                name = self._calibration.joint_of(servo_id)
                warm.append(f"{name} is at {celsius} °C (limit {limit} °C). Let it rest.")
        return (*grave, *warm)

    def text(self) -> str:
        """Voltage and the hottest motor, in a few words."""
        parts = []
        if self.voltage:
            parts.append(f"{min(self.voltage.values()):.1f} V")
        if self.temperature:
            hottest = max(self.temperature, key=lambda i: self.temperature[i])
            name = self._calibration.joint_of(hottest)
            parts.append(f"{name} {self.temperature[hottest]} °C")
        return ", ".join(parts)
