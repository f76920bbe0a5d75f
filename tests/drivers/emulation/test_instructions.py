"""Every instruction, sent by the unmodified SDK through the pty."""

from __future__ import annotations

import serial
from dynamixel_sdk import (
    COMM_RX_CORRUPT,
    COMM_RX_TIMEOUT,
    COMM_SUCCESS,
    GroupBulkRead,
    GroupBulkWrite,
    GroupSyncWrite,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.emulation import instructions, protocol
from drivers.emulation.arms import BUILDS
from tests.waiting import until

ALL = range(1, 10)
PRIMARY = (1, 2, 4, 6, 7, 8, 9)
OK = (COMM_SUCCESS, 0)


def test_an_arm_answers_a_broadcast_ping_with_its_models(emulated):
    for kind in ("viperx_300s", "koch_follower"):
        build = BUILDS[kind]
        _, client = emulated(kind)
        found, result = client.packets.broadcastPing(client.port)
        assert result == COMM_SUCCESS
        assert {i: number for i, (number, _) in found.items()} == dict(build.models)
        assert client.packets.ping(client.port, 1) == (build.models[1], *OK)
        assert client.read(1, "firmware_version") == found[1][1]


def test_an_id_that_is_not_there_stays_silent(emulated):
    _, client = emulated()
    assert client.packets.ping(client.port, 77)[1] == COMM_RX_TIMEOUT


def test_what_is_written_is_read_and_the_axis_goes_there(emulated):
    _, client = emulated()
    assert client.write(1, "torque_enable", 1) == OK
    assert client.write(1, "goal_position", 2300) == OK
    assert client.read(1, "goal_position") == 2300
    until(lambda: client.read(1, "present_position") == 2300, "arriving")
    assert client.read(2, "present_position") != 2300


def test_sync_write_and_both_sync_reads_reach_all_servos_at_once(emulated):
    _, client = emulated()
    goals = {i: client.read(i, "present_position") - 20 * i for i in PRIMARY}
    for name, size in (("torque_enable", 1), ("goal_position", 4)):
        group = GroupSyncWrite(client.port, client.packets, client.place(1, name).address, size)
        for i in PRIMARY:
            value = goals[i] if size == 4 else 1
            assert group.addParam(i, list(value.to_bytes(size, "little")))
        assert group.txPacket() == COMM_SUCCESS
    # The second motors of shoulder and elbow obey what their first ones are told.
    expected = goals | {3: goals[2], 5: goals[4]}
    assert all(client.read(i, "torque_enable") for i in ALL)
    for read in ("txRxPacket", "fastSyncRead"):
        group = client.group(ALL)

        def arrived(group=group, read=read):
            assert getattr(group, read)() == COMM_SUCCESS
            return {i: group.getData(i, 132, 4) for i in ALL} == expected

        until(arrived, f"arriving, read by {read}")


def test_bulk_read_and_write_take_different_registers_of_each(emulated):
    _, client = emulated("koch_follower")
    write = GroupBulkWrite(client.port, client.packets)
    write.addParam(1, 112, 4, [100, 0, 0, 0])
    write.addParam(3, 65, 1, [1])
    assert write.txPacket() == COMM_SUCCESS
    for answer in ("txRxPacket", "fastBulkRead"):
        read = GroupBulkRead(client.port, client.packets)
        read.addParam(1, 112, 4)
        read.addParam(3, 65, 1)
        assert getattr(read, answer)() == COMM_SUCCESS
        assert (read.getData(1, 112, 4), read.getData(3, 65, 1)) == (100, 1)


def test_a_registered_write_waits_for_the_action(emulated):
    _, client = emulated()
    led = client.place(1, "led").address
    assert client.packets.regWriteTxRx(client.port, 1, led, 1, [1]) == OK
    assert client.read(1, "led") == 0
    assert client.read(1, "registered_instruction") == 1
    assert client.packets.action(client.port, protocol.BROADCAST) == COMM_SUCCESS
    assert client.read(1, "led") == 1
    assert client.read(1, "registered_instruction") == 0


def test_reboot_forgets_ram_and_torque_and_keeps_eeprom(emulated):
    _, client = emulated()
    assert client.write(1, "return_delay_time", 0) == OK
    assert client.write(1, "torque_enable", 1) == OK
    assert client.write(1, "profile_velocity", 50) == OK
    assert client.packets.reboot(client.port, 1) == OK
    assert client.read(1, "torque_enable") == 0
    assert client.read(1, "profile_velocity") == 0
    assert client.read(1, "return_delay_time") == 0


def test_a_factory_reset_is_refused(emulated):
    _, client = emulated()
    result = client.packets.factoryReset(client.port, 1, 0xFF)
    assert result == (COMM_SUCCESS, protocol.RESULT_FAIL)
    assert client.packets.ping(client.port, 1)[1] == COMM_SUCCESS


def test_data_that_looks_like_a_header_survives_both_ways(emulated):
    _, client = emulated("gello")
    # Two registers side by side: their bytes are FF FF FD 00 in the middle of the packet.
    assert client.packets.writeTxRx(client.port, 1, 82, 4, [0xFF, 0xFF, 0xFD, 0x00]) == OK
    data, result, error = client.packets.readTxRx(client.port, 1, 82, 4)
    assert (data, result, error) == ([0xFF, 0xFF, 0xFD, 0x00], *OK)


def test_an_unknown_instruction_and_cut_parameters_are_answered_with_an_error(emulated):
    bus, _ = emulated()
    with serial.Serial(bus.port, 1_000_000, timeout=5) as raw:
        for wire in (protocol.packet(1, 0x44), protocol.packet(1, protocol.READ, b"\x84")):
            raw.write(wire)
            answer = raw.read(11)
            assert answer == protocol.status(1, protocol.INSTRUCTION_ERROR)


def test_a_damaged_instruction_is_answered_as_such_by_its_servo_alone(emulated):
    bus, client = emulated()
    wire = bytearray(protocol.packet(3, protocol.WRITE, bytes([65, 0, 1])))
    wire[-1] ^= 0x40
    with serial.Serial(bus.port, 1_000_000, timeout=5) as raw:
        raw.write(bytes(wire))
        assert raw.read(11) == protocol.status(3, protocol.CRC_ERROR)
        # A packet that never ends is given up, and the next one heard.
        raw.write(b"\xff\xff\xfd\x00\x03\x40\x00 half a packet")
        raw.timeout = 0.1
        answer = until(
            lambda: raw.write(protocol.packet(3, protocol.PING)) and raw.read(14), "an answer"
        )
        assert answer[:8] == protocol.status(3, 0)[:5] + b"\x07\x00\x55"
    assert client.read(3, "led") == 0


def test_two_servos_of_one_id_make_the_line_unreadable(emulated):
    _, client = emulated("koch_leader")
    assert client.write(4, "id", 3) == OK
    assert client.packets.ping(client.port, 3)[1] in (COMM_RX_CORRUPT, COMM_RX_TIMEOUT)
    assert client.packets.ping(client.port, 2)[1] == COMM_SUCCESS


def test_a_servo_set_to_answer_reads_only_answers_reads_only(emulated):
    _, client = emulated("koch_leader")
    assert client.write(1, "status_return_level", 1) == OK
    assert client.write(1, "led", 1)[0] == COMM_RX_TIMEOUT
    assert client.read(1, "led") == 1


def test_a_bus_may_answer_at_the_pace_of_real_servos(emulated):
    _, client = emulated("gello", paced=True)
    group = client.group(range(1, 8))
    assert group.txRxPacket() == COMM_SUCCESS
    assert group.fastSyncRead() == COMM_SUCCESS


def test_the_link_leads_to_the_pty_while_the_bus_lives(emulated, tmp_path):
    bus, client = emulated("gello", link=tmp_path / "leader.tty")
    assert bus.port == str(tmp_path / "leader.tty")
    assert client.packets.ping(client.port, 1)[1] == COMM_SUCCESS
    bus.close()
    assert list(tmp_path.iterdir()) == []


def test_an_old_firmware_does_not_know_fast_reads(emulated):
    bus, client = emulated("koch_leader")
    with bus.changing():
        bus.servo(2).set_firmware(40)
    group = client.group([1, 2])
    assert group.fastSyncRead() in (COMM_RX_TIMEOUT, COMM_RX_CORRUPT)
    assert group.txRxPacket() == COMM_SUCCESS


ARM = BUILDS["viperx_300s"]
KNOWN = [value for name, value in vars(protocol).items() if name.isupper() and value in range(256)]


@settings(max_examples=500)
@given(
    st.integers(0, 255),
    st.one_of(st.sampled_from(KNOWN), st.integers(0, 255)),
    st.one_of(
        st.binary(max_size=60),
        # Registers that exist, in the middle of what does not.
        st.tuples(st.integers(0, 160), st.integers(0, 12), st.binary(max_size=60)).map(
            lambda t: t[0].to_bytes(2, "little") + t[1].to_bytes(2, "little") + t[2]
        ),
    ),
    st.booleans(),
)
def test_no_packet_whatever_it_says_ends_the_bus(device, instruction, parameters, intact):
    physics = ARM.free()
    servos = ARM.servos(physics)
    packet = protocol.Packet(device, instruction, parameters, intact)
    for answer in instructions.obey(servos, packet, 0.0):
        assert answer.startswith(protocol.HEADER[:3])
    for servo in servos:
        assert servo.wanted() is not None
        servo.tick(1e9)
