"""Torque off on request: for any motor that holds, of the arm or of a leader, and only then."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from policies.base import PolicySpec
from policies.inline import InlinePolicy
from sessions.clock import WallClock
from sessions.live import held
from sessions.live.loop import ControlLoop, LoopOptions
from sessions.live.motors import CONFIRM_S, LET_GO
from sessions.live.stopping import bring_to_rest
from sessions.messages import (
    Accepted,
    Arm,
    ClearFault,
    Message,
    Pause,
    Refused,
    Release,
    Rest,
    SoftStop,
)
from sessions.stations import pick_place_task, simulated_station
from tests.fakes.emulated_follower import EmulatedFollower, emulated_follower
from tests.fakes.emulated_leader import emulated_leader
from tests.fakes.led_session import Stage
from tests.sessions.live.bench import Bench, Hand, Motored, Puppet


class Partly(Motored):
    """An arm of which some motors have no torque, or which cannot be armed at all."""

    some = False

    @property
    def holds(self) -> bool:
        return self.engaged or self.some

    def release(self) -> None:
        super().release()
        self.some = False


class HeldHand(Hand):
    """A leader whose motors hold it."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = True
        self.breaks = False

    def release(self) -> None:
        self.holds = False


def says(reply: Message) -> str:
    assert isinstance(reply, Refused), reply
    return f"{reply.why} {reply.remedy}"


SUPPORT = "Support the {}: press again to let it go. Without torque it drops where it is."


class Wall:
    """The real loop on an emulated follower, at the pace of the wall clock."""

    def __init__(self, follower: EmulatedFollower) -> None:
        self.follower = follower
        device = follower.device
        names = device.limits.names
        policy = Puppet(PolicySpec(joint_names=names, environment_names=(), horizon=16))
        station = msgspec.structs.replace(simulated_station(), operators={}, cameras={})
        self.clock = WallClock()
        self.loop = ControlLoop(
            *(device, {}, InlinePolicy(policy), station, pick_place_task(), self.clock),
            *(lambda step: None, lambda event: None, None, LoopOptions()),
        )
        self.loop.connect()
        self.run(3)

    def run(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.clock.sleep_until(self.loop.deadline)
            self.loop.tick()

    def torque(self) -> int:
        with self.follower.emulated.lock:
            return sum(servo.torque for servo in self.follower.emulated.servos)


@pytest.fixture
def partly_held(tmp_path: Path) -> Iterator[Wall]:
    """A motor was overloaded under a former process: eight of nine hold, and this one connects."""
    # Not where the emulated arm lies: there it needs no motors.
    away = [0.0, -0.5, 0.5, 0.0, 0.0, 0.0, 0.5]
    with emulated_follower(tmp_path, "viperx_300s", rest_pose=away) as follower:
        follower.device.connect()
        follower.device.engage()
        with follower.emulated.lock:
            follower.emulated.servos[6].overload()
        follower.device.disconnect()
        wall = Wall(follower)
        assert wall.torque() == 8
        yield wall
        wall.loop.close()


def test_an_arm_held_by_some_of_its_motors_is_let_go_by_two_presses(partly_held: Wall) -> None:
    loop = partly_held.loop
    assert loop.state().engaged is False
    assert loop.state().holding == ("robot",)
    assert says(loop.handle(Release())) == SUPPORT.format("arm")
    assert loop.state().releasing == "robot"
    assert isinstance(loop.handle(Release()), Accepted)
    assert partly_held.torque() == 0
    assert loop.state().holding == ()
    assert loop.state().releasing == ""
    assert "torque is off already" in says(loop.handle(Release()))


def test_the_end_of_the_process_tells_of_an_arm_held_by_some_of_its_motors(
    partly_held: Wall,
) -> None:
    assert partly_held.loop.state().left_held == ("robot",)
    left = bring_to_rest(partly_held.loop, partly_held.run, lambda: False)
    assert left.startswith("The arm is held by its motors, which stay on. To let go of it, start")
    assert partly_held.torque() == 8
    assert bring_to_rest(partly_held.loop, partly_held.run, lambda: True) == ""  # asked twice
    assert partly_held.torque() == 0


def test_an_arm_too_hot_to_be_armed_is_let_go_all_the_same_and_goes_on_saying_why() -> None:
    bench = Bench(arm=Partly)
    bench.arm.rest_pose = bench.last["position"] + 0.5
    bench.do(Arm())
    bench.run(1)
    bench.arm.hot, bench.arm.tripped = "wrist_rotate", True
    bench.until(lambda: bench.state.reason == "self_stopped")
    assert "81 °C" in bench.refused(Arm())
    assert "Arm it first" in bench.refused(Rest())
    assert bench.refused(Release()) == SUPPORT.format("arm")
    bench.do(Release())
    assert not bench.arm.holds
    bench.run(5)
    assert "81 °C" in bench.state.reason_text
    assert bench.state.reason_text.endswith(LET_GO)


def test_a_stopped_arm_is_let_go_and_says_so_until_it_is_armed_again() -> None:
    bench = Bench(arm=Partly)
    bench.start()
    bench.do(SoftStop())
    bench.run(5)
    bench.refused(Release())
    bench.do(Release())
    bench.run(1)
    assert bench.state.reason_text == f"Stopped by the operator. {LET_GO}"
    for act in (ClearFault(), Arm(), SoftStop()):
        bench.do(act)
        bench.run(2)
    assert LET_GO not in bench.state.reason_text


def test_targets_wait_for_all_motors_and_torque_off_for_none() -> None:
    bench = Bench(arm=Partly)
    bench.arm.some = True
    bench.run(10)  # nothing is sent: the arm would refuse
    bench.do(Arm())
    bench.run(5)
    assert bench.state.holding == ("robot",)
    assert bench.state.engaged is True


def test_a_leader_that_holds_is_let_go_by_name_and_the_arm_keeps_its_torque() -> None:
    leader = HeldHand()
    bench = Bench(arm=Partly, hands={"leader": leader})
    bench.start()
    assert "Pause or stop it first" in bench.refused(Release("leader"))
    bench.do(Pause())
    bench.run(5)
    assert bench.state.holding == ("robot", "leader")
    assert bench.refused(Release("leader")) == SUPPORT.format("leader")
    assert bench.refused(Release("robot")) == SUPPORT.format("arm")  # each is asked for by itself
    assert bench.refused(Release("leader")) == SUPPORT.format("leader")
    bench.do(Release("leader"))
    assert bench.state.holding == ("robot",)
    assert bench.state.armed
    assert bench.refused(Release("leader")) == "No motor of the leader holds. "
    assert bench.refused(Release("hand")).startswith("There is no device 'hand'. The station has")


def test_release_without_a_name_goes_from_the_arm_to_the_leaders() -> None:
    leader = HeldHand()
    bench = Bench(arm=Partly, hands={"leader": leader})
    bench.do(Arm())
    bench.run(1)
    for word in ("arm", "leader"):
        assert bench.refused(Release()) == SUPPORT.format(word)
        bench.run(round((CONFIRM_S + 1.0) * 50))
        assert bench.refused(Release()) == SUPPORT.format(word)  # the first is long forgotten
        bench.do(Release())
    assert not bench.arm.holds
    assert not leader.holds


def test_an_arm_that_can_be_sent_to_rest_is_let_go_after_the_leaders() -> None:
    leader = HeldHand()
    bench = Bench(arm=Partly, hands={"leader": leader})
    bench.arm.rest_pose = bench.last["position"] + 0.5
    bench.do(Arm())
    bench.run(1)
    assert bench.state.left_held == ("leader",)
    assert bench.refused(Release()) == SUPPORT.format("leader")
    bench.do(Release())
    assert bench.arm.holds
    assert bench.refused(Release()) == SUPPORT.format("arm")


def test_a_mirroring_leader_is_let_go_between_attempts_and_named_when_the_session_ends(
    tmp_path: Path,
) -> None:
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        loop = stage.session.loop
        left = bring_to_rest(loop, lambda: stage.run(1), lambda: False)
        assert left.startswith("The leader is held by its motors, which stay on.")
        assert loop.state().left_held == ("leader",)
        assert says(loop.handle(Release())) == SUPPORT.format("leader")
        assert isinstance(loop.handle(Release()), Accepted)
        assert leader.torque() == 0
        stage.run(5)
        assert held.left_held(loop) == ()
        loop.close()


def test_those_that_are_left_held_are_named_in_one_sentence() -> None:
    assert held.sentence(()) == ""
    assert held.whose(("robot", "leader", "other")) == "the arm, the leader and the other"
    both = held.sentence(("robot", "leader"))
    assert both.startswith("The arm and the leader are held by their motors, which stay on. ")
    assert both.endswith("or switch their power off. Support them then.")
