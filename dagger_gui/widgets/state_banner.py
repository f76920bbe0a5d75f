"""Who is in control, in one block that cannot be misread; why it holds; what to press; SOFT STOP.

The block says it three times: by colour, by word and by shape. Everything has its place and its
width, so that nothing moves when the state changes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.theme import Role
from dagger_gui.widgets._base import ElidedLabel, Painted, broken
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._painting import clock, draw_shape, draw_text


@dataclass(frozen=True)
class Banner:
    """What the banner says.

    Attributes:
        gate: ``hold``, ``policy``, ``aligning``, ``human``, ``parking``, ``fault`` or ``closing``.
        controller: ``policy``, ``human``, ``hold``, ``handover`` or ``demo``.
        reason: why it holds, one sentence; empty while it runs.
        remedy: what to press or do now, one sentence.
        attempt: number of the running attempt, 0 for none.
        attempt_s: how long it has run [s], NaN for none.
        demo: the attempt is a demonstration.
        round: number of the running policy's round, negative before there is a policy.
        latched: the soft stop is latched: reset, arm, start, in that order.
        outcome: how ``attempt``, no longer running, ended; empty while it runs.
        alarm: ``robot_lost`` or ``self_stopped`` while it holds because the arm cannot be armed,
            ``operator_lost`` while nobody can take over, ``cannot_start`` where the station's files
            are wrong; empty otherwise.
        suspended: the control process was ended on purpose, and says nothing until it is resumed.
        warning: what is not well with a device although it goes on, one sentence; empty if all is.
    """

    gate: str = "hold"
    controller: str = "hold"
    reason: str = ""
    remedy: str = ""
    attempt: int = 0
    attempt_s: float = math.nan
    demo: bool = False
    round: int = -1
    latched: bool = False
    outcome: str = ""
    alarm: str = ""
    suspended: bool = False
    warning: str = ""


_NO_LINK = Banner(
    gate="lost",
    reason="The control process does not answer.",
    remedy="The arm holds by itself. It is being restarted; see Station if this stays.",
)
_SUSPENDED = Banner(
    gate="suspended",
    reason="The control process is suspended.",
    remedy="A check or calibration has its devices. If it keeps them, resume it on Station (F4).",
)
CLOSING = Banner(
    gate="closing",
    reason="Everything is being stopped, in order.",
    remedy="The window closes by itself.",
)
CANNOT_START = "cannot_start"
"""The alarm of a station whose files ask for what cannot be."""

_ALARMS = {
    CANNOT_START: "CANNOT START",
    "robot_lost": "ROBOT LOST",
    "self_stopped": "ARM STOPPED",
    "operator_lost": "DEVICE LOST",
}


class StateBlock(Painted):
    """The coloured block: shape and word on the state's colour."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: tuple[Role | None, str, str, bool] = ("hold", "HOLD", "hold", False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def setLook(self, role: Role | None, word: str, shape: str, *, hatched: bool) -> None:
        """Colour (None for no link), word, shape, and the hatch of a handover."""
        if (role, word, shape, hatched) != self._look:
            self._look = (role, word, shape, hatched)
            self.setAccessibleName(f"In control: {word.lower()}")
            self.update()

    def word(self) -> str:
        """The word shown."""
        return self._look[1]

    def role(self) -> Role | None:
        """The meaning whose colour is shown."""
        return self._look[0]

    def sizeHint(self) -> QSize:
        """Wide enough for the longest word, always."""
        metrics = QFontMetricsF(theme.font("large", bold=True))
        width = metrics.horizontalAdvance("HANDING BACK") + metrics.ascent() + theme.grid(14)
        return QSize(round(width), theme.grid(18))

    def paintEvent(self, event: QPaintEvent) -> None:
        """One colour, one shape, one word."""
        look = theme.current()
        role, word, shape, hatched = self._look
        painter = QPainter(self)
        box = QRectF(self.rect())
        ink = QColor(look.ink)
        if role is None:
            painter.fillRect(box, QColor(look.window))
            painter.setPen(QPen(QColor(look.text), 2, Qt.PenStyle.DashLine))
            painter.drawRect(box.adjusted(2, 2, -2, -2))
            ink = QColor(look.text)
        else:
            painter.fillRect(box, look.fill(role))
        if hatched:
            stripes = QColor(look.fill("policy"))
            side = theme.grid(3)
            painter.fillRect(QRectF(0, 0, box.width(), side), stripes)
            painter.fillRect(QRectF(0, box.height() - side, box.width(), side), stripes)
        painter.setFont(theme.font("large", bold=True))
        side = round(QFontMetricsF(painter.font()).ascent() * 1.15)
        left = theme.grid(4)
        draw_shape(
            painter, QRectF(left, round(box.center().y() - side / 2), side, side), shape, ink
        )
        painter.setPen(ink)
        draw_text(painter, box.adjusted(left + side + theme.grid(3), 0, -theme.grid(2), 0), word)
        painter.end()


class StateWords(Painted):
    """Why, and what to press: the first sentence large, figures and remedy below it.

    A device's warning takes the row below both, where they leave one.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first, self._second, self._warning = "", "", ""
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)

    def setWords(self, reason: str, remedy: str, warning: str = "") -> None:
        """Shows all of them; a remedy alone moves up."""
        words = (reason, remedy, warning) if reason else (remedy, "", warning)
        if words != (self._first, self._second, self._warning):
            self._first, self._second, self._warning = words
            self.setAccessibleName(" ".join(filter(None, (reason, remedy, warning))))
            self.setToolTip(self.accessibleName())
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """At most three rows, centred in height."""
        look = theme.current()
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(look.window))
        large, body = theme.font("large", bold=True), theme.font("body")
        first, second = headline(self._first, self._second, large, self.width())
        rows = [(first, large)] if first else []
        if not first:  # not even its first sentence fits
            bold = theme.font("body", bold=True)
            rows = [(row, bold) for row in broken(self._first, bold, self.width(), 2)]
            second = self._second
        if second:
            left = 3 - len(rows)
            rows += [(row, body) for row in broken(second, body, self.width(), left)]
        indent = QFontMetricsF(body).lineSpacing()
        warned = bool(self._warning) and len(rows) < 3
        if warned:
            rows += [(row, body) for row in broken(self._warning, body, self.width() - indent, 1)]
        height = sum(QFontMetricsF(font).lineSpacing() for _row, font in rows)
        y = (self.height() - height) / 2
        painter.setPen(QColor(look.text))
        for i, (row, font) in enumerate(rows):
            metrics = QFontMetricsF(font)
            painter.setFont(font)
            x = indent if warned and i == len(rows) - 1 else 0.0
            painter.drawText(QPointF(x, y + metrics.ascent()), row)
            if x:
                side = metrics.ascent()
                spot = QRectF(0, y + (metrics.lineSpacing() - side) / 2, side, side)
                draw_shape(painter, spot, "warning", look.stroke("fault"))
            y += metrics.lineSpacing()
        painter.end()


def headline(reason: str, remedy: str, font: QFont, width: float) -> tuple[str, str]:
    """What is said large, and what below it: all of the reason if it fits, else its first sentence.

    Args:
        reason: why it holds, one sentence or several.
        remedy: what to do.
        font: of the headline.
        width: room for it [px].

    Returns:
        headline, empty if not even the first sentence fits, and the rest with the remedy.
    """
    metrics = QFontMetricsF(font)
    if metrics.horizontalAdvance(reason) <= width:
        return reason, remedy
    first, stop, rest = reason.partition(". ")
    first += "." if stop else ""
    bare = first.removeprefix("Holding: ")  # the block says that it holds
    for words in (first, f"{bare[:1].upper()}{bare[1:]}"):
        if metrics.horizontalAdvance(words) <= width:
            return words, f"{rest} {remedy}".strip()
    return "", remedy


class StateBanner(QWidget):
    """The strip on top of every page."""

    softStopRequested = Signal()  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = Banner()
        self._connected = True
        self._block = StateBlock(self)
        self._attempt = ElidedLabel(muted=True)
        self._clock = ElidedLabel(size="large", bold=True)
        self._words = StateWords(self)
        self._stop = KeyButton("SOFT STOP", "Space", shape="stop", size="large", strong=True)
        self._stop.setAccessibleDescription(
            "Stops all motion and latches. Key Space. Not an emergency stop."
        )
        self._stop.setToolTip("Stops all motion and latches (Space). Not an emergency stop.")
        self._stop.clicked.connect(self.softStopRequested)
        self._arrange()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground, False)
        self.setAutoFillBackground(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("State")
        self._show()

    def _arrange(self) -> None:
        numbers = QVBoxLayout()
        numbers.setSpacing(0)
        numbers.addStretch(1)
        numbers.addWidget(self._attempt)
        numbers.addWidget(self._clock)
        numbers.addStretch(1)
        self._numbers = QWidget()
        self._numbers.setLayout(numbers)
        numbers.setContentsMargins(0, 0, 0, 0)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(4))
        row.addWidget(self._block)
        row.addWidget(self._numbers)
        row.addWidget(self._words, 1)
        row.addWidget(self._stop)
        self._fit()

    def value(self) -> Banner:
        """What was last set."""
        return self._value

    def setValue(self, value: Banner) -> None:
        """Shows a state; the same again is free."""
        if value != self._value:
            self._value = value
            self._show()

    def setConnected(self, connected: bool) -> None:
        """Whether news from the control process is fresh; without it no state is claimed."""
        if connected != self._connected:
            self._connected = connected
            self._show()

    def setStopKey(self, key: str) -> None:
        """The key shown on the stop button."""
        self._stop.setKey(key)

    def word(self) -> str:
        """The one word shown, such as ``POLICY``."""
        return self._block.word()

    def changeEvent(self, event: QEvent) -> None:
        """Follows the font."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        large = QFontMetricsF(theme.font("large", bold=True))
        body = QFontMetricsF(theme.font("body"))
        width = max(
            large.horizontalAdvance("00:00.0"),
            body.horizontalAdvance("demonstration 0000: discarded"),
        )
        self._numbers.setFixedWidth(round(width) + 2)
        self._stop.setFixedSize(self._stop.widthFor("SOFT STOP", "STOPPED"), theme.grid(18))
        self.setFixedHeight(theme.grid(18))

    def _show(self) -> None:
        value = self._value
        if value.suspended:
            value = _SUSPENDED
        elif not self._connected and value.gate != "closing":
            value = _NO_LINK
        role, word, shape = state_look(value)
        hatched = value.controller == "handover" and value.gate in ("policy", "aligning", "human")
        self._block.setLook(role, word, shape, hatched=hatched)
        kind = "demonstration" if value.demo else "attempt"
        parts = [f"{kind} {value.attempt}" if value.attempt > 0 else "no attempt"]
        if value.outcome and value.attempt > 0:
            parts = [f"{kind} {value.attempt}: {value.outcome}"]
        elif value.round >= 0:
            parts.append(f"round {value.round}")
        self._attempt.setText(" · ".join(parts))
        self._clock.setText(clock(value.attempt_s))
        self._clock.setMuted(value.attempt <= 0 or bool(value.outcome))
        self._words.setWords(value.reason, value.remedy, value.warning)
        stopped = value.latched
        self._stop.setText("STOPPED" if stopped else "SOFT STOP")
        self._stop.setLook("fault" if stopped else None, shape="stop", strong=not stopped)


def state_look(value: Banner) -> tuple[Role | None, str, str]:
    """Colour, word and shape of a state."""
    if value.gate == "fault":
        return "fault", "STOPPED", "fault"
    if value.gate == "aligning":
        return "human", "TAKING OVER", "handover"
    if value.gate == "human":
        return "human", "HUMAN", "human"
    if value.gate == "policy":
        if value.controller == "handover":
            return "policy", "HANDING BACK", "handover"
        return "policy", "POLICY", "policy"
    if value.gate == "parking":
        return "hold", "PARKING", "handover"
    if value.gate == "hold" and value.alarm in _ALARMS:
        return "fault", _ALARMS[value.alarm], "warning"
    if value.gate == "hold":
        return "hold", "HOLD", "hold"
    if value.gate == "closing":
        return "hold", "CLOSING", "hold"
    if value.gate == "suspended":
        return None, "SUSPENDED", "hold"
    return None, "NO LINK", "warning"


def main() -> int:
    """Every state in turn."""
    from dagger_gui.widgets._demo import show

    states = (
        Banner("policy", "policy", "", "Hold G or RB to correct.", 14, 12.4, False, 3),
        Banner("human", "human", "", "Let go of G to hand back.", 14, 15.1, False, 3),
        Banner(
            "hold",
            "hold",
            "Holding: wrist camera is 210 ms old.",
            "Check its cable, then press Enter.",
            14,
            16.0,
            False,
            3,
        ),
        Banner("fault", "hold", "You stopped the arm.", "Press Enter to reset.", latched=True),
        Banner(
            "hold",
            "hold",
            "Holding: the robot is lost. The arm does not answer.",
            "Check its cable. It connects again by itself; Reconnect tries at once.",
            alarm="robot_lost",
        ),
    )

    def tick(widget: QWidget, t: float) -> None:
        assert isinstance(widget, StateBanner)
        widget.setValue(states[int(t / 2) % len(states)])

    return show(StateBanner, 1200, 90, tick)


if __name__ == "__main__":
    raise SystemExit(main())
