"""Motors, their calibration, and a bus of motors that move in real time."""

import json
import time
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path

SPEED = 1400.0  # ticks/s, about 2.1 rad/s


class MotorNormMode(str, Enum):  # noqa: UP042 - as LeRobot has it
    RANGE_0_100 = "range_0_100"
    RANGE_M100_100 = "range_m100_100"
    DEGREES = "degrees"


@dataclass
class MotorCalibration:
    id: int
    drive_mode: int
    homing_offset: int
    range_min: int
    range_max: int


@dataclass
class Motor:
    id: int
    model: str
    norm_mode: MotorNormMode


class MotorsBus:
    model_resolution_table = {"sts3215": 4096}  # noqa: RUF012 - LeRobot's shape

    def __init__(self, port, motors, calibration):
        self.folder, self.motors, self.calibration = Path(port), motors, calibration
        self.is_connected = False
        self._at = dict.fromkeys(motors, 2048.0)
        self._goal = dict(self._at)
        self._t = time.monotonic()

    @property
    def torque(self):
        """Kept by the motors, whoever speaks to them, until they lose their power."""
        return (self.folder / "torque").exists()

    @torque.setter
    def torque(self, on):
        (self.folder / "torque").touch() if on else (self.folder / "torque").unlink(missing_ok=True)

    def connect(self, handshake=True):
        self._answer()
        self.is_connected = True

    def disconnect(self, disable_torque=True):
        if disable_torque:
            self.disable_torque()
        self.is_connected = False

    @property
    def is_calibrated(self):
        held = self.folder / "motors.json"
        if not held.exists():
            return bool(self.calibration)
        return json.loads(held.read_text()) == {k: asdict(c) for k, c in self.calibration.items()}

    def enable_torque(self):
        self._answer()
        self._move()
        if not self.torque:
            self._goal = dict(self._at)
        self.torque = True
        self.tell("torque", on=True)

    def disable_torque(self):
        self._answer()
        self._move()
        self.torque = False
        self.tell("torque", on=False)

    def sync_read(self, data_name, motors=None, *, normalize=True, num_retry=0):
        self._answer()
        self._move()
        if data_name == "Torque_Enable":
            return dict.fromkeys(self.motors, int(self.torque))
        return {name: self._normalize(name, ticks) for name, ticks in self._at.items()}

    def sync_write(self, goals):
        self._answer()
        self._move()
        self._goal = {name: self._unnormalize(name, value) for name, value in goals.items()}
        self.tell("goal", goal=goals)

    def put(self, values):
        """A hand puts the motors somewhere."""
        self._at = {name: self._unnormalize(name, value) for name, value in values.items()}

    def tell(self, what, **facts):
        with (self.folder / "goals.jsonl").open("a") as file:
            file.write(json.dumps({"what": what, "t": time.monotonic(), **facts}) + "\n")

    def _answer(self):
        slow = self.folder / "slow"
        if slow.exists():
            time.sleep(float(slow.read_text()))
            slow.unlink()
        lose = self.folder / "lose"
        if lose.exists():
            left = int(lose.read_text()) - 1
            lose.write_text(str(left)) if left else lose.unlink()
            raise ConnectionError("Failed to sync read 'Present_Position' on ids=[1, 2]")
        if (self.folder / "unplugged").exists():
            raise ConnectionError(f"There is no status packet from {self.folder.name}!")

    def _move(self):
        now = time.monotonic()
        step, self._t = SPEED * (now - self._t), now
        if self.torque:
            for name, goal in self._goal.items():
                at = self._at[name]
                self._at[name] = at + min(step, max(-step, goal - at))

    def _normalize(self, name, ticks):
        c, mode = self.calibration[name], self.motors[name].norm_mode
        if mode is MotorNormMode.DEGREES:
            return (ticks - (c.range_min + c.range_max) / 2) * 360 / 4095
        part = (min(c.range_max, max(c.range_min, ticks)) - c.range_min) / (
            c.range_max - c.range_min
        )
        return part * 100 if mode is MotorNormMode.RANGE_0_100 else part * 200 - 100

    def _unnormalize(self, name, value):
        c, mode = self.calibration[name], self.motors[name].norm_mode
        if mode is MotorNormMode.DEGREES:
            return value * 4095 / 360 + (c.range_min + c.range_max) / 2
        part = value / 100 if mode is MotorNormMode.RANGE_0_100 else (value + 100) / 200
        return min(1.0, max(0.0, part)) * (c.range_max - c.range_min) + c.range_min


NAMES = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")


def arm(port, calibration, *, use_degrees):
    body = MotorNormMode.DEGREES if use_degrees else MotorNormMode.RANGE_M100_100
    modes = dict.fromkeys(NAMES, body) | {"gripper": MotorNormMode.RANGE_0_100}
    motors = {n: Motor(i, "sts3215", mode) for i, (n, mode) in enumerate(modes.items(), 1)}
    return MotorsBus(port, motors, calibration)


def calibration_file(port, known_as):
    """The file ``calibration.json`` in the folder, LeRobot's format."""
    path = Path(port) / f"{known_as}.json"
    if not path.exists():
        return path, {}
    table = json.loads(path.read_text())
    return path, {name: MotorCalibration(**values) for name, values in table.items()}
