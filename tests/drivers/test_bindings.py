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
    WINDOW_ACTIONS,
    key_name,
    load,
)


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


def test_keys_find_their_action_in_any_spelling():
    bindings = load()
    assert bindings.window_action("return") == "next"
    assert bindings.window_action("ctrl+r") == "retrain"
    assert bindings.window_action("F12") is None
    assert bindings.window_action("no key at all") is None
    assert bindings.motion("w") == "forward"
    assert bindings.motion("g") is None
