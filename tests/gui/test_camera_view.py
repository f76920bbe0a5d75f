"""One camera's picture, its age and its problems."""

from __future__ import annotations

import math
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtCore import Qt

from dagger_gui import theme
from dagger_gui.widgets.camera_view import CameraView
from tests.gui.shown import colour_at, holds, picture, shown

pytestmark = pytest.mark.usefixtures("dressed")


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
