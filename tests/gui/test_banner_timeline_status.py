"""The banner, the timeline and the line of figures."""

from __future__ import annotations

import dataclasses
import math
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtWidgets import QApplication, QWidget

from dagger_gui import theme
from dagger_gui.widgets._painting import clock, nice_ticks, number, runs
from dagger_gui.widgets.state_banner import Banner, StateBanner, headline
from dagger_gui.widgets.status_line import StatusLine, example_status
from dagger_gui.widgets.timeline import Mark, Span, Timeline
from tests.gui.shown import colour_at, holds, picture, shown

pytestmark = pytest.mark.usefixtures("dressed")


STATES = (
    (Banner("policy", "policy"), "POLICY", "policy"),
    (Banner("policy", "handover"), "HANDING BACK", "policy"),
    (Banner("aligning", "handover"), "TAKING OVER", "human"),
    (Banner("human", "human"), "HUMAN", "human"),
    (Banner("human", "demo", demo=True), "HUMAN", "human"),
    (Banner("hold", "hold"), "HOLD", "hold"),
    (Banner("fault", "hold", latched=True), "STOPPED", "fault"),
)


@pytest.mark.parametrize(("state", "word", "role"), STATES)
@pytest.mark.parametrize("light", ["dark", "light"])
def test_every_state_has_its_word_and_its_colour(qtbot, qapp, state, word, role, light):
    theme.apply(qapp, light)
    banner = shown(qtbot, StateBanner(), 1280, 72)
    banner.setValue(state)
    assert banner.word() == word
    image = picture(banner)
    assert colour_at(image, 6, image.height() / 2) == theme.current().fills[role].lower()


def test_without_news_no_state_is_claimed(qtbot):
    banner = shown(qtbot, StateBanner(), 1280, 72)
    banner.setValue(Banner("policy", "policy", attempt=3, attempt_s=2.0))
    banner.setConnected(False)
    assert banner.word() == "NO LINK"
    assert not holds(picture(banner), theme.current().fills["policy"])
    banner.setConnected(True)
    assert banner.word() == "POLICY"


def test_nothing_in_the_banner_moves_between_states(qtbot):
    banner = shown(qtbot, StateBanner(), 1280, 72)
    places = set()
    for state, _word, _role in STATES:
        for longer in ("", "Holding: a reason that goes on and on, " * 4):
            banner.setValue(dataclasses.replace(state, reason=longer, attempt=7, attempt_s=9.9))
            QApplication.processEvents()
            places.add(tuple(c.geometry().getRect() for c in banner.findChildren(QWidget)))
    assert len(places) == 1


def test_a_long_reason_has_its_headline_in_large_type_and_its_figures_below(qtbot):
    shown(qtbot, StateBanner(), 1280, 72)
    font = theme.font("large", bold=True)
    reason = "Holding: elbow (servo 4) has shut down. It is at 84 °C (limit 80 °C)."
    assert headline(reason, "Support it.", font, 560) == (
        "Holding: elbow (servo 4) has shut down.",
        "It is at 84 °C (limit 80 °C). Support it.",
    )
    assert headline("Ready.", "Press Enter.", font, 560) == ("Ready.", "Press Enter.")
    # Where it is a little too long, it does without what the block says already.
    words = "Holding: shoulder's second motor (servo 3) does not answer."
    bare = "Shoulder's second motor (servo 3) does not answer."
    room = QFontMetricsF(font).horizontalAdvance(bare) + 1
    assert headline(words, "Check it.", font, room) == (bare, "Check it.")
    assert headline("x" * 200, "Check it.", font, 560) == ("", "Check it.")


def test_the_stop_is_one_click_and_never_red_on_yellow(qtbot):
    banner = shown(qtbot, StateBanner(), 1280, 72)
    with qtbot.waitSignal(banner.softStopRequested):
        qtbot.mouseClick(banner, Qt.MouseButton.LeftButton, pos=QPoint(0, 0))
        qtbot.mouseClick(banner._stop, Qt.MouseButton.LeftButton)
    image = banner._stop.grab().toImage()
    assert colour_at(image, image.width() / 2, 6) == theme.current().text.lower()
    assert "Not an emergency stop" in banner._stop.accessibleDescription()


def test_the_latched_stop_says_so(qtbot):
    banner = shown(qtbot, StateBanner(), 1280, 72)
    banner.setValue(Banner("fault", latched=True, reason="You stopped the arm."))
    assert banner._stop.text() == "STOPPED"
    banner.setValue(Banner("hold", reason="Ready."))
    assert banner._stop.text() == "SOFT STOP"


SPANS = (Span(0, 4, 1), Span(4, 4.4, 3), Span(4.4, 7, 2), Span(7, 9, 1))


def test_spans_lie_at_their_times_in_their_colours(qtbot):
    line = shown(qtbot, Timeline(), 900, 60)
    line.setAttempt(SPANS, (), 9.0, 20.0)
    bar, image = line.barRect(), picture(line)

    def at(seconds: float) -> str:
        return colour_at(image, bar.left() + seconds / 20 * bar.width(), bar.bottom() - 2)

    assert at(3) == theme.current().fills["policy"].lower()
    assert at(6.5) == theme.current().fills["human"].lower()
    assert at(15) == theme.current().sunken.lower()


def test_the_scale_grows_by_whole_steps_only(qtbot):
    line = shown(qtbot, Timeline(), 900, 60)
    lengths = []
    for elapsed in (0.0, 5.0, 19.9, 20.1, 29.0, 31.0, 700.0):
        line.setAttempt(SPANS, (), elapsed, 20.0)
        lengths.append(line.scaleLength())
    assert lengths == [20, 20, 20, 30, 30, 45, 900]


def test_the_cursor_follows_hand_and_keys_and_stays_inside(qtbot):
    line = shown(qtbot, Timeline(), 900, 60)
    line.setAttempt(SPANS, (Mark(4, ""),), 9.0, 20.0, running=False)
    bar = line.barRect()
    with qtbot.waitSignal(line.spanActivated) as told:
        x = round(bar.left() + 6 / 20 * bar.width())
        qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=QPoint(x, 30))
    assert told.args == [2]
    assert line.value() == pytest.approx(6, abs=0.05)
    qtbot.keyClick(line, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert line.value() == pytest.approx(7, abs=0.05)
    line.setValue(55.0)
    assert line.value() == 9.0
    qtbot.keyClick(line, Qt.Key.Key_Home)
    assert line.value() is None


def test_an_untagged_mark_stands_out(qtbot):
    line = shown(qtbot, Timeline(), 900, 60)
    line.setAttempt(SPANS, (Mark(4, "grasp"),), 9.0, 20.0)
    tagged = picture(line)
    line.setAttempt(SPANS, (Mark(4, ""),), 9.0, 20.0)
    x = line.barRect().left() + 4 / 20 * line.barRect().width() + 2
    assert colour_at(picture(line), x + 1, 2) == theme.current().text.lower()
    assert colour_at(tagged, x + 1, 2) != theme.current().text.lower()


def test_an_empty_timeline_draws(qtbot):
    line = shown(qtbot, Timeline(), 400, 60)
    line.clear()
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    assert line.value() is None
    assert not picture(line).isNull()


def test_trouble_is_named_and_rest_is_calm(qtbot):
    line = shown(qtbot, StatusLine(), 1280, 28)
    line.setValue(example_status())
    assert line.problems() == ()
    line.setValue(
        dataclasses.replace(
            example_status(), rate_hz=40.0, late_ticks=200, lost=3, disk_free_bytes=10**9
        )
    )
    assert line.problems() == (" 40.0 Hz", "late 200", "1 GB free", "unrecorded 3")
    assert "saved 13 of 13" in line.accessibleName()


def test_old_numbers_are_greyed(qtbot):
    line = shown(qtbot, StatusLine(), 1280, 28)
    line.setValue(example_status())
    for age, old in ((0.1, False), (0.6, True), (0.2, False), (math.inf, True), (math.nan, True)):
        line.setAge(age)
        assert line.isOld() == old
    assert not holds(picture(line), theme.current().muted)


def test_counting_numbers_do_not_move_their_neighbours(qtbot):
    line = shown(qtbot, StatusLine(), 1280, 28)
    line.setValue(example_status())
    before = [p.left() for p in line._places]
    line.setValue(
        dataclasses.replace(example_status(), rate_hz=7.31, late_ticks=99_999, saved=8, started=999)
    )
    assert [p.left() for p in line._places] == before


def test_everything_fits_at_1280(qtbot):
    line = shown(qtbot, StatusLine(), 1280, 28)
    line.setValue(dataclasses.replace(example_status(), training="100 %"))
    assert line._places[-1].right() <= 1280


def test_times_and_figures_keep_their_width():
    assert clock(12.44) == "00:12.4"
    assert clock(59.96) == "00:59.9"
    assert clock(60) == "01:00.0"
    assert clock(math.nan) == "--:--.-"
    assert clock(-1) == "00:00.0"
    assert clock(125, tenths=False) == "02:05"
    assert number(-0.5) == "−0.50"
    assert number(math.nan) == "–"


def test_ticks_are_round_and_inside():
    assert nice_ticks(-10, 0, 5) == [-10, -8, -6, -4, -2, 0]
    assert nice_ticks(0, 20, 8) == [0, 5, 10, 15, 20]
    assert nice_ticks(1, 1, 5) == []


def test_runs_cover_everything_once():
    values = np.array([1, 1, 2, 2, 2, 0], np.uint8)
    assert list(runs(values)) == [(0, 2, 1), (2, 5, 2), (5, 6, 0)]
    assert list(runs(values[:0])) == []
