"""Rounds as the window needs them: what each achieved, what RETRAIN will do, measuring trials."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QProcess, Signal

from dagger_gui import round_plan
from dagger_gui.commands import Commands, untagged
from dagger_gui.round_plan import Tally
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets.rounds_chart import Rate, RoundPoint
from dagger_gui.widgets.training_options import TrainingOptions
from dagger_gui.widgets.training_view import OVER, starting
from sessions.learn import rounds
from sessions.learn.rounds import RoundSummary
from sessions.messages import Activate, EpisodeSummary, TrainingProgress
from sessions.record.query import Selection
from sessions.statistics import Proportion
from sessions.types import SessionError

CORRECTIONS_A_ROUND: Final = 20  # few large batches beat many small ones (CR-DAgger)
TRIALS: Final = 50
_TERMINATE_MS = 3000


class RoundDesk(QObject):
    """Summaries of all rounds, the plan of the next, and the measuring of one.

    Args:
        model: the session.
        commands: what training asks of the supervisor.
        parent: Qt owner.

    Attributes:
        summaries: every round on disk, in order.
        options: how RETRAIN trains.
        query: what RETRAIN takes and nothing else; empty for everything.
        measuring: newest progress of the measurement under way, None without one.
    """

    changed = Signal()
    said = Signal(str, str)
    untagged_found = Signal(int)
    measuring_changed = Signal()
    everything_asked = Signal()  # the query is the Review page's to give up

    def __init__(
        self, model: SessionModel, commands: Commands, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._model, self._commands = model, commands
        training = model.workspace.task.training
        self.options = TrainingOptions(training.share, training.warm_start, training.recovered_only)
        self.summaries: tuple[RoundSummary, ...] = ()
        self.measuring: TrainingProgress | None = None
        self.query = ""
        self._chosen: Selection | None = None
        self._seen: object = None
        self._asked = False
        self._measured_round = -1
        self._cancelling = False
        self._log = ""
        self._child = QProcess(self)
        self._child.setProcessChannelMode(QProcess.ProcessChannelMode.MergedChannels)
        self._child.finished.connect(self._measured)
        model.recorder_changed.connect(lambda _state: self.refresh())
        model.supervisor_changed.connect(lambda _state: self.refresh())
        model.read_only_changed.connect(lambda _why: self.refresh())
        model.measuring_changed.connect(self._show_measuring)

    # -- what is known

    def refresh(self) -> None:
        """Reads the rounds again if anything that they are made of has changed."""
        recorder = self._model.recorder
        episodes = recorder.episodes if recorder is not None else ()
        interventions = recorder.interventions if recorder is not None else ()
        workspace = self._model.workspace
        seen = (
            episodes,
            tuple(
                (i.episode, i.start, i.discarded, i.recovered, i.category, i.running)
                for i in interventions
            ),
            _stamps(workspace.rounds),
            workspace.running_round(),
            self.training(),
            self._model.there("supervisor"),
            self._model.read_only,
        )
        if seen == self._seen:
            return
        self._seen = seen
        try:
            self.summaries = tuple(rounds.summaries(workspace, episodes, interventions))
        except SessionError as error:
            self.said.emit(str(error), "fault")
        self.changed.emit()

    def running(self) -> int:
        """Index of the running round, -1 before the base policy."""
        state = self._model.control
        if state is not None and state.round >= 0:
            return state.round
        return self._model.workspace.running_round()

    def corrections(self, index: int) -> int:
        """Corrections collected while a round ran; what was discarded, or still runs, is out."""
        recorder = self._model.recorder
        if recorder is not None and index == self.running():
            return round_plan.collected(recorder)
        return sum(e.interventions for e in self._episodes(index))

    def tally(self) -> Tally:
        """The running round's corrections as RETRAIN sees them."""
        return round_plan.tally(self._model.recorder, self.options)

    def points(self) -> list[RoundPoint]:
        """The rounds as the chart draws them: trials where measured, else unaided attempts."""
        return [
            RoundPoint(
                index=summary.index,
                success=_rate(success(summary)),
                human_share=_known(summary.intervention_share),
                running=summary.running,
            )
            for summary in self.summaries
        ]

    def training(self) -> bool:
        """Whether the trainer works."""
        return self._model.supervisor is not None and self._model.supervisor.training

    def next_round(self) -> int:
        """Number of the round that is trained next, or now."""
        return rounds.next_index(self._model.workspace)

    def plan(self) -> str:
        """What RETRAIN will do, in one sentence."""
        start = f"on from round {self.running()}" if self.options.warm_start else "from scratch"
        what = round_plan.what(self._model.recorder, self.options, self.query, self._chosen)
        return f"Trains round {self.next_round()} {start} on {what}."

    def why_not(self) -> str:
        """Why RETRAIN cannot be done now; empty if it can."""
        if self._model.read_only:
            return self._model.read_only
        if not self._model.there("supervisor"):
            return "The supervisor does not answer. Wait, or restart the program."
        if self.training():
            return "A training runs already."
        state, first = self._model.control, self.running() < 0
        return round_plan.why_not(
            self._model.recorder,
            self.options,
            self.query,
            self._chosen,
            first=first,
            running=state is not None and state.attempt != 0,
        )

    def progress(self) -> TrainingProgress | None:
        """How far the training is; a trainer is silent while it loads its libraries."""
        progress = self._model.training
        if self.training() and (progress is None or progress.stage in OVER):
            return starting(self.next_round())
        return progress

    # -- acts

    def retrain(self) -> None:
        """Trains the next round; says once if corrections are untagged."""
        why_not = self.why_not()
        if why_not:
            self.said.emit(why_not, "hold")
            return
        waiting = len(untagged(self._model.recorder))
        if waiting and not self._asked:
            self._asked = True
            self.untagged_found.emit(waiting)
            return
        self.retrain_anyway()

    def retrain_anyway(self) -> None:
        """Trains the next round, untagged corrections or not."""
        self._asked = False
        chosen = self.options
        self._commands.train(
            chosen.share,
            warm_start=chosen.warm_start,
            recovered_only=chosen.recovered_only,
            query=self.query,
        )

    def set_options(self, options: TrainingOptions) -> None:
        """How the next round is trained."""
        self.options = options
        self.changed.emit()

    def set_query(self, query: str, chosen: Selection | None) -> None:
        """What the next round is trained on and nothing else.

        Args:
            query: of ``sessions.record.query``; empty for everything.
            chosen: what it finds, None while that is not known.
        """
        if (query, chosen) != (self.query, self._chosen):
            self.query, self._chosen = query, chosen if query else None
            self.changed.emit()

    def activate(self, index: int) -> None:
        """Makes a round's policy the running one; the arm holds while it loads."""
        self._model.send("supervisor", Activate(index))

    def measure(self, index: int) -> None:
        """Runs trials of a round's policy in simulation, beside everything else."""
        if self._model.read_only:
            self.said.emit(self._model.read_only, "fault")
            return
        if self.is_measuring():
            self.said.emit("A measurement runs already. Cancel it, or wait for its end.", "hold")
            return
        self._measured_round, self._cancelling, self._log = index, False, ""
        self._child.setProgram(sys.executable)
        root = str(self._model.workspace.root)
        trials = ["--round", str(index), "--trials", str(TRIALS), "--processes", "1"]
        self._child.setArguments(["-m", "sessions.evaluation", root, *trials])
        self._child.start()
        self.measuring_changed.emit()

    def is_measuring(self) -> bool:
        """Whether trials run."""
        return self._child.state() != QProcess.ProcessState.NotRunning

    def measured_round(self) -> int:
        """The round that is or was measured last."""
        return self._measured_round

    def cancel_measuring(self) -> None:
        """Stops the trials; the round keeps its older measurement."""
        if self.is_measuring():
            self._cancelling = True
            self._child.terminate()

    def close(self) -> None:
        """Stops what runs, and waits for its end."""
        if self.is_measuring():
            self._cancelling = True
            self._child.terminate()
            if not self._child.waitForFinished(_TERMINATE_MS):
                self._child.kill()
                self._child.waitForFinished(_TERMINATE_MS)

    def _episodes(self, index: int) -> list[EpisodeSummary]:
        recorder = self._model.recorder
        episodes = recorder.episodes if recorder is not None else ()
        return [e for e in episodes if e.round == index and not e.demo and e.outcome != "discarded"]

    def _show_measuring(self, progress: TrainingProgress) -> None:
        if self.is_measuring():
            self.measuring = progress
            self.measuring_changed.emit()

    def _measured(self, code: int, _status: QProcess.ExitStatus) -> None:
        said = bytes(self._child.readAll().data()).decode(errors="replace").strip().splitlines()
        self.measuring = None
        if code == 0:
            self.said.emit(said[-1] if said else "Measured.", "good")
        elif not self._cancelling:
            why = said[-1] if said else f"The trials ended with code {code}."
            self.said.emit(f"Measuring failed. {why}", "fault")
        self.refresh()
        self.measuring_changed.emit()


def success(summary: RoundSummary) -> Proportion:
    """How often a round's policy did it alone: its trials if measured, else its attempts."""
    return summary.trials.success if summary.trials is not None else summary.alone


def _rate(found: Proportion) -> Rate | None:
    return Rate(found.k, found.n, found.low, found.high) if found.n else None


def _known(value: float) -> float | None:
    return value if value == value else None


def _stamps(folder: Path) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((p.name, p.stat().st_mtime_ns) for p in folder.glob("*.json")))
