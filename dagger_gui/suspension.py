"""Has a session's processes let go of their devices for a while, and take them up again."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from dagger_gui import supervisor_process
from dagger_gui.session_model import SessionModel
from sessions.live.held import ROBOT
from sessions.messages import ControlState, RestartProcess, SelectOperator, Suspend


def what_happens(state: ControlState | None) -> str:
    """What letting go of the devices means for the arm, as it is now. Pure."""
    if state is None or ROBOT not in state.holding:
        return "Control lets go of the devices ..."
    if ROBOT in state.left_held:
        return "The arm stays where it is, held by its motors; control lets go of the devices ..."
    return "The arm goes to its rest pose, then control lets go of the devices ..."


class Suspension(QObject):
    """Suspends processes through the supervisor; never while an attempt runs.

    Args:
        model: the session.
        parent: Qt owner.
    """

    ready = Signal()
    refused = Signal(str)

    def __init__(self, model: SessionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._names: tuple[str, ...] = ()
        self._waiting = False
        self._operator, self._control_pid = "", 0
        model.control_changed.connect(self._choose_again)
        model.supervisor_changed.connect(self._look)
        model.refused.connect(self._hear_refusal)

    @property
    def active(self) -> bool:
        """Whether processes are suspended, or being so, for somebody here."""
        return bool(self._names)

    @property
    def waiting(self) -> bool:
        """Whether they still have their devices: an arm may go to rest first."""
        return self._waiting

    def words(self) -> str:
        """What beginning means for the arm, one sentence."""
        there = self._model.there("control")
        return what_happens(self._model.control if there else None)

    def begin(self, names: tuple[str, ...]) -> None:
        """Asks for it; ``ready`` comes when all have let go, at once where no session runs.

        Args:
            names: processes, such as ``("control", "cameras")``.
        """
        if self.active:
            return
        if self._model.read_only:
            self.refused.emit(self._model.read_only)
            return
        control = self._model.control
        if self._model.there("control") and control is not None and control.attempt:
            self.refused.emit(
                f"Attempt {control.attempt} is running. End it first: success, failure or discard."
            )
            return
        if not self._model.there("supervisor"):
            if supervisor_process.running(self._model.workspace):
                self.refused.emit("The station is starting. Try again in a moment.")
            else:
                self.ready.emit()
            return
        known = self._model.supervisor.processes if self._model.supervisor is not None else ()
        self._names = tuple(process.name for process in known if process.name in names)
        self._waiting = True
        self._operator = control.operator if control is not None else ""
        self._control_pid = self._pid()
        for name in self._names:
            self._model.send("supervisor", Suspend(name))
        self._look()

    def hurry(self) -> None:
        """Lets go of an arm on its way to rest."""
        if self._waiting:
            for name in self._names:
                self._model.send("supervisor", Suspend(name))

    def end(self) -> None:
        """The processes take up their devices again."""
        names, self._names, self._waiting = self._names, (), False
        for name in names:
            self._model.send("supervisor", RestartProcess(name))

    def _choose_again(self, state: ControlState) -> None:
        """A control process that starts anew has the station's device and not the chosen one."""
        anew = self._pid() not in (0, self._control_pid)
        if not self._operator or not anew or not self._model.there("control"):
            return
        chosen, self._operator = self._operator, ""
        if chosen in state.operators and chosen != state.operator:
            self._model.send("control", SelectOperator(chosen))

    def _pid(self) -> int:
        """The control process' id, as the supervisor has it; 0 while there is none."""
        state = self._model.supervisor
        processes = state.processes if state is not None else ()
        return next((p.pid for p in processes if p.name == "control"), 0)

    def _look(self) -> None:
        if self._waiting and all(self._model.suspended(name) for name in self._names):
            self._waiting = False
            self.ready.emit()

    def _hear_refusal(self, why: str, remedy: str) -> None:
        if self._waiting:
            self.end()
            self.refused.emit(f"{why} {remedy}".strip())
