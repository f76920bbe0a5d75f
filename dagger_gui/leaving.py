"""What closing the window leaves held by its motors: said while a key can still let it go."""

from __future__ import annotations

from collections.abc import Callable

from dagger_gui.notices import Notices
from sessions.live.held import sentence, whose
from sessions.messages import ControlState


class Leaving:
    """Says it once, and again if it turns out otherwise.

    Args:
        notices: where it is said.
        key: the one that releases, as printed on it; empty if none is bound.
        close: closes the window.
        control: what the control process said last; None before it said anything.
    """

    def __init__(
        self,
        notices: Notices,
        key: str,
        close: Callable[[], None],
        control: Callable[[], ControlState | None],
    ) -> None:
        self._notices, self._key, self._close, self._control = notices, key, close, control
        self._said: frozenset[str] = frozenset()

    def held(self) -> tuple[str, ...]:
        """The devices that would go on holding, or do, once everything has stopped."""
        state = self._control()
        return () if state is None else state.left_held

    def news(self) -> bool:
        """Whether any of them was not told of yet; ``before`` and ``after`` tell of all."""
        return not self._said.issuperset(self.held())

    def before(self) -> None:
        """Says what will stay held, how to let it go, and that closing again leaves it so."""
        names = self._tell()
        self._say(before(names, self._key), "Close and leave it held")

    def after(self) -> None:
        """Says what stayed held although everything has stopped."""
        self._say(sentence(self._tell()), "Close")

    def _tell(self) -> tuple[str, ...]:
        names = self.held()
        self._said = frozenset(names)
        return names

    def _say(self, text: str, label: str) -> None:
        choice = (label, self._close)
        over = self._said
        self._notices.say(
            *(text, "fault", [choice]), stays=True, over=lambda: over.isdisjoint(self.held())
        )


def before(names: tuple[str, ...], key: str) -> str:
    """What will stay held when the window is closed, and how to let it go. Pure."""
    one = len(names) == 1
    words = whose(names)
    how = f"press {key} twice" if key else "press Release twice"
    held = "is held by its motors and stays so" if one else "are held by their motors and stay so"
    let_go = f"To let it go, support it and {how}" if one else f"To let go, support each and {how}"
    return f"{words[0].upper()}{words[1:]} {held} when this is closed. {let_go}."
