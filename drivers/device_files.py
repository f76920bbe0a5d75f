"""Who may open a device file, and who has it open: for sentences that name the group and program.

Linux only; elsewhere nothing is found, and the sentences say less.
"""

from __future__ import annotations

import contextlib
import grp
import os
from pathlib import Path

_PROCESSES = Path("/proc")


def group(path: Path, usual: str) -> str:
    """The group that may open the file: its own, or ``usual`` where that is root's.

    A file that belongs to root's group was not set up by the system's usual rules, which is what
    joining the usual group relies on.
    """
    try:
        name = grp.getgrgid(path.stat().st_gid).gr_name
    except (OSError, KeyError):
        return usual
    return usual if name in ("root", "nogroup") else name


def join(name: str) -> str:
    """What to do to get into a group, as one sentence."""
    return f"Join the group {name} (sudo usermod -aG {name} $USER), then log out and in again."


def may_read(path: Path) -> bool:
    """Whether this process may open the file for reading, by its effective user."""
    return os.access(path, os.R_OK, effective_ids=os.access in os.supports_effective_ids)


def holders(path: Path) -> tuple[str, ...]:
    """Programs that have the file open, this one excepted, as ``cheese (process 4242)``.

    Another user's processes are not told about.
    """
    wanted = path.resolve()
    found = []
    for process in sorted(_PROCESSES.glob("[0-9]*"), key=lambda p: int(p.name)):
        if int(process.name) != os.getpid() and _has_open(process, wanted):
            with contextlib.suppress(OSError):
                name = (process / "comm").read_text(encoding="utf-8").strip()
                found.append(f"{name} (process {process.name})")
    return tuple(found)


def _has_open(process: Path, wanted: Path) -> bool:
    try:
        return any(_target(link) == str(wanted) for link in (process / "fd").iterdir())
    except OSError:
        return False


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""
