"""The Station page: what runs, how it is measured to be, and what is in force."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from dagger_gui import supervisor_process, theme
from dagger_gui.pieces import Card, FactTable, Words
from dagger_gui.session_model import SessionModel
from dagger_gui.sounds import Sounds
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets.process_table import ProcessTable, Row, device_rows, process_rows
from drivers.bindings import DEFAULT
from sessions.config import Station
from sessions.messages import (
    CamerasState,
    ControlState,
    RestartProcess,
    SelectOperator,
    SupervisorState,
)


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
        self._table = ProcessTable()
        self._rows: dict[str, tuple[Row, ...]] = {"processes": (), "devices": ()}
        self._cameras = FactTable(
            ("camera", "rate", "age", "latency", "dropped", ""), figures=(1, 2, 3, 4), stretch=5
        )
        self._operators = QHBoxLayout()
        self._operator_buttons = QButtonGroup(self)
        self._lights = QButtonGroup(self)
        self._lay_out(bindings)
        self._table.restartRequested.connect(self._restart)
        self._operator_buttons.idClicked.connect(self._select_operator)
        model.supervisor_changed.connect(self._show_processes)
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
        table = Card()
        table.body.addWidget(self._table)
        cameras = Card("Cameras, measured")
        cameras.body.addWidget(self._cameras)
        left.addWidget(table, 1)
        left.addWidget(cameras)
        right.addWidget(self._operator_card())
        right.addWidget(_limits_card(self._model.workspace.station))
        right.addWidget(self._appearance_card())
        right.addWidget(self._files_card(bindings))
        right.addStretch()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(2))
        row.addLayout(left, 3)
        row.addLayout(right, 2)

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
        self._bindings = bindings
        paths = {
            "Workspace": workspace.root,
            "Station and limits": workspace.root / "station.toml",
            "Keys and buttons": bindings,
            "Log": supervisor_process.log_path(workspace),
        }
        for name, path in paths.items():
            row = QHBoxLayout()
            row.setSpacing(theme.grid(2))
            names = QVBoxLayout()
            names.setSpacing(0)
            names.addWidget(Words(name))
            where = ElidedLabel(str(path), size="small", muted=True)
            names.addWidget(where)
            row.addLayout(names, 1)
            for label, act in (("Open", self._open), ("Copy path", _copy)):
                button = QPushButton(label)
                button.setAccessibleName(f"{label}: {name}")
                button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
                button.clicked.connect(lambda _=False, a=act, p=path: a(p))
                row.addWidget(button)
            card.body.addLayout(row)
        return card

    def _open(self, path: Path) -> None:
        """Opens a file or folder with the desktop's program for it."""
        if path == self._bindings and not path.exists():
            # The workspace has none of its own yet: begin with what is in force.
            path.write_bytes(DEFAULT.read_bytes())
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _show_control(self, state: ControlState) -> None:
        self._rows["devices"] = tuple(
            _resting(row) if row.name in self._spare(state) else row for row in device_rows(state)
        )
        self._show_rows()
        for i, name in enumerate(self._model.workspace.station.operators):
            button = self._operator_buttons.button(i)
            button.setChecked(name == state.operator)
            button.setEnabled(name in state.operators)

    def _spare(self, state: ControlState) -> set[str]:
        """Operators' devices that nobody corrects with now: absent, they are no trouble."""
        return set(self._model.workspace.station.operators) - {state.operator}

    def _show_processes(self, state: SupervisorState) -> None:
        self._rows["processes"] = process_rows(state)
        self._show_rows()

    def _show_rows(self) -> None:
        self._table.setRows(self._rows["processes"] + self._rows["devices"])

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


def _resting(row: Row) -> Row:
    if row.verdict != "bad":
        return row
    return replace(row, verdict="off", words="absent")


def _copy(path: Path) -> None:
    QApplication.clipboard().setText(str(path))
