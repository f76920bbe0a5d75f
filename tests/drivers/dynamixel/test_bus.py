import contextlib
import grp
import math
import os
import subprocess
import sys
import termios
import threading
import time
import tty
from functools import partial
from pathlib import Path

import pytest

from drivers.base import DeviceConfigError, DeviceLostError, DeviceNotFoundError
from drivers.dynamixel import access, wire
from drivers.dynamixel.access import PortBusyError, PortPermissionError
from drivers.dynamixel.bus import Bus, NoAnswerError, RefusedError
from drivers.dynamixel.tables import MODELS
from drivers.emulation.hands import Turning
from drivers.emulation.protocol import status
from tests.drivers.dynamixel.parts import STATE, arm, loose
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("patient")

VIPERX_IDS = tuple(range(1, 10))


@pytest.fixture
def viperx():
    with arm() as emulated:
        yield emulated


@pytest.fixture
def bus(viperx):
    with Bus(viperx.port, device="follower") as opened:
        opened.scan(VIPERX_IDS)
        yield opened


def truth(emulated, ids=VIPERX_IDS):
    with emulated.lock:
        return {s: tuple(emulated.servo(s).value(name) for name in STATE) for s in ids}


def test_a_scan_says_who_is_there_with_model_and_firmware(viperx):
    with Bus(viperx.port) as bus:
        found = bus.scan(range(1, 12))
        assert found == bus.scan()
        assert {s: MODELS[model].name for s, (model, _) in found.items()} == {
            **dict.fromkeys(range(1, 8), "XM540-W270"),
            8: "XM430-W350",
            9: "XM430-W350",
        }
        assert bus.model(8).name == "XM430-W350"
        with pytest.raises(DeviceConfigError, match=r"servo 11 .* not known"):
            bus.model(11)


@pytest.mark.parametrize("firmware", [44, 48])
def test_a_sync_read_brings_what_the_servos_have_fast_or_not(viperx, firmware):
    viperx.servo(5).set_firmware(firmware)
    with Bus(viperx.port) as bus:
        bus.scan(VIPERX_IDS)
        for _ in range(50):
            reading = bus.sync_read(VIPERX_IDS, STATE)
            assert reading.values == truth(viperx)
            assert not reading.missing
        assert bus.statistics.fast == (firmware == 48)


def test_no_bit_pattern_is_misread_fast_or_not(viperx, bus):
    # 0xFD behind 0xFF 0xFF must be stuffed in a plain answer and must not be in a fast one: a
    # joint that turns backwards makes this pattern again and again.
    with viperx.changing():
        viperx.physics.hand(0, Turning(-300.0))
    for fast in (True, False):
        if not fast:
            viperx.servo(1).set_firmware(40)
            bus.scan(VIPERX_IDS)
        before, low_bytes = None, set()
        deadline = time.monotonic() + 20.0
        while 0xFD not in low_bytes and time.monotonic() < deadline:
            _, velocity, position = bus.sync_read((1, 2), STATE).values[1]
            assert velocity <= 0
            if before is not None:
                assert abs((position - before + 2048) % 4096 - 2048) < 300
            if velocity < 0:
                low_bytes.add(position & 0xFF)
            before = position
        assert 0xFD in low_bytes
        assert bus.statistics.fast == fast
        assert bus.statistics.corrupt == 0


def test_a_servo_that_forgets_fast_reads_costs_no_reading_and_ends_them_for_good(viperx, bus):
    assert bus.statistics.fast
    viperx.servo(4).set_firmware(40)
    for _ in range(12):
        assert not bus.sync_read(VIPERX_IDS, STATE).missing
    assert not bus.statistics.fast
    viperx.servo(4).set_firmware(48)
    retries = bus.statistics.retries
    for _ in range(12):
        assert not bus.sync_read(VIPERX_IDS, STATE).missing
    assert not bus.statistics.fast
    assert bus.statistics.retries == retries


def test_what_was_asked_ahead_is_taken_later_whatever_was_done_meanwhile(viperx, bus):
    bus.ask(VIPERX_IDS, STATE)
    assert bus.read(3, "present_temperature") == viperx.servo(3).value("present_temperature")
    before, asked = truth(viperx), bus.statistics.transactions
    with viperx.changing():
        viperx.physics.hand(0, Turning(300.0))
    until(lambda: abs(truth(viperx)[1][2] - before[1][2]) > 10, "turning")
    then = bus.sync_read(VIPERX_IDS, STATE, asked=True)
    assert bus.statistics.transactions == asked
    assert then.values == before
    now = bus.sync_read(VIPERX_IDS, STATE, asked=True)
    assert bus.statistics.transactions == asked + 1
    assert now.t > then.t
    assert now.values[1] != then.values[1]


def test_a_question_asked_ahead_is_out_of_date_for_who_did_not_ask_it(viperx, bus):
    bus.ask(VIPERX_IDS, STATE)
    before = bus.statistics.transactions
    assert not bus.sync_read(VIPERX_IDS, STATE).missing
    assert bus.statistics.transactions == before + 1


def test_lost_packets_asked_ahead_are_asked_for_again(viperx, bus):
    viperx.faults.loss = 0.02
    missed = 0
    for _ in range(400):
        bus.ask(VIPERX_IDS, STATE)
        reading = bus.sync_read(VIPERX_IDS, STATE, asked=True)
        missed += bool(reading.missing)
        assert reading.values == truth(viperx, reading.values)
    assert viperx.faults.lost > 4
    assert bus.statistics.lost > 0
    assert missed < 0.05 * 400


def test_a_cable_pulled_after_a_question_is_told_by_who_takes_the_answer(viperx, bus):
    bus.ask(VIPERX_IDS, STATE)
    viperx.unplug()
    bus.ask(VIPERX_IDS, STATE)
    with pytest.raises(DeviceLostError, match="follower"):
        bus.sync_read(VIPERX_IDS, STATE, asked=True)
    assert not bus.is_open
    bus.ask(VIPERX_IDS, STATE)


def test_one_servo_that_is_missing_is_named_and_costs_nobody_else(viperx, bus):
    viperx.faults.missing = {3}
    bus.sync_read(VIPERX_IDS, STATE)
    for _ in range(6):
        reading = bus.sync_read(VIPERX_IDS, STATE)
        assert reading.missing == (3,)
        assert sorted(reading.values) == [1, 2, 4, 5, 6, 7, 8, 9]
    viperx.faults.missing = set()
    assert not bus.sync_read(VIPERX_IDS, STATE).missing


def test_who_stays_silent_is_not_asked_twice_each_time(viperx, bus):
    viperx.faults.missing = {3}
    for _ in range(5):
        bus.sync_read(VIPERX_IDS, STATE)
    retries = bus.statistics.retries
    for _ in range(5):
        bus.sync_read(VIPERX_IDS, STATE)
    assert bus.statistics.retries == retries


def test_lost_packets_are_asked_for_again_and_counted(viperx, bus):
    viperx.faults.loss = 0.02
    missed = 0
    for _ in range(400):
        reading = bus.sync_read(VIPERX_IDS, STATE)
        missed += bool(reading.missing)
        assert reading.values == truth(viperx, reading.values)
    counted = bus.statistics
    assert viperx.faults.lost > 4
    assert counted.lost > 0
    assert 0 < counted.retries <= counted.transactions
    assert missed < 0.05 * 400


def test_damaged_packets_never_become_values(viperx, bus):
    expected = truth(viperx)
    viperx.faults.corruption = 0.2
    for _ in range(200):
        for servo, values in bus.sync_read(VIPERX_IDS, STATE, 0.01).values.items():
            assert values == expected[servo]
    assert viperx.faults.corrupted > 20
    assert bus.statistics.corrupt > 0


def test_slow_answers_are_not_waited_for_beyond_the_budget(viperx, bus):
    viperx.faults.delay_s = 30.0
    reading = bus.sync_read(VIPERX_IDS, STATE, 0.005)  # would last 30 s if it waited
    assert reading.missing == VIPERX_IDS
    with pytest.raises(NoAnswerError, match=r"Servo 2 \(XM540-W270\)"):
        bus.read(2, "present_position", 0.005)
    assert bus.is_open


def test_a_late_answer_is_not_taken_for_the_answer_to_another_question(viperx, bus):
    for _ in range(20):
        viperx.faults.delay_s = 0.004
        bus.sync_read(VIPERX_IDS, STATE, 0.002)
        viperx.faults.delay_s = 0.0
        for servo in (1, 9):
            assert bus.read(servo, "present_temperature") == 33
        bus.write(1, "led", 1)


def test_the_late_answer_to_a_retry_is_not_taken_for_that_of_another_register(viperx, bus):
    for _ in range(3):
        viperx.faults.delay_s = 0.04  # the first answer comes while the second is waited for
        assert bus.read(3, "led") == 0
        viperx.faults.delay_s = 0.0
        assert bus.read(3, "present_temperature") == 33


def test_a_late_acknowledgement_is_not_taken_for_that_of_another_write(viperx, bus):
    viperx.faults.delay_s = 0.04
    bus.write(3, "led", 1)
    viperx.faults.delay_s = 0.0
    with pytest.raises(RefusedError, match="led"):
        bus.write(3, "led", 7)


def test_a_write_is_acknowledged_and_holds(viperx, bus):
    bus.write(4, "profile_velocity", 123)
    assert bus.read(4, "profile_velocity") == 123
    assert viperx.servo(4).value("profile_velocity") == 123


def test_one_packet_sets_all_servos(viperx, bus):
    bus.sync_write("goal_position", {servo: 1000 + servo for servo in VIPERX_IDS})
    values = bus.sync_read(VIPERX_IDS, ("goal_position",)).values
    assert {s: v for s, (v,) in values.items()} == {s: 1000 + s for s in VIPERX_IDS}
    bus.sync_write("goal_position", {})


def test_a_servo_that_refuses_says_why(viperx, bus):
    bus.write(4, "torque_enable", 1)
    with pytest.raises(RefusedError, match=r"torque is on\. Release") as refused:
        bus.write(4, "homing_offset", 5)
    assert refused.value.code == 7
    with pytest.raises(RefusedError, match="refuses goal_position = 5000: beyond a limit"):
        bus.write(4, "goal_position", 5000)


def test_a_goal_refused_by_a_tripped_watchdog_names_the_watchdog(viperx, bus):
    bus.write(4, "bus_watchdog", 1)
    bus.write(4, "torque_enable", 1)
    until(lambda: viperx.servo(4).value("bus_watchdog") == -1, "the watchdog")
    with pytest.raises(RefusedError, match="watchdog"):
        bus.write(4, "goal_position", 2000)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("goal_current", 5, "XL430-W250 has no goal_current"),
        ("goal_postion", 5, "no goal_postion"),
        ("led", 256, "led cannot be 256"),
    ],
)
def test_what_a_servo_does_not_have_is_refused_before_it_is_sent(name, value, message):
    with loose((1, 1060)) as emulated, Bus(emulated.port) as bus:
        bus.scan((1,))
        heard = emulated.heard
        with pytest.raises(DeviceConfigError, match=message):
            bus.write(1, name, value)
        assert emulated.heard == heard


def test_a_mixed_bus_is_read_by_either_name_of_the_effort():
    with loose((1, 1020), (2, 1060)) as emulated, Bus(emulated.port) as bus:
        bus.scan((1, 2))
        both = [bus.sync_read((1, 2), (n,)).values for n in ("present_load", "present_current")]
        assert both == [{1: (0,), 2: (0,)}] * 2


def test_a_servo_with_an_error_is_told_by_every_answer_fast_or_not(viperx, bus):
    assert bus.sync_read(VIPERX_IDS, STATE).alerts == ()
    with viperx.changing():
        viperx.servo(4).heat(95.0)
    assert bus.sync_read(VIPERX_IDS, STATE).alerts == (4,)
    assert bus.sync_read((4,), STATE).alerts == (4,)
    with viperx.changing():
        viperx.servo(4).recover()
    bus.reboot(4)
    assert bus.sync_read(VIPERX_IDS, STATE).alerts == ()


def test_a_pulled_cable_is_a_lost_device_and_it_works_again_when_it_is_back(tmp_path):
    link = tmp_path / "follower.tty"
    with arm(link=link) as emulated:
        bus = Bus(str(link), device="follower")
        bus.open()
        bus.scan(VIPERX_IDS)
        emulated.unplug()
        with pytest.raises(DeviceLostError, match=rf"follower: .*{link.name} broke.*cable") as lost:
            bus.sync_read(VIPERX_IDS, STATE)
        assert lost.value.device == "follower"
        assert not bus.is_open
        with pytest.raises(DeviceLostError, match="not open"):
            bus.write(1, "led", 1)
        with pytest.raises(DeviceNotFoundError, match=r"no serial port .*Plug in"):
            bus.open()
        emulated.replug()
        bus.open()
        assert not bus.sync_read(VIPERX_IDS, STATE).missing
        bus.close()
        bus.close()


def test_a_cable_pulled_in_the_middle_of_everything_ends_every_call(tmp_path):
    link = tmp_path / "follower.tty"
    calls = [
        lambda bus: bus.sync_read(VIPERX_IDS, STATE),
        lambda bus: bus.sync_write("goal_position", dict.fromkeys(VIPERX_IDS, 2048)),
        lambda bus: bus.read(1, "led"),
        lambda bus: bus.write(1, "led", 1),
        lambda bus: bus.ping(1),
        lambda bus: bus.scan(),
        lambda bus: bus.reboot(1),
        lambda bus: bus.probe(1),
    ]

    def lost(call, bus):
        try:
            call(bus)
        except DeviceLostError as error:
            return "broke" in str(error) and not bus.is_open
        return False  # a write that nobody acknowledges may still have found the cable in place

    with arm(link=link) as emulated:
        for call in calls:
            emulated.replug()
            with Bus(str(link)) as bus:
                emulated.unplug()
                until(partial(lost, call, bus), "the loss of the device")


def test_an_arm_without_power_is_missing_and_its_port_stays_open(viperx, bus):
    viperx.physics.powered = False
    reading = bus.sync_read(VIPERX_IDS, STATE, 0.02)
    assert reading.missing == VIPERX_IDS
    assert bus.ping(1) is None
    with pytest.raises(NoAnswerError, match="power"):
        bus.write(1, "led", 1)
    viperx.physics.powered = True
    assert bus.scan(VIPERX_IDS).keys() == set(VIPERX_IDS)


def test_a_port_in_use_names_the_program_that_has_it(viperx):
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import serial, sys; port = serial.Serial(sys.argv[1], exclusive=True);"
            "print('ready', flush=True); sys.stdin.read()",
            viperx.port,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline().strip() == b"ready"
        with pytest.raises(PortBusyError, match=rf"process {holder.pid}\b.*Close it"):
            Bus(viperx.port).open()
    finally:
        holder.communicate()
    with Bus(viperx.port) as bus:
        assert bus.ping(1)


def test_two_parts_of_one_program_cannot_both_have_a_port(viperx, bus):
    with pytest.raises(PortBusyError, match="this program itself"):
        Bus(viperx.port, device="leader").open()
    assert not bus.sync_read(VIPERX_IDS, STATE).missing


@contextlib.contextmanager
def as_nobody():
    """Without root's rights, if these are root's."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_port_without_permission_says_which_group_and_which_command(viperx):
    path = Path(viperx.port)
    if os.geteuid() == 0:
        os.chown(path, -1, grp.getgrnam("dialout").gr_gid)
    path.chmod(0o060)  # the group may, the owner and others may not
    group = path.group()
    with as_nobody(), pytest.raises(PortPermissionError) as refused:
        Bus(viperx.port, device="leader").open()
    assert str(refused.value).startswith(f"leader: {path} may be opened by members of the group")
    assert f"sudo usermod -aG {group}" in refused.value.remedy
    assert "log out and in" in refused.value.remedy
    path.chmod(0o666)
    with as_nobody():
        assert access.permission(viperx.port, "leader") is None


def test_a_port_that_only_root_may_open_asks_for_a_rule(viperx):
    Path(viperx.port).chmod(0o600)
    error = access.refused(viperx.port, 1_000_000, "leader", PermissionError(13, "no"))
    assert isinstance(error, PortPermissionError)
    assert "udev" in error.remedy


def test_what_is_no_serial_port_is_refused(tmp_path):
    ordinary = tmp_path / "notes.txt"
    ordinary.write_text("hello")
    for path in (str(ordinary), "/dev/null"):
        with pytest.raises(DeviceConfigError, match="is no serial port"):
            Bus(path).open()
    with pytest.raises(DeviceNotFoundError, match="There is no serial port"):
        Bus(str(tmp_path / "absent")).open()


def test_a_rate_that_no_servo_speaks_is_refused(viperx):
    with pytest.raises(DeviceConfigError, match="No Dynamixel speaks 12345 baud"):
        Bus(viperx.port, 12345).open()


@contextlib.contextmanager
def talking(data):
    """A port on which something says the same for ever, whoever listens."""
    master, slave = os.openpty()
    tty.setraw(slave)
    stop = threading.Event()

    def talk():
        while not stop.is_set():
            os.write(master, data * 50)

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        yield os.ttyname(slave)
    finally:
        stop.set()
        while talker.is_alive():
            termios.tcflush(slave, termios.TCIFLUSH)  # room for its last word
            talker.join(0.01)
        os.close(slave)
        os.close(master)


def test_a_line_that_never_falls_silent_is_cut_off():
    with talking(b"temperature 21.5 C\r\n") as port:
        bus = Bus(port, device="leader")
        bus.open()
        with pytest.raises(DeviceLostError, match=r"leader: .* never stops sending"):
            bus.scan((1, 2, 3))
        assert not bus.is_open


def test_endless_answers_of_a_servo_that_nobody_asked_end():
    # The SDK would read them for ever.
    with talking(status(7, 0)) as port, Bus(port) as bus:
        assert bus.sync_read((1, 2, 3), STATE).missing == (1, 2, 3)


def test_a_silent_line_costs_no_processor_time():
    master, slave = os.openpty()
    with Bus(os.ttyname(slave)) as bus:
        used, began = time.thread_time(), time.monotonic()
        for _ in range(40):
            assert bus.sync_read((1,), STATE).missing == (1,)
        # The SDK polls: it would use all of the time it waits.
        assert time.thread_time() - used < 0.5 * (time.monotonic() - began)
    os.close(slave)
    os.close(master)


def test_the_wait_for_an_answer_follows_the_adapters_timer(viperx, monkeypatch, tmp_path):
    timer = tmp_path / "latency_timer"
    monkeypatch.setattr(wire, "latency_file", lambda path: timer)
    assert wire.latency_timer(viperx.port) is None
    assert wire.lower_latency_timer(viperx.port)
    timer.write_text("16\n")
    assert wire.latency_timer(viperx.port) == 16
    with Bus(viperx.port) as bus:
        assert timer.read_text() == "1"
        assert bus.latency_ms == 1.0
    assert math.isnan(bus.latency_ms)


@pytest.mark.parametrize(("latency", "delay"), [(1, 0), (16, 0), (1, 250)])
def test_no_servo_in_order_is_given_up_too_early(viperx, latency, delay):
    """Each may answer as late as the adapter's timer and its own delay make it."""
    link = wire.Link(viperx.port, 1_000_000)
    link.latency_ms, link.return_delay_ms, link.answers = latency, delay * 2e-3, 9
    link.setPacketTimeout(9 * 21)
    assert link.packet_timeout >= 0.21 + 2 * latency + delay * 2e-3
    assert link.packet_timeout <= 0.21 + 2 * latency + delay * 2e-3 + wire.MARGIN_MS + 0.5


def test_the_wait_becomes_short_once_return_delays_are_known_to_be_none(viperx):
    with arm(return_delay_time=0) as quick:
        buses = [Bus(quick.port), Bus(viperx.port)]
        for bus in buses:
            bus.open()
            bus.scan(VIPERX_IDS)
        assert [bus._link.return_delay_ms for bus in buses] == [0.0, 0.5]
        for bus in buses:
            bus.close()


def test_figures_are_kept_of_what_reads_take(viperx, bus):
    with Bus(arm().port) as fresh:
        assert math.isnan(fresh.statistics.p99_ms)
    for _ in range(10):
        bus.sync_read(VIPERX_IDS, STATE)
    assert bus.statistics.p99_ms > 0.0
    before = bus.statistics.transactions
    bus.sync_read(VIPERX_IDS, STATE)
    assert bus.statistics.transactions == before + 1
