"""The supervisor: ``python -m sessions.live.supervisor WORKSPACE`` keeps all processes running.

One a workspace. It starts them in order, starts again what died (the world excepted: that is the
arm's cable being pulled, and somebody has to plug it in), runs the trainer, and stops everything
in the reverse order. The window comes and goes without it noticing.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import IO, Any

from drivers.base import DriverError
from sessions import runtime_folder
from sessions.bus import Publisher, Requester, Responder, Subscriber
from sessions.live.children import Child
from sessions.live.improving import Improvement
from sessions.live.kinds import SupervisorError, kinds
from sessions.messages import (
    Accepted,
    CamerasState,
    ControlState,
    Message,
    RecorderState,
    Refused,
    RestartProcess,
    SetDoubts,
    Shutdown,
    Snapshot,
    SupervisorState,
    Suspend,
)
from sessions.types import SessionError
from sessions.workspace import Workspace, open_workspace

POLL_S = 0.05
PUBLISH_S = 1.0
_WORLD_READY_S = 10.0
_LOCK_TRIES, _LOCK_RETRY_S = 20, 0.1
_SUSPENDABLE = ("control", "cameras", "recorder")


class Supervisor:
    """All processes of one workspace.

    Args:
        space: the workspace.
        modules: by process name, a module to run instead of the usual one.

    Raises:
        SupervisorError: another supervisor runs on this workspace.
        DriverError: the station's robot is of an unknown type or has unknown keys.
    """

    def __init__(self, space: Workspace, modules: dict[str, str] | None = None) -> None:
        self._space = space
        runtime = space.runtime()
        self._lock = _locked(runtime / runtime_folder.SUPERVISOR_LOCK)
        self._children = {kind.name: Child(kind) for kind in kinds(space, runtime, modules or {})}
        self.improvement = Improvement(space)
        self._publisher = Publisher(runtime, "supervisor")
        self._responder = Responder(runtime, "supervisor")
        self._events = Subscriber(runtime, "control", "recorder", "cameras")
        self._control = Requester(runtime, "control")
        self._control_pid = 0
        self._sequence = 0
        self._published_t = float("-inf")
        self._attempt = 0
        self._stops = 0

    @property
    def stopping(self) -> bool:
        """Whether it was asked to end."""
        return self._stops > 0

    def stop(self) -> None:
        """Asks it to end everything in order; asked again, the arm is let go at once."""
        self._stops += 1

    def run(self) -> None:
        """Starts everything, keeps it running until told to stop, and stops everything."""
        self._start()
        while not self.stopping:
            self.step()
        self._stop()

    def step(self, timeout_s: float = POLL_S) -> None:
        """One turn: commands, news, deaths, training, state."""
        self._responder.wait(timeout_s)
        changed = self._responder.serve(self._handle) > 0
        now = time.monotonic()
        changed |= self._hear(now)
        for child in self._children.values():
            changed |= child.poll(now)
        changed |= self.improvement.poll(now)
        self._talk_to_control(now)
        if changed or now - self._published_t >= PUBLISH_S:
            self._publish(now)

    def state(self) -> SupervisorState:
        """Everything the window shows of the processes."""
        trainer = self.improvement.trainer
        children = [*self._children.values(), *([trainer] if trainer is not None else [])]
        return SupervisorState(
            sequence=self._sequence,
            processes=tuple(child.state() for child in children),
            training=self.improvement.training,
            round=self._space.running_round(),
            problem=self.improvement.problem or self.improvement.activation.problem,
        )

    def close(self) -> None:
        """Frees sockets and the lock."""
        self._publisher.close()
        self._responder.close()
        self._events.close()
        self._control.close()
        self._lock.close()

    def _start(self) -> None:
        """The world first: the others would only find it absent and try again."""
        for child in self._children.values():
            child.start()
            if child.kind.name == "world":
                self._wait_for_world(child)

    def _wait_for_world(self, child: Child) -> None:
        ring = self._space.runtime() / "world-state.ring"
        before = _identity(ring)
        deadline = time.monotonic() + _WORLD_READY_S
        while _identity(ring) == before and time.monotonic() < deadline and not self.stopping:
            self.step(0.01)
            if not child.running:
                return

    def _stop(self) -> None:
        """Trainer, control, cameras, recorder, policy, world: the arm comes to rest first."""
        self.improvement.stop()
        for child in reversed(self._children.values()):
            self._stop_one(child)
        self._publish(time.monotonic())
        # Camera rings are tens of megabytes, often in memory; nobody writes them any more.
        for ring in self._space.runtime().glob("*.ring"):
            ring.unlink(missing_ok=True)

    def _stop_one(self, child: Child) -> None:
        """Waits for one process to end; meanwhile a second wish to stop hurries it."""
        heard = self._stops
        deadline = time.monotonic() + child.kind.stop_s
        child.ask_to_stop()
        while child.running and (now := time.monotonic()) < deadline:
            self._responder.wait(0.01)
            self._responder.serve(self._handle)
            self._hear(now)
            child.poll(now)
            if self._stops > heard:
                heard = self._stops
                child.hurry()
            if now - self._published_t >= PUBLISH_S:
                self._publish(now)
        child.wait_stopped(deadline)

    def _handle(self, command: Message) -> Message:
        if isinstance(command, Snapshot):
            return self.state()
        if isinstance(command, Shutdown):
            self.stop()
            return Accepted()
        if self.stopping:
            return Refused("Everything is being stopped.", "Start the program again afterwards.")
        if isinstance(command, Suspend):
            return self._suspend(command.name)
        if isinstance(command, RestartProcess):
            return self._restart(command.name)
        reply = self.improvement.handle(command)
        name = type(command).__name__
        return reply or Refused(f"The supervisor does not take {name}.")

    def _restart(self, name: str) -> Message:
        child = self._children.get(name)
        if child is None:
            known = ", ".join(self._children)
            return Refused(f"There is no process {name!r}.", f"There are: {known}.")
        child.restart()
        return Accepted()

    def _suspend(self, name: str) -> Message:
        child = self._children.get(name)
        if child is None or name not in _SUSPENDABLE:
            known = ", ".join(n for n in _SUSPENDABLE if n in self._children)
            return Refused(f"The process {name!r} cannot be suspended.", f"These can: {known}.")
        driving = child.running and not child.suspended
        if name in ("control", "recorder") and driving and self._attempt:
            return Refused(
                f"Attempt {self._attempt} is running.", "End it first: success, failure or discard."
            )
        child.suspend(time.monotonic())
        return Accepted()

    def _hear(self, now: float) -> bool:
        changed = False
        for event in self._events.drain():
            child = self._children.get(_SPEAKERS.get(type(event), ""))
            if child is not None:
                fresh = not child.ready
                child.heard_t = now
                changed |= fresh
            if isinstance(event, ControlState):
                self._attempt = event.attempt
                changed |= self.improvement.activation.heard(event)
        return changed

    def _talk_to_control(self, now: float) -> None:
        """Tells a new control process what the former ones knew, and of a new policy."""
        control = self._children["control"]
        if control.pid != self._control_pid and control.ready:
            self._control_pid = control.pid
            self.improvement.activation.control_restarted()
            self._control.send(SetDoubts(_doubts(self._space)))
        if control.ready:
            self.improvement.activation.step(self._control, now)
        for number, reply in self._control.poll():
            self.improvement.activation.answered(number, reply)

    def _publish(self, now: float) -> None:
        self._sequence += 1
        self._published_t = now
        self._publisher.send(self.state())


_SPEAKERS: dict[type[Message], str] = {
    ControlState: "control",
    RecorderState: "recorder",
    CamerasState: "cameras",
}


def _doubts(space: Workspace) -> tuple[float, ...]:
    """The doubts at all takeovers that were recorded; none if the record is torn."""
    # Here, so that h5py is imported after the processes are started and not before.
    from sessions.record.catalogue import Catalogue

    try:
        return tuple(Catalogue(space).doubts())
    except SessionError:
        return ()


def _identity(path: Path) -> int:
    try:
        return path.stat().st_ino
    except OSError:
        return 0


def _locked(path: Path) -> IO[str]:
    """The lock file, held; the kernel lets go of a dead process's lock.

    Raises:
        SupervisorError: a living process holds it.
    """
    for tries_left in reversed(range(_LOCK_TRIES)):
        try:
            file = runtime_folder.locked(path)
            break
        except OSError as error:
            if tries_left:  # who leaves holds it while it tidies up
                time.sleep(_LOCK_RETRY_S)
                continue
            try:
                owner = f"Process {path.read_text().strip()}"
            except OSError:
                owner = "Another process"
            raise SupervisorError(
                f"{owner} already supervises this workspace. Use its window, or stop it first."
            ) from error
    file.seek(0)
    file.truncate()
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file


def main(argv: list[str] | None = None) -> int:
    """Runs until told to stop; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m sessions.live.supervisor", description=__doc__)
    parser.add_argument("workspace", type=Path)
    parser.add_argument(
        "--module",
        action="append",
        default=[],
        metavar="PROCESS=MODULE",
        help="run another module as this process, such as one with a device of its own",
    )
    arguments = parser.parse_args(argv)
    modules = dict(pair.split("=", 1) for pair in arguments.module)
    try:
        space = open_workspace(arguments.workspace)
        supervisor = Supervisor(space, modules)
    except (SessionError, DriverError) as error:
        sys.stderr.write(f"{error}\n")
        return 1

    def stop(number: int, frame: Any) -> None:
        supervisor.stop()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    supervisor.run()
    supervisor.close()
    runtime_folder.leave(space)  # a window that is still there does it at its own end
    return 0


if __name__ == "__main__":
    sys.exit(main())
