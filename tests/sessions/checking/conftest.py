"""A station of real drivers on emulated servos, and a person's hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.dynamixel import wire
from tests.fakes.emulated_bench import EmulatedStation, emulated_station


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits longer for answers than real servos need: an emulated one may be scheduled late."""
    monkeypatch.setattr(wire, "MARGIN_MS", 25.0)


@pytest.fixture
def emulated(tmp_path: Path) -> Iterator[EmulatedStation]:
    with emulated_station(tmp_path) as made:
        yield made
