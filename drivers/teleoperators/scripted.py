"""A scripted operator for the simulated station that behaves as a person does.

It watches while the policy drives, and wants to take over when the attempt makes no progress for a
while or gets worse. It then needs its reaction time, recovers, corrects until the stage at which
the policy failed is done, gives back, and tags the correction with that stage. It sees what the
protocols give, and reaches the loop through the same gate as any human.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from drivers.base import (
    DeviceConfigError,
    Floats,
    OperatorInput,
    RobotState,
    TeleoperatorView,
)
from drivers.registry import DeviceContext
from drivers.simulation.names import ENVIRONMENT_NAMES, JOINT_NAMES, STAGES
from drivers.teleoperators import _expert
from drivers.teleoperators._expert import Hand

AUTONOMOUS = True
"""It can demonstrate and correct without a person."""

_WANDER_TIME_S = 0.4
_WANDER = np.array([0.010, 0.010, 0.008, 0.03, 0.03, 0.05])
_MEMORY_S = 1.5
_HOPELESS_S = 1.0
_PROGRESS_S = 0.06
_JUMP_RAD = 0.2
_REFUSED_S = 0.3


@dataclass(frozen=True)
class Config:
    """What the station file may say about this person.

    Attributes:
        seed: draws reaction times, pace and the hand's wandering.
        reaction_s: mean time from seeing to acting [s].
        reaction_jitter_s: its standard deviation [s].
        patience_s: how long it waits without any progress before it wants to take over [s].
        stray_s: how much worse than at its best the attempt may get, as seconds of work [s].
        linger_s: how long it goes on after the stage is done [s].
        rest_s: how long it lets the policy be after giving back [s].
        pace: speed of its hand; 1 is a practised person's.
        wander: how unsteady its hand is; 0 is a machine's, 1 a practised person's.
        doubt_s: also takes over when the doubt is above tau for this long [s]; 0 ignores doubt.
        comments: proposes an action in autonomy too, so that disagreement can be recorded.
    """

    seed: int = 0
    reaction_s: float = 0.35
    reaction_jitter_s: float = 0.08
    patience_s: float = 1.2
    stray_s: float = 0.5
    linger_s: float = 0.4
    rest_s: float = 1.0
    pace: float = 1.0
    wander: float = 1.0
    doubt_s: float = 0.0
    comments: bool = False


@dataclass
class _Attempt:
    """What the operator remembers of the running attempt.

    Attributes:
        best_s: the least work that was left at any moment since it began to watch [s].
        best_t: when that was.
        act_t: when its reaction time is over; infinite while it is content.
        stages: (time, stage) of the last moments, to know where things went wrong.
        hopeless_t: since when the cube is out of reach; infinite while it is not.
        doubtful_t: since when the doubt is above tau; infinite while it is not.
        watch_t: when it begins to watch again after giving back.
    """

    best_s: float = np.inf
    best_t: float = 0.0
    act_t: float = np.inf
    stages: list[tuple[float, int]] = field(default_factory=list)
    hopeless_t: float = np.inf
    doubtful_t: float = np.inf
    watch_t: float = -np.inf
    given_up: bool = False


@dataclass
class _Correction:
    """A takeover under way.

    Attributes:
        stage: the stage at which the policy failed, which has to get done.
        since_t: when the takeover began [s].
        done_t: since when that stage is done; infinite while it is not [s].
        tagged: whether the correction has been tagged.
    """

    stage: int
    since_t: float
    done_t: float = np.inf
    tagged: bool = False


class ScriptedOperator:
    """The operator; a ``Teleoperator``.

    Its targets always lie just ahead of the measured pose, so it needs no alignment.

    Args:
        name: what the station calls it.
        config: what kind of person it is.
    """

    relative = True
    autonomous = True
    """It takes over by itself: the loop should poll it only while it is the selected operator."""

    def __init__(self, name: str, config: Config) -> None:
        self._name = name
        self._config = config
        self._random = np.random.default_rng(config.seed)
        self._position: Floats | None = None
        self._correction: _Correction | None = None
        self._driving = False
        self._drift: Floats = np.zeros(6)
        self._hand = Hand()
        self._attempt = _Attempt()
        self._fresh = False

    def connect(self) -> None:
        """Starts its random numbers anew, so that a session repeats exactly."""
        self._random = np.random.default_rng(self._config.seed)
        self._position = None
        self._fresh = False
        self._forget()

    def disconnect(self) -> None:
        """Nothing to close."""

    def begin(self, view: TeleoperatorView) -> None:
        """It drives from this tick on."""
        self._driving = True

    def send_feedback(self, view: TeleoperatorView) -> None:
        """It feels nothing."""

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """Watches or acts; never blocks.

        Raises:
            DeviceConfigError: the robot does not give the simulated station's environment state.
        """
        state = view.state
        if state.environment_state.shape != (len(ENVIRONMENT_NAMES),):
            raise DeviceConfigError(
                self._name,
                f"The robot names {state.environment_state.size} object poses; "
                f"the scripted operator needs {len(ENVIRONMENT_NAMES)}.",
                "Use it with the simulated station only.",
            )
        if self._put_back(state) or not view.attempt_running:
            self._forget()
        if not view.attempt_running:
            return OperatorInput(gate=False)
        self._fresh = False
        if view.controller == "demo":
            return OperatorInput(action=self._act(view) if self._driving else None, gate=False)
        events = self._call_failure(state)
        if self._correction is not None:
            return self._correct(view, self._correction, events)
        self._watch(view)
        if state.t >= self._attempt.act_t and view.controller != "hold":
            stage = max(stage for _, stage in self._attempt.stages)
            self._correction = _Correction(stage, state.t)
            return OperatorInput(action=self._act(view), gate=True, events=events)
        comment = self._act(view) if self._config.comments else None
        return OperatorInput(action=comment, gate=False, events=events)

    # -- correcting

    def _correct(
        self, view: TeleoperatorView, correction: _Correction, events: tuple[str, ...]
    ) -> OperatorInput:
        state = view.state
        if not self._driving and state.t - correction.since_t > _REFUSED_S:
            return self._give_back(state, events)
        if self._driving and view.controller not in ("human", "handover"):
            return self._give_back(state, (*events, *self._tag(correction)))  # it was taken away
        if state.stage > correction.stage:
            correction.done_t = min(correction.done_t, state.t)
        else:
            correction.done_t = np.inf
        # The last stage has none after it: the human stays until the task is done, but names
        # the failure while the attempt still runs.
        if correction.stage == len(STAGES) - 1 and self._doing(state) is _expert.Act.RETREAT:
            events = (*events, *self._tag(correction))
        lingered = state.t - correction.done_t >= self._config.linger_s
        if state.success or lingered or self._attempt.given_up:
            return self._give_back(state, (*events, *self._tag(correction)))
        return OperatorInput(action=self._act(view), gate=True, events=events)

    def _give_back(self, state: RobotState, events: tuple[str, ...]) -> OperatorInput:
        given_up = self._attempt.given_up
        self._forget()
        self._attempt.watch_t = state.t + self._config.rest_s
        self._attempt.given_up = given_up
        return OperatorInput(gate=False, events=events)

    def _tag(self, correction: _Correction) -> tuple[str, ...]:
        if correction.tagged:
            return ()
        correction.tagged = True
        return (f"tag:{STAGES[correction.stage]}",)

    def _act(self, view: TeleoperatorView) -> Floats:
        """The expert's action with this person's pace and unsteadiness, shape (7,)."""
        keep = np.exp(-view.dt / _WANDER_TIME_S)
        fresh = self._random.standard_normal(6) * _WANDER * self._config.wander
        self._drift = keep * self._drift + np.sqrt(1 - keep**2) * fresh
        return _expert.act(view.state, self._hand, self._drift)

    # -- watching

    def _watch(self, view: TeleoperatorView) -> None:
        """Decides whether it wants to take over, and when its reaction time is over."""
        attempt, state, config = self._attempt, view.state, self._config
        attempt.stages.append((state.t, state.stage))
        while attempt.stages[0][0] < state.t - _MEMORY_S:
            attempt.stages.pop(0)
        if state.t < attempt.watch_t or attempt.given_up or state.success:
            return
        left_s = _expert.remaining_s(_expert.look(state))
        if left_s < attempt.best_s - _PROGRESS_S:
            attempt.best_s, attempt.best_t = left_s, state.t
        if np.isinf(left_s) or not np.isinf(attempt.act_t):
            return
        # A policy that has let go of the cube in the tray only has to wait.
        idle_s = state.t - attempt.best_t if left_s > 0.0 else 0.0
        if (
            idle_s > config.patience_s
            or left_s > attempt.best_s + config.stray_s
            or self._doubtful(view)
        ):
            reaction_s = self._random.normal(config.reaction_s, config.reaction_jitter_s)
            attempt.act_t = state.t + max(0.15, reaction_s)

    def _doubtful(self, view: TeleoperatorView) -> bool:
        """Whether the policy's doubt has been above tau for long."""
        if self._config.doubt_s <= 0.0:
            return False
        if not view.doubt > view.tau:
            self._attempt.doubtful_t = np.inf
            return False
        self._attempt.doubtful_t = min(self._attempt.doubtful_t, view.state.t)
        return view.state.t - self._attempt.doubtful_t >= self._config.doubt_s

    def _call_failure(self, state: RobotState) -> tuple[str, ...]:
        """``failure``, once, when the cube has been out of reach for a second."""
        attempt = self._attempt
        if self._doing(state) is not _expert.Act.GIVE_UP:
            attempt.hopeless_t = np.inf
            return ()
        attempt.hopeless_t = min(attempt.hopeless_t, state.t)
        if attempt.given_up or state.t - attempt.hopeless_t < _HOPELESS_S:
            return ()
        attempt.given_up = True
        return ("failure",)

    def _doing(self, state: RobotState) -> _expert.Act:
        return _expert.decide(_expert.look(state))

    def _put_back(self, state: RobotState) -> bool:
        """Whether the scene was reset since the last tick: no arm moves that fast."""
        before, self._position = self._position, state.position
        return before is not None and bool(np.abs(before - state.position)[:6].max() > _JUMP_RAD)

    def _forget(self) -> None:
        """A new attempt or correction: a fresh look, a slightly different hand."""
        if self._fresh:
            return
        self._fresh = True
        self._attempt = _Attempt()
        self._correction = None
        self._driving = False
        self._drift = np.zeros(6)
        pace = self._config.pace * self._random.uniform(0.85, 1.15)
        self._hand = Hand(speed_m_s=Hand.speed_m_s * pace, gain_per_s=Hand.gain_per_s * pace)


def create(name: str, config: Config, context: DeviceContext) -> ScriptedOperator:
    """Builds the operator.

    Raises:
        DeviceConfigError: the station's arm is not the simulated one.
    """
    if context.joint_names and context.joint_names != JOINT_NAMES:
        raise DeviceConfigError(
            name,
            f"The arm's joints are {', '.join(context.joint_names)}.",
            "The scripted operator knows the simulated ViperX only; remove it from the station.",
        )
    return ScriptedOperator(name, config)
