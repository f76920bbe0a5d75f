"""Who has the processor first: the loop, what stands in for an arm, and whom they wait for."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

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


def be_nice(niceness: int) -> None:
    """Lowers the priority of this process, also against those of other sessions.

    Where the kernel schedules by session (autogroup), niceness counts within one only; a process
    that leads a session of its own makes all of it as nice as itself.

    Args:
        niceness: 0 to 19, added to what it has.
    """
    if niceness <= 0:
        return
    os.nice(niceness)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(os.getpriority(os.PRIO_PROCESS, 0)))
