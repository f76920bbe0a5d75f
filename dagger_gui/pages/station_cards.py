"""The Station page's quiet cards: limits in force, appearance, and where the files are."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QApplication, QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout

from dagger_gui import supervisor_process, theme
from dagger_gui.pieces import Card, FactTable, Words
from dagger_gui.sounds import Sounds
from dagger_gui.widgets._base import ElidedLabel
from drivers.bindings import DEFAULT
from sessions.config import Station
from sessions.workspace import Workspace


class LimitsCard(Card):
    """What the station's file limits, and when the arm holds.

    Args:
        station: the workspace's station.
    """

    def __init__(self, station: Station) -> None:
        super().__init__("Limits in force")
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
        self.body.addWidget(table)


class AppearanceCard(Card):
    """Dark or light, sounds, and the list of keys.

    Args:
        sounds: can be turned on and off here.
    """

    theme_requested = Signal(str)
    key_sheet_requested = Signal()

    def __init__(self, sounds: Sounds) -> None:
        super().__init__("Appearance and keys")
        self._sounds = sounds
        self._lights = QButtonGroup(self)
        row = QHBoxLayout()
        for name in ("dark", "light"):
            button = _button(name.capitalize())
            button.setCheckable(True)
            button.setProperty("light", name)
            button.clicked.connect(lambda _=False, n=name: self.theme_requested.emit(n))
            self._lights.addButton(button)
            row.addWidget(button)
        row.addStretch()
        self.tones = _button("Sounds")
        self.tones.setCheckable(True)
        self.tones.setChecked(sounds.on)
        self.tones.setToolTip("Short tones at takeover, hand-back, doubt over tau and a stop.")
        self.tones.toggled.connect(self._set_sounds)
        row.addWidget(self.tones)
        sheet = _button("All keys  (?)")
        sheet.clicked.connect(self.key_sheet_requested)
        row.addWidget(sheet)
        self.body.addLayout(row)

    def show_theme(self, name: str) -> None:
        """Marks the light in use."""
        for button in self._lights.buttons():
            button.setChecked(button.property("light") == name)

    def _set_sounds(self, on: bool) -> None:
        self._sounds.on = on
        if on:
            self._sounds.play("takeover")


class FilesCard(Card):
    """The workspace's files, to open and to copy the paths of.

    Args:
        workspace: whose files.
        bindings: its file of keys and buttons, which need not exist yet.
    """

    def __init__(self, workspace: Workspace, bindings: Path) -> None:
        super().__init__("Files")
        self._bindings = bindings
        self._absent: list[tuple[Path, ElidedLabel, str, list[QPushButton]]] = []
        log = supervisor_process.log_path(workspace)
        rows = (
            ("Workspace", workspace.root, ""),
            ("Station and limits", workspace.root / "station.toml", ""),
            ("Keys and buttons", bindings, "None yet: the defaults apply. Open makes one to edit."),
            ("Log", log, "None yet."),
            ("Runtime folder", workspace.runtime_path(), "None: nothing runs now."),
        )
        for name, path, absent in rows:
            self.body.addLayout(self._row(name, path, absent))
        self._look()

    def showEvent(self, event: QShowEvent) -> None:
        """Looks again which of the files there are."""
        super().showEvent(event)
        self._look()

    def _look(self) -> None:
        for path, label, absent, buttons in self._absent:
            there = path.exists()
            label.setText(str(path) if there else absent)
            for button in buttons:
                button.setEnabled(there)

    def _row(self, name: str, path: Path, absent: str) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.grid(2))
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(Words(name))
        place = ElidedLabel(str(path), size="small", muted=True)
        names.addWidget(place)
        row.addLayout(names, 1)
        needing: list[QPushButton] = []
        for label, act in (("Open", self._open), ("Copy path", _copy)):
            button = _button(label)
            button.setAccessibleName(f"{label}: {name}")
            button.clicked.connect(lambda _=False, a=act, p=path: a(p))
            row.addWidget(button)
            if label != "Open" or path != self._bindings:  # which Open makes
                needing.append(button)
        if absent:
            self._absent.append((path, place, absent, needing))
        return row

    def _open(self, path: Path) -> None:
        """Opens a file or folder with the desktop's program for it."""
        if path == self._bindings and not path.exists():
            # The workspace has none of its own yet: begin with what is in force.
            path.write_bytes(DEFAULT.read_bytes())
            self._look()
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _button(label: str) -> QPushButton:
    button = QPushButton(label)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button


def _copy(path: Path) -> None:
    QApplication.clipboard().setText(str(path))
