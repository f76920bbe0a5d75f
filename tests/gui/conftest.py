"""What the window's tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from dagger_gui import theme
from sessions.stations import pick_place_task, simulated_station
from sessions.workspace import Workspace, create
from tests.gui.bench import Bench


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
