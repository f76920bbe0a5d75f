"""A whole arm through the unmodified SDK: found, engaged, moved, broken in every way, mended."""

import contextlib
import re
import time

import msgspec
import numpy as np
import pytest

from drivers.base import (
    DeviceConfigError,
    DeviceLostError,
    DeviceNotFoundError,
    SelfStoppedError,
)
from drivers.dynamixel import tables
from drivers.dynamixel.arm import Arm
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.setup import Options
from drivers.emulation.arms import BUILDS
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.physics import Axis, FreeArm
from drivers.emulation.servo import Servo
from tests.waiting import until

# Where neither is what is tested, a busy machine is no lost arm and no dead host.
PATIENT = Options(patience_s=2.0, watchdog_ms=2540)
GUARDED = Options(patience_s=2.0)
PERIOD_S = 0.01


class Bench:
    """An emulated arm and what drives it."""

    def __init__(self, emulated, build, options=PATIENT, others=(), baud=None):
        self.emulated, self.build = emulated, build
        self.calibration = build.calibration("robot")
        self.arm = Arm(
            "robot",
            Bus(emulated.port, baud or build.baud, "robot"),
            self.calibration,
            options,
            others,
        )

    def axis(self, name):
        return self.emulated.physics.present(self.build.names.index(name))

    def servo(self, servo_id):
        return self.emulated.servo(servo_id)

    def set(self, servo_id, name, value):
        place = tables.register(name)
        with self.emulated.changing():
            assert self.servo(servo_id).write(place.address, place.encode(value)) == 0

    def lost(self):
        """Reads until the arm is lost; what it says."""

        def gone():
            try:
                self.tick()
            except DeviceLostError as error:
                said.append(error)
            return said

        said = []
        until(gone, "losing the arm")
        return said[0]

    def tick(self, goal=None):
        state = self.arm.read()
        if goal is not None:
            self.arm.command(goal)
        time.sleep(PERIOD_S)
        return state

    def reach(self, goal):
        def there():
            return np.abs(self.tick(goal).position - goal).max() < 0.02

        until(there, "reaching the goal")


@pytest.fixture
def bench(tmp_path):
    with contextlib.ExitStack() as stack:

        def make(kind="viperx_300s", options=PATIENT, connect=True, endless=False, **more):
            build = BUILDS[kind]
            physics = FreeArm([Axis() for _ in build.parts]) if endless else build.free()
            emulated = EmulatedBus(build.servos(physics), physics, tmp_path / "arm.tty")
            stack.callback(emulated.close)
            made = Bench(emulated.start(), build, options, **more)
            stack.callback(made.arm.disconnect)
            if connect:
                made.arm.connect()
            return made

        yield make


def values(bench, name):
    return {servo.id: servo.value(name) for servo in bench.emulated.servos}


# -- connecting


@pytest.mark.parametrize("kind", ["viperx_300s", "koch_follower", "widowx_250s", "gello"])
def test_connecting_reads_where_the_arm_is_and_gives_no_motor_torque(bench, kind):
    arm = bench(kind)
    np.testing.assert_allclose(arm.arm.read().position, arm.build.start, atol=0.005)
    assert set(values(arm, "torque_enable").values()) == {0}
    assert not arm.arm.engaged
    assert arm.arm.health().warnings == ()


def test_each_motor_gets_the_mode_its_range_and_kind_ask_for(bench):
    viperx = bench("viperx_300s")
    modes = values(viperx, "operating_mode")
    assert {modes[i] for i in range(1, 9)} == {tables.POSITION_CONTROL}
    assert modes[9] == tables.CURRENT_BASED_POSITION_CONTROL
    koch = values(bench("koch_follower"), "operating_mode")
    assert koch[1] == koch[2] == tables.POSITION_CONTROL
    assert {koch[i] for i in range(3, 7)} == {tables.CURRENT_BASED_POSITION_CONTROL}
    soft = bench("viperx_300s", options=Options(soft=True, patience_s=2.0))
    assert set(values(soft, "operating_mode").values()) == {tables.CURRENT_BASED_POSITION_CONTROL}


def test_a_range_across_a_full_turn_is_followed_by_counting_turns(bench):
    made = bench(connect=False, endless=True)
    joints = list(made.calibration.joints)
    joints[3] = msgspec.structs.replace(joints[3], homing_ticks=3900)
    made.calibration = msgspec.structs.replace(made.calibration, joints=tuple(joints))
    made.arm = Arm("robot", Bus(made.emulated.port), made.calibration, PATIENT)
    made.arm.connect()
    try:
        assert values(made, "operating_mode")[6] == tables.EXTENDED_POSITION_CONTROL
        made.arm.engage()
        goal = made.arm.read().position
        goal[3] = 1.2
        made.reach(goal)
        assert made.servo(6).value("present_position") > 4096
    finally:
        made.arm.disconnect()


def test_power_is_capped_in_every_motor(bench):
    half = bench(options=Options(power=0.5, grip=0.4, patience_s=2.0))
    half.arm.engage()
    for servo in half.emulated.servos:
        assert servo.value("goal_pwm") == round(0.5 * servo.value("pwm_limit"))
    gripper = half.servo(9)
    assert gripper.value("goal_current") == round(0.2 * gripper.value("current_limit"))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (Options(power=0.0), "power is 0"),
        (Options(grip=1.2), "grip is 1.2"),
        (Options(watchdog_ms=50), "watchdog_ms is 50.*multiple of 20"),
        (Options(watchdog_ms=20), "watchdog_ms is 20"),
        (Options(patience_s=0.0), "patience_s is 0"),
    ],
)
def test_options_that_make_no_sense_are_refused_with_the_choices(options, says):
    with pytest.raises(DeviceConfigError, match=says):
        options.check("robot")


def test_no_servo_at_all_is_an_arm_without_power(bench):
    made = bench(connect=False)
    made.emulated.faults.missing.update(range(1, 10))
    with pytest.raises(DeviceNotFoundError, match=r"No servo answers on .* at 1000000 baud") as e:
        made.arm.connect()
    assert "power is on" in e.value.remedy
    made.emulated.faults.missing.clear()
    made.arm.connect()


def test_another_baud_rate_is_found_and_told(bench):
    made = bench(connect=False, baud=57_600)
    with pytest.raises(DeviceConfigError, match="they do at 1000000 baud") as caught:
        made.arm.connect()
    assert "Set baud = 1000000" in caught.value.remedy


def test_a_missing_servo_is_told_by_its_joint(bench):
    made = bench(connect=False)
    made.emulated.faults.missing.add(5)
    with pytest.raises(DeviceConfigError, match=r"elbow \(second motor\) is missing: servo 5"):
        made.arm.connect()


def test_an_id_that_two_servos_have_is_told(bench):
    physics = FreeArm([Axis() for _ in range(10)])
    build = BUILDS["viperx_300s"]
    extra = Servo(4, 1120, physics, 9, eeprom={"baud_rate": 3})
    with EmulatedBus((*build.servos(physics), extra), physics) as emulated:
        made = Bench(emulated, build)
        with pytest.raises(DeviceConfigError, match=r"Two servos seem to have id 4 \(elbow\)"):
            made.arm.connect()


def test_swapped_ports_are_told_before_any_torque(bench):
    leader = BUILDS["gello"]
    made = bench("gello", connect=False)
    robot = BUILDS["viperx_300s"].calibration("robot")
    arm = Arm("robot", Bus(made.emulated.port), robot, PATIENT, (leader.calibration("leader"),))
    before = values(made, "operating_mode")
    with pytest.raises(DeviceConfigError, match=r"This is the leader .*, not the robot"):
        arm.connect()
    assert set(values(made, "torque_enable").values()) == {0}
    assert values(made, "operating_mode") == before, "nothing was written"


def test_a_port_that_is_in_use_is_not_shared(bench):
    made = bench()
    second = Bench(made.emulated, made.build)
    with pytest.raises(DeviceNotFoundError, match="in use by"):
        second.arm.connect()


# -- engaging and moving


def test_engaging_holds_the_arm_where_it_is_and_arms_every_watchdog(bench):
    made = bench(options=GUARDED)
    before = made.arm.read().position
    made.arm.engage()
    assert set(values(made, "torque_enable").values()) == {1}
    assert set(values(made, "bus_watchdog").values()) <= {4, -1}
    np.testing.assert_allclose(made.arm.read().position, before, atol=0.005)
    assert made.arm.engaged


def test_goals_move_the_arm_and_are_clipped_to_what_was_calibrated(bench):
    made = bench()
    made.arm.engage()
    goal = np.array([0.6, -1.2, 1.0, -0.4, 0.3, 0.9, 0.2])
    np.testing.assert_array_equal(made.arm.command(goal), goal)
    made.reach(goal)
    sent = made.arm.command(np.array([9.0, -9.0, 9.0, 0.0, 0.0, 0.0, 3.0]))
    assert sent[0] == 3.14
    assert sent[1] == -1.85005
    assert sent[-1] == 1.0


def test_limits_set_in_a_servo_hold_too_and_what_is_sent_says_so(bench):
    made = bench(connect=False)
    made.set(1, "max_position_limit", 2600)
    made.arm.connect()
    assert "highest position is 2600 ticks" in made.arm.health().warnings[0]
    made.arm.engage()
    goal = made.arm.read().position
    goal[0] = 1.5
    sent = made.arm.command(goal)
    assert sent[0] == pytest.approx((2600 - 2048) * tables.RAD_PER_TICK)


def test_a_joint_beyond_its_servos_limit_is_not_made_to_jump_back(bench):
    made = bench(connect=False)
    made.set(2, "max_position_limit", 2500)
    made.arm.connect()
    with pytest.raises(SelfStoppedError, match=r"shoulder is .* beyond the limit.* servo 2"):
        made.arm.engage()
    assert set(values(made, "torque_enable").values()) == {0}


def test_an_arm_that_was_not_armed_takes_no_goals(bench):
    made = bench()
    before = values(made, "goal_position")
    with pytest.raises(SelfStoppedError, match="not armed"):
        made.arm.command(np.zeros(7))
    assert values(made, "goal_position") == before


def test_holding_cancels_the_goal_and_keeps_the_grip(bench):
    made = bench()
    made.arm.engage()
    goal = made.arm.read().position
    goal[0], goal[-1] = 1.5, 0.0
    until(lambda: made.tick(goal).velocity[0] > 0.5, "setting off")
    grip = made.servo(9).value("goal_position")
    made.arm.read()
    made.arm.hold()
    where = made.arm.read().position[0]
    assert made.servo(9).value("goal_position") == grip
    until(lambda: abs(made.tick().velocity[0]) < 0.01, "coming to rest")
    assert abs(made.arm.read().position[0] - where) < 0.25
    assert made.arm.read().position[0] < 1.3


def test_releasing_lets_go_of_every_motor_even_when_packets_are_lost(bench):
    made = bench()
    made.arm.engage()
    made.emulated.faults.loss = 0.2
    made.arm.release()
    assert set(values(made, "torque_enable").values()) == {0}
    assert not made.arm.engaged
    with pytest.raises(SelfStoppedError, match="not armed"):
        made.arm.command(np.zeros(7))


def test_engaging_reaches_every_motor_even_when_packets_are_lost(bench):
    made = bench()
    made.emulated.faults.loss = 0.1
    for _ in range(5):
        made.arm.engage()
        assert set(values(made, "torque_enable").values()) == {1}
        made.emulated.faults.loss, loss = 0.0, made.emulated.faults.loss
        made.arm.release()
        made.emulated.faults.loss = loss


def test_an_arm_can_be_made_weak_and_strong_again(bench):
    made = bench("gello", options=Options(soft=True, grip=1.0, watchdog_ms=0, patience_s=2.0))
    made.arm.engage()
    full = values(made, "goal_current")
    made.arm.strengthen(0.0)
    made.arm.read()
    assert set(values(made, "goal_current").values()) == {0}
    made.arm.strengthen(1.0)
    made.arm.read()
    assert values(made, "goal_current") == full


# -- what breaks


def test_one_packet_in_a_hundred_lost_is_no_loss_and_no_jump(bench):
    """As many ticks as a minute has at 100 Hz, of an arm in motion, as fast as the bus goes."""
    made = bench()
    made.arm.engage()
    start = made.arm.read().position
    made.emulated.faults.loss = 0.01
    goal, previous, largest = start.copy(), start, 0.0
    for tick in range(6000):
        state = made.arm.read()
        assert np.isfinite(state.position).all()
        largest = max(largest, float(np.abs(state.position - previous)[:6].max()))
        previous = state.position
        goal[0] = start[0] + 0.4 * np.sin(tick / 200)
        made.arm.command(goal)
    assert made.emulated.faults.lost > 20, "packets were lost"
    health = made.arm.health()
    assert health.lost > 10
    assert f"{health.lost} packets lost" in health.text
    assert largest < 0.2, "nothing ever jumped"


def test_a_corrupt_packet_is_counted_and_never_believed(bench):
    made = bench()
    made.arm.engage()
    start = made.arm.read().position
    made.emulated.faults.corruption = 0.03
    for _ in range(500):
        state = made.arm.read()
        np.testing.assert_allclose(state.position, start, atol=0.02)
        made.arm.command(start)
    assert made.arm.health().corrupt > 0


def test_a_servo_that_falls_silent_is_told_by_its_joint(bench):
    made = bench(options=Options(watchdog_ms=2540))
    made.arm.engage()
    made.emulated.faults.missing.add(7)

    assert "wrist_angle (servo 7) has not answered" in made.lost().problem


def test_an_unplugged_arm_is_lost_and_a_replugged_one_is_found_on_another_pty(bench):
    made = bench()
    made.arm.engage()
    made.emulated.unplug()
    with pytest.raises(DeviceLostError, match=r"robot: The connection to .* broke"):
        made.arm.read()
    made.arm.disconnect()
    with pytest.raises(DeviceNotFoundError, match="no serial port"):
        made.arm.connect()
    made.emulated.replug()
    made.arm.connect()
    assert made.arm.engaged, "its servos kept their power and hold it"
    with pytest.raises(SelfStoppedError):
        made.arm.command(made.arm.read().position)
    made.arm.engage()
    made.arm.command(made.arm.read().position)


def test_an_arm_that_lost_its_power_comes_back_without_torque(bench):
    made = bench(options=Options(watchdog_ms=2540))
    made.arm.engage()
    made.emulated.physics.powered = False
    assert "None of its servos answers" in made.lost().problem
    made.arm.disconnect()
    made.emulated.physics.powered = True
    until(lambda: not made.servo(1).torque, "starting anew")
    made.arm.connect()
    assert not made.arm.engaged


def stopped(made, goal):
    """Drives until the arm stops itself; what it says."""

    def driven():
        try:
            made.tick(goal)
        except SelfStoppedError as error:
            said.append(error)
        return said

    said = []
    until(driven, "stopping itself")
    return said[0]


@pytest.mark.parametrize(
    ("trouble", "says"),
    [
        (lambda s: s.overload(), r"elbow \(servo 4\) has shut down: overload\."),
        (
            lambda s: s.heat(s.value("temperature_limit") + 4),
            r"elbow \(servo 4\) has shut down: overheating\. It is at 84 °C \(limit 80 °C\)\.",
        ),
    ],
)
def test_a_motor_that_shuts_down_stops_the_arm_with_joint_cause_and_remedy(bench, trouble, says):
    made = bench()
    made.arm.engage()
    goal = made.arm.read().position
    made.tick(goal)
    with made.emulated.changing():
        trouble(made.servo(4))
    error = stopped(made, goal)
    assert re.fullmatch(says, error.problem)
    assert error.remedy.startswith("Support the arm")
    assert "arm again" not in error.remedy.lower()  # whoever shows it says so, once


def test_a_motor_whose_reason_has_passed_is_ready_when_the_arm_is_armed(bench):
    made = bench()
    made.arm.engage()
    goal = made.arm.read().position
    with made.emulated.changing():
        made.servo(4).heat(90)
    stopped(made, goal)

    def said():
        made.tick()
        reason = made.arm.health().stopped
        return "" if reason is None else f"{reason.problem} {reason.remedy}"

    until(lambda: "It is at 90 °C" in said(), "the heat")
    assert made.servo(4).alert
    with made.emulated.changing():
        made.servo(4).heat(40)
    cooled = "elbow (servo 4) had shut down: overheating. It is at 40 °C (limit 80 °C)."
    until(lambda: said().strip() == cooled, "that it has cooled down")
    assert not made.servo(4).torque, "only arming gives it torque"
    made.arm.engage()  # one act, and no other
    assert made.servo(4).torque
    assert made.arm.health().stopped is None
    until(lambda: made.tick() and not made.arm.health().warnings, "no warnings")


def test_an_arm_that_is_armed_while_a_motor_restarts_says_to_wait(bench):
    made = bench()
    with made.emulated.changing():
        made.servo(4).heat(90)
    with pytest.raises(SelfStoppedError, match=r"It is at 90 °C \(limit 80 °C\)"):
        made.arm.engage()
    with made.emulated.changing():
        made.servo(4).heat(40)
    with pytest.raises(SelfStoppedError, match=r"It is being restarted\. Wait a second"):
        made.arm.engage()

    def again():
        made.tick()
        with contextlib.suppress(SelfStoppedError):
            made.arm.engage()
            return True
        return False

    until(again, "arming again")
    assert made.servo(4).torque


def test_a_second_motor_that_falls_silent_stops_the_arm(bench):
    made = bench(options=Options(patience_s=2.0, watchdog_ms=2540))
    made.arm.engage()
    goal = made.arm.read().position
    made.emulated.faults.missing.add(3)
    error = stopped(made, goal)
    assert error.problem == "shoulder's second motor (servo 3) does not answer."
    assert error.remedy.startswith("Check the cable to it")


def test_motors_behind_one_cable_are_named_together(bench):
    made = bench(options=Options(watchdog_ms=2540))
    made.arm.engage()
    made.emulated.faults.missing |= {7, 8, 9}
    problem = made.lost().problem
    assert problem.startswith(
        "wrist_angle (servo 7), wrist_rotate (servo 8) and gripper (servo 9) have not answered for"
    )


def test_many_lost_packets_are_warned_of_and_few_are_not(bench):
    made = bench(options=Options(patience_s=2.0, watchdog_ms=2540))

    def lost():
        made.tick()
        return [text for text in made.arm.health().warnings if "packets" in text]

    for _ in range(300):
        assert lost() == []
    made.emulated.faults.loss = 0.1
    said = []
    until(lambda: said.extend(lost()) or said, "the warning")
    assert "of packets are lost (limit 4 %). Check plugs and cables" in said[0]
    made.emulated.faults.loss = 0.0
    until(lambda: not lost(), "its end")


def test_undervoltage_and_heat_to_come_are_warned_of_by_joint(bench):
    made = bench()
    made.arm.engage()
    with made.emulated.changing():
        made.servo(1).supply(8.0)
        made.servo(8).heat(78)

    def told():
        made.tick()
        text = " ".join(made.arm.health().warnings)
        return "waist (servo 1) reports input voltage. It gets 8.0 V" in text and (
            "wrist_rotate (servo 8) is at 78 °C (limit 80 °C)" in text
        )

    until(told, "the warnings")


def test_a_motor_that_lost_power_for_a_moment_stops_the_arm(bench):
    made = bench()
    made.arm.engage()
    goal = made.arm.read().position
    with made.emulated.changing():
        made.servo(8).boot()
    assert "wrist_rotate (servo 8) lost its torque" in stopped(made, goal).problem


# -- the watchdog


def test_an_arm_that_is_read_but_not_commanded_is_not_stopped_by_its_watchdog(bench):
    made = bench(options=Options(patience_s=2.0, watchdog_ms=1000))
    made.arm.engage()
    deadline = time.monotonic() + 2.5
    while time.monotonic() < deadline:
        made.tick()
    assert -1 not in values(made, "bus_watchdog").values()
    made.arm.command(made.arm.read().position)


def test_a_host_that_stood_still_is_told_and_arming_again_clears_it(bench):
    made = bench(options=GUARDED)
    made.arm.engage()
    goal = made.arm.read().position
    until(lambda: -1 in values(made, "bus_watchdog").values(), "the watchdog")
    made.arm.read()
    with pytest.raises(SelfStoppedError, match="heard nothing from this computer for 80 ms") as e:
        made.arm.command(goal)
    assert e.value.problem.startswith("The arm stopped itself.")
    assert made.arm.engaged, "it still holds"
    until(lambda: engaged_and_commanded(made, goal), "going on")


def engaged_and_commanded(made, goal):
    with contextlib.suppress(SelfStoppedError):
        made.arm.engage()
        made.arm.read()
        made.arm.command(goal)
        return True
    return False


def test_a_connection_made_while_the_arm_holds_takes_it_over_without_dropping_it(bench):
    made = bench()
    made.arm.engage()
    made.arm.disconnect()
    assert set(values(made, "torque_enable").values()) == {1}
    assert set(values(made, "bus_watchdog").values()) == {0}, "nobody is there to be guarded from"
    made.arm.connect()
    assert made.arm.engaged
    assert set(values(made, "torque_enable").values()) == {1}


def test_a_mode_cannot_be_changed_under_an_arm_that_holds(bench):
    made = bench()
    made.arm.engage()
    made.arm.disconnect()
    soft = Bench(made.emulated, made.build, Options(soft=True, patience_s=2.0))
    with pytest.raises(DeviceConfigError, match=r"waist .*holds in position mode.* torque"):
        soft.arm.connect()
    assert set(values(made, "torque_enable").values()) == {1}


def test_disconnecting_twice_is_harmless(bench):
    made = bench()
    made.arm.disconnect()
    made.arm.disconnect()
    with pytest.raises(DeviceLostError):
        made.arm.read()
    with pytest.raises(DeviceLostError, match="not connected"):
        made.arm.engage()
