"""Attempts, demonstrations and the exchange of policies, as window and headless rounds see it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from drivers.registry import DeviceContext, create
from drivers.simulation.names import ENVIRONMENT_NAMES, JOINT_NAMES
from policies.base import LinkStatus, PolicySpec, SpecMismatchError
from policies.inline import InlinePolicy
from sessions.live.loop import LoopOptions
from sessions.messages import (
    Arm,
    AttemptEnded,
    AttemptStarted,
    EndAttempt,
    GiveBack,
    LoadPolicy,
    OperatorTagged,
    Resume,
    StartAttempt,
)
from sessions.types import Controller, GateState
from tests.sessions.live.bench import SPEC, Bench, Hand, Puppet


class Shelf(InlinePolicy):
    """A link that loads puppets by name, after a few looks."""

    def __init__(self, puppets: dict[str, Puppet]) -> None:
        super().__init__(Puppet(), path="round-000")
        self._puppets = {"round-000": Puppet(), **puppets}
        self._shown = super().status()
        self._looks = 0

    def load(self, path: str) -> None:
        self._looks = 3
        if path in self._puppets:
            self._policy = self._puppets[path]
            self._shown = LinkStatus(path=path, spec=self._policy.spec)
        else:
            self._shown = LinkStatus("round-000", SPEC, error=f"{path} is no checkpoint.")

    def status(self) -> LinkStatus:
        self._looks = max(0, self._looks - 1)
        if self._looks:
            return LinkStatus(loading=True)
        return self._shown


def scripted(seed: int) -> object:
    return create(
        "teleoperators",
        "scripted",
        {"type": "scripted", "seed": seed},
        DeviceContext(joint_names=JOINT_NAMES),
    )


def demonstration(seed: int, **options: bool) -> Bench:
    bench = Bench(
        hands={"scripted": scripted(0)},  # type: ignore[dict-item]
        operator="keyboard",
        options=LoopOptions(**options),  # type: ignore[arg-type]
    )
    bench.loop.operators.select("scripted")
    bench.do(Arm())
    bench.do(StartAttempt(demo=True, seed=seed))
    bench.until(lambda: any(isinstance(e, AttemptEnded) for e in bench.events), 1500)
    return bench


def test_a_demonstration_is_the_humans_from_its_first_tick_and_ends_with_success() -> None:
    bench = demonstration(seed=3)
    started, ended = bench.events
    assert isinstance(started, AttemptStarted)
    assert isinstance(ended, AttemptEnded)
    assert (started.episode, started.demo, started.seed) == (1, True, 3)
    assert (ended.episode, ended.outcome) == (1, "success")
    steps = bench.record()
    mine = steps[steps["attempt"] == 1]
    assert mine["tick"][0] == started.tick
    assert mine["tick"][-1] == ended.tick
    assert (mine["controller"] == Controller.DEMO).all()
    assert mine["success"][-1] == 1
    assert (bench.largest_step() <= bench.step_limit() + 1e-9).all()
    assert bench.state.attempt == 0
    assert bench.gate is not GateState.FAULT


def test_the_same_seed_gives_the_same_ticks() -> None:
    first, second = demonstration(seed=5).record(), demonstration(seed=5).record()
    for name in first.dtype.names or ():
        if name != "work_s":
            np.testing.assert_array_equal(first[name], second[name], err_msg=name)


def test_an_attempt_that_takes_too_long_ends_as_a_failure_where_that_is_wanted() -> None:
    bench = Bench(options=LoopOptions(end_on_timeout=True))
    bench.start()
    bench.until(lambda: len(bench.events) == 2, 1500)
    started, ended = bench.events
    assert isinstance(started, AttemptStarted)
    assert isinstance(ended, AttemptEnded)
    assert ended.outcome == "failure"
    ticks = ended.tick - started.tick
    assert ticks == pytest.approx(bench.loop.task.attempt_s * bench.station.rate_hz, abs=1)


@pytest.mark.parametrize("outcome", ["success", "failure", "discarded"])
def test_the_operator_ends_an_attempt_and_the_next_has_the_next_number(outcome: str) -> None:
    bench = Bench()
    bench.start()
    bench.do(EndAttempt(outcome))
    bench.run(1)
    assert bench.events[-1] == AttemptEnded(1, int(bench.last["tick"]), outcome)
    assert bench.last["attempt"] == 1
    bench.run(1)
    assert bench.last["attempt"] == 0
    assert bench.state.armed
    bench.do(StartAttempt())
    bench.run(3)
    assert bench.state.attempt == 2


def test_an_unknown_outcome_is_refused_with_the_choices() -> None:
    bench = Bench()
    bench.start()
    assert "success, failure, discarded" in bench.refused(EndAttempt("perfect"))


def test_a_second_attempt_cannot_start_inside_the_first() -> None:
    bench = Bench()
    bench.start()
    assert "Attempt 1 is running" in bench.refused(StartAttempt())


def test_starting_draws_the_scene_by_the_seed_and_the_arm_stays_where_that_puts_it() -> None:
    bench = Bench()
    bench.do(Arm())
    bench.do(StartAttempt(seed=11))
    bench.run(1)
    pose = bench.last["position"].copy()
    bench.run(20)
    assert np.abs(bench.last["position"] - pose).max() < 0.02
    assert bench.state.seed == 11


def test_giving_back_in_a_demonstration_pauses_it_and_enter_goes_on_by_hand() -> None:
    bench = Bench()
    bench.start(demo=True)
    bench.do(GiveBack())
    bench.run(1)
    assert bench.gate is GateState.HOLD
    bench.do(Resume())
    bench.run(1)
    assert bench.controller is Controller.DEMO


def test_buttons_of_an_operators_device_do_what_the_windows_keys_do() -> None:
    hand = Hand()
    bench = Bench(hands={"pad": hand})

    def press(event: str) -> None:
        hand.events = (event,)
        bench.run(3)

    press("start")
    assert bench.state.armed
    press("start")
    assert bench.state.attempt == 1
    press("tag:grasp")
    assert bench.events[-1] == OperatorTagged(1, int(bench.steps[-3]["tick"]), "grasp")
    press("failure")
    assert bench.events[-1] == AttemptEnded(1, int(bench.steps[-3]["tick"]), "failure")
    press("tag:approach")  # the latest attempt, after its end
    tagged = bench.events[-1]
    assert isinstance(tagged, OperatorTagged)
    assert tagged.episode == 1
    press("stop")
    assert bench.gate is GateState.FAULT
    press("start")
    assert bench.gate is GateState.HOLD
    assert not bench.state.armed


def test_a_new_policy_is_loaded_while_the_arm_holds_and_the_round_goes_up() -> None:
    bench = Bench(link=Shelf({"round-001": Puppet()}))
    bench.do(LoadPolicy("round-001", 1))
    bench.run(1)
    assert bench.state.reason == "loading_policy"
    assert "being loaded" in bench.refused(StartAttempt()) or not bench.state.armed
    bench.run(4)
    assert bench.state.reason == "idle"
    assert (bench.state.round, bench.state.policy) == (1, "round-001")
    assert bench.state.load_problem == ""


def test_a_policy_that_arrives_during_an_attempt_waits_for_its_end() -> None:
    bench = Bench(link=Shelf({"round-001": Puppet()}))
    bench.start()
    bench.do(LoadPolicy("round-001", 1))
    bench.run(10)
    assert bench.gate is GateState.POLICY
    assert bench.state.round == -1
    bench.do(EndAttempt("success"))
    bench.run(6)
    assert bench.state.round == 1


def test_a_policy_for_another_arm_is_refused_with_the_differences_and_the_former_stays() -> None:
    other = Puppet(PolicySpec(joint_names=("a", "b"), rate_hz=20.0))
    bench = Bench(link=Shelf({"round-009": other}))
    bench.do(LoadPolicy("round-009", 9))
    bench.run(10)
    problem = bench.state.load_problem
    assert "joints are a, b; the station has waist" in problem
    assert "20 Hz" in problem
    assert "round-000 goes on" in problem
    assert bench.state.policy == "round-000"
    assert bench.loop.proposals.link.status().path == "round-000"
    bench.start()
    assert bench.gate is GateState.POLICY


def test_a_checkpoint_that_cannot_be_read_changes_nothing() -> None:
    bench = Bench(link=Shelf({}))
    bench.do(LoadPolicy("nowhere", 4))
    bench.run(10)
    assert "nowhere is no checkpoint" in bench.state.load_problem
    assert bench.state.round == -1


def test_a_policy_in_memory_that_does_not_fit_is_refused_at_once() -> None:
    with pytest.raises(SpecMismatchError, match="the station has waist"):
        Bench(Puppet(PolicySpec(joint_names=("a",))))


def test_a_state_policy_gets_the_components_it_names_in_its_own_order() -> None:
    names = (ENVIRONMENT_NAMES[2], ENVIRONMENT_NAMES[0])
    puppet = Puppet(PolicySpec(joint_names=JOINT_NAMES, environment_names=names))
    seen = []
    act = puppet.act
    puppet.act = lambda o: (seen.append(o["environment_state"]), act(o))[1]  # type: ignore[method-assign]
    bench = Bench(puppet)
    bench.start()
    state = bench.last["environment_state"]
    np.testing.assert_allclose(seen[-1], state[[2, 0]], atol=0.01)


def test_the_control_process_needs_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, sessions.live.control, drivers.robots.simulated_viperx, "
        "drivers.teleoperators.keyboard, drivers.teleoperators.gamepad\n"
        "heavy = {'torch', 'PySide6', 'cv2', 'h5py', 'mujoco'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) or 0)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr


def test_how_the_newest_attempt_ended_is_told_again_with_every_state() -> None:
    bench = Bench()
    bench.start()
    assert bench.state.ended is None
    bench.do(EndAttempt("failure"))
    bench.run(1)
    ended = next(event for event in bench.events if isinstance(event, AttemptEnded))
    assert ended == AttemptEnded(1, int(bench.last["tick"]), "failure")
    bench.run(5)
    assert bench.state.ended == ended
