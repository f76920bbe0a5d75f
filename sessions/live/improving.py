"""Training beside the session, and making a policy the running one when it is ready.

The order is what makes it safe: the trainer writes a whole policy, the control process loads and
checks it while the arm holds, and only when it says so is the round recorded as running.
"""

from __future__ import annotations

import re
import time

from sessions.bus import Requester
from sessions.live.children import Child, Kind
from sessions.messages import (
    Accepted,
    Activate,
    CancelTraining,
    ControlState,
    LoadPolicy,
    Message,
    Refused,
    StartTraining,
)
from sessions.workspace import Workspace

TRAINER_STOP_S = 10.0
_RETRY_S = 0.5
_ROUND_FILE = re.compile(r"(?:round-)?(\d+)(?:\.json)?")


class Activation:
    """Makes one round's policy the running one.

    Args:
        space: the workspace.

    Attributes:
        round: the round that is to run; None if nothing is under way.
        problem: why the newest one failed; empty otherwise.
    """

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self.round: int | None = None
        self.problem = ""
        self._number = 0
        self._accepted = False
        self._retry_t = float("-inf")

    def begin(self, round_index: int) -> None:
        """Asks for a round; what was asked for before is forgotten."""
        self.round, self.problem = round_index, ""
        self._number, self._accepted = 0, False
        self._retry_t = float("-inf")

    def step(self, control: Requester, now: float) -> None:
        """Sends the command, again if the control process did not answer."""
        if self.round is None or self._accepted or now < self._retry_t:
            return
        self._retry_t = now + _RETRY_S
        folder = str(self._space.policy_folder(self.round))
        self._number = control.send(LoadPolicy(folder, self.round))

    def answered(self, number: int, reply: Message) -> None:
        """Takes the control process's reply."""
        if number != self._number or self.round is None:
            return
        if isinstance(reply, Accepted):
            self._accepted = True
        elif isinstance(reply, Refused):
            self.problem = f"{reply.why} {reply.remedy}".strip()

    def heard(self, state: ControlState) -> bool:
        """Takes the control process's state; whether the round runs since now."""
        if self.round is None or not self._accepted:
            return False
        if state.load_problem:
            self.problem, self.round = state.load_problem, None
            return False
        if state.round != self.round or state.reason == "loading_policy":
            return False
        self._space.set_running_round(self.round)
        self.round, self.problem = None, ""
        return True

    def control_restarted(self) -> None:
        """A new control process knows nothing of what the former accepted."""
        self._accepted = False


class Improvement:
    """Runs the trainer and activates what it made.

    Args:
        space: the workspace.

    Attributes:
        trainer: the trainer's process, None before the first training.
        activation: the policy that is being made the running one.
        problem: why the newest training failed; empty otherwise.
    """

    def __init__(self, space: Workspace) -> None:
        self._space = space
        self.trainer: Child | None = None
        self.activation = Activation(space)
        self.problem = ""
        self._round = -1
        self._cancelled = False

    @property
    def training(self) -> bool:
        """Whether the trainer runs."""
        return self.trainer is not None and self.trainer.running

    def handle(self, command: Message) -> Message | None:
        """Carries out a command about training; None if it is about something else."""
        if isinstance(command, StartTraining):
            return self._start(command)
        if isinstance(command, CancelTraining):
            return self._cancel()
        if isinstance(command, Activate):
            return self._activate(command.round)
        return None

    def poll(self, now: float) -> bool:
        """Notices the trainer's end; whether anything changed."""
        if self.trainer is None or not self.trainer.poll(now):
            return False
        if self._cancelled:
            return True
        if self.trainer.exit_code == 0:
            self.activation.begin(self._round)
        else:
            ended = f"The trainer ended with status {self.trainer.exit_code}."
            why = self.trainer.last_words() or ended
            self.problem = f"Round {self._round} was not trained. {why} Nothing was changed."
        return True

    def stop(self) -> None:
        """Ends the trainer."""
        if self.trainer is not None:
            self.trainer.ask_to_stop()
            self.trainer.wait_stopped(time.monotonic() + TRAINER_STOP_S)

    def _start(self, command: StartTraining) -> Message:
        if self.training:
            return Refused(
                f"Round {self._round} is being trained already.", "Wait for it, or cancel it."
            )
        self._round = self._next_round()
        arguments = [str(self._space.root), "--round", str(self._round)]
        if command.share is not None:
            arguments += ["--share", str(command.share)]
        if command.warm_start is not None:
            arguments += ["--warm-start", str(int(command.warm_start))]
        if command.query:
            arguments += ["--query", command.query]
        if command.recovered_only is not None:
            arguments += ["--recovered-only", str(int(command.recovered_only))]
        if command.kind:
            arguments += ["--kind", command.kind]
        self.problem, self._cancelled = "", False
        self.trainer = Child(
            Kind(
                "trainer",
                "sessions.learn.trainer",
                tuple(arguments),
                restarts=False,
                niceness=19,
                stop_s=TRAINER_STOP_S,
                errors=self._space.runtime() / "trainer.err",
            )
        )
        self.trainer.start()
        if not self.trainer.running:
            return Refused(
                "The trainer cannot be started; the log says why.", "Free memory, then try again."
            )
        return Accepted()

    def _cancel(self) -> Message:
        if self.trainer is None or not self.trainer.running:
            return Refused("No training is running.")
        self._cancelled = True
        self.trainer.ask_to_stop()
        return Accepted()

    def _activate(self, round_index: int) -> Message:
        folder = self._space.policy_folder(round_index)
        if not folder.is_dir():
            return Refused(
                f"Round {round_index} has no policy ({folder.name} is absent).",
                "Choose one of the rounds that are listed.",
            )
        self.activation.begin(round_index)
        return Accepted()

    def _next_round(self) -> int:
        """One more than any round that left a policy or a record."""
        names = [path.name for path in self._space.policies.glob("round-*")]
        names += [path.name for path in self._space.rounds.glob("*.json")]
        found = [int(match[1]) for name in names if (match := _ROUND_FILE.fullmatch(name))]
        return max(found, default=-1) + 1
