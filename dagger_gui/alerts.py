"""What is said and sounded as the session goes: refusals, leftovers, questions, edges of state."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from dagger_gui.commands import HUMAN_GATES
from dagger_gui.notices import Choice, Notice
from dagger_gui.sounds import Sounds
from dagger_gui.theme import Role
from sessions.messages import (
    ControlState,
    Leftover,
    RecorderState,
    Salvage,
    SupervisorState,
    TrainingProgress,
)

if TYPE_CHECKING:
    from dagger_gui.window import Window


class Alerts(QObject):
    """Listens to the session and speaks through the window's notices and sounds.

    Args:
        window: whose notices, rail and side column are used.
        sounds: tones at the edges of state.
    """

    def __init__(self, window: Window, sounds: Sounds) -> None:
        super().__init__(window)
        self._window, self._sounds = window, sounds
        self._gate, self._doubting = "", False
        self._offered: dict[str, Notice] = {}
        self._problems: dict[str, str] = {}
        model = window.model
        model.refused.connect(self._refused)
        model.control_changed.connect(self._control)
        model.recorder_changed.connect(self._recorder)
        model.supervisor_changed.connect(self._supervisor)
        model.training_changed.connect(self._training)
        window.commands.said.connect(self._say)
        window.desk.said.connect(self._say)
        window.desk.untagged_found.connect(self._untagged)

    def _say(self, sentence: str, role: Role) -> None:
        self._window.notices.say(sentence, role)

    def _refused(self, why: str, remedy: str) -> None:
        self._window.notices.say(f"{why} {remedy}".strip(), "fault")

    def _control(self, state: ControlState) -> None:
        before, self._gate = self._gate, state.gate
        above = (
            state.gate == "policy"
            and math.isfinite(state.tau)
            and math.isfinite(state.doubt)
            and state.doubt > state.tau
        )
        if state.gate == "fault" and before != "fault" and before:
            self._sounds.play("fault")
        elif state.gate in HUMAN_GATES and before not in HUMAN_GATES:
            self._sounds.play("takeover")
        elif state.gate == "policy" and before in HUMAN_GATES:
            self._sounds.play("handback")
        elif above and not self._doubting:
            self._sounds.play("doubt")
        self._doubting = above
        bad = any(not device.ok for device in state.devices if device.name == "robot")
        self._window.rail.setMark("Station", "fault" if bad else None)

    def _recorder(self, state: RecorderState) -> None:
        self._new_problem("recorder", state.problem)
        present = {leftover.path for leftover in state.leftovers}
        for path in set(self._offered) - present:
            self._window.notices.withdraw(self._offered.pop(path))
        for leftover in state.leftovers:
            if leftover.path not in self._offered:
                self._offered[leftover.path] = self._offer(leftover)

    def _offer(self, leftover: Leftover) -> Notice:
        path, name = leftover.path, Path(leftover.path).name
        what = f"{leftover.ticks} ticks can be kept." if leftover.ticks else leftover.problem
        choices: list[Choice] = [("Set aside", lambda: self._salvage(path, keep=False))]
        if leftover.ticks:
            choices.insert(0, ("Keep", lambda: self._salvage(path, keep=True)))
        sentence = f"Attempt {leftover.episode} was not finished ({name}): {what}"
        return self._window.notices.say(sentence, "hold", choices, stays=True)

    def _salvage(self, path: str, *, keep: bool) -> None:
        self._window.model.send("recorder", Salvage(path, keep))

    def _supervisor(self, state: SupervisorState) -> None:
        self._new_problem("supervisor", state.problem)

    def _training(self, progress: TrainingProgress) -> None:
        if progress.stage == "failed":
            self._new_problem("trainer", progress.text or "The training failed.")
        elif progress.stage == "done":
            self._new_problem("trainer", "")
            self._window.notices.say(
                f"Round {progress.round} is trained. It is loaded while the arm holds.", "training"
            )
        else:
            self._problems["trainer"] = ""

    def _new_problem(self, process: str, problem: str) -> None:
        if problem and problem != self._problems.get(process):
            self._window.notices.say(problem, "fault")
        self._problems[process] = problem

    def _untagged(self, count: int) -> None:
        window = self._window
        some = "1 correction has" if count == 1 else f"{count} corrections have"
        window.notices.say(
            f"{some} no tag yet. Tags are for finding causes; training does not need them.",
            "training",
            [("Jump to next untagged", self._jump), ("Retrain anyway", window.desk.retrain_anyway)],
            stays=True,
        )

    def _jump(self) -> None:
        self._window.show_page("Run")
        self._window.run.side.select_next_untagged()
