"""Rounds as the window needs them: what each achieved, what RETRAIN will do, measuring trials."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, QProcess, Signal

from dagger_gui.commands import Commands, untagged
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets.rounds_chart import Rate, RoundPoint
from dagger_gui.widgets.training_options import TrainingOptions
from sessions.learn import rounds
from sessions.learn.rounds import RoundSummary
from sessions.messages import Activate, EpisodeSummary, TrainingProgress
from sessions.record.query import Selection
from sessions.statistics import Proportion
from sessions.types import SessionError

CORRECTIONS_A_ROUND: Final = 20  # few large batches beat many small ones (CR-DAgger)
TRIALS: Final = 50
_TERMINATE_MS = 3000
_NO_CORRECTIONS = "No corrections yet: there is nothing new to learn from."
_NONE_RECOVERED = "No correction brought its attempt on yet; only those count (Rounds, F3)."
_ATTEMPT_RUNS = "The corrections count once their attempt has ended."


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
        """Interventions collected while a round ran, discarded ones and the one under way out."""
        recorder = self._model.recorder
        if recorder is not None and index == self.running():
            return sum(not (i.discarded or i.running) for i in recorder.interventions)
        return sum(e.interventions for e in self._episodes(index))

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
        index = self.next_round()
        recorder = self._model.recorder
        episodes = recorder.episodes if recorder is not None else ()
        kept = [e for e in episodes if e.outcome != "discarded"]
        demos = sum(e.demo for e in kept)
        usable, left_out = self._usable()
        if self._chosen is not None:
            demos = sum(e.demo and e.outcome != "discarded" for e in self._chosen.episodes)
        corrections = _count(usable, "correction")
        if left_out:
            corrections = f"{usable} of {usable + left_out} corrections"
        if self._chosen is None and self._guesses():
            corrections = f"up to {corrections}"
        start = f"on from round {self.running()}" if self.options.warm_start else "from scratch"
        share = "" if self.options.share is None else f", {self.options.share:.0%} of the weight"
        what = f"{_count(demos, 'demonstration')} and {corrections}{share}"
        if self.query and self._chosen is None:
            what = f"only what {self.query} finds"
        elif self.query:
            what = f"only what {self.query} finds: {what}"
        return f"Trains round {index} {start} on {what}."

    def why_not(self) -> str:
        """Why RETRAIN cannot be done now; empty if it can."""
        if not self._model.there("supervisor"):
            return "The supervisor does not answer. Wait, or restart the program."
        if self.training():
            return "A training runs already."
        if self._usable()[0] > 0:
            return ""
        if self._chosen is not None:
            return f"No correction to learn from is found by {self.query}. Choose others on Review."
        recorder = self._model.recorder
        if recorder is None or not recorder.interventions:
            return _NO_CORRECTIONS
        state = self._model.control
        if state is not None and state.attempt:
            return _ATTEMPT_RUNS
        return _NONE_RECOVERED if self.options.recovered_only else _NO_CORRECTIONS

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

    def _usable(self) -> tuple[int, int]:
        """Corrections of finished attempts: to be learned from and left out, as far as is known.

        Of earlier rounds only their number is known here, of this one each correction.
        """
        if self._chosen is not None:
            chosen = self._chosen.interventions
            out = sum(
                i.discarded or (self.options.recovered_only and not i.recovered) for i in chosen
            )
            return len(chosen) - out, out
        recorder = self._model.recorder
        if recorder is None:
            return 0, 0
        kept = {e.episode for e in recorder.episodes if not e.demo and e.outcome != "discarded"}
        found = sum(e.interventions for e in recorder.episodes if e.episode in kept)
        left_out = sum(
            i.episode in kept
            and not i.running
            and (i.discarded or (self.options.recovered_only and not i.recovered))
            for i in recorder.interventions
        )
        return found - left_out, left_out

    def _guesses(self) -> bool:
        """Whether earlier rounds' corrections count, of which some may not have recovered."""
        recorder = self._model.recorder
        if recorder is None or not self.options.recovered_only:
            return False
        listed = {i.episode for i in recorder.interventions}
        return any(e.interventions and e.episode not in listed for e in recorder.episodes)

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


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _stamps(folder: Path) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((p.name, p.stat().st_mtime_ns) for p in folder.glob("*.json")))
