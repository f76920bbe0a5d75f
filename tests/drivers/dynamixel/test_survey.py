import pytest

from drivers.base import DeviceConfigError, DeviceLostError
from drivers.dynamixel import survey, wire
from drivers.dynamixel.bus import Bus, NoAnswerError
from drivers.dynamixel.survey import Difference, differences
from tests.drivers.dynamixel.parts import arm, loose

pytestmark = pytest.mark.usefixtures("patient")

GELLO_IDS = tuple(range(1, 8))


@pytest.fixture
def emulated():
    with arm("gello") as running:
        yield running


@pytest.fixture
def bus(emulated):
    with Bus(emulated.port, device="leader") as opened:
        opened.scan(GELLO_IDS)
        yield opened


def wrong(bus, baud=1_000_000):
    return differences(survey.read_settings(bus, GELLO_IDS), baud, bus.latency_ms)


def test_a_factory_delay_is_named_and_put_right_on_request(emulated, bus):
    found = wrong(bus)
    assert [(item.servo, item.setting) for item in found] == [
        (servo, "return_delay_time") for servo in GELLO_IDS
    ]
    assert "waits 500 us before each answer" in found[0].text
    assert emulated.servo(1).value("return_delay_time") == 250  # nothing happened unasked
    said = survey.fix(bus, found)
    assert said[0] == "Servo 1: return_delay_time is 0 now."
    assert {servo.value("return_delay_time") for servo in emulated.servos} == {0}
    assert wrong(bus) == ()


def test_a_servo_that_holds_keeps_its_settings_and_its_torque(emulated, bus):
    bus.write(3, "torque_enable", 1)
    said = survey.fix(bus, wrong(bus))
    assert [line for line in said if "holds" in line] == [
        "Servo 3 holds, so its return_delay_time cannot be changed. Support the arm, release its "
        "torque, and try again."
    ]
    assert emulated.servo(3).torque
    assert emulated.servo(3).value("return_delay_time") == 250
    assert emulated.servo(4).value("return_delay_time") == 0


@pytest.mark.parametrize("level", [0, 1])
def test_a_servo_that_does_not_acknowledge_is_named_and_put_right(emulated, bus, level):
    survey.fix(bus, wrong(bus))
    bus.sync_write("status_return_level", {2: level})
    with pytest.raises(NoAnswerError):
        bus.write(2, "led", 1)
    assert bus.ping(2) is not None
    found = wrong(bus)
    assert [(item.servo, item.setting, item.wanted) for item in found] == [
        (2, "status_return_level", 2)
    ]
    assert survey.fix(bus, found) == ("Servo 2: status_return_level is 2 now.",)
    bus.write(2, "led", 1)


def test_a_slow_adapter_is_named_before_the_servos_and_asks_for_the_administrator(
    bus, monkeypatch, tmp_path
):
    timer = tmp_path / "latency_timer"
    timer.write_text("16\n")
    monkeypatch.setattr(wire, "latency_file", lambda path: timer)
    (found,) = differences({}, 1_000_000, 16.0)
    assert (found.servo, found.setting) == (None, "latency_timer")
    assert "latency timer is 16 ms" in found.text
    assert survey.fix(bus, [found]) == ("The adapter's latency timer is 1 ms now.",)
    assert timer.read_text() == "1"
    # One that the system does not let us set: sysfs says so by an error, here a folder does.
    timer.unlink()
    monkeypatch.setattr(wire, "latency_timer", lambda path: 16)
    (said,) = survey.fix(bus, [found])
    assert "sudo tee" in said


def test_a_setting_that_is_not_taken_is_said(bus):
    never = Difference(1, "return_delay_time", 250, 255, "", eeprom=True)
    assert survey.fix(bus, [never]) == ("Servo 1 did not take return_delay_time = 255; it is 250.",)


def test_an_arm_at_another_rate_is_found_and_brought_over():
    with loose((1, 1060), (2, 1060), baud=57_600) as emulated:
        with Bus(emulated.port, 1_000_000) as bus:
            assert bus.scan((1, 2)) == {}
        found = survey.find_baud(emulated.port, ids=(1, 2))
        assert list(found) == [57_600]
        assert set(found[57_600]) == {1, 2}
        with Bus(emulated.port, 57_600) as bus:
            settings = survey.read_settings(bus, (1, 2))
            assert {item.setting for item in differences(settings, 1_000_000)} == {
                "baud_rate",
                "return_delay_time",
            }
            assert survey.change_baud(bus, (1, 2), 1_000_000).keys() == {1, 2}
            assert bus.baud == 1_000_000
            assert bus.read(1, "baud_rate") == 3


def test_everybody_is_found_without_naming_anybody():
    with loose((7, 1060), baud=115_200) as emulated:
        found = survey.find_baud(emulated.port, bauds=(1_000_000, 115_200))
    assert {rate: set(ids) for rate, ids in found.items()} == {115_200: {7}}


def test_a_rate_is_not_changed_under_torque_nor_to_one_that_does_not_exist(emulated, bus):
    bus.write(5, "torque_enable", 1)
    with pytest.raises(DeviceConfigError, match="torque of servos 5 is on"):
        survey.change_baud(bus, GELLO_IDS, 57_600)
    with pytest.raises(DeviceConfigError, match="No servo speaks 1234 baud"):
        survey.change_baud(bus, GELLO_IDS, 1234)
    assert not bus.sync_read(GELLO_IDS, ("led",)).missing


def test_a_rate_at_which_nobody_answers_is_left_again(emulated, bus):
    emulated.faults.missing = set(GELLO_IDS)
    with pytest.raises(DeviceLostError, match="No servo answers at 57600 baud"):
        survey.change_baud(bus, (1, 2), 57_600)
    assert bus.baud == 1_000_000
    emulated.faults.missing = set()
    assert not bus.sync_read(GELLO_IDS, ("led",)).missing


def test_two_servos_with_one_id_are_named():
    with loose((1, 1060), (2, 1060), (2, 1200), (3, 1060)) as emulated, Bus(emulated.port) as bus:
        found = survey.duplicates(bus, (1, 2, 3))
        assert list(found) == [2]
        assert "Two servos on" in found[2]
        assert "id 2. Connect them one at a time" in found[2]


def test_absent_servos_and_a_bad_cable_are_not_taken_for_doubled_ids(emulated, bus):
    emulated.faults.missing = {4}
    assert survey.duplicates(bus, (3, 4, 5)) == {}
    emulated.faults.corruption = 0.9
    assert survey.duplicates(bus, (1, 2, 3), pings=8) == {}
