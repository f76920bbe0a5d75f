"""What a process can do to be on time: scheduling, memory locked, garbage kept away.

Each of these is done where the system permits it and left out where it does not; without them the
loop is a little less punctual, and the window shows how much.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import resource
import threading
from pathlib import Path

from drivers import scheduling

_PRIORITY = 10
_MCL_CURRENT = 1


def prepare() -> tuple[str, ...]:
    """Asks for everything; returns the names of what was granted."""
    granted = ["gc.freeze"]
    gc.collect()
    gc.freeze()
    if _locked():
        granted.append("mlockall")
    if scheduling.come_first(_PRIORITY):
        granted.append("SCHED_FIFO")
        _bring_messages_next()
    return tuple(granted)


def _bring_messages_next() -> None:
    """Runs the threads there are by now, which bring the loop its messages, right after it."""
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            if int(task.name) != threading.get_native_id():
                scheduling.come_first(_PRIORITY - 1, int(task.name))


def _locked() -> bool:
    """Keeps the memory of now from being paged out.

    Not what comes later: under a limit on locked memory that would make later mappings fail.
    """
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY and os.geteuid():
        return False
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).mlockall(_MCL_CURRENT) == 0)
    return False
