"""An emulated arm on a pty, with the unmodified SDK connected to it."""

from __future__ import annotations

import pytest

from drivers.emulation.arms import BUILDS
from drivers.emulation.bus import EmulatedBus
from tests.drivers.emulation.parts import Client


@pytest.fixture
def emulated():
    """``emulated("gello")``: a served bus of that arm, and a connected client."""
    opened = []

    def make(kind="viperx_300s", **options):
        build = BUILDS[kind]
        physics = build.free()
        bus = EmulatedBus(build.servos(physics), physics, **options).start()
        client = Client(bus)
        opened.append((bus, client))
        return bus, client

    yield make
    for bus, client in opened:
        client.close()
        bus.close()
