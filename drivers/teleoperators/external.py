"""A scripted expert from outside the project, as an operator: through the same gate as a person.

See ``drivers.experts`` for what such an expert is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from drivers import experts
from drivers.base import DeviceConfigError, Floats, OperatorInput, RobotState, TeleoperatorView
from drivers.experts import Expert, ExpertSpec
from drivers.registry import DeviceContext

AUTONOMOUS = True
"""It can demonstrate and correct without a person."""

_REFUSED_S = 0.3
_DRIVING = ("human", "demo")


@dataclass(frozen=True)
class Config:
    """What the station file may say.

    Attributes:
        expert: ``module:Class``.
        seed: of its attempts; in lockstep each attempt's own.
        tag: category of failure that its corrections are tagged with, unless it has a ``tag`` of
            its own; empty for none.
    """

    expert: str
    seed: int = 0
    tag: str = ""


class ExternalOperator:
    """The expert; a ``Teleoperator``.

    Args:
        name: what the station calls it.
        config: which expert.
        robot: the station's robot, asked for observations and actions of its own kind.
        rate_hz: the control rate.
    """

    relative = True
    """Its targets are the environment's own, and the limiter leads there: nothing to align."""
    autonomous = True

    def __init__(self, name: str, config: Config, robot: Any, rate_hz: float) -> None:
        self._name, self._config, self._robot = name, config, robot
        limits = robot.limits
        self._spec = ExpertSpec(
            environment=str(getattr(robot, "environment_id", "")),
            action_names=limits.names,
            low=np.array(getattr(robot, "action_low", limits.lower)),
            high=np.array(getattr(robot, "action_high", limits.upper)),
            rate_hz=rate_hz,
        )
        self._expert: Expert | None = None
        self._attempts = 0
        self._asked_t = self._pressed_t = float("nan")
        self._answer: tuple[Floats, bool] = (np.zeros(0), False)
        self._driving = self._seen_driving = False

    def connect(self) -> None:
        """Makes the expert.

        Raises:
            DeviceConfigError: there is no such module or class, or it cannot be made.
        """
        self._expert = experts.load(self._name, self._config.expert, self._spec)
        self._attempts = 0
        self._forget()

    def disconnect(self) -> None:
        """Lets go of the expert."""
        self._expert = None

    def begin(self, view: TeleoperatorView) -> None:
        """It drives from this tick on; its targets need no anchor."""
        self._driving = True

    def send_feedback(self, view: TeleoperatorView) -> None:
        """It feels nothing."""

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        """Asks the expert, once a tick however often this is called.

        Raises:
            DeviceConfigError: the expert failed, or answered what cannot be used.
        """
        if not view.attempt_running or self._expert is None:
            self._forget()
            return OperatorInput(gate=False)
        action, wants = self._asked(self._expert, view)
        if view.controller == "demo":
            return OperatorInput(action=action if self._driving else None, gate=False)
        if view.controller not in _DRIVING and self._seen_driving:
            self._driving = self._seen_driving = False
        events: tuple[str, ...] = ()
        if view.controller == "human" and self._driving and not self._seen_driving:
            self._seen_driving = True
            tag = str(getattr(self._expert, "tag", "") or self._config.tag)
            events = (f"tag:{tag}",) if tag else ()
        return OperatorInput(action=action, gate=self._gate(view, wants=wants), events=events)

    def _asked(self, expert: Expert, view: TeleoperatorView) -> tuple[Floats, bool]:
        state = view.state
        if state.t == self._asked_t:
            return self._answer[0].copy(), self._answer[1]
        name = self._config.expert
        try:
            if np.isnan(self._asked_t):
                expert.reset(self._config.seed + self._attempts)
                self._attempts += 1
            answer = expert(self._observation(state))
        except Exception as error:  # whatever other people's code raises
            raise experts.failed(self._name, name, error) from error
        given, wants = experts.checked(self._name, name, answer, self._spec)
        given = np.clip(given, self._spec.low, self._spec.high)
        target = getattr(self._robot, "target", None)
        action = given if target is None else target(given, state)
        self._asked_t, self._answer = state.t, (action, wants)
        return action.copy(), wants

    def _observation(self, state: RobotState) -> Any:
        own = getattr(self._robot, "observation", None)
        if own is not None:
            return own(state)
        return {
            "agent_pos": state.position.copy(),
            "velocity": state.velocity.copy(),
            "environment_state": state.environment_state.copy(),
        }

    def _gate(self, view: TeleoperatorView, *, wants: bool) -> bool:
        """What it wants; let go and pressed again now and then while it is refused."""
        t = view.state.t
        if not wants or view.controller in _DRIVING:
            self._pressed_t = float("nan")
            return wants
        if np.isnan(self._pressed_t):
            self._pressed_t = t
        if t - self._pressed_t > _REFUSED_S:
            self._pressed_t = float("nan")
            return False
        return True

    def _forget(self) -> None:
        self._asked_t = self._pressed_t = float("nan")
        self._driving = self._seen_driving = False


def create(name: str, config: Config, context: DeviceContext) -> ExternalOperator:
    """Builds the operator; its expert is made when it is connected.

    Raises:
        DeviceConfigError: the station's robot is not known here.
    """
    if context.robot is None:
        raise DeviceConfigError(
            name,
            "An expert must know the robot that it moves.",
            "Use it as an operator of a station.",
        )
    return ExternalOperator(name, config, context.robot, context.rate_hz)
