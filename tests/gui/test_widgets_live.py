"""What the operator watches: cameras, joints, doubt, banner, timeline, status line."""

from __future__ import annotations

import dataclasses
import math
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from dagger_gui import theme
from dagger_gui.widgets._painting import clock, nice_ticks, number, runs
from dagger_gui.widgets.camera_view import CameraView
from dagger_gui.widgets.doubt_plot import DoubtPlot
from dagger_gui.widgets.joint_plots import JointPlots
from dagger_gui.widgets.state_banner import Banner, StateBanner
from dagger_gui.widgets.status_line import StatusLine, example_status
from dagger_gui.widgets.timeline import Mark, Span, Timeline
from sessions.types import Controller

NAMES = ("waist", "elbow", "gripper")
LOWER, UPPER = np.array([-3.0, -2.0, 0.0]), np.array([3.0, 2.0, 1.0])


@pytest.fixture(autouse=True)
def dressed(qapp):
    theme.apply(qapp, "dark")


def shown(qtbot, widget: QWidget, width: int, height: int):
    qtbot.addWidget(widget)
    widget.resize(width, height)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def picture(widget: QWidget) -> QImage:
    return widget.grab().toImage()


def colour_at(image: QImage, x: float, y: float) -> str:
    return image.pixelColor(round(x), round(y)).name()


def holds(image: QImage, colour: str) -> bool:
    """Whether any pixel of every second row has exactly this colour."""
    wanted = QColor(colour).rgb()
    return any(
        image.pixel(x, y) == wanted
        for y in range(0, image.height(), 2)
        for x in range(image.width())
    )


def joint_data(n: int = 100):
    t = np.linspace(-10, 0, n)
    values = np.outer(np.sin(t), [1.0, 1.0, 0.4]) + np.array([0.0, 0.0, 0.5])
    return t, values, values.copy(), values.copy(), np.ones(n, np.uint8)


# Cameras


def test_a_picture_keeps_its_proportions_in_any_view(qtbot):
    view = shown(qtbot, CameraView("top"), 800, 300)
    view.setFrame(np.zeros((480, 640, 3), np.uint8), 0.04)
    place = view.pictureRect()
    assert place.height() == 300
    assert place.width() == pytest.approx(400, abs=1)
    assert place.center().x() == pytest.approx(400, abs=1)


def test_colours_arrive_as_rgb(qtbot):
    view = shown(qtbot, CameraView("top"), 640, 480)
    view.setFrame(np.full((480, 640, 3), (200, 60, 10), np.uint8), 0.04)
    assert colour_at(picture(view), 320, 240) == "#c83c0a"


def test_the_frame_given_may_be_overwritten_by_its_owner(qtbot):
    view = shown(qtbot, CameraView("top"), 640, 480)
    frame = np.full((480, 640, 3), 100, np.uint8)
    view.setFrame(frame, 0.04)
    frame[:] = 0
    assert colour_at(picture(view), 320, 240) == "#646464"


def test_an_old_picture_gets_an_edge_and_says_what_to_do(qtbot):
    view = shown(qtbot, CameraView("wrist"), 640, 480)
    view.setStaleAfter(0.2)
    view.setFrame(np.zeros((480, 640, 3), np.uint8), 0.05)
    assert view.problem() == ""
    assert not holds(picture(view), theme.current().fills["fault"])
    view.setAge(0.31)
    assert view.problem() == "Picture is 310 ms old. Check the camera's cable."
    assert holds(picture(view), theme.current().fills["fault"])


def test_a_named_problem_outranks_the_age_and_is_read_aloud(qtbot):
    view = shown(qtbot, CameraView("wrist"), 640, 480)
    view.setFrame(np.zeros((480, 640, 3), np.uint8), 3.0)
    view.setProblem("The picture is black. Take the cap off.")
    assert view.problem() == view.accessibleDescription()
    view.setProblem("")
    view.setAge(0.01)
    assert view.problem() == ""


def test_without_a_picture_it_says_so_and_draws(qtbot):
    view = shown(qtbot, CameraView("wrist"), 300, 200)
    assert math.isnan(view.age())
    assert not picture(view).isNull()
    view.setFrame(np.zeros((48, 64, 3), np.uint8), 0.1)
    view.clear()
    assert math.isnan(view.age())


def test_click_and_return_ask_for_the_large_view(qtbot):
    view = shown(qtbot, CameraView("top"), 300, 200)
    with qtbot.waitSignal(view.enlargeRequested) as asked:
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton)
    assert asked.args == ["top"]
    with qtbot.waitSignal(view.enlargeRequested):
        qtbot.keyClick(view, Qt.Key.Key_Return)


def test_the_cross_is_toggled_by_its_key_and_told(qtbot):
    view = shown(qtbot, CameraView("top"), 300, 200)
    with qtbot.waitSignal(view.crosshairChanged) as told:
        qtbot.keyClick(view, Qt.Key.Key_X)
    assert told.args == [True]
    assert view.crosshair()


def test_a_reference_picture_shines_through(qtbot):
    view = shown(qtbot, CameraView("top"), 640, 480)
    view.setFrame(np.zeros((480, 640, 3), np.uint8), 0.0)
    view.setReference(np.full((480, 640, 3), 200, np.uint8))
    red = picture(view).pixelColor(320, 240).red()
    assert 60 < red < 140
    view.setReference(None)
    assert picture(view).pixelColor(320, 240).red() == 0


def test_a_frame_of_another_shape_is_refused_with_its_shape():
    with pytest.raises(ValueError, match=r"\(480, 640\)"):
        CameraView("top").setFrame(np.zeros((480, 640), np.uint8), 0.0)


# Joints


def test_rows_show_limits_until_zoomed_and_come_back(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    plots.setData(*joint_data())
    picture(plots)  # a wheel turns on what is on screen
    row = plots.rowRect("elbow")
    wheel = QWheelEvent(
        row.center(),
        plots.mapToGlobal(row.center()),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    with qtbot.waitSignal(plots.valueChanged) as told:
        QApplication.sendEvent(plots.viewport(), wheel)
    low, high = told.args[0]["zoom"]["elbow"]
    assert -2 < low < high < 2
    assert "waist" not in told.args[0]["zoom"]
    plots.resetScales()
    assert plots.value()["zoom"] == {}


def test_double_click_enlarges_one_joint_and_back(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    middle = plots.rowRect("elbow").center().toPoint()
    qtbot.mouseDClick(plots.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert plots.value()["enlarged"] == "elbow"
    assert plots.rowRect("waist").isEmpty()
    qtbot.mouseDClick(plots.viewport(), Qt.MouseButton.LeftButton, pos=middle)
    assert plots.value()["enlarged"] is None


def test_a_drag_moves_what_is_zoomed_and_never_past_the_limits(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    plots.setValue({"enlarged": None, "zoom": {"elbow": [-0.5, 0.5]}})
    picture(plots)
    start = plots.rowRect("elbow").center().toPoint()
    qtbot.mousePress(plots.viewport(), Qt.MouseButton.LeftButton, pos=start)
    for dy in (10, 20, 30, 3000):
        qtbot.mouseMove(plots.viewport(), start + QPoint(0, dy))
        if dy == 30:
            low, high = plots.value()["zoom"]["elbow"]
            assert low > -0.5
            assert high - low == pytest.approx(1.0)
    qtbot.mouseRelease(plots.viewport(), Qt.MouseButton.LeftButton, pos=start)
    low, high = plots.value()["zoom"]["elbow"]
    assert high <= 2.24 + 1e-9
    assert plots.value()["zoom"].keys() == {"elbow"}


def test_zoom_and_curves_live_through_a_change_of_light(qtbot, qapp):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    plots.setData(*joint_data())
    plots.setValue({"enlarged": None, "zoom": {"elbow": [-1, 1]}})
    dark = picture(plots)
    for light in ("light", "dark"):
        theme.apply(qapp, light)
        again = picture(plots)
        assert plots.value()["zoom"] == {"elbow": [-1.0, 1.0]}
    assert again == dark


def test_the_keyboard_alone_reaches_every_joint(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    reached = []
    for _ in NAMES:
        qtbot.keyClick(plots, Qt.Key.Key_Down)
        reached.append(plots.value()["enlarged"])
    assert reached == list(NAMES)
    qtbot.keyClick(plots, Qt.Key.Key_Plus)
    assert "gripper" in plots.value()["zoom"]
    qtbot.keyClick(plots, Qt.Key.Key_0)
    qtbot.keyClick(plots, Qt.Key.Key_Escape)
    assert plots.value() == {"enlarged": None, "zoom": {}}


def test_layout_is_remembered_and_a_joint_that_is_gone_left_out(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    plots.setValue({"enlarged": "elbow", "zoom": {"elbow": [-1, 1], "tail": [0, 1]}})
    kept = plots.value()
    assert kept == {"enlarged": "elbow", "zoom": {"elbow": [-1.0, 1.0]}}
    other = shown(qtbot, JointPlots(), 500, 400)
    other.setJoints(("waist", "gripper"), LOWER[[0, 2]], UPPER[[0, 2]])
    other.setValue(kept)
    assert other.value() == {"enlarged": None, "zoom": {}}


def test_human_time_is_shaded_where_it_was(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    t, measured, policy, sent, who = joint_data()
    who[50:] = 2
    plots.setData(t, measured, policy, sent, who)
    row = plots.rowRect("waist")
    image = picture(plots)
    y = row.top() + row.height() * 0.2
    early = colour_at(image, row.left() + row.width() * 0.27, y)
    late = QColor(colour_at(image, row.left() + row.width() * 0.77, y))
    assert early == theme.current().sunken.lower()
    assert late.red() > late.blue() + 30


def test_proposals_that_are_missing_leave_gaps_and_no_noise(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    t, measured, policy, sent, who = joint_data()
    policy[20:40] = math.nan
    sent[:] = math.nan
    plots.setData(t, measured, policy, sent, who)
    assert not picture(plots).isNull()


def test_values_under_the_cursor_are_painted_and_go_with_it(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    plots.setData(*joint_data())
    qtbot.waitUntil(plots.hasFocus)  # its ring is in the picture
    plain = picture(plots)
    qtbot.mouseMove(plots.viewport(), plots.rowRect("elbow").center().toPoint())
    qtbot.waitUntil(lambda: picture(plots) != plain)
    QApplication.sendEvent(plots, _leave())
    assert picture(plots) == plain


def _leave():
    from PySide6.QtCore import QEvent

    return QEvent(QEvent.Type.Leave)


def test_the_leader_is_a_ghost_while_it_does_not_drive_and_no_line_of_its_own_while_it_does(qtbot):
    plots = shown(qtbot, JointPlots(), 520, 400)
    plots.setJoints(NAMES, LOWER, UPPER, leader=True)
    t, measured, policy, sent, who = joint_data()
    leader = np.full_like(measured, np.nan)
    leader[:, 0] = 2.5  # far from every other curve
    row = plots.rowRect("waist")
    y = row.center().y() - row.height() / 2.24 * 2.5 / 3

    def orange() -> bool:
        image = picture(plots)
        strip = image.copy(round(row.left()), round(y) - 2, round(row.width()), 5)
        pixels = (strip.pixelColor(x, y) for x in range(strip.width()) for y in range(5))
        return any(p.red() > 150 and p.red() > p.blue() + 80 for p in pixels)

    plots.setData(t, measured, policy, sent, who, leader)
    assert orange()
    plots.setData(t, measured, policy, sent, np.full_like(who, Controller.HUMAN), leader)
    assert not orange()
    plots.setData(t, measured, policy, sent, who)
    assert not orange()


def test_while_aligning_every_joint_says_how_far_the_leader_is_from_the_arm(qtbot):
    plots = shown(qtbot, JointPlots(), 520, 400)
    plots.setJoints(NAMES, LOWER, UPPER, leader=True)
    plots.setData(*joint_data())
    plain = picture(plots)
    plots.setAlignment(np.array([0.23, -0.05, math.nan]), 0.1)
    assert plots.hints() == {"waist": "move waist +0.23 rad", "elbow": "aligned", "gripper": ""}
    plots.setAlignment(None)
    assert picture(plots) == plain
    with pytest.raises(ValueError, match=r"missing has shape \(2,\), not \(3,\)"):
        plots.setAlignment(np.zeros(2))


def test_shapes_that_disagree_are_refused_with_both_shapes(qtbot):
    plots = shown(qtbot, JointPlots(), 500, 400)
    plots.setJoints(NAMES, LOWER, UPPER)
    t, measured, policy, sent, who = joint_data()
    with pytest.raises(ValueError, match=r"policy has shape \(100, 2\), not \(100, 3\)"):
        plots.setData(t, measured, policy[:, :2], sent, who)
    with pytest.raises(ValueError, match="not below"):
        plots.setJoints(NAMES, UPPER, LOWER)


def test_doubt_lines_up_with_the_joints(qtbot):
    plots, doubt = JointPlots(), DoubtPlot()
    qtbot.addWidget(doubt)
    shown(qtbot, plots, 500, 400)
    plots.leftChanged.connect(doubt.setLeft)
    plots.setJoints(("a joint with a long name", "gripper"), LOWER[:2], UPPER[:2])
    assert doubt.plotRect().left() == plots.rowRect("gripper").left()


# Doubt


def doubt_data(doubt: float, n: int = 50):
    return np.linspace(-10, 0, n), np.full(n, doubt), np.ones(n, np.uint8)


def test_tau_lies_at_half_height_whatever_it_is(qtbot):
    plot = shown(qtbot, DoubtPlot(), 400, 120)
    for tau in (0.001, 0.3, 40.0):
        t, doubt, who = doubt_data(tau)
        plot.setData(t, doubt, tau, who)
        heights = plot.fraction(np.array([0.0, tau / 2, tau, tau * 10, tau * 1000]))
        assert heights == pytest.approx([0, 0.25, 0.5, 1, 1])


def test_the_words_say_which_side_of_tau(qtbot):
    plot = shown(qtbot, DoubtPlot(), 400, 120)
    assert plot.summary() == "appears when a policy runs"
    t, doubt, who = doubt_data(0.2)
    plot.setData(t, doubt, math.nan, who)
    assert plot.summary() == "learned from takeovers"
    plot.setData(t, doubt, 0.1, who)
    assert plot.summary() == "above tau: be ready"
    plot.setData(t, doubt, 0.3, who)
    assert plot.summary() == "below tau"
    assert not picture(plot).isNull()


def test_without_tau_the_axis_grows_by_steps_and_never_breathes(qtbot):
    plot = shown(qtbot, DoubtPlot(), 400, 120)
    t, doubt, who = doubt_data(0.2)
    plot.setData(t, doubt, math.nan, who)
    before = plot.fraction(np.array([0.2]))
    plot.setData(t, doubt / 2, math.nan, who)
    plot.setData(t, doubt * 1.2, math.nan, who)
    assert plot.fraction(np.array([0.2])) == before
    plot.clear()
    assert plot.summary() == "appears when a policy runs"


# Banner

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


# Timeline

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


# Status line


def test_trouble_is_named_and_rest_is_calm(qtbot):
    line = shown(qtbot, StatusLine(), 1280, 28)
    line.setValue(example_status())
    assert line.problems() == ()
    line.setValue(
        dataclasses.replace(
            example_status(), rate_hz=40.0, late_ticks=200, lost=3, disk_free_bytes=10**9
        )
    )
    assert line.problems() == (" 40.0 Hz", "late 200", "1 GB free", "lost 3")
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


# Figures


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
