"""``dagger-gui``: the window in a session of its own, every other command right here.

A window has much to do and need not be on time. Where the kernel schedules by sessions, giving way
is a matter of whole sessions (``drivers.scheduling``), and the terminal's is not ours to change.
"""

from __future__ import annotations

import os
import pkgutil
import signal
import subprocess
import sys
from types import FrameType

from dagger_gui import commandline
from drivers.scheduling import AUTOGROUP, MODEST

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> int:
    """Entry point; returns the exit status."""
    words = sys.argv[1:]
    if AUTOGROUP.exists() and opens_a_window(words):
        return _apart(words)
    from dagger_gui.cli import main as run

    return run(words)


def opens_a_window(words: list[str]) -> bool:
    """Whether these words open a window, as far as can be told without reading them all."""
    others = {m.name.rstrip("_") for m in pkgutil.iter_modules(commandline.__path__)}
    return not others.intersection(words) and not {"-h", "--help"}.intersection(words)


def _apart(words: list[str]) -> int:
    """Runs the window as the leader of a session, and tells it what this process is told."""
    bound = ["-m", "sessions.live.child", str(os.getpid()), str(MODEST), "dagger_gui.cli"]
    window = subprocess.Popen([sys.executable, *bound, *words], start_new_session=True)

    def tell(number: int, _frame: FrameType | None) -> None:
        window.send_signal(number)

    for number in _SIGNALS:
        signal.signal(number, tell)
    status = window.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    raise SystemExit(main())
