"""What is said and sounded as the session goes: refusals, leftovers, questions, edges of state."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject

from dagger_gui.commands import HUMAN_GATES, Commands, alarm, robot_lost, untagged
from dagger_gui.notices import Choice, Notice, Notices
from dagger_gui.rail import Rail
from dagger_gui.round_desk import RoundDesk
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds
from dagger_gui.theme import Role
from sessions.live.held import ROBOT
from sessions.messages import (
    ControlState,
    Leftover,
    RecorderState,
    Salvage,
    SupervisorState,
    TrainingProgress,
)


class Alerts(QObject):
    """Listens to the session and speaks through notices, the rail's marks and sounds.

    Args:
        model: the session.
        commands: what they have to say is said here.
        desk: the same, and its question about untagged corrections.
        notices: where sentences appear.
        rail: where a page is marked as needing a look.
        sounds: tones at the edges of state.
        show_untagged: brings the next untagged correction up.
        parent: Qt owner.
    """

    def __init__(
        self,
        model: SessionModel,
        commands: Commands,
        desk: RoundDesk,
        notices: Notices,
        rail: Rail,
        sounds: Sounds,
        show_untagged: Callable[[], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._desk = model, desk
        self._notices, self._rail, self._sounds = notices, rail, sounds
        self._show_untagged = show_untagged
        self._gate, self._alarm, self._doubting = "", "", False
        self._releasing = ""
        self._offered: dict[str, Notice] = {}
        self._problems: dict[str, str] = {}
        self._question: Notice | None = None
        self._chosen = ""  # the operator device, while nobody drives
        self._set_aside: dict[str, int] = {}  # leftovers asked to go, and their attempts
        model.refused.connect(self._refused)
        model.control_changed.connect(self._control)
        model.recorder_changed.connect(self._recorder)
        model.supervisor_changed.connect(self._supervisor)
        model.training_changed.connect(self._training)
        commands.said.connect(self._say)
        desk.said.connect(self._say)
        desk.untagged_found.connect(self._untagged)

    def _say(self, sentence: str, role: Role) -> None:
        # "hold" speaks of what is in the way now; a result stands whatever comes after it.
        self._notices.say(sentence, role, over=self._passed() if role == "hold" else None)

    def _refused(self, why: str, remedy: str) -> None:
        self._notices.say(f"{why} {remedy}".strip(), "fault", over=self._passed())

    def _passed(self) -> Callable[[], bool]:
        """Whether the state of now, to which a sentence belongs, is another by then."""
        said_in = self._state()
        return lambda: self._state() != said_in

    def _state(self) -> tuple[object, ...]:
        state = self._model.control
        arm = () if state is None else (state.gate, state.armed, state.attempt, state.holding)
        return (*arm, self._desk.training(), self._model.read_only)

    def _control(self, state: ControlState) -> None:
        before, self._gate = self._gate, state.gate
        above = (
            state.gate == "policy"
            and math.isfinite(state.tau)
            and math.isfinite(state.doubt)
            and state.doubt > state.tau
        )
        alarmed, self._alarm = self._alarm, alarm(state)
        stopped = state.gate == "fault" and before != "fault"
        if before and (stopped or (self._alarm and not alarmed)):
            self._sounds.play("fault")
        elif state.gate in HUMAN_GATES and before not in HUMAN_GATES:
            self._sounds.play("takeover")
        elif state.gate == "policy" and before in HUMAN_GATES:
            self._sounds.play("handback")
        elif above and not self._doubting:
            self._sounds.play("doubt")
        self._doubting = above
        self._notices.setBusy(state.attempt != 0)
        self._notices.drop_over()
        self._say_let_go(state)
        self._say_chosen(state)
        chosen = state.operator
        bad = any(d.warnings or (d.name == chosen and not d.ok) for d in state.devices)
        self._rail.setMark("Station", "fault" if robot_lost(state) or bad else None)

    def _say_let_go(self, state: ControlState) -> None:
        """A leader was let go as it was asked for; of the arm the banner says so."""
        name, self._releasing = self._releasing, state.releasing
        there = any(device.name == name and device.ok for device in state.devices)
        if there and name != ROBOT and name not in state.holding and state.gate not in HUMAN_GATES:
            self._notices.say(f"The {name} is let go: its torque is off.", "good")

    def _say_chosen(self, state: ControlState) -> None:
        """Another device corrects from now on: its name alone, in the foot, is easily missed."""
        if state.gate in HUMAN_GATES:  # then it is the one that drives
            return
        before, self._chosen = self._chosen, state.operator
        there = any(device.name == state.operator and device.ok for device in state.devices)
        if before and there and state.operator != before:
            self._notices.say(f"The {state.operator} corrects from now on.", "good")

    def _recorder(self, state: RecorderState) -> None:
        self._new_problem("recorder", state.problem)
        self._notices.drop_over()
        present = {leftover.path for leftover in state.leftovers}
        for path in set(self._offered) - present:
            self._notices.withdraw(self._offered.pop(path))
            if path in self._set_aside:
                folder = self._model.workspace.episodes / "aside"
                said = f"Attempt {self._set_aside.pop(path)} is set aside, in {folder}."
                self._notices.say(said, "good")
        for leftover in () if self._model.closing else state.leftovers:
            if leftover.path not in self._offered:
                self._offered[leftover.path] = self._offer(leftover)

    def _offer(self, leftover: Leftover) -> Notice:
        path, name = leftover.path, Path(leftover.path).name
        what = f"{leftover.ticks} ticks can be kept." if leftover.ticks else leftover.problem
        choices: list[Choice] = [("Set aside", lambda: self._put_aside(leftover))]
        if leftover.ticks:
            # Nobody saw how it ended but the operator, and without an outcome nothing is learned.
            choices = [
                ("Keep as success", lambda: self._send(Salvage(path, outcome="success"))),
                ("Keep as failure", lambda: self._send(Salvage(path, outcome="failure"))),
                *choices,
            ]
        sentence = f"Attempt {leftover.episode} was not finished ({name}): {what}"
        return self._notices.say(sentence, "hold", choices, stays=True)

    def _put_aside(self, leftover: Leftover) -> None:
        self._set_aside[leftover.path] = leftover.episode
        self._send(Salvage(leftover.path, keep=False))

    def _send(self, command: Salvage) -> None:
        self._model.send("recorder", command)

    def _supervisor(self, state: SupervisorState) -> None:
        if state.training and self._question is not None:
            # Answered by the key: what was asked is under way.
            self._notices.withdraw(self._question)
            self._question = None
        self._new_problem("supervisor", state.problem)
        for process in state.processes:
            if process.name != "control":  # of that one the banner speaks
                why = f"The {process.name} process cannot start: {process.refusal}"
                key = f"process {process.name}"
                self._new_problem(key, why if process.refusal else "")
        self._notices.drop_over()

    def _training(self, progress: TrainingProgress) -> None:
        if progress.stage == "failed":
            self._new_problem("trainer", progress.text or "The training failed.")
        elif progress.stage == "done":
            self._new_problem("trainer", "")
            self._notices.say(
                f"Round {progress.round} is trained. It is loaded while the arm holds.", "training"
            )
        else:
            self._problems["trainer"] = ""
        self._notices.drop_over()

    def _new_problem(self, process: str, problem: str) -> None:
        if problem and problem != self._problems.get(process):
            self._notices.say(problem, "fault", over=lambda: self._problems.get(process) != problem)
        self._problems[process] = problem

    def _untagged(self, count: int) -> None:
        some = "1 correction is" if count == 1 else f"{count} corrections are"
        them = "it" if count == 1 else "them"
        self._question = self._notices.say(
            f"{some} untagged. Tag {them} first (F2), or retrain anyway.",
            "training",
            [
                (f"Tag {them}", self._show_untagged),
                ("Retrain anyway", self._desk.retrain_anyway),
            ],
            stays=True,
            over=lambda: not untagged(self._model.recorder),
        )
