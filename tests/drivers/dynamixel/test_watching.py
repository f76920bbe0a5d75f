"""What servos say beside where they are, and when they are asked."""

import numpy as np
import pytest

from drivers.dynamixel.bus import Bus
from drivers.dynamixel.watching import PERIOD_S, Watch
from drivers.emulation.arms import BUILDS
from tests.drivers.dynamixel.parts import STATE, arm

DT_S = 0.01
BEGUN_S = 1000.0
GELLO = BUILDS["gello"]
IDS = GELLO.calibration("gello").ids


@pytest.fixture
def bus(patient):
    with arm("gello") as emulated, Bus(emulated.port, GELLO.baud, "gello") as opened:
        opened.scan(IDS)
        yield opened


@pytest.fixture
def watch(bus):
    made = Watch(bus, GELLO.calibration("gello"))
    made.start()
    return made


def taken(bus, watch, ticks, **asked):
    """In which of these ticks an answer was taken, asked at the end of the one before."""
    found = []
    for now in ticks:
        bus.sync_read(IDS, STATE)
        found.append(watch.take())
        watch.ask(now, **asked)
    return np.array(found)


def test_one_answer_is_taken_in_each_period(bus, watch):
    ticks = BEGUN_S + DT_S * np.arange(200)
    gaps = np.diff(np.flatnonzero(taken(bus, watch, ticks))) * DT_S
    assert gaps.min() >= PERIOD_S - 1e-6
    assert gaps.max() <= PERIOD_S + DT_S + 1e-6


def test_what_is_more_urgent_puts_the_rota_off_but_not_for_ever(bus, watch):
    ticks = BEGUN_S + DT_S * np.arange(400)
    gaps = np.diff(np.flatnonzero(taken(bus, watch, ticks, busy=True))) * DT_S
    assert gaps.min() > PERIOD_S
    assert gaps.max() <= 2 * PERIOD_S + DT_S + 1e-6


def test_nothing_is_taken_that_was_not_asked_and_nothing_asked_twice(bus, watch):
    assert not watch.take()
    watch.ask(BEGUN_S)
    asked = bus.statistics.transactions
    watch.ask(BEGUN_S + 10 * PERIOD_S)
    assert bus.statistics.transactions == asked
    bus.sync_read(IDS, STATE)
    assert watch.take()
    assert not watch.take()
