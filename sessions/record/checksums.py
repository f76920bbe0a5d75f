"""A checksum of every finished episode, in the format of ``sha256sum``.

``episodes/sha256sums`` gets a line when a file is finished, so that ``sha256sum -c`` in that folder
tells years later whether a disk or a copy has changed a bit. Computing it takes as long as reading
the file: it is done beside the recorder, and what a kill leaves undone is done by verification.
"""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

FILE = "sha256sums"
_BLOCK = 1 << 20


def digest(path: Path, cancelled: Callable[[], bool] = lambda: False) -> str:
    """SHA-256 of a file as hexadecimal digits; empty if it was cancelled.

    Raises:
        OSError: the file cannot be read.
    """
    found = hashlib.sha256()
    if path.exists() and not path.is_file():  # a pipe would never open
        raise OSError(errno.EINVAL, "it is no plain file", str(path))
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
            if cancelled():
                return ""
    return found.hexdigest()


def read(folder: Path) -> dict[str, str]:
    """The checksums by file name, the newest line of each; lines that are none are passed over."""
    found: dict[str, str] = {}
    try:
        text = (folder / FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return found
    for line in text.splitlines():
        value, _, name = line.partition("  ")
        if len(value) == 64 and name:
            found[name] = value
    return found


def add(path: Path, value: str) -> None:
    """Appends the checksum of a finished file.

    Raises:
        OSError: the disk is full or failed.
    """
    descriptor = os.open(path.parent / FILE, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        # One write of a short line is whole or absent, whoever else appends; on a full disk it may
        # be torn, and must not take the next one with it.
        os.write(descriptor, (torn * "\n" + f"{value}  {path.name}\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def begin(path: Path) -> threading.Thread:
    """Computes and appends a file's checksum beside the caller; the process waits for it to end."""
    thread = threading.Thread(target=_compute, args=(path,), name=f"checksum {path.name}")
    thread.start()
    return thread


def _compute(path: Path) -> None:
    try:
        add(path, digest(path))
    except OSError:
        return  # verification computes what is missing
