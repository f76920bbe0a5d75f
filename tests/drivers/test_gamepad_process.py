"""The pad as the real control process has it: no window of its own, SDL in the background."""

import shutil
import subprocess
import sys
import time

import pytest

from sessions.bus import Requester
from sessions.messages import ControlState, Shutdown, Snapshot
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import create
from tests.fakes.control_with_gamepad import PadCable

TIMEOUT_S = 20.0


@pytest.fixture
def workspace(tmp_path):
    workspace = create(tmp_path / "bench", simulated_station(), pick_place_task())
    yield workspace
    shutil.rmtree(workspace.runtime())


@pytest.fixture
def control(workspace):
    command = [sys.executable, "-m", "tests.fakes.control_with_gamepad", str(workspace.root)]
    with subprocess.Popen(command) as process:
        cable = PadCable(workspace.runtime(), TIMEOUT_S)
        requester = Requester(workspace.runtime(), "control")
        try:
            yield cable, requester
            requester.ask(Shutdown(), TIMEOUT_S)
            assert process.wait(TIMEOUT_S) == 0
        finally:
            process.kill()
            requester.close()
            cable.close()


def until_pad(requester: Requester, ok: bool) -> str:
    """Waits until the control process says so of its pad; returns its words."""
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        state = requester.ask(Snapshot(), TIMEOUT_S)
        assert isinstance(state, ControlState)
        pad = next(device for device in state.devices if device.name == "gamepad")
        if pad.ok is ok:
            return pad.text
        time.sleep(0.02)
    raise AssertionError(f"the pad did not become {ok}: {pad.text}")


def test_the_control_process_sees_a_pad_pulled_and_plugged_in_again(control):
    cable, requester = control
    until_pad(requester, True)
    cable.pull()
    assert "Plug" in until_pad(requester, False)
    cable.plug()
    until_pad(requester, True)
