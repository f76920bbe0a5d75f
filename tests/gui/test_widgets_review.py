"""The Review page's widgets alone: what they show, what they tell, how they are reached."""

from __future__ import annotations

import math
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from dagger_gui import theme
from dagger_gui.pages.review.player import Player
from dagger_gui.widgets._attempt_rows import doubt_height, thinned
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets._time_view import SHORTEST_S, TimeView
from dagger_gui.widgets.attempt_editor import AttemptEditor, example_attempt
from dagger_gui.widgets.attempt_plots import AttemptPlots, example_curves
from dagger_gui.widgets.correction_editor import (
    CorrectionEditor,
    CorrectionView,
    example_looks,
)
from dagger_gui.widgets.correction_list import CorrectionList
from dagger_gui.widgets.episode_list import EpisodeDelegate, EpisodeList, EpisodeRow
from dagger_gui.widgets.filter_line import FilterLine, completions, word_at
from dagger_gui.widgets.flag_list import FlagList, FlagRow
from dagger_gui.widgets.review_player import ReviewPlayer
from dagger_gui.widgets.review_timeline import ReviewTimeline, example_tracks
from dagger_gui.widgets.stage_scores import StageScores
from sessions.messages import Intervention

LEFT = Qt.MouseButton.LeftButton
KINDS = (
    AttemptEditor,
    AttemptPlots,
    CorrectionEditor,
    CorrectionList,
    EpisodeList,
    FilterLine,
    FlagList,
    ReviewPlayer,
    ReviewTimeline,
    StageScores,
)


@pytest.fixture(autouse=True)
def dressed(qapp: QApplication) -> None:
    theme.apply(qapp, "dark")


def shown(qtbot: QtBot, widget: QWidget, width: int, height: int) -> None:
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)


@pytest.fixture
def line(qtbot: QtBot) -> ReviewTimeline:
    made = ReviewTimeline()
    shown(qtbot, made, 700, 120)
    tracks, bars, stretches = example_tracks()
    made.setAttempt(tracks)
    made.setBars(bars, stretches)
    made.selected.connect(made.setSelection)
    return made


def at(line: ReviewTimeline, seconds: float) -> QPoint:
    box = line.place().bars
    return QPoint(round(line.view().x(seconds, box.left(), box.width())), int(box.center().y()))


def drag(line: ReviewTimeline, start: QPoint, end: QPoint) -> None:
    QTest.mousePress(line, LEFT, pos=start)
    QTest.mouseMove(line, end)
    QTest.mouseRelease(line, LEFT, pos=end)


@pytest.mark.parametrize("kind", KINDS)
def test_each_stands_empty_and_what_can_be_pressed_is_reached_by_tab(
    qtbot: QtBot, kind: type[QWidget]
) -> None:
    widget = kind()
    shown(qtbot, widget, 600, 300)
    assert not widget.grab().isNull()
    for child in widget.findChildren(KeyButton):
        assert child.focusPolicy() == Qt.FocusPolicy.TabFocus
        assert child.accessibleName()


# Time view


def test_zooming_keeps_the_time_under_the_pointer_and_stays_inside() -> None:
    view = TimeView.whole(20.0)
    near = view.zoom(5.0, 0.5)
    assert near.x(5.0, 0, 100) == pytest.approx(view.x(5.0, 0, 100))
    assert near.span_s == 10.0
    assert view.zoom(0.0, 1e-9).span_s == SHORTEST_S
    assert near.zoom(5.0, 100.0) == view
    assert near.move(-100).start_s == 0.0
    assert near.move(100).stop_s == 20.0


def test_a_time_that_leaves_the_screen_turns_the_page() -> None:
    view = TimeView(0.0, 4.0, 20.0)
    assert view.show(3.0) == view
    assert view.show(4.5).start_s == pytest.approx(4.1)
    assert view.show(19.9).stop_s == 20.0


# Timeline


def test_an_edge_is_told_by_rows_and_only_when_it_moved(qtbot: QtBot, line: ReviewTimeline) -> None:
    told: list[tuple[int, int, int]] = []
    line.edgesChanged.connect(lambda *rows: told.append(rows))
    drag(line, at(line, 5.0), at(line, 5.0))
    assert told == []
    drag(line, at(line, 5.0), at(line, 4.0))
    assert len(told) == 1
    identity, first, stop = told[0]
    assert (identity, stop) == (250, 360)
    assert abs(first - 200) <= 1


def test_edges_stop_at_the_neighbour_and_at_each_other(line: ReviewTimeline) -> None:
    told: list[tuple[int, int, int]] = []
    line.edgesChanged.connect(lambda *rows: told.append(rows))
    drag(line, at(line, 9.0), at(line, 6.0))  # into the first correction
    drag(line, at(line, 9.0), at(line, 11.5))  # past its own end
    drag(line, at(line, 10.0), at(line, 30.0))  # past the attempt's end
    assert told == [(450, 360, 500), (450, 499, 500), (450, 450, 600)]


def test_the_boundary_is_dragged_inside_its_correction(line: ReviewTimeline) -> None:
    told: list[tuple[int, int]] = []
    line.boundaryChanged.connect(lambda *rows: told.append(rows))
    drag(line, at(line, 6.0), at(line, 1.0))
    assert told == [(250, 251)]


def test_a_click_selects_and_puts_the_cursor_there(line: ReviewTimeline) -> None:
    QTest.mouseClick(line, LEFT, pos=at(line, 9.5))
    assert line.selection() == 450
    assert line.value() == pytest.approx(9.5, abs=0.05)


def test_nothing_is_dragged_while_it_cannot_be_edited(line: ReviewTimeline) -> None:
    told: list[object] = []
    line.edgesChanged.connect(lambda *rows: told.append(rows))
    line.setEditable(False)
    drag(line, at(line, 5.0), at(line, 4.0))
    assert told == []


# Plots


def test_dragging_in_the_plots_scrubs_and_the_wheel_zooms(qtbot: QtBot) -> None:
    plots = AttemptPlots()
    shown(qtbot, plots, 640, 420)
    plots.setAttempt(example_curves())
    box = plots.rowRect("elbow")
    with qtbot.waitSignal(plots.valueChanged) as told:
        QTest.mouseClick(plots, LEFT, pos=box.center().toPoint())
    assert told.args[0] == pytest.approx(plots.view().duration_s / 2, abs=0.05)
    event = QWheelEvent(
        box.center(),
        QPointF(plots.mapToGlobal(box.center().toPoint())),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    with qtbot.waitSignal(plots.viewChanged):
        QApplication.sendEvent(plots, event)
    assert plots.view().zoomed
    plots.resetScales()
    assert not plots.view().zoomed


def test_one_joint_is_enlarged_and_all_come_back(qtbot: QtBot) -> None:
    plots = AttemptPlots()
    shown(qtbot, plots, 640, 420)
    plots.setAttempt(example_curves())
    before = plots.rowRect("elbow").height()
    QTest.mouseDClick(plots, LEFT, pos=plots.rowRect("elbow").center().toPoint())
    assert plots.enlarged() == "elbow"
    assert plots.rowRect("elbow").height() > 5 * before
    assert plots.rowRect("waist").isEmpty()
    QTest.keyClick(plots, Qt.Key.Key_Escape)
    assert plots.enlarged() is None


def test_a_long_attempt_keeps_its_peaks_when_it_is_thinned() -> None:
    t = np.arange(100_000) / 50
    values = np.zeros(100_000)
    values[51_234], values[70_000:70_500] = 7.0, math.nan
    thin_t, thin = thinned(t, values, 600)
    assert len(thin_t) == len(thin) == 1200
    assert np.nanmax(thin) == 7.0
    short = thinned(t[:100], values[:100], 600)
    assert len(short[0]) == 100


def test_tau_lies_at_half_height() -> None:
    heights = doubt_height(np.array([0.0, 0.05, 0.1, 1.0, math.nan]), 0.1)
    assert heights[:4] == pytest.approx([0.0, 0.25, 0.5, 1.0])
    assert math.isnan(heights[4])


# Player


def test_it_plays_by_recorded_times_and_stops_at_the_end() -> None:
    now = [0.0]
    player = Player(clock=lambda: now[0])
    t = np.array([0.0, 0.02, 0.04, 1.0, 1.02])  # the loop stood still for a while
    player.load(t)
    player.set_speed(2.0)
    player.toggle()
    seen = []
    for now[0] in (0.01, 0.1, 0.4, 0.5, 0.6):
        player._advance()
        seen.append(player.row)
    assert seen == [1, 2, 2, 3, 4]
    assert not player.playing
    player.toggle()
    assert player.row == 0


def test_a_change_of_speed_goes_on_from_where_it_is() -> None:
    now = [0.0]
    player = Player(clock=lambda: now[0])
    player.load(np.arange(1000) / 50)
    player.toggle()
    now[0] = 2.0
    player._advance()
    assert player.row == 100
    player.shift(2)
    assert player.speed == 4.0
    now[0] = 3.0
    player._advance()
    assert player.row == 300
    player.shift(9)
    assert player.speed == 4.0
    player.pause()


def test_a_held_frame_key_steps_on_until_it_is_let_go(qtbot: QtBot) -> None:
    player = Player()
    player.load(np.arange(1000) / 50)
    player.hold(1)
    assert player.row == 1
    qtbot.waitUntil(lambda: player.row >= 4)
    player.release()
    there = player.row
    qtbot.wait(150)
    assert player.row == there


# Lists


def test_two_thousand_attempts_paint_only_what_is_seen(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[int] = []
    paint = EpisodeDelegate.paint

    def counted(self: EpisodeDelegate, painter: object, option: object, index: object) -> None:
        painted.append(index.row())  # type: ignore[attr-defined]
        paint(self, painter, option, index)  # type: ignore[arg-type]

    monkeypatch.setattr(EpisodeDelegate, "paint", counted)
    found = EpisodeList()
    shown(qtbot, found, 280, 500)
    rows = [EpisodeRow(n, 0, "success", 9.0, "keyboard") for n in range(2000, 0, -1)]
    found.setEpisodes(rows)
    found.setValue(1000)
    painted.clear()
    found.grab()
    assert 1 <= len(painted) <= 500 // theme.grid(11) + 2
    changed = [*rows]
    changed[3] = EpisodeRow(1997, 0, "failure", 9.0, "keyboard")
    found.setEpisodes(changed)
    assert found.value() == 1000, "the selection stays on its attempt"


def test_a_list_tells_what_a_hand_chose_and_not_what_was_set(qtbot: QtBot) -> None:
    found = EpisodeList()
    shown(qtbot, found, 280, 300)
    told: list[object] = []
    found.valueChanged.connect(told.append)
    found.setEpisodes([EpisodeRow(3, recording=True), EpisodeRow(2), EpisodeRow(1)])
    found.setValue(2)
    assert told == []
    found.step(1)
    found.step(-1)
    found.step(-1)  # what is being recorded cannot be chosen
    assert told == [1, 2]


def test_a_chosen_flag_leads_there_once_a_click(qtbot: QtBot) -> None:
    found = FlagList()
    shown(qtbot, found, 280, 300)
    found.setFlags(
        [FlagRow(4, 120, 2.4, "jerk", "It jerks."), FlagRow(0, -1, 0, "problem", "Torn")]
    )
    told: list[tuple[int, int]] = []
    found.flagChosen.connect(lambda *where: told.append(where))
    for _ in range(2):
        place = found.visualRect(found.model().index(0, 0)).center()
        QTest.mouseClick(found.viewport(), LEFT, pos=place)
    QTest.mouseClick(
        found.viewport(), LEFT, pos=found.visualRect(found.model().index(1, 0)).center()
    )
    assert told == [(4, 120), (4, 120)]


def test_the_parts_of_a_split_are_listed_by_time(qtbot: QtBot) -> None:
    found = CorrectionList()
    shown(qtbot, found, 280, 300)
    parts = [
        Intervention(1, start, 1.0, 1.0, 0.1, "", "", False, True, first=first, stop=first + 9)
        for start, first in ((50, 50), (1_000_000_004, 70), (90, 90))
    ]
    found.setInterventions(parts)
    assert [i.first for i in found.interventions()] == [50, 70, 90]
    found.setValue((1, 1_000_000_004))
    assert found.current() == 1


# Filter


@pytest.mark.parametrize(
    ("term", "offered"),
    [
        ("op", ["operator="]),
        ("category=g", ["category=grasp"]),
        ("category=grasp,", ["category=grasp,approach", "category=grasp,grasp"]),
        ('object="r', []),
        ("object=red", ['object="red cube"']),
        ("nothing=", []),
    ],
)
def test_the_term_at_the_cursor_is_completed(term: str, offered: list[str]) -> None:
    fields = ("round", "operator", "category")
    values = {"category": ("approach", "grasp"), "object": ("red cube",)}
    assert completions(term, fields, values) == offered


def test_the_term_is_the_word_around_the_cursor() -> None:
    assert word_at("round=2 cat outcome=x", 11) == (8, 11)
    assert word_at("", 0) == (0, 0)


def test_space_in_the_list_of_completions_goes_the_way_of_all_keys(qtbot: QtBot) -> None:
    line = FilterLine()
    shown(qtbot, line, 300, 110)
    line.setWords(("round", "operator"), {})
    line.activateWindow()
    line.focusField()
    qtbot.waitUntil(line._field.hasFocus)
    QTest.keyClicks(line._field, "ro")
    popup = line._field._list
    qtbot.waitUntil(popup.isVisible)
    QTest.keyClick(popup, Qt.Key.Key_U)
    assert line._field.text() == "rou"


# Editors


def view(**changes: object) -> CorrectionView:
    facts = {"first": 100, "stop": 150, "times": (2.0, 3.0, math.nan), "low": 0, "high": 200}
    return CorrectionView(100, "1 of 2", "grasp", "", **{**facts, **changes})  # type: ignore[arg-type]


def test_the_chosen_category_again_takes_it_off(qtbot: QtBot) -> None:
    editor = CorrectionEditor()
    shown(qtbot, editor, 300, 400)
    editor.setCategories(example_looks())
    told: list[str] = []
    editor.tagRequested.connect(told.append)
    assert not editor.tagNumber(1), "there is no correction"
    editor.setValue(view())
    assert editor.tagNumber(1)
    assert editor.tagNumber("2")
    assert not editor.tagNumber(9)
    assert told == ["approach", ""]


def test_steps_of_an_edge_are_asked_for_together(qtbot: QtBot) -> None:
    editor = CorrectionEditor()
    shown(qtbot, editor, 300, 400)
    editor.setValue(view())
    asked: list[tuple[int, int, int]] = []
    editor.edgesRequested.connect(lambda *rows: asked.append(rows))
    with qtbot.waitSignal(editor.edgesRequested):
        for _ in range(3):
            editor.nudge(-1, 0)
        editor.nudge(0, 2)
        assert asked == []
    assert asked == [(100, 97, 152)]
    assert not editor.stepping()


def test_edges_cannot_be_stepped_past_neighbours(qtbot: QtBot) -> None:
    editor = CorrectionEditor()
    shown(qtbot, editor, 300, 400)
    editor.setValue(view(low=99, high=151))
    for _ in range(5):
        editor.nudge(-1, 1)
    with qtbot.waitSignal(editor.edgesRequested) as asked:
        editor.commitEdges()
    assert asked.args == [100, 99, 151]


def test_what_cannot_be_changed_is_not_asked_for(qtbot: QtBot) -> None:
    editor = CorrectionEditor()
    shown(qtbot, editor, 300, 400)
    editor.setCategories(example_looks())
    editor.setValue(view())
    editor.setEditable(False)
    told: list[object] = []
    editor.tagRequested.connect(told.append)
    editor.edgesRequested.connect(lambda *rows: told.append(rows))
    editor.tagNumber(1)
    editor.nudge(1, 0)
    editor.commitEdges()
    assert told == []


def test_a_score_again_is_taken_back(qtbot: QtBot) -> None:
    editor = AttemptEditor()
    shown(qtbot, editor, 300, 400)
    editor.setValue(example_attempt())
    told: list[tuple[str, object]] = []
    editor.scoreRequested.connect(lambda *what: told.append(what))
    editor.scores().button("grasp", 3).click()
    editor.scores().button("grasp", 2).click()
    assert told == [("grasp", 3), ("grasp", None)]
    assert editor.scores().button("grasp", 2).isChecked(), "what is shown comes from outside"


def test_a_half_typed_label_goes_to_the_attempt_it_was_typed_for(qtbot: QtBot) -> None:
    editor = AttemptEditor()
    shown(qtbot, editor, 300, 400)
    editor.setValue(example_attempt())
    QTest.keyClicks(editor.label("environment"), "window side")
    with qtbot.waitSignal(editor.labelRequested) as told:
        editor.setValue(None)
    assert told.args == [14, "environment", "window side"]
