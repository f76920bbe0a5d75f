"""A workspace of small recorded attempts, and the Review page on it beside a real recorder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import shiboken6
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dagger_gui import theme
from dagger_gui.pages.review.pictures import Shot
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds
from dagger_gui.window import Window
from drivers import bindings
from sessions.messages import Intervention
from sessions.record import jpeg
from sessions.record.catalogue import Catalogue
from sessions.record.storage import EpisodeWriter
from sessions.stations import pick_place_task, simulated_station
from sessions.types import Controller, Outcome
from sessions.workspace import Workspace, create
from tests.sessions.record.parts import CAMERAS, DTYPE, image, meta, steps

TICKS = 200
HUMAN = ((60, 90), (140, 170))
EVERY = 2  # ticks a frame


def make_space(root: Path, episodes: int = 3) -> Workspace:
    """A workspace whose round 2 runs; attempts have two corrections and small pictures."""
    space = create(root, simulated_station(), pick_place_task())
    space.set_running_round(2)
    for number in range(1, episodes + 1):
        record(space, number)
    return space


def record(space: Workspace, number: int, **changes: Any) -> Path:
    """One attempt; its pictures tell their number by their mean."""
    made = steps(0, TICKS, number)
    made["position"], made["sent_action"] = made["position"] / 50, made["sent_action"] / 50
    for first, stop in HUMAN:
        made["controller"][first:stop] = Controller.HUMAN
    for stage, (_, stop) in enumerate(HUMAN):
        made["stage"][stop:] = stage + 1  # each correction brought the attempt on
    frames = TICKS // EVERY
    made["frame_t"] = made["t"][(np.arange(TICKS) // EVERY) * EVERY][:, None]
    facts = meta(number, **{"stages": space.task.stages, **changes})
    writer = EpisodeWriter(space.episodes, facts, DTYPE, CAMERAS)
    writer.append(made)
    for camera in CAMERAS:
        for frame in range(frames):
            t = float(made["t"][frame * EVERY])
            writer.add_frame(camera, t, jpeg.encode(image(frame)), sequence=frame)
    return writer.finish(Outcome.SUCCESS)


class ReviewBench:
    """The real window on its Review page; ``recorder`` starts the real recorder beside it."""

    def __init__(self, qtbot: QtBot, space: Workspace) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        if not application.styleSheet():
            theme.apply(application, "dark")
        self.qtbot, self.space = qtbot, space
        self.model = SessionModel(space)
        settings = QSettings(str(space.root / "window.ini"), QSettings.Format.IniFormat)
        self.window = Window(self.model, bindings.load(), settings, Sounds(on=False))
        self.page = self.window.review
        self.sentences: list[str] = []
        self.shots: list[Shot] = []
        self.model.refused.connect(lambda why, remedy: self.sentences.append(f"{why} {remedy}"))
        self.page.said.connect(lambda words, _role: self.sentences.append(words))
        self.page.pictures.shown.connect(self.shots.append)
        self.window.setWindowState(Qt.WindowState.WindowNoState)
        self.window.show()
        self.window.resize(1280, 800)
        self.window.activateWindow()
        qtbot.waitExposed(self.window)
        self.window.show_page("Review")
        self._child: subprocess.Popen[bytes] | None = None

    def recorder(self) -> None:
        """Starts the recorder process; returns when the window has heard it."""
        self._child = subprocess.Popen(
            [sys.executable, "-m", "sessions.record.recorder", str(self.space.root)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self.until(lambda: self.model.there("recorder") and self.model.recorder is not None)

    def until(self, condition: Callable[[], Any]) -> None:
        def met() -> bool:
            self.model.poll()
            return bool(condition())

        self.qtbot.waitUntil(met, timeout=20_000)

    def open(self, number: int, identity: int | None = None) -> None:
        """Opens an attempt; returns when it is on screen."""
        self.until(lambda: self.page.found() is not None)
        self.page.open(number, identity)
        self.until(lambda: self.page.mending.number() == number)
        self.until(lambda: self.page.mending.interventions())

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
        target = QApplication.focusWidget() or self.window
        QTest.keyClick(target, key, modifiers or Qt.KeyboardModifier.NoModifier)

    def selected(self) -> tuple[int, int]:
        """First row and one past the last of the selected correction, as shown."""
        chosen = self.page.mending.selection()
        assert chosen is not None
        return chosen.first, chosen.stop

    def kept(self) -> list[Intervention]:
        """The interventions as anybody reads them from the disk."""
        return Catalogue(self.space).interventions()

    def kept_of(self, number: int) -> list[tuple[int, int]]:
        return [(i.first, i.stop) for i in self.kept() if i.episode == number]

    def close(self) -> None:
        if self._child is not None:
            self._child.terminate()
            self._child.wait(20)
        self.window.desk.close()
        self.window.finish_closing()
        self.model.close()
        # Now, not at some later event loop: a dead window must not see the next test's events.
        shiboken6.delete(self.window)
        shutil.rmtree(self.space.runtime(), ignore_errors=True)
