"""From a leader's joints to the follower's, and from a leader's motion to the follower's targets.

Pure: no bus, no clock. ``JointMap`` says which joint leads which, with sign and offset; ``Clutch``
makes absolute targets of motion relative to the poses at takeover, so that taking over moves
nothing whatever the difference between the two arms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.base import DeviceConfigError, Floats, JointLimits, openings

TURN = 2.0 * math.pi

STRAY_RAD = 0.3
"""A leader stays at the end of its reach for so much that the arm goes beyond it, rather than to
swing round by a turn [rad]."""


@dataclass(frozen=True)
class JointMap:
    """Which leader joint leads which follower joint.

    ``follower = direction * leader + offset`` for joints; a gripper takes its trigger's opening as
    it is, or, with direction -1, what is left of it to 1.

    Attributes:
        leader: names of the leader's joints, shape (L,).
        follower: names of the robot's joints, shape (A,).
        source: shape (A,), index of the leader joint that leads each, -1 for none.
        direction: shape (A,), 1 or -1.
        offset: shape (A,) [rad].
        grips: shape (A,), which of the robot's joints are openings in [0, 1].
    """

    leader: tuple[str, ...]
    follower: tuple[str, ...]
    source: NDArray[np.int64]
    direction: Floats
    offset: Floats
    grips: NDArray[np.bool_]

    @property
    def unled(self) -> tuple[str, ...]:
        """Follower joints that no leader joint leads: they stay where they are."""
        return tuple(n for n, i in zip(self.follower, self.source, strict=True) if i < 0)

    def to_follower(self, leader: Floats) -> Floats:
        """The follower pose of a leader pose, shape (L,) -> (A,); NaN for joints without leader."""
        pose = self.direction * leader[self.source] + self.offset
        pose[self.source < 0] = np.nan
        return pose

    def to_leader(self, follower: Floats) -> Floats:
        """The leader pose of a follower pose, shape (A,) -> (L,); NaN for joints that lead none."""
        pose = np.full(len(self.leader), np.nan)
        led = self.source >= 0
        pose[self.source[led]] = (self.direction * (follower - self.offset))[led]
        return pose

    def within_reach(
        self, wanted: Floats, place: Floats, lower: Floats, upper: Floats
    ) -> tuple[Floats, tuple[str, ...]]:
        """A leader pose at the whole turns that the leader can reach, nearest to where it is.

        Args:
            wanted: shape (L,), as ``to_leader`` gives it.
            place: shape (L,), where the leader is [rad, trigger 0..1].
            lower: shape (L,), the least that it reaches.
            upper: shape (L,), the most.

        Returns:
            the pose within the reach, and the joints that have to stay behind.
        """
        angles = np.ones(len(self.leader), dtype=bool)
        angles[self.source[self.grips & (self.source >= 0)]] = False
        least = np.ceil((lower - STRAY_RAD - wanted) / TURN)
        most = np.floor((upper + STRAY_RAD - wanted) / TURN)
        turns = np.clip(np.round((place - wanted) / TURN), least, most)
        none = angles & (least > most)
        below, above = wanted + TURN * most, wanted + TURN * least
        turns = np.where(none, np.where(lower - below < above - upper, most, least), turns)
        turned = wanted + TURN * np.where(angles, turns, 0.0)
        behind = tuple(n for n, short in zip(self.leader, none, strict=True) if short)
        return np.clip(turned, lower, upper), behind


def joint_map(
    device: str,
    leader: tuple[str, ...],
    follower: tuple[str, ...],
    leads: Mapping[str, str],
    directions: Mapping[str, int],
    offsets: Mapping[str, float],
) -> JointMap:
    """The map that a station file describes; joints lead those of their own name by default.

    Args:
        device: the leader's name, for messages.
        leader: its joint names.
        follower: the robot's joint names.
        leads: leader joint -> follower joint, or -> "" for a joint that leads none.
        directions: leader joint -> 1 or -1, on top of the calibration's.
        offsets: leader joint -> rad, added after the direction.

    Raises:
        DeviceConfigError: a name that is not there, one joint led twice, a direction that is
            neither 1 nor -1, an offset that is not finite or is the gripper's.
    """
    for key, table in (("leads", leads), ("directions", directions), ("offsets", offsets)):
        for name in table:
            _known(device, f"{key}.{name}", name, leader, "leader")
    size, grips = len(follower), openings(follower)
    source = np.full(size, -1, np.int64)
    direction, offset = np.ones(size), np.zeros(size)
    for i, name in enumerate(leader):
        target = leads.get(name, name)
        if target == "":
            continue
        _known(device, f"leads.{name}", target, follower, "robot")
        j = follower.index(target)
        if source[j] >= 0:
            raise DeviceConfigError(
                device,
                f"{leader[source[j]]} and {name} both lead {target}.",
                'Correct leads in the station file; "" lets a joint lead none.',
            )
        source[j] = i
        gripper = bool(grips[j])
        direction[j], offset[j] = _direction(device, name, directions, gripper)
        offset[j] += _offset(device, name, offsets, gripper)
    if (source < 0).all():
        raise DeviceConfigError(device, "It leads no joint.", "Correct leads in the station file.")
    return JointMap(leader, follower, source, direction, offset, grips)


def _known(device: str, key: str, name: str, names: tuple[str, ...], whose: str) -> None:
    if name not in names:
        raise DeviceConfigError(
            device,
            f"{key}: the {whose} has no joint {name!r}.",
            f"It has {', '.join(names)}. Say in leads which leader joint leads which of the "
            'robot\'s, such as leads = { base = "waist", thumb = "" }.',
        )


def _direction(
    device: str, name: str, directions: Mapping[str, int], gripper: bool
) -> tuple[float, float]:
    """Sign, and the offset that goes with it: a gripper turned round is 1 - opening."""
    value = directions.get(name, 1)
    if isinstance(value, bool) or value not in (1, -1):
        raise DeviceConfigError(
            device, f"directions.{name} is {value!r}.", "Give 1, or -1 for the other way round."
        )
    return float(value), 1.0 if gripper and value == -1 else 0.0


def _offset(device: str, name: str, offsets: Mapping[str, float], gripper: bool) -> float:
    value = offsets.get(name, 0.0)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or (gripper and value != 0.0):
        raise DeviceConfigError(
            device,
            f"offsets.{name} is {value!r}.",
            "A gripper has none: calibrate its open and closed ends."
            if gripper
            else "Give an angle in rad.",
        )
    return float(value)


class Clutch:
    """Targets from a leader's motion since takeover.

    The target is ``anchor + scale * (leader - origin)``. Where that leaves the follower's limits
    the joint is anchored anew at the limit, so that turning back acts at once.

    Args:
        grips: shape (A,), which joints are openings in [0, 1].
        scale: follower motion per leader motion; an opening's is always 1.
    """

    def __init__(self, grips: NDArray[np.bool_], scale: float = 1.0) -> None:
        self._grips = grips
        self._scale = np.where(grips, 1.0, scale)
        self._anchor: Floats = np.zeros(len(grips))
        self._origin: Floats = np.zeros(len(grips))

    def begin(self, sent: Floats, led: Floats) -> None:
        """Anchors.

        Args:
            sent: shape (A,), what the follower was sent last.
            led: shape (A,), the leader's pose in follower terms; NaN where no joint leads.
        """
        self._anchor, self._origin = sent.astype(np.float64, copy=True), led.copy()

    def target(self, led: Floats, limits: JointLimits | None) -> Floats:
        """The follower's target, shape (A,).

        Args:
            led: shape (A,), the leader's pose now; NaN where no joint leads.
            limits: the follower's; None knows only that openings are within [0, 1].
        """
        moved = self._scale * (led - self._origin)
        moved[np.isnan(moved)] = 0.0
        free = self._anchor + moved
        target = bounded(free, limits, self._grips)
        beyond = free != target
        self._anchor[beyond], self._origin[beyond] = target[beyond], led[beyond]
        return target


def bounded(pose: Floats, limits: JointLimits | None, grips: NDArray[np.bool_]) -> Floats:
    """``pose``, shape (A,), within the limits; openings within [0, 1] in any case."""
    inside = pose.copy() if limits is None else np.clip(pose, limits.lower, limits.upper)
    return np.where(grips, np.clip(inside, 0.0, 1.0), inside)


def nearest_turn(angle: Floats, reference: Floats) -> Floats:
    """``angle`` plus the whole turns that bring it nearest to ``reference``, both shape (N,)."""
    return angle - TURN * np.round((angle - reference) / TURN)


class Ramp:
    """A goal that goes to where the follower is by joint speed, from where the leader is.

    It never leads the leader by more than a leash, so that a leader somebody holds back is not
    pulled harder the longer they hold it, and does not spring when they let go.

    Args:
        speed: shape (L,), highest speed of the goal [rad/s, gripper 1/s].
        leash: shape (L,), how far the goal may be from the leader [rad, gripper 0..1].
    """

    def __init__(self, speed: Floats, leash: Floats) -> None:
        self._speed, self._leash = speed, leash
        self.goal: Floats = np.zeros(len(speed))

    def begin(self, leader: Floats) -> None:
        """Starts from the leader's measured pose, shape (L,)."""
        self.goal = leader.copy()

    def advance(self, target: Floats, leader: Floats, dt: float) -> Floats:
        """The next goal, shape (L,).

        Args:
            target: shape (L,), where the leader should be; NaN where it may be anywhere.
            leader: shape (L,), where it is measured.
            dt: time since the last call [s].
        """
        wanted = np.where(np.isnan(target), self.goal, target)
        step = self._speed * dt
        goal = np.clip(wanted, self.goal - step, self.goal + step)
        self.goal = np.clip(goal, leader - self._leash, leader + self._leash)
        return self.goal.copy()
