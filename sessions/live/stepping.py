"""Fills the record of one tick, both proposals in it."""

from __future__ import annotations

import numpy as np

from drivers.base import Floats
from sessions.live.attempts import Attempts
from sessions.live.follower import Follower
from sessions.live.helm import Helm
from sessions.live.operators import Operators
from sessions.live.proposals import Proposals
from sessions.live.timing import Timing
from sessions.types import Controller, step_dtype


class StepRecord:
    """One step, used again every tick.

    Args:
        helm: the gate.
        attempts: which attempt runs.
        follower: the arm.
        operators: the people's side.
        proposals: the policy's side.
        timing: deadlines and work.
        cameras: number of the station's cameras C.

    Attributes:
        step: shape () of ``step_dtype``.
        frame_t: shape (C,), a view of the step's capture times; NaN before the first picture.
    """

    def __init__(
        self,
        helm: Helm,
        attempts: Attempts,
        follower: Follower,
        operators: Operators,
        proposals: Proposals,
        timing: Timing,
        cameras: int,
    ) -> None:
        self._helm, self._attempts, self._follower = helm, attempts, follower
        self._operators, self._proposals, self._timing = operators, proposals, timing
        robot = follower.robot
        dtype = step_dtype(robot.limits.size, len(robot.environment_names), cameras)
        self.step = np.zeros((), dtype)
        self.frame_t: Floats = self.step["frame_t"]
        self.frame_t[...] = np.nan

    def fill(self, now: float, due: float, tick: int, controller: Controller) -> None:
        """Writes everything that is known at this tick.

        Args:
            now: when the loop observed [s].
            due: when it should have [s].
            tick: number of the tick.
            controller: whose action was carried out.
        """
        step, state, helm = self.step, self._follower.state, self._helm
        attempt = self._attempts.current
        step["tick"], step["t"], step["deadline"] = tick, now, due
        step["work_s"] = self._timing.work_s
        step["attempt"] = 0 if attempt is None else attempt.number
        step["gate"], step["controller"] = helm.gate.state, controller
        step["reason"], step["armed"] = helm.gate.reason, helm.gate.armed
        step["epoch"], step["doubt"] = self._proposals.epoch, helm.doubt
        step["stage"], step["success"] = state.stage, state.success
        step["input_t"], helm.input_t = helm.input_t, float("nan")
        step["position"], step["velocity"] = state.position, state.velocity
        step["effort"], step["environment_state"] = state.effort, state.environment_state
        policy = self._proposals.action
        step["policy_action"] = np.nan if policy is None else policy
        human = self._operators.action(helm.driver or self._operators.selected)
        fits = human is not None and human.shape == state.position.shape
        step["human_action"] = human if fits else np.nan
        step["sent_action"] = self._follower.sent
