"""The client against a wire-level server that does exactly what a test says."""

import numpy as np
import pytest
import zmq

from policies import wire
from policies.base import PolicyError
from policies.remote import RemotePolicy
from policies.server import checked_act
from tests.policies import parts
from tests.waiting import until

ACTIONS = np.arange(18.0).reshape(6, 3)


class Server:
    """Answers pings and loads; keeps what it is asked to infer."""

    def __init__(self, endpoint):
        self.socket = zmq.Context.instance().socket(zmq.ROUTER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(endpoint)
        self.asked = []
        self.loads = []
        self.resets = 0
        self.instance = 1
        self.load = 0
        self.path = "round-000"

    def serve(self):
        while self.socket.poll(0):
            self.sender, *frames = self.socket.recv_multipart()
            request = wire.decode_request(frames)
            if isinstance(request, wire.Infer):
                self.asked.append(request)
                continue
            if isinstance(request, wire.Load):
                self.loads.append(request.path)
                self.load, self.path = request.identity, request.path
            self.resets += isinstance(request, wire.Reset)
            self.send(
                wire.ServerState(
                    request.number, self.instance, self.load, self.path, parts.SPEC, False, ""
                )
            )

    def send(self, reply):
        self.socket.send_multipart([self.sender, *wire.encode(reply)])

    def answer(self, request, actions=ACTIONS):
        chunk = wire.Chunk(request.number, 99, 99, wire.pack(actions), 0.5, 0.001)
        self.send(chunk)


@pytest.fixture
def pair(tmp_path_factory):
    endpoint = f"ipc://{tmp_path_factory.mktemp('s')}/s"
    server = Server(endpoint)
    now = [100.0]
    link = RemotePolicy(endpoint, timeout_s=0.5, clock=lambda: now[0])

    def settle(condition):
        def met():
            link.status()
            server.serve()
            link.status()
            return condition()

        until(met, 5.0)

    def greeted():
        now[0] += 0.3
        return link.status().spec is not None

    settle(greeted)
    yield link, server, now, settle
    link.close()
    server.socket.close()


def ask(link, server, settle, tick, epoch=0):
    count = len(server.asked)
    link.request(parts.observation(), tick, epoch)
    settle(lambda: len(server.asked) > count)
    return server.asked[-1]


def collect(link, server, settle):
    found = []
    settle(lambda: bool(found.extend(link.poll()) or found))
    return found


def test_another_request_goes_out_only_after_the_timeout(pair):
    link, server, now, settle = pair
    ask(link, server, settle, tick=1)
    now[0] += 0.4
    link.request(parts.observation(), 2, 0)
    now[0] += 0.2
    ask(link, server, settle, tick=3)
    assert [request.tick for request in server.asked] == [1, 3]


def test_a_late_chunk_still_belongs_to_its_own_tick_and_epoch(pair):
    link, server, now, settle = pair
    first = ask(link, server, settle, tick=1, epoch=4)
    now[0] += 0.6
    ask(link, server, settle, tick=31, epoch=4)
    server.answer(first)
    (chunk,) = collect(link, server, settle)
    # The server's own word for tick and epoch (99) is not taken.
    assert (chunk.tick, chunk.epoch, chunk.doubt) == (1, 4, 0.5)
    assert link.status().latency_s == pytest.approx(0.6)


def test_after_a_reset_the_old_answer_is_dropped_and_the_next_request_goes_at_once(pair):
    link, server, _, settle = pair
    old = ask(link, server, settle, tick=1)
    link.reset()
    new = ask(link, server, settle, tick=2, epoch=1)
    server.answer(old)
    server.answer(new)
    assert [chunk.tick for chunk in collect(link, server, settle)] == [2]
    assert server.resets == 1


@pytest.mark.parametrize("actions", [ACTIONS[:, :2], ACTIONS[0], np.zeros((2, 3, 4))])
def test_a_chunk_of_another_shape_is_refused(pair, actions):
    link, server, _, settle = pair
    server.answer(ask(link, server, settle, tick=1), actions)
    settle(lambda: "gave a chunk of shape" in link.status().error)
    assert link.poll() == []


def test_answers_that_cannot_be_read_are_told_and_survived(pair):
    link, server, _, settle = pair
    request = ask(link, server, settle, tick=1)
    for frames in ([b"x"], [wire.PROTOCOL, b"\xc1"], [wire.PROTOCOL, wire.encode(request)[1]]):
        server.socket.send_multipart([server.sender, *frames])
    settle(lambda: "cannot be read" in link.status().error)
    server.answer(request)
    assert len(collect(link, server, settle)) == 1
    assert link.status().error == ""


def test_a_restarted_server_is_given_the_checkpoint_again(pair):
    link, server, now, settle = pair
    link.load("round-007")
    settle(lambda: not link.status().loading)
    wanted = link.status().path
    assert wanted.endswith("round-007")
    server.instance, server.load, server.path = 2, 0, ""

    def reloaded():
        now[0] += 0.3
        return len(server.loads) == 2 and not link.status().loading

    settle(reloaded)
    assert link.status().path == wanted


def test_an_idle_link_knows_whether_the_server_lives(pair):
    link, _, now, settle = pair
    now[0] += 0.3
    link.status()
    settle(lambda: link.status().alive)
    now[0] += 1.0
    assert not link.status().alive


def test_a_policy_whose_chunk_is_not_finite_is_not_passed_on():
    class Broken:
        spec = parts.SPEC

        def act(self, observation):
            return np.full((6, 3), np.nan), 0.0

    with pytest.raises(PolicyError, match="18 actions that are not finite"):
        checked_act(Broken(), {})
    Broken.act = lambda self, observation: (np.zeros((5, 3)), 0.0)
    with pytest.raises(PolicyError, match=r"shape \(5, 3\), not \(6, 3\)"):
        checked_act(Broken(), {})
