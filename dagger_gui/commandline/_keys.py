"""Single keys from a terminal, without waiting for Enter; whole lines where there is none."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from typing import Any, Self, TextIO

_MEANS = {"\n": "n", "\r": "n", "": "n", "\x7f": "b"}
_WORDS = {"next": "n", "back": "b", "save": "s", "quit": "q"}


class Keys:
    """What is pressed: ``n`` (Enter: go on), ``b`` (back), ``s`` (save), ``q`` (quit) or another.

    Args:
        stream: standard input.
    """

    def __init__(self, stream: TextIO = sys.stdin) -> None:
        self._file = stream.fileno()
        self._before: list[Any] | None = None
        self._ended = False
        self._line = b""

    def __enter__(self) -> Self:
        if os.isatty(self._file):
            self._before = termios.tcgetattr(self._file)
            tty.setcbreak(self._file)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            termios.tcsetattr(self._file, termios.TCSADRAIN, self._before)

    def read(self, timeout_s: float) -> str:
        """The next key, waited for at most so long; empty if none came, ``q`` at the end."""
        if self._ended:
            return "q"
        if b"\n" not in self._line:
            ready, _, _ = select.select([self._file], [], [], timeout_s)
            if not ready:
                return ""
            data = os.read(self._file, 1 if self._before is not None else 1024)
            if not data:
                self._ended = True
                return "q"
            if self._before is not None:
                typed = data.decode(errors="replace").lower()
                return _MEANS.get(typed, typed)
            self._line += data
        if b"\n" not in self._line:
            return ""
        line, _, self._line = self._line.partition(b"\n")
        word = line.decode(errors="replace").strip().lower()
        return _MEANS.get(word, _WORDS.get(word, word))
