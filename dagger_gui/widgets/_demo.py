"""Runs one widget alone: ``python -m dagger_gui.widgets.<name> [--light]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from dagger_gui import theme


def show(
    make: Callable[[], QWidget],
    width: int,
    height: int,
    tick: Callable[[QWidget, float], None] | None = None,
) -> int:
    """Shows what ``make`` builds until its window is closed; returns the exit status.

    Args:
        make: builds the widget, once the application exists.
        width: size of the window [px].
        height: size of the window [px].
        tick: called 30 times a second with the widget and the seconds since the start.
    """
    parser = argparse.ArgumentParser(description="Runs one widget alone on made-up data.")
    parser.add_argument("--light", action="store_true", help="the light theme")
    parser.add_argument("--seconds", type=float, default=0.0, help="close after this many seconds")
    options = parser.parse_args()
    app = QApplication(sys.argv[:1])
    theme.apply(app, "light" if options.light else "dark")
    window = QWidget()
    widget = make()
    window.setWindowTitle(type(widget).__name__)
    QVBoxLayout(window).addWidget(widget)
    window.resize(width, height)
    elapsed = [0.0]

    def beat() -> None:
        elapsed[0] += 1 / 30
        if tick is not None:
            tick(widget, elapsed[0])

    timer = QTimer(window)
    timer.timeout.connect(beat)
    timer.start(33)
    if options.seconds > 0:
        QTimer.singleShot(round(options.seconds * 1000), app.quit)
    window.show()
    return app.exec()
