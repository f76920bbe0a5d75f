"""What the computer itself brings: a disk that keeps up, and a GPU or none."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from sessions.checking.results import Check
from sessions.config import Station, Task
from sessions.record.space import WARN_MIN, DiskSpace

_BLOCK = 1 << 20
_BLOCKS = 64
_SPARE_BYTES = 512 << 20
_ENOUGH = 2.0
"""A disk should write so many times as fast as is recorded: other programs write too."""


def check_disk(root: Path, station: Station, task: Task) -> Check:
    """Writes for a moment where the episodes go, and says how long the disk lasts.

    Args:
        root: folder of the workspace, which need not exist.
        station: its cameras are what fills a disk.
        task: how long an attempt may take.
    """
    folder = root / "episodes"
    while not folder.is_dir():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return Check(
            "disk", "bad", f"{folder} cannot be written.", "Choose another folder by --workspace."
        )
    space = DiskSpace(folder, 0, 0, task.attempt_s, len(station.cameras))
    need = space.free / max(space.minutes * 60.0, 1e-9)
    lasts = f"{space.minutes:.0f} minutes" if space.minutes < 600 else f"{space.minutes / 60:.0f} h"
    room = f"{space.free / 1e9:.0f} GB free: about {lasts} of recording"
    if space.free < _SPARE_BYTES:
        return Check("disk", "bad", f"{room}.", "Free some space.")
    try:
        speed = _speed(folder)
    except OSError as error:
        return Check("disk", "bad", f"{folder}: {error.strerror}.", "Check the disk.")
    text = f"{room}; it writes {speed / 1e6:.0f} MB/s, and {need / 1e6:.1f} MB/s are needed."
    if speed < need:
        return Check("disk", "bad", text, "Put the workspace on a faster disk: --workspace.")
    if space.minutes < WARN_MIN:
        return Check("disk", "note", text, "Free some space.")
    if speed < _ENOUGH * need:
        return Check("disk", "note", text, "Close what writes to it, or use a faster disk.")
    return Check("disk", "good", text)


def check_gpu(station: Station) -> Check:
    """Whether a policy runs on a GPU. Imports torch, which takes seconds."""
    if station.policy_server:
        return Check("GPU", "good", f"The policy runs elsewhere: {station.policy_server}.")
    try:
        import torch
    except ImportError as error:
        return Check("GPU", "bad", f"torch cannot be imported: {error}.", "Install it again.")
    if not torch.cuda.is_available():
        return Check(
            "GPU",
            "note",
            "None that torch can use: policies run and train on the processor.",
            "Fine for policies of states; for pictures, use a GPU or a policy_server elsewhere.",
        )
    facts = torch.cuda.get_device_properties(0)
    return Check("GPU", "good", f"{facts.name}, {facts.total_memory / 1e9:.0f} GB.")


def _speed(folder: Path) -> float:
    """Bytes a second that reach the disk.

    Raises:
        OSError: they do not.
    """
    path = folder / f".check-{os.getpid()}"
    block = os.urandom(_BLOCK)
    try:
        began = time.monotonic()
        with path.open("wb") as file:
            for _ in range(_BLOCKS):
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        return _BLOCK * _BLOCKS / max(time.monotonic() - began, 1e-6)
    finally:
        with contextlib.suppress(OSError):
            path.unlink()
