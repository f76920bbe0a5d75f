"""Attempts: their numbers and seeds, and the way from a wish to the first recorded tick."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.base import DriverError, Robot, SceneReset
from sessions.live.background import Job, Runner
from sessions.live.faults import translated
from sessions.messages import AttemptEnded, AttemptStarted


@dataclass
class Attempt:
    """One attempt at the task.

    Attributes:
        number: episode number.
        demo: whether the human drives from the first tick.
        seed: what the start pose is drawn from, in simulation.
        environment: label of the surroundings.
        object: label of the object.
        started_t: time of its first tick [s].
    """

    number: int
    demo: bool
    seed: int
    environment: str = ""
    object: str = ""
    started_t: float = float("nan")


class Attempts:
    """Which attempt runs, and which is about to.

    A wish (``prepare``) puts the scene back first, beside the loop; ``ready`` says when that is
    done, and only then the attempt starts and its number is used.

    Args:
        robot: its scene is put back where it can.
        run: how slow work is run.
        next_number: number of the first attempt.

    Attributes:
        current: the attempt that runs; None outside attempts.
        coming: the attempt whose scene is being put back.
        started: what was told of the newest attempt's start; None before the first.
        ended: how the newest finished attempt ended; None before the first.
        latest: number of the newest attempt, running or not; 0 before the first.
        next_number: number of the next one; the recorder may raise it.
        seed: seed of the scene as it stands.
        ending: outcome that was asked for; the next tick is the attempt's last.
        problem: why the scene could not be put back, at the last try.
    """

    def __init__(self, robot: Robot, run: Runner, next_number: int) -> None:
        self.current: Attempt | None = None
        self.coming: Attempt | None = None
        self.started: AttemptStarted | None = None
        self.ended: AttemptEnded | None = None
        self.latest = 0
        self.next_number = next_number
        self.seed = 0
        self.ending = ""
        self.problem: DriverError | None = None
        self._robot = robot
        self._run = run
        self._job: Job | None = None

    @property
    def busy(self) -> bool:
        """Whether the scene is being put back: nothing may be sent to the arm meanwhile."""
        return self._job is not None

    def prepare(self, attempt: Attempt) -> None:
        """Begins to put the scene back for ``attempt``."""
        self.coming = attempt
        self.reset_scene(attempt.seed)

    def reset_scene(self, seed: int) -> None:
        """Begins to put the scene back; done at once where software cannot do it."""
        self.problem = None
        self.seed = seed
        self._job = self._run(self._reset(seed))

    def finished(self) -> bool:
        """Whether putting the scene back has just ended, well or badly; true once."""
        if self._job is None or not self._job.done:
            return False
        self.problem = self._job.error
        self._job = None
        if self.problem is not None:
            self.coming = None
        return True

    def start(self, now: float) -> Attempt:
        """The coming attempt becomes the running one."""
        attempt, self.coming = self.coming, None
        assert attempt is not None
        attempt.started_t = now
        self.current = attempt
        self.latest = attempt.number
        self.next_number = max(self.next_number, attempt.number + 1)
        self.ending = ""
        return attempt

    def end(self, tick: int) -> AttemptEnded:
        """The running attempt is over with ``tick``, as was asked for; what to tell of it."""
        assert self.current is not None
        self.ended = AttemptEnded(self.current.number, tick, self.ending)
        self.current, self.ending = None, ""
        return self.ended

    def abandon(self) -> None:
        """The running attempt is left without an outcome: its record is for a person to judge."""
        self.current, self.coming, self.ending = None, None, ""

    def cancel(self) -> None:
        """The wish is withdrawn (a stop); a scene being put back still is, but no start follows."""
        self.coming = None

    def _reset(self, seed: int) -> Callable[[], None]:
        def work() -> None:
            if isinstance(self._robot, SceneReset):
                with translated("robot"):
                    self._robot.reset_scene(seed)

        return work
