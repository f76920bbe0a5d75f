"""A calibration from the first pose to the file, by an emulated hand, in a process of its own."""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from drivers.base import DriverError
from drivers.dynamixel import calibration as calibrations
from drivers.dynamixel.calibrating import MARGIN_RAD
from sessions.checking.arms import arm, arms
from sessions.checking.calibrating import HandCalibration
from sessions.checking.results import Acts
from sessions.workspace import create
from tests.fakes.emulated_bench import EmulatedStation, write
from tests.sessions.live.session import pick_place_task

PATIENCE_S = 60.0


class Process:
    """``python -m sessions.checking calibrate``, and its newest word."""

    def __init__(self, station: EmulatedStation, device: str) -> None:
        space = create(station.workspace, station.bench.station(), pick_place_task())
        command = ["calibrate", str(space.root), device, "--runtime", str(station.runtime)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sessions.checking", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.said: dict[str, Any] = {}
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said = json.loads(line)

    def send(self, word: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()

    def until(self, condition: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            said = self.said
            if said and condition(said):
                return said
            time.sleep(0.01)
        raise AssertionError(f"it last said {self.said}")

    def step(self, key: str, joint: str = "") -> dict[str, Any]:
        return self.until(
            lambda v: v["type"] == "view" and (v["step"]["key"], v["step"]["joint"]) == (key, joint)
        )

    def ready(self) -> None:
        self.until(lambda v: v["type"] == "view" and not v["step"]["missing"] and not v["problem"])

    def advance(self) -> None:
        """Goes on as soon as it may; what was said last may be older than what the hand did."""
        before = self.said["step"]["key"], self.said["step"]["joint"]
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            step = self.said["step"]
            if (step["key"], step["joint"]) != before:
                return
            if not step["missing"]:
                self.send("next")
            time.sleep(0.1)
        raise AssertionError(f"it last said {self.said}")

    def ended(self) -> int:
        return self._process.wait(PATIENCE_S)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        self._thread.join()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()


@pytest.fixture
def process(emulated: EmulatedStation) -> Iterator[Callable[[str], Process]]:
    made: list[Process] = []

    def start(device: str) -> Process:
        made.append(Process(emulated, device))
        return made[-1]

    yield start
    for one in made:
        one.close()


def go_through(station: EmulatedStation, name: str, work: Process) -> None:
    """Does what each step says, up to the summary."""
    build = station.arms[name].build
    joints = [joint.name for joint in build.joints]
    station.pose(name, **dict.fromkeys(joints, 0.0), gripper=0.5)
    work.step("home")
    work.advance()
    for joint in joints:
        if any(title == f"Direction of {joint}" for title in work.said["titles"]):
            work.step("direction", joint)
            station.pose(name, **{joint: math.radians(30)})
            work.advance()
            station.pose(name, **{joint: 0.0})
    work.step("sweep")
    for share in (0.8, -0.8):
        ends = {j.name: share * (j.upper if share > 0 else -j.lower) for j in build.joints}
        station.pose(name, **ends)
        # What nobody reads was not swept: the hand waits there.
        work.until(lambda v, e=ends: all(abs(now(v, j) - e[j]) < 0.02 for j in joints))
    station.pose(name, **dict.fromkeys(joints, 0.0))
    work.advance()
    for key, opening in (("closed", 0.0), ("open", 1.0)):
        work.step(key)
        station.pose(name, gripper=opening)
        work.advance()
    work.step("summary")


def now(view: dict[str, Any], joint: str) -> float:
    bar = next(bar for bar in view["bars"] if bar["name"] == joint)
    return float("nan") if bar["now"] is None else float(bar["now"])


def test_whoever_follows_the_steps_gets_the_arms_own_calibration(emulated, process):
    name = "robot"
    file = emulated.workspace / "calibration" / f"{name}.toml"
    true = calibrations.read(file, name)
    work = process(name)
    go_through(emulated, name, work)
    assert len(work.said["summary"]) == len(true.names)
    work.send("save")
    saved = work.until(lambda v: v["type"] == "saved")
    assert saved["file"] == str(file)
    assert work.ended() == 0
    made = calibrations.read(file, name)
    assert (made.servos, made.port) == (true.servos, f"emulated:{name}")
    for joint, wanted in zip(made.joints, true.joints, strict=True):
        assert (joint.name, joint.direction) == (wanted.name, wanted.direction)
        assert joint.homing_ticks == pytest.approx(wanted.homing_ticks, abs=15)
        assert joint.lower == pytest.approx(0.8 * wanted.lower + MARGIN_RAD, abs=0.05)
    assert made.gripper.open_ticks == pytest.approx(true.gripper.open_ticks, abs=15)
    kept = calibrations.read(file.with_suffix(".toml.bak"), name)
    assert kept == true


def test_giving_up_leaves_the_old_file_and_back_takes_a_step_anew(emulated, process):
    file = emulated.workspace / "calibration" / "leader.toml"
    before = file.read_bytes()
    work = process("leader")
    joints = emulated.arms["leader"].build.names[:-1]
    emulated.pose("leader", **dict.fromkeys(joints, 0.0))
    work.step("home")
    work.advance()
    first = work.step("direction", "waist")
    assert "waist is turned by" in first["step"]["missing"]
    work.send("next")  # refused: nothing was turned
    work.send("back")
    work.step("home")
    work.send("quit")
    assert work.ended() == 1
    assert file.read_bytes() == before


def test_an_unplugged_arm_is_told_and_taken_up_again_where_it_was(emulated, process):
    work = process("leader")
    emulated.pose("leader", **dict.fromkeys(emulated.arms["leader"].build.names[:-1], 0.0))
    work.step("home")
    work.advance()
    work.step("direction", "waist")
    emulated.ask("leader", "unplug")
    work.until(lambda v: v["problem"])
    emulated.ask("leader", "replug")
    work.until(lambda v: not v["problem"] and v["step"]["joint"] == "waist")
    emulated.pose("leader", waist=0.6)
    work.ready()


@pytest.fixture
def by_hand(emulated: EmulatedStation) -> Iterator[Callable[[str], HandCalibration]]:
    made: list[HandCalibration] = []

    def begin(name: str) -> HandCalibration:
        sites = arms(emulated.bench.station(), emulated.bench.calibrations)
        made.append(HandCalibration(arm(sites, name), emulated.runtime, Acts()))
        return made[-1]

    yield begin
    for one in made:
        one.close()


def test_an_arm_that_holds_is_let_go_only_after_somebody_was_told_to_support_it(emulated, by_hand):
    bus = emulated.arms["robot"].bus
    with bus.changing():
        for servo in bus.servos:
            write(servo, "torque_enable", 1)
    work = by_hand("robot")
    work.poll()
    assert work.view().step.key == "support"
    assert "drops if nobody does" in work.view().step.instruction
    assert all(servo.torque for servo in bus.servos)
    assert not work.back()
    assert work.next()
    assert not any(servo.torque for servo in bus.servos)
    assert work.view().step.key == "home"


def test_the_present_calibration_is_told_with_what_differs(emulated, by_hand):
    assert "the servos are as they were then" in by_hand("leader").present.text
    bus = emulated.arms["robot"].bus
    with bus.changing():
        write(bus.servo(6), "homing_offset", 100)
    present = by_hand("robot").present
    assert present.verdict == "bad"
    assert "homing offset is 100, in the calibration it is 0" in present.differences[0]
    (emulated.workspace / "calibration" / "robot.toml").unlink()


def test_a_servo_that_falls_silent_is_named_and_nothing_goes_on(emulated, by_hand):
    work = by_hand("leader")
    work.poll()
    emulated.ask("leader", "missing=3")
    deadline = time.monotonic() + PATIENCE_S
    while not work.view().problem and time.monotonic() < deadline:
        work.poll()
    assert work.view().problem.startswith("elbow (servo 3) does not answer")
    assert not work.next()
    emulated.ask("leader", "back=3")
    work.poll()
    assert work.view().problem == ""


def test_what_cannot_be_calibrated_is_a_sentence(emulated, by_hand):
    emulated.ask("leader", "missing=5")
    with pytest.raises(DriverError, match=r"wrist_angle \(servo 5\) does not answer"):
        by_hand("leader")
    work = by_hand("robot")
    with pytest.raises(DriverError, match="not at its end"):
        work.save()
