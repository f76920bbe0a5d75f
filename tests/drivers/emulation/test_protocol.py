"""Packets: as the SDK builds and checks them, found in any stream, and never a crash."""

from __future__ import annotations

from dynamixel_sdk import PacketHandler
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.emulation import protocol
from drivers.emulation.protocol import Packet, Parser

SDK = PacketHandler(2.0)
# Bytes that make headers and stuffing likely.
NASTY = st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x03, 0x55]), max_size=40).map(bytes)
DATA = st.one_of(st.binary(max_size=40), NASTY)


@given(DATA)
def test_the_checksum_is_the_sdks(data):
    assert protocol.crc16(data) == SDK.updateCRC(0, data, len(data))
    assert protocol.crc16(data[7:], protocol.crc16(data[:7])) == protocol.crc16(data)


def test_the_manuals_own_examples():
    ping = bytes.fromhex("FFFFFD00 01 0300 01 194E")
    assert protocol.packet(1, protocol.PING) == ping
    assert protocol.status(1, 0, bytes([0x06, 0x04, 0x26])) == bytes.fromhex(
        "FFFFFD00 01 0700 55 00 060426 655D"
    )
    assert Parser().feed(ping) == [Packet(1, protocol.PING, b"")]


@given(st.integers(0, 252), st.integers(1, 0x9A), DATA)
def test_what_is_built_is_what_is_found_again(device, instruction, parameters):
    wire = protocol.packet(device, instruction, parameters)
    assert Parser().feed(wire) == [Packet(device, instruction, parameters)]


@given(st.integers(0, 252), DATA)
def test_packets_are_stuffed_as_the_sdk_stuffs_them(device, parameters):
    length = len(parameters) + 3
    plain = [0xFF, 0xFF, 0xFD, 0, device, length & 0xFF, length >> 8, 3, *parameters, 0, 0]
    stuffed = SDK.addStuffing(plain)
    wire = protocol.packet(device, 3, parameters)
    assert list(wire[4:-2]) == stuffed[4 : len(wire) - 2]


@given(st.lists(DATA, max_size=6), st.integers(1, 7))
def test_a_stream_may_come_in_any_pieces(contents, size):
    wire = b"".join(protocol.packet(i, protocol.WRITE, data) for i, data in enumerate(contents))
    parser, found = Parser(), []
    for start in range(0, len(wire), size):
        found += parser.feed(wire[start : start + size])
    assert [packet.parameters for packet in found] == contents
    assert not parser.waiting


@settings(max_examples=300)
@given(st.lists(DATA, max_size=8), DATA)
def test_after_any_noise_the_next_packets_are_found(noise, parameters):
    wire = protocol.packet(7, protocol.WRITE, parameters)
    parser = Parser()
    for piece in noise:
        parser.feed(piece)
    while parser.waiting:  # what a bus does when the line has been quiet
        parser.give_up()
    assert parser.feed(wire) == [Packet(7, protocol.WRITE, parameters)]


@given(st.data(), DATA)
def test_a_changed_byte_is_noticed_and_the_next_packet_is_heard(data, parameters):
    wire = bytearray(protocol.packet(7, protocol.WRITE, parameters))
    place = data.draw(st.integers(0, len(wire) - 1))
    wire[place] ^= data.draw(st.integers(1, 255))
    parser = Parser()
    found = parser.feed(bytes(wire))
    while parser.waiting:
        found += parser.give_up()
    found += parser.feed(protocol.packet(9, protocol.PING))
    assert found[-1] == Packet(9, protocol.PING, b"")
    assert Packet(7, protocol.WRITE, parameters) not in found
    assert not any(packet.intact for packet in found[:-1])


def test_a_fast_answer_closes_with_the_checksum_of_all_of_it():
    parts = [(3, 0, b"\xa6\0\0\0"), (7, 0, b"\x1f\x08\0\0"), (4, 0x80, b"\xff\x03\0\0")]
    wire = protocol.fast_status(parts, announced=3 * 8)
    assert int.from_bytes(wire[5:7], "little") == len(wire) - 7
    assert int.from_bytes(wire[-2:], "little") == protocol.crc16(wire[:-2])
    assert int.from_bytes(wire[14:16], "little") == protocol.crc16(wire[:14])
