"""What the operator acts on: controls, tags, rounds, training, processes, keys; and all of them."""

from __future__ import annotations

import gc
import importlib
import math
import os
import pkgutil
import weakref

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import shiboken6
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QPoint, Qt
from PySide6.QtGui import QFont, QFontInfo, QImage
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from dagger_gui import theme, widgets
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.attempt_controls import AttemptControls, Situation, next_act
from dagger_gui.widgets.camera_view import CameraView
from dagger_gui.widgets.doubt_plot import DoubtPlot
from dagger_gui.widgets.joint_plots import JointPlots
from dagger_gui.widgets.key_sheet import KeySheet, example_groups
from dagger_gui.widgets.process_table import (
    ProcessTable,
    VerdictMark,
    device_rows,
    example_rows,
    process_rows,
)
from dagger_gui.widgets.rounds_chart import RoundsChart, example_rounds
from dagger_gui.widgets.rounds_panel import RoundsPanel
from dagger_gui.widgets.state_banner import StateBanner
from dagger_gui.widgets.status_line import StatusLine
from dagger_gui.widgets.tagging_panel import TaggingPanel, example_categories
from dagger_gui.widgets.timeline import Timeline
from dagger_gui.widgets.training_options import TrainingOptions, TrainingOptionsEditor
from dagger_gui.widgets.training_view import TrainingView, example_progress
from sessions.messages import (
    Intervention,
    ProcessState,
    SupervisorState,
    TrainingProgress,
)


@pytest.fixture(autouse=True)
def dressed(qapp):
    theme.apply(qapp, "dark")


def shown(qtbot, widget: QWidget, width: int, height: int):
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def button(parent: QWidget, text: str) -> KeyButton:
    return next(b for b in parent.findChildren(KeyButton) if b.text() == text)


def press(qtbot, parent: QWidget, text: str) -> None:
    qtbot.mouseClick(button(parent, text), Qt.MouseButton.LeftButton)


# Attempt controls


def test_after_a_stop_three_presses_lead_back_one_act_each(qtbot):
    controls = shown(qtbot, AttemptControls(), 1000, 40)
    steps = (
        (Situation(True, "fault"), "reset", controls.resetRequested),
        (Situation(True, "hold"), "arm", controls.armRequested),
        (Situation(True, "hold", True), "start", controls.startRequested),
        (Situation(True, "hold", True, True), "resume", controls.resumeRequested),
    )
    for situation, act, signal in steps:
        controls.setValue(situation)
        assert controls.nextAct() == act
        with qtbot.waitSignal(signal):
            assert controls.trigger()


def test_one_enter_too_many_pauses_nothing_but_the_button_does(qtbot):
    controls = shown(qtbot, AttemptControls(), 1000, 40)
    controls.setValue(Situation(True, "policy", True, True))
    with qtbot.assertNotEmitted(controls.pauseRequested):
        assert not controls.trigger()
    with qtbot.waitSignal(controls.pauseRequested):
        press(qtbot, controls, "Pause")


@pytest.mark.parametrize("gate", ["hold", "policy", "aligning", "human", "fault"])
@pytest.mark.parametrize("bits", range(16))
def test_no_situation_offers_motion_without_arming(qtbot, gate, bits):
    connected, armed, running, resumable = (bool(bits & 1 << i) for i in range(4))
    situation = Situation(connected, gate, armed, running, False, resumable)
    act = next_act(situation)
    if act in ("start", "resume", "pause"):
        assert connected
        assert armed
        assert gate != "fault"
    if not connected:
        assert act == "wait"


def test_what_cannot_be_done_is_greyed_in_its_place(qtbot):
    controls = shown(qtbot, AttemptControls(), 1000, 40)
    places = set()
    for situation in (
        Situation(),
        Situation(True, "fault"),
        Situation(True, "hold", True),
        Situation(True, "policy", True, True),
        Situation(True, "human", True, True),
    ):
        controls.setValue(situation)
        QApplication.processEvents()
        places.add(tuple(b.geometry().getRect() for b in controls.findChildren(KeyButton)))
    assert len(places) == 1
    controls.setValue(Situation(True, "hold", True))
    assert not button(controls, "Success").isEnabled()
    assert button(controls, "Demonstrate").isEnabled()


def test_taking_over_and_giving_back_share_one_button(qtbot):
    controls = shown(qtbot, AttemptControls(), 1000, 40)
    controls.setValue(Situation(True, "policy", True, True))
    with qtbot.waitSignal(controls.takeOverRequested):
        press(qtbot, controls, "Take over")
    controls.setValue(Situation(True, "human", True, True))
    with qtbot.waitSignal(controls.giveBackRequested):
        press(qtbot, controls, "Give back")


def test_each_outcome_is_told_by_name(qtbot):
    controls = shown(qtbot, AttemptControls(), 1000, 40)
    controls.setValue(Situation(True, "policy", True, True))
    for text, name in (("Success", "success"), ("Failure", "failure"), ("Discard", "discarded")):
        with qtbot.waitSignal(controls.outcomeRequested) as told:
            press(qtbot, controls, text)
        assert told.args == [name]


def test_demonstrating_starts_an_attempt_as_one(qtbot):
    controls = shown(qtbot, AttemptControls(), 1000, 40)
    controls.setValue(Situation(True, "hold", True))
    with qtbot.waitSignal(controls.startRequested) as told:
        press(qtbot, controls, "Demonstrate")
    assert told.args == [True]


def test_a_blocked_start_says_why(qtbot):
    controls = shown(qtbot, AttemptControls(), 1000, 40)
    controls.setValue(Situation(True, "hold", True, blocked="The recorder is starting."))
    assert controls.nextAct() == "wait"
    assert "The recorder is starting." in button(controls, "Wait").accessibleDescription()


def test_remapped_keys_are_shown(qtbot):
    controls = shown(qtbot, AttemptControls(), 1000, 40)
    controls.setKeys(next="F9", pause="F10", success="S")
    assert button(controls, "Success").key() == "S"
    assert button(controls, "Wait").key() == "F9"
    controls.setValue(Situation(True, "policy", True, True))
    assert button(controls, "Pause").key() == "F10"


# Tagging


def correction(episode: int, **fields: object) -> Intervention:
    given = {
        "episode": episode,
        "start": 100,
        "t": 7.0,
        "duration_s": 2.0,
        "doubt": 0.3,
        "category": "",
        "note": "",
        "running": False,
        "recovered": True,
    }
    return Intervention(**{**given, **fields})


@pytest.fixture
def panel(qtbot):
    made = shown(qtbot, TaggingPanel(), 300, 460)
    made.setCategories(example_categories())
    return made


def test_an_empty_panel_says_what_to_do_and_tags_nothing(qtbot, panel):
    panel.setInterventions([])
    assert panel.value() is None
    assert not panel.tagNumber(1)
    assert not button(panel, "Grasp").isEnabled()


def test_one_key_tags_the_newest_and_again_takes_the_tag_off(qtbot, panel):
    panel.setInterventions([correction(1), correction(2)], 20)
    with qtbot.waitSignal(panel.tagRequested) as told:
        assert panel.tagNumber(2)
    assert told.args == [2, 100, "grasp"]
    panel.setInterventions([correction(1), correction(2, category="grasp")], 20)
    assert button(panel, "Grasp").isChecked()
    with qtbot.waitSignal(panel.tagRequested) as told:
        panel.tagNumber("2")
    assert told.args == [2, 100, ""]


def test_a_key_without_category_tags_nothing(qtbot, panel):
    panel.setInterventions([correction(1)])
    with qtbot.assertNotEmitted(panel.tagRequested):
        assert not panel.tagNumber(9)


def test_the_newest_is_followed_until_another_is_chosen(qtbot, panel):
    panel.setInterventions([correction(1)])
    panel.setInterventions([correction(1), correction(2)])
    assert panel.value() == (2, 100)
    panel.setValue((1, 100))
    panel.setInterventions([correction(1), correction(2), correction(3)])
    assert panel.value() == (1, 100)
    panel.setInterventions([correction(3)])
    assert panel.value() == (3, 100)


def test_a_new_round_starts_empty_without_a_ghost_selection(qtbot, panel):
    panel.setInterventions([correction(1)])
    panel.setInterventions([])
    assert panel.value() is None


def test_untagged_ones_are_counted_and_discarded_ones_are_not(qtbot, panel):
    panel.setInterventions(
        [correction(1), correction(2, category="grasp"), correction(3, discarded=True)], 20
    )
    assert panel.summary() == "1 untagged · 2 / 20"


def test_updates_keep_selection_and_the_note_being_written(qtbot, panel):
    panel.setInterventions([correction(1), correction(2)])
    panel.setValue((1, 100))
    note = panel.findChild(QLineEdit)
    panel.activateWindow()
    panel.focusNote()
    qtbot.waitUntil(note.hasFocus)
    qtbot.keyClicks(note, "slipped")
    panel.setInterventions([correction(1, duration_s=2.5), correction(2)])
    assert note.text() == "slipped"
    assert panel.value() == (1, 100)
    with qtbot.waitSignal(panel.noteRequested) as told:
        qtbot.keyClick(note, Qt.Key.Key_Return)
    assert told.args == [1, 100, "slipped"]
    assert not note.hasFocus()


def test_a_note_being_written_stays_with_its_correction(qtbot, panel):
    panel.setInterventions([correction(1)])
    note = panel.findChild(QLineEdit)
    panel.activateWindow()
    panel.focusNote()
    qtbot.waitUntil(note.hasFocus)
    qtbot.keyClicks(note, "late")
    panel.setInterventions([correction(1), correction(2)])
    told = []
    panel.noteRequested.connect(lambda *args: told.append(args))
    qtbot.keyClick(note, Qt.Key.Key_Return)
    assert told == [(1, 100, "late")]


def test_discarding_can_be_taken_back(qtbot, panel):
    panel.setInterventions([correction(1)])
    with qtbot.waitSignal(panel.discardRequested) as told:
        press(qtbot, panel, "Discard")
    assert told.args == [1, 100, True]
    panel.setInterventions([correction(1, discarded=True)])
    with qtbot.waitSignal(panel.discardRequested) as told:
        press(qtbot, panel, "Restore")
    assert told.args == [1, 100, False]


def test_undo_is_offered_when_there_is_something_to_undo(qtbot, panel):
    panel.setUndo(False, False)
    assert not button(panel, "Undo").isEnabled()
    panel.setUndo(True, False)
    with qtbot.waitSignal(panel.undoRequested):
        press(qtbot, panel, "Undo")


def test_each_row_is_a_sentence_for_a_screen_reader(qtbot, panel):
    panel.setInterventions([correction(4, recovered=False, category="grasp")])
    text = panel._model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert "Attempt 4 at 00:07.0, Grasp, 2.0 s, doubt 0.300" in text
    assert "not learned from" in text


def test_thumbnails_are_decoded_and_broken_ones_do_no_harm(qtbot, panel):
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImage(64, 48, QImage.Format.Format_RGB32).save(buffer, "JPEG")
    panel.setInterventions(
        [correction(1, thumbnail=bytes(data.data())), correction(2, thumbnail=b"not a picture")]
    )
    assert not panel.grab().isNull()
    assert panel._model.thumbnail(correction(1)).width() == 64
    assert panel._model.thumbnail(correction(2)) is None


def test_arrow_keys_walk_through_the_list(qtbot, panel):
    panel.setInterventions([correction(1), correction(2), correction(3)])
    qtbot.keyClick(panel._list, Qt.Key.Key_Down)
    assert panel.value() == (2, 100)


# Rounds and training


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


# Processes and keys


def test_a_stopped_process_has_its_remedy_and_its_button(qtbot):
    rows = process_rows(
        SupervisorState(
            1,
            (
                ProcessState("control", True, 10, None, 0),
                ProcessState("recorder", False, 0, -9, 2),
                ProcessState("trainer", False, 0, 3, 0, "Stopped."),
            ),
            False,
            3,
        )
    )
    assert [r.verdict for r in rows] == ["good", "bad", "off"]
    assert rows[1].detail == "It ended with code -9. Press Restart."
    table = shown(qtbot, ProcessTable(), 600, 300)
    table.setRows(rows)
    restart = next(
        b for b in table.findChildren(KeyButton) if b.accessibleName() == "Restart recorder"
    )
    with qtbot.waitSignal(table.restartRequested) as told:
        qtbot.mouseClick(restart, Qt.MouseButton.LeftButton)
    assert told.args == ["recorder"]


def test_rows_are_updated_in_place(qtbot):
    table = shown(qtbot, ProcessTable(), 600, 300)
    table.setRows(example_rows())
    before = table.findChildren(VerdictMark)
    good = tuple(r.__class__(r.name, r.group, "good", "runs") for r in example_rows())
    table.setRows(good)
    assert table.findChildren(VerdictMark) == before
    assert {m.verdict() for m in before} == {"good"}


def test_devices_come_with_their_words():
    from sessions.messages import ControlState, DeviceState

    devices = (DeviceState("robot", "simulated", True, "50 Hz"), DeviceState("pad", "pad", False))
    names = ControlState.__struct_fields__
    state = ControlState(**{n: 0 for n in names if n != "devices"}, devices=devices)
    assert [(r.name, r.verdict) for r in device_rows(state)] == [("robot", "good"), ("pad", "bad")]


def test_the_key_sheet_covers_its_parent_and_leaves_on_its_keys(qtbot):
    parent = shown(qtbot, QWidget(), 900, 600)
    sheet = KeySheet(parent)
    sheet.setGroups(example_groups())
    sheet.toggle()
    assert sheet.geometry() == parent.rect()
    parent.resize(1000, 700)
    qtbot.waitUntil(lambda: sheet.size() == parent.size())
    assert not sheet.grab().isNull()
    assert "Space: Soft stop" in sheet.accessibleDescription()
    for leave in (
        lambda: qtbot.keyClick(sheet, Qt.Key.Key_Escape),
        lambda: qtbot.keyClick(sheet, Qt.Key.Key_Question),
        lambda: qtbot.mouseClick(sheet, Qt.MouseButton.LeftButton),
        sheet.toggle,
    ):
        sheet.open()
        with qtbot.waitSignal(sheet.closed):
            leave()
        assert not sheet.isVisible()


# All of them

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


# Theme


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast of two colours."""

    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("look", [theme.DARK, theme.LIGHT])
def test_everything_can_be_read(look):
    for ground in (look.window, look.surface, look.sunken, look.raised):
        assert contrast(look.text, ground) >= 7
        assert contrast(look.muted, ground) >= 4.5
    assert contrast(look.edge, look.surface) >= 3
    for role, fill in look.fills.items():
        assert contrast(look.ink, fill) >= 4.5, role
        assert contrast(look.strokes[role], look.sunken) >= 3, role
        assert contrast(look.strokes[role], look.surface) >= 3, role


def test_meanings_have_one_colour_in_both_lights():
    assert theme.DARK.fills == theme.LIGHT.fills
    assert len(set(theme.DARK.fills.values())) == len(theme.DARK.fills)


def test_an_unknown_theme_is_refused_with_the_choices(qapp):
    with pytest.raises(ValueError, match="dark, light"):
        theme.apply(qapp, "sepia")


def test_three_sizes_of_one_family_with_figures_of_one_width(qapp):
    from PySide6.QtGui import QFontMetricsF

    small, body, large = (theme.font(s) for s in ("small", "body", "large"))
    assert small.pointSizeF() < body.pointSizeF() < large.pointSizeF()
    assert len({QFontInfo(f).family() for f in (small, body, large)}) == 1
    metrics = QFontMetricsF(body)
    assert len({round(metrics.horizontalAdvance(d * 8), 2) for d in "0123456789"}) == 1


def test_the_grid_grows_with_the_font(qapp):
    before = QFont(qapp.font())
    assert theme.grid() == 4
    bigger = QFont(before)
    bigger.setPointSizeF(before.pointSizeF() * 2)
    try:
        qapp.setFont(bigger)
        assert theme.grid() in (8, 9)
    finally:
        qapp.setFont(before)


def test_long_words_are_cut_with_the_whole_in_the_tip(qtbot):
    label = shown(qtbot, ElidedLabel("A sentence that is too long for its place", lines=1), 80, 20)
    label.grab()
    assert label.toolTip() == label.text()
    label.resize(600, 20)
    label.grab()
    assert label.toolTip() == ""
