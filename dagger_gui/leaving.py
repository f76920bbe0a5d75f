"""What closing the window leaves behind: an attempt without an outcome, motors that hold.

Each is said once, while it can still be answered; closing again leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from dagger_gui.notices import Notice, Notices
from sessions.live.held import sentence, whose
from sessions.messages import ControlState, EndAttempt

_OUTCOMES = (("Success", "success"), ("Failure", "failure"), ("Discard", "discarded"))


class Leaving:
    """What is asked before the window closes, in one sentence, and when it then goes on closing.

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
        self._asked = 0  # the attempt whose outcome was asked for
        self._question: Notice | None = None  # one that closing waits for
        self._held = self._answered = False

    def held(self) -> tuple[str, ...]:
        """The devices that would go on holding, or do, once everything has stopped."""
        state = self._control()
        return () if state is None else state.left_held

    def news(self) -> bool:
        """Whether any of them was not told of yet; ``ask`` and ``after`` tell of all."""
        return not self._said.issuperset(self.held())

    def waits(self) -> bool:
        """Whether there is something to ask that was not asked yet."""
        return self.news() or self._attempt() not in (0, self._asked)

    def ask(self) -> None:
        """Asks how the running attempt ended, if one runs, and says what will stay held.

        The window closes with the answer: the attempt's end, or that nothing is held any more.
        """
        number, names = self._attempt(), self._tell()
        self._asked, self._held, self._answered = number, False, False
        if number:
            choices = [(label, partial(self._end, outcome)) for label, outcome in _OUTCOMES]
        else:
            choices = [("Close and leave it held", partial(self._close))]
        text = question(number, names, self._key)
        self._question = self._notices.say(
            *(text, "fault", choices), stays=True, over=lambda: self._question is None
        )

    def look(self) -> bool:
        """Whether what closing waited for has come; True once.

        To be asked at each state of the control process. Closing the question, or driving the
        attempt on, takes the wish to close back.
        """
        state, asked = self._control(), self._question
        if state is None:
            return False
        self._said &= frozenset(state.left_held)  # what holds again is told again
        if asked is None:
            return False
        if not self._answered and asked.text not in self._notices.texts():
            self._forget()
            return False
        driven = state.gate not in ("hold", "fault")
        if state.attempt and (state.attempt != self._asked or (self._held and driven)):
            self._forget()
            return False
        self._held = self._held or not driven
        if state.attempt or (not self._asked and state.left_held):
            return False
        self._question = None
        return True

    def done(self) -> None:
        """The window closes: nothing is waited for any more."""
        if self._question is not None:
            self._notices.withdraw(self._question)
            self._question = None

    def after(self) -> None:
        """Says what stayed held although everything has stopped."""
        text = sentence(self._tell())
        over = self._said
        self._notices.say(
            *(text, "fault", [("Close", self._close)]),
            stays=True,
            over=lambda: over.isdisjoint(self.held()),
        )

    def _tell(self) -> tuple[str, ...]:
        names = self.held()
        self._said = frozenset(names)
        return names

    def _end(self, outcome: str) -> None:
        self._answered = True
        self._send(EndAttempt(outcome))

    def _forget(self) -> None:
        self._question, self._asked, self._said = None, 0, frozenset()

    def _attempt(self) -> int:
        state = self._control()
        return 0 if state is None else state.attempt


def question(number: int, names: tuple[str, ...], key: str) -> str:
    """What is to be decided before the window closes. Pure.

    Args:
        number: the attempt that runs, 0 for none.
        names: what its motors will hold.
        key: the one that releases; empty if none is bound.
    """
    then = "" if number else ": then this closes"
    return " ".join(part for part in (_unfinished(number), _held(names, key, then)) if part)


def _unfinished(number: int) -> str:
    if not number:
        return ""
    return (
        f"Attempt {number} has no outcome yet. Say how it ended, and this closes; close again, and "
        "the next start asks what becomes of it."
    )


def _held(names: tuple[str, ...], key: str, then: str) -> str:
    if not names:
        return ""
    one = len(names) == 1
    words = whose(names)
    how = f"press {key} twice" if key else "press Release twice"
    held = "is held by its motors and stays so" if one else "are held by their motors and stay so"
    let_go = f"To let it go, support it and {how}" if one else f"To let go, support each and {how}"
    return f"{words[0].upper()}{words[1:]} {held} when this is closed. {let_go}{then}."
