import numpy as np
import pytest

from drivers.base import DeviceLostError, DeviceNotFoundError
from drivers.registry import DeviceContext, create
from drivers.teleoperators.gamepad import shaped
from tests.drivers.test_jog import NAMES, START, moved, view
from tests.fakes.virtual_gamepad import VirtualGamepad

STILL = dict.fromkeys(("leftx", "lefty", "rightx", "righty", "lefttrigger", "righttrigger"), 0.0)


@pytest.fixture
def pad():
    pad = VirtualGamepad()
    pad.plug()
    yield pad
    pad.pull()


@pytest.fixture
def make():
    devices = []

    def build(bindings=None, **table):
        context = DeviceContext(joint_names=NAMES, bindings=bindings)
        devices.append(create("teleoperators", "pad", {"type": "gamepad", **table}, context))
        return devices[-1]

    yield build
    for device in devices:
        device.disconnect()
        device.disconnect()


@pytest.fixture
def gamepad(pad, make):
    device = make()
    device.connect()
    device.get_action(view(START, controller="policy"))
    device.begin(view(START))
    return device


def drive(device, ticks: int = 20) -> np.ndarray:
    sent = START
    for _ in range(ticks):
        sent = device.get_action(view(sent)).action
    return sent


@pytest.mark.parametrize(
    ("axis", "value", "component", "sign"),
    [
        ("lefty", -1.0, 0, 1),
        ("leftx", -1.0, 1, 1),
        ("righty", -1.0, 2, 1),
        ("righty", 1.0, 2, -1),
    ],
)
def test_each_stick_moves_the_tool_its_way(gamepad, pad, axis, value, component, sign):
    pad.axis(axis, value)
    step = moved(START, drive(gamepad))
    assert np.argmax(np.abs(step[:3])) == component
    assert step[component] * sign > 0.04


def test_the_shift_button_turns_sticks_from_moving_to_turning(gamepad, pad):
    pad.button("leftshoulder", True)
    pad.axis("leftx", 1.0)
    step = moved(START, drive(gamepad))
    assert np.linalg.norm(step[:3]) < 2e-3
    assert np.linalg.norm(step[3:]) > 0.2


def test_triggers_open_and_close_the_gripper_and_rest_at_nothing(gamepad, pad):
    assert drive(gamepad)[6] == START[6]
    pad.axis("righttrigger", 1.0)
    assert drive(gamepad, 5)[6] < START[6] - 0.1
    pad.axis("righttrigger", 0.0)
    pad.axis("lefttrigger", 1.0)
    gamepad.begin(view(START))
    assert drive(gamepad, 5)[6] > START[6] + 0.1


def test_a_trigger_that_has_not_reported_yet_does_not_move_the_gripper(pad, make):
    pad.raw_axis("righttrigger", 0)  # what SDL believes of a trigger before its first event
    device = make()
    device.connect()
    device.begin(view(START))
    assert drive(device)[6] == START[6]
    pad.axis("righttrigger", 0.0)
    drive(device, 1)
    pad.axis("righttrigger", 1.0)
    assert drive(device, 5)[6] < START[6]


def test_sticks_at_rest_leave_the_arm_exactly_where_it_is(gamepad, pad):
    pad.axis("leftx", 0.06)
    pad.axis("righty", -0.1)
    np.testing.assert_array_equal(drive(gamepad), START)


def test_the_bumper_is_the_gate_while_it_is_held(gamepad, pad):
    assert gamepad.get_action(view(START)).gate is False
    pad.button("rightshoulder", True)
    assert gamepad.get_action(view(START)).gate is True
    assert gamepad.get_action(view(START)).gate is True
    pad.button("rightshoulder", False)
    assert gamepad.get_action(view(START)).gate is False


def test_each_press_is_told_once_and_in_order(gamepad, pad):
    for button in ("y", "start"):
        pad.button(button, True)
        gamepad.get_action(view(START))
        pad.button(button, False)
    gamepad.get_action(view(START))
    told = []
    for button, down in [("back", True), ("dpright", True), ("back", False), ("a", True)]:
        pad.button(button, down)
        told += gamepad.get_action(view(START)).events
    told += gamepad.get_action(view(START)).events
    assert told == ["stop", "tag:grasp", "success"]


def test_the_slow_and_speed_buttons_scale_motion(gamepad, pad):
    pad.axis("righty", -1.0)
    full = moved(START, drive(gamepad))[2]
    pad.button("leftstick", True)
    gamepad.begin(view(START))
    slow = moved(START, drive(gamepad))[2]
    assert slow == pytest.approx(0.3 * full, rel=0.05)
    pad.button("leftstick", False)
    pad.button("rightstick", True)
    gamepad.get_action(view(START))
    gamepad.begin(view(START))
    assert moved(START, drive(gamepad))[2] == pytest.approx(0.4 * full, rel=0.05)


def test_without_a_pad_connecting_says_what_to_do_and_can_be_tried_again(make):
    device = make()
    for _ in range(3):
        with pytest.raises(DeviceNotFoundError, match=r"No gamepad is plugged in\. Plug one in"):
            device.connect()
    pad = VirtualGamepad()
    pad.plug()
    try:
        device.connect()
        assert device.get_action(view(START)).gate is False
    finally:
        pad.pull()


def test_a_pad_asked_for_by_name_must_have_that_name(pad, make):
    with pytest.raises(DeviceNotFoundError, match=r"'DualSense'.*Virtual"):
        make(pad="DualSense").connect()
    make(pad="virtual").connect()


def test_a_pulled_pad_is_a_loss_until_it_is_plugged_in_again(gamepad, pad):
    pad.pull()
    for _ in range(3):
        with pytest.raises(DeviceLostError, match="unplugged"):
            gamepad.get_action(view(START))
    pad.plug()
    assert gamepad.get_action(view(START)).gate is False


def test_a_bumper_held_through_a_loss_must_be_pressed_again(gamepad, pad):
    pad.button("rightshoulder", True)
    assert gamepad.get_action(view(START)).gate is True
    pad.pull()
    with pytest.raises(DeviceLostError):
        gamepad.get_action(view(START))
    pad.plug()
    pad.button("rightshoulder", True)
    assert [gamepad.get_action(view(START)).gate for _ in range(3)] == [False] * 3
    pad.button("rightshoulder", False)
    assert gamepad.get_action(view(START)).gate is False
    pad.button("rightshoulder", True)
    assert gamepad.get_action(view(START)).gate is True


def test_two_pads_do_not_hear_each_others_buttons(pad, make):
    first = make()
    first.connect()
    second = VirtualGamepad()
    second.plug()
    try:
        second.button("y", True)
        assert first.get_action(view(START)).events == ()
        second.pull()
        assert first.get_action(view(START)).gate is False
    finally:
        second.pull()


def test_before_a_takeover_the_pad_has_a_gate_but_no_action(pad, make):
    device = make()
    device.connect()
    pad.axis("leftx", 1.0)
    given = device.get_action(view(START, controller="policy"))
    assert given.action is None
    assert given.gate is False


def test_the_dead_zone_is_round_and_motion_begins_at_zero_at_its_edge():
    edge = shaped({**STILL, "leftx": 0.0721, "lefty": 0.0961}, 0.12, 1.0)
    assert 0 < edge["leftx"] < 2e-3
    assert edge["lefty"] / edge["leftx"] == pytest.approx(0.0961 / 0.0721)
    assert shaped({**STILL, "leftx": 0.119}, 0.12, 1.0)["leftx"] == 0.0


def test_full_deflection_is_one_and_expo_softens_the_middle():
    assert shaped({**STILL, "leftx": -1.0}, 0.12, 2.0)["leftx"] == pytest.approx(-1.0)
    half = 0.12 + 0.88 / 2
    assert shaped({**STILL, "rightx": half}, 0.12, 2.0)["rightx"] == pytest.approx(0.25)


# -- kinds of pads, and several at once


@pytest.mark.parametrize(
    ("name", "usb", "title", "bumper", "lower"),
    [
        ("Wireless Controller", (0x054C, 0x0CE6), "DualSense", "R1", "Cross"),
        ("Pad", (0x045E, 0x028E), "Xbox", "RB", "A"),
        ("Retro Pad", (0, 0), "Gamepad", "right bumper", "lower button"),
    ],
)
def test_its_controls_are_shown_as_they_are_labelled_with_what_they_do(
    make, name, usb, title, bumper, lower
):
    pad = VirtualGamepad(name, usb)
    pad.plug()
    try:
        device = make()
        device.connect()
        pad.button("rightshoulder", True)
        pad.axis("leftx", 0.5)
        device.get_action(view(START))
        shown = {control.name: control for control in device.controls()}
        assert shown["rightshoulder"].label == bumper
        assert shown["rightshoulder"].value == 1.0
        assert shown["rightshoulder"].does == "Correct, while held"
        assert shown["a"].label == lower
        assert shown["leftx"].value == pytest.approx(0.5, abs=0.01)
        assert shown["leftx"].action == "y"
        assert title in device.health().text
    finally:
        pad.pull()


def test_while_shift_is_held_the_picture_says_that_sticks_turn(gamepad, pad):
    gamepad.get_action(view(START))
    assert next(c for c in gamepad.controls() if c.name == "leftx").action == "y"
    pad.button("leftshoulder", True)
    gamepad.get_action(view(START))
    assert next(c for c in gamepad.controls() if c.name == "leftx").action == "roll"


def test_the_speed_button_says_how_fast_it_is_now(gamepad, pad):
    pad.button("rightstick", True)
    gamepad.get_action(view(START))
    speed = next(c for c in gamepad.controls() if c.action == "speed")
    assert speed.does == "Next speed, now 40 %"
    assert "speed 40 %" in gamepad.health().text


def test_a_pulled_pad_shows_nothing(gamepad, pad):
    pad.pull()
    with pytest.raises(DeviceLostError):
        gamepad.get_action(view(START))
    assert gamepad.controls() == ()
    assert gamepad.health().text == ""


def test_two_operators_get_two_pads_and_each_its_own_back(make):
    pads = [
        VirtualGamepad("Wireless Controller", (0x054C, 0x0CE6)),
        VirtualGamepad("Pad", (0x045E, 0x028E)),
    ]
    for pad in pads:
        pad.plug()
    try:
        first, second = make(), make()
        first.connect()
        second.connect()
        assert {first.pad_name, second.pad_name} == {"Wireless Controller", "Pad"}
        own = pads[0] if second.pad_name == "Wireless Controller" else pads[1]
        other = pads[1] if own is pads[0] else pads[0]
        own.pull()
        with pytest.raises(DeviceLostError):
            second.get_action(view(START))
        assert first.get_action(view(START)).gate is False
        own.plug()
        other.button("rightshoulder", True)
        assert second.get_action(view(START)).gate is False
        assert second.pad_name == ("Wireless Controller" if own is pads[0] else "Pad")
        assert first.get_action(view(START)).gate is True
    finally:
        for pad in pads:
            pad.pull()


def test_a_pad_sdl_does_not_know_is_named_with_its_guid_and_works_with_a_mapping(make, tmp_path):
    pad = VirtualGamepad("Arcade 7", (0x1234, 0x5678), mapped=False)
    pad.plug()
    device = make(bindings=tmp_path / "bindings.toml")
    with pytest.raises(DeviceNotFoundError, match=r"Arcade 7.*folder pads.*GUID is") as error:
        device.connect()
    pad.pull()
    guid = str(error.value).rsplit(" ", 1)[1].rstrip(".")
    axes = "leftx:a0,lefty:a1,rightx:a2,righty:a3,lefttrigger:a4,righttrigger:a5"
    (tmp_path / "pads").mkdir()
    # Its right bumper is where others have their lower button.
    (tmp_path / "pads" / "arcade.toml").write_text(
        f'title = "Arcade"\nnames = ["arcade"]\n'
        f'mappings = ["{guid},Arcade 7,{axes},rightshoulder:b0,"]\n'
        f'[labels]\nrightshoulder = "Red"\n'
    )
    with pytest.raises(DeviceNotFoundError, match="No gamepad is plugged in"):
        device.connect()
    pad.plug()
    try:
        device.connect()
        pad.button("a", True)
        device.get_action(view(START))
        held = [control.label for control in device.controls() if control.value == 1.0]
        assert held == ["Red"]
    finally:
        pad.pull()
