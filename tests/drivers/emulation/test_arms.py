"""Ready-made arms mean what their calibration files say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import drivers.emulation
from drivers.dynamixel import calibration, identity
from drivers.emulation.arms import BUILDS, GELLO, VIPERX_300S
from drivers.simulation.names import LIMITS

PACKAGED = Path(drivers.emulation.__file__).parent


@pytest.mark.parametrize(("device", "build"), [("follower", VIPERX_300S), ("leader", GELLO)])
def test_the_packaged_calibration_is_the_arms_own(device, build):
    assert calibration.read(PACKAGED / f"{device}.toml", device) == build.calibration(device)


@pytest.mark.parametrize("kind", BUILDS)
def test_an_arm_starts_where_its_build_says(kind):
    build = BUILDS[kind]
    physics = build.free()
    by_id = {servo.id: servo for servo in build.servos(physics)}
    known = build.calibration(kind)
    assert set(by_id) == set(known.ids) == set(build.models)
    ticks = np.array([by_id[i].value("present_position") for i in known.primary], float)
    scale = build.scale()
    positions = scale.positions(ticks, scale.turns(ticks))
    assert positions == pytest.approx(build.start, abs=2e-3)
    for joint in known.joints:
        for shadow in joint.shadows:
            assert by_id[shadow].value("present_position") == by_id[joint.id].value(
                "present_position"
            )


@pytest.mark.parametrize("kind", BUILDS)
def test_an_arm_is_recognised_by_its_calibration_and_by_no_other(kind):
    build = BUILDS[kind]
    found = build.calibration(kind).servos
    for other, another in BUILDS.items():
        grave = identity.compare(another.calibration(other), found).grave
        assert bool(grave) == (other != kind)


def test_the_follower_reaches_what_the_simulated_arm_reaches():
    scale = VIPERX_300S.scale()
    assert VIPERX_300S.names == LIMITS.names
    assert scale.lower == pytest.approx(LIMITS.lower, abs=2e-3)
    assert scale.upper == pytest.approx(LIMITS.upper, abs=2e-3)
    assert scale.lowest_ticks.min() >= 0
    assert scale.highest_ticks.max() <= 4095
