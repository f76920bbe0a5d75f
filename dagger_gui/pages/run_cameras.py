"""The Run page's cameras: one above the other, as large as fits, one enlarged on request."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets.camera_view import CameraView

_QUIET_S = 0.1  # without a new picture for this long, the age counts on by itself
_BLACK, _FROZEN = 1, 2
_PROBLEMS = {
    _BLACK: "The picture is black. Check the lens cap, the light and the exposure.",
    _FROZEN: "The picture is frozen. Unplug this camera and plug it in again.",
}
_SHAPE = 4 / 3


class CameraColumn(QWidget):
    """Every camera of the station.

    Args:
        model: where frames come from.
        parent: Qt owner.
    """

    enlarged_changed = Signal(str)

    def __init__(self, model: SessionModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._enlarged = ""
        self._frame_t: dict[str, float] = {}
        self._views: dict[str, CameraView] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.grid(2))
        for name in model.workspace.station.cameras:
            view = CameraView(name)
            view.setStaleAfter(model.workspace.station.holds.camera_s)
            view.setEmptyText("No picture yet. The cameras are starting.")
            view.enlargeRequested.connect(self.toggle)
            self._views[name] = view
            column.addWidget(view, 1)

    def enlarged(self) -> str:
        """Name of the camera that is shown large; empty for none."""
        return self._enlarged

    def toggle(self, name: str) -> None:
        """Shows one camera large, or all of them again."""
        self._enlarged = "" if name == self._enlarged else name
        for other, view in self._views.items():
            view.setVisible(not self._enlarged or other == self._enlarged)
        self.enlarged_changed.emit(self._enlarged)

    def width_for(self, height: int) -> int:
        """The width at which every camera fills ``height`` px without bars."""
        count = max(1, len(self._views))
        return int((height - theme.grid(2) * (count - 1)) / count * _SHAPE)

    def crosshairs(self) -> list[str]:
        """Cameras with a crosshair, to be remembered."""
        return [name for name, view in self._views.items() if view.crosshair()]

    def set_crosshairs(self, names: list[str]) -> None:
        """Restores ``crosshairs``."""
        for name, view in self._views.items():
            view.setCrosshair(name in names)

    def refresh(self, now: float) -> None:
        """Takes new frames of the cameras on screen."""
        published = self._model.cameras
        states = {c.name: c for c in published.cameras} if published is not None else {}
        for name, view in self._views.items():
            if not view.isVisible():
                continue
            frame = self._model.new_frame(name)
            closing = self._model.closing  # then cameras fall silent because they are told to
            problem = states[name].problem if name in states and not closing else ""
            if frame is not None:
                self._frame_t[name] = float(frame["t"])
                view.setFrame(frame["image"], now - self._frame_t[name])
                view.setProblem(problem or _PROBLEMS.get(int(frame["flags"]), ""))
            elif now - self._frame_t.get(name, now) > _QUIET_S and not closing:
                view.setAge(now - self._frame_t[name])
                if problem:
                    view.setProblem(problem)
