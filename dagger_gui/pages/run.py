"""The Run page: the attempt. Cameras, joints, doubt, tags, rounds, timeline."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.commands import Commands
from dagger_gui.key_groups import first_key
from dagger_gui.pages.run_cameras import CameraColumn
from dagger_gui.pages.run_side import SideColumn
from dagger_gui.pieces import Card
from dagger_gui.round_desk import RoundDesk
from dagger_gui.session_model import SessionModel
from dagger_gui.situations import situation
from dagger_gui.step_history import HISTORY_S, spans
from dagger_gui.widgets.attempt_controls import AttemptControls
from dagger_gui.widgets.doubt_plot import DoubtPlot
from dagger_gui.widgets.joint_plots import JointPlots
from dagger_gui.widgets.timeline import Mark, Span, Timeline
from drivers import registry
from drivers.base import DriverError, JointLimits
from drivers.bindings import Bindings
from drivers.registry import DeviceContext
from sessions.live.alignment import ALIGNED_RAD, measure
from sessions.types import GateState

_SLOW_TICKS = 6  # the timeline follows at a sixth of the display rate
_CAMERA_SHARE = 0.46  # of the page's width, at most
_CAMERAS_LEAST = 160  # px


class RunPage(QWidget):
    """Where the operator lives.

    Args:
        model: the session.
        commands: what buttons ask for.
        desk: rounds and training.
        keys: the workspace's bindings, shown on the buttons.
        parent: Qt owner.
    """

    def __init__(
        self,
        model: SessionModel,
        commands: Commands,
        desk: RoundDesk,
        keys: Bindings,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model, self._commands = model, commands
        self._tick = 0
        self._aligned: NDArray[np.float64] = np.zeros(0)
        self.cameras = CameraColumn(model)
        self.joints, self.doubt = JointPlots(), DoubtPlot()
        self.joints.leftChanged.connect(self.doubt.setLeft)
        self.side = SideColumn(model, commands, desk, keys)
        self.controls, self.timeline = AttemptControls(), Timeline()
        self._lay_out()
        self._show_keys(keys)
        self._connect()
        self._set_joints()

    def refresh(self, now: float) -> None:
        """One turn of the display timer, only while the page is on screen."""
        self._tick += 1
        self.cameras.refresh(now)
        self._plot(now)
        if self._tick % _SLOW_TICKS == 0:
            self.refresh_slowly(now)

    def refresh_slowly(self, now: float) -> None:
        """What glances do not need thirty times a second."""
        self.controls.setValue(situation(self._model))
        self._show_timeline(now)

    def minimumSizeHint(self) -> QSize:
        """What truly fits: the cameras are as wide as there is room for, and give way first."""
        least = super().minimumSizeHint()
        spare = max(0, self.cameras.minimumWidth() - _CAMERAS_LEAST)
        parts = (self.controls, self.timeline)
        rest = max(part.minimumSizeHint().width() for part in parts)
        return QSize(max(self._upper.minimumSizeHint().width() - spare, rest), least.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Gives the cameras the width that their height can use."""
        super().resizeEvent(event)
        self._fit_cameras()

    # -- layout

    def _lay_out(self) -> None:
        gap = theme.grid(2)
        plots = Card(margin=2)
        plots.body.setSpacing(gap)
        plots.body.addWidget(self.joints, 4)
        plots.body.addWidget(self.doubt, 1)
        self._plots = plots
        self._upper = QWidget()
        upper = QHBoxLayout(self._upper)
        upper.setContentsMargins(0, 0, 0, 0)
        upper.setSpacing(gap)
        upper.addWidget(self.cameras)
        upper.addWidget(plots, 8)
        upper.addWidget(self.side, 5)
        page = QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(gap)
        page.addWidget(self._upper, 1)
        page.addWidget(self.controls)
        page.addWidget(self.timeline)

    def _fit_cameras(self) -> None:
        if self.cameras.enlarged():
            # The plots make room: the side column stays where it is.
            self._plots.hide()
            self.cameras.setMaximumWidth(16_777_215)
            self.cameras.setMinimumWidth(0)
            return
        self._plots.show()
        wanted = self.cameras.width_for(self._upper.height())
        self.cameras.setFixedWidth(
            max(_CAMERAS_LEAST, min(wanted, int(self.width() * _CAMERA_SHARE)))
        )

    def _show_keys(self, keys: Bindings) -> None:
        self.controls.setKeys(
            next=first_key(keys, "next"),
            pause=first_key(keys, "pause"),
            toggle=first_key(keys, "toggle"),
            success=first_key(keys, "success"),
            failure=first_key(keys, "failure"),
            discard=first_key(keys, "discard"),
            demo=first_key(keys, "demonstrate"),
            disarm=first_key(keys, "disarm"),
            rest=first_key(keys, "rest"),
            release=first_key(keys, "release"),
        )

    def _connect(self) -> None:
        do, now = self._commands, self._model.clock
        self.controls.resetRequested.connect(do.reset)
        self.controls.refused.connect(lambda why: do.said.emit(why, "hold"))
        self.controls.armRequested.connect(do.arm)
        self.controls.disarmRequested.connect(do.disarm)
        self.controls.restRequested.connect(do.rest)
        self.controls.releaseRequested.connect(lambda: do.let_go())
        self.controls.reconnectRequested.connect(do.reconnect)
        self.controls.startRequested.connect(do.start)
        self.controls.pauseRequested.connect(do.pause)
        self.controls.resumeRequested.connect(do.resume)
        self.controls.takeOverRequested.connect(lambda: do.take_over(now()))
        self.controls.giveBackRequested.connect(lambda: do.give_back(now()))
        self.controls.outcomeRequested.connect(do.end)
        self.cameras.enlarged_changed.connect(lambda _name: self._fit_cameras())
        self._model.robot_changed.connect(self._set_joints)
        self._model.control_changed.connect(lambda _state: self._show_acts())
        self._model.read_only_changed.connect(lambda _why: self._show_acts())
        self._model.closing_began.connect(self._show_acts)

    def _show_acts(self) -> None:
        self.controls.setValue(situation(self._model))

    # -- data

    def _set_joints(self) -> None:
        limits = _joint_limits(self._model)
        names = self._model.joint_names or (limits.names if limits is not None else ())
        if not names:
            return
        if limits is None or limits.names != names:
            lower, upper = np.full(len(names), -math.pi), np.full(len(names), math.pi)
            self._aligned = np.full(len(names), ALIGNED_RAD)
        else:
            lower, upper = limits.lower, limits.upper
            self._aligned = measure(ALIGNED_RAD, limits)
        self.joints.setJoints(
            names,
            lower,
            upper,
            HISTORY_S,
            leader=_has_ghost(self._model, names),
            unit="rad" if limits is None else limits.unit,
        )
        self.doubt.setWindow(HISTORY_S)

    def _plot(self, now: float) -> None:
        steps = self._model.steps
        if steps is None or not self.joints.isVisible():
            return
        recent = steps.recent
        if len(recent) == 0 or recent["position"].shape[1] != len(self._model.joint_names):
            return
        t = recent["t"] - now
        inside = int(np.searchsorted(t, -HISTORY_S))
        recent, t = recent[inside:], t[inside:]
        first = steps.count - len(recent)
        self.joints.setData(
            t,
            recent["position"],
            recent["policy_action"],
            recent["sent_action"],
            recent["controller"],
            recent["human_action"],
            first,
        )
        newest = steps.newest
        missing: NDArray[Any] | None = None
        if newest is not None and newest["gate"] == GateState.ALIGNING:
            missing = newest["sent_action"] - newest["human_action"]
        self.joints.setAlignment(missing, self._aligned)
        state = self._model.control
        tau = state.tau if state is not None else math.nan
        doubt = recent["doubt"].astype(np.float64)
        self.doubt.setData(t, doubt, tau, recent["controller"], first)

    def _show_timeline(self, now: float) -> None:
        steps = self._model.steps
        outline: NDArray[Any] | None = steps.outline if steps is not None else None
        if steps is None or outline is None or len(outline) == 0:
            self.timeline.clear()
            return
        t0 = float(outline["t"][0])
        running = self._model.control is not None and self._model.control.attempt == steps.attempt
        found = [
            Span(start - t0, stop - t0, label)
            for start, stop, label in spans(outline["t"], outline["controller"])
        ]
        elapsed = float(outline["t"][-1]) - t0
        self.timeline.setAttempt(
            found,
            self._marks(steps.attempt),
            elapsed,
            self._model.workspace.task.attempt_s,
            running,
        )

    def _marks(self, episode: int) -> list[Mark]:
        recorder = self._model.recorder
        found = recorder.interventions if recorder is not None else ()
        return [Mark(i.t, self.side.label(i.category)) for i in found if i.episode == episode]


def _joint_limits(model: SessionModel) -> JointLimits | None:
    """The robot's limits as its own file states them; building a device touches no hardware."""
    station = model.workspace.station
    context = DeviceContext(runtime=model.runtime, rate_hz=station.rate_hz)
    try:
        robot = registry.create("robots", "robot", station.robot, context)
    except DriverError:
        return None
    limits = getattr(robot, "limits", None)
    return limits if isinstance(limits, JointLimits) else None


def _has_ghost(model: SessionModel, joint_names: tuple[str, ...]) -> bool:
    """Whether some operator's device says where it is before it takes over (an absolute one)."""
    context = DeviceContext(runtime=model.runtime, joint_names=joint_names)
    for name, table in model.workspace.station.operators.items():
        with contextlib.suppress(DriverError):
            device = registry.create("teleoperators", name, table, context)
            if not getattr(device, "relative", True):
                return True
    return False
