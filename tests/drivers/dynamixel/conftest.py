"""Time for emulated servos that share the test machine's processors with much else."""

import pytest

from drivers.dynamixel import wire


@pytest.fixture
def patient(monkeypatch):
    """Waits longer for answers than real servos need: an emulated one may be scheduled late."""
    monkeypatch.setattr(wire, "MARGIN_MS", 25.0)
