import numpy as np
import pytest

from drivers.base import DeviceConfigError
from drivers.bindings import MOTIONS
from drivers.registry import DeviceContext, create
from tests.drivers.test_jog import NAMES, START, moved, view


@pytest.fixture
def keyboard():
    device = create("teleoperators", "keys", {"type": "keyboard"}, DeviceContext(joint_names=NAMES))
    device.connect()
    device.begin(view(START))
    yield device
    device.disconnect()


def hold(keyboard, *motions: str, ticks: int = 20) -> np.ndarray:
    sent = START
    for k in range(ticks):
        keyboard.set_keys(motions, k * 0.02)
        sent = keyboard.get_action(view(sent, t=k * 0.02)).action
    return sent


@pytest.mark.parametrize(
    ("motion", "component", "sign"),
    [
        ("forward", 0, 1),
        ("back", 0, -1),
        ("left", 1, 1),
        ("right", 1, -1),
        ("up", 2, 1),
        ("down", 2, -1),
    ],
)
def test_each_key_moves_the_tool_its_way(keyboard, motion, component, sign):
    step = moved(START, hold(keyboard, motion))
    assert np.argmax(np.abs(step[:3])) == component
    assert step[component] * sign > 0.04


@pytest.mark.parametrize("motion", [m for m in MOTIONS if m != "slow"])
def test_every_motion_moves_something(keyboard, motion):
    assert np.abs(hold(keyboard, motion) - START).max() > 0.05


def test_opposite_keys_cancel_and_slow_slows(keyboard):
    np.testing.assert_array_equal(hold(keyboard, "left", "right"), START)
    fast = moved(START, hold(keyboard, "up"))[2]
    keyboard.begin(view(START))
    slow = moved(START, hold(keyboard, "up", "slow"))[2]
    assert slow == pytest.approx(0.3 * fast, rel=0.05)


def test_keys_that_are_not_repeated_are_let_go(keyboard):
    keyboard.set_keys(("up",), 0.0)
    sent, moving = START, []
    for k in range(50):
        before, sent = sent, keyboard.get_action(view(sent, t=k * 0.02)).action
        moving.append(not np.array_equal(before, sent))
    assert all(moving[:25])
    assert not any(moving[26:])


def test_an_empty_set_of_keys_stops_at_once(keyboard):
    sent = hold(keyboard, "up")
    keyboard.set_keys((), 0.4)
    np.testing.assert_array_equal(keyboard.get_action(view(sent, t=0.4)).action, sent)


def test_an_unknown_motion_is_refused_and_moves_nothing(keyboard):
    keyboard.set_keys(("up",), 0.0)
    with pytest.raises(DeviceConfigError, match=r"'fly'.*forward"):
        keyboard.set_keys(("up", "fly"), 0.0)
    np.testing.assert_array_equal(keyboard.get_action(view(START)).action, START)


def test_the_gate_is_the_windows(keyboard):
    given = keyboard.get_action(view(START))
    assert given.gate is None
    assert given.events == ()


def test_its_speeds_come_from_the_workspaces_bindings(tmp_path):
    path = tmp_path / "bindings.toml"
    path.write_text("[speed]\nlinear_m_s = 0.05\n")
    context = DeviceContext(joint_names=NAMES, bindings=path)
    device = create("teleoperators", "keys", {"type": "keyboard"}, context)
    device.connect()
    device.begin(view(START))
    assert moved(START, hold(device, "up", ticks=50))[2] == pytest.approx(0.05, rel=0.05)
