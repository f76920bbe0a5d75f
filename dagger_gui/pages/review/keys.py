"""What the keys mean on the Review page; all of them but the arrows can be bound otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt

if TYPE_CHECKING:
    from dagger_gui.pages.review.page import ReviewPage

FRAMES: Final = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Comma: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Period: 1,
}
JUMPS: Final = {
    Qt.Key.Key_Home: "start",
    Qt.Key.Key_End: "end",
    Qt.Key.Key_PageUp: "previous",
    Qt.Key.Key_PageDown: "next",
}
ZOOMS: Final = {Qt.Key.Key_Plus: 1, Qt.Key.Key_Minus: -1}
ROWS: Final = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
_NUDGES: Final = {
    "start_earlier": (-1, 0),
    "start_later": (1, 0),
    "end_earlier": (0, -1),
    "end_later": (0, 1),
}
_OUTCOMES: Final = {"success": "success", "failure": "failure", "discard": "discarded"}


class ReviewKeys:
    """The page's acts by the names that keys have in the bindings.

    Args:
        page: whose acts they are.
    """

    def __init__(self, page: ReviewPage) -> None:
        self._page = page
        mending, player, left = page.mending, page.player, page.left
        editor = page.right.correction
        self._acts: dict[str, Callable[[], object]] = {
            "play": player.toggle,
            "slower": lambda: player.shift(-1),
            "faster": lambda: player.shift(1),
            "next_untagged": page.next_untagged,
            "find": left.filter.focusField,
            "boundary": mending.boundary,
            "split": mending.split,
            "merge": mending.merge,
            "undo": mending.undo,
            "redo": mending.redo,
            "discard_correction": editor.discard,
            "note": page.right.focus_note,
        }

    def act(self, action: str) -> bool:
        """Does what a bound key means; False if it means nothing of its own here.

        While an attempt runs, its outcome's keys end that one, on every page.
        """
        page, editor = self._page, self._page.right.correction
        if action in _NUDGES:
            editor.nudge(*_NUDGES[action])
        elif action.startswith("tag_"):
            if not editor.tagNumber(action.removeprefix("tag_")) and editor.value() is None:
                page.said.emit(page.mending.why_none(), "hold")
        elif action in _OUTCOMES and page.attempt() is not None and not page.running():
            page.mending.set_outcome(_OUTCOMES[action])
        elif action in self._acts:
            self._acts[action]()
        else:
            return False
        return True

    def press(self, key: Qt.Key) -> bool:
        """Moves the cursor or the lists, or zooms the time; whether this key did."""
        page, line = self._page, self._page.middle.timeline
        if key in FRAMES:
            page.player.hold(FRAMES[key])
        elif key in JUMPS:
            page.go(JUMPS[key])
        elif key in ROWS:
            page.left.step(ROWS[key])
        elif key in ZOOMS:
            line.zoom(ZOOMS[key])
        elif key == Qt.Key.Key_0:
            line.showAll()
        else:
            return False
        return True
