"""The kernel threads that hand on what is written to a pty or a serial line.

They run at ordinary priority, unlike the loop and the emulated servos: where a machine has fewer
processors than busy processes, bytes that are there wait for them up to a scheduler's turn (3 to
4 ms). ``kernel_first`` shows what a session costs without that wait.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

_PRIORITY = 20
_LOOK_S = 1.0  # they come and go


@contextlib.contextmanager
def kernel_first(wanted: bool) -> Iterator[None]:
    """Gives them real-time priority for as long as it is entered, if ``wanted``.

    Raises:
        SystemExit: this needs root.
    """
    if not wanted:
        yield
        return
    if os.geteuid() != 0:
        raise SystemExit("--kernel-first changes kernel threads' priority: run it as root.")
    stop = threading.Event()
    looking = threading.Thread(target=_keep_first, args=(stop,), daemon=True)
    looking.start()
    try:
        yield
    finally:
        stop.set()
        looking.join()
        _give(os.SCHED_OTHER, 0)


def _keep_first(stop: threading.Event) -> None:
    while not stop.is_set():
        _give(os.SCHED_FIFO, _PRIORITY)
        stop.wait(_LOOK_S)


def _give(policy: int, priority: int) -> None:
    for comm in Path("/proc").glob("[0-9]*/comm"):
        with contextlib.suppress(OSError, ValueError):
            if comm.read_text().startswith("kworker/u"):
                os.sched_setscheduler(int(comm.parent.name), policy, os.sched_param(priority))
