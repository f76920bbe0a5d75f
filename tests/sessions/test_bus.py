"""The bus: commands carry their age, and what is no command harms nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from sessions.bus import Requester, Responder, commands_endpoint
from sessions.messages import Accepted, Arm, Message


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[tuple[Requester, Responder]]:
    requester, responder = Requester(tmp_path, "control"), Responder(tmp_path, "control")
    yield requester, responder
    requester.close()
    responder.close()


def test_a_command_knows_how_long_it_waited(ends: tuple[Requester, Responder]) -> None:
    requester, responder = ends
    sent_t = time.monotonic()
    number = requester.send(Arm())
    assert responder.wait(10.0)
    ages: list[float] = []

    def handle(command: Message) -> Message:
        ages.append(responder.age_s)
        return Accepted()

    assert responder.serve(handle) == 1
    assert 0.0 <= ages[0] <= time.monotonic() - sent_t
    replies: list[tuple[int, Message]] = []
    while not replies:
        replies = requester.poll()
    assert replies == [(number, Accepted())]


def test_what_is_no_command_is_refused_or_left_unanswered(
    ends: tuple[Requester, Responder], tmp_path: Path
) -> None:
    _, responder = ends
    stranger = zmq.Context.instance().socket(zmq.DEALER)
    stranger.setsockopt(zmq.LINGER, 0)
    stranger.connect(commands_endpoint(tmp_path, "control"))
    try:
        stranger.send_multipart([b"hello"])
        stranger.send_multipart([bytes(16), b"\xc1 torn"])
        stranger.send_multipart([bytes(8), b"", b"", b""])
        served = 0
        while served < 3:
            assert responder.wait(10.0)
            served += responder.serve(lambda command: Accepted())
        assert stranger.poll(10_000)
        assert b"not understood" in stranger.recv_multipart()[1]
    finally:
        stranger.close()


def test_a_process_that_reads_nothing_for_long_does_not_stop_who_sends(tmp_path: Path) -> None:
    requester = Requester(tmp_path, "control")
    try:
        numbers = [requester.send(Arm()) for _ in range(3000)]
    finally:
        requester.close()
    assert numbers == list(range(1, 3001))
