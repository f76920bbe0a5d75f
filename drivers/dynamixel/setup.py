"""What is written into an arm's servos when it is connected: modes, speeds and their strength.

Nothing here gives a motor torque. Operating modes are kept in the servo without power and can be
changed only while its torque is off, so they are written only where they differ.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from drivers.base import DeviceConfigError
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibration import Calibration, Gripper, Joint, Scale, Servo
from drivers.dynamixel.measuring import PATIENCE_S
from drivers.dynamixel.tables import (
    CURRENT_BASED_POSITION_CONTROL,
    DRIVE_TIME_BASED_PROFILE,
    EXTENDED_POSITION_CONTROL,
    MODELS,
    POSITION_CONTROL,
    RAD_S_PER_VELOCITY_UNIT,
    TICKS_PER_TURN,
    WATCHDOG_UNIT_S,
)

RAD_S2_PER_ACCELERATION_UNIT = 214.577 * 2.0 * math.pi / 3600.0
"""Profile acceleration counts 214.577 rev/min^2 (e-manual, "Profile Acceleration")."""

_MODE_NAMES = {
    0: "current",
    1: "velocity",
    POSITION_CONTROL: "position",
    EXTENDED_POSITION_CONTROL: "extended position",
    CURRENT_BASED_POSITION_CONTROL: "current-based position",
    16: "PWM",
}
_LEAST_WATCHDOG_MS, _MOST_WATCHDOG_MS = 40, 2540
_MOST_PATIENCE_S = 10.0
_FAR_TICKS = 255 * TICKS_PER_TURN


@dataclass(frozen=True)
class Options:
    """How an arm is driven.

    Attributes:
        power: part of each motor's torque that may be used, above 0 to 1.
        grip: part of its motor's current that the gripper may use, above 0 to 1; times ``power``.
        watchdog_ms: the arm stops when it has not heard from the host for so long, a multiple of
            20 ms; 0 for no watchdog.
        velocity: highest speed a servo may make of a single goal [rad/s].
        acceleration: highest acceleration it may make of it [rad/s^2].
        patience_s: so long a joint may stay silent before the arm counts as lost [s].
        soft: limit every motor by its current where it can, so that a hand can move the arm.
    """

    power: float = 1.0
    grip: float = 0.3
    watchdog_ms: int = 80
    velocity: float = 4.0
    acceleration: float = 40.0
    patience_s: float = PATIENCE_S
    soft: bool = False

    def check(self, device: str) -> None:
        """Raises DeviceConfigError for values that make no sense."""
        for name, share in (("power", self.power), ("grip", self.grip)):
            if not 0.0 < share <= 1.0:
                raise DeviceConfigError(
                    device, f"{name} is {share:g}.", "Give it a value above 0, at most 1."
                )
        if not 0.0 < self.patience_s <= _MOST_PATIENCE_S:
            raise DeviceConfigError(
                device,
                f"patience_s is {self.patience_s:g}.",
                f"Give it a value above 0, at most {_MOST_PATIENCE_S:g} s.",
            )
        unit_ms = round(WATCHDOG_UNIT_S * 1000)
        fits = _LEAST_WATCHDOG_MS <= self.watchdog_ms <= _MOST_WATCHDOG_MS
        if self.watchdog_ms != 0 and (not fits or self.watchdog_ms % unit_ms):
            raise DeviceConfigError(
                device,
                f"watchdog_ms is {self.watchdog_ms}.",
                f"Give it a multiple of {unit_ms} from {_LEAST_WATCHDOG_MS} to "
                f"{_MOST_WATCHDOG_MS}; 80 stops the arm within 100 ms.",
            )

    @property
    def watchdog(self) -> int:
        """The value of the watchdog's register."""
        return round(self.watchdog_ms / 1000 / WATCHDOG_UNIT_S)


@dataclass(frozen=True)
class Fitted:
    """What an arm's servos are set to.

    Attributes:
        many_turns: by servo, whether it counts beyond one turn.
        bounds: by servo, the lowest and the highest goal it accepts [ticks].
        profile: by servo, (acceleration, velocity) of its profile.
        pwm: by servo, the PWM that ``power`` leaves it.
        current: by servo, the current that ``power`` leaves it [counts]; those that limit it.
    """

    many_turns: dict[int, bool]
    bounds: dict[int, tuple[int, int]]
    profile: dict[int, tuple[int, int]]
    pwm: dict[int, int]
    current: dict[int, int]

    def apply(self, bus: Bus, share: float = 1.0) -> None:
        """Writes what a servo forgets without power; four packets, unacknowledged.

        Args:
            bus: open.
            share: part of the strength that ``power`` allows, 0 to 1.
        """
        bus.sync_write("profile_acceleration", {i: p[0] for i, p in self.profile.items()})
        bus.sync_write("profile_velocity", {i: p[1] for i, p in self.profile.items()})
        self.strengthen(bus, share)

    def strengthen(self, bus: Bus, share: float) -> None:
        """Makes the motors so strong; two packets, unacknowledged.

        A motor whose current can be limited is limited by that, and stays fast; any other by its
        PWM, which limits its speed as well.
        """
        bus.sync_write("goal_current", {i: round(share * c) for i, c in self.current.items()})
        bus.sync_write(
            "goal_pwm",
            {i: p if i in self.current else round(share * p) for i, p in self.pwm.items()},
        )


def modes(calibration: Calibration, options: Options) -> dict[int, int]:
    """The operating mode of every servo, shadow motors included. Pure.

    Grippers, small 330 servos and soft arms limit their current; a joint whose range lies within
    one turn is watched by the servo's own position limits; any other counts turns.
    """
    scale = Scale.of(calibration)
    found: dict[int, int] = {}
    for row, part in enumerate(calibration.parts):
        model = MODELS[calibration.servo(part.id).model]
        gentle = (
            options.soft or isinstance(part, Gripper) or model.name.startswith(("XL330", "XC330"))
        )
        if gentle and "goal_current" in model.registers:
            mode = CURRENT_BASED_POSITION_CONTROL
        elif scale.lowest_ticks[row] >= -0.5 and scale.highest_ticks[row] < TICKS_PER_TURN - 0.5:
            mode = POSITION_CONTROL
        else:
            mode = EXTENDED_POSITION_CONTROL
        found |= dict.fromkeys((part.id, *part.shadows), mode)
    return found


def fit(
    device: str, bus: Bus, calibration: Calibration, found: tuple[Servo, ...], options: Options
) -> Fitted:
    """Sets the servos up; torque stays as it is found.

    Args:
        device: what the station calls the arm.
        bus: open.
        calibration: the arm's, already compared with ``found``.
        found: what ``identity.fingerprint`` read.
        options: how the arm is to be driven.

    Raises:
        DeviceConfigError: a motor holds the arm in another mode, which cannot be changed under it.
        DeviceLostError: a servo does not answer any more.
    """
    wanted = modes(calibration, options)
    _set_modes(device, bus, calibration, wanted)
    many = {i: mode != POSITION_CONTROL for i, mode in wanted.items()}
    pwm, current = _strength(bus, calibration, wanted, options)
    by_id = {servo.id: servo for servo in found}
    fitted = Fitted(
        many_turns=many,
        bounds={
            i: (-_FAR_TICKS, _FAR_TICKS)
            if many[i]
            else (by_id[i].min_position, by_id[i].max_position)
            for i in wanted
        },
        profile={i: _profile(bus, by_id[i], options) for i in wanted},
        pwm=pwm,
        current=current,
    )
    fitted.apply(bus)
    return fitted


def _set_modes(device: str, bus: Bus, calibration: Calibration, wanted: dict[int, int]) -> None:
    for servo_id, mode in wanted.items():
        present = bus.read(servo_id, "operating_mode")
        if present == mode:
            continue
        if any(bus.read(i, "torque_enable") for i in calibration.ids):
            name = calibration.joint_of(servo_id)
            raise DeviceConfigError(
                device,
                f"{name} (servo {servo_id}) holds in {_MODE_NAMES.get(present, present)} mode; "
                f"{_MODE_NAMES[mode]} mode cannot be set while a motor has torque.",
                "Support the arm, switch its power off and on, and connect again.",
            )
        bus.write(servo_id, "operating_mode", mode)


def _profile(bus: Bus, servo: Servo, options: Options) -> tuple[int, int]:
    """Bounds what one goal can make of a servo: a host that goes wild is still slow."""
    if servo.drive_mode & DRIVE_TIME_BASED_PROFILE:
        return 0, 0  # counted in milliseconds, a profile would stretch every goal
    velocity = max(1, math.ceil(options.velocity / RAD_S_PER_VELOCITY_UNIT))
    acceleration = max(1, math.ceil(options.acceleration / RAD_S2_PER_ACCELERATION_UNIT))
    return acceleration, min(velocity, bus.read(servo.id, "velocity_limit"))


def _strength(
    bus: Bus, calibration: Calibration, wanted: dict[int, int], options: Options
) -> tuple[dict[int, int], dict[int, int]]:
    pwm, current = {}, {}
    for part in calibration.parts:
        for servo_id in (part.id, *part.shadows):
            pwm[servo_id] = max(1, round(options.power * bus.read(servo_id, "pwm_limit")))
            if wanted[servo_id] == CURRENT_BASED_POSITION_CONTROL:
                share = options.power * (1.0 if isinstance(part, Joint) else options.grip)
                limit = bus.read(servo_id, "current_limit")
                current[servo_id] = max(1, round(share * limit))
    return pwm, current
