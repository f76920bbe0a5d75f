"""Space, durability and exclusiveness: what the file system must promise before HDF5 writes.

HDF5 cannot recover in the process whose write failed (its cache stays dirty, and closing the file
or leaving the interpreter then crashes). So space is reserved *before* each write: a full disk is
then an ordinary error with an intact file.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import threading
from pathlib import Path
from typing import Any

from sessions.types import SessionError

_KEEP_SIZE = 1  # FALLOC_FL_KEEP_SIZE: blocks without a longer file
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class RecordingError(SessionError):
    """Recording cannot begin or go on; the message says why and what to do."""


def _libc() -> Any:
    try:
        return ctypes.CDLL(None, use_errno=True).fallocate
    except (AttributeError, OSError):  # not Linux
        return None


_fallocate = _libc()


def free_bytes(folder: Path) -> int:
    """Bytes an ordinary user may still write where ``folder`` lies."""
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize


def reserve(descriptor: int, start: int, length: int) -> None:
    """Makes sure that ``length`` bytes from ``start`` can be written.

    Where the file system cannot reserve, its free space is looked at instead.

    Raises:
        OSError: ENOSPC or EDQUOT; nothing was written.
    """
    if _fallocate is not None:
        result = _fallocate(
            descriptor, _KEEP_SIZE, ctypes.c_longlong(start), ctypes.c_longlong(length)
        )
        if result == 0:
            return
        code = ctypes.get_errno()
        if code not in _UNSUPPORTED:
            raise OSError(code, os.strerror(code))
    facts = os.fstatvfs(descriptor)
    if facts.f_bavail * facts.f_frsize < length:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Syncer:
    """Runs fsync beside the caller, one at a time: a slow disk must not stall the recorder.

    Args:
        descriptor: open file to be made durable; closed by ``close``.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._thread: threading.Thread | None = None

    def start(self) -> bool:
        """Begins an fsync; False while the last one is still under way."""
        if self._thread is not None and self._thread.is_alive():
            return False
        self._thread = threading.Thread(target=self._sync, name="fsync", daemon=True)
        self._thread.start()
        return True

    def close(self) -> None:
        """Waits for the fsync under way and closes the descriptor; twice is harmless."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _sync(self) -> None:
        # A failing disk shows itself again, and loudly, at the next write and at the final fsync.
        with contextlib.suppress(OSError):
            os.fsync(self._descriptor)


class WorkspaceLock:
    """Only one recorder writes a workspace; the kernel frees the lock if it is killed.

    Raises:
        RecordingError: another process records into this workspace.
    """

    def __init__(self, episodes: Path) -> None:
        path = episodes / ".lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            other = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise RecordingError(
                f"{episodes} is being recorded into by process {other}. "
                "Close the other window or simulation first."
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def close(self) -> None:
        """Frees the workspace; calling it twice is harmless."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
