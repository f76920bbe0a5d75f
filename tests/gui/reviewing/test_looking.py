"""Looking at attempts: one cursor, pictures, playing, room."""

from __future__ import annotations

import h5py
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from sessions.record.catalogue import Catalogue
from sessions.workspace import Workspace
from tests.gui.review import EVERY, HUMAN, TICKS, ReviewBench
from tests.sessions.record.parts import image

Key = Qt.Key


def test_everything_is_listed_and_counted_in_words(bench: ReviewBench) -> None:
    bench.until(lambda: bench.page.found())
    assert [r.number for r in bench.page.left.attempts.episodes()] == [3, 2, 1]
    assert bench.page.left.filter.words() == ("3 attempts, 6 corrections, 00:03 of corrections")


def test_the_pictures_are_those_of_the_cursor_and_the_newest_request_wins(
    bench: ReviewBench,
) -> None:
    bench.open(2)
    for row in (10, 50, 120, 77):
        bench.page.player.seek(row)
    bench.until(lambda: bench.shots and bench.shots[-1].row == 77)
    bench.qtbot.wait(50)  # nothing older comes after it
    shot = bench.shots[-1]
    assert (shot.attempt, shot.row, sorted(shot.pictures)) == (2, 77, ["top", "wrist"])
    for picture in shot.pictures.values():
        assert picture.image is not None
        assert abs(float(picture.image.mean()) - float(image(77 // EVERY).mean())) < 2
        assert picture.age_s == pytest.approx(77 % EVERY / 50)
    assert bench.page.middle.plots.value() == bench.page.middle.timeline.value()
    assert bench.page.middle.plots.value() == pytest.approx(77 / 50)


def test_a_torn_frame_is_a_sentence_and_the_rest_is_seen(
    bench: ReviewBench, space: Workspace
) -> None:
    path = Catalogue(space).path(3)
    with h5py.File(path, "r+") as file:
        group = file["cameras"]["wrist"]
        group["jpeg"][int(group["offset"][20]) : int(group["offset"][20]) + 40] = np.zeros(
            40, np.uint8
        )
    bench.open(3)
    bench.page.player.seek(20 * EVERY)
    bench.until(lambda: bench.shots and bench.shots[-1].row == 20 * EVERY)
    assert "Frame 20 cannot be shown" in bench.page.middle.views()["wrist"].problem()
    assert bench.page.middle.views()["top"].problem() == ""
    bench.page.player.seek(30 * EVERY)
    bench.until(lambda: bench.page.middle.views()["wrist"].problem() == "")


def test_a_torn_file_is_said_in_quality_and_the_others_open(
    bench: ReviewBench, space: Workspace
) -> None:
    bench.until(lambda: bench.page.found())
    torn = space.episodes / "000004.h5"
    torn.write_bytes(b"no episode")
    bench.page.library.refresh()
    bench.until(lambda: any(not row.episode for row in bench.page.left.flags.flagRows()))
    assert str(torn) in bench.page.left.flags.flagRows()[0].text
    bench.open(1)


def test_an_attempt_that_was_damaged_since_is_said_and_leaves_the_list(
    bench: ReviewBench, space: Workspace
) -> None:
    bench.until(lambda: bench.page.found())
    path = Catalogue(space).path(2)
    path.write_bytes(path.read_bytes()[:5000])
    bench.page.open(2)
    bench.until(lambda: str(path) in bench.page.middle.plots._empty)
    bench.until(lambda: [r.number for r in bench.page.left.attempts.episodes()] == [3, 1])
    bench.open(1)


def test_k_plays_and_space_does_not(bench: ReviewBench) -> None:
    bench.open(1)
    bench.press(Key.Key_Space)
    assert not bench.page.player.playing
    bench.press(Key.Key_K)
    assert bench.page.player.playing
    bench.until(lambda: bench.page.player.row > 3)
    bench.press(Key.Key_K)
    assert not bench.page.player.playing


def test_keys_step_frames_and_jump_between_corrections(bench: ReviewBench) -> None:
    bench.open(1)
    where = []
    for key in (
        Key.Key_PageDown,
        Key.Key_Right,
        Key.Key_Period,
        Key.Key_Left,
        Key.Key_PageDown,
        Key.Key_PageUp,
        Key.Key_End,
        Key.Key_Home,
    ):
        bench.press(key)
        where.append(bench.page.player.row)
    assert where == [60, 61, 62, 61, 140, 60, TICKS - 1, 0]
    bench.press(Key.Key_PageUp)
    assert "no earlier correction" in bench.sentences[-1]


def test_what_the_cursor_is_in_is_what_is_selected(bench: ReviewBench) -> None:
    bench.open(1)
    for row, expected in ((70, HUMAN[0]), (120, HUMAN[0]), (150, HUMAN[1]), (60, HUMAN[0])):
        bench.page.player.seek(row)
        assert bench.selected() == expected


def test_playing_ends_where_nobody_looks(bench: ReviewBench) -> None:
    bench.open(1)
    bench.page.player.toggle()
    bench.window.show_page("Run")
    assert not bench.page.player.playing


def test_one_zoom_and_one_cursor_for_plots_and_timeline(bench: ReviewBench) -> None:
    bench.open(1)
    middle = bench.page.middle
    view = middle.plots.view().zoom(1.5, 0.25)
    middle.plots.setView(view)
    middle.plots.viewChanged.emit(view)
    assert middle.timeline.view() == view
    assert middle.plots.plotLeft() == middle.timeline.place().bars.left()
    bench.page.player.seek(TICKS - 1)  # outside of what is shown: the page is turned
    assert middle.plots.view().start_s <= 3.98 <= middle.plots.view().stop_s
    assert middle.plots.view() == middle.timeline.view()


def test_a_short_correction_is_zoomed_to_by_what_can_be_seen(bench: ReviewBench) -> None:
    bench.open(1)
    line, plots = bench.page.middle.timeline, bench.page.middle.plots
    out, closer, fit = line.zoomButtons().buttons()
    assert not out.isEnabled(), "the whole attempt is on screen"
    before = line.edgeX(60, "stop") - line.edgeX(60, "first")
    QTest.mouseClick(fit, Qt.MouseButton.LeftButton)
    assert line.edgeX(60, "stop") - line.edgeX(60, "first") > 2.5 * before
    assert plots.view() == line.view()
    assert fit.text() == "Whole"
    QTest.mouseClick(fit, Qt.MouseButton.LeftButton)
    assert not line.view().zoomed
    QTest.mouseClick(closer, Qt.MouseButton.LeftButton)
    assert line.view().zoomed
    bench.press(Key.Key_0)
    assert not plots.view().zoomed
    bench.press(Key.Key_Plus)
    assert plots.view().zoomed
    bench.press(Key.Key_Minus)
    box = line.place().bars
    inside = QPoint(round(line.edgeX(140, "first")) + 8, round(box.center().y()))
    QTest.mouseClick(line, Qt.MouseButton.LeftButton, pos=inside)
    QTest.mouseDClick(line, Qt.MouseButton.LeftButton, pos=inside)
    assert line.view().start_s < 140 / 50 < 170 / 50 < line.view().stop_s
    assert line.view().span_s < 1.3
    QTest.mouseDClick(line, Qt.MouseButton.LeftButton, pos=inside)
    assert not line.view().zoomed


def test_figures_at_the_cursor_cover_no_curve(bench: ReviewBench) -> None:
    bench.open(1)
    plots = bench.page.middle.plots
    plots.setSpan(None)
    area = plots.axisRect().toRect()

    def seen(seconds: float) -> QImage:
        plots.setValue(seconds)
        return plots.grab(area).toImage()

    one, other = seen(0.5), seen(2.5)
    lines = {round(plots.xOf(t)) - area.left() + d for t in (0.5, 2.5) for d in (-1, 0, 1)}
    differ = {
        x
        for x in range(one.width())
        for y in range(0, one.height(), 3)
        if one.pixel(x, y) != other.pixel(x, y)
    }
    assert differ
    assert differ <= lines, "nothing but the cursor itself"


def test_no_category_s_name_is_cut_in_the_smallest_window(bench: ReviewBench) -> None:
    bench.open(1)
    shown = bench.page.right.correction.categories()
    bench.until(lambda: shown.looks())
    QApplication.processEvents()
    assert "Hardware / calibration" in [b.text() for b in shown.buttons()]
    for button in shown.buttons():
        assert button.width() >= button.sizeHint().width(), button.text()


def test_a_camera_enlarges_in_place_of_the_curves_and_escape_brings_them_back(
    bench: ReviewBench,
) -> None:
    bench.open(1)
    bench.page.middle.toggle("wrist")
    assert not bench.page.middle.plots.isVisible()
    assert not bench.page.middle.views()["top"].isVisible()
    bench.press(Key.Key_Escape)
    assert bench.page.middle.plots.isVisible()
    assert bench.page.middle.views()["top"].isVisible()


def test_nothing_is_cut_off_at_the_smallest_size(bench: ReviewBench) -> None:
    bench.open(1)
    for tab in (0, 1):
        bench.page.right.show_tab(tab)
        QApplication.processEvents()
        smallest = bench.window.minimumSizeHint()
        assert smallest.width() <= 1280
        assert smallest.height() <= 800 - 40


def test_a_larger_screen_shows_both_editors(bench: ReviewBench) -> None:
    bench.open(1)
    right = bench.page.right
    bench.until(lambda: right.correction.isVisible() != right.attempt.isVisible())
    bench.window.resize(1920, 1080)
    bench.until(lambda: right.correction.isVisible() and right.attempt.isVisible())
