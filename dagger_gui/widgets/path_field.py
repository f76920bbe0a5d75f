"""A path that is typed, pasted or chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QWidget

from dagger_gui import theme
from dagger_gui.widgets._buttons import KeyButton

Kind = Literal["save", "file", "folder"]


class PathField(QWidget):
    """The field is enough by itself; the dialog beside it stays open without stopping the rest.

    Args:
        name: what the path is of, for screen readers and as the dialog's title.
        kinds: what it can be: something new, a file, a folder; a button for each.
    """

    valueChanged = Signal(str)  # noqa: N815

    def __init__(self, name: str, kinds: tuple[Kind, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._field = QLineEdit()
        self._field.setAccessibleName(name)
        self._dialog: QFileDialog | None = None
        self._buttons: dict[Kind, KeyButton] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.grid(1))
        row.addWidget(self._field, 1)
        words = {"save": "Choose …", "file": "File …", "folder": "Folder …"}
        for kind in kinds:
            button = KeyButton(words[kind], dense=True)
            button.setAccessibleName(f"{name}: {words[kind].removesuffix(' …').lower()}")
            button.clicked.connect(lambda _=False, k=kind: self._open(k))
            self._buttons[kind] = button
            row.addWidget(button)
        self._field.textEdited.connect(lambda _text: self.valueChanged.emit(self.value()))
        self._field.returnPressed.connect(self._field.clearFocus)

    def value(self) -> str:
        """The path as it is written, ``~`` resolved; empty for none."""
        text = self._field.text().strip()
        return str(Path(text).expanduser()) if text else ""

    def setValue(self, path: str) -> None:
        """Writes a path."""
        if path != self._field.text():
            self._field.setText(path)
            self._field.setCursorPosition(len(path))
            self.valueChanged.emit(self.value())

    def setMayChoose(self, kind: Kind, on: bool) -> None:
        """Whether the dialog for one kind is offered."""
        self._buttons[kind].setVisible(on)

    def dialog(self) -> QFileDialog | None:
        """The dialog that is open."""
        return self._dialog

    def _open(self, kind: Kind) -> None:
        """Not modal: a dialog that swallows Space while an arm moves would be a danger."""
        if self._dialog is not None:
            self._dialog.close()
        dialog = QFileDialog(self, self._name, self.value() or str(Path.home()))
        dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
        dialog.setWindowModality(Qt.WindowModality.NonModal)
        if kind == "save":
            dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
            dialog.setOption(QFileDialog.Option.DontConfirmOverwrite)  # it must be new: see there
            dialog.selectFile(self.value())
        mode = {"save": QFileDialog.FileMode.AnyFile, "file": QFileDialog.FileMode.ExistingFile}
        dialog.setFileMode(mode.get(kind, QFileDialog.FileMode.Directory))
        dialog.fileSelected.connect(self.setValue)
        dialog.finished.connect(self._closed)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._dialog = dialog
        dialog.show()

    def _closed(self, _result: int) -> None:
        self._dialog = None


def main() -> int:
    """A field with all buttons."""
    from dagger_gui.widgets._demo import show

    return show(lambda: PathField("Destination", ("save", "file", "folder")), 600, 60)


if __name__ == "__main__":
    raise SystemExit(main())
