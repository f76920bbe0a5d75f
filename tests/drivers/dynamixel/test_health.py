import pytest

from drivers.base import DeviceLostError
from drivers.dynamixel.bus import Bus
from drivers.dynamixel.health import Limits, Rota, Vitals, complaints
from drivers.dynamixel.tables import HARDWARE_ERRORS, MODELS
from tests.drivers.dynamixel.parts import STATE, arm
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("patient")

JOINTS = {
    1: "waist",
    2: "shoulder",
    3: "shoulder",
    4: "elbow",
    5: "elbow",
    6: "forearm_roll",
    7: "wrist_angle",
    8: "wrist_rotate",
    9: "gripper",
}
WELL = Vitals((), False, 12.0, 40)
LIMITS = Limits(80, 16.0, 9.5, 0x34)


@pytest.fixture
def viperx():
    with arm() as emulated:
        yield emulated


@pytest.fixture
def rota(viperx):
    with Bus(viperx.port, device="follower") as bus:
        bus.scan(JOINTS)
        made = Rota(bus, JOINTS)
        made.start()
        made.bus = bus
        yield made


def step(rota):
    """As a loop does it: asked at the end of a tick, taken after the next one's read."""
    rota.ask()
    rota.bus.sync_read(tuple(JOINTS), STATE)
    return rota.take()


def one_round(rota):
    for _ in JOINTS:
        step(rota)
    return rota.warnings()


def test_servos_that_are_well_are_not_worth_a_word(rota):
    assert one_round(rota) == ()
    assert set(rota.vitals) == set(JOINTS)
    assert rota.limits[1] == LIMITS


def test_each_step_is_one_transaction_with_one_servo(viperx, rota):
    heard = viperx.heard
    assert [step(rota) for _ in range(10)] == [*JOINTS, 1]
    assert viperx.heard - heard == 2 * 10


def test_an_answer_that_is_not_there_is_not_waited_for(viperx, rota):
    vitals = dict(rota.vitals)
    viperx.faults.missing = set(JOINTS)
    rota.ask()
    heard = rota.bus.statistics.transactions
    assert rota.take() == next(iter(JOINTS))
    assert rota.bus.statistics.transactions == heard
    assert rota.vitals == vitals


def test_a_motor_near_its_limit_is_told_to_rest_before_it_shuts_down(viperx, rota):
    with viperx.changing():
        viperx.servo(7).heat(76.0)
    assert one_round(rota) == ("wrist_angle (servo 7) is at 76 °C (limit 80 °C). Let it rest.",)


def test_each_fault_names_joint_cause_figure_and_remedy(viperx, rota):
    with viperx.changing():
        viperx.servo(7).heat(86.0)
        viperx.servo(4).supply(9.1)
        viperx.servo(9).overload()
    said = one_round(rota)
    low, hot, heavy = (next(text for text in said if f"servo {i}" in text) for i in (4, 7, 9))
    assert hot == (
        "wrist_angle (servo 7) has shut down: overheating. It is at 86 °C (limit 80 °C). "
        "Support the arm and let the motor cool down."
    )
    assert heavy.startswith("gripper (servo 9) has shut down: overload. Support the arm and free")
    # This one goes on all the same: its shutdown mask does not name it.
    assert low.startswith(
        "elbow (servo 4) reports input voltage. It gets 9.1 V (right: 9.5 to 16.0 V). Check"
    )


def test_a_weak_supply_is_told_before_it_is_an_error(viperx, rota):
    with viperx.changing():
        viperx.servo(1).supply(10.2)
    (text,) = one_round(rota)
    assert "waist (servo 1) gets 10.2 V (it should be 10.8 V or more). Check" in text


def test_an_arm_stopped_by_its_watchdog_says_what_clears_it(viperx, rota):
    bus = rota._bus
    bus.write(2, "torque_enable", 1)
    bus.write(2, "bus_watchdog", 1)
    until(lambda: viperx.servo(2).value("bus_watchdog") == -1, "the watchdog")
    # Both: what is written to one is obeyed by its shadow.
    (said,) = one_round(rota)
    assert said.startswith(
        "shoulder (servo 2) and shoulder (servo 3) stopped: no word from the computer"
    )
    assert "Arming clears it" in said


def test_a_servo_that_stays_silent_is_named_one_lost_packet_is_not(viperx, rota):
    viperx.faults.missing = {6}
    assert one_round(rota) == ()
    one_round(rota)
    assert one_round(rota) == (
        "forearm_roll (servo 6) does not answer. Check the cable to it and the cable to the motor "
        "before it.",
    )
    viperx.faults.missing = set()
    assert one_round(rota) == ()


def test_a_pulled_cable_is_said_by_the_bus(viperx, rota):
    viperx.unplug()
    with pytest.raises(DeviceLostError):
        step(rota)


def test_what_stopped_an_arm_comes_before_what_may_stop_it():
    vitals = {
        1: Vitals((), False, 12.0, 79),
        2: Vitals((), True, 12.0, 40),
        3: Vitals(("encoder",), False, 12.0, 40),
    }
    said = complaints(JOINTS, vitals, dict.fromkeys(vitals, LIMITS))
    assert [text.split(" (")[0] for text in said] == ["shoulder", "shoulder", "waist"]
    assert "encoder" in said[0]


@pytest.mark.parametrize("cause", HARDWARE_ERRORS.values())
def test_every_cause_has_a_remedy(cause):
    (text,) = complaints(JOINTS, {4: Vitals((cause,), False, 12.0, 40)}, {})
    assert text.startswith(f"elbow (servo 4) has shut down: {cause}.")
    assert len(text.split(". ")[-1]) > len("Check it.")


def test_too_high_a_voltage_is_told():
    models = {1: MODELS[1200]}
    high = Vitals((), False, 12.0, 30)
    (text,) = complaints({1: "trigger"}, {1: high}, {1: Limits(70, 7.0, 3.5)}, models)
    assert "trigger (servo 1) gets 12.0 V (limit 7.0 V). Switch the arm off" in text
    assert complaints({1: "trigger"}, {1: WELL}, {}, models) == ()
