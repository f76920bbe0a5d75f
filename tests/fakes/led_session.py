"""The real loop and the simulated arm in lockstep, led by an emulated leader in real time."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from sessions.messages import SelectOperator, TakeOver
from tests.fakes.emulated_leader import Bench as LeaderBench
from tests.sessions.live.bench import Bench
from tests.waiting import PATIENCE_S

EPS = 1e-9
TICK_S = 0.02


class Stage:
    """The real loop, the simulated arm, and an emulated leader, at the pace of the wall clock."""

    def __init__(self, leader: LeaderBench, device=None) -> None:
        self.leader = leader
        self.session = Bench(hands={"leader": device or leader.device})
        self._due = time.monotonic()

    def run(self, ticks: int) -> None:
        for _ in range(ticks):
            self._due = max(self._due + TICK_S, time.monotonic())
            while (left := self._due - time.monotonic()) > 0:
                time.sleep(left)
            self.session.run(1)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, self.session.state
            self.run(1)

    def start(self) -> None:
        self.session.do(SelectOperator("leader"))
        self.session.start()

    def apart(self) -> float:
        """How far leader and arm are apart in the joint that is furthest [rad]."""
        arm = self.session.loop.follower.state.position
        return float(np.abs(self.leader.position() - arm)[:-1].max())

    def take_over(self) -> None:
        self.session.do(TakeOver("leader", input_t=self.session.clock.now()))

    def assert_smooth(self) -> None:
        session = self.session
        assert (session.largest_step() <= session.step_limit() + EPS).all()
