"""What servos say beside where they are, and in which ticks they are asked."""

import contextlib

import numpy as np
import pytest

from drivers.dynamixel.bus import Bus
from drivers.dynamixel.watching import PERIOD_S, Watch
from drivers.emulation.arms import BUILDS
from tests.drivers.dynamixel.parts import arm

DT_S = 0.01
BEGUN_S = 1000.0


@pytest.fixture
def watched(patient):
    """A follower and a leader whose servos are asked by turns; called for one of them."""
    with contextlib.ExitStack() as stack:

        def make(kind, phase=0.0):
            build = BUILDS[kind]
            emulated = stack.enter_context(arm(kind))
            bus = stack.enter_context(Bus(emulated.port, build.baud, kind))
            bus.scan(build.calibration(kind).ids)
            watch = Watch(bus, build.calibration(kind))
            watch.phase = phase
            watch.start()
            return watch

        yield make


def test_two_arms_read_in_one_tick_have_their_rotas_in_different_ticks(watched):
    follower, leader = watched("viperx_300s"), watched("gello", phase=0.5)
    # Whenever either began, and with ticks that begin a little early or late.
    late = np.random.default_rng(0).uniform(0.0, 0.004, 200)
    asked = np.array(
        [
            (follower.step(now), leader.step(now + 0.001) if tick > 6 else False)
            for tick, now in enumerate(BEGUN_S + DT_S * np.arange(200) + late)
        ]
    )
    assert not asked.all(axis=1).any()
    share = asked[8:].mean(axis=0) * PERIOD_S / DT_S
    np.testing.assert_allclose(share, 1.0, atol=0.1)


def test_a_tick_that_has_waited_already_puts_the_rota_off_but_not_for_ever(watched):
    watch = watched("gello")
    ticks = BEGUN_S + DT_S * np.arange(400)
    asked = [watch.step(now, busy=True) for now in ticks]
    gaps = np.diff(ticks[np.flatnonzero(asked)])
    assert gaps.min() > PERIOD_S
    assert gaps.max() <= 2 * PERIOD_S + DT_S
