"""What closing the window leaves behind: an attempt without an outcome, motors that hold.

Each is said once, while it can still be answered; closing again leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dagger_gui.notices import Notices
from sessions.live.held import sentence, whose
from sessions.messages import ControlState, EndAttempt

_OUTCOMES = (("Success", "success"), ("Failure", "failure"), ("Discard", "discarded"))


class Leaving:
    """Says it once, and again if it turns out otherwise.

    Args:
        notices: where it is said.
        key: the one that releases, as printed on it; empty if none is bound.
        close: closes the window.
        control: what the control process said last; None before it said anything.
        send: tells the control process something.
    """

    def __init__(
        self,
        notices: Notices,
        key: str,
        close: Callable[[], None],
        control: Callable[[], ControlState | None],
        send: Callable[[EndAttempt], object],
    ) -> None:
        self._notices, self._key, self._close, self._control = notices, key, close, control
        self._send = send
        self._said: frozenset[str] = frozenset()
        self._asked = self._waits = 0  # attempts: asked about, and whose end closes the window
        self._held = self._answered = False

    def unasked(self) -> bool:
        """Whether an attempt runs whose outcome nobody was asked for yet."""
        return self._attempt() not in (0, self._asked)

    def ask(self) -> None:
        """Asks how the running attempt ended: without an outcome it is left out of training."""
        self._asked = self._waits = number = self._attempt()
        self._held = self._answered = False
        choices = [(label, partial(self._end, outcome)) for label, outcome in _OUTCOMES]
        self._notices.say(
            *(unfinished(number), "fault", choices), stays=True, over=lambda: self._waits != number
        )

    def answered(self) -> bool:
        """Whether the attempt that was asked for has ended since; True once.

        To be asked at each state of the control process: closing the question, or driving the
        attempt on, takes the wish to close back.
        """
        state, number = self._control(), self._waits
        if not number or state is None:
            return False
        if state.attempt == number:
            holds = state.gate in ("hold", "fault")
            open_still = self._answered or unfinished(number) in self._notices.texts()
            if not open_still or (self._held and not holds):
                self._asked = self._waits = 0
            self._held = self._held or holds
            return False
        self._waits = 0
        return True

    def _end(self, outcome: str) -> None:
        self._answered = True
        self._send(EndAttempt(outcome))

    def _attempt(self) -> int:
        state = self._control()
        return 0 if state is None else state.attempt

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


def unfinished(number: int) -> str:
    """What becomes of a running attempt when the window is closed. Pure."""
    return (
        f"Attempt {number} has no outcome yet; the arm holds. Say how it ended, and this closes. "
        "Close again to leave it: it counts as discarded until you restore it on the Review page."
    )


def before(names: tuple[str, ...], key: str) -> str:
    """What will stay held when the window is closed, and how to let it go. Pure."""
    one = len(names) == 1
    words = whose(names)
    how = f"press {key} twice" if key else "press Release twice"
    held = "is held by its motors and stays so" if one else "are held by their motors and stay so"
    let_go = f"To let it go, support it and {how}" if one else f"To let go, support each and {how}"
    return f"{words[0].upper()}{words[1:]} {held} when this is closed. {let_go}."
