"""Leaders through the real SDK on emulated servos: they let go at once, and nothing ever jumps."""

from __future__ import annotations

import contextlib
import math
import time
from dataclasses import replace

import numpy as np
import pytest

from drivers.base import DeviceLostError, Holding, RobotState, TeleoperatorView
from drivers.dynamixel.tables import RAD_PER_TICK
from drivers.simulation.names import JOINT_NAMES, LIMITS
from sessions.messages import EndAttempt, GiveBack, Pause, Resume, TakeOver
from sessions.types import Controller, GateState, HoldReason
from tests.fakes.emulated_leader import emulated_leader
from tests.fakes.led_session import EPS, TICK_S, Stage
from tests.waiting import until

START = np.array([0.0, -0.36, 0.48, 0.0, 1.46, 0.0, 0.85])
ELSEWHERE = np.array([0.9, 0.2, -0.3, 0.5, 0.9, -1.0, 0.2])


def rude(stage: Stage) -> None:
    """A policy that wants one end of the workspace after the other, as fast as it may."""
    poses = np.array([[0.9, -0.6, 0.8, 0.8, 1.1, 1.0, 1.0], [-0.9, 0.0, 0.1, -0.8, 1.6, -1.0, 0.0]])
    puppet = stage.session.puppet
    puppet.answer = lambda position: poses[(puppet.calls // 4) % 2]


def at_full_speed(stage: Stage) -> None:
    """Runs until the arm moves as fast as it may in some joint."""
    limiter = stage.session.loop.follower.limiter
    most = limiter.limits.velocity * limiter.dt

    def fast() -> bool:
        steps = stage.session.steps
        moved = np.abs(steps[-1]["sent_action"] - steps[-2]["sent_action"])
        return bool((moved[:-1] > 0.95 * most[:-1]).any())

    stage.until(fast)


def watching(controller: str = "policy") -> TeleoperatorView:
    """What a leader sees while an attempt runs."""
    state = RobotState(time.monotonic(), START, np.zeros(7), np.zeros(7))
    return TeleoperatorView(state, START, controller, True, 0.1, 0.2, TICK_S, LIMITS)


# Mirroring


def test_a_mirroring_leader_goes_where_the_arm_goes_and_lets_go_in_the_tick_of_the_takeover(
    tmp_path,
):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        assert leader.torque() == 0
        stage.start()
        stage.session.puppet.answer = lambda position: ELSEWHERE
        stage.until(lambda: leader.torque() == 7)
        stage.until(lambda: np.abs(stage.session.last["position"] - ELSEWHERE).max() < 0.01)
        stage.until(lambda: stage.apart() < 0.005)  # at rest: what moves goes on for a moment
        before = stage.session.last["sent_action"].copy()
        stage.take_over()
        until(lambda: leader.torque() == 0)  # and no tick since
        stage.run(1)
        np.testing.assert_allclose(stage.session.last["human_action"], before, atol=0.01)
        leader.arm.ask("pose=waist:0.5")
        stage.until(lambda: abs(stage.session.last["sent_action"][0] - 0.5) < 0.03)
        assert stage.session.controller is Controller.HUMAN
        assert leader.torque() == 0
        stage.assert_smooth()


def test_a_takeover_while_the_leader_takes_hold_lets_go_what_it_was_not_yet_read_to_hold(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        device = leader.device
        device.connect()
        device.get_action(replace(watching(), attempt_running=False))
        device.get_action(watching())  # an attempt begins
        # And nothing is read meanwhile.
        until(lambda: device.send_feedback(watching()) or leader.torque() > 0)
        device.begin(watching("human"))
        until(lambda: leader.torque() == 0)


@pytest.mark.parametrize("takeover", ["mirror", "clutch"])
def test_takeovers_at_full_speed_never_step_further_than_the_speed_limit(tmp_path, takeover):
    with emulated_leader(tmp_path, takeover=takeover, start=ELSEWHERE) as leader:
        stage = Stage(leader)
        rude(stage)
        stage.start()
        for joint in ("waist", "wrist_rotate", "elbow"):
            leader.arm.ask(f"wave={joint}:0.5:0.4")
            at_full_speed(stage)
            before = stage.session.last["sent_action"].copy()
            stage.take_over()
            stage.run(1)
            step = stage.session.last
            assert step["controller"] == Controller.HUMAN
            within = stage.session.step_limit()
            assert (np.abs(step["sent_action"] - before) <= within + EPS).all()
            stage.run(15)
            leader.arm.ask("free")
            stage.session.do(GiveBack())
            stage.run(15)
        stage.assert_smooth()


def test_after_a_hand_back_the_leader_follows_by_joint_speed_from_where_the_hand_left_it(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        stage.take_over()
        stage.run(2)
        leader.arm.ask("pose=elbow:-0.6")
        stage.run(10)
        stage.session.puppet.answer = lambda position: START
        stage.session.do(GiveBack())
        leader.arm.ask("free")
        servo = leader.bus.servo(3)
        goals = []

        def look() -> bool:
            with leader.bus.lock:
                if servo.torque:
                    goals.append((servo.value("goal_position"), servo.value("present_position")))
            arm = stage.session.last["position"]
            return stage.apart() < 0.02 and abs(arm[2] - START[2]) < 0.02

        stage.until(look)
        most = 1.5 * TICK_S / RAD_PER_TICK + 1
        first_goal, first_place = goals[0]
        assert abs(first_goal - first_place) <= 2 * most
        told = np.array([goal for goal, _ in goals])
        for apart in range(1, len(told)):  # nobody waits for servos: a look may miss the newest
            assert np.abs(told[apart:] - told[:-apart]).max() <= (apart + 1) * most
        assert max(abs(goal - place) for goal, place in goals) <= 0.3 / RAD_PER_TICK + 2 * most


def test_a_mirroring_leader_is_as_weak_as_it_is_told_and_a_hand_can_hold_it(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror", power=0.2) as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        for servo in leader.bus.servos:
            assert servo.value("goal_current") == round(0.2 * servo.value("current_limit"))
            assert servo.value("operating_mode") == 5
        leader.arm.ask("pose=waist:0.0")  # a hand that keeps the waist where it is
        stage.session.puppet.answer = lambda position: ELSEWHERE
        stage.until(lambda: abs(stage.session.last["position"][0] - ELSEWHERE[0]) < 0.02)
        stage.run(5)
        pull = leader.bus.servo(1).value("goal_position") * RAD_PER_TICK - math.pi
        assert abs(leader.position()[0]) < 0.02
        assert pull <= 0.31  # however far the arm is, the goal stays near the hand


def test_nothing_moves_a_leader_while_the_arm_holds_or_no_attempt_runs(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        stage.run(5)
        assert leader.torque() == 0
        stage.start()
        stage.session.puppet.answer = lambda position: ELSEWHERE
        stage.until(lambda: leader.torque() == 7)
        stage.session.do(Pause())
        stage.run(2)
        with leader.bus.lock:
            goals = [servo.value("goal_position") for servo in leader.bus.servos]
        stage.run(10)
        with leader.bus.lock:
            assert [servo.value("goal_position") for servo in leader.bus.servos] == goals
        assert leader.torque() == 7  # held in the air it must not fall either


def test_motors_hear_of_the_takeover_even_where_packets_get_lost(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        leader.bus.faults.loss = 0.2
        leader.bus.faults.seed = 4
        stage.take_over()
        stage.until(lambda: leader.torque() == 0)
        stage.run(20)
        assert leader.torque() == 0
        stage.assert_smooth()


def test_a_leader_whose_motor_gave_up_says_so_leads_all_the_same_and_mirrors_the_next_attempt(
    tmp_path,
):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        leader.arm.ask("overload=3")

        def told() -> str:
            return " ".join(leader.device.health().warnings)

        stage.until(lambda: "leads all the same" in told())
        assert "elbow (servo 3)" in told()
        assert "overload" in told()
        leader.arm.ask("pose=waist:0.3")
        stage.take_over()
        stage.until(lambda: stage.session.last["sent_action"][0] > 0.2)
        assert stage.session.controller is Controller.HUMAN
        stage.session.do(EndAttempt("failure"))
        stage.until(lambda: not told())
        stage.start()
        stage.until(lambda: leader.torque() == 7)


def test_a_mirror_that_is_plugged_in_while_the_policy_drives_gets_torque_by_an_act_only(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        device = leader.device
        device.connect()

        def ticks(controller):
            for _ in range(20):
                device.get_action(watching(controller))
                device.send_feedback(watching(controller))

        ticks("policy")
        assert leader.torque() == 0
        assert "once you resume, hand back" in device.health().warnings[-1]
        ticks("hold")
        assert leader.torque() == 0
        ticks("policy")
        assert leader.torque() == 7
        assert not device.health().warnings


def test_a_mirrored_leader_with_an_offset_goes_to_the_turn_that_it_reaches(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror", offsets={"waist": 4.0}) as leader:
        stage = Stage(leader)
        stage.start()
        there = 2.0 * math.pi - 4.0
        stage.until(lambda: abs(leader.position()[0] - there) < 0.02)
        assert not leader.device.health().warnings
        arm = stage.session.last["position"]
        np.testing.assert_allclose(leader.position()[1:-1], arm[1:-1], atol=0.03)


def test_a_mirrored_leader_that_cannot_be_where_the_arm_is_names_the_joint(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror", offsets={"shoulder": 2.5}) as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        stage.until(lambda: bool(leader.device.health().warnings))
        (said,) = leader.device.health().warnings
        assert "shoulder cannot reach the arm's pose" in said
        stage.session.do(EndAttempt("failure"))
        stage.run(2)
        assert not leader.device.health().warnings


# Clutching


def test_a_clutched_leader_adds_its_motion_to_the_pose_at_takeover_and_turns_back_at_a_limit(
    tmp_path,
):
    with emulated_leader(tmp_path, takeover="clutch", start=ELSEWHERE) as leader:
        stage = Stage(leader)
        stage.start()
        sent = stage.session.last["sent_action"].copy()
        stage.take_over()
        stage.run(3)
        np.testing.assert_allclose(stage.session.last["human_action"], sent, atol=1e-6)
        leader.arm.ask("pose=gripper:0.9")  # opening, where the gripper is open nearly
        stage.until(lambda: stage.session.last["human_action"][-1] == 1.0)
        stage.until(lambda: leader.position()[-1] > 0.89)
        leader.arm.ask("pose=gripper:0.6")
        stage.until(lambda: leader.position()[-1] < 0.61)
        stage.run(2)
        assert stage.session.last["human_action"][-1] == pytest.approx(0.7, abs=0.02)
        assert leader.torque() == 0


def test_a_scaled_clutch_moves_the_arm_by_part_of_the_hand(tmp_path):
    with emulated_leader(tmp_path, takeover="clutch", scale=0.5) as leader:
        stage = Stage(leader)
        stage.start()
        sent = stage.session.last["sent_action"].copy()
        stage.take_over()
        leader.arm.ask("pose=elbow:0.88")
        stage.until(lambda: abs(leader.position()[2] - 0.88) < 0.005)
        # A read may have been late: then the next one has it.
        stage.until(lambda: abs(stage.session.last["human_action"][2] - sent[2] - 0.2) < 0.01)


@contextlib.contextmanager
def left_holding(tmp_path, takeover):
    """A leader that another session's mirror left holding, connected anew."""
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        leader.device.disconnect()
        assert leader.torque() == 7  # it holds: nobody may have it in the hand
        other = leader.another(takeover=takeover)
        other.connect()
        yield leader, other
        other.disconnect()


@pytest.mark.parametrize("takeover", ["clutch", "align"])
def test_a_leader_that_holds_is_not_dropped_by_connecting_it_and_is_let_go_on_request(
    tmp_path, takeover
):
    with left_holding(tmp_path, takeover) as (leader, device):
        assert isinstance(device, Holding)
        assert device.holds
        for _ in range(20):
            device.get_action(watching())
            device.send_feedback(watching())
        assert leader.torque() == 7
        assert "Support it, then release it" in device.health().warnings[-1]
        device.release()
        assert leader.torque() == 0
        assert not device.holds
        assert not device.health().warnings


def test_a_leader_that_holds_is_let_go_by_a_takeover(tmp_path):
    with left_holding(tmp_path, "clutch") as (leader, device):
        device.begin(watching("human"))
        until(lambda: leader.torque() == 0)


def test_a_released_mirror_stays_free_until_somebody_acts(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        leader.device.release()
        assert leader.torque() == 0
        stage.run(20)
        assert leader.torque() == 0
        stage.session.do(Pause())
        stage.run(2)
        stage.session.do(Resume())
        stage.until(lambda: leader.torque() == 7)


# Aligning


def test_an_absolute_leader_is_a_ghost_is_refused_from_afar_and_takes_over_by_itself_when_near(
    tmp_path,
):
    start = START.copy()
    start[1] += 1.0
    with emulated_leader(tmp_path, takeover="align", start=start) as leader:
        stage = Stage(leader)
        assert not leader.device.relative
        stage.start()
        np.testing.assert_allclose(stage.session.last["human_action"], start, atol=0.005)
        refusal = stage.session.refused(TakeOver("leader"))
        assert "shoulder" in refusal
        assert "0.8" in refusal
        leader.arm.ask("pose=shoulder:0.0")
        stage.until(lambda: abs(stage.session.last["human_action"][1]) < 0.01)
        sent = stage.session.last["sent_action"].copy()
        stage.take_over()
        stage.run(10)
        assert stage.session.gate is GateState.ALIGNING
        np.testing.assert_allclose(stage.session.last["sent_action"], sent, atol=1e-6)
        leader.arm.ask(f"pose=shoulder:{sent[1]:.3f}")
        stage.until(lambda: stage.session.gate is GateState.HUMAN)
        leader.arm.ask("pose=waist:0.4")
        stage.until(lambda: abs(stage.session.last["sent_action"][0] - 0.4) < 0.02)
        assert leader.torque() == 0
        stage.assert_smooth()


def test_an_aligned_leader_that_stands_still_moves_nothing_and_leads_from_there(tmp_path):
    with emulated_leader(tmp_path, takeover="align") as leader:
        stage = Stage(leader)
        stage.start()
        before = stage.session.last["sent_action"].copy()
        beside = before + 0.09
        beside[-1] = before[-1] - 0.07
        pose = ",".join(
            f"{name}:{value:.4f}" for name, value in zip(JOINT_NAMES, beside, strict=True)
        )
        leader.arm.ask(f"pose={pose}")
        stage.until(lambda: np.abs(leader.position() - beside).max() < 0.003)
        stage.run(2)
        before = stage.session.last["sent_action"].copy()
        stage.take_over()
        stage.until(lambda: stage.session.gate is GateState.HUMAN)
        stage.run(50)
        np.testing.assert_allclose(stage.session.last["sent_action"], before, atol=1e-6)
        leader.arm.ask("pose=gripper:0.0,waist:0.5")
        stage.until(lambda: stage.session.last["sent_action"][-1] < 0.005)
        stage.until(lambda: abs(stage.session.last["sent_action"][0] - 0.5) < 0.01)
        np.testing.assert_allclose(stage.session.last["sent_action"][1:-1], before[1:-1], atol=0.01)
        stage.assert_smooth()


# Losing it


def test_single_lost_packets_are_no_event_for_a_hand_that_drives(tmp_path):
    with emulated_leader(tmp_path, takeover="clutch") as leader:
        stage = Stage(leader)
        stage.start()
        leader.arm.ask("loss=0.01")
        leader.arm.ask("wave=waist:0.4:1.0")
        stage.take_over()
        stage.run(100)
        assert stage.session.controller is Controller.HUMAN
        stage.assert_smooth()
        counted = leader.bus.faults.lost
        assert counted > 0
        assert leader.device.health().lost > 0


def test_a_leader_pulled_while_it_drives_holds_the_arm_and_comes_back_by_itself(tmp_path):
    with emulated_leader(tmp_path, takeover="clutch") as leader:
        stage = Stage(leader)
        stage.start()
        stage.take_over()
        stage.run(5)
        before = len(stage.session.steps)
        leader.arm.ask("unplug")
        stage.until(lambda: stage.session.gate is GateState.HOLD)
        assert len(stage.session.steps) - before <= 2
        assert stage.session.last["reason"] == HoldReason.OPERATOR_LOST
        assert "leader" in stage.session.state.reason_text
        leader.arm.ask("replug")
        loop = stage.session.loop
        stage.until(lambda: loop.operators.ready("leader"))
        stage.run(5)
        assert stage.session.gate is GateState.HOLD  # back, and nothing moves by itself
        stage.session.do(Resume())
        stage.take_over()
        stage.run(2)
        assert stage.session.controller is Controller.HUMAN
        stage.assert_smooth()


def test_a_leader_pulled_while_it_mirrors_holds_and_mirrors_on_when_it_is_back(tmp_path):
    with emulated_leader(tmp_path, takeover="mirror") as leader:
        stage = Stage(leader)
        stage.start()
        stage.until(lambda: leader.torque() == 7)
        leader.arm.ask("unplug")
        loop = stage.session.loop
        stage.until(lambda: not loop.operators.ready("leader"))
        stage.session.puppet.answer = lambda position: ELSEWHERE
        stage.run(5)
        assert stage.session.last["reason"] == HoldReason.OPERATOR_LOST
        assert "leader is not there" in stage.session.refused(Resume())
        leader.arm.ask("replug")
        stage.until(lambda: loop.operators.ready("leader"))
        stage.session.do(Resume())
        stage.until(lambda: abs(stage.session.last["position"][0] - ELSEWHERE[0]) < 0.02)
        stage.until(lambda: stage.apart() < 0.02)


def test_one_motor_without_cable_is_named(tmp_path):
    with emulated_leader(tmp_path) as leader:
        leader.device.connect()
        leader.arm.ask("missing=4")

        said: list[str] = []

        def lost() -> bool:
            try:
                leader.device.get_action(watching())
            except DeviceLostError as error:
                said.append(str(error))
            return bool(said)

        until(lost)
        assert "forearm_roll (servo 4)" in said[0]
