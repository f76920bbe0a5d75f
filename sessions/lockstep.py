"""One attempt in lockstep: the very loop of a live session, on a clock that waits for everyone.

The world, the loop, the policy and the scripted operator share one process and one virtual clock,
so an attempt runs faster than real time, and the same job gives the same ticks every time.
"""

from __future__ import annotations

import contextlib
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from drivers import registry
from drivers.base import Camera, JointLimits, Robot, Teleoperator
from drivers.registry import DeviceContext, create
from policies import registry as policies
from policies.inline import InlinePolicy
from sessions.clock import VirtualClock
from sessions.config import Station, Task
from sessions.live.frames import DirectFrames
from sessions.live.loop import ControlLoop, LoopOptions
from sessions.messages import (
    Accepted,
    Arm,
    AttemptEnded,
    Message,
    OperatorTagged,
    Refused,
    SetDoubts,
    StartAttempt,
)
from sessions.record import jpeg
from sessions.types import Controller, Outcome, SessionError, segments


class LockstepError(SessionError):
    """An attempt could not be run; the message is the loop's own reason and remedy."""


@dataclass(frozen=True)
class Job:
    """One attempt to run; plain values, so that another process can take it.

    Attributes:
        station: the station, a simulated one.
        task: how long an attempt may take.
        seed: draws the start pose.
        operator: name of the operator in the station file who watches or demonstrates; empty for
            a policy on its own.
        demo: the operator drives from the first tick.
        policy: checkpoint folder; empty for a demonstration.
        doubts: doubts at takeovers so far, in time order, for tau.
        images: keep the cameras' frames. They are kept too where an operator corrects a policy
            that reads cameras, which sees them in any case.
    """

    station: Station
    task: Task
    seed: int
    operator: str = ""
    demo: bool = False
    policy: str = ""
    doubts: tuple[float, ...] = ()
    images: bool = False


@dataclass(frozen=True)
class Attempt:
    """What came of it.

    Attributes:
        seed: of the start pose.
        steps: shape (T,) of ``step_dtype``, every tick of the attempt.
        outcome: success, failure or discarded.
        tags: (row, category) of each tag the operator gave.
        limits: names of the joints in the order of joint vectors, their range and their unit.
        environment_names: components of the environment state.
        camera_names: cameras whose capture times the steps hold.
        frames: by camera, (capture time [s], sequence, JPEG) of each frame.
    """

    seed: int
    steps: NDArray[Any]
    outcome: Outcome
    tags: tuple[tuple[int, str], ...]
    limits: JointLimits
    environment_names: tuple[str, ...]
    camera_names: tuple[str, ...]
    frames: dict[str, list[tuple[float, int, bytes]]] = field(default_factory=dict)

    @property
    def duration_s(self) -> float:
        """From the first to the last tick [s]."""
        return float(self.steps["t"][-1] - self.steps["t"][0]) if len(self.steps) else 0.0

    @property
    def human_s(self) -> float:
        """How long a human drove [s]."""
        human = np.isin(self.steps["controller"], (Controller.HUMAN, Controller.DEMO))
        return float(human.mean()) * self.duration_s if len(self.steps) else 0.0

    @property
    def interventions(self) -> int:
        """How often the human took over."""
        return sum(s.controller == Controller.HUMAN for s in segments(self.steps, 0))

    @property
    def stage(self) -> int:
        """Index of the stage the attempt was in at its end; -1 without ticks."""
        return int(self.steps["stage"][-1]) if len(self.steps) else -1


class _Recording:
    """Collects what the loop says about one attempt."""

    def __init__(self, frames: DirectFrames | None) -> None:
        self.steps: list[NDArray[Any]] = []
        self.tags: list[tuple[int, str]] = []
        self.ended: AttemptEnded | None = None
        self.frames: dict[str, list[tuple[float, int, bytes]]] = {}
        self._source = frames

    def sink(self, step: NDArray[Any]) -> None:
        if int(step["attempt"]) == 0:
            return
        self.steps.append(np.array(step))
        if self._source is None:
            return
        for name, frame in self._source.newest.items():
            kept = self.frames.setdefault(name, [])
            if not kept or kept[-1][1] != frame.sequence:
                kept.append((frame.t, frame.sequence, jpeg.encode(frame.image)))

    def emit(self, message: Message) -> None:
        if isinstance(message, AttemptEnded):
            self.ended = message
        elif isinstance(message, OperatorTagged):
            self.tags.append((message.tick, message.category))


def run(job: Job) -> Attempt:
    """Runs one attempt to its end: success, or failure when the task's time is over.

    Raises:
        LockstepError: the loop refused to start, or the attempt did not end.
        DriverError: a device of the station cannot be built.
        CheckpointError: the policy cannot be loaded.
    """
    with contextlib.closing(_world(job.station, job.seed)) as world:
        return _run(job, world)


def check(station: Station, operator: str) -> None:
    """Builds everything once, so that what is wrong is known before anything is begun.

    Args:
        station: a simulated one.
        operator: name of an operator in the station file; empty for none.

    Raises:
        DriverError: the world or the operator cannot be had.
    """
    with contextlib.closing(_world(station, 0)) as world:
        robot = _robot(station, world)
        for name, table in station.cameras.items():
            create("cameras", name, table, DeviceContext(world=world))
        if operator:
            device = _operator(station, operator, world, robot, 0)
            device.connect()
            device.disconnect()


def _world(station: Station, seed: int) -> Any:
    return registry.world(station.robot, seed, station.rate_hz)


def _robot(station: Station, world: Any) -> Robot:
    context = DeviceContext(world=world, rate_hz=station.rate_hz)
    robot: Robot = create("robots", "robot", station.robot, context)
    return robot


def _operator(station: Station, name: str, world: Any, robot: Robot, seed: int) -> Teleoperator:
    table = station.operators[name]
    # Every attempt has a person of its own: drawn by the seed, so that the order in which
    # attempts run changes nothing.
    if registry.autonomous(table):
        table = {"seed": seed, **table}
    context = DeviceContext(
        world=world, joint_names=robot.limits.names, rate_hz=station.rate_hz, robot=robot
    )
    operator: Teleoperator = create("teleoperators", name, table, context)
    return operator


def _run(job: Job, world: Any) -> Attempt:
    clock = VirtualClock(advance=world.step_to)
    loop, robot, recording, frames = _bench(job, world, clock)
    try:
        loop.connect()
        loop.tick()
        for command in (SetDoubts(job.doubts), Arm(), StartAttempt(demo=job.demo, seed=job.seed)):
            _carry_out(loop, command)
        most = round((job.task.attempt_s + 5.0) * job.station.rate_hz)
        for _ in range(most):
            if recording.ended is not None:
                break
            clock.sleep_until(loop.deadline)
            loop.tick()
            _check_operator(loop, job.operator)
    finally:
        loop.close()
    if recording.ended is None or not recording.steps:
        state = loop.state()
        raise LockstepError(
            f"The attempt from seed {job.seed} did not end within {most} ticks "
            f"({state.gate}: {state.reason_text})."
        )
    steps = np.stack(recording.steps)
    first = int(steps["tick"][0])
    return Attempt(
        seed=job.seed,
        steps=steps,
        outcome=Outcome[recording.ended.outcome.upper()],
        tags=tuple((max(0, tick - first), category) for tick, category in recording.tags),
        limits=robot.limits,
        environment_names=robot.environment_names,
        camera_names=frames.names if frames is not None and recording.frames else (),
        frames=recording.frames,
    )


def _bench(
    job: Job, world: Any, clock: VirtualClock
) -> tuple[ControlLoop, Robot, _Recording, DirectFrames | None]:
    # A scripted operator acts by itself, and only while it is the selected one.
    station = msgspec.structs.replace(job.station, operator=job.operator or job.station.operator)
    robot = _robot(station, world)
    operators: dict[str, Teleoperator] = {}
    if job.operator:
        operators[job.operator] = _operator(station, job.operator, world, robot, job.seed)
    learned = _policy(job.policy) if job.policy else None
    frames = None
    sees = learned is not None and bool(learned.spec.camera_names)
    if job.images or sees:
        context = DeviceContext(world=world)
        cameras: dict[str, Camera] = {
            name: create("cameras", name, table, context) for name, table in station.cameras.items()
        }
        for camera in cameras.values():
            camera.connect()
        frames = DirectFrames(cameras)
    # Corrections of a policy that sees are to teach one that sees.
    kept = job.images or (sees and bool(job.operator))
    recording = _Recording(frames if kept else None)
    policy = InlinePolicy(learned, path=job.policy)
    loop = ControlLoop(
        robot,
        operators,
        policy,
        station,
        job.task,
        clock,
        recording.sink,
        recording.emit,
        cameras=frames,
        options=LoopOptions(end_on_timeout=True, end_on_success=True),
    )
    return loop, robot, recording, frames


def _check_operator(loop: ControlLoop, name: str) -> None:
    """An operator that fails would leave the policy alone; nobody watches lockstep to see it.

    Raises:
        DriverError: what it failed with.
    """
    slot = loop.operators.slots.get(name)
    problem = None if slot is None else slot.problem or slot.broke
    if problem is not None:
        raise problem


def _carry_out(loop: ControlLoop, command: Message) -> None:
    reply = loop.handle(command)
    if isinstance(reply, Refused):
        raise LockstepError(f"{reply.why} {reply.remedy}".strip())
    assert isinstance(reply, Accepted)


@functools.lru_cache(maxsize=2)
def _policy(folder: str) -> policies.TrainablePolicy:
    return policies.load(Path(folder))
