"""What the window has to say beside the state: refusals, offers, questions that never block.

Notices float above the page's lower edge, so that nothing in the layout moves when one comes or
goes, and never take the keyboard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from dagger_gui import theme
from dagger_gui.pieces import Words

_SHOWN_MS = 9000
_MOST = 3

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
    """

    closed = Signal()
    stays = False

    def __init__(
        self, text: str, role: theme.Role, choices: Sequence[Choice], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.text, self._role = text, role
        self.setAccessibleName(text)
        row = QHBoxLayout(self)
        gap = theme.grid(3)
        row.setContentsMargins(gap + theme.grid(1), theme.grid(2), theme.grid(2), theme.grid(2))
        row.setSpacing(theme.grid(2))
        row.addWidget(Words(text, wrap=True), 1)
        for label, act in choices:
            button = QPushButton(label)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(act)
            button.clicked.connect(self.closed)
            row.addWidget(button)
        close = QPushButton("✕")
        close.setToolTip("Close this notice (Esc)")
        close.setAccessibleName("Close this notice")
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.closed)
        row.addWidget(close)

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
        painter.setBrush(now.fill(self._role))
        painter.drawRoundedRect(1, 1, theme.grid(1.5), self.height() - 3, 3, 3)
        painter.end()


class Notices(QObject):
    """Places notices above the lower edge of ``host`` and closes them after a while.

    Args:
        host: the widget they float over.
    """

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._shown: list[Notice] = []
        host.installEventFilter(self)

    def say(
        self,
        text: str,
        role: theme.Role = "hold",
        choices: Sequence[Choice] = (),
        *,
        stays: bool = False,
    ) -> Notice:
        """Shows a sentence; the same one already on screen is only kept longer.

        What passes by itself takes the place of what would have: two of them would lie over the
        attempt's buttons.

        Args:
            text: the sentence.
            role: its meaning.
            choices: buttons, each (label, what to do).
            stays: until it is answered or closed, instead of for nine seconds.
        """
        for old in [*self._shown]:
            if old.text == text or not (stays or old.stays):
                self._close(old)
        notice = Notice(text, role, choices, self._host)
        notice.stays = stays
        notice.closed.connect(lambda: self._close(notice))
        self._shown.append(notice)
        if not stays:
            QTimer.singleShot(_SHOWN_MS, notice, lambda: self._close(notice))
        for oldest in self._shown[:-_MOST]:
            self._close(oldest)
        self._place()
        notice.show()
        notice.raise_()
        return notice

    def to_front(self) -> None:
        """Puts them over whatever the host shows now: a page that comes up covers them else."""
        for notice in self._shown:
            notice.raise_()

    def dismiss(self) -> bool:
        """Closes the newest; whether there was any."""
        if not self._shown:
            return False
        self._close(self._shown[-1])
        return True

    def withdraw(self, notice: Notice) -> None:
        """Closes one notice if it is still there: what it said is over."""
        self._close(notice)

    def texts(self) -> list[str]:
        """What is on screen, oldest first."""
        return [notice.text for notice in self._shown]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follows the host's size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _close(self, notice: Notice) -> None:
        if notice in self._shown:
            self._shown.remove(notice)
            notice.hide()
            notice.deleteLater()
            self._place()

    def _place(self) -> None:
        gap = theme.grid(2)
        width = min(self._host.width() - 2 * gap, theme.grid(220))
        bottom = self._host.height() - gap
        for notice in reversed(self._shown):
            layout = notice.layout()
            height = layout.heightForWidth(width) if layout is not None else 0
            height = max(height, notice.sizeHint().height())
            left = (self._host.width() - width) // 2
            notice.setGeometry(left, bottom - height, width, height)
            bottom -= height + gap
