"""The leader's driver, at the other end of a real bridge."""

import json
import time

import numpy as np
import pytest

from drivers import registry
from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DeviceNotFoundError,
    Holding,
    JointLimits,
    Monitored,
    RobotState,
    TeleoperatorView,
)
from drivers.registry import DeviceContext
from tests.fakes.lerobot_bridge import JOINTS, bridge
from tests.waiting import until

DT = 0.02
DRIVABLE = "--teleop.drivable=true"
LIMITS = JointLimits(
    JOINTS,
    np.array([-1.0] * 5 + [0.0]),
    np.array([1.0] * 6),
    np.full(6, 1.5),
    np.full(6, 12.0),
)


def leader(endpoint: str, **options):
    table = {"type": "lerobot", "endpoint": endpoint, "stale_s": 1.0, **options}
    return registry.create("teleoperators", "leader", table, DeviceContext(joint_names=JOINTS))


def view(position, controller="policy", *, running=True) -> TeleoperatorView:
    at = np.array(position, dtype=np.float64)
    state = RobotState(0.0, at, np.zeros(6), np.zeros(6))
    nan = float("nan")
    return TeleoperatorView(state, at.copy(), controller, running, nan, nan, DT, LIMITS)


def idle(device) -> None:
    """No attempt runs."""
    device.get_action(view(np.zeros(6), "hold", running=False))


def mirrored(served, connect) -> None:
    """A mirror that was disconnected while it held."""
    device = connect(takeover="mirror")
    idle(device)
    device.send_feedback(view(np.zeros(6)))
    until(lambda: served.told("torque"), "torque on")
    device.disconnect()


def put(served, **degrees) -> None:
    """A hand holds the leader there."""
    pose = {**dict.fromkeys(JOINTS, 0.0), "gripper": 50.0, **degrees}
    temporary = served.folder / "pose.new"
    temporary.write_text(json.dumps(pose))
    temporary.replace(served.folder / "pose.json")


@pytest.fixture
def served(tmp_path):
    with bridge(tmp_path, DRIVABLE, kind="teleop") as found:
        put(found)
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One bridge for all tests that never drive the leader."""
    with bridge(tmp_path_factory.mktemp("shared"), kind="teleop") as found:
        yield found


@pytest.fixture
def connect(served):
    made = []

    def connect(**options):
        device = leader(served.endpoint, **options)
        made.append(device)
        device.connect()
        return device

    yield connect
    for device in made:
        device.disconnect()


def test_a_clutch_moves_nothing_at_takeover_and_then_as_the_leader_moves(served, connect):
    device = connect()
    assert device.relative
    assert isinstance(device, Monitored)
    arm = [0.4, -0.3, 0.2, 0.1, 0.0, 0.9]
    assert device.get_action(view(arm)).action is None
    device.begin(view(arm))
    np.testing.assert_allclose(device.get_action(view(arm, "human")).action, arm, atol=1e-9)
    put(served, shoulder_pan=10.0, gripper=20.0)
    want = np.array(arm)
    want[0] += np.radians(10.0)
    want[-1] -= 0.3

    def follows():
        return np.allclose(device.get_action(view(arm, "human")).action, want, atol=1e-6)

    until(follows, "the motion of the leader")


def test_scale_and_direction_are_the_stations(served, connect):
    device = connect(scale=0.5, directions={"shoulder_pan": -1})
    device.begin(view([0.0] * 5 + [0.5]))
    put(served, shoulder_pan=20.0)

    def pan():
        return device.get_action(view([0.0] * 5 + [0.5], "human")).action[0]

    until(lambda: abs(pan() + np.radians(10.0)) < 1e-6, "half the motion the other way")


def test_after_hand_back_it_is_silent_until_the_next_takeover(connect):
    device = connect()
    arm = [0.0] * 5 + [0.5]
    device.begin(view(arm))
    assert device.get_action(view(arm, "human")).action is not None
    assert device.get_action(view(arm, "policy")).action is None
    assert device.get_action(view(arm, "human")).action is None


def test_align_always_says_where_the_leader_is_within_the_arms_limits(served, connect):
    device = connect(takeover="align", offsets={"elbow_flex": 0.1})
    assert not device.relative
    put(served, shoulder_pan=30.0, shoulder_lift=80.0)

    def said():
        return device.get_action(view([0.0] * 6)).action

    want = [np.radians(30.0), 1.0, 0.1, 0.0, 0.0, 0.5]
    until(lambda: np.allclose(said(), want, atol=1e-6), "the pose of the leader")
    assert device.get_action(view([0.0] * 6, running=False)).action is None


def test_a_mirror_follows_the_arm_gently_and_is_free_at_takeover(served, connect):
    device = connect(takeover="mirror")
    idle(device)
    device.send_feedback(view(np.zeros(6), running=False))
    device.send_feedback(view(np.zeros(6), "hold"))
    assert served.told("torque") == []  # nobody moves the arm: it is left alone
    arm = np.array([0.3, -0.2, 0.1, 0.0, 0.0, 0.8])
    device.send_feedback(view(arm))
    until(lambda: served.told("torque"), "torque on")
    first = served.told()[0]
    assert first["goal"]["shoulder_pan"] == pytest.approx(0.0, abs=0.1)  # where the hand left it
    assert first["t"] <= served.told("torque")[0]["t"]

    def there():
        device.send_feedback(view(arm))
        pose = device._map.to_follower(device._pose())
        return np.allclose(pose, arm, atol=0.01)

    until(there, "the leader at the arm's pose")
    pans = [entry["goal"]["shoulder_pan"] for entry in served.told()]
    assert np.abs(np.diff(pans)).max() < 60.0 * 5 * DT  # targets may be dropped, never rushed
    (served.folder / "pose.json").unlink()  # a hand takes it where it is
    device.begin(view(arm))
    until(lambda: not served.told("torque")[-1]["on"], "torque off")
    np.testing.assert_allclose(device.get_action(view(arm, "human")).action, arm, atol=0.02)
    goals = len(served.told())
    device.send_feedback(view(arm, "human"))
    assert len(served.told()) == goals


def test_a_leader_that_mirrored_stays_where_it_is_and_is_let_go_by_the_next_takeover(
    served, connect
):
    mirrored(served, connect)
    again = connect(takeover="mirror")
    assert [entry["on"] for entry in served.told("torque")] == [True]
    again.begin(view(np.zeros(6)))
    until(lambda: not served.told("torque")[-1]["on"], "torque off")


@pytest.mark.parametrize("act", ["release", "begin"])
def test_a_leader_that_holds_is_not_dropped_by_connecting_it(served, connect, act):
    mirrored(served, connect)
    device = connect(takeover="clutch")
    device.get_action(view(np.zeros(6)))
    assert isinstance(device, Holding)
    assert device.holds
    assert "Support it, then release it" in device.health().warnings[-1]
    assert served.told("torque")[-1]["on"]
    device.release() if act == "release" else device.begin(view(np.zeros(6), "human"))
    until(lambda: not served.told("torque")[-1]["on"], "torque off")
    assert not device.holds
    assert not device.health().warnings


def test_a_mirror_gets_torque_by_an_act_and_not_by_a_plug(served, connect):
    device = connect(takeover="mirror")

    def tick(controller):
        device.get_action(view(np.zeros(6), controller))
        device.send_feedback(view(np.zeros(6), controller))
        device.led()

    tick("policy")
    tick("policy")
    assert "once you resume" in device.health().warnings[-1]
    tick("hold")
    time.sleep(0.05)  # what was asked for would have been done by now
    assert served.told("torque") == []
    tick("policy")
    until(lambda: served.told("torque"), "torque on")
    device.release()
    tick("policy")
    assert not device.holds
    assert [entry["on"] for entry in served.told("torque")] == [True, False]


def test_a_mirror_with_an_offset_goes_to_the_turn_that_the_leader_reaches(served, connect):
    device = connect(takeover="mirror", offsets={"shoulder_pan": 2.0 * np.pi - 0.5})
    idle(device)
    put(served)

    def there():
        device.get_action(view(np.zeros(6)))
        device.send_feedback(view(np.zeros(6)))
        return abs(device._pose()[0] - 0.5) < 0.01

    until(there, "the leader at the same angle")
    assert not device.health().warnings


def test_an_aligned_leader_that_stands_still_moves_nothing(served, connect):
    device = connect(takeover="align")
    put(served, shoulder_pan=4.0, gripper=43.0)
    until(lambda: abs(device.led()[0] - np.radians(4.0)) < 1e-6, "the leader's pose")
    arm = [0.0] * 5 + [0.5]
    device.begin(view(arm, "handover"))
    assert device.get_action(view(arm, "handover")).action[0] == pytest.approx(np.radians(4.0))
    device.begin(view(arm, "human"))
    np.testing.assert_allclose(device.get_action(view(arm, "human")).action, arm, atol=1e-9)
    put(served, shoulder_pan=30.0, gripper=0.0)
    until(lambda: abs(device.led()[0] - np.radians(30.0)) < 1e-6, "the leader's motion")
    said = device.get_action(view(arm, "human")).action
    np.testing.assert_allclose(said, [np.radians(30.0), 0, 0, 0, 0, 0.0], atol=1e-6)


def test_joints_that_nothing_leads_stay_and_are_told(connect):
    device = connect(leads={"wrist_roll": ""})
    assert "leads wrist_roll" in device.health().warnings[-1]
    arm = [0.0] * 4 + [0.7, 0.5]
    device.begin(view(arm))
    assert device.get_action(view(arm, "human")).action[4] == 0.7


def test_a_trigger_that_springs_back_to_half_open_opens_all_the_way(served, connect):
    device = connect(takeover="align", joints={"gripper": {"range": [0.0, 50.0]}})
    put(served, gripper=50.0, wrist_roll=20.0)

    def said():
        return device.get_action(view([0.0] * 6)).action[-2:]

    until(lambda: np.allclose(said(), [np.radians(20.0), 1.0]), "the trigger at rest")


def test_a_leader_joint_of_another_name_is_taken_by_its_key(served, connect):
    joints = {"roll": {"key": "wrist_roll.pos"}}
    device = connect(takeover="align", joints=joints, leads={"roll": "wrist_roll"})
    put(served, wrist_roll=20.0)

    def said():
        return device.get_action(view([0.0] * 6)).action[4]

    until(lambda: abs(said() - np.radians(20.0)) < 1e-6, "the joint")


def test_a_leader_that_cannot_be_driven_cannot_mirror(shared):
    device = leader(shared.endpoint, takeover="mirror")
    with pytest.raises(DeviceConfigError, match=r"cannot drive a bench_leader.*clutch"):
        device.connect()


def test_losing_the_leader_is_told_and_it_comes_back(served, connect):
    device = connect(stale_s=0.2)
    served.unplug()

    def lost():
        try:
            device.get_action(view([0.0] * 6))
        except DeviceLostError as error:
            return "bench_leader blue does not answer" in str(error)
        return False

    until(lost, "the loss")
    device.begin(view([0.0] * 6))  # a takeover at that moment is none
    device.disconnect()
    served.replug()
    device.connect()
    assert device.get_action(view([0.0] * 6)).gate is None


def test_a_follower_is_no_leader(tmp_path):
    with bridge(tmp_path, "--robot.use_degrees=true") as served:
        device = leader(served.endpoint)
        with pytest.raises(DeviceNotFoundError, match=r"A robot \(bench_follower\) is served"):
            device.connect()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"takeover": "jump"}, "clutch, mirror, align"),
        ({"scale": 5.0}, "scale is 5"),
        ({"mirror_rad_s": 9.0}, "mirror_rad_s 9"),
    ],
)
def test_options_that_make_no_sense_are_refused_without_the_leader(options, sentence):
    with pytest.raises(DeviceConfigError, match=sentence):
        leader("127.0.0.1:5578", **options)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"leads": {"waist": "shoulder_pan"}}, "no joint 'waist'"),
        ({"leads": {"shoulder_pan": "waist"}}, "no joint 'waist'"),
        ({"joints": {"tilt": {}}}, r"nothing called 'tilt\.pos'"),
    ],
)
def test_joints_that_are_not_there_are_named(shared, options, sentence):
    device = leader(shared.endpoint, **options)
    with pytest.raises(DeviceConfigError, match=sentence):
        device.connect()
