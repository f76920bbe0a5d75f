"""What every Dynamixel follower does; its kind is described in its own file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DriverError,
    Floats,
    Health,
    JointLimits,
    RobotState,
    checked_action,
)
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel import identity, ports
from drivers.dynamixel.arm import Arm
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.calibration import Calibration
from drivers.dynamixel.measuring import PATIENCE_S
from drivers.dynamixel.setup import Options
from drivers.registry import DeviceContext

PROFILE_MARGIN = 1.25
"""A servo's own speed and acceleration are this much above the joint's: it follows, unhurried."""


_PERIODS = 2
"""A watchdog lasts at least so many control periods."""


@dataclass(frozen=True, kw_only=True)
class DriveConfig:
    """What a station file may say of how a follower is driven.

    Attributes:
        power: part of the motors' torque that may be used, above 0 to 1.
        grip: part of its current that the gripper's motor may use, above 0 to 1.
        watchdog_ms: the arm stops by itself when it hears nothing for so long, a multiple of 20.
        patience_s: so long a joint may stay silent before the arm counts as lost [s].
        rest_pose: where it lies by itself without torque [rad, gripper 0..1]; empty for none.
    """

    power: float = 1.0
    grip: float = 0.3
    watchdog_ms: int = 80
    patience_s: float = PATIENCE_S
    rest_pose: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class BusConfig(DriveConfig):
    """What a station file may say of a follower on a serial port; see also ``DriveConfig``.

    Attributes:
        port: device path, stable id, or ``emulated:NAME``.
        baud: bits a second.
        calibration: its file, if that is not ``<name>.toml`` among the workspace's calibrations.
    """

    port: str
    baud: int = 1_000_000
    calibration: str = ""


@dataclass(frozen=True)
class Place:
    """Where one arm's port and calibrations are.

    Attributes:
        port: as the station file names it.
        baud: bits a second.
        calibration: the arm's file; None where there is no folder of calibrations.
        runtime: the private runtime folder, for emulated ports.
    """

    port: str
    baud: int
    calibration: Path | None
    runtime: Path | None

    def read(self, device: str, limits: JointLimits) -> Calibration:
        """The arm's calibration.

        Raises:
            DeviceConfigError: absent, unreadable, or of an arm with other joints or ranges.
        """
        if self.calibration is None:
            raise DeviceConfigError(
                device, "There is no folder of calibrations.", calibrations.RECALIBRATE
            )
        found = calibrations.read(self.calibration, device)
        if found.names != limits.names:
            raise DeviceConfigError(
                device,
                f"{self.calibration} has the joints {', '.join(found.names)}; this arm has "
                f"{', '.join(limits.names)}.",
                calibrations.RECALIBRATE,
            )
        for joint, low, high in zip(found.joints, limits.lower, limits.upper, strict=False):
            if not max(joint.lower, low) < min(joint.upper, high):
                raise DeviceConfigError(
                    device,
                    f"{self.calibration}: {joint.name} goes from {joint.lower:.2f} to "
                    f"{joint.upper:.2f} rad; this arm's goes from {low:.2f} to {high:.2f} rad.",
                    calibrations.RECALIBRATE,
                )
        return found

    def others(self) -> tuple[Calibration, ...]:
        """The other arms that were calibrated here."""
        if self.calibration is None:
            return ()
        return identity.known_arms(self.calibration.parent, self.calibration.stem)


class DynamixelRobot:
    """A follower: a ``Robot`` with ``Motors`` that is ``Monitored``.

    Args:
        name: what the station calls it.
        place: its port and calibration, read anew at every connection.
        limits: what this kind of arm may do; tightened to what was calibrated.
        drive: how it is driven.
        rate_hz: the station's control rate; 0 if unknown.
    """

    environment_names: tuple[str, ...] = ()

    def __init__(
        self,
        name: str,
        place: Place,
        limits: JointLimits,
        drive: DriveConfig,
        rate_hz: float = 0.0,
    ) -> None:
        self._name, self._place = name, place
        self._options = driven(name, limits, drive, rate_hz)
        self.limits = _calibrated(name, place, limits)
        self.rest_pose: Floats | None = None
        if drive.rest_pose:
            self.rest_pose = _rest_pose(name, drive.rest_pose, limits)
        self._arm: Arm | None = None

    @property
    def engaged(self) -> bool:
        """Whether all of its motors have torque, as far as is known."""
        return self._arm is not None and self._arm.engaged

    @property
    def holds(self) -> bool:
        """Whether any of its motors has torque, as far as is known."""
        return self._arm is not None and self._arm.holds

    def connect(self) -> None:
        """Opens the port, makes sure that this is the arm, and sets it up; torque as it is.

        Raises:
            DeviceNotFoundError: no port, or nobody answers on it.
            DeviceConfigError: not calibrated, another arm, or one that differs.
            DeviceLostError: it went away meanwhile.
        """
        self.disconnect()
        calibration = self._place.read(self._name, self.limits)
        path = ports.resolve(self._place.port, self._place.runtime, self._name)
        arm = Arm(
            self._name,
            Bus(path, self._place.baud, self._name),
            calibration,
            self._options,
            self._place.others(),
            identity.adapter(self._place.port, path),
        )
        arm.connect()
        self._arm = arm

    def disconnect(self) -> None:
        """Lets the arm hold where it is; calling it twice is harmless."""
        if self._arm is not None:
            self._arm.disconnect()
            self._arm = None

    def ask(self) -> None:
        """Asks every joint; see ``Asked``."""
        if self._arm is not None:
            self._arm.ask()

    def get_observation(self) -> RobotState:
        """Reads every joint; one or two short transactions.

        Raises:
            DeviceLostError: the arm, or one of its joints, does not answer.
        """
        return self._connected().read()

    def send_action(self, action: Floats) -> Floats:
        """Sends joint targets, shape (A,), clipped to the limits; returns them.

        Raises:
            InvalidActionError: wrong shape or not finite.
            SelfStoppedError: it is not armed, or stopped itself.
            DeviceLostError: the port broke.
        """
        wanted = checked_action(self._name, action, self.limits)
        inside = np.clip(wanted, self.limits.lower, self.limits.upper)
        return self._connected().command(inside)

    def stop(self) -> None:
        """Cancels the targets: the arm holds where it is, the gripper keeps its grip.

        Raises:
            DeviceLostError: the port broke.
        """
        self._connected().hold()

    def engage(self) -> None:
        """Torque on where it is, after clearing what stopped it.

        Raises:
            SelfStoppedError: a motor refuses; says which and why.
            DeviceLostError: the arm does not answer.
        """
        self._connected().engage()

    def release(self) -> None:
        """Torque off at once.

        Raises:
            DeviceLostError: the arm does not answer.
        """
        self._connected().release()

    def health(self) -> Health:
        """How bus and motors are; asks nobody."""
        return Health(text="not connected") if self._arm is None else self._arm.health()

    def _connected(self) -> Arm:
        if self._arm is None:
            raise DeviceLostError(self._name, "It is not connected.", "Connect it first.")
        return self._arm


def on_bus(
    name: str, limits: JointLimits, config: BusConfig, context: DeviceContext
) -> DynamixelRobot:
    """A follower on a serial port.

    Args:
        name: what the station calls it.
        limits: what this kind of arm may do.
        config: its table.
        context: the device's surroundings.

    Raises:
        DeviceConfigError: a value that makes no sense.
    """
    folder = context.calibrations
    file = None if folder is None else folder / f"{name}.toml"
    if config.calibration:
        chosen = Path(config.calibration).expanduser()
        file = chosen if folder is None else folder / chosen
    place = Place(config.port, config.baud, file, context.runtime)
    return DynamixelRobot(name, place, limits, config, context.rate_hz)


def driven(name: str, limits: JointLimits, drive: DriveConfig, rate_hz: float) -> Options:
    """How a follower with these limits is driven.

    Args:
        name: what the station calls it.
        limits: what it may do.
        drive: what its table says.
        rate_hz: the station's control rate; 0 if unknown.

    Raises:
        DeviceConfigError: a value that makes no sense, or a watchdog too short for the rate.
    """
    watchdog_ms = drive.watchdog_ms
    if watchdog_ms == 0:
        raise DeviceConfigError(
            name,
            "watchdog_ms is 0: nothing would stop the arm if this program died.",
            "Give it a multiple of 20 from 40 to 2540; 80 stops the arm within 100 ms.",
        )
    if rate_hz and watchdog_ms < _PERIODS * 1000.0 / rate_hz:
        raise DeviceConfigError(
            name,
            f"watchdog_ms is {watchdog_ms}, and at {rate_hz:g} Hz a goal comes every "
            f"{1000.0 / rate_hz:.0f} ms: one that is lost would stop the arm.",
            f"Set watchdog_ms to at least {_PERIODS * 1000.0 / rate_hz:.0f}, in steps of 20.",
        )
    joints = ~limits.openings
    options = Options(
        power=drive.power,
        grip=drive.grip,
        watchdog_ms=watchdog_ms,
        patience_s=drive.patience_s,
        velocity=PROFILE_MARGIN * float(limits.velocity[joints].max()),
        acceleration=PROFILE_MARGIN * float(limits.acceleration[joints].max()),
    )
    options.check(name)
    return options


def _rest_pose(name: str, said: tuple[float, ...], limits: JointLimits) -> Floats:
    try:
        return checked_action(name, np.array(said), limits)
    except DriverError as error:
        raise DeviceConfigError(
            name,
            f"rest_pose is {list(said)}.",
            f"Give it one number for each of {', '.join(limits.names)}.",
        ) from error


def _calibrated(name: str, where: Place, limits: JointLimits) -> JointLimits:
    """The limits within what was calibrated; those of the kind until it is calibrated.

    A calibration that cannot be used is no reason not to start: the window must be there to make
    one. Connecting says what is wrong.
    """
    try:
        found = where.read(name, limits)
    except DeviceConfigError:
        return limits
    scale = calibrations.Scale.of(found)
    lower = np.maximum(limits.lower, scale.lower)
    upper = np.minimum(limits.upper, scale.upper)
    return dataclasses.replace(limits, lower=lower, upper=upper)
