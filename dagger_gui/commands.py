"""What the operator's acts ask of the processes; pure wiring between words and messages."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from dagger_gui.session_model import SessionModel
from sessions.messages import (
    Arm,
    CancelTraining,
    ClearFault,
    ControlState,
    Disarm,
    EndAttempt,
    EpisodeSummary,
    GiveBack,
    Intervention,
    Message,
    Pause,
    Reconnect,
    RecorderState,
    Redo,
    Release,
    ResetScene,
    Rest,
    Resume,
    SelectOperator,
    SetOutcome,
    SoftStop,
    StartAttempt,
    StartTraining,
    TakeOver,
    Undo,
)

HUMAN_GATES = ("human", "aligning")


def robot_lost(state: ControlState | None) -> bool:
    """Whether the arm does not answer now; when it is back, its HOLD is one like others."""
    return state is not None and any(d.kind == "robot" and not d.ok for d in state.devices)


def alarm(state: ControlState | None) -> str:
    """What keeps the arm from going on as it is, by the reason's name; else empty.

    ``robot_lost`` or ``self_stopped`` while it cannot be armed, ``operator_lost`` while nobody can
    take over.
    """
    if state is None or state.gate != "hold":
        return ""
    if state.reason == "operator_lost":
        chosen = next((d for d in state.devices if d.name == state.operator), None)
        return "" if chosen is None or chosen.ok else state.reason
    if not robot_lost(state):
        return ""
    return state.reason if state.reason in ("robot_lost", "self_stopped") else ""


def gravest(state: ControlState | None) -> str:
    """The first warning of the first device that warns, the robot's before others; empty if none.

    A device that is lost says so elsewhere; a pedal says it here, before somebody steps on it.
    """
    devices = state.devices if state is not None else ()
    for device in sorted(devices, key=lambda d: d.kind != "robot"):
        if device.warnings and (device.ok or device.kind == "pedal"):
            return f"{device.name}: {device.warnings[0]}"
    return ""


def last_attempt(model: SessionModel) -> EpisodeSummary | None:
    """The attempt that ended last while this window watched, as the recorder has it now.

    It is the one that the banner speaks of and that can still be marked; None before the first.
    Those of earlier sessions are marked in Review.
    """
    recorder = model.recorder
    if recorder is None or not model.ended:
        return None
    return next((e for e in reversed(recorder.episodes) if e.episode == model.ended), None)


def human_drives(state: ControlState | None) -> bool:
    """Whether the human drives: then the motion keys are the arm's alone."""
    return state is not None and state.gate in HUMAN_GATES


def may_move(state: ControlState | None) -> bool:
    """Whether the arm moves or an attempt may go on: then Space stops even in a note.

    An armed arm that holds between attempts stays where it is until a deliberate act; that is
    when notes are written, and a space in one must not disarm it.
    """
    if state is None or not state.armed or state.gate == "fault":
        return False  # an arm on its way to rest is armed
    return state.attempt != 0 or state.gate != "hold"


def untagged(recorder: RecorderState | None) -> list[Intervention]:
    """This round's finished interventions without a failure category, in time order."""
    found = recorder.interventions if recorder is not None else ()
    return [i for i in found if not (i.category or i.running or i.discarded)]


class Commands(QObject):
    """The operator's acts by name, as keys and buttons call them.

    Args:
        model: where commands go.
        parent: Qt owner.
    """

    said = Signal(str, str)  # (sentence, meaning of the theme)

    def __init__(self, model: SessionModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._holding = False
        self._device = ""
        self._acts: dict[str, Callable[[float], None]] = {
            "correct": self.take_over,
            "toggle": self.toggle,
            "stop": lambda t: self.soft_stop(),
            "pause": lambda t: self._control(Pause()),
            "success": lambda t: self.end("success"),
            "failure": lambda t: self.end("failure"),
            "discard": lambda t: self.end("discarded"),
            "undo": lambda t: self.undo(),
            "redo": lambda t: self.redo(),
            "disarm": lambda t: self.disarm(),
            "rest": lambda t: self.rest(),
            "release": lambda t: self.let_go(),
            "demonstrate": lambda t: self._control(StartAttempt(demo=True)),
            "reset_scene": lambda t: self._control(ResetScene()),
            "operator": lambda t: self.next_operator(),
        }

    def press(self, action: str, t: float) -> bool:
        """Does what the action means; False if it is none of these (a page, a tag)."""
        act = self._acts.get(action)
        if act is None:
            return False
        if action == "correct":
            self._holding = True
        act(t)
        return True

    def release(self, action: str, t: float) -> None:
        """Letting go of hold-to-correct gives back; every other release means nothing."""
        if action == "correct" and self._holding:
            self._holding = False
            self._control(GiveBack(input_t=t, device=self._device))

    def holding(self) -> bool:
        """Whether hold-to-correct is held in this window."""
        return self._holding

    # -- the gate

    def soft_stop(self) -> None:
        """Stops all motion, also when the control process seems silent."""
        self._control(SoftStop())

    def take_over(self, t: float) -> None:
        """The human drives from now on, with the operator device that is selected."""
        state = self._model.control
        self._device = (state.operator if state is not None else "") or "keyboard"
        self._control(TakeOver(device=self._device, input_t=t))

    def give_back(self, t: float) -> None:
        """The policy drives on."""
        self._control(GiveBack(input_t=t))

    def toggle(self, t: float) -> None:
        """Takes over, or gives back if the human drives."""
        state = self._model.control
        if state is not None and state.gate in HUMAN_GATES:
            self.give_back(t)
        else:
            self.take_over(t)

    def arm(self) -> None:
        """Allows motion."""
        self._control(Arm())

    def disarm(self) -> None:
        """Forbids motion."""
        self._control(Disarm())

    def rest(self) -> None:
        """Sends the arm to its rest pose; asked again, lets it go."""
        self._control(Rest())

    def let_go(self, name: str = "") -> None:
        """Takes the torque of a device, where it is asked for twice; the first that holds if none.

        Args:
            name: the robot or a leader, as the station calls it.
        """
        self._control(Release(name))

    def reconnect(self, name: str = "") -> None:
        """Tries now to reach what is lost: one device, or all."""
        self._control(Reconnect(name))

    def reset(self) -> None:
        """Clears a latched stop."""
        self._control(ClearFault())

    def start(self, demo: bool = False) -> None:
        """Starts an attempt or a demonstration."""
        self._control(StartAttempt(demo=demo))

    def pause(self) -> None:
        """Holds until resumed."""
        self._control(Pause())

    def resume(self) -> None:
        """Goes on."""
        self._control(Resume())

    def next_operator(self) -> None:
        """Selects the station's next operator device."""
        state = self._model.control
        if state is None or not state.operators:
            return
        absent = {device.name for device in state.devices if not device.ok} - {state.operator}
        # Those that are there come in turn; where none is, one chooses what to plug in.
        names = [n for n in state.operators if n not in absent]
        if names in ([], [state.operator]):
            names = list(state.operators)
        at = names.index(state.operator) if state.operator in names else -1
        self._control(SelectOperator(names[(at + 1) % len(names)]))

    # -- attempts and edits

    def end(self, outcome: str) -> None:
        """Ends the running attempt; with none running, changes the outcome of the last one."""
        state = self._model.control
        if state is not None and state.attempt:
            self._control(EndAttempt(outcome))
            return
        last = last_attempt(self._model)
        if last is None or last.demo:
            self.said.emit("There is no attempt to mark yet. Press Enter to start one.", "hold")
            return
        if last.outcome != outcome and self._model.send(
            "recorder", SetOutcome(last.episode, outcome)
        ):
            word = {"discarded": "discarded"}.get(outcome, f"marked as {outcome}")
            self.said.emit(f"Attempt {last.episode} is {word}. Undo with Z.", "hold")

    def undo(self) -> None:
        """Takes the last edit back."""
        recorder = self._model.recorder
        if recorder is not None and not recorder.can_undo:
            self.said.emit("There is nothing to undo in this round.", "hold")
            return
        self._model.send("recorder", Undo())

    def redo(self) -> None:
        """Does the last undone edit again."""
        recorder = self._model.recorder
        if recorder is not None and not recorder.can_redo:
            self.said.emit("There is nothing to redo.", "hold")
            return
        self._model.send("recorder", Redo())

    # -- training

    def train(
        self, share: float | None, *, warm_start: bool, recovered_only: bool, query: str = ""
    ) -> None:
        """Trains the next round's policy on everything so far, or on what a query finds."""
        command = StartTraining(share, warm_start, recovered_only, query=query)
        self._model.send("supervisor", command)

    def cancel_training(self) -> None:
        """Stops the trainer."""
        self._model.send("supervisor", CancelTraining())

    def _control(self, command: Message) -> None:
        self._model.send("control", command)
