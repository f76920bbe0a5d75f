"""The Review page on recorded files, its edits through the real recorder process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import h5py
import msgspec
import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from sessions.record.catalogue import Catalogue
from sessions.workspace import Workspace
from tests.fakes.session_processes import control_state
from tests.gui.review import EVERY, HUMAN, TICKS, ReviewBench, make_space, record
from tests.sessions.record.parts import image

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    return make_space(tmp_path / "w")


@pytest.fixture
def bench(qtbot: QtBot, space: Workspace) -> Iterator[ReviewBench]:
    made = ReviewBench(qtbot, space)
    yield made
    made.close()


@pytest.fixture
def mending(bench: ReviewBench) -> ReviewBench:
    """With a recorder, and attempt 1 open."""
    bench.recorder()
    bench.open(1)
    return bench


def selected(bench: ReviewBench) -> tuple[int, int]:
    chosen = bench.page.mending.selection()
    assert chosen is not None
    return chosen.first, chosen.stop


# Looking


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
        assert selected(bench) == expected


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


# Finding


def test_a_filter_narrows_both_lists_and_a_wrong_one_is_a_sentence(bench: ReviewBench) -> None:
    left = bench.page.left
    left.filter.setValue("episode=2,3")
    bench.until(lambda: len(left.attempts.episodes()) == 2)
    assert len(left.corrections.interventions()) == 4
    left.filter.setValue("episode=2,3 colour=red")
    bench.until(lambda: "There is no field 'colour'" in left.filter.words())
    assert len(left.attempts.episodes()) == 2
    left.filter.setValue("")
    bench.until(lambda: len(left.attempts.episodes()) == 3)
    assert "colour" not in left.filter.words()
    left.filter.setValue("operator=nobody")
    bench.until(lambda: not left.attempts.episodes())
    assert "Widen it" in left.attempts.emptyText()


def test_an_empty_workspace_says_what_to_do(qtbot: QtBot, tmp_path: Path) -> None:
    made = ReviewBench(qtbot, make_space(tmp_path / "empty", episodes=0))
    made.until(made.page.found)
    assert "Record one on the Run page (F1)" in made.page.left.attempts.emptyText()
    assert "hold G" in made.page.left.corrections.emptyText()
    made.close()


def test_a_flag_leads_to_its_moment(bench: ReviewBench) -> None:
    bench.until(lambda: bench.page.found())
    flag = next(f for f in bench.page.left.flags.flagRows() if f.row > 0)
    bench.page.left.flags.flagChosen.emit(flag.episode, flag.row)
    bench.until(lambda: bench.page.mending.number() == flag.episode)
    assert bench.page.player.row == flag.row


def test_choosing_a_correction_opens_its_attempt_at_its_start(bench: ReviewBench) -> None:
    bench.until(lambda: bench.page.found())
    bench.page.left.corrections.valueChanged.emit((2, HUMAN[1][0]))
    bench.until(lambda: bench.page.player.row == HUMAN[1][0])
    assert bench.page.mending.number() == 2
    assert selected(bench) == HUMAN[1]
    assert bench.page.left.corrections.value() == (2, HUMAN[1][0])


def test_what_is_recorded_elsewhere_appears_by_itself(bench: ReviewBench, space: Workspace) -> None:
    bench.until(lambda: bench.page.found())
    record(space, 7, operator="gamepad")
    bench.until(lambda: bench.page.left.attempts.episodes()[0].number == 7)


# Mending


def test_a_digit_tags_while_it_plays_and_the_tag_is_on_the_disk(mending: ReviewBench) -> None:
    mending.page.player.seek(HUMAN[0][0] - 2)
    mending.press(Key.Key_K)
    mending.until(lambda: mending.page.player.row > HUMAN[0][0])
    mending.press(Key.Key_2)
    mending.until(lambda: mending.kept()[0].category == "grasp")
    mending.page.player.pause()
    bar = mending.page.middle.timeline._bars[0]
    mending.until(lambda: mending.page.middle.timeline._bars[0].label == "Grasp")
    assert bar.identity == HUMAN[0][0]


def test_an_edge_is_dragged_in_preview_and_asked_for_once_on_release(
    mending: ReviewBench, space: Workspace
) -> None:
    before = hashlib.sha256(Catalogue(space).path(1).read_bytes()).digest()
    line = mending.page.middle.timeline
    box = line.place().bars
    start = line.edgeX(60, "first")
    end = line.view().x(50 / 50, box.left(), box.width())
    y = int(box.center().y())
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(round(start), y))
    for x in np.linspace(start, end, 5):
        QTest.mouseMove(line, QPoint(round(x), y))
    assert selected(mending)[0] in (49, 50, 51)
    assert mending.kept_of(1) == list(HUMAN), "only looked at so far"
    assert mending.page.player.row == selected(mending)[0], "the cameras show the edge"
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(round(end), y))
    wanted = selected(mending)
    mending.until(lambda: mending.kept_of(1)[0] == wanted)
    log = (space.episodes / "edits.jsonl").read_text().splitlines()
    assert len(log) == 1
    assert hashlib.sha256(Catalogue(space).path(1).read_bytes()).digest() == before


def test_escape_lets_go_of_an_edge(mending: ReviewBench) -> None:
    line = mending.page.middle.timeline
    y = int(line.place().bars.center().y())
    start = round(line.edgeX(60, "first"))
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(start, y))
    QTest.mouseMove(line, QPoint(start - 30, y))
    assert selected(mending)[0] < 60
    mending.press(Key.Key_Escape)
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(start - 30, y))
    assert selected(mending) == HUMAN[0]


def test_edges_stepped_by_keys_are_one_edit(mending: ReviewBench, space: Workspace) -> None:
    mending.page.player.seek(70)
    for key in (Key.Key_BracketLeft, Key.Key_BracketLeft, Key.Key_BracketRight):
        mending.press(key)
    for key in (Key.Key_BracketRight, Key.Key_BracketRight, Key.Key_BracketLeft):
        mending.press(key, CONTROL)
    mending.until(lambda: mending.kept_of(1)[0] == (59, 91))
    assert len((space.episodes / "edits.jsonl").read_text().splitlines()) == 1


def test_edges_stepped_to_are_kept_when_another_attempt_is_opened(mending: ReviewBench) -> None:
    mending.page.player.seek(70)
    mending.press(Key.Key_BracketLeft)
    mending.open(2)
    mending.until(lambda: mending.kept_of(1)[0] == (59, 90))
    assert mending.kept_of(2) == list(HUMAN)


def test_a_refused_edge_goes_back_and_says_why(mending: ReviewBench) -> None:
    line = mending.page.middle.timeline
    line.edgesPreviewed.emit(60, 60, 150)
    assert selected(mending) == (60, 150)
    line.edgesChanged.emit(60, 60, 150)
    mending.until(lambda: mending.sentences)
    assert "reach into the intervention" in mending.sentences[0]
    assert selected(mending) == HUMAN[0]


def test_split_boundary_and_merge_at_the_cursor_and_all_of_it_undone(
    mending: ReviewBench,
) -> None:
    page = mending.page
    page.player.seek(75)
    mending.press(Key.Key_X)
    mending.until(lambda: mending.kept_of(1) == [(60, 75), (75, 90), (140, 170)])
    mending.until(lambda: len(page.mending.interventions()) == 3)
    page.player.seek(80)
    assert selected(mending) == (75, 90)
    mending.press(Key.Key_V)
    mending.until(lambda: mending.kept()[1].boundary == 80)
    page.player.seek(65)
    mending.press(Key.Key_X, SHIFT)
    mending.until(lambda: mending.kept_of(1) == [(60, 90), (140, 170)])
    for _ in range(3):
        mending.press(Key.Key_Z, CONTROL)
    mending.until(lambda: mending.kept_of(1) == list(HUMAN) and mending.kept()[0].boundary == -1)
    mending.until(lambda: page.right.words().startswith("Nothing to undo. Redo: the split"))


def test_an_undo_is_said_before_it_is_made_and_reaches_every_round(
    qtbot: QtBot, tmp_path: Path
) -> None:
    space = make_space(tmp_path / "w", episodes=1)
    record(space, 2, round=0)
    made = ReviewBench(qtbot, space)
    made.recorder()
    made.open(2)
    made.page.player.seek(70)
    made.press(Key.Key_3)
    words = "Undo: the category transport of an intervention of attempt 2."
    made.until(lambda: made.page.right.words() == words)
    made.press(Key.Key_Z)
    made.until(lambda: all(i.category == "" for i in made.kept()))
    made.close()


def test_the_attempt_s_outcome_scores_note_and_labels_are_edited(
    mending: ReviewBench, space: Workspace
) -> None:
    editor = mending.page.right.attempt
    editor.outcome("failure").click()
    editor.scores().button("grasp", 2).click()
    for field, text in ((editor.label("object"), "red cube"), (editor._note, "slipped twice")):
        field.setText(text)
        field.setModified(True)
        field.editingFinished.emit()

    def kept() -> tuple[object, ...]:
        episode = Catalogue(space).episodes()[0]
        return (episode.outcome, episode.scores, episode.object, episode.note)

    mending.until(lambda: kept() == ("failure", {"grasp": 2}, "red cube", "slipped twice"))
    mending.until(lambda: editor.value() is not None and editor.value().outcome == "failure")
    editor.scores().button("grasp", 2).click()
    mending.until(lambda: kept()[1] == {})


def test_context_and_discard_of_a_correction_are_edited(mending: ReviewBench) -> None:
    mending.page.player.seek(70)
    editor = mending.page.right.correction
    editor._context.setValue(0.5)
    mending.until(lambda: mending.kept()[0].context_s == 0.5)
    mending.press(Key.Key_Delete)
    mending.until(lambda: mending.kept()[0].discarded)
    mending.until(lambda: editor.value() is not None and editor.value().discarded)
    mending.press(Key.Key_Delete)
    mending.until(lambda: not mending.kept()[0].discarded)
    mending.until(lambda: editor._own.isEnabled())
    editor._own.click()
    mending.until(lambda: mending.kept()[0].context_s is None)


def test_what_was_typed_for_one_correction_is_not_given_to_the_next(mending: ReviewBench) -> None:
    mending.page.player.seek(70)
    mending.press(Key.Key_M)
    note = QApplication.focusWidget()
    assert isinstance(note, QLineEdit)
    QTest.keyClicks(note, "too late")
    mending.page.player.seek(150)
    mending.until(lambda: [i.note for i in mending.kept() if i.episode == 1] == ["too late", ""])


def test_without_a_recorder_it_says_so_and_nothing_can_be_changed(bench: ReviewBench) -> None:
    bench.open(1)
    right = bench.page.right
    assert "the recorder does not run" in right.words()
    assert not right.attempt.outcome("success").isEnabled()
    bench.press(Key.Key_2)
    line = bench.page.middle.timeline
    y = int(line.place().bars.center().y())
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=QPoint(round(line.edgeX(60, "first")), y))
    assert not line.dragging()
    assert bench.kept_of(1) == list(HUMAN)
    bench.recorder()
    bench.until(lambda: right.attempt.outcome("success").isEnabled())
    assert right.words() == "Nothing to undo."


# Beside a running attempt


def test_while_an_attempt_runs_its_outcome_keys_end_that_one(bench: ReviewBench) -> None:
    bench.open(1)
    assert bench.page.right.attempt.outcome("success").key() == "Y"
    bench.model.control = msgspec.structs.replace(control_state(), attempt=4)
    bench.model.control_changed.emit(bench.model.control)
    assert not bench.page.act("success")
    assert bench.page.right.attempt.outcome("success").key() == ""


def test_the_attempt_being_recorded_is_shown_and_cannot_be_opened(bench: ReviewBench) -> None:
    bench.until(lambda: bench.page.found())
    left = bench.page.left
    left.show_recording(4)
    row = left.attempts.episodes()[0]
    assert (row.number, row.recording) == (4, True)
    left.attempts.setValue(3)
    left.step(-1)
    assert left.attempts.value() == 3


# The queue, and what is learned from


def test_the_queue_leads_through_what_is_untagged_and_says_when_it_is_empty(
    mending: ReviewBench,
) -> None:
    page, seen = mending.page, []
    mending.until(lambda: "6 left" in page.left.next.text())
    for _ in range(6):
        mending.press(Key.Key_U)
        mending.until(lambda: page.mending.selection() and page.mending.selection().category == "")
        chosen = page.mending.selection()
        mending.until(lambda: page.mending.number() == page._wanted[0])
        chosen = page.mending.selection()
        seen.append((page.mending.number(), chosen.first))
        mending.press(Key.Key_1)
        key = seen[-1]
        mending.until(
            lambda key=key: next(i.category for i in mending.kept() if (i.episode, i.first) == key)
        )
        mending.until(lambda: f"{6 - len(seen)} left" in page.left.next.text() or len(seen) == 6)
    assert sorted(seen) == [(e, first) for e in (1, 2, 3) for first, _ in HUMAN]
    mending.until(lambda: page.left.next.text() == "Every correction is tagged")
    assert not page.left.next.isEnabled()


def test_training_can_take_only_what_the_filter_finds(mending: ReviewBench) -> None:
    page, desk = mending.page, mending.window.desk
    page.left.filter.setValue("episode=2 length>0.1")
    mending.until(lambda: len(page.left.attempts.episodes()) == 1)
    page.left.filter.only().click()
    words = "only what episode=2 length>0.1 finds: 0 demonstrations and 2 corrections"
    mending.until(lambda: words in desk.plan())
    page.left.filter.setValue("")
    assert desk.query == "episode=2 length>0.1", "looking at something else changes nothing"
    assert "episode=2" in page.left.filter.only().text()
    mending.window.rounds.everything.click()
    assert desk.query == ""
    assert "only what" not in desk.plan()


# Room


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
