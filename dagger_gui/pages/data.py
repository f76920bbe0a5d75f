"""The Station page's Data view: what leaves the workspace, what comes in, and whether it is whole.

Each piece of work is a subcommand of ``dagger-gui`` in a process of its own. What writes into the
workspace has the recorder step aside first, between attempts.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from dagger_gui import theme
from dagger_gui.commandline import _formats
from dagger_gui.commandline._work import BAD, STOPPED, Found, Progress
from dagger_gui.commandline.import_ import DESPITE, UNITS
from dagger_gui.dry_run import DryRun
from dagger_gui.long_work import LongWork
from dagger_gui.pieces import Card, Words
from dagger_gui.recorder_leave import RecorderLeave
from dagger_gui.session_model import SessionModel
from dagger_gui.widgets._buttons import KeyButton
from dagger_gui.widgets.export_panel import Export, ExportPanel
from dagger_gui.widgets.findings import Findings
from dagger_gui.widgets.import_panel import Import, ImportPanel
from dagger_gui.widgets.work_strip import WorkStrip
from sessions.record.query import HELP

_IDLE = "Exports, imports and verifications run beside everything else, at the lowest priority."
_AWAY = "Recording is suspended meanwhile; it resumes by itself."
_FORGOTTEN = "Recording is suspended, and nothing here needs it to be any more."
_WRITING = ("Bringing in", "Repairing")
_LOOKING = "Looking …"
_VERDICTS = {0: ("Done", "good"), BAD: ("Damage found", "fault"), STOPPED: ("Cancelled", "hold")}
_NOT_DONE = ("Not done", "fault")
_EXCHANGING = ("Exporting", "Bringing in")
_NOT_ALL = "Done, but not all"


class VerifyCard(Card):
    """Re-reads everything; lists what was found."""

    verify_requested = Signal(bool)

    def __init__(self) -> None:
        super().__init__("Is everything whole?", margin=2)
        self.findings = Findings("What was found")
        self.verify = KeyButton("Verify", dense=True)
        self.repair = KeyButton("Repair", dense=True)
        self.repair.setToolTip("Mends what can be mended. Nothing that was recorded is removed.")
        self.verify.clicked.connect(lambda: self.verify_requested.emit(False))
        self.repair.clicked.connect(lambda: self.verify_requested.emit(True))
        words = "Reads every attempt, checksum, edit and policy again. Takes as long as the disk."
        self.header.addWidget(self.verify)
        self.header.addWidget(self.repair)
        self.body.addWidget(Words(words, "small", "muted", wrap=True))
        self.body.addWidget(self.findings, 1)


class DataView(QWidget):
    """Export, import or merge, and verification, one at a time.

    Args:
        model: the session, whose recorder steps aside.
    """

    def __init__(self, model: SessionModel) -> None:
        super().__init__()
        self._model, self._space = model, model.workspace
        self._doing = ""
        self._waiting: list[str] = []
        self._suggested, self._seen = "", -1
        self._ready = dict.fromkeys(("export", "import"), False)
        self.export, self.bring, self.check = ExportPanel(), ImportPanel(), VerifyCard()
        self.strip = WorkStrip()
        self.resume = KeyButton("Resume recording", dense=True, strong=True)
        self.export.setFormats(_formats.about("export"))
        self.bring.setFormats(_formats.about("incoming"))
        self.bring.setUnits(_formats.units())
        self.export.setQueryHelp(f"{HELP[:1].upper()}{HELP[1:]}.")
        self.leave = RecorderLeave(model, self)
        self._work = LongWork(self)
        self._looks = {"export": DryRun(self), "import": DryRun(self)}
        self.resume.hide()
        self._arrange()
        self._connect()
        self._suggest()
        self.strip.idle(_IDLE)
        self._show_may()

    def _arrange(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(theme.grid(2))
        for column, (title, panel) in enumerate(
            (("Export", self.export), ("Import, or merge another workspace", self.bring))
        ):
            card = Card(title, margin=2)
            card.body.addWidget(panel, 1)
            grid.addWidget(card, 0, column)
            grid.setColumnStretch(column, 1)
        grid.addWidget(self.check, 1, 0, 1, 2)
        grid.setRowStretch(0, 3)
        grid.setRowStretch(1, 2)
        foot = Card(margin=2)
        row = QHBoxLayout()
        row.setSpacing(theme.grid(2))
        row.addWidget(self.strip, 1)
        row.addWidget(self.resume)
        foot.body.addLayout(row)
        column_ = QVBoxLayout(self)
        column_.setContentsMargins(0, 0, 0, 0)
        column_.setSpacing(theme.grid(2))
        column_.addLayout(grid, 1)
        column_.addWidget(foot)

    def _connect(self) -> None:
        self.export.valueChanged.connect(self._export_edited)
        self.bring.valueChanged.connect(self._import_edited)
        self.export.requested.connect(self._do_export)
        self.bring.requested.connect(self._do_import)
        self.check.verify_requested.connect(self._do_verify)
        self.resume.clicked.connect(self.leave.resume)
        self.strip.cancelRequested.connect(self._work.cancel)
        self.strip.openRequested.connect(_show_folder)
        self._work.progressed.connect(self._progress)
        self._work.found.connect(self._found)
        self._work.ended.connect(self._ended)
        self.leave.granted.connect(self._begin)
        self.leave.denied.connect(self._denied)
        out, into = self._looks["export"], self._looks["import"]
        out.began.connect(lambda: self._look_began("export"))
        into.began.connect(lambda: self._look_began("import"))
        out.found.connect(lambda m: self.export.addFound(m.text, m.level))
        into.found.connect(lambda m: self.bring.addFound(m.text, m.level))
        out.ended.connect(lambda status, text: self._looked("export", status, text))
        into.ended.connect(lambda status, text: self._looked("import", status, text))
        for changed in (self._model.control_changed, self._model.supervisor_changed):
            changed.connect(lambda _state: self._show_may())
        self._model.read_only_changed.connect(lambda _why: self._show_may())
        self._model.recorder_changed.connect(lambda _state: self._look_if_stale())

    def close_work(self) -> None:
        """Stops what runs, in order; what is written so far is kept."""
        for look in self._looks.values():
            look.close()
        self._work.close()

    def showEvent(self, event: QShowEvent) -> None:
        """Counts anew what could leave."""
        super().showEvent(event)
        self._seen = -1
        self._look_if_stale()

    # -- looking

    def _look_if_stale(self) -> None:
        recorder = self._model.recorder
        saved = recorder.saved if recorder is not None else 0
        if self.isVisible() and saved != self._seen and not self.strip.busy():
            self._seen = saved
            self._look_export(self.export.value())
            self._look_import(self.bring.value())

    def _export_edited(self, value: Export) -> None:
        if not value.destination or value.destination == self._suggested:
            self._suggest()
            value = self.export.value()
        self._look_export(value)

    def _import_edited(self, value: Import) -> None:
        self._look_import(value)

    def _look_export(self, value: Export) -> None:
        self._looks["export"].want(self._export_words(value) if value.destination else ())

    def _look_import(self, value: Import) -> None:
        self._looks["import"].want(self._import_words(value) if value.source else ())

    def _look_began(self, which: str) -> None:
        self._ready[which] = False
        if which == "export":
            self.export.clearFound(_LOOKING)
        else:
            named = self.bring.value().source
            self.bring.clearFound(_LOOKING if named else "Name a file or a folder.")
        self._show_may()

    def _looked(self, which: str, status: int, text: str) -> None:
        self._ready[which] = status in (0, BAD)  # what is damaged keeps nothing else away
        (self.export if which == "export" else self.bring).setFound(text)
        self._show_may()

    # -- doing

    def _do_export(self, value: Export) -> None:
        self._prepare("Exporting", self._export_words(value))
        self._begin()

    def _do_import(self, value: Import) -> None:
        words = self._import_words(value)
        self._prepare("Bringing in", [*words, DESPITE] if value.despite else words)
        self.leave.ask()

    def _do_verify(self, repair: bool) -> None:
        words = ["verify", str(self._space.root)]
        self._prepare("Repairing" if repair else "Verifying", words)
        self.check.findings.clear()
        if repair:
            self._waiting.append("--repair")
            self.leave.ask()
        else:
            self._begin()

    def _prepare(self, what: str, words: list[str]) -> None:
        self._doing, self._waiting = what, list(words)
        self.strip.begin(what)
        self._show_may()

    def _begin(self) -> None:
        self.strip.begin(self._doing, _AWAY if self._doing in _WRITING else "")
        self._work.start(self._waiting)
        self._show_may()

    def _denied(self, why: str) -> None:
        verdict, role = _NOT_DONE
        self.strip.end(verdict, why, role)
        self._show_may()

    def _progress(self, message: Progress) -> None:
        words = _AWAY if self._doing in _WRITING else message.text
        self.strip.setProgress(message.done, message.total, words, message.left_s)

    def _found(self, message: Found) -> None:
        if self._doing in ("Verifying", "Repairing"):
            self.check.findings.add(message.level, message.text)

    def _ended(self, status: int, text: str, path: str) -> None:
        self.leave.give_back()
        verdict, role = _VERDICTS.get(status, _NOT_DONE)
        if status == BAD and self._doing in _EXCHANGING:
            verdict = _NOT_ALL
        self.strip.end(verdict, text, role, path if self._doing == "Exporting" else "")
        if self._doing == "Exporting":
            self._suggest()
        if self._doing != "Verifying":  # which changes nothing
            self._seen = -1
            self._look_if_stale()
        self._show_may()

    # -- inside

    def _export_words(self, value: Export) -> list[str]:
        query = ["--query", value.query] if value.query else []
        return ["export", value.format, str(self._space.root), value.destination, *query]

    def _import_words(self, value: Import) -> list[str]:
        units = [UNITS, value.units] if value.units else []
        return ["import", value.format, value.source, str(self._space.root), *units]

    def _suggest(self) -> None:
        """A destination that is free, beside the workspace."""
        name = self.export.value().format
        if self.export.value().destination not in ("", self._suggested) or not name:
            return
        root = self._space.root.resolve()
        ending = _formats.suffix(name)
        path, number = root.parent / f"{root.name}-{name}{ending}", 2
        while path.exists():
            path = root.parent / f"{root.name}-{name}-{number}{ending}"
            number += 1
        self._suggested = str(path)
        value = self.export.value()
        self.export.blockSignals(True)
        self.export.setValue(Export(value.format, value.query, self._suggested))
        self.export.blockSignals(False)

    def _show_may(self) -> None:
        """Which buttons do something now, and why not."""
        busy, why = self.strip.busy(), self.leave.why_not()
        self.export.setMayGo(self._ready["export"] and not busy)
        self.bring.setMayGo(self._ready["import"] and not busy and not why)
        self.bring.button().setToolTip(why or _AWAY)
        self.check.verify.setEnabled(not busy)
        self.check.repair.setEnabled(not busy and not why)
        self.check.repair.setToolTip(why or f"Mends what can be mended. {_AWAY}")
        forgotten = self.leave.forgotten() and not busy and not self._model.read_only
        if forgotten != self.resume.isVisibleTo(self):
            self.resume.setVisible(forgotten)
            self.strip.idle(_FORGOTTEN if forgotten else _IDLE)


def _show_folder(path: str) -> None:
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
