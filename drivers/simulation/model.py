"""Builds the MuJoCo model of the station and says where its parts lie in MuJoCo's arrays."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.base import Floats
from drivers.simulation.engine import mujoco
from drivers.simulation.names import JOINT_NAMES
from drivers.simulation.textures import wood

SCENE = Path(__file__).with_name("scene.xml")
FINGER_CLOSED_M = 0.021
FINGER_TRAVEL_M = 0.036
"""A finger slides from 0.021 m (closed, opening 0) to 0.057 m (opening 1)."""


@dataclass(frozen=True)
class Parts:
    """Indices of the station's parts in the model's arrays.

    Attributes:
        arm_qpos: shape (6,), positions of the arm's joints in ``qpos``.
        arm_dof: shape (6,), their velocities in ``qvel``.
        finger_qpos: left and right finger in ``qpos``, shape (2,).
        finger_dof: left and right finger in ``qvel``, shape (2,).
        cube_qpos: first of the cube's seven values in ``qpos``.
        cube_dof: first of the cube's six values in ``qvel``.
        cube_body: the cube's body.
        cube_geom: the cube's geometry.
        tray_mocap: the tray's row in ``mocap_pos``.
        tool_site: the point between the finger tips.
        left_pad: geometry of the left finger's pad.
        right_pad: geometry of the right finger's pad.
    """

    arm_qpos: NDArray[np.intp]
    arm_dof: NDArray[np.intp]
    finger_qpos: NDArray[np.intp]
    finger_dof: NDArray[np.intp]
    cube_qpos: int
    cube_dof: int
    cube_body: int
    cube_geom: int
    tray_mocap: int
    tool_site: int
    left_pad: int
    right_pad: int


def build() -> tuple[Any, Parts]:
    """The compiled ``mujoco.MjModel`` and the indices of its parts."""
    spec = mujoco.MjSpec.from_file(str(SCENE))
    texture = spec.texture("wood")
    texture.builtin = mujoco.mjtBuiltin.mjBUILTIN_NONE
    texture.nchannel = 3
    texture.data = wood(texture.height, texture.width).tobytes()
    model = spec.compile()
    return model, _parts(model)


def opening(finger_m: float) -> float:
    """Gripper opening, 0 closed to 1 open, of a finger's slide position [m]."""
    return (finger_m - FINGER_CLOSED_M) / FINGER_TRAVEL_M


def controls(action: Floats) -> Floats:
    """Actuator targets, shape (7,), of an action: the opening becomes a slide position [m]."""
    ctrl = action.copy()
    ctrl[6] = FINGER_CLOSED_M + FINGER_TRAVEL_M * action[6]
    return ctrl


def _parts(model: Any) -> Parts:
    arm = [model.joint(name) for name in JOINT_NAMES[:6]]
    fingers = [model.joint(name) for name in ("left_finger", "right_finger")]
    cube = model.joint("cube")
    return Parts(
        arm_qpos=np.array([int(joint.qposadr[0]) for joint in arm], dtype=np.intp),
        arm_dof=np.array([int(joint.dofadr[0]) for joint in arm], dtype=np.intp),
        finger_qpos=np.array([int(joint.qposadr[0]) for joint in fingers], dtype=np.intp),
        finger_dof=np.array([int(joint.dofadr[0]) for joint in fingers], dtype=np.intp),
        cube_qpos=int(cube.qposadr[0]),
        cube_dof=int(cube.dofadr[0]),
        cube_body=int(model.body("cube").id),
        cube_geom=int(model.geom("cube_solid").id),
        tray_mocap=int(model.body("tray").mocapid[0]),
        tool_site=int(model.site("tool").id),
        left_pad=int(model.geom("left_pad").id),
        right_pad=int(model.geom("right_pad").id),
    )
