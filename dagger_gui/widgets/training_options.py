"""How RETRAIN trains: the corrections' share, and what it starts from."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QGridLayout, QLabel, QSpinBox, QWidget

from dagger_gui import theme


@dataclass(frozen=True)
class TrainingOptions:
    """What ``StartTraining`` and the task file take.

    Attributes:
        share: part of the training mass that corrections get, 0 to 1; None for their natural one.
        warm_start: go on from the running policy instead of from scratch.
        recovered_only: learn only from corrections that brought the attempt on.
    """

    share: float | None = None
    warm_start: bool = False
    recovered_only: bool = True


class TrainingOptionsEditor(QWidget):
    """Edits ``TrainingOptions``; says in words what each choice means."""

    valueChanged = Signal(object)  # noqa: N815

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._natural = QCheckBox("Natural share")
        self._natural.setToolTip("Every recorded second weighs the same.")
        self._share = QSpinBox()
        self._share.setRange(5, 95)
        self._share.setSingleStep(5)
        self._share.setSuffix(" %")
        self._share.setValue(50)
        self._share.setAccessibleName("Share of corrections in training")
        self._warm = QCheckBox("Go on from the running policy")
        self._warm.setToolTip("Faster, but it may keep what the policy learned wrongly.")
        self._recovered = QCheckBox("Only corrections that recovered")
        self._recovered.setToolTip(
            "A correction that did not bring the attempt on teaches failure."
        )
        label = QLabel("Share of corrections")
        label.setBuddy(self._share)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.grid(3))
        grid.setVerticalSpacing(theme.grid(2))
        grid.addWidget(label, 0, 0)
        grid.addWidget(self._natural, 0, 1)
        grid.addWidget(self._share, 0, 2)
        grid.addWidget(self._warm, 1, 0, 1, 3)
        grid.addWidget(self._recovered, 2, 0, 1, 3)
        grid.setColumnStretch(3, 1)
        self.setAccessibleName("Training options")
        self.setValue(TrainingOptions())
        for box in (self._natural, self._warm, self._recovered):
            box.toggled.connect(self._edited)
        self._share.valueChanged.connect(self._edited)

    def value(self) -> TrainingOptions:
        """What is set."""
        return TrainingOptions(
            share=None if self._natural.isChecked() else self._share.value() / 100,
            warm_start=self._warm.isChecked(),
            recovered_only=self._recovered.isChecked(),
        )

    def setValue(self, value: TrainingOptions) -> None:
        """Shows options; tells ``valueChanged`` once if they differ from what is shown."""
        before = self.value()
        self.blockSignals(True)
        self._natural.setChecked(value.share is None)
        if value.share is not None:
            self._share.setValue(round(value.share * 100))
        self._warm.setChecked(value.warm_start)
        self._recovered.setChecked(value.recovered_only)
        self.blockSignals(False)
        self._share.setEnabled(value.share is not None)
        if self.value() != before:
            self.valueChanged.emit(self.value())

    def _edited(self) -> None:
        self._share.setEnabled(not self._natural.isChecked())
        self.valueChanged.emit(self.value())


def main() -> int:
    """The editor; prints nothing, changes nothing."""
    from dagger_gui.widgets._demo import show

    return show(TrainingOptionsEditor, 420, 160)


if __name__ == "__main__":
    raise SystemExit(main())
