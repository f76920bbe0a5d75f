"""What a servo takes, refuses and does by itself: access rules, turns, watchdog, protection."""

from __future__ import annotations

import time

import pytest

from drivers.dynamixel import tables
from drivers.dynamixel.tables import MODELS, TICKS_PER_TURN
from drivers.emulation import protocol
from drivers.emulation.physics import Axis, FreeArm
from drivers.emulation.servo import Servo
from tests.waiting import until

OK = (0, 0)
ALERT = protocol.ALERT


class Alone:
    """One servo on one axis, written to by name without a line."""

    def __init__(self, number=1020, start=2048.0, **options):
        self.arm = FreeArm([Axis(start=start)])
        self.servo = Servo(1, number, self.arm, 0, **options)
        self.now = time.monotonic()
        self.arm.advance(self.now)

    def write(self, name, value):
        register = self.servo.model.registers[name]
        return self.servo.write(register.address, register.encode(value))

    def read(self, name):
        return self.servo.value(name)

    def wait(self, seconds):
        for _ in range(round(seconds / 0.01)):
            self.now += 0.01
            self.servo.tick(self.now)
            self.arm.drive(0, self.servo.wanted())
            self.arm.advance(self.now)

    def put(self, ticks):
        """As if somebody had left the axis there."""
        start = self.arm.axes[0]
        self.arm.__init__([Axis(start=ticks, velocity=start.velocity)])
        self.arm.advance(self.now)


@pytest.mark.parametrize("number", MODELS)
def test_a_new_servo_holds_what_its_maker_puts_in(number):
    servo = Alone(number)
    model = MODELS[number]
    assert servo.read("model_number") == number
    assert servo.read("secondary_id") == 255
    assert servo.read("operating_mode") == tables.POSITION_CONTROL
    low, high = servo.read("min_voltage_limit"), servo.read("max_voltage_limit")
    assert low < servo.read("present_input_voltage") < high
    assert servo.read("present_input_voltage") == round(model.nominal_voltage * 10)
    assert 20 < servo.read("present_temperature") < servo.read("temperature_limit")
    assert servo.servo.alert == 0
    assert servo.servo.knows_fast_reads


def test_eeprom_is_locked_while_torque_is_on():
    servo = Alone()
    assert servo.write("return_delay_time", 0) == 0
    assert servo.write("torque_enable", 1) == 0
    assert servo.write("return_delay_time", 250) == protocol.ACCESS
    assert servo.read("return_delay_time") == 0
    assert servo.write("profile_velocity", 60) == 0


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("torque_enable", 2, protocol.DATA_RANGE),
        ("id", 253, protocol.DATA_RANGE),
        ("baud_rate", 9, protocol.DATA_RANGE),
        ("return_delay_time", 255, protocol.DATA_RANGE),
        ("operating_mode", 7, protocol.DATA_RANGE),
        ("bus_watchdog", -2, protocol.DATA_RANGE),
        ("goal_position", 4096, protocol.DATA_LIMIT),
        ("goal_position", -1, protocol.DATA_LIMIT),
        ("goal_current", 1194, protocol.DATA_LIMIT),
        ("goal_velocity", -201, protocol.DATA_LIMIT),
        ("goal_pwm", 886, protocol.DATA_LIMIT),
        ("present_position", 1, protocol.ACCESS),
        ("hardware_error_status", 0, protocol.ACCESS),
    ],
)
def test_what_a_register_does_not_take_is_refused_and_changes_nothing(name, value, error):
    servo = Alone()
    before = servo.read(name)
    assert servo.write(name, value) == error
    assert servo.read(name) == before


def test_blocks_are_taken_whole_or_not_at_all():
    servo = Alone()
    block = b"".join(value.to_bytes(4, "little") for value in (20, 100, 3000))
    assert servo.servo.write(108, block) == 0
    wanted = ("profile_acceleration", "profile_velocity", "goal_position")
    assert [servo.read(name) for name in wanted] == [20, 100, 3000]
    block = b"".join(value.to_bytes(4, "little") for value in (7, 7, 5000))
    assert servo.servo.write(108, block) == protocol.DATA_LIMIT
    assert [servo.read(name) for name in wanted] == [20, 100, 3000]
    assert servo.servo.write(116, b"\0\0") == protocol.DATA_LENGTH
    assert servo.servo.write(148, b"\0") == protocol.ACCESS
    assert servo.servo.read(250, 10) == (protocol.ACCESS, b"")


def test_a_motor_without_current_sensor_has_no_current_control():
    servo = Alone(1060)
    mode = tables.CURRENT_BASED_POSITION_CONTROL
    assert servo.write("operating_mode", mode) == protocol.DATA_RANGE
    assert servo.servo.write(102, b"\x10\x00") == protocol.ACCESS
    assert Alone(1190).write("operating_mode", mode) == 0


def test_torque_takes_hold_where_the_axis_is():
    servo = Alone()
    servo.write("goal_position", 3500)
    servo.put(1234.0)
    servo.write("torque_enable", 1)
    servo.wait(0.5)
    assert servo.read("present_position") == servo.read("goal_position") == 1234


@pytest.mark.parametrize(
    ("mode", "error"),
    [
        (tables.POSITION_CONTROL, protocol.DATA_LIMIT),
        (tables.EXTENDED_POSITION_CONTROL, 0),
        (tables.CURRENT_BASED_POSITION_CONTROL, 0),
    ],
)
def test_only_some_modes_go_beyond_one_turn(mode, error):
    servo = Alone()
    servo.write("operating_mode", mode)
    servo.write("torque_enable", 1)
    assert servo.write("goal_position", 6000) == error
    servo.wait(4.0)
    assert servo.read("present_position") == (2048 if error else 6000)


def test_turns_are_counted_while_it_has_power_and_forgotten_by_a_reboot():
    servo = Alone()
    servo.put(5000.0)
    assert servo.read("present_position") == 5000
    servo.servo.boot()
    assert servo.read("present_position") == 5000 - TICKS_PER_TURN
    servo.put(-100.0)
    assert servo.read("present_position") == -100 - TICKS_PER_TURN
    servo.write("torque_enable", 1)  # in position mode that forgets turns too
    assert servo.read("present_position") == TICKS_PER_TURN - 100


def test_a_clear_forgets_turns_only_with_its_signature_and_at_rest():
    servo = Alone()
    servo.write("operating_mode", tables.EXTENDED_POSITION_CONTROL)
    servo.put(5000.0)
    assert servo.servo.clear(b"\x01\x44\x58\x4c\x21") == protocol.DATA_RANGE
    assert servo.read("present_position") == 5000
    servo.write("torque_enable", 1)
    servo.write("goal_position", 9000)
    servo.wait(0.2)
    assert servo.read("moving") == 1
    signature = b"\x01\x44\x58\x4c\x22"
    assert servo.servo.clear(signature) == protocol.RESULT_FAIL
    servo.wait(4.0)
    assert servo.servo.clear(signature) == 0
    assert servo.read("present_position") == 9000 - 2 * TICKS_PER_TURN
    servo.wait(0.5)
    assert servo.read("present_position") == 9000 - 2 * TICKS_PER_TURN


def test_homing_offset_and_drive_mode_change_what_is_read_and_where_it_goes():
    servo = Alone(start=1000.0)
    servo.write("homing_offset", 300)
    assert servo.read("present_position") == 1300
    servo.write("homing_offset", 3000)  # in position mode at most a quarter turn counts
    assert servo.read("present_position") == 1000 + 1024
    servo.write("homing_offset", 0)
    servo.write("drive_mode", tables.DRIVE_REVERSED)
    servo.servo.boot()
    assert servo.read("present_position") == TICKS_PER_TURN - 1000
    servo.write("torque_enable", 1)
    servo.write("goal_position", TICKS_PER_TURN - 1500)
    servo.wait(2.0)
    assert servo.arm.present(0).position == 1500


@pytest.mark.parametrize("reverse", [0, 1])
def test_velocity_and_current_modes_turn_the_axis_the_way_the_drive_mode_says(reverse):
    for mode, goal, value in (
        (tables.VELOCITY_CONTROL, "goal_velocity", 60),
        (tables.CURRENT_CONTROL, "goal_current", 50),
        (tables.PWM_CONTROL, "goal_pwm", 200),
    ):
        servo = Alone()
        servo.write("drive_mode", reverse)
        servo.write("operating_mode", mode)
        before = servo.read("present_position")
        servo.write("torque_enable", 1)
        servo.write("goal_pwm", 0)
        servo.write(goal, value)
        servo.wait(1.0)
        assert servo.read("present_position") > before + 100
        assert servo.read("present_velocity") > 10
        moved = servo.arm.present(0).position - 2048
        assert (moved < 0) == bool(reverse)


def test_the_profile_limits_speed_and_acceleration():
    servo = Alone()
    servo.write("torque_enable", 1)
    servo.write("profile_velocity", 40)
    servo.write("profile_acceleration", 10)
    servo.write("goal_position", 3800)
    fastest, steps, before = 0, [], 0
    for _ in range(200):
        servo.wait(0.01)
        speed = servo.read("present_velocity")
        steps.append(abs(speed - before))
        fastest, before = max(fastest, speed), speed
    assert fastest == 40
    # 10 units are 2,146 rev/min^2: 1.6 units of speed in 10 ms.
    assert max(steps) <= 3
    servo.wait(2.0)
    assert servo.read("present_position") == 3800
    assert servo.read("moving") == 0


def test_a_silent_host_stops_the_motion_and_locks_the_goals_until_zero_is_written():
    servo = Alone()
    servo.write("torque_enable", 1)
    servo.write("profile_velocity", 30)
    servo.write("bus_watchdog", 5)
    servo.servo.heard(servo.now)
    servo.write("goal_position", 4000)
    servo.wait(0.09)
    assert servo.read("present_velocity") > 0
    assert servo.read("bus_watchdog") == 5
    servo.wait(0.03)
    assert servo.read("bus_watchdog") == tables.WATCHDOG_TRIPPED
    stopped = servo.read("present_position")
    servo.wait(1.0)
    assert abs(servo.read("present_position") - stopped) < 40
    assert servo.read("torque_enable") == 1, "it holds"
    for goal in ("goal_position", "goal_current", "goal_velocity", "goal_pwm"):
        assert servo.write(goal, 100) == protocol.DATA_RANGE
    assert servo.write("bus_watchdog", 5) == protocol.DATA_RANGE
    assert servo.write("bus_watchdog", 0) == 0
    assert servo.write("goal_position", 2500) == 0
    servo.wait(3.0)
    assert servo.read("present_position") == 2500


def test_the_watchdog_minds_only_a_servo_with_torque():
    servo = Alone()
    servo.write("bus_watchdog", 1)
    servo.wait(5.0)
    assert servo.read("bus_watchdog") == 1


@pytest.mark.parametrize(
    ("harm", "cause", "stops"),
    [
        (lambda servo: servo.heat(95.0), "overheating", True),
        (lambda servo: servo.overload(), "overload", True),
        (lambda servo: servo.supply(8.0), "input voltage", False),
        (lambda servo: servo.supply(17.0), "input voltage", False),
    ],
)
def test_harm_is_shown_in_every_answer_until_a_reboot(emulated, harm, cause, stops):
    bus, client = emulated()
    assert client.write(4, "torque_enable", 1) == OK
    with bus.changing():
        harm(bus.servo(4))
    assert client.packets.ping(client.port, 4)[2] == ALERT
    assert tables.hardware_errors(client.read(4, "hardware_error_status")) == (cause,)
    assert client.read(4, "torque_enable") == (0 if stops else 1)
    assert client.write(4, "torque_enable", 1) == (0, ALERT)
    assert client.read(4, "torque_enable") == (0 if stops else 1)
    with bus.changing():
        bus.servo(4).recover()
    assert client.packets.ping(client.port, 4)[2] == ALERT, "latched"
    assert client.packets.reboot(client.port, 4)[0] == 0
    assert client.packets.ping(client.port, 4)[2] == 0
    assert client.write(4, "torque_enable", 1) == OK
    assert client.packets.ping(client.port, 5)[2] == 0, "its neighbour is well"


def test_a_motor_still_hot_fails_again_after_its_reboot(emulated):
    bus, client = emulated()
    with bus.changing():
        bus.servo(4).heat(95.0)
    client.packets.reboot(client.port, 4)
    assert client.packets.ping(client.port, 4)[2] == ALERT


def test_the_second_of_a_pair_obeys_its_first_and_answers_for_itself_only(emulated):
    _, client = emulated()
    pair = (client.read(2, "present_position"), client.read(3, "present_position"))
    assert pair[0] == pair[1], "mounted the other way round, told so by its drive mode"
    assert client.write(2, "torque_enable", 1) == OK
    assert client.read(3, "torque_enable") == 1
    assert client.write(2, "goal_position", pair[0] - 100) == OK
    assert client.read(3, "goal_position") == pair[0] - 100
    for device in (2, 3):
        until(
            lambda device=device: client.read(device, "present_position") == pair[0] - 100,
            "arriving together",
        )
    assert client.write(3, "led", 1) == OK
    assert (client.read(2, "led"), client.read(3, "led")) == (0, 1)
    # One motor of the pair is enough to hold the joint.
    assert client.write(3, "torque_enable", 0) == OK
    assert client.write(2, "goal_position", pair[0] - 200) == OK
    until(lambda: client.read(3, "present_position") == pair[0] - 200, "the other alone")


def test_only_what_is_said_to_a_servo_keeps_its_watchdog_quiet(emulated):
    bus, client = emulated()
    for device in (1, 6):
        assert client.write(device, "torque_enable", 1) == OK
        assert client.write(device, "bus_watchdog", 10) == OK
    tripped = tables.WATCHDOG_TRIPPED

    def watch():
        client.read(1, "present_position")
        return bus.servo(6).value("bus_watchdog") == tripped

    until(watch, "the watchdog of the servo that nobody speaks to")
    assert client.write(6, "goal_position", 2000) == (0, protocol.DATA_RANGE)
