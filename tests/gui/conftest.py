"""What the window's tests share."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from dagger_gui import theme
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import Workspace, create
from tests.gui.bench import Bench

PATIENCE_MS = 30_000
"""How long a test waits for what must happen: long enough for a machine that is busy elsewhere."""


class PatientBot(QtBot):
    """pytest-qt's, which gives up after 5 s only where nothing else is said."""

    def waitUntil(self, callback: Callable[[], Any], *, timeout: int = PATIENCE_MS) -> None:  # noqa: N802
        super().waitUntil(callback, timeout=timeout)

    def waitSignal(self, signal: Any, *, timeout: int = PATIENCE_MS, **more: Any) -> Any:  # noqa: N802
        return super().waitSignal(signal, timeout=timeout, **more)

    def waitExposed(self, widget: QWidget, *, timeout: int = PATIENCE_MS) -> Any:  # noqa: N802
        return super().waitExposed(widget, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """What drives widgets, with patience."""
    return PatientBot(request)


@pytest.fixture(autouse=True)
def _nothing_lives_on(qapp: QApplication) -> Iterator[None]:
    """What a test has done with goes before the next: a dead window would follow every theme."""
    yield
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def dressed(qapp: QApplication) -> None:
    """The dark theme, for widgets alone."""
    theme.apply(qapp, "dark")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = create(tmp_path / "w", simulated_station(), pick_place_task())
    made.set_running_round(0)
    yield made
    shutil.rmtree(made.runtime(), ignore_errors=True)


@pytest.fixture
def bench(qtbot: QtBot, workspace: Workspace) -> Iterator[Bench]:
    made = Bench(qtbot, workspace)
    yield made
    made.close()
