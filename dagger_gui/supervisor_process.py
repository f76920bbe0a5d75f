"""Starts the supervisor, and knows whether one already serves the workspace.

The supervisor is no child of the window: it is started detached, in a session of its own, so that
a window that is killed takes nothing with it and the next one finds everything still running.
"""

from __future__ import annotations

import sys
from collections import deque
from pathlib import Path

from PySide6.QtCore import QProcess

from sessions.checking.benches import supervisor
from sessions.types import SessionError
from sessions.workspace import Workspace

_LOG_BYTES = 2_000_000


class SupervisorError(SessionError):
    """The supervisor could not be started."""


def log_path(workspace: Workspace) -> Path:
    """Where the supervisor and everything it starts write what they have to say."""
    return workspace.root / "logs" / "supervisor.log"


def running(workspace: Workspace) -> int:
    """Process id of the supervisor that serves the workspace; 0 if there is none."""
    return supervisor(workspace)


def start(workspace: Workspace, module: str = "sessions.live.supervisor") -> None:
    """Starts the supervisor, detached; ``running`` tells its process id once it is up.

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
    if not process.startDetached():
        raise SupervisorError(
            f"The supervisor could not be started with {sys.executable}. Install the program again."
        )


def last_words(workspace: Workspace, lines: int = 12) -> str:
    """The end of the supervisor's log, for details that can be copied."""
    try:
        with log_path(workspace).open(encoding="utf-8", errors="replace") as file:
            return "".join(deque(file, maxlen=lines)).strip()
    except OSError:
        return ""
