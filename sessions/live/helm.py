"""The gate and what comes with it: who drives, from which pose, with which doubt."""

from __future__ import annotations

import math

from drivers.base import TeleoperatorView
from policies.chunks import Blend
from sessions.clock import Clock
from sessions.live.attempts import Attempts
from sessions.live.follower import Follower
from sessions.live.gate import BROKEN, RESTING, Event, Gate, transition
from sessions.live.holds import Trouble
from sessions.live.operators import Operators
from sessions.live.proposals import Proposals
from sessions.types import Controller, GateState, doubt_threshold

_STILL = (GateState.HOLD, GateState.FAULT)
_HANDS_ON = (GateState.HUMAN, GateState.ALIGNING)


class Helm:
    """Carries out what a change of the gate asks for, at once and in one place.

    Args:
        clock: wall or virtual time.
        follower: the arm.
        attempts: which attempt runs.
        operators: the people's devices.
        proposals: the policy's side.
        dt: control period [s].
        blend_ticks: ticks of a hand-back from the sent pose to the policy's actions.

    Attributes:
        gate: who is in control; changed by ``apply`` only.
        version: goes up with each change.
        text: sentence and remedy of a hold or fault that has its own; empty otherwise.
        said: what came of an arm that was disarmed meanwhile (it rests, it was let go); shown
            until it is armed again.
        driver: name of the operator who drives; empty while none does.
        doubt: the policy's doubt at this tick; NaN without one.
        doubts: the doubts at all takeovers so far, in time order.
        tau: the threshold learned from them; NaN before the first.
        blend: the hand-back under way; it passes actions unchanged once done.
        entered_t: when the policy was last given control [s].
        input_t: when the input behind the newest takeover or hand-back happened [s]; NaN once
            recorded.
    """

    def __init__(
        self,
        clock: Clock,
        follower: Follower,
        attempts: Attempts,
        operators: Operators,
        proposals: Proposals,
        dt: float,
        blend_ticks: int,
    ) -> None:
        self.gate = Gate()
        self.version = 0
        self.text = self.said = ("", "")
        self.driver = ""
        self.doubts: list[float] = []
        self.doubt = self.tau = self.entered_t = self.input_t = float("nan")
        self.blend = Blend(follower.sent, 0)
        self._clock, self._follower, self._attempts = clock, follower, attempts
        self._operators, self._proposals = operators, proposals
        self._dt, self._blend_ticks = dt, blend_ticks

    def apply(self, event: Event, trouble: Trouble | None = None) -> bool:
        """Gives the gate an event.

        Args:
            event: what happened.
            trouble: its sentence and remedy, shown while the gate holds for it.

        Returns:
            Whether the gate changed.
        """
        before, self.gate = self.gate, transition(self.gate, event)
        if self.gate == before:
            return False
        self.version += 1
        if before.state is not self.gate.state or before.reason is not self.gate.reason:
            self.text = ("", "")
        if trouble is not None and self.gate.state in _STILL:
            lead = "Holding" if self.gate.state is GateState.HOLD else "Stopped"
            words = (f"{lead}: {trouble.text}.", trouble.remedy)
            if before.state is GateState.PARKING and self.gate.reason in RESTING:
                self.said = words
            else:
                self.text = words
        if self.gate.state is not before.state:
            self._entered(before.state)
        if self.gate.reason in BROKEN:
            self._attempts.cancel()
        armed_now = self.gate.armed and not before.armed
        if armed_now:
            self.said = ("", "")
        # An arm still coming to rest goes on from what it was sent: that is no jump.
        if armed_now and self._follower.lost is None and not self._follower.limiter.moving:
            self._follower.anchor(grip=True)
        return True

    def clear(self) -> bool:
        """The first act after a stop; whether there was a stop to clear."""
        cleared = self.apply(Event.CLEAR)
        if cleared and self._attempts.current is None:
            self.apply(Event.END)
        return cleared

    def say(self, sentence: str, remedy: str) -> None:
        """Shown while the arm is disarmed: what has become of it."""
        self.said = (sentence, remedy)
        self.version += 1

    def retell(self, trouble: Trouble) -> None:
        """The cause that a HOLD has had for a while is known better now."""
        words = (f"Holding: {trouble.text}.", trouble.remedy)
        if self.gate.reason in BROKEN and words != self.text:
            self.text = words
            self.version += 1

    def arm(self) -> None:
        """The second act, after ``Follower.engage``."""
        broken = self.gate.reason in BROKEN
        self.apply(Event.ARM)
        if broken and self._attempts.current is None:
            self.apply(Event.END)

    def take_over(self, name: str, input_t: float) -> bool:
        """The operator ``name`` takes control at once, or begins to align an absolute device.

        Args:
            name: a connected operator of the station.
            input_t: when the key or button went down [s].

        Returns:
            Whether that operator drives now, or aligns.
        """
        if name != self.driver:
            self.apply(self.wish(name))
        if self.gate.state not in _HANDS_ON:
            return False
        self.drive(name, input_t)
        return True

    def wish(self, name: str) -> Event:
        """What a takeover with this device asks of the gate."""
        return Event.TAKE_OVER if self._operators.slots[name].device.relative else Event.ALIGN

    def drive(self, name: str, input_t: float) -> None:
        """From now on ``name`` drives; its device is anchored where the arm is."""
        if self.driver != name:
            self.driver = name
            self.version += 1
            self._operators.begin(name, self.view())
        self.input_t = input_t

    def give_back(self, input_t: float) -> bool:
        """The policy drives on; in a demonstration there is none, so the arm holds."""
        changed = self.apply(Event.PAUSE if self.demo else Event.GIVE_BACK)
        if changed:
            self.input_t = input_t
        return changed

    def set_doubts(self, doubts: list[float]) -> None:
        """Takes the doubts at all takeovers so far and computes tau."""
        self.doubts = doubts
        self.tau = doubt_threshold(doubts)

    @property
    def demo(self) -> bool:
        """Whether a demonstration is being recorded."""
        return self._attempts.current is not None and self._attempts.current.demo

    def controller(self) -> Controller:
        """Whose action a tick carries out in the gate's present state."""
        state = self.gate.state
        if state is GateState.POLICY:
            return Controller.POLICY if self.blend.done else Controller.HANDOVER
        if state is GateState.ALIGNING:
            return Controller.HANDOVER
        if state is GateState.HUMAN:
            return Controller.DEMO if self.demo else Controller.HUMAN
        return Controller.HOLD

    def view(self) -> TeleoperatorView:
        """What operators' devices may look at."""
        return TeleoperatorView(
            state=self._follower.state,
            sent=self._follower.sent,
            controller=self.controller().name.lower(),
            attempt_running=self._attempts.current is not None,
            doubt=self.doubt,
            tau=self.tau,
            dt=self._dt,
            limits=self._follower.limiter.limits,
        )

    def _entered(self, before: GateState) -> None:
        state = self.gate.state
        if state not in _HANDS_ON:
            self.driver = ""
        if state is GateState.POLICY:
            self._proposals.new_epoch()
            self.blend = Blend(self._follower.sent, self._blend_ticks)
            self.entered_t = self._clock.now()
        elif state in _HANDS_ON and before not in _HANDS_ON:
            self._proposals.new_epoch()
            # HG-DAgger logs the doubt at each takeover; tau follows from all of them.
            if math.isfinite(self.doubt) and not self.demo:
                self.set_doubts([*self.doubts, self.doubt])
        elif state is GateState.FAULT:
            self._attempts.cancel()
            if not self._attempts.busy:  # else when that is done: one thread speaks to an arm
                self._follower.stop()
