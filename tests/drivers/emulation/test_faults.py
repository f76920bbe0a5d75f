"""What an operator dreads, on request: lost and corrupt packets, silence, cables, wrong speeds."""

from __future__ import annotations

import termios

import pytest
import serial
from dynamixel_sdk import COMM_RX_CORRUPT, COMM_RX_TIMEOUT, COMM_SUCCESS

from drivers.emulation import protocol
from drivers.emulation.faults import Faults
from tests.drivers.emulation.parts import Client
from tests.waiting import until

SILENT = (COMM_RX_TIMEOUT, COMM_RX_CORRUPT)


def test_the_share_asked_for_is_lost_and_counted(emulated):
    bus, client = emulated("koch_leader")
    bus.faults.loss = 0.2
    results = [client.packets.ping(client.port, 1)[1] for _ in range(60)]
    lost = bus.faults.lost
    # On a busy machine an answer may come too late as well: then more are missed than lost.
    assert results.count(COMM_RX_TIMEOUT) >= lost
    assert 5 < lost < 40
    bus.faults.loss = 0.0
    until(lambda: client.packets.ping(client.port, 1)[1] == COMM_SUCCESS, "an answer")


def test_corrupt_packets_are_never_taken_for_good_ones(emulated):
    bus, client = emulated("koch_leader")
    bus.faults.corruption = 1.0
    for _ in range(10):
        _, result, error = client.packets.ping(client.port, 1)
        assert result in SILENT or error == protocol.CRC_ERROR
    assert bus.faults.corrupted >= 10
    before = client.bus.servo(1).value("led")
    client.write(1, "led", 1 - before)
    bus.faults.corruption = 0.0
    assert client.read(1, "led") == before


def test_equal_seeds_lose_the_same_packets():
    first, second = Faults(loss=0.5, seed=7), Faults(loss=0.5, seed=7)
    packets = [bytes([i]) for i in range(50)]
    arrived = [first.travelled(p) for p in packets]
    assert arrived == [second.travelled(p) for p in packets]
    assert {None} < set(arrived)


def test_a_missing_servo_silences_those_asked_after_it(emulated):
    bus, client = emulated()
    bus.faults.missing.add(4)
    assert client.packets.ping(client.port, 4)[1] == COMM_RX_TIMEOUT
    group = client.group(range(1, 10))
    assert group.txRxPacket() == COMM_RX_TIMEOUT
    assert [bool(group.data_dict[i]) for i in (3, 4, 5)] == [True, False, False]
    assert group.fastSyncRead() in SILENT
    bus.faults.missing.clear()
    assert group.txRxPacket() == COMM_SUCCESS


def test_slow_answers_come_after_the_sdk_gave_up(emulated):
    bus, client = emulated("koch_leader")
    bus.faults.delay_s = 0.1
    assert client.packets.ping(client.port, 1)[1] == COMM_RX_TIMEOUT
    until(lambda: client.port.getBytesAvailable() == 14, "the late answer")
    bus.faults.delay_s = 0.0
    assert client.packets.ping(client.port, 1)[1] == COMM_SUCCESS


def test_an_unplugged_cable_is_an_error_and_the_same_link_works_again(emulated, tmp_path):
    bus, client = emulated("koch_leader", link=tmp_path / "leader.tty")
    client.write(1, "led", 1)
    bus.unplug()
    assert not (tmp_path / "leader.tty").is_symlink()
    # Which of the calls in a transaction notices first is a matter of microseconds.
    with pytest.raises((OSError, serial.SerialException, termios.error)):
        client.packets.ping(client.port, 1)
    bus.replug()
    bus.replug()
    again = Client(bus)
    assert again.read(1, "led") == 1, "the motors kept their power"
    bus.power_cycle()
    assert again.read(1, "led") == 0
    again.close()


def test_a_wrong_baud_rate_is_not_understood(emulated):
    bus, _ = emulated("koch_leader")
    wrong = Client(bus, baud=57_600)
    assert wrong.packets.ping(wrong.port, 1)[1] in SILENT
    assert wrong.port.setBaudRate(1_000_000)
    assert wrong.packets.ping(wrong.port, 1)[1] == COMM_SUCCESS
    assert wrong.write(1, "baud_rate", 1)[0] == COMM_SUCCESS
    assert wrong.packets.ping(wrong.port, 1)[1] in SILENT
    assert wrong.packets.ping(wrong.port, 2)[1] == COMM_SUCCESS
    assert wrong.port.setBaudRate(57_600)
    assert wrong.packets.ping(wrong.port, 1)[1] == COMM_SUCCESS
    wrong.close()


def test_an_unplugged_host_is_a_silent_one_to_the_watchdog(emulated):
    bus, client = emulated()
    client.write(1, "torque_enable", 1)
    client.write(1, "profile_velocity", 20)
    client.write(1, "goal_position", 4000)
    client.write(1, "bus_watchdog", 2)
    bus.unplug()
    until(lambda: bus.servo(1).value("bus_watchdog") == -1, "the watchdog")
    stopped = bus.servo(1).value("goal_position")
    assert stopped < 4000
