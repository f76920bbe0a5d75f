"""What LeRobot's numbers mean here: joints in rad, grippers from 0 (closed) to 1 (open).

Everything is a straight line per joint, ``ours = offset + factor * theirs``. Its two numbers come
from the unit that LeRobot says and, for its normalised units, from the calibrated range; the
station file may give the range instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drivers.base import DeviceConfigError, Floats, openings
from drivers.bridge.served import Feature

UNITS = {"degrees": (-180.0, 180.0), "normalized": (-100.0, 100.0), "percent": (0.0, 100.0)}
"""Each unit's own range; radians have none."""


@dataclass(frozen=True)
class Joint:
    """What a station file may say of one joint.

    Attributes:
        key: LeRobot's name of it; empty for the joint's name and ``.pos``.
        unit: ``degrees``, ``normalized``, ``percent`` or ``radians``, where LeRobot does not say;
            where it does, the two must agree.
        range: two values. Of a joint that LeRobot normalises: the angles [rad] at the lower and at
            the upper end of its unit; left out, they are the calibrated range about its middle. Of
            a gripper in degrees or radians: its position closed and open, in that unit.
        lower: lowest position [rad]; 0 of a gripper.
        upper: highest position [rad]; 1 of a gripper.
        velocity: highest speed [rad/s, gripper 1/s].
        acceleration: highest acceleration [rad/s^2, gripper 1/s^2].
    """

    key: str = ""
    unit: str = ""
    range: tuple[float, ...] = ()
    lower: float = math.nan
    upper: float = math.nan
    velocity: float = math.nan
    acceleration: float = math.nan


@dataclass(frozen=True)
class Scale:
    """The lines of several joints: ``ours = offset + factor * theirs``.

    Attributes:
        index: shape (A,), where each joint is among LeRobot's values.
        factor: shape (A,) [rad or 1 per LeRobot's unit].
        offset: shape (A,) [rad or 1].
    """

    index: np.ndarray[tuple[int], np.dtype[np.int64]]
    factor: Floats
    offset: Floats

    def ours(self, theirs: Floats) -> Floats:
        """Joint vector, shape (A,), of LeRobot's values, shape (N,)."""
        return np.asarray(self.offset + self.factor * theirs[self.index], dtype=np.float64)

    def fill(self, theirs: Floats, ours: Floats) -> None:
        """Writes a joint vector, shape (A,), into LeRobot's values, shape (N,)."""
        theirs[self.index] = (ours - self.offset) / self.factor


def scale(device: str, joints: dict[str, Joint], features: tuple[Feature, ...], what: str) -> Scale:
    """Finds each joint among the features, and its line.

    Args:
        device: what the station calls the device, for messages.
        joints: what the station file says, by our names, in our order.
        features: what LeRobot reads or writes.
        what: what these are, for messages, such as ``measures``.

    Raises:
        DeviceConfigError: a joint is not among them, or its unit is unknown, or another one.
    """
    names = [feature.name for feature in features]
    lines, index = [], []
    for (name, joint), gripper in zip(joints.items(), openings(tuple(joints)), strict=True):
        key = joint.key or f"{name}.pos"
        if key not in names:
            raise DeviceConfigError(
                device,
                f"LeRobot {what} nothing called {key!r}.",
                f"It {what} {', '.join(names)}. Name the station's joints so, or give their key.",
            )
        index.append(names.index(key))
        feature = features[index[-1]]
        unit = _unit(device, name, joint, feature)
        line = _opening if gripper else _angle
        lines.append(line(device, name, unit, joint.range, feature.span_deg))
    both = np.array(lines, dtype=np.float64).reshape(-1, 2)
    return Scale(np.array(index, np.int64), both[:, 0].copy(), both[:, 1].copy())


def calibrated(
    joints: dict[str, Joint], features: tuple[Feature, ...], scale: Scale
) -> tuple[Floats, Floats]:
    """The calibrated range of each joint, shape (A,) and (A,); infinite where it is not known."""
    lower, upper = np.full(len(joints), -np.inf), np.full(len(joints), np.inf)
    for i, (place, gripper) in enumerate(zip(scale.index, openings(tuple(joints)), strict=True)):
        feature = features[int(place)]
        if feature.unit in ("normalized", "percent"):
            ends = np.array(UNITS[feature.unit])
        elif feature.span_deg is not None and feature.unit == "degrees" and not gripper:
            ends = np.array([-0.5, 0.5]) * feature.span_deg
        else:
            continue
        lower[i], upper[i] = np.sort(scale.offset[i] + scale.factor[i] * ends)
    return lower, upper


def _unit(device: str, name: str, joint: Joint, feature: Feature) -> str:
    if joint.unit and joint.unit not in (*UNITS, "radians"):
        raise DeviceConfigError(
            device,
            f"joints.{name}: there is no unit {joint.unit!r}.",
            f"Choose one of: {', '.join(UNITS)}, radians.",
        )
    if not joint.unit and not feature.unit:
        raise DeviceConfigError(
            device,
            f"LeRobot does not say in which unit {feature.name} is.",
            f"Give joints.{name} a unit: {', '.join(UNITS)} or radians.",
        )
    if joint.unit and feature.unit and joint.unit != feature.unit:
        raise DeviceConfigError(
            device,
            f"LeRobot gives {feature.name} in {feature.unit}; the station file says {joint.unit}.",
            "Correct the station file, or serve it with --robot.use_degrees=true (or false).",
        )
    return joint.unit or feature.unit


def _angle(
    device: str, name: str, unit: str, ends: tuple[float, ...], span_deg: float | None
) -> tuple[float, float]:
    """Factor and offset of a joint."""
    if unit == "radians":
        return 1.0, 0.0
    if unit == "degrees":
        return math.pi / 180.0, 0.0
    if not ends and span_deg is None:
        raise DeviceConfigError(
            device,
            f"LeRobot gives {name} as a part of its range, and does not say how far that goes.",
            f"Serve it with --robot.use_degrees=true, or give joints.{name} its range in rad.",
        )
    half = math.radians(span_deg or 0.0) / 2.0
    first, last = _two(device, name, ends) if ends else (-half, half)
    low, high = UNITS[unit]
    factor = (last - first) / (high - low)
    return factor, first - factor * low


def _opening(
    device: str, name: str, unit: str, ends: tuple[float, ...], span_deg: float | None
) -> tuple[float, float]:
    """Factor and offset of a gripper."""
    if not ends and unit not in ("normalized", "percent"):
        raise DeviceConfigError(
            device,
            f"LeRobot gives {name} in {unit}, and only you know where it is closed and open.",
            f"Give joints.{name} its range, closed and open, in {unit}.",
        )
    closed, opened = _two(device, name, ends) if ends else UNITS[unit]
    factor = 1.0 / (opened - closed)
    return factor, -factor * closed


def _two(device: str, name: str, ends: tuple[float, ...]) -> tuple[float, float]:
    numbers = all(isinstance(e, int | float) and math.isfinite(e) for e in ends)
    if len(ends) != 2 or not numbers or ends[0] == ends[1]:
        raise DeviceConfigError(
            device, f"joints.{name}.range is {list(ends)}.", "Give two different numbers."
        )
    return float(ends[0]), float(ends[1])
