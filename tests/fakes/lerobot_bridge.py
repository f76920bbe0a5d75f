"""The real ``serve_lerobot.py`` in a real process, on a package of LeRobot's shape."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import drivers.bridge.serve_lerobot as script

SHAPED = Path(__file__).parent / "lerobot_shaped"
SCRIPT = Path(script.__file__)
JOINTS = ("shoulder_pan", "shoulder_lift", "elbow_flex", "wrist_flex", "wrist_roll", "gripper")
RANGE = (1024, 3072)  # ticks: half a turn
START_S = 30.0
STATION: dict[str, Any] = {
    "type": "lerobot",
    "joints": {**{name: {"lower": -1.5, "upper": 1.5} for name in JOINTS[:-1]}, "gripper": {}},
}
VIPERX_LEADS = {
    "shoulder_pan": "waist",
    "shoulder_lift": "shoulder",
    "elbow_flex": "elbow",
    "wrist_flex": "wrist_angle",
    "wrist_roll": "wrist_rotate",
}


def calibrate(folder: Path, known_as: str = "blue") -> None:
    """Writes LeRobot's calibration file of an arm."""
    low, high = RANGE
    facts = {"drive_mode": 0, "homing_offset": 0, "range_min": low, "range_max": high}
    table = {name: {"id": i, **facts} for i, name in enumerate(JOINTS, 1)}
    (folder / f"{known_as}.json").write_text(json.dumps(table))


@dataclass
class Bridge:
    """A running bridge.

    Attributes:
        folder: the device's ``port``.
        endpoint: where it listens.
        process: the script.
    """

    folder: Path
    endpoint: str
    process: subprocess.Popen[str]

    def told(self, what: str = "goal") -> list[dict[str, Any]]:
        """What the device was told so far."""
        path = self.folder / "goals.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [entry for entry in map(json.loads, lines) if entry["what"] == what]

    def unplug(self) -> None:
        (self.folder / "unplugged").touch()

    def replug(self) -> None:
        (self.folder / "unplugged").unlink()


def command(endpoint: str, *options: str, python: str = sys.executable) -> list[str]:
    return [python, str(SCRIPT), "--listen", endpoint, *options]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(SHAPED)}


@contextlib.contextmanager
def bridge(
    folder: Path, *options: str, kind: str = "robot", silence_ms: int = 100, held: bool = True
):
    """Serves the stand-in device whose port is ``folder``.

    Args:
        folder: of the device.
        options: of the script.
        kind: ``robot`` or ``teleop``.
        silence_ms: as the script's.
        held: whether a robot's motors hold it before LeRobot connects it.
    """
    if kind == "robot" and held:
        (folder / "torque").touch()
    if not (folder / "blue.json").exists():
        calibrate(folder)
    device = "bench_follower" if kind == "robot" else "bench_leader"
    base = [f"--{kind}.type={device}", f"--{kind}.id=blue", f"--{kind}.port={folder}"]
    endpoint = f"unix:{folder}/bridge.sock"
    line = command(endpoint, *base, *options, "--silence-ms", str(silence_ms))
    with running(line, folder, endpoint, environment()) as found:
        yield found


@contextlib.contextmanager
def running(line: list[str], folder: Path, endpoint: str, env: dict[str, str]) -> Iterator[Bridge]:
    process = subprocess.Popen(line, env=env, cwd=folder, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    with process, process.stderr:
        try:
            first = process.stderr.readline()
            while first and not first.startswith("Serving"):
                first = process.stderr.readline()
            assert first.startswith("Serving"), "the bridge did not start"
            yield Bridge(folder, endpoint, process)
        finally:
            process.terminate()
            process.communicate(timeout=START_S)
