"""Any robot that LeRobot knows, served by ``drivers/bridge/serve_lerobot.py`` in its environment.

What counts here is decided here: the station file names the joints and how far and fast each may
go, whatever LeRobot would allow; LeRobot's units and calibrated ranges are asked for and checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DriverError,
    Floats,
    Health,
    RobotState,
    checked_action,
)
from drivers.bridge.bounds import Highest, limits, rest_pose
from drivers.bridge.link import SWITCH_S, Link
from drivers.bridge.reads import Reads
from drivers.bridge.served import Served
from drivers.bridge.units import Joint, Scale, calibrated, scale
from drivers.registry import DeviceContext, parsed

_BEYOND_RAD = 0.02


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        joints: a table for each joint, in the order of the joint vector; see
            ``drivers.bridge.units.Joint``. A gripper's name ends in ``gripper``.
        endpoint: where ``serve_lerobot.py`` listens: ``host:port`` or ``unix:/path``.
        served: LeRobot's type that must be served there, such as ``so101_follower``.
        id: LeRobot's id that must be, so that two arms alike are not mixed up.
        ignored: what LeRobot takes and this station leaves alone: positions stay where they are,
            everything else is sent as zero.
        velocity_rad_s: highest speed of a joint that does not say its own [rad/s].
        acceleration_rad_s2: the same for acceleration [rad/s^2].
        gripper_per_s: highest speed of a gripper that does not say its own [1/s].
        rest_pose: where the arm lies without torque, one value a joint; empty if nobody said.
        poll_hz: how often it is measured [Hz].
        stale_s: a state older than this means that the robot is lost [s].
    """

    joints: dict[str, dict[str, Any]]
    endpoint: str = "127.0.0.1:5577"
    served: str = ""
    id: str = ""
    ignored: tuple[str, ...] = ()
    velocity_rad_s: float = 1.5
    acceleration_rad_s2: float = 12.0
    gripper_per_s: float = 3.0
    rest_pose: tuple[float, ...] = ()
    poll_hz: float = 100.0
    stale_s: float = 0.1


class LeRobotArm:
    """A ``Robot`` with ``Motors``, ``Monitored``.

    Args:
        name: what the station calls it.
        config: what the station file says.

    Attributes:
        limits: those of the station file.
        engaged: whether all motors have torque, as far as is known.
        holds: whether any motor has torque, as far as is known.
        rest_pose: the station file's; None if it says none.

    Raises:
        DeviceConfigError: joints, limits or numbers that make no sense.
    """

    environment_names: tuple[str, ...] = ()

    def __init__(self, name: str, config: Config) -> None:
        self._name, self._config = name, config
        self._joints = {
            joint: parsed(f"{name}.joints.{joint}", Joint, table)
            for joint, table in config.joints.items()
        }
        self.limits = limits(
            name,
            self._joints,
            Highest(config.velocity_rad_s, config.acceleration_rad_s2, config.gripper_per_s),
        )
        self.rest_pose = rest_pose(name, config.rest_pose, self.limits)
        self.engaged = self.holds = False
        self._link = Link(name, config.endpoint, "robot", config.poll_hz, config.stale_s)
        self._reads: Reads | None = None
        self._writes: Scale | None = None
        self._rest = np.zeros(0)
        self._lower, self._upper = self.limits.lower, self.limits.upper
        self._warnings: tuple[str, ...] = ()

    def connect(self) -> None:
        """Reaches the bridge, and compares what it serves with the station file; moves nothing.

        Raises:
            DeviceNotFoundError: nothing serves there, or another robot.
            DeviceConfigError: joints, units or features that do not fit the station file.
        """
        served = self._link.open()
        try:
            served.check(self._name, self._config.served, self._config.id)
            self._reads = Reads(self._name, self._joints, served)
            self._writes = scale(self._name, self._joints, served.writes, "takes")
            self._rest = self._left_alone(served)
        except DriverError:
            self._link.close()
            raise
        self._bound(served)
        self.engaged, self.holds = served.engaged, served.holds

    def disconnect(self) -> None:
        """Lets go of the bridge; the robot holds where it is."""
        self._link.close()

    def get_observation(self) -> RobotState:
        """The newest measurement; never blocks.

        Raises:
            DeviceLostError: LeRobot or the bridge does not answer, or not lately.
        """
        if self._reads is None:
            raise DeviceLostError(self._name, "It is not connected.", "Connect it first.")
        return self._reads.state(self._link.newest())

    def send_action(self, action: Floats) -> Floats:
        """Sends targets, shape (A,), within station limits and calibrated ranges.

        Returns:
            What LeRobot says it sent, or, while its answer is under way, what it was told.

        Raises:
            InvalidActionError: wrong shape or not finite.
            SelfStoppedError: the robot held because this side was silent; ``engage`` first.
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        told = np.clip(checked_action(self._name, action, self.limits), self._lower, self._upper)
        if self._writes is None:
            raise DeviceLostError(self._name, "It is not connected.", "Connect it first.")
        values = self._rest.copy()
        self._writes.fill(values, told)
        answer = self._link.ask("write", values).answer
        if answer is None or answer.shape != values.shape:
            return told
        differs = np.abs(answer - values)[self._writes.index] > 1e-6
        return np.where(differs, self._writes.ours(answer), told)

    def stop(self) -> None:
        """Sends the robot where it is measured; a gripper keeps its goal, and with it its grip.

        Raises:
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        self._link.ask("hold")

    def engage(self) -> None:
        """Torque on where it is measured, and targets accepted again.

        Raises:
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        self.holds = True  # should it fail half way, some motors have torque
        self._switch("engage")
        self.engaged = True

    def release(self) -> None:
        """Torque off at once: the arm drops.

        Raises:
            DeviceConfigError: LeRobot offers no way to switch off this robot's motors.
            DeviceLostError: LeRobot or the bridge does not answer.
        """
        self._switch("release")
        self.engaged = self.holds = False

    def health(self) -> Health:
        """Round trips through bridge and bus, and what differs from the station file."""
        found = self._link.health()
        warnings = (*found.warnings, *self._warnings)
        return Health(found.text, warnings, found.lost, found.corrupt, found.bus_p99_ms)

    def _switch(self, operation: str) -> None:
        if not self._link.ask(operation, wait_s=SWITCH_S).done.is_set():
            raise DeviceLostError(
                self._name,
                f"LeRobot did not {operation} its motors within {SWITCH_S * 1000:.0f} ms.",
                "Look at the terminal of serve_lerobot.py.",
            )

    def _left_alone(self, served: Served) -> Floats:
        """LeRobot's values with what this station does not drive, shape (N,)."""
        assert self._writes is not None
        driven = set(self._writes.index.tolist())
        measured = dict(
            zip((f.name for f in served.reads), self._link.newest().values, strict=True)
        )
        rest = np.zeros(len(served.writes))
        for i, feature in enumerate(served.writes):
            if i in driven:
                continue
            position = feature.name.endswith(".pos")
            if position and feature.name not in self._config.ignored:
                names = ", ".join(f.name for f in served.writes)
                raise DeviceConfigError(
                    self._name,
                    f"LeRobot takes {names}; the station file has no joint for {feature.name}.",
                    f'Add it to joints, or leave it where it is by ignored = ["{feature.name}"].',
                )
            rest[i] = measured.get(feature.name, 0.0) if position else 0.0
        return rest

    def _bound(self, served: Served) -> None:
        """Keeps targets within what was calibrated too, and says where that is less."""
        assert self._writes is not None
        lower, upper = calibrated(self._joints, served.writes, self._writes)
        self._lower = np.maximum(self.limits.lower, lower)
        self._upper = np.minimum(self.limits.upper, upper)
        short = (lower > self.limits.lower + _BEYOND_RAD) | (
            upper < self.limits.upper - _BEYOND_RAD
        )
        self._warnings = tuple(
            f"{name} was calibrated from {low:.2f} to {high:.2f} rad; the station file lets it go "
            f"from {self.limits.lower[i]:.2f} to {self.limits.upper[i]:.2f}. It goes no farther "
            "than calibrated: correct the file, or calibrate its whole range."
            for i, (name, low, high) in enumerate(zip(self.limits.names, lower, upper, strict=True))
            if short[i]
        )


def create(name: str, config: Config, context: DeviceContext) -> LeRobotArm:
    """Builds the robot; see ``drivers.registry``.

    Raises:
        DeviceConfigError: joints, limits or numbers that make no sense.
    """
    return LeRobotArm(name, config)
