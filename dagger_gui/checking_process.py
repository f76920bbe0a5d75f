"""A check or a calibration in a process of its own, as the window starts, hears and ends it.

A bus that does not answer would stop the picture; and looking for a GPU imports torch.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import msgspec
from PySide6.QtCore import QObject, QProcess, QTimer, Signal

from sessions.checking.results import Check, Doing, Failed, Report
from sessions.checking.views import Saved, View

Said = Check | Doing | Report | Failed | View | Saved
_DECODER = msgspec.json.Decoder(Said)
_TERMINATE_MS = 4000
_SHOWN_LOG = 4000


class CheckingProcess(QObject):
    """``python -m sessions.checking`` and what it says, message by message.

    Args:
        parent: Qt owner.
    """

    said = Signal(object)
    ended = Signal(str)  # why it ended without a word, with the remedy; empty if it did its work

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = b""
        self._log = ""
        self._spoke = self._asked_to_end = False
        self._process = QProcess(self)
        self._process.readyReadStandardOutput.connect(self._hear)
        self._process.readyReadStandardError.connect(self._note)
        self._process.finished.connect(self._ended)
        self._process.errorOccurred.connect(self._failed_to_start)

    def start(self, arguments: Sequence[str]) -> None:
        """Starts it; nothing while it runs."""
        if self.running():
            return
        self._line, self._log = b"", ""
        self._spoke = self._asked_to_end = False
        self._process.start(sys.executable, ["-m", "sessions.checking", *arguments])

    def running(self) -> bool:
        """Whether it is at work."""
        return self._process.state() != QProcess.ProcessState.NotRunning

    def send(self, word: str) -> None:
        """Sends a line: ``next``, ``back``, ``save``."""
        if self.running():
            self._process.write(f"{word}\n".encode())

    def cancel(self) -> None:
        """Asks it to end; it lets go of everything first."""
        if self.running():
            self._asked_to_end = True
            self._process.terminate()
            QTimer.singleShot(_TERMINATE_MS, self, self._insist)

    def stop(self) -> None:
        """Ends it and waits; for closing the window."""
        if self.running():
            self._asked_to_end = True
            self._process.terminate()
            if not self._process.waitForFinished(_TERMINATE_MS):
                self._process.kill()
                self._process.waitForFinished(_TERMINATE_MS)

    def log(self) -> str:
        """What it wrote to standard error, for details that can be copied."""
        return self._log

    def _insist(self) -> None:
        if self._asked_to_end and self.running():
            self._process.kill()

    def _hear(self) -> None:
        new = bytes(self._process.readAllStandardOutput().data())
        *lines, self._line = (self._line + new).split(b"\n")
        for line in lines:
            try:
                item = _DECODER.decode(line)
            except msgspec.DecodeError:
                continue  # other people's packages greet on standard output too
            self._spoke = self._spoke or isinstance(item, Report | Failed | Saved)
            self.said.emit(item)

    def _note(self) -> None:
        text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
        self._log = (self._log + text)[-_SHOWN_LOG:]

    def _failed_to_start(self, error: QProcess.ProcessError) -> None:
        if error == QProcess.ProcessError.FailedToStart:
            self.ended.emit(
                f"Python could not be started from {sys.executable}. Install the program again."
            )

    def _ended(self, code: int, _status: QProcess.ExitStatus) -> None:
        self._hear()
        self._note()
        if self._spoke or self._asked_to_end:
            self.ended.emit("")
            return
        last = self._log.strip().splitlines()[-1:] or [f"it ended with code {code}"]
        self.ended.emit(f"It stopped by itself: {last[0]}. Try again.")
