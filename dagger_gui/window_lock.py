"""One window works on a workspace; every other one only looks.

The lock is a file in the workspace's runtime folder, held (flock) as long as the window lives: the
kernel frees a dead one's, so that nothing has to be cleared away after a crash.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from sessions.runtime_folder import WINDOW_LOCK, locked

_TRIES = 3
_BETWEEN_S = 0.01  # longer than another window's look at the lock takes


class WindowLock:
    """The right to work on a workspace, or the knowledge of who has it.

    Args:
        runtime: the workspace's runtime folder.
    """

    def __init__(self, runtime: Path) -> None:
        self._path = runtime / WINDOW_LOCK
        self._file: IO[str] | None = None

    @property
    def held(self) -> bool:
        """Whether this window has it."""
        return self._file is not None

    def take(self) -> bool:
        """Takes it if it is free; whether this window has it now."""
        for _ in range(_TRIES):
            if self.held or self._try():
                return True
            time.sleep(_BETWEEN_S)
        return False

    def other(self) -> int:
        """Process id of the window that has it; 0 if it is free, or this one's."""
        if self.held:
            return 0
        try:
            with self._path.open() as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                except OSError:
                    return int(file.read().strip() or 0)
        except (OSError, ValueError):
            return 0
        return 0

    def close(self) -> None:
        """Lets go of it; calling it twice is harmless."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _try(self) -> bool:
        try:
            file = locked(self._path)
        except OSError:
            return False
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file
        return True


def why_read_only(other: int) -> str:
    """Why a window that has not got the lock does nothing, and what to do about it.

    Args:
        other: process id of the one that has it, 0 if it has gone.
    """
    if not other:
        return "Opened read-only: the other window has closed. Take over to work here."
    return f"Opened read-only: another window (process {other}) works on this workspace."
