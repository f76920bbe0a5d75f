"""The serial line: a pty whose other end a program opens as if it were a USB adapter."""

from __future__ import annotations

import contextlib
import os
import termios
import tty
from pathlib import Path

_SPEEDS = {
    getattr(termios, name): int(name[1:])
    for name in dir(termios)
    if name.startswith("B") and name[1:].isdigit() and name != "B0"
}


class Line:
    """One pty, there or unplugged.

    Args:
        link: kept pointing at the pty, whichever it is after a replug; None if nobody needs it.
    """

    def __init__(self, link: Path | None) -> None:
        self._link = link
        self._master = -1
        self._slave = -1
        self._name = ""

    @property
    def plugged(self) -> bool:
        """Whether it is there."""
        return self._master >= 0

    @property
    def port(self) -> str:
        """What a program opens: the link, or the pty itself."""
        return str(self._link) if self._link is not None else self._name

    @property
    def fileno(self) -> int:
        """To poll on; -1 while it is unplugged."""
        return self._master

    @property
    def baud(self) -> int:
        """The speed at which the program listens [bit/s]; 0 if it is an unusual one."""
        return _SPEEDS.get(termios.tcgetattr(self._master)[5], 0)

    def plug(self) -> None:
        """Makes the pty and points the link at it; nothing if it is there."""
        if self.plugged:
            return
        self._master, self._slave = os.openpty()
        # Held open here too, or the master would report a hang-up until a program opens it.
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._name = os.ttyname(self._slave)
        if self._link is not None:
            fresh = self._link.with_name(f"{self._link.name}.{os.getpid()}.new")
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(self._name)
            fresh.replace(self._link)

    def unplug(self) -> None:
        """Takes it away: a program that has it open gets an input/output error."""
        if not self.plugged:
            return
        if self._link is not None and self._ours():
            self._link.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1

    def read(self) -> bytes:
        """What came; empty if nothing did."""
        try:
            return os.read(self._master, 4096)
        except (BlockingIOError, OSError):
            return b""

    def write(self, data: bytes) -> None:
        """Sends; what a program that never reads leaves no room for is lost, as on a wire."""
        with contextlib.suppress(OSError):
            os.write(self._master, data)

    def _ours(self) -> bool:
        try:
            return self._link is not None and str(self._link.readlink()) == self._name
        except OSError:
            return False
