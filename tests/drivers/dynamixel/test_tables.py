import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.dynamixel import tables
from drivers.dynamixel.tables import MODELS, REGISTERS, Register, hardware_errors, model_name

# From the e-manual: number, name, unit of current, what lies at 126.
PUBLISHED = [
    (1190, "XL330-M077", 1.0, "present_current"),
    (1200, "XL330-M288", 1.0, "present_current"),
    (1230, "XC330-M181", 1.0, "present_current"),
    (1060, "XL430-W250", 0.0, "present_load"),
    (1070, "XC430-W150", 0.0, "present_load"),
    (1030, "XM430-W210", 2.69, "present_current"),
    (1020, "XM430-W350", 2.69, "present_current"),
    (1130, "XM540-W150", 2.69, "present_current"),
    (1120, "XM540-W270", 2.69, "present_current"),
]
# address and length as the e-manual's tables print them
PLACES = {
    "model_number": (0, 2),
    "id": (7, 1),
    "return_delay_time": (9, 1),
    "secondary_id": (12, 1),
    "homing_offset": (20, 4),
    "temperature_limit": (31, 1),
    "min_position_limit": (52, 4),
    "shutdown": (63, 1),
    "torque_enable": (64, 1),
    "hardware_error_status": (70, 1),
    "bus_watchdog": (98, 1),
    "goal_velocity": (104, 4),
    "goal_position": (116, 4),
    "present_velocity": (128, 4),
    "present_position": (132, 4),
    "present_input_voltage": (144, 2),
    "present_temperature": (146, 1),
}


@pytest.mark.parametrize(("number", "name", "unit", "effort"), PUBLISHED)
def test_a_model_is_found_by_the_number_it_answers_with(number, name, unit, effort):
    model = MODELS[number]
    assert (model.name, model.current_unit_ma, model.effort_register) == (name, unit, effort)
    assert (model.registers[effort].address, model.registers[effort].length) == (126, 2)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_every_model_has_its_values_where_the_manual_prints_them(model):
    found = {name: (model.registers[name].address, model.registers[name].length) for name in PLACES}
    assert found == PLACES


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_no_two_values_of_a_model_overlap_and_eeprom_ends_where_torque_begins(model):
    places = sorted(model.registers.values(), key=lambda place: place.address)
    for before, after in itertools.pairwise(places):
        assert before.address + before.length <= after.address
    assert all(place.eeprom == (place.address < 64) for place in places)


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.name)
def test_effort_velocity_and_position_are_one_block_of_ten_bytes(model):
    names = (model.effort_register, "present_velocity", "present_position")
    ends = [model.registers[name].address + model.registers[name].length for name in names]
    starts = [model.registers[name].address for name in names]
    assert starts[1:] == ends[:-1]
    assert ends[-1] - starts[0] == 10


@given(st.data(), st.sampled_from(sorted(REGISTERS)))
def test_what_is_written_to_a_register_is_what_is_read_from_it(data, name):
    place = REGISTERS[name]
    bits = 8 * place.length
    low, high = (
        (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if place.signed else (0, (1 << bits) - 1)
    )
    value = data.draw(st.integers(low, high))
    assert place.decode(place.encode(value)) == value
    for beyond in (low - 1, high + 1):
        with pytest.raises(OverflowError, match=f"{beyond} does not fit"):
            place.encode(beyond)


def test_a_negative_velocity_is_read_as_negative():
    assert REGISTERS["present_velocity"].decode([0xFB, 0xFF, 0xFF, 0xFF]) == -5
    assert REGISTERS["bus_watchdog"].decode([0xFF]) == tables.WATCHDOG_TRIPPED
    assert Register(31, 1).decode([0xFF]) == 255


def test_one_turn_a_second_is_262_velocity_units():
    assert 2 * math.pi / tables.RAD_S_PER_VELOCITY_UNIT == pytest.approx(262.0, abs=0.1)
    assert round(2 * math.pi / tables.RAD_PER_TICK, 6) == tables.TICKS_PER_TURN


def test_torque_follows_current_where_it_is_measured_and_load_where_it_is_not():
    # 4.1 N m at 2.3 A is the XM430-W350's stall point at 12 V; 1000 is the XL430's full load.
    assert MODELS[1020].torque_n_m(round(2300 / 2.69)) == pytest.approx(4.1, rel=0.01)
    assert MODELS[1060].torque_n_m(-1000) == pytest.approx(-1.5)


@given(st.integers(0, 255))
def test_every_error_bit_has_its_cause(status):
    causes = hardware_errors(status)
    assert len(causes) == bin(status & 0x3D).count("1")
    assert ("overload" in causes) == bool(status & 0x20)


def test_a_model_that_is_not_known_is_still_named():
    assert model_name(1060) == "XL430-W250"
    assert model_name(4711) == "model 4711"


def test_a_register_that_a_model_lacks_is_refused_by_name():
    assert tables.register("present_load").address == 126
    with pytest.raises(KeyError, match="XL430-W250 has no goal_current"):
        tables.register("goal_current", MODELS[1060])
