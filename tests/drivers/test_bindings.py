import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceConfigError
from drivers.bindings import (
    DEFAULT,
    MOTIONS,
    PAD_ACTIONS,
    PAD_MOTIONS,
    PEDAL_ACTIONS,
    WINDOW_ACTIONS,
    key_name,
    load,
)
from drivers.pads import PAD_AXES, PAD_BUTTONS, choose, presets, usb_ids


@pytest.fixture
def override(tmp_path):
    def write(text: str):
        path = tmp_path / "bindings.toml"
        path.write_text(text)
        return path

    return write


def test_by_default_every_action_of_the_window_and_every_motion_has_a_key():
    bindings = load()
    assert set(bindings.window) == set(WINDOW_ACTIONS)
    assert set(bindings.keyboard) == set(MOTIONS)
    assert all(bindings.window.values())
    assert all(bindings.keyboard.values())


def test_by_default_the_pad_reaches_every_motion_and_every_action():
    pad = load().gamepad
    assert set(pad.axes) | set(pad.axes_shifted) == set(PAD_MOTIONS)
    actions = {action for action in pad.buttons if not action.startswith("tag:")}
    assert actions == set(PAD_ACTIONS)


def test_a_workspace_without_bindings_of_its_own_has_the_defaults(tmp_path):
    assert load(tmp_path / "bindings.toml") == load() == load(DEFAULT)


def test_a_workspace_replaces_the_lines_it_names_and_keeps_the_rest(override):
    path = override(
        '[window]\ncorrect = ["F9", "ctrl+g"]\n[keyboard]\nup = "PgUp"\n'
        "[speed]\nlinear_m_s = 0.1\n"
        '[gamepad.axes]\nroll = "rightx"\nyaw = []\n'
        '[gamepad.buttons]\n"tag:slipped" = "guide"\ntoggle = []\n'
    )
    bindings, default = load(path), load()
    assert bindings.window["correct"] == ("F9", "Ctrl+G")
    assert bindings.keyboard["up"] == ("PageUp",)
    assert bindings.speed.linear_m_s == 0.1
    assert bindings.speed.angular_rad_s == default.speed.angular_rad_s
    assert bindings.gamepad.axes["roll"] == ("rightx", 1.0)
    assert "yaw" not in bindings.gamepad.axes
    assert bindings.gamepad.buttons["tag:slipped"] == ("guide",)
    assert bindings.gamepad.buttons["toggle"] == ()
    assert bindings.window["stop"] == default.window["stop"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[window]\nfly = "F9"', ["window.fly", "toggle"]),
        ('[windows]\ncorrect = "F9"', ["windows", "keyboard"]),
        ('[keyboard]\nsideways = "F9"', ["keyboard.sideways", "forward"]),
        ('[window]\ncorrect = "Gee"', ["window.correct", "'Gee'", "Space", "Ctrl+"]),
        ('[window]\ncorrect = "Y"', ["Y is bound to window.correct and to window.success"]),
        ('[window]\ncorrect = "w"', ["W is bound to", "keyboard.forward"]),
        ("[window]\ncorrect = 7", ["correct is 7", "quotes"]),
        ('[gamepad.buttons]\nfly = "a"', ["gamepad.buttons.fly", "correct"]),
        ('[gamepad.buttons]\nstop = "z"', ["'z'", "rightshoulder"]),
        ('[gamepad.buttons]\nstop = "a"', ["a is bound to", "gamepad.buttons.success"]),
        ('[gamepad.axes]\nx = "wheel"', ["'wheel'", "leftx"]),
        ('[gamepad.axes]\nspin = "leftx"', ["gamepad.axes.spin", "yaw"]),
        ("[gamepad]\ndead_zone = 2", ["gamepad.dead_zone is 2", "0 to 0.9"]),
        ("[speed]\nlinear_m_s = true", ["speed.linear_m_s is True", "number"]),
        ("[speed]\nlevels = []", ["speed.levels", "list"]),
        ("speed = 3", ["speed is 3"]),
        ("[window", ["cannot be read"]),
        ('[pedal]\nfly = "B"', ["pedal.fly", "toggle"]),
        ('[pedal]\nstop = "B"', ["B is bound to pedal.correct and to pedal.stop"]),
        ('[pedal]\nstop = "Gee"', ["pedal.stop", "'Gee'"]),
        ('[gamepad]\npreset = "wheel"', ["preset", "'wheel'", "dualsense, generic, xbox"]),
        ("[gamepad]\npreset = 3", ["gamepad.preset is 3", "quotes"]),
        ("gamepad = 3", ["gamepad is 3"]),
    ],
)
def test_a_wrong_line_is_refused_with_file_line_and_choices(override, text, words):
    path = override(text)
    with pytest.raises(DeviceConfigError) as error:
        load(path)
    for word in [str(path), *words]:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("g", "G"),
        ("return", "Enter"),
        ("PgDown", "PageDown"),
        ("shift+ctrl+z", "Ctrl+Shift+Z"),
        ("+", "+"),
        ("Ctrl++", "Ctrl++"),
        ("Shift", "Shift"),
        (" space ", "Space"),
    ],
)
def test_a_key_has_one_name_however_it_is_spelled(text, name):
    assert key_name(text) == name


@given(st.text(max_size=12))
def test_any_text_is_a_key_with_one_name_or_refused(text):
    with contextlib.suppress(ValueError):
        name = key_name(text)
        assert key_name(name) == name


def test_bound_keys_are_kept_by_their_one_name_in_any_spelling(override):
    found = load(override('[window]\nnext = "return"\nretrain = "ctrl+q"\n'))
    assert found.window["next"] == ("Enter",)
    assert found.window["retrain"] == ("Ctrl+Q",)


# -- kinds of pads

XBOX = "030000005e0400008e02000010010000"
DUALSENSE = "030000004c050000e60c000011010000"
UNKNOWN = "03000000ff1f00000100000011010000"


@pytest.mark.parametrize(
    ("name", "guid", "kind"),
    [
        ("Some Pad", XBOX, "xbox"),
        ("Some Pad", DUALSENSE, "dualsense"),
        ("Xbox Wireless Controller", UNKNOWN, "xbox"),
        ("Sony Interactive Entertainment DualSense", "", "dualsense"),
        ("Logitech F310 (XInput)", "", "xbox"),
        ("USB Gamepad", UNKNOWN, "generic"),
        ("", "", "generic"),
    ],
)
def test_a_pad_is_known_by_its_product_or_vendor_else_by_its_name(name, guid, kind):
    assert load(pad=name, guid=guid).gamepad.preset == kind


def test_the_guid_is_read_as_lsusb_prints_it():
    assert usb_ids(XBOX) == ("045e", "028e")
    assert usb_ids(DUALSENSE) == ("054c", "0ce6")
    assert usb_ids("") == ("", "")


@pytest.mark.parametrize("kind", ["xbox", "dualsense", "generic"])
def test_every_packaged_kind_labels_every_control_and_says_where_sticks_rest(kind):
    preset = presets()[kind]
    extras = {"misc1", "paddle1", "paddle2", "paddle3", "paddle4", "touchpad"}
    assert set(PAD_BUTTONS) | set(PAD_AXES) >= set(preset.labels)
    assert set(preset.labels) >= (set(PAD_BUTTONS) - extras) | set(PAD_AXES)
    assert {"dead_zone", "trigger_dead_zone"} <= set(preset.gamepad)


def test_actions_are_named_by_what_is_printed_on_the_buttons():
    def printed(action, **pad):
        found = load(**pad).gamepad
        return [found.label(button) for button in found.buttons[action]]

    assert printed("correct", guid=XBOX) == ["RB"]
    assert printed("correct", guid=DUALSENSE) == ["R1"]
    assert printed("success", guid=DUALSENSE) == ["Cross"]
    assert printed("correct") == ["right bumper"]


def test_a_workspace_forces_a_kind_and_its_own_lines_win_over_the_kinds(override):
    path = override('[gamepad]\npreset = "dualsense"\ndead_zone = 0.3\n')
    pad = load(path, pad="Xbox", guid=XBOX).gamepad
    assert pad.preset == "dualsense"
    assert pad.dead_zone == 0.3
    assert pad.trigger_dead_zone == presets()["dualsense"].gamepad["trigger_dead_zone"]


def test_a_pad_of_a_workspaces_own_is_one_file_and_may_replace_a_packaged_one(override, tmp_path):
    path = override("")
    (tmp_path / "pads").mkdir()
    (tmp_path / "pads" / "arcade.toml").write_text(
        'title = "Arcade stick"\ndevices = ["1fff:0001"]\n[labels]\na = "Red"\n'
        '[gamepad.buttons]\nstop = "guide"\n'
    )
    pad = load(path, guid="03000000ff1f00000100000011010000").gamepad
    assert pad.title == "Arcade stick"
    assert pad.label("a") == "Red"
    assert pad.label("b") == "b"
    assert pad.buttons["stop"] == ("guide",)
    assert pad.dead_zone == presets()["generic"].gamepad["dead_zone"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('titel = "x"', ["Unknown titel", "title"]),
        ('[labels]\nz = "Z"', ["labels.z", "leftstick"]),
        ("labels = 3", ["labels is 3", "[labels]"]),
        ("names = 3", ["names is 3"]),
        ('names = ["arcade"]\n[gamepad]\nspeed = 3', ["gamepad.speed"]),
        ('names = ["arcade"]\n[gamepad.buttons]\nstop = "a"', ["a is bound to"]),
    ],
)
def test_a_wrong_pad_file_is_refused_with_file_and_choices(override, tmp_path, text, words):
    path = override("")
    (tmp_path / "pads").mkdir()
    (tmp_path / "pads" / "arcade.toml").write_text(text)
    with pytest.raises(DeviceConfigError) as error:
        load(path, pad="arcade")
    for word in words:
        assert word in str(error.value)


def test_a_product_is_stronger_than_a_vendor_and_a_vendor_than_a_name():
    known = presets()
    assert choose("xbox", DUALSENSE, known).key == "dualsense"
    assert choose("xbox", DUALSENSE, known, "generic").key == "generic"


def test_pedals_have_actions_of_their_own_and_take_linuxs_names_of_keys(override):
    pedal = load(override('[pedal]\nstart = "KEY_PROG1"\n"tag:slip" = ["f13"]\n')).pedal
    assert set(load().pedal) == set(PEDAL_ACTIONS)
    assert pedal["start"] == ("KEY_PROG1",)
    assert pedal["tag:slip"] == ("F13",)
    assert pedal["correct"] == ("B",)
