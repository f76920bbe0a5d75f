"""GELLO: a printed copy of the follower with a Dynamixel XL330 in each joint.

As shipped here it is the one for the ViperX, seven servos; any other has its own list of joints.
Its servos leave the factory at 57,600 baud, which is too slow for a loop of 100 Hz: set them to
1,000,000 (``dagger-gui check`` offers to).
"""

from __future__ import annotations

from dataclasses import dataclass

from drivers.base import DeviceConfigError, openings
from drivers.dynamixel.description import ArmDescription, GripperDescription, JointDescription
from drivers.registry import DeviceContext
from drivers.simulation.names import JOINT_NAMES
from drivers.teleoperators._leader import Leader
from drivers.teleoperators._leading import LeaderConfig, leader


@dataclass(frozen=True)
class Config(LeaderConfig):
    """What the station file may say; see also ``LeaderConfig``.

    Attributes:
        joints: its joints from the base on, ids 1, 2, 3 ...; the trigger, if it has one, last and
            called ``gripper``.
    """

    joints: tuple[str, ...] = JOINT_NAMES


def description(config: Config) -> ArmDescription:
    """What a GELLO with these joints is like, for its calibration."""
    names = config.joints
    trigger = bool(names) and bool(openings(names)[-1])
    arm = names[:-1] if trigger else names
    return ArmDescription(
        kind="GELLO",
        home=(
            "Hold the leader in the pose in which every joint of the follower is at 0, as the "
            "follower's own calibration shows it"
        ),
        joints=tuple(
            JointDescription(
                name=name,
                id=i,
                positive=f"Turn {name.replace('_', ' ')} the way the follower's turns when its "
                "angle rises",
            )
            for i, name in enumerate(arm, start=1)
        ),
        gripper=GripperDescription(
            id=len(names),
            closed="Pull the trigger all the way",
            open="Let the trigger go",
            name=names[-1],
        )
        if trigger
        else None,
    )


DESCRIPTION = description(Config(port=""))


def create(name: str, config: Config, context: DeviceContext) -> Leader:
    """Builds the leader without touching it; see ``drivers.registry``.

    Raises:
        DeviceConfigError: a value that makes no sense.
    """
    names = config.joints
    for i, joint in enumerate(names):
        if not isinstance(joint, str) or not joint or joint in names[:i]:
            raise DeviceConfigError(
                name, f"joints has {joint!r} at place {i + 1}.", "Name each joint once."
            )
    if not names or openings(names)[:-1].any():
        raise DeviceConfigError(
            name,
            f"joints is {', '.join(names) or 'empty'}.",
            "Name the joints from the base on, and one trigger at most, last.",
        )
    return leader(name, config, names, context)
