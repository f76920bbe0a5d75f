"""What an export or import would do, looked for beside the window as its fields are filled."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal

from dagger_gui.long_work import LongWork

_TYPING_MS = 400


class DryRun(QObject):
    """Runs a subcommand with ``--dry-run``; of several wishes in a row only the last counts.

    Args:
        parent: Qt owner.

    Signals:
        began: what was found before is out of date.
        found: Found.
        ended: exit status and a sentence.
    """

    began = Signal()
    found = Signal(object)
    ended = Signal(int, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted: tuple[str, ...] = ()
        self._running: tuple[str, ...] = ()
        self._stale = False
        self._work = LongWork(self)
        self._work.found.connect(self._tell)
        self._work.ended.connect(self._ended)
        self._typing = QTimer(self)
        self._typing.setSingleShot(True)
        self._typing.setInterval(_TYPING_MS)
        self._typing.timeout.connect(self._go)

    def want(self, words: Sequence[str]) -> None:
        """What to look for from now on; nothing if there are no words."""
        self._wanted, self._stale = tuple(words), True
        self.began.emit()
        self._typing.start()

    def busy(self) -> bool:
        """Whether what was found last is out of date."""
        return self._stale

    def close(self) -> None:
        """Stops what runs."""
        self._typing.stop()
        self._work.close()

    def _go(self) -> None:
        if self._work.running():
            self._work.cancel()  # its end begins the next one
        elif self._wanted:
            self._stale, self._running = False, self._wanted
            self._work.start([*self._wanted, "--dry-run"])

    def _tell(self, message: object) -> None:
        if not self._stale:
            self.found.emit(message)

    def _ended(self, status: int, text: str, _path: str) -> None:
        if self._stale:
            if not self._typing.isActive():
                self._go()
        else:
            self.ended.emit(status, text)
