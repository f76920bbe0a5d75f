"""Starts the supervisor, and knows whether one already serves the workspace.

The supervisor is no child of the window: it is started detached, in a session of its own, so that
a window that is killed takes nothing with it and the next one finds everything still running.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from pathlib import Path

from PySide6.QtCore import QProcess

from sessions.bus import Requester
from sessions.messages import Snapshot, SupervisorState
from sessions.types import SessionError
from sessions.workspace import Workspace

_ANSWER_S = 0.6
_LOG_BYTES = 2_000_000


class SupervisorError(SessionError):
    """The supervisor could not be started."""


def log_path(workspace: Workspace) -> Path:
    """Where the supervisor and everything it starts write what they have to say."""
    return workspace.root / "logs" / "supervisor.log"


def running(workspace: Workspace, timeout_s: float = _ANSWER_S) -> bool:
    """Whether a supervisor answers for the workspace; waits at most ``timeout_s``."""
    requester = Requester(workspace.runtime(), "supervisor")
    try:
        return isinstance(requester.ask(Snapshot(), timeout_s), SupervisorState)
    except TimeoutError:
        return False
    finally:
        requester.close()


def start(workspace: Workspace, module: str = "sessions.live.supervisor") -> int:
    """Starts the supervisor, detached; returns its process id.

    Raises:
        SupervisorError: the interpreter cannot be started.
    """
    log = log_path(workspace)
    log.parent.mkdir(exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    process = QProcess()
    process.setProgram(sys.executable)
    process.setArguments(["-m", module, str(workspace.root)])
    process.setStandardInputFile(QProcess.nullDevice())
    process.setStandardOutputFile(str(log), QProcess.OpenModeFlag.Append)
    process.setStandardErrorFile(str(log), QProcess.OpenModeFlag.Append)
    started, pid = process.startDetached()
    if not started:
        raise SupervisorError(
            f"The supervisor could not be started with {sys.executable}. Install the program again."
        )
    return int(pid)


def alive(pid: int) -> bool:
    """Whether a process of this id still runs (a zombie does not)."""
    try:
        os.kill(pid, 0)
        stat = Path(f"/proc/{pid}/stat")
        return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def wait_gone(pid: int, timeout_s: float) -> bool:
    """Waits until the process has ended; False if it has not within ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def last_words(workspace: Workspace, lines: int = 12) -> str:
    """The end of the supervisor's log, for details that can be copied."""
    try:
        with log_path(workspace).open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, maxlen=lines)).strip()
    except OSError:
        return ""
