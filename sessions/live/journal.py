"""What went wrong, for the log: each hold, stop and lost device once, when it comes.

The window shows only what is the case now; why an arm held last night is read here.
"""

from __future__ import annotations

from collections.abc import Callable

from sessions.messages import ControlState
from sessions.types import HoldReason

_ORDINARY = frozenset(
    reason.name.lower()
    for reason in (
        HoldReason.NONE,
        HoldReason.IDLE,
        HoldReason.PAUSED,
        HoldReason.LOADING_POLICY,
    )
)


class Journal:
    """Writes a line at each edge.

    Args:
        write: takes one line, without its end.
        stamp: the wall time as it is written.
    """

    def __init__(self, write: Callable[[str], object], stamp: Callable[[], str]) -> None:
        self._write, self._stamp = write, stamp
        self._held = ("", "")
        self._ok: dict[str, bool] = {}

    def hear(self, state: ControlState) -> None:
        """Takes a state; writes what is new in it."""
        held, before = (state.gate, state.reason), self._held
        self._held = held
        if held != before and state.reason not in _ORDINARY:
            attempt = f"attempt {state.attempt}: " if state.attempt else ""
            self._line(f"{attempt}{state.reason_text} {state.remedy}")
        for device in state.devices:
            was, self._ok[device.name] = self._ok.get(device.name), device.ok
            if was and not device.ok:
                self._line(f"{device.name} is not well. {device.text}")
            elif was is False and device.ok:
                self._line(f"{device.name} is well.")

    def _line(self, text: str) -> None:
        self._write(f"{self._stamp()} control: {text.strip()}")
