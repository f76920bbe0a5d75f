"""The rounds' chart, RETRAIN with its count, and a training as it goes."""

from __future__ import annotations

import math
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QPoint, Qt

from dagger_gui.widgets.rounds_chart import RoundsChart, example_rounds
from dagger_gui.widgets.rounds_panel import RoundsPanel
from dagger_gui.widgets.training_options import TrainingOptions, TrainingOptionsEditor
from dagger_gui.widgets.training_view import TrainingView, example_progress
from sessions.messages import (
    TrainingProgress,
)
from tests.gui.shown import button, press, shown

pytestmark = pytest.mark.usefixtures("dressed")


def test_a_round_is_chosen_by_hand_and_by_key(qtbot):
    chart = shown(qtbot, RoundsChart(), 400, 240)
    chart.setRounds(example_rounds())
    with qtbot.waitSignal(chart.valueChanged) as told:
        at = chart._slot(1).center().toPoint()
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=at)
    assert told.args == [1]
    qtbot.keyClick(chart, Qt.Key.Key_Right)
    assert chart.value() == 2
    qtbot.keyClick(chart, Qt.Key.Key_Escape)
    assert chart.value() is None
    chart.setValue(99)
    assert chart.value() is None


def test_the_chart_says_its_intervals_in_words(qtbot):
    chart = shown(qtbot, RoundsChart(), 300, 200)
    chart.setRounds(example_rounds()[:1])
    assert chart.accessibleDescription() == "round 0: 21 of 50, 29% to 56%"
    assert not chart.grab().isNull()
    chart.setRounds(())
    assert not chart.grab().isNull()


def test_retrain_says_what_it_will_do_or_why_not(qtbot):
    panel = shown(qtbot, RoundsPanel(), 300, 260)
    retrain = button(panel, "RETRAIN")
    assert not retrain.isEnabled()
    assert not panel.triggerRetrain()
    panel.setPlan("Trains round 4 on 46 corrections.")
    assert retrain.accessibleDescription() == "Trains round 4 on 46 corrections."
    with qtbot.waitSignal(panel.retrainRequested):
        press(qtbot, panel, "RETRAIN")
    panel.setPlan("", "No corrections yet.")
    assert not retrain.isEnabled()


def test_while_training_the_curves_take_the_charts_place(qtbot):
    panel = shown(qtbot, RoundsPanel(), 300, 260)
    panel.setPlan("Trains.")
    size = panel.sizeHint()
    panel.setProgress(example_progress(50))
    assert panel.training().isVisible()
    assert not panel.triggerRetrain()
    assert panel.sizeHint().height() == size.height()
    with qtbot.waitSignal(panel.cancelRequested):
        press(qtbot, panel, "Cancel")
    panel.setProgress(example_progress(600, stage="done"))
    assert not panel.training().isVisible()


def test_a_failed_training_stays_until_it_is_closed(qtbot):
    panel = shown(qtbot, RoundsPanel(), 300, 260)
    failed = TrainingProgress("failed", 1, 9, 0.1, math.nan, 2, 0, 4, "Disk full. Free 1 GB.")
    panel.setProgress(failed)
    assert panel.training().isVisible()
    press(qtbot, panel, "Close")
    assert not panel.training().isVisible()
    panel.setProgress(failed)  # the same news again does not bring it back
    assert not panel.training().isVisible()


def test_corrections_are_counted_against_their_target(qtbot):
    panel = shown(qtbot, RoundsPanel(), 300, 260)
    panel.setRound(3, 12, 20)
    assert panel._heading.title() == "Round 3"
    assert panel._heading.fact() == "12 / 20 corrections"
    assert panel._count.accessibleName() == "12 of 20 corrections"
    panel.setRound(3, 0, 20, not_recovered=5)
    assert panel._heading.fact() == "0 / 20 · 5 not recovered"
    assert panel._count.value() == (0, 20)


@pytest.mark.parametrize("stage", ["data", "training", "saving", "done", "cancelled", "failed"])
def test_each_stage_of_a_training_draws_and_offers_its_way_out(qtbot, stage):
    view = shown(qtbot, TrainingView(), 400, 300)
    for step in range(0, 100, 10):
        view.setProgress(example_progress(step))
    assert view.plot().rows() == 10
    view.setProgress(example_progress(100, stage=stage))
    over = stage in ("done", "cancelled", "failed")
    with qtbot.waitSignal(view.closeRequested if over else view.cancelRequested):
        press(qtbot, view, "Close" if over else "Cancel")
    assert not view.grab().isNull()


def test_the_next_training_starts_on_a_clean_plot(qtbot):
    view = shown(qtbot, TrainingView(), 400, 300)
    view.setProgress(example_progress(10))
    view.setProgress(example_progress(600, stage="done"))
    view.setProgress(example_progress(5))
    assert view.plot().rows() == 1


def test_losses_that_are_not_numbers_do_no_harm(qtbot):
    view = shown(qtbot, TrainingView(), 400, 300)
    for step, loss in enumerate((math.inf, math.nan, -1.0, 0.0, 0.5, 0.4)):
        view.setProgress(TrainingProgress("training", step, 10, loss, math.nan, 1, 1, 2))
    assert not view.grab().isNull()


def test_training_options_tell_each_change_once(qtbot):
    editor = shown(qtbot, TrainingOptionsEditor(), 400, 150)
    wanted = TrainingOptions(0.35, True, False)
    with qtbot.waitSignal(editor.valueChanged) as told:
        editor.setValue(wanted)
    assert told.args == [wanted]
    assert editor.value() == wanted
    with qtbot.assertNotEmitted(editor.valueChanged):
        editor.setValue(wanted)
    qtbot.mouseClick(editor._natural, Qt.MouseButton.LeftButton, pos=QPoint(8, 10))
    assert editor.value().share is None
    assert not editor._share.isEnabled()
