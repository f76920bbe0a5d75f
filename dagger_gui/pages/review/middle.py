"""The Review page's middle column: cameras, curves, player and timeline on one time cursor."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.key_groups import first_key
from dagger_gui.pages.review.attempt import Attempt, timeline
from dagger_gui.pages.review.pictures import Shot
from dagger_gui.pages.review.player import SPEEDS, Player
from dagger_gui.pieces import Card
from dagger_gui.widgets.attempt_plots import AttemptPlots, Curves
from dagger_gui.widgets.camera_view import CameraView
from dagger_gui.widgets.review_player import ReviewPlayer
from dagger_gui.widgets.review_timeline import Bar, Flagged, ReviewTimeline, Tracks
from drivers.base import openings
from drivers.bindings import Bindings
from sessions.messages import EpisodeSummary, Intervention
from sessions.record.marks import Kind, Stretch
from sessions.taxonomy import Category
from sessions.types import Controller

_KINDS = {
    Kind.CONTEXT: "before a correction",
    Kind.INTERVENTION: "correction",
    Kind.HUMAN: "trimmed off",
    Kind.DEMO: "demonstration",
}
_SHAPE = 3 / 4
_ALL = 16_777_215  # Qt's own word for no limit [px]
_MOST = 0.42  # of the column's height, for the cameras


class _Cameras(QWidget):
    """Cameras side by side, which ask for a height and can do with less."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = 0
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(theme.grid(2))

    def want(self, height: int | None) -> None:
        """Asks for a height [px], None for all there is."""
        self.wanted = 0 if height is None else height
        self.setMaximumHeight(_ALL if height is None else height)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """What was asked for."""
        return QSize(super().sizeHint().width(), self.wanted or super().sizeHint().height())


class MiddleColumn(QWidget):
    """What happened, at one tick of all of it.

    Args:
        player: the cursor.
        keys: shown on the buttons.
        parent: Qt owner.
    """

    scrubbed = Signal(float)  # [s]
    moved = Signal(str)  # a name of ``ReviewPlayer.moveRequested``

    def __init__(self, player: Player, keys: Bindings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._attempt: Attempt | None = None
        self._stretches: list[Stretch] = []
        self._enlarged = ""
        self._views: dict[str, CameraView] = {}
        self.plots, self.timeline, self.controls = AttemptPlots(), ReviewTimeline(), ReviewPlayer()
        self.controls.setSpeeds(SPEEDS, first_key(keys, "slower"), first_key(keys, "faster"))
        self.controls.setKeys(first_key(keys, "play"))
        self.controls.setSpeed(player.speed)
        self.controls.setEnabled(False)
        self._arrange()
        self._connect()

    def _arrange(self) -> None:
        gap = theme.grid(2)
        self._cameras = _Cameras()
        self._curves, below = Card(margin=2), Card(margin=2)
        self._curves.body.addWidget(self.plots)
        below.body.addWidget(self.timeline)
        below.body.addWidget(self.controls)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(gap)
        column.addWidget(self._cameras)
        column.addWidget(self._curves, 1)
        column.addWidget(below)
        self._cameras.hide()

    def _connect(self) -> None:
        self.plots.valueChanged.connect(self.scrubbed)
        self.timeline.valueChanged.connect(self.scrubbed)
        self.plots.viewChanged.connect(self.timeline.setView)
        self.timeline.viewChanged.connect(self.plots.setView)
        self.controls.playRequested.connect(self._player.toggle)
        self.controls.speedRequested.connect(self._player.set_speed)
        self.controls.moveRequested.connect(self.moved)
        self._player.playing_changed.connect(self.controls.setPlaying)
        self._player.speed_changed.connect(self.controls.setSpeed)

    # -- shown

    def show_attempt(self, attempt: Attempt | None, words: str = "") -> None:
        """Shows another attempt; without one ``words`` say why, or what to do."""
        self._attempt, self._stretches = attempt, []
        self.controls.setEnabled(attempt is not None)
        self._make_cameras([*attempt.frames] if attempt is not None else [])
        if attempt is None:
            self.plots.clear()
            self.timeline.clear()
            self.controls.setPlace(0.0, 0, 0)
            if words:
                self.plots.setEmptyText(words)
            return
        self.plots.setAttempt(curves(attempt))
        self.timeline.setLeft(self.plots.plotLeft())

    def show_episode(self, episode: EpisodeSummary | None) -> None:
        """The attempt's outcome and quality flags as they are now."""
        attempt = self._attempt
        if attempt is None:
            return
        flags = episode.flags if episode is not None else ()
        with np.errstate(invalid="ignore"):
            over = np.nan_to_num(attempt.steps["doubt"]) > attempt.tau
        tracks = Tracks(
            attempt.t,
            attempt.steps["controller"],
            over,
            episode.outcome if episode is not None else "",
            tuple(Flagged(f.t, f.text) for f in flags if f.row >= 0),
        )
        self.timeline.setAttempt(tracks)
        self.timeline.setView(self.plots.view())

    def show_interventions(
        self,
        found: Sequence[Intervention],
        selected: int | None,
        categories: Sequence[Category],
        context_s: float,
    ) -> None:
        """The attempt's interventions, as edited or as they are being dragged."""
        attempt = self._attempt
        if attempt is None:
            return
        known = {c.name: c for c in categories}
        bars = []
        for i in found:
            category = known.get(i.category)
            label = category.label if category is not None else i.category
            colour = category.colour if category is not None else ""
            bars.append(Bar(i.start, i.first, i.stop, i.boundary, label, colour, i.discarded))
        self._stretches = timeline(attempt, found, context_s)
        self.timeline.setBars(bars, self._stretches)
        self.timeline.setSelection(selected)
        chosen = next((i for i in found if i.start == selected), None)
        span = None
        if chosen is not None:
            last = min(chosen.stop, len(attempt.t) - 1)
            span = (float(attempt.t[chosen.first]), float(attempt.t[last]))
        self.plots.setSpan(span)
        self._say_place(self._player.row)

    def show_row(self, row: int) -> None:
        """Moves the cursor in everything that has one."""
        attempt = self._attempt
        if attempt is None or not len(attempt.t):
            return
        seconds = float(attempt.t[row])
        view = self.plots.view()
        if view.zoomed:
            turned = view.show(seconds)
            self.plots.setView(turned)
            self.timeline.setView(turned)
        self.plots.setValue(seconds)
        self.timeline.setValue(seconds)
        self._say_place(row)

    def show_shot(self, shot: Shot) -> None:
        """The pictures of a tick, or why there is none."""
        for camera, picture in shot.pictures.items():
            view = self._views.get(camera)
            if view is None:
                continue
            if picture.image is not None:
                view.setFrame(picture.image, picture.age_s)
            else:
                view.clear()
            view.setProblem(picture.problem)

    def _say_place(self, row: int) -> None:
        attempt = self._attempt
        if attempt is None or not len(attempt.t):
            return
        stretch = next((s for s in self._stretches if s.first <= row < s.stop), None)
        who = Controller(int(attempt.steps["controller"][row])).name.lower()
        kind = _KINDS.get(stretch.kind, str(stretch.kind)) if stretch is not None else who
        fact = kind if kind in (who, "demonstration") else f"{kind} · {who}"
        stage = int(attempt.steps["stage"][row])
        if 0 <= stage < len(attempt.meta.stages):
            fact = f"{fact} · {attempt.meta.stages[stage]}"
        self.controls.setPlace(float(attempt.t[row]), row, len(attempt.t), fact)

    # -- cameras

    def enlarged(self) -> str:
        """Name of the camera that is shown large; empty for none."""
        return self._enlarged

    def toggle(self, name: str) -> None:
        """Shows one camera large in place of the curves, or everything again."""
        self._enlarged = "" if name == self._enlarged else name
        for other, view in self._views.items():
            view.setVisible(not self._enlarged or other == self._enlarged)
        self._curves.setVisible(not self._enlarged)
        self._fit()

    def views(self) -> dict[str, CameraView]:
        """The cameras of the attempt that is open."""
        return dict(self._views)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Gives the cameras the height that their width can use."""
        super().resizeEvent(event)
        self._fit()

    def _make_cameras(self, names: list[str]) -> None:
        if names == [*self._views]:
            for view in self._views.values():
                view.clear()
                view.setProblem("")
            return
        if self._enlarged:
            self.toggle(self._enlarged)
        for view in self._views.values():
            self._cameras.row.removeWidget(view)
            view.hide()
            view.deleteLater()
        self._views = {}
        for name in names:
            view = CameraView(name)
            view.setStaleAfter(math.inf)  # nothing is late here; the age is that at the tick
            view.setEmptyText("")
            view.enlargeRequested.connect(self.toggle)
            self._views[name] = view
            self._cameras.row.addWidget(view, 1)
        self._cameras.setVisible(bool(names))
        self._fit()

    def _fit(self) -> None:
        count = len(self._views)
        if not count:
            return
        if self._enlarged:
            self._cameras.want(None)
            return
        width = (self.width() - theme.grid(2) * (count - 1)) / count
        self._cameras.want(round(min(width * _SHAPE, self.height() * _MOST)))


def curves(attempt: Attempt) -> Curves:
    """An attempt as its plots take it."""
    steps, names = attempt.steps, attempt.meta.joint_names
    lower, upper = attempt.limits()
    grips = openings(names)
    return Curves(
        t=attempt.t,
        values={
            "measured": steps["position"],
            "policy": steps["policy_action"],
            "sent": steps["sent_action"],
        },
        doubt=steps["doubt"].astype(np.float64),
        tau=attempt.tau,
        controller=steps["controller"],
        names=tuple(names),
        units=tuple("" if grip else "rad" for grip in grips),
        lower=lower,
        upper=upper,
    )
