"""``dagger-gui check``, ``find`` and ``calibrate``, as somebody types them."""

from __future__ import annotations

import io
import json
import math
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dagger_gui import cli
from dagger_gui.commandline._keys import Keys
from dagger_gui.commandline._screen import bar, lines
from drivers.cameras.opencv import FoundCamera
from drivers.dynamixel import wire
from drivers.dynamixel.steps import Step
from sessions.checking import finding
from sessions.checking.views import JointBar, Present, View
from tests.fakes.emulated_bench import EmulatedStation, emulated_station


@pytest.fixture
def emulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmulatedStation]:
    monkeypatch.setattr(wire, "MARGIN_MS", 25.0)
    with emulated_station(tmp_path) as made:
        yield made


def on(station: EmulatedStation, command: str, *more: str) -> list[str]:
    """A command line about the emulated bench."""
    where = ["--workspace", str(station.workspace), "--runtime", str(station.runtime)]
    return [command, str(station.file), *more, *where]


class Hand(io.StringIO):
    """Standard input: what is typed, and what a hand does before each line."""

    def __init__(self, *acts: object) -> None:
        super().__init__()
        self._acts = list(acts)

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        while self._acts:
            act = self._acts.pop(0)
            if isinstance(act, str):
                return f"{act}\n"
            act()  # type: ignore[operator]
        return ""


# -- check


def test_check_prints_a_verdict_and_a_remedy_a_line_and_says_by_its_status(
    emulated: EmulatedStation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(on(emulated, "check", "--seconds", "0.1")) == 0
    good = capsys.readouterr().out
    assert "good  robot: servos         All 9 answer" in good
    assert "A session can run." in good
    assert f"Next: dagger-gui --station {emulated.file} --workspace" in good
    emulated.ask("leader", "missing=4")
    assert cli.main(on(emulated, "check", "--seconds", "0.1")) == 1
    bad = capsys.readouterr().out
    assert "bad   leader: servos        forearm_roll (servo 4) does not answer." in bad
    assert "> Check the cable of this motor" in bad
    assert "1 must be put right before a session." in bad
    assert "Next:" not in bad


def test_check_as_json_is_one_document_and_nothing_else(
    emulated: EmulatedStation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(on(emulated, "check", "--seconds", "0.1", "--json")) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["passed"] is True
    assert {"name", "verdict", "text", "remedy"} <= set(report["checks"][0])


def test_a_station_that_there_is_not_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("check", "find", "calibrate"):
        assert cli.main([command, "viprex"]) == 2
        said = capsys.readouterr().err
        assert "viperx-emulated" in said
        assert len(said.strip().splitlines()) == 1


# -- find


@pytest.mark.parametrize("command", ["find", "calibrate"])
@pytest.mark.parametrize(
    ("station", "said"),
    [
        ("simulated", "Everything on this station is simulated"),
        ("pusht", "Everything on this station is simulated"),
        ("so101-lerobot", "by lerobot-calibrate, in LeRobot's environment"),
    ],
)
def test_a_station_without_an_arm_of_ours_names_who_sets_it_up_and_the_step_that_works(
    station: str,
    said: str,
    command: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(finding, "cameras", lambda: (FoundCamera(Path("/dev/v"), "usb-A", "A"),))
    monkeypatch.setattr(finding, "snapshot", lambda _source, folder: folder / "a.jpg")
    monkeypatch.setattr(sys, "stdin", Hand("1", "1"))
    assert cli.main([command, station, "--workspace", str(tmp_path / "w")]) == 0
    out = capsys.readouterr().out
    assert said in out
    assert f"Next: dagger-gui check {station} --workspace {tmp_path / 'w'}" in out
    assert "emulated" not in out
    # Nothing is made where nothing is written.
    assert (tmp_path / "w").exists() == (command == "find" and station == "so101-lerobot")


def test_an_arm_that_cannot_be_found_now_leads_to_find_again_and_not_to_its_calibration(
    emulated: EmulatedStation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulated.say(emulated.file.read_text().replace("emulated:robot", ""))
    monkeypatch.setattr(sys, "stdin", Hand("s", "s"))
    assert cli.main(on(emulated, "find")) == 1
    again = f"dagger-gui find {emulated.file} --workspace {emulated.workspace}"
    assert f"Next, when robot can be found: {again}" in capsys.readouterr().out
    assert cli.main(on(emulated, "calibrate", "robot")) == 2
    assert f"Find it: {again}" in capsys.readouterr().err


def test_where_no_servo_answers_nobody_is_asked_to_move_an_arm_and_each_port_is_named_once(
    emulated: EmulatedStation, capsys: pytest.CaptureFixture[str]
) -> None:
    for arm in emulated.arms.values():
        arm.bus.physics.powered = False
    assert cli.main(on(emulated, "find")) == 1
    out = capsys.readouterr().out
    said = [line for line in out.splitlines() if line.startswith("  ")]
    assert [line.count("emulated:") for line in said] == [1, 1]
    assert all("No servo answers" in line and "power" in line for line in said)
    assert "by hand" not in out


def test_the_emulated_arms_are_both_there_when_find_looks_and_the_leader_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def move() -> None:
        said.append(capsys.readouterr().out)
        (line,) = (row for row in said[0].splitlines() if "drivers.emulation.fault" in row)
        runtime = line.split("drivers.emulation.fault ")[1].split()[0]
        request = [sys.executable, "-m", "drivers.emulation.fault", runtime, "leader"]
        subprocess.run([*request, "pose=elbow:0.9"], check=True, capture_output=True)

    said: list[str] = []
    # Asked while the hand still moves, it says that no arm moved, and asks again.
    monkeypatch.setattr(sys, "stdin", Hand(move, *[""] * 100))
    folder = tmp_path / "w"
    assert cli.main(["find", "viperx-emulated", "--workspace", str(folder)]) == 0
    assert "emulated:follower: 9 servos" in said[0]
    assert "emulated:leader: 7 servos" in said[0]
    assert "robot: always on emulated:follower" in said[0]
    out = capsys.readouterr().out
    assert "The arm on emulated:leader moved by" in out
    assert f"Next: dagger-gui calibrate viperx-emulated --workspace {folder}" in out


def test_arms_are_found_by_moving_them_and_written_into_the_file_with_its_comments(
    emulated: EmulatedStation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = emulated.file.read_text()
    emulated.say(text.replace("emulated:robot", "").replace("emulated:leader", "/dev/old"))
    hand = Hand(
        "",  # nothing was moved
        lambda: emulated.pose("robot", waist=1.0),
        "",
        lambda: emulated.pose("robot", waist=0.0),
        "",  # the robot again, where the leader was asked for
        lambda: emulated.pose("leader", elbow=1.4),
        "",
    )
    monkeypatch.setattr(sys, "stdin", hand)
    assert cli.main(on(emulated, "find")) == 0
    said = capsys.readouterr().out
    assert "emulated:robot: 9 servos (2 XM430-W350, 7 XM540-W270) at 1000000 baud." in said
    assert "No arm moved. Move one joint of one arm by at least 10 degrees." in said
    assert "That is the robot's. Move the leader." in said
    new = emulated.file.read_text()
    found = tomllib.loads(new)
    assert found["robot"]["port"] == "emulated:robot"
    assert found["operators"]["leader"]["port"] == "emulated:leader"
    assert "# found on Monday" in new
    assert new.count("#") == text.count("#")
    assert not any(servo.torque for arm in emulated.arms.values() for servo in arm.bus.servos)


def test_an_arm_of_another_kind_is_asked_about_and_left_out_on_request(
    emulated: EmulatedStation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = emulated.file.read_text()
    hand = Hand(lambda: emulated.pose("leader", elbow=1.4), "", "", "s", "s")
    monkeypatch.setattr(sys, "stdin", hand)
    assert cli.main(on(emulated, "find")) == 1
    said = capsys.readouterr().out
    assert "That arm has 7 servos (1, 2, 3, 4, 5, 6, 7); a ViperX 300 S has 9" in said
    assert emulated.file.read_text() == before


def test_cameras_are_listed_with_a_picture_each_and_chosen_by_number(
    emulated: EmulatedStation,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = []

    def snapshot(source: str, folder: Path) -> Path:
        taken.append(source)
        return folder / f"{source}.jpg"

    plugged = (
        FoundCamera(Path("/dev/video0"), "usb-Left-index0", "Left"),
        FoundCamera(Path("/dev/video2"), "usb-Right-index0", "Right"),
    )
    monkeypatch.setattr(finding, "cameras", lambda: plugged)
    monkeypatch.setattr(finding, "snapshot", snapshot)
    emulated.say(emulated.file.read_text().replace('"synthetic"', '"opencv"\nsource = "X"'))
    monkeypatch.setattr(sys, "stdin", Hand("s", "s", "2"))
    assert cli.main(on(emulated, "find")) == 1  # the arms were left out
    assert taken == ["usb-Left-index0", "usb-Right-index0"]
    assert "2. usb-Right-index0 (Right)" in capsys.readouterr().out
    assert tomllib.loads(emulated.file.read_text())["cameras"]["top"]["source"] == (
        "usb-Right-index0"
    )


def test_a_picture_is_taken_by_the_camera_itself_and_saved(tmp_path: Path) -> None:
    import cv2
    import numpy as np

    film = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (64, 48))
    for shade in range(90):
        writer.write(np.full((48, 64, 3), 2 * shade, np.uint8))
    writer.release()
    saved = finding.snapshot(f"file://{film}", tmp_path / "cameras")
    assert saved.parent == tmp_path / "cameras"
    assert cv2.imread(str(saved)).shape == (48, 64, 3)


# -- calibrate


def test_calibrating_in_a_terminal_without_keys_takes_lines_and_can_be_given_up(
    emulated: EmulatedStation,
) -> None:
    file = emulated.workspace / "calibration" / "leader.toml"
    before = file.read_bytes()
    command = [sys.executable, "-m", "dagger_gui.cli", *on(emulated, "calibrate", "leader")]
    joints = emulated.arms["leader"].build.names[:-1]
    emulated.pose("leader", **dict.fromkeys(joints, 0.0))
    done = subprocess.run(
        command, input="back\nquit\n", capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stderr
    assert "The present calibration was made" in done.stdout
    assert "leader (GELLO), step 1 of 11: Home pose" in done.stdout
    assert "Given up. The calibration that was there is as it was." in done.stdout
    assert file.read_bytes() == before


def view(**changes: object) -> View:
    step = Step("sweep", "Range", "Move every joint.", "elbow was moved through 0°.", 8, 11)
    bars = (
        JointBar("waist", 0.5, -1.0, 1.0, -3.14, 3.14, True),
        JointBar("elbow", None, None, None, None, None, False),
    )
    plain = {
        "device": "leader",
        "kind": "GELLO",
        "step": step,
        "titles": ("Range",),
        "bars": bars,
        "present": Present("", "good"),
    }
    return View(**{**plain, **changes})  # type: ignore[arg-type]


def test_the_screen_shows_step_state_bars_and_keys_within_the_width() -> None:
    rows = lines(view(), 80)
    assert all(len(row) < 80 for row in rows)
    assert rows[0] == "leader (GELLO), step 8 of 11: Range"
    assert "  elbow was moved through 0°." in rows
    assert any("b: back" in row for row in rows)
    assert "  the cable is out" in lines(view(problem="the cable is out"), 80)
    swept = replace(view().step, missing="")
    assert "  That is it." in lines(view(step=swept), 80)
    home = replace(swept, key="home")  # whether it is the right pose only the person knows
    assert "  It holds still. Go on if the pose is right." in lines(view(step=home), 80)


def test_a_bar_marks_where_the_joint_is_within_what_was_swept() -> None:
    shown = bar(JointBar("waist", 0.0, -math.pi / 2, math.pi / 2, -math.pi, math.pi, True))
    inside = shown[shown.index("[") + 1 : shown.index("]")]
    assert inside.strip(".=|") == ""
    assert inside.index("|") == len(inside) // 2
    assert 0.4 < (inside.count("=") + 1) / len(inside) < 0.6
    assert "-90° to +90°" in shown
    assert shown.endswith(" swept")
    assert "–" in bar(JointBar("elbow", None, None, None, None, None, False))


@pytest.mark.parametrize(
    ("typed", "means"), [("\n", "n"), ("B", "b"), ("s", "s"), ("q", "q"), ("\x1b", "\x1b")]
)
def test_single_keys_are_heard_in_a_terminal_which_is_put_back_as_it_was(
    typed: str, means: str
) -> None:
    import termios

    host, terminal = os.openpty()
    before = termios.tcgetattr(terminal)
    with os.fdopen(terminal, "r") as stream:
        with Keys(stream) as keys:
            os.write(host, typed.encode())
            assert keys.read(10.0) == means
            assert keys.read(0.0) == ""
        assert termios.tcgetattr(terminal) == before
    os.close(host)


def test_words_are_heard_from_a_pipe_and_its_end_gives_up() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "r") as stream, Keys(stream) as keys:
        os.write(writing, b"next\n\nback\n")
        assert [keys.read(10.0) for _ in range(3)] == ["n", "n", "b"]
        os.close(writing)
        assert [keys.read(10.0) for _ in range(2)] == ["q", "q"]
