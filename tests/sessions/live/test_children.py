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


def test_why_a_process_cannot_run_is_told_until_it_does_and_its_words_reach_the_log(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    errors = tmp_path / "refuser.err"
    kind = Kind("refuser", "tests.fakes.refuser", (str(tmp_path),), errors=errors, logged=True)
    child = Child(kind)
    try:
        (tmp_path / "why").write_text("robot: Unknown key 'powr'. Known keys: port.")
        child.start()
        until_polled(child, running=False)
        why = "robot: Unknown key 'powr'. Known keys: port."
        assert child.state().refusal == why
        assert child.state().text == f"{why} It is tried again by itself."
        assert capsys.readouterr().err == f"I read my files.\n{why}\n"
        (tmp_path / "why").unlink()  # somebody has corrected them
        assert child.poll(time.monotonic() + 60.0)
        assert child.state().refusal == why  # until it has spoken
        child.heard_t = time.monotonic()
        assert (child.state().refusal, child.state().text) == ("", "")
    finally:
        child.ask_to_stop()
        child.wait_stopped(time.monotonic() + 5.0)
    assert child.state().refusal == ""


def test_the_last_words_of_a_process_that_broke_are_told(tmp_path: Path) -> None:
    kind = Kind("broken", "tests.fakes.refuser", ("",), errors=tmp_path / "broken.err")
    child = Child(kind)
    child.start()
    until_polled(child, running=False)
    assert child.state().refusal == ""
    assert child.state().text == (
        "It ended with status 1 and is started again. It said last: ValueError: no folder"
    )
    child.ask_to_stop()


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
