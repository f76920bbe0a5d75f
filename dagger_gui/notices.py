"""What the window has to say beside the state: refusals, offers, questions that never block.

One line at the window's foot, in the place of the figures that stand there else: it lies over
nothing that can be clicked, moves nothing, and never takes the keyboard. What passes by itself
comes before what waits for an answer; while an attempt runs, what can wait does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QStackedLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton

_SHOWN_MS = 9000
_MOST = 3
_LINES = 2

Choice = tuple[str, Callable[[], None]]


class Notice(QWidget):
    """One sentence with its choices.

    Args:
        text: what is the matter, and the remedy.
        role: meaning of its left edge (``fault``, ``hold``, ``good``, ``training``).
        choices: (label, what to do) of its buttons; each also closes the notice.
        parent: Qt owner.

    Attributes:
        stays: it is there until it is answered or closed.
        over: whether what it says no longer holds; asked now and then, None if it passes anyway.
    """

    closed = Signal()
    next_asked = Signal()
    stays = False
    over: Callable[[], bool] | None = None

    def __init__(
        self, text: str, role: theme.Role, choices: Sequence[Choice], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.text, self.role = text, role
        self.setAccessibleName(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.grid(4), 0, theme.grid(1), 0)
        row.setSpacing(theme.grid(2))
        row.addWidget(ElidedLabel(text, lines=_LINES), 1)
        for label, act in choices:
            button = KeyButton(label, dense=True)
            button.clicked.connect(act)
            button.clicked.connect(self.closed)
            row.addWidget(button)
        self._more = KeyButton("", dense=True)
        self._more.clicked.connect(self.next_asked)
        self._more.hide()
        row.addWidget(self._more)
        close = KeyButton("✕", "Esc", dense=True)
        close.setToolTip("Close this notice (Esc)")
        close.setAccessibleName("Close this notice")
        close.clicked.connect(self.closed)
        row.addWidget(close)

    def setWaiting(self, others: int) -> None:
        """Says how many others wait behind it."""
        self._more.setText(f"{others} more")
        self._more.setToolTip("Show the next notice")
        self._more.setVisible(others > 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised card with the meaning's colour down its left edge."""
        now = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(now.edge)))
        painter.setBrush(QColor(now.raised))
        radius = theme.grid(1.5)
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1), radius, radius)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(now.fill(self.role))
        painter.drawRoundedRect(1, 1, theme.grid(1.5), self.height() - 3, 3, 3)
        painter.end()


class Notices(QWidget):
    """The window's foot: figures, and over them the notice that is to be read now.

    Args:
        under: what stands there while there is nothing to say.
        parent: Qt owner.
    """

    def __init__(self, under: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._under = under
        self._shown: list[Notice] = []
        self._busy = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(under)

    def say(
        self,
        text: str,
        role: theme.Role = "hold",
        choices: Sequence[Choice] = (),
        *,
        stays: bool = False,
        over: Callable[[], bool] | None = None,
    ) -> Notice:
        """Shows a sentence; the same one already on screen is only kept longer.

        What passes by itself takes the place of what would have; so does what stays and is a
        fault: it was asked for, or must be known, now.

        Args:
            text: the sentence.
            role: its meaning.
            choices: buttons, each (label, what to do).
            stays: until it is answered or closed, instead of for nine seconds.
            over: whether the state that it speaks of has passed; then it goes by itself.
        """
        for old in [*self._shown]:
            passes = not old.stays and (not stays or role == "fault")
            if old.text == text or passes:
                self._close(old)
        notice = Notice(text, role, choices, self)
        notice.stays, notice.over = stays, over
        notice.closed.connect(lambda: self._close(notice))
        notice.next_asked.connect(self._next)
        self._shown.append(notice)
        self._stack.addWidget(notice)
        if not stays:
            QTimer.singleShot(_SHOWN_MS, notice, lambda: self._close(notice))
        for oldest in self._shown[:-_MOST]:
            self._close(oldest)
        self._arrange()
        return notice

    def setBusy(self, busy: bool) -> None:
        """Lets what waits for an answer, and is no fault, wait while an attempt runs."""
        if busy != self._busy:
            self._busy = busy
            self._arrange()

    def drop_over(self) -> None:
        """Closes what speaks of a state that has passed."""
        for notice in [*self._shown]:
            if notice.over is not None and notice.over():
                self._close(notice)

    def top(self) -> Notice | None:
        """The notice on screen."""
        ready = self._ready()
        passing = [n for n in ready if not n.stays]
        found = passing or ready
        return found[-1] if found else None

    def dismiss(self) -> bool:
        """Closes the one on screen; whether there was any."""
        top = self.top()
        if top is None:
            return False
        self._close(top)
        return True

    def withdraw(self, notice: Notice) -> None:
        """Closes one notice if it is still there: what it said is over."""
        self._close(notice)

    def texts(self) -> list[str]:
        """Every sentence that is not closed, oldest first."""
        return [notice.text for notice in self._shown]

    def sizeHint(self) -> QSize:
        """As high as two lines or a button, so that nothing moves when a notice comes."""
        lines = QFontMetrics(theme.font("body")).lineSpacing() * _LINES
        return QSize(theme.grid(100), lines + theme.grid(1))

    def minimumSizeHint(self) -> QSize:
        """No wider than its figures ask for: sentences are cut, with the whole in the tool tip."""
        return QSize(self._under.minimumSizeHint().width(), self.sizeHint().height())

    def _ready(self) -> list[Notice]:
        """Those that may be shown now, oldest first."""
        return [n for n in self._shown if not (self._busy and n.stays and n.role != "fault")]

    def _next(self) -> None:
        top = self.top()
        if top is not None and not top.stays:
            self._close(top)  # it was about to go anyway, and would come before all others
        elif top is not None:
            self._shown.remove(top)
            self._shown.insert(0, top)
            self._arrange()

    def _close(self, notice: Notice) -> None:
        if notice in self._shown:
            self._shown.remove(notice)
            self._stack.removeWidget(notice)
            notice.hide()
            notice.deleteLater()
            self._arrange()

    def _arrange(self) -> None:
        top = self.top()
        if top is not None:
            top.setWaiting(len(self._ready()) - 1)
        self._stack.setCurrentWidget(top or self._under)
