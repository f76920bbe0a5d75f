"""One piece of long work: what it is, how far, how long yet, cancel; then what it came to."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QSizePolicy, QWidget

from dagger_gui import theme
from dagger_gui.pieces import Words
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._painting import clock


class WorkStrip(QWidget):
    """Its place is always kept, so that nothing moves when work begins."""

    cancelRequested = Signal()  # noqa: N815
    openRequested = Signal(str)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = ""
        self._what = Words(bold=True)
        self._words = ElidedLabel(muted=True, lines=2)
        self._left = Words()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(theme.grid(1.5))
        self._cancel = KeyButton("Cancel", dense=True)
        self._open = KeyButton("Open folder", dense=True)
        self._cancel.clicked.connect(self._ask_cancel)
        self._open.clicked.connect(lambda: self.openRequested.emit(self._path))
        head = QHBoxLayout()
        head.setSpacing(theme.grid(3))
        head.addWidget(self._what)
        head.addWidget(self._words, 1)
        head.addWidget(self._left)
        head.addWidget(self._cancel)
        head.addWidget(self._open)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(theme.grid(1.5))
        grid.addLayout(head, 0, 0)
        grid.addWidget(self._bar, 1, 0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        for widget in (self._bar, self._cancel, self._open):
            policy = widget.sizePolicy()
            policy.setRetainSizeWhenHidden(widget is self._bar)
            widget.setSizePolicy(policy)
        self.idle("Nothing is being done.")

    def idle(self, words: str) -> None:
        """Nothing runs; ``words`` say what could."""
        self._show("", words, busy=False)
        self._open.hide()

    def begin(self, what: str, words: str = "") -> None:
        """Work begins: ``what`` it is, and what goes with it."""
        self._show(what, words, busy=True)
        self._cancel.setEnabled(True)
        self._bar.setRange(0, 0)
        self._open.hide()

    def setProgress(self, done: int, total: int, words: str, left_s: float) -> None:
        """How far it is; ``left_s`` negative while that is not known."""
        self._bar.setRange(0, max(1, total))
        self._bar.setValue(done)
        self._bar.setAccessibleName(f"{done} of {total}")
        self._words.setText(f"{done} of {total}   {words}".strip())
        self._left.setText(f"{clock(left_s, tenths=False)} left" if left_s >= 0 else "")

    def end(self, verdict: str, words: str, role: str, path: str = "") -> None:
        """What it came to: a word in the colour of a meaning, and a sentence.

        Args:
            verdict: such as ``Done``.
            words: the sentence.
            role: a meaning of the theme.
            path: of what was written, empty for nothing.
        """
        self._path = path
        self._show(verdict, words, busy=False)
        self._what.setRole(role)
        self._words.setMuted(False)
        self._open.setVisible(bool(path))

    def words(self) -> str:
        """Everything it says."""
        return f"{self._what.text()} {self._words.text()}".strip()

    def busy(self) -> bool:
        """Whether work runs."""
        return self._cancel.isVisibleTo(self)

    def cancelButton(self) -> KeyButton:
        """What stops it."""
        return self._cancel

    def openButton(self) -> KeyButton:
        """What shows the result in the desktop's file manager."""
        return self._open

    def _ask_cancel(self) -> None:
        self._cancel.setEnabled(False)
        self._words.setText("Stopping in order …")
        self.cancelRequested.emit()

    def _show(self, what: str, words: str, *, busy: bool) -> None:
        self._what.setRole("")
        self._what.setText(what)
        self._what.setVisible(bool(what))
        self._words.setText(words)
        self._words.setMuted(True)
        self._left.setText("")
        self._bar.setVisible(busy)
        self._cancel.setVisible(busy)


def main() -> int:
    """Work that is done after ten seconds."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        strip = WorkStrip()
        strip.begin("Exporting")
        strip.cancelRequested.connect(lambda: strip.end("Cancelled", "", "hold"))
        return strip

    def tick(widget: QWidget, elapsed: float) -> None:
        assert isinstance(widget, WorkStrip)
        if widget.busy() and elapsed < 10:
            widget.setProgress(int(elapsed * 10), 100, "attempt 7", 10 - elapsed)
        elif widget.busy():
            widget.end("Done", "Wrote 34 episodes.", "good", "/tmp")

    return show(make, 760, 70, tick)


if __name__ == "__main__":
    raise SystemExit(main())
