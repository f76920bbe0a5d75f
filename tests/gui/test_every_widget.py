"""What holds for every widget: names, both lights, any size, Tab, no leaks, runs alone."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import weakref

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from dagger_gui import theme, widgets
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.attempt_controls import AttemptControls
from dagger_gui.widgets.camera_view import CameraView
from dagger_gui.widgets.doubt_plot import DoubtPlot
from dagger_gui.widgets.joint_plots import JointPlots
from dagger_gui.widgets.process_table import (
    ProcessTable,
    example_rows,
)
from dagger_gui.widgets.rounds_chart import RoundsChart
from dagger_gui.widgets.rounds_panel import RoundsPanel
from dagger_gui.widgets.state_banner import StateBanner
from dagger_gui.widgets.status_line import StatusLine
from dagger_gui.widgets.tagging_panel import TaggingPanel, example_categories
from dagger_gui.widgets.timeline import Timeline
from dagger_gui.widgets.training_options import TrainingOptionsEditor
from dagger_gui.widgets.training_view import TrainingView
from tests.gui.shown import shown

pytestmark = pytest.mark.usefixtures("dressed")


KINDS = (
    AttemptControls,
    CameraView,
    DoubtPlot,
    JointPlots,
    ProcessTable,
    RoundsChart,
    RoundsPanel,
    StateBanner,
    StatusLine,
    TaggingPanel,
    Timeline,
    TrainingOptionsEditor,
    TrainingView,
)


@pytest.mark.parametrize("kind", KINDS)
def test_every_widget_has_a_name_and_draws_in_both_lights_and_any_size(qtbot, qapp, kind):
    widget = shown(qtbot, kind(), 400, 300)
    assert widget.accessibleName()
    dark = widget.grab().toImage()
    theme.apply(qapp, "light")
    light = widget.grab().toImage()
    assert dark.pixel(2, 2) != light.pixel(2, 2) or dark != light
    for width, height in ((40, 20), (1900, 30), (60, 900)):
        widget.resize(width, height)
        assert not widget.grab().isNull()


@pytest.mark.parametrize("kind", KINDS)
def test_no_widget_outlives_its_last_reference(qtbot, qapp, kind):
    widget = kind()
    if isinstance(widget, TaggingPanel):
        widget.setCategories(example_categories())
    if isinstance(widget, ProcessTable):
        widget.setRows(example_rows())
    seen = [weakref.ref(widget), *(weakref.ref(c) for c in widget.findChildren(QWidget))]
    widget.show()
    widget.grab()
    widget.close()
    del widget
    gc.collect()
    alive = [r() for r in seen]
    assert [w for w in alive if w is not None and shiboken6.isValid(w)] == []


@pytest.mark.parametrize("kind", KINDS)
def test_all_that_can_be_pressed_can_be_reached_by_tab(qtbot, kind):
    widget = shown(qtbot, kind(), 600, 300)
    for child in widget.findChildren(KeyButton):
        assert child.focusPolicy() == Qt.FocusPolicy.TabFocus
        assert child.accessibleName()


def test_every_widget_file_runs_alone():
    names = [m.name for m in pkgutil.iter_modules(widgets.__path__) if not m.name.startswith("_")]
    assert len(names) >= 13
    for name in names:
        module = importlib.import_module(f"dagger_gui.widgets.{name}")
        assert callable(module.main), name
        assert f"{name}." in (widgets.__doc__ or ""), name
