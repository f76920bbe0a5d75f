"""What the loop relies on of every robot."""

import numpy as np
import pytest

from drivers import registry
from drivers.base import Asked, InvalidActionError, Motors, Robot, SceneReset
from tests.contracts.parts import ROBOTS, TICK_S, all_parts


def test_every_robot_has_a_bench():
    assert set(ROBOTS) == set(registry.names("robots"))


@pytest.fixture(scope="module", params=all_parts(ROBOTS), ids=lambda p: "-".join(p))
def bench(request, tmp_path_factory):
    kind, variant = request.param
    with ROBOTS[kind][variant](tmp_path_factory.mktemp("runtime")) as bench:
        yield bench


@pytest.fixture
def robot(bench):
    robot = bench.device
    robot.connect()
    if isinstance(robot, SceneReset):
        robot.reset_scene(1)
    if isinstance(robot, Motors):
        robot.engage()
    bench.wait(TICK_S)
    yield robot
    robot.disconnect()


def follow(bench, target, duration_s: float) -> None:
    for _ in range(round(duration_s / TICK_S)):
        bench.device.send_action(target)
        bench.wait(TICK_S)


def test_it_is_a_robot_with_limits_that_make_sense(robot):
    assert isinstance(robot, Robot)
    limits = robot.limits
    assert len(set(limits.names)) == limits.size
    for array in (limits.lower, limits.upper, limits.velocity, limits.acceleration):
        assert array.shape == (limits.size,)
        assert np.isfinite(array).all()
    assert (limits.lower < limits.upper).all()
    # A gripper is told by its name; a robot may have none.
    assert (limits.lower[limits.openings] == 0.0).all()
    assert (limits.upper[limits.openings] == 1.0).all()
    assert (limits.velocity > 0).all()
    assert (limits.acceleration > 0).all()
    assert len(set(robot.environment_names)) == len(robot.environment_names)


def test_an_observation_has_the_promised_shapes_and_is_of_now(bench, robot):
    state = robot.get_observation()
    for array in (state.position, state.velocity, state.effort):
        assert array.shape == (robot.limits.size,)
        assert array.dtype == np.float64
        assert np.isfinite(array).all()
    assert state.environment_state.shape == (len(robot.environment_names),)
    assert (state.position >= robot.limits.lower - 0.05).all()
    assert (state.position <= robot.limits.upper + 0.05).all()
    assert -1e-6 <= bench.now() - state.t < 2.0
    assert state.stage >= -1
    assert state.success is False


def test_observations_go_forward_in_time_and_are_the_readers_own(bench, robot):
    first = robot.get_observation()
    kept = first.position.copy()
    bench.wait(0.05)
    second = robot.get_observation()
    assert second.t > first.t
    second.position[:] = 99.0
    np.testing.assert_array_equal(first.position, kept)
    assert np.abs(robot.get_observation().position).max() < 10.0


def test_what_was_asked_ahead_is_measured_after_the_question(bench, robot):
    if not isinstance(robot, Asked):
        pytest.skip("it is read at once")
    before = robot.get_observation()
    for _ in range(3):
        asked_t = bench.now()
        robot.ask()
        bench.wait(TICK_S)
        robot.send_action(before.position)
        after = robot.get_observation()
        assert after.t > asked_t
        np.testing.assert_allclose(after.position, before.position, atol=0.05)
    robot.ask()
    robot.ask()
    assert robot.get_observation().t > after.t
    robot.disconnect()
    robot.ask()


def test_it_goes_where_it_is_sent_and_says_what_it_sent(bench, robot):
    start = robot.get_observation().position
    target = start.copy()
    target[0] += 0.2
    target[-1] = 0.3
    sent = robot.send_action(target)
    np.testing.assert_array_equal(sent, target)
    follow(bench, target, 1.5)
    np.testing.assert_allclose(robot.get_observation().position, target, atol=0.06)


def test_a_target_beyond_the_limits_is_sent_at_the_limits(robot):
    target = robot.get_observation().position
    target[-1] = 1.7
    sent = robot.send_action(target)
    assert sent[-1] == 1.0
    assert target[-1] == 1.7
    robot.stop()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_action_that_is_not_finite_is_refused_by_joint_and_moves_nothing(bench, robot, bad):
    start = robot.get_observation().position
    follow(bench, start, 0.3)
    before = robot.get_observation().position
    target = start + 0.3
    target[1] = bad
    with pytest.raises(InvalidActionError, match=robot.limits.names[1]):
        robot.send_action(target)
    bench.wait(0.3)
    np.testing.assert_allclose(robot.get_observation().position, before, atol=0.02)


def test_an_action_of_the_wrong_shape_is_refused(robot):
    with pytest.raises(InvalidActionError, match="shape"):
        robot.send_action(np.zeros(robot.limits.size + 1))


def test_stop_cancels_the_target_that_is_being_pursued(bench, robot):
    start = robot.get_observation().position
    target = start.copy()
    target[0] += 0.8
    robot.send_action(target)
    bench.wait(0.1)
    robot.stop()
    where = robot.get_observation().position[0]
    bench.wait(1.0)
    resting = robot.get_observation()
    assert abs(resting.position[0] - where) < 0.25
    assert abs(resting.position[0] - target[0]) > 0.3
    assert abs(resting.velocity[0]) < 0.1


def test_disconnecting_twice_is_harmless_and_connecting_again_works(bench, robot):
    robot.disconnect()
    robot.disconnect()
    robot.connect()
    bench.wait(TICK_S)
    assert np.isfinite(robot.get_observation().position).all()


def test_a_scene_that_software_resets_is_the_same_for_the_same_seed(bench, robot):
    if not isinstance(robot, SceneReset):
        pytest.skip("a person resets this scene")
    starts = []
    for seed in (7, 8, 7):
        robot.reset_scene(seed)
        state = robot.get_observation()
        starts.append(np.concatenate([state.position, state.environment_state]))
    np.testing.assert_allclose(starts[0], starts[2], atol=0.02)
    assert np.abs(starts[0] - starts[1]).max() > 0.02
