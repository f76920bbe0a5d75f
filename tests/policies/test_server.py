"""The server as the process it is, over real sockets."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import zmq

from policies import curve, wire
from policies.base import PolicyServerError
from policies.remote import RECONNECT_S, RemotePolicy
from policies.server import PolicyServer
from tests.policies import parts
from tests.waiting import until

CONTROL_IMPORTS = "import sys, policies.remote, policies.chunks, policies.images, policies.inline"
STARTED: list[subprocess.Popen] = []


@pytest.fixture(scope="module")
def folder():
    # Not pytest's tmp_path: an ipc path may be about 100 bytes long.
    path = Path(tempfile.mkdtemp(prefix="dagger-"))
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def policy(folder):
    policy = parts.small_policy()
    policy.save(folder / "round-000")
    parts.small_policy(seed=5).save(folder / "round-001")
    return policy


@pytest.fixture(scope="module", autouse=True)
def nobody_left_behind():
    """Ends what a failed test left running."""
    yield
    for process in STARTED:
        if process.poll() is None:
            process.kill()
            process.communicate()


def start(*arguments):
    command = [sys.executable, "-m", "policies.server", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    STARTED.append(process)
    return process


def end(process, how=signal.SIGTERM):
    """Its exit status and what it said."""
    if process.poll() is None:
        process.send_signal(how)
    _, said = process.communicate(timeout=20)
    return process.returncode, said


@pytest.fixture(scope="module")
def endpoint(folder, policy):
    """One server for the tests that do not harm it."""
    endpoint = f"ipc://{folder}/shared.sock"
    process = start("--endpoint", endpoint)
    yield endpoint
    status, said = end(process)
    assert (status, said) == (0, "")


@pytest.fixture
def link(endpoint, folder):
    remote = RemotePolicy(endpoint)
    remote.load(str(folder / "round-000"))
    until(lambda: not remote.status().loading)
    yield remote
    remote.close()


def ask(link, observation, tick=0, epoch=0):
    """Asks until a chunk comes, as the loop does tick by tick."""
    found = []

    def answered():
        link.request(observation, tick, epoch)
        found.extend(link.poll())
        return bool(found)

    until(answered)
    return found[0]


def fail(link, observation):
    def told():
        link.request(observation, 0, 0)
        link.poll()
        return bool(link.status().error)

    until(told)
    return link.status().error


def test_a_chunk_over_the_socket_is_what_the_policy_gives(link, policy, folder):
    chunk = ask(link, parts.observation(), tick=41, epoch=3)
    actions, doubt = policy.act(parts.observation())
    np.testing.assert_allclose(chunk.actions, actions, atol=1e-6)
    assert chunk.doubt == pytest.approx(doubt, rel=1e-4)
    assert (chunk.tick, chunk.epoch) == (41, 3)
    status = link.status()
    assert (status.alive, status.loading, status.error) == (True, False, "")
    assert status.spec == policy.spec
    assert status.path == str((folder / "round-000").resolve())
    assert status.latency_s > 0.0


def test_only_one_request_is_on_its_way(link):
    for tick in range(5):
        link.request(parts.observation(), tick, 0)
    arrived = []
    until(lambda: bool(arrived.extend(link.poll()) or arrived))
    # Once answered, the next may go; what was dropped never comes.
    assert [chunk.tick for chunk in [*arrived, ask(link, parts.observation(), tick=9)]] == [0, 9]


def test_what_was_asked_before_a_reset_never_arrives(link):
    link.request(parts.observation(), 1, 0)
    link.reset()
    assert ask(link, parts.observation(), tick=2, epoch=1).tick == 2


def test_a_load_changes_the_policy_and_a_bad_one_keeps_it(link, folder):
    before = ask(link, parts.observation())
    link.load(str(folder / "nowhere"))
    until(lambda: not link.status().loading)
    assert "nowhere is no checkpoint" in link.status().error
    assert link.status().path == str((folder / "round-000").resolve())
    np.testing.assert_array_equal(ask(link, parts.observation()).actions, before.actions)
    link.load(str(folder / "round-001"))
    until(lambda: not link.status().loading)
    assert link.status().error == ""
    assert link.status().path == str((folder / "round-001").resolve())
    assert not np.array_equal(ask(link, parts.observation()).actions, before.actions)


def test_the_newest_of_several_loads_wins(link, folder):
    for name in ("round-001", "nowhere", "round-001", "round-000"):
        link.load(str(folder / name))
    until(lambda: not link.status().loading)
    assert link.status().path == str((folder / "round-000").resolve())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"position": np.array([0.0, np.nan, 0.0])}, "Component 1 of position is nan"),
        ({"position": np.zeros(9)}, r"position has shape \(9,\)"),
        ({"position": np.array(["a"])}, "may not travel"),
    ],
)
def test_an_observation_that_does_not_fit_is_answered_with_a_sentence(link, change, message):
    assert re.search(message, fail(link, {**parts.observation(), **change}))
    assert len(ask(link, parts.observation()).actions) == parts.HORIZON
    assert link.status().error == ""


def test_noise_on_the_socket_does_no_harm(endpoint, link):
    rng = np.random.default_rng(0)
    good = wire.encode(wire.Infer(7, 0, 0, wire.pack_all(parts.observation())))[1]
    with zmq.Context.instance().socket(zmq.DEALER) as stranger:
        stranger.setsockopt(zmq.LINGER, 0)
        stranger.connect(endpoint)
        stranger.send_multipart([b""])
        stranger.send_multipart([b"a", b"b", b"c"])
        for _ in range(100):
            body = bytearray(good)
            for index in rng.integers(0, len(body), 3):
                body[index] = rng.integers(0, 256)
            stranger.send_multipart([wire.PROTOCOL, bytes(body)])
            stranger.send_multipart([wire.PROTOCOL, rng.bytes(50)])
        assert stranger.poll(5000)
        assert isinstance(wire.decode_reply(stranger.recv_multipart()), wire.Failure)
    assert ask(link, parts.observation(), tick=1).tick == 1


def test_before_a_policy_is_loaded_nothing_is_asked(endpoint):
    link = RemotePolicy("ipc:///nonexistent/nobody.sock")
    link.request(parts.observation(), 0, 0)
    assert link.poll() == []
    assert (link.status().alive, link.status().spec) == (False, None)
    link.close()
    link.close()
    link.request(parts.observation(), 0, 0)
    assert link.poll() == []


def test_a_killed_server_is_noticed_within_a_second_and_a_new_one_takes_its_place(folder, policy):
    endpoint = f"ipc://{folder}/killed.sock"
    process = start("--endpoint", endpoint, "--load", str(folder / "round-000"))
    ahead_s = 0.0
    link = RemotePolicy(endpoint, clock=lambda: time.monotonic() + ahead_s)
    link.load(str(folder / "round-001"))
    until(lambda: link.status().alive and not link.status().loading)
    before = ask(link, parts.observation())
    end(process, signal.SIGKILL)
    link.poll()
    ahead_s = 1.0
    assert not link.status().alive
    link.request(parts.observation(), 1, 0)
    assert link.poll() == []
    process = start("--endpoint", endpoint)
    until(lambda: link.status().alive and not link.status().loading)
    assert link.status().path == str((folder / "round-001").resolve())
    np.testing.assert_array_equal(ask(link, parts.observation()).actions, before.actions)
    link.close()
    assert end(process) == (0, "")


def test_a_server_that_loads_still_says_that_it_lives(folder, policy):
    endpoint = f"ipc://{folder}/loading.sock"
    # Loading begins with the import of torch, which takes longer than the first pings.
    process = start("--endpoint", endpoint, "--load", str(folder / "round-000"))
    link = RemotePolicy(endpoint)
    seen = []

    def loaded():
        status = link.status()
        seen.append((status.alive, status.loading))
        return status.spec is not None

    until(loaded)
    assert (True, True) in seen
    assert len(ask(link, parts.observation()).actions) == parts.HORIZON
    link.close()
    assert end(process) == (0, "")


def test_with_keys_only_those_who_hold_them_are_answered(folder, policy):
    keys, others = folder / "keys", folder / "others"
    assert curve.main([str(keys)]) == 0
    curve.make_keys(others)
    shutil.copy(keys / curve.SERVER_PUBLIC, others / curve.SERVER_PUBLIC)
    assert (keys / curve.CLIENT_SECRET).stat().st_mode & 0o077 == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        endpoint = f"tcp://127.0.0.1:{probe.getsockname()[1]}"
    process = start("--endpoint", endpoint, "--keys", str(keys))
    friend = RemotePolicy(endpoint, keys)
    stranger, plain = RemotePolicy(endpoint, others), RemotePolicy(endpoint)
    friend.load(str(folder / "round-000"))
    until(lambda: friend.status().spec is not None)
    assert len(ask(friend, parts.observation()).actions) == parts.HORIZON
    for unknown in (stranger, plain):
        assert not unknown.status().alive
        assert unknown.status().spec is None
    for link in (friend, stranger, plain):
        link.close()
    assert end(process)[0] == 0


def test_a_server_that_was_started_without_keys_and_put_right_is_found_again(folder):
    keys = folder / "late-keys"
    curve.make_keys(keys)
    with zmq.Context.instance().socket(zmq.ROUTER) as wrong:
        wrong.setsockopt(zmq.LINGER, 0)
        failures = wrong.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)
        port = wrong.bind_to_random_port("tcp://127.0.0.1")
        link = RemotePolicy(f"tcp://127.0.0.1:{port}", keys)
        assert failures.poll(5000)
        wrong.disable_monitor()
    ahead_s = 0.0
    link._clock = lambda: time.monotonic() + ahead_s
    server = bound_again(f"tcp://127.0.0.1:{port}", keys)
    ahead_s = RECONNECT_S
    until(lambda: link.status().alive or server.serve(0.01))
    link.close()
    server.close()


def bound_again(endpoint, keys):
    """A server on an endpoint that libzmq releases in the background."""
    servers = []

    def bound():
        with contextlib.suppress(PolicyServerError):
            servers.append(PolicyServer(endpoint, keys))
        return bool(servers)

    until(bound)
    return servers[0]


@pytest.mark.parametrize("address", ["tcp://*:5555", "tcp://0.0.0.0:5555", "tcp://10.0.0.4:5555"])
def test_an_address_others_can_reach_is_refused_without_keys(address):
    process = start("--endpoint", address)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "keys are required. Make them with `python -m policies.curve FOLDER`" in said
    with pytest.raises(PolicyServerError, match="keys are required"):
        RemotePolicy(address)


def test_keys_for_another_machine_do_not_lock_out_the_server_on_this_one(endpoint, folder):
    link = RemotePolicy(endpoint, folder / "keys-that-the-server-does-not-use")
    until(lambda: link.status().alive)
    link.close()


def test_missing_keys_are_named(folder):
    with pytest.raises(PolicyServerError, match=r"absent/client.key_secret cannot be read"):
        RemotePolicy("tcp://10.0.0.4:5555", folder / "absent")
    with pytest.raises(PolicyServerError, match="is no endpoint"):
        RemotePolicy("http://localhost:8000")
    with pytest.raises(PolicyServerError, match="is no endpoint"):
        RemotePolicy("tcp://localhost")


def test_the_control_process_does_not_get_torch_from_here():
    listing = "print([m for m in ('torch', 'cv2', 'PySide6', 'h5py') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", f"{CONTROL_IMPORTS}; {listing}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
