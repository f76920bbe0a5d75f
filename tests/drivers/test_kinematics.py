import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.kinematics import (
    VIPERX_300S,
    pose_error,
    rotation_matrix,
    rotation_vector,
)
from drivers.simulation.engine import mujoco
from drivers.simulation.model import build

ARM = VIPERX_300S
HOME = np.array([0.0, -0.96, 1.16, 0.0, -0.3, 0.0])
TOOL_DOWN = np.array([0.0, -0.36, 0.48, 0.0, 1.46, 0.0])


def unit_to_joints(units: list[float]) -> np.ndarray:
    return ARM.lower + np.array(units) * (ARM.upper - ARM.lower)


joints = st.lists(st.floats(0, 1), min_size=6, max_size=6).map(unit_to_joints)
numbers = st.floats(-1, 1)
twists = st.lists(numbers, min_size=6, max_size=6).map(np.array)


@pytest.fixture(scope="module")
def simulation():
    model, parts = build()
    return model, mujoco.MjData(model), parts


@given(q=joints)
def test_forward_kinematics_agree_with_the_simulated_arm(simulation, q):
    model, data, parts = simulation
    data.qpos[parts.arm_qpos] = q
    mujoco.mj_kinematics(model, data)
    pose = ARM.forward(q)
    np.testing.assert_allclose(pose[:3, 3], data.site_xpos[parts.tool_site], atol=1e-6)
    rotation = data.site_xmat[parts.tool_site].reshape(3, 3)
    np.testing.assert_allclose(pose[:3, :3], rotation, atol=1e-6)


def test_limits_agree_with_the_simulated_arm(simulation):
    model, _, _ = simulation
    for name, lower, upper in zip(ARM.names, ARM.lower, ARM.upper, strict=True):
        np.testing.assert_allclose(model.joint(name).range, (lower, upper), atol=1e-5)


@given(q=joints)
def test_the_jacobian_is_the_derivative_of_forward_kinematics(q):
    jacobian = ARM.jacobian(q)
    for i in range(ARM.size):
        nudge = np.zeros(6)
        nudge[i] = 1e-6
        slope = pose_error(ARM.forward(q - nudge), ARM.forward(q + nudge)) / 2e-6
        np.testing.assert_allclose(jacobian[:, i], slope, atol=1e-5)


def test_a_small_twist_at_an_ordinary_pose_is_followed_exactly():
    twist = np.array([0.1, -0.05, 0.08, 0.2, -0.1, 0.3])
    step = ARM.differential(TOOL_DOWN, twist, 1e-3)
    moved = pose_error(ARM.forward(TOOL_DOWN), ARM.forward(TOOL_DOWN + step))
    np.testing.assert_allclose(moved, twist * 1e-3, atol=2e-6)


@given(q=joints, twist=twists)
def test_a_step_stays_within_the_limits_and_bounded_even_at_singularities(q, twist):
    step = ARM.differential(q, twist, 0.02)
    assert np.isfinite(step).all()
    assert (q + step >= ARM.lower - 1e-9).all()
    assert (q + step <= ARM.upper + 1e-9).all()
    assert np.abs(step).max() < 1.0


@given(twist=twists)
def test_a_joint_outside_its_limits_never_goes_further_out_and_is_not_snapped_back(twist):
    q = HOME.copy()
    q[1] = ARM.upper[1] + 0.02
    step = ARM.differential(q, twist, 0.02)
    assert q[1] + step[1] <= q[1] + 1e-12
    assert abs(step[1]) < 1.0


@given(q=joints, nudge=st.lists(st.floats(-0.2, 0.2), min_size=6, max_size=6))
def test_inverse_kinematics_that_say_converged_reach_the_pose_within_limits(q, nudge):
    goal = ARM.forward(q)
    found, converged = ARM.inverse(goal, q + np.array(nudge))
    assert (found >= ARM.lower).all()
    assert (found <= ARM.upper).all()
    if converged:
        error = pose_error(ARM.forward(found), goal)
        assert np.linalg.norm(error[:3]) <= 1.1e-4
        assert np.linalg.norm(error[3:]) <= 1.1e-3


def test_inverse_kinematics_reach_the_whole_work_area_with_the_tool_down():
    down = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    for x in (0.25, 0.32, 0.4):
        for y in (-0.2, 0.0, 0.2):
            for z in (0.02, 0.1, 0.2):
                goal = np.eye(4)
                goal[:3, :3] = rotation_matrix(np.array([0, 0, np.arctan2(y, x)])) @ down
                goal[:3, 3] = x, y, z
                _, converged = ARM.inverse(goal, TOOL_DOWN)
                assert converged, (x, y, z)


def test_inverse_kinematics_of_an_unreachable_pose_say_so_and_give_the_closest_found():
    goal = ARM.forward(HOME)
    goal[:3, 3] = [2.0, 0.0, 0.3]
    found, converged = ARM.inverse(goal, HOME)
    assert not converged
    assert ARM.forward(found)[0, 3] > ARM.forward(HOME)[0, 3] + 0.2


@given(vector=st.lists(st.floats(-1.8, 1.8), min_size=3, max_size=3).map(np.array))
def test_rotation_vectors_and_matrices_are_inverse(vector):
    rotation = rotation_matrix(vector)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    back = rotation_matrix(rotation_vector(rotation))
    np.testing.assert_allclose(back, rotation, atol=1e-6)


@pytest.mark.parametrize("axis", [(1, 0, 0), (0, -1, 0), (0, 0, 1), (0.6, 0, 0.8)])
def test_half_a_turn_has_a_rotation_vector(axis):
    rotation = rotation_matrix(np.array(axis) * np.pi)
    vector = rotation_vector(rotation)
    assert np.linalg.norm(vector) == pytest.approx(np.pi)
    np.testing.assert_allclose(rotation_matrix(vector), rotation, atol=1e-6)
