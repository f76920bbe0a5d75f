"""The script that runs in LeRobot's environment: its process, its protocol, its refusals."""

import ast
import contextlib
import re
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from drivers.bridge.serve_lerobot import (
    HEAD,
    MAGIC,
    PROTOCOL,
    BridgeError,
    RefusalError,
    address,
    receive_message,
    send_message,
    table_of,
)
from tests.fakes.lerobot_bridge import JOINTS, SCRIPT, bridge, command, environment
from tests.waiting import until


@pytest.fixture
def served(tmp_path):
    with bridge(tmp_path, "--robot.use_degrees=true") as found:
        yield found


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One bridge for all tests that leave the arm where it is."""
    with bridge(tmp_path_factory.mktemp("shared"), "--robot.use_degrees=true") as found:
        yield found


@pytest.fixture
def client(served):
    with connected(served) as connection:
        yield connection


def connected(served) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10.0)
    connection.connect(address(served.endpoint)[1])
    return connection


def ask(connection, op, values=(), **header):
    send_message(connection, {"op": op, **header}, values)
    return receive_message(connection)


def hello(connection):
    return ask(connection, "hello", protocol=PROTOCOL)[0]


def test_it_needs_nothing_but_lerobot_numpy_and_the_standard_library():
    tree = ast.parse(SCRIPT.read_text())
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    assert found - set(sys.stdlib_module_names) == {"numpy"}


def test_hello_tells_names_units_and_calibrated_ranges(shared):
    with connected(shared) as client:
        said = hello(client)
    assert (said["kind"], said["type"], said["id"]) == ("robot", "bench_follower", "blue")
    assert [f["name"] for f in said["reads"]] == [f"{name}.pos" for name in JOINTS]
    assert said["reads"][0]["unit"] == "degrees"
    assert said["reads"][0]["span_deg"] == pytest.approx(2048 * 360 / 4095)
    assert said["reads"][-1]["unit"] == "percent"
    assert said["torque"] is True


def test_what_was_really_sent_comes_back(tmp_path):
    with (
        bridge(tmp_path, "--robot.use_degrees=true", "--robot.max_relative_target=5") as served,
        connected(served) as client,
    ):
        hello(client)
        header, sent = ask(client, "write", np.full(6, 30.0))
        assert header["ok"]
        np.testing.assert_allclose(sent[:5], 5.0, atol=0.01)


def test_a_client_that_falls_silent_leaves_a_robot_that_holds_and_takes_no_target(served, client):
    hello(client)
    assert ask(client, "write", np.full(6, 40.0))[0]["ok"]
    until(lambda: len(served.told()) == 2, "the hold")
    held = served.told()[1]["goal"]
    assert held["shoulder_pan"] < 39.0  # where it was on its way, not where it was going
    assert held["gripper"] == 40.0  # a grip is kept
    header, _ = ask(client, "write", np.full(6, 40.0))
    assert (header["ok"], header["kind"]) == (False, "held")
    assert "silent for 100 ms" in header["problem"]
    assert ask(client, "engage")[0]["ok"]
    assert ask(client, "write", np.full(6, 40.0))[0]["ok"]


def test_reading_alone_is_no_sign_of_life_unless_it_says_so(served, client):
    hello(client)
    ask(client, "write", np.full(6, 40.0))
    started = time.monotonic()
    while len(served.told()) < 2:
        assert time.monotonic() - started < 10.0, "it never held"
        assert ask(client, "read", alive=False)[0]["ok"]


def test_an_arm_that_is_slow_to_answer_is_no_silent_client(served, client):
    hello(client)
    ask(client, "write", np.full(6, 40.0))
    (served.folder / "slow").write_text("0.3")
    assert ask(client, "read", alive=False)[0]["ok"]
    assert ask(client, "write", np.full(6, 40.0))[0]["ok"]
    assert len(served.told()) == 2


def test_a_client_that_goes_leaves_a_robot_that_holds(served, client):
    hello(client)
    ask(client, "write", np.full(6, 40.0))
    client.close()
    until(lambda: len(served.told()) == 2, "the hold")
    assert served.told()[1]["goal"]["shoulder_pan"] < 39.0


def test_only_one_may_drive_and_the_next_one_may_when_it_has_gone(served, client):
    hello(client)
    with connected(served) as second:
        said = hello(second)
        assert said["ok"] is False
        assert "connected already" in said["problem"]
    assert ask(client, "read")[0]["ok"]
    client.close()
    with connected(served) as third:
        assert hello(third)["ok"]


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        HEAD.pack(MAGIC, 1 << 30, 0),
        HEAD.pack(MAGIC, 2, 1 << 30) + b"{}",
        HEAD.pack(MAGIC, 4, 0) + b"nope",
        HEAD.pack(MAGIC, 2, 0) + b"[]",
        HEAD.pack(MAGIC, 2, 3) + b"{}abc",
        HEAD.pack(MAGIC, 200, 0) + b"torn",
    ],
)
def test_what_is_no_message_ends_the_connection_and_not_the_bridge(shared, garbage):
    with connected(shared) as client:
        client.sendall(garbage)
        with contextlib.suppress(ConnectionResetError):
            assert client.recv(100) == b""
    with connected(shared) as client:
        assert hello(client)["ok"]


@pytest.mark.parametrize("values", [[1.0] * 5, [float("nan")] * 6, []])
def test_a_target_that_is_not_whole_is_refused_and_moves_nothing(shared, values):
    with connected(shared) as client:
        hello(client)
        header, _ = ask(client, "write", values)
    assert (header["ok"], header["kind"]) == (False, "request")
    assert "shoulder_pan.pos" in header["remedy"]
    assert shared.told() == []


def test_unknown_requests_and_other_protocols_are_answered_by_a_sentence(shared):
    with connected(shared) as client:
        assert f"protocol {PROTOCOL}" in ask(client, "hello", protocol=99)[0]["problem"]
        assert "'dance'" in ask(client, "dance")[0]["problem"]


def test_one_lost_packet_is_asked_for_again_and_two_are_told(served, client):
    hello(client)
    (served.folder / "lose").write_text("1")
    assert ask(client, "read")[0]["ok"]
    (served.folder / "lose").write_text("2")
    header, _ = ask(client, "read")
    assert header["kind"] == "device"
    assert "Failed to sync read" in header["problem"]
    assert ask(client, "read")[0]["ok"]


_OFF = "--robot.disable_torque_on_disconnect=true"


def test_its_end_leaves_the_torque_on_unless_lerobot_is_told_otherwise(tmp_path):
    for name, option, torque in (("kept", (), [True]), ("off", (_OFF,), [True, False])):
        folder = tmp_path / name
        folder.mkdir()
        with bridge(folder, "--robot.use_degrees=true", *option) as served:
            assert served.told("torque")
        assert [entry["on"] for entry in served.told("torque")] == torque


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--robot.type=nothing"], "no robot of type 'nothing'.*bench_follower.*some_sdk"),
        (["--robot.type=bench_follower", "--robot.prot=x"], "`prot`.*It knows.*port"),
        (["--robot.type=bench_follower", "--robot.port=."], "not calibrated.*lerobot-calibrate"),
        (["--teleop.type=bench_leader", "--robot.type=x"], "either --robot"),
        ([], "nothing.*either --robot"),
        (["--robot.type"], "is no option"),
        (["--listen", "somewhere", "--robot.type=x"], "no robot of type"),
        (["--silence-ms", "0", "--robot.type=x"], "silence-ms is 0. Give 20 to 10000"),
        (["--silence-ms", "nan", "--robot.type=x"], "silence-ms is nan"),
    ],
)
def test_a_wrong_command_line_ends_with_one_sentence(tmp_path, options, sentence):
    line = command(f"unix:{tmp_path}/x.sock", *options)
    ended = subprocess.run(
        line, env=environment(), cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
    assert re.search(sentence, ended.stderr)


def test_a_calibration_that_the_motors_do_not_have_is_refused(tmp_path):
    (tmp_path / "motors.json").write_text("{}")
    with pytest.raises(AssertionError, match="did not start"), bridge(tmp_path):
        pass


def test_a_file_configures_it_and_options_go_on_top(tmp_path):
    path = tmp_path / "arm.json"
    path.write_text('{"robot": {"type": "so101_follower", "arm": {"port": "/dev/a"}}}')
    kind, table = table_of(["--robot.arm.port=/dev/b", "--robot.id=7", "--robot.n=7"], path)
    assert kind == "robot"
    assert table == {"type": "so101_follower", "arm": {"port": "/dev/b"}, "id": "7", "n": 7}
    with pytest.raises(RefusalError, match="cannot be read"):
        table_of([], tmp_path / "absent.json")


def test_the_socket_is_its_owners_alone(shared):
    assert Path(address(shared.endpoint)[1]).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "here", "unix:", "host:", "host:0", "host:99999", ":5577"])
def test_an_endpoint_of_another_form_is_refused(text):
    with pytest.raises(ValueError, match="no endpoint"):
        address(text)


def test_a_message_survives_being_cut_into_bytes():
    left, right = socket.socketpair()
    with left, right:
        right.settimeout(5.0)
        send_message(left, {"op": "write"}, [1.5, -2.0])
        whole = right.recv(1000)
        for byte in whole:
            left.sendall(bytes([byte]))
        header, values = receive_message(right)
        assert header == {"op": "write"}
        assert values.tolist() == [1.5, -2.0]
        left.sendall(struct.pack("!4sII", b"XXXX", 0, 0))
        with pytest.raises(BridgeError):
            receive_message(right)
