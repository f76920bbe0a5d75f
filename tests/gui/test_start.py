"""``dagger-gui`` as a user types it: its window in a session of its own, all else right there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dagger_gui import start, supervisor_process
from drivers import scheduling
from tests.sessions.live.session import space_with_policy
from tests.waiting import until

PATIENCE_S = 60.0
COMMAND = [sys.executable, "-m", "dagger_gui.start"]


@pytest.mark.parametrize(
    "words",
    [[], ["run"], ["--workspace", "w"], ["run", "--station", "pusht"], ["--station", "koch"]],
)
def test_words_that_open_a_window_are_known(words: list[str]) -> None:
    assert start.opens_a_window(words)


@pytest.mark.parametrize(
    "words", [["--help"], ["check", "koch"], ["--workspace", "w", "simulate"], ["import", "-h"]]
)
def test_words_that_open_none_are_carried_out_right_here(words: list[str]) -> None:
    assert not start.opens_a_window(words)


def without_a_display() -> dict[str, str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return {name: value for name, value in os.environ.items() if name not in hidden}


def test_what_the_window_says_and_how_it_ends_is_the_programs_own(tmp_path: Path) -> None:
    command = [*COMMAND, "--workspace", str(tmp_path / "w")]
    run = subprocess.run(command, env=without_a_display(), capture_output=True, text=True)
    assert run.returncode == 2
    assert "There is no display" in run.stderr


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in found.split()]


def hears_sigterm(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.mark.alone
@pytest.mark.skipif(
    not scheduling.AUTOGROUP.exists(), reason="this system does not schedule by sessions"
)
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_window_leads_a_nice_session_and_ends_with_the_program(
    tmp_path: Path, how: signal.Signals
) -> None:
    space = space_with_policy(tmp_path / "w")
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    program = subprocess.Popen([*COMMAND, "--workspace", str(space.root)], env=environment)
    until(lambda: bool(children(program.pid)), "a window")
    window = children(program.pid)[0]
    until(lambda: os.getsid(window) == window, "a session of its own")
    until(lambda: " nice 5" in Path(f"/proc/{window}/autogroup").read_text(), "niceness")
    assert os.getsid(program.pid) == os.getsid(0)
    until(lambda: hears_sigterm(window), "the window is up")
    program.send_signal(how)
    status = program.wait(PATIENCE_S)
    if how is not signal.SIGKILL:
        assert status == 0
    until(lambda: not Path(f"/proc/{window}").exists(), "the window is gone")
    pid = supervisor_process.running(space)
    if pid:
        os.kill(pid, signal.SIGTERM)
