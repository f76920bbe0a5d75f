"""Tagging this round's corrections on the Run page."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QLineEdit

from dagger_gui.widgets.tagging_panel import TaggingPanel, example_categories
from sessions.messages import (
    Intervention,
)
from tests.gui.shown import button, press, shown

pytestmark = pytest.mark.usefixtures("dressed")


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
    panel.setInterventions([correction(1), correction(2)])
    with qtbot.waitSignal(panel.tagRequested) as told:
        assert panel.tagNumber(2)
    assert told.args == [2, 100, "grasp"]
    panel.setInterventions([correction(1), correction(2, category="grasp")])
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
        [correction(1), correction(2, category="grasp"), correction(3, discarded=True)]
    )
    assert panel.summary() == "1 untagged · 1 discarded"


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
