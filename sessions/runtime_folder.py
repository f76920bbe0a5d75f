"""The end of a session's private folder: removed by the last who worked there, what failed kept.

Supervisor and window each hold a lock file in it as long as they live. Who ends and gets both has
been the last one.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from pathlib import Path
from typing import IO

from sessions.workspace import Workspace

SUPERVISOR_LOCK, WINDOW_LOCK = "supervisor.pid", "window.lock"
LOGS = "logs"


def leave(space: Workspace) -> bool:
    """Removes a workspace's runtime folder unless somebody works there; whether it is gone.

    What processes wrote about their failures goes to ``logs/`` of the workspace.
    """
    folder = space.runtime_path()
    if not folder.is_dir():
        return True
    with contextlib.ExitStack() as held:
        for name in (SUPERVISOR_LOCK, WINDOW_LOCK):
            try:
                held.enter_context(locked(folder / name))
            except OSError:
                return False
        for errors in folder.glob("*.err"):
            _keep(errors, space.root / LOGS)
        shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def locked(path: Path) -> IO[str]:
    """A lock file, open and held until it is closed; its folder is made if it is gone.

    The kernel frees a dead process's lock.

    Raises:
        OSError: somebody else holds it.
    """
    while True:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        try:
            file = path.open("a+")
        except FileNotFoundError:
            continue  # the folder went away in between
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            raise
        if _is(file, path):
            return file
        file.close()  # the one who held it before has removed it


def _is(file: IO[str], path: Path) -> bool:
    """Whether an open file is the one of that name."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except OSError:
        return False


def _keep(errors: Path, logs: Path) -> None:
    with contextlib.suppress(OSError):
        if errors.stat().st_size:
            logs.mkdir(exist_ok=True)
            shutil.copyfile(errors, logs / f"{errors.stem}.log")
