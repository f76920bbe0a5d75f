"""What a process can do to be on time, or for others to be: scheduling, memory, garbage.

Each of these is done where the system permits it and left out where it does not; without them the
loop is a little less punctual, and the window shows how much.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import platform
import resource
import struct
import sys

_PRIORITY = 10
_MCL_CURRENT = 1
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_SLICE_S, _PATIENT_SLICE_S = 0.003, 0.006
_PATIENT_NICENESS = 10


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


def give_way() -> bool:
    """Lets whoever wakes for less than this process does run at once; whether that was granted.

    What comes over a serial line is handed on by a kernel thread of ordinary priority. Since Linux
    6.6 a process that has begun its turn may end it, so that on a machine with few processors the
    loop waits milliseconds for bytes that are there. Since 6.12 a process can say that its turns
    are long: those with shorter ones then need not wait. A nice process lets even these others go
    first. Inherited by what it starts.
    """
    number = _SCHED_SETATTR.get(platform.machine())
    if not sys.platform.startswith("linux") or number is None:
        return False
    if os.sched_getscheduler(0) != os.SCHED_OTHER:  # somebody has arranged it otherwise
        return False
    niceness = os.getpriority(os.PRIO_PROCESS, 0)
    patient = niceness >= _PATIENT_NICENESS
    slice_ns = round(1e9 * (_PATIENT_SLICE_S if patient else _SLICE_S))
    # struct sched_attr (sched_setattr(2)): size, policy, flags, nice, priority, runtime, ...
    wanted = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, 0, niceness, 0, slice_ns, 0, 0)
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).syscall(number, 0, wanted, 0) == 0)
    return False


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
