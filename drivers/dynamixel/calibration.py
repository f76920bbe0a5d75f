"""What a servo's ticks mean: one TOML file per arm, and the pure arithmetic between ticks and rad.

``<calibrations>/<device>.toml`` keeps, per joint, which servos turn it, which way they count, which
tick is 0 rad and how far it may go, and beside that what was found in the servos on the day, so
that an exchanged motor or a swapped cable is noticed before anything moves.

A servo that is switched off and on again forgets its whole turns: it then reads a multiple of 4096
ticks beside what was calibrated. ``Scale.turns`` says which multiple, once, when the arm is
connected: the one that brings the joint nearest to the middle of its range.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
import tomli_w
from numpy.typing import NDArray

from drivers.base import DeviceConfigError, Floats
from drivers.dynamixel.tables import RAD_PER_TICK, TICKS_PER_TURN

Ticks = NDArray[np.int64]

RECALIBRATE = "Calibrate it: dagger-gui calibrate STATION."
GRIPPER = "gripper"
_HIGHEST_ID = 252


class Servo(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found in one servo when the arm was calibrated, shadow motors included.

    Attributes:
        id: its id on the bus.
        model: its model number.
        firmware: its firmware version.
        homing_offset: EEPROM, ticks added to what its encoder says.
        drive_mode: EEPROM, bit 0 of which turns its direction round.
        secondary_id: EEPROM, the id it obeys as well; 255 for none.
        min_position: EEPROM, lowest goal it accepts in position mode [ticks].
        max_position: EEPROM, highest goal it accepts in position mode [ticks].
    """

    id: int
    model: int
    firmware: int = 0
    homing_offset: int = 0
    drive_mode: int = 0
    secondary_id: int = 255
    min_position: int = 0
    max_position: int = TICKS_PER_TURN - 1


class Joint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One joint of the arm.

    Attributes:
        name: as the robot calls it.
        id: the servo that is read and commanded.
        direction: +1 if ticks rise with the angle, -1 if they fall.
        homing_ticks: ticks at 0 rad.
        lower: lowest angle [rad].
        upper: highest angle [rad].
        shadows: servos that turn the same joint and follow ``id`` by their secondary id.
    """

    name: str
    id: int
    direction: int
    homing_ticks: int
    lower: float
    upper: float
    shadows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Checks what types alone do not say."""
        _check_ids(self.name, (self.id, *self.shadows))
        if self.direction not in (1, -1):
            raise ValueError(f"direction of {self.name} is {self.direction}; it must be 1 or -1")
        if not self.lower < self.upper:
            raise ValueError(
                f"lower of {self.name} is {self.lower:g} rad and upper {self.upper:g} rad; "
                "lower must be below upper"
            )


class Gripper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The gripper, or a leader's trigger: an opening from 0 (closed) to 1 (open).

    Attributes:
        id: its servo.
        closed_ticks: what it reads when closed.
        open_ticks: what it reads when open.
        name: as the robot calls it.
        shadows: servos that turn it too.
    """

    id: int
    closed_ticks: int
    open_ticks: int
    name: str = GRIPPER
    shadows: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Checks what types alone do not say."""
        _check_ids(self.name, (self.id, *self.shadows))
        if self.closed_ticks == self.open_ticks:
            raise ValueError(
                f"closed_ticks and open_ticks of {self.name} are both {self.open_ticks}; "
                "they must differ"
            )


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One arm's calibration.

    Attributes:
        device: what the station calls the arm.
        date: when it was calibrated, ISO 8601.
        port: stable id of the adapter it was calibrated on; empty if it has none.
        joints: the arm's joints, in order.
        servos: what was found on the bus, by id.
        gripper: the gripper or trigger, last in every joint vector; None if there is none.
    """

    device: str
    date: str
    port: str
    joints: tuple[Joint, ...]
    servos: tuple[Servo, ...]
    gripper: Gripper | None = None

    def __post_init__(self) -> None:
        """Checks that names and ids are given once, and every servo's properties are known."""
        _check_once("joint name", self.names)
        _check_once("servo id", self.ids)
        _check_once("entry in servos for id", [servo.id for servo in self.servos])
        unknown = sorted(set(self.ids) - {servo.id for servo in self.servos})
        if unknown:
            raise ValueError(f"servo {unknown[0]} belongs to a joint but has no entry in servos")

    @property
    def parts(self) -> tuple[Joint | Gripper, ...]:
        """Joints and gripper, in the order of joint vectors."""
        return (*self.joints, *((self.gripper,) if self.gripper is not None else ()))

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, gripper last."""
        return tuple(part.name for part in self.parts)

    @property
    def primary(self) -> tuple[int, ...]:
        """The servos that are read and commanded, one a joint, gripper last."""
        return tuple(part.id for part in self.parts)

    @property
    def ids(self) -> tuple[int, ...]:
        """All servos, shadows included, in the order of the joints."""
        return tuple(i for part in self.parts for i in (part.id, *part.shadows))

    def servo(self, servo_id: int) -> Servo:
        """What was found in one servo of ``ids``."""
        return next(servo for servo in self.servos if servo.id == servo_id)

    def joint_of(self, servo_id: int) -> str:
        """The joint a servo turns; ``servo 12`` for one that belongs to none."""
        for part in self.parts:
            if servo_id == part.id:
                return part.name
            if servo_id in part.shadows:
                return f"{part.name} (second motor)"
        return f"servo {servo_id}"


@dataclass(frozen=True)
class Scale:
    """Between ticks and joint positions, for all joints at once. Arrays have shape (A,).

    Attributes:
        zero: ticks at position 0.
        per_unit: ticks for each rad, negative where they fall; the gripper's whole way.
        lower: lowest position [rad, gripper 0].
        upper: highest position [rad, gripper 1].
    """

    zero: Floats
    per_unit: Floats
    lower: Floats
    upper: Floats

    @classmethod
    def of(cls, calibration: Calibration) -> Scale:
        """The scale of an arm."""
        rows = np.array([_row(part) for part in calibration.parts], dtype=np.float64)
        return cls(*rows.reshape(-1, 4).T.copy())

    @property
    def lowest_ticks(self) -> Floats:
        """The lesser end of each range [ticks], before any turns."""
        return self.zero + np.minimum(self.lower * self.per_unit, self.upper * self.per_unit)

    @property
    def highest_ticks(self) -> Floats:
        """The greater end of each range [ticks], before any turns."""
        return self.zero + np.maximum(self.lower * self.per_unit, self.upper * self.per_unit)

    def turns(self, ticks: Floats) -> Floats:
        """Whole turns by which readings are off: taken away, each is nearest its range's middle."""
        middle = 0.5 * (self.lowest_ticks + self.highest_ticks)
        return np.round((ticks - middle) / TICKS_PER_TURN)

    def positions(self, ticks: Floats, turns: Floats) -> Floats:
        """Readings [ticks] as positions [rad, gripper 0..1]; not clipped."""
        return (ticks - turns * TICKS_PER_TURN - self.zero) / self.per_unit

    def ticks(self, positions: Floats, turns: Floats) -> Ticks:
        """Positions, clipped to the range, as goals [ticks]."""
        inside = np.clip(positions, self.lower, self.upper)
        exact = self.zero + inside * self.per_unit + turns * TICKS_PER_TURN
        return np.round(exact).astype(np.int64)

    def rates(self, rad_s: Floats) -> Floats:
        """The servos' own speeds [rad/s] as the joints' [rad/s, gripper 1/s]."""
        return rad_s / RAD_PER_TICK / self.per_unit


def read(file: Path, device: str) -> Calibration:
    """Reads a calibration.

    Args:
        file: the TOML file.
        device: what the station calls the arm, for messages.

    Raises:
        DeviceConfigError: absent, not TOML, or a key that is unknown, missing or wrong; the message
            names the file, the key and what was expected.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DeviceConfigError(
            device, f"It has no calibration: there is no {file}.", RECALIBRATE
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DeviceConfigError(device, f"{file} cannot be read: {error}.", RECALIBRATE) from error
    try:
        return msgspec.convert(tomllib.loads(text), Calibration)
    except tomllib.TOMLDecodeError as error:
        raise DeviceConfigError(
            device, f"{file} is not valid TOML: {error}.", RECALIBRATE
        ) from error
    except msgspec.ValidationError as error:
        raise DeviceConfigError(
            device, f"{file}: {_sentence(error)}.", f"Correct that key. Or: {RECALIBRATE}"
        ) from error


def write(file: Path, calibration: Calibration) -> None:
    """Writes a calibration, whole or not at all; the one before it is kept as ``<name>.toml.bak``.

    Raises:
        OSError: the folder cannot be written.
    """
    plain = msgspec.to_builtins(calibration)
    table = {key: value for key, value in plain.items() if value is not None}
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".toml.part")
    with part.open("w", encoding="utf-8") as stream:
        stream.write(tomli_w.dumps(table))
        stream.flush()
        os.fsync(stream.fileno())
    if file.exists():
        file.replace(file.with_suffix(".toml.bak"))
    part.replace(file)


def _row(part: Joint | Gripper) -> tuple[float, float, float, float]:
    if isinstance(part, Gripper):
        return float(part.closed_ticks), float(part.open_ticks - part.closed_ticks), 0.0, 1.0
    return float(part.homing_ticks), part.direction / RAD_PER_TICK, part.lower, part.upper


def _check_ids(name: str, ids: tuple[int, ...]) -> None:
    for servo_id in ids:
        if not 0 <= servo_id <= _HIGHEST_ID:
            raise ValueError(f"{name} has servo id {servo_id}; ids go from 0 to {_HIGHEST_ID}")


def _check_once(what: str, values: Sequence[object]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise ValueError(f"{what} {value} is given twice")


def _sentence(error: msgspec.ValidationError) -> str:
    """What msgspec found, with the key written as in TOML: ``joints[2].lower``."""
    return str(error).replace("`$.", "`").replace("`$`", "the top of the file")
