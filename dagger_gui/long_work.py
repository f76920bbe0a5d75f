"""A subcommand of ``dagger-gui`` run beside the window: lowest priority, told line by line.

It is a process of its own, so that neither the window nor, on a machine of two cores, the loop
notices it; it ends in order when the window is gone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from dagger_gui.commandline._work import FAILED, STOPPED, Ended, Found, Progress, told
from sessions.live.children import ENVIRONMENT

_LOWEST = "19"
_TERMINATE_MS = 5000


class LongWork(QObject):
    """One subcommand at a time.

    Args:
        parent: Qt owner.

    Signals:
        progressed: Progress.
        found: Found.
        ended: exit status, a sentence, the path of what was written (empty for nothing).
    """

    progressed = Signal(object)
    found = Signal(object)
    ended = Signal(int, str, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._last: Ended | None = None
        self._child = QProcess(self)
        self._child.readyReadStandardOutput.connect(self._read)
        self._child.finished.connect(self._finished)
        self._child.errorOccurred.connect(self._failed)
        environment = QProcessEnvironment.systemEnvironment()
        for name, value in ENVIRONMENT.items():
            environment.insert(name, value)
        self._child.setProcessEnvironment(environment)

    def running(self) -> bool:
        """Whether it works."""
        return self._child.state() != QProcess.ProcessState.NotRunning

    def start(self, words: Sequence[str]) -> bool:
        """Starts a subcommand with its arguments; False if one runs already."""
        if self.running():
            return False
        self._last = None
        bound = ["-m", "sessions.live.child", str(os.getpid()), _LOWEST, "dagger_gui.cli"]
        self._child.setProgram(sys.executable)
        self._child.setArguments([*bound, *words, "--progress", "json"])
        self._child.start()
        return True

    def cancel(self) -> None:
        """Asks it to stop in order; ``ended`` tells when it has."""
        if self.running():
            self._child.terminate()

    def close(self) -> None:
        """Stops what runs and waits for its end; tells nobody."""
        self.blockSignals(True)
        if self.running():
            self._child.terminate()
            if not self._child.waitForFinished(_TERMINATE_MS):
                self._child.kill()
                self._child.waitForFinished(_TERMINATE_MS)

    def _read(self) -> None:
        while self._child.canReadLine():
            message = told(bytes(self._child.readLine().data()))
            if isinstance(message, Progress):
                self.progressed.emit(message)
            elif isinstance(message, Found):
                self.found.emit(message)
            elif isinstance(message, Ended):
                self._last = message

    def _finished(self, status: int, how: QProcess.ExitStatus) -> None:
        self._read()
        said = bytes(self._child.readAllStandardError().data()).decode(errors="replace").strip()
        if how == QProcess.ExitStatus.CrashExit:
            self.ended.emit(STOPPED, "It was ended before it was done. Start it again.", "")
        elif self._last is not None:
            self.ended.emit(status, self._last.text, self._last.path)
        else:
            lines = said.splitlines()
            self.ended.emit(status, lines[-1] if lines else f"It ended with status {status}.", "")

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            why = f"{sys.executable} cannot be started. Install the program again."
            self.ended.emit(FAILED, why, "")
