import importlib.util
import os
import struct
import sys
import tempfile
from pathlib import Path

import pytest

from drivers.base import DeviceConfigError, DeviceLostError, DeviceNotFoundError
from drivers.registry import DeviceContext, create
from drivers.teleoperators import _evdev
from drivers.teleoperators.pedal import Pedal
from tests.drivers.test_jog import START, view
from tests.fakes.pedal_pipe import KEY, SYN, PedalPipe

VIEW = view(START)


@pytest.fixture
def pipe():
    pipe = PedalPipe()
    yield pipe
    pipe.pull()


@pytest.fixture
def make(pipe, tmp_path):
    made = []

    def build(bindings=""):
        path = tmp_path / "bindings.toml"
        path.write_text(bindings)
        made.append(Pedal("pedal", pipe.open, path))
        made[-1].connect()
        return made[-1]

    yield build
    for pedal in made:
        pedal.disconnect()
        pedal.disconnect()


def test_the_gate_is_open_from_press_to_release_and_repeats_change_nothing(make, pipe):
    pedal = make()
    assert pedal.get_action(VIEW).gate is False
    pipe.press("B")
    assert pedal.get_action(VIEW).gate is True
    for _ in range(5):
        pipe.repeat("B")
        assert pedal.get_action(VIEW).gate is True
    pipe.release("B")
    assert pedal.get_action(VIEW).gate is False
    assert pedal.get_action(VIEW).action is None


def test_a_key_bound_to_an_event_tells_it_once_on_the_press(make, pipe):
    pedal = make('[pedal]\n"tag:grasp" = "F13"\nstop = "Space"\n')
    for key in ("C", "F13", "Space"):
        pipe.press(key)
    pipe.repeat("C")
    assert pedal.get_action(VIEW).events == ("success", "tag:grasp", "stop")
    pipe.release("C")
    assert pedal.get_action(VIEW).events == ()


def test_a_tap_between_two_polls_is_told_though_the_key_is_up_again(make, pipe):
    pedal = make('[pedal]\ncorrect = []\ntoggle = "B"\n')
    pipe.press("B")
    pipe.release("B")
    given = pedal.get_action(VIEW)
    assert given.events == ("toggle",)
    assert given.gate is None  # nothing is bound to hold


def test_keys_nobody_bound_do_nothing(make, pipe):
    pedal = make()
    pipe.press("Q")
    given = pedal.get_action(VIEW)
    assert given.events == ()
    assert given.gate is False


def test_a_record_cut_in_two_is_put_together(make, pipe):
    pedal = make()
    record = struct.pack("@llHHi", 0, 0, KEY, _evdev.CODES["B"][0], 1)
    pipe.raw(record[:10])
    assert pedal.get_action(VIEW).gate is False
    pipe.raw(record[10:])
    assert pedal.get_action(VIEW).gate is True


def test_after_the_kernels_queue_ran_over_the_keys_are_asked_for(make, pipe):
    pedal = make()
    pipe.press("B")
    assert pedal.get_action(VIEW).gate is True
    pipe.down.clear()  # released, but the record of it was dropped
    code = _evdev.CODES["C"][0]
    pipe.send((SYN, 3, 0), (KEY, code, 1), (SYN, 0, 0))
    given = pedal.get_action(VIEW)
    assert given.gate is False
    assert given.events == ()


def test_a_pulled_pedal_is_a_loss_and_comes_back(make, pipe):
    pedal = make()
    pipe.press("B")
    assert pedal.get_action(VIEW).gate is True
    pipe.pull()
    with pytest.raises(DeviceLostError, match=r"unplugged\. Plug it in"):
        pedal.get_action(VIEW)
    assert pipe.closed == 1
    pipe.down.clear()
    pedal.connect()
    assert pedal.get_action(VIEW).gate is False


def test_its_keys_are_shown_with_what_they_do(make, pipe):
    pedal = make('[pedal]\n"tag:slip" = "F13"\n')
    pipe.press("B")
    pedal.get_action(VIEW)
    shown = {control.name: control for control in pedal.controls()}
    assert shown["B"].value == 1.0
    assert shown["B"].does == "Correct, while held"
    assert shown["F13"].value == 0.0
    assert shown["F13"].does == "Tag slip"
    assert pedal.health().text == "PCsensor FootSwitch"
    pedal.disconnect()
    assert pedal.controls() == ()


def test_printed_names_have_the_kernels_codes():
    ecodes = pytest.importorskip("evdev").ecodes.ecodes
    named = {"Escape": "ESC", "PageUp": "PAGEUP", "PageDown": "PAGEDOWN", ",": "COMMA", ".": "DOT"}
    named |= {"\\": "BACKSLASH", "'": "APOSTROPHE", "`": "GRAVE", ";": "SEMICOLON", "/": "SLASH"}
    named |= {"[": "LEFTBRACE", "]": "RIGHTBRACE", "-": "MINUS", "=": "EQUAL"}
    for key, codes in _evdev.CODES.items():
        first = {"Ctrl": "LEFTCTRL", "Shift": "LEFTSHIFT", "Alt": "LEFTALT"} | named
        assert codes[0] == ecodes[f"KEY_{first.get(key, key.upper())}"], key


def test_linuxs_own_names_of_keys_work_and_wrong_ones_are_refused(make):
    pytest.importorskip("evdev")
    assert make('[pedal]\ntoggle = "KEY_PROG1"\n').controls()[1].label == "PROG1"
    for text in ("KEY_NOSUCH", "?"):
        with pytest.raises(DeviceConfigError, match="No single key is called"):
            make(f'[pedal]\ntoggle = "{text}"\n')
    with pytest.raises(DeviceConfigError, match=r"Ctrl\+B.*single key"):
        make('[pedal]\ntoggle = "Ctrl+B"\n')
    with pytest.raises(DeviceConfigError, match=r"Unknown pedal\.fly.*correct"):
        make('[pedal]\nfly = "B"\n')


# -- what is missing is said


@pytest.fixture
def by_id(tmp_path, monkeypatch):
    folder = tmp_path / "by-id"
    folder.mkdir()
    monkeypatch.setattr(_evdev, "BY_ID", folder)
    for name in ("usb-Logi_Keyboard-event-kbd", "usb-PCsensor_FootSwitch-event-kbd"):
        (folder / name).write_bytes(b"")
    return folder


def test_by_default_only_what_calls_itself_a_pedal_is_taken(by_id):
    assert _evdev.find("pedal", "").name == "usb-PCsensor_FootSwitch-event-kbd"
    assert _evdev.find("pedal", "logi").name == "usb-Logi_Keyboard-event-kbd"
    (by_id / "usb-PCsensor_FootSwitch-event-kbd").unlink()
    with pytest.raises(DeviceNotFoundError, match=r"No pedal.*Keyboards here: usb-Logi_Keyboard\."):
        _evdev.find("pedal", "")
    with pytest.raises(DeviceNotFoundError, match=r"'stream'.*usb-Logi"):
        _evdev.find("pedal", "stream")


def test_without_the_package_the_sentence_says_how_to_get_it(by_id, monkeypatch):
    monkeypatch.setitem(sys.modules, "evdev", None)
    device = create("teleoperators", "pedal", {"type": "pedal"}, DeviceContext())
    with pytest.raises(DeviceNotFoundError, match=r"dagger-gui\[pedal\].*\[window\]"):
        device.connect()


@pytest.mark.skipif(importlib.util.find_spec("evdev") is None, reason="needs the extra pedal")
def test_a_file_that_is_no_input_device_is_said_to_be_none(by_id):
    device = create("teleoperators", "pedal", {"type": "pedal"}, DeviceContext())
    with pytest.raises(DeviceNotFoundError, match="cannot be opened"):
        device.connect()


@pytest.mark.skipif(importlib.util.find_spec("evdev") is None, reason="needs the extra pedal")
def test_without_permission_the_group_is_named(monkeypatch):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)  # pytest's own folders are closed to anybody else
        monkeypatch.setattr(_evdev, "BY_ID", folder)
        (folder / "usb-PCsensor_FootSwitch-event-kbd").touch(mode=0)
        error = refusal_of_anybody_else()
    assert "may not read" in error
    assert "Join the group" in error


def refusal_of_anybody_else() -> str:
    """What connecting says without a superuser's rights."""
    device = create("teleoperators", "pedal", {"type": "pedal"}, DeviceContext())
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(DeviceNotFoundError) as error:
            device.connect()
    finally:
        if root:
            os.seteuid(0)
    return str(error.value)


@pytest.mark.skipif(not Path("/dev/uinput").exists(), reason="needs /dev/uinput")
def test_a_real_input_device_of_the_kernel_is_heard():
    evdev = pytest.importorskip("evdev")
    keys = [_evdev.CODES["B"][0]]
    with evdev.UInput({evdev.ecodes.EV_KEY: keys}, name="dagger-gui test pedal") as fake:
        pedal = create(
            "teleoperators",
            "pedal",
            {"type": "pedal", "device": fake.device.path},
            DeviceContext(),
        )
        pedal.connect()
        fake.write(evdev.ecodes.EV_KEY, keys[0], 1)
        fake.syn()
        for _ in range(10_000):
            if pedal.get_action(VIEW).gate:
                break
        assert pedal.get_action(VIEW).gate is True
        pedal.disconnect()
