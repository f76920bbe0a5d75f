"""``dagger-gui check STATION``: everything the station names, one line each, with a remedy."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from dagger_gui.commandline.places import bench_of, named_station
from sessions.checking import results
from sessions.checking.benches import Bench
from sessions.checking.results import Check, Doing, Report

if TYPE_CHECKING:
    from sessions.checking.checks import Options

BAD = 1
_COLOURS = {"good": "32", "note": "33", "bad": "31"}
_VERDICT, _NAME = 6, 22
_WIDEST = 110


def add(commands: Any) -> None:
    """Adds the subcommand to the command line's."""
    line = commands.add_parser("check", help="measure everything the station names; moves nothing")
    named_station(line)
    line.add_argument("--fix", action="store_true", help="offer to set servos right")
    line.add_argument("--yes", action="store_true", help="with --fix: agree to everything")
    line.add_argument("--json", action="store_true", help="print the report as JSON")
    line.add_argument(
        "--seconds", type=float, default=2.0, help="how long each bus and camera is measured"
    )
    line.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Checks, and prints as it goes; 0 if a session can run, else 1."""
    from sessions.checking.checks import Options

    place = bench_of(arguments)
    options = Options(
        seconds=max(0.1, arguments.seconds),
        consent=_Consent(arguments.yes) if arguments.fix else None,
        runtime=arguments.runtime,
    )
    report = _checked(place, options, Printer(sys.stdout, quiet=arguments.json))
    if arguments.json:
        text = msgspec.json.format(msgspec.json.encode(report), indent=2)
        sys.stdout.write(f"{text.decode()}\n")
    return 0 if report.passed else BAD


def _checked(place: Bench, options: Options, printer: Printer) -> Report:
    from sessions.checking.checks import check

    found = []
    for item in check(place, options):
        if isinstance(item, Check):
            found.append(item)
        printer.show(item)
    report = results.report(place.named, found)
    results.keep(place.root, report)
    printer.end(report)
    if report.passed:
        printer.say(f"Next: {place.opening}")
    return report


class Printer:
    """Prints a check as it goes.

    Args:
        stream: where to.
        quiet: prints nothing: the report comes as a whole.
    """

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream, self._quiet = stream, quiet
        self._tty = stream.isatty()
        self._width = min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST)

    def show(self, item: Check | Doing) -> None:
        """One line, or what is being done now."""
        if isinstance(item, Doing):
            self._doing(f"{item.text} ...")
        elif not self._quiet:
            self._doing("")
            self._stream.write("\n".join(self._lines(item)) + "\n")
            self._stream.flush()

    def say(self, text: str) -> None:
        """A sentence of its own."""
        if not self._quiet:
            self._stream.write(f"{text}\n")

    def end(self, report: Report) -> None:
        """The verdict of all."""
        self._doing("")
        if self._quiet:
            return
        bad = sum(check.verdict == "bad" for check in report.checks)
        notes = sum(check.verdict == "note" for check in report.checks)
        said = f"{bad} must be put right before a session." if bad else "A session can run."
        worth = f" {notes} worth reading." if notes else ""
        self._stream.write(f"\n{said}{worth}\n")

    def _lines(self, check: Check) -> list[str]:
        room = max(30, self._width - _VERDICT - _NAME)
        text = textwrap.wrap(check.text, room) or [""]
        remedy = textwrap.wrap(check.remedy, room - 2, break_on_hyphens=False)
        said = [*text, *(f"{'> ' if i == 0 else '  '}{row}" for i, row in enumerate(remedy))]
        verdict = f"{check.verdict:<{_VERDICT}}"
        if self._tty:
            verdict = f"\033[{_COLOURS[check.verdict]}m{verdict}\033[0m"
        indent = " " * (_VERDICT + _NAME)
        first = f"{verdict}{check.name:<{_NAME}}{said[0]}"
        return [first, *(f"{indent}{row}" for row in said[1:])]

    def _doing(self, text: str) -> None:
        if self._tty and not self._quiet:
            self._stream.write(f"\r\033[K{text}" if text else "\r\033[K")
            self._stream.flush()


class _Consent:
    """Asks in the terminal before anything is written into servos.

    Args:
        agreed: without asking.
    """

    def __init__(self, agreed: bool) -> None:
        self._agreed = agreed

    def __call__(self, device: str, sentences: tuple[str, ...]) -> bool:
        """Whether somebody agrees; nobody does where nobody can be asked."""
        if self._agreed:
            return True
        if not sys.stdin.isatty():
            return False
        sys.stderr.write(f"\r\033[K{device}:\n")
        for sentence in sentences:
            sys.stderr.write(f"  {sentence}\n")
        sys.stderr.write("Set this right in the servos now? [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in ("y", "yes")
