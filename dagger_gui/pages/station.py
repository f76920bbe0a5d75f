"""The Station page: what runs, how it is measured to be, and what is in force."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import supervisor_process, theme
from dagger_gui.pieces import Card, FactTable, Words, selectable
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds
from dagger_gui.widgets.process_table import ProcessTable, device_rows, process_rows
from sessions.config import Station
from sessions.messages import CamerasState, ControlState, RestartProcess, SelectOperator


class StationPage(QWidget):
    """Processes and devices with verdict, remedy and restart; cameras; operator; limits; paths.

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
        self._model, self._sounds = model, sounds
        self._processes, self._devices = ProcessTable(), ProcessTable()
        self._cameras = FactTable(
            ("camera", "rate", "age", "latency", "dropped", ""), figures=(1, 2, 3, 4), stretch=5
        )
        self._operators = QVBoxLayout()
        self._operator_buttons = QButtonGroup(self)
        self._lights = QButtonGroup(self)
        self._lay_out(bindings)
        self._processes.restartRequested.connect(self._restart)
        self._devices.restartRequested.connect(self._restart)
        self._operator_buttons.idClicked.connect(self._select_operator)
        model.supervisor_changed.connect(lambda state: self._processes.setRows(process_rows(state)))
        model.control_changed.connect(self._show_control)
        model.cameras_changed.connect(self._show_cameras)

    def show_theme(self, name: str) -> None:
        """Marks the light in use."""
        for button in self._lights.buttons():
            button.setChecked(button.property("light") == name)

    def _lay_out(self, bindings: Path) -> None:
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(theme.grid(2))
        processes = Card("Processes")
        processes.body.addWidget(self._processes)
        devices = Card("Devices")
        devices.body.addWidget(self._devices)
        cameras = Card("Cameras, measured")
        cameras.body.addWidget(self._cameras)
        for card in (processes, devices, cameras):
            left.addWidget(card)
        left.addStretch()
        right.addWidget(self._operator_card())
        right.addWidget(_limits_card(self._model.workspace.station))
        right.addWidget(self._appearance_card())
        right.addWidget(self._files_card(bindings))
        right.addStretch()
        inside = QWidget()
        row = QHBoxLayout(inside)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(2))
        row.addLayout(left, 3)
        row.addLayout(right, 2)
        scroll = QScrollArea()
        scroll.setWidget(inside)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        outside = QVBoxLayout(self)
        outside.setContentsMargins(0, 0, 0, 0)
        outside.addWidget(scroll)

    def _operator_card(self) -> Card:
        card = Card("Who corrects")
        card.body.addLayout(self._operators)
        for i, name in enumerate(self._model.workspace.station.operators):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self._operator_buttons.addButton(button, i)
            self._operators.addWidget(button)
        self._operators.setSpacing(theme.grid(1))
        return card

    def _appearance_card(self) -> Card:
        card = Card("Appearance and keys")
        row = QHBoxLayout()
        for name in ("dark", "light"):
            button = QPushButton(name.capitalize())
            button.setCheckable(True)
            button.setProperty("light", name)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.clicked.connect(lambda _=False, n=name: self.theme_requested.emit(n))
            self._lights.addButton(button)
            row.addWidget(button)
        row.addStretch()
        self.tones = QPushButton("Sounds")
        self.tones.setCheckable(True)
        self.tones.setChecked(self._sounds.on)
        self.tones.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.tones.setToolTip("Short tones at takeover, hand-back, doubt over tau and a stop.")
        self.tones.toggled.connect(self._set_sounds)
        row.addWidget(self.tones)
        sheet = QPushButton("All keys  (?)")
        sheet.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        sheet.clicked.connect(self.key_sheet_requested)
        row.addWidget(sheet)
        card.body.addLayout(row)
        return card

    def _files_card(self, bindings: Path) -> Card:
        card = Card("Files")
        workspace = self._model.workspace
        paths = {
            "Workspace": workspace.root,
            "Station and limits": workspace.root / "station.toml",
            "Keys and buttons": bindings,
            "Log": supervisor_process.log_path(workspace),
        }
        for name, path in paths.items():
            row = QHBoxLayout()
            row.addWidget(Words(name), 1)
            for label, act in (("Open", _open), ("Copy path", _copy)):
                button = QPushButton(label)
                button.setAccessibleName(f"{label}: {name}")
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.clicked.connect(lambda _=False, a=act, p=path: a(p))
                row.addWidget(button)
            card.body.addLayout(row)
            where = selectable(_broken(path))
            where.setWordWrap(True)
            card.body.addWidget(where)
        return card

    def _show_control(self, state: ControlState) -> None:
        self._devices.setRows(device_rows(state))
        for i, name in enumerate(self._model.workspace.station.operators):
            button = self._operator_buttons.button(i)
            button.setChecked(name == state.operator)
            button.setEnabled(name in state.operators)

    def _show_cameras(self, state: CamerasState) -> None:
        rows = [
            (
                camera.name,
                f"{camera.fps:.1f} fps",
                f"{camera.age_s * 1000:.0f} ms",
                f"{camera.latency_s * 1000:.0f} ms",
                str(camera.dropped),
                camera.problem,
            )
            for camera in state.cameras
        ]
        self._cameras.setRows(rows, tuple("fault" if c.problem else "" for c in state.cameras))

    def _set_sounds(self, on: bool) -> None:
        self._sounds.on = on
        if on:
            self._sounds.play("takeover")

    def _select_operator(self, index: int) -> None:
        name = list(self._model.workspace.station.operators)[index]
        self._model.send("control", SelectOperator(name))

    def _restart(self, name: str) -> None:
        self._model.send("supervisor", RestartProcess(name))


def _limits_card(station: Station) -> Card:
    card = Card("Limits in force")
    table = FactTable(("", ""), figures=(1,))
    limits, holds = station.limits, station.holds
    low_pass = f"{limits.low_pass_hz:g} Hz" if limits.low_pass_hz else "off"
    table.setRows(
        [
            ("Joint speed", f"{limits.velocity_rad_s:g} rad/s"),
            ("Joint acceleration", f"{limits.acceleration_rad_s2:g} rad/s²"),
            ("Gripper speed", f"{limits.gripper_per_s:g} /s"),
            ("Low-pass on targets", low_pass),
            ("Lowest tool height", f"{limits.floor_m * 1000:g} mm"),
            ("Holds when a camera is older than", f"{holds.camera_s * 1000:g} ms"),
            ("Holds when the policy is later than", f"{holds.policy_s * 1000:g} ms"),
            ("Holds when this window is silent for", f"{holds.window_s:g} s"),
            ("Control rate", f"{station.rate_hz:g} Hz"),
        ]
    )
    card.body.addWidget(table)
    return card


def _broken(path: Path) -> str:
    """The path with places where a line may break."""
    return str(path).replace("/", "/\u200b")


def _open(path: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _copy(path: Path) -> None:
    QApplication.clipboard().setText(str(path))
