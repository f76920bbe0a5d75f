"""The real window, with processes at the other end of its wires that a test speaks for."""

from __future__ import annotations

from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dagger_gui import theme
from dagger_gui.pieces import Words
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds
from dagger_gui.window import Window
from drivers import bindings
from sessions.messages import EpisodeSummary as Episode
from sessions.messages import (
    Message,
)
from sessions.workspace import Workspace
from tests.fakes.session_processes import FakeSession

Key = Qt.Key
NONE = Qt.KeyboardModifier.NoModifier


class Bench:
    """The real window, and the processes at the other end of its wires."""

    def __init__(self, qtbot: QtBot, workspace: Workspace) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if not application.styleSheet():
            theme.apply(application, "dark")
        self.qtbot = qtbot
        self.session = FakeSession(workspace.runtime())
        self.model = SessionModel(workspace)
        settings = QSettings(str(workspace.root / "window.ini"), QSettings.Format.IniFormat)
        self.window = Window(self.model, bindings.load(), settings, Sounds(on=False))
        self.window.resize(1280, 800)
        self.window.show()
        self.window.activateWindow()
        qtbot.waitExposed(self.window)
        self.until(lambda: all(map(self.model.there, ("control", "recorder", "supervisor"))))

    def until(self, condition: Callable[[], object]) -> None:
        def met() -> bool:
            self.session.pump()
            self.model.poll()
            return bool(condition())

        self.qtbot.waitUntil(met)

    def state(self, **changes: object) -> None:
        """Control publishes this; returns when the window has it."""
        self.session.set_control(**changes)
        wanted = self.session.control.sequence
        self.until(lambda: self.model.control and self.model.control.sequence == wanted)

    def driving(self, gate: str = "policy") -> None:
        self.state(gate=gate, controller=gate, armed=True, attempt=14, reason="none")

    def records(self, **changes: object) -> None:
        self.session.set_recorder(**changes)
        wanted = self.session.recorder.sequence
        self.until(lambda: self.model.recorder and self.model.recorder.sequence == wanted)

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def asked(self, kind: type[Message]) -> Message:
        """The newest command of a kind, waited for."""
        self.until(lambda: self.session.asked(kind))
        command: Message = self.session.asked(kind)[-1]
        return command

    def close(self) -> None:
        self.window.desk.close()
        self.window.finish_closing()
        self.model.close()
        self.session.close()
        # Now, not at some later event loop: a dead window must not see the next test's events.
        shiboken6.delete(self.window)


def painted_in(window: Window) -> set[str]:
    """The colours that the window's plain words are written in."""
    plain = [words for words in window.findChildren(Words) if not words._role]
    assert plain
    return {words.palette().color(words.foregroundRole()).name() for words in plain}


def episode(number: int, interventions: int) -> Episode:
    return Episode(
        number,
        round=0,
        demo=False,
        outcome="success",
        duration_s=9.0,
        ticks=450,
        human_s=2.0,
        interventions=interventions,
    )
