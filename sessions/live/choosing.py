"""Whose action is sent at this tick, before limits: the gate's state decides, and nothing else."""

from __future__ import annotations

from drivers.base import Floats, InvalidActionError
from sessions.live.alignment import aligned
from sessions.live.follower import Follower
from sessions.live.gate import Event
from sessions.live.helm import Helm
from sessions.live.holds import RESUME, Trouble, misfit, no_policy, policy_late
from sessions.live.operators import Operators
from sessions.live.parking import Parking
from sessions.live.proposals import Proposals
from sessions.types import GateState


class Choice:
    """Chooses between the proposals.

    Args:
        helm: the gate.
        proposals: the policy's side.
        operators: the people's side.
        follower: the arm.
        parking: the way to the rest pose.
        policy_limit_s: how long a policy that was given control may be silent [s].
    """

    def __init__(
        self,
        helm: Helm,
        proposals: Proposals,
        operators: Operators,
        follower: Follower,
        parking: Parking,
        policy_limit_s: float,
    ) -> None:
        self._helm, self._proposals, self._operators = helm, proposals, operators
        self._follower, self._parking = follower, parking
        self._limit_s = policy_limit_s

    def target(self, now: float) -> Floats | None:
        """What is to be sent; None to come to rest and stay. May change the gate.

        Raises:
            InvalidActionError: the policy's chunks have another number of joints.
        """
        helm = self._helm
        if helm.gate.state is GateState.POLICY:
            if self._proposals.fault:
                raise InvalidActionError("policy", self._proposals.fault, "")
            if self._proposals.action is None:
                self._check_late(now)
                return None
            return helm.blend.apply(self._proposals.action)
        if helm.gate.state is GateState.PARKING:
            return self._parking.target()
        if helm.gate.state is GateState.ALIGNING and self._aligned():
            helm.apply(Event.ALIGNED)
            # Near is not equal: its device is anchored, so that the arm does not go to meet it.
            self._operators.begin(helm.driver, helm.view())
        if helm.gate.state is GateState.HUMAN:
            return self._operators.action(helm.driver)
        return None

    def bad_action(self, error: InvalidActionError) -> Trouble:
        """The sentence for an action that cannot be sent, and whose it was."""
        policy = self._helm.gate.state is GateState.POLICY
        who = "policy" if policy else self._helm.driver or "rest pose"
        remedy = (
            "Press Enter to let the policy try again, or take over."
            if policy
            else f"Check the {who}, {RESUME}."
        )
        text = f"the {who} gave an action that cannot be sent. {error.problem.rstrip('.')}"
        return Trouble(Event.BAD_ACTION, text, remedy)

    def _check_late(self, now: float) -> None:
        """No action is due: after a start or hand-back a first answer is waited for, else hold."""
        if now - self._helm.entered_t <= self._limit_s:
            return
        status = self._proposals.status
        late = policy_late(now - self._proposals.answered_t, self._limit_s, alive=status.alive)
        if status.alive and status.spec is None and not status.loading:
            late = no_policy()
        elif self._proposals.misfit:
            late = misfit(self._proposals.misfit)
        self._helm.apply(late.event, late)

    def _aligned(self) -> bool:
        action, follower = self._operators.action(self._helm.driver), self._follower
        return aligned(action, follower.sent, follower.limiter.limits)
