"""The failure categories: edited on a copy, saved by the recorder, old data readable for good."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from dagger_gui import theme
from dagger_gui.commands import Commands
from dagger_gui.pages.categories import CategoriesView
from dagger_gui.pages.run_side import SideColumn
from dagger_gui.round_desk import RoundDesk
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets._swatches import PALETTE
from dagger_gui.widgets.taxonomy_editor import TaxonomyEditor
from drivers import bindings
from sessions import taxonomy
from sessions.messages import Accepted, Message, Refused, SetTaxonomy
from sessions.record.catalogue import Catalogue
from sessions.record.desk import Desk
from sessions.record.edits import EditLog
from sessions.workspace import Workspace
from tests.fakes.session_processes import FakeSession
from tests.sessions.record.exchange.parts import full_workspace

USED = {"grasp": 14, "approach": 1}


@pytest.fixture
def editor(qtbot: QtBot) -> Iterator[TaxonomyEditor]:
    _dress()
    made = TaxonomyEditor()
    made.setValue(taxonomy.load("manipulation"), USED)
    made.resize(1180, 620)
    made.show()
    yield made
    made.hide()
    made.deleteLater()


def _dress() -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    if not application.styleSheet():
        theme.apply(application, "dark")


def click(button: QPushButton) -> None:
    assert button.isEnabled(), button.text()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def names(editor: TaxonomyEditor) -> list[str]:
    return [c.name for c in editor.value().categories]


def write_name(editor: TaxonomyEditor, name: str) -> None:
    editor.form().nameField().selectAll()
    QTest.keyClicks(editor.form().nameField(), name)


def test_the_list_says_everything_about_each_category(editor: TaxonomyEditor) -> None:
    assert editor.table().texts(1) == ["2", "", "Grasp", "grasp", "", "14"]
    assert not editor.edited()
    assert not editor.buttons()["save"].isEnabled()


def test_labels_are_read_whole_where_nothing_is_part_of_anything(editor: TaxonomyEditor) -> None:
    table = editor.table()
    assert table.isColumnHidden(4)
    assert table.sizeHintForColumn(2) <= table.columnWidth(2)
    part = msgspec.structs.replace(editor.value().categories[0], parent="other")
    rest = editor.value().categories[1:]
    editor.setValue(editor.value().with_categories((part, *rest)), USED)
    assert not table.isColumnHidden(4)
    assert table.texts(0)[4] == "Other"


def test_a_name_typed_letter_by_letter_keeps_only_the_name_that_data_can_have(
    editor: TaxonomyEditor,
) -> None:
    editor.select("grasp")
    write_name(editor, "hold")
    found = editor.value().find("hold")
    assert found is not None
    assert found.aliases == ("grasp",)
    assert editor.table().texts(1)[-1] == "14", "what was tagged before counts here"
    write_name(editor, "grasp")
    assert editor.value() == taxonomy.load("manipulation")
    assert not editor.edited()


def test_a_new_category_is_called_in_the_data_what_its_label_says(editor: TaxonomyEditor) -> None:
    click(editor.buttons()["add"])
    QTest.keyClicks(editor.form().labelField(), "3 Ölige Slips / grasp")
    assert names(editor)[-1] == "olige-slips-grasp"
    assert editor.form().nameField().text() == "olige-slips-grasp"
    assert editor.table().texts(7)[3] == "olige-slips-grasp"
    editor.form().labelField().selectAll()
    QTest.keyClicks(editor.form().labelField(), "Grasp")
    assert names(editor)[-1] == "grasp-2", "grasp is another one's"
    click(editor.buttons()["undo"])
    assert names(editor) == [c.name for c in taxonomy.load("manipulation").categories] + ["new"]


def test_a_name_written_by_hand_or_in_force_follows_no_label(editor: TaxonomyEditor) -> None:
    click(editor.buttons()["add"])
    write_name(editor, "slip")
    editor.form().labelField().selectAll()
    QTest.keyClicks(editor.form().labelField(), "Object slips")
    assert names(editor)[-1] == "slip"
    editor.select("grasp")
    editor.form().labelField().selectAll()
    QTest.keyClicks(editor.form().labelField(), "Hold")
    assert names(editor)[1] == "grasp"


def test_what_is_wrong_stands_at_its_field_and_cannot_be_saved(editor: TaxonomyEditor) -> None:
    editor.select("transport")
    write_name(editor, "grasp")
    assert editor.form().error("Name") == "grasp means Grasp already. Merge them instead."
    assert not editor.buttons()["save"].isEnabled()
    write_name(editor, "Big Name")
    assert "begin with a letter" in editor.form().error("Name")
    click(editor.buttons()["undo"])
    assert editor.form().nameField().text() == "transport"
    assert editor.form().error("Name") == ""
    editor.form().labelField().selectAll()
    QTest.keyClick(editor.form().labelField(), Qt.Key.Key_Delete)
    assert "what the operator reads" in editor.form().error("Label")
    assert not editor.form().keyButton(2).isEnabled(), "Grasp has it"
    assert editor.form().keyButton(2).toolTip() == "Grasp has it"


def test_one_that_is_used_can_be_merged_but_not_deleted(editor: TaxonomyEditor) -> None:
    editor.select("grasp")
    assert not editor.buttons()["delete"].isEnabled()
    assert "14 corrections are tagged with it" in editor.buttons()["delete"].toolTip()
    click(editor.buttons()["merge"])  # into the first of the others
    assert "grasp" not in names(editor)
    assert editor.value().canonical("grasp") == "approach"
    assert editor.table().texts(0)[-1] == "15"
    editor.select("other")
    click(editor.buttons()["delete"])
    assert "other" not in names(editor)
    click(editor.buttons()["undo"])
    click(editor.buttons()["undo"])
    assert editor.value() == taxonomy.load("manipulation")


def test_a_new_one_gets_a_free_key_and_colour_and_the_preview_follows(
    editor: TaxonomyEditor,
) -> None:
    click(editor.buttons()["add"])
    added = editor.value().categories[-1]
    assert (added.key, added.name) == (8, "new")
    others = {c.colour for c in editor.value().categories[:-1]}
    assert added.colour in set(PALETTE) - others
    write_name(editor, "cable")
    editor.form().labelField().selectAll()
    QTest.keyClicks(editor.form().labelField(), "Cable")
    assert editor.value().categories[-1].aliases == (), "no data was ever tagged new"
    buttons = [b.text() for b in editor.preview().findChildren(QPushButton)]
    assert "Cable" in buttons
    click(editor.form().colours().swatch("#332288"))
    assert editor.value().categories[-1].colour == "#332288"
    click(editor.buttons()["up"])
    assert names(editor)[-2] == "cable"


def test_a_category_cannot_become_part_of_itself(editor: TaxonomyEditor) -> None:
    grasp = editor.value().find("grasp")
    assert grasp is not None
    editor.select("grasp")
    editor._edited(_with_parent(editor, "approach"))
    editor.select("approach")
    editor._edited(_with_parent(editor, "grasp"))
    assert "part of itself" in editor.form().error("Part of")
    assert editor.value().categories[0].parent == ""


def _with_parent(editor: TaxonomyEditor, parent: str) -> Any:
    import msgspec

    return msgspec.structs.replace(editor.form().value(), parent=parent)


class Bench:
    """The view on a real workspace, a real recorder's desk at the other end of the wire."""

    def __init__(self, qtbot: QtBot, space: Workspace) -> None:
        _dress()
        self.qtbot, self.space = qtbot, space
        self.session = FakeSession(space.runtime())
        log = EditLog(space.episodes, writable=True)
        self.desk = Desk(Catalogue(space, log), log, self.load(), space.root, lambda: 2)
        answer = self.session._answer

        def carried_out(process: str, command: Message) -> Message:
            if isinstance(command, SetTaxonomy):
                reply = self.desk.handle(command, None)
                assert isinstance(reply, Accepted | Refused)
                self.publish()
                return reply
            return answer(process, command)

        self.session._answer = carried_out  # type: ignore[method-assign]
        self.publish()
        self.model = SessionModel(space)
        self.view = CategoriesView(self.model)
        commands = Commands(self.model)
        self.side = SideColumn(
            self.model, commands, RoundDesk(self.model, commands), bindings.load()
        )
        self.view.show()
        self.until(lambda: self.model.there("recorder"))

    def load(self) -> taxonomy.Taxonomy:
        return taxonomy.load(self.space.task.taxonomy, self.space.root)

    def publish(self) -> None:
        self.session.set_recorder(taxonomy=self.desk.taxonomy_version())

    def until(self, condition: Callable[[], Any]) -> None:
        def met() -> bool:
            self.session.pump()
            self.model.poll()
            return bool(condition())

        self.qtbot.waitUntil(met)

    def close(self) -> None:
        self.model.close()
        self.session.close()
        for widget in (self.view, self.side):
            widget.hide()
            widget.deleteLater()


@pytest.fixture
def bench(qtbot: QtBot, tmp_path: Path) -> Iterator[Bench]:
    space = full_workspace(tmp_path / "w")
    made = Bench(qtbot, space)
    yield made
    made.close()
    shutil.rmtree(space.runtime(), ignore_errors=True)


def test_a_saved_merge_reaches_data_statistics_and_the_tagging_keys_and_can_be_taken_back(
    bench: Bench,
) -> None:
    editor = bench.view.editor
    assert editor.table().texts(1)[-1] == "1"
    assert not editor.buttons()["restore"].isVisible()
    editor.select("grasp")
    editor.merge("approach")
    click(editor.buttons()["save"])
    bench.until(lambda: editor.words() == "Saved. The tagging keys follow at once.")
    assert bench.load().find("grasp") == bench.load().find("approach")
    categories = {i.category for i in Catalogue(bench.space).interventions()}
    assert "grasp" not in categories
    assert "approach" in categories
    bench.until(lambda: bench.side.label("grasp") == "grasp")  # no category of its own any more
    panel = bench.side.tagging
    bench.until(lambda: "Grasp" not in [b.text() for b in panel.findChildren(QPushButton)])
    assert "Approach" in [b.text() for b in panel.findChildren(QPushButton)]

    click(editor.buttons()["restore"])
    bench.until(lambda: bench.load() == taxonomy.load("manipulation"))
    bench.until(lambda: bench.side.label("grasp") == "Grasp")
    assert "grasp" in {i.category for i in Catalogue(bench.space).interventions()}
    click(editor.buttons()["restore"])  # and forward again
    bench.until(lambda: bench.load().canonical("grasp") == "approach")


def test_what_the_recorder_refuses_is_said_and_nothing_is_lost(bench: Bench) -> None:
    editor = bench.view.editor
    assert bench.model.send("recorder", SetTaxonomy('title = "x"\n'))
    bench.until(lambda: bench.load() == taxonomy.load("manipulation"))
    editor.select("other")
    write_name(editor, "rest")
    full = Refused("The disk is full.", "Free some space.")
    bench.session._answer = lambda process, command: full  # type: ignore[method-assign]
    click(editor.buttons()["save"])
    bench.until(lambda: editor.words() == "The disk is full. Free some space.")
    assert names(editor)[-1] == "rest", "what was typed is still there"
    bench.session.dead.add("recorder")
    bench.until(lambda: "recorder does not answer" in editor.words())
    assert not editor.buttons()["save"].isEnabled()
