"""One line of the query language, what it finds in words, or why it is no query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QCompleter,
    QLineEdit,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton

_TYPING_MS = 250
_OF_LIST = (
    *(Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown),
    *(Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape, Qt.Key.Key_Tab),
)
_SIGNS = ("!=", ">=", "<=", "=", ">", "<", "~")


def word_at(text: str, cursor: int) -> tuple[int, int]:
    """Start and end of the term that the cursor is in or right behind."""
    start = text.rfind(" ", 0, cursor) + 1
    end = text.find(" ", cursor)
    return start, len(text) if end < 0 else end


def completions(term: str, fields: Sequence[str], values: Mapping[str, Sequence[str]]) -> list[str]:
    """What a term may become: fields while it has no sign, values of its field after that.

    Args:
        term: up to the cursor.
        fields: names of the fields.
        values: by field, what it can be.
    """
    signs = [(term.find(s), -len(s), s) for s in _SIGNS if s in term]
    if not signs:
        return [f"{f}=" for f in fields if f.startswith(term.lower())]
    place, _, sign = min(signs)
    field, written = term[:place].lower(), term[place + len(sign) :]
    kept, _, part = written.rpartition(",")
    kept = f"{kept}," if kept else ""
    found = [v for v in values.get(field, ()) if v.lower().startswith(part.lower()) and v != part]
    quoted = (f'"{v}"' if " " in v else v for v in found)
    return [f"{term[: place + len(sign)]}{kept}{value}" for value in quoted]


class _Field(QLineEdit):
    """Completes the term at the cursor; Down or typing opens the list, Return applies."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: tuple[str, ...] = ()
        self._values: dict[str, Sequence[str]] = {}
        self._clear = 0
        self._words = QStringListModel(self)
        self._completer = QCompleter(self._words, self)
        self._completer.setWidget(self)
        self._completer.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self._completer.activated.connect(self._take)
        popup = self._completer.popup()
        assert popup is not None  # as long as there is a completer
        self._list = popup
        popup.installEventFilter(self)
        self.textEdited.connect(lambda _text: self.offer())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys that the list has no use for go the way of all keys: Space stops the arm."""
        if (
            isinstance(event, QKeyEvent)
            and watched is self._list
            and event.type() in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)
            and event.key() not in _OF_LIST
        ):
            QApplication.sendEvent(self, event)
            return True
        return super().eventFilter(watched, event)

    def set_words(self, fields: Sequence[str], values: Mapping[str, Sequence[str]]) -> None:
        """What is offered."""
        self._fields, self._values = tuple(fields), dict(values)

    def keep_clear(self, pixels: int) -> None:
        """The list opens that far below: the answer to what is typed is not covered."""
        self._clear = pixels

    def offered(self) -> list[str]:
        """What the term at the cursor may become."""
        start, _ = word_at(self.text(), self.cursorPosition())
        return completions(self.text()[start : self.cursorPosition()], self._fields, self._values)

    def offer(self) -> None:
        """Opens the list, or closes it where there is nothing to offer."""
        found = self.offered()
        self._words.setStringList(found)
        if not found or not self.hasFocus():
            self._list.hide()
            return
        box = self.rect()
        box.setWidth(max(theme.grid(40), self.width() // 2))
        box.setHeight(box.height() + self._clear)
        self._completer.complete(box)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Down opens the list."""
        if event.key() == Qt.Key.Key_Down and not self._list.isVisible():
            self.offer()
        else:
            super().keyPressEvent(event)

    def _take(self, words: str) -> None:
        start, end = word_at(self.text(), self.cursorPosition())
        ended = not words.endswith(_SIGNS)
        rest = self.text()[end:]
        self.setText(self.text()[:start] + words + (" " if ended and not rest else "") + rest)
        self.setCursorPosition(start + len(words) + (ended and not rest))
        self.textEdited.emit(self.text())


class FilterLine(QWidget):
    """The field over one sentence; ``valueChanged`` shortly after the last key."""

    valueChanged = Signal(str)  # noqa: N815
    onlyRequested = Signal(bool)  # noqa: N815  whether training takes only what is found

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = _Field()
        self._field.setPlaceholderText("Filter, like  round>=2 category=grasp")
        self._field.setClearButtonEnabled(True)
        self._field.setAccessibleName("Filter")
        self._field.setAccessibleDescription(
            "field=value terms, all of which must hold; a comma means any of these. Empty shows "
            "everything."
        )
        self._found = ElidedLabel("", size="small", muted=True, lines=2)
        self._error = ElidedLabel("", size="small", lines=4)
        self._only = KeyButton("Learn only from these", dense=True)
        self._only.setCheckable(True)
        # A long query is cut: it must not widen the column.
        self._only.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._told = self._taken = ""
        self._wait = QTimer(self)
        self._wait.setSingleShot(True)
        self._wait.setInterval(_TYPING_MS)
        self._wait.timeout.connect(self._tell)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(1))
        column.addWidget(self._field)
        good, self._below = QWidget(), QStackedLayout()
        row = QVBoxLayout(good)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(1))
        row.addWidget(self._found)
        row.addWidget(self._only)
        # One in the other's place: nothing moves while somebody types.
        self._below.addWidget(good)
        self._below.addWidget(self._error)
        column.addLayout(self._below)
        self._field.textChanged.connect(lambda _text: self._wait.start())
        self._field.returnPressed.connect(self._tell)
        self._field.returnPressed.connect(self._field.clearFocus)
        self._only.clicked.connect(self._ask_only)
        self._show_only()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What is offered opens below the answer."""
        super().resizeEvent(event)
        self._field.keep_clear(self.height() - self._field.geometry().bottom())

    def setWords(self, fields: Sequence[str], values: Mapping[str, Sequence[str]]) -> None:
        """What completion offers: fields, and values by field."""
        self._field.set_words(fields, values)

    def setFound(self, words: str) -> None:
        """What was found, in words."""
        self._found.setText(words)

    def setError(self, sentence: str) -> None:
        """Why the text is no query, in place of what was found; empty once it is one."""
        self._error.setText(sentence)
        palette = self._error.palette()
        palette.setColor(QPalette.ColorRole.WindowText, theme.current().stroke("fault"))
        self._error.setPalette(palette)
        self._below.setCurrentIndex(1 if sentence else 0)

    def setOnly(self, query: str) -> None:
        """What training is told to take; empty for everything."""
        self._taken = query
        self._show_only()

    def words(self) -> str:
        """The sentence under the field."""
        return self._error.text() or self._found.text()

    def only(self) -> KeyButton:
        """The button that lets training take only what is found."""
        return self._only

    def value(self) -> str:
        """The text."""
        return self._field.text().strip()

    def setValue(self, text: str) -> None:
        """Writes a query; told as if it was typed."""
        if text != self._field.text():
            self._field.setText(text)
            self._tell()

    def focusField(self) -> None:
        """Puts the keyboard into the field."""
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self._field.selectAll()

    def offered(self) -> list[str]:
        """What completion offers at the cursor."""
        return self._field.offered()

    def setKey(self, key: str) -> None:
        """The key that leads here."""
        self._field.setToolTip(f"Filter ({key})" if key else "Filter")

    def _ask_only(self) -> None:
        wanted = not self._taken
        self._show_only()  # what is shown comes from outside
        self.onlyRequested.emit(wanted)

    def _show_only(self) -> None:
        taken = self._taken
        self._only.setChecked(bool(taken))
        self._only.setLook("training" if taken else None)
        self._only.setText(f"Learning only from {taken}" if taken else "Learn only from these")
        self._only.setToolTip(
            f"Retrain takes only {taken}. Press to learn from everything again."
            if taken
            else "Retrain then takes only what the filter finds now."
        )
        self._only.setEnabled(bool(taken or self.value()))

    def _tell(self) -> None:
        self._wait.stop()
        self._show_only()
        if self.value() != self._told:
            self._told = self.value()
            self.valueChanged.emit(self._told)


def main() -> int:
    """A filter that finds nothing and says so."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        line = FilterLine()
        line.setWords(("round", "operator", "category"), {"category": ("grasp", "approach")})
        line.valueChanged.connect(lambda text: line.setFound(f"Nothing is found by {text!r}."))
        line.setFound("34 attempts, 51 corrections, 02:13 of corrections")
        return line

    return show(make, 320, 110)


if __name__ == "__main__":
    raise SystemExit(main())
