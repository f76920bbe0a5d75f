"""A whole live session: the real supervisor and every process, on a simulated workspace in tmp."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.ring import RingReader
from drivers.simulation.names import ENVIRONMENT_NAMES, JOINT_NAMES
from policies import registry
from policies.base import PolicySpec
from policies.normaliser import Normaliser
from sessions import workspace
from sessions.bus import Requester, Subscriber
from sessions.config import Holds
from sessions.messages import (
    Accepted,
    Arm,
    CamerasState,
    ControlState,
    DeviceState,
    Disarm,
    Heartbeat,
    Message,
    ProcessState,
    RecorderState,
    Refused,
    Resume,
    Shutdown,
    StartAttempt,
    SupervisorState,
)
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import Workspace

T = TypeVar("T", bound=Message)
TIMEOUT_S = 40.0
_BEAT_S = 0.2
PATIENT = Holds(camera_s=2.0, policy_s=2.0, window_s=2.0, recorder_s=5.0, robot_s=1.0)
"""So that a machine that is busy with other tests does not hold the arm."""


def space_with_policy(root: Path, **station: Any) -> Workspace:
    """A workspace whose round 0 is an untrained policy: it drives somewhere, slowly."""
    patient = {
        "holds": PATIENT,
        "robot": {"type": "simulated_viperx", "stale_s": 2.0},
    }
    space = workspace.create(
        root,
        msgspec.structs.replace(simulated_station(), **{**patient, **station}),
        pick_place_task(),
    )
    save_policy(space, 0)
    space.set_running_round(0)
    return space


def save_policy(space: Workspace, round_index: int, rate_hz: float = 50.0) -> Path:
    random = np.random.default_rng(0)
    arrays = {
        "position": random.uniform(-1, 1, (64, len(JOINT_NAMES))),
        "environment_state": random.uniform(-1, 1, (64, len(ENVIRONMENT_NAMES))),
        "actions": random.uniform(-0.2, 0.2, (64, 16, len(JOINT_NAMES))),
    }
    names = {"position": JOINT_NAMES, "environment_state": ENVIRONMENT_NAMES}
    spec = PolicySpec(JOINT_NAMES, ENVIRONMENT_NAMES, rate_hz=rate_hz, horizon=16)
    policy = registry.create(
        "bc", spec, {"hidden": 32, "members": 2}, Normaliser.fit(arrays, components=names)
    )
    folder = space.policy_folder(round_index)
    policy.save(folder)
    return folder


class LiveSession:
    """The supervisor of a workspace, and what a window would know of its processes."""

    def __init__(self, space: Workspace, *modules: str) -> None:
        self.space = space
        self.runtime = space.runtime()
        self.log = space.root / "supervisor.log"
        self.beating = True
        self._modules = modules
        self._beat_t = 0.0
        self.events: list[Message] = []
        self._newest: dict[type, Message] = {}
        self._subscriber = Subscriber(
            self.runtime, "control", "recorder", "cameras", "supervisor", "trainer"
        )
        self._requesters = {
            name: Requester(self.runtime, name) for name in ("control", "recorder", "supervisor")
        }
        self.supervisor = self.launch()

    def launch(self) -> subprocess.Popen[bytes]:
        modules = [f"--module={pair}" for pair in self._modules]
        command = [sys.executable, "-m", "sessions.live.supervisor", str(self.space.root)]
        with self.log.open("ab") as log:
            return subprocess.Popen([*command, *modules], stdout=log, stderr=log)

    def __enter__(self) -> LiveSession:
        return self

    def __exit__(self, *_: object) -> None:
        pids = self.pids()
        if self.supervisor.poll() is None:
            self.supervisor.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.supervisor.wait(20)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.supervisor.poll() is None:
            self.supervisor.kill()
            self.supervisor.wait()
        self._subscriber.close()
        for requester in self._requesters.values():
            requester.close()
        shutil.rmtree(self.runtime, ignore_errors=True)

    # -- looking

    def pump(self) -> None:
        """What a window does between two looks: hear, and say that it is there."""
        now = time.monotonic()
        if self.beating and now - self._beat_t > _BEAT_S:
            self._beat_t = now
            self._requesters["control"].send(Heartbeat())
            self._requesters["control"].poll()
        for event in self._subscriber.drain():
            self.events.append(event)
            self._newest[type(event)] = event

    def until(self, condition: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            self.pump()
            if condition():
                return
            if time.monotonic() > deadline:
                log = self.log.read_text(errors="replace")[-3000:]
                known = [self.newest(k) for k in (ControlState, CamerasState, SupervisorState)]
                raise AssertionError(f"not within {timeout_s:g} s: {known}\n{log}")
            time.sleep(0.005)

    def newest(self, kind: type[T]) -> T | None:
        found = self._newest.get(kind)
        assert found is None or isinstance(found, kind)
        return found

    @property
    def control(self) -> ControlState:
        state = self.newest(ControlState)
        assert state is not None
        return state

    @property
    def recorder(self) -> RecorderState:
        state = self.newest(RecorderState)
        assert state is not None
        return state

    def device(self, name: str) -> DeviceState:
        return next(device for device in self.control.devices if device.name == name)

    def processes(self) -> tuple[ProcessState, ...]:
        state = self.newest(SupervisorState)
        assert state is not None
        return state.processes

    def process(self, name: str) -> ProcessState:
        return next(p for p in self.processes() if p.name == name)

    def pids(self) -> list[int]:
        state = self.newest(SupervisorState)
        return [p.pid for p in state.processes if p.pid] if state is not None else []

    def heard(self, kind: type[T], since: int = 0) -> list[T]:
        return [event for event in self.events[since:] if isinstance(event, kind)]

    def steps(self) -> NDArray[Any]:
        """Every tick in the step ring."""
        reader = RingReader(self.runtime / "steps.ring")
        try:
            return reader.since(0)[0]
        finally:
            reader.close()

    # -- doing

    def ask(self, process: str, command: Message) -> Message:
        reply: Message = self._requesters[process].ask(command, 10.0)
        return reply

    def do(self, command: Message, process: str = "control") -> None:
        reply = self.ask(process, command)
        assert isinstance(reply, Accepted), reply

    def refused(self, command: Message, process: str = "control") -> str:
        reply = self.ask(process, command)
        assert isinstance(reply, Refused), reply
        return f"{reply.why} {reply.remedy}"

    def wait_ready(self) -> None:
        """Until the policy is loaded, the cameras see and the recorder listens.

        An arm that a busy machine lost while all this starts is armed again, as anybody would.
        """

        def ready() -> bool:
            if not all(self.newest(k) for k in (ControlState, RecorderState, CamerasState)):
                return False
            if self.control.reason == "robot_lost" and self.device("robot").ok:
                for command in (Arm(), Disarm()):
                    self.ask("control", command)
            policy = self.device("policy")
            return (
                bool(self.control.policy)
                and self.control.reason == "idle"
                and policy.ok
                and not policy.text
                and all(c.fps > 0 and c.age_s < 0.2 for c in self._cameras())
            )

        self.until(ready)

    def start(self) -> None:
        """Arms and starts an attempt; returns once the policy drives."""
        self.do(Arm())
        self.do(StartAttempt())
        self.until(lambda: self.control.attempt and self.control.controller == "policy")

    def resume(self) -> None:
        """Presses Enter until nothing forbids motion any more and the policy drives."""

        def driving() -> bool:
            if self.control.gate != "policy":
                self.ask("control", Resume())
            return self.control.gate == "policy"

        self.until(driving)

    def kill(self, name: str) -> int:
        pid = self.process(name).pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def _cameras(self) -> tuple[Any, ...]:
        state = self.newest(CamerasState)
        return state.cameras if state is not None else ()


def gone(pid: int) -> bool:
    """Whether the process has ended; one that nobody has collected yet counts."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except OSError:
        return True


def problem(session: LiveSession) -> str:
    """What the supervisor complains about."""
    state = session.newest(SupervisorState)
    return state.problem if state is not None else ""


def stop(session: LiveSession) -> int:
    session.do(Shutdown(), "supervisor")
    return session.supervisor.wait(30)
