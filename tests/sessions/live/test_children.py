"""One process as the supervisor keeps it, whatever becomes of it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sessions.live.children import SILENT_S, Child, Kind

SLEEPER = Kind("sleeper", "tests.fakes.sleeper", ())


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(SLEEPER)
    child.start()
    yield child
    child.ask_to_stop()
    child.wait_stopped(time.monotonic() + 5.0)
    assert not child.running


def test_a_process_that_lives_but_says_nothing_any_more_is_called_stalled(child: Child) -> None:
    assert child.state().text == ""  # it has said nothing yet: it is still starting
    child.heard_t = time.monotonic()
    assert child.ready
    assert child.state().text == ""
    child._started_t -= 2 * SILENT_S
    child.heard_t -= SILENT_S + 1.0
    assert child.state().text == "It runs but has been silent for 4 s. Restart it."


def test_a_process_that_cannot_even_be_killed_is_not_waited_for_for_ever() -> None:
    class Stuck:
        pid = 1

        def send_signal(self, number: int) -> None:
            """It is in the kernel and hears nothing."""

        def kill(self) -> None:
            """The same."""

        def wait(self, timeout: float) -> int:
            raise subprocess.TimeoutExpired("stuck", timeout)

        def poll(self) -> int | None:
            return None

    stuck = Child(SLEEPER)
    stuck.wanted = True
    stuck._process = Stuck()  # type: ignore[assignment]
    stuck.restart()
    assert stuck.running
    assert stuck.wanted  # it is started anew once the old one is over
    assert stuck.restarts == 0


def test_a_process_that_cannot_be_started_is_tried_again(tmp_path: Path) -> None:
    kind = Kind("trainer", "tests.fakes.sleeper", (), errors=tmp_path / "absent" / "trainer.err")
    child = Child(kind)
    child.start()
    assert not child.running
    assert "status 71" in child.state().text
    (tmp_path / "absent").mkdir()
    assert child.poll(time.monotonic() + 60.0)
    assert child.running
    child.ask_to_stop()
    child.wait_stopped(time.monotonic() + 5.0)


def until_polled(child: Child, running: bool) -> None:
    deadline = time.monotonic() + 20.0
    while child.running is not running:
        assert time.monotonic() < deadline
        child.poll(time.monotonic())
        time.sleep(0.002)


def test_a_suspended_process_stays_ended_until_it_is_resumed(child: Child) -> None:
    child.suspend(time.monotonic())
    assert child.state().suspended
    assert "is being suspended" in child.state().text
    until_polled(child, running=False)
    assert not child.poll(time.monotonic() + 60.0)
    assert not child.running
    assert "Resume it afterwards" in child.state().text
    child.restart()
    assert child.running
    assert child.restarts == 0
    assert not child.state().suspended


def test_a_process_that_is_restarted_is_not_waited_for(child: Child) -> None:
    former = child.pid
    child.restart()
    assert child.pid == former  # it may take its time to end
    until_polled(child, running=False)
    until_polled(child, running=True)
    assert child.pid != former
    assert child.restarts == 1


def test_only_a_process_that_hurries_hears_a_second_wish_to_end() -> None:
    heard: list[int] = []

    class Ear:
        pid = 1

        def send_signal(self, number: int) -> None:
            heard.append(number)

        def poll(self) -> int | None:
            return None

        def kill(self) -> None:
            heard.append(signal.SIGKILL)

    patient = Child(SLEEPER)
    patient._process = Ear()  # type: ignore[assignment]
    patient.suspend(time.monotonic())
    patient.suspend(time.monotonic())
    assert heard == [signal.SIGTERM]
    heard.clear()
    control = Child(replace(SLEEPER, hurries=True))
    control._process = Ear()  # type: ignore[assignment]
    control.suspend(time.monotonic())
    control.ask_to_stop()  # the whole station ends: the arm still goes to rest
    assert heard == [signal.SIGTERM]
    control.suspend(time.monotonic())
    assert heard == [signal.SIGTERM] * 2
    control.heard_t = time.monotonic()
    assert not control.poll(control.heard_t + SILENT_S - 0.1)
    assert signal.SIGKILL not in heard
    control.poll(control.heard_t + SILENT_S + 0.1)  # it neither rests nor ends: it is stuck
    assert heard[-1] == signal.SIGKILL
