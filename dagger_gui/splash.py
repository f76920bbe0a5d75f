"""What is seen before the window: names of task and station, and how far the reading is."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPixmap
from PySide6.QtWidgets import QApplication, QSplashScreen

from dagger_gui import theme
from sessions.record import index
from sessions.record.catalogue import Catalogue
from sessions.types import SessionError
from sessions.workspace import Workspace

_MANY = 100  # episodes that are read in less than a second need no words
_SAY_S = 0.1


def shown(application: QApplication, workspace: Workspace) -> QSplashScreen:
    """Something to see within the first second, while the pages are built."""
    look = theme.current()
    display = QGuiApplication.primaryScreen()
    ratio = display.devicePixelRatio() if display is not None else 1.0
    picture = QPixmap(int(theme.grid(120) * ratio), int(theme.grid(40) * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(QColor(look.surface))
    splash = QSplashScreen(picture)
    splash.setFont(theme.font("large", bold=True))
    splash.show()
    say(splash, workspace, "", application)
    return splash


def say(screen: QSplashScreen, workspace: Workspace, text: str, application: QApplication) -> None:
    """Puts what is being done under the names of task and station."""
    lines = (workspace.task.name, workspace.station.name, text)
    middle, ink = Qt.AlignmentFlag.AlignCenter, QColor(theme.current().text)
    screen.showMessage("\n".join(filter(None, lines)), middle, ink)
    application.processEvents()


def read_recordings(workspace: Workspace, say: Callable[[str], None]) -> None:
    """Reads a large workspace that nobody has read yet, so that its processes need not.

    The recorder answers nothing while it reads, and would do so in silence.

    Args:
        workspace: what is opened.
        say: told how far it is, in words, a few times a second.
    """
    episodes = workspace.episodes
    if (episodes / index.FILE).exists():
        return
    said = float("-inf")

    def progress(done: int, of: int) -> None:
        nonlocal said
        if of >= _MANY and time.monotonic() - said >= _SAY_S:
            said = time.monotonic()
            say(f"Reading {done:,} of {of:,} episodes")

    with contextlib.suppress(SessionError, OSError):  # the recorder says what is wrong
        Catalogue(workspace, progress=progress)
