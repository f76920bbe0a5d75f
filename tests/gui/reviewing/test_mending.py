"""Every edit of an attempt, made on the page and kept by the real recorder."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from sessions.record.catalogue import Catalogue
from sessions.record.marks import Kind
from sessions.workspace import Workspace
from tests.gui.review import HUMAN, ReviewBench, make_space, record

Key = Qt.Key
CONTROL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


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
    assert mending.selected()[0] in (49, 50, 51)
    assert mending.kept_of(1) == list(HUMAN), "only looked at so far"
    assert mending.page.player.row == mending.selected()[0], "the cameras show the edge"
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(round(end), y))
    wanted = mending.selected()
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
    assert mending.selected()[0] < 60
    mending.press(Key.Key_Escape)
    QTest.mouseRelease(line, Qt.MouseButton.LeftButton, pos=QPoint(start - 30, y))
    assert mending.selected() == HUMAN[0]


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
    assert mending.selected() == (60, 150)
    line.edgesChanged.emit(60, 60, 150)
    mending.until(lambda: mending.sentences)
    assert "reach into the correction" in mending.sentences[0]
    assert mending.selected() == HUMAN[0]


def test_split_boundary_and_merge_at_the_cursor_and_all_of_it_undone(
    mending: ReviewBench,
) -> None:
    page = mending.page
    page.player.seek(75)
    mending.press(Key.Key_X)
    mending.until(lambda: mending.kept_of(1) == [(60, 75), (75, 90), (140, 170)])
    mending.until(lambda: len(page.mending.interventions()) == 3)
    assert mending.selected() == (75, 90), "the part that the cursor is in"
    page.player.seek(80)
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
    words = "Undo: the category transport of a correction of attempt 2."
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


def test_an_edge_moved_before_the_takeover_keeps_its_picture_and_says_who_drove(
    mending: ReviewBench,
) -> None:
    pictures = [i.thumbnail for i in mending.kept() if i.episode == 1]
    assert all(pictures)
    mending.page.player.seek(70)
    editor = mending.page.right.correction
    assert (editor._first.value(), editor._stop.value()) == (61, 90), "as the player counts"
    editor._first.setValue(31)
    mending.until(lambda: mending.kept_of(1)[0] == (30, 90))
    assert [i.thumbnail for i in mending.kept() if i.episode == 1] == pictures
    mending.until(lambda: "the human drove 0.6 s of it" in editor._fact.text())
    kinds = {(s.kind, s.first, s.stop) for s in mending.page.middle._stretches}
    assert (Kind.INTERVENTION, 60, 90) in kinds, "no edge changes who drove"


def test_edges_around_nothing_that_the_human_drove_go_back_and_it_says_why(
    mending: ReviewBench,
) -> None:
    line = mending.page.middle.timeline
    line.edgesPreviewed.emit(60, 10, 40)
    line.edgesChanged.emit(60, 10, 40)
    mending.until(lambda: mending.sentences)
    assert "Frames 11 to 40 are none that the human drove" in mending.sentences[0]
    assert mending.selected() == HUMAN[0]


def test_where_another_window_works_nothing_moves_and_the_reason_is_said(
    mending: ReviewBench,
) -> None:
    why = "Another window works on this workspace: here it can only be looked at."
    mending.model.set_read_only(why)
    mending.until(lambda: mending.page.right.words() == why)
    mending.page.player.seek(70)
    mending.press(Key.Key_BracketLeft)
    line = mending.page.middle.timeline
    at = QPoint(round(line.edgeX(60, "first")), int(line.place().bars.center().y()))
    QTest.mousePress(line, Qt.MouseButton.LeftButton, pos=at)
    assert not line.dragging()
    assert mending.selected() == HUMAN[0]
