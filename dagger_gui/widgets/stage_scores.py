"""How far each stage of an attempt got, from 0 to 3 by a rubric of one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from dagger_gui import theme
from dagger_gui.widgets._base import ElidedLabel
from dagger_gui.widgets._buttons import KeyButton

RUBRIC = ("not begun", "tried", "with faults", "done well")


class StageScores(QWidget):
    """A row of four buttons a stage; the chosen one again takes the score back."""

    scoreRequested = Signal(str, object)  # noqa: N815  stage, 0 to 3 or None

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stages: tuple[str, ...] = ()
        self._scores: dict[str, int] = {}
        self._buttons: dict[tuple[str, int], KeyButton] = {}
        self._rubric = ElidedLabel("", size="small", muted=True)
        self._rubric.setText(" · ".join(f"{i} {words}" for i, words in enumerate(RUBRIC)))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.grid(1))
        self._grid.setVerticalSpacing(theme.grid(0.75))
        self._grid.setColumnStretch(0, 1)
        self.setAccessibleName("Scores by stage")

    def setStages(self, stages: Sequence[str]) -> None:
        """The task's stages, in order."""
        if tuple(stages) == self._stages:
            return
        self._stages = tuple(stages)
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item is not None else None
            if widget is not None and widget is not self._rubric:
                widget.hide()
                widget.deleteLater()
        self._buttons = {}
        for row, stage in enumerate(self._stages):
            self._grid.addWidget(ElidedLabel(stage.capitalize()), row, 0)
            for score, words in enumerate(RUBRIC):
                button = KeyButton(str(score), dense=True)
                button.setCheckable(True)
                button.setFixedWidth(theme.grid(9))
                button.setAccessibleName(f"{stage}: {score}, {words}")
                button.setToolTip(words.capitalize())
                button.clicked.connect(lambda _=False, s=stage, n=score: self._clicked(s, n))
                self._buttons[(stage, score)] = button
                self._grid.addWidget(button, row, score + 1)
        self._grid.addWidget(self._rubric, len(self._stages), 0, 1, 5)
        self._show()

    def setScores(self, scores: Mapping[str, int]) -> None:
        """The scores given so far, by stage."""
        self._scores = dict(scores)
        self._show()

    def scores(self) -> dict[str, int]:
        """What is shown."""
        return dict(self._scores)

    def button(self, stage: str, score: int) -> KeyButton:
        """The button that gives a stage a score."""
        return self._buttons[(stage, score)]

    def _clicked(self, stage: str, score: int) -> None:
        wanted = None if self._scores.get(stage) == score else score
        self._show()  # what is shown comes from outside
        self.scoreRequested.emit(stage, wanted)

    def _show(self) -> None:
        for (stage, score), button in self._buttons.items():
            button.setChecked(self._scores.get(stage) == score)


def main() -> int:
    """Four stages."""
    from dagger_gui.widgets._demo import show

    def make() -> QWidget:
        scores = StageScores()
        given: dict[str, int] = {"approach": 3}

        def change(stage: str, score: int | None) -> None:
            given.pop(stage, None)
            if score is not None:
                given[stage] = score
            scores.setScores(given)

        scores.setStages(("approach", "grasp", "transport", "placement"))
        scores.setScores(given)
        scores.scoreRequested.connect(change)
        return scores

    return show(make, 280, 160)


if __name__ == "__main__":
    raise SystemExit(main())
