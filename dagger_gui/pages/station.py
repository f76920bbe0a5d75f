"""The Station page: what runs, how it is measured to be, and what is in force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import theme
from dagger_gui.key_groups import first_key
from dagger_gui.pages.station_cards import AppearanceCard, FilesCard, LimitsCard
from dagger_gui.pages.station_inputs import PEDAL, OperatorCard, scrolled
from dagger_gui.pieces import Card
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds
from dagger_gui.widgets.camera_table import CameraRow, CameraTable
from dagger_gui.widgets.process_table import ProcessTable, Row, device_rows, process_rows
from drivers.bindings import load
from sessions.messages import (
    CamerasState,
    ControlState,
    Reconnect,
    Release,
    RestartProcess,
    SelectOperator,
    SupervisorState,
)


class StationPage(QWidget):
    """Views of the station to turn to: its devices, and its limits and files.

    Args:
        model: the session.
        bindings: file in which keys and buttons can be changed.
        sounds: can be turned on and off here.
        parent: Qt owner.
    """

    theme_requested = Signal(str)
    key_sheet_requested = Signal()

    def __init__(
        self,
        model: SessionModel,
        bindings: Path,
        sounds: Sounds,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.devices = DevicesView(model, first_key(load(bindings), "correct"))
        self.appearance = AppearanceCard(sounds)
        self.appearance.theme_requested.connect(self.theme_requested)
        self.appearance.key_sheet_requested.connect(self.key_sheet_requested)
        self._stack = QStackedWidget()
        self._tabs = QButtonGroup(self)
        self._bar = QHBoxLayout()
        self._bar.setSpacing(theme.grid(1))
        self._bar.addStretch()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(2))
        column.addLayout(self._bar)
        column.addWidget(self._stack, 1)
        self.add_view("Devices", self.devices)
        self.add_view("Limits and files", self._settings(model, bindings))
        self._tabs.idClicked.connect(self._stack.setCurrentIndex)

    def add_view(self, title: str, view: QWidget) -> None:
        """Adds a view with a button to turn to it; the first one is shown."""
        index = self._stack.addWidget(view)
        button = QPushButton(title)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setChecked(index == 0)
        self._tabs.addButton(button, index)
        self._bar.insertWidget(index, button)

    def show_view(self, view: QWidget) -> None:
        """Turns to a view that was added."""
        index = self._stack.indexOf(view)
        self._stack.setCurrentIndex(index)
        self._tabs.button(index).setChecked(True)

    def act(self, action: str) -> bool:
        """Lets the view on screen take a key's action, such as ``next``; whether it did."""
        act: Callable[[str], bool] | None = getattr(self._stack.currentWidget(), "act", None)
        return act is not None and act(action)

    def show_theme(self, name: str) -> None:
        """Marks the light in use."""
        self.appearance.show_theme(name)

    def _settings(self, model: SessionModel, bindings: Path) -> QWidget:
        view = QWidget()
        left, right = QVBoxLayout(), QVBoxLayout()
        left.addWidget(LimitsCard(model.workspace.station))
        right.addWidget(self.appearance)
        right.addWidget(FilesCard(model.workspace, bindings))
        row = QHBoxLayout(view)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(2))
        for column in (left, right):
            column.setSpacing(theme.grid(2))
            column.addStretch()
            row.addLayout(column, 1)
        return view


class DevicesView(QWidget):
    """Processes and devices with verdict and remedy, who corrects with what, and the cameras.

    Args:
        model: the session.
        key: what is held to correct, as printed on it.
    """

    def __init__(self, model: SessionModel, key: str) -> None:
        super().__init__()
        self._model = model
        self.table = ProcessTable()
        self.operator = OperatorCard(model.workspace.station, key)
        self.cameras = CameraTable()
        self._rows: dict[str, tuple[Row, ...]] = {"processes": (), "devices": ()}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(theme.grid(2))
        table, cameras = Card(), Card("Cameras, measured")
        table.body.addWidget(self.table)
        cameras.body.addWidget(self.cameras)
        grid.addWidget(table, 0, 0)
        grid.addWidget(scrolled(self.operator), 0, 1)
        grid.addWidget(cameras, 1, 0, 1, 2)
        grid.setRowStretch(0, 1)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        self.table.restartRequested.connect(self._restart)
        self.table.reconnectRequested.connect(self._reconnect)
        self.table.releaseRequested.connect(self._release)
        self.operator.selected.connect(self._select_operator)
        model.read_only_changed.connect(self._lock)
        model.supervisor_changed.connect(self._show_processes)
        model.control_changed.connect(self._show_control)
        model.cameras_changed.connect(self._show_cameras)

    def _lock(self, why: str) -> None:
        """Greys what a window that only looks cannot do."""
        self.table.setReadOnly(why)
        self.operator.setEnabled(not why)
        self.operator.setToolTip(why)

    def _show_control(self, state: ControlState) -> None:
        spare = self._spare(state)
        self._rows["devices"] = tuple(
            _resting(row) if row.name in spare else row for row in device_rows(state)
        )
        self._show_rows()
        self.operator.show_state(state)

    def _spare(self, state: ControlState) -> set[str]:
        """Operators' devices that nobody corrects with now: absent, they are no trouble."""
        pedals = {device.name for device in state.devices if device.kind == PEDAL}
        return set(self._model.workspace.station.operators) - pedals - {state.operator}

    def _show_processes(self, state: SupervisorState) -> None:
        self._rows["processes"] = process_rows(state)
        self._show_rows()

    def _show_rows(self) -> None:
        self.table.setRows(self._rows["processes"] + self._rows["devices"])

    def _show_cameras(self, state: CamerasState) -> None:
        self.cameras.setRows(
            [
                CameraRow(
                    name=camera.name,
                    requested=camera.requested,
                    given=camera.given,
                    fps=camera.fps,
                    latency_s=camera.latency_s,
                    dropped=camera.dropped,
                    late=camera.late,
                    problem=camera.problem,
                    notice=camera.notice,
                )
                for camera in state.cameras
            ]
        )

    def _select_operator(self, name: str) -> None:
        self._model.send("control", SelectOperator(name))

    def _restart(self, name: str) -> None:
        self._model.send("supervisor", RestartProcess(name))

    def _reconnect(self, name: str) -> None:
        self._model.send("control", Reconnect(name))

    def _release(self, name: str) -> None:
        self._model.send("control", Release(name))


def _resting(row: Row) -> Row:
    if row.words != "lost":  # one that is there and warns is told
        return row
    return replace(row, verdict="off", words="absent", act="")
