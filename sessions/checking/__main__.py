"""A check or a calibration for the window: ``python -m sessions.checking check|calibrate FOLDER``.

Out comes one JSON object a line: what ``results`` and ``views`` define. A calibration takes lines:
``next``, ``back``, ``save`` and ``quit``; at the end of its input it gives up.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
from pathlib import Path
from types import FrameType

import msgspec

from drivers.base import DriverError
from sessions.checking import results
from sessions.checking.arms import arm, arms
from sessions.checking.benches import Bench, bench
from sessions.checking.calibrating import POLL_S, HandCalibration
from sessions.checking.checks import Options, check
from sessions.checking.results import Acts, Check, Failed
from sessions.types import SessionError

FAILED = 1
_ACTS = Acts(
    fix="press Set servos right", calibrate="press Calibrate", find="run dagger-gui find {named}"
)


def main(argv: list[str] | None = None) -> int:
    """Does it; 0, or 1 where it could not be done or something is bad."""
    parser = argparse.ArgumentParser(prog="python -m sessions.checking", description=__doc__)
    parser.add_argument("what", choices=("check", "calibrate"))
    parser.add_argument("workspace", type=Path)
    parser.add_argument("device", nargs="?", default="")
    parser.add_argument(
        "--runtime", type=Path, default=None, help="folder of a session whose processes are used"
    )
    parser.add_argument(
        "--fix", action="store_true", help="set right what is wrong in servos: somebody agreed"
    )
    parser.add_argument("--seconds", type=float, default=2.0)
    arguments = parser.parse_args(argv)
    # So that what was started is stopped, and the folder removed.
    signal.signal(signal.SIGTERM, _leave)
    try:
        place = bench(str(arguments.workspace), arguments.workspace)
        if arguments.what == "check":
            return _check(place, arguments)
        return _calibrate(place, arguments)
    except DriverError as error:
        _say(Failed(error.problem, error.remedy))
    except SessionError as error:
        _say(Failed(str(error)))
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    return FAILED


def _check(place: Bench, arguments: argparse.Namespace) -> int:
    options = Options(
        seconds=arguments.seconds,
        consent=(lambda _device, _sentences: True) if arguments.fix else None,
        runtime=arguments.runtime,
        acts=_ACTS,
    )
    found: list[Check] = []
    for item in check(place, options):
        if isinstance(item, Check):
            found.append(item)
        _say(item)
    report = results.report(place.named, found)
    results.keep(place.root, report)
    _say(report)
    return 0 if report.passed else FAILED


def _calibrate(place: Bench, arguments: argparse.Namespace) -> int:
    site = arm(arms(place.station(), place.calibrations), arguments.device)
    work = HandCalibration(site, arguments.runtime, _ACTS.of(place.command, site.name))
    lines = _Lines()
    try:
        while True:
            work.poll()
            # A window that is busy misses a view; the hand that moves an arm must not be missed.
            if select.select([], [sys.stdout], [], 0.0)[1]:
                _say(work.view())
            for word in lines.heard(POLL_S):
                if word == "quit":
                    return FAILED
                if word == "save":
                    _say(work.save())
                    return 0
                if word == "back":
                    work.back()
                elif word == "next":
                    work.next()
    finally:
        work.close()


class _Lines:
    """Lines of standard input as they come."""

    def __init__(self) -> None:
        self._data = b""

    def heard(self, timeout_s: float) -> list[str]:
        """Whole lines that came within so long; ``quit`` at the end."""
        ready, _, _ = select.select([0], [], [], timeout_s)
        if not ready:
            return []
        data = os.read(0, 4096)
        if not data:
            return ["quit"]
        *whole, self._data = (self._data + data).split(b"\n")
        return [line.decode(errors="replace").strip() for line in whole]


def _say(item: msgspec.Struct) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(item) + b"\n")
    sys.stdout.buffer.flush()


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(FAILED)


if __name__ == "__main__":
    sys.exit(main())
