"""How many frames a second the window shows with everything live, and what that costs.

``python benchmarks/window.py --seconds 20`` opens the real window at 1280x800 (on Xvfb where there
is no display) on a running simulated session, lets attempts run, and counts what the cameras and
plots really paint. The limit is 30 a second; ``reached`` allows 2 % less, 29.4, because the
window's timer and the cameras' run on clocks of their own: the rate, the limit and the tolerance
are all printed. The baseline is the same process with an empty widget of the same size that is
painted on a timer of the same rate. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _display import display_prefix
from loop import prepared
from PySide6.QtCore import QEvent, QObject, QSettings, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from dagger_gui import app, theme
from dagger_gui.widgets.camera_view import CameraView
from dagger_gui.widgets.joint_plots import JointPlots
from sessions.messages import Arm, EndAttempt, StartAttempt

LIMIT_FPS = 30.0
TOLERANCE = 0.02
SIZE = (1280, 800)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    prefix = display_prefix()
    if prefix:
        os.execvp(prefix[0], [*prefix, sys.executable, *sys.argv])
    app.prepare_environment()
    with tempfile.TemporaryDirectory() as root:
        found = measured(Path(root) / "workspace", options.seconds)
    for name, value in found.items():
        print(
            f"{name:<28}{value:10.2f}" if isinstance(value, float) else f"{name:<28}{value!s:>10}"
        )
    print(json.dumps(found))


class Paints(QObject):
    """Counts paint events of some widgets.

    Args:
        widgets: whose.
    """

    def __init__(self, widgets: list[QWidget]) -> None:
        super().__init__()
        self._counts: dict[QObject, int] = dict.fromkeys(widgets, 0)
        for widget in widgets:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Counts, and lets everything through."""
        if event.type() == QEvent.Type.Paint:
            self._counts[watched] += 1
        return False

    def counted(self, application: QApplication, seconds: float) -> tuple[list[float], float]:
        """Paints a second of each, and the share of a core that this process used."""
        self._counts = dict.fromkeys(self._counts, 0)
        cpu, started = time.process_time(), time.monotonic()
        spend(application, seconds)
        took = time.monotonic() - started
        return [n / took for n in self._counts.values()], (time.process_time() - cpu) / took


def spend(
    application: QApplication, duration: float, until: Callable[[], object] = lambda: False
) -> None:
    """Lets the window work for ``duration`` [s], or until something is so."""
    end = time.monotonic() + duration
    while time.monotonic() < end and not until():
        application.processEvents()
        time.sleep(0.001)


def bare(application: QApplication, seconds: float) -> tuple[float, float]:
    """Paints a second of an empty widget at the same rate, and its share of a core."""
    widget, timer = QWidget(), QTimer()
    widget.resize(*SIZE)
    widget.show()
    timer.timeout.connect(widget.update)
    timer.start(33)
    rates, cpu = Paints([widget]).counted(application, seconds)
    timer.stop()
    widget.close()
    return statistics.median(rates), cpu


def live(
    application: QApplication, folder: Path, seconds: float
) -> tuple[list[float], list[float], float]:
    """Paints a second of each camera and each plot in a running attempt, and the core's share."""
    space = prepared(folder)
    session = app.Session(space, QSettings(str(folder / "w.ini"), QSettings.Format.IniFormat))
    session.finished.connect(application.quit)
    session.window.resize(*SIZE)
    session.start()
    model = session.model
    spend(application, 60.0, until=lambda: model.control is not None and model.control.policy)
    model.send("control", Arm())
    spend(application, 1.0)
    model.send("control", StartAttempt())
    spend(application, 12.0)  # a whole time axis full of data
    cameras = session.window.run.findChildren(CameraView)
    plots = [p.viewport() for p in session.window.findChildren(JointPlots)]
    rates, cpu = Paints([*cameras, *plots]).counted(application, seconds)
    model.send("control", EndAttempt("failure"))
    spend(application, 1.0)
    session.window.close()
    application.exec()
    session.close()
    return rates[: len(cameras)], rates[len(cameras) :], cpu


def measured(folder: Path, seconds: float) -> dict[str, float | bool]:
    """Prepares a workspace, opens the window on it, and counts."""
    application = QApplication(sys.argv[:1])
    theme.apply(application, "dark")
    bare_fps, bare_cpu = bare(application, seconds)
    cameras, plots, cpu = live(application, folder, seconds)
    shown = min(*cameras, *plots)
    return {
        "cameras_fps": min(cameras),
        "plots_fps": min(plots),
        "window_core_share": cpu,
        "bare_fps": bare_fps,
        "bare_core_share": bare_cpu,
        "ratio_to_bare": shown / bare_fps,
        "limit_fps": LIMIT_FPS,
        "tolerance": TOLERANCE,
        "reached": shown >= LIMIT_FPS * (1.0 - TOLERANCE),
    }


if __name__ == "__main__":
    main()
