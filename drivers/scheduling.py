"""Who has the processor first: the loop, what stands in for an arm, and whom they wait for."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path

MODEST = 5
"""Niceness of what works for the session without being awaited: window, recorder, rendering."""

LONG_TURN_S = 0.03
SHORT_TURN_S = 0.0001

AUTOGROUP = Path("/proc/self/autogroup")
"""Where a process says how nice its session is; only there if the kernel schedules by sessions."""

_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_SWITCH_S = 0.0005


def come_first(priority: int, thread: int = 0) -> bool:
    """Real-time scheduling for a thread; whether it was granted (to root and rtprio users).

    Threads that it starts later do not inherit it, see ``beside``. No other thread of its process
    keeps the interpreter from the calling one for longer than half a millisecond.

    Args:
        priority: 1 to 99, the highest first.
        thread: its id; 0 for the calling one.
    """
    if not thread:
        sys.setswitchinterval(_SWITCH_S)
    if not sys.platform.startswith("linux"):
        return False
    try:
        policy = os.SCHED_FIFO | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(thread, policy, os.sched_param(priority))
    except OSError:
        return False
    return True


def beside(work: Callable[[], object], name: str) -> threading.Thread:
    """A thread, not yet started, that comes right after the calling one if that comes first.

    At ordinary priority it would now and then have the interpreter while others have the processor,
    and all threads of its process would wait for both.

    Args:
        work: what it does; it waits more than it works.
        name: what it is called.
    """
    ours = os.sched_getparam(0).sched_priority if sys.platform.startswith("linux") else 0

    def run() -> None:
        if ours > 1:
            come_first(ours - 1)
        work()

    return threading.Thread(target=run, name=name, daemon=True)


def give_way(niceness: int = MODEST) -> None:
    """Lets what is urgent go first, the kernel's own threads above all: nice, and with long turns.

    What comes over a serial line is handed on by kernel threads of ordinary priority. Where all
    processors are busy, such a thread waits for whoever has one to end its turn, often up to the
    next tick of the kernel's clock (4 ms). Whoever is nice has the weaker claim at once; whoever
    takes long turns is interrupted in the middle of them. Either alone does little, see
    ``benchmarks/waiting.py``. Threads and processes that are started later do the same.

    Args:
        niceness: 1 to 19; a process that is nicer already stays so.
    """
    be_nice(niceness)
    take_turns(LONG_TURN_S)


def be_nice(niceness: int) -> None:
    """Lowers the priority of this process, also against those of other sessions.

    Where the kernel schedules by sessions (autogroup), niceness counts within one only; a process
    that leads a session of its own makes all of it as nice as itself.

    Args:
        niceness: 1 to 19; a process that is nicer already stays so.
    """
    now = os.nice(max(0, niceness - os.nice(0)))
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            AUTOGROUP.write_text(str(now))


def hasten(names: str) -> None:
    """Lets threads of this process that work for microseconds at a time do so at once.

    They come before all that is ordinary where that is permitted; else their turns are as short as
    can be, and so are soon.

    Args:
        names: how the names begin that the system has for them.
    """
    with contextlib.suppress(OSError):  # not Linux, or one that has ended meanwhile
        for task in Path("/proc/self/task").iterdir():
            thread, named = int(task.name), (task / "comm").read_text().startswith(names)
            if named and not come_first(1, thread):
                take_turns(SHORT_TURN_S, thread)


def take_turns(turn_s: float, thread: int = 0) -> bool:
    """Says how long a thread's turns are: shorter ones interrupt them (Linux 6.12).

    A thread whose scheduling somebody has arranged otherwise stays as it is.

    Args:
        turn_s: 0.0001 to 0.1 [s]; 0 for the system's own, some milliseconds.
        thread: its id; 0 for the calling one.

    Returns:
        Whether the system took it.
    """
    number = _SCHED_SETATTR.get(platform.machine())
    if not sys.platform.startswith("linux") or number is None:
        return False
    if os.sched_getscheduler(thread) != os.SCHED_OTHER:
        return False
    niceness, turn_ns = os.getpriority(os.PRIO_PROCESS, thread), round(1e9 * turn_s)
    # struct sched_attr (sched_setattr(2)): size, policy, flags, nice, priority, runtime, ...
    wanted = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, 0, niceness, 0, turn_ns, 0, 0)
    with contextlib.suppress(OSError, AttributeError):
        return bool(ctypes.CDLL(None).syscall(number, thread, wanted, 0) == 0)
    return False
