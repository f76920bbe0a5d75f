"""What the simulated station is called and may do; imports nothing heavy."""

from __future__ import annotations

import numpy as np

from drivers.base import JointLimits

JOINT_NAMES = (
    "waist",
    "shoulder",
    "elbow",
    "forearm_roll",
    "wrist_angle",
    "wrist_rotate",
    "gripper",
)
ENVIRONMENT_NAMES = (
    "cube_x",
    "cube_y",
    "cube_z",
    "cube_sin4yaw",
    "cube_cos4yaw",
    "tray_x",
    "tray_y",
    "tool_to_cube_x",
    "tool_to_cube_y",
    "tool_to_cube_z",
    "turn_sin4",
    "turn_cos4",
)
"""Privileged poses: cube and tray in the base frame, then the cube in the tool's frame [m], as
robomimic's low-dimensional ``object`` observation has both. A cube looks the same every quarter
turn, so its yaw, and the turn from the tool's heading to it, are given as the sine and cosine of
four times themselves: continuous, and equal for equal looks."""

BASE_FRAME_COMPONENTS = 7
"""So many components of the environment state, from the first, are seen from the base frame."""

CAMERA_NAMES = ("top", "wrist")
STAGES = ("approach", "grasp", "transport", "placement")
IMAGE_HEIGHT = 480
IMAGE_WIDTH = 640

CUBE_M = 0.04
"""Edge of the cube [m]."""

TRAY_INNER_M = 0.066
"""Half of the tray's inner width [m]."""

TRAY_FLOOR_M = 0.004
"""Height of the tray's floor above the table [m]."""

TRAY_RIM_M = 0.018
"""Height of the tray's rims above the table [m]."""

TABLE_M = (-0.48, 0.74, -0.65, 0.65)
"""The table's edges in the base frame: lowest and highest x, lowest and highest y [m]."""

SUCCESS_S = 1.0
"""How long the cube must rest in the tray, let go of, for the task to count as done [s]."""

# Lower and upper of the arm: the published ViperX 300 S; speed: what its servos do unloaded.
LIMITS = JointLimits(
    names=JOINT_NAMES,
    lower=np.array([-3.14158, -1.85005, -1.76278, -3.14158, -1.8675, -3.14158, 0.0]),
    upper=np.array([3.14158, 1.25664, 1.6057, 3.14158, 2.23402, 3.14158, 1.0]),
    velocity=np.array([3.14, 3.14, 3.14, 3.14, 3.14, 3.14, 4.0]),
    acceleration=np.array([25.0, 25.0, 25.0, 25.0, 25.0, 25.0, 40.0]),
)
