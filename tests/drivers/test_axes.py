"""Single axes of any robot under a hand: on a plane with keys, on an arm with a pad."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.base import DeviceConfigError, TeleoperatorView
from drivers.registry import DeviceContext, create
from drivers.simulation.names import JOINT_NAMES, LIMITS
from drivers.simulation.world import World
from tests.drivers.environments.parts import PERIOD_S, robot_in, world
from tests.fakes.virtual_gamepad import VirtualGamepad


class Hand:
    """A hand on the keys beside the reach environment, in lockstep."""

    def __init__(self, **table) -> None:
        self.world = world(seed=3)
        self.robot = robot_in(self.world)
        self.keys = create("teleoperators", "axes", {"type": "axes", **table}, self.context())
        self.keys.connect()
        self.sent = self.world.state().position

    def context(self) -> DeviceContext:
        return DeviceContext(robot=self.robot, joint_names=self.robot.limits.names)

    def view(self, controller: str) -> TeleoperatorView:
        nan = float("nan")
        state = self.world.state()
        return TeleoperatorView(state, self.sent.copy(), controller, True, nan, nan, PERIOD_S)

    def hold(self, *keys: str, ticks: int = 1) -> np.ndarray:
        """Where the target goes while these are held."""
        before = self.sent.copy()
        self.keys.begin(self.view("policy"))
        for _ in range(ticks):
            self.keys.set_keys(keys, self.world.t)
            given = self.keys.get_action(self.view("human"))
            self.sent = self.robot.send_action(given.action)
            self.world.step_to(self.world.t + PERIOD_S)
        return self.sent - before


@pytest.fixture
def hand():
    made = Hand()
    yield made
    made.world.close()


@pytest.mark.parametrize(
    ("keys", "way"),
    [
        (("right",), (1, 0)),
        (("left",), (-1, 0)),
        (("forward",), (0, 1)),
        (("back",), (0, -1)),
        (("yaw_right",), (1, 0)),  # the arrow to the right
        (("yaw_left",), (-1, 0)),
        (("pitch_up",), (0, 1)),  # the arrow upwards
        (("pitch_down",), (0, -1)),
        (("left", "forward"), (-1, 1)),
        (("right", "yaw_right"), (1, 0)),  # twice the same is not twice as fast
        (("up",), (0, 0)),  # there is no third axis
        ((), (0, 0)),
    ],
)
def test_arrows_and_letters_move_the_axis_they_point_along(hand, keys, way):
    moved = hand.hold(*keys)
    np.testing.assert_allclose(moved, np.array(way) * 0.5 * 2.0 * PERIOD_S, atol=1e-9)


def test_an_axis_can_be_turned_round_or_given_to_another_key(hand):
    turned = Hand(axes=["-y", "x"])
    np.testing.assert_array_less(turned.hold("right"), [1e-9, -1e-3])
    np.testing.assert_array_less([1e-3, -1e-9], turned.hold("forward"))
    turned.world.close()


def test_slow_is_slow_and_speed_is_of_the_range(hand):
    quick = Hand(speed=1.0)
    assert quick.hold("right")[0] == pytest.approx(2.0 * PERIOD_S)
    assert 0.0 < quick.hold("right", "slow")[0] < 2.0 * PERIOD_S
    quick.world.close()


def test_a_target_does_not_run_away_from_a_robot_that_is_slower(hand):
    quick = Hand(speed=20.0)
    quick.hold("right", ticks=10)
    assert np.abs(quick.sent - quick.world.state().position).max() <= 0.2 + 1e-9
    quick.world.close()


def test_keys_that_are_let_go_leave_the_robot_where_it_is(hand):
    hand.hold("right", ticks=5)
    assert not hand.hold(ticks=20).any()


def test_it_says_nothing_while_the_policy_drives(hand):
    hand.hold("right")
    hand.keys.set_keys(("right",), hand.world.t)
    assert hand.keys.get_action(hand.view("policy")).action is None


def test_a_pad_moves_an_arms_joints_and_its_gripper():
    pad = VirtualGamepad()
    pad.plug()
    arm = World(seed=5)
    robot = create("robots", "robot", {"type": "simulated_viperx"}, DeviceContext(world=arm))
    table = {"type": "axes", "by": "gamepad", "axes": ["elbow", "waist"]}
    context = DeviceContext(robot=robot, joint_names=JOINT_NAMES)
    device = create("teleoperators", "axes", table, context)
    try:
        device.connect()
        nan = float("nan")
        start = arm.target
        view = TeleoperatorView(arm.state(), start, "policy", True, nan, nan, 0.02)
        device.begin(view)
        pad.axis("leftx", 1.0)
        view.controller = "human"
        moved = device.get_action(view).action - start
        elbow = JOINT_NAMES.index("elbow")
        span = (LIMITS.upper - LIMITS.lower)[elbow]
        assert moved[elbow] == pytest.approx(0.5 * span * 0.02, rel=0.1)
        assert np.flatnonzero(np.abs(moved) > 1e-6).tolist() == [elbow]
        pad.axis("leftx", 0.0)
        pad.axis("righttrigger", 1.0)
        device.begin(view)
        closed = device.get_action(view).action - start
        assert closed[-1] < -0.01
    finally:
        device.disconnect()
        pad.pull()
        arm.close()


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"axes": ["z"]}, "no such axis. Choose of: x, y"),
        ({"axes": ["x", "y", "x", "y", "x"]}, "at most 4"),
        ({"speed": 0.0}, "speed above 0"),
        ({"by": "mouse"}, "Set by to keyboard or gamepad"),
    ],
)
def test_what_makes_no_sense_is_refused(hand, table, message):
    with pytest.raises(DeviceConfigError, match=message):
        create("teleoperators", "axes", {"type": "axes", **table}, hand.context())
