"""An environment in lockstep: read, stepped once a command, judged, put back."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.base import DeviceConfigError, DriverError
from drivers.registry import DeviceContext, create
from tests.drivers.environments.parts import PERIOD_S, RATE_HZ, robot_in, world


@pytest.fixture
def reach():
    made = world(seed=3)
    yield made
    made.close()


def go(made, target, steps: int = 1) -> None:
    for _ in range(steps):
        made.command(np.array(target))
        made.step_to(made.t + PERIOD_S)


def test_what_the_observation_says_becomes_position_and_named_state(reach):
    state = reach.state()
    np.testing.assert_array_equal(state.position, reach.observation["agent_pos"])
    assert reach.environment_names == ("scene_gap", "scene_goal_0", "scene_goal_1")
    np.testing.assert_allclose(
        state.environment_state,
        [*reach.observation["scene"]["gap"], *reach.observation["scene"]["goal"]],
    )
    assert reach.cameras == {"scene": (64, 64)}


def test_the_environment_moves_one_step_for_each_command_and_stands_still_without(reach):
    steps = reach._env.unwrapped
    go(reach, [0.0, 0.0], 3)
    assert steps.steps == 3
    for _ in range(10):
        reach.step_to(reach.t + PERIOD_S)
    assert steps.steps == 3
    reach.command(np.zeros(2))
    reach.step_to(reach.t)  # no time has passed
    assert steps.steps == 3
    reach.command(np.array([0.1, 0.0]))
    reach.command(np.array([0.2, 0.0]))
    reach.step_to(reach.t + PERIOD_S)
    assert steps.steps == 4


def test_the_limits_let_the_whole_range_through_in_one_step_unless_the_station_says_less(reach):
    np.testing.assert_allclose(reach.limits.velocity * PERIOD_S, [2.0, 2.0])
    np.testing.assert_allclose(reach.limits.acceleration * PERIOD_S**2, [4.0, 4.0])
    slower = world(velocity=[0.5], acceleration=[2.0, 3.0])
    np.testing.assert_array_equal(slower.limits.velocity, [0.5, 0.5])
    np.testing.assert_array_equal(slower.limits.acceleration, [2.0, 3.0])


def test_velocity_is_what_a_step_moved_and_nothing_while_it_stands(reach):
    before = reach.state().position
    go(reach, [0.0, before[1]])
    moved = reach.state()
    np.testing.assert_allclose(moved.velocity, (moved.position - before) * RATE_HZ)
    assert moved.velocity[0] > 1.0
    reach.hold()
    assert not reach.state().velocity.any()


def test_the_same_seed_gives_the_same_scene_and_another_another(reach):
    starts = []
    for seed in (7, 8, 7):
        reach.reset(seed)
        starts.append(np.concatenate([reach.state().position, reach.state().environment_state]))
    np.testing.assert_array_equal(starts[0], starts[2])
    assert np.abs(starts[0] - starts[1]).max() > 0.01


def test_success_is_the_environments_own_and_lasts_until_the_scene_is_put_back(reach):
    gap, goal = reach.observation["scene"]["gap"][0], reach.observation["scene"]["goal"]
    go(reach, [-0.2, gap], 25)
    go(reach, [0.2, gap], 10)
    assert not reach.state().success
    go(reach, goal, 25)
    assert reach.state().success
    where = reach.state().position
    go(reach, [0.0, 0.0], 5)  # over is over: it stands still
    np.testing.assert_array_equal(reach.state().position, where)
    assert reach.state().success
    reach.reset(4)
    assert not reach.state().success
    go(reach, [0.0, 0.0])
    assert not np.array_equal(reach.state().position, where)


def test_an_episode_has_no_time_limit_but_the_tasks(reach):
    go(reach, [-0.9, 0.0], 120)  # the id is registered with 50 steps
    reach.command(np.array([-0.9, 0.9]))
    before = reach.state().position[1]
    reach.step_to(reach.t + PERIOD_S)
    assert reach.state().position[1] > before


@pytest.mark.parametrize(
    ("says", "done"),
    [
        ({"success": "reward", "success_reward": -0.5}, True),
        ({"success": "reward", "success_reward": -0.01}, False),
        ({"success": "terminated"}, False),
        ({"success": "distance"}, True),
    ],
)
def test_what_counts_as_success_can_be_chosen(says, done):
    made = world(seed=3, kwargs={"says_success": False}, **says)
    goal = made.observation["scene"]["goal"]
    made._env.unwrapped.agent = goal - [0.3, 0.0]
    go(made, goal - [0.2, 0.0])
    assert made.state().success is done
    made.close()


def test_components_of_a_flat_observation_can_be_the_position(reach):
    flat = world(
        seed=3,
        kwargs={"observes": "box"},
        position="[0:2]",
        environment_names=["gap", "goal_x", "goal_y"],
    )
    np.testing.assert_array_equal(flat.state().position, reach.state().position)
    assert flat.environment_names == ("gap", "goal_x", "goal_y")
    robot = robot_in(flat)
    np.testing.assert_array_equal(robot.observation(flat.state()), flat.observation)
    flat.close()


def test_without_a_measure_the_action_in_force_is_the_position():
    made = world(position="")
    assert made.environment_names[:2] == ("agent_pos_0", "agent_pos_1")
    np.testing.assert_array_equal(made.state().position, [0.0, 0.0])
    go(made, [0.4, -0.2])
    np.testing.assert_array_equal(made.state().position, [0.4, -0.2])
    made.close()


def test_a_displacement_is_spoken_to_in_targets():
    made = world(seed=3, kwargs={"displaced": 0.05}, delta=[0.05])
    np.testing.assert_array_equal(made.limits.upper, [1.0, 1.0])
    np.testing.assert_allclose(made.limits.velocity * PERIOD_S, [0.05, 0.05])
    start = made.state().position
    go(made, start + np.array([0.03, -0.02]))
    np.testing.assert_allclose(made.state().position, start + np.array([0.03, -0.02]), atol=1e-7)
    go(made, start + np.array([0.5, 0.0]))  # an action of 1 at most
    assert made.state().position[0] == pytest.approx(start[0] + 0.03 + 0.05)
    robot = robot_in(made, delta=[0.05])
    state = made.state()
    np.testing.assert_allclose(
        robot.target(np.array([1.0, -0.5]), state), state.position + np.array([0.05, -0.025])
    )
    np.testing.assert_array_equal(robot.action_high, [1.0, 1.0])
    made.close()


def test_pictures_of_the_observation_are_cameras_beside_the_rendering():
    made = world(kwargs={"observes": "pixels"})
    assert set(made.cameras) == {"pixels", "scene"}
    np.testing.assert_array_equal(made.render("pixels"), made.observation["pixels"])
    before = made.render("scene")
    go(made, [0.0, 0.0])
    assert not np.array_equal(made.render("scene"), before)
    with pytest.raises(DeviceConfigError, match="pixels, scene"):
        made.render("top")
    camera = create("cameras", "view", {"type": "simulated", "source": "pixels"}, context(made))
    camera.connect()
    frame = camera.read(0.0)
    assert frame.image.shape == (camera.height, camera.width, 3) == (64, 64, 3)
    with pytest.raises(DeviceConfigError, match="pixels, scene"):
        create("cameras", "top", {"type": "simulated"}, context(made))
    made.close()


def context(made) -> DeviceContext:
    return DeviceContext(world=made)


def test_an_error_of_the_environment_names_it():
    made = world(id="reach/Breaking-v0")
    with pytest.raises(DriverError, match=r"Breaking-v0 failed: ValueError: the plane is full"):
        go(made, [0.0, 0.0], 9)
    made.close()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"id": "reach/Rech-v0"}, "Did you mean reach/Reach-v0"),
        ({"id": "nope/X-v0", "module": ""}, "Install the package that has nope"),
        ({"module": "nope.reach"}, "no module nope.reach, neither installed nor in"),
        ({"id": "reach/Button-v0"}, r"Discrete\(4\), not a Box. Choose"),
        ({"id": "reach/Blind-v0"}, "renders no arrays .* Choose one with render mode rgb_array"),
        ({"kwargs": {"colour": 1}}, "argument 'colour'.* Correct kwargs"),
        ({"kwargs": {"bounded": False}}, "x of reach/Reach-v0 goes from -inf to inf. Give limits"),
        ({"kwargs": {"says_success": False}}, "info has distance. Set success"),
        ({"position": "agent"}, "Choose one of: agent_pos, scene/gap, scene/goal"),
        ({"position": "scene/goal[0:1]"}, "selects 1 numbers; the action has 2"),
        ({"actions": ["x", "gripper"]}, r"gripper goes from -1 to 1.*\[0, 1\]"),
        ({"actions": ["x"]}, "actions names x; the action has 2"),
        ({"environment_names": ["gap"]}, "has 1 names; the observation has 3"),
        ({"lower": [0.0, 0.0, 0.0]}, "lower has 3 values; the action has 2"),
        ({"delta": [0.1], "position": ""}, "what of the observation they displace"),
        ({"identity": "x"}, "Unknown key 'identity'"),
    ],
)
def test_what_cannot_be_a_station_is_refused_with_the_remedy(table, message):
    with pytest.raises(DeviceConfigError, match=message):
        world(**table)


def test_limits_that_are_given_replace_missing_ones():
    made = world(kwargs={"bounded": False}, lower=[-1.0], upper=[1.0, 0.5])
    np.testing.assert_array_equal(made.limits.upper, [1.0, 0.5])
    np.testing.assert_array_equal(made.command(np.array([9.0, 9.0])), [1.0, 0.5])
    made.close()
