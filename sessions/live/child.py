"""Runs a module as a child of the supervisor: ``-m sessions.live.child PPID NICE MODULE ...``.

The child ends with its parent: should the supervisor be killed, each child gets the signal that
asks it to stop in order (SIGTERM), so that the control process brings the arm to rest and the
recorder closes its file. Done in the child rather than between fork and exec, where no Python code
is safe.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys
import threading
import time

from drivers import scheduling

_PR_SET_PDEATHSIG = 1
_LOOK_S = 0.5


def main(argv: list[str]) -> None:
    """Binds this process to its parent and becomes the module."""
    parent, niceness, module, *arguments = argv
    _die_with(int(parent))
    if int(niceness):
        scheduling.give_way(int(niceness))
    else:
        scheduling.take_turns(0.0)  # whoever started it gives way; it does not
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _die_with(parent: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:  # it died before we could ask
        raise SystemExit(1)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(sys.argv[1:])
