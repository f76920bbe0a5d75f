"""What a kind of arm is like before anybody calibrated one: its joints, servos and a known pose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class JointDescription:
    """One joint, as its maker describes it.

    Attributes:
        name: as the robot calls it.
        id: the servo that turns it.
        positive: what to do to turn it in its positive direction, an imperative without a full
            stop: ``Turn the base to the left, seen from above``.
        lower: lowest angle it may ever have [rad]; None if only the sweep tells.
        upper: highest angle it may ever have [rad]; None if only the sweep tells.
        home: its angle in the arm's home pose [rad].
        shadows: servos that turn it too.
        direction: +1 or -1 where the maker fixes how ticks count; 0 where that must be tried.
    """

    name: str
    id: int
    positive: str
    lower: float | None = None
    upper: float | None = None
    home: float = 0.0
    shadows: tuple[int, ...] = ()
    direction: int = 0


@dataclass(frozen=True)
class GripperDescription:
    """The gripper, or a leader's trigger.

    Attributes:
        id: its servo.
        closed: what to do to close it, an imperative without a full stop.
        open: what to do to open it, an imperative without a full stop.
        name: as the robot calls it.
    """

    id: int
    closed: str = "Close the gripper until its fingers touch"
    open: str = "Open the gripper as far as it goes"
    name: str = "gripper"


@dataclass(frozen=True)
class ArmDescription:
    """A kind of arm.

    Attributes:
        kind: what it is, for people, such as ``ViperX 300 S``.
        home: the pose in which its joints have their ``home`` angles, an imperative without a full
            stop: ``Put the upper arm upright and the forearm level, pointing forward``.
        joints: its joints, in the order of joint vectors.
        gripper: its gripper or trigger; None if there is none.
    """

    kind: str
    home: str
    joints: tuple[JointDescription, ...]
    gripper: GripperDescription | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, gripper last."""
        last = (self.gripper.name,) if self.gripper is not None else ()
        return (*(joint.name for joint in self.joints), *last)

    @property
    def primary(self) -> tuple[int, ...]:
        """The servos that are read and commanded, gripper last."""
        last = (self.gripper.id,) if self.gripper is not None else ()
        return (*(joint.id for joint in self.joints), *last)

    @property
    def ids(self) -> tuple[int, ...]:
        """All servos, shadow motors included, ascending."""
        shadows = (i for joint in self.joints for i in joint.shadows)
        return tuple(sorted((*self.primary, *shadows)))
