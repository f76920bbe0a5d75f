"""The one control loop: observe, propose, gate, limit, send, record. Nothing in it ever blocks.

The same object runs live on the wall clock and in lockstep on a virtual one. It is told what to do
through ``handle`` between its steps and tells what happens through three functions: ``sink`` gets
every tick, ``emit`` what the recorder needs to know, ``state`` what the window shows.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray

from drivers.base import (
    DriverError,
    InvalidActionError,
    Robot,
    Teleoperator,
)
from policies.base import PolicyLink, PolicySpec
from sessions.clock import Clock
from sessions.config import Station, Task
from sessions.live import arm_watch, commands, motors, report, takeovers
from sessions.live.attempts import Attempts
from sessions.live.background import inline
from sessions.live.choosing import Choice
from sessions.live.follower import Follower
from sessions.live.frames import FrameSource
from sessions.live.gate import MOVING, Event
from sessions.live.helm import Helm
from sessions.live.holds import STALL_S, Trouble, Watch, stalled
from sessions.live.loading import Loading
from sessions.live.operators import Operators, Signal
from sessions.live.options import LoopOptions
from sessions.live.parking import Parking
from sessions.live.parts import Refusals
from sessions.live.proposals import Proposals
from sessions.live.stepping import StepRecord
from sessions.live.timing import Timing
from sessions.messages import AttemptStarted, ControlState, Message
from sessions.types import Controller, GateState

__all__ = ["ControlLoop", "LoopOptions"]

_HEALTH_S = 0.3


class Moment(NamedTuple):
    """A tick whose measurements are in: its time and deadline [s], its number, what was pressed."""

    now: float
    due: float
    tick: int
    signals: list[Signal]


class ControlLoop:
    """Robot, operators and policy under one gate.

    Args:
        robot: the follower, not yet connected.
        operators: the station's teleoperators by name, not yet connected.
        policy: the policy at the other end of a link.
        station: limits, holds and rate.
        task: how long an attempt may take.
        clock: wall or virtual time.
        sink: called once a tick with the step, shape () of ``step_dtype``; it must copy what it
            keeps, the record is used again.
        emit: called with AttemptStarted, AttemptEnded and OperatorTagged.
        cameras: newest frames; None runs without cameras (and never holds for them).
        options: what differs between the bench and lockstep.

    Attributes:
        helm: the gate and who drives.
        trouble: what forbids motion at this tick; None if nothing does.
        notice: sentence and remedy of what last went wrong outside the gate; empty if nothing.
        parking: the way to the rest pose.
        refusals: what devices' own buttons asked for in vain.
        asked_to_release: which device was last asked to drop, and when [s]: it takes two presses.
    """

    def __init__(
        self,
        robot: Robot,
        operators: dict[str, Teleoperator],
        policy: PolicyLink,
        station: Station,
        task: Task,
        clock: Clock,
        sink: Callable[[NDArray[Any]], object],
        emit: Callable[[Message], object],
        cameras: FrameSource | None = None,
        options: LoopOptions | None = None,
    ) -> None:
        self.options = options or LoopOptions()
        self.station, self.task, self.clock, self.emit = station, task, clock, emit
        run = self.options.run
        self.timing = Timing(1.0 / station.rate_hz)
        self.follower = Follower(robot, station, run)
        self.follower.bus = self.timing.devices
        self.attempts = Attempts(robot, run, self.options.first_episode)
        self.operators = Operators(operators, station.operator, run)
        self.proposals = self._proposals(robot, policy, cameras)
        self.loading = Loading(self.proposals, self.options.round_index)
        self.helm = Helm(
            clock,
            self.follower,
            self.attempts,
            self.operators,
            self.proposals,
            self.timing.dt,
            round(self.options.blend_s * station.rate_hz),
        )
        self.watch = Watch(
            station.holds,
            cameras.names if cameras is not None else (),
            needs_window=self.options.needs_window,
            needs_recorder=self.options.needs_recorder,
        )
        self.trouble: Trouble | None = None
        self.notice = ("", "")
        self.parking = Parking(self.follower, self.timing.dt)
        self.refusals = Refusals()
        self.asked_to_release = motors.NOBODY
        self._sink, self._frames = sink, cameras
        self._moment = Moment(0.0, 0.0, 0, [])
        self._health_ticks = max(1, round(_HEALTH_S * station.rate_hz))
        self._choice = Choice(
            self.helm,
            self.proposals,
            self.operators,
            self.follower,
            self.parking,
            station.holds.policy_s,
        )
        self._record = StepRecord(
            self.helm,
            self.attempts,
            self.follower,
            self.operators,
            self.proposals,
            self.timing,
            len(station.cameras),
        )

    def _proposals(
        self, robot: Robot, policy: PolicyLink, cameras: FrameSource | None
    ) -> Proposals:
        rate, options = self.station.rate_hz, self.options
        spec = PolicySpec(
            joint_names=robot.limits.names,
            environment_names=robot.environment_names,
            camera_names=tuple(self.station.cameras),
            rate_hz=rate,
        )
        return Proposals(
            policy,
            spec,
            cameras,
            replan_ticks=max(1, round(options.replan_s * rate)),
            max_age_ticks=max(1, round(self.station.holds.policy_s * rate)),
        )

    # -- what the outside calls

    @property
    def robot(self) -> Robot:
        """The follower."""
        return self.follower.robot

    @property
    def deadline(self) -> float:
        """When the next tick is due, on the loop's clock [s]; now, before the first."""
        return self.clock.now() if math.isnan(self.timing.deadline) else self.timing.deadline

    def connect(self) -> None:
        """Connects the robot and the operators, here and now: before the first tick there is time.

        What is absent is tried again by the ticks, beside the loop.
        """
        now = self.clock.now()
        self.follower.connect(now, inline)
        self.follower.observe(now)
        arm_watch.judge(self)  # whoever asks before the first tick is told of an absent arm
        self.operators.connect(now, inline)

    def handle(self, command: Message) -> Message:
        """Carries out a command between a tick's parts; Accepted, or Refused with the reason."""
        return commands.handle(self, command)

    def state(self) -> ControlState:
        """Everything the window shows of the control process."""
        return report.control_state(self)

    def tick(self) -> None:
        """One tick: observe, propose, gate, limit, send, record.

        Never raises for a device or a policy: their errors become states of the gate.
        """
        self.measure()
        self.act()

    def measure(self) -> None:
        """A tick's first part, in which it waits for devices: the arm and the operators are read.

        Commands may be handled after it as well as before: what was pressed while devices answered
        need not wait for the next tick.
        """
        now = self.clock.now()
        due = self.timing.begin(now)
        tick = self.timing.ticks - 1
        scene_ready = self.attempts.finished()
        with self.timing.devices:
            arm_watch.observe(self, now)
        self._look_back(now - due)
        if scene_ready:
            self._scene_ready()
        elif self.attempts.coming is not None and not self.attempts.busy:
            self._start(now, tick)
        self._exchange_policy(now, tick)
        self._judge(now)
        with self.timing.devices:
            signals = self._poll(now)
        self._moment = Moment(now, due, tick, signals)

    def act(self) -> None:
        """A tick's second part: who drives, what is sent, and the record of it all."""
        now, due, tick, signals = self._moment
        self._listen(signals, now)
        if self.attempts.current is not None and self.helm.gate.state is not GateState.FAULT:
            self.proposals.ask(self.follower.state, tick)
        self.helm.doubt = self.proposals.due(tick)
        controller = self._act(now)
        if self.helm.gate.state in MOVING:  # a press from before it moved is no first one
            self.asked_to_release = motors.NOBODY
        if self.follower.found:
            with self.timing.devices:
                self.operators.feedback(self.helm.view())
        if tick % self._health_ticks == 0:
            arm_watch.ask_how_they_are(self)
        self._record.fill(now, due, tick, controller)
        self._sink(self._record.step)
        self._finish(now, tick)
        self.timing.end(self.clock.now())

    def close(self) -> None:
        """Lets the arm hold where it is and disconnects every device."""
        self.follower.close()
        self.operators.close()
        self.proposals.link.close()

    # -- the tick's parts, in order

    def _look_back(self, late_s: float) -> None:
        """After a stall the arm rests wherever it stopped itself, and does not go on unasked."""
        limit_s = max(STALL_S, self.station.holds.robot_s)
        if late_s <= limit_s or self.helm.gate.state not in MOVING:
            return
        self.helm.apply(Event.STALLED, stalled(late_s, limit_s))
        self.follower.anchor(grip=True)

    def _scene_ready(self) -> None:
        """The scene was put back: everything starts anew from the pose it has now.

        Devices see the new scene for one tick before the attempt begins.
        """
        self.helm.version += 1
        problem = self.attempts.problem
        if problem is not None:
            self.notice = (f"The scene was not reset. {problem.problem}", problem.remedy)
        if self.follower.lost is None:  # the arm may have been put back even so
            self.follower.anchor(grip=False)
        if self.helm.gate.state is GateState.FAULT:
            self.follower.stop()

    def _start_event(self, *, demo: bool) -> Event:
        if not demo:
            return Event.START
        align = self.helm.wish(self.operators.selected) is Event.ALIGN
        return Event.START_DEMO_ALIGN if align else Event.START_DEMO

    def _start(self, now: float, tick: int) -> None:
        """The coming attempt begins with this tick, if the gate still lets it."""
        assert self.attempts.coming is not None
        demo = self.attempts.coming.demo
        apart = takeovers.too_far_to_start(self, self.operators.selected) if demo else None
        if apart is not None:
            self.notice = (apart.why, apart.remedy)
            self.helm.version += 1
        if apart is not None or not self.helm.apply(self._start_event(demo=demo)):
            self.attempts.cancel()
            return
        attempt = self.attempts.start(now)
        if attempt.demo:
            self.helm.drive(self.operators.selected, float("nan"))
        self.attempts.started = AttemptStarted(
            episode=attempt.number,
            tick=tick,
            round=self.loading.round,
            policy="" if attempt.demo else self.loading.name,
            demo=attempt.demo,
            seed=attempt.seed,
            operator=self.operators.selected,
            environment=attempt.environment,
            object=attempt.object,
        )
        self.emit(self.attempts.started)

    def _exchange_policy(self, now: float, tick: int) -> None:
        """Takes what the policy answered, and exchanges it while no attempt runs."""
        self.proposals.refresh(tick)
        self.proposals.receive(now)
        idle = self.attempts.current is None and self.attempts.coming is None
        event = self.loading.step(now, idle=idle)
        if event is not None:
            self.helm.apply(event)
            self.helm.version += 1

    def _judge(self, now: float) -> None:
        """Holds where something that motion needs is not fresh."""
        frame_t = self._record.frame_t
        if self._frames is not None:
            frame_t[...] = self._frames.times(now)
        self.trouble = self.watch.motion(now, frame_t)
        if self.trouble is not None and self.helm.gate.state in MOVING:
            self.helm.apply(self.trouble.event, self.trouble)
        if self.attempts.current is None:
            missing = self.watch.recorder(now)
            self.helm.apply(Event.RECORDER_BACK if missing is None else missing.event, missing)

    def _poll(self, now: float) -> list[Signal]:
        """Reads the operators."""
        self.operators.connect(now)
        return self.operators.poll(self.helm.view(), now)

    def _listen(self, signals: list[Signal], now: float) -> None:
        """What the operators did goes the way of the window's commands."""
        for signal in signals:
            if signal.kind == "press" and self.trouble is None:
                takeovers.press(self, signal.device, now)
            elif signal.kind == "release" and signal.device == self.helm.driver:
                self.helm.give_back(now)
            elif signal.kind == "lost" and signal.device == self.helm.driver:
                self.helm.apply(Event.OPERATOR_LOST, self.operators.lost(signal.source))
            elif signal.kind == "event":
                commands.operator_event(self, signal.device, signal.event)
        takeovers.need_a_hand(self)

    def _act(self, now: float) -> Controller:
        """Chooses, limits and sends; returns whose action it was."""
        try:
            target = self._choice.target(now)
            if target is not None:
                self.follower.follow(target)
            elif self.helm.gate.state is not GateState.FAULT and not self.attempts.busy:
                self.follower.hold(armed=self.helm.gate.armed)
        except InvalidActionError as error:
            self.helm.apply(Event.BAD_ACTION, self._choice.bad_action(error))
        except DriverError:
            arm_watch.judge(self)  # the follower keeps what it was
        if self.helm.gate.state is GateState.PARKING:
            arm_watch.look_whether_it_rests(self)
        return self.helm.controller()

    def _finish(self, now: float, tick: int) -> None:
        """Ends the attempt with this tick if that was asked for, or judged."""
        attempt = self.attempts.current
        if attempt is None:
            return
        if not self.attempts.ending:
            if self.options.end_on_success and self.follower.state.success:
                self.attempts.ending = "success"
            elif self.options.end_on_timeout and now - attempt.started_t >= self.task.attempt_s:
                self.attempts.ending = "failure"
        if self.attempts.ending:
            ended = self.attempts.end(tick)
            held = self.helm.text[0]
            self.helm.apply(Event.END)
            arm_watch.judge(self)
            if held:  # nobody may have read it yet
                self.notice = (report.held_before(held), "")
            self.helm.version += 1
            self.emit(ended)
