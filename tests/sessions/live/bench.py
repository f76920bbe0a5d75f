"""A bench in lockstep: the real world, arm, keyboard and loop; policies that do as a test says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers.base import (
    DeviceLostError,
    Floats,
    Health,
    OperatorInput,
    RobotState,
    SelfStoppedError,
    Teleoperator,
    TeleoperatorView,
)
from drivers.registry import DeviceContext, create
from drivers.simulation.names import ENVIRONMENT_NAMES, JOINT_NAMES
from drivers.simulation.world import World
from policies.base import Observation, PolicyLink, PolicySpec
from policies.inline import InlinePolicy
from sessions.clock import VirtualClock
from sessions.live.loop import ControlLoop, LoopOptions
from sessions.messages import Accepted, Arm, ControlState, Message, Refused, StartAttempt
from sessions.stations import pick_place_task, simulated_station
from sessions.types import Controller, GateState

SPEC = PolicySpec(joint_names=JOINT_NAMES, environment_names=ENVIRONMENT_NAMES, horizon=16)


class Puppet:
    """A policy that answers what a test tells it to."""

    def __init__(self, spec: PolicySpec = SPEC) -> None:
        self.spec = spec
        self.calls = 0
        self.doubt = 0.1
        self.answer: Callable[[Floats], Floats] = lambda position: position

    def act(self, observation: Observation) -> tuple[Floats, float]:
        self.calls += 1
        pose = self.answer(np.asarray(observation["position"]))
        chunk = pose if pose.ndim == 2 else np.tile(pose, (self.spec.horizon, 1))
        return chunk, self.doubt

    def reset(self) -> None:
        """It has no history."""

    def save(self, folder: Path) -> None:
        raise NotImplementedError


class Hand:
    """An operator's device in a test's hand: gate, action and presses are set."""

    def __init__(self, *, relative: bool = True) -> None:
        self.relative = relative
        self.gate: bool | None = False
        self.action: Floats | None = None
        self.events: tuple[str, ...] = ()
        self.begun = 0
        self.lost = False
        self.views: list[TeleoperatorView] = []
        self.felt: list[TeleoperatorView] = []

    def connect(self) -> None:
        if self.lost:
            raise DeviceLostError("hand", "The hand is unplugged.", "Plug it in.")

    def disconnect(self) -> None:
        """Nothing to close."""

    def begin(self, view: TeleoperatorView) -> None:
        self.begun += 1

    def get_action(self, view: TeleoperatorView) -> OperatorInput:
        if self.lost:
            raise DeviceLostError("hand", "The hand was unplugged.", "Plug it in.")
        self.views.append(view)
        events, self.events = self.events, ()
        return OperatorInput(self.action, self.gate, events)

    def send_feedback(self, view: TeleoperatorView) -> None:
        self.felt.append(view)


class Lens:
    """Cameras whose newest picture is as old as a test says."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.names = names
        self.ages = dict.fromkeys(names, 0.02)

    def times(self, now: float) -> Floats:
        return np.array([now - self.ages[name] for name in self.names])

    def image(self, camera: str, height: int, width: int) -> NDArray[np.uint8] | None:
        return np.zeros((height, width, 3), np.uint8)


class Cable:
    """The arm behind a cable that a test can pull."""

    def __init__(self, robot: Any) -> None:
        self._robot = robot
        self.limits = robot.limits
        self.environment_names = robot.environment_names
        self.pulled = False
        self.breaks: Exception | None = None
        self.stops = self.tries = 0
        self.disconnect = robot.disconnect
        self.reset_scene = robot.reset_scene

    def connect(self) -> None:
        self.tries += 1
        self._robot.connect()

    def get_observation(self) -> RobotState:
        self._speak()
        return self._robot.get_observation()

    def send_action(self, action: Floats) -> Floats:
        self._speak()
        return self._robot.send_action(action)

    def _speak(self) -> None:
        if self.pulled:
            raise DeviceLostError("robot", "The arm does not answer.", "Check its cable.")
        if self.breaks is not None:
            raise self.breaks

    def stop(self) -> None:
        self.stops += 1
        self._robot.stop()


class Motored(Cable):
    """The arm with motors that can be switched, that stop themselves, and say how they are."""

    def __init__(self, robot: Any) -> None:
        super().__init__(robot)
        self.engaged = False
        self.rest_pose: Floats | None = None
        self.hot = ""
        self.tripped = False
        self.said = Health("bus 1.2 ms", lost=3)
        self.engagements = self.looks = 0

    @property
    def holds(self) -> bool:
        return self.engaged

    def engage(self) -> None:
        self._speak()
        if self.hot:
            raise SelfStoppedError("robot", f"{self.hot} is at 81 °C (limit 80 °C).", "Wait.")
        self.engagements += 1
        self.engaged, self.tripped = True, False

    def release(self) -> None:
        self._speak()
        self.engaged = False

    def send_action(self, action: Floats) -> Floats:
        if self.tripped:
            raise SelfStoppedError("robot", "The elbow was overloaded.", "Free the arm.")
        assert self.engaged, "an arm without torque is sent nothing"
        return super().send_action(action)

    def health(self) -> Health:
        self.looks += 1
        return self.said


class Bench:
    """Everything of one lockstep session."""

    def __init__(
        self,
        policy: Puppet | None = None,
        link: PolicyLink | None = None,
        lens: Lens | None = None,
        hands: dict[str, Hand] | None = None,
        options: LoopOptions | None = None,
        *,
        pulled: bool = False,
        arm: type[Cable] = Cable,
        **station: Any,
    ) -> None:
        self.world = World(0)
        self.clock = VirtualClock(self.world.step_to)
        self.puppet = policy if policy is not None else Puppet()
        cameras = {name: {"type": "simulated"} for name in (lens.names if lens else ())}
        self.station = msgspec.structs.replace(
            simulated_station(),
            operators={"keyboard": {"type": "keyboard"}},
            cameras=cameras,
            **station,
        )
        self.arm: Any = arm(
            create("robots", "robot", self.station.robot, DeviceContext(world=self.world))
        )
        self.arm.pulled = pulled
        keyboard = create(
            "teleoperators",
            "keyboard",
            {"type": "keyboard"},
            DeviceContext(world=self.world, joint_names=JOINT_NAMES),
        )
        operators: dict[str, Teleoperator] = {"keyboard": keyboard, **(hands or {})}
        self.steps: list[NDArray[Any]] = []
        self.events: list[Message] = []
        self.loop = ControlLoop(
            self.arm,
            operators,
            link if link is not None else InlinePolicy(self.puppet),
            self.station,
            pick_place_task(),
            self.clock,
            lambda step: self.steps.append(step.copy()),
            self.events.append,
            lens,
            options or LoopOptions(),
        )
        self.loop.connect()
        self.run(1)

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self.clock.sleep_until(self.loop.deadline)
            self.loop.tick()

    def until(self, condition: Callable[[], bool], ticks: int = 500) -> None:
        for _ in range(ticks):
            if condition():
                return
            self.run(1)
        raise AssertionError(f"it did not happen within {ticks} ticks: {self.state}")

    def do(self, command: Message) -> None:
        reply = self.loop.handle(command)
        assert isinstance(reply, Accepted), reply

    def refused(self, command: Message) -> str:
        reply = self.loop.handle(command)
        assert isinstance(reply, Refused), reply
        return f"{reply.why} {reply.remedy}"

    def start(self, **options: Any) -> None:
        """Arms and starts an attempt, and lets it run for a moment."""
        self.do(Arm())
        self.do(StartAttempt(**options))
        self.until(lambda: self.state.attempt > 0)
        self.run(30)

    @property
    def state(self) -> ControlState:
        return self.loop.state()

    @property
    def last(self) -> NDArray[Any]:
        return self.steps[-1]

    @property
    def gate(self) -> GateState:
        return GateState(int(self.last["gate"]))

    @property
    def controller(self) -> Controller:
        return Controller(int(self.last["controller"]))

    def record(self) -> NDArray[Any]:
        return np.stack(self.steps)

    def largest_step(self) -> Floats:
        """Largest change of what was sent from tick to tick within attempts, by joint."""
        steps = self.record()
        inside = (steps["attempt"][1:] > 0) & (steps["attempt"][:-1] == steps["attempt"][1:])
        return np.abs(np.diff(steps["sent_action"], axis=0))[inside].max(axis=0)

    def step_limit(self) -> Floats:
        """Velocity limit times period, by joint."""
        return self.loop.follower.limiter.limits.velocity * self.loop.timing.dt
