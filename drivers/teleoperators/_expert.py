"""How a practised person does the task, as a function of what is seen now and of nothing else.

There are no hidden phases or timers: the next motion follows from the measured pose, the opening of
the gripper and the poses of cube and tray. So the expert starts over by itself when the cube is
dropped, carries on from wherever a policy left the arm, and can be imitated by a policy without
memory. Distances to a goal turn into speeds through funnels: far from the cube sideways, the goal
lies above it; the nearer, the lower.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

import numpy as np

from drivers.base import Floats, RobotState
from drivers.kinematics import VIPERX_300S, rotation_vector
from drivers.simulation.names import (
    BASE_FRAME_COMPONENTS,
    CUBE_M,
    LIMITS,
    TRAY_FLOOR_M,
    TRAY_INNER_M,
)

OPEN = 0.85
"""Opening commanded to let go or to approach."""

CLOSED = 0.38
"""Opening commanded to grip: less than the cube is wide, so that the fingers press."""

LEAD_S = 0.12
"""How far ahead of the measured pose the targets lie; about how late the arm follows them [s]."""

_REACH_M = 0.52
_FLOOR_M = 0.016
_HOVER_M = 0.09
_CARRY_M = 0.085
_RETREAT_M = 0.11
_GRIPPED = 0.64
_REST_M = TRAY_FLOOR_M + CUBE_M / 2
_FLAT_M = CUBE_M / 2
_TOOL_DOWN = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])


class Act(Enum):
    """What the expert is about to do."""

    REACH = "reach"
    CLOSE = "close"
    CARRY = "carry"
    RELEASE = "release"
    RETREAT = "retreat"
    GIVE_UP = "give up"


@dataclass(frozen=True)
class Hand:
    """How fast this person moves.

    Attributes:
        speed_m_s: fastest motion of the tool [m/s].
        turn_rad_s: fastest turn of the tool [rad/s].
        gain_per_s: how hard remaining distance turns into speed [1/s].
        joint_rad_s: fastest any joint may be asked to move [rad/s].
    """

    speed_m_s: float = 0.13
    turn_rad_s: float = 0.9
    gain_per_s: float = 2.6
    joint_rad_s: float = 1.35


@dataclass(frozen=True)
class Sight:
    """What the expert makes of a robot state. Metres and radians, base frame.

    Attributes:
        pose: ``pose_base_tool``, shape (4, 4).
        opening: measured opening of the gripper.
        cube: centre of the cube, shape (3,).
        tray: centre of the tray, shape (2,).
        yaw: the tool's heading that suits the cube.
        between: whether the cube's centre lies between the finger pads.
    """

    pose: Floats
    opening: float
    cube: Floats
    tray: Floats
    yaw: float
    between: bool

    @property
    def tool(self) -> Floats:
        """The point between the finger tips, shape (3,)."""
        tool: Floats = self.pose[:3, 3]
        return tool

    @property
    def heading(self) -> float:
        """Direction of the tool's z axis on the table."""
        return math.atan2(self.pose[1, 2], self.pose[0, 2])

    @property
    def across(self) -> float:
        """Distance from tool to cube along the table."""
        return float(np.hypot(self.cube[0] - self.tool[0], self.cube[1] - self.tool[1]))

    @property
    def to_tray(self) -> float:
        """Distance from cube to tray along the table."""
        return float(np.hypot(self.cube[0] - self.tray[0], self.cube[1] - self.tray[1]))

    @property
    def turn(self) -> float:
        """By how much the heading is off."""
        return _wrapped(self.yaw - self.heading)

    @property
    def gripped(self) -> bool:
        """Whether the fingers have closed on the cube."""
        return self.between and self.opening < _GRIPPED

    @property
    def over_tray(self) -> bool:
        """Whether the cube is above the tray's inside, with a little to spare."""
        return bool(np.all(np.abs(self.cube[:2] - self.tray) < TRAY_INNER_M - 0.008))

    @property
    def lost(self) -> bool:
        """Whether the cube is where the arm cannot fetch it."""
        away = float(np.hypot(self.cube[0], self.cube[1]))
        return bool(self.cube[2] < 0.0 or not 0.16 < away < _REACH_M)


def look(state: RobotState) -> Sight:
    """Reads a robot state whose environment state is the simulated station's."""
    cube_x, cube_y, cube_z, sine, cosine, tray_x, tray_y = (
        float(v) for v in state.environment_state[:BASE_FRAME_COMPONENTS]
    )
    pose = VIPERX_300S.forward(state.position[:6])
    cube = np.array([cube_x, cube_y, cube_z])
    x, y, z = (float(v) for v in pose[:3, :3].T @ (cube - pose[:3, 3]))
    bearing = math.atan2(cube_y, cube_x)
    quarter = math.pi / 2
    yaw = math.atan2(sine, cosine) / 4
    yaw += quarter * round((bearing - yaw) / quarter)
    between = abs(x) < 0.021 and abs(y) < 0.022 and abs(z) < 0.016
    return Sight(
        pose=pose,
        opening=float(state.position[6]),
        cube=cube,
        tray=np.array([tray_x, tray_y]),
        yaw=yaw,
        between=between,
    )


def decide(sight: Sight) -> Act:
    """What to do next."""
    low = sight.cube[2] < _REST_M + 0.012
    if sight.over_tray and low:
        if sight.gripped or (sight.between and sight.opening < 0.72):
            return Act.CARRY if sight.cube[2] > _REST_M + 0.006 and sight.gripped else Act.RELEASE
        return Act.RETREAT
    if sight.lost:
        return Act.GIVE_UP
    if sight.gripped:
        return Act.CARRY
    height = abs(float(sight.tool[2]) - max(float(sight.cube[2]), _FLOOR_M))
    # A cube that stands on an edge between the fingers is wider than they close on in any good
    # time: let it fall flat and grip again, as a person would.
    tilted = _FLAT_M + 0.004 < sight.cube[2] < _FLAT_M + 0.015
    if sight.across < 0.012 and height < 0.012 and abs(sight.turn) < 0.2 and not tilted:
        return Act.CLOSE
    return Act.REACH


def act(state: RobotState, hand: Hand, wander: Floats) -> Floats:
    """The expert's action now, shape (7,): absolute joint targets a little ahead of the arm.

    Args:
        state: newest measurement.
        hand: how fast this person moves.
        wander: shape (6,), what this person's hand adds to the wanted twist [m/s, rad/s].
    """
    sight = look(state)
    doing = decide(sight)
    joints = state.position[:6]
    opening = CLOSED if doing in (Act.CLOSE, Act.CARRY) else OPEN
    if doing is Act.GIVE_UP:
        return np.append(joints, state.position[6])
    linear, heading = _MOTIONS[doing](sight, hand)
    twist = np.concatenate([linear, _turning(sight, heading, hand)])
    # A hand that rests does not wander.
    twist += wander * min(1.0, float(np.linalg.norm(linear)) / 0.05)
    step = VIPERX_300S.differential(joints, twist, LEAD_S)
    step *= min(1.0, hand.joint_rad_s * LEAD_S / max(float(np.abs(step).max()), 1e-9))
    targets = np.clip(joints + step, LIMITS.lower[:6], LIMITS.upper[:6])
    return np.append(targets, opening)


def _reach(sight: Sight, hand: Hand) -> tuple[Floats, float]:
    """Above the cube, then down around it, the fingers open and turned along its sides."""
    goal = np.array([sight.cube[0], sight.cube[1], _reach_height(sight)])
    return _towards(sight.tool, goal, hand), sight.yaw


def _reach_height(sight: Sight) -> float:
    """How high the tool should be on its way to the cube: the better aligned, the lower [m]."""
    off = max(0.0, sight.across - 0.008) + 0.04 * max(0.0, abs(sight.turn) - 0.08)
    closed = max(0.0, 0.74 - sight.opening)
    return max(float(sight.cube[2]), _FLOOR_M) + min(_HOVER_M, 3.0 * off + 1.5 * closed)


def _close(sight: Sight, hand: Hand) -> tuple[Floats, float]:
    """Stay, while the fingers close."""
    goal = np.array([sight.cube[0], sight.cube[1], max(float(sight.cube[2]), _FLOOR_M)])
    return 0.5 * _towards(sight.tool, goal, hand), sight.heading


def _carry(sight: Sight, hand: Hand) -> tuple[Floats, float]:
    """Up, over the tray, and down until the cube nearly touches its floor."""
    goal = np.array([sight.tray[0], sight.tray[1], _carry_height(sight)])
    firm = min(1.0, max(0.0, (_GRIPPED + 0.02 - sight.opening) / 0.06))
    bearing = math.atan2(sight.tool[1], sight.tool[0])
    return firm * _towards(sight.cube, goal, hand), bearing


def _carry_height(sight: Sight) -> float:
    """How high the cube should be on its way to the tray: the nearer, the lower [m]."""
    return _REST_M + 0.002 + min(_CARRY_M, 2.5 * max(0.0, sight.to_tray - 0.012))


def _release(sight: Sight, hand: Hand) -> tuple[Floats, float]:
    """Stay, while the fingers open."""
    return np.zeros(3), sight.heading


def _retreat(sight: Sight, hand: Hand) -> tuple[Floats, float]:
    """Up and away, once the fingers are clear."""
    clear = min(1.0, max(0.0, (sight.opening - 0.66) / 0.08))
    goal = np.array([sight.tool[0], sight.tool[1], _REST_M + _RETREAT_M])
    return clear * _towards(sight.tool, goal, hand), sight.heading


_MOTIONS = {
    Act.REACH: _reach,
    Act.CLOSE: _close,
    Act.CARRY: _carry,
    Act.RELEASE: _release,
    Act.RETREAT: _retreat,
}


def _towards(start: Floats, goal: Floats, hand: Hand) -> Floats:
    """Velocity towards a goal, shape (3,); sideways only once high enough for it."""
    away = goal - start
    across = away[:2] * hand.gain_per_s
    sideways = float(np.hypot(*across))
    across *= min(1.0, hand.speed_m_s / max(sideways, 1e-9))
    across *= min(1.0, max(0.0, 1.0 - (float(away[2]) - 0.01) / 0.04))
    up = min(max(float(away[2]) * hand.gain_per_s, -0.8 * hand.speed_m_s), 0.8 * hand.speed_m_s)
    return np.array([across[0], across[1], up])


def _turning(sight: Sight, heading: float, hand: Hand) -> Floats:
    """Angular velocity that brings the tool upright and to a heading, shape (3,)."""
    cosine, sine = math.cos(heading), math.sin(heading)
    about_z = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    error = rotation_vector(about_z @ _TOOL_DOWN @ sight.pose[:3, :3].T) * hand.gain_per_s
    size = float(np.linalg.norm(error))
    return error * min(1.0, hand.turn_rad_s / max(size, 1e-9))


def _wrapped(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi


def remaining_s(sight: Sight) -> float:
    """About how long the expert would still take, infinite if the cube is out of reach [s].

    What an onlooker feels as progress: it falls while things go well, and rises when the tool
    strays, when the fingers close beside the cube, or when the cube is dropped or pushed away.
    """
    doing = decide(sight)
    height = float(sight.tool[2])
    if doing is Act.GIVE_UP:
        return math.inf
    if doing is Act.RETREAT:
        return max(0.0, _REST_M + 0.5 * _RETREAT_M - height) / 0.1
    if doing is Act.RELEASE:
        return 1.0
    carrying = 1.4 + sight.to_tray / 0.12
    if doing is Act.CARRY:
        return carrying + max(0.0, _carry_height(sight) - float(sight.cube[2])) / 0.15
    if doing is Act.CLOSE:
        return carrying + 0.8 + max(0.0, sight.opening - 0.55)
    goal = _reach_height(sight)
    lifting = 1.2 + carrying + 2.5 * max(0.0, 0.74 - sight.opening)
    return lifting + sight.across / 0.10 + abs(height - goal) / 0.10 + 0.5 * abs(sight.turn)
