"""The simulated station: a ViperX 300 S, a cube and a tray, advanced on the caller's clock.

One ``World`` is one physics state. In lockstep it lives in the caller's process and
``sessions.clock.VirtualClock(advance=world.step_to)`` drives it; in real time ``process`` owns it.
The same seed and the same actions give the same trajectory, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from drivers.base import Floats, Image, RobotState, checked_action
from drivers.kinematics import VIPERX_300S
from drivers.simulation.engine import mujoco
from drivers.simulation.judge import Judge, Scene
from drivers.simulation.model import FINGER_TRAVEL_M, build, controls, opening
from drivers.simulation.names import (
    CAMERA_NAMES,
    CUBE_M,
    ENVIRONMENT_NAMES,
    IMAGE_HEIGHT,
    IMAGE_WIDTH,
    JOINT_NAMES,
    LIMITS,
    STAGES,
)
from drivers.simulation.rendering import Onlooker, SceneRenderer, visible

__all__ = [
    "CAMERA_NAMES",
    "ENVIRONMENT_NAMES",
    "JOINT_NAMES",
    "LIMITS",
    "STAGES",
    "World",
]

START = np.array([0.0, -0.36, 0.48, 0.0, 1.46, 0.0, 0.85])
"""Start pose: tool down, 0.2 m above the table between cube and tray, gripper open."""

_START_SPREAD = np.array([0.10, 0.05, 0.05, 0.02, 0.06, 0.08, 0.10])
_CUBE_X = (0.26, 0.40)
_CUBE_Y = (-0.20, -0.04)
_CUBE_YAW = (-0.60, 0.10)
_TRAY = (0.31, 0.19)
_TRAY_SPREAD = 0.02

# An encoder of 4096 steps a turn rounds to 1.5 mrad, 0.44 mrad rms; the others are chosen.
_POSITION_NOISE = np.array([5e-4] * 6 + [2e-3])
_VELOCITY_NOISE = np.array([1e-2] * 6 + [1e-2])
_EFFORT_NOISE = np.array([5e-2] * 6 + [2e-1])


class World:
    """The station's physics, its judge and its cameras; a ``drivers.worlds.World``.

    Args:
        seed: draws the first start pose, see ``reset``.
        start_t: the caller's clock now [s].
    """

    limits = LIMITS
    environment_names: tuple[str, ...] = ENVIRONMENT_NAMES
    cameras: Mapping[str, tuple[int, int]] = MappingProxyType(
        dict.fromkeys(CAMERA_NAMES, (IMAGE_HEIGHT, IMAGE_WIDTH))
    )

    def __init__(self, seed: int = 0, start_t: float = 0.0) -> None:
        self.model, self._parts = build()
        self.data = mujoco.MjData(self.model)
        self._dt = float(self.model.opt.timestep)
        self._t = start_t
        self._renderer: SceneRenderer | None = None
        self.reset(seed)

    @property
    def t(self) -> float:
        """The caller's clock at the last ``step_to`` [s]."""
        return self._t

    @property
    def target(self) -> Floats:
        """The joint targets being pursued, shape (7,)."""
        return self._target.copy()

    def reset(self, seed: int) -> None:
        """Puts cube, tray and arm to the start that ``seed`` draws; the clock goes on."""
        random = np.random.default_rng([seed, 0])
        self._noise = np.random.default_rng([seed, 1])
        self.seed = seed
        mujoco.mj_resetData(self.model, self.data)
        self._target = np.clip(
            START + _START_SPREAD * random.uniform(-1, 1, 7), LIMITS.lower, LIMITS.upper
        )
        ctrl = controls(self._target)
        parts, data = self._parts, self.data
        data.qpos[parts.arm_qpos] = self._target[:6]
        data.qpos[parts.finger_qpos] = ctrl[6]
        data.ctrl[:] = ctrl
        yaw = random.uniform(*_CUBE_YAW)
        cube = [random.uniform(*_CUBE_X), random.uniform(*_CUBE_Y), CUBE_M / 2]
        data.qpos[parts.cube_qpos : parts.cube_qpos + 7] = [
            *cube, np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2),
        ]  # fmt: skip
        data.mocap_pos[parts.tray_mocap, :2] = _TRAY + random.uniform(-1, 1, 2) * _TRAY_SPREAD
        mujoco.mj_forward(self.model, data)
        self._anchor_t, self._steps = self._t, 0
        self._judge = Judge()
        self._observe(0.0)

    def command(self, action: Floats) -> Floats:
        """Sets the joint targets, shape (7,), clipped to the joints' limits; returns them.

        Raises:
            InvalidActionError: wrong shape or not finite.
        """
        action = checked_action("simulated arm", action, LIMITS)
        self._target = np.clip(action, LIMITS.lower, LIMITS.upper)
        self.data.ctrl[:] = controls(self._target)
        return self._target.copy()

    def hold(self) -> None:
        """Cancels motion: the arm's targets become where it is; the grip stays as commanded."""
        target = self._target.copy()
        target[:6] = self.data.qpos[self._parts.arm_qpos]
        self.command(target)

    def step_to(self, t: float) -> None:
        """Advances the physics to the caller's time ``t``; earlier times are ignored."""
        # Counted from the reset, so that a trajectory does not depend on the clock's rounding.
        steps = int((t - self._anchor_t) / self._dt + 1e-3)
        due = steps - self._steps
        self._t = max(self._t, t)
        if due <= 0:
            return
        mujoco.mj_step(self.model, self.data, due)
        self._steps = steps
        self._observe(due * self._dt)

    def state(self) -> RobotState:
        """What the arm's sensors, and the simulation's own eye, measured at the last step."""
        measured = self._measured
        return RobotState(
            t=self._t,
            position=measured[0].copy(),
            velocity=measured[1].copy(),
            effort=measured[2].copy(),
            environment_state=self.environment(),
            stage=self._judge.stage,
            success=self._judge.success,
        )

    def environment(self) -> Floats:
        """The privileged poses, shape (12,), in the order of ``ENVIRONMENT_NAMES``.

        The tool is where the measured joints put it, as a real station would compute it.
        """
        cube = self.data.xpos[self._parts.cube_body]
        tray = self.data.mocap_pos[self._parts.tray_mocap]
        yaw = _flat_yaw(self.data.xmat[self._parts.cube_body].reshape(3, 3))
        pose_base_tool = VIPERX_300S.forward(self._measured[0][:6])
        away = pose_base_tool[:3, :3].T @ (cube - pose_base_tool[:3, 3])
        turn = yaw - float(np.arctan2(pose_base_tool[1, 2], pose_base_tool[0, 2]))
        seen_from_base = [*cube, np.sin(4 * yaw), np.cos(4 * yaw), tray[0], tray[1]]
        seen_from_tool = [*away, np.sin(4 * turn), np.cos(4 * turn)]
        return np.array([*seen_from_base, *seen_from_tool])

    def visible(self) -> Floats:
        """A copy of all that a camera can see, for ``rendering.Onlooker``."""
        return visible(self.data)

    def onlooker(self) -> Onlooker:
        """Renders from such copies, in a thread of its own."""
        return Onlooker(self.model)

    def render(self, camera: str) -> Image:
        """One camera's view now, shape (480, 640, 3), RGB.

        Always call it from the same thread. Raises DeviceConfigError for an unknown camera, and
        DeviceNotFoundError if this machine cannot render.
        """
        if self._renderer is None:
            self._renderer = SceneRenderer(self.model)
        return self._renderer.render(self.data, camera)

    def close(self) -> None:
        """Frees the render context; calling it twice is harmless."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _observe(self, dt: float) -> None:
        """Measures with noise, once a step, so that asking twice changes nothing."""
        parts, data = self._parts, self.data
        position, velocity, effort = np.empty(7), np.empty(7), np.empty(7)
        position[:6] = data.qpos[parts.arm_qpos]
        position[6] = opening(float(data.qpos[parts.finger_qpos].mean()))
        velocity[:6] = data.qvel[parts.arm_dof]
        velocity[6] = float(data.qvel[parts.finger_dof].mean()) / FINGER_TRAVEL_M
        effort[:6] = data.qfrc_actuator[parts.arm_dof]
        effort[6] = data.actuator_force[6]
        noise = self._noise.standard_normal((3, 7))
        position += _POSITION_NOISE * noise[0]
        position[6] = min(max(position[6], 0.0), 1.0)
        velocity += _VELOCITY_NOISE * noise[1]
        effort += _EFFORT_NOISE * noise[2]
        self._measured = (position, velocity, effort)
        self._judge.update(self._scene(), dt)

    def _scene(self) -> Scene:
        parts, data = self._parts, self.data
        pairs = data.contact.geom
        touching = pairs[(pairs == parts.cube_geom).any(axis=1)]
        left = bool((touching == parts.left_pad).any())
        right = bool((touching == parts.right_pad).any())
        speed = np.linalg.norm(data.qvel[parts.cube_dof : parts.cube_dof + 3])
        return Scene(
            tool=data.site_xpos[parts.tool_site],
            cube=data.xpos[parts.cube_body],
            cube_speed=float(speed),
            tray=data.mocap_pos[parts.tray_mocap],
            gripped=left and right,
            touched=left or right,
        )


def _flat_yaw(rotation: Floats) -> float:
    """Yaw of a cube about the vertical, whichever face it lies on [rad]."""
    up = int(np.argmax(np.abs(rotation[2])))
    side = rotation[:, (up + 1) % 3]
    return float(np.arctan2(side[1], side[0]))
