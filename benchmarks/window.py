"""How many frames a second the window shows with everything live, and what that costs.

``python benchmarks/window.py --seconds 20`` opens the real window at 1280x800 (on Xvfb where there
is no display) on a running simulated session, lets attempts run, and counts what the cameras and
plots really paint. The baseline is the same process with an empty widget of the same size that is
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
from pathlib import Path

from _display import display_prefix

LIMIT_FPS = 30.0
SIZE = (1280, 800)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    prefix = display_prefix()
    if prefix:
        os.execvp(prefix[0], [*prefix, sys.executable, *sys.argv])
    from dagger_gui import app

    app.prepare_environment()
    with tempfile.TemporaryDirectory() as root:
        found = measured(Path(root) / "workspace", options.seconds)
    for name, value in found.items():
        print(
            f"{name:<28}{value:10.2f}" if isinstance(value, float) else f"{name:<28}{value!s:>10}"
        )
    print(json.dumps(found))


def measured(folder: Path, seconds: float) -> dict[str, float | bool]:
    """Prepares a workspace, opens the window on it, and counts."""
    from loop import prepared
    from PySide6.QtCore import QEvent, QObject, QSettings, QTimer
    from PySide6.QtWidgets import QApplication, QWidget

    from dagger_gui import app, theme
    from dagger_gui.widgets.camera_view import CameraView
    from dagger_gui.widgets.joint_plots import JointPlots
    from sessions.messages import Arm, EndAttempt, StartAttempt

    class Paints(QObject):
        """Counts paint events of some widgets."""

        def __init__(self) -> None:
            super().__init__()
            self.counts: dict[QObject, int] = {}

        def watch(self, widget: QWidget) -> None:
            self.counts[widget] = 0
            widget.installEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint:
                self.counts[watched] += 1
            return False

    application = QApplication(sys.argv[:1])
    theme.apply(application, "dark")

    def spend(duration: float, until: object = None) -> None:
        end = time.monotonic() + duration
        while time.monotonic() < end and not (callable(until) and until()):
            application.processEvents()
            time.sleep(0.001)

    def counted(widgets: list[QWidget]) -> tuple[list[float], float]:
        """Paints a second of each, and the share of a core that this process used."""
        paints = Paints()
        for widget in widgets:
            paints.watch(widget)
        cpu, started = time.process_time(), time.monotonic()
        spend(seconds)
        took = time.monotonic() - started
        return (
            [paints.counts[w] / took for w in widgets],
            (time.process_time() - cpu) / took,
        )

    bare = QWidget()
    bare.resize(*SIZE)
    bare.show()
    timer = QTimer()
    timer.timeout.connect(bare.update)
    timer.start(33)
    bare_rates, bare_cpu = counted([bare])
    timer.stop()
    bare.close()

    space = prepared(folder)
    session = app.Session(space, QSettings(str(folder / "w.ini"), QSettings.Format.IniFormat))
    session.finished.connect(application.quit)
    session.window.resize(*SIZE)
    session.start()
    model = session.model
    spend(60.0, until=lambda: model.control is not None and model.control.policy)
    model.send("control", Arm())
    spend(1.0)
    model.send("control", StartAttempt())
    spend(12.0)  # a whole time axis full of data
    cameras = session.window.findChildren(CameraView)
    plots = [p.viewport() for p in session.window.findChildren(JointPlots)]
    rates, cpu = counted([*cameras, *plots])
    model.send("control", EndAttempt("failure"))
    spend(1.0)
    session.window.close()
    application.exec()
    session.close()
    shown = min(rates)
    return {
        "cameras_fps": min(rates[: len(cameras)]),
        "plots_fps": min(rates[len(cameras) :]),
        "window_core_share": cpu,
        "bare_fps": statistics.median(bare_rates),
        "bare_core_share": bare_cpu,
        "ratio_to_bare": shown / statistics.median(bare_rates),
        "reached": shown >= LIMIT_FPS * 0.98,
    }


if __name__ == "__main__":
    main()
