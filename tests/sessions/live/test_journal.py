"""Why the arm held is there to read: in the log, and in the window until somebody acts on it."""

from __future__ import annotations

import io
import sys

import pytest

from sessions.live import control
from sessions.live.journal import Journal
from sessions.messages import Arm, EndAttempt, Resume, SelectOperator, StartAttempt
from tests.sessions.live.bench import Bench, Hand, Motored


def test_every_hold_and_every_lost_device_is_written_once_with_its_reason() -> None:
    hand = Hand()
    bench = Bench(arm=Motored, hands={"leader": hand})
    lines: list[str] = []
    journal = Journal(lines.append, lambda: "12:00:00")

    def run(ticks: int) -> None:
        for _ in range(ticks):
            bench.run(1)
            journal.hear(bench.state)

    bench.start()
    run(20)
    assert lines == []
    bench.arm.tripped = True
    run(20)
    assert lines == [
        "12:00:00 control: attempt 1: Holding: the elbow was overloaded. "
        "Free the arm. Then press Enter to arm.",
        "12:00:00 control: robot is not well. The elbow was overloaded. Free the arm.",
    ]
    bench.do(Arm())
    bench.do(Resume())
    hand.lost = True
    run(20)
    assert lines[2:] == [
        "12:00:00 control: robot is well.",
        "12:00:00 control: leader is not well. The hand was unplugged. Plug it in.",
    ]


def test_a_robot_that_is_back_says_why_it_was_lost() -> None:
    bench = Bench(arm=Motored)
    bench.start()
    bench.arm.pulled = True
    bench.run(5)
    bench.arm.pulled = False
    bench.until(lambda: "is back" in bench.state.reason_text)
    assert bench.state.remedy == (
        "Look at the arm, then press Enter to arm. It had been lost: The arm does not answer."
    )
    bench.do(EndAttempt("failure"))
    bench.run(3)
    assert bench.state.reason_text == ("The arm held: the robot was lost. The arm does not answer.")
    assert bench.state.remedy == "Press Enter to arm."
    bench.do(Arm())
    assert bench.state.reason_text == "Ready."


def test_why_the_arm_held_is_shown_after_the_attempt_until_the_next_one() -> None:
    leader = Hand()
    bench = Bench(hands={"leader": leader})
    bench.do(SelectOperator("leader"))
    bench.start()
    leader.lost = True
    bench.run(2)
    bench.do(EndAttempt("failure"))
    bench.run(2)
    assert bench.state.reason_text.startswith("The arm held: the leader was lost.")
    assert bench.state.remedy == "Press Enter to start an attempt."
    bench.do(SelectOperator("keyboard"))
    bench.do(StartAttempt())
    bench.run(30)
    assert not bench.state.reason_text


def test_an_arm_that_stopped_itself_says_why_also_after_the_attempt() -> None:
    bench = Bench(arm=Motored)
    bench.start()
    bench.arm.tripped = True
    bench.run(3)
    bench.do(EndAttempt("failure"))
    bench.run(3)
    assert bench.state.reason_text == "Holding: the elbow was overloaded."
    bench.do(Arm())
    assert bench.state.reason_text == "Ready."


def test_a_log_that_cannot_be_written_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    full = io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True)
    with full:
        with pytest.raises(OSError, match="No space"):
            full.write("a full disk")
        monkeypatch.setattr(sys, "stderr", full)
        control._log("The arm holds.")
        monkeypatch.undo()
