"""Long work on a command line: how far it is, Ctrl+C, and what it came to.

For a person that is one line that counts up; for the window, which runs the same subcommand in a
process of its own, one JSON object a line (``--progress json``, ``told``).
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

import msgspec

BAD = 1
"""Exit status of work that was done and found damage, or left out what is damaged."""
FAILED = 2
"""Exit status where nothing could be done: one sentence says why."""
STOPPED = 130
"""Exit status of work that was cancelled."""

_EVERY_S = 0.1
_WIDTH = 78


class Progress(msgspec.Struct, tag=True, forbid_unknown_fields=True):
    """How far the work is: ``done`` of ``total``, what comes next, and how long yet [s].

    ``left_s`` is negative while that is not known.
    """

    done: int
    total: int
    text: str = ""
    left_s: float = -1.0


class Found(msgspec.Struct, tag=True, forbid_unknown_fields=True):
    """One thing worth saying: ``level`` is good, repaired, notice, differs or bad."""

    level: str
    text: str
    path: str = ""


class Ended(msgspec.Struct, tag=True, forbid_unknown_fields=True):
    """What it came to, in words; ``path`` is what was written, empty for nothing."""

    text: str
    path: str = ""


Told = Progress | Found | Ended
_DECODER = msgspec.json.Decoder(Told)


def told(line: bytes) -> Told | None:
    """Reads a line that ``--progress json`` wrote; None for one that something else wrote."""
    try:
        found: Told = _DECODER.decode(line)
    except msgspec.MsgspecError:
        return None
    return found


@dataclass
class _Line:
    """The line that counts up in a terminal; into a file or a pipe it says only what stays."""

    stream: TextIO
    shown: int = 0

    def show(self, text: str) -> None:
        if self.stream.isatty():
            self.stream.write(f"\r{text[:_WIDTH]:<{self.shown}}")
            self.stream.flush()
            self.shown = min(len(text), _WIDTH)

    def clear(self) -> None:
        if self.shown:
            self.stream.write("\r" + " " * self.shown + "\r")
            self.stream.flush()
            self.shown = 0


class Work:
    """One piece of long work, told and stoppable.

    Args:
        style: ``line`` or ``json``.
        clock: monotonic seconds.
    """

    def __init__(self, style: str = "line", clock: Callable[[], float] = time.monotonic) -> None:
        self._json = style == "json"
        self._clock = clock
        self._line = _Line(sys.stderr)
        self._began = clock()
        self._told_t = float("-inf")
        self._asked = 0

    def report(self, done: int, total: int, text: str) -> None:
        """Tells how far it is; may be called as often as one likes."""
        now = self._clock()
        if done < total and now - self._told_t < _EVERY_S:
            return
        self._told_t = now
        spent = now - self._began
        left = spent / done * (total - done) if done and spent > 1.0 else -1.0
        if self._json:
            self._write(Progress(done, total, text, left))
            return
        remaining = f", {in_time(left)} left" if left >= 0 and done < total else ""
        self._line.show(f"{done} of {total}{remaining}  {text}")

    def found(self, text: str, level: str = "notice", path: str = "") -> None:
        """Says something that stays on screen."""
        if self._json:
            self._write(Found(level, text, path))
            return
        self._line.clear()
        word = {"bad": "Damaged: ", "repaired": "Repaired: ", "differs": "Differs: "}
        sys.stdout.write(f"{word.get(level, '')}{text}\n")
        sys.stdout.flush()

    def ended(self, text: str, path: str = "") -> None:
        """Says what it came to."""
        if self._json:
            self._write(Ended(text, path))
            return
        self._line.clear()
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    def cancelled(self) -> bool:
        """Whether somebody asked it to stop: Ctrl+C, a signal, or a window that is gone."""
        return self._asked > 0

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """Within, Ctrl+C and SIGTERM ask the work to stop in order; a second one stops it now."""

        def ask(number: int, frame: Any) -> None:
            self._asked += 1
            if self._asked > 1:
                raise KeyboardInterrupt

        numbers = (signal.SIGINT, signal.SIGTERM)
        before = [signal.signal(number, ask) for number in numbers]
        try:
            yield
        finally:
            self._line.clear()
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def _write(self, message: Told) -> None:
        try:
            sys.stdout.write(msgspec.json.encode(message).decode() + "\n")
            sys.stdout.flush()
        except BrokenPipeError:  # who listened is gone: nobody wants the rest
            self._asked += 1


def option(line: argparse.ArgumentParser) -> None:
    """Adds ``--progress``."""
    line.add_argument(
        "--progress",
        choices=("line", "json"),
        default="line",
        help="a line for a person (default), or one JSON object a line for a program",
    )


def in_time(seconds: float) -> str:
    """``0:34``, ``12:05`` or ``2 h 10 min``."""
    whole = round(seconds)
    if whole >= 3600:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return f"{whole // 60}:{whole % 60:02d}"


def count(number: int, word: str) -> str:
    """``1 attempt``, ``12,000 ticks``."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"
