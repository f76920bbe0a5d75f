"""Keys of the window: presses and releases by action name, wherever the focus is.

One filter on the application sees every key before any widget does, because Space has to stop
motion from anywhere and because holds need releases, which Qt's shortcuts do not give. A held key
that repeats is one press; a window that loses the focus has released everything.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from drivers.bindings import key_name

_TEXT = (QLineEdit, QTextEdit, QPlainTextEdit)
_VALUE = (QAbstractSpinBox, QComboBox)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_BARE: Final = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
_MODIFIER_KEYS: Final = {
    Qt.Key.Key_Shift: "Shift",
    Qt.Key.Key_Control: "Ctrl",
    Qt.Key.Key_Alt: "Alt",
}
_PAGE_KEYS: Final = frozenset(f"F{n}" for n in range(1, 13))
STOP: Final = "stop"
_SETTLE_MS: Final = 30


class KeyRouter(QObject):
    """Turns key events of the whole application into actions.

    Args:
        actions: keys of each action (``stop``, ``next``, ``correct`` ...), as
            ``drivers.bindings`` names them: ``Space``, ``G``, ``Ctrl+R``, ``F1``, ``?``.
        motion: keys of each motion action, of which any number is held at once.
        window: keys count while this window or one of its children is active.
    """

    pressed = Signal(str, float)
    released = Signal(str, float)
    motion_changed = Signal(tuple)
    escaped = Signal()

    def __init__(
        self,
        actions: Mapping[str, Sequence[str]],
        motion: Mapping[str, Sequence[str]],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._actions = {key: name for name, keys in actions.items() for key in keys}
        self._motion = {key: name for name, keys in motion.items() for key in keys}
        self._window = window
        self._down: dict[int, str] = {}
        self._moving: dict[int, str] = {}
        # On X11 a held key that repeats is a release and a press, which a busy machine does not
        # always tell from real ones: a release counts once no press has followed it.
        self.settle_ms = _SETTLE_MS if QGuiApplication.platformName() == "xcb" else 0
        self._settling: dict[int, QTimer] = {}
        self._ended_typing = False  # Enter went down in a field, which may have let the focus go
        self._typing_over = QTimer(self)
        self._typing_over.setSingleShot(True)
        self._typing_over.timeout.connect(self._end_typing)
        self._tabbing = False
        self._chosen: QObject | None = None  # the button that Tab was pressed to reach
        self.space_types = False  # typing may use Space: nothing can move
        self.driving = False  # motion keys are the arm's, not the focused widget's
        application = QApplication.instance()
        if application is not None:
            application.installEventFilter(self)

    def held(self) -> tuple[str, ...]:
        """The motion actions held now, in the order they went down."""
        return tuple(dict.fromkeys(self._moving.values()))

    def release_all(self) -> None:
        """Everything held is let go: the window lost the focus."""
        now = time.monotonic()
        self._ended_typing = False
        for timer in self._settling.values():
            timer.stop()
        self._settling.clear()
        down, self._down = self._down, {}
        for name in filter(None, down.values()):
            self.released.emit(name, now)
        if self._moving:
            self._moving.clear()
            self.motion_changed.emit(())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Sees every event of the application; True swallows it."""
        kind = event.type()
        if kind == QEvent.Type.ApplicationDeactivate or (
            kind == QEvent.Type.WindowDeactivate and watched is self._window
        ):
            self.release_all()
            return False
        if kind == QEvent.Type.FocusIn:
            self._focused(watched)
            return False
        if not isinstance(event, QKeyEvent) or not isinstance(watched, QWidget):
            return False
        top = watched.window()
        if top is not self._window and not self._window.isAncestorOf(top):
            return False
        if kind == QEvent.Type.KeyPress:
            return self._press(event)
        if kind == QEvent.Type.KeyRelease:
            return self._release(event)
        return False

    def _press(self, event: QKeyEvent) -> bool:
        place = _place(event)
        if place in self._settling:
            self._settling.pop(place).stop()
            return True
        if event.key() in _ENTER:
            self._typing_over.stop()
            self._ended_typing |= self._typing()
            if self._ended_typing:
                return False
        if event.isAutoRepeat():
            return place in self._down or place in self._moving
        if event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._tabbing = True
            return False
        focus = QApplication.focusWidget()
        if event.key() in _ENTER and isinstance(focus, QAbstractButton) and focus is self._chosen:
            self._down[place] = ""
            focus.click()
            return True
        if event.key() == Qt.Key.Key_Escape:
            self._down[place] = ""
            self.escaped.emit()
            return True
        name = self._action(event)
        if name is not None:
            if place not in self._down:
                self._down[place] = name
                self.pressed.emit(name, time.monotonic())
            return True
        motion = None if self._typing() else self._motion_action(event)
        if motion is None:
            return False
        self._moving[place] = motion
        self.motion_changed.emit(self.held())
        return self.driving

    def _focused(self, widget: QObject) -> None:
        """Tells a focus that Tab was pressed for from one that Qt moved on by itself.

        Qt does so when the focused button is disabled or hidden: Enter must not press whatever
        comes next in the chain.
        """
        if not isinstance(widget, QWidget):
            return
        if self._tabbing:
            self._tabbing, self._chosen = False, widget
        elif widget is not self._chosen:
            self._chosen = None
            if isinstance(widget, QAbstractButton) and self._window.isAncestorOf(widget):
                QTimer.singleShot(0, self, lambda: self._window.setFocus())

    def _release(self, event: QKeyEvent) -> bool:
        place = _place(event)
        if event.isAutoRepeat():
            return place in self._down or place in self._moving
        if event.key() in _ENTER and self._ended_typing:
            self._typing_over.start(self.settle_ms)
            return False
        if place not in self._down and place not in self._moving:
            return False
        swallowed = place in self._down or self.driving
        now = time.monotonic()
        if not self.settle_ms:
            self._let_go(place, now)
        elif place not in self._settling:
            timer = QTimer(self)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self._settled(place, now))
            timer.start(self.settle_ms)
            self._settling[place] = timer
        return swallowed

    def _end_typing(self) -> None:
        self._ended_typing = False

    def _settled(self, place: int, released_t: float) -> None:
        self._settling.pop(place).deleteLater()
        self._let_go(place, released_t)

    def _let_go(self, place: int, released_t: float) -> None:
        name = self._down.pop(place, None)
        if name:
            self.released.emit(name, released_t)
        if self._moving.pop(place, None) is not None:
            self.motion_changed.emit(self.held())

    def _action(self, event: QKeyEvent) -> str | None:
        for key in _names(event):
            name = self._actions.get(key)
            if name is not None and self._allowed(name, key, event):
                return name
        return None

    def _allowed(self, name: str, key: str, event: QKeyEvent) -> bool:
        """Whether an action may have this key although a field or button has the focus."""
        focus = QApplication.focusWidget()
        if name == STOP:
            return not (self.space_types and isinstance(focus, _TEXT))
        if key in _PAGE_KEYS:
            return True
        if isinstance(focus, _TEXT):
            chord = event.modifiers() & ~_BARE
            return bool(chord) and not _edits(event)
        if isinstance(focus, _VALUE):
            return (len(key) == 1 and key.isalpha()) or bool(event.modifiers() & ~_BARE)
        return True

    def _motion_action(self, event: QKeyEvent) -> str | None:
        if event.modifiers() & ~_BARE:
            return None
        for key in _names(event):
            if key in self._motion:
                return self._motion[key]
        return None

    def _typing(self) -> bool:
        return isinstance(QApplication.focusWidget(), (*_TEXT, *_VALUE))


def _spelled(text: str) -> str | None:
    """The bindings' one spelling of a key; None for keys that cannot be bound."""
    try:
        return key_name(text)
    except ValueError:
        return None


def _names(event: QKeyEvent) -> list[str]:
    """What this key may be bound as, the most exact first."""
    key = Qt.Key(event.key())
    if key in _MODIFIER_KEYS:
        return [_MODIFIER_KEYS[key]]
    if key in _ENTER:
        return ["Enter"]
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    portable = QKeySequence.SequenceFormat.PortableText
    found = [QKeySequence(QKeyCombination(modifiers, key)).toString(portable), event.text()]
    if modifiers == Qt.KeyboardModifier.ShiftModifier:
        found.append(QKeySequence(key).toString(portable))
    spelled = (_spelled(text) for text in found if text.strip())
    return [name for name in spelled if name is not None]


def _place(event: QKeyEvent) -> int:
    """Which key of the keyboard it is; its character changes with Shift while it is held."""
    return event.nativeScanCode() or event.key()


def _edits(event: QKeyEvent) -> bool:
    """Whether a text field needs this chord (copy, paste, undo, select all ...)."""
    standard = (
        QKeySequence.StandardKey.Copy,
        QKeySequence.StandardKey.Paste,
        QKeySequence.StandardKey.Cut,
        QKeySequence.StandardKey.Undo,
        QKeySequence.StandardKey.Redo,
        QKeySequence.StandardKey.SelectAll,
    )
    return any(event.matches(key) for key in standard)
