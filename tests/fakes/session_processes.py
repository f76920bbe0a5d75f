"""Control, recorder, cameras and supervisor at the wire: real sockets and rings, scripted values.

The window cannot tell them from the processes; a test says what they publish and reads what they
were asked. ``pump`` does what the processes do between two looks of the window.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from drivers.ring import RingWriter
from sessions.bus import Publisher, Responder
from sessions.messages import (
    Accepted,
    AttemptEnded,
    CamerasState,
    CameraState,
    ControlState,
    Heartbeat,
    Intervention,
    Message,
    ProcessState,
    RecorderState,
    Snapshot,
    SupervisorState,
    TrainingProgress,
)
from sessions.types import Controller, GateState, frame_dtype, step_dtype

JOINTS = (
    "waist",
    "shoulder",
    "elbow",
    "forearm_roll",
    "wrist_angle",
    "wrist_rotate",
    "gripper",
)
CAMERAS = ("top", "wrist")
TAKES_COMMANDS = ("control", "recorder", "supervisor")
_CONTROLLERS = {"policy": Controller.POLICY, "human": Controller.HUMAN}


class FakeSession:
    """Every process of a session but the window.

    Args:
        runtime: the workspace's runtime folder.
        rate_hz: rate of the loop that is pretended.
    """

    def __init__(self, runtime: Path, rate_hz: float = 50.0) -> None:
        self.commands: list[tuple[str, Message]] = []
        self.replies: dict[type[Message], Message] = {}
        self.control = control_state()
        self.recorder = RecorderState(
            sequence=1,
            recording=0,
            saved=13,
            started=13,
            lost_ticks=0,
            lost_frames=0,
            disk_free_bytes=212_000_000_000,
        )
        self.supervisor = SupervisorState(
            sequence=1,
            processes=tuple(
                ProcessState(name, running=True, pid=100 + i, exit_code=None, restarts=0)
                for i, name in enumerate(("world", "policy", "cameras", "recorder", "control"))
            ),
            training=False,
            round=0,
        )
        self.cameras = CamerasState(
            tuple(CameraState(n, fps=30.0, age_s=0.02, latency_s=0.04, dropped=0) for n in CAMERAS)
        )
        self._publishers = {
            name: Publisher(runtime, name) for name in (*TAKES_COMMANDS, "cameras", "trainer")
        }
        self._responders = {name: Responder(runtime, name) for name in TAKES_COMMANDS}
        self.dead: set[str] = set()
        self._closed = False
        dtype = step_dtype(len(JOINTS), 3, len(CAMERAS))
        meta = {
            "joint_names": JOINTS,
            "environment_names": ("cube_x", "cube_y", "cube_z"),
            "camera_names": CAMERAS,
            "rate_hz": rate_hz,
        }
        self.steps = RingWriter(runtime / "steps.ring", dtype, 4096, meta)
        frames = frame_dtype(480, 640)
        self.frames = {n: RingWriter(runtime / f"frames-{n}.ring", frames, 4) for n in CAMERAS}
        self._tick = 0

    def set_control(self, **changes: Any) -> None:
        """Changes what control publishes."""
        self.control = msgspec.structs.replace(
            self.control, sequence=self.control.sequence + 1, **changes
        )

    def set_recorder(self, **changes: Any) -> None:
        """Changes what the recorder publishes."""
        self.recorder = msgspec.structs.replace(
            self.recorder, sequence=self.recorder.sequence + 1, **changes
        )

    def set_supervisor(self, **changes: Any) -> None:
        """Changes what the supervisor publishes."""
        self.supervisor = msgspec.structs.replace(
            self.supervisor, sequence=self.supervisor.sequence + 1, **changes
        )

    def progress(self, progress: TrainingProgress) -> None:
        """Publishes as the trainer does."""
        self._publishers["trainer"].send(progress)

    def end_attempt(self, episode: int, outcome: str) -> None:
        """Publishes as control does at an attempt's last tick."""
        self._publishers["control"].send(AttemptEnded(episode, self._tick, outcome))

    def asked(self, kind: type[Message]) -> list[Any]:
        """The commands of one kind that arrived so far."""
        return [command for _, command in self.commands if isinstance(command, kind)]

    def pump(self, ticks: int = 2) -> None:
        """Answers commands, publishes every state, pushes ``ticks`` steps and a frame each."""
        for name, responder in self._responders.items():
            if name not in self.dead:
                responder.serve(lambda command, name=name: self._answer(name, command))
        for name in ("control", "recorder", "supervisor", "cameras"):
            if name not in self.dead:
                self._publishers[name].send(getattr(self, name))
        if "control" not in self.dead:
            for _ in range(ticks):
                self._push_step()
        if "cameras" not in self.dead:
            for index, ring in enumerate(self.frames.values()):
                self._push_frame(ring, index)

    def close(self) -> None:
        """Closes every socket and ring; calling it twice is harmless."""
        if self._closed:
            return
        self._closed = True
        for socket in (*self._publishers.values(), *self._responders.values()):
            socket.close()
        for ring in (self.steps, *self.frames.values()):
            ring.close(unlink=True)

    def _answer(self, process: str, command: Message) -> Message:
        if isinstance(command, Snapshot):
            state: Message = getattr(self, process)
            return state
        if not isinstance(command, Heartbeat):
            self.commands.append((process, command))
        return self.replies.get(type(command), Accepted())

    def _push_step(self) -> None:
        now = time.monotonic()
        self._tick += 1
        phase = self._tick / 50 + np.arange(len(JOINTS))
        step = self.steps.slot()
        step["tick"], step["t"], step["deadline"] = self._tick, now, now
        step["attempt"] = self.control.attempt
        step["gate"] = int(GateState[self.control.gate.upper()])
        step["controller"] = int(_CONTROLLERS.get(self.control.controller, Controller.HOLD))
        step["armed"], step["doubt"] = self.control.armed, 0.2 + 0.1 * np.sin(phase[0])
        step["position"] = 0.5 + 0.4 * np.sin(phase)
        step["sent_action"] = 0.5 + 0.4 * np.sin(phase + 0.1)
        step["policy_action"] = 0.5 + 0.4 * np.sin(phase + 0.2)
        step["human_action"], step["input_t"] = np.nan, np.nan
        step["stage"] = self.control.stage
        self.steps.commit()

    def _push_frame(self, ring: RingWriter, index: int) -> None:
        now = time.monotonic()
        frame = ring.slot()
        frame["t"], frame["received_t"], frame["sequence"] = now, now, ring.count
        frame["flags"], left = 0, (ring.count * 4) % 560
        frame["image"] = (60, 90 + 40 * index, 120)
        frame["image"][200:280, left : left + 80] = (
            230,
            120,
            0,
        )
        ring.commit()


def control_state(**changes: Any) -> ControlState:
    """An idle, disarmed control process at 50 Hz with the base policy."""
    plain: dict[str, Any] = {
        "sequence": 1,
        "t": 0.0,
        "gate": "hold",
        "controller": "hold",
        "armed": False,
        "reason": "idle",
        "reason_text": "No attempt is running.",
        "remedy": "Press Enter to arm.",
        "attempt": 0,
        "attempt_demo": False,
        "attempt_started_t": 0.0,
        "round": 0,
        "policy": "round-000",
        "operator": "keyboard",
        "operators": ("keyboard", "gamepad", "scripted"),
        "doubt": 0.21,
        "tau": 0.3,
        "rate_hz": 50.0,
        "measured_hz": 50.0,
        "late_ticks": 0,
        "ticks": 1000,
        "period_p99_ms": 1.2,
        "policy_ms": 4.0,
        "seed": 1,
        "stage": 0,
        "success": False,
    }
    return ControlState(**(plain | changes))


def intervention(episode: int, start: int, category: str = "", **changes: Any) -> Intervention:
    """A finished intervention that recovered."""
    plain: dict[str, Any] = {
        "episode": episode,
        "start": start,
        "t": start / 50,
        "duration_s": 2.4,
        "doubt": 0.31,
        "category": category,
        "note": "",
        "running": False,
        "recovered": True,
    }
    return Intervention(**(plain | changes))
