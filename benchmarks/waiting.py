"""How long bytes on a serial line wait where all processors are busy.

``python benchmarks/waiting.py``: a question and its answer go over a pty, as they do between the
loop and emulated servos, both ends at real-time priority where that is permitted. One process more
than there are processors works meanwhile, most of the time, as a window and a rendering world do:
ordinary (the baseline), only nice, only with long turns, and with both as ``scheduling.give_way``
has it. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import tty
from collections.abc import Callable

import numpy as np

from drivers import scheduling

RATE_HZ = 100.0
QUESTION, ANSWER = b"q" * 40, b"a" * 200
WAYS: dict[str, Callable[[], object]] = {
    "ordinary": lambda: None,
    "nice": lambda: scheduling.be_nice(scheduling.MODEST),
    "long turns": lambda: scheduling.take_turns(scheduling.LONG_TURN_S),
    "gives way": scheduling.give_way,
}


def busy(way: str) -> None:
    """Works for some milliseconds, rests for a moment, and so on."""
    WAYS[way]()
    random = np.random.default_rng(os.getpid())
    while True:
        until = time.monotonic() + random.uniform(0.004, 0.012)
        while time.monotonic() < until:
            pass
        time.sleep(random.uniform(0.0005, 0.003))


def servo(line: int) -> None:
    """Answers every question on a pty."""
    scheduling.come_first(6)
    while os.read(line, len(QUESTION)):
        os.write(line, ANSWER)


def measured(way: str, seconds: float) -> list[float]:
    """How long each question waited for its whole answer [ms]."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    started = [_start("servo", str(ours), pass_fds=(ours,))]
    started += [_start("busy", way) for _ in range((os.cpu_count() or 1) + 1)]
    try:
        time.sleep(2.0)  # until all of them work
        return _asked(theirs, round(seconds * RATE_HZ))
    finally:
        for process in started:
            process.kill()
            process.wait()
        os.close(ours)
        os.close(theirs)


def _start(*words: str, pass_fds: tuple[int, ...] = ()) -> subprocess.Popen[bytes]:
    command = [sys.executable, __file__, *words]
    return subprocess.Popen(command, start_new_session=True, pass_fds=pass_fds)


def _asked(line: int, times: int) -> list[float]:
    waited, due = [], time.monotonic()
    for _ in range(times):
        due += 1.0 / RATE_HZ
        time.sleep(max(0.0, due - time.monotonic()))
        began = time.monotonic()
        os.write(line, QUESTION)
        left = len(ANSWER)
        while left:
            left -= len(os.read(line, left))
        waited.append(1000.0 * (time.monotonic() - began))
    return waited


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("role", nargs="?", choices=("servo", "busy"), help=argparse.SUPPRESS)
    parser.add_argument("what", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=15.0, help="for each way")
    options = parser.parse_args()
    if options.role == "busy":
        busy(options.what)
    elif options.role == "servo":
        servo(int(options.what))
    else:
        scheduling.come_first(10)
        report(options.seconds)


def report(seconds: float) -> None:
    """Every way once, in turn, and what came out."""
    print(f"{'others are':<14}{'p50 ms':>9}{'p90 ms':>9}{'p99 ms':>9}{'most ms':>9}")
    found = {}
    for way in WAYS:
        found[way] = [float(v) for v in np.percentile(measured(way, seconds), (50, 90, 99, 100))]
        print(f"{way:<14}" + "".join(f"{value:>9.2f}" for value in found[way]))
    ratio = found["gives way"][2] / found["ordinary"][2]
    print(json.dumps({**found, "p99_to_ordinary": ratio}))


if __name__ == "__main__":
    main()
