"""The Station page's view of the failure categories: read from files, changed by the recorder."""

from __future__ import annotations

from collections import Counter

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from dagger_gui.session_model import SessionModel
from dagger_gui.widgets.taxonomy_editor import TaxonomyEditor
from sessions import taxonomy
from sessions.messages import RecorderState, SetTaxonomy
from sessions.record.edits import EditLog
from sessions.types import SessionError
from sessions.workspace import Workspace

_NOBODY = "The recorder does not answer: it keeps the categories. See its state under Devices."
_PACKAGED = "manipulation"


class CategoriesView(QWidget):
    """The editor with a workspace behind it.

    Args:
        model: the session.
    """

    def __init__(self, model: SessionModel) -> None:
        super().__init__()
        self._model, self._space = model, model.workspace
        self._version: str | None = None
        self._asked = ""
        self.editor = TaxonomyEditor()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.editor)
        self.editor.saveRequested.connect(self._save)
        self.editor.restoreRequested.connect(self._restore)
        model.recorder_changed.connect(self._recorder)
        model.presence_changed.connect(lambda _name, _there: self._show_may())
        model.read_only_changed.connect(lambda _why: self._show_may())
        model.refused.connect(self._refused)
        self._load()
        self._show_may()

    def showEvent(self, event: QShowEvent) -> None:
        """Counts the uses anew."""
        super().showEvent(event)
        self.editor.setUsed(used(self._space))

    def _recorder(self, state: RecorderState) -> None:
        if state.taxonomy != self._version:
            first, self._version = self._version is None, state.taxonomy
            if not (first and self.editor.edited()):
                self._load()
                if self._asked:
                    self.editor.say(self._asked)
                    self._asked = ""
        elif self.isVisible():
            self.editor.setUsed(used(self._space))

    def _load(self) -> None:
        try:
            found = taxonomy.load(self._space.task.taxonomy, self._space.root)
        except SessionError as error:
            self.editor.say(str(error))
            found = taxonomy.load(_PACKAGED)
        self.editor.setValue(found, used(self._space))
        self.editor.setMayRestore(bool(before(self._space)))

    def _save(self, text: str) -> None:
        self._send(text, "Saved. The tagging keys follow at once.")

    def _restore(self) -> None:
        text = before(self._space)
        if text:
            self._send(text, "Brought back. Once more brings back what you had.")

    def _send(self, text: str, done: str) -> None:
        if self._model.send("recorder", SetTaxonomy(text)):
            self._asked = done

    def _refused(self, why: str, remedy: str) -> None:
        if self._asked:
            self._asked = ""
            self.editor.say(f"{why} {remedy}".strip())

    def _show_may(self) -> None:
        there = self._model.there("recorder")
        self.editor.setWhyNot(self._model.read_only or ("" if there else _NOBODY))


def used(space: Workspace) -> dict[str, int]:
    """How many interventions are tagged with each name, as it was written; empty if torn."""
    try:
        labels = EditLog(space.episodes).labels()
    except SessionError:
        return {}
    return dict(Counter(name for name in labels.category.values() if name))


def before(space: Workspace) -> str:
    """The text of the taxonomy that was in force before; empty if there was none."""
    own = taxonomy.own_path(space.task.taxonomy, space.root)
    if not own.exists():
        return ""  # the packaged one is in force, unchanged
    kept = own.with_suffix(".toml.before")
    try:
        if kept.exists():
            return kept.read_text(encoding="utf-8")
        packaged = taxonomy.load(space.task.taxonomy)
    except (OSError, UnicodeDecodeError, SessionError):
        return ""
    return taxonomy.to_toml(packaged.title, packaged.categories)
