"""What LeRobot's numbers mean here."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceConfigError
from drivers.bridge.served import Feature
from drivers.bridge.units import Joint, calibrated, scale

DEGREES = Feature("pan.pos", "degrees", 180.0)
NORMALIZED = Feature("pan.pos", "normalized", 180.0)
GRIP = Feature("gripper.pos", "percent", 90.0)


def one(joint: Joint, feature: Feature, name: str = "pan"):
    return scale("robot", {name: joint}, (feature,), "measures")


@pytest.mark.parametrize(
    ("joint", "feature", "theirs", "ours"),
    [
        (Joint(), DEGREES, 90.0, math.pi / 2),
        (Joint(), NORMALIZED, -100.0, -math.pi / 2),
        (Joint(), NORMALIZED, 50.0, math.pi / 4),
        (Joint(range=(-0.2, 1.0)), NORMALIZED, 100.0, 1.0),
        (Joint(range=(-0.2, 1.0)), NORMALIZED, 0.0, 0.4),
        (Joint(range=(1.0, 0.0)), Feature("pan.pos", "percent"), 25.0, 0.75),
        (Joint(), Feature("pan.pos", "percent", 360.0), 0.0, -math.pi),
        (Joint(unit="radians"), Feature("pan.pos"), 0.3, 0.3),
        (Joint(unit="degrees"), Feature("pan.pos"), 180.0, math.pi),
    ],
)
def test_a_joint_is_told_in_radians(joint, feature, theirs, ours):
    assert one(joint, feature).ours(np.array([theirs]))[0] == pytest.approx(ours)


@pytest.mark.parametrize(
    ("joint", "feature", "theirs", "ours"),
    [
        (Joint(), GRIP, 100.0, 1.0),
        (Joint(), Feature("gripper.pos", "normalized"), 0.0, 0.5),
        (Joint(range=(5.0, -65.0)), Feature("gripper.pos", "degrees"), -30.0, 0.5),
        (Joint(range=(80.0, 20.0)), GRIP, 80.0, 0.0),
    ],
)
def test_a_gripper_is_told_from_closed_to_open(joint, feature, theirs, ours):
    assert one(joint, feature, "gripper").ours(np.array([theirs]))[0] == pytest.approx(ours)


@given(st.lists(st.floats(-3.0, 3.0), min_size=2, max_size=2), st.permutations(range(3)))
def test_what_goes_there_comes_back_whatever_the_order_of_their_features(pose, order):
    features = (NORMALIZED, Feature("lift.pos", "degrees", 100.0), Feature("x.vel"))
    features = tuple(features[i] for i in order)
    both = scale("robot", {"pan": Joint(range=(-4.0, 4.0)), "lift": Joint()}, features, "takes")
    theirs = np.full(3, 7.0)
    both.fill(theirs, np.array(pose))
    np.testing.assert_allclose(both.ours(theirs), pose, atol=1e-12)
    assert theirs[[f.name for f in features].index("x.vel")] == 7.0


def test_a_calibrated_range_bounds_joints_and_never_a_grippers_degrees():
    joints = {"pan": Joint(), "lift": Joint(range=(2.0, -1.0)), "gripper": Joint()}
    features = (DEGREES, Feature("lift.pos", "normalized"), GRIP)
    lower, upper = calibrated(joints, features, scale("robot", joints, features, "takes"))
    np.testing.assert_allclose(lower, [-math.pi / 2, -1.0, 0.0])
    np.testing.assert_allclose(upper, [math.pi / 2, 2.0, 1.0])


@pytest.mark.parametrize(
    ("joint", "feature", "sentence"),
    [
        (Joint(), Feature("tilt.pos", "degrees"), r"nothing called 'pan\.pos'.*tilt\.pos"),
        (Joint(unit="degrees"), NORMALIZED, r"in normalized.*says degrees.*use_degrees"),
        (Joint(), Feature("pan.pos"), "does not say in which unit"),
        (Joint(unit="gons"), DEGREES, r"no unit 'gons'.*radians"),
        (Joint(), Feature("pan.pos", "normalized"), "how far that goes"),
        (Joint(range=(1.0,)), NORMALIZED, r"range is \[1\.0\].*two different"),
        (Joint(range=(1.0, 1.0)), NORMALIZED, "two different"),
    ],
)
def test_what_cannot_be_converted_is_refused_with_the_remedy(joint, feature, sentence):
    with pytest.raises(DeviceConfigError, match=sentence):
        one(joint, feature)


def test_a_gripper_in_degrees_must_be_told_where_it_is_closed():
    with pytest.raises(DeviceConfigError, match="where it is closed and open"):
        one(Joint(), Feature("gripper.pos", "degrees", 90.0), "gripper")
