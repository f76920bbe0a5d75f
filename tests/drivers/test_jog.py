import numpy as np
import pytest

from drivers.base import DeviceConfigError, RobotState, TeleoperatorView
from drivers.kinematics import VIPERX_300S, pose_error
from drivers.teleoperators._jog import Jog, Wish

ARM = VIPERX_300S
NAMES = (*ARM.names, "gripper")
START = np.array([0.1, -0.36, 0.48, 0.0, 1.46, 0.0, 0.5])
DT = 0.02


def view(sent, measured=None, controller="human", t=0.0) -> TeleoperatorView:
    measured = sent if measured is None else measured
    state = RobotState(t, np.array(measured), np.zeros(7), np.zeros(7))
    return TeleoperatorView(state, np.array(sent), controller, True, 0.0, 0.0, DT)


@pytest.fixture
def jog() -> Jog:
    jog = Jog("pad", NAMES)
    jog.begin(view(START, controller="policy"))
    return jog


def drive(jog: Jog, wish: Wish, ticks: int, start=START) -> np.ndarray:
    sent = start
    for _ in range(ticks):
        sent = jog.advance(wish, view(sent))
    return sent


def moved(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    return pose_error(ARM.forward(start[:6]), ARM.forward(end[:6]))


def test_taking_over_moves_nothing(jog):
    np.testing.assert_array_equal(jog.advance(Wish(), view(START)), START)


def test_before_anyone_took_over_there_is_nothing_to_say():
    assert Jog("pad", NAMES).advance(Wish(linear=(1, 0, 0)), view(START)) is None


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_tool_goes_straight_where_the_hand_says_and_keeps_its_orientation(jog, axis):
    linear = np.zeros(3)
    linear[axis] = 0.1
    end = drive(jog, Wish(linear=tuple(linear)), 50)
    np.testing.assert_allclose(moved(START, end)[:3], linear, atol=2e-3)
    assert np.linalg.norm(moved(START, end)[3:]) < 0.02


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_tool_turns_about_its_own_axes_in_place(jog, axis):
    angular = np.zeros(3)
    angular[axis] = 0.4
    end = drive(jog, Wish(angular=tuple(angular)), 40)
    turned = moved(START, end)
    np.testing.assert_allclose(
        turned[3:], 0.8 * angular @ ARM.forward(START[:6])[:3, :3].T, atol=0.02
    )
    assert np.linalg.norm(turned[:3]) < 2e-3


def test_letting_go_stays_exactly(jog):
    end = drive(jog, Wish(linear=(0.1, 0, 0)), 10)
    for _ in range(5):
        np.testing.assert_array_equal(jog.advance(Wish(), view(end)), end)


def test_no_joint_is_asked_for_more_than_its_speed_and_the_direction_stays():
    jog = Jog("pad", NAMES, joint_speed_rad_s=0.3)
    jog.begin(view(START))
    wish = Wish(linear=(0.0, 1.0, 0.0))
    sent = START
    for _ in range(25):
        before, sent = sent, jog.advance(wish, view(sent))
        assert np.abs(sent - before)[:6].max() <= 0.3 * DT + 1e-9
    path = moved(START, sent)[:3]
    assert path[1] > 0.02
    assert np.abs(path[[0, 2]]).max() < 0.2 * path[1]


def test_the_target_never_runs_away_from_an_arm_that_is_blocked(jog):
    for _ in range(200):
        target = jog.advance(Wish(linear=(0, 0, -0.2)), view(START))
        assert np.abs(target - START)[:6].max() <= 0.15 + 1e-9
    target = jog.advance(Wish(linear=(0, 0, 0.2)), view(START))
    for _ in range(25):
        target = jog.advance(Wish(linear=(0, 0, 0.2)), view(START))
    assert moved(START, target)[2] > 0


def test_the_target_stays_near_what_is_measured_when_the_arm_lags(jog):
    sent = START
    for _ in range(200):
        sent = jog.advance(Wish(linear=(0, 0.2, 0)), view(sent, measured=START))
        assert np.abs(sent - START)[:6].max() <= 0.3 + 1e-9


def test_at_the_edge_of_reach_the_target_stays_within_limits_and_comes_back_at_once(jog):
    end = drive(jog, Wish(linear=(0.2, 0, 0)), 400)
    assert (end[:6] >= ARM.lower).all()
    assert (end[:6] <= ARM.upper).all()
    back = drive(jog, Wish(linear=(-0.2, 0, 0)), 50, start=end)
    assert moved(end, back)[0] < -0.02


def test_the_gripper_moves_by_rate_and_ends_at_its_ends(jog):
    half = drive(jog, Wish(gripper=-1.0), 10)
    assert half[6] == pytest.approx(START[6] - 0.2)
    np.testing.assert_array_equal(half[:6], START[:6])
    assert drive(jog, Wish(gripper=-1.0), 100)[6] == 0.0
    assert drive(jog, Wish(gripper=1.0), 100)[6] == 1.0


def test_a_closing_gripper_presses_on_the_object_it_holds(jog):
    blocked = START.copy()
    for _ in range(100):
        target = jog.advance(Wish(gripper=-1.0), view(blocked))
    assert target[6] == 0.0


def test_after_handing_back_there_is_nothing_to_say_until_the_next_takeover(jog):
    assert jog.advance(Wish(), view(START, controller="policy")) is not None
    assert jog.advance(Wish(), view(START, controller="human")) is not None
    assert jog.advance(Wish(), view(START, controller="handover")) is None
    assert jog.advance(Wish(), view(START, controller="human")) is None
    jog.begin(view(START))
    assert jog.advance(Wish(), view(START, controller="human")) is not None


def test_a_robot_with_other_joints_is_refused_by_name():
    with pytest.raises(DeviceConfigError, match="shoulder_pan"):
        Jog("pad", ("shoulder_pan", "gripper"))
