"""The scripted operator: does the task from anywhere, and corrects as a person does."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from drivers.base import DeviceConfigError, RobotState, Teleoperator, TeleoperatorView
from drivers.kinematics import VIPERX_300S
from drivers.limits import Limiter, tightened
from drivers.registry import DeviceContext
from drivers.simulation.judge import APPROACH, TRANSPORT
from drivers.simulation.names import LIMITS, STAGES
from drivers.simulation.world import World
from drivers.teleoperators import _expert, scripted

DT = 0.02


@dataclass
class Told:
    """What one attempt came to."""

    success: bool = False
    duration_s: float = 0.0
    takeovers: list[float] = field(default_factory=list)
    give_backs: list[float] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    human_s: float = 0.0
    speed: float = 0.0
    fault_t: float = np.inf


class Bench:
    """The gate and the limits in a few lines: enough to put an operator beside a policy."""

    def __init__(self) -> None:
        self.world = World(0)
        limits = tightened(LIMITS, 1.5, 12.0, 3.0)
        self.limiter = Limiter(limits, DT, 8.0, (VIPERX_300S, 0.005))

    def attempt(self, operator, seed, policy=None, limit_s=20.0) -> Told:
        """One attempt: a demonstration without a policy, corrections with one."""
        self.world.reset(seed)
        state, told = self.world.state(), Told()
        self.limiter.reset(state.position)
        controller, start = ("demo" if policy is None else "policy"), self.world.t
        view = self._view(state, controller)
        if policy is None:
            operator.begin(view)
        while self.world.t - start < limit_s and not state.success:
            now = self.world.t - start
            said = operator.get_action(self._view(state, controller))
            told.events += said.events
            if policy is not None and bool(said.gate) != (controller == "human"):
                controller = "human" if said.gate else "policy"
                (told.takeovers if said.gate else told.give_backs).append(now)
                if said.gate:
                    operator.begin(self._view(state, controller))
            human = controller in ("human", "demo")
            told.human_s += DT * human
            action = said.action if human else policy(state, now, told)
            self.world.command(self.limiter.apply(action))
            self.world.step_to(self.world.t + DT)
            state = self.world.state()
            told.speed = max(told.speed, float(np.abs(state.velocity[:6]).max()))
            if "failure" in said.events:
                break
        told.success, told.duration_s = state.success, self.world.t - start
        operator.get_action(self._view(state, "hold", running=False))
        return told

    def _view(self, state: RobotState, controller: str, running: bool = True) -> TeleoperatorView:
        sent = self.limiter.previous
        return TeleoperatorView(state, sent, controller, running, np.nan, np.nan, DT)


@pytest.fixture(scope="module")
def bench():
    return Bench()


def operator(**options) -> scripted.ScriptedOperator:
    made = scripted.create("person", scripted.Config(**options), DeviceContext())
    made.connect()
    return made


def failing(stage: int, how):
    """A good policy that goes wrong for good once the attempt has reached a stage."""

    def policy(state: RobotState, now: float, told: Told) -> np.ndarray:
        if state.stage >= stage and now > 0.4 and not told.takeovers:
            told.fault_t = min(told.fault_t, now)
            return how(state)
        return _expert.act(state, _expert.Hand(), np.zeros(6))

    return policy


def freeze(state):
    return state.position.copy()


def let_go(state):
    return np.append(state.position[:6], 1.0)


def stray(state):
    return state.position + np.array([0.06, -0.03, 0, 0, 0, 0, 0])


def test_it_is_a_teleoperator_that_needs_no_alignment():
    assert isinstance(operator(), Teleoperator)
    assert operator().relative


def test_its_demonstrations_succeed_from_many_starts_within_the_limits(bench):
    person = operator(seed=3)
    told = [bench.attempt(person, seed) for seed in range(100, 130)]
    assert np.mean([t.success for t in told]) == 1.0
    durations = [t.duration_s for t in told]
    assert 4.0 < np.median(durations) < 9.0
    assert max(durations) < 12.0
    assert max(t.speed for t in told) < 1.5


def test_the_same_seed_gives_the_same_person(bench):
    one = bench.attempt(operator(seed=8), 3).duration_s
    assert bench.attempt(operator(seed=8), 3).duration_s == one
    assert bench.attempt(operator(seed=8, pace=0.5), 3).duration_s > one + 1.0


def test_it_leaves_a_good_policy_alone(bench):
    person = operator()
    for seed in range(5):
        told = bench.attempt(person, seed, failing(99, freeze))
        assert told.success
        assert told.takeovers == []
        assert told.events == []


@pytest.mark.parametrize(
    ("stage", "how"), [(APPROACH, freeze), (APPROACH, stray), (TRANSPORT, let_go)]
)
def test_it_takes_over_after_its_reaction_time_corrects_tags_and_gives_back(bench, stage, how):
    person = operator(seed=1)
    for seed in range(4):
        told = bench.attempt(person, seed, failing(stage, how))
        assert told.success
        assert len(told.takeovers) >= 1
        wait = told.takeovers[0] - told.fault_t
        assert 0.15 <= wait <= 3.0
        assert len(told.give_backs) == len(told.takeovers)
        assert told.events[0] == f"tag:{STAGES[stage]}"
        assert told.human_s < told.duration_s / 2 or stage == APPROACH


def test_patience_decides_how_early_it_takes_over(bench):
    waits = []
    for patience_s in (0.5, 2.5):
        person = operator(patience_s=patience_s, reaction_jitter_s=0.0)
        told = bench.attempt(person, 0, failing(APPROACH, freeze))
        waits.append(told.takeovers[0] - told.fault_t)
    assert waits[1] - waits[0] == pytest.approx(2.0, abs=0.3)


def test_it_starts_over_when_the_cube_is_dropped_in_a_demonstration(bench):
    person = operator()
    bench.world.reset(2)

    class Clumsy:
        """Knocks the cube out of the hand once."""

        dropped = False

        def __getattr__(self, name):
            return getattr(person, name)

        def get_action(self, view):
            said = person.get_action(view)
            if view.state.stage == TRANSPORT and not self.dropped:
                qpos = bench.world._parts.cube_qpos
                bench.world.data.qpos[qpos : qpos + 3] = (0.33, -0.05, 0.06)
                self.dropped = True
            return said

    told = bench.attempt(Clumsy(), 2)
    assert told.success


def test_it_calls_failure_once_when_the_cube_is_out_of_reach(bench):
    person = operator()

    def sweep(state, now, told):
        if now < 0.1:
            qpos = bench.world._parts.cube_qpos
            bench.world.data.qpos[qpos : qpos + 3] = (0.3, -0.9, 0.02)
        return freeze(state)

    told = bench.attempt(person, 0, sweep)
    assert not told.success
    assert told.events == ["failure"]
    assert told.duration_s < 3.0


def test_a_new_attempt_finds_a_fresh_operator_even_without_a_pause(bench):
    person = operator()
    world = bench.world
    world.reset(0)
    view = bench._view(world.state(), "policy")
    for _ in range(150):
        world.step_to(world.t + DT)
        said = person.get_action(bench._view(world.state(), "policy"))
        if said.gate:
            break
    assert said.gate
    person.begin(view)
    person.get_action(bench._view(world.state(), "human"))
    world.command(world.state().position + np.array([1.0, 0, 0, 0, 0, 0, 0]))
    world.step_to(world.t + 1.0)
    person.get_action(bench._view(world.state(), "human"))
    world.reset(1)
    said = person.get_action(bench._view(world.state(), "policy"))
    assert said.gate is False


def test_it_takes_over_on_doubt_only_if_told_to(bench):
    for doubt_s, expected in ((0.0, False), (0.3, True)):
        person = operator(doubt_s=doubt_s, reaction_jitter_s=0.0, patience_s=30.0)
        bench.world.reset(0)
        gates = []
        for _ in range(60):
            view = bench._view(bench.world.state(), "policy")
            view.doubt, view.tau = 0.5, 0.2
            gates.append(bool(person.get_action(view).gate))
            bench.world.step_to(bench.world.t + DT)
        assert any(gates) is expected


def test_it_refuses_stations_that_it_does_not_know(bench):
    with pytest.raises(DeviceConfigError, match="scripted operator"):
        scripted.create("person", scripted.Config(), DeviceContext(joint_names=("a", "b")))
    view = bench._view(bench.world.state(), "policy")
    view.state.environment_state = np.zeros(0)
    with pytest.raises(DeviceConfigError, match="simulated station"):
        operator().get_action(view)
