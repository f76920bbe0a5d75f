"""The window's mirror of the session; with ``process_link`` the only one that talks to the bus.

Everything is polled from one display timer: sockets until they are empty, then the rings. (A
socket notifier with a conflating socket stalls under Qt, and a thread would fight the painter for
the interpreter.) The processes own the truth: what is here is a copy that is asked for whole on
connecting and whenever a process comes back.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, QTimer, Signal

from dagger_gui.process_link import QUIET, ProcessLink
from dagger_gui.step_history import StepHistory
from drivers.ring import RingError, RingReader
from sessions.messages import (
    AttemptEnded,
    AttemptStarted,
    CamerasState,
    ControlState,
    Heartbeat,
    Keys,
    Message,
    RecorderState,
    SoftStop,
    SupervisorState,
    TrainingProgress,
)
from sessions.workspace import Workspace

DISPLAY_HZ: Final = 30.0
STALE_S: Final = 0.5  # values older than this are greyed
_HEARTBEAT_S: Final = 0.2
_RING_CHECK_S: Final = 0.5
_SILENCE_S: Final = {  # a few times the period at which each publishes
    "control": 1.0,
    "recorder": 3.0,
    "supervisor": 3.0,
    "cameras": 2.0,
    "trainer": 20.0,
    "evaluation": 20.0,
    "first-launch": 20.0,
}
_LISTEN_ONLY: Final = ("cameras", "trainer", "evaluation", "first-launch")


class SessionModel(QObject):
    """A mirror of control, recorder, cameras, supervisor and trainer.

    Args:
        workspace: whose processes to follow.
        clock: monotonic seconds, the processes' own clock.
        parent: Qt owner.

    Attributes:
        control: newest ControlState, None before the first; the others alike.
        steps: the last ten seconds of ticks, None before the step ring exists.
        joint_names: the robot's joints as the step ring names them; empty before.
        ended: the attempt that ended last while this window watched; 0 before the first.
        read_only: why this window only looks, one sentence; empty in one that works.
        closing: everything is being stopped: what falls silent now was asked to.
        not_started: why the station was not even started, one sentence; empty if it was.
    """

    control_changed = Signal(object)
    recorder_changed = Signal(object)
    supervisor_changed = Signal(object)
    cameras_changed = Signal(object)
    training_changed = Signal(object)
    measuring_changed = Signal(object)
    launch_changed = Signal(object)
    attempt_started = Signal(object)
    presence_changed = Signal(str, bool)
    robot_changed = Signal()
    refused = Signal(str, str)
    read_only_changed = Signal(str)
    closing_began = Signal()
    ticked = Signal(float)

    def __init__(
        self,
        workspace: Workspace,
        clock: Callable[[], float] = time.monotonic,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self.runtime = workspace.runtime()
        self.clock = clock
        self.control: ControlState | None = None
        self.recorder: RecorderState | None = None
        self.supervisor: SupervisorState | None = None
        self.cameras: CamerasState | None = None
        self.training: TrainingProgress | None = None
        self.steps: StepHistory | None = None
        self.joint_names: tuple[str, ...] = ()
        self.read_only = self.not_started = ""
        self.closing = False
        self.ended = 0
        self._links = {
            name: ProcessLink(self.runtime, name, silence, commands=name not in _LISTEN_ONLY)
            for name, silence in _SILENCE_S.items()
        }
        self._presence: dict[str, bool] = dict.fromkeys(self._links, False)
        self._rings: dict[str, RingReader] = {}
        self._next_step = 0
        self._frame_heads: dict[str, int] = {}
        self._held: tuple[str, ...] = ()
        self._beat_t = self._rings_t = float("-inf")
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(int(1000 / DISPLAY_HZ))
        self._timer.timeout.connect(self.poll)

    # -- life

    def start(self) -> None:
        """Starts the display timer; everything else follows from it."""
        self._timer.start()

    def close(self) -> None:
        """Stops the timer and closes every socket and ring; calling it twice is harmless."""
        self._timer.stop()
        for link in self._links.values():
            link.close()
        self._links.clear()
        for ring in self._rings.values():
            ring.close()
        self._rings.clear()

    def set_closing(self) -> None:
        """Everything is being stopped from now on; there is no way back."""
        self.closing = True
        self.closing_began.emit()

    # -- commands

    def set_read_only(self, why: str) -> None:
        """Sends nothing from now on, or works again; ``why`` is what the operator reads."""
        if why != self.read_only:
            self.read_only = why
            for link in self._links.values():
                link.listening = bool(why)
            self.read_only_changed.emit(why)

    def send(self, process: str, command: Message) -> bool:
        """Sends a command up; a refusal, now or later, comes by the signal ``refused``.

        A window that only looks sends one thing: the soft stop on its screen stops the arm.

        Returns:
            Whether it was sent; the process may still refuse it.
        """
        if self.read_only and not isinstance(command, SoftStop):
            if not isinstance(command, QUIET):
                self.refused.emit(self.read_only, "")
            return False
        link = self._links.get(process)
        if link is None:
            return False
        answer = link.send(command, self.clock())
        if answer is not None:
            self.refused.emit(answer.why, answer.remedy)
        return answer is None

    def hold_motion_keys(self, held: tuple[str, ...]) -> None:
        """Which motion actions are held now; sent on change and again with each heartbeat."""
        if held != self._held:
            self._held = held
            if self.there("control"):
                self.send("control", Keys(held))

    # -- what is known

    def there(self, process: str) -> bool:
        """Whether the process has been heard of lately."""
        link = self._links.get(process)
        return link is not None and link.there

    def stale(self, process: str) -> bool:
        """Whether its values must be shown in grey: nothing heard for longer than usual."""
        link = self._links.get(process)
        return link is None or link.age_s(self.clock()) > max(STALE_S, _SILENCE_S[process] / 2)

    def age_s(self, process: str) -> float:
        """Seconds since the process was heard; infinite if never."""
        link = self._links.get(process)
        return link.age_s(self.clock()) if link is not None else float("inf")

    def suspended(self, process: str) -> bool:
        """Whether the supervisor was told to end the process until it is resumed."""
        processes = self.supervisor.processes if self.supervisor is not None else ()
        return any(p.suspended and not p.running for p in processes if p.name == process)

    def refusal(self, process: str) -> str:
        """Why a process cannot run with the files as they are, in its own words; else empty."""
        processes = self.supervisor.processes if self.supervisor is not None else ()
        return next((p.refusal for p in processes if p.name == process), "")

    def new_frame(self, camera: str) -> NDArray[Any] | None:
        """The camera's newest frame record (``t``, ``flags``, ``image`` ...), shape (), if new.

        Copies the image, so it is only to be asked for cameras that are on screen.
        """
        ring = self._rings.get(f"frames-{camera}")
        if ring is None or ring.head == self._frame_heads.get(camera):
            return None
        self._frame_heads[camera] = ring.head
        return ring.latest()

    # -- the display timer

    def poll(self) -> None:
        """One turn of the display timer: sockets, rings, heartbeat, then ``ticked``."""
        if not self._links:
            return
        now = self.clock()
        for name, link in self._links.items():
            events, refusals = link.poll(now)
            for event in events:
                self._take(name, event)
            for refusal in refusals:
                self.refused.emit(refusal.why, refusal.remedy)
            if link.there != self._presence[name]:
                self._presence[name] = link.there
                self.presence_changed.emit(name, link.there)
        self._beat(now)
        self._look_at_rings(now)
        self._read_steps()
        self.ticked.emit(now)

    def _take(self, process: str, event: Any) -> None:
        if isinstance(event, ControlState):
            before, self.control = self.control, event
            self.control_changed.emit(event)
            # What a device's own button asked for in vain has no reply but this.
            if before is not None and event.refusals > before.refusals:
                self.refused.emit(event.refused, event.refused_remedy)
        elif isinstance(event, RecorderState):
            self.recorder = event
            self.recorder_changed.emit(event)
        elif isinstance(event, SupervisorState):
            self.supervisor = event
            self.supervisor_changed.emit(event)
        elif isinstance(event, CamerasState):
            self.cameras = event
            self.cameras_changed.emit(event)
        elif isinstance(event, TrainingProgress):
            self._take_progress(process, event)
        elif isinstance(event, AttemptStarted):
            self.attempt_started.emit(event)
        elif isinstance(event, AttemptEnded):
            self.ended = event.episode

    def _take_progress(self, process: str, event: TrainingProgress) -> None:
        if process == "trainer":
            self.training = event
            self.training_changed.emit(event)
        elif process == "evaluation":
            self.measuring_changed.emit(event)
        else:
            self.launch_changed.emit(event)

    def _beat(self, now: float) -> None:
        if now - self._beat_t < _HEARTBEAT_S or not self.there("control"):
            return
        self._beat_t = now
        self.send("control", Heartbeat())
        if self._held:
            self.send("control", Keys(self._held))

    def _look_at_rings(self, now: float) -> None:
        """Maps rings that have appeared, and again those whose writer restarted."""
        if now - self._rings_t < _RING_CHECK_S:
            return
        self._rings_t = now
        wanted = ["steps", *(f"frames-{name}" for name in self.workspace.station.cameras)]
        for name in wanted:
            ring = self._rings.get(name)
            if ring is not None and not ring.replaced():
                continue
            if ring is not None:
                self._rings.pop(name).close()
            try:
                fresh = RingReader(self.runtime / f"{name}.ring")
            except RingError:
                continue
            self._rings[name] = fresh
            if name == "steps":
                self._follow_steps(fresh)
            else:
                self._frame_heads.pop(name.removeprefix("frames-"), None)

    def _follow_steps(self, ring: RingReader) -> None:
        rate = float(ring.meta.get("rate_hz", self.workspace.station.rate_hz))
        self.steps = StepHistory(ring.dtype, rate)
        self._next_step = max(0, ring.head - min(ring.slots - 1, int(rate * 30)))
        names = tuple(ring.meta.get("joint_names", ()))
        if names != self.joint_names:
            self.joint_names = names
            self.robot_changed.emit()

    def _read_steps(self) -> None:
        ring = self._rings.get("steps")
        if ring is None or self.steps is None or ring.head == self._next_step:
            return
        records, self._next_step, _ = ring.since(self._next_step)
        self.steps.append(records)
