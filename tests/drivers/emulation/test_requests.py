"""What an operator may ask of an emulated arm: done, or refused with what is possible."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pytest

from drivers.emulation import control, fault
from drivers.emulation.arms import GELLO
from drivers.emulation.bus import EmulatedBus
from drivers.emulation.control import Control
from drivers.emulation.requests import EmulatedArm, RequestError
from tests.drivers.emulation.parts import Client
from tests.waiting import until


@pytest.fixture
def leader():
    physics = GELLO.free()
    with EmulatedBus(GELLO.servos(physics), physics) as bus:
        yield EmulatedArm("leader", GELLO, bus)


def position(arm, joint):
    axis, scale = arm.build.names.index(joint), arm.build.scale()
    ticks = arm.bus.physics.present(axis).position
    return float((ticks - scale.zero[axis]) / scale.per_unit[axis])


def test_a_hand_poses_turns_waves_and_lets_go(leader):
    assert leader.ask("pose=elbow:0.9,gripper:0.1") == "A hand moves elbow, gripper."
    until(lambda: abs(position(leader, "elbow") - 0.9) < 2e-3, "the pose")
    until(lambda: abs(position(leader, "gripper") - 0.1) < 2e-3, "the gripper's")
    leader.ask("turn=waist:-1.5")
    until(lambda: position(leader, "waist") < -0.3, "turning")
    leader.ask("free")
    until(lambda: leader.bus.physics.present(0).velocity == 0.0, "letting go")
    leader.ask("wave=shoulder:0.2:0.5")
    seen = []
    until(lambda: seen.append(position(leader, "shoulder")) or np.ptp(seen) > 0.35, "waving")
    assert max(seen) < leader.build.start[1] + 0.21


def test_faults_come_show_in_the_status_and_go(leader):
    client = Client(leader.bus)
    for request in ("loss=0.1", "corruption=0.05", "slow=3", "missing=2", "overheat=5"):
        leader.ask(request)
    for request in ("overload=6", "undervoltage=7", "temperature=1:65"):
        leader.ask(request)
    status = leader.ask("status")
    assert "missing: [2]" in status
    for ill in ("5 overheating", "6 overload", "7 input voltage"):
        assert ill in status
    leader.ask("back=2")
    leader.ask("well")
    client.packets.reboot(client.port, 5)
    status = leader.ask("status")
    assert "missing: none" in status
    assert "6 overload" in status
    assert "5 overheating" not in status
    assert client.packets.ping(client.port, 2)[1] == 0
    assert client.read(1, "present_temperature") < 40
    leader.ask("unplug")
    assert "unplugged" in leader.ask("status")
    assert leader.ask("replug") == f"The cable is in: {leader.bus.port}."
    assert leader.ask("power-cycle").startswith("The motors")
    client.close()


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ("explode", "Known: status, unplug"),
        ("unplug=now", "Write it as: unplug."),
        ("loss", "Write it as: loss=SHARE."),
        ("loss=2", "not a number from 0 to 1"),
        ("loss=nan", "not a number"),
        ("missing=9", "Its ids: [1, 2, 3, 4, 5, 6, 7]"),
        ("pose=knee:0.1", "Its joints: waist, shoulder"),
        ("pose=elbow", "not a number"),
        ("wave=elbow:0.2:-1", "not a number from 0.1 to 600"),
        ("reset=4", "stands in no scene"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_can(leader, request_, says):
    with pytest.raises(RequestError, match=r".*") as refused:
        leader.ask(request_)
    assert says in str(refused.value)


@pytest.fixture(params=["short", "long"])
def runtime(request, tmp_path):
    """A runtime folder whose name does, or does not, fit a socket's address."""
    folder = tmp_path if request.param == "short" else tmp_path / ("deep" * 25)
    folder.mkdir(exist_ok=True)
    return folder


def test_requests_reach_a_running_emulation_from_a_command_line(leader, runtime, capsys):
    with contextlib.closing(Control(runtime, {"leader": leader})):
        assert fault.main([str(runtime), "leader", "unplug", "replug"]) == 0
        assert capsys.readouterr().out.startswith("The cable is out.\nThe cable is in: ")
        assert fault.main([str(runtime), "leader", "loss=7", "unplug"]) == 1
        assert "from 0 to 1" in capsys.readouterr().err
        assert leader.bus.plugged
        with pytest.raises(RequestError, match="Arms: leader"):
            control.ask(runtime, "third", "unplug")
    assert list(runtime.iterdir()) == []
    with pytest.raises(RequestError, match=r"Start one: python -m drivers\.emulation\.process"):
        control.ask(runtime, "leader", "unplug")


def test_nonsense_on_the_socket_is_answered_and_survived(leader, tmp_path):
    with contextlib.closing(Control(tmp_path, {"leader": leader})):
        for line in (b"\n", b"[]\n", b"\xff\xfe\n", b'{"arm": 1}\n'):
            assert "Send one line of JSON" in control.exchange(tmp_path, line)["refused"]
        assert control.ask(tmp_path, "leader", "status").startswith("leader: 7 servos")


def test_answering_ends_at_once_though_its_folder_is_gone(leader, tmp_path):
    serving = Control(tmp_path, {"leader": leader})
    assert control.ask(tmp_path, "leader", "free")
    (tmp_path / control.NAME).unlink()
    serving.close()
    assert "emulation control" not in {thread.name for thread in threading.enumerate()}
