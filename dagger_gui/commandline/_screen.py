"""A calibration in a terminal: the step, a bar for each joint, and what can be pressed."""

from __future__ import annotations

import math
import shutil
import textwrap
from typing import TextIO

from sessions.checking.views import SUPPORT, JointBar, Present, View, standing

_WIDEST, _BAR, _NAME = 100, 34, 14
_KEYS = "Enter: next   b: back   q: give up, keeping the calibration there is"
_SAVE = "Enter: save   b: back   q: give up, keeping the calibration there is"
_LET_GO = "Enter: let go of the arm   q: give up"


class Screen:
    """Draws in place in a terminal; elsewhere it prints what is new.

    Args:
        stream: where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._tty = stream.isatty()
        self._drawn = 0
        self._last = ""

    def present(self, present: Present) -> None:
        """What there is before anything begins."""
        self.say(present.text)
        for sentence in present.differences:
            self._write(f"  {sentence}\n")

    def show(self, view: View) -> None:
        """The step now, live in a terminal."""
        if self._tty:
            self._redraw(lines(view, shutil.get_terminal_size((_WIDEST, 24)).columns))
            return
        now = f"{view.step.number}{view.step.key}{view.problem}"
        if now != self._last:
            self._last = now
            self._write("\n".join(heading(view, _WIDEST)) + "\n")
            if view.step.key == "summary":
                self._write("\n".join(_result(view)) + "\n")

    def refuse(self, view: View) -> None:
        """Why it does not go on; in a terminal that is in sight already."""
        if not self._tty:
            self._write(f"Not yet: {view.problem or view.step.missing}\n")

    def say(self, text: str) -> None:
        """A sentence that stays."""
        self._drawn = 0
        self._write(f"{text}\n")

    def _redraw(self, rows: list[str]) -> None:
        up = f"\033[{self._drawn}A" if self._drawn else ""
        self._write(f"{up}\033[J" + "\n".join(rows) + "\n")
        self._drawn = len(rows)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def lines(view: View, width: int) -> list[str]:
    """Everything, cut to the terminal's width."""
    width = min(width, _WIDEST) - 1
    rows = heading(view, width)
    rows += ["", *(bar(joint) for joint in view.bars)]
    if view.step.key == "summary":
        rows += ["", *_result(view)]
    keys = {"summary": _SAVE, SUPPORT: _LET_GO}.get(view.step.key, _KEYS)
    return [row[:width] for row in [*rows, "", keys]]


def heading(view: View, width: int) -> list[str]:
    """Step, instruction, and what is missing or wrong."""
    step = view.step
    at = f"step {step.number} of {step.count}: " if step.number else ""
    rows = [f"{view.device} ({view.kind}), {at}{step.title}"]
    rows += [f"  {row}" for row in textwrap.wrap(step.instruction, width - 2)]
    rows += [f"  {row}" for row in textwrap.wrap(standing(view), width - 2)]
    return rows


def bar(joint: JointBar) -> str:
    """One joint: where it is (``|``) and what was swept (``=``) of what it may do."""
    lower = -math.pi if joint.lower is None else joint.lower
    upper = math.pi if joint.upper is None else joint.upper
    cells = ["."] * _BAR

    def cell(angle: float) -> int:
        share = (angle - lower) / (upper - lower)
        return min(_BAR - 1, max(0, int(share * _BAR)))

    if joint.low is not None and joint.high is not None:
        for i in range(cell(joint.low), cell(joint.high) + 1):
            cells[i] = "="
    now = "    –"
    if joint.now is not None:
        cells[cell(joint.now)] = "|"
        now = f"{math.degrees(joint.now):+5.0f}"
    swept = ""
    if joint.low is not None and joint.high is not None:
        swept = f"{math.degrees(joint.low):+.0f}° to {math.degrees(joint.high):+.0f}°"
    mark = "swept" if joint.done else ""
    return f"  {joint.name:<{_NAME}}{now}° [{''.join(cells)}] {swept:<15} {mark}".rstrip()


def _result(view: View) -> list[str]:
    return [*(f"  {row}" for row in view.summary), *(f"  ! {row}" for row in view.warnings)]
