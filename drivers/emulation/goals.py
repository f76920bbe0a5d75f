"""What a servo's goal, limit and profile registers ask of its axis."""

from __future__ import annotations

import math
from collections.abc import Mapping

from drivers.dynamixel import tables
from drivers.dynamixel.tables import TICKS_PER_TURN, Model
from drivers.emulation.counting import Counting
from drivers.emulation.physics import Drive

TICKS_S_PER_VELOCITY_UNIT = 0.229 * TICKS_PER_TURN / 60.0
TICKS_S2_PER_ACCELERATION_UNIT = 214.577 * TICKS_PER_TURN / 3600.0


def asked(model: Model, values: Mapping[str, int], counting: Counting, position: float) -> Drive:
    """What a servo with torque wants.

    Args:
        model: the servo's model.
        values: its registers.
        counting: how it counts its axis.
        position: where the axis is [ticks].
    """
    mode, sense = values["operating_mode"], counting.sense
    if mode == tables.VELOCITY_CONTROL:
        speed = sense * values["goal_velocity"] * TICKS_S_PER_VELOCITY_UNIT
        return Drive("velocity", speed, acceleration=_acceleration(values))
    if mode == tables.PWM_CONTROL:
        full = values["velocity_limit"] * TICKS_S_PER_VELOCITY_UNIT
        return Drive("velocity", sense * values["goal_pwm"] / tables.PWM_FULL * full)
    if mode == tables.CURRENT_CONTROL:
        return Drive("current", sense * values["goal_current"] * model.current_unit_ma)
    target = counting.ticks(values["goal_position"])
    limited = mode == tables.CURRENT_BASED_POSITION_CONTROL
    return Drive(
        "position",
        target,
        velocity=_speed(values, abs(target - position)),
        acceleration=_acceleration(values),
        current=abs(values["goal_current"]) * model.current_unit_ma if limited else math.inf,
    )


def _speed(values: Mapping[str, int], way: float) -> float:
    profile = values["profile_velocity"]
    if profile == 0:
        return math.inf
    if values["drive_mode"] & tables.DRIVE_TIME_BASED_PROFILE:
        # The profile is how long the way takes [ms]; a third of it is spent on the ramps.
        return max(1.0, 1.5 * way / (profile * 1e-3))
    return profile * TICKS_S_PER_VELOCITY_UNIT


def _acceleration(values: Mapping[str, int]) -> float:
    profile = values["profile_acceleration"]
    if profile == 0 or values["drive_mode"] & tables.DRIVE_TIME_BASED_PROFILE:
        return math.inf
    return profile * TICKS_S2_PER_ACCELERATION_UNIT
