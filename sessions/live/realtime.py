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
import sys

_PRIORITY = 10
_MCL_CURRENT = 1


def prepare() -> tuple[str, ...]:
    """Asks for everything; returns the names of what was granted."""
    granted = ["gc.freeze"]
    gc.collect()
    gc.freeze()
    if _locked():
        granted.append("mlockall")
    if _first():
        granted.append("SCHED_FIFO")
    return tuple(granted)


def _first() -> bool:
    """Runs this thread before all others of the machine; permitted to root and rtprio users."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        # Threads started later are not to inherit it: connecting a device may take its time.
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(_PRIORITY))
    except OSError:
        return False
    return True


def _locked() -> bool:
    """Keeps the memory of now from being paged out.

    Not what comes later: under a limit on locked memory that would make later mappings fail.
    """
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] != resource.RLIM_INFINITY and os.geteuid():
        return False
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).mlockall(_MCL_CURRENT) == 0)
    return False
