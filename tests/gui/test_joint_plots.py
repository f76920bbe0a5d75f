"""The joints' curves: limits, zoom, cursor, ghost."""

from __future__ import annotations

import math
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import QApplication

from dagger_gui import theme
from dagger_gui.widgets.doubt_plot import DoubtPlot
from dagger_gui.widgets.joint_plots import JointPlots
from sessions.types import Controller
from tests.gui.shown import colour_at, picture, shown

pytestmark = pytest.mark.usefixtures("dressed")

NAMES = ("waist", "elbow", "gripper")
LOWER, UPPER = np.array([-3.0, -2.0, 0.0]), np.array([3.0, 2.0, 1.0])


def joint_data(n: int = 100):
    t = np.linspace(-10, 0, n)
    values = np.outer(np.sin(t), [1.0, 1.0, 0.4]) + np.array([0.0, 0.0, 0.5])
    return t, values, values.copy(), values.copy(), np.ones(n, np.uint8)


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
