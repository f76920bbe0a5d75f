"""Forward, differential and inverse kinematics of a named serial arm, for end-effector jogging.

Poses are homogeneous matrices, shape (4, 4), of the tool in the base frame (``pose_base_tool``):
metres, base z up. Joint vectors have shape (J,) in rad and never include the gripper. The tool
point lies between the finger tips; the tool's x axis points out of the gripper.

Written here rather than taken from mink because a 6-joint chain needs no solver of quadratic
programs, and the control process must not import MuJoCo.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from drivers.base import Floats

ANGULAR_WEIGHT_M = 0.15
"""How many metres of position error one rad of orientation error is worth in least squares."""

_SINGULAR = 0.02
"""Singular value below which damping sets in [m/rad, angular rows weighted]."""

_DAMPING = 0.02
"""Damping at a singularity, as a singular value; bounds the gain to 1 / (2 * damping)."""


@dataclass(frozen=True)
class Link:
    """One revolute joint and where it sits.

    Attributes:
        name: the joint's name.
        axis: unit axis of rotation in the parent link's frame, shape (3,).
        offset_m: origin of the joint in the parent link's frame, shape (3,) [m].
        lower: lowest angle [rad].
        upper: highest angle [rad].
    """

    name: str
    axis: tuple[float, float, float]
    offset_m: tuple[float, float, float]
    lower: float
    upper: float


class Arm:
    """A serial chain of revolute joints. Immutable, so every process may share one instance.

    Args:
        links: joints from the base to the wrist.
        tool_m: tool point in the last link's frame, shape (3,) [m].
    """

    def __init__(self, links: tuple[Link, ...], tool_m: tuple[float, float, float]) -> None:
        self.links = links
        self.tool_m = tool_m
        self.names = tuple(link.name for link in links)
        self.lower: Floats = np.array([link.lower for link in links])
        self.upper: Floats = np.array([link.upper for link in links])
        axes = np.array([link.axis for link in links])
        self._axes = axes / np.linalg.norm(axes, axis=1, keepdims=True)
        self._cross: Floats = np.array([_cross_matrix(axis) for axis in self._axes])
        self._cross_squared: Floats = self._cross @ self._cross
        self._constant = np.tile(np.eye(4), (len(links) + 1, 1, 1))
        self._constant[:-1, :3, 3] = [link.offset_m for link in links]
        self._constant[-1, :3, 3] = tool_m

    @property
    def size(self) -> int:
        """Number of joints J."""
        return len(self.links)

    def forward(self, joints: Floats) -> Floats:
        """``pose_base_tool``, shape (4, 4), at ``joints``, shape (J,)."""
        pose: Floats = self.frames(joints)[-1]
        return pose

    def jacobian(self, joints: Floats) -> Floats:
        """Geometric Jacobian of the tool point, shape (6, J), in the base frame.

        Rows are linear velocity [m/rad] then angular velocity [rad/rad].
        """
        return self.jacobian_at(self.frames(joints))

    def differential(self, joints: Floats, twist: Floats, dt: float) -> Floats:
        """The joint step that moves the tool by ``twist`` for ``dt``, as well as the arm can.

        Damped least squares with damping that grows towards a singularity (Nakamura and Hanafusa
        1986), so that the step stays bounded there. A joint that would leave its limits stops at
        them and the others make up for it where they can.

        Args:
            joints: shape (J,) [rad].
            twist: shape (6,), linear [m/s] then angular [rad/s], base frame.
            dt: duration [s].

        Returns:
            The step, shape (J,) [rad]; ``joints + step`` lies within the limits, or no further
            outside than ``joints`` did.
        """
        return self._step(self.jacobian(joints), joints, np.asarray(twist) * dt)

    def inverse(
        self,
        pose_base_tool: Floats,
        start: Floats,
        iterations: int = 60,
        tolerance_m: float = 1e-4,
        tolerance_rad: float = 1e-3,
    ) -> tuple[Floats, bool]:
        """Joints that bring the tool to a pose, searched from ``start`` within the limits.

        Args:
            pose_base_tool: the wanted pose, shape (4, 4).
            start: where to begin, shape (J,) [rad]; decides which of several solutions is found.
            iterations: steps to take at most; each costs about as much as ``differential``.
            tolerance_m: position error that counts as reached [m].
            tolerance_rad: orientation error that counts as reached [rad].

        Returns:
            (the best joints found, shape (J,), whether they are within both tolerances).
        """
        joints = np.clip(np.asarray(start, dtype=np.float64), self.lower, self.upper)
        best, best_cost = joints, math.inf
        for _ in range(iterations + 1):
            frames = self.frames(joints)
            error = pose_error(frames[-1], pose_base_tool)
            linear, angular = float(np.linalg.norm(error[:3])), float(np.linalg.norm(error[3:]))
            cost = linear + ANGULAR_WEIGHT_M * angular
            if cost < best_cost:
                best, best_cost = joints, cost
            if linear <= tolerance_m and angular <= tolerance_rad:
                return joints, True
            # Linearisation holds for steps of a few tenths of a rad; far goals are approached.
            step = self._step(self.jacobian_at(frames), joints, error)
            step *= min(1.0, 0.4 / max(float(np.abs(step).max()), 1e-9))
            joints = np.clip(joints + step, self.lower, self.upper)
        return best, False

    def frames(self, joints: Floats) -> Floats:
        """Pose of each link after its joint, then of the tool, base frame, shape (J + 1, 4, 4)."""
        angles = np.asarray(joints, dtype=np.float64)[:, None, None]
        frames = self._constant.copy()
        frames[:-1, :3, :3] += np.sin(angles) * self._cross
        frames[:-1, :3, :3] += (1.0 - np.cos(angles)) * self._cross_squared
        pose = frames[0]
        for frame in frames[1:]:
            pose = pose @ frame
            frame[...] = pose
        return frames

    def jacobian_at(self, frames: Floats) -> Floats:
        """``jacobian`` where ``frames`` are known already, which is most of the work."""
        axes = np.matmul(frames[:-1, :3, :3], self._axes[:, :, None])[:, :, 0].T
        arms = (frames[-1, :3, 3] - frames[:-1, :3, 3]).T
        jacobian = np.empty((6, self.size))
        jacobian[0] = axes[1] * arms[2] - axes[2] * arms[1]
        jacobian[1] = axes[2] * arms[0] - axes[0] * arms[2]
        jacobian[2] = axes[0] * arms[1] - axes[1] * arms[0]
        jacobian[3:] = axes
        return jacobian

    def _step(self, jacobian: Floats, joints: Floats, wanted: Floats) -> Floats:
        weighted = jacobian.copy()
        weighted[3:] *= ANGULAR_WEIGHT_M
        left = np.array(wanted, dtype=np.float64)
        left[3:] *= ANGULAR_WEIGHT_M
        # A joint measured slightly outside its limits may come back but is not snapped back.
        lowest = np.minimum(self.lower - joints, 0.0)
        highest = np.maximum(self.upper - joints, 0.0)
        step = _damped(weighted, left)
        free = np.ones(self.size, dtype=bool)
        for _ in range(self.size):
            beyond = free & ((step < lowest) | (step > highest))
            if not beyond.any():
                break
            step[beyond] = np.clip(step[beyond], lowest[beyond], highest[beyond])
            free &= ~beyond
            if not free.any():
                break
            locked = ~free
            step[free] = _damped(weighted[:, free], left - weighted[:, locked] @ step[locked])
        return np.clip(step, lowest, highest)


def rotation_matrix(vector: Floats) -> Floats:
    """The rotation by ``|vector|`` rad about ``vector``, shape (3,) -> (3, 3) (Rodrigues)."""
    x, y, z = (float(v) for v in vector)
    angle = math.sqrt(x * x + y * y + z * z)
    if angle < 1e-12:
        return np.eye(3)
    cross = _cross_matrix(np.array([x, y, z]) / angle)
    rotation: Floats = np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross
    return rotation


def rotation_vector(rotation: Floats) -> Floats:
    """The inverse of ``rotation_matrix``: axis times angle in [0, pi], shape (3, 3) -> (3,)."""
    r = rotation.tolist()
    skew = (r[2][1] - r[1][2], r[0][2] - r[2][0], r[1][0] - r[0][1])
    sine = 0.5 * math.sqrt(skew[0] ** 2 + skew[1] ** 2 + skew[2] ** 2)
    cosine = 0.5 * (r[0][0] + r[1][1] + r[2][2] - 1.0)
    angle = math.atan2(sine, cosine)
    if sine > 1e-6:
        return np.array(skew) * (0.5 * angle / sine)
    if cosine > 0:
        return np.array(skew) * 0.5
    # Half a turn: the skew part vanishes and the axis is the column space of R + I.
    symmetric = 0.5 * (rotation + np.eye(3))
    column = int(np.argmax(np.diag(symmetric)))
    axis: Floats = symmetric[:, column] / math.sqrt(float(symmetric[column, column]))
    return axis * angle


def pose_error(pose: Floats, goal: Floats) -> Floats:
    """The base-frame displacement, shape (6,), that takes ``pose`` to ``goal`` [m, rad]."""
    error = np.empty(6)
    error[:3] = goal[:3, 3] - pose[:3, 3]
    error[3:] = rotation_vector(goal[:3, :3] @ pose[:3, :3].T)
    return error


def _damped(jacobian: Floats, wanted: Floats) -> Floats:
    u, sizes, vt = np.linalg.svd(jacobian, full_matrices=False)
    smallest = float(sizes[-1])
    damping = 0.0
    if smallest < _SINGULAR:
        damping = _DAMPING**2 * (1.0 - (smallest / _SINGULAR) ** 2)
    step: Floats = (wanted @ u * (sizes / (sizes * sizes + max(damping, 1e-12)))) @ vt
    return step


def _cross_matrix(axis: Floats) -> Floats:
    x, y, z = axis
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


VIPERX_300S = Arm(
    (
        Link("waist", (0, 0, 1), (0.0, 0.0, 0.079), -3.14158, 3.14158),
        Link("shoulder", (0, 1, 0), (0.0, 0.0, 0.04805), -1.85005, 1.25664),
        Link("elbow", (0, 1, 0), (0.05955, 0.0, 0.3), -1.76278, 1.6057),
        Link("forearm_roll", (1, 0, 0), (0.2, 0.0, 0.0), -3.14158, 3.14158),
        Link("wrist_angle", (0, 1, 0), (0.1, 0.0, 0.0), -1.8675, 2.23402),
        Link("wrist_rotate", (1, 0, 0), (0.069744, 0.0, 0.0), -3.14158, 3.14158),
    ),
    (0.0485 + 0.0687, 0.0, 0.0),
)
"""Trossen ViperX 300 S, from its published robot description; see also the ALOHA station."""
